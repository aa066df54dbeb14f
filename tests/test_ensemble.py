"""Many worlds: the same for any number of workers, none dropped silently, worlds as asked."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Game
from numpy.testing import assert_array_equal
from rich.console import Console
from scipy import stats

import mistrust
from mistrust.ensemble.batch import pack
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.plan import AS_WRITTEN, LANES, families, jobs, questions, survey
from mistrust.ensemble.run import Results
from mistrust.ensemble.store import Store
from mistrust.ensemble.worlds import draw, guesses, quantile
from mistrust.report.terminal import show
from mistrust.scenario.expressions import parse
from mistrust.scenario.read import read_file
from mistrust.scenario.readings import Variant, resolve_claim
from mistrust.scenario.schema import Premise, Scenario
from mistrust.solve.backward import Ending

STARTER = Path(mistrust.FLAGSHIP).with_name("starter.yaml")
forking = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
"""From Python 3.12 on; worker processes here start no threads of their own."""


ONE_STEP = """
    horizon: {turns: 2}
    actors: {ann: {}}
    board: {x: {levels: 0..1, start: 0}}
    premises: {p: {says: odds, guess: GUESS, range: [0, 1]}}
    mechanisms: {push: {says: it grows, moves: P(x == 1), by: up}}
    turn:
      - {chance: nature, raise: {x: 1.25 * p * push}}
    payoffs: {ann: {flow: x}}
    claims:
      grows: {says: it grows, holds: P(x == 1) >= 0.5}
"""


@pytest.fixture(scope="module")
def starter() -> mistrust.Model:
    return mistrust.load(STARTER)


def solved(model: mistrust.Model, worlds: int, **how: Any) -> Results:
    return model.ensemble(questions(model.argument), worlds, 1, **how)


def arrays(results: Results) -> dict[object, Any]:
    """All numbers of an ensemble, by name."""
    parts = ("premises", "readings", "values", "terms", "laws", "decisions")
    found = {(part, k): v for part in parts for k, v in getattr(results, part).items()}
    return found | {"gains": results.gains, "certificate": [*results.certificate.values()]}


@forking
def test_one_worker_or_two_the_same_to_the_bit(starter: mistrust.Model) -> None:
    one, two = (arrays(solved(starter, 40, workers=workers, audited=20)) for workers in (1, 2))
    assert one.keys() == two.keys()
    for name, expected in one.items():
        assert np.array_equal(two[name], expected, equal_nan=True), name


def test_more_worlds_leave_the_first_ones_as_they_were(starter: mistrust.Model) -> None:
    few, many = (arrays(solved(starter, worlds)) for worlds in (LANES, 2 * LANES))
    for name, expected in few.items():
        if name not in ("gains", "certificate"):  # the worst over all worlds
            assert np.array_equal(many[name][..., : LANES + 1], expected, equal_nan=True), name


def test_a_run_cut_short_is_taken_up_again_to_the_bit(
    starter: mistrust.Model, tmp_path: Path
) -> None:
    with Store(tmp_path / "results.duckdb") as store:
        part = solved(starter, LANES, store=store)
        rest = solved(starter, 40, store=store)
    assert (part.reused, rest.reused) == (0, part.cases)
    whole = arrays(solved(starter, 40))
    for name, found in arrays(rest).items():
        assert np.array_equal(found, whole[name], equal_nan=True), name


def test_a_world_of_an_ensemble_is_that_world_solved_alone(starter: mistrust.Model) -> None:
    results = solved(starter, 5)
    premises = {name: float(values[3]) for name, values in results.premises.items()}
    for variant in (Variant(), Variant(("vigilance",)), Variant(off=frozenset({"timeout"}))):
        alone = starter.solve(premises=premises, levers=variant.levers, without=tuple(variant.off))
        assert results.values[variant][:, 3] == pytest.approx(alone.value.values, rel=1e-12)
    war = resolve_claim(parse("P(ever front == war)", claim=True), starter.argument.scope)
    found = results.readings[Variant(), war][0]
    assert found == pytest.approx(starter.solve().read("P(ever front == war)"), rel=1e-12)


ALIKE = """
    horizon: {turns: 16}
    actors: {ann: {precision: 2}, bob: {precision: 3}}
    board: {x: {levels: 0..3, start: 1}}
    premises: {p: {says: odds, guess: 0.4, range: [0.1, 0.9]}}
    turn:
      - {decide: ann, options: {up: {raise: {x: p}}, stay: {pays: {ann: {ease: 0.3}}}}}
      - {decide: bob, options: {down: {lower: {x: p}}, stay: {}}}
    payoffs: {ann: {flow: x}, bob: {flow: -x * x / 4}}
    levers:
      early: {says: once up, choose: {ann: up}, when: at 1}
      odds: {says: more, premises: {p: 0.8}}
      later: {says: twice up, choose: {ann: up}, when: until 3}
    claims:
      grows: {says: it grows, holds: "under(early, V(ann)) > V(ann at 1)"}
"""


def test_games_that_end_alike_share_their_ends_to_the_bit(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = game(ALIKE)
    guess = guesses(model.argument.scenario)
    worlds = draw(model.argument.scenario, 16, 1)
    plan = jobs(questions(model.argument), guess, worlds, 16)
    engine = Engine(model.argument)
    engine.survey(survey(questions(model.argument), guess))
    found = families(list(enumerate(plan)), engine.kinds, questions(model.argument))
    together = max(found, key=len)
    assert [job.cases[0].variant.levers for _, job in together] == [(), ("early",), ("later",)]
    taken = []
    monkeypatch.setattr(
        "mistrust.ensemble.engine.Ending", lambda *a: taken.append(a[0]) or Ending(*a)
    )
    shared = [pack(batch) for batch in engine.run(together)]
    assert taken == [1, 2]
    alone = [pack(batch) for numbered in together for batch in engine.run([numbered])]
    assert shared == alone
    assert len(set(shared)) == 3


def test_mechanisms_are_audited_in_the_first_worlds_only(game: Game) -> None:
    model = game(ONE_STEP.replace("GUESS", "0.4").replace("[0, 1]", "[0, 0.8]"))
    told: list[tuple[int, int]] = []
    results = solved(model, 20, audited=4, progress=lambda *now: told.append(now))
    assert results.cases == 2 + 20 + 4  # best guesses, worlds, worlds without the mechanism
    assert told == sorted(told) and {total for _, total in told} == {results.cases}
    assert told[-1] == (results.cases, results.cases)
    off = results.values[Variant(off=frozenset({"push"}))]
    assert np.isfinite(off[:, :5]).all() and np.isnan(off[:, 5:]).all()
    record = model.run(worlds=20, seed=1, audited=4)
    assert record["worlds"]["audited"] == 4
    (push,) = record["mechanisms"]
    assert (push["count"], push["undefined"]) == (4, 0)


@forking
@pytest.mark.parametrize("workers", [1, 2])
def test_claims_are_answered_before_the_audit(game: Game, workers: int) -> None:
    model = game(ONE_STEP.replace("GUESS", "0.4").replace("[0, 1]", "[0, 0.8]"))
    early: list[tuple[int, dict[str, Any]]] = []
    done = [0]

    def progress(now: int, _: int) -> None:
        done[0] = now

    def tell(record: dict[str, Any]) -> None:
        early.append((done[0], record))

    first: list[tuple[int, dict[str, bool | None]]] = []
    record = model.run(
        40,
        1,
        workers=workers,
        progress=progress,
        first=lambda truths: first.append((done[0], truths)),
        answered=tell,
    )
    assert first == [(1, {c["id"]: c["best_guess"] for c in record["claims"]})]
    ((count, told),) = early
    assert count == 1 + 40 and done == [2 * 41]  # the audit of the one mechanism is still to come
    assert told["mechanisms"] == [] and len(record["mechanisms"]) == 1
    shown = ("id", "share", "low", "high", "word", "best_guess")
    assert [[c[k] for k in shown] for c in told["claims"]] == [
        [c[k] for k in shown] for c in record["claims"]
    ]
    printed = io.StringIO()
    show(record, Console(width=100, file=printed), told=told)
    assert "Verdicts" not in printed.getvalue() and "Mechanisms" in printed.getvalue()
    told["claims"][0]["share"] = 0.123
    show(record, Console(width=100, file=printed), told=told)
    assert "Verdicts" in printed.getvalue()


def test_every_case_is_planned_once(game: Game) -> None:
    model = game(ONE_STEP.replace("GUESS", "0.4"))
    asked, scenario = questions(model.argument), model.argument.scenario
    plan = jobs(asked, guesses(scenario), draw(scenario, 21, 1), audited=5, lanes=8)
    assert [len(job.cases) for job in plan] == [1, 8, 8, 5, 1, 5]
    assert set(plan[0].worlds) == {0}
    cases = [(c.variant, w) for job in plan for c, w in zip(job.cases, job.worlds, strict=True)]
    assert len(cases) == len(set(cases)) == 22 + 6
    for variant in asked.needs:
        worlds = {w for v, w in cases if v == variant}
        assert worlds == set(range(22 if variant in asked.claimed else 6))


def test_what_claims_rest_on_is_solved_first_in_two_parts() -> None:
    argument = read_file(mistrust.FLAGSHIP)
    asked, guess = questions(argument), guesses(argument.scenario)
    plan = jobs(asked, guess, draw(argument.scenario, 40, 1), audited=16)
    first = [case.variant for job in plan[:2] for case in job.cases]
    assert first[0] == AS_WRITTEN and plan[0].chart
    assert len(first) > 8 and set(first) == asked.claimed
    assert [set(job.worlds) == {0} for job in plan[:3]] == [True, True, False]


# -- draws -----------------------------------------------------------------------------------

SHAPES = {
    "uniform": lambda u: 2 + 6 * u,
    "triangle": lambda u: stats.triang.ppf(u, 1 / 3, 2, 6),
    "pert": lambda u: 2 + 6 * stats.beta.ppf(u, 1 + 4 / 3, 1 + 8 / 3),
    "loguniform": lambda u: 2 * 4**u,
}


def premise(shape: str, guess: float = 4) -> Premise:
    return Premise.model_validate(
        {"says": "a number", "guess": guess, "range": [2, 8], "shape": shape}
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_quantiles_of_a_shape(shape: str) -> None:
    u = np.array([0, 0.01, 0.25, 0.5, 0.9, 1])
    found = quantile(premise(shape), u)
    assert found == pytest.approx(SHAPES[shape](u), rel=1e-12)
    assert (found[0], found[-1]) == (2, 8)
    assert (np.diff(found) > 0).all()


@pytest.mark.parametrize("guess", [2, 8])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_guess_at_the_end_of_its_range(shape: str, guess: float) -> None:
    found = quantile(premise(shape, guess), np.linspace(0, 1, 11))
    assert np.isfinite(found).all() and (np.diff(found) > 0).all()


def test_known_quantiles() -> None:
    triangle = quantile(premise("triangle"), np.array([1 / 3]))
    assert triangle == pytest.approx([4])  # a third of the mass lies below the mode
    middle = quantile(premise("pert", 5), np.array([0.5]))
    assert middle == pytest.approx([5])


def scenario(**premises: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "title": "a test",
            "horizon": {"turns": 1},
            "actors": {"ann": {}},
            "board": {"x": {"levels": "0..1", "start": 0}},
            "turn": [{"chance": "nature", "raise": {"x": 0.5}}],
            "premises": {k: {"says": "a number", **v} for k, v in premises.items()},
        }
    )


DRAWN = scenario(
    even={"guess": 0.5, "range": [0, 1]},
    fixed={"guess": 7},
    skewed={"guess": 2, "range": [1, 100], "shape": "loguniform"},
    peaked={"guess": -1, "range": [-2, 2], "shape": "pert"},
)


def table(worlds: list[dict[str, float]]) -> np.ndarray:
    return np.array([list(world.values()) for world in worlds])


def test_a_longer_draw_begins_with_the_shorter() -> None:
    longest = table(draw(DRAWN, 64, 3))
    for count in (0, 1, 2, 3, 17, 63):
        assert_array_equal(table(draw(DRAWN, count, 3)).reshape(count, 4), longest[:count])


def test_draws_keep_to_their_ranges_and_shapes() -> None:
    found = table(draw(DRAWN, 256, 1))
    for column, record in zip(found.T, DRAWN.premises.values(), strict=True):
        if record.range is None:
            assert set(column) == {record.guess}
            continue
        low, high = record.range
        assert low <= column.min() and column.max() <= high
        grid = quantile(record, (np.arange(8) + 1) / 8)  # balanced: as many in every eighth
        assert_array_equal(np.searchsorted(np.sort(column), grid, "right"), 32 * np.arange(1, 9))


def test_the_seed_decides_the_draw() -> None:
    assert_array_equal(table(draw(DRAWN, 16, 5)), table(draw(DRAWN, 16, 5)))
    changed = table(draw(DRAWN, 16, 5)) != table(draw(DRAWN, 16, 6))
    assert changed.all(axis=0).tolist() == [True, False, True, True]


def test_without_ranges_all_worlds_are_the_best_guess() -> None:
    fixed = scenario(one={"guess": 1})
    assert draw(fixed, 3, 1) == [{"one": 1}] * 3
    assert guesses(DRAWN) == {"even": 0.5, "fixed": 7, "skewed": 2, "peaked": -1}


# -- worlds that cannot be solved ------------------------------------------------------------


def test_a_world_with_invalid_odds_is_counted_and_named(game: Game) -> None:
    model = game(ONE_STEP.replace("GUESS", "0.4"))
    record = model.run(worlds=32, seed=1)
    worlds = [w["p"] for w in draw(model.argument.scenario, 32, 1)]
    broken = [i for i, p in enumerate(worlds, start=1) if 1.25 * p > 1]
    assert 4 <= len(broken) <= 9
    assert record["worlds"] | {"failures": None} == {
        "asked": 32, "solved": 32 - len(broken), "failed": len(broken), "audited": 32,
        "failures": None,
    }  # fmt: skip
    failures = record["worlds"]["failures"]
    assert [f["world"] for f in failures] == broken
    for failure in failures:
        p = worlds[failure["world"] - 1]
        assert f"{1.25 * p:.6g} is no probability" in failure["message"]
        assert f"p = {p:.4g}" in failure["message"]
        assert ":9:" in failure["message"], "its place in the file"
    (claim,) = record["claims"]
    holding = sum(1 - (1 - 1.25 * p) ** 2 >= 0.5 for p in worlds if 1.25 * p <= 1)
    assert claim["count"] == 32 - len(broken) and claim["undefined"] == 0
    assert claim["share"] == holding / claim["count"]
    assert [i for i, m in enumerate(claim["margins"], start=1) if m is None] == broken
    assert record["certificate"]["ok"]


def test_a_best_guess_with_invalid_odds_is_no_result(game: Game) -> None:
    model = game(ONE_STEP.replace("GUESS", "0.9"))
    with pytest.raises(mistrust.ScenarioError, match=r"1\.125 is no probability"):
        model.solve()
    record = model.run(worlds=8, seed=1)
    assert not record["certificate"]["ok"]
    assert record["claims"][0]["best_guess"] is None


def test_a_world_that_fails_under_a_lever_alone_fails(game: Game) -> None:
    text = ONE_STEP.replace("GUESS", "0.4").replace("range: [0, 1]", "range: [0, 0.5]")
    text = text.replace(
        "    claims:", "    levers: {much: {says: more, premises: {p: 0.9}}}\n    claims:"
    )
    text += "      more: {says: it grows, holds: 'under(much, P(x == 1)) > P(x == 1)'}\n"
    record = game(text).run(worlds=4, seed=1)
    assert record["worlds"]["failed"] == 4
    assert {"much" in f["message"] for f in record["worlds"]["failures"]} == {True}
    assert [claim["share"] for claim in record["claims"]] == [None, None]


def test_the_odds_of_a_recorded_variable_are_checked_too(game: Game) -> None:
    text = ONE_STEP.replace("GUESS", "0.4").replace("1.25 * p", "0.5")
    text = text.replace(
        "    board: {", "    board: {seen: {levels: 0..2, start: 0, recorded: yes}, "
    )
    text = text.replace("push}}\n", "push}}\n      - {chance: tally, raise: {seen: 1.25 * p}}\n")
    text = text.replace("holds: P(x == 1)", "holds: P(seen == 1)")
    model = game(text)
    worlds = [w["p"] for w in draw(model.argument.scenario, 16, 1)]
    found = model.run(worlds=16, seed=1)["worlds"]["failures"]
    assert [f["world"] for f in found] == [i for i, p in enumerate(worlds, 1) if 1.25 * p > 1]
    with pytest.raises(mistrust.ScenarioError, match=r"1\.125 is no probability"):
        model.solve(premises={"p": 0.9})
