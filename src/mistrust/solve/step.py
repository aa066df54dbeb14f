"""One stage backward: which kernel carries the values through a phase, and with what."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mistrust import kernels
from mistrust.compile.acting import Boxes, singly
from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.compile.learning import hidden_of, known_at, lessons_of, party_of
from mistrust.compile.lower import Coefficients, at_turn
from mistrust.solve.evidence import Evidence
from mistrust.solve.reach import Reach

WORTH_SHARING = 4096
"""Fewer cells than this are not worth dividing among threads."""

Policies = dict[tuple[int, int], Floats]
"""By turn and phase: a flat array (policy cells, options, kept lanes); see `Coefficients.kept`."""


def strategies(coefficients: Coefficients, policies: Policies, turn: int, index: int) -> Floats:
    """Those of a stage: (policy cells, choices, kept lanes), a view."""
    stage = coefficients.program.stages[index]
    wide = (-1, len(stage.choices), coefficients.kept(index))
    return policies[turn, stage.phase].reshape(wide)


Trial = tuple[Floats, Floats]
"""Strategies of a sealed phase that are tried, and the answer: see `kernels.try_sealed`."""


@dataclass(frozen=True)
class Groups:
    """Whose values are computed: actors, or payoff terms each with its actor's patience."""

    count: int
    actor: Integers
    by_term: bool

    def receivers(self, actors: Integers, terms: Integers) -> Integers:
        """The groups that receive some payments."""
        return terms if self.by_term else actors


@dataclass(frozen=True)
class Share:
    """Threads among which a stage's cells are divided (kernels write to their own cells only)."""

    pool: ThreadPoolExecutor | None
    threads: int

    def each(self, cells: Integers, work: Callable[[Integers], None], size: int = 1) -> None:
        """Do the work on all cells, or blocks of so many cells."""
        if self.pool is None or self.threads < 2 or len(cells) * size < WORTH_SHARING:
            work(cells)
            return
        for done in [self.pool.submit(work, part) for part in np.array_split(cells, self.threads)]:
            done.result()


class Step:
    """Carries values backward through single stages."""

    def __init__(
        self,
        coefficients: Coefficients,
        groups: Groups,
        reach: Reach,
        share: Share,
        policies: Policies,
        evidence: Evidence | None,
    ) -> None:
        self.coefficients = coefficients
        self.layout = coefficients.layout
        self.groups = groups
        self.reach = reach
        self.share = share
        self.policies = policies
        self.evidence = evidence
        self.lanes = coefficients.lanes
        self.lock = Lock()
        privacy = coefficients.program.privacy
        beliefs, actors = coefficients.beliefs, coefficients.program.actors
        self.judgements = np.array([privacy.judgements(i, beliefs) for i in range(len(actors))])
        self.trials: dict[int, Trial] = {}
        self.rooms = kernels.Rooms()
        patience = coefficients.patience[groups.actor]
        self.patience = np.ascontiguousarray(patience.ravel())
        self._tiled: dict[int, Floats] = {}

    @property
    def room(self) -> int:
        """How many numbers the values of any frame take up."""
        program = self.coefficients.program
        frames = [program.opening, program.closing, *(s.source for s in program.stages)]
        return max(frame.size for frame in frames) * self.groups.count * self.lanes

    def place(self, values: Floats, out: Floats) -> None:
        """Lay values, (cells, groups, lanes), out as `back` and `turn_end` want them."""
        out[: values.size] = np.ascontiguousarray(values).ravel()

    def rows(self, values: Floats, cells: int) -> Floats:
        """Such values as (cells, groups, lanes), not to be kept."""
        wide = (cells, self.groups.count, self.lanes)
        return values[: cells * self.groups.count * self.lanes].reshape(wide)

    def kept(self, values: Floats, cells: int, some: Integers | None = None) -> Floats:
        """The same, to be kept; if only `some` cells matter, zero elsewhere."""
        own = self.rows(values, cells)
        if some is None:
            return own.copy()
        found = np.zeros(own.shape)
        found[some] = own[some]
        return found

    def end(self, nothing: Floats, out: Floats) -> None:
        """What the boards are worth after the last turn; `nothing` becomes zero as far as read."""
        c, layout, opening = self.coefficients, self.layout, self.coefficients.program.opening
        self.rows(nothing, opening.size).fill(0.0)
        own = opening.rows(opening.variables, c.program.sizes)
        pays = (
            self.groups.receivers(layout.beyond_actor, layout.beyond_term),
            layout.beyond.high,
            layout.beyond.low,
            c.beyond,
        )
        kernels.collect(
            self.reach.openings[-1], nothing, own.high, own.low, self.patience, *pays, out
        )

    def turn_end(self, values: Floats, out: Floats, turn: int) -> None:
        """From the next opening to a turn's end."""
        c, layout, carry = self.coefficients, self.layout, self.coefficients.program.carry
        pays = (
            self.groups.receivers(layout.payoff_actor, layout.payoff_term),
            layout.payoffs.high,
            layout.payoffs.low,
            at_turn(c.payoffs, turn),
        )
        cells = self.reach.closings[turn]
        kernels.collect(cells, values, carry.high, carry.low, self.patience, *pays, out)

    @property
    def ends_in_place(self) -> bool:
        """Whether `out` of `turn_end` may be `values`."""
        return self.coefficients.program.stays

    def in_place(self, index: int) -> bool:
        """Whether `out` of `back` may be `values`."""
        return self.coefficients.acting(index) is not None

    def back(self, values: Floats, out: Floats, turn: int, index: int) -> None:
        """From `values` on the stage's target to `out` on its source, at the cells that matter.

        If `out` is `values`, what is worked out are only the cells at which something happens.
        """
        layout = self.coefficients.layout.stages[index]
        stage, cells = layout.stage, self.reach.sources[turn, index]
        acting = self.coefficients.acting(index) if out is values else None
        if stage.learns:
            some = cells if acting is None else acting.among(cells)
            self._private(values, out, turn, index, some)
        elif stage.sealed and self.evidence is not None:
            self._sealed(values, out, turn, index)
        elif stage.movers:
            boxes = singly(cells) if acting is None else acting.by_box(cells)
            self._decide(values, out, turn, index, boxes)
        elif acting is not None:
            common = self.common(values, turn, index)
            self._by_box(acting.by_box(cells), lambda *some: kernels.expect_here(*some, *common))
        else:
            common = self.common(values, turn, index)
            self.share.each(cells, lambda some: kernels.expect(some, *common, out))

    def _by_box(self, boxes: Boxes, work: Callable[[Integers, Integers], None]) -> None:
        """Do the work on all boxes."""
        cells, first = boxes

        def part(some: Integers) -> None:
            if len(some):
                begin, end = first[some[0]], first[some[-1] + 1]
                work(cells[begin:end], first[some[0] : some[-1] + 2] - begin)

        count = len(first) - 1
        self.share.each(np.arange(count), part, len(cells) // max(1, count))

    def _weights(self, turn: int, index: int) -> Floats:
        """Branch weights repeated for every group: (rows, groups * lanes)."""
        tables = self.coefficients.stages[index].weights
        if len(tables) > 1:
            return np.tile(tables[turn], (1, self.groups.count))
        if index not in self._tiled:
            self._tiled[index] = np.tile(tables[0], (1, self.groups.count))
        return self._tiled[index]

    def live(self, turn: int, index: int) -> NDArray[np.bool_]:
        """Which rows of a stage's weights are not 0 in every lane."""
        live = self.coefficients.stages[index].live
        return np.asarray(live[turn if len(live) > 1 else 0])

    def common(self, values: Floats, turn: int, index: int) -> tuple[Any, ...]:
        """What `expect` and the decisions share."""
        layout = self.coefficients.layout.stages[index]
        return (
            values,
            layout.goal_high,
            layout.goal_low,
            layout.weights.high,
            layout.weights.low,
            self.live(turn, index),
            self._weights(turn, index),
        )

    def offers(self, turn: int, index: int) -> tuple[Any, ...]:
        """Options, their availability and their payments."""
        layout, tables = self.coefficients.layout.stages[index], self.coefficients.stages[index]
        return (
            layout.first_branch,
            layout.available.high,
            layout.available.low,
            at_turn(tables.available, turn),
            layout.first_pay,
            self.groups.receivers(layout.pay_actor, layout.pay_term),
            layout.pays.high,
            layout.pays.low,
            at_turn(tables.pays, turn),
            layout.policy.high,
            layout.policy.low,
        )

    def _raise_gains(self, turn: int, gains: Floats) -> None:
        assert self.evidence is not None
        with self.lock:
            worst = self.evidence.gains[turn]
            np.maximum(worst, gains, out=worst)

    def _note(self, turn: int, index: int, residual: Floats, where: Integers) -> None:
        assert self.evidence is not None
        with self.lock:
            self.evidence.note(turn, index, residual, where)

    def _decide(self, values: Floats, out: Floats, turn: int, index: int, boxes: Boxes) -> None:
        layout, kept = self.coefficients.layout.stages[index], self.coefficients.kept(index)
        mover, given = layout.stage.mover, self.evidence is None
        rest = (
            *self.common(values, turn, index),
            *self.offers(turn, index),
            strategies(self.coefficients, self.policies, turn, index),
            given,
            mover,
            self.coefficients.precision[mover],
            self.judgements[mover],
            layout.judgement.high,
            layout.judgement.low,
        )

        def work(some: Integers, begin: Integers) -> None:
            gain = np.zeros(kept)
            kernels.decide(some, begin, *rest, gain, out)
            if not given:
                gains = np.zeros((len(self.judgements), self.lanes))
                gains[mover] = np.tile(gain, self.lanes // kept)
                self._raise_gains(turn, gains)

        self._by_box(boxes, work)

    def _sealed(self, values: Floats, out: Floats, turn: int, index: int) -> None:
        layout = self.coefficients.layout.stages[index]
        stage, cases = layout.stage, len(self.coefficients.cases)
        rest = (
            *self.common(values, turn, index),
            *self.offers(turn, index),
            self.policies[turn, stage.phase],
            stage.counts,
            np.array(stage.movers, dtype=np.int64),
            self.coefficients.precision,
            self.judgements[stage.mover],
            layout.judgement.high,
            layout.judgement.low,
        )
        tried = self.trials.get(index, ())
        back = kernels.try_sealed if tried else kernels.decide_sealed

        def work(some: Integers) -> None:
            gains = np.zeros((len(self.judgements), self.lanes))
            residual, where = np.zeros(cases), np.zeros(cases, dtype=np.int64)
            back(some, *rest, *tried, gains, residual, where, out)
            self._raise_gains(turn, gains)
            self._note(turn, index, residual, where)

        self.share.each(self.reach.sources[turn, index], work)

    def _private(self, values: Floats, out: Floats, turn: int, index: int, cells: Integers) -> None:
        """Choices of actors with types, or odds that depend on a hidden type."""
        c, layout = self.coefficients, self.coefficients.layout.stages[index]
        stage, tables, program = layout.stage, c.stages[index], c.program
        apart = (program.privacy.count, len(c.cases))
        wide = (-1, self.groups.count, *apart)
        after = values[: stage.target.size * self.groups.count * self.lanes].reshape(wide)
        before = out[: stage.source.size * self.groups.count * self.lanes].reshape(wide)

        def table(numbers: Floats) -> Floats:
            return np.ascontiguousarray(at_turn(numbers, turn)).reshape(-1, *apart)

        goals = (layout.goal_high, layout.goal_low)
        rows = (layout.weights.high, layout.weights.low)
        moves: Any = (
            after,
            goals,
            rows,
            self.live(turn, index),
            table(tables.weights),
        )
        if not stage.movers:
            hidden = hidden_of(c, index)
            self.share.each(cells, lambda some: kernels.expect_signal(some, *moves, hidden, before))
            return
        if not stage.sealed:  # where nothing is learned it is a decision like any other
            (lesson,) = lessons_of(c, index)
            known = known_at(c, turn, index, lesson, cells)
            self._decide(values, out, turn, index, singly(cells[known]))
            cells = cells[~known]
        policy = self.policies[turn, stage.phase].reshape(-1, len(stage.choices), *apart)
        given, decide = self.evidence is None, kernels.decide_together
        if not stage.sealed:
            decide = partial(kernels.decide_private, rooms=self.rooms)
        rest: Any = (
            layout.first_branch,
            (layout.available.high, layout.available.low),
            table(tables.available),
            layout.first_pay,
            self.groups.receivers(layout.pay_actor, layout.pay_term),
            (layout.pays.high, layout.pays.low),
            table(tables.pays),
            (layout.policy.high, layout.policy.low),
            policy,
            given,
            np.array(stage.movers, dtype=np.int64),
            c.precision.reshape(-1, *apart),
            self.judgements,
            (layout.judgement.high, layout.judgement.low),
            party_of(c, turn, index),
        )

        def work(some: Integers) -> None:
            gains = np.zeros((len(self.judgements), *apart))
            residual, where = np.zeros(apart[1]), np.zeros(apart[1], dtype=np.int64)
            told: Any = (gains, residual, where, before)
            decide(some, *moves, *rest, *told)
            if not given:
                self._raise_gains(turn, gains.reshape(-1, self.lanes))
                self._note(turn, index, residual, where)

        self.share.each(cells, work)
