"""Probabilities, carried forward through the phases of a turn; each the transpose of its twin."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import BORROWING, LENT, OPTIONS

_U = np.uint64


@njit(**BORROWING)
def spread(cells, goal_high, goal_low, row_high, row_low, live, marks, out):
    """Cells that can be reached from `cells` along live branches.

    Parameters
    ----------
    marks : (target cells,)
        All 0 on entry; 1 at the cells found on return.
    out : (target cells,)
        Receives the cells found.

    Returns
    -------
    int
        How many there are.
    """
    size, count = _U(row_low.shape[1]), 0
    h, base = _U(0), _U(0)
    for i in range(len(cells)):
        cell = _U(cells[i])
        while cell - base >= size:
            base += size
            h += _U(1)
        low = cell - base
        for b in range(len(row_high)):
            if live[row_high[b, h] + row_low[b, low]]:
                count = mark(goal_high[b, h] + goal_low[b, low], count, marks, out)
    return count


@njit(**LENT)
def push(cells, mass, goal_high, goal_low, row_high, row_low, live, weights, marks, out, found):
    """Forward through a chance phase, the transpose of `expect`; clears `mass` behind it.

    Parameters
    ----------
    mass, out : (source cells * lanes,), (target cells * lanes,)
        `out` and `marks` (target cells,) are all 0 on entry.
    weights : (rows, lanes)
    found : (target cells,)
        Receives the cells that mass has come to; `marks` is 1 there on return.

    Returns
    -------
    int
        How many cells were found.
    """
    lanes, size, count = _U(weights.shape[1]), _U(row_low.shape[1]), 0
    table = weights.reshape(weights.size)
    h, base = _U(0), _U(0)
    for i in range(len(cells)):
        cell = _U(cells[i])
        while cell - base >= size:
            base += size
            h += _U(1)
        low, x = cell - base, cell * lanes
        for b in range(len(row_high)):
            row = _U(row_high[b, h] + row_low[b, low])
            if not live[row]:
                continue
            goal = _U(goal_high[b, h] + goal_low[b, low])
            count = mark(goal, count, marks, found)
            y, c = goal * lanes, row * lanes
            for w in range(lanes):
                out[y + w] += table[c + w] * mass[x + w]
        for w in range(lanes):
            mass[x + w] = 0.0
    return count


@njit(**OPTIONS)
def push_decision(
    cells,
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
    found,
):
    """Forward through a decision phase, the transpose of `decide`; clears `mass` behind it.

    Parameters
    ----------
    mass, out : (source cells * lanes,), (target cells * lanes,)
    boxed
        Whether the phase happens at all cells that have a policy.
    chosen : (options, lanes)
        Raised by the probability that the phase is reached and the option chosen.
    earned : (payments, lanes)
        Raised by the expected amount of each payment.
    marks, out, found
        As in `push`.

    Returns
    -------
    int
        How many cells were found.
    """
    part = np.zeros(chosen.shape[1])
    goals, rows = (goal_high, goal_low), (row_high, row_low, live, weights)
    payments = (first_pay, pay_high, pay_low, pays)
    policies = (policy_high, policy_low, policy)
    told = (chosen, earned, marks, out, found)
    return _push_all(cells, mass, goals, rows, first_branch, payments, policies, boxed, part, told)


@njit(**LENT)
def _push_all(cells, mass, goals, rows, first_branch, payments, policies, boxed, part, told):
    """The same, with room for a share of the mass."""
    (goal_high, goal_low), (row_high, row_low, live, weights) = goals, rows
    (first_pay, pay_high, pay_low, pays), (policy_high, policy_low, policy) = payments, policies
    chosen, earned, marks, out, found = told
    branches, size = len(row_high), _U(row_low.shape[1])
    options, lanes = chosen.shape[0], _U(chosen.shape[1])
    table, amounts = weights.reshape(weights.size), pays.reshape(pays.size)
    gains, taken = earned.reshape(earned.size), chosen.reshape(chosen.size)
    h, base, count = _U(0), _U(0), 0
    for i in range(len(cells)):
        cell = _U(cells[i])
        while cell - base >= size:
            base += size
            h += _U(1)
        low, x = cell - base, cell * lanes
        place = policy_high[h] + policy_low[low]
        start = _U(place if place >= 0 else 0) * _U(options) * lanes
        free = place < 0 or not boxed
        if free and _stays(place, options, lanes, mass, x, policy, start, part):
            goal = _U(goal_high[branches, h] + goal_low[branches, low])
            count = mark(goal, count, marks, found)
            for w in range(lanes):
                out[goal * lanes + w] += part[w]
        for o in range(options if place >= 0 else 0):
            own = _U(o) * lanes
            if not choose(lanes, mass, x, policy, start + own, part, taken, own):
                continue
            for k in range(first_pay[o], first_pay[o + 1]):
                paid = _U(pay_high[k, h] + pay_low[k, low]) * lanes
                earn(lanes, part, amounts, paid, gains, _U(k) * lanes)
            for b in range(first_branch[o], first_branch[o + 1]):
                row = _U(row_high[b, h] + row_low[b, low])
                if not live[row]:
                    continue
                goal = _U(goal_high[b, h] + goal_low[b, low])
                count = mark(goal, count, marks, found)
                y, c = goal * lanes, row * lanes
                for w in range(lanes):
                    out[y + w] += table[c + w] * part[w]
        for w in range(lanes):
            mass[x + w] = 0.0
    return count


@njit(forceinline=True, **BORROWING)
def mark(goal, count, marks, found):
    """Note a cell that mass has come to; how many there are."""
    if not marks[goal]:
        marks[goal] = 1
        found[count] = goal
        count += 1
    return count


@njit(forceinline=True, **LENT)
def _stays(place, options, lanes, mass, x, policy, start, part):
    """The mass for which nobody decides; whether there is any."""
    some = 0
    for w in range(lanes):
        part[w] = 0.0
    for o in range(options if place >= 0 else 0):
        spot = start + _U(o) * lanes
        for w in range(lanes):
            part[w] += policy[spot + w]
    for w in range(lanes):
        stays = mass[x + w] if part[w] == 0.0 else 0.0
        part[w] = stays
        some += stays != 0.0
    return some > 0


@njit(forceinline=True, **LENT)
def choose(lanes, mass, x, policy, spot, part, taken, own):
    """The mass that chooses an option, added to what is `taken`; whether there is any."""
    some = 0
    for w in range(lanes):
        moved = mass[x + w] * policy[spot + w]
        part[w] = moved
        taken[own + w] += moved
        some += moved != 0.0
    return some > 0


@njit(forceinline=True, **LENT)
def earn(lanes, moved, paid, at, out, spot):
    """Add what a mass is paid."""
    for w in range(lanes):
        out[spot + w] += moved[w] * paid[at + w]


@njit(**LENT)
def push_collect(
    cells, mass, goal_high, goal_low, pay_high, pay_low, pays, earned, marks, out, found
):
    """Forward over a turn's end: the expected payoffs, and the mass on the next opening.

    Parameters
    ----------
    mass, out : (closing cells * lanes,), (opening cells * lanes,)
    earned : (payments, lanes)
        Raised by the expected amount of each payment.
    marks, out, found
        As in `push`; `mass` is cleared.
    """
    lanes, size, count = _U(pays.shape[1]), _U(len(goal_low)), 0
    gains, amounts = earned.reshape(earned.size), pays.reshape(pays.size)
    h, base = _U(0), _U(0)
    for i in range(len(cells)):
        cell = _U(cells[i])
        while cell - base >= size:
            base += size
            h += _U(1)
        low, x = cell - base, cell * lanes
        goal = _U(goal_high[h] + goal_low[low])
        count = mark(goal, count, marks, found)
        y = goal * lanes
        for k in range(len(pay_high)):
            row, own = _U(pay_high[k, h] + pay_low[k, low]) * lanes, _U(k) * lanes
            for w in range(lanes):
                gains[own + w] += mass[x + w] * amounts[row + w]
        for w in range(lanes):
            out[y + w] += mass[x + w]
            mass[x + w] = 0.0
    return count


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
def chosen(mass, rows, policy, out):
    """Sum mass over cells by the option chosen there.

    Parameters
    ----------
    mass, rows : (cells, lanes), (cells,)
        `rows` are those of the policy.
    policy : (policy cells * options * lanes,)
    out : (options, lanes)
        Added to.
    """
    options, lanes = out.shape[0], _U(out.shape[1])
    for i in range(len(rows)):
        start = _U(rows[i]) * _U(options) * lanes
        for o in range(options):
            for w in range(lanes):
                out[o, w] += mass[i, w] * policy[start + _U(o) * lanes + w]


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
