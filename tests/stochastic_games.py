"""The stochastic games in which choices are compared with sgamesolver's."""

from __future__ import annotations

from pathlib import Path

from benchmarks import stochastic
from benchmarks.stochastic import Data, Floats, Game, random_game, scenario
from mistrust.model import Solved

Size = tuple[int, int, int | tuple[int, int]]
"""States, players, and actions: how many each player has, or the bounds of that number."""

COMPARED: tuple[Size, ...] = (
    (2, 2, 2),
    (4, 2, 3),
    (4, 3, 2),
    (4, 3, (2, 4)),
    (8, 2, (2, 4)),
    (8, 3, (2, 3)),
    (8, 3, 3),
    (16, 2, 2),
    (16, 2, (2, 4)),
    (16, 3, (2, 3)),
)
"""The random games for which sgamesolver's choices are kept, each with its place as seed."""
PRECISIONS = (5.0, 50.0)
TABLE = Path(__file__).parent / "sgamesolver.csv"


def choices(solved: Solved, game: Game) -> list[list[Floats]]:
    """How every player chooses in every state, by state."""
    return stochastic.choices(solved._solution, game)


__all__ = [
    "COMPARED",
    "PRECISIONS",
    "TABLE",
    "Data",
    "Floats",
    "Game",
    "Size",
    "choices",
    "random_game",
    "scenario",
]
