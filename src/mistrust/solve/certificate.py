"""The evidence that a solution is one.

Duality: an actor's value at the outset, found backward, equals its discounted payoffs added up
forward. Mass: probabilities sum to one in every phase. Residual: at sampled boards of sampled
turns the choice values are computed again from the stored values, plainly and without the
kernels, and the logit choice they imply is compared with the stored policy. Gain: the most that
an actor could gain by one deviation; with finite precision play is not a best reply, so it is
above zero by design and is shown, not bounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.compile.layout import StageLayout
from mistrust.compile.lower import at_turn
from mistrust.forward.distribute import Occupancy
from mistrust.solve.backward import Solution

DUALITY, MASS, RESIDUAL = 1e-9, 1e-12, 1e-10
SAMPLE = 256


@dataclass(frozen=True)
class Certificate:
    """Evidence per lane: arrays (lanes,); `gain` is (actors, lanes)."""

    duality: Floats
    mass: Floats
    residual: Floats
    gain: Floats

    @property
    def good(self) -> np.ndarray:
        """Which lanes pass: (lanes,)."""
        return (self.duality <= DUALITY) & (self.mass <= MASS) & (self.residual <= RESIDUAL)


def certify(solution: Solution, occupancy: Occupancy) -> Certificate:
    """Put the evidence together; the solution must have kept `moments` of some turns."""
    residual = np.zeros(solution.coefficients.lanes)
    for turn, index in solution.moments:
        layout = solution.coefficients.layout.stages[index]
        active = solution.coefficients.stages[index].active[turn]
        if layout.stage.mover >= 0 and active:
            np.maximum(residual, _residual(solution, turn, index), out=residual)
    return Certificate(
        _duality(solution, occupancy), occupancy.mass_error, residual, solution.gain
    )


def _duality(solution: Solution, occupancy: Occupancy) -> Floats:
    program = solution.coefficients.program
    forward = np.zeros_like(solution.start_value)
    scale = np.ones_like(forward)
    for (actor, _), earned in zip(program.terms, occupancy.earned, strict=True):
        forward[actor] += earned
        scale[actor] += abs(earned)
    gap = abs(solution.start_value - forward) / scale
    return np.asarray(gap.max(axis=0))


def _residual(solution: Solution, turn: int, index: int) -> Floats:
    """Largest difference between stored and recomputed choice probabilities: (lanes,)."""
    c = solution.coefficients
    layout = c.layout.stages[index]
    stage = layout.stage
    cells = _sample(layout)
    if not len(cells):
        return np.zeros(c.lanes)
    rows = layout.policy.at(cells)
    stored = solution.policies[turn, stage.phase].reshape(-1, len(stage.choices), c.lanes)[rows]
    values = solution.moments[turn, index].reshape(stage.target.size, -1, c.lanes)
    choice_value = np.array(
        [_choice_value(solution, turn, index, option, cells, values) for option in range(len(stage.choices))]  # fmt: skip
    )
    open_ = np.array(
        [_looked_up(c.stages[index].available, layout.available, o, turn, cells) != 0 for o in range(len(stage.choices))]  # fmt: skip
    )
    implied = plain_logit(choice_value, open_, c.precision[stage.mover])
    return np.asarray(abs(implied - stored.transpose(1, 0, 2)).max(axis=(0, 1)))


def _sample(layout: StageLayout) -> Integers:
    cells = np.flatnonzero(layout.policy.full() >= 0)
    if len(cells) > SAMPLE:
        cells = np.random.default_rng(len(cells)).choice(cells, SAMPLE, replace=False)
    return cells.astype(np.int64)


def _looked_up(table: Floats, tables: object, entry: int, turn: int, cells: Integers) -> Floats:
    from mistrust.compile.frames import Lookup

    lookup = Lookup(tables.high[entry], tables.low[entry])  # type: ignore[attr-defined]
    return at_turn(table, turn)[lookup.at(cells)]


def _choice_value(solution: Solution, turn: int, index: int, option: int, cells: Integers, values: Floats) -> Floats:  # fmt: skip
    """What the mover expects from an option at some cells, plainly: (cells, lanes)."""
    c = solution.coefficients
    layout, tables = c.layout.stages[index], c.stages[index]
    mover, starts = layout.stage.mover, c.program.starts
    total = np.zeros((len(cells), c.lanes))
    for b in range(layout.first_branch[option], layout.first_branch[option + 1]):
        branch = layout.stage.choices[option].branches[b - layout.first_branch[option]]
        goal = layout.stage.goal(branch, starts).at(cells)
        total += _looked_up(tables.weights, layout.weights, b, turn, cells) * values[goal, mover]
    for k in range(layout.first_pay[option], layout.first_pay[option + 1]):
        if layout.pay_actor[k] == mover:
            total += _looked_up(tables.pays, layout.pays, k, turn, cells)
    return total


def plain_logit(choice_value: Floats, open_: np.ndarray, precision: Floats) -> Floats:
    """The twin of `kernels.logit` in NumPy: (options, ..., lanes)."""
    masked = np.where(open_, choice_value, -np.inf)
    best = masked.max(axis=0)
    some = open_.any(axis=0)
    gap = np.where(open_, choice_value - np.where(some, best, 0.0), 0.0)
    with np.errstate(invalid="ignore"):
        weight = np.exp(np.where(np.isinf(precision), 0.0, precision) * gap)
    tied = gap >= -1e-12 * np.maximum(1.0, abs(np.where(some, best, 0.0)))
    weight = np.where(open_, np.where(np.isinf(precision), tied, weight), 0.0)
    return weight / np.where(some, weight.sum(axis=0), 1.0)
