"""Probabilities, carried forward through phases that show something of a hidden type.

Each is the transpose of its twin in `kernels.private` or `kernels.shown`, where the arrays are
explained.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import bayes, locate, scratch
from mistrust.kernels.options import BORROWING, OPTIONS
from mistrust.kernels.private import column, likelihoods
from mistrust.kernels.shown import acts, learn, lessons, meet


@njit(**OPTIONS)
def push_signal(cells, mass, goals, rows, live, weights, hidden, error, marks, out):
    """Forward through such a phase, the transpose of `expect_signal`; clears `mass` behind it.

    Parameters
    ----------
    mass, out : (source cells, profiles, cases), (target cells, profiles, cases)
    error : (cases,)
        Raised to the largest gap between a belief and its expectation after the phase.
    marks
        As in `push`.
    """
    beliefs, kind, first, n, bend, stride, node_high, node_low = hidden
    size, kinds, cases = goals[1].shape[1], beliefs.shape[1], weights.shape[2]
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
                            marks[goal] = 1
                            out[goal, p, case] += moved
        _drift(expected, beliefs[node], mass[cell], error)
        mass[cell] = 0.0


@njit(**BORROWING)
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
    party,
    chosen,
    earned,
    error,
    marks,
    out,
):
    """Forward through choices of actors with types, the transpose of `shown.settle_private`.

    Parameters
    ----------
    mass, out : (source cells, profiles, cases), (target cells, profiles, cases)
    chosen, earned : (combinations, profiles, cases), (payments, profiles, cases)
        As in `push_decision`.
    error : (cases,)
        Raised to the largest gap between a belief and its expectation after the choices.
    marks
        As in `push`; `mass` is cleared.
    """
    told, (size, cases) = lessons(party), (goals[1].shape[1], mass.shape[2])
    moved, expected = np.zeros(cases), np.zeros((party[4].shape[2], cases))
    for cell in cells:
        h, low = cell // size, cell % size
        place = policy_at[0][h] + policy_at[1][low]
        if place >= 0:
            learn(h, low, party, policy[place], told)
            _check(h, low, party, told, policy[place], mass[cell], expected, error)
        for c in range(len(first_branch) - 1 if place >= 0 else 0):
            share = policy[place]
            if not meet(c, h, low, party, told):
                continue
            shift, part = told[6], told[7]
            for p in range(mass.shape[1]):
                _move(mass[cell, p], share[c, p], moved, chosen[c, p])
                for i in range(first_pay[c], first_pay[c + 1]):
                    _earn(moved, pays[pays_at[0][i, h] + pays_at[1][i, low], p], earned[i, p])
                for b in range(first_branch[c], first_branch[c + 1]):
                    row = rows[0][b, h] + rows[1][b, low]
                    if not live[row]:
                        continue
                    base = goals[0][b, h] + goals[1][b, low]
                    for j in range(len(shift)):
                        for case in range(cases):
                            weight = moved[case] * weights[row, p, case] * part[j, case]
                            if weight == 0.0:
                                continue
                            goal = base + shift[j, case]
                            marks[goal] = 1
                            out[goal, p, case] += weight
        away = goals[0][len(rows[0]), h] + goals[1][len(rows[0]), low]
        for case in range(cases):
            if place >= 0 and acts(policy[place], case):
                continue
            for p in range(mass.shape[1]):
                if mass[cell, p, case] != 0.0:
                    marks[away] = 1
                    out[away, p, case] += mass[cell, p, case]
        mass[cell] = 0.0


@njit(**BORROWING)
def _check(h, low, party, told, share, mass, expected, error):
    """Raise `error` by how far any mover's belief is from what it is expected to be after."""
    counts, kinds, beliefs, node_high, node_low = party[0], party[1], party[4], party[8], party[9]
    chance, nodes, parts = told[2], told[3], told[4]
    for i in range(len(counts)):
        if kinds[i] == 1:
            continue
        belief = beliefs[i, node_high[i, h] + node_low[i, low]]
        expected[:] = 0.0
        for a in range(counts[i]):
            _expect(belief, beliefs[i], chance[i, a], nodes[i, a], parts[i, a], kinds[i], expected)
        for case in range(len(error)):
            if not acts(share, case):
                for k in range(kinds[i]):
                    expected[k, case] = belief[k, case]
        _drift(expected, belief, mass, error)


@njit(**BORROWING)
def _expect(belief, beliefs, likely, nodes, parts, kinds, expected):
    """Add the belief that follows an option, times how likely the option is."""
    for case in range(expected.shape[1]):
        chance = 0.0
        for k in range(kinds):
            chance += belief[k, case] * likely[k, case]
        for j in range(kinds):
            for k in range(kinds):
                expected[k, case] += chance * parts[j, case] * beliefs[nodes[j, case], k, case]


@njit(**BORROWING)
def _move(mass, share, moved, chosen):
    for case in range(len(moved)):
        moved[case] = mass[case] * share[case]
    for case in range(len(moved)):
        chosen[case] += moved[case]


@njit(**BORROWING)
def _earn(moved, paid, earned):
    for case in range(len(moved)):
        earned[case] += moved[case] * paid[case]
