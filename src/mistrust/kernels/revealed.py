"""Probabilities, carried forward through phases that show something of a hidden type.

Each is the transpose of its twin in `kernels.private`, where the arrays are explained, or in
`kernels.typed`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import bayes, locate, scratch
from mistrust.kernels.options import OPTIONS
from mistrust.kernels.private import acts, column, learn, likelihoods, room


@njit(**OPTIONS)
def push_signal(cells, mass, goals, rows, live, weights, hidden, error, marks, out, found):
    """Forward through such a phase, the transpose of `expect_signal`; clears `mass` behind it.

    Parameters
    ----------
    mass, out : (source cells, profiles, cases), (target cells, profiles, cases)
    error : (cases,)
        Raised to the largest gap between a belief and its expectation after the phase.
    marks, found
        As in `push`.

    Returns
    -------
    int
        How many cells were found.
    """
    beliefs, kind, first, n, bend, stride, node_high, node_low = hidden
    size, kinds, cases, count = goals[1].shape[1], beliefs.shape[1], weights.shape[2], 0
    corner, order, rest, corners, share, chance, posterior = scratch(kinds)
    expected, prior, own_bend = np.zeros((kinds, cases)), np.zeros(kinds), np.zeros(4)
    for cell in cells:
        h, low = cell // size, cell % size
        node = node_high[h] + node_low[low]
        expected[:] = 0.0
        for b in range(len(rows[0])):
            row = rows[0][b, h] + rows[1][b, low]
            if not live[row]:
                continue
            base = goals[0][b, h] + goals[1][b, low] - node * stride
            for case in range(cases):
                likelihoods(b, h, low, goals, rows, live, weights, first, case, chance)
                column(beliefs[node], case, prior)
                if not bayes(prior, chance, posterior):
                    continue
                likely = 0.0
                for k in range(kinds):
                    likely += prior[k] * weights[row, first[k], case]
                for k in range(kinds):
                    expected[k, case] += likely * posterior[k]
                column(bend, case, own_bend)
                locate(posterior, n, own_bend, corner, order, rest, corners, share)
                for j in range(kinds):
                    goal = base + corners[j] * stride
                    for p in range(len(kind)):
                        moved = share[j] * weights[row, p, case] * mass[cell, p, case]
                        if moved != 0.0:
                            if not marks[goal]:
                                marks[goal] = 1
                                found[count] = goal
                                count += 1
                            out[goal, p, case] += moved
        _drift(expected, beliefs[node], mass[cell], error)
        mass[cell] = 0.0
    return count


@njit(**OPTIONS)
def _drift(expected, belief, mass, error):
    """Raise `error` by how far the expected belief is off, where there is mass."""
    for case in range(len(error)):
        some = 0.0
        for p in range(len(mass)):
            some += mass[p, case]
        if some > 0.0:
            for k in range(len(belief)):
                error[case] = max(error[case], abs(expected[k, case] - belief[k, case]))


@njit(**OPTIONS)
def push_private(
    cells,
    mass,
    goals,
    rows,
    live,
    weights,
    first_branch,
    first_pay,
    pays_at,
    pays,
    policy_at,
    policy,
    hidden,
    chosen,
    earned,
    error,
    marks,
    out,
    found,
):
    """Forward through a decision of an actor with types, the transpose of `decide_private`.

    Parameters
    ----------
    mass, out : (source cells, profiles, cases), (target cells, profiles, cases)
    chosen, earned : (options, profiles, cases), (payments, profiles, cases)
        As in `push_decision`.
    error : (cases,)
        Raised to the largest gap between a belief and its expectation after the decision.
    marks, found
        As in `push`; `mass` is cleared.

    Returns
    -------
    int
        How many cells were found.
    """
    beliefs, kind, first, n, bend, stride, node_high, node_low = hidden
    size, kinds, cases, count = goals[1].shape[1], beliefs.shape[1], weights.shape[2], 0
    known, (nodes, parts) = scratch(kinds), room(kinds, cases)
    options, expected, moved = len(first_branch) - 1, np.zeros((kinds, cases)), np.zeros(cases)
    for cell in cells:
        h, low = cell // size, cell % size
        node = node_high[h] + node_low[low]
        place = policy_at[0][h] + policy_at[1][low]
        expected[:] = 0.0
        for a in range(options if place >= 0 else 0):
            share = policy[place]
            if not learn(a, beliefs[node], n, bend, share, first, known, nodes, parts):
                continue
            _expect(beliefs, node, share[a], first, nodes, parts, expected)
            for p in range(len(kind)):
                _move(mass[cell, p], share[a, p], moved, chosen[a, p])
                for i in range(first_pay[a], first_pay[a + 1]):
                    _earn(moved, pays[pays_at[0][i, h] + pays_at[1][i, low], p], earned[i, p])
                for b in range(first_branch[a], first_branch[a + 1]):
                    row = rows[0][b, h] + rows[1][b, low]
                    if not live[row]:
                        continue
                    base = goals[0][b, h] + goals[1][b, low] - node * stride
                    for j in range(kinds):
                        for case in range(cases):
                            weight = moved[case] * weights[row, p, case] * parts[j, case]
                            if weight == 0.0:
                                continue
                            goal = base + nodes[j, case] * stride
                            if not marks[goal]:
                                marks[goal] = 1
                                found[count] = goal
                                count += 1
                            out[goal, p, case] += weight
        away = goals[0][len(rows[0]), h] + goals[1][len(rows[0]), low]
        for case in range(cases):
            if place >= 0 and acts(policy[place], case):
                continue
            for k in range(kinds):
                expected[k, case] = beliefs[node, k, case]
            for p in range(len(kind)):
                if mass[cell, p, case] != 0.0:
                    if not marks[away]:
                        marks[away] = 1
                        found[count] = away
                        count += 1
                    out[away, p, case] += mass[cell, p, case]
        _drift(expected, beliefs[node], mass[cell], error)
        mass[cell] = 0.0
    return count


@njit(**OPTIONS)
def _expect(beliefs, node, share, first, nodes, parts, expected):
    """Add the belief that follows an option, times how likely the option is."""
    for case in range(share.shape[1]):
        likely = 0.0
        for k in range(len(first)):
            likely += beliefs[node, k, case] * share[first[k], case]
        for j in range(len(first)):
            for k in range(len(first)):
                expected[k, case] += likely * parts[j, case] * beliefs[nodes[j, case], k, case]


@njit(**OPTIONS)
def _move(mass, share, moved, chosen):
    for case in range(len(moved)):
        moved[case] = mass[case] * share[case]
    for case in range(len(moved)):
        chosen[case] += moved[case]


@njit(**OPTIONS)
def _earn(moved, paid, earned):
    for case in range(len(moved)):
        earned[case] += moved[case] * paid[case]
