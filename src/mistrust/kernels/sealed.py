"""Values, carried backward through a phase in which several actors choose at once."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.backward import choice_values, judge
from mistrust.kernels.branch import follow, implied, workspace
from mistrust.kernels.options import OPTIONS
from mistrust.kernels.source import nowhere

_U = np.uint64


@njit(**OPTIONS)
def decide_sealed(
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
    counts,
    movers,
    precision,
    judgements,
    judged_high,
    judged_low,
    tried,
    answer,
    gain,
    residual,
    where,
    out,
):
    """Backward through a sealed phase: the logit equilibrium of the stage at every cell.

    The principal one of the stage, or strategies that are tried.

    Parameters
    ----------
    values, out
        As in `decide`, with combinations of options in C order for options; `policy` is written:
        the probability of each combination.
    counts, movers : (movers,)
        How many options each has; their groups.
    tried : (rows of the policy, movers * options, cases)
        Strategies to be played, as exponents of logit choices; NaN, or no rows at all, for none.
    answer
        As `tried`: what these make the options worth, in logit units around their mean.
    precision, gain : (actors, lanes)
    residual, where : (cases,)
        Raised to the largest residual of the strategies, and the cell it is found at.
    """
    branches, size = len(row_high), row_low.shape[1]
    choices, lanes, n = len(first_branch) - 1, open_table.shape[1], weights.shape[1]
    cases, agents, most = len(residual), len(movers), counts.max()
    worth, own = np.zeros((choices, n)), np.zeros(lanes)
    payoff, open_ = np.zeros((lanes, agents, choices, 1, 1)), np.zeros((agents, most))
    share, y, alone = np.zeros((agents, most)), np.zeros(agents * most), np.ones_like(counts)
    average, sharp, work = np.zeros(lanes), np.zeros(agents), workspace(counts, alone)
    seen, source, ways = np.zeros((choices, 1), np.int64), nowhere(), (counts, alone, alone)
    known = (alone, np.zeros((agents, 4)), np.ones((agents, 1)))
    high, lows = np.zeros(1, dtype=np.uint64), np.zeros(1, dtype=np.uint64)
    for cell in cells:
        h, low = cell // size, cell % size
        high[0], lows[0] = h, low
        away = goal_high[branches, h] + goal_low[branches, low]
        place = policy_high[h] + policy_low[low]
        if place < 0:
            for j in range(n):
                out[cell * n + j] = values[away * n + j]
            continue
        for c in range(choices):
            choice_values(
                high,
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
                c,
                worth[c],
            )
            for i in range(agents):
                for w in range(lanes):
                    own[w] = worth[c, movers[i] * lanes + w]
                if judgements.shape[1] > 1:
                    judge(judgements, judged_high[h] + judged_low[low], own, average)
                for w in range(lanes):
                    payoff[w, i, c, 0, 0] = own[w]
        out[cell * n : (cell + 1) * n] = 0.0
        for case in range(cases):
            for i in range(agents):
                sharp[i] = precision[movers[i], case]
                base = payoff[case, i, 0, 0, 0]
                for c in range(choices):
                    payoff[case, i, c, 0, 0] -= base
            some = _opened(open_high, open_low, open_table, h, low, case, counts, open_)
            if some:
                stage = ((payoff[case], seen, np.int64(0), source), ways, known, open_, sharp)
                if len(tried) > 0 and tried[place, 0, case] == tried[place, 0, case]:
                    for i in range(len(y)):
                        y[i] = tried[place, i, case]
                    left = implied(stage, y, share, work)
                    _centre(y, open_, answer[place], case)
                else:
                    left = follow(stage, y, share, work)
                if not left <= residual[case]:
                    residual[case], where[case] = left, cell
                for i in range(agents):
                    raise_gain(y, share, open_, i, sharp[i], case, gain[movers[i]])
            for w in range(case, lanes, cases):
                for c in range(choices):
                    chance = _chance(share, c, counts) if some else 0.0
                    policy[(place * choices + c) * lanes + w] = chance
                    if chance != 0.0:
                        for j in range(w, n, lanes):
                            out[cell * n + j] += chance * worth[c, j]
                if not some:
                    for j in range(w, n, lanes):
                        out[cell * n + j] = values[away * n + j]


@njit(**OPTIONS)
def _centre(y, open_, answer, case):
    """Each mover's open options around their mean; 0 for the others."""
    agents, options = open_.shape
    for i in range(agents):
        mean, count = 0.0, 0
        for a in range(options):
            if open_[i, a] != 0.0:
                mean += y[i * options + a]
                count += 1
        for a in range(options):
            k = i * options + a
            answer[k, case] = y[k] - mean / count if open_[i, a] != 0.0 else 0.0


@njit(**OPTIONS)
def _opened(open_high, open_low, table, h, low, case, counts, open_):
    """Which option of each mover is open, from the combinations that are; whether any is."""
    open_[:] = 0.0
    some = False
    for c in range(len(open_high)):
        if table[open_high[c, h] + open_low[c, low], case] != 0.0:
            some = True
            rest = c
            for i in range(len(counts) - 1, -1, -1):
                open_[i, rest % counts[i]] = 1.0
                rest //= counts[i]
    return some


@njit(**OPTIONS)
def _chance(share, combination, counts):
    """The probability of a combination of options."""
    chance = 1.0
    for i in range(len(counts) - 1, -1, -1):
        chance *= share[i, combination % counts[i]]
        combination //= counts[i]
    return chance


@njit(**OPTIONS)
def raise_gain(y, share, open_, i, precision, case, gain):
    """Raise ``gain[case]`` by what an actor's best option is worth above its mixture."""
    options = share.shape[1]
    best, mean = -np.inf, 0.0
    for a in range(options):
        if open_[i, a] != 0.0:
            best = max(best, y[i * options + a])
            mean += share[i, a] * y[i * options + a]
    if precision > 0.0:
        gain[case] = max(gain[case], (best - mean) / precision)
