"""Choices of an actor with two types: values backward, probabilities forward, in vector loops.

What `shown.settle_private` and `revealed.push_private` do for any number of types. A posterior
between two nodes is shared out by *hats*: a node's weight falls from 1 to 0 as the posterior moves
away from it to the next one. So the worlds that lie side by side read the same nodes, weighted,
instead of each the two that it needs.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import position
from mistrust.kernels.forward import choose, earn
from mistrust.kernels.options import BORROWING, LENT, OPTIONS
from mistrust.kernels.shown import alone

_U = np.uint64


@njit(forceinline=True, **OPTIONS)
def scratch(cases):
    """Where the posterior lies, whether the option is open, a node's weights, and these in full."""
    return np.zeros(cases), np.zeros(cases), np.zeros(cases), np.zeros(cases)


@njit(**LENT)
def place(belief, bend, n, share, one, two, x, open_):
    """Where the posterior after an option lies, in nodes, and whether anybody has the option.

    Parameters
    ----------
    belief, bend : (2, cases), (4, cases)
    share
        Flat strategies; those of the two types for the option begin at `one` and `two`.

    Returns
    -------
    first, last
        The nodes that have a weight in some case; none if the last is before the first.
    """
    cases, low, high = _U(len(x)), float(n), -1.0
    for case in range(cases):
        first, second = share[one + case], share[two + case]
        own, other = belief[0, case] * first, belief[1, case] * second
        either, both = own + other, first + second
        own, part = own if either > 0.0 else first, either if either > 0.0 else both
        chance = own / (part if part > 0.0 else 1.0)
        edge, center, less, more = bend[0, case], bend[1, case], bend[2, case], bend[3, case]
        spot = position(chance, edge, center, less, more)
        spot = spot if spot < n else float(n)
        x[case], open_[case] = spot, 1.0 if both > 0.0 else 0.0
    for case in range(cases):
        if open_[case] != 0.0:
            low, high = min(low, x[case]), max(high, x[case])
    return int(low), (int(np.ceil(high)) if high >= 0.0 else -1)


@njit(forceinline=True, **LENT)
def hat(node, x, open_, out):
    """The weights of a node."""
    for case in range(_U(len(x))):
        far = abs(x[case] - node)
        out[case] = open_[case] * (1.0 - far if far < 1.0 else 0.0)


@njit(**OPTIONS)
def settle_two(cells, moves, payments, policy_at, policy, party, out):
    """Values from strategies at some cells; the arrays are those of `shown.settle_private`."""
    _settle(cells, moves, payments, policy_at, policy, alone(party), scratch(out.shape[3]), out)


@njit(**BORROWING)
def _settle(cells, moves, payments, policy_at, policy, hidden, work, out):
    """The same, with room to work in."""
    values, goals, rows, live, weights, first_branch = moves
    first_pay, pay_group, pays_at, pays = payments
    beliefs, _, first, n, bend, stride, node_high, node_low = hidden
    options, profiles, cases = policy.shape[1], policy.shape[2], policy.shape[3]
    groups, size, lanes = out.shape[1], goals[1].shape[1], profiles * cases
    x, open_, part, full = work
    after, here = values.reshape(values.size), out.reshape(out.size)
    shares, odds = policy.reshape(policy.size), weights.reshape(weights.size)
    amounts = pays.reshape(pays.size)
    for cell in cells:
        h, low = cell // size, cell % size
        node, spot = node_high[h] + node_low[low], _U(cell * groups * lanes)
        start = (policy_at[0][h] + policy_at[1][low]) * options * lanes
        for j in range(_U(groups * lanes)):
            here[spot + j] = 0.0
        for a in range(options):
            own = start + a * lanes
            one, two = _U(own + first[0] * cases), _U(own + first[1] * cases)
            begin, end = place(beliefs[node], bend, n, shares, one, two, x, open_)
            for k in range(first_pay[a], first_pay[a + 1]):
                paid = _U((pays_at[0][k, h] + pays_at[1][k, low]) * lanes)
                _add(lanes, shares, _U(own), amounts, paid, here, spot + _U(pay_group[k] * lanes))
            for to in range(begin, end + 1):
                hat(to, x, open_, part)
                for b in range(first_branch[a], first_branch[a + 1]):
                    row = rows[0][b, h] + rows[1][b, low]
                    if not live[row]:
                        continue
                    goal = goals[0][b, h] + goals[1][b, low] + (to - node) * stride
                    for p in range(profiles):
                        s = p * cases
                        _weigh(shares, _U(own + s), odds, _U(row * lanes + s), part, full)
                        y = _U(goal * groups * lanes + s)
                        _blend(groups, _U(lanes), full, after, y, here, spot + _U(s))
        _stay(options, lanes, shares, _U(start), part)
        away = goals[0][len(rows[0]), h] + goals[1][len(rows[0]), low]
        _keep(groups, profiles, part, after, _U(away * groups * lanes), here, spot)


@njit(forceinline=True, **LENT)
def _add(lanes, share, begin, paid, at, out, spot):
    """Add what is paid, by how likely."""
    for w in range(_U(lanes)):
        out[spot + w] += share[begin + w] * paid[at + w]


@njit(forceinline=True, **LENT)
def _weigh(share, begin, odds, at, part, out):
    """How likely an option, a branch and a node are together."""
    for case in range(_U(len(out))):
        out[case] = share[begin + case] * odds[at + case] * part[case]


@njit(forceinline=True, **LENT)
def _blend(groups, lanes, weight, values, y, out, spot):
    """Add weighted values, but none without weight: there may be no value there."""
    for g in range(_U(groups)):
        a, z = y + g * lanes, spot + g * lanes
        for case in range(_U(len(weight))):
            more, value = weight[case], values[a + case]
            out[z + case] += more * (value if more != 0.0 else 0.0)


@njit(forceinline=True, **BORROWING)
def _stay(options, lanes, share, start, acts):
    """In which cases anybody has any option: `acts` is not 0 there."""
    for case in range(_U(len(acts))):
        acts[case] = 0.0
    for j in range(_U(options * lanes) // _U(len(acts))):
        for case in range(_U(len(acts))):
            acts[case] += share[start + j * _U(len(acts)) + case]


@njit(forceinline=True, **BORROWING)
def _keep(groups, profiles, acts, values, y, out, spot):
    """Where nobody has any, nothing happens."""
    for case in range(_U(len(acts))):
        if acts[case] == 0.0:
            for j in range(_U(groups * profiles)):
                k = j * _U(len(acts)) + case
                out[spot + k] = values[y + k]


@njit(**OPTIONS)
def push_two(
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
    """Forward, the transpose of `settle_two`; the arrays are those of `revealed.push_private`."""
    profiles, cases = policy.shape[2], policy.shape[3]
    room = np.zeros(profiles * cases), np.zeros((2, cases)), np.zeros(cases)
    moves = mass, goals, rows, live, weights, first_branch
    payments, told = (first_pay, pays_at, pays), (chosen, earned, error, marks, out)
    hidden, work = alone(party), (*scratch(cases), *room)
    _push(cells, moves, payments, policy_at, policy, hidden, told, work)


@njit(**BORROWING)
def _push(cells, moves, payments, policy_at, policy, hidden, told, work):
    """The same, with room to work in."""
    mass, goals, rows, live, weights, first_branch = moves
    (first_pay, pays_at, pays), (chosen, earned, error, marks, out) = payments, told
    beliefs, _, first, n, bend, stride, node_high, node_low = hidden
    options, profiles, cases = policy.shape[1], policy.shape[2], policy.shape[3]
    size, lanes = goals[1].shape[1], profiles * cases
    x, open_, part, _, moved, expected, acts = work
    here, there, shares = (
        mass.reshape(mass.size),
        out.reshape(out.size),
        policy.reshape(policy.size),
    )
    odds, amounts = weights.reshape(weights.size), pays.reshape(pays.size)
    taken, gains = chosen.reshape(chosen.size), earned.reshape(earned.size)
    for cell in cells:
        h, low = cell // size, cell % size
        node, spot = node_high[h] + node_low[low], _U(cell * lanes)
        place_ = policy_at[0][h] + policy_at[1][low]
        start = place_ * options * lanes
        acts[:], expected[:] = 0.0, 0.0
        if place_ >= 0:
            _stay(options, lanes, shares, _U(start), acts)
        for a in range(options if place_ >= 0 else 0):
            own = start + a * lanes
            one, two = _U(own + first[0] * cases), _U(own + first[1] * cases)
            begin, end = place(beliefs[node], bend, n, shares, one, two, x, open_)
            if end < begin:
                continue
            choose(_U(1), _U(lanes), here, spot, shares, _U(own), moved, taken, _U(a * lanes))
            for k in range(first_pay[a], first_pay[a + 1]):
                paid = (pays_at[0][k, h] + pays_at[1][k, low]) * lanes
                earn(_U(lanes), moved, amounts, _U(paid), gains, _U(k * lanes))
            for to in range(begin, end + 1):
                hat(to, x, open_, part)
                _expect(beliefs, node, to, shares, one, two, part, expected)
                for b in range(first_branch[a], first_branch[a + 1]):
                    row = rows[0][b, h] + rows[1][b, low]
                    if not live[row]:
                        continue
                    goal, some = goals[0][b, h] + goals[1][b, low] + (to - node) * stride, False
                    for p in range(profiles):
                        shift = p * cases
                        at, y = _U(row * lanes + shift), _U(goal * lanes + shift)
                        some |= _send(moved, _U(shift), odds, at, part, there, y)
                    if some:
                        marks[goal] = 1
        away = goals[0][len(rows[0]), h] + goals[1][len(rows[0]), low]
        if _pass(profiles, acts, here, spot, there, _U(away * lanes)):
            marks[away] = 1
        _drift(profiles, acts, part, expected, beliefs[node], here, spot, error)
        for w in range(_U(lanes)):
            here[spot + w] = 0.0


@njit(forceinline=True, **LENT)
def _expect(beliefs, node, to, share, one, two, part, expected):
    """Add the belief that follows, times how likely it is."""
    for case in range(_U(len(part))):
        first, second = beliefs[node, 0, case], beliefs[node, 1, case]
        likely = (first * share[one + case] + second * share[two + case]) * part[case]
        expected[0, case] += likely * beliefs[to, 0, case]
        expected[1, case] += likely * beliefs[to, 1, case]


@njit(forceinline=True, **LENT)
def _send(moved, begin, odds, at, part, out, y):
    """Add the mass of a branch and a node to a cell; whether there is any."""
    some = 0
    for case in range(_U(len(part))):
        own = moved[begin + case] * odds[at + case] * part[case]
        out[y + case] += own
        some += own != 0.0
    return some > 0


@njit(forceinline=True, **BORROWING)
def _pass(profiles, acts, mass, spot, out, y):
    """Send on what has nobody to decide; whether there is any."""
    some, cases = False, _U(len(acts))
    for case in range(cases):
        if acts[case] == 0.0:
            for p in range(_U(profiles)):
                k = p * cases + case
                some |= mass[spot + k] != 0.0
                out[y + k] += mass[spot + k]
    return some


@njit(forceinline=True, **LENT)
def _drift(profiles, acts, some, expected, belief, mass, spot, error):
    """Raise `error` by how far the expected belief is off, where there is mass and a choice."""
    cases = _U(len(acts))
    for case in range(cases):
        some[case] = 0.0
    for p in range(_U(profiles)):
        for case in range(cases):
            some[case] += mass[spot + p * cases + case]
    for case in range(cases):
        one, two = expected[0, case] - belief[0, case], expected[1, case] - belief[1, case]
        one, two, before = abs(one), abs(two), error[case]
        gap = one if one > two else two
        gap = gap if (some[case] > 0.0) & (acts[case] != 0.0) else 0.0
        error[case] = gap if gap > before else before
