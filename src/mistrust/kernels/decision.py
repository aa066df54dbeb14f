"""Decisions, backward: the mover's choice values, its logit choice, and everybody's values.

Cells are gone through by chunks. What the options are worth is worked out for the mover alone;
once it is known how likely each is, the ways ahead of all options are taken together, those that
lead to the same board as one, and everybody's values are read once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.choice import logit
from mistrust.kernels.options import BORROWING, LENT, OPTIONS
from mistrust.kernels.ways import largest, mix, ways_of

_U = np.uint64
PLACES = 1024
"""Places (a cell in a lane) worked on at once, about, so that they stay in cache."""


@njit(**OPTIONS)
def decide(
    cells,
    first,
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

    Parameters
    ----------
    cells, first : (cells,), (boxes + 1,)
        By box, which begins at ``first[box]``: all that boards of a box are worth is worked out
        before any of it is put into `out`.
    first_branch, first_pay : (options + 1,)
        Where the branches and the payments of each option begin.
    open_table : (rows, lanes)
        1 where an option is available.
    pay_group : (payments,)
        The group (actor or term) that receives each payment; `pays` is (rows, lanes).
    policy : (policy cells, options, kept lanes)
        Read if `given`, else written: the probability of each option. Those of an actor without
        types are the same whatever types others have, and kept once: in the first lanes.
    mover, precision
        The deciding group and its precision per lane.
    judgements, judged_high, judged_low
        How it weighs hidden types (see `weigh_types`), by the combination of beliefs at a cell.
    gain : (kept lanes,)
        Raised to the largest gain from a one-shot deviation (unless `given`).
    out
        May be `values` if no cell leads to one in another box, nor anywhere if nobody decides.

    The last row of `goal_*` leads where a phase that does not happen leads.
    """
    options, lanes, kept = len(first_branch) - 1, open_table.shape[1], policy.shape[2]
    groups, chunk = weights.shape[1] // lanes, max(16, PLACES // lanes, largest(first))
    goals, rows = (goal_high, goal_low), (row_high, row_low, live, weights.ravel())
    ways = first_branch, goals, rows, first_pay, (pay_group, pay_high, pay_low, pays.ravel())
    lookups = policy_high, policy_low, judged_high, judged_low
    spots = np.zeros((6, chunk), dtype=np.uint64)
    places = chunk * lanes + 8  # not a power of two: rows would be in one another's way
    share, worth = np.zeros((options, places)), np.zeros((options, places))
    offered, strategies, judged = open_table.ravel(), policy.ravel(), judgements.ravel()
    open_, sharpness = np.zeros((options, places)), np.zeros(places)
    best, total, scaled = np.zeros(places), np.zeros(places), np.zeros(places)
    most = len(row_high) + 1
    rows_of = np.arange(most).astype(np.uint64) * _U(lanes)
    blend = np.zeros(most, dtype=np.uint64), rows_of, np.zeros(most * lanes)
    ahead = np.zeros(most, dtype=np.uint64), np.zeros(most, dtype=np.uint64)
    for i in range(chunk * kept):
        sharpness[i] = precision[i % kept]
    finite, hidden = bool(np.all(precision < np.inf)), judgements.shape[1] > 1
    types = judgements.shape[1], judgements.shape[3], kept
    apart = out.ctypes.data == values.ctypes.data
    found = np.zeros(chunk * groups * lanes) if apart else out
    where = np.arange(chunk).astype(np.uint64) if apart else spots[0]
    done = 0
    while done < len(first) - 1:
        boxes = cells, first, done
        count, done = _take(boxes, goals, lookups, values, groups * lanes, spots, out)
        used = count * kept
        if given:
            _read(count, kept, spots[4], strategies, share, total)
        else:
            _offer(count, lanes, kept, spots, open_high, open_low, offered, open_)
            for o in range(options):
                own = scaled if hidden else worth[o]
                _expect(o, count, spots, ways, ahead, values, mover, groups, lanes, own)
                if hidden:
                    weigh_types(judged, types, spots[5], count, own, worth[o])
                copy(worth[o], used, share[o])
            logit(share, open_, finite, sharpness, used, best, total)
            _write(count, kept, spots[4], share, strategies)
            regrets(worth, share, best, total, used, scaled, gain)
        sizes = groups, lanes // kept, kept
        _settle(count, spots, where, ways, share, total, values, sizes, blend, found)
        if apart:
            _put(count, spots[0], found, groups * lanes, out)


@njit(**BORROWING)
def _take(boxes, goals, lookups, values, n, spots, out):
    """The cells of the next boxes at which somebody decides; at others the values stay.

    Returns
    -------
    count, done
        How many, and how many boxes are done with; `spots` returns for each the cell, its halves,
        where it leads if nobody decides, its policy's row and its combination of beliefs.
    """
    (goal_high, goal_low), (policy_high, policy_low, judged_high, judged_low) = goals, lookups
    branches, size, count = len(goal_high) - 1, goal_low.shape[1], 0
    (cells, first, done), h, base = boxes, -1, -size
    while done < len(first) - 1 and count + first[done + 1] - first[done] <= spots.shape[1]:
        for i in range(first[done], first[done + 1]):
            cell = cells[i]
            if cell - base >= size or cell < base:
                h = cell // size
                base = h * size
            low = cell - base
            away, place = goal_high[branches, h] + goal_low[branches, low], policy_high[h]
            place += policy_low[low]
            if place < 0:
                x, y = _U(cell * n), _U(away * n)
                for j in range(_U(n)):
                    out[x + j] = values[y + j]
                continue
            spots[0, count], spots[1, count], spots[2, count] = cell, h, low
            spots[3, count], spots[4, count] = away, place
            spots[5, count] = judged_high[h] + judged_low[low]
            count += 1
        done += 1
    return count, done


@njit(**BORROWING)
def _offer(count, lanes, kept, spots, open_high, open_low, table, open_):
    """Which options are open: open_ (options, cells * kept lanes)."""
    lanes, kept = _U(lanes), _U(kept)
    for o in range(len(open_)):
        free = open_[o]
        for i in range(_U(count)):
            row = _U(open_high[o, spots[1, i]] + open_low[o, spots[2, i]]) * lanes
            place = i * kept
            for w in range(kept):
                free[place + w] = table[row + w]


@njit(**LENT)
def _expect(option, count, spots, ways, ahead, values, mover, groups, lanes, out):
    """What the mover expects from an option: out (places,)."""
    (first_branch, goals, rows, first_pay, payments), (there, at) = ways, ahead
    group, pay_high, pay_low, pays = payments
    lanes, n, own = _U(lanes), _U(groups * lanes), _U(mover * lanes)
    branches = first_branch[option], first_branch[option + 1]
    for i in range(_U(count)):
        h, low, place = spots[1, i], spots[2, i], i * lanes
        found = ways_of(h, low, goals, rows, branches, n, there, at)
        for k in range(found):
            there[k] += own
        mix(place, found, there, at, rows[3], values, _U(1), lanes, out)
        for k in range(first_pay[option], first_pay[option + 1]):
            if group[k] == mover:
                c = _U(pay_high[k, h] + pay_low[k, low]) * lanes
                for w in range(lanes):
                    out[place + w] += pays[c + w]


@njit(**LENT)
def copy(some, count, out):
    """In a loop, which is compiled to less than an assignment of arrays."""
    for i in range(_U(count)):
        out[i] = some[i]


@njit(**LENT)
def weigh_types(judgements, types, rows, count, own, out):
    """What a mover makes of amounts that depend on hidden types.

    Parameters
    ----------
    judgements : (combinations of beliefs * profiles * profiles * cases,)
    types
        How many profiles, cases and kept lanes there are.
    rows : (cells,)
        The combination of beliefs at each cell.
    own, out : (cells * profiles * cases,), (cells * kept lanes,)
        Amounts, and their averages over the profiles.
    """
    profiles, games, kept = _U(types[0]), _U(types[1]), _U(types[2])
    for i in range(_U(count)):
        place, seen = i * profiles * games, rows[i] * profiles * profiles * games
        for p in range(kept // games):
            at, first = i * kept + p * games, seen + p * profiles * games
            for w in range(games):
                out[at + w] = judgements[first + w] * own[place + w]
            for q in range(_U(1), profiles):
                here, there = first + q * games, place + q * games
                for w in range(games):
                    out[at + w] += judgements[here + w] * own[there + w]


@njit(**BORROWING)
def _read(count, lanes, starts, policy, share, total):
    """Strategies that are given; `total` is 0 where nobody decides."""
    options, lanes = _U(len(share)), _U(lanes)
    total[: count * lanes] = 0.0
    for o in range(options):
        odds = share[o]
        for i in range(_U(count)):
            start, place = (starts[i] * options + o) * lanes, i * lanes
            for w in range(lanes):
                chance = policy[start + w]
                odds[place + w] = chance
                total[place + w] += chance


@njit(**BORROWING)
def _write(count, lanes, starts, share, policy):
    """Keep the strategies."""
    options, lanes = _U(len(share)), _U(lanes)
    for o in range(options):
        odds = share[o]
        for i in range(_U(count)):
            start, place = (starts[i] * options + o) * lanes, i * lanes
            for w in range(lanes):
                policy[start + w] = odds[place + w]


@njit(**LENT)
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
        odds, own = share[o], worth[o]
        for i in range(count):
            regret[i] -= odds[i] * own[i]
    lanes = _U(len(gain))
    for i in range(_U(count) // lanes):
        place = i * lanes
        for w in range(lanes):
            old, own = gain[w], regret[place + w]
            own = own if total[place + w] != 0.0 else 0.0
            gain[w] = own if own > old else old


@njit(**LENT)
def _settle(count, spots, where, ways, share, total, values, sizes, blend, out):
    """Everybody's values, put `where` told; where nobody decides (in some lane) they stay."""
    first_branch, goals, rows, first_pay, payments = ways
    (goal_high, goal_low), (row_high, row_low, live, table) = goals, rows
    group, pay_high, pay_low, pays = payments
    (there, at, odds), (groups, times, kept) = blend, sizes
    times, kept, lanes = _U(times), _U(kept), _U(times * kept)
    n = _U(groups) * lanes
    for i in range(_U(count)):
        h, low, place, found = spots[1, i], spots[2, i], i * kept, 0
        for o in range(len(share)):
            chance = share[o]
            for b in range(first_branch[o], first_branch[o + 1]):
                row = _U(row_high[b, h] + row_low[b, low])
                if live[row]:
                    y = _U(goal_high[b, h] + goal_low[b, low]) * n
                    c = row * n
                    found = _lead(found, y, chance, place, table, c, times, kept, there, odds)
        there[found], m, idle = spots[3, i] * n, _U(found) * lanes, 0
        for w in range(kept):
            idle += total[place + w] == 0.0
        if idle > 0:
            found += 1
            for p in range(times):
                for w in range(kept):
                    odds[m + p * kept + w] = 1.0 if total[place + w] == 0.0 else 0.0
        x = where[i] * n
        mix(x, found, there, at, odds, values, _U(groups), lanes, out)
        for o in range(len(share)):
            chance = share[o]
            for k in range(first_pay[o], first_pay[o + 1]):
                c = _U(pay_high[k, h] + pay_low[k, low]) * lanes
                for p in range(times):
                    z, d = x + _U(group[k]) * lanes + p * kept, c + p * kept
                    for w in range(kept):
                        out[z + w] += chance[place + w] * pays[d + w]


@njit(**LENT)
def _put(count, cells, found, n, out):
    """Put the values of some cells, found side by side, in their places."""
    for i in range(_U(count)):
        x, y = cells[i] * _U(n), i * _U(n)
        for j in range(_U(n)):
            out[x + j] = found[y + j]


@njit(forceinline=True, **LENT)
def _lead(found, y, chance, place, table, c, times, kept, there, odds):
    """Add a way ahead to those of a cell; how many it has then."""
    k, last = _U(0), _U(found)
    while k < last and there[k] != y:
        k += _U(1)
    fresh = k == last
    there[k] = y
    for p in range(times):
        m, d = k * times * kept + p * kept, c + p * kept
        if fresh:
            for w in range(kept):
                odds[m + w] = chance[place + w] * table[d + w]
        else:
            for w in range(kept):
                odds[m + w] += chance[place + w] * table[d + w]
    return found + fresh
