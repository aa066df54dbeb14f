"""Sampled histories against the exact law."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from conftest import Game

import mistrust

COUNT = 20_000
STARTER = Path(mistrust.FLAGSHIP).with_name("starter.yaml")
BUSY = """
    horizon: {start: 2025-Q1, turns: 6}
    actors: {ann: {precision: 1.5, patience: 0.9}, bob: {precision: 0}}
    board:
      mood: {levels: [calm, tense, war], start: {calm: 0.5, tense: 0.3, war: 0.2}}
      arms: {levels: 0..3, start: {0: 0.5, 2: 0.5}}
      offer: {levels: [none, low, high], start: none, within: turn}
      offers: {levels: 0..6, start: 0, recorded: yes}
    turn:
      - {chance: gate, when: mood != calm, draw: {offer: {none: 0.2, low: 0.5, high: 0.3}}}
      - decide: ann
        when: mood != war and from 2025-Q2
        options:
          take: {when: offer != none, set: {mood: calm}, pays: {ann: {gain: 1}}}
          arm: {raise: {arms: 0.7}, set: {mood: {tense: 0.4}}}
          wait: {}
      - decide: bob
        options:
          strike: {when: arms >= 1 and mood == tense, set: {mood: war}, lower: {arms: 0.5}}
          hold: {pays: {bob: {peace: 1}}}
      - {chance: peace, when: mood == war, draw: {mood: {calm: 0.3, tense: 0.1, war: 0.6}}}
      - {chance: drift, raise: {arms: 0.2}, lower: {arms: 0.3 * (mood == calm)}}
      - {chance: count, when: offer == high, raise: {offers: 1}}
    payoffs: {ann: {safety: -1 * (mood == war)}, bob: {fear: -arms}}
"""


def agree(sampled: np.ndarray, exact: np.ndarray, count: int) -> None:
    """Shares among the histories lie within five standard errors (and two histories)."""
    exact = np.clip(exact, 0, 1)
    error = np.sqrt(exact * (1 - exact) / count)
    assert (abs(sampled - exact) <= 5 * error + 2 / count).all()
    assert (sampled[exact < 1e-15] == 0).all(), "what cannot happen never does"


def shares(codes: xr.DataArray, labels: list[object]) -> np.ndarray:
    """(dates, labels): how often each one occurs."""
    return np.array([(codes.values == label).mean(axis=1) for label in labels]).T


@pytest.fixture(params=["starter", "busy"])
def solved(request: pytest.FixtureRequest, game: Game) -> mistrust.Solved:
    model = mistrust.load(STARTER) if request.param == "starter" else game(BUSY)
    return model.solve()


def agree_with_the_exact_law(solved: mistrust.Solved, count: int = COUNT) -> None:
    found = solved.histories(count, seed=1)
    for name, law in solved.board.items():
        agree(shares(found[name], law[f"{name}_level"].values.tolist()), law.values, count)
    for name, law in solved.decisions.items():
        options = law[f"{name}_option"].values.tolist()
        reached = law.sum(f"{name}_option").values[:, None]
        exact = np.hstack([law.values, 1 - reached])
        agree(shares(found[f"{name}_choice"], [*options, ""]), exact, count)


def test_histories_agree_with_the_exact_law(solved: mistrust.Solved) -> None:
    agree_with_the_exact_law(solved)


def test_histories_of_a_board_that_is_gone_between_turns(game: Game) -> None:
    found = game("""
        horizon: {turns: 2}
        actors: {ann: {precision: 0}}
        board: {x: {levels: 0..1, start: 0, within: turn}}
        turn: [{decide: ann, options: {go: {set: {x: 1}}, stay: {}}}]
    """).solve()
    agree_with_the_exact_law(found)


@pytest.mark.slow
def test_histories_of_the_flagship_agree_with_the_exact_law() -> None:
    agree_with_the_exact_law(mistrust.load(mistrust.FLAGSHIP, "draft").solve())


def test_whole_paths_agree_with_the_exact_law(game: Game) -> None:
    """Transitions too, not only the law of each date."""
    busy = game(BUSY).solve()
    mood = busy.histories(COUNT, seed=2)["mood"].values
    paths = {
        "P(mood == war at 2025-Q3 | mood == war at 2025-Q2)": (mood[1] == "war", mood[2] == "war"),
        "P(mood == calm | mood == tense at 2025-Q1)": (mood[0] == "tense", mood[-1] == "calm"),
    }
    for text, (given, event) in paths.items():
        exact = busy.read(text)
        error = np.sqrt(exact * (1 - exact) / given.sum())
        assert abs(event[given].mean() - exact) <= 5 * error, text
    starter = mistrust.load(STARTER).solve()  # war never ends there, so openings show all of it
    front = starter.histories(COUNT, seed=2)["front"].values
    ever = np.array(starter.read("P(ever front == war)"))
    agree((front == "war").any(axis=0).mean(), ever, COUNT)


def test_the_same_seed_gives_the_same_histories(solved: mistrust.Solved) -> None:
    one, same, other = (solved.histories(200, seed=seed) for seed in (7, 7, 8))
    assert one.identical(same)
    assert not one.equals(other)
    assert one.sizes["history"] == 200


def test_histories_are_labelled(game: Game) -> None:
    found = game(BUSY).solve().histories(5, seed=1)
    assert found.date.values.tolist()[0] == "2025-Q1" and found.sizes["date"] == 7
    assert found.turn.values.tolist()[-1] == "2026-Q2" and found.sizes["turn"] == 6
    assert set(found) == {"mood", "arms", "ann_choice", "bob_choice"}
    assert set(np.unique(found["ann_choice"].values)) <= {"take", "arm", "wait", ""}
    assert (found["ann_choice"].values[0] == "").all(), "nobody is asked before 2025-Q2"
