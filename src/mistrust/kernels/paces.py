"""Steps along the branch of an actor with two types, for many columns.

Each is one loop over the columns; `kernels.pairs` says how these are written, and what the arrays
are.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import LENT
from mistrust.kernels.pairs import (
    COUNT,
    DISTANCE,
    GAP,
    INVERSE,
    KEPT,
    LAST,
    LENGTH,
    LONGEST,
    MODE,
    MOVE,
    NEARBY,
    PIECE,
    POINT,
    ROW,
    SCALE,
    SIGN,
    STATUS,
    STEEP,
    TANGENT,
    TRIED,
    TURN,
    WAY,
    WIDTH,
    at,
    single,
    spot,
)

_U = np.uint64
CLOSE = 1e-10
"""Choice values in logit units that differ by less than this from what they imply are solved."""
POOLED = 1e-8
"""The same where both types play alike: on a node Newton's method may jump from side to side."""
NEAR = 1e-2
"""Log-odds that differ by less than this (relative above 1) are near enough on the way, if the
step is not a small one."""
CAREFUL = 2.0**-17
"""The same once the way has been lost and is begun anew, with steps a quarter as long."""
STRAIGHT = 0.99
"""The cosine of the angle between two tangents above which the branch runs straight."""
CALM, FREE = 0.5, 4.0
"""Where it does, and values change by less with log-odds than the first of these (in logit units),
so that nothing near can turn it, steps may become longer than the second, if they may as long."""
BENT, BACK, SMALL = 0.7, 0.97, 0.01
"""The cosine below which a step has turned too far, and the same where t goes the other way after
it (it might have passed t = 1 and come back), unless it is small (log-odds)."""
DROP = 3.0
"""How many times smaller the determinant may become; it is small where branches all but meet."""
CLOSING = 0.5
"""The part of a Newton step that the next may be, or the branch is not where the step leads."""
EVEN, SLACK = 9.0, 0.004
"""How far the new tangent may be from the chord of a step, by what the old one is: an arc turns as
much at its end as at its beginning. Both in one less the cosine; the second is let pass."""
FAR, FARTHER = 800.0, (8.0, 1e4)
"""A way along the branch, were all steps the longest ones, that is too long; so much is added for
each unit by which log-odds part at first, and at most so much."""

MOST, FEWER = np.int32(12), np.int32(6)
"""Newton steps that a column may take at full precision, and on the way."""
FIXED, ALONG, LANDING, BEYOND = np.arange(4, dtype=np.int32)
"""What a column is at: t = 1; a step along the branch; a node, and beyond it."""
GO_ON, AHEAD, ARRIVED, ASTRAY, SOLVED, LOST = np.arange(6, dtype=np.int32)
"""How it stands: within Newton's method; before a step along the branch; on a node;
where that method does not lead on; done; not to be done this way."""


@njit(**LENT)
def predict(count, ways, whole, state):
    """Where a column is AHEAD, a step along the tangent, or to the end if that is nearer.

    At the end the row that is added to the equations holds only t.
    """
    size, end, pieces = len(ways), spot(len(ways)), spot(PIECE)
    point, tried = spot(at(POINT, 0, size)), spot(at(TRIED, 0, size))
    tangent, row = spot(at(TANGENT, 0, size)), spot(at(ROW, 0, size))
    real = state.dtype.type
    zero, one, half_, least = real(0.0), real(1.0), real(0.5), real(0.001)
    for i in range(_U(count)):
        ahead, mode = whole[spot(STATUS) + i] == AHEAD, whole[spot(MODE) + i]
        trials, steps = whole[spot(TURN) + i], whole[spot(COUNT) + i]
        scale, length = state[spot(SCALE) + i], state[spot(LENGTH) + i]
        here, old = state[point + end + i], state[tried + end + i]
        forward, border = state[tangent + end + i], state[row + end + i]
        distance, reach = state[spot(DISTANCE) + i], state[spot(LAST) + i]
        rate = forward * state[spot(INVERSE) + i]
        ends = (rate > zero) & (here + length * rate >= one)
        to_end, last, more = (one - here) / rate, ahead & ends, steps + 1
        length = to_end if last else length
        t, gone, half = here + length * rate, (one - here) * scale, half_ * length
        t, new = one if ends else t, one if ends else forward
        half = half if half > least else least
        gone, first = gone if ends else length, half if ends else half_ * length
        first, fresh = first if first < one else one, FIXED if ends else ALONG
        state[spot(LENGTH) + i] = length
        state[tried + end + i], state[row + end + i] = t if ahead else old, new if ahead else border
        state[spot(DISTANCE) + i] = gone if ahead else distance
        state[spot(LAST) + i] = first if ahead else reach
        whole[spot(COUNT) + i] = more if ahead else steps
        whole[spot(TURN) + i] = 0 if ahead else trials
        whole[spot(MODE) + i], whole[spot(STATUS) + i] = fresh if ahead else mode, GO_ON
        for a in range(_U(size)):
            j = a * _U(WIDTH) + i
            along, was, edge = state[tangent + j], state[tried + j], state[row + j]
            piece = whole[pieces + j]
            there, own = state[point + j] + length * along, zero if last else along
            state[tried + j], state[row + j] = there if ahead else was, own if ahead else edge
            whole[pieces + j] = -1 if ahead else piece


@njit(**LENT)
def move(count, ways, whole, state):
    """Take Newton's step, where it leads on, and say how every column stands.

    Where it is near the branch, the point is taken and with it the tangent there, unless that
    has turned too far.
    """
    size, end = len(ways), spot(len(ways))
    point, tried = spot(at(POINT, 0, size)), spot(at(TRIED, 0, size))
    tangent, way = spot(at(TANGENT, 0, size)), spot(at(WAY, 0, size))
    moves, real = spot(at(MOVE, 0, size)), state.dtype.type
    zero, one, two, rough = real(0.0), real(1.0), real(2.0), single(state)
    for i in range(_U(count)):
        mode, steps = whole[spot(MODE) + i], whole[spot(COUNT) + i]
        trials = whole[spot(TURN) + i]
        sign, gap, near = state[spot(SIGN) + i], state[spot(GAP) + i], state[spot(NEARBY) + i]
        forward = (sign > zero) | (steps < 0)  # straight on where both types play alike
        close = real(CLOSE) if steps >= 0 else real(POOLED)
        on = (mode != BEYOND) & forward & (rough | (mode != FIXED) | (gap > close))
        scale = state[spot(SCALE) + i]
        step_t, way_t, t = state[moves + end + i], state[way + end + i], state[tried + end + i]
        there = t - step_t * state[spot(INVERSE) + i]
        t, most, norm = there if on else t, abs(step_t), way_t * way_t
        wide = abs(t)
        far = most > near * (wide if wide > one else one)
        gone = (t - state[point + end + i]) * scale
        along, chord = gone * way_t, gone * gone
        for a in range(_U(size)):
            j = a * _U(WIDTH) + i
            step, own, odds = state[moves + j], state[way + j], state[tried + j]
            there, length = odds - step, abs(step)
            odds = there if on else odds
            state[tried + j] = odds
            most, norm = most if most >= length else length, norm + own * own
            gone = odds - state[point + j]
            along, chord = along + gone * own, chord + gone * gone
            wide = abs(odds)
            far |= length > near * (wide if wide > one else one)
        length, longest = state[spot(LENGTH) + i], state[spot(LONGEST) + i]
        far |= most > near * real(3.0) * (length if length < one else one)
        done = ARRIVED if t <= one else ASTRAY
        now, turns = GO_ON if (mode == FIXED) | far else done, MOST if mode == FIXED else FEWER
        now = now if on & (most <= state[spot(LAST) + i]) & (trials < turns) else ASTRAY
        kept, small = state[spot(KEPT) + i], length <= real(SMALL)
        clear = real(DROP) * sign >= kept
        flat = real(DROP) * sign >= kept * state[tangent + end + i]  # with a row that holds only t
        enough = (now == GO_ON) & ~far if rough else gap <= close
        solved = (mode == FIXED) & enough
        now = (SOLVED if flat | small | (steps <= 0) else ASTRAY) if solved else now
        extra = real(FARTHER[0]) * scale
        extra = extra if extra < real(FARTHER[1]) else real(FARTHER[1])
        now = LOST if real(steps) * longest > real(FAR) + extra else now
        cosine = one / np.sqrt(norm)
        cosine = cosine if (norm > zero) & (norm < real(np.inf)) else zero
        came = (mode == ALONG) & (now == ARRIVED)
        chord = one / np.sqrt(chord)
        even = one - along * cosine * chord <= real(EVEN) * (one - length * chord) + real(SLACK)
        least = real(BENT) if way_t * state[tangent + end + i] >= zero else real(BACK)
        along = came & ((clear & even & (cosine > least)) | (small & (cosine > zero)))
        ahead = along | ((mode == BEYOND) & (sign > zero) & (cosine > zero))
        now = ASTRAY if came else now
        twice, longer = two * length, real(4.0) * length
        twice = twice if twice < longest else longest
        longer = longer if longer > twice else twice
        calm = (
            (cosine > real(STRAIGHT))
            & (state[spot(STEEP) + i] < real(CALM))
            & (longest >= real(FREE))
        )
        longer, part = longer if calm else twice, real(CLOSING) if steps > 0 else one
        whole[spot(STATUS) + i] = AHEAD if ahead else now
        whole[spot(TURN) + i] = trials + 1 if on else trials
        state[spot(LENGTH) + i], state[spot(LAST) + i] = longer if along else length, part * most
        before, old, new = state[point + end + i], state[tangent + end + i], way_t * cosine
        state[tried + end + i], state[point + end + i] = t, t if ahead else before
        state[tangent + end + i] = new if ahead else old
        state[spot(KEPT) + i] = sign if ahead else kept
        for a in range(_U(size)):
            j = a * _U(WIDTH) + i
            new, old = state[way + j] * cosine, state[tangent + j]
            odds, before = state[tried + j], state[point + j]
            state[tangent + j], state[point + j] = new if ahead else old, odds if ahead else before
