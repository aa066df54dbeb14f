"""Actors with types in sealed phases: the engine by scipy, and what is read off its solution."""

from __future__ import annotations

import json
from math import log
from typing import Any

import numpy as np
import pytest
from test_referee_private import BELIEFS, KINDS, MEETING, after, met, overall
from typed_games import typed_game

import mistrust
from mistrust.compile.lower import Case, lower
from mistrust.compile.size import measure
from mistrust.model import Model
from mistrust.scenario.read import read_data, read_text
from mistrust.scenario.text import Source
from mistrust.solve.game import solve_game
from mistrust.solve.reach import everywhere
from mistrust.solve.refusal import refusals

ACT = {"cyd": {"x": "(ann == good) - (bob == cruel)"}, "ann": {"x": 1}, "bob": {"x": -0.6}}
THIRD = {"decide": "cyd", "options": {"act": {"pays": ACT}, "rest": {}}}
RICHER = MEETING | {"title": "Three", "horizon": {"turns": 2}, "turn": [*MEETING["turn"], THIRD]}


def model(**parts: Any) -> Model:
    data = {"title": "Two meet", "horizon": {"turns": 1}} | MEETING | parts
    return Model(read_text(json.dumps(data)))


def test_types_that_meet_choose_as_scipy_says() -> None:
    solved, x = model().solve(), met(lambda _: (0, 0))
    for i, (who, kinds) in enumerate(KINDS.items()):
        for k, kind in enumerate(kinds):
            given = f"freq({who} == give | {who} == {kind})"
            assert solved.read(given) == pytest.approx(x[2 * i + k], abs=1e-10)
        seen, share = after(x)[i], x[2 * i]
        believed = solved.read(f"E(belief({who} == {kinds[0]}) | {who} == {kinds[0]})")
        assert believed == pytest.approx(share * seen[True] + (1 - share) * seen[False], abs=1e-10)
        assert solved.read(f"freq({who} == give)") == pytest.approx(overall(x)[i], abs=1e-10)
    certificate = solved.certificate
    assert certificate.residual.max() <= 1e-10 and certificate.duality.max() <= 1e-12
    assert certificate.beliefs.max() <= 1e-14


def test_why_an_option_is_worth_what_it_is_to_each_type() -> None:
    """At the outset nothing is known: every choice is logit in the values that are shown."""
    solved = model(**RICHER).solve()
    for who, kinds in KINDS.items():
        found = solved.why(who, "1")
        assert [(one.decision, one.type) for one in found] == [(who, kind) for kind in kinds]
        for one in found:
            give, take = one.options
            precision = MEETING["actors"][who]["precision"]
            gap = log(give.probability / take.probability)
            assert precision * (give.value - take.value) == pytest.approx(gap, abs=1e-9)
            assert one.probability == pytest.approx(1)
            assert set(give.terms) == {"hand", "risk", "x"}
            assert sum(give.terms.values()) == pytest.approx(give.value)


def test_who_is_known_for_certain_shows_nothing() -> None:
    """Even where an option is out of the question for the type that it is."""
    types = {"good": 1, "bad": "1 - 1"}
    ann = MEETING["actors"]["ann"] | {"types": types, "precision": 2000}
    solved = model(actors=MEETING["actors"] | {"ann": ann}).solve()
    assert solved.read("P(belief(ann == good) == 1)") == pytest.approx(1)
    assert solved.certificate.good.all()
    layout = solved.engine.layout()
    solution = solve_game(
        lower(layout, solved._solution.coefficients.cases), reach=everywhere(layout.program)
    )
    assert not refusals(solution)


DOUBTS = [{"doubt": x} for x in (0.2, 0.5, 0.77)]


def test_worlds_side_by_side_are_those_that_are_solved_alone() -> None:
    """To the last bit, though their grids differ."""
    ann = {"precision": "3 + doubt", "types": {"good": "doubt", "bad": "1 - doubt"}, "beliefs": 4}
    premises = {"doubt": {"says": "how good ann may be", "guess": 0.5, "range": [0, 1]}}
    parts = RICHER | {"actors": MEETING["actors"] | {"ann": ann}, "premises": premises}
    engine = model(**parts).engine
    together = solve_game(lower(engine.layout(), [Case(premises) for premises in DOUBTS]))
    wide = together.start_value.reshape(3, 4, 3)
    for i, premises in enumerate(DOUBTS):
        alone = solve_game(lower(engine.layout(), [Case(premises)]))
        assert alone.start_value.reshape(3, 4, 1)[..., 0].tolist() == wide[..., i].tolist()
        for key, policy in alone.policies.items():
            other = together.policies[key].reshape(-1, 3)[:, i]
            assert np.array_equal(policy, other)


def test_threads_share_the_cells_and_change_nothing() -> None:
    fine = {who: MEETING["actors"][who] | {"beliefs": 65} for who in KINDS}
    engine = model(actors=MEETING["actors"] | fine).engine
    coefficients = lower(engine.layout(), [Case({})])
    one, two = (solve_game(coefficients, threads=threads) for threads in (1, 2))
    assert all(np.array_equal(one.policies[key], two.policies[key]) for key in one.policies)
    assert np.array_equal(one.evidence.gains, two.evidence.gains)
    assert one.evidence.worst == two.evidence.worst


def test_what_the_solver_keeps_counts_as_memory() -> None:
    sizes = []
    for points in (10, 20):
        fine = {who: MEETING["actors"][who] | {"beliefs": points} for who in KINDS}
        sizes.append(measure(model(actors=MEETING["actors"] | fine).engine.program))
    kept = 8 * 4 * (20**2 - 10**2) * (1 + 2 * 4)  # combinations, nodes, movers and pairs of types
    assert sizes[1].bytes_per_world - sizes[0].bytes_per_world > kept


LOST = {
    7: ("ann3, bob3", "'ann' and 'bob'", "'ann'"),
    56: ("ann, cyd, bob", "", "'ann' and 'bob'"),
}


@pytest.mark.parametrize("seed", LOST)
def test_a_meeting_that_is_lost_is_named_with_all_who_meet(seed: int) -> None:
    data = typed_game(seed, together=True)
    for actor in data["actors"].values():
        actor["precision"] = 1e5
    phase, movers, typed = LOST[seed]
    with pytest.raises(mistrust.MistrustError) as caught:
        Model(read_data(data, Source("random.yaml", ""))).solve()
    said = str(caught.value)
    assert f"no equilibrium was found: at '{phase}' in turn 1, on the board where x == " in said
    assert "belief(ann == strong) == " in said
    assert f"the strategies and beliefs of {movers}" in said
    assert said.endswith(f"or give {typed} more 'beliefs'")


def test_beliefs_keep_their_mean_whoever_meets() -> None:
    solved = model(**RICHER).solve()
    for (who, kinds), prior in zip(KINDS.items(), BELIEFS.values(), strict=True):
        assert solved.read(f"E(belief({who} == {kinds[0]}) at 2)") == pytest.approx(prior)
    both = solved.read("E(belief(ann == good) * belief(bob == kind) at 2)")
    assert both == pytest.approx(0.6 * 0.3)


def test_a_certificate_that_fails_says_what_does() -> None:
    """What is checked by computing it again does not bear such a precision."""
    data = typed_game(9, together=True)
    for actor in data["actors"].values():
        actor["precision"] = 5e3
    said = r"random.yaml: the certificate fails: residual .* \(at most 1e-10 is accepted\); rely on"
    with pytest.raises(mistrust.errors.CertificateError, match=said):
        Model(read_data(data, Source("random.yaml", ""))).solve()
