"""Logit choice over many cells at once."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import LENT
from mistrust.kernels.scalar import exponential

_U = np.uint64
CLOSED = -1e300
"""Worth less than any option that is open."""


@njit(**LENT)
def two(first, second, free1, free2, precision, best, total):
    """Logit between two options at finite precision, in place: one exponential, not two."""
    for i in range(_U(len(first))):
        open1, open2 = free1[i], free2[i]
        one = first[i] if open1 != 0.0 else CLOSED
        other = second[i] if open2 != 0.0 else CLOSED
        gap = one - other
        odds = exponential(-precision[i] * abs(gap))
        weight1 = open1 * (1.0 if gap >= 0.0 else odds)
        weight2 = open2 * (1.0 if gap <= 0.0 else odds)
        sum_ = weight1 + weight2
        part = 1.0 / (sum_ if sum_ > 0.0 else 1.0)
        best[i], total[i] = one if gap > 0.0 else other, part if sum_ > 0.0 else 0.0
        first[i], second[i] = weight1 * part, weight2 * part


@njit(**LENT)
def three(first, second, third, free1, free2, free3, precision, best, total):
    """Logit among three options at finite precision, in place, in one pass."""
    for i in range(_U(len(first))):
        open1, open2, open3, sharp = free1[i], free2[i], free3[i], precision[i]
        one = first[i] if open1 != 0.0 else CLOSED
        other = second[i] if open2 != 0.0 else CLOSED
        last = third[i] if open3 != 0.0 else CLOSED
        most = one if one > other else other
        most = most if most > last else last
        weight1 = open1 * exponential(sharp * (one - most))
        weight2 = open2 * exponential(sharp * (other - most))
        weight3 = open3 * exponential(sharp * (last - most))
        sum_ = weight1 + weight2 + weight3
        part = 1.0 / (sum_ if sum_ > 0.0 else 1.0)
        best[i], total[i] = most, part if sum_ > 0.0 else 0.0
        first[i], second[i], third[i] = weight1 * part, weight2 * part, weight3 * part


@njit(**LENT)
def weigh(row, free, best, precision, total):
    """``row = exp(precision * (row - best))`` where open, in place, added to `total`."""
    for i in range(len(row)):
        gap, sharp, open_, sum_ = row[i] - best[i], precision[i], free[i], total[i]
        weight = exponential(sharp * (gap if gap < 0.0 else 0.0)) * open_
        row[i] = weight
        total[i] = sum_ + weight


@njit(**LENT)
def weigh_exactly(row, free, best, precision, total):
    """As `weigh`, where some precision is infinite: only ties with the best count there."""
    for i in range(len(row)):
        gap = row[i] - best[i]
        size = abs(best[i]) if abs(best[i]) > 1.0 else 1.0
        tied = 0.0 if gap >= -1e-12 * size else -np.inf
        x = precision[i] * (gap if gap < 0.0 else 0.0) if precision[i] < np.inf else tied
        row[i] = exponential(x) * free[i]
        total[i] += row[i]


@njit(**LENT)
def logit(share, open_, finite, precision, count, best, total):
    """Logit choice, in place: from choice values to ``share ~ exp(precision * choice value)``.

    Shifted by the best value, so that nothing overflows; infinite precision shares evenly among
    the options within 1e-12 (relative) of the best. `total` is 0 only where no option is open.

    Parameters
    ----------
    share, open_ : (options, places)
        `open_` is 1 for available options, else 0. A place is one cell in one lane.
    finite
        Whether all precisions are.
    precision, best, total : (places,)
    count
        How many places are in use.
    """
    options = share.shape[0]
    best, total, precision = best[:count], total[:count], precision[:count]
    if finite and options == 2:
        first, second = share[0, :count], share[1, :count]
        two(first, second, open_[0, :count], open_[1, :count], precision, best, total)
        return
    if finite and options == 3:
        first, second, third = share[0, :count], share[1, :count], share[2, :count]
        free1, free2, free3 = open_[0, :count], open_[1, :count], open_[2, :count]
        three(first, second, third, free1, free2, free3, precision, best, total)
        return
    best[:] = CLOSED
    total[:] = 0.0
    for o in range(options):
        row, free = share[o, :count], open_[o, :count]
        for i in range(len(row)):
            value, old = row[i], best[i]
            value = value if free[i] != 0.0 else CLOSED
            best[i] = value if value > old else old
    for o in range(options):
        row, free = share[o, :count], open_[o, :count]
        if finite:
            weigh(row, free, best, precision, total)
        else:
            weigh_exactly(row, free, best, precision, total)
    for i in range(len(total)):
        part = 1.0 / total[i]
        total[i] = part if total[i] > 0.0 else 0.0
    for o in range(options):
        row = share[o, :count]
        for i in range(len(row)):
            row[i] *= total[i]
