"""Probabilities carried forward for one world, block by block: the transposes of `kernels.planes`.

What a stream brings to a cell backward, it takes there forward. A cell without mass adds nothing,
whatever stands in its tables. `mass` and `out` are (margin + cells + margin,), all 0 in `out` on
entry; see `kernels.planes` for the other arrays.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import FUSED, OPTIONS
from mistrust.kernels.planes import look_up, weigh_streams

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
def product(part, pays):
    """What a payment amounts to over a block: part, pays (low cells,)."""
    total = 0.0
    for i in range(_U(len(part))):
        m, amount = part[i], pays[i]
        total += m * (amount if m != 0.0 else 0.0)
    return total


@njit(**FUSED)
def send(first, last, weights, offsets, h, part, out, spot):
    """Send the mass of a block, (low cells,), along some streams, from the number `spot` on."""
    size = _U(len(part))
    for s in range(first, last):
        y = _U(spot + offsets[s, h])
        for i in range(size):
            m, old = part[i], out[y + i]
            new = old + weights[s, i] * m
            out[y + i] = new if m != 0.0 else old


@njit(**OPTIONS)
def push_planes(streams, rows, table, mass, margin, out):
    """Forward through a chance phase, as `push`.

    Parameters
    ----------
    streams
        The order of blocks, (blocks,); kinds, offsets and members as in `kernels.planes`.
    rows, table
        Where weights are, (branches, all blocks) and (branches, low cells), and the weights.
    """
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


@njit(**OPTIONS)
def _split(spot, h, policy_at, policy, mass, part, left):
    """The mass of a block by the option chosen, and what is left where nobody decides.

    Parameters
    ----------
    part, left : (options, low cells), (low cells,)

    Returns
    -------
    bool
        Whether anything is left.
    """
    (high, low), x, options, rest = policy_at, _U(spot), _U(len(part)), 0.0
    for i in range(_U(len(left))):
        place, m, sure = high[h] + low[i], mass[x + i], 0.0
        if place >= 0 and m != 0.0:
            start = _U(place) * options
            for o in range(options):
                share = policy[start + o]
                part[o, i] = m * share
                sure += share
        else:
            for o in range(options):
                part[o, i] = 0.0
        left[i] = m if sure == 0.0 else 0.0
        rest += abs(left[i])
    return rest > 0.0


@njit(**OPTIONS)
def _split_three(spot, start, policy, mass, first, second, third, left):
    """The same among three options, where strategies lie side by side from `start` on."""
    x, rest = _U(spot), 0
    for i in range(_U(len(left))):
        m, p = mass[x + i], start + _U(3) * i
        one, other, last = policy[p], policy[p + _U(1)], policy[p + _U(2)]
        one, other = one if m != 0.0 else 0.0, other if m != 0.0 else 0.0
        last = last if m != 0.0 else 0.0
        first[i], second[i], third[i] = m * one, m * other, m * last
        stays = m if one + other + last == 0.0 else 0.0
        left[i] = stays
        rest += stays != 0.0
    return rest > 0


@njit(**OPTIONS)
def _pass_by(h, goals, left, margin, out):
    """Send what is left in a block past the phase."""
    for i in range(len(left)):
        if left[i] != 0.0:
            out[margin + goals[0][h] + goals[1][i]] += left[i]


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
    weights, paid = np.zeros((len(offsets), size)), np.zeros((len(earned), size))
    part, left = np.zeros((options, size)), np.zeros(size)
    least, in_order = policy_at[1][0], (np.diff(policy_at[1]) == 1).all()
    for h in order:
        spot = margin + h * size
        if not some(mass, spot, size):
            continue
        if kinds[h] != kind:
            weigh_streams(h, members, rows, table, weights)
            look_up(h, *payments, paid)
            kind = kinds[h]
        place = policy_at[0][h] + least
        if options == 3 and in_order and place >= 0:
            start = _U(3) * _U(place)
            over = _split_three(spot, start, policy, mass, part[0], part[1], part[2], left)
        else:
            over = _split(spot, h, policy_at, policy, mass, part, left)
        if over:
            _pass_by(h, goals, left, margin, out)
        for o in range(options):
            chosen[o] += summed(part[o], 0, size)
            for k in range(first_pay[o], first_pay[o + 1]):
                earned[k] += product(part[o], paid[k])
            send(first_stream[o], first_stream[o + 1], weights, offsets, h, part[o], out, spot)


@njit(**OPTIONS)
def push_collect_planes(streams, mass, margin, payments, earned, out):
    """Forward over a turn's end, as `push_pays` and `push_carry`; `streams` carry over.

    Parameters
    ----------
    payments
        Where they are, (payments, all blocks) and (payments, low cells), and the table.
    earned : (payments,)
        Raised by the expected amount of each.
    """
    order, (kinds, offsets, members) = streams
    size, kind, paid = members[2].shape[1], -1, np.zeros((len(earned), members[2].shape[1]))
    weights, part = np.zeros((len(offsets), size)), np.zeros(size)
    for m in range(len(members[0])):
        weights[members[0][m]] += members[2][m]
    for h in order:
        spot = margin + h * size
        if not some(mass, spot, size):
            continue
        if kinds[h] != kind:
            look_up(h, *payments, paid)
            kind = kinds[h]
        part[:] = mass[spot : spot + size]
        for k in range(len(earned)):
            earned[k] += product(part, paid[k])
        send(0, len(offsets), weights, offsets, h, part, out, spot)
