"""What the agents of a stage expect from their options, given the strategies of all.

The agents are the types of one actor, whose choice shows something of its type, or several
actors that choose at once. See `kernels.branch` for the equilibrium.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import locate
from mistrust.kernels.options import OPTIONS

TIE = 1e-13
"""Amounts that differ by less than this (relative above 1) are the same."""


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
def alike(worth, prior, open_, twin):
    """The first option that differs from each by one amount, for all types believed in.

    What is learned from such options is the same, so that both pass a node of the belief at once.
    """
    options, nodes, kinds = worth.shape
    for a in range(options):
        twin[a] = a
        for b in range(a):
            some, same, gap = False, True, np.nan
            for k in range(kinds):
                same &= open_[k, a] == open_[k, b]
                if prior[k] == 0.0 or open_[k, a] == 0.0:
                    continue
                some = True
                for node in range(nodes):
                    one, other = worth[a, node, k], worth[b, node, k]
                    gap = gap if gap == gap else one - other
                    same &= abs(one - other - gap) <= TIE * max(1.0, abs(one), abs(other))
            if some and same:
                twin[a] = b
                break


@njit(**OPTIONS)
def reveal(worth, grid, prior, open_, share, log_share, belief, outlook, slopes, twin, wanted):
    """What each type expects from each option at the posterior that it leads to.

    Parameters
    ----------
    worth : (options, nodes, kinds)
        The choice value to each type, at each belief that may follow.
    grid
        ``(n, bend)``: how many steps it has, and where its nodes lie (see `belief.position`).
    belief
        `belief.scratch`.
    outlook : (kinds * options,)
    slopes : (kinds * options, kinds * options)
        By the exponents of the logit; filled if `wanted`.
    twin : (options,)
        From `alike`: the option whose posterior an option shares.
    """
    kinds, options = open_.shape
    corner, order, rest, nodes, weights, slope, posterior = belief
    n, bend = grid
    for a in range(options):
        some = believe(twin[a], prior, open_, log_share, posterior)
        if some:
            locate(posterior, n, bend, corner, order, rest, nodes, weights)
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
            mean, steps = 0.0, bend[2] if posterior[0] < bend[0] else bend[3]
            for i in range(kinds):
                slope[i] = 0.0
            for j in range(kinds - 1):
                rise = steps * (worth[a, nodes[j + 1], k] - worth[a, nodes[j], k])
                for i in range(kinds - 1 - order[j]):
                    slope[i] += rise
            for i in range(kinds):
                mean += posterior[i] * slope[i]
            for i in range(kinds):
                by_log = posterior[i] * (slope[i] - mean)
                if by_log != 0.0:
                    for b in range(options):
                        column = i * options + b
                        slopes[row, column] = by_log * ((twin[a] == b) - share[i, b])


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
        np.arange(options),
    )


@njit(**OPTIONS)
def outlooks(stage, y, t, share, work, wanted):
    """`outlook` (and its slopes) of a stage at given values."""
    sealed, worth, grid, prior, payoff, counts, open_, _, belief = stage
    log_share, outlook, slopes, partial = work[0], work[1], work[2], work[3]
    respond(y, t, open_, share, log_share)
    if sealed:
        meet(payoff, counts, share, outlook, slopes, partial, wanted)
    else:
        reveal(
            worth, grid, prior, open_, share, log_share, belief, outlook, slopes, work[6], wanted
        )
