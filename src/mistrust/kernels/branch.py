"""The principal branch of the logit equilibrium of one stage, followed in precision from zero.

A stage is played by *agents*: the types of the actors who choose, one actor or several at once. All
then see what was chosen, and believe of each actor what its option and its types' strategies imply
(`kernels.agents`). With precision scaled by t in [0, 1], the unknown is what the options are worth
in logit units, ``y = precision * choice value``; strategies are ``share(a) ~ exp(t y(a))`` and the
equation is ``y = precision * outlook(share)``. At t = 0 everybody plays the centroid, which is
the only solution; the branch from there is the principal one (McKelvey and Palfrey 1995, theorem
3; 1998). It is followed in steps of t with Newton's method as long as these go forward, and by
arc length where it bends (Turocy 2005). Values between the nodes of a belief are linear, so
the branch is smooth but for kinks.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.agents import outlooks, respond, workspace
from mistrust.kernels.likeness import compare
from mistrust.kernels.options import BORROWING

SOLVED = 1e-11
"""A Newton step below this, in logit units (relative above 1), ends the iteration."""
STRAIGHT = 0.02
"""A Newton step no longer than this, in logit units, leads straight ahead."""
STEPS = 6000
"""Steps along the branch before it is given up."""
NEAR, LONG = 0.5, 2.0
"""How far a first Newton step may lead, in logit units or in parts of a step along the branch, and
the longest of these."""
CARE = (1.0, 0.125, 0.02)
"""Parts of both with which the branch is followed, the next one where it was lost before."""


@njit(**BORROWING)
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


@njit(**BORROWING)
def linearise(stage, y, t, share, work, size):
    """The equation's left side in ``work[5][0]``, its derivatives by y and t in ``work[4]``."""
    outlooks(stage, y, t, share, work, np.bool_(True))
    precision, options = stage[4], share.shape[1]
    outlook, slopes, matrix, left = work[1], work[2], work[4], work[5][0]
    for i in range(size):
        sharp = precision[i // options]
        left[i] = y[i] - sharp * outlook[i]
        by_t = 0.0
        for j in range(size):
            by_t += slopes[i, j] * y[j]
            matrix[i, j] = (i == j) - sharp * t * slopes[i, j]
        matrix[i, size] = -sharp * by_t


@njit(**BORROWING)
def polish(stage, y, t, share, work, size, furthest):
    """Newton's method at a fixed t, in place; False if it does not close in from nearby.

    A negative determinant says that the branch has bent back, or that another one has forked off
    (as in symmetric games); only a solution straight ahead is then taken to be on the branch.
    """
    last = furthest
    for turn in range(12):
        linearise(stage, y, t, share, work, size)
        left = work[5][0]
        sign = eliminate(work[4], left, size)
        step, scale = 0.0, 1.0
        for i in range(size):
            y[i] -= left[i]
            step = max(step, abs(left[i]))
            scale = max(scale, abs(y[i]))
        if sign == 0 or not step <= last or (sign < 0 and turn == 0 and step > STRAIGHT):
            return False
        if step <= SOLVED * scale:
            return True
        last = step
    return False


@njit(**BORROWING)
def follow(stage, y, share, work):
    """Follow the principal branch to full precision.

    Parameters
    ----------
    stage
        See `kernels.agents`.
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
    open_, precision = stage[3], stage[4]
    agents, options = open_.shape
    size = agents * options
    compare(stage, work)
    arrived = False
    for care in CARE:
        for i in range(size):
            y[i] = 0.0
        outlooks(stage, y, 0.0, share, work, np.bool_(False))
        for i in range(size):
            y[i] = precision[i // options] * work[1][i]
        arrived = _forward(stage, y, share, work, size, care)
        if arrived:
            break
    if not arrived:
        return np.inf
    lead = work[6][6][2]
    for g in range(agents):
        if lead[g] != g:
            _let_go(lead, y, options)
            polish(stage, y, 1.0, share, work, size, NEAR)
            break
    return implied(stage, y, share, work)


@njit(**BORROWING)
def _let_go(lead, y, options):
    """Those who were led begin where they were led to: all but alike is not quite alike."""
    for g in range(len(lead)):
        for a in range(options):
            y[g * options + a] = y[lead[g] * options + a]
        lead[g] = g


@njit(**BORROWING)
def implied(stage, y, share, work):
    """What strategies ``share ~ exp(y)`` make the options worth, in logit units, into y.

    Returns
    -------
    float
        The residual, as in `follow`.
    """
    open_, precision = stage[3], stage[4]
    agents, options = open_.shape
    outlooks(stage, y, 1.0, share, work, np.bool_(False))
    log_share, worst = work[0], 0.0
    for i in range(agents * options):
        y[i] = precision[i // options] * work[1][i]
    for g in range(agents):  # the strategies themselves are kept; their answer goes to scratch
        for a in range(options):
            log_share[g, a] = share[g, a]
    answer = work[4]
    respond(y, 1.0, open_, work[6][6][2], answer, work[3])
    for g in range(agents):
        for a in range(options):
            worst = max(worst, abs(answer[g, a] - share[g, a]))
    return worst


@njit(**BORROWING)
def _forward(stage, y, share, work, size, care):
    """In steps of t while the branch goes forward; then along it."""
    t, reach = 0.0, 1.0
    tangent, trial = work[5][1], work[5][2]
    while t < 1.0:
        linearise(stage, y, t, share, work, size)
        for i in range(size):
            tangent[i] = -work[4][i, size]
        if eliminate(work[4], tangent, size) == 0:
            return _along(stage, y, t, share, work, size, care)
        done = False
        while reach > 1e-4:
            ahead = min(1.0, t + reach)
            for i in range(size):
                trial[i] = y[i] + (ahead - t) * tangent[i]
            if polish(stage, trial, ahead, share, work, size, NEAR * care):
                done = True
                break
            reach *= 0.4
        if not done:
            return _along(stage, y, t, share, work, size, care)
        t = ahead
        reach *= 2.5
        for i in range(size):
            y[i] = trial[i]
    return True


@njit(**BORROWING)
def _along(stage, y, t, share, work, size, care):
    """By arc length, where the branch may bend back; y and t are on it."""
    old, trial, moved, kept = work[5][3], work[5][2], work[5][4], work[5][1]
    scale = 1.0
    for i in range(size):
        scale = max(scale, abs(y[i]))
        old[i] = 0.0
    old[size] = 1.0
    here = t
    length = 0.05
    if _tangent(stage, y, here, share, work, size, scale) == 0:
        return False
    for _ in range(STEPS):
        _copy(old, kept)
        advanced = False
        while length > 1e-7:
            near = NEAR * care * length
            there = _correct(stage, y, here, share, work, size, scale, length, near)
            if there == there:
                if _tangent(stage, trial, there, share, work, size, scale) > 0:
                    advanced = True
                    break
                _copy(kept, old)  # that is another branch, or this one after it has turned
            length *= 0.4
        if not advanced:
            there = _turn(stage, y, here, share, work, size, scale)
            if there != there or _tangent(stage, trial, there, share, work, size, scale) == 0:
                return False
            length = 1e-4
        if there >= 1.0:
            part = (1.0 - here) / (there - here)
            for i in range(size):
                moved[i] = y[i] + part * (trial[i] - y[i])
            if polish(stage, moved, 1.0, share, work, size, NEAR * care):
                for i in range(size):
                    y[i] = moved[i]
                return True
            if length < 1e-7:
                return False
            _copy(kept, old)
            length *= 0.3
            continue
        for i in range(size):
            y[i] = trial[i]
        here = there
        length = min(2.0 * length, care * max(LONG, 1e-3 * scale))
    return False


@njit(**BORROWING)
def _copy(values, out):
    """In a loop: Numba compiles much for arrays that are assigned, lest their shapes differ."""
    for i in range(len(out)):
        out[i] = values[i]


@njit(**BORROWING)
def _tangent(stage, y, t, share, work, size, scale):
    """The unit tangent into ``work[5][3]``, oriented so that the determinant stays positive.

    Returns
    -------
    int
        Whether it points the way of the one before it, there until now: 1, or -1; 0 if lost.
    """
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
        return 0
    length = 0.0
    for j in range(size + 1):
        length += right[j] * right[j]
    for j in range(size + 1):
        old[j] = sign * right[j] / np.sqrt(length)
    return sign


@njit(**BORROWING)
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
        if _tangent(stage, beyond, there, share, work, size, scale) == 0:
            continue
        found = _correct(stage, beyond, there, share, work, size, scale, 10.0 * small, 20.0 * small)
        if found == found:
            return found
    return np.nan


@njit(**BORROWING)
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


__all__ = ["follow", "implied", "workspace"]
