"""What options are worth to an actor with types, at every belief that may follow.

See `kernels.private` and `kernels.shown` for the arrays that go together. `stages` are what options
are worth, (places, options, nodes, types), and by place its home, the node of its belief and which
options are open, (places, types, options).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import BORROWING, OPTIONS

_U = np.uint64


@njit(**OPTIONS)
def weigh(cells, moves, payments, offer, hidden, stages, belief, sharp, some):
    """What the options are worth at some places; how many are plain ones, which go to `some`.

    Cells that differ in nothing but the belief about the mover have this in common: the first of
    them is their `home`.
    """
    count = 2 * len(moves[2][0]) + len(offer[0][0]) + len(payments[2][0])
    this, last = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    _, options, nodes, kinds = stages[0].shape
    cases = hidden[0].shape[2]
    room = np.zeros((len(hidden[1]), cases)), np.zeros((options * nodes * kinds, cases))
    work = room, this, last
    return _weigh_all(cells, moves, payments, offer, hidden, stages, belief, sharp, some, work)


@njit(**BORROWING)
def _weigh_all(cells, moves, payments, offer, hidden, stages, belief, sharp, some, work):
    """The same, with room to work in."""
    opens_at, opens, judgements, judged_at, precision, mover = offer
    beliefs, _, first, _, _, stride, node_high, node_low = hidden
    worth, home, belief_of, open_ = stages
    size, kinds, cases = moves[1][1].shape[1], beliefs.shape[1], beliefs.shape[2]
    (room, this, last), pairs, own = work, 0, 0
    for c in range(len(cells)):
        h, low = cells[c] // size, cells[c] % size
        node, begin, end = node_high[h] + node_low[low], c * cases, (c + 1) * cases
        _offer(h, low, first, opens_at, opens, open_[begin:end])
        _trace(h, low, node * stride, moves, payments, opens_at, this)
        if c == 0 or not equal(this, last):
            own, this, last = begin, last, this
            judged = judgements[judged_at[0][h] + judged_at[1][low]]
            spot = (h, low, node, stride, mover, first)
            _values(spot, moves, payments, judged, open_[begin:end], room, worth[begin:end])
        for case in range(cases):
            home[begin + case] = own + case
            belief_of[begin + case], belief[begin + case] = node, beliefs[node, 0, case]
            sharp[begin + case] = precision[first[0], case]
            alike = kinds == 2 and precision[first[1], case] == sharp[begin + case]
            if alike and _plain(open_[begin + case], belief[begin + case]):
                some[pairs] = begin + case
                pairs += 1
    return pairs


@njit(**BORROWING)
def _trace(h, low, own, moves, payments, opens_at, out):
    """All that the worth of options at a cell is looked up by, the belief about the mover apart.

    The beliefs about others, by which the mover weighs their types, are on the boards it leads to.
    """
    goals, rows, k = moves[1], moves[2], 0
    for b in range(len(rows[0])):
        out[k] = goals[0][b, h] + goals[1][b, low] - own
        out[k + 1] = rows[0][b, h] + rows[1][b, low]
        k += 2
    for a in range(len(opens_at[0])):
        out[k] = opens_at[0][a, h] + opens_at[1][a, low]
        k += 1
    for b in range(len(payments[2][0])):
        out[k] = payments[2][0][b, h] + payments[2][1][b, low]
        k += 1


@njit(**BORROWING)
def equal(one, other):
    """Whether all numbers are the same."""
    gaps = 0
    for i in range(len(one)):
        gaps += one[i] != other[i]
    return gaps == 0


@njit(**BORROWING)
def _add(values, out):
    """In loops: Numba compiles much for arrays that are assigned, lest their shapes differ."""
    for p in range(out.shape[0]):
        for case in range(out.shape[1]):
            out[p, case] += values[p, case]


@njit(**BORROWING)
def _offer(h, low, first, opens_at, opens, open_):
    """Which options each type has at a cell: open_ (cases, kinds, options)."""
    for a in range(open_.shape[2]):
        row = opens[opens_at[0][a, h] + opens_at[1][a, low]]
        for case in range(open_.shape[0]):
            for k in range(open_.shape[1]):
                open_[case, k, a] = row[first[k], case]


@njit(**BORROWING)
def _plain(open_, belief):
    """Whether two types have the same options, and it is not known which one it is."""
    some = 0.0
    for a in range(open_.shape[1]):
        if open_[0, a] != open_[1, a]:
            return False
        some += open_[0, a]
    return some > 0.0 and 0.0 < belief < 1.0


@njit(**BORROWING)
def _values(spot, moves, payments, judged, open_, work, worth):
    """What each option is worth to each type at every belief: worth (cases, options, nodes, kinds).

    The first number of every type is taken off its others, which changes no choice.
    """
    h, low, _, _, mover, first = spot
    first_pay, pay_group, pays_at, pays = payments
    (expected, aside), (cases, options, nodes, kinds) = work, worth.shape
    for a in range(options):
        some = np.any(open_[:, :, a])
        for to in range(nodes):
            if some:
                _expect(a, to, spot, moves, expected)
                for i in range(first_pay[a], first_pay[a + 1]):
                    if pay_group[i] == mover:
                        _add(pays[pays_at[0][i, h] + pays_at[1][i, low]], expected)
            for k in range(kinds):
                own = aside[(a * nodes + to) * kinds + k]
                for case in range(cases):
                    own[case] = 0.0
                for q in range(len(expected) if some else 0):
                    weight = judged[first[k], q]
                    if weight[0] != 0.0:  # what is known for certain is so in every case
                        for case in range(cases):
                            own[case] += weight[case] * expected[q, case]
    there = worth.reshape(worth.size)
    for case in range(_U(cases)):
        x = case * _U(len(aside))
        for k in range(_U(kinds)):
            base = aside[k, case]
            for j in range(k, _U(len(aside)), _U(kinds)):
                there[x + j] = aside[j, case] - base


@njit(**BORROWING)
def _expect(option, to, spot, moves, out):
    """What the mover expects from an option and a belief, unpaid: out (profiles, cases)."""
    h, low, node, stride, mover, _ = spot
    values, goals, rows, live, weights, first_branch = moves
    out[:] = 0.0
    for b in range(first_branch[option], first_branch[option + 1]):
        row = rows[0][b, h] + rows[1][b, low]
        if not live[row]:
            continue
        goal = goals[0][b, h] + goals[1][b, low] + (to - node) * stride
        _add_weighted(values[goal, mover], weights[row], out)


@njit(**BORROWING)
def _add_weighted(values, weights, out):
    """None without weight: there may be no value there."""
    for p in range(out.shape[0]):
        for case in range(out.shape[1]):
            value, weight = values[p, case], weights[p, case]
            out[p, case] += weight * value if weight != 0.0 else 0.0
