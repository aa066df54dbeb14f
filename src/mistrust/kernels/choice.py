"""Logit choice over many cells at once."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import FUSED, OPTIONS

CLOSED = -1e300
"""Worth less than any option that is open."""


@njit(**FUSED)
def exponential(x, scaled, bits, power):
    """``x = exp(x)`` in place, for x <= 0, to about one unit in the last place; 0 below -708.

    Splits x into ``k log 2 + r`` and sums the series of exp(r) to degree 13, in loops that the
    compiler can turn into vector instructions (calls of the library's exp it cannot).

    Parameters
    ----------
    x, scaled, power : (n,)
        `scaled` and `power` are scratch; `bits` is `scaled` seen as integers.
    """
    shift = 6755399441055744.0  # 1.5 * 2**52: adding it leaves a rounded integer in the low bits
    for i in range(len(x)):
        v = x[i] if x[i] > -708.0 else -708.0
        s = v * 1.4426950408889634 + shift
        scaled[i] = s
        k = s - shift
        r = (v - k * 0.6931471803691238) - k * 1.9082149292705877e-10
        p = 1.0 / 6227020800.0
        p = p * r + 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        power[i] = p * r + 1.0
    for i in range(len(x)):
        bits[i] = (bits[i] + 1023) << 52
    for i in range(len(x)):
        x[i] = power[i] * scaled[i] if x[i] >= -708.0 else 0.0


@njit(**FUSED)
def logarithm(x, bits, power):
    """``x = log(x)`` in place, for positive normal x, to about one unit in the last place.

    Splits x into ``2**k m`` with m between the roots of 1/2 and 2, and sums the series of
    ``log m = 2 artanh((m - 1) / (m + 1))``.

    Parameters
    ----------
    x, power : (n,)
        `power` is scratch; `bits` is x seen as integers.
    """
    for i in range(len(x)):
        k = (bits[i] - 4604544271217802189) >> 52  # the bits of the root of 1/2
        power[i] = k
        bits[i] -= k << 52
    for i in range(len(x)):
        s = (x[i] - 1.0) / (x[i] + 1.0)
        r = s * s
        p = 1.0 / 21.0
        p = p * r + 1.0 / 19.0
        p = p * r + 1.0 / 17.0
        p = p * r + 1.0 / 15.0
        p = p * r + 1.0 / 13.0
        p = p * r + 1.0 / 11.0
        p = p * r + 1.0 / 9.0
        p = p * r + 1.0 / 7.0
        p = p * r + 1.0 / 5.0
        p = p * r + 1.0 / 3.0
        x[i] = power[i] * 0.6931471805599453 + 2.0 * (s + s * r * p)


@njit(**OPTIONS)
def two_open(first, second, precision, best, scaled, power):
    """Logit between two open options at finite precision, in place: one exponential, not two."""
    for i in range(len(first)):
        one, two = first[i], second[i]
        gap = one - two
        best[i] = one if gap > 0.0 else two
        second[i] = gap
        first[i] = -precision[i] * abs(gap)
    exponential(first, scaled, scaled.view(np.int64), power)
    for i in range(len(first)):
        likely = 1.0 / (1.0 + first[i])
        rare = first[i] * likely
        gap = second[i]
        first[i] = likely if gap > 0.0 else rare
        second[i] = rare if gap > 0.0 else likely


@njit(**OPTIONS)
def weigh(row, free, best, precision, total, scaled, power):
    """``row = exp(precision * (row - best))`` where open, in place, added to `total`."""
    for i in range(len(row)):
        gap = row[i] - best[i]
        row[i] = precision[i] * (gap if gap < 0.0 else 0.0)
    exponential(row, scaled, scaled.view(np.int64), power)
    for i in range(len(row)):
        row[i] *= free[i]
        total[i] += row[i]


@njit(**OPTIONS)
def weigh_exactly(row, free, best, precision, total, scaled, power):
    """As `weigh`, where some precision is infinite: only ties with the best count there."""
    for i in range(len(row)):
        gap = row[i] - best[i]
        size = abs(best[i]) if abs(best[i]) > 1.0 else 1.0
        tied = 0.0 if gap >= -1e-12 * size else -np.inf
        row[i] = precision[i] * (gap if gap < 0.0 else 0.0) if precision[i] < np.inf else tied
    exponential(row, scaled, scaled.view(np.int64), power)
    for i in range(len(row)):
        row[i] *= free[i]
        total[i] += row[i]


@njit(**OPTIONS)
def logit(share, open_, plain, finite, precision, count, best, total, scaled, power):
    """Logit choice, in place: from choice values to ``share ~ exp(precision * choice value)``.

    Shifted by the best value, so that nothing overflows; infinite precision shares evenly among
    the options within 1e-12 (relative) of the best. `total` is 0 where no option is open.

    Parameters
    ----------
    share, open_ : (options, places)
        `open_` is 1 for available options, else 0. A place is one cell in one lane.
    plain, finite
        Whether all options are open at all places; whether all precisions are finite.
    precision, best, total, scaled, power : (places,)
        `scaled` and `power` are scratch.
    count
        How many places are in use.
    """
    options = share.shape[0]
    best, total, precision = best[:count], total[:count], precision[:count]
    if plain and finite and options == 2:
        two_open(share[0, :count], share[1, :count], precision, best, scaled, power)
        total[:] = 1.0
        return
    best[:] = CLOSED
    total[:] = 0.0
    for o in range(options):
        row, free = share[o], open_[o]
        for i in range(count):
            value = row[i] if free[i] != 0.0 else CLOSED
            best[i] = value if value > best[i] else best[i]
    for o in range(options):
        row, free = share[o, :count], open_[o, :count]
        if finite:
            weigh(row, free, best, precision, total, scaled, power)
        else:
            weigh_exactly(row, free, best, precision, total, scaled, power)
    for i in range(count):
        power[i] = 1.0 / (total[i] if total[i] > 0.0 else 1.0)
    for o in range(options):
        row = share[o, :count]
        for i in range(count):
            row[i] *= power[i]
