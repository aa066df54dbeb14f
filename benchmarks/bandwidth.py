"""Effective bandwidth of a solve, over what the machine gives to a triad on as large arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median

import numpy as np

from benchmarks.figures import Figure, rounds
from benchmarks.models import SMALL, WORLDS, batch, beside, flagship, model_of, sizes
from benchmarks.stages import by_kind, moved, watched
from benchmarks.stream import Stream
from benchmarks.synthetic import scenario
from mistrust.compile.evaluate import Floats
from mistrust.compile.size import cores
from mistrust.compile.stages import Stage
from mistrust.model import Model
from mistrust.solve.backward import Workspace, solve
from mistrust.solve.reach import reachable


@dataclass(frozen=True)
class Runs:
    """Some solves of one game, between which a triad of the same size was run.

    `value` is what came out; `spent` are seconds by stage, `moved` bytes by stage, `still` those of
    them that are of boards where nothing happens, `once` bytes if a decision writes but once;
    `limit` are the triad's bytes a second.
    """

    stages: tuple[Stage, ...]
    note: str
    value: Floats
    seconds: list[float]
    spent: list[Counter[int]]
    moved: Counter[int]
    still: Counter[int]
    once: Counter[int]
    limit: float

    def typed(self, run: int) -> float:
        """Seconds of a run in stages where something is shown of a hidden type."""
        return sum(self.spent[run][i] for i, stage in enumerate(self.stages) if stage.learns)

    def kinds(self) -> dict[str, float]:
        """Median seconds by kind of stage."""
        pairs = zip(self.spent, self.seconds, strict=True)
        found = [by_kind(spent, total, self.stages) for spent, total in pairs]
        return {kind: median(run[kind] for run in found) for kind in found[0]}


def runs(model: Model, worlds: int, threads: int) -> Runs:
    """Solve a game, in so many worlds side by side, and run the triad, by turns."""
    coefficients = batch(model, worlds)
    reach, workspace, spent = reachable(coefficients), Workspace(), []

    def ours() -> Floats:
        with watched() as stages:
            solution = solve(coefficients, reach=reach, workspace=workspace, threads=threads)
        spent.append(stages)
        return solution.start_value

    value = ours()
    spent.clear()
    values = model.size.states * coefficients.lanes * model.size.actors
    stream = Stream(2 * values // 3, threads)
    mine, theirs = rounds(ours, stream.run)
    note = (
        f"{sizes(model)}; {beside(worlds)}, {threads} thread{'s' * (threads > 1)}; the arrays of "
        f"the triad take {24 * stream.size / 2**20:.3g} MiB"
    )
    stages, limit = coefficients.program.stages, stream.rate(median(theirs))
    bytes_, still = moved(coefficients, reach), moved(coefficients, reach, still=True)
    once = moved(coefficients, reach, writes=1)
    return Runs(stages, note, value, mine, spent, bytes_, still, once, limit)


@cache
def measured(quick: bool) -> dict[str, Runs]:
    """The made-up game by one thread and by all, and the flagship; measured once."""
    model = model_of(scenario(**SMALL) if quick else scenario())
    found = {"": runs(model, 1, 1)}
    if cores() > 1:
        found |= {" all threads": runs(model, 1, cores())}
        assert np.array_equal(found[""].value, found[" all threads"].value)
    return found | {" flagship": runs(flagship(quick), WORLDS, 1)}


def figures(quick: bool) -> Iterator[Figure]:
    """The rate of each game; of the flagship also without the stages that show a hidden type."""
    for which, found in measured(quick).items():
        every, whole = range(len(found.stages)), median(found.seconds)
        typed = [found.typed(run) for run in range(len(found.seconds))]
        yield _figure(which, found, every, whole, median(typed) / whole)
        if any(typed):
            rest = [t - hidden for t, hidden in zip(found.seconds, typed, strict=True)]
            plain = [index for index in every if not found.stages[index].learns]
            yield _figure(f"{which} other stages", found, plain, median(rest), 0.0)


def _figure(which: str, found: Runs, stages: Sequence[int], seconds: float, typed: float) -> Figure:
    live, still, once = (
        sum(bytes_[index] for index in stages) for bytes_ in (found.moved, found.still, found.once)
    )
    rate, limit = live / seconds, found.limit
    note = f"{found.note}: {rate / 1e9:.3g} of {limit / 1e9:.3g} GB/s"
    if typed:
        note += f"; stages that show a hidden type take {typed:.0%} of the time"
    if still:
        rest = (live - still) / seconds / limit
        note += f"; {still / live:.0%} of the bytes are of boards where nothing happens in a "
        note += f"phase, and which are left where they lie: without them {rest:.3g}"
    note += f"; if a decision is counted with one write, {once / seconds / limit:.3g}"
    peer, unit = "STREAM triad, as many bytes", "of the triad's rate"
    return Figure(f"bandwidth{which}", seconds, peer, live / limit, rate / limit, unit, note)


def series(quick: bool) -> dict[str, dict[str, float]]:
    """Where the time goes, by one thread: for each game seconds by kind of stage."""
    found = measured(quick)
    return {"made-up game": found[""].kinds(), "flagship": found[" flagship"].kinds()}
