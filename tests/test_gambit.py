"""Choice probabilities beside those that Gambit finds for the same games as trees.

Gambit follows the logit equilibria of the agent form from lambda = 0. Without types every choice is
compared as it is. With types, a choice of ours depends on the public belief, which Gambit's trees
do not know: it is read at the belief that Bayes' rule gives for Gambit's own choices. That belief
lies between nodes of the grid, where our players choose as at one of the nodes around it, drawn
with the weights of linear interpolation: the probability to compare is the interpolated one.

Values between nodes are linear too, so all of this misses the exact game by the square of the
grid's step, times a curvature that grows with the square of the precision. A belief so close to a
node of all grids (certainty, say) that no other lies between misses it by the first power only, and
by little: orders are those of single games on average, over games that are off by more than that.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_games import PLAIN, TYPED, Data, game

from mistrust.errors import TooLargeError
from mistrust.export.efg import written
from mistrust.export.tree import Known, Node, Tree, grow
from mistrust.model import Model
from mistrust.scenario.beliefs import axis_name, rank
from mistrust.scenario.read import read_text
from mistrust.solved import Solved

pygambit = pytest.importorskip("pygambit")

MOST_NODES = {"chance": 75, "sealed, two typed": 80}
"""How large a tree may be, by kind; 50 nodes for the others. Gambit takes long over large ones."""
PRECISIONS = (0.5, 1.0, 2.0, 4.0)
Shares = dict[str, float]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """Gambit's choices in a game, and where each information set is met.

    Attributes
    ----------
    precision
        Gambit's lambda, which is not quite the one that was asked for.
    beliefs
        The public probability of every type of every actor who has types.
    """

    data: Data
    tree: Tree
    precision: float
    choices: dict[Known, Shares]
    boards: dict[Known, dict[str, Any]]
    beliefs: dict[Known, dict[str, tuple[float, ...]]]


def gambits(data: Data, precision: float, limit: int = 50) -> Answer:
    """Have Gambit solve a scenario."""
    tree = grow(read_text(json.dumps(data)), limit=limit)
    efg = pygambit.read_efg(io.StringIO(written(tree)))
    (point,) = pygambit.qre.logit_solve_lambda(efg, [precision])
    actions = (a for player in efg.players for s in player.infosets for a in s.actions)
    shares = {_key(action): point[i] for i, action in enumerate(actions)}
    choices: dict[Known, Shares] = {}
    boards, labels = {}, {}
    for ours, theirs in _in_step(tree.root, efg.root):
        if ours.known is not None:
            found = {a.label: shares[_key(a)] for a in theirs.infoset.actions}
            assert choices.setdefault(ours.known, found) == found
            label = (theirs.player.label, theirs.infoset.label)
            assert labels.setdefault(label, ours.known) == ours.known
            boards[ours.known] = ours.board
    assert len(labels) == len(choices)
    beliefs = _posteriors(tree, choices)
    return Answer(data, tree, point.lam, choices, boards, beliefs)


def _key(action: Any) -> tuple[str, str, str]:
    return action.infoset.player.label, action.infoset.label, action.label


def _in_step(ours: Node, theirs: Any) -> Iterator[tuple[Node, Any]]:
    """The nodes of both trees, which must be alike."""
    yield ours, theirs
    assert len(ours.branches) == len(theirs.children)
    if ours.branches:
        words = [branch.word for branch in ours.branches]
        assert words == [action.label for action in theirs.infoset.actions]
        assert theirs.player.is_chance == (ours.known is None)
    for branch, child in zip(ours.branches, theirs.children, strict=True):
        yield from _in_step(branch.node, child)


def _posteriors(
    tree: Tree, choices: dict[Known, Shares]
) -> dict[Known, dict[str, tuple[float, ...]]]:
    """By Bayes' rule: the masses of the ends that lie behind a public history, by type."""
    ends = list(_ends(tree.root, 1.0, choices))
    found: dict[Known, dict[str, tuple[float, ...]]] = {}
    for known in choices:
        behind = [(p, end) for p, end in ends if end.seen[: len(known.seen)] == known.seen]
        total = sum(p for p, _ in behind)
        found[known] = {
            actor: tuple(
                sum(p for p, end in behind if end.board[actor] == kind) / total
                for kind in tree.world.given.actors[actor].types
            )
            for actor in tree.world.typed
        }
    return found


def _ends(node: Node, mass: float, choices: dict[Known, Shares]) -> Iterator[tuple[float, Node]]:
    if not node.branches:
        yield mass, node
    for branch in node.branches:
        odds = branch.odds if node.known is None else choices[node.known][branch.word]
        assert odds is not None
        yield from _ends(branch.node, mass * odds, choices)


# -- ours ------------------------------------------------------------------------------------


def ours(answer: Answer, points: int = 11) -> Solved:
    """The same game solved by the engine, at Gambit's lambda and with so many points of belief."""
    actors = {
        name: actor
        | {"precision": repr(answer.precision)}
        | ({"beliefs": points} if "types" in actor else {})
        for name, actor in answer.data["actors"].items()
    }
    return Model(read_text(json.dumps(answer.data | {"actors": actors}))).solve()


def differences(answer: Answer, solved: Solved) -> list[float]:
    """How far every choice probability is from Gambit's."""
    found = []
    for known, theirs in answer.choices.items():
        mine = shares(solved, known, answer.boards[known], answer.beliefs[known])
        assert {name for name, share in mine.items() if share > 0} == set(theirs)
        found += [abs(mine[option] - share) for option, share in theirs.items()]
    return found


def shares(
    solved: Solved, known: Known, board: dict[str, Any], beliefs: dict[str, tuple[float, ...]]
) -> Shares:
    """How the engine has a decision fall, between the nodes of the grids by interpolation."""
    grids = {axis_name(actor): around(solved, actor, at) for actor, at in beliefs.items()}
    total: Shares = {}
    for corner in product(*grids.values()):
        weight = math.prod(p for p, _ in corner)
        here = board | dict(zip(grids, (node for _, node in corner), strict=True))
        for option, share in at_node(solved, known, here).items():
            total[option] = total.get(option, 0.0) + weight * share
    return total


def around(solved: Solved, actor: str, belief: tuple[float, ...]) -> list[tuple[float, int]]:
    """The nodes of the grid about a belief, with their weights in linear interpolation."""
    privacy, coefficients = solved.engine.program.privacy, solved._solution.coefficients
    place = privacy.owners.index(coefficients.program.actors.index(actor))
    n = privacy.grids[place].points - 1
    rising = np.cumsum(belief[:-1]) * n
    if len(belief) == 2:
        first = coefficients.beliefs[place].beliefs[:, 0, 0]
        rising = np.interp(belief[:1], first, np.arange(n + 1.0))
    point = np.round(rising[::-1], 9)  # the coordinates of the grid, which fall
    base = np.floor(point).astype(int)
    over = point - base
    order = sorted(range(len(point)), key=lambda i: (-over[i], i))
    steps = [1.0, *(over[i] for i in order), 0.0]
    found, corner = [], base.copy()
    for i, k in enumerate([None, *order]):
        if k is not None:
            corner[k] += 1
        weight = steps[i] - steps[i + 1]
        if weight > 0:
            found.append((float(weight), rank(tuple(int(x) for x in corner))))
    return found


def at_node(solved: Solved, known: Known, board: dict[str, Any]) -> Shares:
    """The policy at a board; its beliefs are given by the number of the node."""
    solution, scenario = solved._solution, solved.engine.argument.scenario
    layouts = solution.coefficients.layout.stages
    layout = next(s for s in layouts if known.decision in s.stage.decisions)
    stage = layout.stage
    index = [
        board[v] if v.startswith("belief(") else scenario.board[v].levels.index(board[v])
        for v in stage.source.variables
    ]
    cell = np.ravel_multi_index(index, stage.source.shape) if index else 0
    row = layout.policy.at(np.array([cell]))[0]
    kept = solution.coefficients.kept(solution.coefficients.program.stages.index(stage))
    policy = solution.policies[known.turn, stage.phase].reshape(-1, len(stage.choices), kept)
    place = stage.decisions.index(known.decision)
    own = stage.marginal(policy[row, :, profile_of(solved, known) % kept], place)
    assert own.sum() == pytest.approx(1)
    return dict(zip(stage.options[place], own.tolist(), strict=True))


def profile_of(solved: Solved, known: Known) -> int:
    """A column of the policy in which the mover has the type that it has."""
    privacy = solved.engine.program.privacy
    for grid, kinds in zip(privacy.grids, privacy.profiles.T, strict=True):
        if grid.actor == known.actor:
            return int(np.flatnonzero(kinds == grid.types.index(known.kind))[0])
    return 0


# -- games without types ---------------------------------------------------------------------


@cache
def answers(kind: str) -> list[Answer]:
    """Gambit's solutions of ten small games of a kind (of six with three types)."""
    count = 6 if kind == "three types" else 10
    found: list[Answer] = []
    for seed in range(10 * count):
        precision = PRECISIONS[len(found) % len(PRECISIONS)]
        try:
            answer = gambits(game(kind, seed, precision), precision, MOST_NODES.get(kind, 50))
        except TooLargeError:
            continue
        if len(answer.choices) > 2:
            found.append(answer)
        if len(found) == count:
            return found
    raise AssertionError(f"too few small games: {kind}")


@pytest.mark.parametrize("kind", PLAIN)
def test_choices_are_those_of_gambit(kind: str) -> None:
    for answer in answers(kind):
        assert max(differences(answer, ours(answer))) <= 1e-8


# -- games with types ------------------------------------------------------------------------

POINTS = (11, 21, 41)


@cache
def errors(kind: str) -> Floats:
    """The largest difference in each game of a kind on each grid: (games, grids)."""
    return np.array(
        [[max(differences(answer, ours(answer, n))) for n in POINTS] for answer in answers(kind)]
    )


@pytest.mark.parametrize("kind", TYPED)
def test_choices_of_types_are_nearly_those_of_gambit(kind: str) -> None:
    lambdas = np.array([answer.precision for answer in answers(kind)])
    finest = errors(kind)[:, -1]
    assert finest.max() <= 2e-4
    assert (finest <= 5e-5 * lambdas**2).all()


def test_finer_grids_of_belief_come_nearer_at_second_order() -> None:
    found = np.concatenate([errors(kind) for kind in TYPED])
    found = found[found[:, 0] > 1e-5]
    assert len(found) > 10
    assert (found[:, 2] < found[:, 0]).all()
    steps = np.log([1 / (n - 1) for n in POINTS])
    orders = np.polyfit(steps, np.log(found).T, 1)[0]
    assert 1.7 < orders.mean() < 2.3


# -- by hand ---------------------------------------------------------------------------------


def logit(gain: float) -> float:
    return 1 / (1 + math.exp(-gain))


def by_hand(turn: list[Any], actors: Data, board: Data, **parts: Any) -> Data:
    title = {"title": "by hand", "horizon": {"turns": 1}}
    return title | {"actors": actors, "board": board, "turn": turn} | parts


PENNIES = by_hand(
    [
        {
            "sealed": [
                {"decide": "ann", "options": {"heads": {"set": {"a": 1}}, "tails": {}}},
                {"decide": "bob", "options": {"heads": {"set": {"b": 1}}, "tails": {}}},
            ]
        }
    ],
    {"ann": {"precision": 2}, "bob": {"precision": 2}},
    {side: {"levels": "0..1", "start": 0, "within": "turn"} for side in ("a", "b")},
    payoffs={"ann": {"same": "(a == b) * (1 + a)"}, "bob": {"other": "a != b"}},
)


def test_matching_pennies_as_exported() -> None:
    """A match of heads is worth 2 to ann, one of tails 1; a miss is worth 1 to bob."""
    answer = gambits(PENNIES, 2)
    (p, q) = (choice["heads"] for choice in answer.choices.values())
    assert p == pytest.approx(logit(2 * (2 * q - (1 - q))), abs=1e-8)
    assert q == pytest.approx(logit(2 * ((1 - p) - p)), abs=1e-8)


SENDER = {"precision": 2, "types": {"strong": 0.6, "weak": 0.4}}
SIGNAL = by_hand(
    [
        {
            "decide": "ann",
            "options": {"loud": {"pays": {"ann": {"cost": "-0.5 * (ann == weak)"}}}, "quiet": {}},
        },
        {
            "decide": "bob",
            "options": {
                "fight": {
                    "pays": {"ann": {"harm": -1}, "bob": {"prize": "1 - 2 * (ann == strong)"}}
                },
                "yield": {},
            },
        },
    ],
    {"ann": SENDER, "bob": {"precision": 2}},
    {"x": {"levels": "0..1", "start": 0}},
)


def test_a_signal_as_exported() -> None:
    """Weak ann pays for being loud; bob would fight her alone."""
    answer = gambits(SIGNAL, 2)
    by_type = {k.kind: c for k, c in answer.choices.items() if k.actor == "ann"}
    by_signal = {
        next(word for word in k.seen if word in ("loud", "quiet")): c
        for k, c in answer.choices.items()
        if k.actor == "bob"
    }
    strong = {word: 0.6 * by_type["strong"][word] for word in ("loud", "quiet")}
    weak = {word: 0.4 * by_type["weak"][word] for word in ("loud", "quiet")}
    for word, choice in by_signal.items():
        known = (weak[word] - strong[word]) / (weak[word] + strong[word])
        assert choice["fight"] == pytest.approx(logit(2 * known), abs=1e-8)
    gain = by_signal["quiet"]["fight"] - by_signal["loud"]["fight"]
    assert by_type["strong"]["loud"] == pytest.approx(logit(2 * gain), abs=1e-8)
    assert by_type["weak"]["loud"] == pytest.approx(logit(2 * (gain - 0.5)), abs=1e-8)
