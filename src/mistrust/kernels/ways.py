"""The ways ahead of a cell, and what they lead to; boxes of cells that are taken together."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import BORROWING, LENT

_U = np.uint64


@njit(**BORROWING)
def largest(first):
    """How many cells the largest box has; box b begins at ``first[b]``."""
    most = 0
    for box in range(len(first) - 1):
        most = max(most, first[box + 1] - first[box])
    return most


@njit(forceinline=True, **BORROWING)
def half_of(cell, size, h, base):
    """A cell's high half and where that begins; given those of the last cell, mostly the same."""
    if cell - base >= size:  # or before it, since there are no negative numbers
        h = cell // size
        base = h * size
    return h, base


@njit(forceinline=True, **BORROWING)
def ways_of(h, low, goals, rows, branches, n, there, at):
    """Find where live branches lead, and their rows of weights; how many they are.

    Parameters
    ----------
    h, low
        The cell's halves.
    branches
        The first branch, and the one after the last.
    n
        How many numbers a cell and a row of the weights have.
    there, at : (branches,)
        Return where the goal's numbers and the row's begin.
    """
    (goal_high, goal_low), (row_high, row_low, live, _), found = goals, rows, 0
    for b in range(branches[0], branches[1]):
        row = _U(row_high[b, h] + row_low[b, low])
        if live[row]:
            there[found], at[found] = _U(goal_high[b, h] + goal_low[b, low]) * n, row * n
            found += 1
    return found


@njit(forceinline=True, **LENT)
def mix(x, found, there, at, odds, values, groups, lanes, out):
    """Values of a cell from those it leads to, up to four of which are taken at once.

    ``out[x + g lanes + w] = sum_k odds[at[k] + w] values[there[k] + g lanes + w]``
    """
    if found == 0:
        for j in range(groups * lanes):
            out[x + j] = 0.0
        return
    for g in range(groups):
        z, a, k = x + g * lanes, there[0] + g * lanes, at[0]
        if found == 1:
            for w in range(lanes):
                out[z + w] = odds[k + w] * values[a + w]
            continue
        b, m = there[1] + g * lanes, at[1]
        if found == 2:
            for w in range(lanes):
                out[z + w] = odds[k + w] * values[a + w] + odds[m + w] * values[b + w]
            continue
        c, p = there[2] + g * lanes, at[2]
        if found == 3:
            for w in range(lanes):
                two = odds[k + w] * values[a + w] + odds[m + w] * values[b + w]
                out[z + w] = two + odds[p + w] * values[c + w]
            continue
        d, q = there[3] + g * lanes, at[3]
        for w in range(lanes):
            two = odds[k + w] * values[a + w] + odds[m + w] * values[b + w]
            out[z + w] = two + odds[p + w] * values[c + w] + odds[q + w] * values[d + w]
        for i in range(4, found):
            a, k = there[i] + g * lanes, at[i]
            for w in range(lanes):
                out[z + w] += odds[k + w] * values[a + w]
