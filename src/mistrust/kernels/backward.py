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
    n, size = _U(weights.shape[1]), _U(row_low.shape[1])
    table = weights.ravel()
    h, base = _U(0), _U(0)
    for i in range(len(cells)):
        cell = _U(cells[i])
        while cell - base >= size:
            base += size
            h += _U(1)
        low, x = cell - base, cell * n
        first = True
        for b in range(len(row_high)):
            row = _U(row_high[b, h] + row_low[b, low])
            if not live[row]:
                continue
            y, c = _U(goal_high[b, h] + goal_low[b, low]) * n, row * n
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
    highs,
    lows,
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
    """What every group expects from an option at the cells (highs, lows): out (cells * n,)."""
    n, lanes = _U(weights.shape[1]), _U(pays.shape[1])
    table, pay_table = weights.ravel(), pays.ravel()
    base = _U(0)
    for i in range(len(highs)):
        h, low = highs[i], lows[i]
        first = True
        for b in range(first_branch[option], first_branch[option + 1]):
            r = _U(row_high[b, h] + row_low[b, low])
            if not live[r]:
                continue
            y, c = _U(goal_high[b, h] + goal_low[b, low]) * n, r * n
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
def judge(judgements, row, own, out):
    """What a mover makes of amounts that depend on hidden types, in place.

    Parameters
    ----------
    judgements : (combinations of beliefs, profiles, profiles, cases)
    row
        The combination of beliefs at the cell.
    own, out : (lanes,)
        Amounts by profile and case, replaced by averages over the profiles; scratch.
    """
    profiles, games = _U(judgements.shape[1]), _U(judgements.shape[3])
    weights = judgements[row].ravel()
    out[:] = 0.0
    for p in range(profiles):
        at = p * games
        for q in range(profiles):
            here, there = (p * profiles + q) * games, q * games
            for w in range(games):
                out[at + w] += weights[here + w] * own[there + w]
    own[:] = out


@njit(**OPTIONS)
def regrets(worth, share, best, total, count, regret, gain):
    """Raise `gain` by what the best option is worth above the mixture played.

    Parameters
    ----------
    worth, share : (options, places)
        Choice values and probabilities.
    best, total, regret : (places,)
        `regret` is scratch.
    """
    for i in range(count):
        regret[i] = best[i] if total[i] != 0.0 else 0.0
    for o in range(len(share)):
        for i in range(count):
            regret[i] -= share[o, i] * worth[o, i]
    lanes = _U(len(gain))
    for i in range(_U(count) // lanes):
        place = i * lanes
        for w in range(lanes):
            old, own = gain[w], regret[place + w]
            own = own if total[place + w] != 0.0 else 0.0
            gain[w] = own if own > old else old


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
    options, lanes = _U(share.shape[0]), _U(len(gain))
    stride, places = _U(choice.shape[1]), _U(share.shape[1])
    groups = stride // places
    n = groups * lanes
    worth, odds = choice.ravel(), share.ravel()
    for i in range(_U(len(cells))):
        x, base, place = _U(cells[i]) * n, i * n, i * lanes
        if lanes == 1:
            for j in range(n):
                out[x + j] = odds[place] * worth[base + j]
            for o in range(_U(1), options):
                chance, here = odds[o * places + place], o * stride + base
                for j in range(n):
                    out[x + j] += chance * worth[here + j]
            continue
        for g in range(groups):
            at, here = x + g * lanes, base + g * lanes
            for w in range(lanes):
                out[at + w] = odds[place + w] * worth[here + w]
        for o in range(_U(1), options):
            for g in range(groups):
                at, here = x + g * lanes, o * stride + base + g * lanes
                likely = o * places + place
                for w in range(lanes):
                    out[at + w] += odds[likely + w] * worth[here + w]
    for i in range(_U(len(cells))):
        x, place = _U(cells[i]) * n, i * lanes
        own = x + _U(mover) * lanes
        least = 1.0
        for w in range(lanes):
            least = min(least, total[place + w])
        if least != 0.0:
            for w in range(lanes):
                gap = best[place + w] - out[own + w]
                gain[w] = gap if gap > gain[w] else gain[w]
            continue
        for w in range(lanes):
            if total[place + w] == 0.0:
                y = _U(skip[i]) * n + w
                for g in range(groups):
                    out[x + g * lanes + w] = values[y + g * lanes]
            else:
                gain[w] = max(gain[w], best[place + w] - out[own + w])


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
    judgements,
    judged_high,
    judged_low,
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
    judgements, judged_high, judged_low
        How it weighs hidden types (see `judge`), by the combination of beliefs at a cell.
    gain : (lanes,)
        Raised to the largest gain from a one-shot deviation (unless `given`).

    The last row of `goal_*` leads where a phase that does not happen leads.
    """
    branches, size = len(row_high), _U(row_low.shape[1])
    options, lanes, n = len(first_branch) - 1, _U(open_table.shape[1]), _U(weights.shape[1])
    places = CHUNK * open_table.shape[1]
    choice = np.zeros((options, CHUNK * weights.shape[1]))
    share, open_ = np.zeros((options, places)), np.zeros((options, places))
    best, total = np.zeros(places), np.zeros(places)
    scaled, power = np.zeros(places), np.zeros(places)
    sharpness = np.zeros(places)
    for i in range(places):
        sharpness[i] = precision[i % open_table.shape[1]]
    chunk, skip = np.zeros(CHUNK, dtype=np.int64), np.zeros(CHUNK, dtype=np.int64)
    highs, lows = np.zeros(CHUNK, dtype=np.uint64), np.zeros(CHUNK, dtype=np.uint64)
    starts = np.zeros(CHUNK, dtype=np.uint64)
    ignored = np.zeros(open_table.shape[1])
    hidden = judgements.shape[1] > 1 and not given
    average = np.zeros(open_table.shape[1])
    regret = np.zeros(places)
    table = open_table.ravel()
    finite = bool(np.all(precision < np.inf))
    h, base = _U(0), _U(0)
    done = 0
    while done < len(cells):
        count = 0
        while done < len(cells) and count < CHUNK:
            cell = _U(cells[done])
            done += 1
            while cell - base >= size:
                base += size
                h += _U(1)
            low = cell - base
            away = goal_high[branches, h] + goal_low[branches, low]
            place = policy_high[h] + policy_low[low]
            if place < 0:
                x, y = cell * n, _U(away) * n
                for j in range(n):
                    out[x + j] = values[y + j]
                continue
            chunk[count], skip[count] = cells[done - 1], away
            highs[count], lows[count] = h, low
            starts[count] = _U(place) * _U(options) * lanes
            count += 1
        closed = 0.0
        for o in range(options):
            worth, odds, free = choice[o], share[o], open_[o]
            choice_values(
                highs[:count],
                lows[:count],
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
                worth,
            )
            for i in range(_U(count)):
                row = _U(open_high[o, highs[i]] + open_low[o, lows[i]]) * lanes
                own, place = i * n + _U(mover) * lanes, i * lanes
                for w in range(lanes):
                    free[place + w] = table[row + w]
                    closed += 1.0 - table[row + w]
                    odds[place + w] = worth[own + w]
                if hidden:
                    seen = judged_high[highs[i]] + judged_low[lows[i]]
                    judge(judgements, seen, odds[place : place + lanes], average)
        if given:
            total[:] = 0.0
        else:
            if hidden:
                judged = share.copy()
            used = count * len(precision)
            logit(share, open_, closed == 0.0, finite, sharpness, used, best, total, scaled, power)
        for o in range(options):
            odds = share[o]
            for i in range(_U(count)):
                start, place = starts[i] + _U(o) * lanes, i * lanes
                if given:
                    for w in range(lanes):
                        odds[place + w] = policy[start + w]
                        total[place + w] += odds[place + w]
                else:
                    for w in range(lanes):
                        policy[start + w] = odds[place + w]
        settle(
            choice,
            share,
            best,
            total,
            chunk[:count],
            skip,
            values,
            mover,
            ignored if given or hidden else gain,
            out,
        )
        if hidden:
            regrets(judged, share, best, total, count * len(precision), regret, gain)


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
    n, lanes, size = _U(len(patience)), _U(pays.shape[1]), _U(len(goal_low))
    table = pays.ravel()
    h, base = _U(0), _U(0)
    for i in range(len(cells)):
        cell = _U(cells[i])
        while cell - base >= size:
            base += size
            h += _U(1)
        low, x = cell - base, cell * n
        y = _U(goal_high[h] + goal_low[low]) * n
        for j in range(n):
            out[x + j] = patience[j] * following[y + j]
        for k in range(len(pay_group)):
            c = _U(pay_high[k, h] + pay_low[k, low]) * lanes
            j = x + _U(pay_group[k]) * lanes
            for w in range(lanes):
                out[j + w] += table[c + w]
