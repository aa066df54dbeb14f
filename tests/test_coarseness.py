"""How coarse the grid of a belief is said to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mistrust
from mistrust.assess.coarseness import coarseness
from mistrust.cli import app
from mistrust.model import Model
from mistrust.scenario.read import read_file, read_text

SIGNAL = """
title: A signal
horizon: {turns: 1}
actors:
  sender: {precision: 2, types: {strong: 0.65, weak: 0.35}, beliefs: POINTS}
  receiver: {precision: 2}
board:
  drink: {levels: [none, beer, quiche], start: none, within: turn}
  fight: {levels: [undone, done], start: undone, within: turn}
turn:
  - decide: sender
    options:
      beer: {set: {drink: beer}}
      quiche: {set: {drink: quiche}}
  - decide: receiver
    options:
      duel: {set: {fight: done}}
      leave: {}
payoffs:
  sender:
    taste: (drink == beer) * (sender == strong) + (drink == quiche) * (sender == weak)
    peace: 2 * (fight == undone)
  receiver:
    duel: if(sender == weak, 1, -1) * (fight == done)
claims:
  seldom: {says: They seldom fight, holds: freq(receiver == duel) < 0.5}
"""


def written(folder: Path, points: int) -> Path:
    path = folder / f"signal{points}.yaml"
    path.write_text(SIGNAL.replace("POINTS", str(points)), encoding="utf-8")
    return path


def test_finer_grids_change_less(tmp_path: Path) -> None:
    changes = []
    for points in (5, 9, 17, 33):
        found = coarseness(read_file(written(tmp_path, points)))
        assert found is not None
        below = round(0.65 * (points - 1))
        widest = max(0.65 / below, 0.35 / (points - 1 - below))
        assert found["grids"][0]["spacing"] == pytest.approx(widest)
        changes.append(found["doubled"]["claims"]["seldom"])
    assert changes[-1] < changes[0] / 16


def test_check_says_so(tmp_path: Path) -> None:
    path = str(written(tmp_path, 11))
    told = CliRunner().invoke(app, ["check", path]).output
    assert "about sender (strong, weak): 11 points, at most 0.108 apart" in " ".join(told.split())
    assert "with twice as many points values move by" in " ".join(told.split())
    record = json.loads(CliRunner().invoke(app, ["check", path, "--json"]).output)
    assert set(record["beliefs"]["doubled"]["claims"]) == {"seldom"}


def test_a_claim_that_finer_grids_would_turn_is_named(tmp_path: Path) -> None:
    few, more = (
        float(mistrust.load(written(tmp_path, n)).solve().read("freq(receiver == duel)"))
        for n in (3, 5)
    )
    path = tmp_path / "near.yaml"
    text = SIGNAL.replace("POINTS", "3").replace("< 0.5", f"< {(few + more) / 2}")
    path.write_text(text, encoding="utf-8")
    found = coarseness(read_file(path))
    assert found is not None and found["doubled"]["turned"] == ["seldom"]
    told = " ".join(CliRunner().invoke(app, ["check", str(path)]).output.split())
    assert "too few points: with twice as many 'seldom' would turn" in told
    found = coarseness(read_file(written(tmp_path, 3)))
    assert found is not None and found["doubled"]["turned"] == []


def test_much_work_is_not_done_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    argument = read_file(written(tmp_path, 11))
    import mistrust.assess.coarseness as module

    monkeypatch.setattr(module, "MOST_UPDATES", 10)
    told = coarseness(argument)
    assert told is not None
    assert told["grids"][0].pop("spacing") == pytest.approx(0.65 / 6)
    assert told == {
        "grids": [{"actor": "sender", "types": ["strong", "weak"], "points": 11}],
        "doubled": None,
    }
    asked = coarseness(argument, unasked=False)
    assert asked is not None and asked["doubled"] is not None


UNREAD = """
title: A sign that nothing else depends on
horizon: {turns: 1}
actors: {ann: {precision: 3, types: {a: 0.5, b: 0.5}}, bob: {precision: 3}}
board:
  sign: {levels: [none, seen], start: none, within: turn}
  x: {levels: [l, r], start: l}
turn:
  - chance: sign
    set: {sign: {seen: "if(ann == a, 0.8, 0.2)"}}
  - decide: bob
    options: {l: {set: {x: l}}, r: {set: {x: r}}}
"""


def test_a_sign_is_seen_even_if_nothing_reads_it() -> None:
    solved = Model(read_text(UNREAD)).solve()
    assert solved.read("E(belief(ann == a) | ann == a)") == pytest.approx(0.68, abs=1e-12)
