"""Where the kernels find what they need: index arrays of a stage, and tables yet to be filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import prod

import numpy as np

from mistrust.compile.acting import Acting, boxes, closed
from mistrust.compile.evaluate import Evaluator, Floats
from mistrust.compile.frames import Bools, Frame, Integers, Lookup, stacked
from mistrust.compile.program import Program
from mistrust.compile.stages import Amount, Stage
from mistrust.compile.streams import Paths, carried, streams_of
from mistrust.kernels import Rooms
from mistrust.scenario.dependence import uses
from mistrust.scenario.tree import Node


@dataclass(frozen=True)
class Tables:
    """Expressions over a frame, stacked as the rows of one table.

    Attributes
    ----------
    nodes, dims, offsets
        Each expression, the variables that it depends on, and its first row.
    high, low
        Row of each expression for each cell: (expressions, high), (expressions, low).
    """

    nodes: tuple[Node, ...]
    dims: tuple[tuple[str, ...], ...]
    offsets: tuple[int, ...]
    high: Integers
    low: Integers

    def filled(self, evaluator: Evaluator, turns: int, lanes: int) -> Floats:
        """The table's numbers: (turns or 1, rows, lanes).

        A variable within the turn that the frame lacks is at its start.
        """
        arrays = [evaluator(node) for node in self.nodes]
        depth = turns if any(a.shape[0] > 1 for a in arrays) else 1
        table = np.zeros((depth, self.offsets[-1], lanes))
        for array, dims, start, stop in zip(
            arrays, self.dims, self.offsets[:-1], self.offsets[1:], strict=True
        ):
            sizes = [evaluator.axes[v].size for v in dims]
            small = evaluator.over(array, dims)[:turns]
            full = np.broadcast_to(small, (depth, *sizes, lanes))
            table[:, start:stop] = full.reshape(depth, stop - start, lanes)
        return table


def tables(program: Program, frame: Frame, nodes: Sequence[Node]) -> Tables:
    """Lay out expressions over a frame."""
    dims, offsets, lookups = [], [0], []
    for node in nodes:
        used = uses(node, program.scope)
        own = tuple(v for v in program.scope.variables if v in used and v in frame.variables)
        dims.append(own)
        lookups.append(frame.rows(own, program.sizes, offsets[-1]))
        offsets.append(offsets[-1] + prod(program.sizes[v] for v in own))
    high, low = stacked(lookups) if lookups else _none(frame)
    return Tables(tuple(nodes), tuple(dims), tuple(offsets), high, low)


def _none(frame: Frame) -> tuple[Integers, Integers]:
    high, low = frame.halves
    return np.zeros((0, high), dtype=np.int64), np.zeros((0, low), dtype=np.int64)


@dataclass(frozen=True)
class StageLayout:
    """A stage as the kernels see it.

    Attributes
    ----------
    goal_high, goal_low : (branches + 1, half)
    weights, available, pays, guard
        Tables of branch weights, of availability (by option), of payments, and of the guard
        where it is not just the box.
    first_branch, first_pay : (options + 1,)
    pay_actor, pay_term : (payments,)
    judgement
        For each cell the combination of beliefs, as in `Privacy.judgements`.
    nodes, strides
        For each belief that the phase moves its node at every cell, and how far its nodes lie apart
        in cells of the target.
    """

    stage: Stage
    goal_high: Integers
    goal_low: Integers
    weights: Tables
    available: Tables
    pays: Tables
    guard: Tables
    first_branch: Integers
    first_pay: Integers
    pay_actor: Integers
    pay_term: Integers
    policy: Lookup
    judgement: Lookup
    nodes: tuple[Lookup, ...]
    strides: tuple[int, ...]
    _acting: dict[bytes, Acting | None] = field(default_factory=dict, repr=False)

    @cached_property
    def moving(self) -> Bools:
        """Which rows of the weights belong to branches that move something: (rows,)."""
        marks = np.zeros(self.weights.offsets[-1], dtype=bool)
        branches = [b for choice in self.stage.choices for b in choice.branches]
        spans = zip(self.weights.offsets[:-1], self.weights.offsets[1:], strict=True)
        for branch, (start, stop) in zip(branches, spans, strict=True):
            marks[start:stop] = bool(branch.moved)
        return marks

    @cached_property
    def leaving(self) -> Bools:
        """Cells that another number stands for if the phase does not happen: (source cells,)."""
        away = Lookup(self.goal_high[-1], self.goal_low[-1]).full()
        return np.asarray(away != np.arange(len(away)))

    def acting(self, live: Bools, certain: Bools) -> Acting | None:
        """The cells at which something happens, if all else can stay where it lies.

        Such a cell may lead to another one within a box, unless a belief moves: then not even to
        itself. Nature shows nothing in place.

        Parameters
        ----------
        live, certain : (rows,)
            Which weights are not 0 somewhere, and which are 1 everywhere.
        """
        key = live.tobytes() + certain.tobytes()
        if key not in self._acting:
            self._acting[key] = None if self._together else self._alone(live, certain)
        return self._acting[key]

    @property
    def _together(self) -> bool:
        """Whether beliefs move by more than what one actor does."""
        return self.stage.sealed or (bool(self.stage.learns) and not self.stage.movers)

    def _alone(self, live: Bools, certain: Bools) -> Acting | None:
        cells, chance = np.arange(self.stage.source.size), not self.stage.movers
        acts, ways = np.zeros(len(cells), dtype=bool), []
        if not chance:
            acts = self.leaving | (self.policy.full() >= 0)
            ways.append((acts, Lookup(self.goal_high[-1], self.goal_low[-1]).full()))
        for branch in range(len(self.weights.high)):
            goals = Lookup(self.goal_high[branch], self.goal_low[branch]).full()
            rows = Lookup(self.weights.high[branch], self.weights.low[branch]).full()
            ways.append((live[rows], goals))
            if chance:
                acts |= live[rows] & ((goals != cells) | ~certain[rows])
        home = bool(self.stage.learns)
        reached = np.zeros(max(len(acts), self.stage.target.size), dtype=bool)
        for alive, goals in ways:
            reached[goals[acts & alive & (home | (goals != cells))]] = True
        if not (acts & reached[: len(acts)]).any():
            return None if acts.all() else Acting(acts)
        if self.stage.learns or self.leaving.any():
            return None
        moved = (branch.moved for choice in self.stage.choices for branch in choice.branches)
        box = boxes(self.stage.source, set().union(*moved))
        return Acting(acts, box) if box is not None and closed(acts, box, ways) else None


@dataclass(frozen=True)
class Layout:
    """A program as the kernels see it; built once, used for every batch of worlds.

    `rooms` is what passes forward work in, used again by the next one.
    """

    program: Program
    stages: tuple[StageLayout, ...]
    payoffs: Tables
    payoff_actor: Integers
    payoff_term: Integers
    beyond: Tables
    beyond_actor: Integers
    beyond_term: Integers
    rooms: Rooms = field(default_factory=Rooms, repr=False, compare=False)

    @cached_property
    def paths(self) -> Paths | None:
        """Branches as streams, if no type is hidden, nothing sealed and they lead few ways."""
        program = self.program
        if program.privacy.grids or any(s.stage.sealed for s in self.stages):
            return None
        opening, stages = program.opening, []
        for s in self.stages:
            ends = s.first_branch if s.stage.movers else [0, len(s.weights.high)]
            options = [range(a, b) for a, b in pairwise(ends)]
            rows = np.concatenate([s.weights.high, s.pays.high, s.available.high])
            stages.append(streams_of(s.goal_high, s.goal_low, options, rows))
        carry = carried(program.carry, self.payoffs.high)
        still = carried(opening.rows(opening.variables, program.sizes), self.beyond.high)
        found = [s for s in stages if s is not None]
        if len(found) < len(stages) or carry is None or still is None:
            return None
        return Paths(tuple(found), carry, still)


def lay_out(program: Program) -> Layout:
    """Build the index arrays of a program."""
    terms = {term: i for i, term in enumerate(program.terms)}

    def receivers(amounts: Sequence[Amount]) -> tuple[Integers, Integers]:
        actor = np.array([a.actor for a in amounts], dtype=np.int64)
        term = np.array([terms[a.actor, a.term] for a in amounts], dtype=np.int64)
        return actor, term

    def stage_layout(stage: Stage) -> StageLayout:
        amounts = [a for choice in stage.choices for a in choice.amounts]
        actor, term = receivers(amounts)
        weights = [b.weight for choice in stage.choices for b in choice.branches]
        counts = [len(choice.branches) for choice in stage.choices]
        pays = [len(choice.amounts) for choice in stage.choices]
        goal_high, goal_low = program.goals(stage)
        return StageLayout(
            stage,
            goal_high,
            goal_low,
            tables(program, stage.source, weights),
            tables(program, stage.source, [choice.available for choice in stage.choices]),
            tables(program, stage.source, [a.node for a in amounts]),
            tables(
                program, stage.source, [] if stage.boxed or stage.guard is None else [stage.guard]
            ),
            np.cumsum([0, *counts]),
            np.cumsum([0, *pays]),
            actor,
            term,
            stage.policy_cells,
            stage.source.rows(program.privacy.axes, program.sizes),
            tuple(stage.source.rows((axis,), program.sizes) for axis in stage.learns),
            tuple(stage.target.strides[axis] for axis in stage.learns),
        )

    payoff_actor, payoff_term = receivers(program.payoffs)
    beyond_actor, beyond_term = receivers(program.beyond)
    return Layout(
        program,
        tuple(stage_layout(stage) for stage in program.stages),
        tables(program, program.closing, [a.node for a in program.payoffs]),
        payoff_actor,
        payoff_term,
        tables(program, program.opening, [a.node for a in program.beyond]),
        beyond_actor,
        beyond_term,
    )
