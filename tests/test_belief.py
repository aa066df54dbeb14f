"""Beliefs on a grid: the simplex, its nodes and Bayes' rule, by what must hold of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mistrust import kernels
from mistrust.compile.nodes import place
from mistrust.kernels.belief import rank
from mistrust.referee.beliefs import Grid as OtherGrid
from mistrust.scenario.beliefs import Grid

Floats = NDArray[np.float64]

MANY = examples(50, 120, derandomize=True)
KINDS = st.integers(2, 5)


@st.composite
def grids(draw: Any, kinds: int | None = None) -> Grid:
    count = draw(KINDS) if kinds is None else kinds
    return Grid("a", tuple("abcdef"[:count]), draw(st.integers(2, 13 - 2 * count + 2)))


@st.composite
def beliefs(draw: Any, kinds: int) -> Floats:
    """Points of the simplex: inside, on its edges, at its corners, and very near them."""
    parts = st.one_of(st.just(0.0), st.floats(0, 1), st.sampled_from([1.0, 1e-9, 1e-17, 1e-300]))
    found = np.array(draw(st.lists(parts, min_size=kinds, max_size=kinds)))
    found[draw(st.integers(0, kinds - 1))] += 0.0 if found.sum() > 0 else 1.0
    return np.asarray(found / found.sum())


def spread(grid: Grid, outset: Floats, belief: Floats) -> tuple[Floats, Floats]:
    """The nodes around a belief, (kinds, kinds), and the weights on them."""
    corner, order, rest, found, weights, _, _ = kernels.scratch(len(grid.types))
    placed = place(grid, outset[:, None])
    bend = placed.bend[:, 0].copy()
    kernels.locate(belief, grid.points - 1, bend, corner, order, rest, found, weights)
    assert (found >= 0).all() and (found < grid.size).all()
    assert len(set(found.tolist())) == len(found)
    return placed.beliefs[found, :, 0], weights


@MANY
@given(st.data())
def test_a_belief_is_a_mixture_of_the_nodes_around_it(data: st.DataObject) -> None:
    """So everything linear in the belief is interpolated without error."""
    grid = data.draw(grids())
    outset, belief = (data.draw(beliefs(len(grid.types))) for _ in range(2))
    nodes, weights = spread(grid, outset, belief)
    assert (weights >= -1e-15).all()
    assert weights.sum() == pytest.approx(1, abs=1e-14)
    assert weights @ nodes == pytest.approx(belief, abs=1e-14)
    between = np.diff(np.sort(place(grid, outset[:, None]).beliefs[:, 0, 0])).max()
    used = nodes[weights > 1e-12]
    assert (abs(used - belief).max(axis=1) < between + 1e-12).all()


@MANY
@given(st.data())
def test_the_mixture_is_that_of_the_referee(data: st.DataObject) -> None:
    grid = data.draw(grids())
    outset, belief = (data.draw(beliefs(len(grid.types))) for _ in range(2))
    nodes, weights = spread(grid, outset, belief)
    other = OtherGrid(len(grid.types), grid.points - 1, float(outset[0])).cell(belief.tolist())
    curve = np.random.default_rng(1).normal(size=(2, len(grid.types)))
    expected, found = (
        np.array(w) @ np.exp(np.array(at) @ curve[0]) * np.sin(np.array(at) @ curve[1])
        for w, at in ((other.weights, other.corners), (weights, nodes))
    )
    assert found == pytest.approx(expected, abs=1e-12)


@MANY
@given(st.data())
def test_two_types_are_interpolated_as_on_a_line(data: st.DataObject) -> None:
    grid = data.draw(grids(kinds=2))
    outset, belief = data.draw(beliefs(2)), data.draw(beliefs(2))
    numbers = np.random.default_rng(2).normal(size=grid.size)
    nodes, weights = spread(grid, outset, belief)
    at = place(grid, outset[:, None]).beliefs[:, 0, 0]
    assert (np.diff(at) > 0).all() and at[0] == 0 and at[-1] == 1
    assert grid.points == 2 or abs(at - outset[0]).min() <= 1e-12 * grid.points
    places = [int(np.flatnonzero(at == node)[0]) for node in nodes[:, 0]]
    assert weights @ numbers[places] == pytest.approx(np.interp(belief[0], at, numbers), abs=1e-9)


def test_steps_are_alike_on_either_side_of_the_outset() -> None:
    grid = Grid("a", ("x", "y"), 6)
    at = place(grid, np.array([[0.8, 0.3, 0.97, 0.02, 0.0], [0.2, 0.7, 0.03, 0.98, 1.0]])).beliefs
    assert at[:, 0, 0] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert at[:, 0, 1] == pytest.approx([0, 0.15, 0.3, 0.3 + 0.7 / 3, 0.3 + 1.4 / 3, 1])
    assert at[:, 0, 2] == pytest.approx([0, 0.2425, 0.485, 0.7275, 0.97, 1])
    assert at[:, 0, 3] == pytest.approx([0, 0.02, 0.265, 0.51, 0.755, 1])
    assert at[:, 0, 4] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert at.sum(axis=1) == pytest.approx(np.ones((6, 5)))


@pytest.mark.parametrize(("kinds", "points"), [(2, 2), (2, 21), (3, 2), (3, 6), (4, 4), (5, 3)])
def test_nodes_are_counted_through_and_are_where_they_say(kinds: int, points: int) -> None:
    grid = Grid("a", tuple("abcdef"[:kinds]), points)
    nodes = np.array(grid.nodes())
    assert nodes.shape == (grid.size, kinds)
    assert len({tuple(node) for node in nodes.tolist()}) == grid.size
    assert nodes.sum(axis=1) == pytest.approx(np.ones(grid.size), abs=1e-15)
    whole = np.rint(nodes.cumsum(axis=1)[:, -2::-1] * (points - 1)).astype(np.int64)
    assert [rank(falling) for falling in whole] == list(range(grid.size))
    for number, node in enumerate(nodes):
        around, weights = spread(grid, nodes[0], node)
        own = abs(around - nodes[number]).max(axis=1) < 1e-12
        assert weights[own].sum() == pytest.approx(1, abs=1e-12)


@MANY
@given(st.data())
def test_beliefs_are_expected_to_stay_as_they_are(data: st.DataObject) -> None:
    """Bayes' rule, whatever may be seen; and still so once it is put on the grid."""
    grid = data.draw(grids())
    kinds = len(grid.types)
    outset, prior = data.draw(beliefs(kinds)), data.draw(beliefs(kinds))
    seen = data.draw(st.integers(1, 4))
    chances = np.array([data.draw(beliefs(seen + 1)) for _ in range(kinds)])
    after, posterior = np.zeros(kinds), np.zeros(kinds)
    for chance in chances.T.copy():
        likely = prior @ chance
        if kernels.bayes(prior, chance, posterior):
            assert posterior.sum() == pytest.approx(1, abs=1e-12)
            assert (posterior >= 0).all() and (posterior[chance == 0] == 0).all()
            nodes, weights = spread(grid, outset, posterior)
            after += likely * (weights @ nodes)
        else:
            assert (chance == 0).all()
    assert after == pytest.approx(prior, abs=1e-13)


def test_what_was_thought_impossible_is_believed_of_those_who_can_do_it() -> None:
    posterior = np.zeros(3)
    assert kernels.bayes(np.array([1.0, 0, 0]), np.array([0, 0.2, 0.6]), posterior)
    assert posterior == pytest.approx([0, 0.25, 0.75])
    assert kernels.bayes(np.array([0.5, 0.5, 0]), np.array([0.1, 0.3, 1.0]), posterior)
    assert posterior == pytest.approx([0.25, 0.75, 0])
    posterior[:] = -1
    assert not kernels.bayes(np.array([0.5, 0.5, 0]), np.zeros(3), posterior)
    assert (posterior == -1).all()
