"""The derivatives of play without end: exact beside differences, as a matrix beside without one."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import numpy as np
import pytest
from conftest import Game as Load
from examples import examples
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scenarios import scenarios
from stochastic_games import random_game, scenario
from test_adjoint import compiled
from test_stationary import ARMS

from mistrust.compile.lower import Case, Coefficients, lower
from mistrust.compile.size import derivatives
from mistrust.ensemble.worlds import guesses
from mistrust.kernels import arrive, factorise, substitute
from mistrust.model import Model
from mistrust.scenario.read import read_text
from mistrust.solve import curve, stationary
from mistrust.solve.backward import Solution
from mistrust.solve.game import solve_game
from mistrust.solve.linear import inner
from mistrust.solve.reach import lasting, reachable
from mistrust.solve.stationary import KnownTurn, Turn

Floats = NDArray[np.float64]
FEW = examples(15, 100, derandomize=True, suppress_health_check=list(HealthCheck))


def turns(c: Coefficients) -> tuple[KnownTurn, Turn]:
    """One turn of a game, on all boards with which it may open; and without its derivative."""
    start = np.zeros(c.program.opening.size, dtype=bool)
    start[reachable(c).openings[0]] = True
    reach = lasting(c, start)
    return KnownTurn(c, reach), Turn(c, reach)


def batch(data: dict[str, Any]) -> Coefficients:
    """A stochastic game's numbers, at its best guess."""
    model = Model(read_text(json.dumps(data)))
    return lower(model.engine.layout(), (Case(guesses(model.argument.scenario)),))


def anywhere(turn: Turn, seed: int) -> tuple[Floats, Floats, Floats]:
    """A point, a plane's normal and a right side, (size + 1, cases) each."""
    random = np.random.default_rng(seed)
    here, normal, right = random.normal(size=(3, turn.size + 1, turn.cases))
    here[-1] = random.uniform(0.02, 0.3, turn.cases)
    return here, normal, right


def slope(turn: Turn, here: Floats, way: Floats) -> Floats:
    """What a way does to the left side: central differences of the whole turn."""
    step = 1e-5 / np.maximum(1.0, abs(way).max(axis=0))
    one, other = here + step * way, here - step * way
    return (turn.left(one[:-1], one[-1]) - turn.left(other[:-1], other[-1])) / (2 * step)


# -- exact beside differences ------------------------------------------------------------------


@FEW
@given(source=st.data(), seed=st.integers(0, 10**6))
def test_derivatives_are_those_of_differences(source: st.DataObject, seed: int) -> None:
    """In phases of every kind, in three worlds, at any point: solved for, then gone along."""
    _, c = compiled(source.draw(scenarios(endless=True)))
    assume(derivatives(c.program) > 0 and c.chooses(0))
    (known, plain), everywhere = turns(c), np.ones(len(c.cases), dtype=bool)
    here, normal, right = anywhere(plain, seed)
    linear = known.linear()
    left = linear.renew(here, normal, everywhere)
    assert left == pytest.approx(plain.left(here[:-1], here[-1]), rel=1e-11, abs=1e-11)
    way = linear.solve(right, everywhere)
    size = abs(way).max(axis=0)
    assert (abs(slope(plain, here, way) - right[:-1]) <= 1e-6 * (1 + size)).all()
    assert inner(normal, way) == pytest.approx(right[-1], abs=1e-9 * (1 + size.max()))


@pytest.mark.parametrize("seed", range(6))
def test_the_sign_is_that_of_the_whole_determinant(seed: int) -> None:
    """The exponents in sealed phases are eliminated; each turns the sign."""
    known, plain = turns(batch(scenario(random_game(2, 2, (2, 3), seed), 40.0)))
    here, normal, _ = anywhere(plain, seed)
    linear = known.linear()
    linear.renew(here, normal, np.ones(1, dtype=bool))
    ways = np.eye(plain.size + 1)[:, :, None]
    columns = [np.append(slope(plain, here, way), inner(normal, way)) for way in ways]
    whole, exponents = np.transpose(columns), plain.size - plain.unknowns.values
    assert linear.sign.item() == np.linalg.slogdet(whole)[0] * (-1) ** exponents


def test_where_one_point_has_no_values_the_next_has(game: Load) -> None:
    """What was no number is not kept on boards that never occur, to which an option would lead."""
    model = game(
        """
        horizon: forever
        actors: {ann: {precision: 2, patience: 0.9}}
        board: {x: {levels: 0..2, start: 0}, y: {levels: 0..1, start: 0, within: turn}}
        turn:
          - decide: ann
            options:
              up: {when: x == 2, set: {x: 2}}
              swap: {set: {x: 1 - x}}
          - {chance: luck, set: {y: {1: 0.5}}}
        payoffs: {ann: {prize: x + y}}
        """
    )
    c = lower(model.engine.layout(), (Case({}),))
    x, t = np.ones((2, 1)), np.ones(1)
    for kind in (Turn, KnownTurn):
        start = np.array([True, False, False])
        turn = kind(c, lasting(c, start))
        before = turn.left(x, t)
        assert np.isnan(turn.left(x * np.nan, t)).any()
        assert turn.left(x, t) == pytest.approx(before, abs=0)


# -- as a matrix beside without one ------------------------------------------------------------


def solved_both_ways(c: Coefficients, monkeypatch: pytest.MonkeyPatch) -> list[Solution]:
    found = [solve_game(c)]
    with monkeypatch.context() as patch:
        patch.setattr(stationary, "derivatives", lambda program: 0)
        found.append(solve_game(c))
    return found


def same(one: Solution, other: Solution) -> None:
    """Both are found, with the same values and choices in the first turn."""
    assert (one.evidence.part == 1).all() and (other.evidence.part == 1).all()
    assert one.start_value == pytest.approx(other.start_value, rel=1e-9, abs=1e-9)
    for index, stage in enumerate(one.coefficients.program.stages):
        if stage.movers and one.coefficients.stages[index].active[0]:
            rows = one.coefficients.layout.stages[index].policy.at(one.reach.sources[0, index])
            shape = (stage.policy_size, len(stage.choices), one.coefficients.lanes)
            play = [s.policies[0, stage.phase].reshape(shape) for s in (one, other)]
            mine, theirs = (policy[rows[rows >= 0]] for policy in play)
            assert mine == pytest.approx(theirs, abs=1e-8)


@FEW
@given(source=st.data())
def test_with_a_matrix_and_without_the_same_is_found(source: st.DataObject) -> None:
    _, c = compiled(source.draw(scenarios(endless=True)))
    assume(derivatives(c.program) > 0 and np.isfinite(c.precision).all())
    with pytest.MonkeyPatch.context() as patch:
        same(*solved_both_ways(c, patch))


@pytest.mark.parametrize("seed", range(4))
def test_stochastic_games_are_solved_the_same_both_ways(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = batch(scenario(random_game(3, 2, (2, 3), seed), 20.0))
    same(*solved_both_ways(c, monkeypatch))


# -- where curves come near one another --------------------------------------------------------


def careful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short steps, close to the curve."""
    told = {"CLOSE": 0.02, "TURNED": 0.03, "EXACT": 1e-8, "CLOSING": 0.01, "FAST": 0.02}
    for name, value in told.items():
        monkeypatch.setattr(curve, name, value)


@pytest.mark.parametrize(
    ("size", "seed", "patience", "precision"),
    [
        ((2, 3, 3), 121, 0.9, 10.0),
        ((1, 3, 3), 103, 0.99, 1000.0),
        ((6, 2, 3), 238, 0.95, 1000.0),
        ((8, 2, (2, 4)), 10, 0.95, 50.0),
        ((10, 2, 3), 20, 0.95, 300.0),
    ],
)
def test_long_steps_lead_where_short_ones_do(
    size: Any, seed: int, patience: float, precision: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of these have curves that pass one another at a distance of a few hundredths or less."""
    c = batch(scenario(random_game(*size, seed, patience), precision))
    long = solve_game(c)
    careful(monkeypatch)
    same(long, solve_game(c))


# -- the parts ---------------------------------------------------------------------------------


def test_a_matrix_takes_no_more_memory_than_is_said(game: Load) -> None:
    model = game(ARMS.replace("0..60", "0..16"))
    assert derivatives(model.engine.program) > 0
    model.solve()  # whatever is loaded
    tracemalloc.start()
    model.solve()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert model.size.bytes_per_world / 4 < most < model.size.bytes_per_world


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 9, 30, 67])
def test_elimination_beside_numpy(size: int) -> None:
    random = np.random.default_rng(size)
    matrix, right = random.normal(size=(size, size)), random.normal(size=size)
    matrix *= random.random((size, size)) < 0.6  # zeros are passed over
    matrix += np.diag(random.choice([0.0, 3.0, -3.0], size)) + np.roll(np.eye(size), 1, 0)
    parts, order, out = matrix.copy(), np.zeros(size, np.int64), np.zeros(size)
    assert factorise(parts, order) == np.linalg.slogdet(matrix)[0]
    substitute(parts, order, right, out)
    assert out == pytest.approx(np.linalg.solve(matrix, right), rel=1e-9, abs=1e-9)
    lower_, upper = np.tril(parts, -1) + np.eye(size), np.triu(parts)
    assert lower_ @ upper == pytest.approx(matrix[order], abs=1e-12)


def test_a_singular_matrix_has_no_sign() -> None:
    assert factorise(np.ones((5, 5)), np.zeros(5, np.int64)) == 0
    assert factorise(np.full((2, 2), np.nan), np.zeros(2, np.int64)) == 0


def test_what_arrives_is_what_is_expected() -> None:
    random = np.random.default_rng(0)
    odds, values = random.random((3, 4, 7)), random.normal(size=(4, 2, 3))
    out = random.normal(size=(7, 2, 3))
    expected = out + np.einsum("wxy,xgw->ygw", odds, values)
    arrive(odds, values, out)
    assert out == pytest.approx(expected, abs=1e-13)
