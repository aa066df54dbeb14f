"""What the agents of a stage expect from their options, given the strategies of all.

A stage has *movers*, who choose at once without seeing one another. An *agent* is one type of a
mover; a mover without types is one agent. Afterwards all see what was chosen, and believe of each
mover what its own option and its types' strategies imply (Bayes' rule). A decision of an actor with
types has one mover, a sealed phase has several. See `kernels.branch` for the equilibrium.

Several arrays go together, a *stage* ``(table, ways, known, open_, precision)``:

table
    ``(worth, seen, number, source)``. `worth`, (movers, combinations, nodes, casts), is what a
    combination of options is worth to each mover at the beliefs that follow, times how likely it
    holds the others' types to be. A *cast* is a type of each mover; options, nodes of the grids and
    types are combined in C order of movers. What is not `seen`, (combinations, nodes), under the
    stage's `number` is yet to be worked out from its source (`kernels.source`).
ways
    ``(counts, kinds, sizes)``: how many options, types and nodes each mover has, (movers,).
known
    ``(steps, bend, prior)``: the grids' steps, (movers,), where their nodes lie (see
    `belief.position`), (movers, 4), and the beliefs before, (movers, most kinds).
open_, precision : (agents, most options), (agents,)
    Agents mover by mover.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.belief import locate, scratch
from mistrust.kernels.options import BORROWING, OPTIONS
from mistrust.kernels.source import work_out


@njit(**OPTIONS)
def workspace(counts, kinds):
    """Scratch for `follow`, for movers with so many options and types.

    Returns
    -------
    tuple
        log_share, outlook, slopes, partial, matrix, vectors; and what `outlooks` shares with its
        parts: the first agent of each mover, its option in each combination, its type in each cast,
        what is learned (`_teach`), where the combination at hand leads (`_corners`), a number for
        each corner, and `still`, `twin` and `lead` (`likeness.compare`); and scratch for beliefs.
    """
    movers, options, most = len(counts), counts.max(), kinds.max()
    first = np.zeros(movers + 1, dtype=np.int64)
    for i in range(movers):
        first[i + 1] = first[i] + kinds[i]
    n = first[movers] * options
    own, types = spelled(counts), spelled(kinds)
    casts = len(types)
    twin = np.zeros((movers, options), dtype=np.int64)
    for a in range(options):
        twin[:, a] = a
    taught = (
        np.zeros((movers, options, most), dtype=np.int64),
        np.zeros((movers, options, most)),
        np.zeros((movers, options, most, most)),
        np.zeros((movers, options), dtype=np.bool_),
    )
    corners = (np.zeros(casts, dtype=np.int64), np.zeros(casts), np.zeros((movers, casts)))
    alike = (np.zeros(movers, dtype=np.bool_), twin, np.arange(first[movers]))
    return (
        np.zeros((first[movers], options)),
        np.zeros(n),
        np.zeros((n, n)),
        np.zeros((n, n)),
        np.zeros((n + 1, n + 1)),
        np.zeros((6, n + 1)),
        (first, own, types, taught, corners, np.zeros(most), alike),
        scratch(max(most, 2)),
    )


@njit(**OPTIONS)
def spelled(counts):
    """All combinations of one of so many for each mover, in C order: (combinations, movers)."""
    total = 1
    for count in counts:
        total *= count
    found = np.zeros((total, len(counts)), dtype=np.int64)
    for c in range(total):
        rest = c
        for i in range(len(counts) - 1, -1, -1):
            found[c, i] = rest % counts[i]
            rest //= counts[i]
    return found


@njit(**BORROWING)
def respond(y, t, open_, lead, share, log_share):
    """Logit strategies of all agents: open_, share, log_share are (agents, options).

    An agent that has a `lead` before it, (agents,), does what that does.
    """
    agents, options = open_.shape
    for g in range(agents):
        if lead[g] != g:
            for a in range(options):
                share[g, a], log_share[g, a] = share[lead[g], a], log_share[lead[g], a]
            continue
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


@njit(**BORROWING)
def believe(a, first, prior, open_, log_share, posterior):
    """The posterior after option `a` of a mover, from logarithms; False if no type has the option.

    `first` is the mover's first agent; prior, posterior are (kinds,).
    """
    kinds = len(posterior)
    known = False
    for k in range(kinds):
        known |= prior[k] > 0.0 and open_[first + k, a] != 0.0
    best, total = -np.inf, 0.0
    for k in range(kinds):
        if open_[first + k, a] != 0.0 and (prior[k] > 0.0 or not known):
            posterior[k] = log_share[first + k, a] + (np.log(prior[k]) if known else 0.0)
            best = max(best, posterior[k])
    if best == -np.inf:
        return False
    for k in range(kinds):
        counts = open_[first + k, a] != 0.0 and (prior[k] > 0.0 or not known)
        posterior[k] = np.exp(posterior[k] - best) if counts else 0.0
        total += posterior[k]
    for k in range(kinds):
        posterior[k] /= total
    return True


@njit(**BORROWING)
def _teach(stage, log_share, work):
    """What the options of movers with types teach: nodes about the posterior, weights on them.

    And ``turns[i, a, r, k]``: how the weight on a corner grows with the logarithm of type k's
    probability of the option. Of one who is `still` nothing is learned but what is known.
    """
    steps, bend, prior = stage[2]
    counts, kinds = stage[1][0], stage[1][1]
    first, _, _, taught, _, _, (still, twin, _) = work[6]
    corner, order, rest, _, _, _, posterior = work[7]
    nodes, weights, turns, told = taught
    for i in range(len(kinds)):
        many = kinds[i]
        for a in range(counts[i]):
            if many == 1:
                weights[i, a, 0] = 1.0
                told[i, a] = stage[3][first[i], a] != 0.0
                continue
            after = posterior[:many]
            told[i, a] = believe(twin[i, a], first[i], prior[i], stage[3], log_share, after)
            if not told[i, a]:
                continue
            held = still[i] and offered(stage, i, a, True, work)
            if held:
                for k in range(many):
                    after[k] = prior[i, k]
            at, few, left = order[: many - 1], corner[: many - 1], rest[: many - 1]
            found, parts = nodes[i, a, :many], weights[i, a, :many]
            locate(after, steps[i], bend[i], few, at, left, found, parts)
            _turn(after, at, bend[i], held, turns[i, a])


@njit(**BORROWING)
def offered(stage, i, a, believed, work):
    """Whether some type of mover i has an option, or some type that is `believed` in."""
    first, prior = work[6][0], stage[2][2]
    for k in range(stage[1][1][i]):
        if stage[3][first[i] + k, a] != 0.0 and (prior[i, k] > 0.0 or not believed):
            return True
    return False


@njit(**BORROWING)
def _turn(posterior, order, bend, held, turns):
    """How weights on corners grow with the logarithms that make up a posterior: (corners, kinds).

    `order` is that of `locate`; nothing grows if the posterior is held.
    """
    kinds = len(posterior)
    steps = 0.0 if held else (bend[2] if posterior[0] < bend[0] else bend[3])
    for r in range(kinds):
        mean = 0.0
        for k in range(kinds):
            rise = 0.0  # of the weight on this corner with the probability of the type
            if r > 0 and k < kinds - 1 - order[r - 1]:
                rise += steps
            if r < kinds - 1 and k < kinds - 1 - order[r]:
                rise -= steps
            turns[r, k] = rise
            mean += posterior[k] * rise
        for k in range(kinds):
            turns[r, k] = posterior[k] * (turns[r, k] - mean)


@njit(**BORROWING)
def _corners(stage, c, work):
    """Where a combination leads: nodes, their weights, and these apart from one mover's.

    Returns
    -------
    bool
        Whether every mover has a type that has its option.
    """
    sizes = stage[1][2]
    _, own, types, taught, corners, _, _ = work[6]
    nodes, weights, _, told = taught
    node, weight, apart = corners
    movers = len(sizes)
    for i in range(movers):
        if not told[i, own[c, i]]:
            return False
    for r in range(len(node)):
        node[r], weight[r] = 0, 1.0
        for i in range(movers):
            node[r] = node[r] * sizes[i] + nodes[i, own[c, i], types[r, i]]
            weight[r] *= weights[i, own[c, i], types[r, i]]
        for i in range(movers):
            apart[i, r] = 1.0
            for j in range(movers):
                if j != i:
                    apart[i, r] *= weights[j, own[c, j], types[r, j]]
        look(stage, c, node[r])
    return True


@njit(**BORROWING)
def look(stage, c, node):
    """See to it that a combination's worth at a node is worked out."""
    worth, seen, number, source = stage[0]
    if seen[c, node] != number:
        seen[c, node] = number
        work_out(source, c, node, worth)


@njit(**BORROWING)
def outlooks(stage, y, t, share, work, wanted):
    """What each agent expects from each of its options, around the mean of them, and its slopes.

    What all options of an agent have in common means nothing to its choice, but would make a branch
    turn where its choices hardly do.

    Parameters
    ----------
    y : (agents * options,)
        Choice values in logit units; with t in [0, 1] exponents are ``t * y``.
    share : (agents, options)
        Returns the strategies.
    work
        `workspace`; returns ``outlook``, (agents * options,), in ``work[1]``, 0 for options that an
        agent lacks and for agents that are led, and in ``work[2]`` its slopes by the exponents, if
        they are `wanted`.
    """
    log_share, outlook, slopes, partial = work[0], work[1], work[2], work[3]
    options, size = share.shape[1], len(outlook)
    respond(y, t, stage[3], work[6][6][2], share, log_share)
    _teach(stage, log_share, work)
    for row in range(size):
        outlook[row] = 0.0
        if wanted:
            for column in range(size):
                partial[row, column] = 0.0
    for c in range(len(work[6][1])):
        if _corners(stage, c, work):
            _expect(stage, c, share, work, wanted)
    for agent in range(len(share)):
        _centre(stage[3][agent], agent * options, outlook, partial, wanted)
    if not wanted:
        return
    for row in range(size):  # from logarithms of probabilities to exponents
        for begin in range(0, size, options):
            total = 0.0
            for b in range(options):
                total += partial[row, begin + b]
            for b in range(options):
                gap = share[begin // options, b] * total
                slopes[row, begin + b] = partial[row, begin + b] - gap


@njit(**BORROWING)
def _centre(open_, begin, outlook, partial, wanted):
    """Take the mean over an agent's options off its rows, which begin there."""
    options, count, mean = len(open_), 0.0, 0.0
    for a in range(options):
        count += open_[a]
        mean += outlook[begin + a]
    for a in range(options):
        if open_[a] != 0.0:
            outlook[begin + a] -= mean / count
    for column in range(partial.shape[1] if wanted else 0):
        mean = 0.0
        for a in range(options):
            mean += partial[begin + a, column]
        for a in range(options):
            if open_[a] != 0.0:
                partial[begin + a, column] -= mean / count


@njit(**BORROWING)
def _expect(stage, c, share, work, wanted):
    """Add what a combination is worth, cast by cast, and what logarithms of shares change."""
    worth, open_ = stage[0][0], stage[3]
    first, own, types, _, corners, _, (_, _, lead) = work[6]
    node, weight, _ = corners
    movers, options = own.shape[1], share.shape[1]
    for s in range(len(types)):
        for i in range(movers):
            agent = first[i] + types[s, i]
            chance = open_[agent, own[c, i]] if lead[agent] == agent else 0.0
            for j in range(movers):
                if j != i:
                    chance *= share[first[j] + types[s, j], own[c, j]]
            if chance == 0.0:
                continue
            value = 0.0
            for r in range(len(node)):
                value += weight[r] * worth[i, c, node[r], s]
            row = agent * options + own[c, i]
            work[1][row] += chance * value
            if not wanted:
                continue
            for j in range(movers):
                if j != i:
                    agent = lead[first[j] + types[s, j]]
                    work[3][row, agent * options + own[c, j]] += chance * value
            _shift(stage, c, s, i, chance, row, options, work)


@njit(**BORROWING)
def _shift(stage, c, s, i, chance, row, options, work):
    """What a combination's worth changes with the posteriors, by the shares behind these."""
    worth, kinds = stage[0][0], stage[1][1]
    first, own, types, taught, corners, at, (_, twin, lead) = work[6]
    node, _, apart = corners
    for j in range(len(kinds)):
        many, a = kinds[j], own[c, j]
        if many == 1:
            continue
        for r in range(many):
            at[r] = 0.0
        for r in range(len(node)):
            at[types[r, j]] += apart[j, r] * worth[i, c, node[r], s]
        for k in range(many):
            change = 0.0
            for r in range(many):
                change += at[r] * taught[2][j, a, r, k]
            if change != 0.0:
                work[3][row, lead[first[j] + k] * options + twin[j, a]] += chance * change
