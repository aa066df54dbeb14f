"""One world plane by plane: the same as cell by cell, on random games and on a large one."""

from __future__ import annotations

import numpy as np
import pytest
from examples import examples
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st
from scenarios import readings, scenarios

from benchmarks.synthetic import scenario
from mistrust.compile import streams
from mistrust.compile.lower import Case, Coefficients, lower
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.worlds import guesses
from mistrust.forward import planes as forward_planes
from mistrust.forward.distribute import distribute
from mistrust.forward.read import Reader, openings_needed, plain
from mistrust.model import Model
from mistrust.scenario.expressions import parse
from mistrust.scenario.read import read_data
from mistrust.scenario.readings import readings_in, resolve_claim
from mistrust.scenario.text import Source
from mistrust.solve import planes
from mistrust.solve.backward import solve
from mistrust.solve.certificate import Residual
from mistrust.solve.reach import everywhere, reachable

RANDOM = examples(40, 400, derandomize=True, suppress_health_check=list(HealthCheck))


def one_world(engine: Engine) -> Coefficients:
    return lower(engine.layout(), (Case(guesses(engine.argument.scenario)),))


def compare(coefficients: Coefficients) -> None:
    """All that a solution has, both ways, at the boards that can occur and at all boards."""
    turns = coefficients.program.turns
    for reach in (reachable(coefficients), everywhere(coefficients.program)):
        checks = [Residual(1, range(turns)) for _ in range(2)]
        flat, wide = (
            solve(
                coefficients,
                reach=reach,
                keep=range(turns + 1),
                inspect=checks[way],
                planes=bool(way),
            )
            for way in range(2)
        )
        assert checks[1].worst == pytest.approx(0.0, abs=1e-12)
        assert wide.gain == pytest.approx(flat.gain, abs=1e-10)
        for turn in range(turns + 1):
            cells = reach.openings[turn]
            found, expected = wide.values[turn][cells], flat.values[turn][cells]
            assert found == pytest.approx(expected, rel=1e-12, abs=1e-11)
        assert wide.policies.keys() == flat.policies.keys()
        for (turn, phase), policy in wide.policies.items():
            index = next(i for i, s in enumerate(coefficients.program.stages) if s.phase == phase)
            layout = coefficients.layout.stages[index]
            places = layout.policy.at(reach.sources[turn, index])
            shape = (-1, len(layout.stage.choices))
            rows = places[places >= 0]
            assert policy.reshape(shape)[rows] == pytest.approx(
                flat.policies[turn, phase].reshape(shape)[rows], abs=1e-9
            )


@RANDOM
@given(st.data())
def test_random_games(source: st.DataObject) -> None:
    engine = Engine(read_data(source.draw(scenarios()), Source("random", "")))
    coefficients = one_world(engine)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planes, "BOARDS", 0)
        patch.setattr(planes, "OFTEN", 0.0)
        patch.setattr(streams, "MANY", 1000)
        assume(planes.serves(coefficients, everywhere(coefficients.program)))
        compare(coefficients)


def forward(coefficients: Coefficients) -> None:
    """What a pass forward adds up, both ways."""
    solution = solve(coefficients)
    seen: list[list[tuple[np.ndarray, np.ndarray]]] = [[], []]
    flat, wide = (
        distribute(
            coefficients,
            solution.policies,
            visit=lambda _, mass, way=way: seen[way].append((mass().cells, mass().values)),
            planes=bool(way),
        )
        for way in range(2)
    )
    assert wide.earned == pytest.approx(flat.earned, rel=1e-12, abs=1e-12)
    assert wide.mass_error.max() <= 1e-13
    assert wide.chosen.keys() == flat.chosen.keys()
    for key, chosen in wide.chosen.items():
        assert chosen == pytest.approx(flat.chosen[key], rel=1e-12, abs=1e-14)
    for (cells, mass), (others, expected) in zip(seen[1], seen[0], strict=True):
        known = dict(zip(others.tolist(), expected[:, 0].tolist(), strict=True))
        assert [known.pop(cell) for cell in cells.tolist()] == pytest.approx(mass[:, 0], abs=1e-14)
        assert not any(known.values())


@RANDOM
@given(st.data())
def test_random_games_forward(source: st.DataObject) -> None:
    data = source.draw(scenarios())
    engine = Engine(read_data(data, Source("random", "")))
    node = resolve_claim(parse(source.draw(readings(data)), claim=True), engine.argument.scope)
    asked = [plain(r) for r in readings_in(node)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward_planes, "BOARDS", 0)
        patch.setattr(streams, "MANY", 1000)
        coefficients = one_world(engine)
        assume(forward_planes.serves(coefficients))
        forward(coefficients)
        solution = solve(coefficients, keep=openings_needed(asked))
        wide = Reader(solution, engine.layout).read(asked)
        patch.setattr(forward_planes, "BOARDS", 10**9)
        flat = Reader(solution, engine.layout).read(asked)
    for reading in asked:
        assert wide[reading] == pytest.approx(flat[reading], rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.slow
def test_the_large_game_by_one_thread_and_two() -> None:
    model = Model(read_data(scenario(turns=3), Source("synthetic", "")))
    coefficients = one_world(model.engine)
    everything = everywhere(coefficients.program)
    assert planes.serves(coefficients, everything)
    one, two = (solve(coefficients, reach=everything, threads=n) for n in (1, 2))
    assert np.array_equal(one.values[0], two.values[0])
    flat = solve(coefficients, reach=everything, planes=False)
    assert one.values[0] == pytest.approx(flat.values[0], rel=1e-13, abs=1e-13)
    assert one.gain == pytest.approx(flat.gain, abs=1e-12)


def test_what_it_does_not_serve() -> None:
    model = Model(read_data(scenario(turns=1), Source("synthetic", "")))
    case = Case(guesses(model.argument.scenario))
    batch = lower(model.engine.layout(), (case, case))
    assert not planes.serves(batch, everywhere(batch.program))
    alone = lower(model.engine.layout(), (case,))
    assert planes.serves(alone, everywhere(alone.program))
    assert not planes.serves(alone, reachable(alone))  # one turn does not get far
