"""Stages that are the same but for rounding, which share the way along the branch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mistrust.kernels import classes
from mistrust.kernels.pair import climb
from mistrust.kernels.pairs import scratch

Floats = NDArray[np.float64]
CASES, NODES, BEND = 2, 5, np.array([[0.5, 0.5], [2.0, 2.0], [4.0, 4.0], [4.0, 4.0]])


class Batch:
    """Places at two inner beliefs of each home, in two cases; homes repeat but for a constant."""

    def __init__(self, seed: int, homes: int, kinds: int, noise: float, options: int = 2) -> None:
        rng = np.random.default_rng(seed)
        worth = rng.normal(size=(kinds, CASES, options, NODES, 2))
        self.kind = rng.integers(0, kinds, homes)
        worth = worth[self.kind] + noise * rng.normal(size=(homes, *worth.shape[1:]))
        count = homes * 2 * CASES
        self.places = np.arange(count)
        self.home = np.repeat(np.arange(homes) * 2, 2 * CASES) * CASES + self.places % CASES
        self.worth = np.zeros((count, options, NODES, 2))
        self.worth[self.home[:: 2 * CASES]] = worth[:, 0]
        self.worth[self.home[1 :: 2 * CASES]] = worth[:, 1]
        self.belief = np.tile(np.repeat([0.25, 0.5], CASES), homes)
        self.open_ = np.ones((count, 2, options))
        self.precision = np.tile([6.0, 9.0], count // 2)
        self.options = options

    @property
    def stages(self) -> tuple[Any, ...]:
        return self.home, self.belief, BEND, self.precision, self.open_

    def firsts(self) -> tuple[list[int], NDArray[np.int64]]:
        """The first places of all classes, and the first of each one's."""
        room, out = classes.scratch(len(self.places), self.options, NODES), self.places.copy()
        count = classes.sort_out(self.places, self.worth, self.stages, room, out)
        own = [classes.leader(p, self.home, self.belief, self.open_, room[1]) for p in self.places]
        return out[:count].tolist(), np.array(own)

    def solved(self, places: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Residuals and strategies, for these places only."""
        share, y = np.zeros(self.open_.shape), np.zeros(self.open_.shape)
        left, work = np.zeros(len(share)), scratch(self.options, len(share), NODES)
        ways = (0,) * self.options
        climb(places, ways, self.worth, self.stages, y, share, left, False, work)
        return left[places], share[places]


@pytest.mark.parametrize("seed", range(4))
def test_places_are_of_one_class_if_they_differ_by_rounding_alone(seed: int) -> None:
    batch = Batch(seed, homes=40, kinds=7, noise=1e-15)
    firsts, own = batch.firsts()
    kind = np.repeat(batch.kind, 2 * CASES)
    keys = list(zip(kind, batch.belief, batch.places % CASES, strict=True))
    assert [keys.index(key) for key in keys] == own.tolist()
    assert firsts == sorted(set(own.tolist()))


def test_places_are_of_their_own_class_if_worth_options_or_belief_differ() -> None:
    batch = Batch(0, homes=40, kinds=40, noise=1e-3)
    assert len(batch.firsts()[0]) == len(batch.places)
    batch = Batch(0, homes=2, kinds=1, noise=0.0, options=3)
    assert len(batch.firsts()[0]) == 4
    batch.open_[4:, :, 2] = 0.0
    assert len(batch.firsts()[0]) == 8
    batch.open_[:, :, 2] = 1.0
    batch.belief[6:] = 0.75
    assert len(batch.firsts()[0]) == 6


def test_types_that_all_but_play_alike_are_told_apart_by_more_digits() -> None:
    batch = Batch(1, homes=2, kinds=1, noise=0.0)
    batch.worth[..., 1] = batch.worth[..., 0] + 1e-6 * np.arange(2)[:, None]
    assert len(batch.firsts()[0]) == 4
    batch.worth[4:, 1] += 1e-9
    assert len(batch.firsts()[0]) == 8
    batch.worth[..., 1] += np.arange(2)[:, None]
    assert len(batch.firsts()[0]) == 4


@pytest.mark.parametrize("seed", range(4))
def test_what_a_place_comes_to_does_not_hang_on_the_places_beside_it(seed: int) -> None:
    batch = Batch(seed, homes=30, kinds=5, noise=1e-14)
    left, share = batch.solved(batch.places)
    assert (left <= 1e-10).all()
    for some in np.split(batch.places, [4, 20, 72]):
        alone, found = batch.solved(some)
        assert alone.tolist() == left[some].tolist()
        assert found.tolist() == share[some].tolist()


def test_a_draft_serves_all_of_a_class_to_full_precision() -> None:
    batch = Batch(3, homes=30, kinds=3, noise=1e-10)
    left, share = batch.solved(batch.places)
    assert len(batch.firsts()[0]) < len(batch.places) / 4
    assert (left <= 1e-10).all()
    kind = np.repeat(batch.kind, 2 * CASES) * 100 + batch.places % (2 * CASES)
    for one in set(kind.tolist()):
        same = share[kind == one]
        assert np.ptp(same, axis=0).max() < 1e-7
        assert np.ptp(same, axis=0).max() > 0  # each with its own values
