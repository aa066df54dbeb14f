"""How one turn's backward step answers to small changes, exactly: see `kernels.response`."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from mistrust import kernels
from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.compile.lower import at_turn
from mistrust.solve.backward import Inspect, Looking, Sweep, Taken
from mistrust.solve.unknowns import ByStage, Unknowns

NONE = np.zeros((0, 0, 0, 0))
"""No drive, and no changes of exponents."""


class Response:
    """The derivatives of a turn's backward step at a point of every case; no type is hidden.

    Attributes
    ----------
    last
        The last stage in which anybody has a choice. What comes after it is the same at all points,
        and known as a matrix.
    odds, by_board : (lanes, cells after the last choice, opening cells of concern)
        Of opening the next turn with these; and the other way round.
    earned : (cells after the last choice, groups, lanes)
        What is paid until then.
    sign : (lanes,)
        Of the determinant of all equations of sealed phases.
    """

    def __init__(self, sweep: Sweep, unknowns: Unknowns) -> None:
        """For a sweep that has worked out a turn before."""
        self.step, self.unknowns = sweep.step, unknowns
        self.coefficients = c = sweep.coefficients
        self.stages = [i for i in range(len(c.program.stages)) if c.stages[i].active[0]]
        movers = {i: c.program.stages[i].movers for i in self.stages}
        self.movers = {i: np.array(some, dtype=np.int64) for i, some in movers.items() if some}
        self.records = {i: self._record(i) for i in self.movers}
        self.last = max(i for i in self.movers if len(c.program.stages[i].choices) > 1)
        self.sign = np.ones(c.lanes)
        self.precision, self.steeper = np.zeros_like(c.precision), np.zeros_like(c.precision)
        self.odds = self._odds()
        self.by_board = np.ascontiguousarray(self.odds.swapaxes(1, 2))
        self.earned = sweep.ending(sweep.nothing(), self.last + 1)

    def _record(self, index: int) -> tuple[Floats, ...]:
        """Room for `kernels.derive`."""
        c, stage = self.coefficients, self.coefficients.program.stages[index]
        movers, choices, options = len(stage.movers), len(stage.choices), stage.padded
        pulled = len(c.program.actors) if choices > 1 else 0
        plain = ((choices,), (options, pulled), (options,))
        sealed = ((movers, choices), (options,), (options, options))
        shapes = [(stage.policy_size, shape) for shape in plain]
        shapes += [(stage.policy_size * stage.sealed, shape) for shape in sealed]
        record = tuple(np.zeros((rows, c.lanes, *shape)) for rows, shape in shapes)
        taken = self.step.policies.get((0, stage.phase))
        if choices == 1 and taken is not None:  # it is taken at every point, where it is open
            record[0][:] = taken.reshape(-1, 1, c.lanes).swapaxes(1, 2)
        return record

    def _odds(self) -> Floats:
        c, cells, carry = self.coefficients, self.unknowns.cells, self.coefficients.program.carry
        lanes, boards = np.arange(c.lanes), len(cells)
        later = np.zeros((c.program.opening.size, c.lanes, 1, boards))
        later[cells, :, 0, np.arange(boards)] = 1.0
        change = np.zeros((c.program.closing.size, *later.shape[1:]))
        undiscounted, ends = np.ones((c.lanes, 1)), self.step.reach.closings[0]
        lookup = (carry.high, carry.low, undiscounted, boards)
        kernels.respond_end(ends, later.ravel(), *lookup, change.ravel())
        for index in (i for i in reversed(self.stages) if i > self.last):
            spread, still = whole(1, boards, c.lanes), np.zeros((c.lanes, boards))
            change, _ = self._back(change, index, spread, still, lanes, NONE)
        return np.ascontiguousarray(change[:, :, 0].swapaxes(0, 1))

    def later(self, values: Floats) -> Floats:
        """Values after the last choice from those as the next turn opens, laid out as these."""
        out = self.earned.copy()
        kernels.arrive(self.by_board, values[self.unknowns.cells] * self.coefficients.patience, out)
        return out

    def noting(self, lanes: Integers, steeper: Floats) -> Inspect:
        """What takes in derivatives in some lanes while a turn is worked out.

        Parameters
        ----------
        steeper : (actors, lanes)
            How fast precisions rise with t.
        """
        for own, now in ((self.precision, self.coefficients.precision), (self.steeper, steeper)):
            own[:, lanes] = np.where(np.isfinite(now), now, 0.0)[:, lanes]
        self.sign[lanes] = 1.0
        return Looking(0, partial(self._note, lanes))

    def _note(self, lanes: Integers, taken: Taken) -> None:
        c, index, step = self.coefficients, taken.index, self.step
        stage = c.program.stages[index]
        if len(stage.choices) == 1:
            return
        kernels.derive(
            step.reach.sources[0, index],
            *step.common(taken.values.ravel(), 0, index),
            *step.offers(0, index),
            step.policies[0, stage.phase],
            stage.counts,
            self.movers[index],
            c.precision,
            lanes,
            self.records[index],
            self.sign,
        )

    def matrix(self, lane: int) -> tuple[Floats, Floats]:
        """What changes of values and of t do to the values one turn before and to the exponents.

        Returns
        -------
        values, exponents : (values, values + 1), (exponents, values + 1)
            The columns are the values, all boards for each actor, and t.
        """
        scale = self.unknowns.unit[:, lane] * self.coefficients.patience[:, lane]
        boards, forward = len(self.unknowns.cells), np.zeros((1, self.unknowns.values + 1))
        forward[0, -1] = 1.0
        source, target = np.zeros(len(scale), np.int64), boards * np.arange(len(scale))
        spread = (boards, source, boards, target, scale[None])
        change = self.odds[lane][:, None]
        values, exponents = self._before(change, spread, forward, np.array([lane]), {})
        return values[:, :, 0], exponents[:, :, 0]

    def driven(self, drive: Floats, lanes: Integers) -> tuple[Floats, Floats]:
        """What changes if what is left of the equations of sealed phases does.

        Parameters
        ----------
        drive : (exponents, lanes)

        Returns
        -------
        values, exponents : (values, lanes), (exponents, lanes)
        """
        cells, groups = self.earned.shape[:2]
        change, still = np.zeros((cells, len(lanes), groups, 1)), np.zeros((len(lanes), 1))
        spread, drives = whole(groups, 1, len(lanes)), self.unknowns.by_stage(drive)
        values, exponents = self._before(change, spread, still, lanes, drives)
        return values[:, 0], exponents[:, 0]

    def _before(
        self, change: Floats, spread: Any, forward: Floats, lanes: Integers, drives: ByStage
    ) -> tuple[Floats, Floats]:
        """From after the last choice to the turn's opening.

        Parameters
        ----------
        change, spread
            As in `kernels.response.respond`.
        forward : (lanes, directions)
            How far t moves.

        Returns
        -------
        values, exponents : (values, directions, lanes), (exponents, directions, lanes)
            In the units of the unknowns.
        """
        moved: ByStage = {}
        for index in (i for i in reversed(self.stages) if i <= self.last):
            drive = drives.get(index, NONE)
            change, own = self._back(change, index, spread, forward, lanes, drive)
            spread = whole(change.shape[2], change.shape[3], len(lanes))
            if index in self.unknowns.rows:
                moved[index] = own
        exponents = self.unknowns.exponents(moved, forward.shape[1], len(lanes))
        return self.unknowns.changes(change, lanes), exponents

    def _back(
        self,
        change: Floats,
        index: int,
        spread: Any,
        forward: Floats,
        lanes: Integers,
        drive: Floats,
    ) -> tuple[Floats, Floats]:
        """Through one stage; and the changes of its exponents, if it is sealed."""
        layout, tables = self.coefficients.layout.stages[index], self.coefficients.stages[index]
        stage, cells = layout.stage, self.step.reach.sources[0, index]
        groups, directions = len(spread[1]), forward.shape[1]
        out = np.zeros((stage.source.size, len(lanes), groups, directions))
        rows = (layout.weights.high, layout.weights.low)
        known = (self.step.live(0, index), at_turn(tables.weights, 0))
        moves: Any = (layout.goal_high, layout.goal_low, *rows, *known)
        if not stage.movers:
            width = groups * directions
            kernels.respond_chance(cells, change.ravel(), moves, lanes, width, out.ravel())
            return out, NONE
        movers, record = self.movers[index], self.records[index]
        moved = np.zeros((len(record[5]), len(lanes), stage.padded, directions))
        kernels.respond(
            cells,
            change.ravel(),
            moves,
            layout.first_branch,
            layout.policy.high,
            layout.policy.low,
            stage.counts,
            movers,
            spread,
            np.ascontiguousarray(self.precision[movers][:, lanes].T),
            self.steeper[movers][:, lanes].T[:, :, None] * forward[:, None],
            lanes,
            record,
            drive,
            moved,
            out.ravel(),
        )
        return out, moved


def whole(groups: int, directions: int, lanes: int) -> Any:
    """What each group finds where all changes are laid out: see `kernels.response.respond`."""
    source, target = directions * np.arange(groups), np.zeros(groups, dtype=np.int64)
    return groups * directions, source, directions, target, np.ones((lanes, groups))
