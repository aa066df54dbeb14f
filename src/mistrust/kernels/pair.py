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
"""Longest step along the branch, in log-odds."""
ALIKE = 1e-13
"""Posteriors that differ by less than this from the prior teach nothing."""
SHORTEST = 1e-5
"""A step along the branch below which the way is lost."""
STEPS = 400
"""Steps along the branch before it is left to `kernels.branch`."""


@njit(**OPTIONS)
def scratch(options):
    """What `climb` works in, for so many options."""
    rows, way = np.zeros((options + 1, options + 3)), np.zeros((3, options + 1))
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
    """Derivatives by log-odds and by t, and what is left, in ``rows[a]``; the largest left."""
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
        y[0, a], y[1, a] = (
            precision * (here[0] + part * rise1),
            precision * (here[1] + part * rise2),
        )
        rows[a, options + 1], rows[a, options + 2] = rise1 * spread, rise2 * spread
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
    for b in range(options):
        share[0, b] *= less1
        share[1, b] *= less2
        rise1, rise2 = rows[b, options + 1], rows[b, options + 2]
        slope = share[0, b] * rise1 - share[1, b] * rise2
        for a in range(options):
            rows[a, b] = slope
        rows[b, b] += 1.0 - (rise1 - rise2)
    worst = 0.0
    for a in range(options):
        rows[a, options] = mean - (y[0, a] - y[1, a])
        left = odds[a] - prior - t * (y[0, a] - y[1, a]) + shift
        rows[a, options + 1] = left
        rows[a, options + 2] = 0.0
        worst = max(worst, abs(left) / max(1.0, abs(odds[a])))
    return worst


@njit(**OPTIONS)
def _settle(worth, n, prior, precision, t, furthest, odds, work):
    """Newton's method at a fixed t, in place; False if it does not close in from nearby."""
    rows, options, last = work[4], len(odds), furthest
    for _ in range(12):
        gap = _equation(worth, n, prior, precision, t, odds, work)
        if gap <= CLOSE:
            return True
        for j in range(options + 3):
            rows[options, j] = 0.0
        rows[options, options] = 1.0
        if _eliminate(rows, options + 1) <= 0:
            return False
        step = 0.0
        for a in range(options):
            step = max(step, abs(rows[a, options + 1]))
            odds[a] -= rows[a, options + 1]
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
        scale = max(scale, abs(rows[a, options]))
        length = max(length, abs(odds[a] - prior))
        tangent[a] = 0.0
    tangent[options] = 1.0
    if _border(rows, tangent, 0.0, scale) <= 0 or not _turned(rows, tangent):
        return False
    for _ in range(STEPS):
        forward = tangent[options] / scale
        last = forward > 0.0 and t + length * forward >= 1.0
        if last:
            length = (1.0 - t) / forward
        for a in range(options):
            trial[a] = odds[a] + length * tangent[a]
        if last:
            ends, furthest = trial[:options], max(0.5 * length, 1e-3)
            if _settle(worth, n, prior, precision, 1.0, furthest, ends, work):
                for a in range(options):
                    odds[a] = trial[a]
                return True
            there = np.nan
        else:
            row, there = tangent, t + length * forward
            line = (t, odds, row, length, 0.25 * length, scale)
            there = _correct(worth, n, prior, precision, line, there, trial, work)
        found = there <= 1.0
        if found:
            found = _turned(rows, tangent)
            longer = 2.0 * length
        else:
            line = (t, odds, tangent, length, 0.25 * length, scale)
            there = _land(worth, n, prior, precision, line, trial, work)
            found, longer = there <= 1.0, length
        if found:
            for a in range(options):
                odds[a] = trial[a]
            t = there
            length = min(longer, LONGEST)
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
    rows, options, last = work[4], len(odds), furthest
    for _ in range(6):
        _equation(worth, n, prior, precision, there, trial[:options], work)
        ahead = (there - t) * scale * row[options] - length
        for a in range(options):
            ahead += (trial[a] - odds[a]) * row[a]
        if _border(rows, row, ahead, scale) <= 0:
            return np.nan
        step, large = abs(rows[options, options + 1]), 1.0
        there -= rows[options, options + 1] / scale
        for a in range(options):
            trial[a] -= rows[a, options + 1]
            step, large = max(step, abs(rows[a, options + 1])), max(large, abs(trial[a]))
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
    rows, way, pieces = work[4], work[5], work[6]
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
        if _border(rows, row, 0.0, scale) <= 0 or not _turned(rows, tangent):
            there = np.nan
    pieces[which] = -1
    return there


@njit(**OPTIONS)
def _border(rows, tangent, ahead, scale):
    """Add the row of the tangent and solve; the determinant's sign, positive on the branch."""
    size = len(tangent)
    for a in range(size - 1):
        rows[a, size - 1] /= scale
        rows[size - 1, a] = tangent[a]
    rows[size - 1, size - 1] = tangent[size - 1]
    rows[size - 1, size], rows[size - 1, size + 1] = ahead, 1.0
    return _eliminate(rows, size)


@njit(**OPTIONS)
def _turned(rows, tangent):
    """Take the new tangent, of unit length."""
    size = len(tangent)
    length = 0.0
    for j in range(size):
        length += rows[j, size + 1] ** 2
    if not 0.0 < length < np.inf:
        return False
    for j in range(size):
        tangent[j] = rows[j, size + 1] / np.sqrt(length)
    return True


@njit(**OPTIONS)
def _eliminate(rows, size):
    """Solve for both right sides in place; the determinant's sign, 0 if it is singular."""
    if size == 3:
        return _cramer(rows)
    sign = 1
    for k in range(size):
        pivot = k
        for i in range(k + 1, size):
            if abs(rows[i, k]) > abs(rows[pivot, k]):
                pivot = i
        if abs(rows[pivot, k]) < 1e-300:
            return 0
        if pivot != k:
            sign = -sign
            for j in range(k, size + 2):
                rows[k, j], rows[pivot, j] = rows[pivot, j], rows[k, j]
        inverse = 1.0 / rows[k, k]
        if inverse < 0.0:
            sign = -sign
        for i in range(k + 1, size):
            factor = rows[i, k] * inverse
            for j in range(k + 1, size + 2):
                rows[i, j] -= factor * rows[k, j]
    for k in range(size - 1, -1, -1):
        one, two = rows[k, size], rows[k, size + 1]
        for j in range(k + 1, size):
            one -= rows[k, j] * rows[j, size]
            two -= rows[k, j] * rows[j, size + 1]
        rows[k, size], rows[k, size + 1] = one / rows[k, k], two / rows[k, k]
    return sign


@njit(**OPTIONS)
def _cramer(rows):
    """The same for three equations (two options), which are by far the most frequent."""
    a, b, c = rows[0, 0], rows[0, 1], rows[0, 2]
    d, e, f = rows[1, 0], rows[1, 1], rows[1, 2]
    g, h, i = rows[2, 0], rows[2, 1], rows[2, 2]
    first, second, third = e * i - f * h, f * g - d * i, d * h - e * g
    determinant = a * first + b * second + c * third
    if not abs(determinant) > 1e-300:
        return 0
    for side in range(3, 5):
        u, v, w = rows[0, side], rows[1, side], rows[2, side]
        one = first * u + (c * h - b * i) * v + (b * f - c * e) * w
        two = second * u + (a * i - c * g) * v + (c * d - a * f) * w
        three = third * u + (b * g - a * h) * v + (a * e - b * d) * w
        rows[0, side] = one / determinant
        rows[1, side] = two / determinant
        rows[2, side] = three / determinant
    return 1 if determinant > 0.0 else -1
