"""Numba loops: arrays in, arrays out. Nothing else in the package loops over cells.

Shapes
------
All arrays over the board are flat and laid out as (cells, groups, lanes), lanes fastest: a *lane*
is one world, a *group* one actor (or one payoff term); ``n = groups * lanes``. `mass` has no
groups. A number looked up for cell ``x = h * L + l`` is ``high[k, h] + low[k, l]`` (see
`compile.frames`): `goal_*` give target cells, `row_*` rows of a table. `live` marks the rows of a
table that are not zero in every lane.

Indices are unsigned, so that no test for negative ones stands in the inner loops.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}
_U = np.uint64


@njit(**_OPTIONS)
def expect(values, goal_high, goal_low, row_high, row_low, live, weights, out):  # type: ignore[no-untyped-def]
    """Backward through a chance phase: ``out[x] = sum_b weights[row_b(x)] * values[goal_b(x)]``.

    Parameters
    ----------
    values, out : (target cells * n,), (source cells * n,)
    weights : (rows, n)
    """
    branches = row_high.shape[0]
    n = _U(weights.shape[1])
    table = weights.ravel()
    x = _U(0)
    for h in range(row_high.shape[1]):
        for low in range(row_low.shape[1]):
            first = True
            for b in range(branches):
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
            x += n


@njit(**_OPTIONS)
def push(mass, goal_high, goal_low, row_high, row_low, live, weights, out):  # type: ignore[no-untyped-def]
    """Forward through a chance phase: the transpose of `expect`, added to `out`.

    Parameters
    ----------
    mass, out : (source cells * lanes,), (target cells * lanes,)
    weights : (rows, lanes)
    """
    branches = row_high.shape[0]
    lanes = _U(weights.shape[1])
    table = weights.ravel()
    x = _U(0)
    for h in range(row_high.shape[1]):
        for low in range(row_low.shape[1]):
            empty = True
            for w in range(lanes):
                if mass[x + w] != 0.0:
                    empty = False
            if not empty:
                for b in range(branches):
                    row = row_high[b, h] + row_low[b, low]
                    if live[row]:
                        y = _U(goal_high[b, h] + goal_low[b, low]) * lanes
                        c = _U(row) * lanes
                        for w in range(lanes):
                            out[y + w] += table[c + w] * mass[x + w]
            x += lanes


@njit(**_OPTIONS)
def logit(choice_value, open_, precision, share, best, total):  # type: ignore[no-untyped-def]
    """Logit choice per lane: ``share ~ exp(precision * choice_value)`` over the open options.

    Shifted by the best value, so that nothing overflows; infinite precision shares evenly among
    the options within 1e-12 (relative) of the best. `total` is 0 where no option is open.

    Parameters
    ----------
    choice_value, open_, share : (options, lanes)
    precision, best, total : (lanes,)
    """
    options, lanes = share.shape
    for w in range(lanes):
        best[w] = -np.inf
        total[w] = 0.0
    for o in range(options):
        for w in range(lanes):
            if open_[o, w] and choice_value[o, w] > best[w]:
                best[w] = choice_value[o, w]
    for o in range(options):
        for w in range(lanes):
            share[o, w] = 0.0
            if open_[o, w]:
                gap = choice_value[o, w] - best[w]
                if precision[w] == np.inf:
                    if gap >= -1e-12 * max(1.0, abs(best[w])):
                        share[o, w] = 1.0
                elif gap == 0.0:
                    share[o, w] = 1.0
                else:
                    share[o, w] = np.exp(precision[w] * gap)
                total[w] += share[o, w]
    for o in range(options):
        for w in range(lanes):
            if total[w] > 0.0:
                share[o, w] /= total[w]


@njit(**_OPTIONS)
def decide(  # type: ignore[no-untyped-def]
    values, goal_high, goal_low, row_high, row_low, live, weights, first_branch,
    open_high, open_low, open_table, first_pay, pay_group, pay_high, pay_low, pays,
    policy_high, policy_low, policy, given, mover, precision, gain, out,
):  # fmt: skip
    """Backward through a decision phase.

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
        Raised to the largest gain from a one-shot deviation.

    The last row of `goal_*` leads where a phase that does not happen leads.
    """
    branches, high_size = row_high.shape
    low_size = row_low.shape[1]
    lanes = _U(open_table.shape[1])
    n = _U(weights.shape[1])
    groups = n // lanes
    options = _U(len(first_branch) - 1)
    table, pay_table = weights.ravel(), pays.ravel()
    q = np.zeros(options * n)
    own = np.zeros((options, lanes))
    open_ = np.zeros((options, lanes), dtype=np.bool_)
    share = np.zeros((options, lanes))
    best, total = np.zeros(lanes), np.zeros(lanes)
    x = _U(0)
    for h in range(high_size):
        for low in range(low_size):
            cell = policy_high[h] + policy_low[low]
            skip = _U(goal_high[branches, h] + goal_low[branches, low]) * n
            if cell < 0:
                for j in range(n):
                    out[x + j] = values[skip + j]
                x += n
                continue
            p = _U(cell) * options * lanes
            for o in range(options):
                row = open_high[o, h] + open_low[o, low]
                wanted = False
                for w in range(lanes):
                    open_[o, w] = open_table[row, w] != 0.0
                    wanted |= open_[o, w]
                if not wanted:
                    continue
                base = o * n
                for j in range(n):
                    q[base + j] = 0.0
                for b in range(first_branch[o], first_branch[o + _U(1)]):
                    r = row_high[b, h] + row_low[b, low]
                    if live[r]:
                        y = _U(goal_high[b, h] + goal_low[b, low]) * n
                        c = _U(r) * n
                        for j in range(n):
                            q[base + j] += table[c + j] * values[y + j]
                for k in range(first_pay[o], first_pay[o + _U(1)]):
                    c = _U(pay_high[k, h] + pay_low[k, low]) * lanes
                    j = base + _U(pay_group[k]) * lanes
                    for w in range(lanes):
                        q[j + w] += pay_table[c + w]
            if given:
                for w in range(lanes):
                    total[w] = 0.0
                for o in range(options):
                    for w in range(lanes):
                        share[o, w] = policy[p + o * lanes + w]
                        total[w] += share[o, w]
            else:
                for o in range(options):
                    for w in range(lanes):
                        own[o, w] = q[o * n + _U(mover) * lanes + w]
                logit(own, open_, precision, share, best, total)
                for o in range(options):
                    for w in range(lanes):
                        policy[p + o * lanes + w] = share[o, w]
            for g in range(groups):
                j = g * lanes
                for w in range(lanes):
                    out[x + j + w] = 0.0
                for o in range(options):
                    for w in range(lanes):
                        out[x + j + w] += share[o, w] * q[o * n + j + w]
            for w in range(lanes):
                if total[w] == 0.0:
                    for g in range(groups):
                        out[x + g * lanes + w] = values[skip + g * lanes + w]
                elif not given:
                    gap = best[w] - out[x + _U(mover) * lanes + w]
                    if gap > gain[w]:
                        gain[w] = gap
            x += n


@njit(**_OPTIONS)
def push_decision(  # type: ignore[no-untyped-def]
    mass, goal_high, goal_low, row_high, row_low, live, weights, first_branch,
    first_pay, pay_high, pay_low, pays, policy_high, policy_low, policy,
    out, chosen, earned,
):  # fmt: skip
    """Forward through a decision phase: the transpose of `decide` under its policy.

    Parameters
    ----------
    mass, out : (source cells * lanes,), (target cells * lanes,)
        `out` is added to.
    chosen : (options, lanes)
        Raised by the probability that the phase is reached and the option chosen.
    earned : (payments, lanes)
        Raised by the expected amount of each payment.
    """
    branches, high_size = row_high.shape
    low_size = row_low.shape[1]
    options, lanes = chosen.shape
    size = _U(lanes)
    table = weights.ravel()
    part = np.zeros(lanes)
    x = _U(0)
    for h in range(high_size):
        for low in range(low_size):
            empty = True
            for w in range(size):
                if mass[x + w] != 0.0:
                    empty = False
            if empty:
                x += size
                continue
            cell = policy_high[h] + policy_low[low]
            skip = _U(goal_high[branches, h] + goal_low[branches, low]) * size
            if cell < 0:
                for w in range(size):
                    out[skip + w] += mass[x + w]
                x += size
                continue
            p = _U(cell) * _U(options) * size
            for w in range(size):
                total = 0.0
                for o in range(options):
                    total += policy[p + _U(o) * size + w]
                if total == 0.0:
                    out[skip + w] += mass[x + w]
            for o in range(options):
                reached = False
                for w in range(size):
                    part[w] = mass[x + w] * policy[p + _U(o) * size + w]
                    chosen[o, w] += part[w]
                    reached |= part[w] != 0.0
                if not reached:
                    continue
                for k in range(first_pay[o], first_pay[o + 1]):
                    row = pay_high[k, h] + pay_low[k, low]
                    for w in range(size):
                        earned[k, w] += part[w] * pays[row, w]
                for b in range(first_branch[o], first_branch[o + 1]):
                    r = row_high[b, h] + row_low[b, low]
                    if live[r]:
                        y = _U(goal_high[b, h] + goal_low[b, low]) * size
                        c = _U(r) * size
                        for w in range(size):
                            out[y + w] += table[c + w] * part[w]
            x += size


@njit(**_OPTIONS)
def collect(following, goal_high, goal_low, patience, pay_group, pay_high, pay_low, pays, out):  # type: ignore[no-untyped-def]
    """Backward over a turn's end: next opening's value, discounted, plus the turn's payoffs.

    Parameters
    ----------
    following, out : (opening cells * n,), (closing cells * n,)
    goal_high, goal_low : (high,), (low,)
    patience : (n,)
    pays : (rows, lanes)
    """
    n = _U(len(patience))
    lanes = _U(pays.shape[1])
    table = pays.ravel()
    x = _U(0)
    for h in range(len(goal_high)):
        for low in range(len(goal_low)):
            y = _U(goal_high[h] + goal_low[low]) * n
            for j in range(n):
                out[x + j] = patience[j] * following[y + j]
            for k in range(len(pay_group)):
                c = _U(pay_high[k, h] + pay_low[k, low]) * lanes
                j = x + _U(pay_group[k]) * lanes
                for w in range(lanes):
                    out[j + w] += table[c + w]
            x += n


@njit(**_OPTIONS)
def push_collect(mass, goal_high, goal_low, pay_high, pay_low, pays, out, earned):  # type: ignore[no-untyped-def]
    """Forward over a turn's end: the expected payoffs, and the mass on the next opening.

    Parameters
    ----------
    mass, out : (closing cells * lanes,), (opening cells * lanes,)
    earned : (payments, lanes)
        Raised by the expected amount of each payment.
    """
    lanes = _U(pays.shape[1])
    x = _U(0)
    for h in range(len(goal_high)):
        for low in range(len(goal_low)):
            empty = True
            for w in range(lanes):
                if mass[x + w] != 0.0:
                    empty = False
            if not empty:
                y = _U(goal_high[h] + goal_low[low]) * lanes
                for w in range(lanes):
                    out[y + w] += mass[x + w]
                for k in range(len(pay_high)):
                    row = pay_high[k, h] + pay_low[k, low]
                    for w in range(lanes):
                        earned[k, w] += mass[x + w] * pays[row, w]
            x += lanes


@njit(**_OPTIONS)
def gather(mass, row_high, row_low, out):  # type: ignore[no-untyped-def]
    """Sum mass over the cells of each row: the joint law of some variables.

    Parameters
    ----------
    mass, out : (cells * lanes,), (rows, lanes)
        `out` is added to.
    """
    lanes = out.shape[1]
    x = _U(0)
    for h in range(len(row_high)):
        for low in range(len(row_low)):
            row = row_high[h] + row_low[low]
            for w in range(lanes):
                out[row, w] += mass[x + _U(w)]
            x += _U(lanes)
