"""The evidence that a solution is one.

Duality: an actor's value at the outset, found backward, equals its discounted payoffs added up
forward. Mass: probabilities sum to one in every phase. Residual: at sampled boards of sampled
turns the choice values are computed again from the stored values, plainly and without the
kernels, and the logit choice they imply is compared with the stored policy. Gain: the most that
an actor could gain by one deviation; with finite precision play is not a best reply, so it is
above zero by design and is shown, not bounded.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers, Lookup
from mistrust.compile.layout import Tables
from mistrust.compile.lower import at_turn
from mistrust.forward.distribute import Occupancy
from mistrust.solve.backward import Solution, Taken

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


class Residual:
    """Checks the decisions of some turns as they are worked out; see `solve(inspect=...)`."""

    def __init__(self, lanes: int, turns: Collection[int]) -> None:
        self.by_turn = {turn: np.zeros(lanes) for turn in turns}

    def __call__(self, taken: Taken) -> None:
        """Take one decision's residual in."""
        if taken.turn in self.by_turn:
            worst = self.by_turn[taken.turn]
            np.maximum(worst, _residual(taken), out=worst)

    def take_over(self, other: Residual, turn: int) -> None:
        """Use another's findings from a turn on."""
        self.by_turn |= {t: worst for t, worst in other.by_turn.items() if t >= turn}

    @property
    def worst(self) -> Floats:
        """The largest residual in any turn: (lanes,)."""
        return np.asarray(np.max(list(self.by_turn.values()), axis=0))


def certify(solution: Solution, occupancy: Occupancy, residual: Residual) -> Certificate:
    """Put the evidence together."""
    return Certificate(
        _duality(solution, occupancy), occupancy.mass_error, residual.worst, solution.gain
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


def _residual(taken: Taken) -> Floats:
    """Largest difference between stored and recomputed choice probabilities: (lanes,)."""
    c = taken.coefficients
    layout, tables = c.layout.stages[taken.index], c.stages[taken.index]
    stage = layout.stage
    cells = _sample(taken)
    if not len(cells):
        return np.zeros(c.lanes)
    options = range(len(stage.choices))
    key = (taken.turn, stage.phase)
    stored = taken.policies[key].reshape(-1, len(options), c.lanes)[layout.policy.at(cells)]
    choice_value = np.array([expected(taken, o, stage.mover, cells) for o in options])
    open_ = np.array(
        [_entry(tables.available, layout.available, o, taken.turn, cells) != 0 for o in options]
    )
    implied = plain_logit(choice_value, open_, c.precision[stage.mover])
    return np.asarray(abs(implied - stored.transpose(1, 0, 2)).max(axis=(0, 1)))


def _sample(taken: Taken) -> Integers:
    cells = taken.reach.sources[taken.turn, taken.index]
    cells = cells[taken.coefficients.layout.stages[taken.index].policy.at(cells) >= 0]
    if len(cells) > SAMPLE:
        cells = np.random.default_rng(len(cells)).choice(cells, SAMPLE, replace=False)
    return cells


def _entry(table: Floats, tables: Tables, entry: int, turn: int, cells: Integers) -> Floats:
    lookup = Lookup(tables.high[entry], tables.low[entry])
    return at_turn(table, turn)[lookup.at(cells)]


def expected(
    taken: Taken, option: int, group: int, cells: Integers, *, by_term: bool = False
) -> Floats:
    """What a group (actor, or term) expects from an option, plainly: (cells, lanes)."""
    c = taken.coefficients
    layout, tables = c.layout.stages[taken.index], c.stages[taken.index]
    size = layout.stage.target.size
    groups = len(c.program.terms) if by_term else len(c.program.actors)
    values = taken.values[: size * groups * c.lanes].reshape(size, groups, c.lanes)
    receivers = layout.pay_term if by_term else layout.pay_actor
    total = np.zeros((len(cells), c.lanes))
    for b in range(layout.first_branch[option], layout.first_branch[option + 1]):
        branch = layout.stage.choices[option].branches[b - layout.first_branch[option]]
        goal = layout.stage.goal(branch, c.program.starts).at(cells)
        weight = _entry(tables.weights, layout.weights, b, taken.turn, cells)
        total += np.where(weight != 0, weight * values[goal, group], 0.0)
    for k in range(layout.first_pay[option], layout.first_pay[option + 1]):
        if receivers[k] == group:
            total += _entry(tables.pays, layout.pays, k, taken.turn, cells)
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
