"""Where the way to an equilibrium of an actor with two types begins."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import position
from mistrust.kernels.options import BORROWING
from mistrust.kernels.paces import AHEAD, ALONG, CAREFUL, FIXED, GO_ON
from mistrust.kernels.pairs import (
    BEND,
    BY_T,
    COUNT,
    DISTANCE,
    HOME,
    INVERSE,
    JOB,
    KEPT,
    LAST,
    LENGTH,
    MODE,
    NEARBY,
    OPEN,
    PIECE,
    POINT,
    PRECISION,
    PRIOR,
    ROW,
    SCALE,
    STATUS,
    TANGENT,
    TRIED,
    TURN,
    at,
    single,
)
from mistrust.kernels.scalar import logarithm

ALIKE = 1e-9
"""Types whose choices differ by less than this in their worth (in logit units, relative above 1) as
long as nothing is learned play alike, and nothing is learned all along."""
FINE = 1e-5
"""If they differ by less than this, which way they part may hang on more digits than single
precision has."""
LARGE = 2000.0
"""Choice values, in logit units, that single precision does not tell apart well enough."""
RETURN = 0.1
"""How far a solution may be from where a draft has led, in log-odds."""
NEVER = 100
"""More Newton steps than any place is given."""


@njit(**BORROWING)
def begin(number, columns, worth, stages, found, whole, state):
    """Begin with the places that some columns have got: where a draft has led, or at the outset."""
    home, belief, bend, precision, open_ = stages
    left, size, cases = found[2], worth.shape[1], bend.shape[1]
    row = at(ROW, 0, size)
    for k in range(number):
        i = columns[k]
        job = whole[JOB, i]
        chance, case = belief[job], job % cases
        whole[HOME, i] = home[job]
        for j in range(4):
            state[BEND + j, i] = bend[j, case]
        state[PRIOR, i], state[PRECISION, i] = logarithm(chance / (1.0 - chance)), precision[job]
        for a in range(size):
            state[OPEN + a, i], whole[PIECE + a, i] = open_[job, 0, a], -1
            state[row + a, i] = 0.0
        state[row + size, i], state[KEPT, i] = 1.0, 0.0
        state[SCALE, i], state[INVERSE, i] = 1.0, 1.0
        if left[job] < np.inf:
            _resume(i, job, size, found, whole, state)
        else:
            _at_centroid(i, job, worth, stages, found, whole, state)


@njit(forceinline=True, **BORROWING)
def _resume(i, job, size, found, whole, state):
    """From what a draft has found to what it is to full precision."""
    y, _, left = found
    for a in range(size):
        state[at(TRIED, a, size), i] = y[job, 0, a]
    _to_the_end(i, size, RETURN, left[job] < 0.0, whole, state)


@njit(forceinline=True, **BORROWING)
def _to_the_end(i, size, reach, alike, whole, state):
    """Newton's method at full precision, from the point tried; steps no longer than `reach`."""
    state[at(POINT, size, size), i], state[at(TRIED, size, size), i] = 0.0, 1.0
    state[DISTANCE, i], state[LAST, i], state[LENGTH, i] = 1.0, reach, 1.0
    whole[MODE, i], whole[TURN, i], whole[STATUS, i] = FIXED, 0, GO_ON
    whole[COUNT, i] = -1 if alike else 0


@njit(forceinline=True, **BORROWING)
def _at_centroid(i, job, worth, stages, found, whole, state):
    """Where nothing is learned.

    To the end where both types play alike as long as nothing is learned, or the equation is a
    contraction up to there, so that there is one solution; else along the branch, as far as it is.
    In single precision an end that is known, or not to be told, is left to the other pass.
    """
    size, y, left, rough = worth.shape[1], found[0], found[2], single(state)
    tangent, by_t = at(TANGENT, 0, size), at(BY_T, 0, size)
    point, tried = at(POINT, 0, size), at(TRIED, 0, size)
    for a in range(size):
        state[point + a, i] = state[tried + a, i] = state[PRIOR, i]
    apart = _gaps(i, job, worth, stages, y, state)
    steep, large = _slopes(i, job, worth, stages, state)
    alike = apart <= ALIKE and state[NEARBY, i] > CAREFUL
    if alike or steep <= 0.9 or (rough and (large > LARGE or apart <= FINE)):
        _to_the_end(i, size, np.inf, alike, whole, state)
        if rough and (alike or steep > 0.9):
            whole[TURN, i], whole[COUNT, i] = NEVER, 0
        if rough and alike:
            left[job] = -1.0
            for a in range(size):
                y[job, 0, a] = state[PRIOR, i]
        return
    scale, length = 1.0, 1.0
    for a in range(size):
        scale = max(scale, abs(float(state[by_t + a, i])))
    for a in range(size):
        state[tangent + a, i] = -state[by_t + a, i] / scale
        length += float(state[tangent + a, i]) ** 2
    state[tangent + size, i], length = 1.0, np.sqrt(length)
    for j in range(size + 1):
        state[tangent + j, i] /= length
    state[point + size, i] = state[tried + size, i] = 0.0
    state[DISTANCE, i], state[SCALE, i], state[INVERSE, i] = 0.0, scale, 1.0 / scale
    state[LENGTH, i] = 0.9 / steep * scale * length
    whole[MODE, i], whole[COUNT, i], whole[STATUS, i] = ALONG, 0, AHEAD


@njit(forceinline=True, **BORROWING)
def _gaps(i, job, worth, stages, y, state):
    """By how much the types' choices differ in their worth, in BY_T; the most, relative above 1."""
    home, belief, bend, precision, open_ = stages
    size, case, own = worth.shape[1], job % bend.shape[1], home[job]
    by_t = at(BY_T, 0, size)
    x = position(belief[job], bend[0, case], bend[1, case], bend[2, case], bend[3, case])
    low = min(int(x), worth.shape[2] - 2)
    part, sharp, some, mean, most = x - low, precision[job], 0.0, 0.0, 0.0
    for a in range(size):
        one, two = worth[own, a, low, 0], worth[own, a, low, 1]
        one += part * (worth[own, a, low + 1, 0] - one)
        two += part * (worth[own, a, low + 1, 1] - two)
        y[job, 0, a], y[job, 1, a] = sharp * one, sharp * (one - two)
        some += open_[job, 0, a]
        mean += open_[job, 0, a] * sharp * (one - two)
    for a in range(size):
        gap = open_[job, 0, a] * (mean / some - y[job, 1, a])
        state[by_t + a, i] = gap
        most = max(most, abs(gap) / max(1.0, abs(y[job, 0, a])))
    return most


@njit(forceinline=True, **BORROWING)
def _slopes(i, job, worth, stages, state):
    """A bound on the equation's derivative at full precision, and on choice values."""
    home, _, bend, precision, open_ = stages
    case, own, apart, first, second, large = job % bend.shape[1], home[job], 0.0, 0.0, 0.0, 0.0
    for a in range(worth.shape[1]):
        if open_[job, 0, a] == 0.0:
            continue
        for node in range(worth.shape[2] - 1):
            steps = bend[2, case] if node < bend[1, case] else bend[3, case]
            rise1 = steps * (worth[own, a, node + 1, 0] - worth[own, a, node, 0])
            rise2 = steps * (worth[own, a, node + 1, 1] - worth[own, a, node, 1])
            apart = max(apart, abs(rise1 - rise2))
            first, second = max(first, abs(rise1)), max(second, abs(rise2))
            large = max(large, abs(worth[own, a, node, 0]), abs(worth[own, a, node, 1]))
    return 0.25 * precision[job] * (apart + first + second), precision[job] * large
