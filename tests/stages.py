"""Stages in which an equilibrium must be solved for, as the kernels take them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mistrust.compile.nodes import Nodes, place
from mistrust.kernels.agents import outlooks, workspace
from mistrust.kernels.branch import follow
from mistrust.kernels.pair import climb
from mistrust.kernels.pairs import scratch
from mistrust.kernels.source import nowhere
from mistrust.referee import beliefs, stage
from mistrust.referee.evaluate import Belief
from mistrust.scenario.beliefs import Grid

Floats = NDArray[np.float64]


@dataclass
class Mover:
    """One who chooses, with types or (without a grid) with none."""

    grid: Grid | None = None
    prior: Floats = field(default_factory=lambda: np.ones(1))
    outset: float = 0.0

    @property
    def nodes(self) -> Nodes:
        """Where the beliefs lie, with the first type's probability at the outset on one."""
        if self.grid is None:
            return Nodes(np.ones((1, 1, 1)), np.zeros((4, 1)))
        rest = (1 - self.outset) / (len(self.prior) - 1)
        return place(self.grid, np.array([[self.outset]] + [[rest]] * (len(self.prior) - 1)))

    def number(self, point: Belief) -> int:
        """The node that lies at a point."""
        return int(abs(self.nodes.beliefs[:, :, 0] - np.array(point)).sum(axis=1).argmin())

    def refereed(self, names: list[list[str]]) -> stage.Mover:
        """As the referee has it."""
        if self.grid is None:
            return stage.Mover(names)
        grid = beliefs.Grid(len(self.prior), self.grid.points - 1, self.outset)
        return stage.Mover(names, tuple(self.prior), grid)


@dataclass
class Stage:
    """A stage as `follow` takes it, with what the references need to know of it.

    `worth` is (movers, combinations, nodes, casts); `open_` is (agents, options).
    """

    worth: Floats
    movers: list[Mover]
    counts: NDArray[np.int64]
    open_: Floats
    precision: Floats

    @property
    def one(self) -> Mover:
        """The only mover."""
        (mover,) = self.movers
        return mover

    @property
    def ways(self) -> tuple[NDArray[np.int64], ...]:
        """How many options, types and nodes each mover has."""
        kinds, sizes = zip(
            *((len(m.prior), len(m.nodes.beliefs)) for m in self.movers), strict=True
        )
        return self.counts, np.array(kinds), np.array(sizes)

    @property
    def work(self) -> tuple[Any, ...]:
        return workspace(*self.ways[:2])

    def packed(self) -> tuple[Any, ...]:
        prior = np.zeros((len(self.movers), self.ways[1].max()))
        for i, mover in enumerate(self.movers):
            prior[i, : len(mover.prior)] = mover.prior
        steps = np.array([mover.grid.points - 1 if mover.grid else 0 for mover in self.movers])
        bend = np.array([mover.nodes.bend[:, 0] for mover in self.movers])
        seen = np.zeros(self.worth.shape[1:3], dtype=np.int64)
        table = (self.worth, seen, 0, nowhere())
        return table, self.ways, (steps, bend, prior), self.open_, self.precision

    def followed(self) -> tuple[float, Floats]:
        """By `follow`: the residual and the strategies, (agents, options)."""
        share, y = np.zeros(self.open_.shape), np.zeros(self.open_.size)
        return follow(self.packed(), y, share, self.work), share

    def answer(self, y: Floats) -> tuple[Floats, Floats, Floats]:
        """Precision times the outlook at logit units y; its derivative there; strategies."""
        size, share, work = self.open_.size, np.zeros(self.open_.shape), self.work
        outlooks(self.packed(), y, 1.0, share, work, True)
        sharp = np.repeat(self.precision, self.open_.shape[1])
        return sharp * work[1][:size], sharp[:, None] * work[2][:size, :size], share

    def by_the_referee(self) -> Floats:
        """Strategies by the referee's own equations and its own way along the branch."""
        counts, kinds, sizes = self.ways
        names = [[str(a) for a in np.flatnonzero(row)] for row in self.open_]
        own = np.split(np.arange(len(names)), np.cumsum(kinds)[:-1])
        movers = [
            mover.refereed([names[agent] for agent in agents])
            for mover, agents in zip(self.movers, own, strict=True)
        ]

        def value(chosen: tuple[str, ...], points: tuple[Belief, ...]) -> Any:
            them = zip(self.movers, points, strict=True)
            c = np.ravel_multi_index([int(a) for a in chosen], counts)
            node = np.ravel_multi_index([mover.number(point) for mover, point in them], sizes)
            amounts = self.worth[:, c, node].T.tolist()
            return dict(zip(np.ndindex(*kinds), amounts, strict=True))

        precision = [self.precision[agents[0]] for agents in own]
        logs = [row for mover in stage.choices(movers, precision, value) for row in mover]
        options = range(self.open_.shape[1])
        return np.exp([[row.get(str(a), -np.inf) for a in options] for row in logs])


def mover(rng: np.random.Generator, kinds: int, most: int = 7) -> Mover:
    """One with so many types, and a belief at one of the nodes."""
    grid = Grid("a", tuple("abc"[:kinds]), int(rng.integers(2, most)))
    found = Mover(grid, np.ones(kinds), float(rng.choice([0.0, rng.random()])))
    nodes = found.nodes.beliefs[:, :, 0]
    return replace(found, prior=nodes[rng.integers(len(nodes))])


def opened(rng: np.random.Generator, counts: list[int], bound: bool) -> Floats:
    """Options for agents that may have so many; with `bound`, not all are open."""
    open_ = np.zeros((len(counts), max(counts)))
    for row, count in zip(open_, counts, strict=True):
        row[:count] = rng.random(count) < 0.7 if bound else 1
        row[rng.integers(count)] = 1
    return open_


def typed(rng: np.random.Generator, precision: float, kinds: int = 0, bound: bool = False) -> Stage:
    """A random stage of an actor with types; with `bound`, not all options are open to all."""
    kinds = kinds or int(rng.choice([2, 2, 3]))
    options, one = int(rng.integers(2, 4)), mover(rng, kinds)
    nodes = one.nodes.beliefs[:, :, 0]
    worth = rng.normal(size=(options, len(nodes), kinds))
    if rng.random() < 0.5:  # values that are smooth in the belief
        worth = np.einsum("ns,aks->ank", nodes, 2 * rng.normal(size=(options, kinds, kinds)))
    open_ = opened(rng, [options] * kinds, bound)
    return Stage(worth[None], [one], np.array([options]), open_, np.full(kinds, precision))


def sealed(payoff: Floats, counts: list[int], precision: Floats) -> Stage:
    movers, open_ = [Mover() for _ in counts], opened(np.random.default_rng(0), counts, False)
    return Stage(payoff[:, :, None, None], movers, np.array(counts), open_, precision)


def random_sealed(rng: np.random.Generator, precision: float) -> Stage:
    counts = rng.integers(2, 4, size=rng.choice([2, 2, 3])).tolist()
    payoff = rng.normal(size=(len(counts), int(np.prod(counts))))
    return sealed(payoff, counts, precision * np.exp(0.5 * rng.normal(size=len(counts))))


def meeting(
    rng: np.random.Generator,
    precision: float,
    bound: bool = False,
    kinds: tuple[int, ...] = (),
) -> Stage:
    """Two or three at once, of whom one at least has types."""
    kinds = kinds or [(2, 1), (2, 2), (3, 2), (1, 2, 2)][rng.integers(4)]
    movers = [mover(rng, k, 5) if k > 1 else Mover() for k in kinds]
    counts = rng.integers(2, 4 if len(kinds) == 2 else 3, size=len(kinds)).tolist()
    ones = [m.nodes.beliefs[:, :, 0] for m in movers]
    shape = (len(kinds), int(np.prod(counts)), *map(len, ones), int(np.prod(kinds)))
    worth = rng.normal(size=shape)
    if rng.random() < 0.5:  # values that are smooth in the beliefs
        flat = rng.normal(size=(*shape[:2], *kinds, shape[-1]))
        for i, nodes in enumerate(ones):
            flat = np.moveaxis(np.tensordot(nodes, flat, (1, 2 + i)), 0, 2 + i)
        worth = 2 * flat
    likely = np.ones((len(kinds), *kinds))  # the others' types
    for i in range(len(kinds)):
        for j, other in enumerate(movers):
            at = [-1 if j == k else 1 for k in range(len(kinds))]
            likely[i] = likely[i] * (other.prior.reshape(at) if j != i else 1.0)
    worth = worth.reshape(*shape[:2], -1, shape[-1]) * likely.reshape(len(kinds), 1, 1, -1)
    agents = [count for count, k in zip(counts, kinds, strict=True) for _ in range(k)]
    sharp = np.repeat(precision * np.exp(0.5 * rng.normal(size=len(kinds))), kinds)
    return Stage(worth, movers, np.array(counts), opened(rng, agents, bound), sharp)


def symmetric(rng: np.random.Generator, precision: float) -> Stage:
    """Two who could change places, each with two types."""
    one, options = mover(rng, 2), int(rng.integers(2, 4))
    nodes = one.nodes.beliefs[:, :, 0]
    # by own option and the other's, node of the belief about oneself and the other, both types
    worth = rng.normal(size=(options, options, len(nodes), len(nodes), 2, 2))
    if rng.random() < 0.5:
        smooth = 2 * rng.normal(size=(options, options, 2, 2, 2, 2))
        worth = np.einsum("ni,mj,abijkl->abnmkl", nodes, nodes, smooth)
    worth *= one.prior
    both = np.array([worth, worth.transpose(1, 0, 3, 2, 5, 4)])
    both = np.ascontiguousarray(both.reshape(2, options**2, len(nodes) ** 2, 4))
    sharp = np.full(4, precision)
    return Stage(both, [one, one], np.array([options] * 2), np.ones((4, options)), sharp)


def random_stages(seed: int, count: int, precisions: list[float]) -> list[Stage]:
    rng, found = np.random.default_rng(seed), []
    for i in range(count):
        precision = precisions[i % len(precisions)]
        choice = (
            typed(rng, precision), typed(rng, precision, bound=True), random_sealed(rng, precision),
            meeting(rng, precision), meeting(rng, precision, bound=True),
        )  # fmt: skip
        found.append(choice[i % 5])
    return found


def pair(one: Stage) -> tuple[float, Floats, Floats]:
    """By `climb`: the residual (infinite where the way is lost), strategies and choice values."""
    options = one.open_.shape[1]
    share, y, left = np.zeros((1, 2, options)), np.zeros((1, 2, options)), np.zeros(1)
    none = np.zeros(1, dtype=np.int64)
    stages = (none, one.one.prior[:1], one.one.nodes.bend, one.precision[:1], one.open_[None])
    work = scratch(options, 1, one.worth.shape[2])
    climb(none, (0,) * options, one.worth, stages, y, share, left, True, work)
    return float(left[0]), share[0], y[0]
