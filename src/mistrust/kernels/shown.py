"""What choices show of hidden types, and values from the strategies that were found.

A mover's option leads to the posterior that its types' strategies imply, which lies between nodes
of a grid. Where several choose at once, each option does so by itself, and a combination of options
leads to all corners that the posteriors have between them.

What goes together, beside the arrays of `kernels.private`:

party
    ``(counts, kinds, kind, first, beliefs, steps, bend, strides, node_high, node_low, sure)`` of
    the movers: how many options and types each has (one type if none is hidden), (movers,); its
    type in every profile, (movers, profiles); a profile with each type, (movers, most kinds); the
    belief at each node, (movers, most nodes, most kinds, cases); how many steps the grid has, and
    where its nodes lie, (movers, 4, cases); the distance in cells between them; the lookup of a
    cell's node, (movers, half) twice; and the nodes at which nothing is learned, since the type is
    known, (movers, most nodes).
policy
    (policy cells, combinations of options, profiles, cases); combinations in C order of movers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.agents import spelled
from mistrust.kernels.belief import bayes, locate, position, scratch
from mistrust.kernels.options import BORROWING, OPTIONS
from mistrust.kernels.private import column


@njit(**OPTIONS)
def alone(party):
    """What `kernels.private` calls `hidden`, of a single mover."""
    _, _, kind, first, beliefs, steps, bend, strides, node_high, node_low, _ = party
    own = (beliefs[0], kind[0], first[0], steps[0], bend[0])
    return (*own, strides[0], node_high[0], node_low[0])


@njit(**OPTIONS)
def lessons(party):
    """Room for what is learned at a cell: see `learn` and `meet`.

    Returns
    -------
    tuple
        The option of each mover in every combination, and the corner of its posterior in every
        combination of corners; the strategies, (movers, options, kinds, cases), the nodes about
        each posterior and the weights on them, likewise; which options anybody takes,
        (movers, options); where the corners of a combination are, in cells from the one without a
        belief's node, and the weights on them, (corners, cases); scratch.
    """
    counts, kinds, beliefs, cases = party[0], party[1], party[4], party[4].shape[3]
    own, types = spelled(counts), spelled(kinds)
    shape = (len(counts), counts.max(), kinds.max(), cases)
    return (
        own,
        types,
        np.zeros(shape),
        np.zeros(shape, dtype=np.int64),
        np.zeros(shape),
        np.zeros(shape[:2], dtype=np.bool_),
        np.zeros((len(types), cases), dtype=np.int64),
        np.zeros((len(types), cases)),
        (*scratch(beliefs.shape[2]), np.zeros(beliefs.shape[2]), np.zeros(4)),
    )


@njit(**BORROWING)
def learn(h, low, party, share, told):
    """What each option of each mover teaches at a cell, where its types choose so.

    Parameters
    ----------
    share : (combinations, profiles, cases)
        The strategies at the cell.
    told
        From `lessons`.
    """
    counts, kinds, _, first, beliefs, steps, bend, _, node_high, node_low, sure = party
    own, _, chance, nodes, parts, some, _, _, known = told
    chance[:] = 0.0
    for c in range(len(own)):
        for i in range(len(counts)):
            for k in range(kinds[i]):
                _add(share[c, first[i, k]], chance[i, own[c, i], k])
    for i in range(len(counts)):
        node = node_high[i, h] + node_low[i, low]
        belief = beliefs[i, node]
        for a in range(counts[i]):
            likely, found, weights = chance[i, a], nodes[i, a], parts[i, a]
            some[i, a] = _any(likely, kinds[i])
            if sure[i, node]:
                found[:], weights[:] = node, 0.0
                weights[0] = 1.0
            elif kinds[i] == 2:
                n, at = steps[i], bend[i]
                _learn_two(belief[0], belief[1], n, at, likely[0], likely[1], found, weights)
            else:
                _learn(belief, steps[i], bend[i], likely, kinds[i], known, found, weights)


@njit(**BORROWING)
def _add(share, out):
    for case in range(len(out)):
        out[case] += share[case]


@njit(**BORROWING)
def _any(likely, kinds):
    for k in range(kinds):
        for case in range(likely.shape[1]):
            if likely[k, case] != 0.0:
                return True
    return False


@njit(**BORROWING)
def _learn(belief, n, bend, likely, kinds, known, nodes, weights):
    """The nodes around the belief after an option, in every case, and the weights on them.

    Parameters
    ----------
    belief, bend : (most kinds, cases), (4, cases)
    likely : (most kinds, cases)
        How likely each type takes the option.
    known
        `belief.scratch`, and places for a belief and a bend.
    nodes, weights : (most kinds, cases)
        Weights are 0 where nobody has the option.
    """
    corner, order, rest, found, parts, chance, posterior, prior, own_bend = known
    few, at, left = corner[: kinds - 1], order[: kinds - 1], rest[: kinds - 1]
    after, before, does = posterior[:kinds], prior[:kinds], chance[:kinds]
    for case in range(nodes.shape[1]):
        column(belief, case, before)
        column(bend, case, own_bend)
        column(likely, case, does)
        happens = bayes(before, does, after)
        if happens:
            locate(after, n, own_bend, few, at, left, found[:kinds], parts[:kinds])
        for k in range(kinds):
            nodes[k, case] = found[k]
            weights[k, case] = parts[k] if happens else 0.0


@njit(**BORROWING)
def _learn_two(first, second, n, bend, one, two, nodes, weights):
    """The same for two types, in loops that the compiler can turn into vector instructions."""
    below, above, less, more = nodes[0], nodes[1], weights[0], weights[1]
    for case in range(len(one)):
        chance, other = first[case] * one[case], second[case] * two[case]
        either, open_ = chance + other, one[case] + two[case]
        own, part = (chance, either) if either > 0.0 else (one[case], open_)
        more[case] = own / part if part > 0.0 else 0.0
    for case in range(len(one)):
        x = position(more[case], bend[0, case], bend[1, case], bend[2, case], bend[3, case])
        more[case] = x if x < n else n
    for case in range(len(one)):
        low = int(more[case])
        below[case] = low if low < n else n - 1
    for case in range(len(one)):
        above[case] = below[case] + 1
    for case in range(len(one)):
        more[case] -= below[case]
    for case in range(len(one)):
        less[case] = 1.0 - more[case] if one[case] + two[case] > 0.0 else 0.0


@njit(**BORROWING)
def meet(c, h, low, party, told):
    """Where a combination of options leads in beliefs: the last two places of `told`.

    Returns
    -------
    bool
        Whether all its options are taken by anybody, in any case.
    """
    strides, node_high, node_low = party[7], party[8], party[9]
    own, types, _, nodes, parts, some, shift, weight, _ = told
    for i in range(len(strides)):
        if not some[i, own[c, i]]:
            return False
    for r in range(len(types)):
        for i in range(len(strides)):
            here, stride = node_high[i, h] + node_low[i, low], strides[i]
            to, part = nodes[i, own[c, i], types[r, i]], parts[i, own[c, i], types[r, i]]
            _join(i == 0, to, part, here, stride, shift[r], weight[r])
    return True


@njit(**BORROWING)
def _join(new, nodes, parts, here, stride, shift, weight):
    """One mover's part of a corner; the first one's, if it is new."""
    if new:
        for case in range(len(shift)):
            shift[case], weight[case] = (nodes[case] - here) * stride, parts[case]
    else:
        for case in range(len(shift)):
            shift[case] += (nodes[case] - here) * stride
            weight[case] *= parts[case]


@njit(**BORROWING)
def acts(share, case):
    """Whether anybody has any option, by the strategies (combinations, profiles, cases)."""
    for a in range(share.shape[0]):
        for p in range(share.shape[1]):
            if share[a, p, case] != 0.0:
                return True
    return False


@njit(**OPTIONS)
def settle_private(cells, moves, payments, policy_at, policy, party, out):
    """Values from strategies at some cells, the transpose of `revealed.push_private`.

    Parameters
    ----------
    moves, payments
        Values after, (target cells, groups, profiles, cases), goals, rows, live rows, weights,
        (rows, profiles, cases), where the branches of options begin; where their payments begin,
        who is paid, the rows of what is paid, and the amounts, (rows, profiles, cases).
    out : (source cells, groups, profiles, cases)
    """
    cases, told = out.shape[3], lessons(party)
    spread = (np.zeros(cases), np.zeros(cases, dtype=np.uint64))
    for cell in cells:
        _settle_at(cell, moves, payments, policy_at, policy, party, told, spread, out)


@njit(**BORROWING)
def _settle_at(cell, moves, payments, policy_at, policy, party, told, spread, out):
    """The same for one cell."""
    values, goals, rows, live, weights, first_branch = moves
    first_pay, pay_group, pays_at, pays = payments
    shift, part, (weight, at) = told[6], told[7], spread
    h, low = cell // goals[1].shape[1], cell % goals[1].shape[1]
    share, here = policy[policy_at[0][h] + policy_at[1][low]], out[cell]
    flat = values.reshape(values.size)
    here[:] = 0.0
    learn(h, low, party, share, told)
    for a in range(share.shape[0]):
        if not meet(a, h, low, party, told):
            continue
        for p in range(share.shape[1]):
            for i in range(first_pay[a], first_pay[a + 1]):
                paid = pays[pays_at[0][i, h] + pays_at[1][i, low], p]
                _pay(share[a, p], paid, here[pay_group[i], p])
            for b in range(first_branch[a], first_branch[a + 1]):
                row = rows[0][b, h] + rows[1][b, low]
                if not live[row]:
                    continue
                goal = goals[0][b, h] + goals[1][b, low]
                for j in range(len(shift)):
                    _weigh(share[a, p], weights[row, p], part[j], weight)
                    _seek(shift[j], goal, p, here, at)
                    for g in range(len(here)):
                        _gather(flat, at, weight, here[g, p])
                        _next(at, here[g].size)
    _stay(values[goals[0][len(rows[0]), h] + goals[1][len(rows[0]), low]], share, here)


@njit(**BORROWING)
def _pay(share, paid, out):
    for case in range(len(out)):
        out[case] += share[case] * paid[case]


@njit(**BORROWING)
def _weigh(share, weights, parts, weight):
    for case in range(len(weight)):
        weight[case] = share[case] * weights[case] * parts[case]


@njit(**BORROWING)
def _seek(shift, goal, p, here, at):
    """Where the first group's values stand in the flat array of values."""
    size, cases = here.size, here.shape[2]
    for case in range(len(at)):
        at[case] = (goal + shift[case]) * size + p * cases + case


@njit(**BORROWING)
def _next(at, size):
    for case in range(len(at)):
        at[case] += np.uint64(size)


@njit(**BORROWING)
def _gather(flat, at, weight, out):
    """Add weighted values, but none without weight: there may be no value there."""
    for case in range(len(out)):
        value = flat[at[case]]
        out[case] += weight[case] * value if weight[case] != 0.0 else 0.0


@njit(**BORROWING)
def _stay(values, share, here):
    """In the cases where nobody has any option, nothing happens."""
    for case in range(share.shape[2]):
        if not acts(share, case):
            for g in range(here.shape[0]):
                for p in range(here.shape[1]):
                    here[g, p, case] = values[g, p, case]
