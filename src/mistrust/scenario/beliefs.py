"""Private information on the board: the public belief about an actor's type, on a grid.

The belief is a point of the simplex over the actor's types. It is kept on the points whose
coordinates are multiples of ``1 / n``, numbered so that two types give ``0, 1/n, ..., 1`` as the
probability of the first one. A point has the whole coordinates
``v_j = n * (mu_1 + ... + mu_{K-j})``, j = 1..K-1, which fall with j; its number is their rank.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import comb

from mistrust.scenario.schema import Actor, Scenario, Variable, grid_size


def axis_name(actor: str) -> str:
    """The name of the board's dimension that holds the belief about an actor."""
    return f"belief({actor})"


@dataclass(frozen=True)
class Grid:
    """The grid of the belief about one actor."""

    actor: str
    types: tuple[str, ...]
    points: int

    @property
    def axis(self) -> str:
        """The name of its dimension of the board."""
        return axis_name(self.actor)

    @property
    def size(self) -> int:
        """Number of nodes."""
        return grid_size(len(self.types), self.points)

    def nodes(self) -> list[tuple[float, ...]]:
        """The belief at each node: the probability of every type."""
        n, kinds = self.points - 1, len(self.types)
        found: list[tuple[float, ...]] = [()] * self.size
        for falling in _falling(n, kinds - 1):
            sums = [0, *reversed(falling), n]
            parts = tuple((b - a) / n for a, b in pairwise(sums))
            found[rank(falling)] = parts
        return found


def rank(falling: tuple[int, ...]) -> int:
    """The number of the node with these whole coordinates (none above the one before it)."""
    kinds = len(falling) + 1
    return sum(comb(v + kinds - 1 - j, kinds - j) for j, v in enumerate(falling, start=1))


def _falling(most: int, count: int) -> Iterator[tuple[int, ...]]:
    if count == 0:
        yield ()
        return
    for first in range(most + 1):
        for rest in _falling(first, count - 1):
            yield (first, *rest)


def grids(scenario: Scenario) -> dict[str, Grid]:
    """The grid of every actor that has types, by actor."""
    return {
        name: Grid(name, tuple(actor.types), actor.beliefs)
        for name, actor in scenario.actors.items()
        if actor.types
    }


def with_beliefs(scenario: Scenario) -> Scenario:
    """The scenario with a dimension of the board for each belief, after all others."""
    found = {grid.axis: _variable(grid) for grid in grids(scenario).values()}
    return scenario.model_copy(update={"board": scenario.board | found}) if found else scenario


def _variable(grid: Grid) -> Variable:
    nodes = grid.nodes()
    levels: list[float] | list[str] = [round(node[0], 12) for node in nodes]
    if len(grid.types) > 2:
        levels = [":".join(f"{part:.4g}" for part in node) for node in nodes]
    says = (
        f"The others' belief about {grid.actor}: the probability of {' : '.join(grid.types[:-1])}"
    )
    return Variable.model_construct(
        says=says, levels=levels, draft=None, start=str(levels[0]), within=None, recorded=False
    )


def coarsened(actor: Actor) -> Actor:
    """An actor as the draft resolution has it."""
    return actor if actor.draft is None else actor.model_copy(update={"beliefs": actor.draft})
