"""The kernels for one world against plain twins, on random operands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from operands import UNTOUCHED, Floats, Integers, Lookup, Phase, close, plain_logit

from mistrust import kernels
from mistrust.compile.streams import Streams, streams_of

SEEDS = range(8)
BLOCKS, LOW = 4, 5
MARGIN = 30
PITCH = BLOCKS * LOW + 2 * MARGIN


class Planes(Phase):
    """A phase for one world: branches lead to any block, there at most a cell up or down."""

    def __init__(self, seed: int, options: int = 1) -> None:
        super().__init__(3 * seed, options)  # of one lane
        rng, self.targets = self.rng, self.size
        branches = rng.integers(1, 4, options)
        self.first_branch = np.cumsum([0, *branches])
        count = self.first_branch[-1]
        steps = rng.integers(-1, 2, (count + 1, LOW))
        self.goal = Lookup(
            LOW * rng.integers(0, BLOCKS, (count + 1, BLOCKS)),
            np.clip(np.arange(LOW) + steps, 0, LOW - 1),
        )
        self.row = Lookup.random(rng, count, (BLOCKS, LOW), len(self.weights))
        self.row.high[:, 1] = self.row.high[:, 2]
        self.values = rng.normal(size=(self.size, self.groups, 1))

    def decided_at_all(self) -> None:
        """The decision is taken on every board, and its strategies lie in their order."""
        self.policy = Lookup(np.arange(BLOCKS)[None] * LOW, np.arange(LOW)[None])

    @property
    def kinds_by(self) -> Integers:
        """The rows of all tables by block."""
        return np.vstack([self.row.high, self.pay.high, self.open.high])

    @property
    def paths(self) -> Streams:
        """The branches by where they lead."""
        first = self.first_branch
        return self.streams([range(first[o], first[o + 1]) for o in range(self.options)])

    @property
    def carry(self) -> Streams:
        """The first branch alone, as a turn's end leads on."""
        return self.streams([range(1)])

    def streams(self, options: list[range]) -> Streams:
        """Some branches, from the first on, by where they lead."""
        count = options[-1].stop
        found = streams_of(self.goal.high[:count], self.goal.low[:count], options, self.kinds_by)
        assert found is not None
        return found

    def blocks(self, paths: Streams) -> tuple[Integers, Integers, Integers]:
        """Those with cells that matter, and where the cells of each begin."""
        starts = np.searchsorted(self.cells, LOW * np.arange(BLOCKS + 1))
        return paths.order[np.diff(starts)[paths.order] > 0], starts, self.cells

    def laid_out(self, values: Floats) -> Floats:
        """Planes of (cells, groups, 1), with numbers beside them that must not matter."""
        out = self.rng.normal(size=(self.groups, PITCH))
        out[:, MARGIN : MARGIN + self.size] = values[:, :, 0].T
        return out.ravel()

    @property
    def planes(self) -> tuple[int, int, int]:
        return MARGIN, PITCH, self.groups

    def rows_of(self, out: Floats) -> Floats:
        """Back from planes: (cells, groups)."""
        return out.reshape(self.groups, PITCH)[:, MARGIN : MARGIN + self.size].T

    def untouched(self) -> Floats:
        return np.full(self.groups * PITCH, UNTOUCHED)

    def beside(self, out: Floats) -> Floats:
        """What lies in the margins, and at cells that do not matter."""
        wide, others = out.reshape(self.groups, PITCH), np.ones(PITCH, dtype=bool)
        others[MARGIN + self.cells] = False
        return wide[:, others]

    def spread_out(self) -> tuple[Floats, Floats]:
        """The mass with its margins, and room for where it goes."""
        mass = np.zeros(PITCH)
        mass[MARGIN : MARGIN + self.size] = self.mass[:, 0]
        return mass, np.zeros(PITCH)


def streams(paths: Streams) -> tuple[Any, ...]:
    return paths.kinds, paths.offsets, paths.members


@pytest.mark.parametrize("seed", SEEDS)
def test_expect(seed: int) -> None:
    phase = Planes(seed)
    out, table = phase.untouched(), phase.weights[:, 0].copy()
    operands = (phase.row.high, phase.row.low), table, phase.laid_out(phase.values), phase.planes
    kernels.expect_planes(phase.blocks(phase.paths), streams(phase.paths), *operands, out)
    phase.first_pay[1] = 0  # a chance phase pays nothing
    close(phase.rows_of(out)[phase.cells], phase.expected(0)[phase.cells, :, 0])
    assert (phase.beside(out) == UNTOUCHED).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_collect(seed: int) -> None:
    phase = Planes(seed)
    paths = phase.carry
    rows = np.zeros_like(paths.offsets), np.zeros_like(paths.mask, dtype=np.int64)
    patience, out = phase.rng.random(phase.groups), phase.untouched()
    payments = phase.pay_group, phase.pay.high, phase.pay.low, phase.pays[:, 0].copy()
    following = phase.laid_out(phase.values)
    kernels.collect_planes(
        phase.blocks(paths), streams(paths), rows, following, phase.planes, patience, payments, out
    )
    expected = patience * phase.values[phase.goal.full[0], :, 0]
    for k, group in enumerate(phase.pay_group):
        expected[:, group] += phase.pays[phase.pay.full[k], 0]
    close(phase.rows_of(out)[phase.cells], expected[phase.cells])
    assert (phase.beside(out) == UNTOUCHED).all()


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("options", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", SEEDS)
def test_decide(seed: int, options: int, everywhere: bool) -> None:
    phase = Planes(seed, options)
    if everywhere:  # every cell matters and is decided at, so that blocks are done whole
        phase.cells, phase.open_table = np.arange(phase.size), np.ones_like(phase.open_table)
        phase.decided_at_all()
    mover, paths, out, gain = phase.groups - 1, phase.paths, phase.untouched(), np.zeros(1)
    policy = np.full((phase.size, options), UNTOUCHED)
    kernels.decide_planes(
        phase.blocks(paths), streams(paths), paths.first, paths.united,
        (phase.row.high, phase.row.low), phase.weights[:, 0].copy(), phase.laid_out(phase.values),
        phase.planes, (phase.goal.high[-1], phase.goal.low[-1]),
        ((phase.open.high, phase.open.low), phase.open_table[:, 0].copy()), phase.first_pay,
        (phase.pay_group, phase.pay.high, phase.pay.low, phase.pays[:, 0].copy()),
        (phase.policy.high[0], phase.policy.low[0]), policy.reshape(-1), mover,
        float(phase.precision[0]), gain, out,
    )  # fmt: skip
    worth = np.array([phase.expected(o) for o in range(options)])[..., 0]
    open_ = phase.open_table[phase.open.full] != 0
    shares = plain_logit(worth[:, :, mover, None], open_, phase.precision)[..., 0]
    some = phase.cells[phase.inside[phase.cells]]
    close(policy[some].T, shares[:, some])
    assert (policy[np.setdiff1d(np.arange(phase.size), some)] == UNTOUCHED).all()
    taken = (shares.sum(axis=0) > 0) & phase.inside
    passing = phase.values[phase.goal.full[-1], :, 0]
    value = np.where(taken[:, None], np.einsum("ox,oxg->xg", shares, worth), passing)
    close(phase.rows_of(out)[phase.cells], value[phase.cells])
    assert (phase.beside(out) == UNTOUCHED).all()
    best = np.where(open_[..., 0], worth[..., mover], -np.inf).max(axis=0)
    own = np.flatnonzero(taken & np.isin(np.arange(phase.size), phase.cells))
    close(gain, (best - value[:, mover])[own].max(initial=0.0))


@pytest.mark.parametrize("seed", SEEDS)
def test_push(seed: int) -> None:
    phase, expected = Planes(seed), np.zeros(20)
    mass, out = phase.spread_out()
    rows, table = (phase.row.high, phase.row.low), phase.weights[:, 0].copy()
    paths = phase.paths
    kernels.push_planes((paths.order, streams(paths)), rows, table, mass, MARGIN, out)
    for b in range(phase.first_branch[1]):
        moved = phase.weights[phase.row.full[b]] * phase.mass
        np.add.at(expected, phase.goal.full[b], moved[:, 0])
    close(out[MARGIN : MARGIN + phase.size], expected)
    assert not out[:MARGIN].any() and not out[MARGIN + phase.size :].any()


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("options", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", SEEDS)
def test_push_decision(seed: int, options: int, everywhere: bool) -> None:
    phase = Planes(seed, options)
    if everywhere:
        phase.decided_at_all()
    mass, out = phase.spread_out()
    shares = phase.rng.dirichlet(np.ones(options), phase.size)
    shares *= phase.rng.random((phase.size, 1)) < 0.7  # the guard fails at some cells
    shares[phase.mass[:, 0] == 0.0] = np.nan  # nothing was worked out there
    chosen, earned, paths = np.zeros(options), np.zeros(phase.first_pay[-1]), phase.paths
    kernels.push_decision_planes(
        (paths.order, streams(paths)), paths.first, (phase.row.high, phase.row.low),
        phase.weights[:, 0].copy(), mass, MARGIN, (phase.goal.high[-1], phase.goal.low[-1]),
        phase.first_pay, (phase.pay.high, phase.pay.low, phase.pays[:, 0].copy()),
        (phase.policy.high[0], phase.policy.low[0]), shares.reshape(-1), chosen, earned, out,
    )  # fmt: skip
    own, expected = phase.mass[:, 0], np.zeros(phase.size)
    shares = np.where(own[:, None] == 0.0, 0.0, shares)
    part = np.where(phase.inside[:, None], shares * own[:, None], 0.0).T
    passing = np.where((shares.sum(axis=1) > 0) & phase.inside, 0.0, own)
    np.add.at(expected, phase.goal.full[-1], passing)
    paid = np.zeros(phase.first_pay[-1])
    for o in range(options):
        for b in range(phase.first_branch[o], phase.first_branch[o + 1]):
            np.add.at(expected, phase.goal.full[b], phase.weights[phase.row.full[b], 0] * part[o])
        for k in range(phase.first_pay[o], phase.first_pay[o + 1]):
            paid[k] = (part[o] * phase.pays[phase.pay.full[k], 0]).sum()
    close(out[MARGIN : MARGIN + phase.size], expected)
    close(chosen, part.sum(axis=1))
    close(earned, paid)


@pytest.mark.parametrize("seed", SEEDS)
def test_push_collect(seed: int) -> None:
    phase, expected = Planes(seed), np.zeros(20)
    mass, out = phase.spread_out()
    paths = phase.carry
    payments = phase.pay.high, phase.pay.low, phase.pays[:, 0].copy()
    earned = np.zeros(phase.first_pay[-1])
    kernels.push_collect_planes((paths.order, streams(paths)), mass, MARGIN, payments, earned, out)
    np.add.at(expected, phase.goal.full[0], phase.mass[:, 0])
    close(out[MARGIN : MARGIN + phase.size], expected)
    paid = [(phase.mass * phase.pays[rows]).sum() for rows in phase.pay.full]
    close(earned, np.array(paid).reshape(earned.shape))
