"""Values, carried backward through the phases of a turn."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import BORROWING, LENT, OPTIONS
from mistrust.kernels.ways import half_of, largest, mix, ways_of

_U = np.uint64
CHUNK = 64
"""Cells whose choice values are worked out at once, so that they stay in cache."""


@njit(**OPTIONS)
def expect(cells, values, goal_high, goal_low, row_high, row_low, live, weights, out):
    """Backward through a chance phase: ``out[x] = sum_b weights[row_b(x)] * values[goal_b(x)]``.

    Parameters
    ----------
    values, out : (target cells * n,), (source cells * n,)
    weights : (rows, n)
    """
    there, at = np.zeros(len(row_high), np.uint64), np.zeros(len(row_high), np.uint64)
    goals, rows = (goal_high, goal_low), (row_high, row_low, live, weights.reshape(weights.size))
    _expect_all(cells, values, goals, rows, _U(weights.shape[1]), there, at, out)


@njit(**OPTIONS)
def expect_here(cells, first, values, goal_high, goal_low, row_high, row_low, live, weights):
    """The same in the place of the values, box by box.

    Parameters
    ----------
    cells, first : (cells,), (boxes + 1,)
        The cells of a box, which begins at ``first[box]``, lead to none in another box.
    values : (cells * n,)
        Become those before the phase.
    """
    there, at = np.zeros(len(row_high), np.uint64), np.zeros(len(row_high), np.uint64)
    goals, rows = (goal_high, goal_low), (row_high, row_low, live, weights.reshape(weights.size))
    n = weights.shape[1]
    room = np.zeros(largest(first) * n)
    _expect_boxes(cells, first, values, goals, rows, _U(n), there, at, room)


@njit(**LENT)
def _expect_all(cells, values, goals, rows, n, there, at, out):
    """The same, with room for the ways ahead of a cell."""
    size, base, h, branches = _U(rows[1].shape[1]), _U(0), _U(0), (0, len(rows[0]))
    for i in range(len(cells)):
        cell = _U(cells[i])
        while cell - base >= size:
            base += size
            h += _U(1)
        found = ways_of(h, cell - base, goals, rows, branches, n, there, at)
        mix(cell * n, found, there, at, rows[3], values, _U(1), n, out)


@njit(**LENT)
def _expect_boxes(cells, first, values, goals, rows, n, there, at, room):
    """The same, with room for the values of a box."""
    size, base, h, branches = _U(rows[1].shape[1]), _U(0), _U(0), (0, len(rows[0]))
    for box in range(len(first) - 1):
        x = _U(0)
        for i in range(first[box], first[box + 1]):
            cell = _U(cells[i])
            h, base = half_of(cell, size, h, base)
            found = ways_of(h, cell - base, goals, rows, branches, n, there, at)
            mix(x, found, there, at, rows[3], values, _U(1), n, room)
            x += n
        x = _U(0)
        for i in range(first[box], first[box + 1]):
            y = _U(cells[i]) * n
            for j in range(n):
                values[y + j] = room[x + j]
            x += n


@njit(**OPTIONS)
def choice_values(
    highs,
    lows,
    values,
    goal_high,
    goal_low,
    row_high,
    row_low,
    live,
    weights,
    first_branch,
    first_pay,
    pay_group,
    pay_high,
    pay_low,
    pays,
    option,
    out,
):
    """What every group expects from an option at the cells (highs, lows): out (cells * n,)."""
    n, lanes = _U(weights.shape[1]), _U(pays.shape[1])
    goals, rows = (goal_high, goal_low), (row_high, row_low, live, weights.ravel())
    branches, pay_table, base = (
        (first_branch[option], first_branch[option + 1]),
        pays.ravel(),
        _U(0),
    )
    there, at = np.zeros(len(row_high), np.uint64), np.zeros(len(row_high), np.uint64)
    for i in range(len(highs)):
        h, low = highs[i], lows[i]
        found = ways_of(h, low, goals, rows, branches, n, there, at)
        mix(base, found, there, at, rows[3], values, _U(1), n, out)
        for k in range(first_pay[option], first_pay[option + 1]):
            c = _U(pay_high[k, h] + pay_low[k, low]) * lanes
            x = base + _U(pay_group[k]) * lanes
            for w in range(lanes):
                out[x + w] += pay_table[c + w]
        base += n


@njit(**OPTIONS)
def judge(judgements, row, own, out):
    """What a mover makes of amounts that depend on hidden types, in place.

    Parameters
    ----------
    judgements : (combinations of beliefs, profiles, profiles, cases)
    row
        The combination of beliefs at the cell.
    own, out : (lanes,)
        Amounts by profile and case, replaced by averages over the profiles; scratch.
    """
    profiles, games = _U(judgements.shape[1]), _U(judgements.shape[3])
    weights = judgements[row].ravel()
    out[:] = 0.0
    for p in range(profiles):
        at = p * games
        for q in range(profiles):
            here, there = (p * profiles + q) * games, q * games
            for w in range(games):
                out[at + w] += weights[here + w] * own[there + w]
    own[:] = out


@njit(**BORROWING)
def collect(
    cells, following, goal_high, goal_low, patience, pay_group, pay_high, pay_low, pays, out
):
    """Backward over a turn's end: next opening's value, discounted, plus the turn's payoffs.

    Parameters
    ----------
    following, out : (opening cells * n,), (closing cells * n,)
    goal_high, goal_low : (high,), (low,)
    patience : (n,)
    pays : (rows, lanes)
    """
    n, lanes, size = _U(len(patience)), _U(pays.shape[1]), _U(len(goal_low))
    table = pays.reshape(pays.size)
    h, base = _U(0), _U(0)
    for i in range(len(cells)):
        cell = _U(cells[i])
        while cell - base >= size:
            base += size
            h += _U(1)
        low, x = cell - base, cell * n
        y = _U(goal_high[h] + goal_low[low]) * n
        for j in range(n):
            out[x + j] = patience[j] * following[y + j]
        for k in range(len(pay_group)):
            c = _U(pay_high[k, h] + pay_low[k, low]) * lanes
            j = x + _U(pay_group[k]) * lanes
            for w in range(lanes):
                out[j + w] += table[c + w]
