"""One world worked out plane by plane: `Step` with the layout of `kernels.planes`.

Serves games of one lane without hidden types and sealed phases, in which most boards occur; what
comes out is the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mistrust import kernels
from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.compile.lower import Coefficients, at_turn
from mistrust.compile.streams import Streams
from mistrust.solve.evidence import Evidence
from mistrust.solve.reach import Reach
from mistrust.solve.step import Groups, Policies, Share, Step

BOARDS = 2048
"""Fewer than this are not worth it."""
OFTEN = 0.5
"""Nor if a smaller part of all boards occurs, on average over the stages."""


def serves(coefficients: Coefficients, reach: Reach) -> bool:
    """Whether a batch is to be worked out plane by plane."""
    program = coefficients.program
    if coefficients.lanes > 1 or program.opening.size < BOARDS or not coefficients.layout.paths:
        return False
    found = sum(len(cells) for cells in reach.sources.values())
    full = sum(program.stages[index].source.size for _, index in reach.sources)
    return found >= OFTEN * full


class PlaneStep(Step):
    """Carries planes of values backward through single stages."""

    def __init__(
        self,
        coefficients: Coefficients,
        groups: Groups,
        reach: Reach,
        share: Share,
        policies: Policies,
        evidence: Evidence,
    ) -> None:
        super().__init__(coefficients, groups, reach, share, policies, evidence)
        assert self.layout.paths is not None
        self.paths = self.layout.paths
        self.margin = self.paths.margin
        program = coefficients.program
        frames = [program.opening, program.closing, *(s.source for s in program.stages)]
        self.pitch = max(frame.size for frame in frames) + 2 * self.margin
        self._blocks: dict[tuple[int, int], tuple[Integers, Integers, Integers]] = {}

    @property
    def room(self) -> int:
        """Planes with their margins."""
        return self.groups.count * self.pitch

    @property
    def planes(self) -> tuple[int, int, int]:
        """For the kernels."""
        return self.margin, self.pitch, self.groups.count

    def place(self, values: Floats, out: Floats) -> None:
        """As planes, zero beside them."""
        out.fill(0.0)
        own = out[: self.room].reshape(self.groups.count, self.pitch)
        own[:, self.margin : self.margin + len(values)] = values[:, :, 0].T

    def rows(self, values: Floats, cells: int) -> Floats:
        """Put in order: a copy."""
        own = values[: self.room].reshape(self.groups.count, self.pitch)
        return own[:, self.margin : self.margin + cells].T.copy()[:, :, None]

    def kept(self, values: Floats, cells: int, some: Integers | None = None) -> Floats:
        """As `rows`."""
        return self.rows(values, cells)

    def end(self, nothing: Floats, out: Floats) -> None:
        """Both become zero first."""
        nothing.fill(0.0)
        out.fill(0.0)
        layout, cells = self.layout, self.reach.openings[-1]
        actor = self.groups.receivers(layout.beyond_actor, layout.beyond_term)
        pays = (actor, layout.beyond.high, layout.beyond.low, self.coefficients.beyond[:, 0])
        self._collect(-1, cells, self.paths.still, nothing, pays, out)

    def turn_end(self, values: Floats, out: Floats, turn: int) -> None:
        """By the streams that carry variables over."""
        layout, cells = self.layout, self.reach.closings[turn]
        actor = self.groups.receivers(layout.payoff_actor, layout.payoff_term)
        numbers = np.ascontiguousarray(at_turn(self.coefficients.payoffs, turn)[:, 0])
        pays = (actor, layout.payoffs.high, layout.payoffs.low, numbers)
        self._collect(-2, cells, self.paths.carry, values, pays, out)

    def _collect(
        self, index: int, cells: Integers, paths: Streams, values: Floats, pays: Any, out: Floats
    ) -> None:
        rows = np.zeros_like(paths.offsets), np.zeros_like(paths.mask, dtype=np.int64)
        streams = (paths.kinds, paths.offsets, paths.members)
        rest = (streams, rows, values, self.planes, self.patience, pays, out)
        self._each(index, cells, paths, lambda some: kernels.collect_planes(some, *rest))

    def _each(self, index: int, cells: Integers, paths: Streams, work: Any) -> None:
        """Share a stage's blocks out, in an order in which those of a kind follow one another."""
        key, size = (index, id(cells)), paths.size
        if key not in self._blocks:
            starts = np.searchsorted(cells, size * np.arange(len(paths.kinds) + 1))
            some = paths.order[np.diff(starts)[paths.order] > 0]
            self._blocks[key] = some, starts, cells
        order, starts, cells = self._blocks[key]
        self.share.each(order, lambda some: work((some, starts, cells)), size)

    @property
    def ends_in_place(self) -> bool:
        """Never: planes are read as they were."""
        return False

    def in_place(self, index: int) -> bool:
        """Never."""
        return False

    def back(self, values: Floats, out: Floats, turn: int, index: int) -> None:
        """As planes."""
        layout, tables, paths = (
            self.layout.stages[index],
            self.coefficients.stages[index],
            self.paths.stages[index],
        )
        rows, cells = (layout.weights.high, layout.weights.low), self.reach.sources[turn, index]
        weights = np.ascontiguousarray(at_turn(tables.weights, turn)[:, 0])
        common = ((paths.kinds, paths.offsets, paths.members), rows, weights, values, self.planes)
        if not layout.stage.movers:
            self._each(index, cells, paths, lambda some: kernels.expect_planes(some, *common, out))
            return
        mover = layout.stage.mover
        receivers = self.groups.receivers(layout.pay_actor, layout.pay_term)
        pays = np.ascontiguousarray(at_turn(tables.pays, turn)[:, 0])
        streams, *moves = common
        rest = (
            *moves,
            (layout.goal_high[-1], layout.goal_low[-1]),
            (
                (layout.available.high, layout.available.low),
                np.ascontiguousarray(at_turn(tables.available, turn)[:, 0]),
            ),
            layout.first_pay,
            (receivers, layout.pays.high, layout.pays.low, pays),
            (layout.policy.high, layout.policy.low),
            self.policies[turn, layout.stage.phase],
            mover,
            float(self.coefficients.precision[mover, 0]),
        )

        def work(some: Any) -> None:
            gain = np.zeros(1)
            kernels.decide_planes(some, streams, paths.first, paths.united, *rest, gain, out)
            gains = np.zeros((len(self.judgements), 1))
            gains[mover] = gain
            self._raise_gains(turn, gains)

        self._each(index, cells, paths, work)
