"""Phases that show something of a hidden type: values backward, probabilities forward.

What happens leads to a posterior (Bayes' rule), which lies between nodes of the belief's grid:
backward the value there is interpolated, forward the mass is split with the same weights. Lanes
are profiles of types times cases, ``w = profile * cases + case``.

Several arrays go together:

goals, rows, pays_at, opens_at, policy_at, judged_at
    Lookups ``(high, low)``, see the package.
hidden
    ``(beliefs, kind, first, n, bend, stride, node_high, node_low)``: the belief at each node,
    (nodes, kinds, cases); the type of the actor concerned in every profile, (profiles,); a profile
    with each type, (kinds,); how many steps the grid has; where its nodes lie (see
    `belief.position`), (4, cases); the distance in cells between them; the lookup of a cell's node.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import bayes, locate, position, scratch
from mistrust.kernels.options import OPTIONS


@njit(**OPTIONS)
def likelihoods(b, h, low, goals, rows, live, weights, first, case, chance):
    """How likely each type brings about what branch `b` leads to: chance (kinds,).

    What is seen is the board: branches that lead to the same cell are not told apart.
    """
    goal = goals[0][b, h] + goals[1][b, low]
    chance[:] = 0.0
    for other in range(len(rows[0])):
        row = rows[0][other, h] + rows[1][other, low]
        if live[row] and goals[0][other, h] + goals[1][other, low] == goal:
            for k in range(len(chance)):
                chance[k] += weights[row, first[k], case]


@njit(**OPTIONS)
def expect_signal(cells, values, goals, rows, live, weights, hidden, out):
    """Backward through a chance phase whose odds depend on a hidden type.

    Parameters
    ----------
    values, out : (target cells, groups, profiles, cases), (source cells, ...)
    weights : (rows, profiles, cases)
    """
    beliefs, kind, first, n, bend, stride, node_high, node_low = hidden
    size, kinds, cases = goals[1].shape[1], beliefs.shape[1], weights.shape[2]
    corner, order, rest, found, share, chance, posterior = scratch(kinds)
    prior, own_bend = np.zeros(kinds), np.zeros(4)
    for cell in cells:
        h, low = cell // size, cell % size
        node = node_high[h] + node_low[low]
        out[cell] = 0.0
        for b in range(len(rows[0])):
            row = rows[0][b, h] + rows[1][b, low]
            if not live[row]:
                continue
            base = goals[0][b, h] + goals[1][b, low] - node * stride
            for case in range(cases):
                likelihoods(b, h, low, goals, rows, live, weights, first, case, chance)
                column(beliefs[node], case, prior)
                if not bayes(prior, chance, posterior):
                    continue
                column(bend, case, own_bend)
                locate(posterior, n, own_bend, corner, order, rest, found, share)
                for j in range(kinds):
                    after = values[base + found[j] * stride]
                    for p in range(len(kind)):
                        weight = share[j] * weights[row, p, case]
                        if weight != 0.0:
                            for g in range(len(after)):
                                out[cell, g, p, case] += weight * after[g, p, case]


@njit(**OPTIONS)
def column(table, case, out):
    """The numbers of one case, side by side."""
    for k in range(len(out)):
        out[k] = table[k, case]


@njit(**OPTIONS)
def learn(option, belief, n, bend, share, first, known, nodes, parts):
    """The nodes around the belief after an option, in every case, and the weights on them.

    Parameters
    ----------
    belief, bend : (kinds, cases), (4, cases)
    share : (options, profiles, cases)
        The strategies.
    known
        `belief.scratch`.
    nodes, parts : (kinds, cases)
        Weights are 0 where nobody has the option.

    Returns
    -------
    bool
        Whether anybody has it, in any case.
    """
    if len(first) == 2:
        one, two = share[option, first[0]], share[option, first[1]]
        return _learn_two(belief[0], belief[1], n, bend, one, two, nodes, parts)
    corner, order, rest, found, weights, chance, posterior = known
    some, prior, own_bend = False, np.zeros(len(first)), np.zeros(4)
    for case in range(nodes.shape[1]):
        column(belief, case, prior)
        column(bend, case, own_bend)
        for k in range(len(first)):
            chance[k] = share[option, first[k], case]
        happens = bayes(prior, chance, posterior)
        if happens:
            locate(posterior, n, own_bend, corner, order, rest, found, weights)
        some |= happens
        for k in range(len(first)):
            nodes[k, case] = found[k]
            parts[k, case] = weights[k] if happens else 0.0
    return some


@njit(**OPTIONS)
def _learn_two(first, second, n, bend, one, two, nodes, parts):
    """The same for two types, in loops that the compiler can turn into vector instructions."""
    below, above, less, more = nodes[0], nodes[1], parts[0], parts[1]
    total = 0.0
    for case in range(len(one)):
        total += one[case] + two[case]
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
    return total > 0.0


@njit(**OPTIONS)
def acts(share, case):
    """Whether anybody has any option, by the strategies (options, profiles, cases)."""
    for a in range(share.shape[0]):
        for p in range(share.shape[1]):
            if share[a, p, case] != 0.0:
                return True
    return False


@njit(**OPTIONS)
def room(kinds, cases):
    """Places for the results of `learn`."""
    return np.zeros((kinds, cases), dtype=np.int64), np.zeros((kinds, cases))


@njit(**OPTIONS)
def settle_private(cells, moves, payments, policy_at, policy, hidden, out):
    """Values from the strategies that `typed.decide_private` has found, at some cells.

    Parameters
    ----------
    moves, payments
        Values after, goals, rows, live rows, weights, where the branches of options begin; where
        their payments begin, who is paid, the rows of what is paid, and the amounts.
    policy, out
        As in `decide_private`.
    """
    kinds, cases = hidden[0].shape[1], hidden[0].shape[2]
    spread = (*room(kinds, cases), np.zeros(cases), np.zeros(cases, dtype=np.uint64))
    known = scratch(kinds)
    for cell in cells:
        _settle_at(cell, moves, payments, policy_at, policy, hidden, known, spread, out)


@njit(**OPTIONS)
def _settle_at(cell, moves, payments, policy_at, policy, hidden, known, spread, out):
    """The same for one cell."""
    beliefs, _, first, n, bend, stride, node_high, node_low = hidden
    values, goals, rows, live, weights, first_branch = moves
    first_pay, pay_group, pays_at, pays = payments
    nodes, parts, weight, at = spread
    h, low = cell // goals[1].shape[1], cell % goals[1].shape[1]
    node, share = node_high[h] + node_low[low], policy[policy_at[0][h] + policy_at[1][low]]
    here, flat = out[cell], values.ravel()
    here[:] = 0.0
    for a in range(share.shape[0]):
        if not learn(a, beliefs[node], n, bend, share, first, known, nodes, parts):
            continue
        for p in range(share.shape[1]):
            for i in range(first_pay[a], first_pay[a + 1]):
                paid = pays[pays_at[0][i, h] + pays_at[1][i, low], p]
                _pay(share[a, p], paid, here[pay_group[i], p])
            for b in range(first_branch[a], first_branch[a + 1]):
                row = rows[0][b, h] + rows[1][b, low]
                if not live[row]:
                    continue
                base = goals[0][b, h] + goals[1][b, low] - node * stride
                for j in range(len(nodes)):
                    _weigh(share[a, p], weights[row, p], parts[j], weight)
                    _seek(nodes[j], base, stride, p, here, at)
                    for g in range(len(here)):
                        _gather(flat, at, weight, here[g, p])
                        _next(at, here[g].size)
    _stay(values[goals[0][len(rows[0]), h] + goals[1][len(rows[0]), low]], share, here)


@njit(**OPTIONS)
def _pay(share, paid, out):
    for case in range(len(out)):
        out[case] += share[case] * paid[case]


@njit(**OPTIONS)
def _weigh(share, weights, parts, weight):
    for case in range(len(weight)):
        weight[case] = share[case] * weights[case] * parts[case]


@njit(**OPTIONS)
def _seek(nodes, base, stride, p, here, at):
    """Where the first group's values stand in the flat array of values."""
    size, cases = here.size, here.shape[2]
    for case in range(len(at)):
        at[case] = (base + nodes[case] * stride) * size + p * cases + case


@njit(**OPTIONS)
def _next(at, size):
    for case in range(len(at)):
        at[case] += np.uint64(size)


@njit(**OPTIONS)
def _gather(flat, at, weight, out):
    """Add weighted values, but none without weight: there may be no value there."""
    for case in range(len(out)):
        value = flat[at[case]]
        out[case] += weight[case] * value if weight[case] != 0.0 else 0.0


@njit(**OPTIONS)
def _stay(values, share, here):
    """In the cases where nobody has any option, nothing happens."""
    for case in range(share.shape[2]):
        if not acts(share, case):
            for g in range(here.shape[0]):
                for p in range(here.shape[1]):
                    here[g, p, case] = values[g, p, case]
