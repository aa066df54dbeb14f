"""The branch of an actor with two types, followed piece by piece: a plain reference.

Between two nodes of the belief, values are linear in it and the equation of `kernels.pair` is
smooth. The path takes small steps along it, comes to rest on every node that a posterior reaches,
and leaves it with the values beyond and the orientation that the determinant keeps all along.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from stages import Floats, Stage

STEP = 0.04
"""How long a step is, in log-odds."""


@dataclass
class Path:
    """The unknowns are the log-odds of the posterior after each option, and t (times `scale`)."""

    values: Floats  # (options, nodes, types), in logit units
    at: Floats  # the probabilities that are nodes
    belief: float

    @staticmethod
    def of(one: Stage) -> Path:
        """All options are open."""
        at = one.one.nodes.beliefs[:, 0, 0]
        order = np.argsort(at)
        values = one.precision[0] * one.worth[0][:, order]
        return Path(values, at[order], float(one.one.prior[0]))

    def __post_init__(self) -> None:
        self.options = len(self.values)
        with np.errstate(divide="ignore"):
            self.marks = np.log(self.at / (1 - self.at))
        self.rise = np.diff(self.values, axis=1) / np.diff(self.at)[:, None]
        self.scale = 1.0

    def value(self, odds: Floats, piece: Floats) -> tuple[Floats, Floats]:
        """The choice values, (options, types), and how they change with log-odds."""
        rows, chance = np.arange(self.options), 1 / (1 + np.exp(-odds))
        rise = self.rise[rows, piece]
        value = self.values[rows, piece] + (chance - self.at[piece])[:, None] * rise
        return value, rise * (chance * (1 - chance))[:, None]

    def strategies(self, odds: Floats, piece: Floats, t: float = 1.0) -> Floats:
        """(options, types)."""
        value, _ = self.value(odds, piece)
        weight = np.exp(t * (value - value.max(axis=0)))
        return np.asarray(weight / weight.sum(axis=0))

    def equation(self, point: Floats, piece: Floats) -> tuple[Floats, Floats]:
        """What is left, and its derivatives."""
        odds, t = point[:-1], point[-1] / self.scale
        (value, slope), share = self.value(odds, piece), self.strategies(odds, piece, t)
        best = value.max(axis=0)
        sums = t * best + np.log(np.exp(t * (value - best)).sum(axis=0))
        prior = np.log(self.belief / (1 - self.belief))
        left = odds - prior - t * (value[:, 0] - value[:, 1]) + sums[0] - sums[1]
        by_odds = np.diag(1 - t * (slope[:, 0] - slope[:, 1]))
        by_odds += t * (share * slope) @ [1, -1]
        by_t = -(value[:, 0] - value[:, 1]) + (share * value).sum(axis=0) @ [1, -1]
        return left, np.column_stack([by_odds, by_t / self.scale])

    def tangent(self, point: Floats, piece: Floats, sign: float) -> Floats:
        """Of unit length, such that the determinant keeps its sign."""
        slopes = self.equation(point, piece)[1]
        along = np.linalg.svd(slopes)[2][-1]
        return along * sign * np.sign(np.linalg.det(np.vstack([slopes, along])))

    def corrected(self, point: Floats, piece: Floats, row: Floats) -> Floats | None:
        """The nearest point on the branch, at right angles to `row`."""
        there = point.copy()
        for _ in range(20):
            left, slopes = self.equation(there, piece)
            move = np.linalg.solve(np.vstack([slopes, row]), [*left, row @ (there - point)])
            there = there - move
            if abs(move).max() < 1e-12:
                return there
        return None

    def step(self, point: Floats, piece: Floats, sign: float) -> Floats:
        """A small step along the branch, as if the pieces went on for ever."""
        along, length = self.tangent(point, piece, sign), STEP
        while length > 1e-10:
            ahead = point + length * along
            there = self.corrected(ahead, piece, along)
            if there is not None and np.linalg.norm(there - ahead) < 0.2 * length:
                return there
            length /= 2
        raise AssertionError("the path is lost")

    def start(self) -> tuple[Floats, Floats, float]:
        """The centroid, at t = 0, and the pieces on which the branch leaves it."""
        prior = np.log(self.belief / (1 - self.belief))
        point = np.array([prior] * self.options + [0.0])
        low = min(int(np.searchsorted(self.marks, prior, "right")) - 1, len(self.at) - 2)
        piece = np.full(self.options, low)
        self.scale = max(1.0, abs(self.equation(point, piece)[1][:, -1]).max())
        along = self.tangent(point, piece, 1.0)
        along = along * np.sign(along[-1])
        for a in range(self.options):
            if abs(prior - self.marks[low]) < 1e-9 and along[a] < 0:
                piece[a] -= 1
            elif abs(prior - self.marks[low + 1]) < 1e-9 and along[a] > 0:
                piece[a] += 1
        slopes = self.equation(point, piece)[1]
        return point, piece, float(np.sign(np.linalg.det(np.vstack([slopes, along]))))

    def end(self) -> Floats:
        """Strategies at full precision: (types, options)."""
        point, piece, sign = self.start()
        for _ in range(20_000):
            there = self.step(point, piece, sign)
            way = there - point
            ahead = piece + (way[:-1] > 0)
            goals = np.append(self.marks[ahead], self.scale)
            past = np.append(
                np.sign(way[:-1]) * (there[:-1] - goals[:-1]) > 1e-13, there[-1] >= goals[-1]
            )
            if not past.any():
                point = there
                continue
            part = np.full(len(past), np.inf)
            part[past] = (goals - point)[past] / way[past]
            which = int(part.argmin())
            row = np.eye(len(past))[which]
            found = self.corrected(point + part[which] * way, piece, row)
            assert found is not None, "the node is missed"
            if which == self.options:
                return self.strategies(found[:-1], piece).T
            point, piece = found, piece.copy()
            piece[which] += 1 if way[which] > 0 else -1
            assert self.tangent(point, piece, sign)[which] * way[which] > 0, "thrown back"
        raise AssertionError("no end to the path")
