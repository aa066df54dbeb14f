"""sgamesolver's choices in the games of `stochastic_games.COMPARED`, as a table.

Run as a script where sgamesolver is installed, this writes `sgamesolver.csv`, with which the tests
compare where it is not.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator

import numpy as np

if not hasattr(np, "NaN"):  # sgamesolver 1.0 is written for NumPy 1
    np.NaN = np.nan

from sgamesolver import SGame
from sgamesolver.homotopy import QRE
from stochastic_games import COMPARED, PRECISIONS, TABLE, Floats, Size

HEADING = ("game", "precision", "state", "player", "choices")


def theirs(size: Size, seed: int, precision: float) -> tuple[float, list[list[Floats]]]:
    """The logit equilibrium that sgamesolver follows from zero, and its exact precision."""
    states, players, actions = size
    game = SGame.random_game(states, players, actions, seed=seed)
    homotopy = QRE(game)
    homotopy.solver_setup(target_lambda=precision)
    homotopy.solver.verbose = 0
    homotopy.solver.set_parameters(corrector_tol=1e-10, convergence_tol=1e-10)
    homotopy.solve()
    found = homotopy.equilibrium
    assert found is not None, "sgamesolver gives up"
    play = [
        [found.strategies[s, p, : game.nums_actions[s, p]] for p in range(players)]
        for s in range(states)
    ]
    return float(found.homotopy_parameter), play


def table() -> Iterator[tuple[object, ...]]:
    """A row for every game, precision, state and player."""
    for seed, size in enumerate(COMPARED):
        for precision in PRECISIONS:
            exact, play = theirs(size, seed, precision)
            for state, row in enumerate(play):
                for player, share in enumerate(row):
                    said = " ".join(f"{p:.12g}" for p in share)
                    yield seed, repr(exact), state, player, said
        print(f"game {seed}: {size}", file=sys.stderr)


if __name__ == "__main__":
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADING)
        writer.writerows(table())
