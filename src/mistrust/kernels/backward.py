"""Values, carried backward through the phases of a turn."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.choice import logit
from mistrust.kernels.options import OPTIONS

_U = np.uint64
CHUNK = 64
"""Cells that a decision is worked out for at once; their choice values stay in cache."""


@njit(**OPTIONS)
def expect(cells, values, goal_high, goal_low, row_high, row_low, live, weights, out):
    """Backward through a chance phase: ``out[x] = sum_b weights[row_b(x)] * values[goal_b(x)]``.

    Parameters
    ----------
    values, out : (target cells * n,), (source cells * n,)
    weights : (rows, n)
    """
    n, size = _U(weights.shape[1]), row_low.shape[1]
    table = weights.ravel()
    for cell in cells:
        h = cell // size
        low = cell - h * size
        x = _U(cell) * n
        first = True
        for b in range(len(row_high)):
            row = row_high[b, h] + row_low[b, low]
            if not live[row]:
                continue
            y = _U(goal_high[b, h] + goal_low[b, low]) * n
            c = _U(row) * n
            if first:
                for j in range(n):
                    out[x + j] = table[c + j] * values[y + j]
                first = False
            else:
                for j in range(n):
                    out[x + j] += table[c + j] * values[y + j]
        if first:
            for j in range(n):
                out[x + j] = 0.0


@njit(**OPTIONS)
def choice_values(
    cells,
    values,
    goal_high,
    goal_low,
    row_high,
    row_low,
    live,
    weights,
    first_branch,
    first_pay,
    pay_group,
    pay_high,
    pay_low,
    pays,
    option,
    out,
):
    """What every group expects from an option at some cells: out (cells * n,)."""
    n, lanes, size = _U(weights.shape[1]), _U(pays.shape[1]), row_low.shape[1]
    table, pay_table = weights.ravel(), pays.ravel()
    base = _U(0)
    for cell in cells:
        h = cell // size
        low = cell - h * size
        first = True
        for b in range(first_branch[option], first_branch[option + 1]):
            r = row_high[b, h] + row_low[b, low]
            if not live[r]:
                continue
            y = _U(goal_high[b, h] + goal_low[b, low]) * n
            c = _U(r) * n
            if first:
                for j in range(n):
                    out[base + j] = table[c + j] * values[y + j]
                first = False
            else:
                for j in range(n):
                    out[base + j] += table[c + j] * values[y + j]
        if first:
            for j in range(n):
                out[base + j] = 0.0
        for k in range(first_pay[option], first_pay[option + 1]):
            c = _U(pay_high[k, h] + pay_low[k, low]) * lanes
            at = base + _U(pay_group[k]) * lanes
            for w in range(lanes):
                out[at + w] += pay_table[c + w]
        base += n


@njit(**OPTIONS)
def settle(choice, share, best, total, cells, skip, values, mover, gain, out):
    """Values of some cells from choice values and probabilities; raises `gain`.

    Parameters
    ----------
    choice, share : (options, places * groups), (options, places)
    best, total : (places,)
        Best choice value of the mover; sum of weights, 0 where the phase does not happen.
    skip : (cells,)
        Where the cells lead if the phase does not happen.
    """
    options, lanes = share.shape[0], _U(len(gain))
    groups = _U(choice.shape[1] // share.shape[1])
    n = groups * lanes
    base, place = _U(0), _U(0)
    for i in range(len(cells)):
        x = _U(cells[i]) * n
        for g in range(groups):
            at = g * lanes
            for w in range(lanes):
                out[x + at + w] = share[0, place + w] * choice[0, base + at + w]
            for o in range(1, options):
                for w in range(lanes):
                    out[x + at + w] += share[o, place + w] * choice[o, base + at + w]
        own = x + _U(mover) * lanes
        for w in range(lanes):
            if total[place + w] == 0.0:
                y = _U(skip[i]) * n + w
                for g in range(groups):
                    out[x + g * lanes + w] = values[y + g * lanes]
            else:
                gain[w] = max(gain[w], best[place + w] - out[own + w])
        base += n
        place += lanes


@njit(**OPTIONS)
def decide(
    cells,
    values,
    goal_high,
    goal_low,
    row_high,
    row_low,
    live,
    weights,
    first_branch,
    open_high,
    open_low,
    open_table,
    first_pay,
    pay_group,
    pay_high,
    pay_low,
    pays,
    policy_high,
    policy_low,
    policy,
    given,
    mover,
    precision,
    gain,
    out,
):
    """Backward through a decision phase.

    Goes through the cells by chunks: choice values, then the logit of all of them in long loops,
    then the values.

    Parameters
    ----------
    first_branch, first_pay : (options + 1,)
        Where the branches and the payments of each option begin.
    open_table : (rows, lanes)
        1 where an option is available.
    pay_group : (payments,)
        The group (actor or term) that receives each payment; `pays` is (rows, lanes).
    policy : (policy cells * options * lanes,)
        Read if `given`, else written: the probability of each option.
    mover, precision
        The deciding group and its precision per lane.
    gain : (lanes,)
        Raised to the largest gain from a one-shot deviation (unless `given`).

    The last row of `goal_*` leads where a phase that does not happen leads.
    """
    branches, size = len(row_high), row_low.shape[1]
    options, lanes, n = len(first_branch) - 1, open_table.shape[1], weights.shape[1]
    places = CHUNK * lanes
    choice = np.zeros((options, CHUNK * n))
    share, open_ = np.zeros((options, places)), np.zeros((options, places))
    best, total = np.zeros(places), np.zeros(places)
    scaled, power = np.zeros(places), np.zeros(places)
    sharpness = np.zeros(places)
    for i in range(places):
        sharpness[i] = precision[i % lanes]
    chunk, skip = np.zeros(CHUNK, dtype=np.int64), np.zeros(CHUNK, dtype=np.int64)
    ignored = np.zeros(lanes)
    done = 0
    while done < len(cells):
        count = 0
        while done < len(cells) and count < CHUNK:
            cell = cells[done]
            done += 1
            h = cell // size
            low = cell - h * size
            away = goal_high[branches, h] + goal_low[branches, low]
            if policy_high[h] + policy_low[low] < 0:
                x, y = _U(cell) * _U(n), _U(away) * _U(n)
                for j in range(_U(n)):
                    out[x + j] = values[y + j]
                continue
            chunk[count], skip[count] = cell, away
            for o in range(options):
                row = open_high[o, h] + open_low[o, low]
                for w in range(lanes):
                    open_[o, count * lanes + w] = open_table[row, w]
            count += 1
        for o in range(options):
            choice_values(
                chunk[:count],
                values,
                goal_high,
                goal_low,
                row_high,
                row_low,
                live,
                weights,
                first_branch,
                first_pay,
                pay_group,
                pay_high,
                pay_low,
                pays,
                o,
                choice[o],
            )
            for i in range(count):
                for w in range(lanes):
                    share[o, i * lanes + w] = choice[o, i * n + mover * lanes + w]
        if given:
            total[:] = 0.0
        else:
            logit(share, open_, sharpness, count * lanes, best, total, scaled, power)
        for i in range(count):
            h = chunk[i] // size
            start = (policy_high[h] + policy_low[chunk[i] - h * size]) * options * lanes
            for o in range(options):
                for w in range(lanes):
                    if given:
                        share[o, i * lanes + w] = policy[start + o * lanes + w]
                        total[i * lanes + w] += share[o, i * lanes + w]
                    else:
                        policy[start + o * lanes + w] = share[o, i * lanes + w]
        settle(
            choice,
            share,
            best,
            total,
            chunk[:count],
            skip,
            values,
            mover,
            ignored if given else gain,
            out,
        )


@njit(**OPTIONS)
def collect(
    cells, following, goal_high, goal_low, patience, pay_group, pay_high, pay_low, pays, out
):
    """Backward over a turn's end: next opening's value, discounted, plus the turn's payoffs.

    Parameters
    ----------
    following, out : (opening cells * n,), (closing cells * n,)
    goal_high, goal_low : (high,), (low,)
    patience : (n,)
    pays : (rows, lanes)
    """
    n, lanes, size = _U(len(patience)), _U(pays.shape[1]), len(goal_low)
    table = pays.ravel()
    for cell in cells:
        h = cell // size
        low = cell - h * size
        x = _U(cell) * n
        y = _U(goal_high[h] + goal_low[low]) * n
        for j in range(n):
            out[x + j] = patience[j] * following[y + j]
        for k in range(len(pay_group)):
            c = _U(pay_high[k, h] + pay_low[k, low]) * lanes
            j = x + _U(pay_group[k]) * lanes
            for w in range(lanes):
                out[j + w] += table[c + w]
