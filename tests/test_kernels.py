"""Kernels against plain twins, on random operands.

Those for one world have theirs in `test_plane_kernels.py`. Those that work in place are held to
these by `test_in_place.py`, the derivatives to differences by `test_derivatives.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit
from operands import UNTOUCHED, Floats, Phase, close, plain_logit

from mistrust import kernels
from mistrust.compile.acting import singly
from mistrust.kernels.scalar import exponential, logarithm

SEEDS = range(6)


def compiled_and_plain(kernel: Any) -> list[Any]:
    """A kernel as machine code and as the Python it was written in."""
    return [
        pytest.param(kernel, id="compiled"),
        pytest.param(kernel.py_func, id="interpreted"),
    ]


Kernel = Callable[..., Any]


@pytest.mark.parametrize("kernel", compiled_and_plain(kernels.expect))
@pytest.mark.parametrize("seed", SEEDS)
def test_expect(seed: int, kernel: Kernel) -> None:
    phase = Phase(seed)
    n = phase.groups * phase.lanes
    out = np.full(phase.size * n, UNTOUCHED)
    kernel(phase.cells, phase.values.ravel(), *phase.goals, *phase.rows, phase.repeated(), out)
    expected = np.full((phase.size, n), UNTOUCHED)
    phase.first_pay[1] = 0  # a chance phase pays nothing
    expected[phase.cells] = phase.expected(0).reshape(phase.size, n)[phase.cells]
    close(out.reshape(phase.size, n), expected)


@pytest.mark.parametrize("kernel", compiled_and_plain(kernels.push))
@pytest.mark.parametrize("seed", SEEDS)
def test_push(seed: int, kernel: Kernel) -> None:
    phase = Phase(seed)
    marks, out = phase.sides()
    expected = np.zeros((phase.targets, phase.lanes))
    visited = set()
    for b in range(3):
        moved = phase.weights[phase.row.full[b]] * phase.mass
        np.add.at(expected, phase.goal.full[b], moved)
        alive = phase.cells[phase.live[phase.row.full[b][phase.cells]]]
        visited |= set(phase.goal.full[b][alive].tolist())
    mass = phase.mass.ravel()
    boxes = singly(phase.cells)
    kernel(*boxes, mass, *phase.goals, *phase.rows, phase.weights, marks, out)
    close(out.reshape(phase.targets, phase.lanes), expected)
    assert not mass.any(), "the mass is cleared behind it"
    assert set(np.flatnonzero(marks).tolist()) == visited


@pytest.mark.parametrize("kernel", compiled_and_plain(kernels.spread))
@pytest.mark.parametrize("seed", SEEDS)
def test_spread_and_unmark(seed: int, kernel: Kernel) -> None:
    phase = Phase(seed)
    marks, _ = phase.sides()
    kernel(phase.cells, *phase.goals, *phase.rows, marks)
    expected = {
        int(phase.goal.full[b][x])
        for b in range(3)
        for x in phase.cells
        if phase.live[phase.row.full[b][x]]
    }
    assert set(np.flatnonzero(marks).tolist()) == expected
    kernels.unmark(np.flatnonzero(marks), marks)
    assert not marks.any()


def decide(phase: Phase, policy: Floats, *, given: bool) -> tuple[Floats, Floats]:
    """The kernel's values (cells, groups, lanes) and gains (kept lanes,)."""
    n = phase.groups * phase.lanes
    out, gain = np.full(phase.size * n, UNTOUCHED), np.zeros(policy.shape[2])
    kernels.decide(
        *singly(phase.cells), phase.values.ravel(), *phase.goals, *phase.rows, phase.repeated(),
        phase.first_branch, phase.open.high, phase.open.low, phase.open_table,
        phase.first_pay, phase.pay_group, phase.pay.high, phase.pay.low, phase.pays,
        phase.policy.high[0], phase.policy.low[0], policy, given, phase.groups - 1,
        phase.precision, *OPEN, gain, out,
    )  # fmt: skip
    return out.reshape(phase.size, phase.groups, phase.lanes), gain


OPEN = (np.ones((1, 1, 1, 1)), np.zeros(10_000, np.int64), np.zeros(10_000, np.int64))
"""Nothing is hidden: the only profile of types is judged by itself, whatever the beliefs."""


def decided(phase: Phase, shares: Floats) -> Floats:
    """The twin: values where the options are chosen with these probabilities."""
    worth = np.array([phase.expected(o) for o in range(phase.options)])
    value = np.einsum("oxw,oxgw->xgw", shares, worth)
    passing = phase.values[phase.goal.full[-1]]
    taken = (shares.sum(axis=0) > 0) & phase.inside[:, None]
    out = np.full_like(value, UNTOUCHED)
    out[phase.cells] = np.where(taken[:, None], value, passing)[phase.cells]
    return out


@pytest.mark.parametrize("all_open", [False, True])
@pytest.mark.parametrize("options", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", SEEDS)
def test_decide(seed: int, options: int, all_open: bool) -> None:
    phase = Phase(seed, options)
    if all_open:
        phase.open_table[:] = 1
        phase.precision = np.minimum(phase.precision, 30)
    mover = phase.groups - 1
    worth = np.array([phase.expected(o)[:, mover] for o in range(options)])
    open_ = phase.open_table[phase.open.full] != 0
    shares = plain_logit(worth, open_, phase.precision)
    policy = np.full((phase.size, options, phase.lanes), UNTOUCHED)
    out, gain = decide(phase, policy, given=False)
    close(out, decided(phase, shares))
    some = phase.cells[phase.inside[phase.cells]]
    close(policy[some].transpose(1, 0, 2), shares[:, some])
    others = np.setdiff1d(np.arange(phase.size), some)
    assert (policy[others] == UNTOUCHED).all()
    best = np.where(open_, worth, -np.inf).max(axis=0)[some]
    with np.errstate(invalid="ignore"):
        lost = np.where(np.isfinite(best), best - out[some, mover], 0.0)
    close(gain, np.maximum(lost.max(axis=0, initial=0.0), 0.0))
    again, no_gain = decide(phase, policy, given=True)
    close(again, out)
    assert not no_gain.any()


@pytest.mark.parametrize("boxed", [False, True])
@pytest.mark.parametrize("options", [1, 2, 4])
@pytest.mark.parametrize("seed", SEEDS)
def test_push_decision(seed: int, options: int, boxed: bool) -> None:
    phase = Phase(seed, options)
    shares = phase.rng.dirichlet(np.ones(options), (phase.size, phase.lanes)).transpose(0, 2, 1)
    if not boxed:  # the guard fails at some cells that have a policy
        shares *= phase.rng.random((phase.size, 1, phase.lanes)) < 0.7
    expected = np.zeros((phase.targets, phase.lanes))
    taken = (shares.sum(axis=1) > 0) & phase.inside[:, None]
    np.add.at(expected, phase.goal.full[-1], np.where(taken, 0.0, phase.mass))
    part = np.where(phase.inside[:, None, None], shares * phase.mass[:, None], 0.0)
    earned = np.zeros((phase.first_pay[-1], phase.lanes))
    for o in range(options):
        for b in range(phase.first_branch[o], phase.first_branch[o + 1]):
            np.add.at(expected, phase.goal.full[b], phase.weights[phase.row.full[b]] * part[:, o])
        for k in range(phase.first_pay[o], phase.first_pay[o + 1]):
            earned[k] = (part[:, o] * phase.pays[phase.pay.full[k]]).sum(axis=0)
    marks, out = phase.sides()
    found_chosen, found_earned = np.zeros((options, phase.lanes)), np.zeros_like(earned)
    mass = phase.mass.ravel()
    kernels.push_decision(
        *singly(phase.cells), mass, *phase.goals, *phase.rows, phase.weights,
        phase.first_branch, phase.first_pay, phase.pay.high, phase.pay.low, phase.pays,
        phase.policy.high[0], phase.policy.low[0], np.ascontiguousarray(shares), boxed,
        found_chosen, found_earned, marks, out,
    )  # fmt: skip
    close(out.reshape(phase.targets, phase.lanes), expected)
    close(found_chosen, part.sum(axis=0))
    close(found_earned, earned)
    assert not mass.any()
    assert set(np.flatnonzero(expected.any(axis=1))) <= set(np.flatnonzero(marks))


@pytest.mark.parametrize("interpreted", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_turns_end(seed: int, interpreted: bool) -> None:
    phase = Phase(seed, options=2)
    backward = kernels.collect.py_func if interpreted else kernels.collect
    kinds = (kernels.push_pays, kernels.push_carry)
    forward, carry = (kernel.py_func if interpreted else kernel for kernel in kinds)
    goal, lanes, n = phase.goal.full[0], phase.lanes, phase.groups * phase.lanes
    patience = phase.rng.random(n)
    expected = patience * phase.values.reshape(-1, n)[goal]
    earned = np.zeros((len(phase.pay_group), lanes))
    for k, group in enumerate(phase.pay_group):
        amount = phase.pays[phase.pay.full[k]]
        expected[:, group * lanes : (group + 1) * lanes] += amount
        earned[k] = (phase.mass * amount).sum(axis=0)
    out = np.full((phase.size, n), UNTOUCHED)
    backward(
        phase.cells, phase.values.ravel(), phase.goal.high[0], phase.goal.low[0], patience,
        phase.pay_group, phase.pay.high, phase.pay.low, phase.pays, out.reshape(-1),
    )  # fmt: skip
    close(out[phase.cells], expected[phase.cells])
    assert (np.delete(out, phase.cells, axis=0) == UNTOUCHED).all()
    moved = np.zeros((phase.targets, lanes))
    np.add.at(moved, goal, phase.mass)
    marks, there = phase.sides()
    found_earned = np.zeros_like(earned)
    forward(
        phase.cells, phase.mass.ravel(), phase.pay.high, phase.pay.low, phase.pays, found_earned
    )
    goals = phase.goal.high[0], phase.goal.low[0]
    carry(phase.cells, phase.mass.ravel(), *goals, marks, there)
    close(there.reshape(-1, lanes), moved)
    close(found_earned, earned)
    assert set(np.flatnonzero(marks).tolist()) == set(goal[phase.cells].tolist())


@pytest.mark.parametrize("seed", SEEDS)
def test_gather_and_total(seed: int) -> None:
    phase = Phase(seed)
    rows = phase.rng.integers(0, 6, len(phase.cells))
    out, expected = np.zeros((6, phase.lanes)), np.zeros((6, phase.lanes))
    np.add.at(expected, rows, phase.mass[phase.cells])
    kernels.gather(phase.mass[phase.cells], rows, out)
    close(out, expected)
    policy = phase.rng.random((6, 2, phase.lanes))
    taken = np.zeros((2, phase.lanes))
    rows[0], which = -1, phase.rng.integers(0, 3, len(rows))
    counts = np.array([np.zeros(phase.lanes), np.ones(phase.lanes), phase.rng.random(phase.lanes)])
    kernels.chosen(phase.mass[phase.cells], counts, which, rows, policy, taken)
    part = phase.mass[phase.cells] * counts[which] * (rows >= 0)[:, None]
    close(taken, np.einsum("xw,xow->ow", part, policy[rows]))
    whole = np.full(phase.lanes, UNTOUCHED)
    kernels.total(phase.cells, phase.mass.ravel(), whole)
    close(whole, phase.mass.sum(axis=0))


# -- choice ----------------------------------------------------------------------------------


def logit(values: Floats, open_: Floats, precision: Floats) -> Floats:
    """The kernel on (options, places), with room to spare behind the places in use."""
    count = values.shape[1]
    share, free = (np.pad(a, ((0, 0), (0, 3)), constant_values=1.0) for a in (values, open_))
    sharp = np.pad(precision, (0, 3))
    best, total = np.zeros((2, count + 3))
    finite = bool((precision < np.inf).all())
    kernels.logit(share, free, finite, sharp, count, best, total)
    some = open_.any(axis=0)
    assert ((total[:count] > 0) == some).all()
    close(best[:count][some], np.where(open_ > 0, values, -np.inf).max(axis=0)[some])
    return share[:, :count]


@pytest.mark.parametrize("options", [1, 2, 3, 7])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_logit(options: int, scale: float) -> None:
    rng = np.random.default_rng(options)
    values = rng.normal(size=(options, 200)) * scale
    values[:, :40] = values[0, :40]  # ties
    precision = rng.choice([0.0, 0.3, 5.0, 1e3, np.inf], 200)
    open_ = (rng.random((options, 200)) < 0.7).astype(float)
    every, finite = np.ones_like(open_), np.minimum(precision, 50.0)
    for sharp in (precision, finite):
        close(logit(values, open_, sharp), plain_logit(values, open_ != 0, sharp))
    expected = plain_logit(values, every != 0, finite)
    close(logit(values, every, finite), expected)


def test_a_closed_option_worth_nothing_sensible_is_never_chosen() -> None:
    for odd in (np.nan, np.inf, -np.inf, 1e300):
        for others in ([1.0], [1.0, 1.0]):
            values = np.array([[odd], *([x] for x in others)])
            open_ = np.array([[0.0], *([1.0] for _ in others)])
            for sharp in (0.0, 2.0, np.inf):
                found = logit(values, open_, np.array([sharp]))[:, 0]
                assert found.tolist() == [0.0, *([1 / len(others)] * len(others))], (odd, sharp)


@njit
def exponentials(x: Floats) -> Floats:
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = exponential(x[i])
    return out


@njit
def logarithms(x: Floats) -> Floats:
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = logarithm(x[i])
    return out


def test_exponential_is_good_to_four_units_in_the_last_place() -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [-np.linspace(0, 708, 100_001), -rng.random(100_000), -(10.0 ** -np.arange(1, 320))]
    )
    exact = np.exp(x)
    assert (abs(exponentials(x) - exact) <= 4 * np.spacing(exact)).all()
    assert exponentials(np.array([0.0, -0.0])).tolist() == [1, 1]


def test_logarithm_is_good_to_four_units_in_the_last_place() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([np.exp(rng.uniform(-40, 40, 4000)), [1.0, 0.5, 2.0, np.sqrt(0.5), 1e-300]])
    exact, out = np.log(x), logarithms(x)
    assert (abs(out - exact) <= 4 * np.spacing(abs(exact))).all()


def test_both_in_single_precision() -> None:
    rng = np.random.default_rng(2)
    x = np.concatenate([-np.linspace(0, 60, 100_001), -rng.random(100_000)]).astype(np.float32)
    found, exact = exponentials(x), np.exp(x.astype(float))
    assert found.dtype == np.float32
    assert (abs(found - exact) <= 4 * np.spacing(exact.astype(np.float32))).all()
    assert not exponentials(np.array([-61.0, -np.inf], np.float32)).any()
    x = np.exp(rng.uniform(-60, 60, 4000)).astype(np.float32)
    exact = np.log(x.astype(float))
    assert (abs(logarithms(x) - exact) <= 4 * np.spacing(abs(exact).astype(np.float32))).all()


def test_exponential_far_below_is_nothing() -> None:
    assert not exponentials(np.array([-np.inf, -1000.0, -1e300, -708.5])).any()
