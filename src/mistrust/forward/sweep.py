"""One pass forward over the phases of all turns, and what it adds up; see `forward.distribute`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from mistrust import kernels
from mistrust.compile.acting import Boxes, singly
from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Frame, Integers
from mistrust.compile.layout import tables
from mistrust.compile.learning import hidden_of, known_at, lessons_of, party_of
from mistrust.compile.lower import Coefficients, at_turn
from mistrust.compile.stages import Stage
from mistrust.forward.sides import Side
from mistrust.scenario.check import moved_by
from mistrust.scenario.dependence import uses
from mistrust.scenario.readings import Stay
from mistrust.scenario.tree import Node
from mistrust.solve.step import Policies, strategies


@dataclass(frozen=True)
class Mass:
    """A distribution over the cells of a frame that have any: `values` is (cells, lanes)."""

    frame: Frame
    cells: Integers
    values: Floats


Visit = Callable[[int, Callable[[], Mass]], None]
"""Called as each turn opens with the turn and what gives the distribution."""
Meet = Callable[[int, int, Callable[[], Mass]], None]
"""Called before each decision with turn, stage index and what gives the distribution."""
Weigh = tuple[int, Callable[[Integers], Floats]]
"""A turn, and what multiplies the mass of some cells as it opens: (cells, lanes)."""


@dataclass(frozen=True)
class Occupancy:
    """What a forward pass adds up.

    Attributes
    ----------
    mass : (lanes,)
        Probability left at the end: 1, or that of the constraints.
    mass_error : (lanes,)
        Largest difference of the mass from 1 after any phase that moves all of it, and at turns'
        ends (unconstrained passes).
    earned : (terms, lanes)
        Expected discounted payments at the outset, by payoff term.
    chosen
        By turn and phase, the probability that the decision is reached and each option chosen:
        (options, lanes).
    last
        The distribution at the end.
    drift : (cases,)
        Largest gap between a belief and its expectation after a phase, on any board that occurs.
    """

    mass: Floats
    mass_error: Floats
    earned: Floats
    drift: Floats
    last: Mass
    chosen: dict[tuple[int, int], Floats] = field(default_factory=dict)


class Condition:
    """An expression on the board, looked up for the cells of any frame."""

    def __init__(self, coefficients: Coefficients, node: Node) -> None:
        self.coefficients = coefficients
        self.node = node
        self.names = uses(node, coefficients.program.scope)
        self._tables: dict[Frame, tuple[Floats, Integers, Integers]] = {}

    def at(self, frame: Frame, cells: Integers, turn: int) -> Floats:
        """Its values: (cells, lanes)."""
        values, rows = self.rows(frame, cells, turn)
        return values[rows]

    def rows(self, frame: Frame, cells: Integers, turn: int) -> tuple[Floats, Integers]:
        """Its different values, (rows, lanes), and which of them each cell has."""
        c = self.coefficients
        if frame not in self._tables:
            laid = tables(c.program, frame, [self.node])
            table = laid.filled(c.evaluator, c.program.turns + 1, c.lanes)
            self._tables[frame] = (table, laid.high[0], laid.low[0])
        table, high, low = self._tables[frame]
        rows, rest = np.divmod(cells, len(low))
        return at_turn(table, turn), high[rows] + low[rest]


class Sweep:
    """One pass: lists of the cells that have mass, lanes side by side."""

    def __init__(
        self,
        coefficients: Coefficients,
        policies: Policies,
        constraints: tuple[Stay, ...],
        weigh: Weigh | None,
    ) -> None:
        self.coefficients = coefficients
        self.layout = coefficients.layout
        self.program = coefficients.program
        self.policies = policies
        self.stays = [(s, Condition(coefficients, s.condition)) for s in constraints]
        self.weigh = weigh
        self.lanes = coefficients.lanes
        self.error = np.zeros(self.lanes)
        self.drift = np.zeros(len(coefficients.cases))
        self.earned = np.zeros((len(self.program.terms), self.lanes))
        self.chosen: dict[tuple[int, int], Floats] = {}
        self._make_room()

    def _make_room(self) -> None:
        frames = [self.program.opening, self.program.closing]
        frames += [stage.source for stage in self.program.stages]
        size = max(frame.size for frame in frames)
        self._room, rooms = (size, self.lanes), self.layout.rooms
        self.here, self.there = (rooms.take(self._room, Side) for _ in range(2))

    def run(
        self,
        visit: Visit | None,
        meet: Meet | None,
        begin: tuple[int, Mass] | None,
        stop: int | None,
    ) -> Occupancy:
        """Go through the turns; see `distribute`."""
        first = begin[0] if begin is not None else 0
        self._place(begin[1] if begin is not None else self._outset())
        end = self.program.turns if stop is None else stop
        opening = self.program.opening
        discount = self.coefficients.patience**first
        for turn in range(first, end + 1):
            if self.weigh is not None and turn == self.weigh[0]:
                self._multiply(self.weigh[1])
            self._restrict(opening, turn, None)
            if visit is not None:
                visit(turn, partial(self._mass, opening))
            if turn == end:
                break
            self._turn(turn, discount, meet)
            discount = discount * self.coefficients.patience
        last, total = self._mass(opening), self._total()
        self._leave_room()
        return Occupancy(total, self.error, self.earned, self.drift, last, self.chosen)

    def _leave_room(self) -> None:
        for side in (self.here, self.there):
            side.clear()
            self.layout.rooms.give(self._room, side)

    def _outset(self) -> Mass:
        start = self.coefficients.start
        cells = np.flatnonzero((start != 0).any(axis=1)).astype(np.int64)
        return Mass(self.program.opening, cells, start[cells])

    def _place(self, mass: Mass) -> None:
        side = self.here
        side.cells = mass.cells
        side.marks[mass.cells] = 1
        side.rows()[mass.cells] = mass.values

    def _mass(self, frame: Frame) -> Mass:
        cells = self.here.cells
        return Mass(frame, cells, self.here.rows()[cells])

    def _total(self) -> Floats:
        found = np.empty(self.lanes)
        kernels.total(self.here.cells, self.here.values, found)
        return found

    def _swap(self, frame: Frame) -> None:
        self.here.moved_on()
        self.there.in_order(frame.size)
        self.here, self.there = self.there, self.here

    def _turn(self, turn: int, discount: Floats, meet: Meet | None) -> None:
        whole = True
        for index, layout in enumerate(self.layout.stages):
            stage = layout.stage
            if not self._happens(turn, index):
                continue
            if meet is not None and stage.mover >= 0:
                meet(turn, index, partial(self._mass, stage.source))
            whole = self._stage(index, turn, discount)
            self._restrict(stage.target, turn, stage)
            if whole:
                self._check()
        if not whole:
            self._check()
        self._turn_end(turn, discount)

    def _check(self) -> None:
        """Take in how far the mass is from 1."""
        if not self.stays and self.weigh is None:
            np.maximum(self.error, abs(self._total() - 1.0), out=self.error)

    def _happens(self, turn: int, index: int) -> bool:
        """Whether a phase can change anything; where it keeps no strategies nobody decides."""
        stage = self.program.stages[index]
        undecided = stage.movers and (turn, stage.phase) not in self.policies
        return bool(self.coefficients.stages[index].active[turn]) and not undecided

    def _stage(self, index: int, turn: int, discount: Floats) -> bool:
        """Carry the mass through a phase; whether all of it was moved."""
        layout, side, boxes = self.layout.stages[index], self.there, singly(self.here.cells)
        acting, every = self.coefficients.acting(index), len(self.here.cells)
        if acting is not None:
            boxes, side = acting.by_box(self.here.cells), self.here
            kernels.unmark(boxes[0], side.marks)
        cells, _ = boxes
        if layout.stage.learns:
            self._revealing(index, turn, discount, cells, side)
        elif layout.stage.mover < 0:
            common = self._common(index, turn)
            kernels.push(*boxes, *common, side.marks, side.values)
        else:
            self._decide(index, turn, discount, boxes, side)
        if acting is None:
            self._swap(layout.stage.target)
        elif len(cells):
            self.here.in_order(layout.stage.target.size)
        return len(cells) == every

    def _common(self, index: int, turn: int) -> tuple[Any, ...]:
        layout, numbers = self.layout.stages[index], self.coefficients.stages[index]
        return (
            self.here.values,
            layout.goal_high,
            layout.goal_low,
            layout.weights.high,
            layout.weights.low,
            at_turn(numbers.live, turn),  # type: ignore[arg-type]
            at_turn(numbers.weights, turn),
        )

    def _decide(self, index: int, turn: int, discount: Floats, boxes: Boxes, side: Side) -> None:
        """A decision that shows no type, at some cells and where their boxes begin."""
        layout, numbers = self.layout.stages[index], self.coefficients.stages[index]
        chosen = np.zeros((len(layout.stage.choices), self.lanes))
        earned = np.zeros((len(layout.pay_actor), self.lanes))
        key = (turn, layout.stage.phase)
        kernels.push_decision(
            *boxes,
            *self._common(index, turn),
            layout.first_branch,
            layout.first_pay,
            layout.pays.high,
            layout.pays.low,
            at_turn(numbers.pays, turn),
            layout.policy.high,
            layout.policy.low,
            strategies(self.coefficients, self.policies, turn, index),
            layout.stage.boxed,
            chosen,
            earned,
            side.marks,
            side.values,
        )
        self.chosen[key] = chosen
        np.add.at(self.earned, layout.pay_term, earned * discount[layout.pay_actor])

    def _revealing(
        self, index: int, turn: int, discount: Floats, cells: Integers, side: Side
    ) -> None:
        """A phase that shows something of a hidden type."""
        layout, numbers = self.layout.stages[index], self.coefficients.stages[index]
        privacy = self.program.privacy
        apart = (privacy.count, len(self.coefficients.cases))

        def table(given: Floats) -> Floats:
            return np.ascontiguousarray(given).reshape(-1, *apart)

        if layout.stage.movers and not layout.stage.sealed:
            (lesson,) = lessons_of(self.coefficients, index)
            known = known_at(self.coefficients, turn, index, lesson, cells)
            self._decide(index, turn, discount, singly(cells[known]), side)
            cells = cells[~known]
        common = (
            cells,
            table(self.here.values),
            (layout.goal_high, layout.goal_low),
            (layout.weights.high, layout.weights.low),
            at_turn(numbers.live, turn),  # type: ignore[arg-type]
            table(at_turn(numbers.weights, turn)),
        )
        there = (self.drift, side.marks, table(side.values))
        if not layout.stage.movers:
            hidden = hidden_of(self.coefficients, index)
            kernels.push_signal(*common, hidden, *there)
            return
        key = (turn, layout.stage.phase)
        chosen = np.zeros((len(layout.stage.choices), *apart))
        earned = np.zeros((len(layout.pay_actor), *apart))
        party = party_of(self.coefficients, turn, index)
        two = not layout.stage.sealed and party[1][0] == 2
        push = kernels.push_two if two else kernels.push_private
        push(
            *common,
            layout.first_branch,
            layout.first_pay,
            (layout.pays.high, layout.pays.low),
            table(at_turn(numbers.pays, turn)),
            (layout.policy.high, layout.policy.low),
            self.policies[key].reshape(-1, len(layout.stage.choices), *apart),
            party,
            chosen,
            earned,
            *there,
        )
        before = self.chosen.get(key, 0.0)  # where nothing was learned
        self.chosen[key] = before + chosen.reshape(-1, self.lanes)
        paid = earned.reshape(-1, self.lanes) * discount[layout.pay_actor]
        np.add.at(self.earned, layout.pay_term, paid)

    def _turn_end(self, turn: int, discount: Floats) -> None:
        self._collect(turn, discount)
        if turn == self.program.turns - 1 and len(self.layout.beyond_actor):
            self._beyond(discount * self.coefficients.patience)

    def _collect(self, turn: int, discount: Floats) -> None:
        layout, carry, mass = self.layout, self.program.carry, self.here.values
        earned = np.zeros((len(layout.payoff_actor), self.lanes))
        pays = at_turn(self.coefficients.payoffs, turn)
        rows = (layout.payoffs.high, layout.payoffs.low)
        kernels.push_pays(self.here.cells, mass, *rows, pays, earned)
        if not self.program.stays:
            there = (self.there.marks, self.there.values)
            kernels.push_carry(self.here.cells, mass, carry.high, carry.low, *there)
            self._swap(self.program.opening)
        np.add.at(self.earned, layout.payoff_term, earned * discount[layout.payoff_actor])

    def _beyond(self, discount: Floats) -> None:
        layout, mass = self.layout, self._mass(self.program.opening)
        rows, rest = np.divmod(mass.cells, layout.beyond.low.shape[1])
        for k, (actor, term) in enumerate(
            zip(layout.beyond_actor, layout.beyond_term, strict=True)
        ):
            pays = self.coefficients.beyond[
                layout.beyond.high[k][rows] + layout.beyond.low[k][rest]
            ]
            self.earned[term] += (mass.values * pays).sum(axis=0) * discount[actor]

    def _restrict(self, frame: Frame, turn: int, after: Stage | None) -> None:
        """Remove the histories that break a constraint as a turn opens or after a phase."""
        phases = self.program.argument.scenario.turn
        for stay, condition in self.stays:
            if after is None:
                concerned = stay.first <= turn <= stay.last
            else:
                concerned = stay.first <= turn < stay.last
                concerned &= bool(condition.names & moved_by(phases[after.phase]))
            if concerned:
                self._keep(condition, frame, turn)

    def _keep(self, condition: Condition, frame: Frame, turn: int) -> None:
        """Where the condition holds in no lane, cells are taken off the list."""
        cells = self.here.cells
        values, rows = condition.rows(frame, cells, turn)
        kept = values != 0
        some, every = kept.any(axis=1)[rows], kept.all(axis=1)[rows]
        broken = np.flatnonzero(~every)
        self.here.rows()[cells[broken]] *= kept[rows[broken]]
        self.here.drop(cells[~some], cells[some])

    def _multiply(self, by: Callable[[Integers], Floats]) -> None:
        cells = self.here.cells
        self.here.rows()[cells] *= by(cells)


def gathered(mass: Mass, dims: tuple[str, ...]) -> Floats:
    """The joint law of some variables: (rows in C order of `dims`, lanes)."""
    sizes = dict(zip(mass.frame.variables, mass.frame.shape, strict=True))
    rows = mass.frame.rows(dims, sizes).at(mass.cells)
    out = np.zeros((int(np.prod([sizes[v] for v in dims], dtype=np.int64)), mass.values.shape[1]))
    kernels.gather(mass.values, rows, out)
    return out
