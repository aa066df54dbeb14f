"""Stationary choices beside those that sgamesolver finds, and its table beside itself.

Both follow the logit equilibria of the whole stochastic game from lambda = 0.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from stochastic_games import COMPARED, PRECISIONS, Size, choices, random_game, scenario
from test_stochastic_games import BAR, KEPT

from mistrust.model import Model
from mistrust.scenario.read import read_text

pytest.importorskip("sgamesolver")
import sgamesolver_table
from sgamesolver_table import theirs

OTHERS: tuple[Size, ...] = ((3, 2, 2), (5, 2, (2, 4)), (5, 3, 2), (10, 2, 3))
"""Sizes of games that are in no table."""


@pytest.mark.parametrize("seed", range(len(COMPARED)))
def test_random_games_are_those_of_sgamesolver(seed: int) -> None:
    states, players, actions = COMPARED[seed]
    mine = random_game(states, players, actions, seed)
    game = sgamesolver_table.SGame.random_game(states, players, actions, seed=seed)
    assert (game.delta == mine.patience).all()
    for s in mine.states:
        inside = tuple(slice(mine.actions(s, p)) for p in mine.players)
        assert np.array_equal(game.u[(s, slice(None), *inside)], mine.rewards[s])
        assert game.phi[(s, *inside)] == pytest.approx(mine.odds[s], abs=1e-15)


@pytest.mark.parametrize("seed", [i for i, size in enumerate(COMPARED) if size[0] < 16])
def test_the_table_is_what_sgamesolver_finds(seed: int) -> None:
    for precision in PRECISIONS:
        exact, play = theirs(COMPARED[seed], seed, precision)
        (rows,) = (r for (game, x), r in KEPT.items() if game == seed and abs(x - exact) < 1e-6)
        assert max(abs(play[s][p] - share).max() for s, p, share in rows) <= 1e-8


@pytest.mark.parametrize("size", OTHERS)
@pytest.mark.parametrize("precision", [2.0, 20.0])
def test_choices_are_those_of_sgamesolver(size: Size, precision: float) -> None:
    exact, play = theirs(size, 100, precision)
    game = random_game(*size, 100)
    mine = choices(Model(read_text(json.dumps(scenario(game, exact)))).solve(), game)
    gaps = (abs(mine[s][p] - play[s][p]).max() for s in game.states for p in game.players)
    assert max(gaps) <= BAR
