"""The evidence that a solution is one.

Duality: an actor's value at the outset, found backward, equals its discounted payoffs added up
forward. Mass: probabilities sum to one in every phase. Residual: at sampled boards of sampled
turns the choice values are computed again from the stored values, plainly and without the
kernels, and the logit choice they imply is compared with the stored policy; where strategies are
solved for together (hidden types, sealed phases) the residual of every stage counts too. Beliefs:
before every phase that shows something, the belief is what it is expected to be after it. Gain:
the most that an actor could gain by one deviation; with finite precision play is not a best
reply, so it is above zero by design and is shown, not bounded.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.forward.sweep import Occupancy
from mistrust.solve.backward import Solution, Taken
from mistrust.solve.plain import (
    available,
    expected,
    judged,
    own_values,
    plain_logit,
    shows,
    stored,
)

DUALITY, MASS, RESIDUAL, BELIEFS = 1e-9, 1e-12, 1e-10, 1e-10
SAMPLE = 256


@dataclass(frozen=True)
class Certificate:
    """Evidence per case, the worst over hidden types: arrays (cases,); `gain` (actors, cases)."""

    duality: Floats
    mass: Floats
    residual: Floats
    beliefs: Floats
    gain: Floats

    @property
    def good(self) -> np.ndarray:
        """Which cases pass: (cases,)."""
        good = (self.duality <= DUALITY) & (self.mass <= MASS)
        return good & (self.residual <= RESIDUAL) & (self.beliefs <= BELIEFS)

    def text(self, case: int) -> str:
        """What fails, and the most that would be accepted."""
        parts = (
            ("duality", self.duality, DUALITY),
            ("mass", self.mass, MASS),
            ("residual", self.residual, RESIDUAL),
            ("beliefs", self.beliefs, BELIEFS),
        )
        return ", ".join(
            f"{name} {found[case]:.1e} (at most {most:.0e} is accepted)"
            for name, found, most in parts
            if not found[case] <= most
        )


class Residual:
    """Checks the decisions of some turns as they are worked out; see `solve(inspect=...)`."""

    def __init__(self, lanes: int, turns: Collection[int]) -> None:
        self.by_turn = {turn: np.zeros(lanes) for turn in turns}

    def wants(self, turn: int) -> bool:
        """Whether a turn's decisions are checked."""
        return turn in self.by_turn

    def __call__(self, taken: Taken) -> None:
        """Take one decision's residual in."""
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
    c = solution.coefficients
    together = np.maximum(solution.evidence.residuals.max(axis=0), solution.evidence.settled)
    return Certificate(
        c.worst(_duality(solution, occupancy)),
        c.worst(occupancy.mass_error),
        np.maximum(c.worst(residual.worst), together),
        occupancy.drift,
        c.worst(solution.gain),
    )


def _duality(solution: Solution, occupancy: Occupancy) -> Floats:
    program = solution.coefficients.program
    forward = np.zeros_like(solution.start_value)
    scale = np.ones_like(forward)
    for (actor, _), earned in zip(program.terms, occupancy.earned, strict=True):
        forward[actor] += earned
        scale[actor] += abs(earned)
    if solution.beyond is not None:
        last = occupancy.last
        after = np.einsum("xaw,xw->aw", solution.beyond[last.cells], last.values)
        forward += solution.coefficients.patience**program.turns * after
        scale += abs(after)
    gap = abs(solution.start_value - forward) / scale
    return np.asarray(gap.max(axis=0))


def _residual(taken: Taken) -> Floats:
    """Largest difference between stored and recomputed choice probabilities: (lanes,)."""
    c = taken.coefficients
    stage = c.layout.stages[taken.index].stage
    cells = _sample(taken)
    worst = np.zeros(c.lanes)
    if not len(cells):
        return worst
    shares = stored(taken, cells)
    values = np.array(
        [[expected(taken, o, m, cells) for o in range(len(stage.choices))] for m in stage.movers]
    )
    open_ = available(taken, cells)
    for place, mover in enumerate(stage.movers):
        own = judged(taken, mover, own_values(taken, values[place], shares, place), cells)
        chosen = stage.marginal(shares, place)
        free = stage.marginal(open_.astype(float), place) > 0
        free &= shows(taken, mover, chosen)
        implied = plain_logit(own, free, c.precision[mover])
        gap = abs(implied - chosen)
        np.maximum(worst, gap.max(axis=(0, 1)), out=worst)
    return worst


def _sample(taken: Taken) -> Integers:
    cells = taken.reach.sources[taken.turn, taken.index]
    cells = cells[taken.coefficients.layout.stages[taken.index].policy.at(cells) >= 0]
    if len(cells) > SAMPLE:
        cells = np.random.default_rng(len(cells)).choice(cells, SAMPLE, replace=False)
    return cells
