"""Values, carried backward through the phases of a turn."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import BORROWING, OPTIONS

_U = np.uint64
CHUNK = 64
"""Cells whose choice values are worked out at once, so that they stay in cache."""


@njit(**BORROWING)
def expect(cells, values, goal_high, goal_low, row_high, row_low, live, weights, out):
    """Backward through a chance phase: ``out[x] = sum_b weights[row_b(x)] * values[goal_b(x)]``.

    Parameters
    ----------
    values, out : (target cells * n,), (source cells * n,)
    weights : (rows, n)
    """
    n, size = _U(weights.shape[1]), _U(row_low.shape[1])
    goals, rows = (goal_high, goal_low), (row_high, row_low, live, weights.reshape(weights.size))
    h, base, branches = _U(0), _U(0), (0, len(row_high))
    for i in range(len(cells)):
        cell = _U(cells[i])
        while cell - base >= size:
            base += size
            h += _U(1)
        _expect(h, cell - base, values, goals, rows, branches, n, cell * n, out)


@njit(**OPTIONS)
def expect_here(cells, values, goal_high, goal_low, row_high, row_low, live, weights, out):
    """The same, if `out` is `values`: no cell leads to another one that is gone through."""
    row = np.zeros(weights.shape[1])
    goals, rows = (goal_high, goal_low), (row_high, row_low, live, weights.reshape(weights.size))
    _expect_all(cells, values, goals, rows, row, out)


@njit(**BORROWING)
def _expect_all(cells, values, goals, rows, row, out):
    """The same, with room for the values of a cell."""
    n, size, base, h = _U(len(row)), _U(rows[1].shape[1]), _U(0), _U(0)
    branches = (0, len(rows[0]))
    for i in range(len(cells)):
        cell = _U(cells[i])
        while cell - base >= size:
            base += size
            h += _U(1)
        _expect(h, cell - base, values, goals, rows, branches, n, _U(0), row)
        for j in range(n):
            out[cell * n + j] = row[j]


@njit(forceinline=True, **BORROWING)
def _expect(h, low, values, goals, rows, branches, n, x, out):
    """What some branches, from the first to before the last, lead to: out[x : x + n]."""
    (goal_high, goal_low), (row_high, row_low, live, table), first = goals, rows, True
    for b in range(branches[0], branches[1]):
        row = _U(row_high[b, h] + row_low[b, low])
        if not live[row]:
            continue
        y, c = _U(goal_high[b, h] + goal_low[b, low]) * n, row * n
        if first:
            for j in range(n):
                out[x + j] = table[c + j] * values[y + j]
            first = False
        else:
            for j in range(n):
                out[x + j] += table[c + j] * values[y + j]
    if first:
        for j in range(n):
            out[x + j] = 0.0


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
    for i in range(len(highs)):
        h, low = highs[i], lows[i]
        _expect(h, low, values, goals, rows, branches, n, base, out)
        for k in range(first_pay[option], first_pay[option + 1]):
            c = _U(pay_high[k, h] + pay_low[k, low]) * lanes
            at = base + _U(pay_group[k]) * lanes
            for w in range(lanes):
                out[at + w] += pay_table[c + w]
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
