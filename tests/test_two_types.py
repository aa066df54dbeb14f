"""The equilibrium of an actor with two types, many places at once, and references."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from node_to_node import Path
from stages import Mover, Stage, pair, typed

from mistrust.scenario.beliefs import Grid


def test_two_types_are_solved_alike_the_short_way_and_the_long() -> None:
    rng, unknown, apart = np.random.default_rng(6), 0, 0
    for i in range(600):
        one = typed(rng, [0.3, 2.0, 8.0, 20.0][i % 4], kinds=2)
        if one.one.prior.max() == 1.0:
            continue
        unknown += 1
        left, share, y = pair(one)
        residual, other = one.followed()
        assert max(left, residual) <= 1e-10, i
        apart += abs(share - other).max() > 1e-4
        around = y - y.mean(axis=1, keepdims=True)
        assert around == pytest.approx(one.answer(y.ravel())[0].reshape(2, -1), abs=1e-8)
    assert unknown > 200 and apart == 0


# of two options or three: belief, outset, and by option and type the values at the nodes
Given = tuple[float, float, list[Any]]
LOST_ONCE = {
    "types all but alike, where what is believed weighs much": (
        0.3853446972789243, 0.7706893945578486,
        [[[0.0, -9.1415223642, -10.28427642495, -10.13434111707],
          [0.0, -9.44513646312, -12.69770460544, -36.04752879446]],
         [[-5.84886775973, -14.99039120928, -16.13314699759, -15.98321171621],
          [-5.84886775973, -15.29400532325, -18.54657475977, -41.89639939361]]]),
    "close by a fork, where one option is all but out of the question": (
        0.42158413196448236, 0.8431682639289647,
        [[[0.0, -9.6135, -9.591, -9.4658], [0.0, -4.862, -7.7262, -29.7083]],
         [[92.2385, 87.1346, 84.2519, 84.4558], [3.3582, 2.0874, -3.08, -19.0078]]]),
    "a branch that winds, and a long way": (
        0.41892549102194604, 0.8378509820438921,
        [[[0.0, -98.0405, -106.1592, -106.0014], [0.0, -72.6949, -81.7498, -129.1394]],
         [[-8.1111, -106.1516, -114.2704, -114.1125], [2.5345, -70.1604, -79.2154, -126.6049]],
         [[-29.8871, -130.4675, -131.3718, -134.6841],
          [-24.6041, -95.8391, -119.8229, -152.5714]]]),
}  # fmt: skip


def given(belief: float, outset: float, values: list[Any]) -> Stage:
    """At precision 1."""
    worth = np.ascontiguousarray(np.swapaxes(np.array(values, dtype=float), 1, 2))
    grid, open_ = Grid("a", ("x", "y"), worth.shape[1]), np.ones((2, len(worth)))
    prior, counts = np.array([belief, 1 - belief]), np.array([len(worth)])
    return Stage(worth[None], [Mover(grid, prior, outset)], counts, open_, np.ones(2))


@pytest.mark.parametrize("stage_", LOST_ONCE.values(), ids=LOST_ONCE)
def test_stages_that_were_lost_once_are_solved_the_short_way(stage_: Given) -> None:
    one = given(*stage_)
    left, share, _ = pair(one)
    residual, other = one.followed()
    assert max(left, residual) <= 1e-10
    assert share == pytest.approx(other, abs=1e-7)


ASTRAY_ONCE: dict[str, Given] = {
    "a fold like an S passed in the last step": (
        0.8988412690814584, 0.8988412690814584,
        [[[0, -9.640836255, -11.78763203, -11.64642724],
          [0, -9.264118405, -13.57028308, -22.12603071]],
         [[-20.62900086, -30.07581805, -32.14095369, -32.16875106],
          [-16.37628602, -24.87208767, -28.8935849, -38.15942009]]]),
    "a node landed on that the branch does not come to": (
        0.45542739250231534, 0.9108547850046307,
        [[[0, 4.046150099, 4.935859496, 5.605901797], [0, 4.940064771, 0.322852232, -28.83053007]],
         [[-0.708723218, 2.871215396, 3.77047144, 4.449983058],
          [2.918006975, 9.114207026, 4.238707494, -24.96203312]]]),
    "a sharp turn early on": (
        0.7115901356562971, 0.7115901356562971,
        [[[0, -2.809462931, -3.86187637, -3.415864781],
          [0, -4.713031254, -4.753269292, -17.68918724]],
         [[2.206288288, -0.549338425, -1.573344675, -1.122818764],
          [2.246631405, -2.433227604, -2.474260589, -15.43948278]]]),
    "another branch close by": (
        0.7115901356562971, 0.7115901356562971,
        [[[0, -2.593478159, -3.815347391, -3.416945437],
          [0, -4.91436009, -4.851185968, -17.6902679]],
         [[2.206288288, -0.324359183, -1.52334561, -1.123899419],
          [2.246631405, -2.64495672, -2.576880064, -15.44056343]]]),
    "the last step longer than what it should see": (
        0.7115901356562971, 0.7115901356562971,
        [[[0, 1.145117344, 0.567652496, 0.68035587], [0, -2.609767196, -1.848980565, -15.73718944]],
         [[-2.172293814, -1.170318007, -1.606219779, -1.491408973],
          [-2.172293814, -4.749749554, -4.01610105, -17.90895428]]]),
    "t passes 1 and comes back in one step": (
        0.4410945248790085, 0.882189049758017,
        [[[0, -2.81303701, -3.764692268, -3.868849453],
          [0, -2.956438233, -6.086355056, -10.13651318]],
         [[-5.825288545, -8.627164094, -9.571271064, -9.675136182],
          [-5.825288545, -8.774182783, -11.90029142, -15.94279991]]]),
}  # fmt: skip


@pytest.mark.parametrize("stage_", ASTRAY_ONCE.values(), ids=ASTRAY_ONCE)
def test_stages_that_went_astray_once_end_where_the_path_does(stage_: Given) -> None:
    """Of the flagship: a longer step, or one looked at less closely, comes to another branch."""
    one = given(*stage_)
    left, share, _ = pair(one)
    assert left <= 1e-10
    assert share == pytest.approx(Path.of(one).end(), abs=1e-7)


def test_rough_stages_end_where_the_path_does() -> None:
    rng, compared = np.random.default_rng(31), 0
    while compared < 20:
        one = typed(rng, [2.0, 8.0][compared % 2], kinds=2)
        if one.one.prior.max() < 1.0 and one.open_.all():
            left, share, _ = pair(one)
            assert left <= 1e-10
            assert share == pytest.approx(Path.of(one).end(), abs=1e-7), compared
            compared += 1
