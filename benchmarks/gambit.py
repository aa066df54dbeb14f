"""Alternating trees against Gambit's logit solver, at the same lambda."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from itertools import count
from random import Random
from typing import Any

import numpy as np

from benchmarks.figures import Figure, Missing, against, timed
from benchmarks.models import batch, model_of
from mistrust.compile.evaluate import Floats
from mistrust.export.efg import written
from mistrust.export.tree import grow
from mistrust.scenario.check import Argument
from mistrust.solve.backward import Solution, solve
from mistrust.solve.reach import reachable

LAMBDA = 1.0
MOST_S = 60.0
DEEPER = 6.0
"""One level more takes Gambit five to six times as long."""
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
        raise Missing("Gambit is not installed; make test-gambit compiles it") from None
    return pygambit.read_efg(io.StringIO(written(grow(argument, limit=10_000))))


def gambit_solve(efg: Any) -> Any:
    """Gambit's point on the principal branch at lambda."""
    import pygambit

    (point,) = pygambit.qre.logit_solve_lambda(efg, [LAMBDA])
    return point


def largest() -> int:
    """The depth of the largest tree that Gambit is sure to solve within a minute."""
    for depth in count(5):
        efg = gambit_tree(model_of(tree(depth)).argument)
        if timed(partial(gambit_solve, efg)) * DEEPER > MOST_S:
            return depth
    raise AssertionError("there is always a deeper tree")


def gap(solution: Solution, efg: Any, point: Any) -> tuple[int, float]:
    """How many information sets there are, and how far choices at them differ at most."""
    own, theirs = choices(solution), iter(point)
    found = {
        path(infoset): [next(theirs) for _ in infoset.actions]
        for player in efg.players
        for infoset in player.infosets
    }
    assert own.keys() == found.keys()
    return len(own), max(float(abs(own[way] - found[way]).max()) for way in own)


Way = tuple[int, ...]
"""A node of the tree, by the options that lead there: 0 is left, 1 is right."""


def choices(solution: Solution) -> dict[Way, Floats]:
    """The odds of left and right at every node."""
    program, layouts = solution.coefficients.program, solution.coefficients.layout.stages
    found = {}
    for index, (stage, layout) in enumerate(zip(program.stages, layouts, strict=True)):
        cells, frame = solution.reach.sources[0, index], stage.source
        taken = dict(zip(frame.variables, np.unravel_index(cells, frame.shape), strict=True))
        ways = [tuple(int(taken[f"m{i}"][k]) for i in range(index)) for k in range(len(cells))]
        policy = solution.policies[0, stage.phase].reshape(-1, 2)[layout.policy.at(cells)]
        found |= dict(zip(ways, policy, strict=True))
    return found


def path(infoset: Any) -> Way:
    """The node of an information set, which has but one."""
    (node,) = infoset.members
    ways = []
    while node.parent is not None:
        ways.append(int(node.prior_action.label == "right"))
        node = node.parent
    return tuple(reversed(ways))


def figures(quick: bool) -> Iterator[Figure]:
    """The largest tree that Gambit solves within a minute."""
    gambit_tree(model_of(tree(2)).argument)
    depth = 3 if quick else largest()
    model = model_of(tree(depth))
    efg, coefficients = gambit_tree(model.argument), batch(model, 1)
    reach = reachable(coefficients)
    met, worst = gap(solve(coefficients, reach=reach), efg, gambit_solve(efg))
    assert worst <= EQUAL, worst
    note = (
        f"{2**depth} leaves, {met} information sets, lambda {LAMBDA:g}; the {2 * met} choice "
        f"probabilities differ by {worst:.0e} at most"
    )

    def ours() -> None:
        solve(coefficients, reach=reach)

    yield against("gambit", ours, "Gambit logit_solve_lambda", lambda: gambit_solve(efg), note)
