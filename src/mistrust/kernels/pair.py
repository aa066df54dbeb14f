"""The equilibrium of an actor with two types, at many places at once.

With two types all that matters of the strategies is the posterior after each option. In log-odds
``l(a)``, with Q1 and Q2 the choice values of the types read at that posterior, and precision
scaled by t in [0, 1]: ``l(a) = logit(belief) + t precision (Q1(a) - Q2(a)) - (Z1 - Z2)``, Z the
log-sums of the logit. As long as t is so small that the right side is a contraction there is one
solution; from there on the branch is followed by arc length, as in `kernels.branch`, to which is
left what is not found this way. A node of the belief at which the branch turns sharply is landed
on, and left on its other side.

Places take turns in a few columns. `kernels.pairs` evaluates the equation and Newton's step for
all columns in long loops, `kernels.paces` takes that step and the next one along the branch; a
column that begins, lands or goes astray is seen to by itself, as `_load` and `proceed` say.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import position
from mistrust.kernels.options import OPTIONS
from mistrust.kernels.paces import (
    AHEAD,
    ALONG,
    ARRIVED,
    ASTRAY,
    BEYOND,
    CLOSE,
    FIXED,
    GO_ON,
    LANDING,
    LOST,
    SOLVED,
    move,
    predict,
)
from mistrust.kernels.pairs import (
    BEND,
    BY_T,
    COUNT,
    DISTANCE,
    GAP,
    JOB,
    LAST,
    LENGTH,
    LONGEST,
    MODE,
    NEARBY,
    NODE,
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
    STATUS,
    TANGENT,
    TRIED,
    TURN,
    TWO,
    WHICH,
    at,
    equation,
    newton,
)

ALIKE = 1e-9
"""Types whose choices differ by less than this in their worth (in logit units, relative above 1) as
long as nothing is learned play alike, and nothing is learned all along."""
NEAR = 3e-3
"""Log-odds that differ by less than this (relative above 1) are near enough on the way, if the
step is not a small one."""
CAREFUL = 1e-5
"""The same once the way has been lost and is begun anew, with steps a quarter as long."""
FARTHEST, LEAST = 4.0, 0.1
"""Longest step along the branch, in log-odds, unless it runs straight; the first one's bound, and
the one below which a place is given up."""
SHORTEST = 1e-8
"""A step along the branch below which the way is lost."""


@njit(**OPTIONS)
def climb(places, worth, belief, bend, precision, open_, y, share, left, again, work):
    """Follow the principal branch to full precision, at some places.

    Parameters
    ----------
    places
        Which ones.
    worth : (all places, options, nodes, 2)
        The choice value to each type, at each belief that may follow.
    belief, precision : (all places,)
        The probability of the first type, not 0 or 1.
    bend : (4, cases)
        Where the nodes lie (see `belief.position`) at place ``i`` in case ``i % cases``.
    open_ : (all places, 2, options)
        Which options there are, the same ones to both types.
    y, share : (all places, 2, options)
        Return the choice values in logit units, and the strategies, of the options that are open.
    left : (all places,)
        Returns the residual, or infinity if the way is lost; then a longer one must be taken.
    again
        Whether to begin anew, with care, where the way is lost.
    work
        `pairs.scratch`.
    """
    whole, state, loose = work
    size, n = worth.shape[1], worth.shape[2] - 1
    count = min(len(places), whole.shape[1])
    for i in range(count):
        _load(i, places[i], NEAR, FARTHEST, worth, belief, bend, precision, open_, whole, state)
    coming = count
    while count > 0:
        predict(count, size, whole, state, loose)
        equation(count, worth, whole, state, loose)
        newton(count, size, state, loose)
        move(count, size, whole, state, loose)
        for i in range(count - 1, -1, -1):
            if whole[STATUS, i] <= AHEAD:
                continue
            if whole[STATUS, i] <= ASTRAY:
                whole[STATUS, i] = proceed(i, n, size, whole, state)
            if whole[STATUS, i] <= AHEAD:
                continue
            job, reach = whole[JOB, i], 0.25 * state[LONGEST, i]
            rest = _residual(i, size, whole, state)
            if again and rest == np.inf and reach > LEAST:
                _load(i, job, CAREFUL, reach, worth, belief, bend, precision, open_, whole, state)
                continue
            left[job] = rest
            for a in range(size):
                if open_[job, 0, a] != 0.0:
                    y[job, 0, a], y[job, 1, a] = (
                        state[at(ONE, a, size), i],
                        state[at(TWO, a, size), i],
                    )
                    share[job, 0, a] = state[at(SHARE_ONE, a, size), i]
                    share[job, 1, a] = state[at(SHARE_TWO, a, size), i]
            if coming < len(places):
                job, coming = places[coming], coming + 1
                _load(i, job, NEAR, FARTHEST, worth, belief, bend, precision, open_, whole, state)
            else:
                count -= 1
                for row in range(len(whole)):
                    whole[row, i] = whole[row, count]
                for row in range(len(state)):
                    state[row, i] = state[row, count]


@njit(**OPTIONS)
def _load(i, job, near, longest, worth, belief, bend, precision, open_, whole, state):
    """Begin with a place in a column: at the centroid, where nothing is learned."""
    size, n, case = worth.shape[1], worth.shape[2] - 1, job % bend.shape[1]
    prior, sharp = np.log(belief[job] / (1.0 - belief[job])), precision[job]
    whole[JOB, i], state[NEARBY, i], state[LONGEST, i] = job, near, longest
    state[PRIOR, i], state[PRECISION, i] = prior, sharp
    state[SCALE, i], state[DISTANCE, i] = 1.0, 0.0
    for j in range(4):
        state[BEND + j, i] = bend[j, case]
    x = position(belief[job], bend[0, case], bend[1, case], bend[2, case], bend[3, case])
    low = min(int(x), n - 1)
    part, some, mean = x - low, 0.0, 0.0
    for a in range(size):
        state[OPEN + a, i], whole[PIECE + a, i] = open_[job, 0, a], -1
        state[at(POINT, a, size), i] = state[at(TRIED, a, size), i] = prior
        state[at(ROW, a, size), i] = 0.0
        one = worth[job, a, low, 0] + part * (worth[job, a, low + 1, 0] - worth[job, a, low, 0])
        two = worth[job, a, low, 1] + part * (worth[job, a, low + 1, 1] - worth[job, a, low, 1])
        state[at(ONE, a, size), i], state[at(BY_T, a, size), i] = sharp * one, sharp * (one - two)
        some += open_[job, 0, a]
        mean += open_[job, 0, a] * sharp * (one - two)
    for a in range(size):
        gap = state[at(BY_T, a, size), i]
        state[at(BY_T, a, size), i] = open_[job, 0, a] * (mean / some - gap)
    state[at(POINT, size, size), i] = state[at(TRIED, size, size), i] = 0.0
    state[at(ROW, size, size), i] = 1.0
    whole[STATUS, i] = _set_out(i, worth, n, size, whole, state)


@njit(forceinline=True, **OPTIONS)
def _residual(i, size, whole, state):
    """What is left in one column that is done, infinity if it is lost.

    Where both types play alike it is in probability, which differs at most by twice what logit
    units do, times ``share (1 - share)``.
    """
    if whole[STATUS, i] != SOLVED:
        return np.inf
    if whole[COUNT, i] >= 0:
        return state[GAP, i]
    spread = 0.0
    for a in range(size):
        one, two = state[at(SHARE_ONE, a, size), i], state[at(SHARE_TWO, a, size), i]
        spread = max(spread, one * (1.0 - one), two * (1.0 - two))
    left = 2.0 * spread * state[GAP, i]
    return left if left <= CLOSE else np.inf


@njit(forceinline=True, **OPTIONS)
def proceed(i, n, size, whole, state):
    """Go on in one column where it is on a node, or has gone astray; its new status."""
    mode = whole[MODE, i]
    if whole[STATUS, i] == ARRIVED:
        which, node = whole[WHICH, i], whole[NODE, i]
        up = state[at(ROW, which, size), i] > 0.0
        whole[PIECE + which, i] = node if up else node - 1
        whole[MODE, i] = BEYOND
        return GO_ON
    if mode == FIXED and whole[COUNT, i] <= 0:
        return SOLVED if whole[COUNT, i] < 0 else LOST  # `_residual` tells whether it is near
    if mode in (FIXED, ALONG):
        return _land(i, n, size, whole, state)
    return _shorter(i, state)


@njit(forceinline=True, **OPTIONS)
def _set_out(i, worth, n, size, whole, state):
    """From the centroid, where nothing is learned.

    To the end where both types play alike as long as nothing is learned, or the equation is a
    contraction up to there, so that there is one solution; else along the branch, as far as it is.
    """
    tried, tangent = at(TRIED, 0, size), at(TANGENT, 0, size)
    by_t, one = at(BY_T, 0, size), at(ONE, 0, size)
    apart, first, second, scale, job = 0.0, 0.0, 0.0, 1.0, whole[JOB, i]
    alike = state[NEARBY, i] == NEAR
    for a in range(size):
        if state[OPEN + a, i] == 0.0:
            continue
        scale = max(scale, abs(state[by_t + a, i]))
        alike &= abs(state[by_t + a, i]) <= ALIKE * max(1.0, abs(state[one + a, i]))
        for node in range(n):
            steps = state[BEND + 2, i] if node < state[BEND + 1, i] else state[BEND + 3, i]
            rise1 = steps * (worth[job, a, node + 1, 0] - worth[job, a, node, 0])
            rise2 = steps * (worth[job, a, node + 1, 1] - worth[job, a, node, 1])
            apart = max(apart, abs(rise1 - rise2))
            first, second = max(first, abs(rise1)), max(second, abs(rise2))
    steep = 0.25 * state[PRECISION, i] * (apart + first + second)
    if alike or steep <= 0.9:
        state[tried + size, i], state[LAST, i] = 1.0, np.inf
        state[DISTANCE, i] = 1.0
        whole[MODE, i], whole[TURN, i], whole[COUNT, i] = FIXED, 0, -1 if alike else 0
        return GO_ON
    whole[MODE, i], whole[COUNT, i] = ALONG, 0
    state[SCALE, i], length = scale, 1.0
    for a in range(size):
        state[tangent + a, i] = -state[by_t + a, i] / scale
        length += state[tangent + a, i] ** 2
    state[tangent + size, i], length = 1.0, np.sqrt(length)
    for j in range(size + 1):
        state[tangent + j, i] /= length
    state[LENGTH, i] = 0.9 / steep * scale * length
    return AHEAD


@njit(forceinline=True, **OPTIONS)
def _shorter(i, state):
    """Try a shorter step from the same point."""
    state[LENGTH, i] *= 0.4
    return AHEAD if state[LENGTH, i] >= SHORTEST else LOST


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
    bound, middle = state[BEND, i], state[BEND + 1, i]
    below, above = state[BEND + 2, i], state[BEND + 3, i]
    for a in range(size):
        slope = state[tangent + a, i]
        x = 1.0 / (1.0 + np.exp(-state[point + a, i]))
        x = position(x, bound, middle, below, above)
        node = int(np.floor(x + 1e-9)) + 1 if slope > 0.0 else int(np.ceil(x - 1e-9)) - 1
        if 0 < node < n and state[OPEN + a, i] != 0.0:
            x = node / below if node <= middle else bound + (node - middle) / above
            there = (np.log(x / (1.0 - x)) - state[point + a, i]) / slope
            if there < far:
                which, far, ahead = a, there, node
    if which < 0:
        return _shorter(i, state)
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
