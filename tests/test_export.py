"""Game trees of small scenarios, by hand; Gambit itself is asked in test_gambit.py."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from examples import examples
from hypothesis import HealthCheck, assume, given
from scenarios import scenarios

from mistrust.errors import MistrustError, TooLargeError
from mistrust.export.efg import caution, written
from mistrust.export.tree import Node, Tree, grow
from mistrust.referee import Referee
from mistrust.scenario.read import read_text

Data = dict[str, Any]
PAY = {"pays": {"ann": {"own": 1}}}


def scenario(turn: list[Any], board: Data | None = None, **parts: Any) -> Data:
    return {
        "title": "by hand",
        "horizon": {"turns": 1},
        "actors": {"ann": {"precision": 2}, "bob": {"precision": 2}},
        "board": board or {"x": {"levels": "0..2", "start": 0}},
        "turn": turn,
        **parts,
    }


def tree(data: Data, **parts: Any) -> Tree:
    return grow(read_text(json.dumps(data), "file"), **parts)


def lines(data: Data, **parts: Any) -> list[str]:
    """The nodes of the tree as text."""
    return written(tree(data, **parts)).rstrip("\n").split("\n")[3:]


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for branch in node.branches:
        yield from nodes(branch.node)


SIGNAL = scenario(
    [
        {
            "decide": "ann",
            "options": {
                "loud": {"pays": {"ann": {"cost": "-0.5 * (ann == weak)"}}},
                "quiet": {},
            },
        },
        {
            "decide": "bob",
            "options": {"fight": {"pays": {"bob": {"x": "ann == weak"}}}, "yield": {}},
        },
    ],
    actors={
        "ann": {"precision": 2, "types": {"strong": 0.6, "weak": 0.4}},
        "bob": {"precision": 2},
    },
)


def test_a_signalling_game_as_text() -> None:
    assert written(tree(SIGNAL)) == (
        'EFG 2 R "by hand" { "ann" "bob" }\n'
        '"Written by mistrust. Precision: ann 2, bob 2. Patience: ann 1, bob 1. A logit '
        'equilibrium at lambda = precision is the same play."\n'
        "\n"
        'c "" 1 "" { "ann=strong" 0.6 "ann=weak" 0.4 } 0\n'
        'p "" 1 1 "ann in turn 1 if strong #1" { "loud" "quiet" } 0\n'
        'p "" 2 1 "bob in turn 1 #1" { "fight" "yield" } 0\n'
        't "" 1 "" { 0, 0 }\n'
        't "" 2 "" { 0, 0 }\n'
        'p "" 2 2 "bob in turn 1 #2" { "fight" "yield" } 0\n'
        't "" 3 "" { 0, 0 }\n'
        't "" 4 "" { 0, 0 }\n'
        'p "" 1 2 "ann in turn 1 if weak #2" { "loud" "quiet" } 0\n'
        'p "" 2 1 "bob in turn 1 #1" { "fight" "yield" } 0\n'
        't "" 5 "" { -0.5, 1 }\n'
        't "" 6 "" { -0.5, 0 }\n'
        'p "" 2 2 "bob in turn 1 #2" { "fight" "yield" } 0\n'
        't "" 7 "" { 0, 1 }\n'
        't "" 8 "" { 0, 0 }\n'
    )


def test_an_option_of_one_type_alone_gives_no_other_type_away() -> None:
    """Weak ann has one option; bob, who sees it taken, cannot tell her from strong ann."""
    data = json.loads(json.dumps(SIGNAL))
    data["turn"][0]["options"]["loud"]["when"] = "ann == strong"
    assert [line[:40] for line in lines(data) if line.startswith("p")] == [
        'p "" 1 1 "ann in turn 1 if strong #1" { ',
        'p "" 2 1 "bob in turn 1 #1" { "fight" "y',
        'p "" 2 2 "bob in turn 1 #2" { "fight" "y',
        'p "" 2 2 "bob in turn 1 #2" { "fight" "y',
    ]


def test_sealed_movers_do_not_see_one_another_and_all_see_them_after() -> None:
    data = scenario(
        [
            {
                "sealed": [
                    {"decide": "ann", "options": {"h": {"set": {"a": 1}}, "t": PAY}},
                    {"decide": "bob", "options": {"h": {"set": {"b": 1}}, "t": {}}},
                ]
            },
            {"decide": "ann", "name": "after", "options": {"go": PAY, "stay": {}}},
        ],
        {side: {"levels": "0..1", "start": 0} for side in ("a", "b")},
        payoffs={"ann": {"match": "a == b"}},
    )
    found = lines(data)
    assert [line.split('"')[3] for line in found if line.startswith('p "" 2')] == [
        "bob in turn 1 #1"
    ] * 2
    assert sorted({line.split('"')[3] for line in found if "after" in line}) == [
        f"after in turn 1 #{i}" for i in (2, 3, 4, 5)
    ]
    ends = [line.split("{")[1].strip(" }") for line in found if line.startswith("t")]
    assert ends == ["2, 0", "1, 0", "1, 0", "0, 0", "2, 0", "1, 0", "3, 0", "2, 0"]


def test_chance_has_a_branch_for_every_board_that_is_possible() -> None:
    """Up, down or neither from the lowest level: two boards, and one where the odds are nought."""
    nature = {"chance": "n", "raise": {"x": "0.3 * (x == 0)"}, "lower": {"x": "0.2 * (x < 2)"}}
    data = scenario([nature], {"x": {"levels": "0..2", "start": {0: 0.5, 2: 0.5, 1: 0}}})
    found = tree(data)
    assert [(b.word, b.odds) for b in found.root.branches] == [("x=0", 0.5), ("x=2", 0.5)]
    low, high = (branch.node for branch in found.root.branches)
    assert [(b.word, b.odds) for b in low.branches] == [("x=1", 0.3), ("as before", 0.7)]
    assert high.branches == [] and found.nodes == len(list(nodes(found.root))) == 5


def test_odds_add_up_to_one_as_decimals() -> None:
    rows = {"0": "1 / 3", "1": "1 / 3", "2": "1 / 3"}
    (chance, *_) = lines(scenario([{"chance": "n", "draw": {"x": rows}}]))
    assert chance == (
        'c "" 1 "" { "as before" 0.3333333333333334 "x=1" 0.3333333333333333 "x=2" '
        "0.3333333333333333 } 0"
    )


LASTING: Data = scenario(
    [
        {"decide": "ann", "options": {"rise": {"raise": {"x": 1}, **PAY}, "stay": {}}},
        {"chance": "count", "raise": {"seen": "1"}},
    ],
    {
        "x": {"levels": "0..2", "start": 0},
        "seen": {"levels": "0..3", "start": 0, "recorded": True},
    },
    horizon={"turns": 2},
    actors={"ann": {"precision": 2, "patience": 0.5}, "bob": {"precision": 1, "patience": 0.5}},
    payoffs={"bob": {"flow": "x"}},
    levers={"still": {"says": "no rising", "choose": {"ann": "stay"}, "when": "x == 1"}},
)


@pytest.mark.parametrize(
    ("beyond", "levers", "ends"),
    [
        ("nothing", [], ["1.5, 2", "1, 1.5", "0.5, 0.5", "0, 0"]),
        ("perpetuity", [], ["1.5, 3", "1, 2", "0.5, 1", "0, 0"]),
        ({"ann": {"end": "4 * x"}}, [], ["3.5, 2", "2, 1.5", "1.5, 0.5", "0, 0"]),
        ("nothing", ["still"], ["1, 1.5", "0.5, 0.5", "0, 0"]),
    ],
)
def test_payoffs_are_discounted_sums(beyond: Any, levers: list[str], ends: list[str]) -> None:
    """Ann rises or not in each of two turns; recorded variables leave no trace."""
    found = lines(LASTING | {"beyond": beyond}, levers=levers)
    assert [line.split("{")[1].strip(" }") for line in found if line.startswith("t")] == ends


def test_what_gambit_cannot_repeat_is_said() -> None:
    assert caution(tree(SIGNAL)) == ""
    assert caution(tree(LASTING)) == (
        "Its logit equilibria are not those of mistrust: the precisions differ, and Gambit has one "
        "lambda for all; patience is below 1, so that lambda weighs later turns less than a "
        "precision does."
    )


def test_names_are_plain_letters() -> None:
    found = written(tree(scenario([{"chance": "n", "raise": {"x": 0.5}}], title='Who "rules"  é?')))
    assert found.startswith('EFG 2 R "Who \'rules\' &#233;?" { "ann" "bob" }\n')


def test_a_large_tree_is_refused_before_it_is_grown() -> None:
    data = LASTING | {"horizon": {"turns": 2000, "start": "2025-01", "every": "month"}}
    with pytest.raises(TooLargeError, match="more than 20,000 nodes before the end of 2026-02"):
        tree(data)
    assert tree(LASTING, limit=7).nodes == 7
    with pytest.raises(TooLargeError, match="more than 6 nodes before the end of turn 2 of 2;"):
        tree(LASTING, limit=6)


def test_beliefs_are_refused_where_the_game_reads_them_and_not_in_claims() -> None:
    claims = {"sure": {"says": "ann is known", "holds": "E(belief(ann == strong)) >= 0.9"}}
    assert tree(SIGNAL | {"claims": claims}).nodes == 15
    fear = {"fear": "belief(ann == strong)"}
    for parts in ({"payoffs": {"bob": fear}}, {"define": fear, "beyond": {"bob": {"x": "fear"}}}):
        with pytest.raises(MistrustError, match=r"this depends on belief\(ann\); a game tree"):
            tree(SIGNAL | parts)


# -- solved by backward induction ------------------------------------------------------------


@examples(12, 40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(scenarios())
def test_a_tree_is_worth_what_the_referee_finds(data: Data) -> None:
    """Random scenarios in all the language but types, with each lever and without."""
    argument = read_text(json.dumps(data).replace("Infinity", '"inf"'), "file")
    for levers in ([], *([name] for name in data["levers"])):
        try:
            found = worth(grow(argument, levers, limit=1000), None)
        except TooLargeError:
            assume(False)
        referee = Referee(argument.scenario, levers=levers)
        for actor in data["actors"]:
            assert found[actor] == pytest.approx(referee.start_value(actor), rel=1e-9, abs=1e-9)


def worth(tree: Tree, node: Node | None) -> dict[str, float]:
    """All actors' values at a node, discounted to the outset (None: the root)."""
    at = tree.root if node is None else node
    if not at.branches:
        return at.payoffs
    values = [worth(tree, branch.node) for branch in at.branches]
    odds = [branch.odds or 0.0 for branch in at.branches]
    if at.known is not None:
        actor = at.known.actor
        ahead = tree.world.patience[actor] ** at.known.turn
        odds = logit([x[actor] / ahead for x in values], tree.world.precision[actor])
    return {
        actor: sum(p * x[actor] for p, x in zip(odds, values, strict=True)) for actor in values[0]
    }


def logit(worths: list[float], precision: float) -> list[float]:
    best = max(worths)
    if math.isinf(precision):
        weights = [float(x >= best - 1e-12 * max(1, abs(best))) for x in worths]
    else:
        weights = [math.exp(precision * (x - best)) for x in worths]
    return [w / sum(weights) for w in weights]
