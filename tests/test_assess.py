"""Verdicts, claims and the audit: from numbers in worlds to answers."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest
from conftest import Game
from numpy.testing import assert_array_equal

import mistrust
from mistrust.assess.answer import ClaimAnswer, MechanismAnswer, answer_claims, audit
from mistrust.assess.claims import Worlds, amount, comparisons, margin
from mistrust.assess.verdict import verdict, wilson, word
from mistrust.ensemble.plan import questions
from mistrust.ensemble.run import Results
from mistrust.scenario.expressions import parse
from mistrust.scenario.readings import Reading, resolve_claim
from mistrust.scenario.tree import Node


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "almost no chance"),
        (0.01, "almost no chance"),
        (0.049, "almost no chance"),
        (0.05, "very unlikely"),
        (0.199, "very unlikely"),
        (0.20, "unlikely"),
        (0.449, "unlikely"),
        (0.45, "roughly even chance"),
        (0.5, "roughly even chance"),
        (0.55, "roughly even chance"),
        (0.551, "likely"),
        (0.80, "likely"),
        (0.801, "very likely"),
        (0.95, "very likely"),
        (0.951, "almost certain"),
        (0.99, "almost certain"),
        (1, "almost certain"),
    ],
)
def test_words_of_icd_203(share: float, expected: str) -> None:
    assert word(share) == expected


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3, at 95%
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_as_published(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials, 0.95) == pytest.approx((low, high), abs=5e-5)
    mirrored = wilson(trials - successes, trials, 0.95)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_wilson_interval_at_its_default() -> None:
    assert wilson(0, 0) == (0, 1)
    low, high = wilson(8, 10)
    z = 1.6448536269514722  # both ends solve |p - 0.8| = z sqrt(p (1 - p) / 10)
    for end in (low, high):
        assert abs(end - 0.8) == pytest.approx(z * (end * (1 - end) / 10) ** 0.5)
    assert low < 0.8 < high


def test_a_verdict_counts_worlds_without_value_apart() -> None:
    found = verdict([1.0, 0.0, nan, 1.0, 1.0])
    assert (found.share, found.count, found.undefined, found.word) == (0.75, 4, 1, "likely")
    assert (found.low, found.high) == wilson(3, 4)
    for nothing in ([], [nan, nan]):
        found = verdict(nothing)
        assert (found.share, found.low, found.high, found.word) == (None, None, None, "no verdict")
        assert (found.count, found.undefined) == (0, len(nothing))


# -- claims ----------------------------------------------------------------------------------

READ = """
    horizon: {turns: 2}
    actors: {ann: {}}
    premises: {a: {says: one, guess: 1}, b: {says: two, guess: 1}}
    board: {x: {levels: 0..1, start: 0}}
    turn: [{chance: nature, raise: {x: 0.5}}]
"""
A = np.array([0.2, 0.5, 0.8, nan])
B = np.array([1.0, 0.0, 0.5, 0.5])
P = np.array([0.9, 0.5, 0.1, 0.5])


@pytest.mark.parametrize(
    ("text", "truths", "margins"),
    [
        ("a >= 0.5", [0, 1, 1, nan], [-0.3, 0, 0.3, nan]),
        ("a > 0.5", [0, 0, 1, nan], [-0.3, 0, 0.3, nan]),
        ("a <= 0.5", [1, 1, 0, nan], [0.3, 0, -0.3, nan]),
        ("0.5 > a", [1, 0, 0, nan], [0.3, 0, -0.3, nan]),
        ("a == 0.5", [0, 1, 0, nan], [-0.3, 0, -0.3, nan]),
        ("a != 0.5", [1, 0, 1, nan], [0.3, 0, 0.3, nan]),
        ("not a >= 0.5", [1, 0, 0, nan], [0.3, 0, -0.3, nan]),
        ("b > 0.4 and b < 0.9", [0, 0, 1, 1], [-0.1, -0.4, 0.1, 0.1]),
        ("b < 0.4 or b > 0.9", [1, 1, 0, 0], [0.1, 0.4, -0.1, -0.1]),
        ("0.4 < b <= 0.9", [0, 0, 1, 1], [-0.1, -0.4, 0.1, 0.1]),
        ("b >= 0 or a >= 0", [1, 1, 1, nan], [1, 0.5, 0.8, nan]),
        ("b < 0 and a >= 0", [0, 0, 0, nan], [-1, 0, -0.5, nan]),
        ("P(x == 1) >= b - 0.2", [1, 1, 0, 1], [0.1, 0.7, -0.2, 0.2]),
        ("P(x == 1) > 2 * a", [1, 0, 0, nan], [0.5, -0.5, -1.5, nan]),
        ("if(b > 0.4, P(x == 1), a) > 0.4", [1, 1, 0, nan], [0.5, 0.1, -0.3, nan]),
        ("max(a, b, 0.7) <= 0.8", [0, 1, 1, nan], [-0.2, 0.1, 0, nan]),
        ("P(x == 1) == 5e-11 + P(x == 1)", [1, 1, 1, 1], [0, 0, 0, 0]),
        ("P(x == 1) < P(x == 1) + 5e-11", [0, 0, 0, 0], [0, 0, 0, 0]),
        ("P(x == 1) - P(x == 1) - 1e-16 >= 0", [1, 1, 1, 1], [0, 0, 0, 0]),
        ("1e6 + b >= 1e6 + b + 5e-5", [1, 1, 1, 1], [0, 0, 0, 0]),
        ("b + 1e-9 > b", [1, 1, 1, 1], [1e-9, 1e-9, 1e-9, 1e-9]),
    ],
)
def test_truths_and_margins(
    game: Game, text: str, truths: list[float], margins: list[float]
) -> None:
    node = resolve_claim(parse(text, claim=True), game(READ).argument.scope)
    worlds = Worlds(lambda _: P, {"a": A, "b": B})
    assert_array_equal(amount(node, worlds), truths)
    np.testing.assert_allclose(margin(node, worlds), margins, atol=1e-12)


def test_margins_are_above_zero_only_where_a_claim_holds(game: Game) -> None:
    rng = np.random.default_rng(1)
    worlds = Worlds(lambda _: rng.random(50), {"a": rng.random(50), "b": rng.random(50)})
    scope = game(READ).argument.scope
    for text in ("a < b and a > 0.2", "not (a < b or b < 0.5)", "a < 0.5 or 0.3 < b < 0.6"):
        node = resolve_claim(parse(text, claim=True), scope)
        assert_array_equal(margin(node, worlds) > 0, amount(node, worlds) == 1)


def test_the_comparisons_of_a_claim(game: Game) -> None:
    text = "a > 1 and (b < 2 or not P(x == 1) >= 0.5)"
    found = comparisons(resolve_claim(parse(text, claim=True), game(READ).argument.scope))
    assert [c.op for c in found] == [">", "<", ">="]
    assert isinstance(found[2].left, Reading)


# -- the audit -------------------------------------------------------------------------------

AUDITED = """
    horizon: {turns: 2}
    actors: {ann: {}}
    premises: {p: {says: odds, guess: 0.5, range: [0.2, 0.6]}}
    board:
      x: {levels: 0..1, start: 0}
      seen: {levels: 0..2, start: 0, recorded: yes}
    mechanisms:
      push: {says: it grows, moves: P(x == 1), by: up}
      wrong: {says: said to lower it, moves: P(x == 1), by: down}
      idle: {says: does nothing, moves: P(x == 1), by: up}
      never: {says: moves what cannot be read, moves: P(x == 1 | x > 5), by: up}
    turn:
      - {chance: nature, raise: {x: p * push + 0.1 * wrong}}
      - {chance: tally, when: x == 1, raise: {seen: 1}}
    levers: {set: {says: certain, premises: {p: 0.9}}}
    claims:
      plain: {says: one moment, holds: P(x == 1) >= 0.5}
      history: {says: over a window, holds: P(ever x == 1) >= 0.5}
      lever: {says: another variant, holds: 'under(set, P(x == 1)) >= 0.5'}
      record: {says: a recorded variable, holds: P(seen == 2) >= 0.2}
      nowhere: {says: no value, holds: P(x == 1 | x > 5) >= 0.2}
"""


Answers = tuple[mistrust.Model, Results, dict[str, ClaimAnswer], dict[str, MechanismAnswer]]


@pytest.fixture
def answers(game: Game) -> Answers:
    model = game(AUDITED)
    asked = questions(model.argument)
    results = model.ensemble(asked, 8, 1)
    claims = {answer.id: answer for answer in answer_claims(results, asked)}
    return model, results, claims, {answer.id: answer for answer in audit(results, asked)}


def test_audit_says_which_mechanisms_move_their_outcome_as_expected(answers: Answers) -> None:
    _, results, _, found = answers
    p = results.premises["p"]
    on = 1 - (0.9 - p) ** 2
    np.testing.assert_allclose(found["push"].on, on, rtol=1e-12)
    np.testing.assert_allclose(found["push"].off, 1 - 0.9**2, rtol=1e-12)
    np.testing.assert_allclose(found["wrong"].effect, on - (1 - (1 - p) ** 2), rtol=1e-9)
    np.testing.assert_allclose(found["idle"].effect, 0, atol=1e-12)
    assert {name: (a.up, a.verdict.share) for name, a in found.items()} == {
        "push": (True, 1.0),
        "wrong": (False, 0.0),
        "idle": (True, 0.0),
        "never": (True, None),
    }
    assert found["never"].verdict.undefined == 8 and np.isnan(found["never"].effect).all()


def test_claims_that_the_audit_answers_too(answers: Answers) -> None:
    """Single moments of the game as written."""
    model, results, claims, _ = answers
    carried = {name: [m for m, *_ in claim.carried_by] for name, claim in claims.items()}
    every = ["push", "wrong", "idle", "never"]
    assert carried == {
        "plain": every,
        "history": [],
        "lever": [],
        "record": every,
        "nowhere": every,
    }
    for name, margins, _ in claims["plain"].carried_by:
        alone = model.solve(without=[name]).read("P(x == 1)")
        assert margins[0] == pytest.approx(alone - 0.5)
    (_, without_push, fate), *_ = claims["plain"].carried_by
    assert (without_push < 0).all() and (fate.share, fate.count) == (0.0, 8)
    assert len(without_push) == 1 + 8 == len(results.premises["p"])


def test_answers_to_claims(answers: Answers) -> None:
    _, results, claims, _ = answers
    p = results.premises["p"]
    expected = 1 - (0.9 - p) ** 2
    plain, nowhere = claims["plain"], claims["nowhere"]
    assert_array_equal(plain.truth, (expected >= 0.5).astype(float))
    np.testing.assert_allclose(plain.margin, expected - 0.5, rtol=1e-9)
    assert plain.verdict.share == np.mean(expected[1:] >= 0.5)
    assert [np.allclose(f.values, expected) for f in plain.figures] == [True]
    assert claims["lever"].truth.tolist() == [1.0] * 9
    assert np.isnan(nowhere.truth).all() and nowhere.verdict.word == "no verdict"
    assert nowhere.verdict.undefined == 8
    nodes: list[Node] = [f.node for c in claims.values() for f in c.figures]
    assert len(nodes) == len(claims)
