"""The equation of an actor with two types and a step of Newton's method, for many columns.

Every function is one loop over the columns, in which a branch is a choice of numbers and options
follow one another: `ways` is a tuple with an entry for each option, so that their number is known
to the compiler, which turns the loop into vector instructions. Only `read` looks things up.
`kernels.pair` says what the arrays are and drives the loops. Numbers are of single or of double
precision: ``real`` is the type that `state` has, since a literal would make everything double.
Several of these loops in one take half as long again.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.classes import scratch as classes
from mistrust.kernels.options import BORROWING, LENT, OPTIONS
from mistrust.kernels.scalar import exponential, logarithm

_U = np.uint64
WIDTH = 264
"""Columns; not a power of two, or rows would lie in one another's way in the cache."""
JOB, HOME, STATUS, MODE, TURN, COUNT, WHICH, NODE, PIECE = range(9)
"""The rows of `whole`; PIECE begins a row for each option."""
PRIOR, PRECISION, SCALE, LENGTH, DISTANCE, LAST, GAP, SIGN = range(8)
NEARBY, LONGEST, MEAN, SHIFT, INVERSE, STEEP, KEPT, BEND, OPEN = 8, 9, 10, 11, 12, 13, 14, 15, 19
"""The first rows of `state`; BEND begins four, OPEN a row for each option."""
POINT, TRIED, TANGENT, ROW, MOVE, WAY = range(6)
ONE, TWO, SHARE_ONE, SHARE_TWO, REST, BY_T, OWN, COMMON = range(6, 14)
"""The blocks that follow in `state`, a row for each option and one for t."""
SHUT = -1e30
"""Worth less than any option that is open."""


@njit(forceinline=True, **BORROWING)
def at(block, j, size):
    """The row of option j (or, if j is `size`, of t) in a block."""
    return OPEN + size + block * (size + 1) + j


@njit(forceinline=True, **BORROWING)
def spot(row):
    """Where a row begins in `whole` or `state`, taken flat."""
    return _U(row * WIDTH)


@njit(forceinline=True, **BORROWING)
def single(state):
    """Whether these are numbers of single precision; known to the compiler."""
    real = state.dtype.type
    return real(1.0) + real(1e-9) == real(1.0)


@njit(**OPTIONS)
def scratch(options, places, nodes):
    """What `pair.climb` works in, for so many options, places and nodes of the belief.

    Returns
    -------
    rough, exact : (whole, state)
        For the two passes, in single and in double precision; their rows are below.
    room
        `classes.scratch`.

    Rows
    ----
    whole : (8 + options, columns)
        A column's place, whose values it reads, status and mode (see `pair`), Newton steps so far,
        steps along the branch (-1 where both types play alike), the option whose posterior comes
        to a node, that node; then for each option the piece between two nodes that its values are
        read on, -1 for the one where the posterior lies.
    state : (rows, columns)
        Log-odds of the belief, precision, scale of t, length of the step along the branch, how
        far to move along ROW, size of the last Newton step, what is left, the determinant; what is
        near enough on the way, and how long steps may become (see `pair.climb`); differences
        between the types of mean values and of log-sums; one over the scale; the most that values
        change with an option's log-odds; the last point's determinant, 0 at the first; where the
        nodes lie (see `belief.position`); which options are open; the last point on the branch, the
        one tried (log-odds and t), the tangent, the row that completes the equations, Newton's step
        and the new tangent's direction; by type the choice values and strategies; what is left of
        the equation, and its derivatives by t, by the option's own log-odds and (adding to it) by
        the log-odds of any.
    """
    rows = OPEN + options + 14 * (options + 1)
    rough = np.full((PIECE + options, WIDTH), -1, np.int32), np.zeros((rows, WIDTH), np.float32)
    exact = np.full((PIECE + options, WIDTH), -1, np.int32), np.zeros((rows, WIDTH))
    return rough, exact, classes(places, options, nodes)


@njit(**LENT)
def locate(count, ways, nodes, whole, state):
    """Where the posteriors tried lie: REST the part of a piece, OWN its number, BY_T its steps.

    The steps, to the unit of log-odds, times t and precision, make slopes of differences.
    """
    size, last = len(ways), state.dtype.type(nodes - 2)
    tried, t_at, pieces = spot(at(TRIED, 0, size)), spot(at(TRIED, size, size)), spot(PIECE)
    rest, own, by_t = spot(at(REST, 0, size)), spot(at(OWN, 0, size)), spot(at(BY_T, 0, size))
    real = state.dtype.type
    zero, one = real(0.0), real(1.0)
    for i in range(_U(count)):
        edge, center = state[spot(BEND) + i], state[spot(BEND + 1) + i]
        less, more = state[spot(BEND + 2) + i], state[spot(BEND + 3) + i]
        sharp, product = state[t_at + i] * state[spot(PRECISION) + i], one
        for a in range(_U(size)):
            j = a * _U(WIDTH) + i
            weight = exponential(-abs(state[tried + j]))
            state[rest + j], state[own + j] = weight, product
            product *= one + weight
        product = one / product  # one division for all options
        for b in range(_U(size)):
            j = (_U(size - 1) - b) * _U(WIDTH) + i
            odds, piece, weight = state[tried + j], whole[pieces + j], state[rest + j]
            common = product * state[own + j]
            product *= one + weight
            rare = weight * common  # the rarer type's probability
            chance = common if odds > zero else rare
            fixed = real(piece)
            fine = (fixed >= center) | ((piece < 0) & (chance >= edge))
            here, there = chance * less, center + (chance - edge) * more
            x, steps = there if fine else here, more if fine else less
            low = np.floor(x)
            low = low if low < last else last
            low = fixed if piece >= 0 else low
            state[rest + j], state[own + j] = x - low, low
            state[by_t + j] = sharp * steps * rare * common


@njit(**BORROWING)
def read(count, ways, values, nodes, whole, state):
    """The values at both ends of the pieces: below in ONE and TWO, above in SHARE_*."""
    size = len(ways)
    own, one, two = spot(at(OWN, 0, size)), spot(at(ONE, 0, size)), spot(at(TWO, 0, size))
    over, other = spot(at(SHARE_ONE, 0, size)), spot(at(SHARE_TWO, 0, size))
    homes, stride, next_ = spot(HOME), _U(size * nodes), _U(2)
    for a in range(_U(size)):
        for i in range(_U(count)):
            j = a * _U(WIDTH) + i
            cell = _U(whole[homes + i]) * stride + a * _U(nodes) + _U(int(state[own + j]))
            cell += cell
            state[one + j], state[two + j] = values[cell], values[cell + _U(1)]
            cell += next_
            state[over + j], state[other + j] = values[cell], values[cell + _U(1)]


@njit(forceinline=True, **LENT)
def _lesser(values, size, t, state):
    """Where there are two options, what the worse one weighs beside the better one."""
    gap = state[values] - state[values + _U(WIDTH)]
    return exponential(-t * abs(gap)) if size == 2 else t


@njit(forceinline=True, **LENT)
def _weight(size, real, t, gap, lesser):
    """What an option weighs beside the best one, than which it is worth less by the gap."""
    zero, one = real(0.0), real(1.0)
    if size == 2:  # one exponential serves both
        return one if gap >= zero else lesser
    return exponential(t * (gap if gap < zero else zero))


@njit(**LENT)
def choose(count, ways, whole, state):
    """Values and strategies at the points tried; OWN and COMMON become slopes by log-odds."""
    size = len(ways)
    open_, t_at = spot(OPEN), spot(at(TRIED, size, size))
    one, two = spot(at(ONE, 0, size)), spot(at(TWO, 0, size))
    share1, share2 = spot(at(SHARE_ONE, 0, size)), spot(at(SHARE_TWO, 0, size))
    rest, by_t = spot(at(REST, 0, size)), spot(at(BY_T, 0, size))
    own, common = spot(at(OWN, 0, size)), spot(at(COMMON, 0, size))
    real = state.dtype.type
    zero, one_, shut = real(0.0), real(1.0), real(SHUT)
    for i in range(_U(count)):
        sharp, t, best1, best2 = state[spot(PRECISION) + i], state[t_at + i], shut, shut
        for a in range(_U(size)):
            j = a * _U(WIDTH) + i
            low1, low2, free = state[one + j], state[two + j], state[open_ + j]
            rise1, rise2 = state[share1 + j] - low1, state[share2 + j] - low2
            part, steps = state[rest + j], state[by_t + j]
            value1, value2 = sharp * (low1 + part * rise1), sharp * (low2 + part * rise2)
            state[one + j], state[two + j] = value1, value2
            state[own + j], state[common + j] = rise1 * steps, rise2 * steps
            worth1, worth2 = value1 if free != zero else shut, value2 if free != zero else shut
            best1, best2 = worth1 if worth1 > best1 else best1, worth2 if worth2 > best2 else best2
        less1, less2 = _lesser(one + i, size, t, state), _lesser(two + i, size, t, state)
        total1, total2, mean1, mean2 = zero, zero, zero, zero
        for a in range(_U(size)):
            j = a * _U(WIDTH) + i
            value1, value2, free = state[one + j], state[two + j], state[open_ + j]
            gap1, gap2 = value1 - best1, value2 - best2
            weight1 = free * _weight(size, real, t, gap1, less1)
            weight2 = free * _weight(size, real, t, gap2, less2)
            state[share1 + j], state[share2 + j] = weight1, weight2
            total1, total2 = total1 + weight1, total2 + weight2
            mean1, mean2 = mean1 + weight1 * value1, mean2 + weight2 * value2
        less2 = one_ / (total1 * total2)
        less1, less2 = less2 * total2, less2 * total1
        state[spot(MEAN) + i] = mean1 * less1 - mean2 * less2
        shift = logarithm(total1 * less2) + t * (best1 - best2)
        state[spot(SHIFT) + i] = shift - state[spot(PRIOR) + i]
        for a in range(_U(size)):
            j = a * _U(WIDTH) + i
            part1, part2 = state[share1 + j] * less1, state[share2 + j] * less2
            state[share1 + j], state[share2 + j] = part1, part2


@njit(**LENT)
def newton(count, ways, whole, state):
    """Newton's step and the tangent's direction.

    What is left of the equation, and of ``row @ (point tried - last point) = distance``, is to
    vanish; along the tangent only the latter grows. The derivatives are a diagonal, one row that
    is the same for all, and a column, so that two equations remain: for what that row adds, and
    for t.
    """
    size = len(ways)
    open_, row = spot(OPEN), spot(at(ROW, 0, size))
    point, tried = spot(at(POINT, 0, size)), spot(at(TRIED, 0, size))
    one, two = spot(at(ONE, 0, size)), spot(at(TWO, 0, size))
    share1, share2 = spot(at(SHARE_ONE, 0, size)), spot(at(SHARE_TWO, 0, size))
    own, common = spot(at(OWN, 0, size)), spot(at(COMMON, 0, size))
    rest, by_t = spot(at(REST, 0, size)), spot(at(BY_T, 0, size))
    move, way, end = spot(at(MOVE, 0, size)), spot(at(WAY, 0, size)), spot(size)
    real = state.dtype.type
    zero, one_, small, tiny = real(0.0), real(1.0), real(1e-5), real(1e-12)
    for i in range(_U(count)):
        scale, less_t, border = (
            state[spot(SCALE) + i],
            state[spot(INVERSE) + i],
            state[row + end + i],
        )
        t, here = state[tried + end + i], state[point + end + i]
        mean, shift, worst, most = state[spot(MEAN) + i], state[spot(SHIFT) + i], zero, zero
        first0, first1, first2, second0, second1 = one_, zero, zero, zero, border
        second2, product = (t - here) * scale * border - state[spot(DISTANCE) + i], one_
        for a in range(_U(size)):
            j = a * _U(WIDTH) + i
            odds, free, edge = state[tried + j], state[open_ + j], state[row + j]
            slope1, slope2, gap = state[own + j], state[common + j], state[one + j] - state[two + j]
            over, slopes = free * (odds - t * gap + shift), abs(slope1) + abs(slope2)
            most = most if most > slopes else slopes
            left, far = abs(over) * (one_ + slopes), small * abs(odds)
            left = left / (far if far > one_ else one_)
            worst = worst if left <= worst else left
            by, steep = free * (mean - gap) * less_t, one_ - free * (slope1 - slope2)
            steep = steep if abs(steep) > tiny else tiny
            less = one_ / steep
            shared = (state[share1 + j] * slope1 - state[share2 + j] * slope2) * less
            ahead, back = odds - state[point + j], edge * less
            product *= steep
            state[rest + j], state[by_t + j], state[own + j] = over, by, less
            first0, first1, first2 = first0 + shared, first1 + shared * by, first2 + shared * over
            second0, second1 = second0 - back, second1 - back * by
            second2 += edge * ahead - back * over
        determinant = first0 * second1 - first1 * second0
        inverse = one_ / determinant
        added = (first2 * second1 - second2 * first1) * inverse
        step_t = (first0 * second2 - second0 * first2) * inverse
        way_t, turn = first0 * inverse, -first1 * inverse
        state[move + end + i], state[way + end + i] = step_t, way_t
        state[spot(SIGN) + i], state[spot(GAP) + i] = determinant * product, worst
        state[spot(STEEP) + i] = most
        for a in range(_U(size)):
            j = a * _U(WIDTH) + i
            less, by = state[own + j], state[by_t + j]
            state[move + j] = (state[rest + j] - added - by * step_t) * less
            state[way + j] = -(turn + by * way_t) * less
