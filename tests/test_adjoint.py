"""Backward and forward sweeps as transposes of each other, on the phases of random scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scenarios import readings, scenarios

from mistrust import kernels
from mistrust.compile.acting import singly
from mistrust.compile.layout import Layout, StageLayout
from mistrust.compile.lower import Case, Coefficients, at_turn, lower
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.worlds import draw, guesses
from mistrust.forward.distribute import distribute
from mistrust.forward.read import Reader, openings_needed, plain
from mistrust.scenario.expressions import parse
from mistrust.scenario.read import read_data
from mistrust.scenario.readings import readings_in, resolve_claim
from mistrust.scenario.text import Source
from mistrust.solve.backward import solve
from mistrust.solve.reach import everywhere

Floats = NDArray[np.float64]

FEW = examples(12, 40, derandomize=True, suppress_health_check=list(HealthCheck))
LANES = 3


def compiled(data: dict[str, Any]) -> tuple[Engine, Coefficients]:
    """A scenario's numbers at its best guess and in two draws."""
    argument = read_data(data, Source("random", ""))
    engine = Engine(argument)
    worlds = [guesses(argument.scenario), *draw(argument.scenario, LANES - 1, 1)]
    coefficients = lower(engine.layout(), [Case(world) for world in worlds])
    assert not coefficients.faults
    return engine, coefficients


def phases(c: Coefficients) -> Iterator[tuple[int, int, StageLayout]]:
    """Each stage in the first and the last turn in which it is active."""
    for index, layout in enumerate(c.layout.stages):
        turns = np.flatnonzero(c.stages[index].active)
        for turn in sorted({int(t) for t in turns[[0, -1]]} if len(turns) else ()):
            yield turn, index, layout


def random_sides(c: Coefficients, source: int, target: int) -> tuple[Floats, Floats]:
    """A random distribution on the source per lane, and random values on the target."""
    rng = np.random.default_rng(source + 1000 * target)
    mass = rng.random((source, c.lanes))
    values = rng.normal(size=(target, len(c.program.actors), c.lanes))
    return mass / mass.sum(axis=0), values


def operands(c: Coefficients, turn: int, index: int) -> tuple[Any, ...]:
    """What all kernels of a stage begin with, up to the weights."""
    layout, numbers = c.layout.stages[index], c.stages[index]
    return (
        layout.goal_high, layout.goal_low, layout.weights.high, layout.weights.low,
        at_turn(numbers.live, turn), at_turn(numbers.weights, turn),
    )  # fmt: skip


def pushed(size: int, lanes: int) -> tuple[Any, Floats]:
    """Empty marks and mass."""
    return np.zeros(size, np.uint8), np.zeros(size * lanes)


def tiled(c: Coefficients, common: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*common[:-1], np.tile(common[-1], (1, len(c.program.actors))))


def same(left: Floats, right: Floats, scale: float) -> None:
    """Equal to 1e-12 of the size of what is summed."""
    assert np.abs(left - right).max(initial=0) <= 1e-12 * max(1.0, scale)


@FEW
@given(st.data())
def test_a_chance_phase_forward_is_the_transpose_of_itself_backward(data: st.DataObject) -> None:
    _, c = compiled(data.draw(scenarios()))
    for turn, index, layout in phases(c):
        if layout.stage.mover >= 0:
            continue
        source, target = layout.stage.source.size, layout.stage.target.size
        mass, values = random_sides(c, source, target)
        cells = np.arange(source, dtype=np.int64)
        common = operands(c, turn, index)
        expected = np.empty(source * values[0].size)
        kernels.expect(cells, values.ravel(), *tiled(c, common), expected)
        sides = pushed(target, c.lanes)
        kernels.push(*singly(cells), mass.flatten(), *common, *sides)
        out = sides[1].reshape(target, c.lanes)
        backward = np.einsum("xw,xgw->gw", mass, expected.reshape(source, -1, c.lanes))
        forward = np.einsum("xw,xgw->gw", out, values)
        same(backward, forward, abs(values).max())
        same(out.sum(axis=0), np.ones(c.lanes), 1.0)


def decide(
    c: Coefficients, turn: int, index: int, values: Floats, common: tuple[Any, ...]
) -> tuple[Floats, Floats]:
    """Values before a decision, and its policy."""
    layout, numbers = c.layout.stages[index], c.stages[index]
    stage = layout.stage
    policy = np.zeros((stage.policy_size, len(stage.choices), c.lanes))
    out = np.empty(stage.source.size * values[0].size)
    kernels.decide(
        *singly(np.arange(stage.source.size)), values.ravel(), *tiled(c, common),
        layout.first_branch, layout.available.high, layout.available.low,
        at_turn(numbers.available, turn), layout.first_pay, layout.pay_actor,
        layout.pays.high, layout.pays.low, at_turn(numbers.pays, turn),
        layout.policy.high, layout.policy.low, policy, False, stage.mover,
        c.precision[stage.mover], c.program.privacy.judgements(stage.mover, c.beliefs),
        layout.judgement.high, layout.judgement.low, np.zeros(c.lanes), out,
    )  # fmt: skip
    return out.reshape(stage.source.size, -1, c.lanes), policy


@FEW
@given(st.data())
def test_a_decision_forward_is_the_transpose_of_itself_backward(data: st.DataObject) -> None:
    _, c = compiled(data.draw(scenarios()))
    for turn, index, layout in phases(c):
        if layout.stage.mover < 0:
            continue
        source, target = layout.stage.source.size, layout.stage.target.size
        mass, values = random_sides(c, source, target)
        common = operands(c, turn, index)
        before, policy = decide(c, turn, index, values, common)
        chosen = np.zeros((len(layout.stage.choices), c.lanes))
        earned = np.zeros((len(layout.pay_actor), c.lanes))
        sides = pushed(target, c.lanes)
        kernels.push_decision(
            *singly(np.arange(source)), mass.flatten(), *common,
            layout.first_branch, layout.first_pay, layout.pays.high, layout.pays.low,
            at_turn(c.stages[index].pays, turn), layout.policy.high, layout.policy.low, policy,
            layout.stage.boxed, chosen, earned, *sides,
        )  # fmt: skip
        out = sides[1].reshape(target, c.lanes)
        forward = np.einsum("xw,xgw->gw", out, values)
        np.add.at(forward, layout.pay_actor, earned)
        same(np.einsum("xw,xgw->gw", mass, before), forward, abs(before).max())
        same(out.sum(axis=0), np.ones(c.lanes), 1.0)
        total = policy.sum(axis=1)
        assert ((abs(total - 1) < 1e-12) | (total == 0)).all() and (policy >= 0).all()


@FEW
@given(st.data())
def test_a_turns_end_forward_is_the_transpose_of_itself_backward(data: st.DataObject) -> None:
    _, c = compiled(data.draw(scenarios()))
    layout: Layout = c.layout
    program = c.program
    mass, values = random_sides(c, program.closing.size, program.opening.size)
    cells = np.arange(program.closing.size, dtype=np.int64)
    patience, actors = c.patience, len(program.actors)
    for turn in (0, program.turns - 1):
        pays = (layout.payoffs.high, layout.payoffs.low, at_turn(c.payoffs, turn))
        goals = (program.carry.high, program.carry.low)
        before = np.empty(program.closing.size * actors * c.lanes)
        kernels.collect(
            cells, values.ravel(), *goals, patience.ravel(), layout.payoff_actor, *pays, before
        )
        earned = np.zeros((len(layout.payoff_actor), c.lanes))
        sides = pushed(program.opening.size, c.lanes)
        kernels.push_pays(cells, mass.ravel(), *pays, earned)
        kernels.push_carry(cells, mass.flatten(), *goals, *sides)
        out = sides[1].reshape(-1, c.lanes)
        forward = patience * np.einsum("xw,xgw->gw", out, values)
        np.add.at(forward, layout.payoff_actor, earned)
        backward = np.einsum("xw,xgw->gw", mass, before.reshape(-1, actors, c.lanes))
        same(backward, forward, abs(before).max())
        same(out.sum(axis=0), np.ones(c.lanes), 1.0)


@FEW
@given(st.data())
def test_mass_is_one_in_every_phase_and_decisions_share_it(data: st.DataObject) -> None:
    _, c = compiled(data.draw(scenarios()))
    solution = solve(c)
    seen = []
    occupancy = distribute(
        c, solution.policies, visit=lambda _, here: seen.append(here().values.sum(axis=0))
    )
    assert (occupancy.mass_error <= 1e-12).all()
    same(np.array(seen), np.ones((c.program.turns + 1, c.lanes)), 1.0)
    for shares in occupancy.chosen.values():
        assert (shares >= 0).all() and (shares.sum(axis=0) <= 1 + 1e-12).all()


@FEW
@given(st.data())
def test_boards_that_cannot_occur_have_no_bearing(data: st.DataObject) -> None:
    """Solved only where play can get to, or everywhere: the same values and readings."""
    raw = data.draw(scenarios())
    engine, c = compiled(raw)
    texts = data.draw(st.lists(readings(raw), min_size=1, max_size=4))
    scope = engine.argument.scope
    nodes = [resolve_claim(parse(text, claim=True), scope) for text in texts]
    asked = [plain(reading) for node in nodes for reading in readings_in(node)]
    keep = openings_needed(asked)
    some, every = solve(c, keep=keep), solve(c, keep=keep, reach=everywhere(c.program))
    assert some.start_value == pytest.approx(every.start_value, rel=1e-12, abs=1e-12)
    found, expected = (Reader(s, engine.layout).read(asked) for s in (some, every))
    for reading in asked:
        assert found[reading] == pytest.approx(expected[reading], rel=1e-9, abs=1e-12, nan_ok=True)
    assert (some.gain <= every.gain + 1e-12).all()


@FEW
@given(st.data())
def test_threads_share_the_cells_of_a_stage(data: st.DataObject) -> None:
    """The same for any number of threads, however few cells there are to divide."""
    _, c = compiled(data.draw(scenarios()))
    one = solve(c)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mistrust.solve.step.WORTH_SHARING", 1)
        three = solve(c, threads=3)
    assert three.start_value == pytest.approx(one.start_value, rel=1e-13, abs=1e-13)
    assert three.gain == pytest.approx(one.gain, rel=1e-9, abs=1e-12)
    cells = one.reach.openings[0]
    assert three.values[0][cells] == pytest.approx(one.values[0][cells], rel=1e-13, abs=1e-13)
