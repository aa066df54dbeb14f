"""Phases that show something of a hidden type: values backward, probabilities forward.

What happens leads to a posterior (Bayes' rule), which lies between nodes of the belief's grid:
backward the value there is interpolated, forward the mass is split with the same weights. Lanes
are profiles of types times cases, ``w = profile * cases + case``.

Several arrays go together:

goals, rows, pays_at, opens_at, policy_at, judged_at
    Lookups ``(high, low)``, see the package.
hidden
    ``(beliefs, kind, first, n, stride, node_high, node_low)``: the belief at each node, (nodes,
    kinds); the type of the actor concerned in every profile, (profiles,); a profile with each
    type, (kinds,); the grid's spacing ``1 / n``; the distance in cells between its nodes; the
    lookup of a cell's node.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import bayes, locate, scratch
from mistrust.kernels.branch import follow, workspace
from mistrust.kernels.options import OPTIONS
from mistrust.kernels.pair import climb
from mistrust.kernels.pair import scratch as scratch_of_pair

REFUSED = 1e-9
"""A stage solved no better than this is not solved."""


@njit(**OPTIONS)
def likelihoods(b, h, low, goals, rows, live, weights, first, case, chance):
    """How likely each type brings about what branch `b` leads to: chance (kinds,).

    What is seen is the board: branches that lead to the same cell are not told apart.
    """
    goal = goals[0][b, h] + goals[1][b, low]
    chance[:] = 0.0
    for other in range(len(rows[0])):
        row = rows[0][other, h] + rows[1][other, low]
        if live[row] and goals[0][other, h] + goals[1][other, low] == goal:
            for k in range(len(chance)):
                chance[k] += weights[row, first[k], case]


@njit(**OPTIONS)
def expect_signal(cells, values, goals, rows, live, weights, hidden, out):
    """Backward through a chance phase whose odds depend on a hidden type.

    Parameters
    ----------
    values, out : (target cells, groups, profiles, cases), (source cells, ...)
    weights : (rows, profiles, cases)
    """
    beliefs, kind, first, n, stride, node_high, node_low = hidden
    size, kinds, cases = goals[1].shape[1], beliefs.shape[1], weights.shape[2]
    corner, order, rest, found, share, chance, posterior = scratch(kinds)
    for cell in cells:
        h, low = cell // size, cell % size
        node = node_high[h] + node_low[low]
        out[cell] = 0.0
        for b in range(len(rows[0])):
            row = rows[0][b, h] + rows[1][b, low]
            if not live[row]:
                continue
            base = goals[0][b, h] + goals[1][b, low] - node * stride
            for case in range(cases):
                likelihoods(b, h, low, goals, rows, live, weights, first, case, chance)
                if not bayes(beliefs[node], chance, posterior):
                    continue
                locate(posterior, n, corner, order, rest, found, share)
                for j in range(kinds):
                    after = values[base + found[j] * stride]
                    for p in range(len(kind)):
                        weight = share[j] * weights[row, p, case]
                        if weight != 0.0:
                            for g in range(len(after)):
                                out[cell, g, p, case] += weight * after[g, p, case]


@njit(**OPTIONS)
def option_worth(
    option,
    node_from,
    node_to,
    h,
    low,
    values,
    goals,
    rows,
    live,
    weights,
    first_branch,
    stride,
    group,
    out,
):
    """What a group expects from an option without its payments: out (profiles, cases)."""
    out[:] = 0.0
    for b in range(first_branch[option], first_branch[option + 1]):
        row = rows[0][b, h] + rows[1][b, low]
        if not live[row]:
            continue
        goal = goals[0][b, h] + goals[1][b, low] + (node_to - node_from) * stride
        for p in range(out.shape[0]):
            for case in range(out.shape[1]):
                if weights[row, p, case] != 0.0:
                    out[p, case] += weights[row, p, case] * values[goal, group, p, case]


@njit(**OPTIONS)
def posterior_of(option, belief, share, first, case, chance, posterior):
    """The belief after an option of the strategies `share` (options, profiles, cases)."""
    for k in range(len(first)):
        chance[k] = share[option, first[k], case]
    return bayes(belief, chance, posterior)


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
    profiles, options = len(kind), len(first_branch) - 1
    nodes = len(beliefs)
    belief = scratch(kinds)
    worth = np.zeros((cases, options, nodes, kinds))
    expected = np.zeros((profiles, cases))
    open_, share = np.zeros((kinds, options)), np.zeros((kinds, options))
    work, y = workspace(kinds, options), np.zeros(kinds * options)
    nothing, none = np.zeros((1, 1)), np.zeros(1, dtype=np.int64)
    sharp = np.zeros(kinds)
    pair = scratch_of_pair(options)
    for cell in cells:
        h, low = cell // size, cell % size
        node = node_high[h] + node_low[low]
        place = policy_at[0][h] + policy_at[1][low]
        away = goals[0][len(rows[0]), h] + goals[1][len(rows[0]), low]
        if place < 0 or not _happens(h, low, opens_at, opens):
            _copy(values[away], out[cell])
            if place >= 0 and not given:
                policy[place] = 0.0
            continue
        if not given:
            combination = judged_at[0][h] + judged_at[1][low]
            for a in range(options):
                if not np.any(opens[opens_at[0][a, h] + opens_at[1][a, low]]):
                    continue
                for to in range(nodes):
                    option_worth(
                        a,
                        node,
                        to,
                        h,
                        low,
                        values,
                        goals,
                        rows,
                        live,
                        weights,
                        first_branch,
                        stride,
                        mover,
                        expected,
                    )
                    for i in range(first_pay[a], first_pay[a + 1]):
                        if pay_group[i] == mover:
                            _add(pays[pays_at[0][i, h] + pays_at[1][i, low]], expected)
                    for case in range(cases):
                        for k in range(kinds):
                            total = 0.0
                            for q in range(profiles):
                                total += judgements[combination, first[k], q] * expected[q, case]
                            worth[case, a, to, k] = total
            for case in range(cases):
                some = 0.0
                for k in range(kinds):
                    sharp[k] = precision[first[k], case]
                    for a in range(options):
                        row = opens_at[0][a, h] + opens_at[1][a, low]
                        open_[k, a] = opens[row, first[k], case]
                        some += open_[k, a]
                        share[k, a] = 0.0
                if some > 0.0:
                    _shift(worth[case])
                    left = np.inf
                    if kinds == 2 and sharp[0] == sharp[1]:
                        known = (worth[case], n, beliefs[node, 0], sharp[0])
                        left = climb(*known, open_, y, share, pair)
                    stage = (
                        np.bool_(False),
                        worth[case],
                        n,
                        beliefs[node],
                        nothing,
                        none,
                        open_,
                        sharp,
                        belief,
                    )
                    if not left < np.inf:
                        left = follow(stage, y, share, work)
                    if not left <= residual[case]:
                        residual[case], where[case] = left, cell
                    for k in range(kinds):
                        regret = _regret(y, share, open_, k, sharp[k])
                        gain[first[k], case] = max(gain[first[k], case], regret)
                for p in range(profiles):
                    for a in range(options):
                        policy[place, a, p, case] = share[kind[p], a]
        _settle_private(
            cell,
            h,
            low,
            node,
            away,
            values,
            goals,
            rows,
            live,
            weights,
            first_branch,
            first_pay,
            pay_group,
            pays_at,
            pays,
            policy[place],
            hidden,
            belief,
            out,
        )


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
def _shift(worth):
    """Take the first number of every type off its others, which changes no choice."""
    for k in range(worth.shape[2]):
        base = worth[0, 0, k]
        for a in range(worth.shape[0]):
            for node in range(worth.shape[1]):
                worth[a, node, k] -= base


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
def _settle_private(
    cell,
    h,
    low,
    node,
    away,
    values,
    goals,
    rows,
    live,
    weights,
    first_branch,
    first_pay,
    pay_group,
    pays_at,
    pays,
    share,
    hidden,
    belief,
    out,
):
    """Values at a cell from the strategies there, (options, profiles, cases)."""
    beliefs, _, first, n, stride, _, _ = hidden
    corner, order, rest, corners, parts, chance, posterior = belief
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
