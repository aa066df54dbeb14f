"""Scenarios from data, and their batches, as the entries need them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mistrust
from mistrust.compile.lower import Case, Coefficients, lower
from mistrust.ensemble.worlds import draw, guesses
from mistrust.model import Model
from mistrust.scenario.read import read_data
from mistrust.scenario.text import Source

SEED = 1


def model_of(data: dict[str, Any]) -> Model:
    """A scenario given as data."""
    return Model(read_data(data, Source("made up", "")))


def flagship() -> Model:
    """The flagship at standard resolution."""
    return mistrust.load(Path(mistrust.__file__).parent / "scenarios" / "mistrust.yaml")


def batch(model: Model, worlds: int) -> Coefficients:
    """The best guess and draws, as written, in so many lanes."""
    s = model.argument.scenario
    drawn = [guesses(s), *draw(s, worlds - 1, SEED)]
    return lower(model.engine.layout(), tuple(Case(world) for world in drawn))
