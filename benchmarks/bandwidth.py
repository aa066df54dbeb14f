"""Effective bandwidth of a solve, over what the machine's memory gives to a triad."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figures import Figure, interleaved
from benchmarks.stream import Stream
from benchmarks.synthetic import scenario
from mistrust.compile.lower import Case, Coefficients, lower
from mistrust.compile.size import cores
from mistrust.ensemble.worlds import draw, guesses
from mistrust.model import Model
from mistrust.scenario.read import read_data
from mistrust.scenario.text import Source
from mistrust.solve.backward import Workspace, solve
from mistrust.solve.reach import Reach, reachable


def moved(coefficients: Coefficients, reach: Reach) -> int:
    """Bytes that must move: a read and a write of every live value, per phase and option."""
    program, width = coefficients.program, coefficients.lanes * len(coefficients.program.actors)
    total = 0
    for turn in range(program.turns):
        for index, stage in enumerate(program.stages):
            if coefficients.stages[index].active[turn]:
                times = max(1, len(stage.choices))
                total += 2 * 8 * width * times * len(reach.sources[turn, index])
    return total


def of(model: Model, name: str, worlds: int, threads: int) -> Figure:
    """One game, in so many worlds side by side."""
    s = model.argument.scenario
    drawn = [guesses(s), *draw(s, worlds, 1)][:worlds]
    coefficients = lower(model.engine.layout(), tuple(Case(world) for world in drawn))
    reach, workspace = reachable(coefficients), Workspace()

    def ours() -> None:
        solve(coefficients, reach=reach, workspace=workspace, threads=threads)

    ours()
    size = model.size.states * coefficients.lanes * len(s.actors)
    stream = Stream(2 * size // 3, threads)
    mine, theirs = interleaved(ours, stream.run)
    rate, limit = moved(coefficients, reach) / mine, stream.rate(theirs)
    note = (
        f"{model.size.states:,} boards, {len(s.actors)} actors, {model.size.phases} phases, "
        f"{model.size.turns} turns, {worlds} worlds, {threads} threads: {rate / 1e9:.1f} of "
        f"{limit / 1e9:.1f} GB/s"
    )
    return Figure(name, mine, "STREAM triad", theirs, rate / limit, "of the triad's rate", note)


def figures() -> Iterator[Figure]:
    """The made-up game in one world and in several."""
    model = Model(read_data(scenario(), Source("synthetic", "")))
    for threads in sorted({1, cores()}):
        yield of(model, "bandwidth", 1, threads)


if __name__ == "__main__":
    for figure in figures():
        print(figure)
