"""Which boards can occur: the cells that each stage has to be worked out for.

Play is worked out only where the game can get to from its outset, in any lane of a batch; at
logit precision every available option is taken to be possible, and with hidden types every belief
(the last dimensions of every frame). Boards elsewhere have no bearing
on values and frequencies from the outset on. To ask about any board, solve `everywhere`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from mistrust import kernels
from mistrust.compile.frames import Bools, Integers, Lookup
from mistrust.compile.layout import Layout, StageLayout
from mistrust.compile.lower import Coefficients
from mistrust.compile.program import Program


@dataclass(frozen=True)
class Reach:
    """Sorted cells by turn and stage (the source frame), at each opening and each turn's end."""

    openings: tuple[Integers, ...]
    sources: dict[tuple[int, int], Integers]
    closings: tuple[Integers, ...]


def everywhere(program: Program) -> Reach:
    """All cells of every frame."""
    all_cells = {
        frame: np.arange(frame.size, dtype=np.int64)
        for frame in (program.opening, program.closing, *(s.source for s in program.stages))
    }
    turns = range(program.turns)
    return Reach(
        tuple(all_cells[program.opening] for _ in range(program.turns + 1)),
        {(t, i): all_cells[s.source] for t in turns for i, s in enumerate(program.stages)},
        tuple(all_cells[program.closing] for _ in turns),
    )


@dataclass(frozen=True)
class Possible:
    """What is possible in some lanes.

    The start, and by stage: live rows, open options, boards that the phase skips, active turns.
    """

    start: Bools
    stages: tuple[tuple[Bools, ...], ...]

    @staticmethod
    def of(coefficients: Coefficients) -> Possible:
        """Read it off a batch's numbers."""
        beliefs = coefficients.program.beliefs
        start = (coefficients.start > 0).any(axis=1).reshape(-1, beliefs).any(axis=1)
        return Possible(
            np.repeat(start, beliefs),
            tuple(
                (t.live, np.asarray(t.available.any(axis=2)), t.skipped, t.active)
                for t in coefficients.stages
            ),
        )

    def within(self, other: Possible) -> bool:
        """Whether all of it is possible in `other` too."""
        pairs = zip(self.stages, other.stages, strict=True)
        return not (self.start & ~other.start).any() and not any(
            (mine & ~theirs).any()
            for stage, wider in pairs
            for mine, theirs in zip(stage, wider, strict=True)
        )

    def same(self, turn: int, other: int) -> bool:
        """Whether just the same is possible in two turns."""
        return all(
            len(table) == 1 or np.array_equal(table[turn], table[other])
            for stage in self.stages
            for table in stage
        )


@dataclass(frozen=True)
class Atlas:
    """A reach that serves every batch in which nothing more is possible."""

    possible: Possible
    reach: Reach

    @staticmethod
    def of(coefficients: Coefficients) -> Atlas:
        """The reach of a batch, to be used for others."""
        possible = Possible.of(coefficients)
        return Atlas(possible, _follow(coefficients.layout, possible))

    def serve(self, coefficients: Coefficients) -> Reach:
        """The reach for a batch: this one if it is wide enough, else the batch's own."""
        possible = Possible.of(coefficients)
        return (
            self.reach if possible.within(self.possible) else _follow(coefficients.layout, possible)
        )


def reachable(coefficients: Coefficients) -> Reach:
    """The boards that can occur in some lane of a batch."""
    return _follow(coefficients.layout, Possible.of(coefficients))


def lasting(coefficients: Coefficients, start: Bools) -> Reach:
    """The boards of one turn, if play may open with those marked and goes on for ever."""
    possible = Possible.of(coefficients)
    while True:
        reach = _follow(coefficients.layout, replace(possible, start=start), turns=1)
        if start[reach.openings[1]].all():
            return reach
        start = start.copy()
        start[reach.openings[1]] = True


def _follow(layout: Layout, possible: Possible, turns: int | None = None) -> Reach:
    """Follow every live branch of every available option forward from the outset."""
    program = layout.program
    frames = (program.opening, program.closing, *(s.source for s in program.stages))
    every = np.arange(max(frame.size for frame in frames), dtype=np.int64)
    marks = np.zeros(len(every), dtype=np.uint8)
    cells = _shared(np.flatnonzero(possible.start).astype(np.int64), every)
    openings: list[Integers] = [cells]
    closings: list[Integers] = []
    sources: dict[tuple[int, int], Integers] = {}

    def reached(size: int) -> Integers:
        cells = np.flatnonzero(marks[:size].view(np.bool_)).astype(np.int64)
        marks[cells] = 0
        return _shared(cells, every)

    always = np.ones(1, dtype=bool)
    for turn in range(turns or program.turns):
        if turn and np.array_equal(cells, openings[-2]) and possible.same(turn - 1, turn):
            for index in range(len(layout.stages)):
                sources[turn, index] = sources[turn - 1, index]
            closings.append(closings[-1])
            openings.append(cells := openings[-1])
            continue
        for index, stage in enumerate(layout.stages):
            sources[turn, index] = cells
            *tables, active = possible.stages[index]
            if active[turn]:
                live, open_, skipped = (_at(table, turn) for table in tables)
                for some, goals, rows, alive in _ways(stage, live, open_, skipped, cells):
                    kernels.spread(some, *goals, *rows, alive, marks)
                cells = reached(stage.stage.target.size)
                if stage.stage.learns:
                    cells = _shared(_any_belief(cells, program.beliefs), every)
        closings.append(cells)
        carry = program.carry
        zero = (np.zeros((1, len(carry.high)), np.int64), np.zeros((1, len(carry.low)), np.int64))
        kernels.spread(cells, carry.high[None], carry.low[None], *zero, always, marks)
        cells = reached(program.opening.size)
        openings.append(cells)
    return Reach(tuple(openings), sources, tuple(closings))


def _shared(cells: Integers, every: Integers) -> Integers:
    """The same cells; where they are the first so many, part of one array for all such lists."""
    first = len(cells) == 0 or cells[-1] == len(cells) - 1
    return every[: len(cells)] if first else cells


def _any_belief(cells: Integers, beliefs: int) -> Integers:
    """Some cells with all the beliefs that can be held there."""
    boards = np.unique(cells // beliefs)
    return np.asarray((boards[:, None] * beliefs + np.arange(beliefs)).ravel())


def _at(table: Bools, turn: int) -> Bools:
    return np.asarray(table[turn if len(table) > 1 else 0])


Pair = tuple[Integers, Integers]


def _ways(
    stage: StageLayout,
    live: Bools,
    open_: Bools,
    skipped: Bools,
    cells: Integers,
) -> Iterator[tuple[Integers, Pair, Pair, Bools]]:
    """For each way on from a stage: the cells it is open at, its goals, its rows, what is live."""
    weights, goal_high, goal_low = stage.weights, stage.goal_high, stage.goal_low
    if stage.stage.mover < 0:
        yield cells, (goal_high, goal_low), (weights.high, weights.low), live
        return
    free = open_.all() and stage.policy.high.min() + stage.policy.low.min() >= 0
    inside = np.ones(len(cells), dtype=bool) if free else stage.policy.at(cells) >= 0
    for option in range(len(stage.stage.choices)):
        span = slice(stage.first_branch[option], stage.first_branch[option + 1])
        goals, places = (goal_high[span], goal_low[span]), (weights.high[span], weights.low[span])
        there = Lookup(stage.available.high[option], stage.available.low[option])
        some = cells if free else cells[open_[there.at(cells)] & inside]
        yield some, goals, places, live
    # where the phase does not happen: outside the box, and where its guard fails in some lane
    nowhere = (
        np.zeros((1, goal_high.shape[1]), np.int64),
        np.zeros((1, goal_low.shape[1]), np.int64),
    )
    passing = ~inside
    if len(stage.guard.nodes):
        passing |= skipped[Lookup(stage.guard.high[0], stage.guard.low[0]).at(cells)]
    yield cells[passing], (goal_high[-1:], goal_low[-1:]), nowhere, np.ones(1, dtype=bool)
