"""Decisions of an actor with types, backward: its strategies and what the others learn from them.

See `kernels.private` for the arrays that go together. Places, which are a cell in a case each,
are solved many at once where the actor has two types (`kernels.pair`), and one by one with more
types and where that fails (`kernels.branch`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import locate, scratch
from mistrust.kernels.branch import follow, workspace
from mistrust.kernels.options import OPTIONS
from mistrust.kernels.pair import climb
from mistrust.kernels.pairs import scratch as columns
from mistrust.kernels.private import posterior_of

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
    judgements : (combinations of beliefs, profiles, profiles)
        How the mover weighs the types of the other actors, given its own.
    residual, where : (cases,)
        Raised to the largest residual of the strategies, and the cell it is found at.
    """
    beliefs, kind, first, n, stride, node_high, node_low = hidden
    size, kinds, cases = goals[1].shape[1], beliefs.shape[1], weights.shape[2]
    options, most = len(first_branch) - 1, max(1, PLACES // weights.shape[2])
    worth = np.zeros((most * cases, options, len(beliefs), kinds))
    open_ = np.zeros((most * cases, kinds, options))
    y, share = np.zeros((most * cases, kinds, options)), np.zeros((most * cases, kinds, options))
    belief, sharp = np.zeros(most * cases), np.zeros(most * cases)
    left, some = np.zeros(most * cases), np.zeros(most * cases, dtype=np.int64)
    expected, own = np.zeros((len(kind), cases)), np.zeros(kinds)
    known, work, columns_ = scratch(kinds), workspace(kinds, options), columns(options)
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
                    belief[begin + case] = beliefs[node, 0]
                    sharp[begin + case] = precision[first[0], case]
                    alike = kinds == 2 and precision[first[1], case] == sharp[begin + case]
                    if alike and _plain(open_[begin + case], belief[begin + case]):
                        some[pairs] = begin + case
                        pairs += 1
            count += 1
        if not given:
            left[:] = np.inf
            if kinds == 2:
                climb(some[:pairs], worth, belief, sharp, open_, y, share, left, columns_)
            for c in range(count):
                h, low = taken[c] // size, taken[c] % size
                place, node = policy_at[0][h] + policy_at[1][low], node_high[h] + node_low[low]
                for case in range(cases):
                    i = c * cases + case
                    stage = (worth[i], n, beliefs[node], open_[i])
                    for k in range(kinds):
                        own[k] = precision[first[k], case]
                    gap = _remaining(stage, own, left[i], y[i].ravel(), share[i], known, work)
                    if not gap <= residual[case]:
                        residual[case], where[case] = gap, taken[c]
                    for k in range(kinds):
                        regret = _regret(y[i].ravel(), share[i], open_[i], k, own[k])
                        gain[first[k], case] = max(gain[first[k], case], regret)
                    for p in range(len(kind)):
                        for a in range(options):
                            policy[place, a, p, case] = share[i, kind[p], a]
        for c in range(count):
            _settle_private(taken[c], moves, payments, policy_at, policy, hidden, known, out)


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
                    if weight != 0.0:
                        for case in range(cases):
                            worth[case, a, to, k] += weight * expected[q, case]
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
        for p in range(out.shape[0]):
            for case in range(out.shape[1]):
                if weights[row, p, case] != 0.0:
                    out[p, case] += weights[row, p, case] * values[goal, mover, p, case]


@njit(**OPTIONS)
def _remaining(stage, precision, left, y, share, known, work):
    """The residual at a place; if it is not solved yet, by the long way."""
    worth, n, belief, open_ = stage
    if left < np.inf:
        for a in range(open_.shape[1]):
            for k in range(open_.shape[0]):
                if open_[k, a] == 0.0:
                    share[k, a] = 0.0
        return left
    share[:] = 0.0
    if not np.any(open_):
        return 0.0
    nothing, none = np.zeros((1, 1)), np.zeros(1, dtype=np.int64)
    stage = (np.bool_(False), worth, n, belief, nothing, none, open_, precision, known)
    return follow(stage, y, share, work)


@njit(**OPTIONS)
def _regret(y, share, open_, k, precision):
    """What the best option is worth to an agent above its mixture (y in logit units)."""
    options = share.shape[1]
    best, mean = -np.inf, 0.0
    for a in range(options):
        if open_[k, a] != 0.0:
            best = max(best, y[k * options + a])
            mean += share[k, a] * y[k * options + a]
    return (best - mean) / precision if precision > 0.0 and best > -np.inf else 0.0


@njit(**OPTIONS)
def _settle_private(cell, moves, payments, policy_at, policy, hidden, belief, out):
    """Values at a cell from the strategies there."""
    beliefs, _, first, n, stride, node_high, node_low = hidden
    values, goals, rows, _, weights, first_branch = moves
    first_pay, pay_group, pays_at, pays = payments
    corner, order, rest, corners, parts, chance, posterior = belief
    h, low = cell // goals[1].shape[1], cell % goals[1].shape[1]
    node, share = node_high[h] + node_low[low], policy[policy_at[0][h] + policy_at[1][low]]
    away = goals[0][len(rows[0]), h] + goals[1][len(rows[0]), low]
    options, profiles, cases = share.shape
    out[cell] = 0.0
    for case in range(cases):
        happens = False
        for a in range(options):
            if not posterior_of(a, beliefs[node], share, first, case, chance, posterior):
                continue
            happens = True
            locate(posterior, n, corner, order, rest, corners, parts)
            for p in range(profiles):
                likely = share[a, p, case]
                if likely == 0.0:
                    continue
                for i in range(first_pay[a], first_pay[a + 1]):
                    paid = pays[pays_at[0][i, h] + pays_at[1][i, low], p, case]
                    out[cell, pay_group[i], p, case] += likely * paid
                for b in range(first_branch[a], first_branch[a + 1]):
                    row = rows[0][b, h] + rows[1][b, low]
                    weight = likely * weights[row, p, case]
                    if weight == 0.0:
                        continue
                    base = goals[0][b, h] + goals[1][b, low] - node * stride
                    for j in range(len(corners)):
                        after = values[base + corners[j] * stride]
                        for g in range(len(after)):
                            out[cell, g, p, case] += weight * parts[j] * after[g, p, case]
        if not happens:
            for g in range(out.shape[1]):
                for p in range(profiles):
                    out[cell, g, p, case] = values[away, g, p, case]
