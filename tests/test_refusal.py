"""What cannot be solved is refused, by name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from small_games import game
from typed_games import typed_game

import mistrust
from mistrust.compile.lower import Case
from mistrust.ensemble.batch import Batch
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.plan import Job
from mistrust.ensemble.worlds import guesses
from mistrust.model import Model
from mistrust.scenario.read import read_data
from mistrust.scenario.text import Source

SHARP = 1e6
"""So precise that branches turn too sharply to be followed; a best reply in all but name."""
LOST = {15: ("first", "ann"), 16: ("first", "ann"), 17: ("choice0", "bob")}


def sharpened(seed: int, precision: float) -> dict[str, Any]:
    data = typed_game(seed)
    for actor in data["actors"].values():
        actor["precision"] = precision
    return data


def solved(data: dict[str, Any]) -> Batch:
    argument = read_data(data, Source("random", ""))
    job = Job((Case(guesses(argument.scenario)),), (0,), (), chart=False)
    (batch,) = Engine(argument).run([(0, job)])
    return batch


@pytest.mark.parametrize("seed", LOST)
def test_a_stage_that_is_lost_is_named_with_a_remedy_that_helps(seed: int) -> None:
    phase, actor = LOST[seed]
    batch = solved(sharpened(seed, SHARP))
    assert not batch.certificate.good.any()
    said = batch.faults[0]
    assert said.startswith(f"no equilibrium was found: at '{phase}' in turn 1, on the board where ")
    place = re.search("where x == [012], mood == (calm|hot), (belief.*), the strategies", said)
    assert place is not None
    assert f"belief({actor} == strong) == " in place[2]
    assert said.endswith(f"; lower the precision of '{actor}', or give '{actor}' more 'beliefs'")
    lower = solved(sharpened(seed, 50.0))
    assert not lower.faults and lower.certificate.good.all()


def test_a_model_does_not_answer_then() -> None:
    model = Model(read_data(sharpened(17, SHARP), Source("random.yaml", "")))
    with pytest.raises(mistrust.MistrustError, match="no equilibrium was found: at 'choice0'"):
        model.solve()


def test_a_sealed_phase_is_named_with_all_who_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Solved to rounding; so the bar alone is moved."""
    monkeypatch.setattr("mistrust.solve.refusal.RESIDUAL", 1e-30)
    said = solved(game("sealed", 0, 2.0)).faults[0]
    assert "at 'ann_secretly, bob_secretly' in turn " in said
    assert re.search(
        r"on the board where x == \d, mood == \w+, the strategies of 'ann' and 'bob' ", said
    )
    assert re.search(r"\(residual .*e-\d\d, at most 1e-30 is accepted\); ", said)
    assert said.endswith("lower the precision of 'ann' and 'bob'")
