"""The equilibrium of an actor with two types, where the way to it is short and straight.

With two types all that matters of the strategies is the posterior after each option. In log-odds
``l(a)``, with Q1 and Q2 the choice values of the types read at that posterior:
``l(a) = logit(belief) + precision (Q1(a) - Q2(a)) - (Z1 - Z2)``, Z the log-sums of the logit. The
derivatives are a diagonal and one row, so that a Newton step costs no more than the equation.
What is not found this way is left to `kernels.branch`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import OPTIONS

CLOSE = 1e-11
"""Log-odds that differ by less than this (relative above 1) from what they imply are solved."""
FURTHEST = 0.7
"""A first Newton step longer than this, in log-odds, is no step to a near solution."""
SHORTEST = 0.02
"""A step in precision (relative) below which the branch is left to `follow`."""


@njit(**OPTIONS)
def climb(worth, n, belief, precision, before, odds, y, share, work):
    """From the centroid up the principal branch, in as few steps in precision as will do.

    Parameters and result are those of `follow_on`; `before` is scratch.
    """
    options = worth.shape[0]
    for a in range(options):
        before[a, 0] = before[a, 1] = 1.0 / options
    done, ahead = 0.0, 1.0
    while True:
        left = follow_on(worth, n, belief, ahead * precision, before, odds, y, share, work)
        if left < np.inf:
            if ahead == 1.0:
                return left
            for a in range(options):
                before[a, 0], before[a, 1] = share[0, a], share[1, a]
            done, ahead = ahead, min(1.0, ahead + 1.5 * (ahead - done))
        else:
            ahead = done + 0.4 * (ahead - done)
            if ahead - done < SHORTEST:
                return np.inf


@njit(**OPTIONS)
def follow_on(worth, n, belief, precision, before, odds, y, share, work):
    """Newton's method from the strategies `before`.

    Parameters
    ----------
    worth : (options, nodes, 2)
        The choice value to each type, at each belief that may follow.
    belief
        The probability of the first type.
    before : (options, 2)
        Strategies to begin with.
    odds : (options,)
        Returns the log-odds of the posteriors.
    y, share : (2 * options,), (2, options)
        Return the choice values in logit units, and the strategies.
    work : (5, options)
        Scratch.

    Returns
    -------
    float
        The residual, or infinity if the way is lost; then a longer one must be taken.
    """
    options = worth.shape[0]
    if not 0.0 < belief < 1.0:
        for a in range(options):
            odds[a] = np.inf if belief > 0.0 else -np.inf
        _equation(worth, n, 0.0, precision, odds, y, share, work)
        return 0.0
    prior = np.log(belief / (1.0 - belief))
    for a in range(options):
        if not (before[a, 0] > 1e-250 and before[a, 1] > 1e-250):
            return np.inf
        odds[a] = prior + np.log(before[a, 0] / before[a, 1])
    last = FURTHEST
    for _ in range(12):
        gap = _equation(worth, n, prior, precision, odds, y, share, work)
        if gap <= CLOSE:
            return gap
        step = _newton(odds, share, work)
        if not step <= last:
            return np.inf
        last = step
    return np.inf


@njit(**OPTIONS)
def _equation(worth, n, prior, precision, odds, y, share, work):
    """What is left of the equation, in ``work[0]``, and slopes by log-odds in ``work[1:3]``."""
    options = len(odds)
    best1, best2 = -np.inf, -np.inf
    for a in range(options):
        e = np.exp(-abs(odds[a]))
        rare = e / (1.0 + e)
        posterior = 1.0 - rare if odds[a] > 0.0 else rare
        x = posterior * n
        below = min(int(x), n - 1)
        part, spread = x - below, n * e / ((1.0 + e) * (1.0 + e))
        low1, low2 = worth[a, below, 0], worth[a, below, 1]
        rise1, rise2 = worth[a, below + 1, 0] - low1, worth[a, below + 1, 1] - low2
        y[a], y[options + a] = precision * (low1 + part * rise1), precision * (low2 + part * rise2)
        work[1, a], work[2, a] = precision * rise1 * spread, precision * rise2 * spread
        best1, best2 = max(best1, y[a]), max(best2, y[options + a])
    total1, total2 = 0.0, 0.0
    for a in range(options):
        share[0, a], share[1, a] = np.exp(y[a] - best1), np.exp(y[options + a] - best2)
        total1 += share[0, a]
        total2 += share[1, a]
    shift = prior - (best1 - best2 + np.log(total1 / total2))
    worst = 0.0
    for a in range(options):
        share[0, a] /= total1
        share[1, a] /= total2
        work[0, a] = odds[a] - (shift + y[a] - y[options + a])
        worst = max(worst, abs(work[0, a]) / max(1.0, abs(odds[a])))
    return worst


@njit(**OPTIONS)
def _newton(odds, share, work):
    """One step; its length, or infinity where the branch bends back (negative determinant)."""
    options = len(odds)
    along, across, sign = 0.0, 1.0, 1.0
    for a in range(options):
        own = 1.0 - (work[1, a] - work[2, a])
        if own == 0.0:
            return np.inf
        sign = sign if own > 0.0 else -sign
        row = share[0, a] * work[1, a] - share[1, a] * work[2, a]
        work[3, a], work[4, a] = work[0, a] / own, 1.0 / own
        along += row * work[3, a]
        across += row * work[4, a]
    if not sign * across > 0.0:
        return np.inf
    longest = 0.0
    for a in range(options):
        step = work[3, a] - work[4, a] * along / across
        odds[a] -= step
        longest = max(longest, abs(step))
    return longest
