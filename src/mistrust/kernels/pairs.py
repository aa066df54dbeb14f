"""The equation of an actor with two types and a step of Newton's method, for many columns.

In loops that the compiler can turn into vector instructions; `kernels.pair` says what the arrays
are and drives them.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.choice import exponential, logarithm
from mistrust.kernels.options import FUSED, OPTIONS

WIDTH = 520
"""Columns; not a power of two, or rows would lie in one another's way in the cache."""
JOB, STATUS, MODE, TURN, COUNT, WHICH, NODE, PIECE = range(8)
"""The rows of `whole`; PIECE begins a row for each option."""
PRIOR, PRECISION, SCALE, LENGTH, DISTANCE, LAST, GAP, SIGN = range(8)
NEARBY, LONGEST, BEND, OPEN = 8, 9, 10, 14
"""The first rows of `state`; BEND begins four, OPEN a row for each option."""
POINT, TRIED, TANGENT, ROW, MOVE, WAY = range(6)
ONE, TWO, SHARE_ONE, SHARE_TWO, REST, BY_T, OWN, COMMON = range(6, 14)
"""The blocks that follow in `state`, a row for each option and one for t."""


@njit(forceinline=True, **OPTIONS)
def at(block, j, size):
    """The row of option j (or, if j is `size`, of t) in a block."""
    return OPEN + size + block * (size + 1) + j


@njit(**OPTIONS)
def scratch(options):
    """What `pair.climb` works in, for so many options.

    Returns
    -------
    whole : (7 + options, columns)
        A column's place, status and mode (see `pair`), Newton steps so far, steps along the
        branch (-1 where both types play alike), the option whose posterior comes to a node, that
        node; then for each option the piece between two nodes that its values are read on, -1 for
        the one where the posterior lies.
    state : (rows, columns)
        Log-odds of the belief, precision, scale of t, length of the step along the branch, how
        far to move along ROW, size of the last Newton step, what is left, the determinant; what is
        near enough on the way, and how long steps may become (see `pair.climb`); where the nodes
        lie (see `belief.position`); which options are open; the last point on the branch, the one
        tried (log-odds and t), the tangent, the row that completes the equations, Newton's step
        and the new tangent's direction; by type the choice values and strategies; what is left of
        the equation, and its derivatives by t, by the option's own log-odds and (adding to it) by
        the log-odds of any.
    loose : (8, columns)
    """
    rows = OPEN + options + 14 * (options + 1)
    whole = np.full((PIECE + options, WIDTH), -1)
    return whole, np.zeros((rows, WIDTH)), np.zeros((8, WIDTH))


@njit(**OPTIONS)
def equation(count, worth, whole, state, loose):
    """What is left of the equation at the points tried, and its derivatives."""
    size = worth.shape[1]
    t = state[at(TRIED, size, size)]
    for a in range(size):
        _read(
            count,
            a,
            worth,
            whole[JOB],
            whole[PIECE + a],
            (state[BEND], state[BEND + 1], state[BEND + 2], state[BEND + 3]),
            state[at(TRIED, a, size)],
            t,
            state[PRECISION],
            state[at(ONE, a, size)],
            state[at(TWO, a, size)],
            state[at(OWN, a, size)],
            state[at(COMMON, a, size)],
            loose,
        )
    _share(count, size, ONE, SHARE_ONE, t, state, loose[0], loose[1], loose[2], loose[6:])
    _share(count, size, TWO, SHARE_TWO, t, state, loose[3], loose[4], loose[5], loose[6:])
    x, power, worst = loose[6, :count], loose[7], state[GAP]
    _shift(count, t, loose[:3], loose[3:6], x)
    logarithm(x, loose[6].view(np.int64), power)
    for i in range(count):
        x[i] += loose[0, i] - state[PRIOR, i]
        worst[i] = 0.0
    for a in range(size):
        _rest(
            count,
            state[OPEN + a],
            t,
            state[at(TRIED, a, size)],
            x,
            loose,
            state[at(ONE, a, size)],
            state[at(TWO, a, size)],
            state[at(SHARE_ONE, a, size)],
            state[at(SHARE_TWO, a, size)],
            state[at(REST, a, size)],
            state[at(BY_T, a, size)],
            state[at(OWN, a, size)],
            state[at(COMMON, a, size)],
            worst,
        )


@njit(**FUSED)
def _read(count, a, worth, job, piece, bend, odds, t, precision, one, two, slope1, slope2, loose):
    """Values of an option at its posteriors, and their slopes by log-odds times t."""
    options, nodes = worth.shape[1], worth.shape[2]
    flat, last, (bound, middle, below, above) = worth.ravel(), float(nodes - 2), bend
    x, cells, place = loose[6, :count], loose[7], loose[5]
    for i in range(count):
        x[i] = -abs(odds[i])
    exponential(x, cells, cells.view(np.int64), place)
    for i in range(count):
        rare = x[i] / (1.0 + x[i])  # the rarer type's probability
        own = 1.0 - rare if odds[i] > 0.0 else rare
        less, more, center, edge = below[i], above[i], middle[i], bound[i]
        fine = _beyond(piece[i], center, own >= edge)
        beyond = center + (own - edge) * more
        place[i] = beyond if fine else own * less
        x[i] = t[i] * precision[i] * (more if fine else less) * rare * (1.0 - rare)
    whole = cells.view(np.uint64)
    for i in range(count):
        low = np.floor(place[i])
        low = low if low < last else last
        low = float(piece[i]) if piece[i] >= 0 else low
        place[i] -= low
        whole[i] = np.uint64(((job[i] * options + a) * nodes + int(low)) * 2)
    for i in range(count):
        cell, part, sharp, by = whole[i], place[i], precision[i], x[i]
        low1, low2 = flat[cell], flat[cell + np.uint64(1)]
        rise1, rise2 = flat[cell + np.uint64(2)] - low1, flat[cell + np.uint64(3)] - low2
        one[i], two[i] = sharp * (low1 + part * rise1), sharp * (low2 + part * rise2)
        slope1[i], slope2[i] = rise1 * by, rise2 * by


@njit(forceinline=True, **OPTIONS)
def _beyond(piece, middle, free):
    """Whether the steps of the grid are those above its bend, on a piece or where it is free."""
    return (piece >= middle) | ((piece < 0) & free)


@njit(**FUSED)
def _share(count, size, values, shares, t, state, best, total, mean, loose):
    """Weights of the logit relative to the best option, their sum and the sum of weight * value."""
    x, scratch, power = loose[0, :count], loose[1], state[GAP]
    for i in range(count):
        best[i], total[i], mean[i] = -1e300, 0.0, 0.0
    for a in range(size):
        value, free = state[at(values, a, size)], state[OPEN + a]
        for i in range(count):
            own = value[i] if free[i] != 0.0 else -1e300
            best[i] = own if own > best[i] else best[i]
    for a in range(size):
        value, free = state[at(values, a, size)], state[OPEN + a]
        weight = state[at(shares, a, size)]
        for i in range(count):
            gap = value[i] - best[i]
            x[i] = t[i] * (gap if gap < 0.0 else 0.0)
        exponential(x, scratch, scratch.view(np.int64), power)
        for i in range(count):
            own = x[i] * free[i]
            weight[i] = own
            total[i] += own
            mean[i] += own * value[i]


@njit(**FUSED)
def _shift(count, t, first, second, x):
    """The ratio of the sums of weights; differences of best and mean values in `first`."""
    for i in range(count):
        one, two = 1.0 / first[1, i], 1.0 / second[1, i]
        x[i] = first[1, i] * two
        first[0, i] = t[i] * (first[0, i] - second[0, i])
        first[2, i] = first[2, i] * one - second[2, i] * two
        first[1, i], second[1, i] = one, two


@njit(**FUSED)
def _rest(
    count, free, t, odds, shift, sums, one, two, chance1, chance2, rest, by_t, own, common, worst
):
    """What is left for one option, and its derivatives from the slopes in `own` and `common`."""
    less1, less2, mean = sums[1], sums[4], sums[2]
    for i in range(count):
        first, second = chance1[i] * less1[i], chance2[i] * less2[i]
        gap, on, far = one[i] - two[i], free[i], abs(odds[i])
        steep, other = own[i], common[i]
        over = on * (odds[i] - t[i] * gap + shift[i])
        left = abs(over) * (1.0 + abs(steep) + abs(other))
        size = 1e-5 * far if far > 1e5 else 1.0
        most = worst[i]
        chance1[i], chance2[i] = first, second
        by_t[i] = on * (mean[i] - gap)
        rest[i] = over
        worst[i] = most if left <= most * size else left / size
        own[i] = 1.0 - on * (steep - other)
        common[i] = first * steep - second * other


@njit(**FUSED)
def newton(count, size, state, loose):
    """Newton's step and the tangent's direction.

    What is left of the equation, and of ``row @ (point tried - last point) = distance``, is to
    vanish; along the tangent only the latter grows. The derivatives are a diagonal, one row that
    is the same for all, and a column, so that two equations remain: for what that row adds, and
    for t.
    """
    first, second, product, scale = loose[0:3], loose[3:6], loose[6], state[SCALE]
    border, tried = state[at(ROW, size, size)], state[at(TRIED, size, size)]
    point = state[at(POINT, size, size)]
    step_t, way_t = state[at(MOVE, size, size)], state[at(WAY, size, size)]
    for i in range(count):
        first[0, i], first[1, i], first[2, i] = 1.0, 0.0, 0.0
        second[0, i], second[1, i] = 0.0, border[i]
        ahead = (tried[i] - point[i]) * scale[i] * border[i]
        second[2, i], product[i] = ahead - state[DISTANCE, i], 1.0
    for a in range(size):
        _gather(
            count,
            scale,
            state[at(REST, a, size)],
            state[at(BY_T, a, size)],
            state[at(OWN, a, size)],
            state[at(COMMON, a, size)],
            state[at(ROW, a, size)],
            state[at(TRIED, a, size)],
            state[at(POINT, a, size)],
            (first[0], first[1], first[2]),
            (second[0], second[1], second[2]),
            product,
        )
    for i in range(count):
        determinant = first[0, i] * second[1, i] - first[1, i] * second[0, i]
        inverse = 1.0 / determinant
        added = (first[2, i] * second[1, i] - second[2, i] * first[1, i]) * inverse
        step_t[i] = (first[0, i] * second[2, i] - second[0, i] * first[2, i]) * inverse
        way_t[i] = first[0, i] * inverse
        first[2, i], second[2, i] = added, -first[1, i] * inverse
        state[SIGN, i] = determinant * product[i]
    added, way_added = first[2], second[2]
    for a in range(size):
        rest, by_t = state[at(REST, a, size)], state[at(BY_T, a, size)]
        own, step, way = state[at(OWN, a, size)], state[at(MOVE, a, size)], state[at(WAY, a, size)]
        for i in range(count):
            less, by = own[i], by_t[i]
            step[i] = (rest[i] - added[i] - by * step_t[i]) * less
            way[i] = -(way_added[i] + by * way_t[i]) * less


@njit(**FUSED)
def _gather(count, scale, rest, by_t, own, common, border, tried, point, first, second, product):
    """An option's part in the two equations; leaves the inverse of its diagonal in `own`."""
    one, by_one, rest_one = first
    two, by_two, rest_two = second
    for i in range(count):
        steep = own[i] if abs(own[i]) > 1e-12 else 1e-12
        less = 1.0 / steep
        by, shared, edge, over = by_t[i] / scale[i], common[i] * less, border[i], rest[i]
        row = edge * less
        product[i] *= steep
        own[i], by_t[i] = less, by
        one[i] += shared
        by_one[i] += shared * by
        rest_one[i] += shared * over
        two[i] -= row
        by_two[i] -= row * by
        rest_two[i] += edge * (tried[i] - point[i]) - row * over
