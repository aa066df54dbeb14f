"""The equilibrium of an actor with two types, at many places at once.

With two types all that matters of the strategies is the posterior after each option. In log-odds
``l(a)``, with Q1 and Q2 the choice values of the types read at that posterior, and precision
scaled by t in [0, 1]: ``l(a) = logit(belief) + t precision (Q1(a) - Q2(a)) - (Z1 - Z2)``, Z the
log-sums of the logit. As long as t is so small that the right side is a contraction there is one
solution; from there on the branch is followed by arc length, as in `kernels.branch`, to which is
left what is not found this way. A node of the belief at which the branch turns sharply is landed
on, and left on its other side.

Places take turns in a few columns. `kernels.pairs` evaluates the equation and Newton's step for
all columns in long loops, `kernels.paces` takes that step and the next one along the branch; the
columns that begin, land, go astray or are done are seen to one by one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import position, probability
from mistrust.kernels.classes import leader, sort_out
from mistrust.kernels.options import BORROWING, OPTIONS
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
    HOME,
    INVERSE,
    JOB,
    KEPT,
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
    choose,
    locate,
    newton,
    read,
    single,
)
from mistrust.kernels.scalar import logarithm

_U = np.uint64
ALIKE = 1e-9
"""Types whose choices differ by less than this in their worth (in logit units, relative above 1) as
long as nothing is learned play alike, and nothing is learned all along."""
NEAR = 1e-2
"""Log-odds that differ by less than this (relative above 1) are near enough on the way, if the
step is not a small one."""
CAREFUL = 2.0**-17
"""The same once the way has been lost and is begun anew, with steps a quarter as long."""
FARTHEST, LEAST = 4.0, 0.1
"""Longest step along the branch, in log-odds, unless it runs straight; the first one's bound, and
the one below which a place is given up."""
RETURN = 0.1
LARGE = 2000.0
FINE = 1e-5
NEVER = 100
SHORTEST = 1e-8
"""A step along the branch below which the way is lost."""


@njit(**OPTIONS)
def climb(places, ways, worth, stages, y, share, left, again, work):
    """Follow the principal branch to full precision, at some places.

    Parameters
    ----------
    places
        Which ones.
    ways
        A tuple with an entry for each option (see `pairs`).
    worth : (homes, options, nodes, 2)
        The choice value to each type, at each belief that may follow.
    stages
        ``(home, belief, bend, precision, open_)``: which of these values a place has, (all
        places,); the probability of the first type, not 0 or 1, (all places,); where the nodes
        lie (see `belief.position`) at place ``i`` in case ``i % cases``, (4, cases); (all
        places,); which options there are, the same ones to both types, (all places, 2, options).
    y, share : (all places, 2, options)
        Return the choice values in logit units, and the strategies, of the options that are open.
    left : (all places,)
        Returns the residual, or infinity if the way is lost; then a longer one must be taken.
        Between the two passes it is 0 where `y` holds the log-odds that the first one has found.
    again
        Whether to begin anew, with care, where the way is lost.
    work
        `pairs.scratch`.
    """
    rough, exact, room = work
    home, belief, bend, _, open_ = stages
    for place in places:
        left[place] = np.inf
    if not again:
        firsts = np.empty(len(places), dtype=np.int64)
        firsts = firsts[: sort_out(places, worth, stages, room, firsts)]
        drafted = (home, belief, bend, room[3], open_)
        _pass(firsts, ways, room[0], room[4].ravel(), drafted, y, share, left, True, False, rough)
        count = 0
        for place in firsts:
            if left[place] == np.inf:
                firsts[count] = place
                count += 1
        rounded = room[0].ravel()
        _pass(firsts[:count], ways, room[0], rounded, drafted, y, share, left, True, False, exact)
        for place in places:
            other = leader(place, home, belief, open_, room[1])
            left[place], y[place, 0] = left[other], y[other, 0]
    _pass(places, ways, worth, worth.ravel(), stages, y, share, left, False, again, exact)


@njit(**OPTIONS)
def _pass(places, ways, worth, values, stages, y, share, left, draft, again, work):
    """Along the branch in single precision, or on from where that led, in double precision."""
    (whole, state), nodes, found = work, worth.shape[2], (y, share, left)
    entries, numbers = whole.ravel(), state.ravel()
    columns, gone = np.arange(whole.shape[1]), np.arange(whole.shape[1])
    count, rough = min(len(places), whole.shape[1]), single(state)
    for i in range(count):
        whole[JOB, i], state[NEARBY, i], state[LONGEST, i] = places[i], NEAR, FARTHEST
    coming = count
    marks = between(stages[2], nodes, 1e-5 if rough else 1e-9)
    begin(count, columns, worth, stages, found, rough, whole, state)
    while count > 0:
        predict(count, ways, entries, numbers)
        locate(count, ways, nodes, entries, numbers)
        read(count, ways, values, nodes, entries, numbers)
        choose(count, ways, entries, numbers)
        newton(count, ways, entries, numbers)
        move(count, ways, entries, numbers)
        go_on(count, columns, len(ways), marks, whole, state)
        ended = finish(count, columns, again, draft, stages[4], found, whole, state)
        fresh, rest = 0, 0
        for k in range(ended):
            i = columns[k]
            if whole[JOB, i] < 0 and coming < len(places):
                whole[JOB, i], state[NEARBY, i], state[LONGEST, i] = places[coming], NEAR, FARTHEST
                coming += 1
            if whole[JOB, i] < 0:
                gone[rest] = i
                rest += 1
            else:
                columns[fresh] = i
                fresh += 1
        begin(fresh, columns, worth, stages, found, rough, whole, state)
        for k in range(rest - 1, -1, -1):
            count -= 1
            for row in range(len(whole)):
                whole[row, gone[k]] = whole[row, count]
            for row in range(len(state)):
                state[row, gone[k]] = state[row, count]


@njit(**BORROWING)
def begin(number, columns, worth, stages, found, rough, whole, state):
    """Begin with the places that some columns have got: at the centroid, where nothing is learned.

    To the end where both types play alike as long as nothing is learned, or the equation is a
    contraction up to there, so that there is one solution; else along the branch, as far as it is.
    """
    home, belief, bend, precision, open_ = stages
    size, n, cases = worth.shape[1], worth.shape[2] - 1, bend.shape[1]
    y, _, left = found
    tangent, by_t = at(TANGENT, 0, size), at(BY_T, 0, size)
    point, tried, row = at(POINT, 0, size), at(TRIED, 0, size), at(ROW, 0, size)
    for k in range(number):
        i = columns[k]
        job = whole[JOB, i]
        own, chance, sharp, case = home[job], belief[job], precision[job], job % cases
        whole[HOME, i] = own
        prior = logarithm(chance / (1.0 - chance))
        bound, middle, below, above = bend[0, case], bend[1, case], bend[2, case], bend[3, case]
        state[BEND, i], state[BEND + 1, i] = bound, middle
        state[BEND + 2, i], state[BEND + 3, i] = below, above
        state[PRIOR, i], state[PRECISION, i] = prior, sharp
        if left[job] < np.inf:
            for a in range(size):
                state[OPEN + a, i], whole[PIECE + a, i] = open_[job, 0, a], -1
                state[point + a, i] = state[tried + a, i] = y[job, 0, a]
                state[row + a, i] = 0.0
            state[point + size, i], state[tried + size, i] = 0.0, 1.0
            state[row + size, i], state[DISTANCE, i], state[KEPT, i] = 1.0, 1.0, 0.0
            state[SCALE, i], state[INVERSE, i], state[LAST, i] = 1.0, 1.0, RETURN
            whole[MODE, i], whole[TURN, i] = FIXED, 0
            whole[COUNT, i], whole[STATUS, i] = -1 if left[job] < 0.0 else 0, GO_ON
            continue
        x = position(chance, bound, middle, below, above)
        low = min(int(x), n - 1)
        part, some, mean = x - low, 0.0, 0.0
        apart, first, second, large = 0.0, 0.0, 0.0, 0.0
        for a in range(size):
            free = open_[job, 0, a]
            state[OPEN + a, i], whole[PIECE + a, i] = free, -1
            state[point + a, i] = state[tried + a, i] = prior
            state[row + a, i] = 0.0
            one, two = worth[own, a, low, 0], worth[own, a, low, 1]
            one += part * (worth[own, a, low + 1, 0] - one)
            two += part * (worth[own, a, low + 1, 1] - two)
            y[job, 0, a], y[job, 1, a] = sharp * one, sharp * (one - two)
            some += free
            mean += free * sharp * (one - two)
            if free == 0.0:
                continue
            for node in range(n):
                steps = below if node < middle else above
                rise1 = steps * (worth[own, a, node + 1, 0] - worth[own, a, node, 0])
                rise2 = steps * (worth[own, a, node + 1, 1] - worth[own, a, node, 1])
                apart = max(apart, abs(rise1 - rise2))
                first, second = max(first, abs(rise1)), max(second, abs(rise2))
                large = max(large, abs(worth[own, a, node, 0]), abs(worth[own, a, node, 1]))
        apart_, scale, length = 0.0, 1.0, 1.0
        for a in range(size):
            gap = open_[job, 0, a] * (mean / some - y[job, 1, a])
            state[by_t + a, i] = gap
            scale = max(scale, abs(gap))
            apart_ = max(apart_, abs(gap) / max(1.0, abs(y[job, 0, a])))
        alike = apart_ <= ALIKE and state[NEARBY, i] > CAREFUL
        state[point + size, i] = state[tried + size, i] = 0.0
        state[row + size, i], state[DISTANCE, i], state[KEPT, i] = 1.0, 0.0, 0.0
        state[SCALE, i], state[INVERSE, i] = 1.0, 1.0
        steep = 0.25 * sharp * (apart + first + second)
        if alike or steep <= 0.9:
            state[tried + size, i], state[LAST, i], state[DISTANCE, i] = 1.0, np.inf, 1.0
            state[LENGTH, i] = 1.0
            whole[MODE, i], whole[TURN, i], whole[COUNT, i] = FIXED, 0, -1 if alike else 0
            whole[STATUS, i] = GO_ON
            if rough and alike:
                whole[TURN, i], whole[COUNT, i], left[job] = NEVER, 0, -1.0
                for a in range(size):
                    y[job, 0, a] = prior
            continue
        if rough and (sharp * large > LARGE or apart_ <= FINE):
            whole[MODE, i], whole[TURN, i], whole[COUNT, i], whole[STATUS, i] = FIXED, NEVER, 0, GO_ON
            state[tried + size, i] = 1.0
            continue
        for a in range(size):
            state[tangent + a, i] = -state[by_t + a, i] / scale
            length += state[tangent + a, i] ** 2
        state[tangent + size, i], length = 1.0, np.sqrt(length)
        for j in range(size + 1):
            state[tangent + j, i] /= length
        state[SCALE, i], state[INVERSE, i] = scale, 1.0 / scale
        state[LENGTH, i] = 0.9 / steep * scale * length
        whole[MODE, i], whole[COUNT, i], whole[STATUS, i] = ALONG, 0, AHEAD


@njit(**BORROWING)
def go_on(count, columns, size, marks, whole, state):
    """Go on in the columns that are on a node, or have gone astray."""
    waiting, landing, row = 0, 0, at(ROW, 0, size)
    shortest = 1e-3 if single(state) else SHORTEST
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
            state[LENGTH, i] *= 0.4
            whole[STATUS, i] = AHEAD if state[LENGTH, i] >= shortest else LOST
    land(landing, columns, size, marks, whole, state)


@njit(**OPTIONS)
def between(bend, nodes, margin):
    """Log-odds a little (1e-9 of a piece) beyond, on and before each node: (3, cases, nodes).

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
    shortest = 1e-3 if single(state) else SHORTEST
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
            state[LENGTH, i] *= 0.4
            whole[STATUS, i] = AHEAD if state[LENGTH, i] >= shortest else LOST
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


@njit(**BORROWING)
def finish(count, columns, again, draft, open_, found, whole, state):
    """Take what the columns that are done have found; how many there are, which go to `columns`.

    Their place becomes -1, except where the way is lost and to be begun anew, with care. Where both
    types play alike the residual is in probability, which differs at most by twice what logit
    units do, times ``share (1 - share)``.
    """
    y, share, left = found
    size, ended = open_.shape[2], 0
    one, two, tried = at(ONE, 0, size), at(TWO, 0, size), at(TRIED, 0, size)
    share1, share2 = at(SHARE_ONE, 0, size), at(SHARE_TWO, 0, size)
    for i in range(count):
        columns[ended] = i
        ended += whole[STATUS, i] > AHEAD
    for k in range(ended):
        i = columns[k]
        job, rest = whole[JOB, i], float(state[GAP, i])
        if draft:
            whole[JOB, i] = -1
            if whole[STATUS, i] == SOLVED:
                left[job] = 0.0
                for a in range(size):
                    y[job, 0, a] = state[tried + a, i]
            continue
        if whole[STATUS, i] == SOLVED and whole[COUNT, i] < 0:
            spread = 0.0
            for a in range(size):
                chance1, chance2 = state[share1 + a, i], state[share2 + a, i]
                spread = max(spread, chance1 * (1.0 - chance1), chance2 * (1.0 - chance2))
            rest = 2.0 * spread * rest
        lost = whole[STATUS, i] != SOLVED or (whole[COUNT, i] < 0 and not rest <= CLOSE)
        if lost and left[job] < np.inf:
            left[job] = np.inf
            continue
        reach = 0.25 * state[LONGEST, i]
        if lost and again and reach > LEAST:
            state[NEARBY, i], state[LONGEST, i] = CAREFUL, reach
            continue
        whole[JOB, i], left[job] = -1, np.inf if lost else rest
        for a in range(size):
            if open_[job, 0, a] != 0.0:
                y[job, 0, a], y[job, 1, a] = state[one + a, i], state[two + a, i]
                share[job, 0, a], share[job, 1, a] = state[share1 + a, i], state[share2 + a, i]
    return ended
