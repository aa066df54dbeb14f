"""Steps along the branch of an actor with two types, for many columns.

Each is one loop over the columns; `kernels.pairs` says how these are written, and what the arrays
are.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import FUSED
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
    spot,
)

_U = np.uint64
CLOSE = 1e-10
"""Choice values in logit units that differ by less than this from what they imply are solved."""
POOLED = 1e-8
"""The same where both types play alike: on a node Newton's method may jump from side to side."""
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

FIXED, ALONG, LANDING, BEYOND = range(4)
"""What a column is at: t = 1; a step along the branch; a node, and beyond it."""
GO_ON, AHEAD, ARRIVED, ASTRAY, SOLVED, LOST = range(6)
"""How it stands: within Newton's method; before a step along the branch; on a node;
where that method does not lead on; done; not to be done this way."""


@njit(**FUSED)
def predict(count, ways, whole, state):
    """Where a column is AHEAD, a step along the tangent, or to the end if that is nearer.

    At the end the row that is added to the equations holds only t.
    """
    size, end, pieces = len(ways), spot(len(ways)), spot(PIECE)
    point, tried = spot(at(POINT, 0, size)), spot(at(TRIED, 0, size))
    tangent, row = spot(at(TANGENT, 0, size)), spot(at(ROW, 0, size))
    for i in range(_U(count)):
        ahead, mode = whole[spot(STATUS) + i] == AHEAD, whole[spot(MODE) + i]
        trials, steps = whole[spot(TURN) + i], whole[spot(COUNT) + i]
        scale, length = state[spot(SCALE) + i], state[spot(LENGTH) + i]
        here, old = state[point + end + i], state[tried + end + i]
        forward, border = state[tangent + end + i], state[row + end + i]
        distance, reach = state[spot(DISTANCE) + i], state[spot(LAST) + i]
        rate = forward * state[spot(INVERSE) + i]
        ends = (rate > 0.0) & (here + length * rate >= 1.0)
        to_end, last, more = (1.0 - here) / rate, ahead & ends, steps + 1
        length = to_end if last else length
        t, gone, half = here + length * rate, (1.0 - here) * scale, 0.5 * length
        t, new = 1.0 if ends else t, 1.0 if ends else forward
        half = half if length > 0.002 else 0.001
        gone, first = gone if ends else length, half if ends else 0.5 * length
        first, fresh = first if first < 1.0 else 1.0, FIXED if ends else ALONG
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
            there, own = state[point + j] + length * along, 0.0 if last else along
            state[tried + j], state[row + j] = there if ahead else was, own if ahead else edge
            whole[pieces + j] = -1 if ahead else piece


@njit(**FUSED)
def move(count, ways, whole, state):
    """Take Newton's step, where it leads on, and say how every column stands.

    Where it is near the branch, the point is taken and with it the tangent there, unless that
    has turned too far.
    """
    size, end = len(ways), spot(len(ways))
    point, tried = spot(at(POINT, 0, size)), spot(at(TRIED, 0, size))
    tangent, way = spot(at(TANGENT, 0, size)), spot(at(WAY, 0, size))
    moves = spot(at(MOVE, 0, size))
    for i in range(_U(count)):
        mode, steps = whole[spot(MODE) + i], whole[spot(COUNT) + i]
        trials = whole[spot(TURN) + i] + 1
        sign, gap, near = state[spot(SIGN) + i], state[spot(GAP) + i], state[spot(NEARBY) + i]
        forward = (sign > 0.0) | (steps < 0)  # straight on where both types play alike
        close = CLOSE if steps >= 0 else POOLED
        on = (mode != BEYOND) & forward & ((mode != FIXED) | (gap > close))
        scale = state[spot(SCALE) + i]
        step_t, way_t, t = state[moves + end + i], state[way + end + i], state[tried + end + i]
        there = t - step_t * state[spot(INVERSE) + i]
        t, most, norm = there if on else t, abs(step_t), way_t * way_t
        wide = abs(t)
        far = most > near * (wide if wide > 1.0 else 1.0)
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
            far |= length > near * (wide if wide > 1.0 else 1.0)
        length, longest = state[spot(LENGTH) + i], state[spot(LONGEST) + i]
        far |= most > near * 3.0 * (length if length < 1.0 else 1.0)
        done = ARRIVED if t <= 1.0 else ASTRAY
        now, turns = GO_ON if (mode == FIXED) | far else done, 12 if mode == FIXED else 6
        now = now if on & (most <= state[spot(LAST) + i]) & (trials <= turns) else ASTRAY
        kept, small = state[spot(KEPT) + i], length <= SMALL
        clear = DROP * sign >= kept
        flat = DROP * sign >= kept * state[tangent + end + i]  # with a row that holds only t
        solved = (mode == FIXED) & (gap <= close)
        now = (SOLVED if flat | small | (steps <= 0) else ASTRAY) if solved else now
        extra = FARTHER[0] * scale
        extra = extra if extra < FARTHER[1] else FARTHER[1]
        now = LOST if steps * longest > FAR + extra else now
        cosine = 1.0 / np.sqrt(norm)
        cosine = cosine if (norm > 0.0) & (norm < np.inf) else 0.0
        came = (mode == ALONG) & (now == ARRIVED)
        chord = 1.0 / np.sqrt(chord)
        even = 1.0 - along * cosine * chord <= EVEN * (1.0 - length * chord) + SLACK
        least = BENT if way_t * state[tangent + end + i] >= 0.0 else BACK
        along = came & ((clear & even & (cosine > least)) | (small & (cosine > 0.0)))
        ahead = along | ((mode == BEYOND) & (sign > 0.0) & (cosine > 0.0))
        now = ASTRAY if came else now
        twice, longer = 2.0 * length, 4.0 * length
        twice = twice if twice < longest else longest
        longer = longer if longer > twice else twice
        calm = (cosine > STRAIGHT) & (state[spot(STEEP) + i] < CALM) & (longest >= FREE)
        longer, part = longer if calm else twice, CLOSING if steps > 0 else 1.0
        whole[spot(STATUS) + i] = AHEAD if ahead else now
        whole[spot(TURN) + i] = trials if on else trials - 1
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
