"""Kernels compiled before they are needed, in several processes: a machine's first run.

Compiled code is kept on disk, so this is done once after the solver was installed or changed. One
process would take over a minute; what can be compiled side by side takes little more than half.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from mistrust import kernels
from mistrust.compile.lower import Case
from mistrust.compile.program import Program
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.plan import AS_WRITTEN, Job, questions
from mistrust.ensemble.worlds import guesses
from mistrust.kernels import branch, pair, pairs, source, together, typed
from mistrust.scenario.read import read_file, read_text

STARTER = Path(__file__).parent.parent / "scenarios" / "starter.yaml"
GAME = """
title: Two who choose
horizon: HORIZON
actors: {ann: {precision: 1, patience: 0.5TYPES}, bob: {precision: 1, patience: 0.5}}
board: {x: {levels: 0..1, start: 0}, y: {levels: 0..1, start: 0}}
turn: TURN
payoffs: {ann: {x: x + y}}
"""
ANN = "{decide: ann, options: {go: {set: {x: 1}}, rest: {}}}"
BOB = "{decide: bob, options: {go: {set: {y: 1}}, rest: {}}}"
TYPES = ", types: {a: 0.5, b: 0.5}, beliefs: 3"
NEWS = "{chance: news, set: {y: {1: 'if(ann == a, 0.3, 0.6)'}}}"
LUCK = "{chance: luck, set: {y: {1: 0.5}}}"


def followed() -> None:
    """The branch of a stage."""
    counts, kinds, share = np.full(2, 2), np.ones(2, dtype=np.int64), np.zeros((2, 2))
    table = (np.zeros((2, 4, 1, 1)), np.zeros((4, 1), dtype=np.int64), 0, source.nowhere())
    known = (kinds, np.zeros((2, 4)), np.ones((2, 1)))
    stage = (table, (counts, kinds, kinds), known, np.ones((2, 2)), np.ones(2))
    branch.follow(stage, np.zeros(4), share, branch.workspace(counts, kinds))


def climbed() -> None:
    """The branch of a stage of two types."""
    worth, choices, one = np.zeros((1, 2, 2, 2)), np.ones((1, 2, 2)), np.full(1, 0.5)
    places, work, bend = np.zeros(1, dtype=np.int64), pairs.scratch(2, 1, 2), np.ones((4, 1))
    stages = (places, one, bend, one, choices)
    pair.climb(places, (0, 0), worth, stages, choices, choices, one, True, work)


def plain() -> None:
    """A game without hidden types, read in every way."""
    _play(Engine(read_file(STARTER)))


def sealed() -> None:
    """A game in which two choose at once."""
    _play(_game(f"{{sealed: [{ANN}, {BOB}]}}"))


def endless() -> None:
    """The same for ever, and its derivatives."""
    _play(_game(f"{{sealed: [{ANN}, {BOB}]}}, {LUCK}", horizon="forever"))


def private() -> None:
    """A game with hidden types, shown by choices; as if `climbed` had found these."""
    with patch.object(typed, "climb", _toss):
        _play(_game(ANN, TYPES))


def _toss(*arguments: Any) -> None:
    """In the place of `pair.climb`: everybody tosses a coin."""
    share, left = arguments[5], arguments[6]
    share[:], left[:] = 0.5, 0.0


def met() -> None:
    """A game in which two choose at once, of whom one has hidden types."""
    _play(_game(f"{{sealed: [{ANN}, {BOB}]}}", TYPES))


def shown() -> None:
    """A game with hidden types, shown by chance."""
    _play(_game(NEWS, TYPES))


def _game(turn: str, types: str = "", horizon: str = "{turns: 1}") -> Engine:
    text = GAME.replace("HORIZON", horizon).replace("TYPES", types)
    return Engine(read_text(text.replace("TURN", f"[{turn}]")))


def _play(engine: Engine) -> None:
    needed = questions(engine.argument).needs[AS_WRITTEN]
    job = Job((Case(guesses(engine.argument.scenario)),), (0,), tuple(needed), chart=True)
    for _ in engine.run([(0, job)]):
        pass


Part = Callable[[], None]
ROUNDS: tuple[dict[Part, Any], ...] = (
    {
        climbed: pair.climb,
        followed: branch.follow,
        plain: kernels.push_decision,
        private: kernels.push_private,
        shown: kernels.push_signal,
    },
    {met: together.solve, sealed: kernels.decide_sealed},
    {endless: kernels.respond},
)
"""By part what it compiles last; later rounds use what earlier ones compile."""


def prepare(program: Program, workers: int) -> None:
    """Compile what a program needs and has not been compiled yet, in so many processes."""
    kinds = {len(grid.types) for grid in program.privacy.grids}
    learns = [stage for stage in program.stages if stage.learns]
    alone, meeting = ([s for s in learns if s.movers and s.sealed == how] for how in (False, True))
    at_once = [stage for stage in program.stages if stage.sealed]
    forever = program.argument.scenario.horizon.forever
    by_board = not forever and len(at_once) > len(meeting)
    needed = {plain}
    needed |= {private} if alone or meeting else set()
    needed |= {shown} if len(learns) > len(alone) + len(meeting) else set()
    needed |= {climbed} if alone and 2 in kinds else set()
    needed |= {followed} if by_board or meeting or kinds - {2} else set()  # two hardly need it
    needed |= {met} if meeting else set()
    needed |= {sealed} if by_board else set()
    needed |= {endless} if forever else set()
    for parts in ROUNDS:
        cold = [part for part, kernel in parts.items() if part in needed and not _compiled(kernel)]
        if cold and workers > 1:
            _together(cold, min(workers, len(cold)))


def context() -> BaseContext:
    """How processes are started: by a fork, where there is one."""
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    return multiprocessing.get_context(method)


def _together(parts: Sequence[Part], workers: int) -> None:
    with ProcessPoolExecutor(workers, context()) as pool:
        for done in [pool.submit(part) for part in parts]:
            done.result()


def _compiled(kernel: Any) -> bool:
    """Whether the disk has compiled code of a kernel that is not older than its source."""
    code = kernel.py_func.__code__
    source = Path(code.co_filename)
    names = f"{source.stem}.{kernel.py_func.__qualname__}-*.nbi"
    found = Path(kernel.stats.cache_path or source.parent).glob(names)
    return any(index.stat().st_mtime >= source.stat().st_mtime for index in found)
