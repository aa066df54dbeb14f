"""The referee against results worked out by hand, and against itself by other ways."""

from __future__ import annotations

import math
from typing import Any

import pytest
from examples import examples
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from scenarios import readings, scenario_of, scenarios

from mistrust.errors import TooLargeError, UsageError
from mistrust.referee import Referee

random_scenarios = examples(
    20, 60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def referee(turn: list[Any], board: dict[str, Any], **parts: Any) -> Referee:
    """A world of the actor `ann` (and others named in `parts`)."""
    options = {key: parts.pop(key) for key in ("premises_at", "off", "on", "limit") if key in parts}
    renamed = {"premises_at": "premises", "on": "levers"}
    data = {
        "title": "by hand",
        "horizon": {"turns": parts.pop("turns", 1)},
        "actors": {"ann": {"precision": "inf"}},
        "board": board,
        "turn": turn,
        **parts,
    }
    return Referee(scenario_of(data), **{renamed.get(k, k): v for k, v in options.items()})


def near(value: float) -> Any:
    return pytest.approx(value, abs=1e-12, rel=1e-12)


# -- games with known play -------------------------------------------------------------------

ULTIMATUM = [
    {
        "decide": "ann",
        "options": {f"offer{i}": {"set": {"offer": i}} for i in range(4)},
    },
    {
        "decide": "bob",
        "options": {
            "accept": {"pays": {"ann": {"share": "3 - offer"}, "bob": {"share": "offer"}}},
            "refuse": {},
        },
    },
]
OFFER = {"offer": {"levels": "0..3", "start": 0, "within": "turn"}}
BEST = {"patience": 1, "precision": "inf"}


def test_ultimatum_by_best_replies() -> None:
    game = referee(ULTIMATUM, OFFER, turns=2, actors={"ann": BEST, "bob": BEST})
    # Bob is indifferent at 0 and shares: offering 0 is worth 1.5, offering 1 is worth 2.
    assert game.policy(0, "bob", {"offer": 0}) == {"accept": 0.5, "refuse": 0.5}
    assert game.policy(0, "bob", {"offer": 1}) == {"accept": 1, "refuse": 0}
    assert game.policy(1, "ann", {})["offer1"] == 1
    assert (game.start_value("ann"), game.start_value("bob")) == (4, 2)
    assert game.read("freq(ann == offer1)") == 1


def test_a_within_turn_variable_starts_afresh_and_is_paid_at_the_end_of_the_turn() -> None:
    game = referee(
        ULTIMATUM,
        OFFER,
        turns=2,
        actors={"ann": {**BEST, "patience": 0.5}, "bob": BEST},
        payoffs={"ann": {"pride": "10 * (offer == 3)"}},
    )
    assert game.policy(0, "ann", {})["offer3"] == 1
    assert game.distribution(1) == {(0.0,): 1}
    assert game.start_value("ann") == 15  # keeps nothing, and is proud twice: 10 + 0.5 * 10
    assert game.read("P(ever offer == 3)") == 1


TAKES = ((0.4, 0.1), (0.2, 0.8), (1.6, 0.4), (0.8, 3.2))
PASSED = (6.4, 1.6)


def centipede(precision: object) -> Referee:
    """Four moves (McKelvey and Palfrey 1992), as four phases of one turn."""

    def pays(pair: tuple[float, float]) -> dict[str, Any]:
        return {"ann": {"pile": pair[0]}, "bob": {"pile": pair[1]}}

    turn: list[Any] = [
        {
            "decide": "ann" if i % 2 == 0 else "bob",
            "name": f"move{i}",
            "when": "over == no",
            "options": {"take": {"set": {"over": "yes"}, "pays": pays(pair)}, "leave": None},
        }
        for i, pair in enumerate(TAKES)
    ]
    turn[-1]["options"]["leave"] = {"pays": pays(PASSED)}
    actor = {"precision": precision}
    board = {"over": {"levels": ["no", "yes"], "start": "no"}}
    return referee(turn, board, actors={"ann": actor, "bob": actor})


def test_centipede_by_best_replies_ends_at_once() -> None:
    game = centipede("inf")
    for i in range(4):
        assert game.policy(0, f"move{i}", {"over": "no"}) == {"take": 1, "leave": 0}
        assert game.policy(0, f"move{i}", {"over": "yes"}) is None
    assert (game.start_value("ann"), game.start_value("bob")) == (0.4, 0.1)
    assert game.frequency(0, "move1") == {"take": 0, "leave": 0}
    assert math.isnan(game.read("freq(move1 == take)"))


def test_centipede_by_logit() -> None:
    game = centipede(1.5)
    ahead, reached = PASSED, 1.0
    takes = []
    for i in reversed(range(4)):
        gain = TAKES[i][i % 2] - ahead[i % 2]
        takes.append(1 / (1 + math.exp(-1.5 * gain)))
        ahead = tuple(takes[-1] * x + (1 - takes[-1]) * y for x, y in zip(TAKES[i], ahead))  # noqa: B905
    assert (game.start_value("ann"), game.start_value("bob")) == near(ahead)
    for i, take in enumerate(reversed(takes)):
        assert game.frequency(0, f"move{i}")["take"] == near(reached * take)
        reached *= 1 - take
    assert game.read("P(over == no)") == near(reached)


def one_choice(**parts: Any) -> Referee:
    options = {"go": {"pays": {"ann": {"x": 1}}, "set": {"x": 1}}, "rest": None}
    turn = [{"decide": "ann", "options": options, **parts.pop("phase", {})}]
    return referee(turn, {"x": {"levels": "0..1", "start": 0}}, **parts)


@pytest.mark.parametrize("precision", [0, 0.5, 2, 10, 1000])
def test_logit_choice(precision: float) -> None:
    game = one_choice(actors={"ann": {"precision": precision}})
    share = 1 / (1 + math.exp(-precision))
    assert game.policy(0, "ann", {"x": 0})["go"] == near(share)
    assert game.start_value("ann") == near(share)
    assert game.read("P(x == 1)") == near(share)
    assert game.read("V(ann | x == 0)") == near(share)


def test_ties_are_shared_by_those_within_a_rounding_of_the_best() -> None:
    pays = {"a": "0.1 + 0.2", "b": "0.3", "c": "0.3 - 1e-9"}
    options = {name: {"pays": {"ann": {"x": text}}} for name, text in pays.items()}
    game = referee([{"decide": "ann", "options": options}], {"x": {"levels": "0..1", "start": 0}})
    assert game.policy(0, "ann", {}) == {"a": 0.5, "b": 0.5, "c": 0}


# -- time ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("beyond", "after"),
    [("nothing", 0), ("perpetuity", 0.9**5 / 0.1), ({"ann": {"rest": "7 * (x == 0)"}}, 7 * 0.9**5)],
)
def test_discounting_and_what_comes_after_the_last_turn(beyond: Any, after: float) -> None:
    game = referee(
        [{"chance": "idle"}],
        {"x": {"levels": "0..1", "start": 0}},
        turns=5,
        actors={"ann": {"patience": 0.9}},
        payoffs={"ann": {"flow": 1}},
        beyond=beyond,
    )
    flow = (1 - 0.9**5) / (1 - 0.9)
    assert game.start_value("ann") == near(flow + after)
    assert game.forward_value("ann") == near(flow + after)
    assert game.read("V(ann at 3)") == near((flow - 1.9 + after) / 0.81)


def test_a_perpetuity_leaves_out_what_options_pay() -> None:
    game = one_choice(
        actors={"ann": {"patience": 0.5}}, payoffs={"ann": {"y": "3 * x"}}, beyond="perpetuity"
    )
    assert game.start_value("ann") == near(1 + 6)


def test_calendar() -> None:
    words = {
        "at 2025-05": [0, 1, 0, 0],
        "from 2025-05": [0, 1, 1, 1],
        "until 2025-Q3": [1, 1, 0, 0],
        "from 2025-04 until 2025-07": [0, 1, 0, 0],
        "every 6 months from 2024-11-05": [0, 1, 0, 1],
        "every 6 months from 2025-05 until 2025-11": [0, 1, 0, 0],
        "turn >= 2 and not quarter == 3": [0, 1, 0, 1],
        "month in [1, 10] and year == 2025": [1, 0, 0, 1],
    }
    payoffs = {f"t{i}": text for i, text in enumerate(words)}
    game = referee(
        [{"chance": "idle"}],
        {"x": {"levels": "0..1", "start": 0}},
        horizon={"start": "2025-Q1", "end": "2025-Q4"},
        payoffs={"ann": payoffs},
    )
    for i, expected in enumerate(words.values()):
        found = [game.evaluator.number(payoffs[f"t{i}"], {}, turn) for turn in range(4)]
        assert found == expected, payoffs[f"t{i}"]
    assert game.start_value("ann") == sum(map(sum, words.values()))


# -- chance ----------------------------------------------------------------------------------


def chain(turns: int = 4, **parts: Any) -> Referee:
    """War breaks out with 0.1, ends with 0.2."""
    rows = {"truce": {"truce": 0.9, "war": 0.1}, "war": {"truce": 0.2, "war": 0.8}}
    turn = [{"chance": "front", "draw": {"front": rows}}, *parts.pop("then", [])]
    board = {"front": {"levels": ["truce", "war"], "start": "truce"}, **parts.pop("board", {})}
    return referee(turn, board, turns=turns, **parts)


def test_two_state_chain() -> None:
    game = chain(turns=6)
    for turn in range(7):
        war = (1 - 0.7**turn) / 3
        assert game.distribution(turn).get(("war",), 0) == near(war)
        assert game.read(f"P(front == war at {turn + 1})") == near(war)
    assert game.read("P(front == war)") == near((1 - 0.7**6) / 3)
    assert game.read("E(front == war from 2 until 5)") == near((0.1 + 0.17 + 0.219) / 3)


def test_moves_of_a_phase_read_the_board_before_it() -> None:
    swap = {"x": "if(y == high, 1, 0)", "y": {"low": "x == 0", "high": "x == 1"}}
    board = {
        "x": {"levels": "0..1", "start": 1},
        "y": {"levels": ["low", "high"], "start": "low"},
    }
    assert referee([{"chance": "swap", "set": swap}], board).distribution(1) == {(0, "high"): 1}


def test_kinds_of_moves() -> None:
    board = {
        "a": {"levels": "0..2", "start": {"0": 0.5, "1": 0, "2": 0.5}},
        "b": {"levels": ["low", "mid", "high"], "start": "mid"},
    }
    turn = [
        {"chance": "walk", "raise": {"a": 0.3}, "lower": {"a": 0.2}, "set": {"b": {"high": 0.6}}}
    ]
    game = referee(turn, board)
    assert game.read("P(a == 0)") == near(0.5 * 0.7)
    assert game.read("P(a == 1)") == near(0.5 * 0.3 + 0.5 * 0.2)
    assert game.read("P(b >= mid and b < high)") == near(0.4)
    assert game.read("P(a == 2 | b == high)") == near(0.4)


def test_odds_outside_0_and_1_are_refused() -> None:
    board = {"x": {"levels": "0..1", "start": 0}}
    with pytest.raises(UsageError, match=r"the odds of 'x' are .* on the board"):
        referee([{"chance": "c", "raise": {"x": "1.2 - x"}}], board).start_value("ann")


def test_a_recorded_counter_is_binomial_and_seen_by_nobody() -> None:
    board = {
        "hit": {"levels": ["no", "yes"], "start": "no"},
        "count": {"levels": "0..4", "start": 0, "recorded": True},
    }
    turn = [
        {"chance": "die", "draw": {"hit": {"no": 0.7, "yes": 0.3}}},
        {"chance": "tally", "when": "hit == yes", "set": {"count": "min(count + 1, 4)"}},
    ]
    game = referee(turn, board, turns=4, payoffs={"ann": {"hits": "hit == yes"}})
    assert game.read("E(count)") == near(1.2)
    assert game.read("P(count == 2)") == near(6 * 0.09 * 0.49)
    assert game.read("P(count == 1 at 3 | count == 2 at 5)") == near(4 / 6)
    assert game.start_value("ann") == near(1.2)
    assert game.value("ann", 2, {"hit": "no"}) == near(0.6)


# -- readings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P(ever front == war)", 1 - 0.9**4),
        ("P(always front == truce)", 0.9**4),
        ("P(ever front == war from 2 until 3)", 0.1 + 0.9 * 0.1),
        ("P(always front == war from 2)", 0.1 * 0.8**3),
        ("P(ever front == war until 3)", 1 - 0.81),
        ("P(front == war at 2 | front == war at 3)", 0.08 / 0.17),
        ("P(ever front == war from 3 | front == truce)", 1 - 0.9**2),
        ("P(front == truce at 3 | ever front == war)", (0.83 - 0.9**4) / (1 - 0.9**4)),
        ("E(2 * (front == war) at 3 | front == war at 2)", 1.6),
        ("E(front == war from 2 until 4 | front == truce at 2)", 0.05),
        ("E(front == war from 2 until 4 | front == truce)", 0.0),
        ("1 - P(front == truce at 2) >= 0.1 - 1e-12", 1),
        ("if(P(front == war at 2) > 0.05, 3, 4)", 3),
    ],
)
def test_events(text: str, expected: float) -> None:
    assert chain().read(text) == near(expected)


def test_ever_sees_the_board_between_phases() -> None:
    peace = {"chance": "peace", "set": {"front": "truce"}}
    game = chain(then=[peace], turns=2)
    assert game.read("P(front == war)") == 0
    assert game.read("P(ever front == war)") == near(0.19)
    assert game.read("P(ever front == war at 2)") == 0


def test_an_impossible_condition_has_no_value() -> None:
    game = chain()
    assert math.isnan(game.read("P(front == war | front == war at 1)"))
    assert math.isnan(game.read("P(front == war | front == war at 1) > 0.5"))
    assert game.read("P(front == war | front == war at 1) > 0.5 or 1 > 0") == 1
    assert game.read("P(front == war | front == war at 1) > 0.5 and 1 < 0") == 0


def test_frequencies_count_the_times_a_decision_is_reached() -> None:
    act = {
        "decide": "ann",
        "name": "answer",
        "when": "front == war",
        "options": {"sue": {"pays": {"ann": {"x": "turn >= 3"}}}, "fight": {}},
    }
    game = chain(turns=3, then=[act], actors={"ann": {"precision": math.log(3)}})
    # Reached with 0.1, 0.17, 0.219; chosen with 1/2, 1/2, 3/4.
    chosen = 0.1 * 0.5 + 0.17 * 0.5 + 0.219 * 0.75
    assert game.read("freq(answer == sue)") == near(chosen / 0.489)
    assert game.read("freq(answer == sue at 3)") == near(0.75)
    assert game.read("freq(answer == sue until 3)") == near(0.5)
    assert game.frequency(2, "answer") == near({"sue": 0.219 * 0.75, "fight": 0.219 * 0.25})
    assert game.policy(0, "answer", {"front": "truce"}) is None
    assert math.isnan(game.read("freq(answer == sue | front == truce)"))


def test_a_frequency_looks_at_the_given_as_the_decision_is_reached() -> None:
    act = {"decide": "ann", "options": {"a": {"pays": {"ann": {"x": "front == war"}}}, "b": {}}}
    game = chain(then=[act])
    assert game.read("freq(ann == a | front == war)") == 1
    assert game.read("freq(ann == a | front == truce)") == 0.5


# -- counterfactuals -------------------------------------------------------------------------

LEVERS = {
    "rest": {"says": "no", "choose": {"ann": "rest"}},
    "late": {"says": "no, later", "choose": {"ann": "rest"}, "when": "x == 1"},
    "go": {"says": "yes", "choose": {"ann": "go"}},
    "dear": {"says": "it costs", "premises": {"gain": -1}},
    "stopped": {"says": "off", "off": ["engine"]},
}


def argument(**parts: Any) -> Referee:
    """Going pays `gain` and moves x where the engine is on; it may be barred."""
    options = {
        "go": {
            "when": "barred == no",
            "pays": {"ann": {"x": "gain"}},
            "raise": {"x": "0.4 * engine"},
        },
        "rest": {},
    }
    board = {
        "x": {"levels": "0..1", "start": 0},
        "barred": {"levels": ["no", "yes"], "start": {"no": 0.75, "yes": 0.25}},
    }
    return referee(
        [{"decide": "ann", "options": options}],
        board,
        premises={"gain": {"says": "gain", "guess": 1}},
        mechanisms={"engine": {"says": "it moves", "moves": "P(x == 1)", "by": "up"}},
        levers=LEVERS,
        **parts,
    )


def test_levers_and_mechanisms() -> None:
    game = argument()
    assert game.read("P(x == 1)") == near(0.3)
    assert game.read("under(rest, P(x == 1))") == 0
    assert game.read("under(late, P(x == 1))") == near(0.3)
    assert game.read("under(dear, freq(ann == go))") == 0
    assert game.read("under(dear, under(go, V(ann)))") == near(-0.75)  # not where it is barred
    assert game.read("under(rest, under(go, freq(ann == go)))") == near(0.75)
    assert game.read("P(x == 1) - without(engine, P(x == 1))") == near(0.3)
    assert game.read("under(stopped, P(x == 1))") == 0
    assert game.read("gain + under(dear, gain)") == 0


def test_the_same_counterfactuals_from_the_start() -> None:
    assert argument(off=["engine"]).read("P(x == 1)") == 0
    assert argument(on=["rest"]).start_value("ann") == 0
    assert argument(premises_at={"gain": -3}).read("freq(ann == rest)") == 1
    assert argument().policy(0, "ann", {"barred": "yes"}) == {"rest": 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"off": ["engin"]}, "'engin' is no mechanism; did you mean 'engine'"),
        ({"on": ["lat"]}, "'lat' is no lever; did you mean 'late'"),
        ({"premises_at": {"gains": 1}}, "'gains' is no premise; did you mean 'gain'"),
    ],
)
def test_unknown_names_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        argument(**options)


def test_large_boards_are_refused_with_the_figures() -> None:
    with pytest.raises(TooLargeError, match=r"4 cells x 1 stages = 4 is more than .* takes on"):
        argument(limit=3)
    argument(limit=4)


# -- random scenarios ------------------------------------------------------------------------


@random_scenarios
@given(data=st.data())
def test_values_by_both_ways_agree_and_mass_is_kept(data: st.DataObject) -> None:
    scenario = scenario_of(data.draw(scenarios()))
    game = Referee(scenario)
    for actor in scenario.actors:
        assert game.start_value(actor) == pytest.approx(
            game.forward_value(actor), rel=1e-9, abs=1e-9
        )
    for turn in range(game.turns + 1):
        masses = game.distribution(turn).values()
        assert math.isclose(sum(masses), 1, abs_tol=1e-12)
        assert min(masses) >= 0


@random_scenarios
@given(data=st.data())
def test_readings_obey_the_laws_of_probability(data: st.DataObject) -> None:
    raw = data.draw(scenarios())
    game = Referee(scenario_of(raw))
    game.read(data.draw(readings(raw)))
    first = "1" if game.evaluator.calendar.start is None else game.evaluator.calendar.label(0)
    name = next(iter(raw["board"]))
    level = data.draw(st.sampled_from(list(game.evaluator.levels[name])))
    level = level if isinstance(level, str) else f"{level:g}"
    one, other = f"{name} == {level}", f"{name} != {level}"
    assert game.read(f"P(ever {one}) + P(always {other})") == near(1)
    total = sum(
        share * game.read(f"P(ever {one} | {condition} at {first})")
        for condition in (one, other)
        if (share := game.read(f"P({condition} at {first})")) > 1e-12
    )
    assert total == near(game.read(f"P(ever {one})"))
    assert game.read(f"P({one})") <= game.read(f"P(ever {one})") + 1e-12


@random_scenarios
@given(data=st.data())
def test_shares_of_a_decision_add_up(data: st.DataObject) -> None:
    scenario = scenario_of(data.draw(scenarios()))
    game = Referee(scenario)
    for phase in scenario.turn:
        if not hasattr(phase, "options"):
            continue
        name = phase.name or phase.decide
        shares = [game.read(f"freq({name} == {option})") for option in phase.options]
        masses = [sum(game.frequency(t, name).values()) for t in range(game.turns)]
        assert all(-1e-12 <= mass <= 1 + 1e-12 for mass in masses)
        assert math.isnan(shares[0]) if sum(masses) < 1e-12 else sum(shares) == near(1)
