"""Readings that one plain forward pass is enough for, taken as it goes along."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mistrust import kernels
from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.compile.layout import tables
from mistrust.compile.lower import Coefficients
from mistrust.forward.sweep import Condition, Mass, Occupancy, gathered
from mistrust.scenario.dependence import uses
from mistrust.scenario.readings import Chance, Mean, Reading, Share, Value
from mistrust.scenario.resolve import Constant
from mistrust.scenario.tree import Call, Node, Operation
from mistrust.solve.step import Policies, strategies

IMPOSSIBLE = 1e-12
"""A condition with less probability than this gives its readings no value."""

_ONE = Constant(0, 1.0)


@dataclass
class Ratio:
    """A reading in the making: per lane a numerator and a denominator."""

    above: Floats
    below: Floats

    def result(self, coefficients: Coefficients) -> Floats:
        """The reading: (cases,), NaN where what is given cannot happen."""
        above, below = coefficients.folded(self.above), coefficients.folded(self.below)
        possible = below > IMPOSSIBLE
        return np.where(possible, above / np.where(possible, below, 1.0), np.nan)


def turns_of(reading: Reading) -> list[int]:
    """The turns whose openings a reading (no frequency) looks at."""
    if isinstance(reading, Chance):
        return [reading.event.first]
    if isinstance(reading, Mean) and reading.first != reading.last:
        return list(range(reading.first, reading.last))
    return [reading.first]  # type: ignore[attr-defined]


class Moments:
    """Readings of single moments, taken from the law of the few variables that they name.

    `amount` gives what a reading averages, as a function of cells of the opening board.
    """

    def __init__(
        self,
        coefficients: Coefficients,
        readings: Sequence[Reading],
        ratios: Mapping[Reading, Ratio],
        amount: Callable[[Reading, int], Callable[[Integers], Floats]],
    ) -> None:
        self.coefficients = coefficients
        self.ratios = ratios
        self.amount = amount
        self.values = [r for r in readings if isinstance(r, Value)]
        self.others = [r for r in readings if not isinstance(r, (Value, Share))]
        self.turns = {
            reading: set(turns_of(reading))
            for reading in readings
            if not isinstance(reading, Share)
        }
        self.dates = set().union(*self.turns.values())
        self.dims: dict[Reading, tuple[str, ...]] = {}
        self.above: dict[Reading, Floats] = {}
        self.below: dict[Reading, Floats] = {}
        for reading in self.others:
            self._prepare(reading)

    def _prepare(self, reading: Reading) -> None:
        program = self.coefficients.program
        amount = reading.amount if isinstance(reading, Mean) else reading.event.condition  # type: ignore[attr-defined]
        if isinstance(reading, Chance):
            amount = _truth(amount)
        given = _ONE if reading.given is None else _truth(reading.given.condition)
        product = Call(0, "if", (given, amount, Constant(0, 0.0)))
        used = uses(product, program.scope)
        dims = tuple(v for v in program.opening.variables if v in used)
        self.dims[reading] = dims
        # the sum with 0 * product makes both tables range over the same variables
        same = Operation(0, "+", (given, Operation(0, "*", (_truth(product), Constant(0, 0.0)))))
        turns = program.turns + 1
        evaluator = self.coefficients.evaluator
        self.above[reading], self.below[reading] = (
            tables(program, program.opening, [node]).filled(
                evaluator, turns, self.coefficients.lanes
            )
            for node in (product, same)
        )

    def visit(self, turn: int, mass: Mass) -> None:
        """Take the opening of a turn."""
        laws: dict[tuple[str, ...], Floats] = {}
        for reading in self.others:
            if turn not in self.turns[reading]:
                continue
            dims = self.dims[reading]
            if dims not in laws:
                laws[dims] = gathered(mass, dims)
            ratio = self.ratios[reading]
            ratio.above = ratio.above + (laws[dims] * _row(self.above[reading], turn)).sum(axis=0)
            ratio.below = ratio.below + (laws[dims] * _row(self.below[reading], turn)).sum(axis=0)
        for value in self.values:
            if turn == value.first:
                self._value(value, turn, mass)

    def _value(self, reading: Value, turn: int, mass: Mass) -> None:
        values = mass.values
        if reading.given is not None:
            condition = Condition(self.coefficients, reading.given.condition)
            values = values * (condition.at(mass.frame, mass.cells, turn) != 0)
        ratio = self.ratios[reading]
        ratio.above = (values * self.amount(reading, turn)(mass.cells)).sum(axis=0)
        ratio.below = values.sum(axis=0)


def _truth(node: Node) -> Node:
    return Operation(0, "not", (Operation(0, "not", (node,)),))


def _row(table: Floats, turn: int) -> Floats:
    return np.asarray(table[turn if len(table) > 1 else 0])


class Frequencies:
    """Decision frequencies; those under a condition are taken as each decision is met."""

    def __init__(
        self,
        coefficients: Coefficients,
        policies: Policies,
        readings: Sequence[Reading],
        ratios: Mapping[Reading, Ratio],
    ) -> None:
        self.coefficients = coefficients
        self.policies = policies
        self.ratios = ratios
        self.stages = {stage.phase: stage for stage in coefficients.program.stages}
        shares = [r for r in readings if isinstance(r, Share)]
        self.plain = [r for r in shares if r.given is None]
        self.conditions = {r: Condition(coefficients, r.given.condition) for r in shares if r.given}

    def meet(self, turn: int, index: int, here: Callable[[], Mass]) -> None:
        """Take a decision as it is met."""
        layout = self.coefficients.layout.stages[index]
        phase = layout.stage.phase
        wanted = [r for r in self.conditions if r.phase == phase and r.first <= turn < r.last]
        if not wanted:
            return
        mass = here()
        places = layout.policy.at(mass.cells)
        policy = strategies(self.coefficients, self.policies, turn, index)
        for reading in wanted:
            values, which = self.conditions[reading].rows(mass.frame, mass.cells, turn)
            counts = np.where(values != 0, 1.0, 0.0)
            chosen = np.zeros((len(layout.stage.choices), self.coefficients.lanes))
            kernels.chosen(mass.values, counts, which, places, policy, chosen)
            self._add(reading, chosen)

    def close(self, occupancy: Occupancy) -> None:
        """Take the frequencies without a condition from what the pass has added up."""
        for reading in self.plain:
            for turn in range(reading.first, reading.last):
                if (turn, reading.phase) in occupancy.chosen:
                    self._add(reading, occupancy.chosen[turn, reading.phase])

    def _add(self, reading: Share, chosen: Floats) -> None:
        ratio = self.ratios[reading]
        stage = self.stages[reading.phase]
        taken = stage.taking(reading.place, reading.option)
        ratio.above = ratio.above + chosen[taken].sum(axis=0)
        ratio.below = ratio.below + chosen.sum(axis=0)
