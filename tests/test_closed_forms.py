"""Small games whose solution is known in closed form, through the public API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, exp, inf, nan

import pytest
from conftest import Game

import mistrust


def near(value: object) -> object:
    return pytest.approx(value, rel=1e-12, abs=1e-12, nan_ok=True)


@dataclass(frozen=True)
class Case:
    """A scenario and what its readings must be, in some variant of it."""

    name: str
    text: str
    expected: Mapping[str, float]
    levers: Sequence[str] = ()
    without: Sequence[str] = ()
    premises: Mapping[str, float] | None = None
    resolution: str = "standard"


ULTIMATUM = """
    horizon: {turns: 2}
    actors: {ann: {precision: inf}, bob: {precision: inf}}
    board: {offer: {levels: 0..3, start: 0, within: turn}}
    turn:
      - decide: ann
        options:
          nothing: {set: {offer: 0}}
          one: {set: {offer: 1}}
          two: {set: {offer: 2}}
          all: {set: {offer: 3}}
      - decide: bob
        options:
          accept: {pays: {ann: {share: 3 - offer}, bob: {share: offer}}}
          refuse: {}
"""
CENTIPEDE = """
    horizon: {turns: 1}
    actors: {ann: {precision: PRECISION}, bob: {precision: PRECISION}}
    board: {play: {levels: [open, over], start: open}}
    turn:
      - decide: ann
        name: first
        when: play == open
        options:
          take: {set: {play: over}, pays: {ann: {pile: 0.4}, bob: {pile: 0.1}}}
          leave: {}
      - decide: bob
        name: second
        when: play == open
        options:
          take: {set: {play: over}, pays: {ann: {pile: 0.2}, bob: {pile: 0.8}}}
          leave: {}
      - decide: ann
        name: third
        when: play == open
        options:
          take: {set: {play: over}, pays: {ann: {pile: 1.6}, bob: {pile: 0.4}}}
          leave: {}
      - decide: bob
        name: fourth
        when: play == open
        options:
          take: {set: {play: over}, pays: {ann: {pile: 0.8}, bob: {pile: 3.2}}}
          leave: {pays: {ann: {pile: 6.4}, bob: {pile: 1.6}}}
"""
FLOW = """
    horizon: {turns: 4}
    actors: {ann: {patience: 0.9}}
    board: {x: {levels: 0..4, start: 0}}
    turn: [{chance: climb, raise: {x: 1}}]
    payoffs: {ann: {flow: AMOUNT}}
    beyond: BEYOND
"""
PRIDE = """
    horizon: {turns: 2}
    actors: {ann: {patience: 0.5, precision: inf}}
    board:
      offer: {levels: 0..3, start: 0, within: turn}
      calm: {levels: [low, high], start: low}
    turn:
      - decide: ann
        options: {give: {set: {offer: 3}}, keep: {pays: {ann: {gain: 4}}, set: {offer: 0}}}
      - chance: mood
        when: offer == 3
        set: {calm: {high: 0.5}}
    payoffs: {ann: {pride: 10 * (offer == 3)}}
"""
TALLY = """
    horizon: {turns: 4}
    actors: {ann: {}}
    board:
      shock: {levels: [none, some], start: none}
      shocks: {levels: 0..4, start: 0, recorded: yes}
    turn:
      - {chance: nature, draw: {shock: {none: 0.7, some: 0.3}}}
      - {chance: tally, when: shock == some, raise: {shocks: 1}}
"""
OUTSET = """
    horizon: {turns: 1}
    actors: {ann: {}}
    premises: {q: {says: odds, guess: 0.25}}
    board: {x: {levels: [low, high], start: {low: q, high: 1 - q}}}
    turn: [{chance: fall, when: x == high, set: {x: {low: 0.5}}}]
    payoffs: {ann: {flow: 8 * (x == high)}}
"""
LEVERS = """
    horizon: {turns: 2}
    actors: {ann: {precision: 2}}
    premises: {worth: {says: value, guess: 1}}
    mechanisms: {greed: {says: gain attracts, moves: freq(ann == go), by: up}}
    board: {x: {levels: 0..1, start: 0}}
    turn:
      - decide: ann
        options: {go: {set: {x: 1}, pays: {ann: {gain: worth * greed}}}, wait: {set: {x: 0}}}
    levers:
      forced: {says: goes whatever happens, choose: {ann: go}}
      at_first: {says: goes from 0, choose: {ann: go}, when: x == 0}
      never: {says: waits, choose: {ann: wait}}
      dear: {says: worth more, premises: {worth: 3}}
      no_greed: {says: no greed, off: [greed]}
"""
SURE, TRIPLE = 1 / (1 + exp(-2)), 1 / (1 + exp(-6))
STEPS = """
    horizon: {turns: 2}
    actors: {ann: {}}
    board: {x: {levels: 0..1 by 0.25, draft: 0..1 by 0.5, start: 0}}
    turn: [{chance: grow, raise: {x: 0.1 / step(x)}}]
"""
CLOSED = """
    horizon: {turns: 2}
    actors: {ann: {precision: inf}}
    board: {x: {levels: 0..1, start: 0}}
    turn:
      - decide: ann
        options:
          go: {when: x > 0, pays: {ann: {gain: 1 / x}}, lower: {x: 0.5 / x}}
          up: {set: {x: 1}, pays: {ann: {gain: 0.5}}}
"""
LAST = """
    horizon: {turns: 3}
    actors: {ann: {}}
    board: {x: {levels: 0..3, start: 0}}
    turn: [{chance: grow, raise: {x: turn / 3}}]
    payoffs: {ann: {flow: 1 / (4 - turn)}}
"""
CASES = [
    Case(
        "ultimatum: bob refuses nothing half the time, so ann offers one",
        ULTIMATUM,
        {
            "freq(ann == one)": 1,
            "freq(bob == accept)": 1,
            "V(ann)": 4,
            "V(bob)": 2,
            "V(bob at 2)": 1,
            "P(ever offer == 1)": 1,
            "P(ever offer == 2)": 0,
        },
    ),
    Case(
        "centipede: taken at once",
        CENTIPEDE.replace("PRECISION", "inf"),
        {"freq(first == take)": 1, "freq(second == take)": nan, "V(ann)": 0.4, "V(bob)": 0.1},
    ),
    Case(
        "discounting: each turn's payoff comes as it ends",
        FLOW.replace("AMOUNT", "x").replace("BEYOND", "nothing"),
        {"V(ann)": 1 + 0.9 * 2 + 0.81 * 3 + 0.729 * 4, "V(ann at 3)": 3 + 0.9 * 4, "E(x)": 4},
    ),
    Case(
        "perpetuity of a constant: as if for ever",
        FLOW.replace("AMOUNT", "1").replace("BEYOND", "perpetuity"),
        {"V(ann)": 10, "V(ann at 4)": 10},
    ),
    Case(
        "perpetuity continues the last turn",
        FLOW.replace("AMOUNT", "turn").replace("BEYOND", "perpetuity"),
        {"V(ann)": 1 + 0.9 * 2 + 0.81 * 3 + 0.729 * 4 / 0.1},
    ),
    Case(
        "amounts beyond the horizon come a turn after the last",
        FLOW.replace("AMOUNT", "0").replace("BEYOND", "{ann: {estate: 5 * x, debt: -2}}"),
        {"V(ann)": 0.9**4 * 18, "V(ann at 4)": 0.9 * 18},
    ),
    Case(
        "a within-turn variable starts afresh and counts in the payoffs",
        PRIDE,
        {
            "freq(ann == give)": 1,
            "V(ann)": 15,
            "P(calm == high at 2)": 0.5,
            "P(calm == high)": 0.75,
        },
    ),
    Case(
        "a recorded counter is binomial",
        TALLY,
        {f"P(shocks == {k})": comb(4, k) * 0.3**k * 0.7 ** (4 - k) for k in range(5)}
        | {"E(shocks at 3)": 0.6, "P(shocks == 4 | shock == none)": 0},
    ),
    Case(
        "odds at the outset",
        OUTSET,
        {
            "P(x == low at 1)": 0.25,
            "V(ann | x == high)": 4,
            "V(ann | x == low)": 0,
            "V(ann)": 3,
            "P(x == high)": 0.375,
            "P(x == high at 1 | x == high)": 1,
            "P(x == high | x == high at 1)": 0.5,
            "P(x == high at 1 | x == low at 1)": 0,
        },
    ),
    Case("odds at the outset by premise", OUTSET, {"P(x == low at 1)": 1}, premises={"q": 1}),
    Case("no lever", LEVERS, {"freq(ann == go)": SURE, "V(ann)": 2 * SURE}),
    Case("lever: choose", LEVERS, {"freq(ann == go)": 1, "V(ann)": 2}, levers=["forced"]),
    Case(
        "lever: choose with when",
        LEVERS,
        {
            "freq(ann == go | x == 0)": 1,
            "freq(ann == go | x == 1)": SURE,
            "V(ann)": 1 + SURE,
        },
        levers=["at_first"],
    ),
    Case("lever: premises", LEVERS, {"freq(ann == go)": TRIPLE}, levers=["dear"]),
    Case("lever: off", LEVERS, {"freq(ann == go)": 0.5}, levers=["no_greed"]),
    Case("two levers", LEVERS, {"V(ann)": 6}, levers=["dear", "forced"]),
    Case("the later lever prevails", LEVERS, {"freq(ann == go)": 0}, levers=["never", "forced"]),
    Case("mechanism off", LEVERS, {"freq(ann == go)": 0.5, "V(ann)": 0}, without=["greed"]),
    Case("step, fine", STEPS, {"E(x)": 0.2, "P(x == 0.25)": 2 * 0.4 * 0.6}),
    Case("step, draft", STEPS, {"E(x)": 0.2, "P(x == 0.5)": 2 * 0.2 * 0.8}, resolution="draft"),
    Case(
        "amounts and odds matter only where the option is available",
        CLOSED,
        {"V(ann)": 1.5, "freq(ann == go)": 0.5, "E(x)": 0.5},
    ),
    Case("no turn is played after the last", LAST, {"E(x)": 2, "V(ann)": 1 / 3 + 1 / 2 + 1}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_readings(case: Case, game: Game) -> None:
    model = game(case.text, case.resolution)
    solved = model.solve(premises=case.premises, levers=case.levers, without=case.without)
    assert solved.certificate.good.all()
    assert {text: solved.read(text) for text in case.expected} == near(dict(case.expected))


def test_centipede_by_logit(game: Game) -> None:
    """McKelvey and Palfrey (1998): backward recursion by hand."""
    solved = game(CENTIPEDE.replace("PRECISION", "1.5")).solve()
    takes = [((0.8, 3.2), 1), ((1.6, 0.4), 0), ((0.2, 0.8), 1), ((0.4, 0.1), 0)]
    ahead, shares = (6.4, 1.6), []
    for pile, mover in takes:
        share = 1 / (1 + exp(1.5 * (ahead[mover] - pile[mover])))
        ahead = tuple(share * a + (1 - share) * b for a, b in zip(pile, ahead, strict=True))
        shares.append(share)
    names = ("fourth", "third", "second", "first")
    found = [solved.read(f"freq({name} == take)") for name in names]
    assert found == near(shares)
    assert solved.value.values.tolist() == near(list(ahead))


CHOICE = """
    horizon: {turns: 1}
    actors: {ann: {precision: PRECISION}}
    board: {x: {levels: 0..1, start: 0}}
    turn: [{decide: ann, options: {OPTIONS}}]
"""


@pytest.mark.parametrize("precision", [0, 0.5, 3, 1000, inf])
@pytest.mark.parametrize(
    "pays",
    [(1, 0), (2, 2), (-700, 900), (0.3, -0.2, 0.9), (1, 1, 0.5), (5, 5, 5), (1, 1 + 1e-13)],
)
def test_one_choice_is_logit(game: Game, precision: float, pays: Sequence[float]) -> None:
    options = ", ".join(f"o{i}: {{pays: {{ann: {{t: {p!r}}}}}}}" for i, p in enumerate(pays))
    text = CHOICE.replace("PRECISION", str(precision)).replace("OPTIONS", options)
    best = max(pays)
    if precision == inf:
        odds = [float(p >= best - 1e-12) for p in pays]
    else:
        odds = [exp(precision * (p - best)) for p in pays]
    expected = [x / sum(odds) for x in odds]
    solved = game(text).solve()
    assert solved.decisions["ann"].values[0].tolist() == near(expected)
    value = sum(s * p for s, p in zip(expected, pays, strict=True))
    assert float(solved.value.sel(actor="ann")) == near(value)


def test_an_option_is_chosen_only_where_it_is_available(game: Game) -> None:
    model = game("""
        horizon: {turns: 2}
        actors: {ann: {precision: 0}}
        board: {x: {levels: 0..1, start: 0}}
        turn:
          - decide: ann
            options:
              stay: {}
              grow: {when: x == 0, set: {x: 1}}
              rest: {when: x == 1}
              idle: {when: x == 1}
    """)
    found = model.solve().decisions["ann"]
    assert found.sel(turn="turn 1").values.tolist() == near([0.5, 0.5, 0, 0])
    assert found.sel(turn="turn 2").values.tolist() == near([0.25 + 1 / 6, 0.25, 1 / 6, 1 / 6])


def test_a_recorded_or_within_turn_variable_costs_no_states(game: Game) -> None:
    assert game(TALLY).size.states == 2
    assert game(PRIDE).size.states == 2


def test_draft_resolution_has_the_coarser_levels(game: Game) -> None:
    fine, coarse = game(STEPS), game(STEPS, "draft")
    assert (fine.size.states, coarse.size.states) == (5, 3)
    assert fine.has_draft
    assert coarse.solve().board["x"].x_level.values.tolist() == [0, 0.5, 1]
    assert not game(TALLY).has_draft
    with pytest.raises(mistrust.UsageError, match="did you mean 'draft'"):
        game(STEPS, "drafts")


def test_why_splits_an_options_value_by_term(game: Game) -> None:
    model = game("""
        horizon: {turns: 2}
        actors: {ann: {patience: 0.5, precision: 1}}
        board: {x: {levels: 0..1, start: 0}}
        turn:
          - decide: ann
            options:
              work: {set: {x: 1}, pays: {ann: {toil: -1}}}
              rest: {set: {x: 0}}
        payoffs: {ann: {harvest: 3 * x}}
    """)
    later = 1 / (1 + exp(-2))  # in the last turn work is worth 3 - 1, rest nothing
    carried = {"toil": -0.5 * later, "harvest": 1.5 * later}
    (found,) = model.solve().why("ann", "1")
    work, rest = found.options
    assert (found.decision, found.probability, found.boards) == ("ann", near(1), 1)
    assert work.terms == near({"toil": carried["toil"] - 1, "harvest": carried["harvest"] + 3})
    assert rest.terms == near(carried)
    assert (work.value, rest.value) == near((later + 2, later))
    assert work.probability == near(1 / (1 + exp(-2)))
