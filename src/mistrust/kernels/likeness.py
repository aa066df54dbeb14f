"""What does not tell types apart, or movers, whatever all others choose.

On such a branch posteriors run on a node of the grid, or several pass nodes together, where the
equation has no derivative; and where movers are alike other branches, on which they are not, come
off it. What is known to be the same is therefore kept the same.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.agents import look, offered
from mistrust.kernels.belief import locate
from mistrust.kernels.options import BORROWING

TIE = 1e-13
"""Amounts that differ by less than this (relative above 1) are the same."""
NEAR = 1e-9
"""The same for amounts that others have, which may have been found by other ways."""


@njit(**BORROWING)
def compare(stage, work):
    """Find what is the same, into `work`.

    `still` are movers whose types play alike as long as nothing is learned of them: then so they do
    all along. A `twin` is the first option that differs from one by the same amount for all types
    believed in: what is learned from both is the same. A `lead` is an agent of the first mover with
    whom one's own could change places: as all choose evenly at first, they choose alike all along.
    """
    still, twin, lead = work[6][6]
    counts, kinds, first = stage[1][0], stage[1][1], work[6][0]
    for i in range(len(counts)):
        mate = i
        for j in range(i - 1, -1, -1):
            if _mates(stage, j, i, work):
                mate = j
        for k in range(kinds[i]):
            lead[first[i] + k] = first[mate] + k
        if kinds[i] == 1:
            continue
        still[i] = _still(stage, i, work)
        for a in range(counts[i]):
            twin[i, a] = a
            for b in range(a):
                if _same(stage, i, a, b, -1, work):
                    twin[i, a] = b
                    break


@njit(**BORROWING)
def _still(stage, i, work):
    """Whether no option of mover i tells its types apart at the belief that is held of it."""
    first, some = work[6][0], -1
    here = _here(stage, i, work)
    for k in range(stage[1][1][i]):
        if stage[4][first[i] + k] != stage[4][first[i]]:
            return False
    for a in range(stage[1][0][i]):
        if offered(stage, i, a, True, work):
            if some >= 0 and not _same(stage, i, a, some, here, work):
                return False
            some = a
    return some >= 0


@njit(**BORROWING)
def _here(stage, i, work):
    """The node of the belief about mover i: the corner with the largest weight."""
    corner, order, rest, nodes, weights, _, belief = work[7]
    steps, bend, prior = stage[2]
    many = stage[1][1][i]
    for k in range(many):
        belief[k] = prior[i, k]
    few, at, left = corner[: many - 1], order[: many - 1], rest[: many - 1]
    locate(belief[:many], steps[i], bend[i], few, at, left, nodes[:many], weights[:many])
    best = 0
    for r in range(many):
        if weights[r] > weights[best]:
            best = r
    return nodes[best]


@njit(**BORROWING)
def _same(stage, i, a, b, here, work):
    """Whether two options of mover i differ by one amount for all its types believed in.

    The same one whatever the others choose and are, and whatever is believed after: but for the
    belief about i itself, if `here` is not negative, that this node is held.
    """
    counts, kinds, sizes = stage[1]
    first, own = work[6][0], work[6][1]
    some, step, apart = False, _step(counts, i), _step(sizes, i)
    for k in range(kinds[i]):
        if stage[2][2][i, k] > 0.0:
            if stage[3][first[i] + k, a] != stage[3][first[i] + k, b]:
                return False
            some |= stage[3][first[i] + k, a] != 0.0
    for c in range(len(own)):
        if not some or own[c, i] != a or not _meets(stage, i, c, work):
            continue
        for node in range(stage[0][0].shape[2]):
            if here < 0 or (node // apart) % sizes[i] == here:
                look(stage, c, node)
                look(stage, c + (b - a) * step, node)
                if not _level(stage, i, c, c + (b - a) * step, node, work):
                    return False
    return some


@njit(**BORROWING)
def _meets(stage, i, c, work):
    """Whether the movers other than i may choose as in a combination."""
    own = work[6][1]
    for j in range(own.shape[1]):
        if j != i and not offered(stage, j, own[c, j], False, work):
            return False
    return True


@njit(**BORROWING)
def _level(stage, i, c, d, node, work):
    """The same for two combinations of options and what is believed after these."""
    worth, prior = stage[0][0], stage[2][2]
    first, own, types = work[6][0], work[6][1], work[6][2]
    step = _step(stage[1][1], i)
    for s in range(len(types)):
        if types[s, i] != 0:
            continue
        gap = np.nan
        for k in range(stage[1][1][i]):
            if prior[i, k] == 0.0 or stage[3][first[i] + k, own[c, i]] == 0.0:
                continue
            one, other = worth[i, c, node, s + k * step], worth[i, d, node, s + k * step]
            gap = gap if gap == gap else one - other
            if not abs(one - other - gap) <= TIE * max(1.0, abs(one), abs(other)):
                return False
    return True


@njit(**BORROWING)
def _step(sizes, i):
    """How far apart the numbers of combinations are that differ by one in what mover i has."""
    step = 1
    for j in range(i + 1, len(sizes)):
        step *= sizes[j]
    return step


@njit(**BORROWING)
def _swapped(number, sizes, i, j):
    """The number of the combination in which what i and j have is exchanged."""
    one, other = _step(sizes, i), _step(sizes, j)
    gap = (number // other) % sizes[j] - (number // one) % sizes[i]
    return number + gap * (one - other)


@njit(**BORROWING)
def _mates(stage, i, j, work):
    """Whether movers i and j could change places."""
    counts, kinds, sizes = stage[1]
    steps, bend, prior = stage[2]
    first = work[6][0]
    if counts[i] != counts[j] or kinds[i] != kinds[j] or steps[i] != steps[j]:
        return False
    for k in range(kinds[i]):
        if prior[i, k] != prior[j, k] or stage[4][first[i] + k] != stage[4][first[j] + k]:
            return False
        for a in range(counts[i]):
            if stage[3][first[i] + k, a] != stage[3][first[j] + k, a]:
                return False
    for k in range(4):
        if bend[i, k] != bend[j, k]:
            return False
    for c in range(len(work[6][1])):
        if not _meets(stage, -1, c, work):
            continue
        for node in range(stage[0][0].shape[2]):
            d, to = _swapped(c, counts, i, j), _swapped(node, sizes, i, j)
            look(stage, c, node)
            look(stage, d, to)
            if not _alike(stage, i, j, c, node, d, to, work):
                return False
    return True


@njit(**BORROWING)
def _alike(stage, i, j, c, node, d, to, work):
    """Whether a combination is worth to all what another is if i and j change places."""
    worth, open_ = stage[0][0], stage[3]
    first, own, types = work[6][0], work[6][1], work[6][2]
    for s in range(len(types)):
        met = True
        for m in range(own.shape[1]):
            met &= open_[first[m] + types[s, m], own[c, m]] != 0.0
        t = _swapped(s, stage[1][1], i, j)
        for m in range(own.shape[1] if met else 0):
            place = j if m == i else (i if m == j else m)
            one, other = worth[m, c, node, s], worth[place, d, to, t]
            if not abs(one - other) <= NEAR * max(1.0, abs(one), abs(other)):
                return False
    return True
