"""Many worlds: batches of lanes in worker processes, put together in a fixed order.

Which worlds share a batch depends on nothing but their number, so results are the same to the
bit for any number of workers. A world whose numbers are not valid (odds above 1, say) or whose
certificate fails is counted, named and left out; nothing is dropped silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.lower import Case
from mistrust.compile.program import Program
from mistrust.compile.size import share_of_memory
from mistrust.ensemble.batch import Batch
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.plan import (
    AS_WRITTEN,
    LANES,
    Job,
    Numbered,
    Questions,
    answers,
    families,
    guessed,
    jobs,
    survey,
)
from mistrust.ensemble.store import Store, job_key
from mistrust.ensemble.warm import context, prepare
from mistrust.scenario.check import Argument
from mistrust.scenario.readings import Reading, Variant

Survey = Sequence[tuple[Case, ...]]

_engine: Engine | None = None


def _start(argument: Argument, surveyed: Survey) -> None:
    global _engine
    _engine = Engine(argument)
    _engine.survey(surveyed)


def _work(family: Sequence[Numbered]) -> list[Batch]:
    assert _engine is not None
    return list(_engine.run(family))


@dataclass
class Results:
    """All readings of an ensemble; world 0 is the best guess.

    Attributes
    ----------
    readings
        By variant and reading: (worlds + 1,), NaN where missing.
    values, terms
        By variant: (actors, worlds + 1), (terms, worlds + 1), at the outset.
    failures
        By world, why it has no results.
    certificate
        The worst figure of each kind over all solved lanes, and the gains per actor.
    """

    argument: Argument
    program: Program
    premises: dict[str, Floats]
    readings: dict[tuple[Variant, Reading], Floats]
    values: dict[Variant, Floats]
    terms: dict[Variant, Floats]
    laws: dict[str, Floats] = field(default_factory=dict)
    decisions: dict[str, Floats] = field(default_factory=dict)
    beliefs: dict[str, Floats] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)
    certificate: dict[str, float] = field(default_factory=dict)
    gains: Floats = field(default_factory=lambda: np.zeros(0))
    cases: int = 0
    audited: int = 0
    reused: int = 0


def solve_worlds(
    engine: Engine,
    asked: Questions,
    guess: Mapping[str, float],
    worlds: Sequence[Mapping[str, float]],
    *,
    audited: int | None = None,
    workers: int = 1,
    store: Store | None = None,
    progress: Callable[[int, int], None] | None = None,
    first: Callable[[Results], None] | None = None,
    answered: Callable[[Results], None] | None = None,
) -> Results:
    """Solve the best guess and all worlds, in every variant that is asked for.

    Parameters
    ----------
    audited
        In how many of the worlds mechanisms are audited; by default in all.
    store
        Where results are looked for first, and kept.
    progress
        Called with the numbers of cases done and planned.
    first, answered
        Called when there is all that the claims rest on: in the best guess, and in all worlds.
    """
    lanes, workers = share_of_memory(engine.program, LANES, workers)
    plan = jobs(asked, guess, worlds, len(worlds) if audited is None else audited, lanes)
    total = sum(len(job.cases) for job in plan)
    results = _empty(engine, asked, guess, worlds)
    done, waiting = 0, {number for number, job in enumerate(plan) if answers(job, asked)}
    soon = {number for number in waiting if guessed(plan[number])}
    surveyed = survey(asked, guess, lanes)
    for batch, known in _batches(engine, plan, surveyed, asked, workers, store):
        job = plan[batch.job]
        results.reused += len(job.cases) if known else 0
        _store(results, job, batch)
        done += len(job.cases)
        results.cases = done
        if progress is not None:
            progress(done, total)
        for left, tell in ((soon, first), (waiting, answered)):
            if tell is not None and left == {batch.job}:
                tell(results)
            left.discard(batch.job)
    results.audited = len(worlds) if audited is None else min(audited, len(worlds))
    return results


def _batches(
    engine: Engine,
    plan: list[Job],
    surveyed: Survey,
    asked: Questions,
    workers: int,
    store: Store | None,
) -> Iterator[tuple[Batch, bool]]:
    """Every job's batch, and whether it was in the store; in the order in which they are ready."""
    missing, keys = [], {}
    for number, job in enumerate(plan):
        batch = None
        if store is not None:
            keys[number] = job_key(engine.argument, surveyed, job)
            batch = store.get(keys[number], number)
        if batch is None:
            missing.append((number, job))
        else:
            yield batch, True
    if not missing:
        return
    engine.survey(surveyed)
    ready = families(missing, engine.kinds, asked)
    for batch in _solved(engine, ready, surveyed, workers):
        if store is not None:
            store.put(keys[batch.job], batch)
        yield batch, False


def _solved(
    engine: Engine, ready: list[list[Numbered]], surveyed: Survey, workers: int
) -> Iterator[Batch]:
    if workers <= 1 or len(ready) < 2:
        for family in ready:
            yield from engine.run(family)
        return
    prepare(engine.program, workers)
    with ProcessPoolExecutor(workers, context(), _start, (engine.argument, surveyed)) as pool:
        try:
            for batches in pool.map(_work, ready):
                yield from batches
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _empty(
    engine: Engine,
    asked: Questions,
    guess: Mapping[str, float],
    worlds: Sequence[Mapping[str, float]],
) -> Results:
    argument, program = engine.argument, engine.program
    count = len(worlds) + 1
    premises = {n: np.array([guess[n], *(w[n] for w in worlds)]) for n in guess}
    readings = {(v, r): np.full(count, np.nan) for v, found in asked.needs.items() for r in found}
    values = {v: np.full((len(program.actors), count), np.nan) for v in asked.needs}
    terms = {v: np.full((len(program.terms), count), np.nan) for v in asked.needs}
    turns = program.turns
    sizes = dict(zip(program.opening.variables, program.opening.shape, strict=True))
    laws = {v: np.full((turns + 1, n, count), np.nan) for v, n in sizes.items()}
    decisions = {
        name: np.full((turns, len(options), count), np.nan)
        for s in program.stages
        for name, options in zip(s.decisions, s.options, strict=True)
    }
    beliefs = {
        grid.actor: np.full((turns + 1, len(grid.types), count), np.nan)
        for grid in program.privacy.grids
    }
    worst = {"duality": 0.0, "mass": 0.0, "residual": 0.0, "beliefs": 0.0}
    gains = np.zeros(len(program.actors))
    charts = laws, decisions, beliefs
    return Results(argument, program, premises, readings, values, terms, *charts, {}, worst, gains)


def _store(results: Results, job: Job, batch: Batch) -> None:
    good = batch.certificate.good
    for lane, (case, world) in enumerate(zip(job.cases, job.worlds, strict=True)):
        if lane in batch.faults:
            results.failures.setdefault(world, batch.faults[lane])
            continue
        if not good[lane]:
            fails = batch.certificate.text(lane)
            problem = f"the certificate fails ({case.variant.label()}): {fails}"
            results.failures.setdefault(world, problem)
            continue
        for name in results.certificate:
            figure = float(getattr(batch.certificate, name)[lane])
            results.certificate[name] = max(results.certificate[name], figure)
        np.maximum(results.gains, batch.certificate.gain[:, lane], out=results.gains)
        results.values[case.variant][:, world] = batch.values[:, lane]
        results.terms[case.variant][:, world] = batch.terms[:, lane]
        for row, reading in enumerate(job.readings):
            column = results.readings.get((case.variant, reading))
            if column is not None:
                column[world] = batch.readings[row, lane]
        if batch.charts is not None and case.variant == AS_WRITTEN:
            for source, goal in (
                (batch.charts.laws, results.laws),
                (batch.charts.decisions, results.decisions),
                (batch.charts.beliefs, results.beliefs),
            ):
                for name, array in source.items():
                    goal[name][:, :, world] = array[:, :, lane]
