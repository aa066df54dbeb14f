"""Random operands for kernels, and what is worked out from them plainly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
UNTOUCHED = -77.0
AWAY = -(2**40)


def close(found: Floats, expected: Floats) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@dataclass
class Lookup:
    """Random integers below `size` for each entry and cell, as the kernels read them."""

    high: Integers
    low: Integers

    @staticmethod
    def random(rng: np.random.Generator, count: int, halves: tuple[int, int], size: int) -> Lookup:
        middle = size // 2
        return Lookup(
            rng.integers(0, middle + 1, (count, halves[0])),
            rng.integers(0, size - middle, (count, halves[1])),
        )

    @property
    def full(self) -> Integers:
        """(entries, cells)."""
        cells = self.high.shape[1] * self.low.shape[1]
        return (self.high[:, :, None] + self.low[:, None, :]).reshape(len(self.high), cells)


class Phase:
    """The operands of a random phase with options, each of some branches and payments."""

    def __init__(self, seed: int, options: int = 1) -> None:
        rng = self.rng = np.random.default_rng(seed)
        self.lanes, self.groups, self.targets = (1, 3, 16)[seed % 3], 1 + seed % 2, 11
        halves, rows, self.options = (4, 5), 9, options
        self.size = 20
        branches, pays = rng.integers(0, 4, options), rng.integers(0, 3, options)
        branches[0] = 3
        self.first_branch = np.cumsum([0, *branches])
        self.first_pay = np.cumsum([0, *pays])
        self.goal = Lookup.random(rng, self.first_branch[-1] + 1, halves, self.targets)
        self.row = Lookup.random(rng, self.first_branch[-1], halves, rows)
        self.live = rng.random(rows) < 0.8
        self.weights = rng.random((rows, self.lanes)) * self.live[:, None]
        self.pay = Lookup.random(rng, self.first_pay[-1], halves, rows)
        self.pays = rng.normal(size=(rows, self.lanes))
        self.pay_group = rng.integers(0, self.groups, self.first_pay[-1])
        self.open = Lookup.random(rng, options, halves, rows)
        self.open_table = (rng.random((rows, self.lanes)) < 0.7).astype(float)
        self.precision = rng.choice([0.0, 0.7, 4.0, np.inf], self.lanes)
        self.policy = Lookup(np.arange(4)[None] * 5, np.arange(5)[None])
        self.policy.high[0, 1], self.policy.low[0, 2] = AWAY, AWAY
        self.cells = np.flatnonzero(rng.random(self.size) < 0.7).astype(np.int64)
        self.values = rng.normal(size=(self.targets, self.groups, self.lanes))
        self.mass = np.zeros((self.size, self.lanes))
        self.mass[self.cells] = rng.random((len(self.cells), self.lanes))

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Cells that the decision's policy covers."""
        return self.policy.full[0] >= 0

    @property
    def goals(self) -> tuple[Integers, Integers]:
        return self.goal.high, self.goal.low

    @property
    def rows(self) -> tuple[Integers, Integers, NDArray[np.bool_]]:
        return self.row.high, self.row.low, self.live

    def repeated(self) -> Floats:
        """Branch weights for every group: (rows, n)."""
        return np.tile(self.weights, (1, self.groups))

    def expected(self, option: int) -> Floats:
        """What an option is worth: (cells, groups, lanes)."""
        out = np.zeros((self.size, self.groups, self.lanes))
        for b in range(self.first_branch[option], self.first_branch[option + 1]):
            out += self.weights[self.row.full[b], None] * self.values[self.goal.full[b]]
        for k in range(self.first_pay[option], self.first_pay[option + 1]):
            out[:, self.pay_group[k]] += self.pays[self.pay.full[k]]
        return out

    def sides(self) -> tuple[NDArray[np.uint8], Floats]:
        """Empty marks and mass, for a push."""
        return np.zeros(self.targets, np.uint8), np.zeros(self.targets * self.lanes)


def plain_logit(values: Floats, open_: NDArray[np.bool_], precision: Floats) -> Floats:
    """Logit choice, place by place: (options, places)."""
    out = np.zeros_like(values)
    for i in np.ndindex(values.shape[1:]):
        free = np.flatnonzero(open_[(slice(None), *i)])
        if not len(free):
            continue
        gap = values[(free, *i)] - values[(free, *i)].max()
        sharp = precision[i[-1]]
        power = np.exp(sharp * gap) if np.isfinite(sharp) else (gap >= -1e-12).astype(float)
        out[(free, *i)] = power / power.sum()
    return out
