"""The probability of an outcome: exactly, against vectorised simulation of the same policies."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

import numpy as np

from benchmarks.figures import Figure, interleaved
from benchmarks.models import SEED, SMALL, batch, beside, flagship, model_of, sizes
from benchmarks.synthetic import scenario
from mistrust.compile.evaluate import Floats
from mistrust.forward.distribute import distribute
from mistrust.forward.simulate import simulate
from mistrust.forward.sweep import gathered
from mistrust.model import Model
from mistrust.solve.backward import Solution, solve

HALF_WIDTH, QUANTILE = 0.001, 1.959964
"""A tenth of a point either way, with 95 % confidence."""
PART = 50_000
"""Histories simulated at once; the time for all of them is that for these, times their number."""


def law(solution: Solution, variable: str) -> Floats:
    """The probability of each level of a variable at the end, under the prior."""
    last = distribute(solution.coefficients, solution.policies).last
    return solution.coefficients.folded(gathered(last, (variable,)))[:, 0]


def outcome(solution: Solution) -> tuple[str, int, float]:
    """The variable and the level above which it ends with a probability nearest to even."""
    found = []
    for variable in solution.coefficients.program.opening.variables:
        above = 1.0 - np.cumsum(law(solution, variable))[:-1]
        found += [(abs(p - 0.5), variable, level, float(p)) for level, p in enumerate(above)]
    _, variable, level, chance = min(found)
    return variable, level, chance


def of(model: Model, name: str, part: int = PART) -> Figure:
    """One outcome in one game, at the best guess."""
    solution = solve(batch(model, 1))
    variable, level, chance = outcome(solution)
    frame = model.engine.program.opening
    levels = dict(zip(frame.variables, frame.shape, strict=True))
    place = frame.rows((variable,), levels)
    count = ceil(QUANTILE**2 * chance * (1 - chance) / HALF_WIDTH**2)

    def ours() -> float:
        return float(law(solution, variable)[level + 1 :].sum())

    def theirs() -> float:
        return float((place.at(simulate(solution, part, SEED).boards[-1]) > level).mean())

    assert abs(theirs() - ours()) < 5 * np.sqrt(chance * (1 - chance) / part)
    mine, some = interleaved(ours, theirs)
    other = some * count / part
    note = (
        f"{sizes(model)}; {beside(1)}; P({variable} ends above level {level}) = {chance:.3f} takes "
        f"{count:,} histories ({part:,} timed); both agree within five standard errors"
    )
    return Figure(name, mine, "NumPy simulation", other, other / mine, "times faster", note)


def figures(quick: bool) -> Iterator[Figure]:
    """The made-up game and the flagship."""
    if quick:
        yield of(model_of(scenario(**SMALL)), "exact_vs_simulated", PART // 10)
        return
    yield of(model_of(scenario()), "exact_vs_simulated")
    yield of(flagship(), "exact_vs_simulated flagship")
