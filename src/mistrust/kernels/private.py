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
