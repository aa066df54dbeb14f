"""Values, carried backward through a phase in which several actors choose at once.

What is done with a combination of options, in the places where the phase happens, is the same
whether the strategies are solved for here or tried (`kernels.tried`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.backward import CHUNK, choice_values, judge
from mistrust.kernels.branch import follow, workspace
from mistrust.kernels.options import OPTIONS
from mistrust.kernels.source import nowhere


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
    gain,
    residual,
    where,
    out,
):
    """Backward through a sealed phase: the principal logit equilibrium of the stage at every cell.

    Parameters
    ----------
    values, out
        As in `decide`, with combinations of options in C order for options; `policy` is written:
        the probability of each combination.
    counts, movers : (movers,)
        How many options each has; their groups.
    precision, gain : (actors, lanes)
    residual, where : (cases,)
        Raised to the largest residual of the strategies, and the cell it is found at.
    """
    size, choices, lanes = row_low.shape[1], len(first_branch) - 1, open_table.shape[1]
    n, cases, agents, most = weights.shape[1], len(residual), len(movers), counts.max()
    choice, payoff = np.zeros((choices, CHUNK * n)), np.zeros((lanes, agents, choices))
    open_, share, y = np.zeros((agents, most)), np.zeros((agents, most)), np.zeros(agents * most)
    alone, sharp, seen = np.ones_like(counts), np.zeros(agents), np.zeros((choices, 1), np.int64)
    ways, work, source = (counts, alone, alone), workspace(counts, alone), nowhere()
    known = (alone, np.zeros((agents, 4)), np.ones((agents, 1)))  # nobody has types
    tables = payoff.reshape((lanes, agents, choices, 1, 1))
    taken, likely, rest = (
        options_of(choices, counts),
        np.zeros(choices),
        np.zeros((agents, choices)),
    )
    policy_at = (policy_high, policy_low)
    chunk, places, highs, lows = room()
    moves = (values, goal_high, goal_low, row_high, row_low, live, weights, first_branch)
    offer = (*moves, first_pay, pay_group, pay_high, pay_low, pays)
    pass_by(cells, values, (goal_high, goal_low), policy_at, n, out)
    done = 0
    while done < len(cells):
        count, done = chunked(cells, done, size, policy_at, chunk, places, highs, lows)
        for c in range(choices):
            choice_values(highs[:count], lows[:count], *offer, c, choice[c])
        for i in range(count):
            cell, place, h, low = chunk[i], places[i], highs[i], lows[i]
            away, worth = goal_high[-1, h] + goal_low[-1, low], choice[:, i * n : (i + 1) * n]
            judged = judged_high[h] + judged_low[low]
            payoffs(worth, movers, judgements, judged, payoff)
            for case in range(cases):
                some = opened(open_high, open_low, open_table, h, low, case, taken, open_)
                if some:
                    for k in range(agents):
                        sharp[k] = precision[movers[k], case]
                    table = (tables[case], seen, np.int64(0), source)
                    left = follow((table, ways, known, open_, sharp), y, share, work)
                    if not left <= residual[case]:
                        residual[case], where[case] = left, cell
                    for k in range(agents):
                        raise_gain(y, share, open_, k, sharp[k], case, gain[movers[k]])
                    chances(share.ravel(), taken, likely, rest)
                span = (case, lanes, cases)
                settle(some, likely, worth, values, cell, away, place, span, policy, out)


@njit(**OPTIONS)
def room():
    """Room for `chunked`."""
    whole, half = np.zeros((2, CHUNK), dtype=np.int64), np.zeros((2, CHUNK), dtype=np.uint64)
    return whole[0], whole[1], half[0], half[1]


@njit(**OPTIONS)
def chunked(cells, done, size, policy_at, chunk, places, highs, lows):
    """The next cells at which a phase may happen, their policy rows, and the cells' halves.

    Returns
    -------
    tuple
        How many these are, and how many of all cells have been gone through.
    """
    count = 0
    while done < len(cells) and count < len(chunk):
        h, low = cells[done] // size, cells[done] % size
        place = policy_at[0][h] + policy_at[1][low]
        if place >= 0:
            chunk[count], places[count], highs[count], lows[count] = cells[done], place, h, low
            count += 1
        done += 1
    return count, done


@njit(**OPTIONS)
def pass_by(cells, values, goals, policy_at, n, out):
    """Where a phase cannot happen, nothing does."""
    size = goals[1].shape[1]
    for cell in cells:
        h, low = cell // size, cell % size
        if policy_at[0][h] + policy_at[1][low] < 0:
            away = goals[0][-1, h] + goals[1][-1, low]
            for j in range(n):
                out[cell * n + j] = values[away * n + j]


@njit(**OPTIONS)
def options_of(choices, counts):
    """Each mover's option in a combination, counted among those of all: (movers, choices)."""
    most, taken = counts.max(), np.zeros((len(counts), choices), dtype=np.int64)
    for c in range(choices):
        left = c
        for k in range(len(counts) - 1, -1, -1):
            taken[k, c] = k * most + left % counts[k]
            left //= counts[k]
    return taken


@njit(**OPTIONS)
def payoffs(worth, movers, judgements, judged, payoff):
    """What combinations are worth to the movers, above the first: payoff (lanes, movers, choices).

    Parameters
    ----------
    worth : (choices, groups * lanes)
    judged
        The row of `judgements` at the cell.
    """
    lanes = len(payoff)
    own, average = np.zeros(lanes), np.zeros(lanes)
    for k in range(len(movers)):
        for c in range(len(worth)):
            for w in range(lanes):
                own[w] = worth[c, movers[k] * lanes + w]
            if judgements.shape[1] > 1:
                judge(judgements, judged, own, average)
            for w in range(lanes):
                payoff[w, k, c] = own[w]
        for w in range(lanes):
            first = payoff[w, k, 0]
            for c in range(len(worth)):
                payoff[w, k, c] -= first


@njit(**OPTIONS)
def opened(open_high, open_low, table, h, low, case, taken, open_):
    """Which option of each mover is open, from the combinations that are; whether any is.

    Parameters
    ----------
    table : (rows, cases)
        Zero where a combination is closed; its row is looked up by `open_high` and `open_low`.
    taken : (movers, choices)
        The place in `open_` of what each mover takes in a combination.
    open_ : (movers, options)
    """
    free, some = open_.ravel(), False
    free[:] = 0.0
    for c in range(len(open_high)):
        if table[open_high[c, h] + open_low[c, low], case] != 0.0:
            some = True
            for k in range(len(taken)):
                free[taken[k, c]] = 1.0
    return some


@njit(**OPTIONS)
def chances(share, taken, likely, rest):
    """How likely combinations are, (choices,), and what the others choose, (movers, choices)."""
    rest[:] = 1.0
    for c in range(len(likely)):
        likely[c] = 1.0
        for k in range(len(taken)):
            own = share[taken[k, c]]
            likely[c] *= own
            for other in range(len(taken)):
                if other != k:
                    rest[other, c] *= own


@njit(**OPTIONS)
def raise_gain(y, share, open_, k, precision, case, gain):
    """Raise ``gain[case]`` to what an actor's best option is worth above its mixture.

    `y`, (movers * options,), is what options are worth times precision; `share` and `open_` are
    (movers, options).
    """
    options = share.shape[1]
    best, mean = -np.inf, 0.0
    for a in range(options):
        if open_[k, a] != 0.0:
            best = max(best, y[k * options + a])
            mean += share[k, a] * y[k * options + a]
    if precision > 0.0:
        gain[case] = max(gain[case], (best - mean) / precision)


@njit(**OPTIONS)
def settle(some, likely, worth, values, cell, away, place, span, policy, out):
    """The policy and the values at a cell, in the lanes of a case.

    Parameters
    ----------
    some
        Whether the phase happens.
    away
        Where the cell leads if it does not.
    span
        The first of the lanes, the number of all, and the steps between them.
    """
    choices, n = worth.shape
    first, lanes, step = span
    for w in range(first, lanes, step):
        for c in range(choices):
            policy[(place * choices + c) * lanes + w] = likely[c] if some else 0.0
        for j in range(w, n, lanes):
            total = 0.0
            for c in range(choices):
                if likely[c] != 0.0:  # where it leads there may be no value
                    total += likely[c] * worth[c, j]
            out[cell * n + j] = total if some else values[away * n + j]
