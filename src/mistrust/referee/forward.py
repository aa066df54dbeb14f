"""All histories carried forward, merged where they agree."""

from __future__ import annotations

from collections.abc import Iterable

from mistrust.referee.backward import Solver
from mistrust.referee.evaluate import Board
from mistrust.referee.watch import Flags, Watch
from mistrust.referee.world import Cell, Profile

State = dict[tuple[Cell, Flags], list[float]]
"""Cell and flags of a history so far -> [mass, mass x top, mass x bottom]; see `Watch`."""


def sweep(
    game: Solver, watch: Watch, profiles: Iterable[tuple[float, Profile]], stop: int | None = None
) -> State:
    """Carry all histories forward to the opening of turn `stop`, or to the end.

    Parameters
    ----------
    profiles
        The types that nature draws before all else, with their odds. They are part of the board
        here, and nothing but the actors' knowledge sets them apart from its variables.
    """
    game.solve(0)
    state: State = {}
    for weight, profile in profiles:
        for p, board in game.start():
            whole = game.with_types(board, profile)
            _add(state, whole, watch.flags(), [weight * p, 0.0, 0.0])
    for turn in range(game.turns if stop is None else stop):
        state = _look(game, state, watch, turn, 0)
        for index in range(len(game.phases)):
            state = _step(game, state, watch, turn, index)
            state = _look(game, state, watch, turn, index + 1)
        state = _close(game, state, watch, turn)
    return state if stop is not None else _look(game, state, watch, game.turns, 0)


def _look(game: Solver, state: State, watch: Watch, turn: int, index: int) -> State:
    """At a moment (`index` phases into a turn): raise flags, and count at openings."""
    found: State = {}
    for (cell, flags), (mass, top, bottom) in state.items():
        board = dict(zip(game.keys, cell, strict=True))
        if index == 0:
            top += mass * watch.opening(turn, board)
        _add(found, board, watch.see(flags, turn, index, board), [mass, top, bottom])
    return found


def _step(game: Solver, state: State, watch: Watch, turn: int, index: int) -> State:
    """Carry histories through a phase."""
    found: State = {}
    for (cell, flags), (mass, top, bottom) in state.items():
        board = dict(zip(game.keys, cell, strict=True))
        for p, chosen, after in game.law(turn, index, board):
            more = watch.choice(turn, index, board, chosen) if chosen else (0.0, 0.0)
            weights = [p * mass, p * (top + mass * more[0]), p * (bottom + mass * more[1])]
            _add(found, after, flags, weights)
    return found


def _close(game: Solver, state: State, watch: Watch, turn: int) -> State:
    """End a turn: count, then put the within-turn variables back at their start."""
    found: State = {}
    for (cell, flags), (mass, top, bottom) in state.items():
        board = dict(zip(game.keys, cell, strict=True))
        top += mass * watch.closing(turn, board)
        for p, after in game.opened(board):
            _add(found, after, flags, [p * mass, p * top, p * bottom])
    return found


def _add(state: State, board: Board, flags: Flags, weights: list[float]) -> None:
    """Add the weights of one more history to those of the same board and flags."""
    known = state.setdefault((tuple(board.values()), flags), [0.0, 0.0, 0.0])
    for i, weight in enumerate(weights):
        known[i] += weight
