"""The engine against the referee on hidden types and sealed phases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from examples import examples
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from scenarios import readings, scenario_of, scenarios
from small_games import game
from test_engine import _alone, _same_variant, argument_of

from mistrust.compile.lower import Case
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.plan import Job
from mistrust.ensemble.worlds import guesses
from mistrust.forward.read import plain
from mistrust.referee import Referee
from mistrust.scenario.expressions import parse
from mistrust.scenario.readings import Variant, readings_in, resolve_claim

SMALL = [("sealed", seed) for seed in range(6)]
SMALL += [(kind, seed) for kind in ("one typed", "three types") for seed in range(3)]
SMALL += [(kind, seed) for kind in ("sealed, one typed", "sealed, two typed") for seed in range(4)]
SMALL += [("two typed", 0)]
PRECISIONS = (1.5, 6.0, 20.0)
SLOW = examples(20, 30, derandomize=True, suppress_health_check=list(HealthCheck))
CLAIMS = {
    "sealed": ["P(ever x == 2)", "freq(ann_secretly == go | mood == calm)", "V(bob)"],
    "one typed": ["P(ever mood == hot | ann == weak)", "E(belief(ann == strong) | ann == weak)"],
    "three types": ["E(belief(ann == mad) | x == 0)", "freq(choice0 == o1 | ann == mad)"],
    "two typed": ["P(x == 1 and bob == weak)", "V(bob | bob == strong)"],
    "sealed, one typed": ["E(belief(ann == strong) | ann == weak)", "V(bob | ann == strong)"],
    "sealed, two typed": [
        "freq(ann_secretly == go | ann == weak and bob == strong)",
        "E(belief(ann == strong) * belief(bob == weak) | bob == weak)",
        "P(ever x == 1 and mood == calm | ann == strong)",
    ],
}


def compared(data: dict[str, Any], referee: Referee) -> None:
    """Values, decisions and the certificate of a scenario in its best-guess world."""
    argument = argument_of(data)
    engine = Engine(argument)
    case = Case(guesses(argument.scenario))
    (batch,) = engine.run([(0, Job((case, case), (0, 0), (), chart=True))])
    assert not batch.faults
    assert batch.certificate.good.all(), batch.certificate
    for i, actor in enumerate(engine.program.actors):
        assert batch.values[i, 0] == pytest.approx(referee.start_value(actor), rel=1e-9, abs=1e-9)
    assert batch.charts is not None
    for name, chosen in batch.charts.decisions.items():
        for turn in range(engine.program.turns):
            shares = referee.frequency(turn, name)
            assert chosen[turn, :, 0] == pytest.approx([*shares.values()], abs=1e-9), name


def agree(data: dict[str, Any], text: str, other: Callable[[Variant], Referee]) -> None:
    """Every reading in an expression, by the engine and by another."""
    argument = argument_of(data)
    engine = Engine(argument)
    for reading in readings_in(resolve_claim(parse(text, claim=True), argument.scope)):
        case = Case(guesses(argument.scenario), reading.variant)
        (batch,) = engine.run([(0, Job((case,), (0,), (plain(reading),), chart=False))])
        expected = other(reading.variant).read(_alone(text, reading.offset))
        found = batch.readings[0, 0]
        assert found == pytest.approx(expected, rel=1e-8, abs=1e-9, nan_ok=True), text


@pytest.mark.parametrize(("kind", "seed"), SMALL)
def test_small_games(kind: str, seed: int) -> None:
    data = game(kind, seed, PRECISIONS[seed % 3])
    for actor in data["actors"].values():
        if "types" in actor:
            actor["beliefs"] = 3 if "two typed" in kind else 4
    referee = Referee(scenario_of(data))
    compared(data, referee)
    for text in CLAIMS[kind] if seed == 0 else ():
        agree(data, text, lambda _: referee)


@pytest.mark.slow
@SLOW
@given(st.data())
def test_random_scenarios(source: st.DataObject) -> None:
    data = source.draw(scenarios(private=True))
    compared(data, Referee(scenario_of(data)))


@pytest.mark.slow
@SLOW
@given(st.data())
def test_readings_of_random_scenarios(source: st.DataObject) -> None:
    data = source.draw(scenarios(private=True))
    for text in source.draw(st.lists(readings(data), min_size=1, max_size=3)):
        agree(data, text, lambda variant: _same_variant(data, variant))
