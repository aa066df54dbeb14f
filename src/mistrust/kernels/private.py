"""Chance phases that show something of a hidden type: values backward.

What happens leads to a posterior (Bayes' rule), which lies between nodes of the belief's grid:
backward the value there is interpolated, forward the mass is split with the same weights. Lanes
are profiles of types times cases, ``w = profile * cases + case``. What choices show: see
`kernels.shown`.

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

from mistrust.kernels.belief import bayes, locate, scratch
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
