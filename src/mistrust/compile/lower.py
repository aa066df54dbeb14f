"""Expressions to numbers: the tables of a program for some lanes, checked.

A *lane* is one case of the scenario: values for all premises, mechanisms on or off, levers
applied or not. All lanes of a batch are solved side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mistrust.compile.evaluate import Evaluator, Floats
from mistrust.compile.layout import Layout, StageLayout
from mistrust.compile.moves import Odds
from mistrust.compile.program import Program, lever_switch
from mistrust.errors import Problem, ScenarioError
from mistrust.scenario.effects import level_index, level_name
from mistrust.scenario.readings import Variant
from mistrust.scenario.text import Path
from mistrust.scenario.tree import Call, Compare, Node, Operation

_SLACK = 1e-9


@dataclass(frozen=True)
class Case:
    """One lane: premise values, and the variant of the game played with them."""

    premises: Mapping[str, float]
    variant: Variant = field(default_factory=Variant)


@dataclass(frozen=True)
class StageTables:
    """A stage's numbers. Tables are (turns or 1, rows, lanes).

    `live` says which weights are not 0, `skipped` where the guard fails, in some lane:
    (turns or 1, rows); `active` in which turns anything can happen: (turns,).
    """

    weights: Floats
    live: NDArray[np.bool_]
    available: Floats
    pays: Floats
    skipped: NDArray[np.bool_]
    active: NDArray[np.bool_]


@dataclass(frozen=True)
class Coefficients:
    """A program's numbers for some lanes.

    Attributes
    ----------
    patience, precision : (actors, lanes)
    stages
        One `StageTables` per stage.
    payoffs, beyond : (turns or 1, rows, lanes), (rows, lanes)
        The last turn's payoffs include the perpetuity, if there is one.
    start : (opening cells, lanes)
        Distribution of the board at the outset.
    faults
        Lanes whose numbers are not valid, with the first problem found; their results mean
        nothing.
    problems
        What is wrong anywhere: at each place in the file, the first lane's problem.
    """

    layout: Layout
    cases: tuple[Case, ...]
    patience: Floats
    precision: Floats
    stages: tuple[StageTables, ...]
    payoffs: Floats
    beyond: Floats
    start: Floats
    faults: dict[int, Problem]
    problems: tuple[Problem, ...]
    evaluator: Evaluator

    @property
    def program(self) -> Program:
        """The program that these are the numbers of."""
        return self.layout.program

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return len(self.cases)


def at_turn(table: Floats, turn: int) -> Floats:
    """A table's rows at one turn: (rows, lanes)."""
    return np.asarray(table[turn if len(table) > 1 else 0])


def parameters(program: Program, cases: Sequence[Case]) -> dict[str, Floats]:
    """Premises, mechanisms and lever switches of some cases: arrays of shape (lanes,)."""
    scenario = program.argument.scenario
    values: dict[str, list[float]] = {}
    for case in cases:
        applied = [lever for name, lever in scenario.levers.items() if name in case.variant.levers]
        fixed = {name: value for lever in applied for name, value in lever.premises.items()}
        off = case.variant.off.union(*(lever.off for lever in applied))
        for name in scenario.premises:
            values.setdefault(name, []).append(fixed.get(name, case.premises[name]))
        for name in scenario.mechanisms:
            values.setdefault(name, []).append(float(name not in off))
        for name in scenario.levers:
            switch = float(name in case.variant.levers)
            values.setdefault(lever_switch(name).name, []).append(switch)
    return {name: np.array(column, dtype=float) for name, column in values.items()}


def lower(layout: Layout, cases: Sequence[Case]) -> Coefficients:
    """Evaluate all expressions of a program for some cases."""
    program = layout.program
    lanes = len(cases)
    evaluator = Evaluator(program.argument, parameters(program, cases))
    checker = _Checker(program, evaluator, cases)
    patience = checker.per_actor("patience")
    precision = checker.per_actor("precision")
    for odds in program.odds:
        checker.probabilities(odds)
    for stage in program.stages:
        if stage.mover >= 0:
            checker.choosable(stage.phase, stage.guard, [c.available for c in stage.choices])
        for choice in stage.choices:
            for amount in choice.amounts:
                checker.finite(amount.path, amount.node, choice.available)
    for amount in (*program.payoffs, *program.beyond):
        checker.finite(amount.path, amount.node, None)
    stages = tuple(_stage_tables(s, evaluator, program.turns, lanes) for s in layout.stages)
    payoffs = layout.payoffs.filled(evaluator, program.turns, lanes)
    if program.argument.scenario.beyond == "perpetuity":
        payoffs = _with_perpetuity(layout, payoffs, patience)
    end = layout.beyond.filled(evaluator, program.turns + 1, lanes)
    return Coefficients(
        layout,
        tuple(cases),
        patience,
        precision,
        stages,
        payoffs,
        end[-1],
        checker.start(),
        checker.faults,
        tuple(checker.problems.values()),
        evaluator,
    )


def _stage_tables(stage: StageLayout, evaluator: Evaluator, turns: int, lanes: int) -> StageTables:
    weights = stage.weights.filled(evaluator, turns, lanes)
    live = (weights != 0).any(axis=2)
    available = stage.available.filled(evaluator, turns, lanes)
    if stage.stage.mover >= 0:
        active = available.any(axis=(1, 2))
    else:
        active = (live & stage.moving).any(axis=1)
    return StageTables(
        weights,
        live,
        available,
        stage.pays.filled(evaluator, turns, lanes),
        (stage.guard.filled(evaluator, turns, lanes) == 0).any(axis=2),
        np.broadcast_to(active | (stage.stage.source != stage.stage.target), (turns,)),
    )


def _with_perpetuity(layout: Layout, payoffs: Floats, patience: Floats) -> Floats:
    """The last turn's flow for ever: its payoffs divided by one minus patience."""
    turns = layout.program.turns
    full = np.broadcast_to(payoffs, (turns, *payoffs.shape[1:])).copy()
    spans = zip(layout.payoffs.offsets[:-1], layout.payoffs.offsets[1:], strict=True)
    for actor, (start, stop) in zip(layout.payoff_actor, spans, strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            full[-1, start:stop] /= 1 - patience[actor]
    return full


class _Checker:
    """Finds, lane by lane, numbers that cannot be what they must be."""

    def __init__(self, program: Program, evaluator: Evaluator, cases: Sequence[Case]) -> None:
        self.program = program
        self.argument = program.argument
        self.evaluator = evaluator
        self.cases = cases
        self.faults: dict[int, Problem] = {}
        self.problems: dict[Path, Problem] = {}

    def per_actor(self, key: str) -> Floats:
        """Patience or precision: (actors, lanes)."""
        scenario = self.argument.scenario
        perpetual = scenario.beyond == "perpetuity"
        rows = []
        for name in scenario.actors:
            path: Path = ("actors", name, key)
            node = self.argument.nodes.get(path)  # none for the word 'inf'
            value = np.inf if node is None else self.evaluator(node)
            row = np.broadcast_to(np.asarray(value).reshape(-1), (len(self.cases),))
            if key == "precision":
                self._note(path, ~(row >= 0), row, "is no precision: 0 or more, or inf")
            else:
                top = "below 1, as 'perpetuity' needs" if perpetual else "at most 1"
                good = (row > 0) & ((row < 1) if perpetual else (row <= 1))
                self._note(path, ~good, row, f"is no patience: above 0 and {top}")
            rows.append(row)
        return np.array(rows, dtype=float)

    def start(self) -> Floats:
        """The distribution at the outset: (opening cells, lanes)."""
        program, scenario = self.program, self.argument.scenario
        mass = np.ones((1, len(self.cases)))
        for name, size in zip(program.opening.variables, program.opening.shape, strict=True):
            odds = np.zeros((size, len(self.cases)))
            start = scenario.board[name].start
            if isinstance(start, str):
                odds[program.starts[name]] = 1.0
            else:
                odds = self._start_odds(name, start, odds)
            mass = (mass[:, None, :] * odds[None]).reshape(-1, len(self.cases))
        return mass

    def _start_odds(self, name: str, start: Mapping[str, str], odds: Floats) -> Floats:
        path: Path = ("board", name, "start")
        levels = self.argument.scenario.board[name].levels
        for level in start:
            row = self.evaluator(self.argument.nodes[*path, level]).reshape(-1)
            odds[level_index(level, levels)] = row
            self._note((*path, level), ~((row >= 0) & (row <= 1)), row, "is no probability")
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

    def choosable(self, phase: int, guard: Node | None, available: list[Node]) -> None:
        """Where a decision is taken, something can be chosen."""
        node = Operation(0, "or", tuple(available))
        self._cells(
            ("turn", phase, "options"),
            self.evaluator(node) == 0,
            None,
            guard,
            "no option is available",
        )

    def finite(self, path: Path, node: Node, condition: Node | None) -> None:
        """An amount is a number wherever it may be paid."""
        self._cells(path, ~np.isfinite(self.evaluator(node)), node, condition, "is no amount")

    def _note(self, path: Path, bad: NDArray[np.bool_], row: Floats, message: str) -> None:
        for lane in map(int, np.flatnonzero(np.broadcast_to(bad, (len(self.cases),)))):
            value = np.broadcast_to(row, (len(self.cases),))[lane]
            self._fault(path, lane, f"{value:g} {message}{self._lane(lane)}")

    def _fault(self, path: Path, lane: int, message: str) -> None:
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
        lanes = np.broadcast_to(bad, (*bad.shape[:-1], len(self.cases)))
        for lane in map(int, np.flatnonzero(lanes.any(axis=tuple(range(lanes.ndim - 1))))):
            if lane in self.faults and path in self.problems:
                continue
            first = int(lanes[..., lane].argmax())
            cell = tuple(map(int, np.unravel_index(first, lanes.shape[:-1])))
            where = self._where(cell, bad.shape)
            value = "" if node is None else f"{self._value(node, cell, lane):.6g} "
            self._fault(path, lane, f"{value}{message}{where}{self._lane(lane)}")

    def _value(self, node: Node, cell: tuple[int, ...], lane: int) -> float:
        array = self.evaluator(node)
        index = [min(i, n - 1) for i, n in zip((*cell, lane), array.shape, strict=True)]
        return float(array[tuple(index)])

    def _where(self, cell: tuple[int, ...], shape: tuple[int, ...]) -> str:
        """The board cell (and turn), as far as it matters."""
        board = self.argument.scenario.board
        parts = []
        for i, name in enumerate(self.evaluator.order):
            if shape[i + 1] > 1:
                level = board[name].levels[cell[i + 1]]
                parts.append(f"{name} == {level_name(level)}")
        if shape[0] > 1:
            parts.append(f"in {self.argument.calendar.label(cell[0])}")
        return f" (on the board where {', '.join(parts)})" if parts else " (on every board)"

    def _lane(self, lane: int) -> str:
        """The premises, where they are not at their guesses."""
        scenario = self.argument.scenario
        case = self.cases[lane]
        moved = [
            f"{n} = {v:.4g}" for n, v in case.premises.items() if v != scenario.premises[n].guess
        ]
        variant = case.variant.label()
        told = [] if variant == "as written" else [variant]
        if moved:
            shown = ", ".join(moved[:6]) + (", ..." if len(moved) > 6 else "")
            told.append(f"with {shown}")
        return f" [{'; '.join(told)}]" if told else ""


def raise_faults(coefficients: Coefficients) -> None:
    """Turn what is wrong in any lane into an error."""
    if coefficients.problems:
        source = coefficients.program.argument.source
        raise ScenarioError(source.file, coefficients.problems)


__all__ = [
    "Call",
    "Case",
    "Coefficients",
    "StageTables",
    "at_turn",
    "lower",
    "parameters",
    "raise_faults",
]
