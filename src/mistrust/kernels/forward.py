"""Probabilities, carried forward through the phases of a turn; each the transpose of its twin."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import BORROWING, LENT, OPTIONS
from mistrust.kernels.ways import half_of, largest

_U = np.uint64


@njit(**BORROWING)
def spread(cells, goal_high, goal_low, row_high, row_low, live, marks):
    """Mark the cells that can be reached from `cells` along live branches: (target cells,)."""
    size = _U(row_low.shape[1])
    h, base = _U(0), _U(0)
    for i in range(len(cells)):
        cell = _U(cells[i])
        while cell - base >= size:
            base += size
            h += _U(1)
        low = cell - base
        for b in range(len(row_high)):
            if live[row_high[b, h] + row_low[b, low]]:
                marks[goal_high[b, h] + goal_low[b, low]] = 1


@njit(forceinline=True, **LENT)
def _lift(cells, begin, end, lanes, mass, room):
    """Take the mass of a box."""
    own = _U(0)
    for i in range(begin, end):
        x = _U(cells[i]) * lanes
        for w in range(lanes):
            room[own + w], mass[x + w] = mass[x + w], 0.0
        own += lanes


@njit(forceinline=True, **LENT)
def _send(h, low, goals, rows, branches, lanes, own, x, marks, out):
    """Send mass on along live branches, from the first to before the last; own from x on."""
    (goal_high, goal_low), (row_high, row_low, live, table) = goals, rows
    for b in range(branches[0], branches[1]):
        row = _U(row_high[b, h] + row_low[b, low])
        if not live[row]:
            continue
        goal = _U(goal_high[b, h] + goal_low[b, low])
        marks[goal] = 1
        y, c = goal * lanes, row * lanes
        for w in range(lanes):
            out[y + w] += table[c + w] * own[x + w]


@njit(**OPTIONS)
def push(cells, first, mass, goal_high, goal_low, row_high, row_low, live, weights, marks, out):
    """Forward through a chance phase, the transpose of `expect`; clears `mass` behind it.

    Parameters
    ----------
    cells, first : (cells,), (boxes + 1,)
        By box, which begins at ``first[box]``: all its mass is taken before any is put down.
    mass, out : (source cells * lanes,), (target cells * lanes,)
        They may be the same if no cell leads to one in another box; the marks of all cells are 0
        then.
    weights : (rows, lanes)
    marks : (target cells,)
        Becomes 1 where mass comes to.
    """
    goals, rows = (goal_high, goal_low), (row_high, row_low, live, weights)
    room = np.zeros(largest(first) * weights.shape[1])
    _push(cells, first, mass, goals, rows, _U(weights.shape[1]), room, marks, out)


@njit(**LENT)
def _push(cells, first, mass, goals, rows, lanes, room, marks, out):
    """The same, with room for the mass of a box."""
    (row_high, row_low, live, weights), h, base = rows, _U(0), _U(0)
    size, branches = _U(row_low.shape[1]), (0, len(row_high))
    rows = row_high, row_low, live, weights.reshape(weights.size)
    for box in range(len(first) - 1):
        _lift(cells, first[box], first[box + 1], lanes, mass, room)
        own = _U(0)
        for i in range(first[box], first[box + 1]):
            cell = _U(cells[i])
            h, base = half_of(cell, size, h, base)
            _send(h, cell - base, goals, rows, branches, lanes, room, own, marks, out)
            own += lanes


@njit(**OPTIONS)
def push_decision(
    cells,
    first,
    mass,
    goal_high,
    goal_low,
    row_high,
    row_low,
    live,
    weights,
    first_branch,
    first_pay,
    pay_high,
    pay_low,
    pays,
    policy_high,
    policy_low,
    policy,
    boxed,
    chosen,
    earned,
    marks,
    out,
):
    """Forward through a decision phase, the transpose of `decide`; clears `mass` behind it.

    Parameters
    ----------
    cells, first, mass, out
        As in `push`.
    policy : (policy cells, options, kept lanes)
        As in `decide`.
    boxed
        Whether the phase happens at all cells that have a policy.
    chosen : (options, lanes)
        Raised by the probability that the phase is reached and the option chosen.
    earned : (payments, lanes)
        Raised by the expected amount of each payment.
    marks
        As in `push`.
    """
    lanes = chosen.shape[1]
    room = np.zeros(largest(first) * lanes), np.zeros(lanes)
    goals, rows = (goal_high, goal_low), (row_high, row_low, live, weights)
    payments = (first_pay, pay_high, pay_low, pays)
    policies = (policy_high, policy_low, policy)
    told = (chosen, earned, marks, out)
    _push_all(cells, first, mass, goals, rows, first_branch, payments, policies, boxed, room, told)


@njit(**LENT)
def _push_all(cells, first, mass, goals, rows, first_branch, payments, policies, boxed, room, told):
    """The same, with room for the mass of a box and for a share of a cell's."""
    (chosen, earned, marks, out), (row_high, row_low, live, weights) = told, rows
    (first_pay, pay_high, pay_low, pays), (policy_high, policy_low, policy) = payments, policies
    (own, _), size, h, base = room, _U(row_low.shape[1]), _U(0), _U(0)
    lanes, kept = _U(chosen.shape[1]), _U(policy.shape[2])
    # flat, since to make them so takes a while
    payments = first_pay, pay_high, pay_low, pays.reshape(pays.size)
    ways = goals, (row_high, row_low, live, weights.reshape(weights.size)), first_branch, payments
    policies = policy_high, policy_low, policy.reshape(policy.size), chosen.shape[0], kept, boxed
    told = chosen.reshape(chosen.size), earned.reshape(earned.size), marks, out
    for box in range(len(first) - 1):
        _lift(cells, first[box], first[box + 1], lanes, mass, own)
        x = _U(0)
        for i in range(first[box], first[box + 1]):
            cell = _U(cells[i])
            h, base = half_of(cell, size, h, base)
            _push_cell(h, cell - base, x, lanes, ways, policies, room, told)
            x += lanes


@njit(forceinline=True, **LENT)
def _push_cell(h, low, x, lanes, ways, policies, room, told):
    """The same for one cell, whose mass is in the room from x on."""
    goals, rows, first_branch, payments = ways
    policy_high, policy_low, strategies, options, kept, boxed = policies
    (first_pay, pay_high, pay_low, amounts), (taken, gains, marks, out) = payments, told
    (own, part), away, times = room, len(rows[0]), lanes // kept
    place = policy_high[h] + policy_low[low]
    start = _U(place if place >= 0 else 0) * _U(options) * kept
    free = place < 0 or not boxed
    if free and _stays(place, options, times, own, x, strategies, start, part):
        goal = _U(goals[0][away, h] + goals[1][away, low])
        marks[goal] = 1
        for w in range(lanes):
            out[goal * lanes + w] += part[w]
    for o in range(options if place >= 0 else 0):
        spot, at = _U(o) * lanes, start + _U(o) * kept
        if not choose(times, kept, own, x, strategies, at, part, taken, spot):
            continue
        for k in range(first_pay[o], first_pay[o + 1]):
            paid = _U(pay_high[k, h] + pay_low[k, low]) * lanes
            earn(lanes, part, amounts, paid, gains, _U(k) * lanes)
        own_branches = first_branch[o], first_branch[o + 1]
        _send(h, low, goals, rows, own_branches, lanes, part, _U(0), marks, out)


@njit(forceinline=True, **LENT)
def _stays(place, options, times, mass, x, policy, start, part):
    """The mass for which nobody decides; whether there is any."""
    some, kept = 0, _U(len(part)) // times
    for w in range(_U(len(part))):
        part[w] = 0.0
    for o in range(options if place >= 0 else 0):
        spot = start + _U(o) * kept
        for p in range(times):
            for w in range(kept):
                part[p * kept + w] += policy[spot + w]
    for w in range(_U(len(part))):
        stays = mass[x + w] if part[w] == 0.0 else 0.0
        part[w] = stays
        some += stays != 0.0
    return some > 0


@njit(forceinline=True, **LENT)
def choose(times, kept, mass, x, policy, spot, part, taken, own):
    """The mass that chooses an option, added to what is `taken`; whether there is any.

    `mass` is (times, kept) from `x` on; a policy holds for `times` lots of `kept` lanes.
    """
    some = 0
    for p in range(times):
        a, y, z = p * kept, x + p * kept, own + p * kept
        for w in range(kept):
            moved = mass[y + w] * policy[spot + w]
            part[a + w] = moved
            taken[z + w] += moved
            some += moved != 0.0
    return some > 0


@njit(forceinline=True, **LENT)
def earn(lanes, moved, paid, at, out, spot):
    """Add what a mass, (lanes,), is paid to `out` from `spot` on."""
    for w in range(lanes):
        out[spot + w] += moved[w] * paid[at + w]


@njit(**LENT)
def push_pays(cells, mass, pay_high, pay_low, pays, earned):
    """The expected payoffs of a turn's end.

    Parameters
    ----------
    mass : (closing cells * lanes,)
    pays : (rows, lanes)
    earned : (payments, lanes)
        Raised by the expected amount of each payment.
    """
    lanes, size = _U(pays.shape[1]), _U(pay_low.shape[1])
    gains, amounts = earned.reshape(earned.size), pays.reshape(pays.size)
    h, base = _U(0), _U(0)
    for i in range(len(cells)):
        cell = _U(cells[i])
        while cell - base >= size:
            base += size
            h += _U(1)
        low, x = cell - base, cell * lanes
        for k in range(len(pay_high)):
            row, own = _U(pay_high[k, h] + pay_low[k, low]) * lanes, _U(k) * lanes
            for w in range(lanes):
                gains[own + w] += mass[x + w] * amounts[row + w]


@njit(**LENT)
def push_carry(cells, mass, goal_high, goal_low, marks, out):
    """Forward over a turn's end: the mass on the next opening.

    Parameters
    ----------
    mass, out : (closing cells * lanes,), (opening cells * lanes,)
    marks
        As in `push`; `mass` is cleared.
    """
    lanes, size = _U(len(out) // len(marks)), _U(len(goal_low))
    for i in range(len(cells)):
        cell = _U(cells[i])
        goal = _U(goal_high[cell // size] + goal_low[cell % size])
        marks[goal] = 1
        x, y = cell * lanes, goal * lanes
        for w in range(lanes):
            out[y + w] += mass[x + w]
            mass[x + w] = 0.0


@njit(**LENT)
def gather(mass, rows, out):
    """Sum mass over the cells of each row: the joint law of some variables.

    Parameters
    ----------
    mass, rows : (cells, lanes), (cells,)
    out : (rows, lanes)
        Added to.
    """
    for i in range(len(rows)):
        for w in range(out.shape[1]):
            out[rows[i], w] += mass[i, w]


@njit(**LENT)
def chosen(mass, counts, which, places, policy, out):
    """Sum mass over cells by the option chosen there, as far as it counts.

    Parameters
    ----------
    mass, which, places : (cells, lanes), (cells,), (cells,)
        `which` are the rows of `counts`, `places` those of the policy (negative if nobody decides).
    counts : (rows, lanes)
        What multiplies the mass.
    policy : (policy cells, options, kept lanes)
    out : (options, lanes)
        Added to.
    """
    options, kept = out.shape[0], _U(policy.shape[2])
    for i in range(len(which)):
        if places[i] < 0 or not np.any(counts[which[i]]):
            continue
        for o in range(options):
            for p in range(_U(out.shape[1]) // kept):
                for w in range(kept):
                    part = mass[i, p * kept + w] * counts[which[i], p * kept + w]
                    out[o, p * kept + w] += part * policy[places[i], o, w]


@njit(**LENT)
def total(cells, mass, out):
    """Sum the mass of some cells: mass (all cells * lanes,), out (lanes,)."""
    lanes = _U(len(out))
    for w in range(lanes):
        out[w] = 0.0
    for cell in cells:
        x = _U(cell) * lanes
        for w in range(lanes):
            out[w] += mass[x + w]


@njit(**BORROWING)
def unmark(cells, marks):
    """Set the marks of some cells back to 0."""
    for cell in cells:
        marks[cell] = 0
