"""The derivatives of decisions at a point: what `kernels.response` carries small changes with.

With y the exponents of everybody's logit choice and Q the choice values, a small change of what
follows, of the precision and of y changes values by

    dV_j = sum_c chance(c) dQ_j(c) + sum_a pull(a, j) dy(a),
    pull(a, j) = share(a) (E[Q_j | a] - V_j),

where a runs through the options of all movers and c through their combinations. A single mover's
exponents are ``precision * Q``. In a sealed phase they are unknowns, and the equation is
``y = precision * outlook``, with the outlook of every mover's open options taken around its mean.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.backward import CHUNK, choice_values
from mistrust.kernels.elimination import factorise, substitute
from mistrust.kernels.options import OPTIONS
from mistrust.kernels.sealed import chunked, opened, options_of, room


@njit(**OPTIONS)
def derive(
    cells,
    values,
    goal_high,
    goal_low,
    row_high,
    row_low,
    live,
    weights,
    first_branch,
    open_high,
    open_low,
    open_table,
    first_pay,
    pay_group,
    pay_high,
    pay_low,
    pays,
    policy_high,
    policy_low,
    policy,
    counts,
    movers,
    precision,
    lanes,
    record,
    sign,
):
    """The derivatives of a decision, or of a sealed phase, in some lanes, into a record.

    Parameters
    ----------
    values ... movers
        As in `sealed.decide_sealed`, for one mover or more; `policy` is read.
    precision : (actors, lanes)
    record
        ``(chance, pull, aim, others, even, reply)``, written, by policy row and lane; the last
        three have no rows for a single mover:
        chance (combinations,): of each combination;
        pull (options of all movers, groups): see above;
        aim (options of all movers,): what each option is worth to its mover;
        others (movers, combinations): the chance of what the others choose;
        even (options of all movers,): weights in each mover's mean, 0 for what is not open;
        reply (options of all movers, options of all movers): how the exponents answer to changes
        of what options are worth, in logit units and around the means.
    sign : (lanes,)
        Multiplied by the sign of the determinant of the equation of every sealed stage.
    """
    chance, pull, aim, others, even, reply = record
    choices, agents, most = len(first_branch) - 1, len(movers), counts.max()
    width, n, size = open_table.shape[1], weights.shape[1], row_low.shape[1]
    choice, taken = np.zeros((choices, CHUNK * n)), options_of(choices, counts)
    payoff, open_ = np.zeros((agents, choices)), np.zeros((agents, most))
    share, rest = np.zeros((agents, most)), np.ones((agents, choices))
    outlook, slope = np.zeros(agents * most), np.zeros((agents * most, agents * most))
    partial, matrix, order = slope.copy(), slope.copy(), np.arange(agents * most)
    policy_at = (policy_high, policy_low)
    chunk, places, highs, lows = room()
    moves = (values, goal_high, goal_low, row_high, row_low, live, weights, first_branch)
    offer = (*moves, first_pay, pay_group, pay_high, pay_low, pays)
    done = 0
    while done < len(cells):
        count, done = chunked(cells, done, size, policy_at, chunk, places, highs, lows)
        for c in range(choices):
            choice_values(highs[:count], lows[:count], *offer, c, choice[c])
        for i in range(count):
            place = places[i]
            for w in lanes:
                likely = chance[place, w]
                for c in range(choices):
                    likely[c] = policy[(place * choices + c) * width + w]
                    for k in range(agents):
                        own = i * n + movers[k] * width + w
                        payoff[k, c] = choice[c, own] - choice[0, own]
                if agents > 1:
                    _marginals(likely, taken, share, rest)
                    others[place, w] = rest
                _pulls(
                    choice[:, i * n + w : (i + 1) * n : width], likely, taken, rest, pull[place, w]
                )
                if agents == 1:
                    aim[place, w] = payoff[0]
                    continue
                if not opened(open_high, open_low, open_table, highs[i], lows[i], w, taken, open_):
                    continue
                _meet(payoff, taken, share, rest, outlook, slope, partial)
                _centre(open_, outlook, slope, aim[place, w], even[place, w])
                sign[w] *= _invert(slope, precision[:, w], movers, matrix, order, reply[place, w])


@njit(**OPTIONS)
def _marginals(likely, taken, share, rest):
    """Strategies from the chances of combinations, and the chances of what the others choose."""
    flat = share.ravel()
    flat[:], rest[:] = 0.0, 1.0
    for k in range(len(taken)):
        for c in range(len(likely)):
            flat[taken[k, c]] += likely[c]
    for k in range(len(taken)):
        for other in range(len(taken)):
            if other != k:
                for c in range(len(likely)):
                    rest[k, c] *= flat[taken[other, c]]


@njit(**OPTIONS)
def _meet(payoff, taken, share, rest, outlook, slope, partial):
    """What each mover expects from its options, and how that answers to all movers' exponents.

    Parameters
    ----------
    payoff : (movers, combinations)
    outlook, slope : (options of all movers,), (options of all movers, options of all movers)
    partial
        As `slope`: scratch.
    """
    movers, most = share.shape
    flat = share.ravel()
    outlook[:], partial[:] = 0.0, 0.0
    for c in range(payoff.shape[1]):
        for i in range(movers):
            outlook[taken[i, c]] += rest[i, c] * payoff[i, c]
            for j in range(movers):
                if j == i:
                    continue
                chance = 1.0
                for other in range(movers):
                    if other != i and other != j:
                        chance *= flat[taken[other, c]]
                partial[taken[i, c], taken[j, c]] += chance * payoff[i, c]
    for row in range(len(outlook)):
        for begin in range(0, movers * most, most):
            mean = 0.0
            for b in range(begin, begin + most):
                mean += partial[row, b] * flat[b]
            for b in range(begin, begin + most):
                slope[row, b] = flat[b] * (partial[row, b] - mean)


@njit(**OPTIONS)
def _pulls(worth, likely, taken, rest, out):
    """How groups' values answer to the exponents: worth (choices, groups), out (options, groups).

    ``share(a) E[Q | a]`` is the sum over the combinations with a, since its mover's share times
    the rest is what they are likely.
    """
    out[:] = 0.0
    for g in range(out.shape[1]):
        mean = 0.0
        for c in range(len(likely)):
            mean += likely[c] * worth[c, g]
        for k in range(len(taken)):
            for c in range(len(likely)):
                out[taken[k, c], g] += likely[c] * (worth[c, g] - mean)


@njit(**OPTIONS)
def _centre(open_, outlook, slope, aim, even):
    """Outlooks around each mover's mean, into `aim`; their slopes, in place; the means' weights."""
    agents, most = open_.shape
    for k in range(agents):
        count, first = open_[k].sum(), k * most
        mean = 0.0
        for a in range(most):
            even[first + a] = open_[k, a] / count
            mean += even[first + a] * outlook[first + a]
        for a in range(most):
            aim[first + a] = open_[k, a] * (outlook[first + a] - mean)
        for j in range(agents * most):
            mean = 0.0
            for a in range(most):
                mean += even[first + a] * slope[first + a, j]
            for a in range(most):
                slope[first + a, j] = open_[k, a] * (slope[first + a, j] - mean)


@njit(**OPTIONS)
def _invert(slope, precision, movers, matrix, order, reply):
    """``(1 - precision * slope)^-1`` into reply, NaN if there is none; the determinant's sign."""
    n, most = len(matrix), len(matrix) // len(movers)
    for i in range(n):
        for j in range(n):
            matrix[i, j] = (i == j) - precision[movers[i // most]] * slope[i, j]
    sign = factorise(matrix, order)
    column, answer = np.zeros(n), np.full(n, np.nan)
    for j in range(n):
        column[:] = 0.0
        column[j] = 1.0
        if sign != 0.0:
            substitute(matrix, order, column, answer)
        for i in range(n):
            reply[i, j] = answer[i]
    return sign
