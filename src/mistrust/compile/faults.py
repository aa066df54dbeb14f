"""Numbers that cannot be what they must be: odds, precisions, amounts, and where they go wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mistrust import kernels
from mistrust.compile.evaluate import Evaluator, Floats
from mistrust.compile.moves import Odds
from mistrust.compile.program import Program
from mistrust.errors import Problem
from mistrust.scenario.beliefs import Grid
from mistrust.scenario.effects import level_index, written
from mistrust.scenario.readings import Variant
from mistrust.scenario.text import Path
from mistrust.scenario.tree import Compare, Node, Operation

_SLACK = 1e-9


@dataclass(frozen=True)
class Case:
    """One lane: premise values, and the variant of the game played with them."""

    premises: Mapping[str, float]
    variant: Variant = field(default_factory=Variant)


class Checker:
    """Finds, lane by lane, numbers that cannot be what they must be."""

    def __init__(self, program: Program, evaluator: Evaluator, cases: Sequence[Case]) -> None:
        self.program = program
        self.argument = program.argument
        self.evaluator = evaluator
        self.cases = cases
        self.lanes = len(cases) * program.privacy.count
        self.faults: dict[int, Problem] = {}
        self.problems: dict[Path, Problem] = {}

    def per_actor(self, key: str) -> Floats:
        """Patience or precision: (actors, lanes)."""
        scenario = self.argument.scenario
        perpetual = scenario.beyond == "perpetuity"
        endless = "'perpetuity'" if perpetual else "play without end"
        perpetual |= scenario.horizon.forever
        finite = self._finite()
        rows = []
        for name, actor in scenario.actors.items():
            path: Path = ("actors", name, key)
            left_out = "" if key in actor.model_fields_set else f" ('{key}' is left out)"
            node = self.argument.nodes.get(path)  # none for the word 'inf'
            value = np.inf if node is None else self.evaluator(node)
            row = np.broadcast_to(np.asarray(value).reshape(-1), (self.lanes,))
            if key == "precision":
                self._note(path, ~(row >= 0), row, "is no precision: 0 or more, or inf")
                if name in finite:
                    message = "is no precision of one with types or in a sealed phase: finite only"
                    self._note(path, np.isinf(row), row, message + left_out)
            else:
                top = f"below 1, as {endless} needs" if perpetual else "at most 1"
                good = (row > 0) & ((row < 1) if perpetual else (row <= 1))
                self._note(path, ~good, row, f"is no patience: above 0 and {top}{left_out}")
            rows.append(row)
        return np.array(rows, dtype=float)

    def _finite(self) -> set[str]:
        """The actors whose precision must be finite."""
        program = self.program
        found = set(program.privacy.owners)
        for stage in program.stages:
            found |= set(stage.movers) if stage.sealed else set()
        return {program.actors[i] for i in found}

    def priors(self) -> list[Floats]:
        """The probability of every type of each actor that has types: (types, lanes)."""
        found = []
        for grid in self.program.privacy.grids:
            path: Path = ("actors", grid.actor, "types")
            found.append(self._row(path, list(grid.types), np.zeros((len(grid.types), self.lanes))))
        return found

    def start(self, priors: Sequence[Floats]) -> Floats:
        """The distribution at the outset, given the odds of types: (opening cells, lanes)."""
        program, scenario = self.program, self.argument.scenario
        hidden = zip(program.privacy.grids, priors, strict=True)
        beliefs = {grid.axis: (grid, prior) for grid, prior in hidden}
        mass = np.ones((1, self.lanes))
        for name, size in zip(program.opening.variables, program.opening.shape, strict=True):
            odds = np.zeros((size, self.lanes))
            start = scenario.board[name].start
            if name in beliefs:
                grid, prior = beliefs[name]
                odds = _placed(grid, prior, self.evaluator.nodes(grid.actor).bend)
            elif isinstance(start, str):
                odds[program.starts[name]] = 1.0
            else:
                odds = self._start_odds(name, start, odds)
            mass = (mass[:, None, :] * odds[None]).reshape(-1, self.lanes)
        return mass

    def _start_odds(self, name: str, start: Mapping[str, str], odds: Floats) -> Floats:
        path: Path = ("board", name, "start")
        levels = self.argument.scenario.board[name].levels
        rows = self._row(path, list(start), np.zeros((len(start), self.lanes)))
        for level, row in zip(start, rows, strict=True):
            odds[level_index(level, levels)] = row
        return odds

    def _row(self, path: Path, names: list[str], odds: Floats) -> Floats:
        """Odds that are written one by one and must sum to 1: (names, lanes)."""
        for i, name in enumerate(names):
            row = self.evaluator(self.argument.nodes[*path, name]).reshape(-1)
            odds[i] = row
            self._note((*path, name), ~((row >= 0) & (row <= 1)), row, "is no probability")
        total = odds.sum(axis=0)
        self._note(
            path, ~(abs(total - 1) <= _SLACK), total, "is the sum of these odds; it must be 1"
        )
        return odds / np.where(total > 0, total, 1)

    def probabilities(self, odds: Odds) -> None:
        """Each weight in [0, 1], and their sum at most (or exactly) 1, wherever they apply."""
        weights = [self.evaluator(node) for node in odds.weights]
        nodes = list(odds.weights)
        for node, path, weight in zip(nodes, odds.paths, weights, strict=False):
            bad = ~((weight >= -1e-12) & (weight <= 1 + 1e-12))
            self._cells(path, bad, node, odds.where, "is no probability")
        total = np.asarray(sum(weights))
        level = isinstance(nodes[0], Compare) and nodes[0].op == "near"
        if level:
            said = nodes[0].left if isinstance(nodes[0], Compare) else nodes[0]
            variable = str(odds.paths[0][-1])
            message = f"is not a level of '{variable}'"
            self._cells(odds.paths[0], ~(abs(total - 1) <= _SLACK), said, odds.where, message)
        elif len(nodes) > 1 or odds.exact:
            path = odds.paths[0][:-1]
            node = Operation(0, "+", tuple(nodes))
            bad = ~(abs(total - 1) <= _SLACK) if odds.exact else ~(total <= 1 + _SLACK)
            message = (
                "is the sum of these odds; it must be 1"
                if odds.exact
                else "is the sum of these odds; it may be 1 at most"
            )
            self._cells(path, bad, node, odds.where, message)

    def choosable(self, path: Path, guard: Node | None, available: Node) -> None:
        """Where a decision is taken, something can be chosen."""
        closed = self.evaluator(available) == 0
        self._cells(path, closed, None, guard, "no option is available")

    def finite(self, path: Path, node: Node, condition: Node | None) -> None:
        """An amount is a number wherever it may be paid."""
        self._cells(path, ~np.isfinite(self.evaluator(node)), node, condition, "is no amount")

    def _note(self, path: Path, bad: NDArray[np.bool_], row: Floats, message: str) -> None:
        for lane in map(int, np.flatnonzero(np.broadcast_to(bad, (self.lanes,)))):
            value = np.broadcast_to(row, (self.lanes,))[lane]
            self._fault(path, lane, f"{value:g} {message}{self._lane(lane)}")

    def _fault(self, path: Path, lane: int, message: str) -> None:
        lane %= len(self.cases)
        problem = self.argument.source.problem(path, message)
        self.faults.setdefault(lane, problem)
        self.problems.setdefault(path, problem)

    def _cells(
        self,
        path: Path,
        bad: NDArray[np.bool_],
        node: Node | None,
        condition: Node | None,
        message: str,
    ) -> None:
        if condition is not None and bad.any():
            bad = bad & (self.evaluator(condition) != 0)
        if path[0] != "beyond" and bad.shape[0] > 1:
            bad = bad[: self.program.turns]  # the last entry is the end, when nothing is played
        if not bad.any():
            return
        lanes = np.broadcast_to(bad, (*bad.shape[:-1], self.lanes))
        for lane in map(int, np.flatnonzero(lanes.any(axis=tuple(range(lanes.ndim - 1))))):
            if lane % len(self.cases) in self.faults and path in self.problems:
                continue
            first = int(lanes[..., lane].argmax())
            cell = tuple(map(int, np.unravel_index(first, lanes.shape[:-1])))
            where = self._where(cell, bad.shape, self._types(lane, lanes), lane)
            value = "" if node is None else f"{self._value(node, cell, lane):.6g} "
            self._fault(path, lane, f"{value}{message}{where}{self._lane(lane)}")

    def _value(self, node: Node, cell: tuple[int, ...], lane: int) -> float:
        array = self.evaluator(node)
        index = [min(i, n - 1) for i, n in zip((*cell, lane), array.shape, strict=True)]
        return float(array[tuple(index)])

    def _types(self, lane: int, bad: NDArray[np.bool_]) -> list[str]:
        """The hidden types, as far as they matter."""
        privacy, some = self.program.privacy, np.any(bad.reshape(-1, self.lanes), axis=0)
        profiles = np.flatnonzero(some[lane % len(self.cases) :: len(self.cases)])
        found = []
        for grid, kinds in zip(privacy.grids, privacy.profiles.T, strict=True):
            if len(set(kinds[profiles])) < len(grid.types):
                found.append(f"{grid.actor} == {grid.types[kinds[lane // len(self.cases)]]}")
        return found

    def _where(
        self, cell: tuple[int, ...], shape: tuple[int, ...], types: list[str], lane: int
    ) -> str:
        """The board cell (and turn, and types), as far as it matters."""
        scenario = self.argument.scenario
        parts = []
        for i, name in enumerate(self.evaluator.order):
            if shape[i + 1] > 1:
                parts.append(written(scenario, name, cell[i + 1], self._belief(name, cell, lane)))
        parts += types
        if shape[0] > 1:
            parts.append(f"in {self.argument.calendar.label(cell[0])}")
        return f" (on the board where {', '.join(parts)})" if parts else " (on every board)"

    def _belief(self, variable: str, cell: tuple[int, ...], lane: int) -> list[float] | None:
        for grid in self.program.privacy.grids:
            if grid.axis == variable:
                beliefs = self.evaluator.nodes(grid.actor).beliefs
                node = cell[1 + self.evaluator.order.index(variable)]
                return beliefs[node, :, lane % beliefs.shape[-1]].tolist()
        return None

    def _lane(self, lane: int) -> str:
        """What applies beside the scenario as written: levers, and premises off their guesses."""
        scenario = self.argument.scenario
        case = self.cases[lane % len(self.cases)]
        moved = [
            f"{n} = {v:.4g}" for n, v in case.premises.items() if v != scenario.premises[n].guess
        ]
        told = [f"with the lever '{name}'" for name in case.variant.levers]
        told += [f"without '{name}'" for name in sorted(case.variant.off)]
        if moved:
            shown = ", ".join(moved[:6]) + (", ..." if len(moved) > 6 else "")
            told.append(f"with {shown}")
        return f" [{'; '.join(told)}]" if told else ""


def _placed(grid: Grid, belief: Floats, bend: Floats) -> Floats:
    """A belief (types, lanes) put on the nodes of a grid: (nodes, lanes)."""
    columns = np.ascontiguousarray(np.broadcast_to(bend, (4, belief.shape[1])).T)
    odds = np.zeros((grid.size, belief.shape[1]))
    corner, order, rest, nodes, weights, *_ = kernels.scratch(len(grid.types))
    for lane, point in enumerate(np.ascontiguousarray(belief.T)):
        kernels.locate(point, grid.points - 1, columns[lane], corner, order, rest, nodes, weights)
        np.add.at(odds[:, lane], nodes, weights)
    return odds
