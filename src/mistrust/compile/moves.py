"""Moves to branches: what an option or a chance phase can do to the board, and with what odds.

A *branch* sends each moved variable from its level to another and has a weight, which is itself
an expression of the language; the branches of a phase and their weights are a transition kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from mistrust.compile.frames import Integers
from mistrust.scenario.check import Argument
from mistrust.scenario.effects import level_index, moves_of
from mistrust.scenario.resolve import Axis, Constant
from mistrust.scenario.schema import Effects
from mistrust.scenario.text import Path
from mistrust.scenario.tree import Call, Compare, Node, Operation

ONE = Constant(0, 1.0)
ZERO = Constant(0, 0.0)


@dataclass(frozen=True)
class Branch:
    """One outcome: a weight, and for each moved variable the new level by old level."""

    weight: Node
    goals: dict[str, Integers]

    @property
    def moved(self) -> set[str]:
        """The variables that leave their level somewhere."""
        return {v for v, goals in self.goals.items() if (goals != np.arange(len(goals))).any()}


@dataclass(frozen=True)
class Odds:
    """Weights that must be probabilities: each in [0, 1], and their sum at most (or exactly) 1.

    Checked on every cell where `where` holds. `paths` say where each one is written.
    """

    weights: tuple[Node, ...]
    paths: tuple[Path, ...]
    where: Node | None
    exact: bool


def both(left: Node | None, right: Node | None) -> Node | None:
    """Conjunction of two conditions, None being true."""
    if left is None or right is None:
        return left if right is None else right
    return Operation(0, "and", (left, right))


def where(condition: Node | None, yes: Node, no: Node) -> Node:
    """`if(condition, yes, no)`, None being true."""
    return yes if condition is None else Call(0, "if", (condition, yes, no))


def rest(weights: Sequence[Node]) -> Node:
    """One minus the sum of weights."""
    return Operation(0, "-", (ONE, *weights))


def branches_of(
    argument: Argument, path: Path, effects: Effects, guard: Node | None, moved: Iterable[str]
) -> tuple[list[Branch], list[Odds]]:
    """Branches of the moves of `effects`, as far as they move one of the variables `moved`.

    Where `guard` fails nothing moves. The weights of the branches sum to 1 on every cell if the
    odds, which are returned to be checked (those of all variables), are probabilities.
    """
    by_variable: dict[str, list[tuple[str, object]]] = {}
    for verb, moves in moves_of(effects).items():
        for name, move in moves.items():
            by_variable.setdefault(name, []).append((verb, move))
    reader = _Reader(argument, path, guard)
    all_outcomes = {name: reader.outcomes(name, verbs) for name, verbs in by_variable.items()}
    outcomes = {name: all_outcomes[name] for name in by_variable if name in set(moved)}
    branches = []
    for combination in product(*outcomes.values()):
        weights = tuple(weight for weight, _ in combination if weight is not ONE)
        weight = Operation(0, "*", weights) if len(weights) > 1 else (weights or (ONE,))[0]
        goals = dict(zip(outcomes, (goal for _, goal in combination), strict=True))
        branches.append(Branch(weight, goals))
    return branches, reader.odds


class _Reader:
    """Reads the moves of one phase or option; notes the odds that must be checked."""

    def __init__(self, argument: Argument, path: Path, guard: Node | None) -> None:
        self.argument = argument
        self.path = path
        self.guard = guard
        self.odds: list[Odds] = []

    def outcomes(self, name: str, verbs: list[tuple[str, object]]) -> list[tuple[Node, Integers]]:
        """Weight and new levels (by old level) of each outcome for one variable."""
        size = len(self.argument.scenario.board[name].levels)
        stay = np.arange(size, dtype=np.int64)
        verb, move = verbs[0]
        exact = verb == "draw" or isinstance(move, str)
        if verb == "set":
            moves = self._set(name, move)
        elif verb == "draw":
            moves = self._draw(name, move)
        else:
            exact, moves = False, self._steps(name, [verb for verb, _ in verbs], stay)
        if exact and self.guard is None:
            return moves
        left = ZERO if exact else rest([weight for weight, _ in moves])
        guarded = [(where(self.guard, weight, ZERO), goal) for weight, goal in moves]
        return [*guarded, (where(self.guard, left, ONE), stay)]

    def _steps(self, name: str, verbs: list[str], stay: Integers) -> list[tuple[Node, Integers]]:
        paths: list[Path] = [(*self.path, verb, name) for verb in verbs]
        weights = [self.argument.nodes[path] for path in paths]
        self._check(weights, paths)
        goals = [np.clip(stay + (1 if v == "raise" else -1), 0, len(stay) - 1) for v in verbs]
        return list(zip(weights, goals, strict=True))

    def _check(self, weights: list[Node], paths: list[Path], *, exact: bool = False) -> None:
        self.odds.append(Odds(tuple(weights), tuple(paths), self.guard, exact))

    def _set(self, name: str, move: object) -> list[tuple[Node, Integers]]:
        levels = self.argument.scenario.board[name].levels
        size = len(levels)
        if isinstance(move, dict):
            return self._row(name, (*self.path, "set", name), move, exact=False)
        path: Path = (*self.path, "set", name)
        node = self.argument.nodes[path]
        if isinstance(node, Constant):
            named = isinstance(levels[0], str)
            index = int(node.value) if named else level_index(str(node.value), levels)
            return [(ONE, np.full(size, index, dtype=np.int64))]
        values = range(size) if isinstance(levels[0], str) else levels
        moves = [
            (Compare(0, "near", node, Constant(0, float(value))), np.full(size, i, dtype=np.int64))
            for i, value in enumerate(values)
        ]
        self._check([weight for weight, _ in moves], [path], exact=True)
        return moves  # type: ignore[return-value]

    def _row(
        self, name: str, path: Path, row: dict[str, str], *, exact: bool
    ) -> list[tuple[Node, Integers]]:
        levels = self.argument.scenario.board[name].levels
        moves, paths = [], []
        for level in row:
            paths.append((*path, level))
            goal = np.full(len(levels), level_index(level, levels), dtype=np.int64)
            moves.append((self.argument.nodes[paths[-1]], goal))
        weights = tuple(weight for weight, _ in moves)
        self._check(list(weights), paths, exact=exact)
        if not exact:
            return moves
        total = Operation(0, "+", weights)
        return [(Operation(0, "/", (weight, total)), goal) for weight, goal in moves]

    def _draw(self, name: str, move: object) -> list[tuple[Node, Integers]]:
        assert isinstance(move, dict)
        path: Path = (*self.path, "draw", name)
        if not any(isinstance(odds, dict) for odds in move.values()):
            return self._row(name, path, move, exact=True)
        return self._matrix(name, path, move)

    def _matrix(
        self, name: str, path: Path, rows: dict[str, object]
    ) -> list[tuple[Node, Integers]]:
        """One row of odds per present level, gathered into one weight per new level."""
        levels = self.argument.scenario.board[name].levels
        here = Axis(0, name)
        guard = self.guard
        weights: list[Node] = [ZERO] * len(levels)
        named = isinstance(levels[0], str)
        for level, row in rows.items():
            old = level_index(level, levels)
            value = float(old) if named else float(str(levels[old]))
            present = Compare(0, "near", here, Constant(0, value))
            assert isinstance(row, dict)
            self.guard = both(guard, present)
            for weight, goal in self._row(name, (*path, level), row, exact=True):
                weights[goal[0]] = where(present, weight, weights[goal[0]])
            self.guard = guard
        size = len(levels)
        return [
            (w, np.full(size, i, dtype=np.int64)) for i, w in enumerate(weights) if w is not ZERO
        ]
