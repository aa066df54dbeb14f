"""One large world carried forward block by block: `Sweep` with `kernels.forward_planes`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mistrust import kernels
from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Frame, Integers
from mistrust.compile.lower import Coefficients, at_turn
from mistrust.compile.streams import Streams
from mistrust.forward.sweep import Condition, Mass, Sweep

BOARDS = 2048
"""Fewer than this are not worth it."""


def serves(coefficients: Coefficients) -> bool:
    """Whether a batch is to be carried block by block."""
    large = coefficients.program.opening.size >= BOARDS
    return coefficients.lanes == 1 and large and coefficients.layout.paths is not None


class PlaneSweep(Sweep):
    """One lane, no hidden types, nothing sealed; the mass of all cells side by side."""

    def _make_room(self) -> None:
        assert self.layout.paths is not None
        self.paths = self.layout.paths
        self.margin = self.paths.margin
        frames = [self.program.opening, self.program.closing]
        frames += [stage.source for stage in self.program.stages]
        size = max(frame.size for frame in frames) + 2 * self.margin
        self.mass, self.next = np.zeros(size), np.zeros(size)

    def _leave_room(self) -> None:
        """Nothing to be kept."""

    def _place(self, mass: Mass) -> None:
        self.mass[self.margin + mass.cells] = mass.values[:, 0]

    @property
    def _cells(self) -> Integers:
        return np.flatnonzero(self.mass) - self.margin

    def _mass(self, frame: Frame) -> Mass:
        cells = self._cells
        return Mass(frame, cells, self.mass[self.margin + cells][:, None])

    def _total(self) -> Floats:
        return np.array([self.mass.sum()])

    def _keep(self, condition: Condition, frame: Frame, turn: int) -> None:
        self._multiply(lambda cells: (condition.at(frame, cells, turn) != 0).astype(float))

    def _multiply(self, by: Callable[[Integers], Floats]) -> None:
        cells = self._cells
        self.mass[self.margin + cells] *= by(cells)[:, 0]

    def _move_on(self) -> None:
        self.mass.fill(0.0)
        self.mass, self.next = self.next, self.mass

    @staticmethod
    def _streams(paths: Streams) -> tuple[Any, ...]:
        return paths.order, (paths.kinds, paths.offsets, paths.members)

    def _stage(self, index: int, turn: int, discount: Floats) -> bool:
        layout, numbers = self.layout.stages[index], self.coefficients.stages[index]
        paths, stage = self.paths.stages[index], layout.stage
        rows = (layout.weights.high, layout.weights.low)
        weights = np.ascontiguousarray(at_turn(numbers.weights, turn)[:, 0])
        streams = self._streams(paths)
        if not stage.movers:
            kernels.push_planes(streams, rows, weights, self.mass, self.margin, self.next)
            self._move_on()
            return True
        chosen, earned = np.zeros(len(stage.choices)), np.zeros(len(layout.pay_actor))
        key = (turn, stage.phase)
        pays = np.ascontiguousarray(at_turn(numbers.pays, turn)[:, 0])
        kernels.push_decision_planes(
            streams,
            paths.first,
            rows,
            weights,
            self.mass,
            self.margin,
            (layout.goal_high[-1], layout.goal_low[-1]),
            layout.first_pay,
            (layout.pays.high, layout.pays.low, pays),
            (layout.policy.high, layout.policy.low),
            self.policies[key],
            chosen,
            earned,
            self.next,
        )
        self._move_on()
        self.chosen[key] = chosen[:, None]
        paid = earned[:, None] * discount[layout.pay_actor]
        np.add.at(self.earned, layout.pay_term, paid)
        return True

    def _collect(self, turn: int, discount: Floats) -> None:
        layout = self.layout
        earned = np.zeros(len(layout.payoff_actor))
        pays = np.ascontiguousarray(at_turn(self.coefficients.payoffs, turn)[:, 0])
        payments = (layout.payoffs.high, layout.payoffs.low, pays)
        streams = self._streams(self.paths.carry)
        kernels.push_collect_planes(streams, self.mass, self.margin, payments, earned, self.next)
        self._move_on()
        np.add.at(self.earned, layout.payoff_term, earned[:, None] * discount[layout.payoff_actor])
