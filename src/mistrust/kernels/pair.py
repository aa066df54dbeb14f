"""The equilibrium of an actor with two types, at many places at once.

With two types all that matters of the strategies is the posterior after each option. In log-odds
``l(a)``, with Q1 and Q2 the choice values of the types read at that posterior, and precision
scaled by t in [0, 1]: ``l(a) = logit(belief) + t precision (Q1(a) - Q2(a)) - (Z1 - Z2)``, Z the
log-sums of the logit. As long as t is so small that the right side is a contraction there is one
solution; from there on the branch is followed by arc length, as in `kernels.branch`, to which is
left what is not found this way. A node of the belief at which the branch turns sharply is landed
on, and left on its other side.

Places take turns in a few columns: `kernels.pairs` evaluates the equation and Newton's step for
all columns in long loops, then each column goes on by itself, as `proceed` says.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import OPTIONS
from mistrust.kernels.pairs import (
    BY_T,
    DISTANCE,
    GAP,
    JOB,
    LAST,
    LENGTH,
    MOVE,
    ONE,
    OPEN,
    PIECE,
    POINT,
    PRECISION,
    PRIOR,
    ROW,
    SCALE,
    SHARE_ONE,
    SHARE_TWO,
    SIGN,
    TANGENT,
    TRIED,
    TWO,
    WAY,
    at,
    equation,
    newton,
)

CLOSE = 1e-10
"""Choice values in logit units that differ by less than this from what they imply are solved."""
NEAR = 1e-4
"""Log-odds that differ by less than this (relative above 1) are near enough on the way, if the
step is not a small one."""
LONGEST = 4.0
"""Longest step along the branch, in log-odds, unless it runs straight."""
STRAIGHT = 0.99
"""The cosine of the angle between two tangents above which it does."""
BENT, SMALL = 0.7, 0.01
"""The cosine below which a step has turned too far, unless it is small (log-odds)."""
ALIKE = 1e-13
"""Posteriors that differ by less than this from the prior teach nothing."""
SHORTEST = 1e-8
"""A step along the branch below which the way is lost."""
STEPS = 1000
"""Steps along the branch before it is left to `kernels.branch`."""

BEGIN, FIXED, ALONG, LANDING, BEYOND = range(5)
"""What a column is at: t = 0; t = 1; a step along the branch; a node, and beyond it."""
GO_ON, SOLVED, LOST = range(3)
MODE, TURN, COUNT, WHICH, NODE = range(1, 6)
"""Whole numbers of a column, see `pairs.scratch`."""


@njit(**OPTIONS)
def climb(places, worth, belief, precision, open_, y, share, left, work):
    """Follow the principal branch to full precision, at some places.

    Parameters
    ----------
    places
        Which ones.
    worth : (all places, options, nodes, 2)
        The choice value to each type, at each belief that may follow.
    belief, precision : (all places,)
        The probability of the first type, not 0 or 1.
    open_ : (all places, 2, options)
        Which options there are, the same ones to both types.
    y, share : (all places, 2, options)
        Return the choice values in logit units, and the strategies, of the options that are open.
    left : (all places,)
        Returns the residual, or infinity if the way is lost; then a longer one must be taken.
    work
        `pairs.scratch`.
    """
    whole, state, loose = work
    size, n = worth.shape[1], worth.shape[2] - 1
    count = min(len(places), whole.shape[1])
    for i in range(count):
        _load(i, places[i], size, belief, precision, open_, whole, state)
    coming = count
    while count > 0:
        equation(count, worth, whole, state, loose)
        newton(count, size, state, loose)
        for i in range(count - 1, -1, -1):
            status = proceed(i, worth, n, size, whole, state)
            if status == GO_ON:
                continue
            job = whole[JOB, i]
            left[job] = state[GAP, i] if status == SOLVED else np.inf
            for a in range(size):
                if open_[job, 0, a] != 0.0:
                    y[job, 0, a], y[job, 1, a] = (
                        state[at(ONE, a, size), i],
                        state[at(TWO, a, size), i],
                    )
                    share[job, 0, a] = state[at(SHARE_ONE, a, size), i]
                    share[job, 1, a] = state[at(SHARE_TWO, a, size), i]
            if coming < len(places):
                _load(i, places[coming], size, belief, precision, open_, whole, state)
                coming += 1
            else:
                count -= 1
                for row in range(len(whole)):
                    whole[row, i] = whole[row, count]
                for row in range(len(state)):
                    state[row, i] = state[row, count]


@njit(forceinline=True, **OPTIONS)
def _load(i, job, size, belief, precision, open_, whole, state):
    """Begin with a place in a column."""
    prior = np.log(belief[job] / (1.0 - belief[job]))
    whole[JOB, i], whole[MODE, i], whole[COUNT, i] = job, BEGIN, 0
    state[PRIOR, i], state[PRECISION, i], state[SCALE, i] = prior, precision[job], 1.0
    state[DISTANCE, i] = 0.0
    for a in range(size):
        state[OPEN + a, i], whole[PIECE + a, i] = open_[job, 0, a], -1
        state[at(POINT, a, size), i] = state[at(TRIED, a, size), i] = prior
        state[at(ROW, a, size), i] = 0.0
    state[at(POINT, size, size), i] = state[at(TRIED, size, size), i] = 0.0
    state[at(ROW, size, size), i] = 1.0


@njit(forceinline=True, **OPTIONS)
def proceed(i, worth, n, size, whole, state):
    """Go on in one column after a step of Newton's method."""
    row = at(ROW, 0, size)
    mode, gap = whole[MODE, i], state[GAP, i]
    if mode == BEGIN:
        return _set_out(i, worth, n, size, whole, state)
    if mode == FIXED and gap <= CLOSE:
        return SOLVED
    if mode == BEYOND:
        if state[SIGN, i] > 0.0 and _turned(i, 0.0, size, state) > 0.0:
            return _arrive(i, state[LENGTH, i], size, whole, state)
        return _shorter(i, size, whole, state)
    near = _moved(i, size, whole, state)
    if near == GO_ON:
        return GO_ON
    if near == LOST:
        if mode == ALONG or (mode == FIXED and whole[COUNT, i] > 0):
            return _land(i, n, size, whole, state)
        return LOST if mode == FIXED else _shorter(i, size, whole, state)
    if mode == LANDING:
        which, node = whole[WHICH, i], whole[NODE, i]
        whole[PIECE + which, i] = node if state[row + which, i] > 0.0 else node - 1
        whole[MODE, i] = BEYOND
        return GO_ON
    length = state[LENGTH, i]
    cosine = _turned(i, BENT if length > SMALL else 0.0, size, state)
    if cosine == 0.0:
        return _land(i, n, size, whole, state)
    longer = min(2.0 * length, LONGEST)
    if cosine > STRAIGHT:
        longer = max(longer, 4.0 * length)
    return _arrive(i, longer, size, whole, state)


@njit(forceinline=True, **OPTIONS)
def _set_out(i, worth, n, size, whole, state):
    """From the centroid, where nothing is learned.

    To the end where both types play alike as long as nothing is learned, or the equation is a
    contraction up to there, so that there is one solution; else along the branch, as far as it is.
    """
    tried, tangent = at(TRIED, 0, size), at(TANGENT, 0, size)
    by_t, one = at(BY_T, 0, size), at(ONE, 0, size)
    apart, first, second, scale, alike, job = 0.0, 0.0, 0.0, 1.0, True, whole[JOB, i]
    for a in range(size):
        if state[OPEN + a, i] == 0.0:
            continue
        scale = max(scale, abs(state[by_t + a, i]))
        alike &= abs(state[by_t + a, i]) <= ALIKE * max(1.0, abs(state[one + a, i]))
        for node in range(n):
            rise1 = worth[job, a, node + 1, 0] - worth[job, a, node, 0]
            rise2 = worth[job, a, node + 1, 1] - worth[job, a, node, 1]
            apart = max(apart, abs(rise1 - rise2))
            first, second = max(first, abs(rise1)), max(second, abs(rise2))
    steep = 0.25 * n * state[PRECISION, i] * (apart + first + second)
    if alike or steep <= 0.9:
        state[tried + size, i], state[LAST, i] = 1.0, np.inf
        state[DISTANCE, i] = 1.0
        whole[MODE, i], whole[TURN, i] = FIXED, 0
        return GO_ON
    state[SCALE, i], length = scale, 1.0
    for a in range(size):
        state[tangent + a, i] = -state[by_t + a, i] / scale
        length += state[tangent + a, i] ** 2
    state[tangent + size, i], length = 1.0, np.sqrt(length)
    for j in range(size + 1):
        state[tangent + j, i] /= length
    state[LENGTH, i] = 0.9 / steep * scale * length
    return _predict(i, size, whole, state)


@njit(forceinline=True, **OPTIONS)
def _moved(i, size, whole, state):
    """Take Newton's step: SOLVED if it is near, GO_ON if it closes in, else LOST."""
    tried, move = at(TRIED, 0, size), at(MOVE, 0, size)
    mode = whole[MODE, i]
    if not state[SIGN, i] > 0.0:
        return LOST
    step, large = 0.0, 1.0
    for a in range(size):
        state[tried + a, i] -= state[move + a, i]
        step, large = max(step, abs(state[move + a, i])), max(large, abs(state[tried + a, i]))
    if mode != FIXED:
        step = max(step, abs(state[move + size, i]))
        state[tried + size, i] -= state[move + size, i] / state[SCALE, i]
    whole[TURN, i] += 1
    if not step <= state[LAST, i] or whole[TURN, i] > (12 if mode == FIXED else 6):
        return LOST
    state[LAST, i] = step
    if mode == FIXED or step > NEAR * min(large, 10.0 * state[LENGTH, i]):
        return GO_ON
    return SOLVED if state[tried + size, i] <= 1.0 else LOST


@njit(forceinline=True, **OPTIONS)
def _turned(i, least, size, state):
    """Take the new tangent, of unit length; the cosine of the angle to the last one.

    If that is not above `least`, nothing is taken, and 0 returned.
    """
    tangent, way = at(TANGENT, 0, size), at(WAY, 0, size)
    length = 0.0
    for j in range(size + 1):
        length += state[way + j, i] ** 2
    if not 0.0 < length < np.inf:
        return 0.0
    cosine = 1.0 / np.sqrt(length)
    if cosine <= least:
        return 0.0
    for j in range(size + 1):
        state[tangent + j, i] = state[way + j, i] * cosine
    return cosine


@njit(forceinline=True, **OPTIONS)
def _arrive(i, length, size, whole, state):
    """Take the point that was tried, and go on from it."""
    point, tried = at(POINT, 0, size), at(TRIED, 0, size)
    for j in range(size + 1):
        state[point + j, i] = state[tried + j, i]
    state[LENGTH, i] = length
    return _predict(i, size, whole, state)


@njit(forceinline=True, **OPTIONS)
def _shorter(i, size, whole, state):
    """Try a shorter step from the same point."""
    state[LENGTH, i] *= 0.4
    return _predict(i, size, whole, state) if state[LENGTH, i] >= SHORTEST else LOST


@njit(forceinline=True, **OPTIONS)
def _predict(i, size, whole, state):
    """A step along the tangent, or to the end if that is nearer."""
    point, tried, tangent, row = (
        at(POINT, 0, size),
        at(TRIED, 0, size),
        at(TANGENT, 0, size),
        at(ROW, 0, size),
    )
    whole[COUNT, i] += 1
    if whole[COUNT, i] > STEPS:
        return LOST
    length, here = state[LENGTH, i], state[point + size, i]
    forward = state[tangent + size, i] / state[SCALE, i]
    last = forward > 0.0 and here + length * forward >= 1.0
    if last:
        length = (1.0 - here) / forward
        state[LENGTH, i] = length
    for a in range(size):
        state[tried + a, i] = state[point + a, i] + length * state[tangent + a, i]
        state[row + a, i] = 0.0 if last else state[tangent + a, i]
        whole[PIECE + a, i] = -1
    state[tried + size, i] = 1.0 if last else here + length * forward
    state[row + size, i] = 1.0 if last else state[tangent + size, i]
    state[DISTANCE, i] = (1.0 - here) * state[SCALE, i] if last else length
    state[LAST, i] = min(max(0.5 * length, 1e-3) if last else 0.25 * length, 1.0)
    whole[MODE, i], whole[TURN, i] = FIXED if last else ALONG, 0
    return GO_ON


@njit(forceinline=True, **OPTIONS)
def _land(i, n, size, whole, state):
    """To the first node that the step would cross; if there is none, a shorter step.

    The posterior goes on through the node in the direction in which it came, whatever the kink
    does to the others: without its own column the derivatives are alike on both sides.
    """
    point, tried, tangent, row = (
        at(POINT, 0, size),
        at(TRIED, 0, size),
        at(TANGENT, 0, size),
        at(ROW, 0, size),
    )
    which, far, ahead = -1, state[LENGTH, i], 0
    for a in range(size):
        slope = state[tangent + a, i]
        x = n / (1.0 + np.exp(-state[point + a, i]))
        node = int(np.floor(x + 1e-9)) + 1 if slope > 0.0 else int(np.ceil(x - 1e-9)) - 1
        if 0 < node < n and state[OPEN + a, i] != 0.0:
            there = (np.log(node / (n - node)) - state[point + a, i]) / slope
            if there < far:
                which, far, ahead = a, there, node
    if which < 0:
        return _shorter(i, size, whole, state)
    up = state[tangent + which, i] > 0.0
    for a in range(size):
        state[tried + a, i] = state[point + a, i] + far * state[tangent + a, i]
        state[row + a, i] = 0.0
    state[tried + size, i] = (
        state[point + size, i] + far * state[tangent + size, i] / state[SCALE, i]
    )
    state[row + size, i], state[row + which, i] = 0.0, 1.0 if up else -1.0
    state[DISTANCE, i], state[LAST, i] = far * abs(state[tangent + which, i]), 0.5 * far + NEAR
    whole[PIECE + which, i] = ahead - 1 if up else ahead
    whole[MODE, i], whole[TURN, i], whole[WHICH, i], whole[NODE, i] = LANDING, 0, which, ahead
    return GO_ON
