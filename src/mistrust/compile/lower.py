"""Expressions to numbers: the tables of a program for some lanes, checked.

A *case* of the scenario has values for all premises, mechanisms on or off, levers applied or not.
All cases of a batch are solved side by side, each in as many *lanes* as there are profiles of
hidden types (one, if nothing is hidden); lane ``profile * cases + case``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mistrust.compile.acting import Acting
from mistrust.compile.evaluate import Evaluator, Floats, type_of
from mistrust.compile.faults import Case, Checker
from mistrust.compile.frames import Bools, Integers
from mistrust.compile.layout import Layout, StageLayout
from mistrust.compile.nodes import Nodes
from mistrust.compile.program import Program
from mistrust.compile.stages import lever_switch
from mistrust.errors import Problem, ScenarioError

_SLACK = 1e-9


@dataclass(frozen=True)
class StageTables:
    """A stage's numbers. Tables are (turns or 1, rows, lanes).

    `live` says which weights are not 0, `skipped` where the guard fails, in some lane:
    (turns or 1, rows); `happens` in which turns anything can happen, `active` in which the phase
    matters, also since a variable comes or goes: (turns,).
    """

    weights: Floats
    live: Bools
    available: Floats
    pays: Floats
    skipped: Bools
    happens: Bools
    active: Bools


@dataclass(frozen=True)
class Coefficients:
    """A program's numbers for some lanes.

    Attributes
    ----------
    patience, precision : (actors, lanes)
    prior : (profiles, cases)
        The probability of each profile of types.
    beliefs
        The nodes of the belief about each actor with types.
    stages
        One `StageTables` per stage.
    payoffs, beyond : (turns or 1, rows, lanes), (rows, lanes)
        The last turn's payoffs include the perpetuity, if there is one.
    start : (opening cells, lanes)
        Distribution of the board at the outset.
    faults
        Cases whose numbers are not valid, with the first problem found; their results mean
        nothing.
    problems
        What is wrong anywhere: at each place in the file, the first lane's problem.
    noted
        What follows from these, worked out once (see `compile.learning`).
    """

    layout: Layout
    cases: tuple[Case, ...]
    patience: Floats
    precision: Floats
    prior: Floats
    beliefs: tuple[Nodes, ...]
    stages: tuple[StageTables, ...]
    payoffs: Floats
    beyond: Floats
    start: Floats
    faults: dict[int, Problem]
    problems: tuple[Problem, ...]
    evaluator: Evaluator
    noted: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def program(self) -> Program:
        """The program that these are the numbers of."""
        return self.layout.program

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return len(self.cases) * self.program.privacy.count

    def chooses(self, turn: int) -> bool:
        """Whether anybody has a choice in a turn."""
        stages = zip(self.program.stages, self.stages, strict=True)
        return any(len(stage.choices) > 1 and tables.active[turn] for stage, tables in stages)

    def idle(self, turn: int, index: int, cells: Integers) -> bool:
        """Whether nothing happens in a stage, and some cells keep their numbers."""
        layout, tables = self.layout.stages[index], self.stages[index]
        if not tables.active[turn]:
            return True
        if tables.happens[turn] or layout.stage.sealed:
            return False
        return not layout.leaving[cells].any()

    def acting(self, index: int) -> Acting | None:
        """See `StageLayout.acting`."""
        key = ("acting", index)
        if key not in self.noted:
            live = np.asarray(self.stages[index].live.any(axis=0))
            certain = np.asarray((self.stages[index].weights == 1.0).all(axis=(0, 2)))
            self.noted[key] = self.layout.stages[index].acting(live, certain)
        found: Acting | None = self.noted[key]
        return found

    def kept(self, index: int) -> int:
        """For how many lanes a decision's strategies are kept: shape (kept lanes,).

        Where the others' types change nothing that the actor knows of, they are the same whatever
        these are.
        """
        key = ("kept", index)
        if key not in self.noted:
            stage, cases = self.program.stages[index], len(self.cases)
            wide = (-1, self.program.privacy.count, cases)
            known = (self.precision[stage.mover], self.stages[index].available)
            apart = (np.asarray(numbers).reshape(wide) for numbers in known)
            alike = all((numbers == numbers[:, :1]).all() for numbers in apart)
            learned = stage.learns or stage.sealed
            self.noted[key] = cases if alike and not learned else self.lanes
        return int(self.noted[key])

    def belief(self, variable: str, level: int, case: int) -> list[float] | None:
        """The belief at a level of a dimension of the board; None if that holds no belief."""
        axes = self.program.privacy.axes
        if variable not in axes:
            return None
        return self.beliefs[axes.index(variable)].beliefs[level, :, case].tolist()

    def folded(self, by_lane: Floats) -> Floats:
        """Expectation over the hidden types: from (..., lanes) to (..., cases)."""
        if len(self.prior) == 1:
            return by_lane
        apart = by_lane.reshape(*by_lane.shape[:-1], *self.prior.shape)
        return np.asarray((apart * self.prior).sum(axis=-2))

    def worst(self, by_lane: Floats) -> Floats:
        """The largest over the hidden types: from (..., lanes) to (..., cases)."""
        return np.asarray(by_lane.reshape(*by_lane.shape[:-1], *self.prior.shape).max(axis=-2))


def at_turn(table: Floats, turn: int) -> Floats:
    """A table's rows at one turn: (rows, lanes)."""
    return np.asarray(table[turn if len(table) > 1 else 0])


def parameters(program: Program, cases: Sequence[Case]) -> dict[str, Floats]:
    """Premises, mechanisms, lever switches and hidden types of some cases: arrays (lanes,)."""
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
    privacy = program.privacy
    found = {name: np.tile(np.array(c, dtype=float), privacy.count) for name, c in values.items()}
    for grid, kinds in zip(privacy.grids, privacy.profiles.T, strict=True):
        found[type_of(grid.actor)] = np.repeat(kinds.astype(float), len(cases))
    return found


def lower(layout: Layout, cases: Sequence[Case]) -> Coefficients:
    """Evaluate all expressions of a program for some cases."""
    program = layout.program
    lanes = len(cases) * program.privacy.count
    evaluator = Evaluator(program.argument, parameters(program, cases))
    checker = Checker(program, evaluator, cases)
    patience = checker.per_actor("patience")
    precision = checker.per_actor("precision")
    for odds in program.odds:
        checker.probabilities(odds)
    for stage in program.stages:
        for path, available in stage.asked:
            checker.choosable(path, stage.guard, available)
        for choice in stage.choices:
            for amount in choice.amounts:
                checker.finite(amount.path, amount.node, choice.available)
    for amount in (*program.payoffs, *program.beyond):
        checker.finite(amount.path, amount.node, None)
    priors = checker.priors()
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
        program.privacy.prior([odds[:, : len(cases)] for odds in priors])
        + np.zeros((1, len(cases))),
        _beliefs(program, evaluator, len(cases)),
        stages,
        payoffs,
        end[-1],
        checker.start(priors),
        checker.faults,
        tuple(checker.problems.values()),
        evaluator,
    )


def _beliefs(program: Program, evaluator: Evaluator, cases: int) -> tuple[Nodes, ...]:
    """The nodes of all beliefs, case by case: priors are the same whatever the hidden types."""
    found = []
    for grid in program.privacy.grids:
        nodes = evaluator.nodes(grid.actor)
        beliefs, bend = (
            np.repeat(a, cases, -1) if a.shape[-1] == 1 else a[..., :cases]
            for a in (nodes.beliefs, nodes.bend)
        )
        found.append(Nodes(np.ascontiguousarray(beliefs), np.ascontiguousarray(bend)))
    return tuple(found)


def _stage_tables(stage: StageLayout, evaluator: Evaluator, turns: int, lanes: int) -> StageTables:
    weights = stage.weights.filled(evaluator, turns, lanes)
    live = (weights != 0).any(axis=2)
    available = stage.available.filled(evaluator, turns, lanes)
    if stage.stage.mover >= 0:
        happens = available.any(axis=(1, 2))
    else:
        happens = (live & stage.moving).any(axis=1)
    return StageTables(
        weights,
        live,
        available,
        stage.pays.filled(evaluator, turns, lanes),
        (stage.guard.filled(evaluator, turns, lanes) == 0).any(axis=2),
        np.broadcast_to(happens, (turns,)),
        np.broadcast_to(happens | (stage.stage.source != stage.stage.target), (turns,)),
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


__all__ = [
    "Case",
    "Coefficients",
    "StageTables",
    "at_turn",
    "lower",
    "parameters",
    "raise_faults",
]


def raise_faults(coefficients: Coefficients) -> None:
    """Turn what is wrong in any lane into an error."""
    if coefficients.problems:
        source = coefficients.program.argument.source
        raise ScenarioError(source.file, coefficients.problems)
