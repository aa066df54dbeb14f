"""Beliefs on a grid: Bayes' rule, and the nodes around a point of the simplex."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import OPTIONS


@njit(**OPTIONS)
def rank(falling):
    """The number of a node from its whole coordinates (see `scenario.beliefs`)."""
    kinds = len(falling) + 1
    if kinds == 2:
        return falling[0]
    total = 0
    for j in range(1, kinds):
        top, low = falling[j - 1] + kinds - 1 - j, kinds - j
        ways = 1
        for i in range(low):
            ways = ways * (top - i) // (i + 1)
        total += ways
    return total


@njit(forceinline=True, **OPTIONS)
def position(x, at, node, below, above):
    """Where a probability lies between the nodes of a grid, which counts them from 0.

    Up to the probability `at`, which has the number `node`, they come `below` to the unit, and
    `above` beyond it. These four are what `bend` holds.
    """
    return x * below if x < at else node + (x - at) * above


@njit(**OPTIONS)
def probability(x, at, node, below, above):
    """The probability that lies at a position, the inverse of `position`."""
    return x / below if x <= node else at + (x - node) / above


@njit(**OPTIONS)
def locate(belief, n, bend, corner, order, rest, nodes, weights):
    """The corners of the grid's cell that holds a belief, and its weights on them.

    Linear interpolation on the Freudenthal (Kuhn) triangulation: from the corner below, one unit
    step after the other along the coordinates in order of their falling remainders.

    Parameters
    ----------
    belief : (kinds,)
        The probability of each type.
    n
        How many steps the grid has from a type's probability 0 to 1.
    bend : (4,)
        Where the nodes lie, see `position`; evenly with more than two types.
    corner, order, rest : (kinds - 1,)
        Scratch; `order` returns the coordinates in the order in which they are stepped along.
    nodes, weights : (kinds,)
        Returns the corners in that order, and the weights on them, which sum to 1.
    """
    kinds = len(belief)
    for j in range(kinds - 1):
        x = 0.0
        for i in range(kinds - 1 - j):
            x += belief[i]
        x = position(min(max(x, 0.0), 1.0), bend[0], bend[1], bend[2], bend[3])
        x = min(x, float(n))
        corner[j] = min(int(x), n - 1)
        rest[j] = x - corner[j]
        i = j
        while i > 0 and rest[order[i - 1]] < rest[j]:
            order[i] = order[i - 1]
            i -= 1
        order[i] = j
    nodes[0], weights[0] = rank(corner), 1.0 - rest[order[0]]
    for j in range(kinds - 1):
        corner[order[j]] += 1
        after = rest[order[j + 1]] if j + 2 < kinds else 0.0
        nodes[j + 1], weights[j + 1] = rank(corner), rest[order[j]] - after


@njit(**OPTIONS)
def bayes(prior, chance, posterior):
    """The belief after something that each type does with some chance: all are (kinds,).

    If no type that is believed in can have done it, those that can are held equally likely.

    Returns
    -------
    bool
        Whether any type can have done it; `posterior` is left alone if not.
    """
    total, open_ = 0.0, 0.0
    for k in range(len(prior)):
        total += prior[k] * chance[k]
        open_ += chance[k]
    if open_ <= 0.0:
        return False
    for k in range(len(prior)):
        posterior[k] = prior[k] * chance[k] / total if total > 0.0 else chance[k] / open_
    return True


@njit(**OPTIONS)
def scratch(kinds):
    """Scratch for `locate`, and places for its results and for `bayes`.

    Returns
    -------
    tuple
        corner, order, rest, nodes, weights, chance, posterior
    """
    return (
        np.zeros(kinds, dtype=np.int64)[: kinds - 1],
        np.zeros(kinds, dtype=np.int64)[: kinds - 1],
        np.zeros(kinds)[: kinds - 1],
        np.zeros(kinds, dtype=np.int64),
        np.zeros(kinds),
        np.zeros(kinds),
        np.zeros(kinds),
    )


@njit(**OPTIONS)
def update(nodes, chances, beliefs, n, bend, weights, found):
    """Where beliefs go at many places, after something that each type does with some chance.

    Parameters
    ----------
    nodes : (places,)
        The node of the belief before, as in `beliefs`; where it is negative nothing is learned.
    chances, beliefs : (places, kinds, cases), (nodes, kinds, cases)
    n, bend
        As in `locate`, (4, cases).
    weights, found : (kinds, places, cases)
        Return the nodes after, and the weights on them; left alone if no type can have done it.
    """
    kinds, cases = chances.shape[1], chances.shape[2]
    corner, order, rest, near, part, chance, posterior = scratch(kinds)
    prior, own = np.zeros(kinds), np.zeros(4)
    for i in range(len(nodes)):
        for case in range(cases if nodes[i] >= 0 else 0):
            prior[:], chance[:] = beliefs[nodes[i], :, case], chances[i, :, case]
            own[:] = bend[:, case]
            if bayes(prior, chance, posterior):
                locate(posterior, n, own, corner, order, rest, near, part)
                weights[:, i, case], found[:, i, case] = part, near
