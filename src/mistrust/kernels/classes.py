"""Stages that are the same but for rounding: the way along the branch is sought for one of them.

On boards that differ only in what adds to the worth of all options alike, an actor chooses alike.
Choice values are rounded, in logit units and as far as rounding errors reach, and places whose
rounded values and belief are the same make a class. What the first of a class is led to by these
rounded values, all are given to start from; the rest is done for each with its own values.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import BORROWING, OPTIONS
from mistrust.kernels.worth import equal

COARSE, FINE = 2.0**-22, 2.0**-37
"""What choice values are rounded to, in logit units; the second where types all but play alike."""
CLEAR = 1e-4
"""Types are not all but alike if their choices differ by more than this in their worth (in logit
units, relative above 1), as long as nothing is learned."""
UNKNOWN = -1
MIXED = -7046029254386353131
"""2**64 over the golden ratio, about: an odd number whose multiples hash well."""


@njit(**OPTIONS)
def scratch(places, options, nodes):
    """Room for so many places, each with a home of its own.

    Returns
    -------
    rounded : (places, options, nodes, 2)
        The rounded choice values of a home, in logit units.
    first : (places,)
        The home that stands for a home's class.
    slots : (a power of two,)
        Homes by what their values hash to.
    one : (places,)
        The precision of rounded values.
    short : (places, options, nodes, 2)
        These in single precision.
    """
    size = 64
    while size < 2 * places:  # half of it is empty, so that a search ends soon
        size *= 2
    rounded, first = np.zeros((places, options, nodes, 2)), np.zeros(places, np.int64)
    short = np.zeros(rounded.shape, np.float32)
    return rounded, first, np.full(size, UNKNOWN), np.ones(places), short


@njit(**BORROWING)
def sort_out(places, worth, stages, room, firsts):
    """Find the classes of some places; how many have a first one, which go to `firsts`.

    Parameters
    ----------
    worth, stages
        As in `pair.climb`.
    room
        `scratch`; `first` returns the home that stands for each home.
    """
    home, belief, bend, precision, open_ = stages
    rounded, first, slots, _, short = room
    count, cases, homes = 0, bend.shape[1], len(rounded)
    values, all_ = worth.reshape((len(worth), -1)), rounded.reshape((homes, -1))
    brief = short.reshape((homes, -1))
    slots[:] = UNKNOWN
    for place in places:
        first[home[place]] = UNKNOWN
    for place in places:
        own = home[place]
        if first[own] == UNKNOWN:
            sharp = precision[place]
            step = COARSE if _clear(worth[own], open_[place, 0], sharp) else FINE
            key = _round(values[own], sharp, step, all_[own], brief[own])
            first[own] = _find(key, own, all_, cases, slots)
        if leader(place, home, belief, open_, first) == place:
            firsts[count] = place
            count += 1
    return count


@njit(**BORROWING)
def leader(place, home, belief, open_, first):
    """The first place of a place's class."""
    own = home[place]
    other = first[own] + place - own
    if home[other] != first[own] or belief[other] != belief[place]:
        return place
    for a in range(open_.shape[2]):
        for k in range(2):
            if open_[other, k, a] != open_[place, k, a]:
                return place
    return other


@njit(**BORROWING)
def _clear(worth, open_, sharp):
    """Whether types choose differently at every belief between the outermost, nothing learned."""
    for node in range(1, worth.shape[1] - 1):
        some, mean, most = 0.0, 0.0, 0.0
        for a in range(len(open_)):
            some += open_[a]
            mean += open_[a] * (worth[a, node, 0] - worth[a, node, 1])
        for a in range(len(open_)):
            gap = abs(mean - some * (worth[a, node, 0] - worth[a, node, 1])) * sharp
            size = some * max(1.0, sharp * abs(worth[a, node, 0]))
            most = max(most, open_[a] * gap / size)
        if most <= CLEAR:
            return False
    return True


@njit(**BORROWING)
def _round(values, sharp, step, rounded, brief):
    """Round a home's choice values; what they hash to."""
    scale, key, odd = sharp / step, np.int64(0), np.int64(MIXED)
    for j in range(np.uint64(len(values))):
        steps = np.rint(values[j] * scale)
        rounded[j] = brief[j] = steps * step
        key += np.int64(steps) * (np.int64(j) * 2 + 1) * odd
    return key


@njit(**BORROWING)
def _find(key, own, rounded, cases, slots):
    """The first home with the same rounded values in the same case; noted, if there is none."""
    last = np.uint64(len(slots) - 1)
    at = (np.uint64((key + own % cases) * MIXED) >> np.uint64(32)) & last
    while slots[at] != UNKNOWN:
        other = slots[at]
        if other % cases == own % cases and equal(rounded[other], rounded[own]):
            return other
        at = (at + np.uint64(1)) & last
    slots[at] = own
    return own
