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
from mistrust.solve.backward import Sweep, sweep_of
from mistrust.solve.curve import follow, settle
from mistrust.solve.reach import Reach, lasting
from mistrust.solve.step import Trial

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
    turn = Turn(coefficients, lasting(coefficients, start))
    sound = np.array([case not in coefficients.faults for case in range(turn.cases)])
    zero, one = np.zeros(turn.cases), np.ones(turn.cases)
    x = settle(turn, np.zeros((turn.size, turn.cases)), zero, sound)
    x, part = follow(turn, x, sound)
    arrived = sound & (part == 1.0)
    turn.sharpen()
    return turn.lasting(settle(turn, x, one, arrived), part)


class Turn:
    """One turn's backward step as an equation: see `curve.System`.

    The unknowns are values, in units of each actor's payoffs of one turn, and the exponents of
    the logit strategies in sealed phases.
    """

    def __init__(self, coefficients: Coefficients, reach: Reach) -> None:
        self.given = coefficients
        self.program = coefficients.program
        self.cases = len(coefficients.cases)
        self.cells: Integers = reach.openings[0]
        self.precision = np.zeros_like(coefficients.precision)
        self.sweep: Sweep = sweep_of(replace(coefficients, precision=self.precision), reach)
        self.trials, self.rows = self._trials(reach)
        self.sweep.step.trials.update(self.trials)
        self.values = self.sweep.nothing()
        flow = abs(self.sweep.turn_before(self.values)[self.cells]).max(axis=0, initial=0.0)
        self.unit = np.where((flow > 0) & np.isfinite(flow), flow, 1.0)
        self.sharp = False
        self.size = self.values[self.cells].size // self.cases + sum(
            rows.size * self.trials[i][0].shape[1] for i, rows in self.rows.items()
        )
        strength = np.where(
            np.isinf(coefficients.precision), SHARPEST / self.unit, self.given.precision
        )
        logits = coefficients.worst((strength * self.unit).max(axis=0))
        self.probe = np.minimum(1e-7, 1e-4 / np.maximum(1.0, logits))
        self.near = np.minimum(1e-7, 1e-4 / np.maximum(1.0, logits))

    def _trials(self, reach: Reach) -> tuple[dict[int, Trial], dict[int, Integers]]:
        """Strategies to try in sealed phases, and the rows that matter."""
        trials, rows = {}, {}
        for index, stage in enumerate(self.program.stages):
            if stage.sealed and not stage.learns:  # else it is solved phase by phase
                layout = self.given.layout.stages[index]
                shape = (stage.policy_size, len(stage.movers) * int(max(stage.counts)), self.cases)
                found = np.unique(layout.policy.at(reach.sources[0, index]))
                rows[index] = found[found >= 0]
                trials[index] = (np.full(shape, np.nan), np.zeros(shape))
        return trials, rows

    def left(self, x: Floats, t: Floats) -> Floats:
        """What one turn makes of values and strategies, less these."""
        self._sharpness(t)
        values = self._placed(x)
        back = self.sweep.turn_before(self.values)[self.cells]
        parts = [((back - values) / self.unit).reshape(-1, self.cases)]
        for index, rows in self.rows.items():
            tried, answer = self.trials[index]
            parts.append((answer[rows] - tried[rows]).reshape(-1, self.cases))
        return np.concatenate(parts)

    def play(self) -> Floats:
        """All choice probabilities at the point last asked for."""
        policies = self.sweep.step.policies.values()
        return np.concatenate(
            [p.reshape(-1, self.cases) for p in policies] or [np.zeros((0, self.cases))]
        )

    def _placed(self, x: Floats) -> Floats:
        """Put unknowns where the sweep looks for them; the values."""
        shape = self.values[self.cells].shape
        end = shape[0] * shape[1] * shape[2] // self.cases
        values = x[:end].reshape(shape) * self.unit
        self.values[self.cells] = values
        for index, rows in self.rows.items():
            tried = self.trials[index][0]
            begin, end = end, end + rows.size * tried.shape[1]
            tried[rows] = x[begin:end].reshape(rows.size, tried.shape[1], self.cases)
        return values

    def _sharpness(self, t: Floats) -> None:
        """A part of every precision; of an infinite one, what goes to infinity with the part."""
        given, part = self.given.precision, np.tile(t, self.program.privacy.count)
        ladder = np.inf if self.sharp else np.expm1(np.log(SHARPEST) * part) / self.unit
        with np.errstate(invalid="ignore"):
            self.precision[:] = np.where(np.isinf(given), ladder, part * given)

    def sharpen(self) -> None:
        """From now on, infinite precisions are infinite."""
        self.sharp = True

    def lasting(self, x: Floats, part: Floats) -> Lasting:
        """What was found."""
        with np.errstate(all="ignore"):
            gap = abs(self.left(x, np.ones(self.cases)))
        values = self._placed(x)
        count = values.size // self.cases
        scale = np.maximum(1.0, abs(values).max(axis=(0, 1)))
        worst = (gap[:count].reshape(values.shape) * self.unit).max(axis=(0, 1)) / scale
        residual = np.where(part == 1.0, self.given.worst(worst), np.inf)
        trials = {index: tried for index, (tried, _) in self.trials.items()}
        return Lasting(self.values, trials, residual, part)
