"""How the cost of a solve grows with each size of a game: fitted exponents of time and memory.

Every size is varied alone over a decade or more, the others as in `BASE`. An exponent is the slope
of a line through the logarithms, by least squares. Play may open with any board, so that all turns
have the same work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from math import prod

import numpy as np

from benchmarks.figures import Figure, Missing, Work, interleaved
from benchmarks.memory import job_of, peak
from benchmarks.models import Made, batch, model_of
from benchmarks.synthetic import scenario
from mistrust.solve.backward import Workspace, solve
from mistrust.solve.reach import reachable

BASE: Made = {"shape": (13,) * 4, "actors": 4, "decisions": 2, "drifts": 6, "turns": 12}
VARIED: dict[str, list[Made]] = {
    "states": [{"shape": (n,) * 4} for n in (8, 10, 13, 17, 22)],
    "phases": [{"decisions": n, "drifts": 3 * n} for n in (1, 2, 4, 8, 12)],
    "turns": [{"turns": n} for n in (6, 12, 24, 48, 96)],
    "actors": [{"actors": n} for n in (2, 4, 8, 16, 24)],
}
SIZES: dict[str, Callable[[Made], int]] = {
    "states": lambda made: prod(made["shape"]),
    "phases": lambda made: made["decisions"] + made["drifts"],
    "turns": lambda made: made["turns"],
    "actors": lambda made: made["actors"],
}
QUICK: Made = {"shape": (7,) * 4, "turns": 2}


def games(what: str, quick: bool) -> list[Made]:
    """The games in which one size is varied, from the smallest."""
    base = BASE | {"anywhere": True} | (QUICK if quick else {})
    return [base | made for made in VARIED[what][: 2 if quick else None]]


@cache
def seconds(quick: bool) -> dict[str, dict[int, float]]:
    """By what is varied, and by its size: the time of a solve by one thread, of one world."""
    found = {}
    for what in VARIED:
        made = games(what, quick)
        taken = interleaved(*[_work(one) for one in made])
        found[what] = dict(zip(map(SIZES[what], made), taken, strict=True))
    return found


def _work(made: Made) -> Work:
    coefficients = batch(model_of(scenario(**made)), 1)
    reach, workspace = reachable(coefficients), Workspace()

    def work() -> None:
        solve(coefficients, reach=reach, workspace=workspace)

    work()
    return work


@cache
def memory(quick: bool) -> dict[str, dict[int, float]]:
    """Likewise the most memory that a solve takes, its policies with it, in bytes."""
    return {
        what: {SIZES[what](one): peak(job_of(one, 1))["peak"] for one in games(what, quick)}
        for what in (["states"] if quick else VARIED)
    }


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """The slope of a line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def figures(quick: bool) -> Iterator[Figure]:
    """Time, then memory, in every direction."""
    for what, found in seconds(quick).items():
        first, *_, last = found.values()
        yield _figure("time", what, found, last, first)
    for what, found in memory(quick).items():
        first, *_, last = (f"{size / 2**20:.3g} MiB" for size in found.values())
        about = f"; from {first} to {last}, one run of each size"
        yield _figure("memory", what, found, None, None, about)


def _figure(
    cost: str,
    what: str,
    found: dict[int, float],
    mine: float | None,
    first: float | None,
    about: str = "",
) -> Figure:
    sizes, costs = list(found), list(found.values())
    note = (
        f"{sizes[0]:,} to {sizes[-1]:,} {what}: {sizes[-1] / sizes[0]:.3g} times as many take "
        f"{costs[-1] / costs[0]:.3g} times the {cost}; slope between the two largest "
        f"{exponent(sizes[-2:], costs[-2:]):.2f}{about}"
    )
    slope, unit = exponent(sizes, costs), "as the exponent"
    return Figure(f"growth {cost} {what}", mine, "the smallest", first, slope, unit, note)


def series(quick: bool) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """All that was measured: by cost and what is varied, each size with its cost."""
    costs = {"time": seconds(quick)}
    with suppress(Missing):
        costs["memory"] = memory(quick)
    return {
        cost: {what: list(sizes.items()) for what, sizes in found.items()}
        for cost, found in costs.items()
    }
