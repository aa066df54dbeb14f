"""Stochastic games as scenarios: arrays of rewards and of odds, written in the language.

A state is a level of one variable, and all players choose at once, in a sealed phase. Rewards are
paid while the state and the choices are still on the board, by a decision with nothing to decide;
then a chance phase draws the next state. The random games are those of sgamesolver's
`SGame.random_game`, drawn in its order from NumPy's generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mistrust.solve.backward import Solution

Floats = NDArray[np.float64]
Data = dict[str, Any]


@dataclass(frozen=True)
class Game:
    """A stochastic game.

    Attributes
    ----------
    rewards
        For every state, (players, actions of the first, of the second, ...).
    odds
        For every state, (actions of the first, of the second, ..., next states).
    patience
        The discount factor of all players.
    """

    rewards: Sequence[Floats]
    odds: Sequence[Floats]
    patience: float

    @property
    def states(self) -> range:
        """Their numbers."""
        return range(len(self.rewards))

    @property
    def players(self) -> range:
        """Their numbers."""
        return range(len(self.rewards[0]))

    def actions(self, state: int, player: int) -> int:
        """How many a player has in a state."""
        return self.rewards[state].shape[1 + player]


def random_game(
    states: int, players: int, actions: int | tuple[int, int], seed: int, patience: float = 0.95
) -> Game:
    """A game with rewards from 0 to 1, the same as sgamesolver's of that seed."""
    random = np.random.default_rng(seed)
    low, high = (actions, actions) if isinstance(actions, int) else actions
    counts = np.full((states, players), low)
    if low < high:
        counts = random.integers(low, high, (states, players), endpoint=True)
    rewards = [random.random((players, *counts[s])) for s in range(states)]
    odds = [random.exponential(size=(*counts[s], states)) for s in range(states)]
    return Game(rewards, [rows / rows.sum(axis=-1, keepdims=True) for rows in odds], patience)


def scenario(game: Game, precision: float) -> Data:
    """The game as a YAML file would give it; every state opens it with the same odds."""
    most = [max(game.actions(s, p) for s in game.states) for p in game.players]
    states = [f"s{s}" for s in game.states]
    board: Data = {"state": {"levels": states, "start": dict.fromkeys(states, 1 / len(states))}}
    for p in game.players:
        board[f"a{p}"] = {"levels": list(range(most[p])), "start": 0, "within": "turn"}
    pays = {f"p{p}": _rewards([_table(r[p]) for r in game.rewards]) for p in game.players}
    rows = {
        state: {to: _table(odds[..., i]) for i, to in enumerate(states)}
        for state, odds in zip(states, game.odds, strict=True)
    }
    chosen = [_choice(game, p, most[p]) for p in game.players]
    return {
        "title": "A stochastic game",
        "horizon": {"forever": True, "turns": 1},
        "actors": {
            f"p{p}": {"patience": game.patience, "precision": precision} for p in game.players
        },
        "board": board,
        "turn": [
            {"sealed": chosen} if len(chosen) > 1 else chosen[0],
            {"decide": "p0", "name": "rewards", "options": {"paid": {"pays": pays}}},
            {"chance": "next", "draw": {"state": rows}},
        ],
    }


def _choice(game: Game, player: int, most: int) -> Data:
    options: Data = {}
    for a in range(most):
        options[f"o{a}"] = {"set": {f"a{player}": a}}
        some = [f"s{s}" for s in game.states if a < game.actions(s, player)]
        if len(some) < len(game.states):
            options[f"o{a}"]["when"] = f"state in [{', '.join(some)}]"
    return {"decide": f"p{player}", "options": options}


def _rewards(tables: Sequence[str]) -> dict[str, str]:
    """One of some expressions, by the state: a term for every sixteen, halved and halved again."""
    terms = {}
    for first in range(0, len(tables), 16):
        own = _halved(tables[first : first + 16], first, lambda at: f"state < s{at}")
        own = own if first + 16 >= len(tables) else f"if(state < s{first + 16}, {own}, 0)"
        terms[f"reward{first}"] = f"if(state < s{first}, 0, {own})" if first else own
    return terms


def _table(numbers: Floats, player: int = 0) -> str:
    """The number in a table at the players' choices."""
    if numbers.ndim == 0:
        return repr(float(numbers))
    rows = [_table(row, player + 1) for row in numbers]
    return _halved(rows, 0, lambda at: f"a{player} < {at}")


def _halved(parts: Sequence[str], first: int, below: Any) -> str:
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    low, high = (
        _halved(parts[:half], first, below),
        _halved(parts[half:], first + half, below),
    )
    return f"if({below(first + half)}, {low}, {high})"


def choices(solution: Solution, game: Game) -> list[list[Floats]]:
    """How every player chooses in every state, by state."""
    layout = solution.coefficients.layout.stages[0]
    stage = layout.stage
    assert stage.source.variables == ("state",)
    policy = solution.policies[0, stage.phase].reshape(-1, len(stage.choices))
    together = policy[layout.policy.at(np.array(game.states))].T
    alone = [stage.marginal(together, p) for p in game.players]
    return [[alone[p][: game.actions(s, p), s] for p in game.players] for s in game.states]
