"""The equilibrium of an actor with two types, at many places at once.

With two types all that matters of the strategies is the posterior after each option. In log-odds
``l(a)``, with Q1 and Q2 the choice values of the types read at that posterior, and precision
scaled by t in [0, 1]: ``l(a) = logit(belief) + t precision (Q1(a) - Q2(a)) - (Z1 - Z2)``, Z the
log-sums of the logit. As long as t is so small that the right side is a contraction there is one
solution; from there on the branch is followed by arc length, as in `kernels.branch`, to which is
left what is not found this way. A node of the belief at which the branch turns sharply is landed
on, and left on its other side.

The way is sought twice. A *draft*, in single precision and for one place of a class
(`kernels.classes`), says where it ends; from there each place is solved to full precision, with its
own values. Where single precision would not do, the draft is in double precision, and where no
draft is found the whole way is gone at full precision.

Places take turns in a few columns. `kernels.pairs` evaluates the equation and Newton's step for
all columns in long loops, `kernels.paces` takes that step and the next one along the branch; the
columns that begin (`kernels.outset`), land, go astray (`kernels.landing`) or are done are seen to
one by one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.classes import leader, sort_out
from mistrust.kernels.landing import between, go_on
from mistrust.kernels.options import BORROWING, OPTIONS
from mistrust.kernels.outset import begin
from mistrust.kernels.paces import AHEAD, CAREFUL, CLOSE, NEAR, SOLVED, move, predict
from mistrust.kernels.pairs import (
    COUNT,
    GAP,
    JOB,
    LONGEST,
    NEARBY,
    ONE,
    SHARE_ONE,
    SHARE_TWO,
    STATUS,
    TRIED,
    TWO,
    at,
    choose,
    locate,
    newton,
    read,
    single,
)

FARTHEST, LEAST = 4.0, 0.1
"""Longest step along the branch, in log-odds, unless it runs straight; the first one's bound, and
the one below which a place is given up."""


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
        Returns the residual, or infinity if the way is lost; then a longer one must be taken. A
        draft leaves 0 where it puts the log-odds that it has found into `y`, and -1 where these
        are those of the belief, since both types play alike.
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
        rounded, first, _, one, short = room
        firsts, count = np.empty(len(places), dtype=np.int64), 0
        firsts = firsts[: sort_out(places, worth, stages, room, firsts)]
        own = (home, belief, bend, one, open_)
        _pass(firsts, ways, rounded, short.ravel(), own, y, share, left, True, False, rough)
        for place in firsts:
            if left[place] == np.inf:
                firsts[count] = place
                count += 1
        rest = firsts[:count]
        _pass(rest, ways, rounded, rounded.ravel(), own, y, share, left, True, False, exact)
        for place in places:
            other = leader(place, home, belief, open_, first)
            left[place], y[place, 0] = left[other], y[other, 0]
    _pass(places, ways, worth, worth.ravel(), stages, y, share, left, False, again, exact)


@njit(**OPTIONS)
def _pass(places, ways, worth, values, stages, y, share, left, draft, again, work):
    """All the way for some places, or on from a draft; for a `draft`, only where it ends.

    `values` are those of `worth`, flat, in the precision that `work` has.
    """
    (whole, state), nodes, found = work, worth.shape[2], (y, share, left)
    entries, numbers = whole.ravel(), state.ravel()
    columns, gone = np.arange(whole.shape[1]), np.arange(whole.shape[1])
    count = min(len(places), whole.shape[1])
    for i in range(count):
        whole[JOB, i], state[NEARBY, i], state[LONGEST, i] = places[i], NEAR, FARTHEST
    coming = count
    marks = between(stages[2], nodes, 1e-5 if single(state) else 1e-9)
    begin(count, columns, worth, stages, found, whole, state)
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
        begin(fresh, columns, worth, stages, found, whole, state)
        for k in range(rest - 1, -1, -1):
            count -= 1
            for row in range(len(whole)):
                whole[row, gone[k]] = whole[row, count]
            for row in range(len(state)):
                state[row, gone[k]] = state[row, count]


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
