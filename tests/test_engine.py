"""The engine against the referee: two solvers that share no code, on random small games."""

from __future__ import annotations

import math
from typing import Any

import pytest
from examples import examples
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from scenarios import readings, scenario_of, scenarios

from mistrust.compile.lower import Case
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.plan import Job, questions
from mistrust.ensemble.worlds import guesses
from mistrust.forward.read import plain
from mistrust.referee import Referee
from mistrust.scenario.expressions import parse
from mistrust.scenario.read import read_data
from mistrust.scenario.readings import Variant, readings_in, resolve_claim
from mistrust.scenario.text import Source

SLOW = examples(20, 60, derandomize=True, suppress_health_check=list(HealthCheck))


def argument_of(data: dict[str, Any]) -> Any:
    return read_data(data, Source("random", ""))


@SLOW
@given(st.data())
def test_values_and_certificate_agree_with_the_referee(source: st.DataObject) -> None:
    data = source.draw(scenarios())
    argument = argument_of(data)
    engine = Engine(argument)
    case = Case(guesses(argument.scenario))
    (batch,) = engine.run([(0, Job((case, case), (0, 0), (), chart=True))])
    assert not batch.faults
    assert batch.certificate.good.all(), batch.certificate
    referee = Referee(scenario_of(data))
    for i, actor in enumerate(engine.program.actors):
        expected = referee.start_value(actor)
        assert batch.values[i, 0] == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert batch.charts is not None
    for name, chosen in batch.charts.decisions.items():
        for turn in range(engine.program.turns):
            expected_shares = referee.frequency(turn, name)
            for option, mass in zip(expected_shares, chosen[turn, :, 0], strict=True):
                assert mass == pytest.approx(expected_shares[option], abs=1e-9)


@SLOW
@given(st.data())
def test_readings_agree_with_the_referee(source: st.DataObject) -> None:
    data = source.draw(scenarios())
    argument = argument_of(data)
    engine = Engine(argument)
    referee = Referee(scenario_of(data))
    for text in source.draw(st.lists(readings(data), min_size=1, max_size=4)):
        node = resolve_claim(parse(text, claim=True), argument.scope)
        for reading in readings_in(node):
            case = Case(guesses(argument.scenario), reading.variant)
            (batch,) = engine.run([(0, Job((case,), (0,), (plain(reading),), chart=False))])
            other = _same_variant(data, reading.variant)
            expected = other.read(_alone(text, reading.offset))
            found = batch.readings[0, 0]
            assert found == pytest.approx(expected, rel=1e-8, abs=1e-9, nan_ok=True), text
    assert referee.turns == engine.program.turns


def _same_variant(data: dict[str, Any], variant: Variant) -> Referee:
    return Referee(scenario_of(data), levers=variant.levers, off=tuple(variant.off))


def _alone(text: str, offset: int) -> str:
    """The reading that begins at an offset, cut out of its expression."""
    depth = 0
    for end in range(offset, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth == 0 and text[end] == ")":
            return text[offset : end + 1]
    raise AssertionError(text)


@SLOW
@given(st.data())
def test_many_lanes_are_the_same_as_each_alone(source: st.DataObject) -> None:
    """A world's numbers do not depend on which others it is solved beside."""
    data = source.draw(scenarios())
    argument = argument_of(data)
    asked = questions(argument)
    wanted = tuple(dict.fromkeys(r for found in asked.needs.values() for r in found))
    cases = tuple(Case(guesses(argument.scenario), variant) for variant in asked.needs)
    engine = Engine(argument)
    (together,) = engine.run([(0, Job(cases, (0,) * len(cases), wanted, chart=False))])
    for lane, case in enumerate(cases):
        (alone,) = engine.run([(0, Job((case,), (0,), wanted, chart=False))])
        assert together.values[:, lane] == pytest.approx(alone.values[:, 0], rel=1e-12, abs=1e-13)
        for row in range(len(wanted)):
            one, other = together.readings[row, lane], alone.readings[row, 0]
            assert math.isnan(one) == math.isnan(other)
            assert one == pytest.approx(other, rel=1e-9, abs=1e-12, nan_ok=True)
