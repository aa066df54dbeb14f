"""Worlds a second, as `mistrust run` solves them: by one process and by two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from statistics import median

import numpy as np

from benchmarks.figures import LONG, Figure, Work, rounds, seldom
from benchmarks.models import SEED, WORLDS, flagship, sizes, starter
from benchmarks.words import number, seconds
from mistrust.ensemble.plan import AS_WRITTEN, Questions, questions
from mistrust.ensemble.run import Results
from mistrust.model import Model

MANY = 512
"""Worlds for which the time is worked out."""


def only(asked: Questions, variants: frozenset[object]) -> Questions:
    """The questions that some variants of the game answer."""
    needs = {variant: found for variant, found in asked.needs.items() if variant in variants}
    return replace(asked, needs=needs, claimed=frozenset(needs))


def same(one: Results, other: Results) -> bool:
    """Whether two runs found the same, to the bit, in every world."""
    assert not one.failures and not other.failures
    pairs = [(found, other.readings[key]) for key, found in one.readings.items()]
    pairs += [(found, other.values[key]) for key, found in one.values.items()]
    return all(np.array_equal(*pair, equal_nan=True) for pair in pairs)


def of(name: str, model: Model, asked: Questions, worlds: int, most: float = LONG) -> Figure:
    """The rate at which some variants are solved; no further round after `most` seconds.

    What worlds add is told by two numbers of them: to start processes takes the same for any.
    """
    found: dict[tuple[int, int], Results] = {}

    def work(processes: int, count: int) -> Work:
        def solve() -> None:
            anew = Model(model.argument)
            found[processes, count] = anew.ensemble(asked, count, SEED, workers=processes)

        return solve

    model.ensemble(only(asked, frozenset({AS_WRITTEN})), 0, SEED)  # kernels are there from now on
    ways = [(1, 0), (1, worlds), (2, worlds), (2, 4 * worlds)]
    times = rounds(*(work(*way) for way in ways), most=most)
    assert same(found[1, worlds], found[2, worlds])
    few1, many1, few2, many2 = (median(taken) for taken in times)
    alone = few1 + MANY * max(0.0, many1 - few1) / worlds
    pair = few2 + (MANY - worlds) * max(0.0, many2 - few2) / (3 * worlds)
    count = len(asked.needs)
    note = (
        f"{sizes(model)}; variants of the game: {count}; by one process and by two the same to the "
        f"bit; {MANY} worlds and the best guess, from {worlds} worlds by one: {seconds(alone)}, "
        f"from {4 * worlds} by two: {seconds(pair)}; {number(MANY / alone)} worlds a second by one"
    )
    peer, unit = "one process", "worlds a second by two processes"
    return Figure(name, pair, peer, alone, MANY / pair, unit, note + seldom(times[-1]))


def figures(quick: bool) -> Iterator[Figure]:
    """The flagship in every variant that its claims ask for, then as written only."""
    model = starter() if quick else flagship()
    worlds = 4 if quick else WORLDS
    asked = questions(model.argument)
    yield of("ensemble", model, only(asked, asked.claimed), worlds, 3 * LONG)
    yield of("ensemble as written", model, only(asked, frozenset({AS_WRITTEN})), worlds)
