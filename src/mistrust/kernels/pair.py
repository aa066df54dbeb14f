"""The equilibrium of an actor with two types: the principal branch, followed in log-odds.

With two types all that matters of the strategies is the posterior after each option. In log-odds
``l(a)``, with Q1 and Q2 the choice values of the types read at that posterior, and precision
scaled by t in [0, 1]: ``l(a) = logit(belief) + t precision (Q1(a) - Q2(a)) - (Z1 - Z2)``, Z the
log-sums of the logit. As long as t is so small that the right side is a contraction there is one
solution; from there on the branch is followed by arc length, as in `kernels.branch`, to which is
left what is not found this way (mainly where the branch turns sharply on a node of the belief).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import OPTIONS

CLOSE = 1e-11
"""Log-odds that differ by less than this (relative above 1) from what they imply are solved."""
NEAR = 1e-4
"""The same on the way, where it is enough to stay on the branch."""
LONGEST = 4.0
"""Longest step along the branch, in log-odds, unless it runs straight."""
STRAIGHT = 0.99
"""The cosine of the angle between two tangents above which it does."""
ALIKE = 1e-13
"""Posteriors that differ by less than this from the prior teach nothing."""
SHORTEST = 1e-5
"""A step along the branch below which the way is lost."""
STEPS = 400
"""Steps along the branch before it is left to `kernels.branch`."""


@njit(**OPTIONS)
def scratch(options):
    """What `climb` works in, for so many options."""
    rows, way = np.zeros((4, options + 1)), np.zeros((5, options + 1))
    odds, y, share = np.zeros(options), np.zeros((2, options)), np.zeros((2, options))
    return np.arange(options), odds, y, share, rows, way, np.full(options, -1)


@njit(**OPTIONS)
def climb(worth, n, belief, precision, open_, y, share, work):
    """Follow the principal branch to full precision.

    Parameters
    ----------
    worth : (options, nodes, 2)
        The choice value to each type, at each belief that may follow.
    n
        Nodes but one.
    belief
        The probability of the first type.
    open_ : (2, options)
        Which options each type has.
    y, share : (2 * options,), (2, options)
        Return the choice values in logit units, and the strategies, of the options that are open.
    work
        `scratch`.

    Returns
    -------
    float
        The residual, or infinity if the way is lost or the types have different options; then a
        longer way must be taken.
    """
    options, count = open_.shape[1], 0
    for a in range(options):
        if open_[0, a] != open_[1, a]:
            return np.inf
        if open_[0, a] != 0.0:
            work[0][count] = a
            count += 1
    kept, odds, values, chances, rows, way, pieces = work
    small = (kept[:count], odds[:count], values, chances, rows, way, pieces)
    left = _climb(worth, n, belief, precision, small)
    for a in range(count):
        for k in range(2):
            y[k * options + kept[a]] = values[k, a]
            share[k, kept[a]] = chances[k, a]
    return left


@njit(**OPTIONS)
def _climb(worth, n, belief, precision, work):
    """The solution in `work`, and the residual."""
    odds = work[1]
    certain = not 0.0 < belief < 1.0
    prior = 0.0 if certain else np.log(belief / (1.0 - belief))
    for a in range(len(odds)):
        odds[a] = prior
        if certain:
            odds[a] = np.inf if belief > 0.0 else -np.inf
    gap = _equation(worth, n, prior, precision, 1.0, odds, work)
    if certain or len(odds) == 1 or gap <= ALIKE:
        return 0.0  # nothing can be learned, or both types play alike all along the branch
    t = min(1.0, _sure(worth, n, precision, work[0]))
    if not _settle(worth, n, prior, precision, t, np.inf, odds, work):
        return np.inf
    if t < 1.0 and not _along(worth, n, prior, precision, t, work):
        return np.inf
    return _equation(worth, n, prior, precision, 1.0, odds, work)


@njit(**OPTIONS)
def _sure(worth, n, precision, kept):
    """A scale of precision up to which the equation is a contraction: one solution."""
    apart, one, two = 0.0, 0.0, 0.0
    for a in kept:
        for node in range(n):
            rise1 = worth[a, node + 1, 0] - worth[a, node, 0]
            rise2 = worth[a, node + 1, 1] - worth[a, node, 1]
            apart = max(apart, abs(rise1 - rise2))
            one, two = max(one, abs(rise1)), max(two, abs(rise2))
    return 0.9 / (0.25 * n * precision * (apart + one + two) + 1e-300)


@njit(**OPTIONS)
def _equation(worth, n, prior, precision, t, odds, work):
    """What is left and its derivatives, into the rows of `work`; returns the largest left.

    ``rows[0]`` is what is left for each option, ``rows[1]`` its derivative by t, ``rows[2]`` that
    by the option's own log-odds and ``rows[3]``, which adds to it, by the log-odds of any.
    """
    kept, _, y, share, rows, _, pieces = work
    options = len(kept)
    best1, best2 = -np.inf, -np.inf
    for a in range(options):
        e = np.exp(-abs(odds[a]))
        half = 1.0 / (1.0 + e)
        rare = e * half
        x = (1.0 - rare if odds[a] > 0.0 else rare) * n
        below = pieces[a] if pieces[a] >= 0 else min(int(x), n - 1)
        part, spread = x - below, t * precision * n * rare * half
        here, next_ = worth[kept[a], below], worth[kept[a], below + 1]
        rise1, rise2 = next_[0] - here[0], next_[1] - here[1]
        y[0, a] = precision * (here[0] + part * rise1)
        y[1, a] = precision * (here[1] + part * rise2)
        rows[2, a], rows[3, a] = rise1 * spread, rise2 * spread
        best1, best2 = max(best1, y[0, a]), max(best2, y[1, a])
    total1, total2, mean1, mean2 = 0.0, 0.0, 0.0, 0.0
    for a in range(options):
        share[0, a] = np.exp(t * (y[0, a] - best1)) if y[0, a] < best1 else 1.0
        share[1, a] = np.exp(t * (y[1, a] - best2)) if y[1, a] < best2 else 1.0
        total1 += share[0, a]
        total2 += share[1, a]
        mean1 += share[0, a] * y[0, a]
        mean2 += share[1, a] * y[1, a]
    less1, less2 = 1.0 / total1, 1.0 / total2
    shift, mean = t * (best1 - best2) + np.log(total1 * less2), mean1 * less1 - mean2 * less2
    worst = 0.0
    for a in range(options):
        share[0, a] *= less1
        share[1, a] *= less2
        rise1, rise2 = rows[2, a], rows[3, a]
        rows[2, a], rows[3, a] = 1.0 - (rise1 - rise2), share[0, a] * rise1 - share[1, a] * rise2
        rows[1, a] = mean - (y[0, a] - y[1, a])
        rows[0, a] = odds[a] - prior - t * (y[0, a] - y[1, a]) + shift
        worst = max(worst, abs(rows[0, a]) / max(1.0, abs(odds[a])))
    return worst


@njit(**OPTIONS)
def _settle(worth, n, prior, precision, t, furthest, odds, work):
    """Newton's method at a fixed t, in place; False if it does not close in from nearby."""
    way, options, last = work[5], len(odds), furthest
    row = way[2, : options + 1]
    row[:] = 0.0
    row[options] = 1.0
    for _ in range(12):
        gap = _equation(worth, n, prior, precision, t, odds, work)
        if gap <= CLOSE:
            return True
        if not _step(work, row, 0.0, 1.0) > 0.0:
            return False
        step = 0.0
        for a in range(options):
            step = max(step, abs(way[3, a]))
            odds[a] -= way[3, a]
        if not step <= last:
            return False
        last = step
    return False


@njit(**OPTIONS)
def _along(worth, n, prior, precision, t, work):
    """By arc length from a solution at t to one at 1, in place; False if the way is lost."""
    odds, rows, way = work[1], work[4], work[5]
    options = len(odds)
    tangent, trial = way[0, : options + 1], way[1, : options + 1]
    length, scale = t, 1.0
    _equation(worth, n, prior, precision, t, odds, work)
    for a in range(options):
        scale = max(scale, abs(rows[1, a]))
        length = max(length, abs(odds[a] - prior))
        tangent[a] = 0.0
    tangent[options] = 1.0
    if not _step(work, tangent, 0.0, scale) > 0.0 or _turned(way, tangent) == 0.0:
        return False
    for _ in range(STEPS):
        forward = tangent[options] / scale
        last = forward > 0.0 and t + length * forward >= 1.0
        if last:
            length = (1.0 - t) / forward
        for a in range(options):
            trial[a] = odds[a] + length * tangent[a]
        if last:
            ends, furthest = trial[:options], min(max(0.5 * length, 1e-3), 1.0)
            if _settle(worth, n, prior, precision, 1.0, furthest, ends, work):
                odds[:] = ends
                return True
            there = np.nan
        else:
            row, there = tangent, t + length * forward
            line = (t, odds, row, length, min(0.25 * length, 1.0), scale)
            there = _correct(worth, n, prior, precision, line, there, trial, work)
        found = there <= 1.0
        if found:
            cosine = _turned(way, tangent)
            found, longer = cosine > 0.0, min(2.0 * length, LONGEST)
            if cosine > STRAIGHT:
                longer = max(longer, 4.0 * length)
        else:
            line = (t, odds, tangent, length, 0.25 * length, scale)
            there = _land(worth, n, prior, precision, line, trial, work)
            found, longer = there <= 1.0, length
        if found:
            odds[:] = trial[:options]
            t = there
            length = longer
        else:
            length *= 0.4
            if length < SHORTEST:
                return False
    return False


@njit(**OPTIONS)
def _correct(worth, n, prior, precision, line, there, trial, work):
    """From a guess back to the branch, in `trial`; its t, or NaN.

    What is found lies ``length`` along ``row`` from the last point (or in the plane there).
    """
    t, odds, row, length, furthest, scale = line
    way, options, last = work[5], len(odds), furthest
    for _ in range(6):
        _equation(worth, n, prior, precision, there, trial[:options], work)
        ahead = (there - t) * scale * row[options] - length
        for a in range(options):
            ahead += (trial[a] - odds[a]) * row[a]
        if not _step(work, row, ahead, scale) > 0.0:
            return np.nan
        step, large = abs(way[3, options]), 1.0
        there -= way[3, options] / scale
        for a in range(options):
            trial[a] -= way[3, a]
            step, large = max(step, abs(way[3, a])), max(large, abs(trial[a]))
        if not step <= last:
            return np.nan
        if step <= NEAR * large:
            return there
        last = step
    return np.nan


@njit(**OPTIONS)
def _land(worth, n, prior, precision, line, trial, work):
    """To the node that a step would cross, and the tangent beyond it; the t there, or NaN.

    The posterior goes on through the node in the direction in which it came, whatever the kink
    does to the others: without its own column the derivatives are alike on both sides.
    """
    t, odds, tangent, length, _, scale = line
    way, pieces = work[5], work[6]
    options, which, dist, ahead = len(odds), -1, length, 0
    for a in range(options):
        up = tangent[a] > 0.0
        x = n / (1.0 + np.exp(-odds[a]))
        node = int(np.floor(x + 1e-9)) + 1 if up else int(np.ceil(x - 1e-9)) - 1
        if 0 < node < n:
            far = (np.log(node / (n - node)) - odds[a]) / tangent[a]
            if far < dist:
                which, dist, ahead = a, far, node
    if which < 0:
        return np.nan
    for a in range(options):
        trial[a] = odds[a] + dist * tangent[a]
    up = tangent[which] > 0.0
    row = way[2, : options + 1]
    row[:] = 0.0
    row[which] = 1.0 if up else -1.0
    there = t + dist * tangent[options] / scale
    across = (t, odds, row, dist * abs(tangent[which]), 0.5 * dist + NEAR, scale)
    pieces[which] = ahead - 1 if up else ahead
    there = _correct(worth, n, prior, precision, across, there, trial, work)
    pieces[which] = ahead if up else ahead - 1
    if there <= 1.0:
        _equation(worth, n, prior, precision, there, trial[:options], work)
        if not _step(work, row, 0.0, scale) > 0.0 or _turned(way, tangent) == 0.0:
            there = np.nan
    pieces[which] = -1
    return there


@njit(**OPTIONS)
def _step(work, row, ahead, scale):
    """Newton's step into ``way[3]`` and the tangent's direction into ``way[4]``.

    What is left of the equation, and of ``row @ step = ahead``, is to vanish; along the tangent
    only the latter grows. The derivatives are a diagonal, one row that is the same for all, and a
    column, so that two equations remain: for what that row adds, and for t.

    Returns
    -------
    float
        The determinant, positive on the branch.
    """
    rows, way, size = work[4], work[5], len(work[0])
    one_one, one_two, two_one, two_two = 1.0, 0.0, 0.0, row[size]
    one, two, product = 0.0, ahead, 1.0
    for a in range(size):
        if abs(rows[2, a]) < 1e-12:
            rows[2, a] = 1e-12
        inverse = 1.0 / rows[2, a]
        rows[1, a] /= scale
        common, own = rows[3, a] * inverse, row[a] * inverse
        one_one += common
        one_two += common * rows[1, a]
        two_one -= own
        two_two -= own * rows[1, a]
        one += common * rows[0, a]
        two -= own * rows[0, a]
        product *= rows[2, a]
    determinant = one_one * two_two - one_two * two_one
    if determinant == 0.0:
        return 0.0
    added = (one * two_two - two * one_two) / determinant
    way[3, size] = (one_one * two - two_one * one) / determinant
    along = -one_two / determinant
    way[4, size] = one_one / determinant
    for a in range(size):
        way[3, a] = (rows[0, a] - added - rows[1, a] * way[3, size]) / rows[2, a]
        way[4, a] = -(along + rows[1, a] * way[4, size]) / rows[2, a]
    return determinant * product


@njit(**OPTIONS)
def _turned(way, tangent):
    """Take the new tangent, of unit length; the cosine of the angle to the last one, or 0."""
    length = 0.0
    for j in range(len(tangent)):
        length += way[4, j] ** 2
    if not 0.0 < length < np.inf:
        return 0.0
    cosine = 1.0 / np.sqrt(length)
    for j in range(len(tangent)):
        tangent[j] = way[4, j] * cosine
    return cosine
