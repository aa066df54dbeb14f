"""Logit choice over many cells at once."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import FUSED
from mistrust.kernels.scalar import exponential

CLOSED = -1e300
"""Worth less than any option that is open."""


@njit(**FUSED)
def two_open(first, second, precision, best):
    """Logit between two open options at finite precision, in place: one exponential, not two."""
    for i in range(len(first)):
        one, two = first[i], second[i]
        gap = one - two
        best[i] = one if gap > 0.0 else two
        odds = exponential(-precision[i] * abs(gap))
        likely = 1.0 / (1.0 + odds)
        rare = odds * likely
        first[i] = likely if gap > 0.0 else rare
        second[i] = rare if gap > 0.0 else likely


@njit(**FUSED)
def three_open(first, second, third, precision, best):
    """Logit among three open options at finite precision, in place, in one pass."""
    for i in range(len(first)):
        one, two, three, sharp = first[i], second[i], third[i], precision[i]
        most = one if one > two else two
        most = most if most > three else three
        one, two = exponential(sharp * (one - most)), exponential(sharp * (two - most))
        three = exponential(sharp * (three - most))
        part = 1.0 / (one + two + three)
        best[i], first[i], second[i], third[i] = most, one * part, two * part, three * part


@njit(**FUSED)
def weigh(row, free, best, precision, total):
    """``row = exp(precision * (row - best))`` where open, in place, added to `total`."""
    for i in range(len(row)):
        gap, sharp, open_, sum_ = row[i] - best[i], precision[i], free[i], total[i]
        weight = exponential(sharp * (gap if gap < 0.0 else 0.0)) * open_
        row[i] = weight
        total[i] = sum_ + weight


@njit(**FUSED)
def weigh_exactly(row, free, best, precision, total):
    """As `weigh`, where some precision is infinite: only ties with the best count there."""
    for i in range(len(row)):
        gap = row[i] - best[i]
        size = abs(best[i]) if abs(best[i]) > 1.0 else 1.0
        tied = 0.0 if gap >= -1e-12 * size else -np.inf
        x = precision[i] * (gap if gap < 0.0 else 0.0) if precision[i] < np.inf else tied
        row[i] = exponential(x) * free[i]
        total[i] += row[i]


@njit(**FUSED)
def logit(share, open_, plain, finite, precision, count, best, total):
    """Logit choice, in place: from choice values to ``share ~ exp(precision * choice value)``.

    Shifted by the best value, so that nothing overflows; infinite precision shares evenly among
    the options within 1e-12 (relative) of the best. `total` is 0 only where no option is open.

    Parameters
    ----------
    share, open_ : (options, places)
        `open_` is 1 for available options, else 0. A place is one cell in one lane.
    plain, finite
        Whether all options are open at all places; whether all precisions are finite.
    precision, best, total : (places,)
    count
        How many places are in use.
    """
    options = share.shape[0]
    best, total, precision = best[:count], total[:count], precision[:count]
    if plain and finite and options == 2:
        two_open(share[0, :count], share[1, :count], precision, best)
        total[:] = 1.0
        return
    if plain and finite and options == 3:
        three_open(share[0, :count], share[1, :count], share[2, :count], precision, best)
        total[:] = 1.0
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
