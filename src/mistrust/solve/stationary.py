"""Play without end: values, and choices made at once, that one turn carries back to themselves.

A stationary equilibrium is a fixed point of one turn's backward step. Its unknowns are the values
as a turn opens and the strategies in sealed phases. It is followed in precision, all actors' from
0 (where play is a toss of coins, and the fixed point unique) to what was asked for: the principal
branch of the stationary logit equilibria of a stochastic game (Eibelshaeuser and Poensgen 2019).
What is found is one equilibrium, the one that this branch leads to first; there may be others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.compile.lower import Coefficients
from mistrust.compile.size import derivatives
from mistrust.solve.backward import Inspect, Sweep, sweep_of
from mistrust.solve.curve import follow, settle
from mistrust.solve.jacobian import Jacobian
from mistrust.solve.reach import Reach, lasting
from mistrust.solve.response import Response
from mistrust.solve.step import Trial
from mistrust.solve.unknowns import ByStage, Unknowns

SHARPEST = 1e5
"""For an infinite precision: where the way to it ends, for values of 1; then follows infinity."""


@dataclass(frozen=True)
class Lasting:
    """A stationary equilibrium of every case.

    Attributes
    ----------
    values : (opening cells, actors, lanes)
        0 on boards that are of no concern.
    trials
        The strategies in sealed phases, by stage; NaN on boards that are of no concern.
    residual : (cases,)
        Largest change of a value in one turn, relative to the largest value (or 1); infinity where
        the branch was lost.
    part : (cases,)
        The part of the precision at which the branch was lost; 1 where it was not.
    """

    values: Floats
    trials: dict[int, Floats]
    residual: Floats
    part: Floats


def stationary(coefficients: Coefficients, reach: Reach) -> Lasting:
    """The equilibrium on all boards with which a turn of `reach` may open."""
    start = np.zeros(coefficients.program.opening.size, dtype=bool)
    for cells in reach.openings:
        start[cells] = True
    known = derivatives(coefficients.program) and coefficients.chooses(0)
    turn = (KnownTurn if known else Turn)(coefficients, lasting(coefficients, start))
    sound = np.array([case not in coefficients.faults for case in range(turn.cases)])
    zero, one = np.zeros(turn.cases), np.ones(turn.cases)
    x = settle(turn, np.zeros((turn.size, turn.cases)), zero, sound)
    x, part = follow(turn, x, sound)
    arrived = sound & (part == 1.0)
    turn.sharpen()
    return turn.lasting(settle(turn, x, one, arrived), part)


class Turn:
    """One turn's backward step as an equation: see `linear.System`.

    The unknowns are values, in units of each actor's payoffs of one turn, and the exponents of
    the logit strategies in sealed phases.
    """

    def __init__(self, coefficients: Coefficients, reach: Reach) -> None:
        self.given, self.cases = coefficients, len(coefficients.cases)
        self.precision, self.sharp = np.zeros_like(coefficients.precision), False
        self.sweep: Sweep = sweep_of(replace(coefficients, precision=self.precision), reach)
        rows, trials = self._trials(reach)
        self.tried: ByStage = {index: tried for index, (tried, _) in trials.items()}
        self.answers: ByStage = {index: answer for index, (_, answer) in trials.items()}
        self.sweep.step.trials.update(trials)
        self.values, cells = self.sweep.nothing(), reach.openings[0]
        flow = abs(self.sweep.turn_before(self.values)[cells]).max(axis=0, initial=0.0)
        unit = np.where((flow > 0) & np.isfinite(flow), flow, 1.0)
        self.unknowns = Unknowns(coefficients.program, self.cases, cells, unit, rows)
        self.size, self.endless = self.unknowns.size, np.isinf(coefficients.precision)
        strength = np.where(self.endless, SHARPEST / unit, coefficients.precision)
        logits = coefficients.worst((strength * unit).max(axis=0))
        self.probe = self.near = np.minimum(1e-7, 1e-4 / np.maximum(1.0, logits))

    def _trials(self, reach: Reach) -> tuple[dict[int, Integers], dict[int, Trial]]:
        """The rows that matter of sealed phases, and strategies to try there."""
        rows, trials = {}, {}
        for index, layout in enumerate(self.given.layout.stages):
            stage, active = layout.stage, self.given.stages[index].active[0]
            if stage.sealed and active and not stage.learns:  # else it is solved phase by phase
                found = np.unique(layout.policy.at(reach.sources[0, index]))
                rows[index] = found[found >= 0]
                shape = (stage.policy_size, stage.padded, self.cases)
                trials[index] = (np.full(shape, np.nan), np.zeros(shape))
                trials[index][0][rows[index]] = 0.0
        return rows, trials

    def left(self, x: Floats, t: Floats) -> Floats:
        """What one turn makes of values and strategies, less these."""
        self._sharpness(t)
        return self._less(x, None)

    def _less(self, x: Floats, inspect: Inspect | None) -> Floats:
        self.unknowns.place(x, self.values, self.tried)
        back = self._before(inspect)[self.unknowns.cells]
        left = self.unknowns.column(back, self.answers) - x
        if not np.isfinite(left).all():  # nothing of it may be left where no value is
            for buffer in self.sweep.buffers:
                buffer.fill(0.0)
        return left

    def _before(self, inspect: Inspect | None) -> Floats:
        return self.sweep.turn_before(self.values, inspect)

    def play(self) -> Floats:
        """All choice probabilities at the point last asked for."""
        policies = self.sweep.step.policies.values()
        return np.concatenate(
            [p.reshape(-1, self.cases) for p in policies] or [np.zeros((0, self.cases))]
        )

    def _sharpness(self, t: Floats) -> Floats:
        """A part of every precision; of an infinite one, what goes to infinity with the part.

        Returns
        -------
        (actors, lanes)
            How fast precisions rise with t.
        """
        given, part = self.given.precision, np.concatenate([t] * self.given.program.privacy.count)
        if not self.endless.any():
            self.precision[:] = part * given
            return given
        steep, unit = np.log(SHARPEST), self.unknowns.unit
        ladder = np.inf if self.sharp else np.expm1(steep * part) / unit
        with np.errstate(invalid="ignore"):
            self.precision[:] = np.where(self.endless, ladder, part * given)
        return np.where(self.endless, steep * np.exp(steep * part) / unit, given)

    def sharpen(self) -> None:
        """From now on, infinite precisions are infinite."""
        self.sharp = True

    def lasting(self, x: Floats, part: Floats) -> Lasting:
        """What was found."""
        with np.errstate(all="ignore"):
            gap = abs(self.left(x, np.ones(self.cases)))
        values = self.values[self.unknowns.cells]
        scale = np.maximum(1.0, abs(values).max(axis=(0, 1)))
        moved = gap[: self.unknowns.values].reshape(values.shape) * self.unknowns.unit
        residual = np.where(part == 1.0, self.given.worst(moved.max(axis=(0, 1)) / scale), np.inf)
        return Lasting(self.values, self.tried, residual, part)


class KnownTurn(Turn):
    """One whose derivative is known: see `linear.Differentiable`."""

    def __init__(self, coefficients: Coefficients, reach: Reach) -> None:
        super().__init__(coefficients, reach)
        self.response = Response(self.sweep, self.unknowns)

    def linear(self) -> Jacobian:
        """See `linear.Differentiable`."""
        return Jacobian(self, self.response)

    def left(self, x: Floats, t: Floats, noted: Integers | None = None) -> Floats:
        """As `Turn.left`; takes in derivatives on the way, in some lanes."""
        steeper = self._sharpness(t)
        return self._less(x, None if noted is None else self.response.noting(noted, steeper))

    def _before(self, inspect: Inspect | None) -> Floats:
        later = self.response.later(self.values)
        return self.sweep.opening(later, self.response.last + 1, inspect)
