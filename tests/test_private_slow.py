"""A thousand random scenarios with hidden types, each with its certificate or refused by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from typed_games import typed_game

from mistrust.compile.lower import Case
from mistrust.ensemble.batch import Batch
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.plan import Job
from mistrust.ensemble.worlds import guesses
from mistrust.scenario.read import read_data
from mistrust.scenario.text import Source

COUNT = 1000
RESIDUAL, DUALITY, BELIEFS = 1e-9, 1e-9, 1e-10


@dataclass
class Tally:
    """What came of the scenarios so far."""

    refused: list[int]
    worst: np.ndarray

    def __str__(self) -> str:
        figures = "residual {:.1e}, duality {:.1e}, under the prior {:.1e}, beliefs {:.1e}"
        share = f"{len(self.refused)} of {COUNT} refused {self.refused}"
        return f"{share}; at worst {figures.format(*self.worst)}"


def solved(seed: int, together: bool) -> tuple[Engine, Batch]:
    argument = read_data(typed_game(seed, together=together), Source("random", ""))
    engine = Engine(argument)
    job = Job((Case(guesses(argument.scenario)),), (0,), (), chart=False)
    (batch,) = engine.run([(0, job)])
    return engine, batch


def evidence(engine: Engine, batch: Batch) -> np.ndarray:
    """Residual, duality per profile of types and under the prior, martingale."""
    certificate, earned = batch.certificate, np.zeros(len(engine.program.actors))
    for (actor, _), amount in zip(engine.program.terms, batch.terms[:, 0], strict=True):
        earned[actor] += amount
    gap = abs(batch.values[:, 0] - earned) / (1 + abs(earned))
    found = (certificate.residual, certificate.duality, gap.max(keepdims=True), certificate.beliefs)
    return np.array([part[0] for part in found])


@pytest.mark.slow
@pytest.mark.parametrize("together", [False, True], ids=["alone", "in sealed phases"])
def test_a_thousand_scenarios_with_hidden_types(together: bool) -> None:
    """Precision from 0.1 to 50; a minute, and two more where the kernels are yet to be compiled."""
    tally = Tally([], np.zeros(4))
    for seed in range(COUNT):
        engine, batch = solved(seed, together)
        if batch.faults:
            assert "no equilibrium was found: at '" in batch.faults[0], batch.faults[0]
            assert "on the board where " in batch.faults[0]
            assert "lower the precision of" in batch.faults[0]
            tally.refused.append(seed)
            continue
        found = evidence(engine, batch)
        assert (found <= [RESIDUAL, DUALITY, DUALITY, BELIEFS]).all(), (seed, found)
        tally.worst = np.maximum(tally.worst, found)
    print(tally)
    assert len(tally.refused) < COUNT / 100, tally
