"""What cannot be solved is refused, by name."""

from __future__ import annotations

import re
from typing import Any

import pytest
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

SHARP = 1e5
"""So precise that branches turn too sharply to be followed; a best reply in all but name."""
LOST = {19: ("choice0", "bob"), 20: ("first", "ann"), 49: ("first", "ann")}


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
    model = Model(read_data(sharpened(20, SHARP), Source("random.yaml", "")))
    with pytest.raises(mistrust.MistrustError, match="no equilibrium was found: at 'first'"):
        model.solve()


PENNIES = {
    "title": "Pennies",
    "horizon": {"turns": 1},
    "actors": {"ann": {"precision": SHARP}, "bob": {"precision": SHARP}},
    "board": {name: {"levels": "0..2", "start": 0, "within": "turn"} for name in ("left", "right")},
    "turn": [
        {
            "sealed": [
                {"decide": who, "options": {f"o{i}": {"set": {own: i}} for i in range(3)}}
                for who, own in (("ann", "left"), ("bob", "right"))
            ]
        }
    ],
    "payoffs": {
        "ann": {"hit": "if(left == right, 1 + left + 0.3 * right, 0)"},
        "bob": {"miss": "if(left == right, 0, 1 + 0.7 * left * right)"},
    },
}


def test_a_sealed_phase_is_named_with_all_who_choose() -> None:
    said = solved(PENNIES).faults[0]
    assert said.startswith("no equilibrium was found: at 'ann, bob' in turn 1, the strategies of ")
    assert said.endswith("; lower the precision of 'ann' and 'bob'")
