"""All kernels compiled before the first test, each by one of the workers: the others load it.

Compiling takes longer than most of the tests do. Without this every worker would compile by itself
what its tests happen to need.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import mistrust
from mistrust.kernels import belief, branch, pair, pairs
from mistrust.model import Model
from mistrust.scenario.read import read_text

STARTER = Path(mistrust.FLAGSHIP).with_name("starter.yaml")
PATIENCE = 300.0
"""Seconds for which a worker waits for the others: they may have been ended."""
GAME = """
title: Two who choose
horizon: {turns: 1}
actors: {ann: {precision: 1TYPES}, bob: {precision: 1}}
board: {x: {levels: 0..1, start: 0}, y: {levels: 0..1, start: 0}}
turn: TURN
payoffs: {ann: {x: x + y}}
"""
ANN = "{decide: ann, options: {go: {set: {x: 1}}, rest: {}}}"
BOB = "{decide: bob, options: {go: {set: {y: 1}}, rest: {}}}"
NEWS = "{chance: news, set: {y: {1: 'if(ann == a, 0.3, 0.6)'}}}"


def followed() -> None:
    """The branch of a stage."""
    nothing, counts, grid = np.zeros((1, 1, 1)), np.full(2, 2), (1, np.zeros(4))
    payoff, open_, precision = np.zeros((2, 4)), np.ones((2, 2)), np.ones(2)
    stage = (True, nothing, grid, np.zeros(1), payoff, counts, open_, precision)
    share = np.zeros((2, 2))
    branch.follow((*stage, belief.scratch(2)), np.zeros(4), share, branch.workspace(2, 2))


def climbed() -> None:
    """The branch of a stage of two types."""
    worth, choices, one = np.zeros((1, 2, 2, 2)), np.ones((1, 2, 2)), np.full(1, 0.5)
    places, work, bend = np.zeros(1, dtype=np.int64), pairs.scratch(2), np.ones((4, 1))
    pair.climb(places, worth, one, bend, one, choices, choices, choices, one, work)


def plain() -> None:
    """A game without hidden types."""
    mistrust.load(STARTER).solve().read("P(front == war)")


def sealed() -> None:
    """A game in which two choose at once."""
    text = GAME.replace("TYPES", "").replace("TURN", f"[{{sealed: [{ANN}, {BOB}]}}]")
    Model(read_text(text)).solve()


def typed() -> None:
    """A game with hidden types, shown by choices and by chance."""
    types = ", types: {a: 0.5, b: 0.5}, beliefs: 3"
    Model(read_text(GAME.replace("TYPES", types).replace("TURN", f"[{ANN}, {NEWS}]"))).solve()


ROUNDS: tuple[tuple[Callable[[], None], ...], ...] = ((followed, plain, climbed), (sealed, typed))
"""The second uses what the first one compiles."""


def compile_together(folder: Path) -> None:
    """Take parts until none is left, and wait for the other workers to be done with theirs."""
    until = time.monotonic() + PATIENCE
    for parts in ROUNDS:
        for part in parts:
            try:
                (folder / f"{part.__name__}.taken").touch(exist_ok=False)
            except FileExistsError:
                continue
            try:
                part()
            finally:
                (folder / f"{part.__name__}.done").touch()
        done = [folder / f"{part.__name__}.done" for part in parts]
        while not all(path.exists() for path in done) and time.monotonic() < until:
            time.sleep(0.05)
