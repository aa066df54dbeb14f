"""Probabilities carried forward for one world, block by block: the transposes of `kernels.planes`.

What a stream brings to a cell backward, it takes there forward. A cell without mass adds nothing,
whatever stands in its tables. `mass` and `out` are (margin + cells + margin,), all 0 in `out` on
entry; see `kernels.planes` for the other arrays.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import FUSED, OPTIONS
from mistrust.kernels.planes import weigh_streams

_U = np.uint64
SUMMED = {**OPTIONS, "fastmath": {"contract", "reassoc"}}
"""Sums may be taken in any order, the same one every time."""


@njit(**SUMMED)
def summed(numbers, begin, size):
    """The sum of some numbers that follow one another."""
    total, x = 0.0, _U(begin)
    for i in range(_U(size)):
        total += numbers[x + i]
    return total


@njit(**OPTIONS)
def some(numbers, begin, size):
    """Whether any of some numbers that follow one another is not zero."""
    count, x = 0, _U(begin)
    for i in range(_U(size)):
        count += numbers[x + i] != 0.0
    return count > 0


@njit(**SUMMED)
def paid(part, high, low, pays):
    """What a payment amounts to over a block: part, low (low cells,)."""
    total = 0.0
    for i in range(_U(len(part))):
        m = part[i]
        total += m * pays[_U(high + low[i])] if m != 0.0 else 0.0
    return total


@njit(**FUSED)
def send(first, last, weights, offsets, h, part, out, spot):
    """Send the mass of a block along some streams."""
    size = _U(len(part))
    for s in range(first, last):
        y = _U(spot + offsets[s, h])
        for i in range(size):
            m, old = part[i], out[y + i]
            new = old + weights[s, i] * m
            out[y + i] = new if m != 0.0 else old


@njit(**OPTIONS)
def push_planes(streams, rows, table, mass, margin, out):
    """Forward through a chance phase, as `push`."""
    order, (kinds, offsets, members) = streams
    size, kind = members[2].shape[1], -1
    weights, part = np.zeros((len(offsets), size)), np.zeros(size)
    for h in order:
        spot = margin + h * size
        if not some(mass, spot, size):
            continue
        if kinds[h] != kind:
            weigh_streams(h, members, rows, table, weights)
            kind = kinds[h]
        part[:] = mass[spot : spot + size]
        send(0, len(offsets), weights, offsets, h, part, out, spot)


@njit(**FUSED)
def _choose(o, options, spot, h, policy_at, policy, mass, part, decided):
    """The mass of a block at the cells where an option is chosen (added to `decided`); its sum."""
    (high, low), x = policy_at, _U(spot)
    base = high[h] * options + o
    for i in range(_U(len(part))):
        place, m = base + low[i] * options, mass[x + i]
        inside = (m != 0.0) & (high[h] + low[i] >= 0)
        share = policy[_U(place if inside else 0)]
        own = m * share if inside else 0.0
        part[i] = own
        decided[i] += abs(own)
    return summed(part, 0, len(part))


@njit(**OPTIONS)
def _pass_by(spot, h, goals, left, mass, margin, out):
    """Send what has not been chosen for past the phase: `left` is what has, by low cell."""
    size = len(left)
    for i in range(size):
        rest = mass[spot + i] if left[i] == 0.0 else 0.0
        if rest != 0.0:
            out[margin + goals[0][h] + goals[1][i]] += rest


@njit(**OPTIONS)
def push_decision_planes(
    streams,
    first_stream,
    rows,
    table,
    mass,
    margin,
    goals,
    first_pay,
    payments,
    policy_at,
    policy,
    chosen,
    earned,
    out,
):
    """Forward through a decision phase, as `push_decision`.

    Parameters
    ----------
    goals
        Where cells lead if the phase does not happen: (all blocks,), (low cells,).
    chosen, earned : (options,), (payments,)
    """
    order, (kinds, offsets, members) = streams
    options, size, kind = len(chosen), members[2].shape[1], -1
    pay_high, pay_low, pays = payments
    weights, part, decided = np.zeros((len(offsets), size)), np.zeros(size), np.zeros(size)
    for h in order:
        spot = margin + h * size
        if not some(mass, spot, size):
            continue
        if kinds[h] != kind:
            weigh_streams(h, members, rows, table, weights)
            kind = kinds[h]
        decided[:] = 0.0
        for o in range(options):
            chosen[o] += _choose(o, options, spot, h, policy_at, policy, mass, part, decided)
            for k in range(first_pay[o], first_pay[o + 1]):
                earned[k] += paid(part, pay_high[k, h], pay_low[k], pays)
            send(first_stream[o], first_stream[o + 1], weights, offsets, h, part, out, spot)
        _pass_by(spot, h, goals, decided, mass, margin, out)


@njit(**OPTIONS)
def push_collect_planes(streams, mass, margin, payments, earned, out):
    """Forward over a turn's end, as `push_collect`; `streams` carry variables over."""
    order, (_, offsets, members) = streams
    size, (pay_high, pay_low, pays) = members[2].shape[1], payments
    weights, part = np.zeros((len(offsets), size)), np.zeros(size)
    for m in range(len(members[0])):
        weights[members[0][m]] += members[2][m]
    for h in order:
        spot = margin + h * size
        if not some(mass, spot, size):
            continue
        part[:] = mass[spot : spot + size]
        for k in range(len(earned)):
            earned[k] += paid(part, pay_high[k, h], pay_low[k], pays)
        send(0, len(offsets), weights, offsets, h, part, out, spot)
