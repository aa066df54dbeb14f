"""What the certificate costs on top of a solve and of the pass forward."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

import numpy as np

from benchmarks.figures import TIMES, Figure
from benchmarks.models import SMALL, WORLDS, batch, beside, flagship, model_of, sizes
from benchmarks.synthetic import scenario
from mistrust.forward.distribute import distribute
from mistrust.model import Model
from mistrust.solve.backward import Taken, Workspace, solve
from mistrust.solve.certificate import Residual, certify
from mistrust.solve.reach import reachable


class Clocked:
    """A residual that knows how many seconds went into it."""

    def __init__(self, residual: Residual) -> None:
        self.residual, self.seconds = residual, 0.0

    def wants(self, turn: int) -> bool:
        """As the residual."""
        return self.residual.wants(turn)

    def __call__(self, taken: Taken) -> None:
        """Take one decision in."""
        begun = time.perf_counter()
        self.residual(taken)
        self.seconds += time.perf_counter() - begun


def of(model: Model, name: str, worlds: int) -> Iterator[Figure]:
    """The cost in one game: in the same runs the solve, the pass forward, and the certificate."""
    coefficients = batch(model, worlds)
    reach, workspace = reachable(coefficients), Workspace()
    turns = model.engine.program.turns
    alone = solve(coefficients, reach=reach, workspace=workspace).start_value

    def run() -> tuple[float, float, float]:
        """Seconds of the solve, of the pass forward, of the certificate."""
        residual = Residual(coefficients.lanes, (0, turns // 2, turns - 1))
        gc.collect(1)
        clocked, marks = Clocked(residual), [time.perf_counter()]
        solution = solve(coefficients, reach=reach, workspace=workspace, inspect=clocked)
        marks.append(time.perf_counter())
        occupancy = distribute(coefficients, solution.policies)
        marks.append(time.perf_counter())
        found = certify(solution, occupancy, residual)
        marks.append(time.perf_counter())
        assert np.array_equal(solution.start_value, alone) and found.good.all()
        back, forward, last = np.diff(marks).tolist()
        return back - clocked.seconds, forward, clocked.seconds + last

    run()
    back, forward, extra = np.array([run() for _ in range(TIMES)]).T
    note = f"{sizes(model)}; {beside(worlds)}; values with and without are the same to the bit"
    for which, peer, more, without in (
        ("", "the solve and the pass forward", extra, back + forward),
        (" with pass forward", "the solve alone", forward + extra, back),
    ):
        ratio, mine, other = map(float, map(np.median, (more / without, more + without, without)))
        yield Figure(f"{name}{which}", mine, peer, other, ratio, f"of {peer}", note)


def figures(quick: bool) -> Iterator[Figure]:
    """The made-up game in one world, and the flagship in several.

    Claims need the pass forward, from which the certificate takes its sums; `with pass forward`
    counts that as a cost of the certificate too.
    """
    yield from of(model_of(scenario(**SMALL) if quick else scenario()), "certificate", 1)
    yield from of(flagship(quick), "certificate flagship", WORLDS)
