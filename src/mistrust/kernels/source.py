"""What combinations of options are worth at the beliefs that may follow, as they are asked for.

Of the many nodes that the beliefs about several actors have together, following a branch looks at a
few about its way.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import BORROWING, OPTIONS


@njit(**BORROWING)
def work_out(source, c, node, worth):
    """What a combination of options and a node are worth to each mover, cast by cast.

    Parameters
    ----------
    source
        ``(moves, payments, judgements, cast, spot, base, scratch)``: moves and payments as in
        `private.settle_shown`; how actors weigh profiles, (actors, combinations of beliefs,
        profiles, profiles, cases); ``(movers, kind, first, member, sizes, strides)``, with the
        cast that each profile belongs to in `member`, (profiles,), and the rest as in
        `private.party`; ``(h, low, row, case, own nodes ...)``: halves of the cell, its row of
        judgements, the case, and the node of each mover's belief; an amount that is taken off
        every worth of a mover's type, (movers, most kinds), which changes no choice;
        (movers, profiles).
    worth : (movers, combinations, nodes, casts)
        Of this node is written.
    """
    _, _, judgements, cast, spot, base, amounts = source
    _, kind, first, member, _, _ = cast
    movers, row, case = cast[0], spot[2], spot[3]
    amount(source, c, node)
    for i in range(len(movers)):
        for s in range(worth.shape[3]):
            worth[i, c, node, s] = 0.0
        for q in range(len(member)):
            k = kind[i, q]
            weight = judgements[movers[i], row, first[i, k], q, case]
            if weight != 0.0:
                worth[i, c, node, member[q]] += weight * (amounts[i, q] - base[i, k])


@njit(**BORROWING)
def amount(source, c, node):
    """The same without judgement, into the source's scratch: a number per mover and profile."""
    moves, payments, _, cast, spot, _, out = source
    values, goals, rows, live, weights, first_branch = moves
    first_pay, pay_group, pays_at, pays = payments
    movers, _, _, _, sizes, strides = cast
    h, low, case, shift, rest = spot[0], spot[1], spot[3], 0, node
    for i in range(len(movers) - 1, -1, -1):
        shift += (rest % sizes[i] - spot[4 + i]) * strides[i]
        rest //= sizes[i]
    out[:] = 0.0
    for b in range(first_branch[c], first_branch[c + 1]):
        row = rows[0][b, h] + rows[1][b, low]
        if not live[row]:
            continue
        goal = goals[0][b, h] + goals[1][b, low] + shift
        for q in range(out.shape[1]):
            weight = weights[row, q, case]
            if weight != 0.0:  # without weight there may be no value
                for i in range(len(movers)):
                    out[i, q] += weight * values[goal, movers[i], q, case]
    for b in range(first_pay[c], first_pay[c + 1]):
        row = pays_at[0][b, h] + pays_at[1][b, low]
        for i in range(len(movers)):
            if pay_group[b] == movers[i]:
                for q in range(out.shape[1]):
                    out[i, q] += pays[row, q, case]


@njit(**OPTIONS)
def nowhere():
    """The source of what is all worked out already."""
    ones, grid = np.zeros(1, dtype=np.int64), np.zeros((1, 1), dtype=np.int64)
    pair = (grid, grid)
    moves = (
        np.zeros((1, 1, 1, 1)),
        pair,
        pair,
        np.zeros(1, dtype=np.bool_),
        np.zeros((1, 1, 1)),
        ones,
    )
    payments = (ones, ones, pair, np.zeros((1, 1, 1)))
    cast = (ones, grid, grid, ones, ones, ones)
    judgements, amounts = np.zeros((1, 1, 1, 1, 1)), np.zeros((1, 1))
    return moves, payments, judgements, cast, ones, amounts, amounts
