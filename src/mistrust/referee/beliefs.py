"""Beliefs about hidden types: Bayes' rule, and the grid on which beliefs are kept.

A belief that falls between points of the grid is a mixture of the corners of the cell that it is
in, with the weights that keep its mean; what follows is worth the same mixture. A point has the
falling coordinates ``x_j = n * (mu_1 + ... + mu_{K-j})``, j = 1..K-1, for K types and the points
whose probabilities are multiples of 1/n. A cell has a corner where all coordinates are whole (those
of the belief, rounded down), and the next corners follow by raising one coordinate after the other
by 1, the one with the largest remainder first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from mistrust.referee.evaluate import Belief


@dataclass(frozen=True)
class Cell:
    """A belief as a mixture of grid points.

    Parameters
    ----------
    corners
        The points.
    weights
        The weight of each, none below 0, adding up to 1.
    slopes
        For each corner: by how much its weight grows with the probability of each type.
    """

    corners: list[Belief]
    weights: list[float]
    slopes: list[list[float]]

    @property
    def split(self) -> list[tuple[float, Belief]]:
        """The weights above 0 with their points."""
        pairs = zip(self.weights, self.corners, strict=True)
        return [(weight, point) for weight, point in pairs if weight > 0]


@dataclass(frozen=True)
class Grid:
    """The beliefs about an actor with so many types that are multiples of 1/n.

    With two types the `prior` of the first, if given, takes the place of the multiple nearest to
    it (but 0 and 1), and the others keep equal distances below it and above it.
    """

    kinds: int
    n: int
    prior: float | None = None

    @property
    def size(self) -> int:
        """The number of points."""
        return math.comb(self.n + self.kinds - 1, self.kinds - 1)

    def points(self) -> Iterator[Belief]:
        """Every belief of the grid."""
        for falling in _falling(self.n, self.kinds - 1):
            yield self._point(falling)

    def cell(self, belief: Sequence[float]) -> Cell:
        """The cell that a belief is in, and where in it."""
        sums = [min(self._place(total), self.n) for total in accumulate(belief[:-1])]
        place = sums[::-1]
        corner = [min(math.floor(x), self.n - 1) for x in place]
        rest = [x - whole for x, whole in zip(place, corner, strict=True)]
        order = sorted(range(len(rest)), key=lambda j: (-rest[j], j))
        corners = [self._point(corner)]
        for j in order:
            corner[j] += 1
            corners.append(self._point(corner))
        heights = [1.0, *(rest[j] for j in order), 0.0]
        rises = [self._rise(j, belief[0]) for j in order]
        still = [0.0] * self.kinds
        return Cell(
            corners,
            [high - low for high, low in pairwise(heights)],
            [
                [a - b for a, b in zip(*pair, strict=True)]
                for pair in pairwise([still, *rises, still])
            ],
        )

    def _point(self, falling: Sequence[int]) -> Belief:
        if self._bend:
            whole, prior = self._bend
            (number,) = falling
            low, high = prior * number / whole, (self.n - number) / (self.n - whole) * (1 - prior)
            first = low if number <= whole else 1 - high
            return first, 1 - first
        return tuple((b - a) / self.n for a, b in pairwise([0, *reversed(falling), self.n]))

    def _rise(self, j: int, first: float) -> list[float]:
        """By how much coordinate j (from 0) grows with the probability of each type."""
        rise = float(self.n)
        if self._bend:
            whole, prior = self._bend
            rise = whole / prior if first < prior else (self.n - whole) / (1 - prior)
        return [rise if kind < self.kinds - 1 - j else 0.0 for kind in range(self.kinds)]

    @cached_property
    def _bend(self) -> tuple[int, float] | None:
        """The whole coordinate that the prior has, and the prior."""
        if self.kinds > 2 or self.n < 2 or self.prior is None or not 0 < self.prior < 1:
            return None
        whole = round(self.prior * self.n)
        if abs(whole - self.prior * self.n) <= 1e-12 * self.n:
            return None
        return min(max(whole, 1), self.n - 1), self.prior

    def _place(self, total: float) -> float:
        """A coordinate of a belief, from the probability of the types that it counts."""
        if not self._bend:
            return self.n * total
        whole, prior = self._bend
        if total < prior:
            return total / prior * whole
        return whole + (total - prior) / (1 - prior) * (self.n - whole)


def _falling(most: int, count: int) -> Iterator[list[int]]:
    """Every falling row of so many whole numbers, from `most` at most down to 0."""
    if count == 0:
        yield []
        return
    for first in range(most + 1):
        for rest in _falling(first, count - 1):
            yield [first, *rest]


def posterior(belief: Sequence[float], logs: Sequence[float]) -> list[float]:
    """The belief after something was seen, from the logarithm of each type's probability of it.

    What no type that was thought possible can do tells that the actor has one of the types that
    can; these are then equally likely at first.
    """
    able = [kind for kind, log in enumerate(logs) if log > -math.inf]
    prior = {kind: belief[kind] for kind in able if belief[kind] > 0} or dict.fromkeys(able, 1.0)
    top = max(logs[kind] for kind in prior)
    weight = [
        prior.get(kind, 0) and prior[kind] * math.exp(logs[kind] - top)
        for kind in range(len(belief))
    ]
    return [w / sum(weight) for w in weight]
