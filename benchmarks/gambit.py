"""Alternating trees against Gambit's logit solver, at the same lambda."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

from benchmarks.figures import Figure, Missing, against
from benchmarks.models import batch, model_of
from mistrust.export.efg import written
from mistrust.export.tree import grow
from mistrust.scenario.check import Argument
from mistrust.solve.backward import solve
from mistrust.solve.reach import reachable

LAMBDA = 1.0
MOST_S = 60.0
"""A tree that takes Gambit longer is too large."""
DEPTHS = (6, 7, 8)
EQUAL = 1e-8


def tree(depth: int, precision: float = LAMBDA) -> dict[str, Any]:
    """Two players who choose in turns, left or right; each way ends elsewhere.

    The board is a node of the tree, numbered as in a heap; at its leaves each player is paid a
    random amount.
    """
    random, leaves = Random(depth), 2**depth
    pays = {
        name: {"end": _halved([f"{random.uniform(0, 1):.6f}" for _ in range(leaves)], 0, leaves)}
        for name in ("ann", "bob")
    }
    board = {f"m{i}": {"levels": "0..1", "start": "0"} for i in range(depth)}
    turn = [
        {
            "decide": ("ann", "bob")[i % 2],
            "name": f"move{i}",
            "options": {"left": {}, "right": {"set": {f"m{i}": "1"}}},
        }
        for i in range(depth)
    ]
    return {
        "title": "an alternating tree",
        "horizon": {"turns": "1"},
        "actors": {name: {"precision": repr(precision)} for name in ("ann", "bob")},
        "board": board,
        "turn": turn,
        "payoffs": pays,
    }


def _halved(numbers: list[str], level: int, count: int) -> str:
    if count == 1:
        return numbers[0]
    left, right = numbers[: count // 2], numbers[count // 2 :]
    return (
        f"if(m{level} == 0, {_halved(left, level + 1, count // 2)}, "
        f"{_halved(right, level + 1, count // 2)})"
    )


def gambit_tree(argument: Argument) -> Any:
    """The same game as Gambit reads it."""
    try:
        import pygambit
    except ImportError:
        raise Missing("Gambit (pygambit)") from None
    return pygambit.read_efg(io.StringIO(written(grow(argument, limit=10_000))))


def gambit_solve(efg: Any) -> Any:
    """Gambit's point on the principal branch at lambda."""
    import pygambit

    (point,) = pygambit.qre.logit_solve_lambda(efg, [LAMBDA])
    return point


def largest() -> int:
    """The deepest of the trees that Gambit finishes in time, each tried in a process of its own."""
    found = DEPTHS[0]
    for depth in DEPTHS:
        tried = f"gambit_solve(gambit_tree(model_of(tree({depth})).argument))"
        code = f"from benchmarks.gambit import *; {tried}"
        try:
            subprocess.run([sys.executable, "-c", code], timeout=MOST_S, check=True)
        except subprocess.TimeoutExpired:
            break
        found = depth
    return found


def figures() -> Iterator[Figure]:
    """The largest tree that Gambit does in a minute."""
    gambit_tree(model_of(tree(2)).argument)
    depth = largest()
    model = model_of(tree(depth))
    efg, coefficients = gambit_tree(model.argument), batch(model, 1)
    reach = reachable(coefficients)
    point, solution = gambit_solve(efg), solve(coefficients, reach=reach)
    worst, count = 0.0, 0
    for index, (stage, layout) in enumerate(
        zip(coefficients.program.stages, coefficients.layout.stages, strict=True)
    ):
        policy = solution.policies[0, stage.phase].reshape(-1, 2)
        rows = layout.policy.at(reach.sources[0, index])
        count += len(rows)
        ours = np.sort(policy[rows].ravel())
        theirs = np.sort([point[i] for i, a in enumerate(_actions(efg)) if a[0] == index])
        worst = max(worst, float(abs(ours - theirs).max()))
    assert worst <= EQUAL, worst
    note = (
        f"{2**depth} leaves, {count} information sets, lambda {LAMBDA:g}; the {2 * count} choice "
        f"probabilities differ by {worst:.0e} at most"
    )

    def ours() -> None:
        solve(coefficients, reach=reach)

    yield against("gambit", ours, "Gambit logit_solve_lambda", lambda: gambit_solve(efg), note)


def _actions(efg: Any) -> list[tuple[int, str]]:
    """In Gambit's order: the depth of each action's information set, and the action."""
    found = []
    for player in efg.players:
        for infoset in player.infosets:
            depth, node = 0, next(iter(infoset.members))
            while node.parent is not None:
                depth, node = depth + 1, node.parent
            found += [(depth, action.label) for action in infoset.actions]
    return found
