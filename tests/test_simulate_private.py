"""Sampled histories of games with hidden types against the exact law, type by type."""

from __future__ import annotations

from textwrap import dedent

import numpy as np
import pytest
import xarray as xr
from test_simulate import agree, agree_with_the_exact_law, shares

import mistrust

COUNT = 4000
RUMOURS = """
    title: Rumours
    horizon: {start: 2025-Q1, turns: 2}
    actors:
      ann: {precision: 2, types: {strong: 0.5, weak: 0.3, mad: 0.2}, beliefs: 5}
      bob: {precision: 3, types: {hawk: 0.35, dove: 0.65}, beliefs: 6}
      cyd: {precision: 1}
    board:
      mood: {levels: [calm, tense, war], start: {calm: 0.7, tense: 0.3}}
      arms: {levels: 0..2, start: 1}
    turn:
      - decide: ann
        options:
          arm: {raise: {arms: 0.6}, pays: {ann: {cost: -0.3 * (ann == weak)}}}
          bluff: {when: ann != mad, set: {mood: {tense: 0.5}}}
          rest: {pays: {ann: {ease: 0.4 - 0.6 * (ann == mad)}}}
      - chance: rumour
        when: mood != war
        raise: {arms: 0.1 + 0.5 * (bob == hawk)}
        lower: {arms: 0.2}
      - decide: bob
        when: arms > 0
        options:
          strike: {set: {mood: war}, pays: {bob: {glory: 0.8 * (bob == hawk)}}}
          hold: {pays: {cyd: {relief: 1}}}
      - sealed:
          - decide: ann
            name: ann_word
            options:
              promise: {pays: {ann: {lie: -0.5 * (ann == mad)}}}
              threaten: {pays: {bob: {shock: -0.2}}}
              rave: {when: ann == mad, raise: {arms: 0.3}}
          - decide: bob
            name: bob_word
            options:
              answer: {pays: {bob: {pride: 0.6 * (bob == hawk)}}}
              hush: {pays: {ann: {calm: 0.3}}}
      - decide: cyd
        options: {arm: {raise: {arms: 0.5}}, wait: {pays: {cyd: {saved: 0.2}}}}
    payoffs:
      ann: {safety: -1 * (mood == war) * (1 - 1.5 * (ann == mad))}
      bob: {fear: -0.5 * belief(ann == mad) - 0.3 * (mood == war) * (bob == dove)}
      cyd: {peace: 1 * (mood != war) + 0.5 * (ann == strong)}
"""
DECIDED = {
    "ann": ["arm", "bluff", "rest"],
    "bob": ["strike", "hold"],
    "ann_word": ["promise", "threaten", "rave"],
    "bob_word": ["answer", "hush"],
}


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> mistrust.Solved:
    path = tmp_path_factory.mktemp("rumours") / "scenario.yaml"
    path.write_text(dedent(RUMOURS), encoding="utf-8")
    return mistrust.load(path).solve()


@pytest.fixture(scope="module")
def found(solved: mistrust.Solved) -> xr.Dataset:
    return solved.histories(COUNT, seed=2)


def test_histories_agree_with_the_exact_law(solved: mistrust.Solved) -> None:
    """Boards, the beliefs among them, and choices."""
    assert {"belief(ann)", "belief(bob)"} <= set(solved.histories(5, seed=1))
    agree_with_the_exact_law(solved, COUNT)


def test_types_are_drawn_with_the_odds_at_the_outset(found: xr.Dataset) -> None:
    ann, bob = found["ann_type"].values, found["bob_type"].values
    for kind, odds in {"strong": 0.5, "weak": 0.3, "mad": 0.2}.items():
        agree((ann == kind).mean(), np.array(odds), COUNT)
        both = (ann == kind) & (bob == "hawk")
        agree(both.mean(), np.array(0.35 * odds), COUNT)


@pytest.mark.parametrize("given", ["ann == strong", "ann == mad", "bob == hawk", "bob == dove"])
def test_histories_of_a_type_agree_with_its_law(
    solved: mistrust.Solved, found: xr.Dataset, given: str
) -> None:
    actor, kind = given.split(" == ")
    own = found.isel(history=np.flatnonzero(found[f"{actor}_type"].values == kind))
    count = own.sizes["history"]
    assert count > 700
    for place, date in enumerate(["2025-Q2", "2025-Q3"], start=1):
        sums = [f"P({of} at {date} | {given})" for of in ("mood == war", "arms == 2")]
        exact = [solved.read(text) for text in sums]
        sampled = [own["mood"] == "war", own["arms"] == 2]
        agree(np.array([x.values[place].mean() for x in sampled]), np.array(exact), count)
        believed(own, solved, given, place, date)
    chosen(own, solved, given, count)


def believed(own: xr.Dataset, solved: mistrust.Solved, given: str, place: int, date: str) -> None:
    """The mean belief within five standard errors, which come from the sample itself."""
    levels = own["belief(bob)"].values[place].astype(float)
    exact = solved.read(f"E(belief(bob == hawk) at {date} | {given})")
    error = levels.std() / np.sqrt(len(levels))
    assert abs(levels.mean() - exact) <= 5 * error + 1e-12


def chosen(own: xr.Dataset, solved: mistrust.Solved, given: str, count: int) -> None:
    for name, options in DECIDED.items():
        taken = own[f"{name}_choice"].values
        reached = int((taken != "").sum())
        exact = [solved.read(f"freq({name} == {option} | {given})") for option in options]
        sampled = np.array([(taken == option).sum() for option in options]) / reached
        agree(sampled, np.array(exact), count)
    if given == "ann == mad":
        assert not (own["ann_choice"] == "bluff").any()
    assert shares(own["cyd_choice"], ["arm", "wait"]).sum(axis=1) == pytest.approx([1, 1])
