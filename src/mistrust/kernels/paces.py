"""Steps along the branch of an actor with two types, for many columns.

In loops that the compiler can turn into vector instructions, where a branch is a choice of numbers;
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
        ahead, rate, old, t = status[i] == AHEAD, forward[i] / scale[i], length[i], here[i]
        ends = (rate > 0.0) & (t + old * rate >= 1.0)
        last[i] = 1.0 if ahead & ends else 0.0
        on[i] = 1.0 if ahead else 0.0
        length[i] = (1.0 - t) / rate if ahead & ends else old
    for a in range(size):
        block = state[at(POINT, a, size)], state[at(TANGENT, a, size)], state[at(ROW, a, size)]
        _step(count, on, last, length, block, state[at(TRIED, a, size)], whole[PIECE + a])
    _last_step(count, on, last, size, state)
    for i in range(count):
        ahead, ends = on[i] != 0.0, last[i] != 0.0
        was, so_far, trials = mode[i], steps[i], turn[i]
        steps[i] = so_far + 1 if ahead else so_far
        turn[i] = 0 if ahead else trials
        new = FIXED if ends else ALONG
        mode[i] = new if ahead else was
        status[i] = GO_ON


@njit(**OPTIONS)
def _step(count, on, last, length, block, tried, piece):
    """A step of one posterior's log-odds; at the end the row that is added holds only t."""
    point, tangent, row = block
    for i in range(count):
        ahead, along, old, border, part = on[i] != 0.0, tangent[i], tried[i], row[i], piece[i]
        there, own = point[i] + length[i] * along, along if last[i] == 0.0 else 0.0
        tried[i] = there if ahead else old
        row[i] = own if ahead else border
        piece[i] = -1 if ahead else part


@njit(**OPTIONS)
def _last_step(count, on, last, size, state):
    """The same for t, how far it all is, and how far Newton's first step may go."""
    length, scale, distance, reach = state[LENGTH], state[SCALE], state[DISTANCE], state[LAST]
    here, tangent = state[at(POINT, size, size)], state[at(TANGENT, size, size)]
    tried, row = state[at(TRIED, size, size)], state[at(ROW, size, size)]
    for i in range(count):
        ahead, ends, along, own, t = on[i] != 0.0, last[i] != 0.0, tangent[i], length[i], here[i]
        old_t, old_row, old_far, old_reach, size_ = (
            tried[i],
            row[i],
            distance[i],
            reach[i],
            scale[i],
        )
        there = 1.0 if ends else t + own * (along / size_)
        border = 1.0 if ends else along
        far = (1.0 - t) * size_ if ends else own
        half = 0.5 * own if own > 0.002 else 0.001
        first = half if ends else 0.25 * own
        first = first if first < 1.0 else 1.0
        tried[i] = there if ahead else old_t
        row[i] = border if ahead else old_row
        distance[i] = far if ahead else old_far
        reach[i] = first if ahead else old_reach


@njit(**OPTIONS)
def move(count, size, whole, state, loose):
    """Take Newton's step, and say how every column stands.

    Where it is near the branch, the point is taken and with it the tangent there, unless that
    has turned too far.
    """
    on, step, part, norm = loose[0], loose[1], loose[2], loose[3]
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
    _turn(count, on, norm, whole, state)
    for j in range(size + 1):
        way, tangent = state[at(WAY, j, size)], state[at(TANGENT, j, size)]
        tried, point = state[at(TRIED, j, size)], state[at(POINT, j, size)]
        for i in range(count):
            ahead, old, own, before, now = (
                on[i] != 0.0,
                tangent[i],
                way[i] * norm[i],
                point[i],
                tried[i],
            )
            tangent[i] = own if ahead else old
            point[i] = now if ahead else before


@njit(**OPTIONS)
def _newton_step(count, on, step, part, size, whole, state):
    """Take it where it leads on; its size, as it is and relative to the log-odds above 1."""
    mode, turn, steps = whole[MODE], whole[TURN], whole[COUNT]
    sign, gap, scale = state[SIGN], state[GAP], state[SCALE]
    for i in range(count):
        trials, so_far, what = turn[i], steps[i], mode[i]
        forward = (sign[i] > 0.0) | (so_far < 0)  # straight on where both types play alike
        close = CLOSE if so_far >= 0 else POOLED
        leads = (what != BEYOND) & forward & ((what != FIXED) | (gap[i] > close))
        on[i] = 1.0 if leads else 0.0
        turn[i] = trials + 1 if leads else trials
        step[i], part[i] = 0.0, 0.0
    for a in range(size):
        _largest(count, on, None, state[at(MOVE, a, size)], state[at(TRIED, a, size)], step, part)
    own, tried = state[at(MOVE, size, size)], state[at(TRIED, size, size)]
    _largest(count, on, scale, own, tried, step, part)


@njit(**OPTIONS)
def _largest(count, on, scale, own, tried, most, part):
    """Take a step where it leads on; how large it is."""
    for i in range(count):
        step, old, share, was = own[i], most[i], part[i], tried[i]
        move_ = step if scale is None else step / scale[i]
        now = was - move_ if on[i] != 0.0 else was
        size, far = abs(step), abs(now)
        relative = size / far if far > 1.0 else size
        tried[i] = now
        most[i] = old if old >= size else size
        part[i] = share if share >= relative else relative


@njit(**OPTIONS)
def _stand(count, on, step, part, size, whole, state):
    """How every column stands, before a turn of the branch is looked at."""
    status, mode, turn, steps = whole[STATUS], whole[MODE], whole[TURN], whole[COUNT]
    last, length, gap, t = state[LAST], state[LENGTH], state[GAP], state[at(TRIED, size, size)]
    near, most = state[NEARBY], state[LONGEST]
    for i in range(count):
        what, so_far, moved, before = mode[i], steps[i], step[i], last[i]
        bound = near[i] * 3.0 * (length[i] if length[i] < 1.0 else 1.0)
        done = ARRIVED if t[i] <= 1.0 else ASTRAY
        far = (moved > bound) | (part[i] > near[i])
        now = GO_ON if (what == FIXED) | far else done
        turns = 12 if what == FIXED else 6
        leads = (on[i] != 0.0) & (moved <= before) & (turn[i] <= turns)
        now = now if leads else ASTRAY
        close = CLOSE if so_far >= 0 else POOLED
        now = SOLVED if (what == FIXED) & (gap[i] <= close) else now
        now = LOST if so_far * most[i] > FAR else now
        status[i] = now
        last[i] = moved


@njit(**OPTIONS)
def _turn(count, on, cosine, whole, state):
    """Which columns have come to a point from which they go on, and by how long a step."""
    status, mode, length, sign = whole[STATUS], whole[MODE], state[LENGTH], state[SIGN]
    most = state[LONGEST]
    for i in range(count):
        what, was, old, near, wide = mode[i], status[i], length[i], cosine[i], most[i]
        least = BENT if old > SMALL else 0.0
        beyond = (what == BEYOND) & (sign[i] > 0.0) & (near > 0.0)
        came = (what == ALONG) & (was == ARRIVED)
        along = came & (near > least)
        ahead = beyond | along
        other = ASTRAY if came else was
        longer = 2.0 * old if 2.0 * old < wide else wide
        straight = 4.0 * old if 4.0 * old > longer else longer
        longer = straight if (near > STRAIGHT) & (wide >= FREE) else longer
        on[i] = 1.0 if ahead else 0.0
        status[i] = AHEAD if ahead else other
        length[i] = longer if along else old
