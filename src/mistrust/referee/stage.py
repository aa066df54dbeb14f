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
from typing import TypeVar

import numpy as np

from mistrust.errors import UsageError
from mistrust.referee.beliefs import Grid, posterior
from mistrust.referee.branch import Array, principal
from mistrust.referee.evaluate import Belief

T = TypeVar("T")
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
    options: Sequence[Sequence[str]],
    precision: Sequence[float],
    worth: Worth,
    like: Sequence[int] = (),
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
    like
        For each seat the one, itself or an earlier one, as which it chooses.
    """
    if any(map(math.isinf, precision)):
        raise UsageError("hidden types and sealed phases need finite precisions")
    pairs = [(seat, name) for seat, names in enumerate(options) for name in names]
    seats = [seat for seat, _ in pairs]
    same = np.equal.outer(seats, seats).astype(float)
    centred = np.eye(len(pairs)) - same / same.sum(axis=1)
    weight = np.array([precision[seat] for seat in seats])[:, None] * centred
    leads = [pairs.index((like[seat] if like else seat, name)) for seat, name in pairs]
    first = sorted(set(leads))
    spread = np.equal.outer(leads, first).astype(float)

    def answer(y: Array) -> tuple[Array, Array]:
        logs = _logs(spread @ y, same)
        value, change = worth(logs)
        by_y = np.eye(len(pairs)) - same * np.exp(logs)
        return (weight @ value)[first], (weight @ change @ by_y @ spread)[first]

    logs = iter(_logs(spread @ principal(answer, len(first)), same).tolist())
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
    seats = [(m, k) for m, mover in enumerate(movers) for k in range(len(mover.options))]
    pairs = [(m, k, name) for m, k in seats for name in movers[m].options[k]]
    place = {pair: row for row, pair in enumerate(pairs)}
    casts = [*product(*(range(len(mover.options)) for mover in movers))]

    @cache
    def amounts(chosen: tuple[str, ...], points: tuple[Belief, ...]) -> Array:
        found = value(chosen, points)
        return np.array([found[kinds] for kinds in casts])

    def worth(logs: Array) -> tuple[Array, Array]:
        total, change = np.zeros(len(pairs)), np.zeros((len(pairs), len(pairs) + 1))
        by_type = [[dict[str, float]() for _ in mover.options] for mover in movers]
        for (m, k, name), log in zip(pairs, logs.tolist(), strict=True):
            by_type[m][k][name] = log
        for chosen in product(*(mover.names for mover in movers)):
            them = zip(movers, chosen, by_type, strict=True)
            corners = [*product(*(mover.taught(name, logs) for mover, name, logs in them))]
            ways = [amounts(chosen, tuple(x.point for x in corner)) for corner in corners]
            mean = np.tensordot(np.array([_weights(x) for x in corners]).T, np.array(ways), 1)
            turned = [place.get((m, k, chosen[m]), -1) for m, k in seats]  # the last: nowhere
            for kinds, own in zip(casts, mean.transpose(1, 2, 0), strict=True):
                rows = [place.get((m, k, chosen[m]), -1) for m, k in enumerate(kinds)]
                for m, row in enumerate(rows) if -1 not in rows else ():
                    others = rows[:m] + rows[m + 1 :]
                    chance = math.exp(logs[others].sum())
                    total[row] += chance * own[m, 0]
                    change[row, others] += chance * own[m, 0]
                    change[row, turned] += chance * own[m, 1:]
        return total, change[:, :-1]

    return worth


def choices(
    movers: Sequence[Mover], precision: Sequence[float], value: Value
) -> list[list[dict[str, float]]]:
    """How every type of every mover chooses, as logarithms; of an option that is missing never."""
    known, kinds = cache(value), [len(mover.options) for mover in movers]
    if kinds == [1]:
        worth = {n: known((n,), (movers[0].belief,))[0,][0] for n in movers[0].names}
        odds = alone(worth, precision[0])
        return [[{name: math.log(p) for name, p in odds.items() if p > 0}]]
    like = [
        next(i for i in range(j + 1) if i == j or _mirrored(movers, precision, known, i, j))
        for j in range(len(movers))
    ]
    begin = [sum(kinds[:m]) for m in range(len(movers))]
    seats = [(m, k) for m, many in enumerate(kinds) for k in range(many)]
    logs = together(
        [movers[m].options[k] for m, k in seats],
        [precision[m] for m, _ in seats],
        at_once(movers, known),
        [begin[like[m]] + k for m, k in seats],
    )
    return [logs[start : start + many] for start, many in zip(begin, kinds, strict=True)]


def _mirrored(
    movers: Sequence[Mover], precision: Sequence[float], value: Value, i: int, j: int
) -> bool:
    """Whether two movers could change places.

    As all choose evenly at precision 0, such two choose alike all along the principal branch.
    """
    if movers[i] != movers[j] or precision[i] != precision[j]:
        return False
    points = [[*mover.grid.points()] if mover.grid else [mover.belief] for mover in movers]
    for chosen in product(*(mover.names for mover in movers)):
        for beliefs in product(*points):
            here, there = value(chosen, beliefs), value(_swap(chosen, i, j), _swap(beliefs, i, j))
            for kinds, amounts in here.items():
                other = _swap(tuple(there[_swap(kinds, i, j)]), i, j)
                if not np.allclose(amounts, other, rtol=TIE, atol=TIE):
                    return False
    return True


def _swap(row: tuple[T, ...], i: int, j: int) -> tuple[T, ...]:
    """A row with two of its entries exchanged."""
    found = [*row]
    found[i], found[j] = found[j], found[i]
    return tuple(found)


def _weights(corners: Sequence[Corner]) -> list[float]:
    """The weight on some corners together; and how it grows with each type's logarithm."""
    weights = [corner.weight for corner in corners]
    found = [math.prod(weights)]
    for m, corner in enumerate(corners):
        apart = math.prod(weights[:m] + weights[m + 1 :])
        found += [apart * turn for turn in corner.turns]
    return found
