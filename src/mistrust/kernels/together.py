"""Sealed phases in which some mover has types, backward: strategies, and what is learned from them.

See `kernels.private` and `kernels.shown` for the arrays that go together. Every place, a cell in a
case, is solved by itself (`kernels.branch`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mistrust.kernels.branch import follow, workspace
from mistrust.kernels.options import BORROWING, OPTIONS
from mistrust.kernels.private import column
from mistrust.kernels.sealed import raise_gain
from mistrust.kernels.shown import settle_private
from mistrust.kernels.source import amount
from mistrust.kernels.typed import pass_by

Array = NDArray[Any]
Pair = tuple[Array, Array]


def decide_together(
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
) -> None:
    """Backward through a sealed phase in which some mover has types.

    Not compiled as a whole, like `decide_private`, whose parameters these are; but there are
    several `movers`, and combinations of options in C order for options.
    """
    moves = (values, goals, rows, live, weights, first_branch)
    payments = (first_pay, pay_group, pays_at, pays)
    taken = np.empty(len(cells), dtype=np.int64)
    count = pass_by(cells, moves, opens_at, opens, policy_at, policy, given, taken, out)
    taken = taken[:count]
    if not given:
        offer = (opens_at, opens, judgements, judged_at, precision, movers)
        solve(taken, moves, payments, offer, policy_at, policy, party, gain, residual, where)
    settle_private(taken, moves, payments, policy_at, policy, party, out)


@njit(**OPTIONS)
def solve(cells, moves, payments, offer, policy_at, policy, party, gain, residual, where):
    """The strategies at all places, into the policy; see `decide_together` for the arrays."""
    opens_at, opens, judgements, judged_at, precision, movers = offer
    counts, kinds, kind, first, beliefs, steps, bend, strides, node_high, node_low, _ = party
    count, cases, work = len(movers), opens.shape[2], workspace(counts, kinds)
    own, types = work[6][1], work[6][2]
    open_ = np.zeros(work[0].shape)
    share, y, sharp = np.zeros(open_.shape), np.zeros(open_.size), np.zeros(len(open_))
    sizes, member = np.ones(count, dtype=np.int64), _members(kind, kinds)
    for i in range(count):
        if kinds[i] > 1:
            sizes[i] = _nodes(steps[i], kinds[i])
    worth = np.empty((count, len(own), sizes.prod(), len(types)))
    seen, number = np.zeros((len(own), sizes.prod()), dtype=np.int64), 0
    cast, spot = (movers, kind, first, member, sizes, strides), np.zeros(4 + count, dtype=np.int64)
    base = np.zeros((count, kinds.max()))
    source = (moves, payments, judgements, cast, spot, base, np.zeros(kind.shape))
    prior, at = np.zeros((count, kinds.max())), np.zeros((count, 4))
    ways, known = (counts, kinds, sizes), (steps, at, prior)
    for cell in cells:
        h, low = cell // len(judged_at[1]), cell % len(judged_at[1])
        place = policy_at[0][h] + policy_at[1][low]
        spot[0], spot[1], spot[2] = h, low, judged_at[0][h] + judged_at[1][low]
        for i in range(count):
            spot[4 + i] = node_high[i, h] + node_low[i, low]
        for case in range(cases):
            spot[3] = case
            some = _offer(h, low, case, opens_at, opens, first, kinds, own, open_)
            if some < 0:
                policy[place, :, :, case] = 0.0
                continue
            number += 1
            _place(source, some, beliefs, bend, precision, kinds, prior, at, sharp)
            table = (worth, seen, np.int64(number), source)
            left = follow((table, ways, known, open_, sharp), y, share, work)
            if not left <= residual[case]:
                residual[case], where[case] = left, cell
            agent = 0
            for i in range(count):
                for k in range(kinds[i]):
                    told = gain[movers[i], first[i, k]]
                    raise_gain(y, share, open_, agent, sharp[agent], case, told)
                    agent += 1
            _write(share, kind, kinds, own, case, policy[place])


@njit(**BORROWING)
def _nodes(steps, kinds):
    """How many nodes a grid has: see `scenario.beliefs`."""
    total = 1
    for i in range(1, kinds):
        total = total * (steps + i) // i
    return total


@njit(**OPTIONS)
def _members(kind, kinds):
    """The cast that every profile belongs to."""
    member = np.zeros(kind.shape[1], dtype=np.int64)
    for i in range(len(kinds)):
        for p in range(len(member)):
            member[p] = member[p] * kinds[i] + kind[i, p]
    return member


@njit(**BORROWING)
def _offer(h, low, case, opens_at, opens, first, kinds, own, open_):
    """Which options each agent has: open_ (agents, options).

    Returns
    -------
    int
        A combination that is open to some types; -1 if there is none.
    """
    open_[:] = 0.0
    some = -1
    for c in range(len(own) - 1, -1, -1):
        row, agent = opens_at[0][c, h] + opens_at[1][c, low], 0
        for i in range(len(kinds)):
            for k in range(kinds[i]):
                if opens[row, first[i, k], case] != 0.0:
                    open_[agent, own[c, i]] = 1.0
                    some = c
                agent += 1
    return some


@njit(**BORROWING)
def _place(source, some, beliefs, bend, precision, kinds, prior, at, sharp):
    """What a place starts from: beliefs, precisions, and the amounts that are taken off."""
    _, _, _, cast, spot, base, amounts = source
    movers, _, first, _, sizes, _ = cast
    node, agent, case = 0, 0, spot[3]
    for i in range(len(movers)):
        node = node * sizes[i] + spot[4 + i]
        column(beliefs[i, spot[4 + i]], case, prior[i])
        column(bend[i], case, at[i])
        for k in range(kinds[i]):
            sharp[agent] = precision[movers[i], first[i, k], case]
            agent += 1
    amount(source, some, node)
    for i in range(len(movers)):
        for k in range(kinds[i]):
            base[i, k] = amounts[i, first[i, k]]


@njit(**BORROWING)
def _write(share, kind, kinds, own, case, policy):
    """The probability of every combination of options: policy (combinations, profiles, cases)."""
    for c in range(policy.shape[0]):
        for p in range(policy.shape[1]):
            chance, agent = 1.0, 0
            for i in range(len(kinds)):
                chance *= share[agent + kind[i, p], own[c, i]]
                agent += kinds[i]
            policy[c, p, case] = chance
