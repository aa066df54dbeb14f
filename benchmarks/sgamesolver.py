"""A stochastic game played without end against sgamesolver, to the same lambda."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.figures import Figure, Missing, against
from benchmarks.models import batch, model_of
from benchmarks.stochastic import Game, choices, random_game, scenario
from mistrust.compile.lower import Coefficients
from mistrust.solve.backward import Solution
from mistrust.solve.game import solve_game
from mistrust.solve.reach import reachable

LAMBDA = 20.0
LARGE, SMALL = (64, 2, 4, 42), (4, 2, 3, 1)
"""States, players, actions and the seed; the one that takes sgamesolver about ten seconds."""
TIGHT = 1e-10
"""To what sgamesolver corrects its points, and the one where it ends."""
EQUAL = 1e-6


def peer_game(size: tuple[int, int, int, int]) -> Any:
    """The same game, drawn by sgamesolver."""
    if not hasattr(np, "NaN"):  # sgamesolver 1.0 is written for NumPy 1
        np.NaN = np.nan  # type: ignore[attr-defined]
    try:
        from sgamesolver import SGame
    except ImportError:
        raise Missing("sgamesolver is not installed; make test-sgamesolver compiles it") from None
    states, players, actions, seed = size
    return SGame.random_game(states, players, actions, seed=seed)


def peer_solve(game: Any) -> Any:
    """The point that sgamesolver follows from zero to lambda."""
    from sgamesolver.homotopy import QRE

    homotopy = QRE(game)
    homotopy.solver_setup(target_lambda=LAMBDA)
    homotopy.solver.verbose = 0
    homotopy.solver.set_parameters(corrector_tol=TIGHT, convergence_tol=TIGHT)
    homotopy.solve()
    assert homotopy.equilibrium is not None, "sgamesolver gives up"
    return homotopy.equilibrium


def at(coefficients: Coefficients, precision: float) -> Coefficients:
    """The same with another precision of all players."""
    return replace(coefficients, precision=np.full_like(coefficients.precision, precision))


def gap(solution: Solution, game: Game, point: Any) -> float:
    """How far choices differ at most."""
    worst = 0.0
    for s, shares in enumerate(choices(solution, game)):
        for p, share in enumerate(shares):
            worst = max(worst, float(abs(point.strategies[s, p, : len(share)] - share).max()))
    return worst


def figures(quick: bool) -> Iterator[Figure]:
    """The random game with 64 states."""
    size = SMALL if quick else LARGE
    theirs, game = peer_game(size), random_game(*size)
    point = peer_solve(theirs)
    exact = float(point.homotopy_parameter)
    coefficients = at(batch(model_of(scenario(game, LAMBDA)), 1), exact)
    reach = reachable(coefficients)
    ours = partial(solve_game, coefficients, reach=reach)
    worst = gap(ours(), game, point)
    assert worst <= EQUAL, worst
    note = (
        f"random_game{size[:3]} with seed {size[3]}, both to lambda {exact:.12g}; choice "
        f"probabilities differ by {worst:.0e} at most; sgamesolver corrects to {TIGHT:g}; "
        f"scenario and arrays are there from before"
    )
    yield against("sgamesolver", ours, "sgamesolver QRE", partial(peer_solve, theirs), note)
