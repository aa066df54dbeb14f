"""Decisions of an actor with types, backward: its strategies and what the others learn from them.

See `kernels.private` for the arrays that go together. Places, which are a cell in a case each,
are solved many at once where the actor has two types (`kernels.pair`), and one by one with more
types and where that fails (`kernels.branch`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import scratch
from mistrust.kernels.branch import follow, workspace
from mistrust.kernels.options import OPTIONS
from mistrust.kernels.pair import climb
from mistrust.kernels.pairs import scratch as columns
from mistrust.kernels.private import acts, column, learn, room

PLACES = 1024
"""How many places are worked on at once, about."""


@njit(**OPTIONS)
def decide_private(
    cells,
    values,
    goals,
    rows,
    live,
    weights,
    first_branch,
    opens_at,
    opens,
    first_pay,
    pay_group,
    pays_at,
    pays,
    policy_at,
    policy,
    given,
    mover,
    precision,
    judgements,
    judged_at,
    hidden,
    gain,
    residual,
    where,
    out,
):
    """Backward through a decision of an actor with types.

    Parameters
    ----------
    values, out : (target cells, groups, profiles, cases), (source cells, ...)
    weights, opens, pays : (rows, profiles, cases)
    policy : (policy cells, options, profiles, cases)
        Read if `given`, else written.
    precision, gain : (profiles, cases)
        `gain` is raised to the largest gain of a type from a one-shot deviation.
    judgements : (combinations of beliefs, profiles, profiles, cases)
        How the mover weighs the types of the other actors, given its own.
    residual, where : (cases,)
        Raised to the largest residual of the strategies, and the cell it is found at.
    """
    beliefs, kind, first, n, bend, stride, node_high, node_low = hidden
    size, kinds, cases = goals[1].shape[1], beliefs.shape[1], weights.shape[2]
    options, most = len(first_branch) - 1, max(1, PLACES // weights.shape[2])
    worth = np.zeros((most * cases, options, len(beliefs), kinds))
    open_ = np.zeros((most * cases, kinds, options))
    y, share = np.zeros((most * cases, kinds, options)), np.zeros((most * cases, kinds, options))
    belief, sharp = np.zeros(most * cases), np.zeros(most * cases)
    left, some = np.zeros(most * cases), np.zeros(most * cases, dtype=np.int64)
    belief_of, expected = np.zeros(most * cases, dtype=np.int64), np.zeros((len(kind), cases))
    known, work, columns_ = scratch(kinds), workspace(kinds, options), columns(options)
    spread = (*room(kinds, cases), np.zeros(cases), np.zeros(cases, dtype=np.uint64))
    moves = (values, goals, rows, live, weights, first_branch)
    payments = (first_pay, pay_group, pays_at, pays)
    taken, done = np.zeros(most, dtype=np.int64), 0
    while done < len(cells):
        count, pairs = 0, 0
        while done < len(cells) and count < most:
            cell = cells[done]
            done += 1
            h, low = cell // size, cell % size
            node = node_high[h] + node_low[low]
            place = policy_at[0][h] + policy_at[1][low]
            if place < 0 or not (given or _happens(h, low, opens_at, opens)):
                _copy(values[goals[0][len(rows[0]), h] + goals[1][len(rows[0]), low]], out[cell])
                if place >= 0:
                    policy[place] = 0.0
                continue
            taken[count] = cell
            if not given:
                begin, end = count * cases, (count + 1) * cases
                _offer(h, low, first, opens_at, opens, open_[begin:end])
                judged = judgements[judged_at[0][h] + judged_at[1][low]]
                spot = (h, low, node, stride, mover, first)
                _values(spot, moves, payments, judged, open_[begin:end], expected, worth[begin:end])
                for case in range(cases):
                    belief_of[begin + case], belief[begin + case] = node, beliefs[node, 0, case]
                    sharp[begin + case] = precision[first[0], case]
                    alike = kinds == 2 and precision[first[1], case] == sharp[begin + case]
                    if alike and _plain(open_[begin + case], belief[begin + case]):
                        some[pairs] = begin + case
                        pairs += 1
            count += 1
        if not given:
            left[:] = np.inf
            share[:] = 0.0
            if kinds == 2:
                climb(some[:pairs], worth, belief, bend, sharp, open_, y, share, left, columns_)
            stages = (worth, belief_of, open_, known, work)
            _long_ways(count * cases, stages, n, bend, beliefs, precision, first, left, y, share)
            for c in range(count):
                h, low = taken[c] // size, taken[c] % size
                place, begin = policy_at[0][h] + policy_at[1][low], c * cases
                _note(taken[c], left[begin : begin + cases], residual, where)
                for k in range(kinds):
                    _raise(k, y, share, open_, begin, precision[first[k]], gain[first[k]])
                _write(begin, share, kind, policy[place])
        for c in range(count):
            _settle(taken[c], moves, payments, policy_at, policy, hidden, known, spread, out)


@njit(**OPTIONS)
def _copy(values, out):
    """In loops: Numba compiles much for arrays that are assigned, lest their shapes differ."""
    for g in range(out.shape[0]):
        for p in range(out.shape[1]):
            for case in range(out.shape[2]):
                out[g, p, case] = values[g, p, case]


@njit(**OPTIONS)
def _add(values, out):
    """Likewise."""
    for p in range(out.shape[0]):
        for case in range(out.shape[1]):
            out[p, case] += values[p, case]


@njit(**OPTIONS)
def _happens(h, low, opens_at, opens):
    """Whether anybody has any option at a cell, in any lane."""
    for a in range(len(opens_at[0])):
        if np.any(opens[opens_at[0][a, h] + opens_at[1][a, low]]):
            return True
    return False


@njit(**OPTIONS)
def _offer(h, low, first, opens_at, opens, open_):
    """Which options each type has at a cell: open_ (cases, kinds, options)."""
    for a in range(open_.shape[2]):
        row = opens[opens_at[0][a, h] + opens_at[1][a, low]]
        for case in range(open_.shape[0]):
            for k in range(open_.shape[1]):
                open_[case, k, a] = row[first[k], case]


@njit(**OPTIONS)
def _plain(open_, belief):
    """Whether two types have the same options, and it is not known which one it is."""
    some = 0.0
    for a in range(open_.shape[1]):
        if open_[0, a] != open_[1, a]:
            return False
        some += open_[0, a]
    return some > 0.0 and 0.0 < belief < 1.0


@njit(**OPTIONS)
def _values(spot, moves, payments, judged, open_, expected, worth):
    """What each option is worth to each type at every belief: worth (cases, options, nodes, kinds).

    The first number of every type is taken off its others, which changes no choice.
    """
    h, low, _, _, mover, first = spot
    first_pay, pay_group, pays_at, pays = payments
    cases, options, nodes, kinds = worth.shape
    for a in range(options):
        if not np.any(open_[:, :, a]):
            worth[:, a] = 0.0
            continue
        for to in range(nodes):
            _expect(a, to, spot, moves, expected)
            for i in range(first_pay[a], first_pay[a + 1]):
                if pay_group[i] == mover:
                    _add(pays[pays_at[0][i, h] + pays_at[1][i, low]], expected)
            for k in range(kinds):
                for case in range(cases):
                    worth[case, a, to, k] = 0.0
                for q in range(len(expected)):
                    weight = judged[first[k], q]
                    if weight[0] != 0.0:  # what is known for certain is so in every case
                        for case in range(cases):
                            worth[case, a, to, k] += weight[case] * expected[q, case]
    for case in range(cases):
        for k in range(kinds):
            base = worth[case, 0, 0, k]
            for a in range(options):
                for to in range(nodes):
                    worth[case, a, to, k] -= base


@njit(**OPTIONS)
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


@njit(**OPTIONS)
def _add_weighted(values, weights, out):
    """None without weight: there may be no value there."""
    for p in range(out.shape[0]):
        for case in range(out.shape[1]):
            value, weight = values[p, case], weights[p, case]
            out[p, case] += weight * value if weight != 0.0 else 0.0


@njit(**OPTIONS)
def _long_ways(count, stages, n, bend, beliefs, precision, first, left, y, share):
    """Solve the places whose residual is infinite, each by itself."""
    worth, belief_of, open_, known, work = stages
    nothing, none, own = np.zeros((1, 1)), np.zeros(1, dtype=np.int64), np.zeros(len(first))
    belief, own_bend, cases = np.zeros(len(first)), np.zeros(4), precision.shape[1]
    for i in range(count):
        if left[i] < np.inf:
            continue
        if not np.any(open_[i]):
            left[i] = 0.0
            continue
        for k in range(len(first)):
            own[k] = precision[first[k], i % cases]
        column(beliefs[belief_of[i]], i % cases, belief)
        column(bend, i % cases, own_bend)
        stage = (
            np.bool_(False),
            worth[i],
            (n, own_bend),
            belief,
            nothing,
            none,
            open_[i],
            own,
            known,
        )
        left[i] = follow(stage, y[i].ravel(), share[i], work)


@njit(**OPTIONS)
def _note(cell, left, residual, where):
    """Keep the largest residual of every case, and the cell it is found at."""
    for case in range(len(left)):
        if not left[case] <= residual[case]:
            residual[case], where[case] = left[case], cell


@njit(**OPTIONS)
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


@njit(**OPTIONS)
def _write(begin, share, kind, policy):
    """The strategies at a cell: policy (options, profiles, cases)."""
    for a in range(policy.shape[0]):
        for p in range(policy.shape[1]):
            for case in range(policy.shape[2]):
                policy[a, p, case] = share[begin + case, kind[p], a]


@njit(**OPTIONS)
def _settle(cell, moves, payments, policy_at, policy, hidden, known, spread, out):
    """Values at a cell from the strategies there."""
    beliefs, _, first, n, bend, stride, node_high, node_low = hidden
    values, goals, rows, live, weights, first_branch = moves
    first_pay, pay_group, pays_at, pays = payments
    nodes, parts, weight, at = spread
    h, low = cell // goals[1].shape[1], cell % goals[1].shape[1]
    node, share = node_high[h] + node_low[low], policy[policy_at[0][h] + policy_at[1][low]]
    here, flat = out[cell], values.ravel()
    here[:] = 0.0
    for a in range(share.shape[0]):
        if not learn(a, beliefs[node], n, bend, share, first, known, nodes, parts):
            continue
        for p in range(share.shape[1]):
            for i in range(first_pay[a], first_pay[a + 1]):
                paid = pays[pays_at[0][i, h] + pays_at[1][i, low], p]
                _pay(share[a, p], paid, here[pay_group[i], p])
            for b in range(first_branch[a], first_branch[a + 1]):
                row = rows[0][b, h] + rows[1][b, low]
                if not live[row]:
                    continue
                base = goals[0][b, h] + goals[1][b, low] - node * stride
                for j in range(len(nodes)):
                    _weigh(share[a, p], weights[row, p], parts[j], weight)
                    _seek(nodes[j], base, stride, p, here, at)
                    for g in range(len(here)):
                        _gather(flat, at, weight, here[g, p])
                        _next(at, here[g].size)
    _stay(values[goals[0][len(rows[0]), h] + goals[1][len(rows[0]), low]], share, here)


@njit(**OPTIONS)
def _pay(share, paid, out):
    for case in range(len(out)):
        out[case] += share[case] * paid[case]


@njit(**OPTIONS)
def _weigh(share, weights, parts, weight):
    for case in range(len(weight)):
        weight[case] = share[case] * weights[case] * parts[case]


@njit(**OPTIONS)
def _seek(nodes, base, stride, p, here, at):
    """Where the first group's values stand in the flat array of values."""
    size, cases = here.size, here.shape[2]
    for case in range(len(at)):
        at[case] = (base + nodes[case] * stride) * size + p * cases + case


@njit(**OPTIONS)
def _next(at, size):
    for case in range(len(at)):
        at[case] += np.uint64(size)


@njit(**OPTIONS)
def _gather(flat, at, weight, out):
    """Add weighted values, but none without weight: there may be no value there."""
    for case in range(len(out)):
        value = flat[at[case]]
        out[case] += weight[case] * value if weight[case] != 0.0 else 0.0


@njit(**OPTIONS)
def _stay(values, share, here):
    """In the cases where nobody has any option, nothing happens."""
    for case in range(share.shape[2]):
        if not acts(share, case):
            for g in range(here.shape[0]):
                for p in range(here.shape[1]):
                    here[g, p, case] = values[g, p, case]
