"""The equilibrium of a stage, followed from zero precision, and plain references."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import brentq, root
from stages import Floats, Stage, meeting, random_sealed, random_stages, sealed, symmetric, typed


def test_slopes_are_derivatives() -> None:
    for one in random_stages(1, 30, [0.7]):
        y = 0.4 * np.random.default_rng(5).normal(size=one.open_.size)
        shift = 1e-6
        change = np.array(
            [(one.answer(y + d)[0] - one.answer(y - d)[0]) / 2e-6 for d in shift * np.eye(len(y))]
        ).T
        assert one.answer(y)[1] == pytest.approx(change, abs=1e-7)


def test_where_precision_is_low_the_only_equilibrium_is_found() -> None:
    """Repeated best answers close in on it from anywhere."""
    for one in random_stages(2, 60, [0.05, 0.15]):
        residual, share = one.followed()
        assert residual <= 1e-11
        y = np.random.default_rng(3).normal(size=one.open_.size)
        for _ in range(200):
            y = one.answer(y)[0]
        assert share == pytest.approx(one.answer(y)[2], abs=1e-10)


def by_small_steps(one: Stage, steps: int = 100) -> Floats | None:
    """Strategies by scipy, precision raised from zero; None where the branch bends back."""
    sharp, y = one.precision, np.zeros(one.open_.size)
    try:
        for t in np.linspace(0, 1, steps + 1)[1:]:
            one.precision = t * sharp
            found = root(lambda y: y - one.answer(y)[0], y, jac=_left_slopes(one), tol=1e-13)
            if abs(found.fun).max() > 1e-9 or abs(found.x - y).max() > 0.5:
                return None
            y = found.x
        return one.answer(y)[2]
    finally:
        one.precision = sharp


def _left_slopes(one: Stage) -> Callable[[Floats], Floats]:
    return lambda y: np.eye(len(y)) - one.answer(y)[1]


@pytest.mark.slow
def test_small_steps_by_scipy_lead_to_the_same_equilibrium() -> None:
    lost = 0
    stages = random_stages(3, 36, [1.0, 3.0])
    for one in stages:
        residual, share = one.followed()
        assert residual <= 1e-11
        expected = by_small_steps(one)
        if expected is None:
            lost += 1
            continue
        assert share == pytest.approx(expected, abs=1e-8)
    assert lost <= len(stages) / 10


def test_the_referee_follows_the_branch_to_the_same_equilibrium() -> None:
    for number, one in enumerate(random_stages(4, 60, [0.5, 2.0, 6.0])):
        residual, share = one.followed()
        assert residual <= 1e-11
        assert share == pytest.approx(one.by_the_referee(), abs=1e-8), number


@pytest.mark.parametrize("precision", [0.5, 2.0, 8.0, 50.0])
def test_no_stage_is_lost(precision: float) -> None:
    """Branches that bend, turn sharply, and run close by each other."""
    rng = np.random.default_rng(1)
    for number in range(900):
        kinds = int(rng.choice([2, 3]))
        one = typed(rng, precision, kinds, bound=bool(rng.random() < 0.3))
        assert one.followed()[0] <= 1e-10, number


@pytest.mark.parametrize(("precision", "lost"), [(0.5, 0), (2.0, 0), (8.0, 0), (50.0, 0)])
def test_hardly_a_stage_is_lost_in_which_several_with_types_meet(
    precision: float, lost: int
) -> None:
    rng, found = np.random.default_rng(12), []
    for _ in range(300):
        one = meeting(rng, precision, bound=bool(rng.random() < 0.3))
        found.append(not one.followed()[0] <= 1e-10)
    assert sum(found) <= lost, np.flatnonzero(found)


@pytest.mark.parametrize("precision", [0.5, 2.0, 8.0, 50.0])
def test_who_could_change_places_choose_alike(precision: float) -> None:
    """Their posteriors pass nodes together, and other branches come off theirs."""
    rng = np.random.default_rng(14)
    for number in range(200):
        one = symmetric(rng, precision)
        residual, share = one.followed()
        assert residual <= 1e-10, number
        assert share[:2] == pytest.approx(share[2:], abs=1e-10)
        if number < 3:
            assert share == pytest.approx(one.by_the_referee(), abs=1e-8), number


def test_types_that_want_the_same_teach_nothing_whoever_they_meet() -> None:
    rng = np.random.default_rng(15)
    for number in range(60):
        one = meeting(rng, [2.0, 20.0][number % 2], kinds=(2, 2))
        worth = one.worth[0].reshape(*one.worth.shape[1:3], 2, 2)
        worth[:, :, 1] = worth[:, :, 0]
        residual, share = one.followed()
        assert residual <= 1e-10
        assert share[0] == pytest.approx(share[1], abs=1e-13)
        if number < 4:
            assert share == pytest.approx(one.by_the_referee(), abs=1e-8), number


def twins(rng: np.random.Generator, precision: float) -> Stage:
    """A stage in which two options differ by the same amount for all types that are believed in."""
    one = typed(rng, precision, kinds=3)
    grid = one.one.grid
    assert grid is not None
    one.one.prior = np.array(grid.nodes()[rng.integers(1, grid.points)])
    worth, believed = one.worth[0], one.one.prior > 0
    worth[-1][:, believed] = worth[0][:, believed] + 0.3 * rng.normal()
    return one


def test_options_that_teach_the_same_do_so_whoever_is_met() -> None:
    rng, same = np.random.default_rng(16), 0
    for number in range(100):
        one = meeting(rng, [2.0, 20.0][number % 2], kinds=(2, 2))
        worth = one.worth[0].reshape(*one.counts, -1, 2, 2)
        gap = rng.normal(size=worth.shape[1:3])[..., None, None] * one.movers[1].prior
        worth[-1] = worth[0] + gap  # whatever the first is
        residual, share = one.followed()
        assert residual <= 1e-10, number
        if 0.0 < one.movers[0].prior[0] < 1.0 and (share[:2, [0, -1]] > 1e-200).all():
            apart = np.log(share[:2, 0] / share[:2, -1])
            assert apart[0] == pytest.approx(apart[1], abs=1e-8)
            same += 1
    assert same > 10


def test_options_that_teach_the_same_pass_a_node_together() -> None:
    rng, same = np.random.default_rng(2), 0
    for number in range(200):
        one = twins(rng, [3.0, 8.0, 20.0, 50.0][number % 4])
        residual, share = one.followed()
        assert residual <= 1e-10, number
        believed = np.flatnonzero(one.one.prior > 0)
        odds = share[believed][:, [0, -1]]
        if (odds > 1e-280).all():
            apart = np.log(odds[:, 1] / odds[:, 0])
            assert apart == pytest.approx(apart[0], abs=1e-8)
            same += 1
    assert same > 150


def logit(worth: Floats, precision: float) -> Floats:
    weight = np.exp(precision * (worth - worth.max(axis=0)))
    return np.asarray(weight / weight.sum(axis=0))


@pytest.mark.parametrize("sure", [0.0, 1.0])
def test_where_the_type_is_known_choice_is_plain_logit(sure: float) -> None:
    """Nothing that is chosen can teach anything: each type goes by the values at that belief."""
    rng = np.random.default_rng(8)
    one = typed(rng, 9.0, kinds=2)
    one.one.prior = np.array([sure, 1 - sure])
    expected = logit(one.worth[0][:, -1 if sure else 0], 9.0).T
    assert one.followed()[1] == pytest.approx(expected, abs=1e-13)


def test_types_that_want_the_same_choose_alike_and_teach_nothing() -> None:
    rng = np.random.default_rng(9)
    for kinds in (2, 3):
        one = typed(rng, 25.0, kinds)
        one.worth[..., 1:] = one.worth[..., :1]
        expected = logit(one.worth[0][:, one.one.number(tuple(one.one.prior))], 25.0).T
        assert one.followed()[1] == pytest.approx(expected, abs=1e-12)


def test_types_that_do_not_care_for_beliefs_choose_by_plain_logit() -> None:
    rng = np.random.default_rng(10)
    for kinds in (2, 3):
        one = typed(rng, 30.0, kinds)
        one.worth[:] = one.worth[:, :, :1]
        expected = logit(one.worth[0][:, 0], 30.0).T
        assert one.followed()[1] == pytest.approx(expected, abs=1e-12)


def test_without_precision_everybody_plays_the_centroid() -> None:
    rng = np.random.default_rng(11)
    bound = typed(rng, 0.0, bound=True), meeting(rng, 0.0, bound=True)
    for one in (typed(rng, 0.0, 3), random_sealed(rng, 0.0), *bound):
        residual, share = one.followed()
        assert residual == 0
        assert share == pytest.approx(one.open_ / one.open_.sum(axis=1, keepdims=True), abs=1e-15)


@pytest.mark.parametrize("precision", [1.0, 5.0, 20.0])
def test_a_game_of_opposed_interests_has_one_equilibrium_and_it_is_found(precision: float) -> None:
    """Matching pennies with a high prize for one side: one equation in one unknown."""
    first = np.array([9.0, 0, 0, 1])
    one = sealed(np.array([first, [0.0, 1, 1, 0]]), [2, 2], np.full(2, precision))

    def heads(q: float) -> float:
        return 1 / (1 + np.exp(-precision * (10 * q - 1)))

    def other(p: float) -> float:
        return 1 / (1 + np.exp(-precision * (1 - 2 * p)))

    p = brentq(lambda p: heads(other(p)) - p, 0, 1, xtol=1e-15, rtol=1e-15)
    residual, share = one.followed()
    assert residual <= 1e-11
    assert share == pytest.approx(np.array([[p, 1 - p], [other(p), 1 - other(p)]]), abs=1e-11)


def _hunt(other: float, precision: float) -> float:
    return float(1 / (1 + np.exp(-precision * (5 * other - 4))))


def test_of_several_equilibria_the_one_that_even_odds_lead_to() -> None:
    """A stag hunt in which the stag pays 5 and the hare 4: all hunt the hare."""
    one = sealed(np.array([[5.0, 0, 4, 4], [5, 4, 0, 4]]), [2, 2], np.full(2, 10.0))
    p = 0.5
    for precision in np.linspace(0, 10, 2001):
        p = brentq(lambda x, k=precision: _hunt(x, k) - x, max(0, p - 0.05), p + 0.01)
    residual, share = one.followed()
    assert residual <= 1e-11
    assert share[:, 0] == pytest.approx([p, p], abs=1e-9)


def test_where_the_branch_forks_symmetric_players_go_straight_on() -> None:
    one = sealed(np.array([[1.0, 0, 0, 1], [1, 0, 0, 1]]), [2, 2], np.full(2, 20.0))
    residual, share = one.followed()
    assert residual <= 1e-11
    assert share == pytest.approx(np.full((2, 2), 0.5), abs=1e-11)
