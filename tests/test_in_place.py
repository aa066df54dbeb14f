"""Phases at which little happens: worked out where the values lie, the same as side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mistrust.compile.lower import Case, Coefficients, lower
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.worlds import draw, guesses
from mistrust.forward.distribute import distribute
from mistrust.scenario.read import read_text
from mistrust.solve.backward import Solution, Taken, solve
from mistrust.solve.reach import everywhere, reachable

Floats = NDArray[np.float64]

TALKS = """
title: Offers are made in some turns only, at war, and answered at once
horizon: {turns: 5}
actors:
  mediator: {precision: 3}
  ally: {precision: 5}
  rival: {types: {hawk: 0.4, dove: 0.6}, precision: 4}
board:
  front: {levels: [war, truce], start: {war: 0.7, truce: 0.3}}
  strain: {levels: 0..2, start: 1}
  offer: {levels: OFFERS, start: none, within: turn}
  alarm: {levels: 0..1, start: 0}
  gift: {levels: [kept, held_out], start: kept, within: turn}
premises:
  price: {says: What a truce costs, range: [0.2, 0.9], guess: 0.5}
define: {talks: turn == 2 or turn == 4}
turn:
  - decide: mediator
    name: approach
    when: front == war and talks
    options:
      wait: {}
      press: {set: {offer: some}, pays: {mediator: {effort: -0.1}}}
      insist: {set: {offer: firm}, pays: {mediator: {effort: -0.3}}}
  - decide: ally
    name: consent
    when: front == war and offer != none
    options:
      sign: {}
      refuse: {set: {offer: none}, pays: {ally: {blame: -0.2}}}
  - decide: rival
    name: answer
    when: front == war and offer != none
    options:
      accept:
        set: {front: {truce: 0.8, war: 0.2}}
        pays: {rival: {loss: -price * (1 + (rival == hawk))}}
      refuse: {raise: {strain: 1}}
  - chance: break
    when: front == truce
    draw: {front: {war: 0.2, truce: 0.8}}
  - {chance: alarm, raise: {alarm: 0.3 + 0.1 * price}}
  - chance: mood
    when: front == war
    raise: {strain: 0.2 * price}
    lower: {strain: 0.3, alarm: 0.1}
  - decide: mediator
    name: gifts
    when: strain > 0 and not talks
    options:
      hold_out: {set: {gift: held_out}}
      keep: {}
  - decide: rival
    name: turning
    when: gift == held_out
    options:
      take: {set: {strain: 0}, pays: {rival: {gift: 0.3 - 0.4 * (rival == hawk)}}}
      leave: {}
payoffs:
  mediator: {peace: "1 * (front == truce) - 0.2 * strain"}
  ally: {peace: "0.5 * (front == truce) - 0.4 * strain"}
  rival: {war: "0.6 * (front == war) * (rival == hawk) - 0.1 * strain"}
"""


NATURE = {"break", "alarm", "mood"}
"""At the higher level of an alarm two branches, with odds that add up to one but for rounding, stay
where they are."""
BOXES = {"alarm": 2, "mood": 6}
"""How many boards lead to one another at most, in phases by which they do."""


class Everything:
    """Looks at all decisions, so that none is worked out in place."""

    def wants(self, _turn: int) -> bool:
        """All turns."""
        return True

    def __call__(self, taken: Taken) -> None:
        """Nothing to see."""


def numbers(levels: str, worlds: int = 3) -> Coefficients:
    """The game's numbers in some worlds."""
    argument = read_text(TALKS.replace("OFFERS", levels))
    cases = [guesses(argument.scenario), *draw(argument.scenario, worlds - 1, 1)]
    return lower(Engine(argument).layout(), [Case(world) for world in cases])


def beside(c: Coefficients) -> Coefficients:
    """The same, every phase worked out side by side."""
    c.noted.update({("acting", index): None for index in range(len(c.stages))})
    return c


def shown(c: Coefficients) -> Coefficients:
    """The same, strategies of actors without types kept for each type of the others."""
    c.noted.update({("kept", index): c.lanes for index in range(len(c.stages))})
    return c


def strategies(solution: Solution, turn: int, index: int) -> Floats:
    """On the boards that count: (rows, choices, lanes)."""
    c = solution.coefficients
    layout, kept = c.layout.stages[index], c.kept(index)
    rows = np.unique(layout.policy.at(solution.reach.sources[turn, index]))
    policy = solution.policies[turn, layout.stage.phase]
    wide = policy.reshape(-1, len(layout.stage.choices), kept)
    return np.tile(wide[rows[rows >= 0]], c.lanes // kept)


def same(one: Solution, other: Solution, c: Coefficients) -> None:
    """To the bit, wherever a board counts."""
    for turn, values in one.values.items():
        cells = one.reach.openings[turn]
        assert np.array_equal(values[cells], other.values[turn][cells])
    assert one.policies.keys() == other.policies.keys()
    for index, layout in enumerate(c.layout.stages):
        for turn in range(c.program.turns):
            if (turn, layout.stage.phase) in one.policies:
                found, expected = (strategies(s, turn, index) for s in (one, other))
                assert np.array_equal(found, expected)
    assert np.array_equal(one.gain, other.gain)
    assert np.array_equal(one.evidence.residuals, other.evidence.residuals)


@pytest.mark.parametrize("everybody", [False, True])
@pytest.mark.parametrize("levels", ["[none, some, firm]", "[some, none, firm]"])
def test_values_are_the_same_in_place_and_side_by_side(levels: str, everybody: bool) -> None:
    c = numbers(levels)
    first = levels.startswith("[none")
    stages = [layout.stage.name for layout in c.layout.stages]
    names = {name for index, name in enumerate(stages) if c.acting(index) is not None}
    assert names - NATURE == ({"approach", "consent", "answer"} if first else {"consent"}) | {
        "gifts",
        "turning",
    }
    acting = {name: c.acting(index) for index, name in enumerate(stages)}
    assert {n for n, found in acting.items() if found and found.box is not None} == set(BOXES)
    for name, most in BOXES.items():
        cells, begin = acting[name].by_box(np.arange(c.layout.program.opening.size))
        assert len(np.unique(cells)) == len(cells) == begin[-1]
        assert np.diff(begin).max() == most
    once = {name for index, name in enumerate(stages) if c.kept(index) == len(c.cases)}
    assert once - NATURE == {"approach", "consent", "gifts"}
    reach = everywhere(c.program) if everybody else reachable(c)
    turns = range(c.program.turns + 1)
    here = solve(c, reach=reach, keep=turns)
    same(here, solve(c, reach=reach, keep=turns, inspect=Everything()), c)
    for other in (beside(numbers(levels)), shown(numbers(levels))):
        same(here, solve(other, reach=reach, keep=turns), c)


@pytest.mark.parametrize("levels", ["[none, some, firm]", "[some, none, firm]"])
@pytest.mark.parametrize("other", [beside, shown])
def test_mass_is_carried_the_same_in_place_and_side_by_side(levels: str, other: Any) -> None:
    c, plain = numbers(levels), other(numbers(levels))
    here, there = (distribute(some, solve(some).policies) for some in (c, plain))
    for name in ("mass", "mass_error", "earned", "drift"):
        found, expected = getattr(here, name), getattr(there, name)
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)
    assert np.array_equal(here.last.cells, there.last.cells)
    np.testing.assert_allclose(here.last.values, there.last.values, rtol=1e-13, atol=1e-16)
    assert here.chosen.keys() == there.chosen.keys()
    for key, chosen in here.chosen.items():
        np.testing.assert_allclose(chosen, there.chosen[key], rtol=1e-13, atol=1e-16)


def test_a_phase_that_cannot_happen_is_passed_over() -> None:
    c = numbers("[none, some, firm]")
    by_phase = {layout.stage.phase: layout.stage.name for layout in c.layout.stages}
    names = set(by_phase.values())
    kept = {(turn, by_phase[phase]) for turn, phase in solve(c).policies}
    missing = {(turn, name) for turn in range(5) for name in names - NATURE} - kept
    assert missing == {
        (0, "approach"),
        (1, "gifts"),
        (2, "approach"),
        (3, "gifts"),
        (4, "approach"),
    }
