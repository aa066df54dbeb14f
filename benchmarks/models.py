"""Scenarios from data, and their batches, as the entries need them."""

from __future__ import annotations

from typing import Any

from benchmarks.synthetic import typed
from mistrust.compile.lower import Case, Coefficients, lower
from mistrust.ensemble.plan import LANES
from mistrust.ensemble.worlds import draw, guesses
from mistrust.model import FLAGSHIP, Model, load
from mistrust.scenario.read import read_data
from mistrust.scenario.text import Source

SEED = 1
WORLDS = LANES
"""Worlds side by side, as a run solves them."""
Made = dict[str, Any]
SMALL: Made = {
    "shape": (7, 7, 7, 7),
    "decisions": 2,
    "drifts": 3,
    "turns": 4,
    "anywhere": True,
}
"""A made-up game that is solved at once, in the same way as the large one."""
TYPED: Made = {"shape": (2, 2, 2), "actors": 3, "decisions": 3, "drifts": 4, "turns": 2}
"""Likewise with hidden types."""


def model_of(data: dict[str, Any]) -> Model:
    """A scenario given as data."""
    return Model(read_data(data, Source("made up", "")))


def flagship(quick: bool = False) -> Model:
    """The scenario that `mistrust run` runs; a small one with hidden types in its place."""
    return model_of(typed(TYPED)) if quick else load(FLAGSHIP)


def starter() -> Model:
    """The scenario that `mistrust new` writes."""
    return load(FLAGSHIP.with_name("starter.yaml"))


def batch(model: Model, worlds: int) -> Coefficients:
    """The best guess and draws, as written, in so many lanes."""
    s = model.argument.scenario
    drawn = [guesses(s), *draw(s, worlds - 1, SEED)]
    return lower(model.engine.layout(), tuple(Case(world) for world in drawn))


def sizes(model: Model) -> str:
    """For a note."""
    n = model.size
    counted = (f"{n.states:,} board", f"{n.actors} actor", f"{n.phases} phase", f"{n.turns} turn")
    return ", ".join(f"{what}{'' if what.startswith('1 ') else 's'}" for what in counted)


def beside(worlds: int) -> str:
    """For a note."""
    return f"{worlds} worlds side by side" if worlds > 1 else "one world"
