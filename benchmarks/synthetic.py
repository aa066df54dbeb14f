"""Made-up games, a family in which each size is varied alone: boards, actors, phases and turns.

The large one has 129,600 boards, 5 actors, 14 phases and 48 turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

SHAPE = (4, 5, 4, 3, 4, 3, 3, 3, 5)
OWNER, POINTS = "a0", 11
"""Who may have types, and the points on which the belief about it is kept."""


def scenario(
    *,
    shape: Sequence[int] = SHAPE,
    actors: int = 5,
    decisions: int = 5,
    drifts: int = 9,
    turns: int = 48,
    precision: str = "4",
    anywhere: bool = False,
) -> dict[str, Any]:
    """One game of the family, as the data of a scenario file.

    Parameters
    ----------
    shape
        The levels of each variable, at least two.
    decisions
        Phases in which an actor, one after the other, raises a variable, lowers one, or waits.
    drifts
        Chance phases, each of which raises or lowers a variable, with odds over up to three.
    anywhere
        Play may open with any board, all alike likely, instead of with the one in the middle: then
        every turn has the same work.
    """
    names, people = [f"v{i}" for i in range(len(shape))], [f"a{i}" for i in range(actors)]
    board = {
        v: {
            "levels": f"0..{n - 1}",
            "start": {str(i): f"1 / {n}" for i in range(n)} if anywhere else str(n // 2),
        }
        for v, n in zip(names, shape, strict=True)
    }

    def at(index: int) -> str:
        """The name of a variable, counted round."""
        return names[index % len(names)]

    def part(index: int) -> str:
        """A variable's level from 0 to 1."""
        return f"{at(index)} / {shape[index % len(names)] - 1}"

    turn: list[dict[str, Any]] = [_decision(i, people[i % actors], at) for i in range(decisions)]
    for i in range(drifts):
        up = f"0.05 + 0.08 * {part(i + 3)}"
        down = f"0.04 + 0.04 * {part(i + 5)} + 0.02 * {part(i)}"
        turn.append({"chance": f"drift{i}", "raise": {at(i): up}, "lower": {at(i): down}})
    payoffs = {
        actor: {"gain": f"0.8 * {part(i)} - 0.8 * {part(i + 2)} * {part(i + 6)}"}
        for i, actor in enumerate(people)
    }
    return {
        "title": "a made-up game",
        "horizon": {"start": "2025-Q1", "turns": str(turns)},
        "actors": {actor: {"patience": "0.97", "precision": precision} for actor in people},
        "board": board,
        "turn": turn,
        "payoffs": payoffs,
    }


def _decision(i: int, actor: str, at: Callable[[int], str]) -> dict[str, Any]:
    """A choice between raising one variable, lowering another, and neither."""
    return {
        "decide": actor,
        "name": f"choice{i}",
        "options": {
            "push": {"raise": {at(i): "0.6"}, "pays": {actor: {"cost": "-0.1"}}},
            "pull": {"lower": {at(i + 4): "0.5"}, "pays": {actor: {"cost": "-0.05"}}},
            "wait": {},
        },
    }


def typed(made: dict[str, Any], *, hidden: bool = True, alike: bool = False) -> dict[str, Any]:
    """A game of the family in which one actor may have two types, which want different things.

    Parameters
    ----------
    made
        As for `scenario`.
    hidden
        Without types there is a variable of as many levels as the belief has points, which may be
        at any of them, and which nothing moves.
    alike
        Both types want the same, so that nothing is learned of them.
    """
    data = scenario(**made)
    want = f"(0.5 + zeal) * v1 / {made['shape'][1] - 1}"
    apart = hidden and not alike
    data["payoffs"][OWNER]["want"] = f"if({OWNER} == hard, {want}, 0)" if apart else want
    says = "How much more one level is worth to those who want it"
    data["premises"] = {"zeal": {"says": says, "guess": "0.5", "range": ["0", "1"]}}
    if hidden:
        kinds = {"types": {"hard": "0.4", "soft": "0.6"}, "beliefs": str(POINTS)}
        data["actors"][OWNER] |= kinds
    else:
        anywhere = {str(i): f"1 / {POINTS}" for i in range(POINTS)}
        data["board"]["mood"] = {"levels": f"0..{POINTS - 1}", "start": anywhere}
    return data
