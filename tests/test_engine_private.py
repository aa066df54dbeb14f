"""The engine against the referee on hidden types and sealed phases, on random small games."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenarios import readings, scenario_of, scenarios
from test_engine import SLOW, _alone, _same_variant, argument_of

from mistrust.compile.lower import Case
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.plan import Job
from mistrust.ensemble.worlds import guesses
from mistrust.forward.read import plain
from mistrust.referee import Referee
from mistrust.scenario.expressions import parse
from mistrust.scenario.readings import readings_in, resolve_claim


@SLOW
@given(st.data())
def test_values_and_certificate_agree_with_the_referee(source: st.DataObject) -> None:
    data = source.draw(scenarios(private=True))
    argument = argument_of(data)
    engine = Engine(argument)
    case = Case(guesses(argument.scenario))
    (batch,) = engine.run([(0, Job((case, case), (0, 0), (), chart=True))])
    assert not batch.faults
    assert batch.certificate.good.all(), batch.certificate
    referee = Referee(scenario_of(data))
    for i, actor in enumerate(engine.program.actors):
        assert batch.values[i, 0] == pytest.approx(referee.start_value(actor), rel=1e-9, abs=1e-9)
    assert batch.charts is not None
    for name, chosen in batch.charts.decisions.items():
        for turn in range(engine.program.turns):
            shares = referee.frequency(turn, name)
            assert chosen[turn, :, 0] == pytest.approx([*shares.values()], abs=1e-9), name


@SLOW
@given(st.data())
def test_readings_agree_with_the_referee(source: st.DataObject) -> None:
    data = source.draw(scenarios(private=True))
    argument = argument_of(data)
    engine = Engine(argument)
    for text in source.draw(st.lists(readings(data), min_size=1, max_size=3)):
        node = resolve_claim(parse(text, claim=True), argument.scope)
        for reading in readings_in(node):
            case = Case(guesses(argument.scenario), reading.variant)
            (batch,) = engine.run([(0, Job((case,), (0,), (plain(reading),), chart=False))])
            expected = _same_variant(data, reading.variant).read(_alone(text, reading.offset))
            found = batch.readings[0, 0]
            assert found == pytest.approx(expected, rel=1e-8, abs=1e-9, nan_ok=True), text
