"""Nodes of the belief on the way along a branch, which are landed on; and ways that went astray."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import probability
from mistrust.kernels.options import BORROWING, OPTIONS
from mistrust.kernels.paces import (
    AHEAD,
    ALONG,
    ARRIVED,
    ASTRAY,
    BEYOND,
    FIXED,
    GO_ON,
    LANDING,
    LOST,
    NEAR,
    SOLVED,
)
from mistrust.kernels.pairs import (
    COUNT,
    DISTANCE,
    INVERSE,
    JOB,
    LAST,
    LENGTH,
    MODE,
    NODE,
    OPEN,
    PIECE,
    POINT,
    ROW,
    STATUS,
    TANGENT,
    TRIED,
    TURN,
    WHICH,
    at,
    single,
)

_U = np.uint64
SHORTEST, SHORT = 1e-8, 1e-3
"""A step along the branch below which the way is lost; and the same in single precision."""


@njit(**BORROWING)
def go_on(count, columns, size, marks, whole, state):
    """Go on in the columns that are on a node, or have gone astray."""
    waiting, landing, row = 0, 0, at(ROW, 0, size)
    for i in range(count):  # without a branch, which could not be foretold
        columns[waiting] = i
        waiting += (whole[STATUS, i] == ARRIVED) | (whole[STATUS, i] == ASTRAY)
    for k in range(waiting):
        i = columns[k]
        status, mode = whole[STATUS, i], whole[MODE, i]
        if status == ARRIVED:
            which, node = whole[WHICH, i], whole[NODE, i]
            whole[PIECE + which, i] = node if state[row + which, i] > 0.0 else node - 1
            whole[MODE, i], whole[STATUS, i] = BEYOND, GO_ON
        elif mode == FIXED and whole[COUNT, i] <= 0:  # `finish` tells whether it is near
            whole[STATUS, i] = SOLVED if whole[COUNT, i] < 0 else LOST
        elif mode in (FIXED, ALONG):
            columns[landing] = i
            landing += 1
        else:
            shorten(i, whole, state)
    land(landing, columns, size, marks, whole, state)


@njit(forceinline=True, **BORROWING)
def shorten(i, whole, state):
    """A shorter step."""
    state[LENGTH, i] *= 0.4
    shortest = SHORT if single(state) else SHORTEST
    whole[STATUS, i] = AHEAD if state[LENGTH, i] >= shortest else LOST


@njit(**OPTIONS)
def between(bend, nodes, margin):
    """Log-odds a little (a margin, in pieces) beyond, on and before each node: (3, cases, nodes).

    A posterior that lies so near a node is taken to be on it, whichever way it goes on.
    """
    found, n = np.zeros((3, bend.shape[1], nodes)), nodes - 1
    for case in range(bend.shape[1]):
        edge, middle, less, more = bend[0, case], bend[1, case], bend[2, case], bend[3, case]
        for side in range(3):
            for node in range(1, n):
                x = probability(node + margin * (1 - side), edge, middle, less, more)
                found[side, case, node] = np.log(x / (1.0 - x))
        found[:, case, 0], found[:, case, n] = -np.inf, np.inf
    return found


@njit(forceinline=True, **BORROWING)
def below(odds, marks):
    """How many nodes after the first one lie below (or at) some log-odds."""
    count = 0
    for node in range(_U(1), _U(len(marks) - 1)):
        count += odds >= marks[node]
    return count


@njit(**BORROWING)
def land(number, columns, size, marks, whole, state):
    """To the first node that the step would cross; if there is none, a shorter step.

    The posterior goes on through the node in the direction in which it came, whatever the kink
    does to the others: without its own column the derivatives are alike on both sides.
    """
    point, tried = at(POINT, 0, size), at(TRIED, 0, size)
    tangent, row = at(TANGENT, 0, size), at(ROW, 0, size)
    cases = _U(marks.shape[1])
    for k in range(number):
        i = columns[k]
        which, far, ahead, case = -1, state[LENGTH, i], 0, _U(whole[JOB, i]) % cases
        for a in range(size):
            slope, own = state[tangent + a, i], state[point + a, i]
            up = slope > 0.0
            node = below(own, marks[2 if up else 0, case]) + up
            there = (marks[1, case, node] - own) / slope
            nearer = (there >= 0.0) & (there < far) & (state[OPEN + a, i] != 0.0)
            far, which = there if nearer else far, a if nearer else which
            ahead = node if nearer else ahead
        if which < 0:
            shorten(i, whole, state)
            continue
        rate = state[tangent + which, i]
        for a in range(size):
            state[tried + a, i] = state[point + a, i] + far * state[tangent + a, i]
            state[row + a, i] = 0.0
        step = far * state[tangent + size, i] * state[INVERSE, i]
        state[tried + size, i] = state[point + size, i] + step
        state[row + size, i], state[row + which, i] = 0.0, 1.0 if rate > 0.0 else -1.0
        state[DISTANCE, i], state[LAST, i] = far * abs(rate), 0.1 * far + NEAR
        whole[PIECE + which, i] = ahead - 1 if rate > 0.0 else ahead
        whole[MODE, i], whole[TURN, i], whole[STATUS, i] = LANDING, 0, GO_ON
        whole[WHICH, i], whole[NODE, i] = which, ahead
