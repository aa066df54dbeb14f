"""A large made-up game: 129,600 boards, 5 actors, 15 phases, 48 turns."""

from __future__ import annotations

from typing import Any

SHAPE = (4, 5, 4, 3, 4, 3, 3, 3, 5)


def scenario(turns: int = 48) -> dict[str, Any]:
    """The game as the data of a scenario file.

    Nine variables; every actor decides once a turn between raising one, lowering another and
    waiting; nine chance phases raise and lower with odds over two or three variables.
    """
    names = [f"v{i}" for i in range(len(SHAPE))]
    actors = [f"a{i}" for i in range(5)]
    board = {
        v: {"levels": f"0..{n - 1}", "start": str(n // 2)}
        for v, n in zip(names, SHAPE, strict=True)
    }
    turn: list[dict[str, Any]] = []
    for i, actor in enumerate(actors):
        up, down = names[i], names[(i + 4) % 9]
        turn.append(
            {
                "decide": actor,
                "options": {
                    "push": {"raise": {up: "0.6"}, "pays": {actor: {"cost": "-0.1"}}},
                    "pull": {"lower": {down: "0.5"}, "pays": {actor: {"cost": "-0.05"}}},
                    "wait": {},
                },
            }
        )
    for i, name in enumerate(names):
        other, third = names[(i + 3) % 9], names[(i + 5) % 9]
        turn.append(
            {
                "chance": f"drift_{name}",
                "raise": {name: f"0.05 + 0.02 * {other}"},
                "lower": {name: f"0.04 + 0.01 * {third} + 0.005 * {name}"},
            }
        )
    turn.append({"chance": "shock", "set": {names[0]: {"0": "0.01"}}})
    payoffs = {
        actor: {"gain": f"0.2 * {names[i]} - 0.1 * {names[(i + 2) % 9]} * {names[(i + 6) % 9]}"}
        for i, actor in enumerate(actors)
    }
    return {
        "title": "a large made-up game",
        "horizon": {"start": "2025-Q1", "turns": str(turns)},
        "actors": {actor: {"patience": "0.97", "precision": "4"} for actor in actors},
        "board": board,
        "turn": turn,
        "payoffs": payoffs,
    }
