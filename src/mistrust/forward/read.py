"""Readings: the numbers that claims ask of a solved game.

Every reading is a ratio of expectations along histories. One plain forward pass serves all that
need a single moment; each event over a window, or condition at another date, costs a pass of its
own that carries only the histories that keep it. `ever` is one minus a `Stay`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers, Lookup
from mistrust.compile.lower import Coefficients, lower
from mistrust.compile.program import Program
from mistrust.forward.distribute import distribute
from mistrust.forward.moments import Frequencies, Moments, Ratio, turns_of
from mistrust.forward.sweep import Condition, Mass, Occupancy, Visit, Weigh
from mistrust.scenario.dependence import uses
from mistrust.scenario.readings import AS_READ, Chance, Mean, Reading, Share, Stay, Value, Variant
from mistrust.scenario.tree import Node
from mistrust.solve.backward import Solution

AS_WRITTEN = Variant()


def plain(reading: Reading) -> Reading:
    """The same reading whatever its variant: what is to be read off each lane."""
    return replace(reading, variant=AS_WRITTEN)


def openings_needed(readings: Sequence[Reading]) -> set[int]:
    """The turns whose opening values the backward sweep must keep."""
    return {reading.first for reading in readings if isinstance(reading, Value)}


def one_moment(reading: Reading) -> bool:
    """Whether one plain forward pass is enough for a reading."""
    if isinstance(reading, Share):
        return True
    if isinstance(reading, Chance):
        event = reading.event
        same = reading.given is None or _at(reading.given, event.first)
        return event.first == event.last and not event.ever and same
    assert isinstance(reading, (Mean, Value))
    if reading.given is None or reading.given.first == AS_READ:
        return True
    single = isinstance(reading, Value) or reading.first == reading.last
    return single and _at(reading.given, reading.first)


class Reader:
    """Reads a solved batch: all lanes at once.

    Parameters
    ----------
    solution
        Solved with `keep` holding `openings_needed` of the readings.
    extend
        Gives the layout of the program with some recorded variables carried along.
    """

    def __init__(self, solution: Solution, extend: Callable[[frozenset[str]], object]) -> None:
        self.solution = solution
        self.extend = extend
        self.occupancy: Occupancy | None = None

    def read(
        self, readings: Sequence[Reading], visit: Visit | None = None
    ) -> dict[Reading, Floats]:
        """The value of each reading (stripped of its variant): (cases,), NaN where it has none.

        `visit` is called as each turn opens with the turn and what gives the mass of the board.
        """
        groups: dict[frozenset[str], list[Reading]] = {frozenset(): []}
        for reading in dict.fromkeys(plain(reading) for reading in readings):
            groups.setdefault(self._recorded(reading), []).append(reading)
        results: dict[Reading, Floats] = {}
        for recorded, group in groups.items():
            worker = _Pass(self._coefficients(recorded), self.solution)
            results |= worker.read(group, visit if not recorded else None)
            if not recorded:
                self.occupancy = worker.occupancy
        return results

    def _recorded(self, reading: Reading) -> frozenset[str]:
        scope = self.solution.coefficients.program.scope
        names = set().union(*(uses(node, scope) for node in conditions(reading)))
        recorded = {n for n in names if n in scope.variables and scope.variables[n].recorded}
        return frozenset(_closed(recorded, self.solution.coefficients.program))

    def _coefficients(self, recorded: frozenset[str]) -> Coefficients:
        base = self.solution.coefficients
        if not recorded:
            return base
        return lower(self.extend(recorded), base.cases)  # type: ignore[arg-type]


def conditions(reading: Reading) -> list[Node]:
    """The expressions on the board that a reading depends on."""
    nodes = [] if reading.given is None else [reading.given.condition]
    if isinstance(reading, Chance):
        nodes.append(reading.event.condition)
    if isinstance(reading, Mean):
        nodes.append(reading.amount)
    return nodes


def _closed(recorded: set[str], program: Program) -> set[str]:
    """Recorded variables together with those that their moves depend on."""
    from mistrust.scenario.check import moved_by

    argument = program.argument
    board = argument.scenario.board
    while True:
        more = set(recorded)
        for index, phase in enumerate(argument.scenario.turn):
            if moved_by(phase) & recorded:
                for path, node in argument.nodes.items():
                    if path[:2] == ("turn", index):
                        more |= {
                            n
                            for n in uses(node, argument.scope)
                            if n in board and board[n].recorded
                        }
        if more == recorded:
            return recorded
        recorded = more


class _Pass:
    """Readings that need the same recorded variables."""

    def __init__(self, coefficients: Coefficients, solution: Solution) -> None:
        self.coefficients = coefficients
        self.solution = solution
        self.program = coefficients.program
        self.opening = self.program.opening
        self.lanes = coefficients.lanes
        self.ratios: dict[Reading, Ratio] = {}
        self.occupancy: Occupancy | None = None
        self._openings: dict[int, Mass] = {}
        self._kept: dict[tuple[Stay, ...], Floats] = {}

    def read(self, readings: Sequence[Reading], visit: Visit | None) -> dict[Reading, Floats]:
        for reading in readings:
            self.ratios[reading] = Ratio(np.zeros(self.lanes), np.zeros(self.lanes))
        moments = [r for r in readings if one_moment(r)]
        histories = [r for r in readings if r not in moments]
        begins = {stay.first for r in histories for stay in self._stays(r)}
        plain = Moments(self.coefficients, moments, self.ratios, self.amount)
        shares = Frequencies(self.coefficients, self.solution.policies, moments, self.ratios)

        def at_opening(turn: int, here: Callable[[], Mass]) -> None:
            if visit is None and turn not in begins | plain.dates:
                return
            mass = here()
            if turn in begins:
                self._openings[turn] = mass
            plain.visit(turn, mass)
            if visit is not None:
                visit(turn, lambda: mass)

        end = _last([*moments, *histories]) if self.program.recorded else None
        self.occupancy = distribute(
            self.coefficients,
            self.solution.policies,
            visit=at_opening,
            meet=shares.meet if shares.conditions else None,
            stop=end,
        )
        shares.close(self.occupancy)
        for reading in histories:
            if isinstance(reading, Chance):
                self._event(reading)
            else:
                self._conditioned(reading)
        return {r: ratio.result(self.coefficients) for r, ratio in self.ratios.items()}

    def _stays(self, reading: Reading) -> list[Stay]:
        stays = [] if reading.given is None else [reading.given]
        return [*stays, reading.event] if isinstance(reading, Chance) else stays

    # -- events on histories -----------------------------------------------------------------

    def _event(self, reading: Chance) -> None:
        given = [] if reading.given is None else [reading.given]
        ratio = self.ratios[reading]
        ratio.below = self._probability(given)
        ratio.above = self._probability([*given, reading.event])

    def _probability(self, stays: Sequence[Stay]) -> Floats:
        """Of all events together; each `ever` is replaced by the rest less its complement."""
        for i, stay in enumerate(stays):
            if stay.ever:
                others = [*stays[:i], *stays[i + 1 :]]
                kept = replace(stay, ever=False)
                return self._probability(others) - self._probability([*others, kept])
        if not stays:
            return np.ones(self.lanes)
        key = tuple(sorted(set(stays), key=lambda s: (s.first, s.last, repr(s.condition))))
        if key not in self._kept:
            self._kept[key] = self._constrained(key, stop=max(s.last for s in key)).mass
        return self._kept[key]

    def _constrained(
        self, stays: Sequence[Stay], stop: int, weigh: Weigh | None = None
    ) -> Occupancy:
        first = min([s.first for s in stays] + ([weigh[0]] if weigh else []))
        begin = (first, self._openings[first]) if first in self._openings else None
        return distribute(
            self.coefficients,
            self.solution.policies,
            constraints=stays,
            weigh=weigh,
            begin=begin,
            stop=stop,
        )

    # -- amounts under a condition at another date -------------------------------------------

    def _conditioned(self, reading: Reading) -> None:
        given = reading.given
        assert given is not None and isinstance(reading, (Mean, Value))
        turns = turns_of(reading)
        ratio = self.ratios[reading]
        ratio.below = len(turns) * self._probability([given])
        stay = replace(given, ever=False)
        for turn in turns:
            if given.ever:
                ratio.above = ratio.above + self._weighted([], turn, reading)
                ratio.above = ratio.above - self._weighted([stay], turn, reading)
            else:
                ratio.above = ratio.above + self._weighted([stay], turn, reading)

    def _weighted(self, stays: list[Stay], turn: int, reading: Reading) -> Floats:
        """Expectation of the reading's amount as a turn opens, over histories that keep `stays`."""
        weight = self.amount(reading, turn)
        stop = max([turn, *(s.last for s in stays)])
        return self._constrained(stays, stop, weigh=(turn, weight)).mass

    def amount(self, reading: Reading, turn: int) -> Callable[[Integers], Floats]:
        """The amount that a reading averages, for cells of the board as a turn opens."""
        if isinstance(reading, Value):
            actor = self.program.actors.index(reading.actor)
            values, plainly = self.solution.values[reading.first], self._plain_cells()
            return lambda cells: values[plainly.at(cells), actor]
        node = reading.amount if isinstance(reading, Mean) else reading.event.condition  # type: ignore[attr-defined]
        condition = Condition(self.coefficients, node)
        return lambda cells: condition.at(self.opening, cells, turn)

    def _plain_cells(self) -> Lookup:
        """For each cell of this opening the cell without recorded variables."""
        strides = self.solution.coefficients.program.opening.strides
        parts = {
            v: strides[v] * np.arange(size, dtype=np.int64)
            for v, size in zip(self.opening.variables, self.opening.shape, strict=True)
            if v in strides
        }
        return self.opening.lookup(parts)


def _last(readings: Sequence[Reading]) -> int:
    """The last turn whose opening any of some readings looks at."""
    turns = [0]
    for reading in readings:
        turns += [reading.last] if isinstance(reading, Share) else turns_of(reading)
        turns += [] if reading.given is None else [reading.given.last]
        turns += [reading.event.last] if isinstance(reading, Chance) else []
    return max(turns)


def _at(stay: Stay, turn: int) -> bool:
    return stay.first == stay.last == turn and not stay.ever
