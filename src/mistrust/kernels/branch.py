"""The principal branch of the logit equilibrium of one stage, followed in precision from zero.

A stage is played by *agents*: the types of one actor whose choice is observed (each option then
leads to the posterior that the strategies of all types imply), or several actors that choose at
once. With precision scaled by t in [0, 1], the unknown is what the options are worth in logit
units, ``y = precision * choice value``; strategies are ``share(a) ~ exp(t y(a))`` and the
equation is ``y = precision * outlook(share)``. At t = 0 everybody plays the centroid, which is
the only solution; the branch from there is the principal one (McKelvey and Palfrey 1995, theorem
3; 1998). It is followed in steps of t with Newton's method as long as these go forward, and by
arc length where it bends (Turocy 2005). Values between the nodes of the belief are linear, so
the branch is smooth but for kinks.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import locate
from mistrust.kernels.options import OPTIONS

SOLVED = 1e-11
"""A Newton step below this, in logit units (relative above 1), ends the iteration."""
STEPS = 6000
"""Steps along the branch before it is given up."""


@njit(**OPTIONS)
def eliminate(matrix, right, n):
    """Solve ``matrix @ x = right`` in place (x in `right`), both destroyed.

    Returns
    -------
    int
        The sign of the determinant; 0 if the matrix is singular.
    """
    sign = 1
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > abs(matrix[pivot, k]):
                pivot = i
        if abs(matrix[pivot, k]) < 1e-300:
            return 0
        if pivot != k:
            sign = -sign
            for j in range(k, n):
                matrix[k, j], matrix[pivot, j] = matrix[pivot, j], matrix[k, j]
            right[k], right[pivot] = right[pivot], right[k]
        if matrix[k, k] < 0.0:
            sign = -sign
        for i in range(k + 1, n):
            factor = matrix[i, k] / matrix[k, k]
            if factor != 0.0:
                for j in range(k + 1, n):
                    matrix[i, j] -= factor * matrix[k, j]
                right[i] -= factor * right[k]
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            right[k] -= matrix[k, j] * right[j]
        right[k] /= matrix[k, k]
    return sign


@njit(**OPTIONS)
def respond(y, t, open_, share, log_share):
    """Logit strategies of all agents: y, open_, share, log_share are (agents, options)."""
    agents, options = open_.shape
    for g in range(agents):
        best, total = -np.inf, 0.0
        for a in range(options):
            if open_[g, a] != 0.0:
                best = max(best, t * y[g * options + a])
        for a in range(options):
            share[g, a] = np.exp(t * y[g * options + a] - best) if open_[g, a] != 0.0 else 0.0
            total += share[g, a]
        for a in range(options):
            if open_[g, a] != 0.0:
                share[g, a] /= total
                log_share[g, a] = t * y[g * options + a] - best - np.log(total)


@njit(**OPTIONS)
def believe(a, prior, open_, log_share, posterior):
    """The posterior after option `a`, from logarithms; False if no type has the option."""
    kinds = len(prior)
    known = False
    for k in range(kinds):
        known |= prior[k] > 0.0 and open_[k, a] != 0.0
    best, total = -np.inf, 0.0
    for k in range(kinds):
        if open_[k, a] != 0.0 and (prior[k] > 0.0 or not known):
            posterior[k] = log_share[k, a] + (np.log(prior[k]) if known else 0.0)
            best = max(best, posterior[k])
    if best == -np.inf:
        return False
    for k in range(kinds):
        counts = open_[k, a] != 0.0 and (prior[k] > 0.0 or not known)
        posterior[k] = np.exp(posterior[k] - best) if counts else 0.0
        total += posterior[k]
    for k in range(kinds):
        posterior[k] /= total
    return True


@njit(**OPTIONS)
def reveal(worth, n, prior, open_, share, log_share, belief, outlook, slopes, wanted):
    """What each type expects from each option at the posterior that it leads to.

    Parameters
    ----------
    worth : (options, nodes, kinds)
        The choice value to each type, at each belief that may follow.
    belief
        `belief.scratch`.
    outlook : (kinds * options,)
    slopes : (kinds * options, kinds * options)
        By the exponents of the logit; filled if `wanted`.
    """
    kinds, options = open_.shape
    corner, order, rest, nodes, weights, slope, posterior = belief
    for a in range(options):
        some = believe(a, prior, open_, log_share, posterior)
        if some:
            locate(posterior, n, corner, order, rest, nodes, weights)
        for k in range(kinds):
            row = k * options + a
            outlook[row] = 0.0
            if wanted:
                for j in range(kinds * options):
                    slopes[row, j] = 0.0
            if not some or open_[k, a] == 0.0:
                continue
            for j in range(kinds):
                outlook[row] += weights[j] * worth[a, nodes[j], k]
            if not wanted:
                continue
            mean = 0.0
            for i in range(kinds):
                slope[i] = 0.0
            for j in range(kinds - 1):
                rise = n * (worth[a, nodes[j + 1], k] - worth[a, nodes[j], k])
                for i in range(kinds - 1 - order[j]):
                    slope[i] += rise
            for i in range(kinds):
                mean += posterior[i] * slope[i]
            for i in range(kinds):
                by_log = posterior[i] * (slope[i] - mean)
                if by_log != 0.0:
                    for b in range(options):
                        column = i * options + b
                        slopes[row, column] = by_log * ((a == b) - share[i, b])


@njit(**OPTIONS)
def meet(payoff, counts, share, outlook, slopes, partial, wanted):
    """What each of several actors that choose at once expects from each of its options.

    Parameters
    ----------
    payoff : (actors, combinations)
        Combinations of options in C order.
    counts : (actors,)
        Options of each.
    outlook, slopes
        As in `reveal`, with actors for types; rows of options that an actor lacks are 0.
    partial : (actors * options, actors * options)
        Scratch.
    """
    actors, options = share.shape
    size = actors * options
    outlook[:size] = 0.0
    if wanted:
        slopes[:size, :size] = 0.0
        partial[:size, :size] = 0.0
    for c in range(payoff.shape[1]):
        for i in range(actors):
            own = _option(c, i, counts)
            chance = 1.0
            for j in range(actors):
                if j != i:
                    chance *= share[j, _option(c, j, counts)]
            outlook[i * options + own] += chance * payoff[i, c]
            if not wanted:
                continue
            for j in range(actors):
                if j == i:
                    continue
                chance = 1.0
                for other in range(actors):
                    if other not in (i, j):
                        chance *= share[other, _option(c, other, counts)]
                column = j * options + _option(c, j, counts)
                partial[i * options + own, column] += chance * payoff[i, c]
    if wanted:
        for row in range(size):
            for j in range(actors):
                mean = 0.0
                for b in range(counts[j]):
                    mean += partial[row, j * options + b] * share[j, b]
                for b in range(counts[j]):
                    gap = partial[row, j * options + b] - mean
                    slopes[row, j * options + b] = share[j, b] * gap


@njit(**OPTIONS)
def _option(combination, actor, counts):
    """The option of one actor in a combination."""
    for j in range(len(counts) - 1, actor, -1):
        combination //= counts[j]
    return combination % counts[actor]


@njit(**OPTIONS)
def workspace(agents, options):
    """Scratch for `follow` for so many agents with so many options each."""
    n = agents * options
    return (
        np.zeros((agents, options)),
        np.zeros(n),
        np.zeros((n, n)),
        np.zeros((n, n)),
        np.zeros((n + 1, n + 1)),
        np.zeros((6, n + 1)),
    )


@njit(**OPTIONS)
def outlooks(stage, y, t, share, work, wanted):
    """`outlook` (and its slopes) of a stage at given values."""
    sealed, worth, n, prior, payoff, counts, open_, _, belief = stage
    log_share, outlook, slopes, partial = work[0], work[1], work[2], work[3]
    respond(y, t, open_, share, log_share)
    if sealed:
        meet(payoff, counts, share, outlook, slopes, partial, wanted)
    else:
        reveal(worth, n, prior, open_, share, log_share, belief, outlook, slopes, wanted)


@njit(**OPTIONS)
def linearise(stage, y, t, share, work, size):
    """The equation's left side in ``work[5][0]``, its derivatives by y and t in ``work[4]``."""
    outlooks(stage, y, t, share, work, True)
    precision, options = stage[7], share.shape[1]
    outlook, slopes, matrix, left = work[1], work[2], work[4], work[5][0]
    for i in range(size):
        sharp = precision[i // options]
        left[i] = y[i] - sharp * outlook[i]
        by_t = 0.0
        for j in range(size):
            by_t += slopes[i, j] * y[j]
            matrix[i, j] = (i == j) - sharp * t * slopes[i, j]
        matrix[i, size] = -sharp * by_t


@njit(**OPTIONS)
def polish(stage, y, t, share, work, size, furthest):
    """Newton's method at a fixed t, in place; False if it does not close in from nearby."""
    last = furthest
    for _ in range(12):
        linearise(stage, y, t, share, work, size)
        left = work[5][0]
        sign = eliminate(work[4], left, size)
        step, scale = 0.0, 1.0
        for i in range(size):
            y[i] -= left[i]
            step = max(step, abs(left[i]))
            scale = max(scale, abs(y[i]))
        if sign <= 0 or not step <= last:
            return False
        if step <= SOLVED * scale:
            return True
        last = step
    return False


@njit(**OPTIONS)
def follow(stage, y, share, work):
    """Follow the principal branch to full precision.

    Parameters
    ----------
    stage
        ``(sealed, worth, n, prior, payoff, counts, open_, precision, belief)``: see `reveal` and
        `meet`; `precision` is (agents,).
    y : (agents * options,)
        Returns the choice values in logit units.
    share : (agents, options)
        Returns the strategies.

    Returns
    -------
    float
        The residual: the largest difference between a probability and the logit choice that all
        of them imply.
    """
    open_, precision = stage[6], stage[7]
    agents, options = open_.shape
    size = agents * options
    for i in range(size):
        y[i] = 0.0
    outlooks(stage, y, 0.0, share, work, False)
    for i in range(size):
        y[i] = precision[i // options] * work[1][i]
    if not _forward(stage, y, share, work, size):
        return np.inf
    outlooks(stage, y, 1.0, share, work, False)
    log_share, worst = work[0], 0.0
    for i in range(size):
        y[i] = precision[i // options] * work[1][i]
    for g in range(agents):  # the strategies themselves are kept; their answer goes to scratch
        for a in range(options):
            log_share[g, a] = share[g, a]
    answer = work[4]
    respond(y, 1.0, open_, answer, work[3])
    for g in range(agents):
        for a in range(options):
            worst = max(worst, abs(answer[g, a] - share[g, a]))
    return worst


@njit(**OPTIONS)
def _forward(stage, y, share, work, size):
    """In steps of t while the branch goes forward; then along it."""
    t, reach = 0.0, 1.0
    tangent, trial = work[5][1], work[5][2]
    while t < 1.0:
        linearise(stage, y, t, share, work, size)
        for i in range(size):
            tangent[i] = -work[4][i, size]
        if eliminate(work[4], tangent, size) <= 0:
            return _along(stage, y, t, share, work, size)
        done = False
        while reach > 1e-4:
            ahead = min(1.0, t + reach)
            for i in range(size):
                trial[i] = y[i] + (ahead - t) * tangent[i]
            if polish(stage, trial, ahead, share, work, size, 0.5):
                done = True
                break
            reach *= 0.4
        if not done:
            return _along(stage, y, t, share, work, size)
        t = ahead
        reach *= 2.5
        for i in range(size):
            y[i] = trial[i]
    return True


@njit(**OPTIONS)
def _along(stage, y, t, share, work, size):
    """By arc length, where the branch may bend back; y and t are on it."""
    old, trial, moved = work[5][3], work[5][2], work[5][4]
    scale = 1.0
    for i in range(size):
        scale = max(scale, abs(y[i]))
        old[i] = 0.0
    old[size] = 1.0
    here = t
    length = 0.05
    for _ in range(STEPS):
        if not _tangent(stage, y, here, share, work, size, scale):
            return False
        advanced = False
        while length > 1e-7:
            there = _correct(stage, y, here, share, work, size, scale, length, 0.5 * length)
            if there == there:
                advanced = True
                break
            length *= 0.4
        if not advanced:
            there = _turn(stage, y, here, share, work, size, scale)
            if there != there:
                return False
            length = 1e-4
        if there >= 1.0:
            part = (1.0 - here) / (there - here)
            for i in range(size):
                moved[i] = y[i] + part * (trial[i] - y[i])
            if polish(stage, moved, 1.0, share, work, size, 0.5):
                for i in range(size):
                    y[i] = moved[i]
                return True
            if length < 1e-7:
                return False
            length *= 0.3
            continue
        for i in range(size):
            y[i] = trial[i]
        here = there
        length = min(2.0 * length, 2.0)
    return False


@njit(**OPTIONS)
def _tangent(stage, y, t, share, work, size, scale):
    """The unit tangent into ``work[5][3]``, oriented so that the determinant stays positive."""
    old, matrix, right = work[5][3], work[4], work[5][0]
    linearise(stage, y, t, share, work, size)
    for i in range(size):
        matrix[i, size] /= scale
        right[i] = 0.0
    for j in range(size + 1):
        matrix[size, j] = old[j]
    right[size] = 1.0
    sign = eliminate(matrix, right, size + 1)
    if sign == 0:
        return False
    length = 0.0
    for j in range(size + 1):
        length += right[j] * right[j]
    for j in range(size + 1):
        old[j] = sign * right[j] / np.sqrt(length)
    return True


@njit(**OPTIONS)
def _turn(stage, y, t, share, work, size, scale):
    """Past a kink at which the branch turns sharply, into ``work[5][2]``; its t, or NaN.

    A small step beyond the kink, the tangent of the branch there, and a step along that.
    """
    tangent, kept, beyond = work[5][3], work[5][5], work[5][4]
    for j in range(size + 1):
        kept[j] = tangent[j]
    for exponent in range(7):
        small = 10.0 ** (exponent - 8)
        for i in range(size):
            beyond[i] = y[i] + small * kept[i]
        there = t + small * kept[size] / scale
        for j in range(size + 1):
            tangent[j] = kept[j]
        if not _tangent(stage, beyond, there, share, work, size, scale):
            continue
        found = _correct(stage, beyond, there, share, work, size, scale, 10.0 * small, 20.0 * small)
        if found == found:
            return found
    return np.nan


@njit(**OPTIONS)
def _correct(stage, y, t, share, work, size, scale, length, furthest):
    """From a step along the tangent back to the branch, into ``work[5][2]``; its t, or NaN."""
    tangent, trial, matrix, right = work[5][3], work[5][2], work[4], work[5][0]
    there = t + length * tangent[size] / scale
    for i in range(size):
        trial[i] = y[i] + length * tangent[i]
    last = furthest
    for _ in range(12):
        linearise(stage, trial, there, share, work, size)
        ahead = -length + (there - t) * scale * tangent[size]
        for i in range(size):
            matrix[i, size] /= scale
            ahead += (trial[i] - y[i]) * tangent[i]
        for j in range(size + 1):
            matrix[size, j] = tangent[j]
        right[size] = ahead
        if eliminate(matrix, right, size + 1) == 0:
            return np.nan
        step, large = abs(right[size]), 1.0
        for i in range(size):
            trial[i] -= right[i]
            step = max(step, abs(right[i]))
            large = max(large, abs(trial[i]))
        there -= right[size] / scale
        if not step <= last:
            return np.nan
        if step <= SOLVED * large:
            return there
        last = step
    return np.nan
