"""The equilibrium of a stage: two ways of following the branch, and plain references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq, root

from mistrust.compile.nodes import Nodes, place
from mistrust.kernels.agents import outlooks, workspace
from mistrust.kernels.branch import follow
from mistrust.kernels.pair import climb
from mistrust.kernels.pairs import scratch as scratch_of_pairs
from mistrust.kernels.source import nowhere
from mistrust.referee import beliefs, stage
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

    def number(self, point: beliefs.Belief) -> int:
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

        def value(chosen: tuple[str, ...], points: tuple[beliefs.Belief, ...]) -> Any:
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


def pair(one: Stage) -> tuple[float, Floats, Floats]:
    """By `climb`: the residual (infinite where the way is lost), strategies and choice values."""
    options = one.open_.shape[1]
    share, y, left = np.zeros((1, 2, options)), np.zeros((1, 2, options)), np.zeros(1)
    none = np.zeros(1, dtype=np.int64)
    stages = (none, one.one.prior[:1], one.one.nodes.bend, one.precision[:1], one.open_[None])
    work = scratch_of_pairs(options)
    climb(none, (0,) * options, one.worth, stages, y, share, left, True, work)
    return float(left[0]), share[0], y[0]


def test_two_types_are_solved_alike_the_short_way_and_the_long() -> None:
    """But for about one of a thousand of these rough stages, where one way jumps past a fold."""
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
    assert unknown > 200 and apart <= 2


# a stage of two options or three: belief, outset, and by option and type the values at the nodes
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


@pytest.mark.parametrize("stage_", LOST_ONCE.values(), ids=LOST_ONCE)
def test_stages_that_were_lost_once_are_solved_the_short_way(
    stage_: tuple[float, float, list[Any]],
) -> None:
    belief, outset, values = stage_
    worth = np.ascontiguousarray(np.swapaxes(np.array(values), 1, 2))
    grid, open_ = Grid("a", ("x", "y"), worth.shape[1]), np.ones((2, len(worth)))
    prior, counts = np.array([belief, 1 - belief]), np.array([len(worth)])
    one = Stage(worth[None], [Mover(grid, prior, outset)], counts, open_, np.ones(2))
    left, share, _ = pair(one)
    residual, other = one.followed()
    assert max(left, residual) <= 1e-10
    assert share == pytest.approx(other, abs=1e-7)


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
