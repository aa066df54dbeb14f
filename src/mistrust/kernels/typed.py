"""Decisions of an actor with types, backward: its strategies and what the others learn from them.

See `kernels.private` and `kernels.shown` for the arrays that go together. Places, which are a cell
in a case each, are solved many at once where the actor has two types (`kernels.pair`), and one by
one with more types and where that fails (`kernels.branch`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mistrust.kernels.branch import follow, workspace
from mistrust.kernels.options import BORROWING, OPTIONS
from mistrust.kernels.pair import climb
from mistrust.kernels.pairs import scratch as columns
from mistrust.kernels.private import column
from mistrust.kernels.rooms import Rooms
from mistrust.kernels.shown import alone, settle_private
from mistrust.kernels.source import nowhere
from mistrust.kernels.twofold import settle_two
from mistrust.kernels.worth import weigh

Array = NDArray[Any]
Pair = tuple[Array, Array]

PLACES = 16384
"""How many places are worked on at once, about."""


def _room(places: int, options: int, kinds: int, nodes: int) -> tuple[Any, ...]:
    """What decisions are worked out in."""
    worth, wide = np.zeros((places, options, nodes, kinds)), (places, kinds, options)
    numbers = (np.zeros(places) for _ in range(3))
    indices = (np.zeros(places, dtype=np.int64) for _ in range(3))
    follower = workspace(np.array([options]), np.array([kinds]))
    climber = columns(options, places, nodes)
    return worth, *(np.zeros(wide) for _ in range(3)), *numbers, *indices, follower, climber


def decide_private(
    cells: Array,
    values: Array,
    goals: Pair,
    rows: Pair,
    live: Array,
    weights: Array,
    first_branch: Array,
    opens_at: Pair,
    opens: Array,
    first_pay: Array,
    pay_group: Array,
    pays_at: Pair,
    pays: Array,
    policy_at: Pair,
    policy: Array,
    given: bool,
    movers: Array,
    precision: Array,
    judgements: Array,
    judged_at: Pair,
    party: tuple[Any, ...],
    gain: Array,
    residual: Array,
    where: Array,
    out: Array,
    rooms: Rooms | None = None,
) -> None:
    """Backward through a decision of an actor with types.

    Not compiled as a whole: its parts are, which takes half of the time.

    Parameters
    ----------
    values, out : (target cells, groups, profiles, cases), (source cells, ...)
    weights, opens, pays : (rows, profiles, cases)
    policy : (policy cells, options, profiles, cases)
        Read if `given`, else written.
    movers : (1,)
        The group that decides.
    precision, gain : (actors, profiles, cases)
        `gain` is raised to the largest gain of a type from a one-shot deviation.
    judgements : (actors, combinations of beliefs, profiles, profiles, cases)
        How an actor weighs the types of the others, given its own.
    residual, where : (cases,)
        Raised to the largest residual of the strategies, and the cell it is found at.
    rooms
        What is worked in, if there is any from before.
    """
    hidden, mover = alone(party), movers[0]
    precision, judgements, gain = precision[mover], judgements[mover], gain[mover]
    beliefs, _, _, n, bend, *_ = hidden
    (nodes, kinds, cases), options = beliefs.shape, len(first_branch) - 1
    moves = (values, goals, rows, live, weights, first_branch)
    payments = (first_pay, pay_group, pays_at, pays)
    taken = np.empty(len(cells), dtype=np.int64)
    count = pass_by(cells, moves, opens_at, opens, policy_at, policy, given, taken, out)
    taken = taken[:count]
    settle = settle_two if kinds == 2 else settle_private
    if given:
        settle(taken, moves, payments, policy_at, policy, party, out)
        return
    most = max(1, PLACES // cases)
    every = goals[0].shape[1] * goals[1].shape[1]
    shape = (min(most, every) * cases, options, kinds, nodes)
    rooms = rooms or Rooms()
    room = rooms.take(shape, _room)
    worth, open_, y, share, belief, sharp, left, belief_of, some, home, work, columns_ = room
    offer = (opens_at, opens, judgements, judged_at, precision, mover)
    stages, told = (worth, home, belief_of, open_), (gain, residual, where)

    def solve(these: Array, again: bool) -> Array:
        """Do some cells; returns those that have lost places, which are left if not `again`."""
        pairs = weigh(these, moves, payments, offer, hidden, stages, belief, sharp, some)
        places = len(these) * cases
        left[:places], share[:places] = np.inf, 0.0
        lost = np.zeros(len(these), dtype=np.bool_)
        if kinds == 2:
            plain = some[:pairs]
            ways, own = (0,) * options, (home, belief, bend, sharp, open_)
            climb(plain, ways, worth, own, y, share, left, again, columns_)
            gone = plain[np.isinf(left[plain])]
            if not again:
                lost[gone // cases] = True
        if pairs < places or again:
            _long_ways(places, stages, n, hidden, precision, left, lost, y, share, work)
        _take(these, lost, stages, y, share, left, policy_at, hidden, precision, told, policy)
        gone = these[lost]
        settle(these[~lost] if len(gone) else these, moves, payments, policy_at, policy, party, out)
        return gone

    # the few lost places take long: they are done at the end, side by side
    late = [solve(taken[begin : begin + most], False) for begin in range(0, count, most)]
    rest = np.concatenate(late) if late else taken[:0]
    for begin in range(0, len(rest), most):
        solve(rest[begin : begin + most], True)
    rooms.give(shape, room)


@njit(**BORROWING)
def pass_by(cells, moves, opens_at, opens, policy_at, policy, given, taken, out):
    """Where nobody decides the values stay; how many cells are left, which go to `taken`."""
    values, goals, rows, _, _, _ = moves
    size, count = goals[1].shape[1], 0
    for cell in cells:
        h, low = cell // size, cell % size
        place = policy_at[0][h] + policy_at[1][low]
        if place < 0 or not (given or _happens(h, low, opens_at, opens)):
            _copy(values[goals[0][len(rows[0]), h] + goals[1][len(rows[0]), low]], out[cell])
            if place >= 0:
                policy[place] = 0.0
        else:
            taken[count] = cell
            count += 1
    return count


@njit(**BORROWING)
def _take(cells, lost, stages, y, share, left, policy_at, hidden, precision, told, policy):
    """Keep the strategies at cells not lost, their residuals, and what deviations would gain."""
    gain, residual, where = told
    beliefs, kind, first, _, _, _, _, node_low = hidden
    size, kinds, cases = len(node_low), beliefs.shape[1], beliefs.shape[2]
    open_ = stages[3]
    for c in range(len(cells)):
        if lost[c]:
            continue
        h, low = cells[c] // size, cells[c] % size
        place, begin = policy_at[0][h] + policy_at[1][low], c * cases
        _note(cells[c], left[begin : begin + cases], residual, where)
        for k in range(kinds):
            _raise(k, y, share, open_, begin, precision[first[k]], gain[first[k]])
        _write(begin, share, kind, policy[place])


@njit(**BORROWING)
def _copy(values, out):
    """In loops: Numba compiles much for arrays that are assigned, lest their shapes differ."""
    for g in range(out.shape[0]):
        for p in range(out.shape[1]):
            for case in range(out.shape[2]):
                out[g, p, case] = values[g, p, case]


@njit(**BORROWING)
def _happens(h, low, opens_at, opens):
    """Whether anybody has any option at a cell, in any lane."""
    for a in range(len(opens_at[0])):
        if np.any(opens[opens_at[0][a, h] + opens_at[1][a, low]]):
            return True
    return False


@njit(**OPTIONS)
def _long_ways(count, stages, n, hidden, precision, left, lost, y, share, work):
    """Solve the places whose residual is infinite, each by itself, at cells not lost."""
    worth, home, belief_of, open_ = stages
    beliefs, _, first, _, bend, _, _, _ = hidden
    kinds, cases = len(first), precision.shape[1]
    own, belief, at = np.zeros(kinds), np.zeros((1, kinds)), np.zeros((1, 4))
    ways = (np.full(1, worth.shape[1]), np.full(1, kinds), np.full(1, worth.shape[2]))
    seen, steps = np.zeros((worth.shape[1], worth.shape[2]), dtype=np.int64), np.full(1, n)
    source, known = nowhere(), (steps, at, belief)
    for i in range(count):
        if left[i] < np.inf or lost[i // cases]:
            continue
        if not np.any(open_[i]):
            left[i] = 0.0
            continue
        for k in range(kinds):
            own[k] = precision[first[k], i % cases]
        column(beliefs[belief_of[i]], i % cases, belief[0])
        column(bend, i % cases, at[0])
        table = (worth[home[i] : home[i] + 1], seen, np.int64(0), source)
        left[i] = follow((table, ways, known, open_[i], own), y[i].ravel(), share[i], work)


@njit(**BORROWING)
def _note(cell, left, residual, where):
    """Keep the largest residual of every case, and the first cell it is found at."""
    for case in range(len(left)):
        before = left[case] == residual[case] and cell < where[case]
        if before or not left[case] <= residual[case]:
            residual[case], where[case] = left[case], cell


@njit(**BORROWING)
def _raise(k, y, share, open_, begin, precision, gain):
    """Raise the gain of a type to what its best option is worth above its mixture."""
    for case in range(len(gain)):
        i, best, mean = begin + case, -np.inf, 0.0
        for a in range(share.shape[2]):
            value = y[i, k, a]
            if open_[i, k, a] != 0.0:
                best = max(best, value)
                mean += share[i, k, a] * value
        if precision[case] > 0.0 and best > -np.inf:
            gain[case] = max(gain[case], (best - mean) / precision[case])


@njit(**BORROWING)
def _write(begin, share, kind, policy):
    """The strategies at a cell: policy (options, profiles, cases)."""
    for a in range(policy.shape[0]):
        for p in range(policy.shape[1]):
            for case in range(policy.shape[2]):
                policy[a, p, case] = share[begin + case, kind[p], a]
