"""Steps along the branch of an actor with two types, for many columns.

In loops that the compiler can turn into vector instructions, each of which writes one array;
`kernels.pairs` says what the arrays are.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import OPTIONS
from mistrust.kernels.pairs import (
    COUNT,
    DISTANCE,
    GAP,
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
    TANGENT,
    TRIED,
    TURN,
    WAY,
    at,
)

CLOSE = 1e-10
"""Choice values in logit units that differ by less than this from what they imply are solved."""
POOLED = 1e-8
"""The same where both types play alike: on a node Newton's method may jump from side to side."""
STRAIGHT = 0.99
"""The cosine of the angle between two tangents above which the branch runs straight."""
FREE = 4.0
"""Where it does, steps may become longer than this, if they may become as long."""
BENT, SMALL = 0.7, 0.01
"""The cosine below which a step has turned too far, unless it is small (log-odds)."""
FAR = 800.0
"""A way along the branch, were all steps the longest ones, that is too long."""

FIXED, ALONG, LANDING, BEYOND = range(4)
"""What a column is at: t = 1; a step along the branch; a node, and beyond it."""
GO_ON, AHEAD, ARRIVED, ASTRAY, SOLVED, LOST = range(6)
"""How it stands: within Newton's method; before a step along the branch; on a node;
where that method does not lead on; done; not to be done this way."""


@njit(**OPTIONS)
def predict(count, size, whole, state, loose):
    """Where a column is AHEAD, a step along the tangent, or to the end if that is nearer."""
    status, mode, length, scale = whole[STATUS], whole[MODE], state[LENGTH], state[SCALE]
    here, forward = state[at(POINT, size, size)], state[at(TANGENT, size, size)]
    on, last, turn, steps = loose[0], loose[1], whole[TURN], whole[COUNT]
    for i in range(count):
        on[i] = 1.0 if status[i] == AHEAD else 0.0
    for i in range(count):
        rate = forward[i] / scale[i]
        ends = (rate > 0.0) & (here[i] + length[i] * rate >= 1.0)
        last[i] = 1.0 if (on[i] != 0.0) & ends else 0.0
    for i in range(count):
        old, rest = length[i], (1.0 - here[i]) / (forward[i] / scale[i])
        length[i] = rest if last[i] != 0.0 else old
    for a in range(size):
        block = state[at(POINT, a, size)], state[at(TANGENT, a, size)], state[at(ROW, a, size)]
        _step(count, on, last, length, block, state[at(TRIED, a, size)], whole[PIECE + a])
    _last_step(count, on, last, size, state)
    for i in range(count):
        steps[i] += 1 if on[i] != 0.0 else 0
    for i in range(count):
        old = turn[i]
        turn[i] = 0 if on[i] != 0.0 else old
    for i in range(count):
        old, new = mode[i], FIXED if last[i] != 0.0 else ALONG
        mode[i] = new if on[i] != 0.0 else old
    for i in range(count):
        status[i] = GO_ON


@njit(**OPTIONS)
def _step(count, on, last, length, block, tried, piece):
    """A step of one posterior's log-odds; at the end the row that is added holds only t."""
    point, tangent, row = block
    for i in range(count):
        old, there = tried[i], point[i] + length[i] * tangent[i]
        tried[i] = there if on[i] != 0.0 else old
    for i in range(count):
        old, own = row[i], tangent[i]
        own = own if last[i] == 0.0 else 0.0
        row[i] = own if on[i] != 0.0 else old
    for i in range(count):
        old = piece[i]
        piece[i] = -1 if on[i] != 0.0 else old


@njit(**OPTIONS)
def _last_step(count, on, last, size, state):
    """The same for t, how far it all is, and how far Newton's first step may go."""
    length, scale, distance, reach = state[LENGTH], state[SCALE], state[DISTANCE], state[LAST]
    here, tangent = state[at(POINT, size, size)], state[at(TANGENT, size, size)]
    tried, row = state[at(TRIED, size, size)], state[at(ROW, size, size)]
    for i in range(count):
        old, there = tried[i], here[i] + length[i] * (tangent[i] / scale[i])
        there = there if last[i] == 0.0 else 1.0
        tried[i] = there if on[i] != 0.0 else old
    for i in range(count):
        old, own = row[i], tangent[i]
        own = own if last[i] == 0.0 else 1.0
        row[i] = own if on[i] != 0.0 else old
    for i in range(count):
        old, own, rest = distance[i], length[i], (1.0 - here[i]) * scale[i]
        own = own if last[i] == 0.0 else rest
        distance[i] = own if on[i] != 0.0 else old
    for i in range(count):
        old, own = reach[i], length[i]
        half = 0.5 * own if own > 0.002 else 0.001
        first = half if last[i] != 0.0 else 0.25 * own
        first = first if first < 1.0 else 1.0
        reach[i] = first if on[i] != 0.0 else old


@njit(**OPTIONS)
def move(count, size, whole, state, loose):
    """Take Newton's step, and say how every column stands.

    Where it is near the branch, the point is taken and with it the tangent there, unless that
    has turned too far.
    """
    on, step, part, norm, fit = loose[0], loose[1], loose[2], loose[3], loose[4]
    _newton_step(count, on, step, part, size, whole, state)
    _stand(count, on, step, part, size, whole, state)
    for i in range(count):
        norm[i] = 0.0
    for j in range(size + 1):
        way = state[at(WAY, j, size)]
        for i in range(count):
            norm[i] += way[i] * way[i]
    for i in range(count):
        own = norm[i]
        cosine = 1.0 / np.sqrt(own)
        norm[i] = cosine if (own > 0.0) & (own < np.inf) else 0.0
    _turn(count, on, norm, fit, whole, state)
    for j in range(size + 1):
        way, tangent = state[at(WAY, j, size)], state[at(TANGENT, j, size)]
        for i in range(count):
            old, own = tangent[i], way[i] * norm[i]
            tangent[i] = own if on[i] != 0.0 else old
        tried, point = state[at(TRIED, j, size)], state[at(POINT, j, size)]
        for i in range(count):
            old, own = point[i], tried[i]
            point[i] = own if on[i] != 0.0 else old


@njit(**OPTIONS)
def _newton_step(count, on, step, part, size, whole, state):
    """Take it where it leads on; its size, as it is and relative to the log-odds above 1."""
    mode, turn, steps = whole[MODE], whole[TURN], whole[COUNT]
    sign, gap, scale = state[SIGN], state[GAP], state[SCALE]
    for i in range(count):
        forward = (sign[i] > 0.0) | (steps[i] < 0)  # straight on where both types play alike
        within = (mode[i] != BEYOND) & forward
        close = CLOSE if steps[i] >= 0 else POOLED
        on[i] = 1.0 if within & ((mode[i] != FIXED) | (gap[i] > close)) else 0.0
    for i in range(count):
        turn[i] += 1 if on[i] != 0.0 else 0
    for i in range(count):
        step[i] = 0.0
    for i in range(count):
        part[i] = 0.0
    for a in range(size):
        own, tried = state[at(MOVE, a, size)], state[at(TRIED, a, size)]
        for i in range(count):
            step_ = own[i]
            tried[i] -= step_ if on[i] != 0.0 else 0.0
        _largest(count, own, tried, step, part)
    own, tried = state[at(MOVE, size, size)], state[at(TRIED, size, size)]
    for i in range(count):
        step_ = own[i] / scale[i]
        tried[i] -= step_ if on[i] != 0.0 else 0.0
    _largest(count, own, tried, step, part)


@njit(**OPTIONS)
def _largest(count, own, tried, most, part):
    for i in range(count):
        old, size = most[i], abs(own[i])
        most[i] = old if old >= size else size
    for i in range(count):
        old, size, far = part[i], abs(own[i]), abs(tried[i])
        size = size / far if far > 1.0 else size
        part[i] = old if old >= size else size


@njit(**OPTIONS)
def _stand(count, on, step, part, size, whole, state):
    """How every column stands, before a turn of the branch is looked at."""
    status, mode, turn, steps = whole[STATUS], whole[MODE], whole[TURN], whole[COUNT]
    last, length, gap, t = state[LAST], state[LENGTH], state[GAP], state[at(TRIED, size, size)]
    near, most = state[NEARBY], state[LONGEST]
    for i in range(count):
        bound = near[i] * 3.0 * (length[i] if length[i] < 1.0 else 1.0)
        done = ARRIVED if t[i] <= 1.0 else ASTRAY
        far = (step[i] > bound) | (part[i] > near[i])
        status[i] = GO_ON if (mode[i] == FIXED) | far else done
    for i in range(count):
        turns = 12 if mode[i] == FIXED else 6
        leads = (on[i] != 0.0) & (step[i] <= last[i]) & (turn[i] <= turns)
        old = status[i]
        status[i] = old if leads else ASTRAY
    for i in range(count):
        last[i] = step[i]
    for i in range(count):
        old, close = status[i], CLOSE if steps[i] >= 0 else POOLED
        status[i] = SOLVED if (mode[i] == FIXED) & (gap[i] <= close) else old
    for i in range(count):
        old = status[i]
        status[i] = LOST if steps[i] * most[i] > FAR else old


@njit(**OPTIONS)
def _turn(count, on, cosine, fit, whole, state):
    """Which columns have come to a point from which they go on, and by how long a step."""
    status, mode, length, sign = whole[STATUS], whole[MODE], state[LENGTH], state[SIGN]
    most = state[LONGEST]
    for i in range(count):
        least = BENT if length[i] > SMALL else 0.0
        fit[i] = 1.0 if cosine[i] > least else 0.0
    for i in range(count):
        beyond = (mode[i] == BEYOND) & (sign[i] > 0.0) & (cosine[i] > 0.0)
        along = (mode[i] == ALONG) & (status[i] == ARRIVED) & (fit[i] != 0.0)
        on[i] = 1.0 if beyond | along else 0.0
    for i in range(count):
        old = status[i]
        other = ASTRAY if (mode[i] == ALONG) & (old == ARRIVED) else old
        status[i] = AHEAD if on[i] != 0.0 else other
    for i in range(count):
        old = length[i]
        longer = 2.0 * old if 2.0 * old < most[i] else most[i]
        straight = 4.0 * old if 4.0 * old > longer else longer
        longer = straight if (cosine[i] > STRAIGHT) & (most[i] >= FREE) else longer
        length[i] = longer if (on[i] != 0.0) & (mode[i] == ALONG) else old
