"""Numba loops: arrays in, arrays out. Nothing else in the package loops over cells.

Shapes
------
All arrays over the board are flat and laid out as (cells, groups, lanes), lanes fastest: a *lane*
is one world, a *group* one actor (or one payoff term); ``n = groups * lanes``. `mass` has no
groups. Every kernel goes through a list `cells`, the cells that matter, and leaves the rest of
its output alone. A number looked up for cell ``x = h * L + l`` is ``high[k, h] + low[k, l]`` (see
`compile.frames`): `goal_*` give target cells, `row_*` rows of a table. `live` marks the rows of a
table that are not zero in every lane.

Flat offsets are unsigned, so that no test for negative ones stands in the inner loops.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}
_U = np.uint64
CHUNK = 64
"""Cells that a decision is worked out for at once; their choice values stay in cache."""


@njit(**_OPTIONS)
def spread(cells, goal_high, goal_low, row_high, row_low, live, marks, out):  # type: ignore[no-untyped-def]
    """Cells that can be reached from `cells` along live branches.

    Parameters
    ----------
    marks : (target cells,)
        All 0 on entry; 1 at the cells found on return.
    out : (target cells,)
        Receives the cells found.

    Returns
    -------
    int
        How many there are.
    """
    size, count = row_low.shape[1], 0
    for x in cells:
        h = x // size
        low = x - h * size
        for b in range(len(row_high)):
            if live[row_high[b, h] + row_low[b, low]]:
                y = goal_high[b, h] + goal_low[b, low]
                if not marks[y]:
                    marks[y] = 1
                    out[count] = y
                    count += 1
    return count


@njit(**_OPTIONS)
def expect(cells, values, goal_high, goal_low, row_high, row_low, live, weights, out):  # type: ignore[no-untyped-def]
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


@njit(**_OPTIONS)
def push(cells, mass, goal_high, goal_low, row_high, row_low, live, weights, marks, out, found):  # type: ignore[no-untyped-def]
    """Forward through a chance phase, the transpose of `expect`; clears `mass` behind it.

    Parameters
    ----------
    mass, out : (source cells * lanes,), (target cells * lanes,)
        `out` and `marks` (target cells,) are all 0 on entry.
    weights : (rows, lanes)
    found : (target cells,)
        Receives the cells that mass has come to; `marks` is 1 there on return.

    Returns
    -------
    int
        How many cells were found.
    """
    lanes, size, count = _U(weights.shape[1]), row_low.shape[1], 0
    table = weights.ravel()
    for cell in cells:
        h = cell // size
        low = cell - h * size
        x = _U(cell) * lanes
        for b in range(len(row_high)):
            row = row_high[b, h] + row_low[b, low]
            if not live[row]:
                continue
            goal = goal_high[b, h] + goal_low[b, low]
            if not marks[goal]:
                marks[goal] = 1
                found[count] = goal
                count += 1
            y, c = _U(goal) * lanes, _U(row) * lanes
            for w in range(lanes):
                out[y + w] += table[c + w] * mass[x + w]
        for w in range(lanes):
            mass[x + w] = 0.0
    return count


@njit(**_OPTIONS)
def exponential(x, scaled, bits, power):  # type: ignore[no-untyped-def]
    """``x = exp(x)`` in place, for x <= 0, to about one unit in the last place; 0 below -708.

    Splits x into ``k log 2 + r`` and sums the series of exp(r) to degree 13, in loops that the
    compiler can turn into vector instructions (calls of the library's exp it cannot).

    Parameters
    ----------
    x, scaled, power : (n,)
        `scaled` and `power` are scratch; `bits` is `scaled` seen as integers.
    """
    shift = 6755399441055744.0  # 1.5 * 2**52: adding it leaves a rounded integer in the low bits
    for i in range(len(x)):
        v = x[i] if x[i] > -708.0 else -708.0
        s = v * 1.4426950408889634 + shift
        scaled[i] = s
        k = s - shift
        r = (v - k * 0.6931471803691238) - k * 1.9082149292705877e-10
        p = 1.0 / 6227020800.0
        p = p * r + 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        power[i] = p * r + 1.0
    for i in range(len(x)):
        bits[i] = (bits[i] + 1023) << 52
    for i in range(len(x)):
        x[i] = power[i] * scaled[i] if x[i] >= -708.0 else 0.0


@njit(**_OPTIONS)
def logit_of_two(first, second, open_first, open_second, precision, best, total, scaled, power):  # type: ignore[no-untyped-def]  # fmt: skip
    """`logit` between two options: one exponential instead of two."""
    bits = scaled.view(np.int64)
    for i in range(len(first)):
        one, two = first[i], second[i]
        high = one if one > two else two
        both = open_first[i] * open_second[i] != 0.0
        best[i] = high if both else (one if open_first[i] != 0.0 else two)
        total[i] = 1.0 if open_first[i] + open_second[i] != 0.0 else 0.0
        gap = one - two
        second[i] = gap
        gap = -gap if gap > 0.0 else gap
        size = abs(high) if abs(high) > 1.0 else 1.0
        tied = 0.0 if gap >= -1e-12 * size else -np.inf
        first[i] = precision[i] * gap if precision[i] < np.inf else tied
    exponential(first, scaled, bits, power)
    for i in range(len(first)):
        likely = 1.0 / (1.0 + first[i])
        rare = first[i] * likely
        one = likely if second[i] > 0.0 else rare
        both = open_first[i] * open_second[i] != 0.0
        first[i] = one if both else open_first[i]
        two = rare if second[i] > 0.0 else likely
        second[i] = two if both else open_second[i]


@njit(**_OPTIONS)
def logit(share, open_, precision, count, best, total, scaled, power):  # type: ignore[no-untyped-def]
    """Logit choice, in place: from choice values to ``share ~ exp(precision * choice value)``.

    Shifted by the best value, so that nothing overflows; infinite precision shares evenly among
    the options within 1e-12 (relative) of the best. `total` is 0 where no option is open.

    Parameters
    ----------
    share, open_ : (options, places)
        `open_` is 1 for available options, else 0. A place is one cell in one lane.
    precision, best, total, scaled, power : (places,)
        `scaled` and `power` are scratch.
    count
        How many places are in use.
    """
    options = share.shape[0]
    if options == 2:
        logit_of_two(share[0, :count], share[1, :count], open_[0], open_[1], precision,
                     best, total, scaled, power)  # fmt: skip
        return
    for i in range(count):
        best[i] = -np.inf
        total[i] = 0.0
    for o in range(options):
        row, free = share[o], open_[o]
        for i in range(count):
            value = row[i] if free[i] != 0.0 else -np.inf
            best[i] = value if value > best[i] else best[i]
    bits = scaled.view(np.int64)
    for o in range(options):
        row, free = share[o, :count], open_[o]
        for i in range(count):
            gap = row[i] - best[i]
            gap = gap if gap < 0.0 else 0.0
            size = abs(best[i]) if abs(best[i]) > 1.0 else 1.0
            tied = 0.0 if gap >= -1e-12 * size else -np.inf
            row[i] = precision[i] * gap if precision[i] < np.inf else tied
        exponential(row, scaled, bits, power)
        for i in range(count):
            row[i] *= free[i]
            total[i] += row[i]
    for o in range(options):
        row = share[o]
        for i in range(count):
            row[i] /= total[i] if total[i] > 0.0 else 1.0


@njit(**_OPTIONS)
def choice_values(  # type: ignore[no-untyped-def]
    cells, values, goal_high, goal_low, row_high, row_low, live, weights, first_branch,
    first_pay, pay_group, pay_high, pay_low, pays, option, out,
):  # fmt: skip
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


@njit(**_OPTIONS)
def settle(choice, share, best, total, cells, skip, values, mover, gain, out):  # type: ignore[no-untyped-def]
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


@njit(**_OPTIONS)
def decide(  # type: ignore[no-untyped-def]
    cells, values, goal_high, goal_low, row_high, row_low, live, weights, first_branch,
    open_high, open_low, open_table, first_pay, pay_group, pay_high, pay_low, pays,
    policy_high, policy_low, policy, given, mover, precision, gain, out,
):  # fmt: skip
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
                chunk[:count], values, goal_high, goal_low, row_high, row_low, live, weights,
                first_branch, first_pay, pay_group, pay_high, pay_low, pays, o, choice[o],
            )  # fmt: skip
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
            choice, share, best, total, chunk[:count], skip, values, mover,
            ignored if given else gain, out,
        )  # fmt: skip


@njit(**_OPTIONS)
def push_decision(  # type: ignore[no-untyped-def]
    cells, mass, goal_high, goal_low, row_high, row_low, live, weights, first_branch,
    first_pay, pay_high, pay_low, pays, policy_high, policy_low, policy,
    chosen, earned, marks, out, found,
):  # fmt: skip
    """Forward through a decision phase, the transpose of `decide`; clears `mass` behind it.

    Parameters
    ----------
    mass, out : (source cells * lanes,), (target cells * lanes,)
    chosen : (options, lanes)
        Raised by the probability that the phase is reached and the option chosen.
    earned : (payments, lanes)
        Raised by the expected amount of each payment.
    marks, out, found
        As in `push`.

    Returns
    -------
    int
        How many cells were found.
    """
    branches, size = len(row_high), row_low.shape[1]
    options, lanes = chosen.shape[0], _U(chosen.shape[1])
    table = weights.ravel()
    part, count = np.zeros(lanes), 0
    for cell in cells:
        h = cell // size
        low = cell - h * size
        x = _U(cell) * lanes
        place = policy_high[h] + policy_low[low]
        start = _U(place if place >= 0 else 0) * _U(options) * lanes
        stays = False
        for w in range(lanes):
            total = 0.0
            if place >= 0:
                for o in range(options):
                    total += policy[start + _U(o) * lanes + w]
            part[w] = mass[x + w] if total == 0.0 else 0.0
            stays |= part[w] != 0.0
        if stays:
            goal = goal_high[branches, h] + goal_low[branches, low]
            if not marks[goal]:
                marks[goal] = 1
                found[count] = goal
                count += 1
            for w in range(lanes):
                out[_U(goal) * lanes + w] += part[w]
        for o in range(options if place >= 0 else 0):
            reached = False
            for w in range(lanes):
                part[w] = mass[x + w] * policy[start + _U(o) * lanes + w]
                chosen[o, w] += part[w]
                reached |= part[w] != 0.0
            if not reached:
                continue
            for k in range(first_pay[o], first_pay[o + 1]):
                row = pay_high[k, h] + pay_low[k, low]
                for w in range(lanes):
                    earned[k, w] += part[w] * pays[row, w]
            for b in range(first_branch[o], first_branch[o + 1]):
                r = row_high[b, h] + row_low[b, low]
                if not live[r]:
                    continue
                goal = goal_high[b, h] + goal_low[b, low]
                if not marks[goal]:
                    marks[goal] = 1
                    found[count] = goal
                    count += 1
                y, c = _U(goal) * lanes, _U(r) * lanes
                for w in range(lanes):
                    out[y + w] += table[c + w] * part[w]
        for w in range(lanes):
            mass[x + w] = 0.0
    return count


@njit(**_OPTIONS)
def collect(cells, following, goal_high, goal_low, patience, pay_group, pay_high, pay_low, pays, out):  # type: ignore[no-untyped-def]  # fmt: skip
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


@njit(**_OPTIONS)
def push_collect(cells, mass, goal_high, goal_low, pay_high, pay_low, pays, earned, marks, out, found):  # type: ignore[no-untyped-def]  # fmt: skip
    """Forward over a turn's end: the expected payoffs, and the mass on the next opening.

    Parameters
    ----------
    mass, out : (closing cells * lanes,), (opening cells * lanes,)
    earned : (payments, lanes)
        Raised by the expected amount of each payment.
    marks, out, found
        As in `push`; `mass` is cleared.
    """
    lanes, size, count = _U(pays.shape[1]), len(goal_low), 0
    for cell in cells:
        h = cell // size
        low = cell - h * size
        x = _U(cell) * lanes
        goal = goal_high[h] + goal_low[low]
        if not marks[goal]:
            marks[goal] = 1
            found[count] = goal
            count += 1
        y = _U(goal) * lanes
        for k in range(len(pay_high)):
            row = pay_high[k, h] + pay_low[k, low]
            for w in range(lanes):
                earned[k, w] += mass[x + w] * pays[row, w]
        for w in range(lanes):
            out[y + w] += mass[x + w]
            mass[x + w] = 0.0
    return count


@njit(**_OPTIONS)
def gather(mass, rows, out):  # type: ignore[no-untyped-def]
    """Sum mass over the cells of each row: the joint law of some variables.

    Parameters
    ----------
    mass, rows : (cells, lanes), (cells,)
    out : (rows, lanes)
        Added to.
    """
    for i in range(len(rows)):
        for w in range(out.shape[1]):
            out[rows[i], w] += mass[i, w]


@njit(**_OPTIONS)
def total(cells, mass, out):  # type: ignore[no-untyped-def]
    """Sum the mass of some cells: mass (all cells * lanes,), out (lanes,)."""
    lanes = _U(len(out))
    for w in range(lanes):
        out[w] = 0.0
    for cell in cells:
        x = _U(cell) * lanes
        for w in range(lanes):
            out[w] += mass[x + w]


@njit(**_OPTIONS)
def unmark(cells, marks):  # type: ignore[no-untyped-def]
    """Set the marks of some cells back to 0."""
    for cell in cells:
        marks[cell] = 0
