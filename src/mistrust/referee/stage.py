"""Who chooses what where several choose at once, or one of several hidden types does.

A *seat* is one who chooses: a decision of the phase, or one type of the actor who decides. Each
seat's choice is logit in what its options are worth to it, and that depends on all seats' choices:
on the others' in a sealed phase; on what the choice of an option tells about the type that chose it
where types are hidden. Choices are held as logarithms of probabilities, one for each *pair* of a
seat and an option that is open to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np

from mistrust.errors import UsageError
from mistrust.referee.beliefs import Grid, posterior
from mistrust.referee.branch import Array, principal
from mistrust.referee.evaluate import Belief

Worth = Callable[[Array], tuple[Array, Array]]
"""The choices (a logarithm for each pair) -> the worth of each pair, and its derivative."""
TIE = 1e-12
"""Options whose values are this close to the best (relative above 1) share a best reply."""


def alone(worth: Mapping[str, float], precision: float) -> dict[str, float]:
    """A choice that depends on nobody else's: logit, or a best reply with ties shared."""
    best = max(worth.values())
    if math.isinf(precision):
        weight = {n: float(v >= best - TIE * max(1, abs(best))) for n, v in worth.items()}
    else:
        weight = {n: math.exp(precision * (v - best)) for n, v in worth.items()}
    return {name: w / sum(weight.values()) for name, w in weight.items()}


def together(
    options: Sequence[Sequence[str]], precision: Sequence[float], worth: Worth
) -> list[dict[str, float]]:
    """The choices of all seats, as logarithms: the principal branch's logit equilibrium.

    Parameters
    ----------
    options
        What is open to each seat.
    precision
        Of each seat.
    worth
        See `Worth`; the pairs run over seats, and over the options of each.
    """
    if any(map(math.isinf, precision)):
        raise UsageError("hidden types and sealed phases need finite precisions")
    seats = [seat for seat, names in enumerate(options) for _ in names]
    same = np.equal.outer(seats, seats).astype(float)
    centred = np.eye(len(seats)) - same / same.sum(axis=1)
    weight = np.array([precision[seat] for seat in seats])[:, None] * centred

    def answer(y: Array) -> tuple[Array, Array]:
        logs = _logs(y, same)
        value, change = worth(logs)
        by_y = np.eye(len(seats)) - same * np.exp(logs)
        return weight @ value, weight @ change @ by_y

    logs = iter(_logs(principal(answer, len(seats)), same).tolist())
    return [{name: next(logs) for name in names} for names in options]


def _logs(y: Array, same: Array) -> Array:
    """Logit: the logarithm of each pair's share of its seat's ``exp(y)``."""
    top = np.where(same > 0, y, -np.inf).max(axis=1)
    shifted = y - top
    found: Array = shifted - np.log(same @ np.exp(shifted))
    return found


def sealed(
    options: Sequence[Sequence[str]], value: Callable[[tuple[str, ...]], Sequence[float]]
) -> Worth:
    """The worth of options to those who choose at once.

    Parameters
    ----------
    options
        What is open to each decision.
    value
        An option for each decision -> what this is worth to each of those who decide.
    """
    pairs = [(seat, name) for seat, names in enumerate(options) for name in names]
    outcomes = {chosen: value(chosen) for chosen in product(*options)}

    def worth(logs: Array) -> tuple[Array, Array]:
        chance = dict(zip(pairs, np.exp(logs).tolist(), strict=True))
        total, change = np.zeros(len(pairs)), np.zeros((len(pairs), len(pairs)))
        for chosen, values in outcomes.items():
            rows = [pairs.index(pair) for pair in enumerate(chosen)]
            for seat, row in enumerate(rows):
                others = [r for r in rows if r != row]
                term = math.prod(chance[pairs[r]] for r in others) * values[seat]
                total[row] += term
                change[row, others] += term
        return total, change

    return worth


def signalling(
    options: Sequence[Sequence[str]],
    belief: Belief,
    grid: Grid,
    value: Callable[[str, Belief], Sequence[float]],
) -> Worth:
    """The worth of options to the types of an actor, whom the others know by the choice only.

    Parameters
    ----------
    options
        What is open to each type.
    belief
        The others' belief before the choice.
    grid
        On which beliefs are kept.
    value
        An option, and the belief after it was chosen -> what this is worth to each type.
    """
    pairs = [(seat, name) for seat, names in enumerate(options) for name in names]

    def worth(logs: Array) -> tuple[Array, Array]:
        total, change = np.zeros(len(pairs)), np.zeros((len(pairs), len(pairs)))
        for option in dict.fromkeys(name for _, name in pairs):
            rows = {seat: row for row, (seat, name) in enumerate(pairs) if name == option}
            after = posterior(
                belief, [logs[rows[k]] if k in rows else -math.inf for k in range(len(belief))]
            )
            cell = grid.cell(after)
            values = np.array([value(option, corner) for corner in cell.corners])
            worths = np.array(cell.weights) @ values
            by_belief = np.array(cell.slopes).T @ values
            for other, column in rows.items():
                turn = np.array(
                    [after[k] * ((k == other) - after[other]) for k in range(len(after))]
                )
                for seat, row in rows.items():
                    total[row] = worths[seat]
                    change[row, column] = turn @ by_belief[:, seat]
        return total, change

    return worth


def learnt(chosen: Sequence[Mapping[str, float]], belief: Belief) -> dict[str, list[float]]:
    """The belief after each option, from each type's choices (as logarithms)."""
    names = dict.fromkeys(name for logs in chosen for name in logs)
    return {n: posterior(belief, [logs.get(n, -math.inf) for logs in chosen]) for n in names}
