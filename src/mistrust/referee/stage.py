"""Who chooses what where several choose at once, or one of several hidden types does.

A *seat* is one who chooses: an actor who decides, or one of its types. Each seat's choice is logit
in what its options are worth to it, and that depends on all seats' choices: on those of the other
actors in a sealed phase; on what the choice of an option tells about the type that chose it where
types are hidden. Choices are held as logarithms of probabilities, one for each *pair* of a seat and
an option that is open to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
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


@dataclass(frozen=True)
class Mover:
    """One who takes a decision of the phase.

    Parameters
    ----------
    options
        What is open to each of its types; of one without types there is one.
    belief
        The probability that all give to each type before.
    grid
        On which beliefs about it are kept; None without types, since nothing is learned then.
    """

    options: Sequence[Sequence[str]]
    belief: Belief = (1.0,)
    grid: Grid | None = None

    @property
    def names(self) -> list[str]:
        """All options that are open to some type."""
        return [*dict.fromkeys(name for names in self.options for name in names)]

    def learnt(self, name: str, chosen: Sequence[Mapping[str, float]]) -> Sequence[float]:
        """The belief after an option, from each type's choices (as logarithms)."""
        if self.grid is None:
            return self.belief
        return posterior(self.belief, [logs.get(name, -math.inf) for logs in chosen])

    def taught(self, name: str, chosen: Sequence[Mapping[str, float]]) -> list[Corner]:
        """The grid's points about that belief."""
        if self.grid is None:
            return [Corner(self.belief, 1.0, [0.0])]
        after = self.learnt(name, chosen)
        cell, found = self.grid.cell(after), []
        for point, weight, slope in zip(cell.corners, cell.weights, cell.slopes, strict=True):
            mean = sum(p * x for p, x in zip(after, slope, strict=True))
            turns = [p * (x - mean) for p, x in zip(after, slope, strict=True)]
            found.append(Corner(point, weight, turns))
        return found


@dataclass(frozen=True)
class Corner:
    """A point of the grid, its weight, and how that grows with the logarithm of a type's choice."""

    point: Belief
    weight: float
    turns: Sequence[float]


Value = Callable[[tuple[str, ...], tuple[Belief, ...]], Mapping[tuple[int, ...], Sequence[float]]]
"""An option and a point of the grid for each mover -> for a type of each (by its number), what this
is worth to each of them, times how likely it holds the others' types to be."""


def at_once(movers: Sequence[Mover], value: Value) -> Worth:
    """The worth of options to those who choose at once, and are then known by what they chose.

    A seat is a type of a mover, mover by mover.
    """
    pairs = [
        (m, k, name)
        for m, mover in enumerate(movers)
        for k, names in enumerate(mover.options)
        for name in names
    ]
    place, known = {pair: row for row, pair in enumerate(pairs)}, cache(value)

    def worth(logs: Array) -> tuple[Array, Array]:
        total, change = np.zeros(len(pairs)), np.zeros((len(pairs), len(pairs)))
        by_type = [[dict[str, float]() for _ in mover.options] for mover in movers]
        for (m, k, name), log in zip(pairs, logs.tolist(), strict=True):
            by_type[m][k][name] = log
        for chosen in product(*(mover.names for mover in movers)):
            them = zip(movers, chosen, by_type, strict=True)
            for corners in product(*(mover.taught(name, logs) for mover, name, logs in them)):
                for kinds, amounts in known(chosen, tuple(x.point for x in corners)).items():
                    seats = [*zip(range(len(movers)), kinds, chosen, strict=True)]
                    if not all(seat in place for seat in seats):
                        continue  # some type has no such option
                    rows = [place[seat] for seat in seats]
                    for m, row in enumerate(rows):
                        others = [r for r in rows if r != row]
                        term = math.exp(logs[others].sum()) * amounts[m]
                        weights = [corner.weight for corner in corners]
                        total[row] += term * math.prod(weights)
                        change[row, others] += term * math.prod(weights)
                        for j, corner in enumerate(corners):
                            apart = term * math.prod(weights[:j] + weights[j + 1 :])
                            for k, turn in enumerate(corner.turns):
                                if (j, k, chosen[j]) in place:
                                    change[row, place[j, k, chosen[j]]] += apart * turn
        return total, change

    return worth
