"""The referee on sealed phases and hidden types: results by hand, by scipy, and by other ways."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from scenarios import readings, scenario_of, scenarios
from scipy.optimize import brentq, fsolve

from mistrust.errors import TooLargeError, UsageError
from mistrust.referee import Referee
from mistrust.referee.beliefs import Grid, posterior
from mistrust.referee.branch import principal
from mistrust.scenario.read import read_data
from mistrust.scenario.text import Source

random_scenarios = examples(6, 25, derandomize=True, suppress_health_check=list(HealthCheck))


def near(value: Any, error: float = 1e-11) -> Any:
    return pytest.approx(value, abs=error, rel=error)


def checked(**parts: Any) -> Referee:
    """A world of a scenario that the checker accepts too, of one turn unless said otherwise."""
    data = {
        "title": "by hand",
        "horizon": {"turns": 1},
        "board": {"x": {"levels": "0..1", "start": 0}},
        **parts,
    }
    options = {key: data.pop(key) for key in ("on", "limit") if key in data}
    read_data(data, Source("by hand", ""))
    return Referee(
        scenario_of(data), levers=options.get("on", ()), limit=options.get("limit", 10**7)
    )


# -- sealed phases ---------------------------------------------------------------------------

COINS = {k: {"levels": ["heads", "tails"], "start": "heads", "within": "turn"} for k in ("a", "b")}


def coins(payoffs: Any, precision: tuple[float, float], **parts: Any) -> Referee:
    """Each of two puts a coin on the table, unseen."""
    sealed = [
        {"decide": who, "options": {side: {"set": {coin: side}} for side in ("heads", "tails")}}
        for who, coin in (("ann", "a"), ("bob", "b"))
    ]
    actors = {who: {"precision": x} for who, x in zip(("ann", "bob"), precision, strict=True)}
    terms = {who: {"game": text} for who, text in zip(("ann", "bob"), payoffs, strict=True)}
    return checked(actors=actors, board=COINS, turn=[{"sealed": sealed}], payoffs=terms, **parts)


def both(game: Referee) -> tuple[float, float]:
    """How often each shows heads."""
    found = [game.policy(0, who, {}) for who in ("ann", "bob")]
    assert all(x is not None and sum(x.values()) == near(1) for x in found)
    return found[0]["heads"], found[1]["heads"]


def expit(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_matching_pennies() -> None:
    game = coins(["a == b", "a != b"], (7, 7))
    assert both(game) == near((0.5, 0.5))
    assert (game.start_value("ann"), game.start_value("bob")) == near((0.5, 0.5))


@pytest.mark.parametrize(("one", "other"), [(0, 3), (0.5, 4), (2, 2), (6, 1), (30, 20)])
def test_lopsided_matching_pennies(one: float, other: float) -> None:
    game = coins(["if(a == b, if(a == heads, 9, 1), 0)", "a != b"], (one, other))

    def answer(p: float) -> float:
        return expit(other * (1 - 2 * p))

    p = brentq(lambda p: expit(one * (10 * answer(p) - 1)) - p, 0, 1, xtol=1e-15, rtol=1e-15)
    assert both(game) == near((p, answer(p)))
    assert game.start_value("ann") == near(9 * p * answer(p) + (1 - p) * (1 - answer(p)))
    assert game.forward_value("bob") == near(game.start_value("bob"))
    assert game.read("freq(ann == heads)") == near(p)
    assert game.read("P(ever a == tails and b == tails)") == near((1 - p) * (1 - answer(p)))


def test_of_several_equilibria_the_one_that_even_odds_lead_to() -> None:
    """Heads is risky and pays more: with 5 for heads against 4 all end up at tails."""
    stag = "if(a == heads and b == heads, 5, if({0} == tails, 4, 0))"
    game = coins([stag.format("a"), stag.format("b")], (10, 10))
    p = 0.5
    for precision in np.linspace(0, 10, 2001):  # the same branch, by small steps
        p = brentq(lambda x, k=precision: expit(k * (5 * x - 4)) - x, max(0, p - 0.05), p + 0.01)
    assert p < 0.01
    assert both(game) == near((p, p))


def test_symmetric_players_choose_alike_past_where_the_branch_forks() -> None:
    game = coins(["a == b", "a == b"], (20, 20))
    assert both(game) == near((0.5, 0.5))
    chicken = "if(a == b, if(a == heads, -3, 0), if({0} == heads, 2, -1))"
    one, other = both(coins([chicken.format("a"), chicken.format("b")], (9, 9)))
    assert one == near(other)
    assert one == near(brentq(lambda x: expit(9 * (-3 * x + 2 * (1 - x) + x)) - x, 0, 1), 1e-9)


def test_a_lever_forces_an_option_in_a_sealed_phase() -> None:
    lever = {"show": {"says": "Heads", "choose": {"ann": "heads"}}}
    game = coins(["a == b", "a != b"], (7, 3), levers=lever)
    assert game.read("under(show, freq(bob == tails))") == near(expit(3))
    assert game.read("under(show, freq(ann == heads))") == 1


def test_all_that_is_chosen_pays_and_moves_the_board_as_it_was_before() -> None:
    def options(own: str, seen: str) -> Any:
        return {
            "act": {
                "pays": {"ann": {"x": 1}, "bob": {"x": 10}},
                "raise": {own: f"0.5 - 0.2 * {seen}"},
            }
        }

    three = {"act": {"pays": {"ann": {"x": 100}}, "set": {"c": "min(a + b, 2)"}}}
    turn = {
        "when": "c == 0",
        "sealed": [
            {"decide": "ann", "options": options("a", "b")},
            {"decide": "bob", "options": options("b", "a")},
            {"decide": "cyd", "name": "sum", "options": three},
        ],
    }
    board = {k: {"levels": "0..2", "start": int(k == "a")} for k in "abc"}
    game = checked(
        actors={k: {"precision": 1} for k in ("ann", "bob", "cyd")}, board=board, turn=[turn]
    )
    assert (game.start_value("ann"), game.start_value("bob")) == near((102, 20))
    assert game.read("P(a == 2 and b == 1)") == near(0.5 * 0.3)
    assert game.read("P(c == 1)") == 1
    assert game.policy(0, "sum", {"c": 1}) is None


# -- beliefs ---------------------------------------------------------------------------------


def test_points_of_the_grid() -> None:
    assert [*Grid(2, 4).points()] == [(i / 4, 1 - i / 4) for i in range(5)]
    points = [*Grid(3, 3).points()]
    assert len({*points}) == Grid(3, 3).size == 10
    assert all(sum(point) == near(1) and min(point) >= 0 for point in points)


def test_a_belief_among_three_types_is_a_mixture_of_three_points() -> None:
    cell = Grid(3, 10).cell((0.23, 0.41, 0.36))
    # In coordinates 10 * (mu_1 + mu_2), 10 * mu_1 it is (6.4, 2.3): first the former is raised.
    found = {tuple(round(10 * x) for x in point): weight for weight, point in cell.split}
    assert found == {(2, 4, 4): near(0.6), (2, 5, 3): near(0.1), (3, 4, 3): near(0.3)}


@given(st.data())
def test_mixtures_keep_the_mean_and_change_with_it_as_they_say(source: st.DataObject) -> None:
    grid = Grid(source.draw(st.integers(2, 5)), source.draw(st.integers(1, 7)))
    parts = st.integers(0, 60)
    drawn = source.draw(st.lists(parts, min_size=grid.kinds, max_size=grid.kinds).filter(any))
    belief = [x / sum(drawn) for x in drawn]
    cell = grid.cell(belief)
    weights, corners = np.array(cell.weights), np.array(cell.corners)
    assert min(weights) >= -1e-12 and sum(weights) == near(1)
    assert corners.min() >= 0 and weights @ corners == near(np.array(belief))
    assert {*cell.corners} <= {*grid.points()}
    assert np.array(cell.slopes).sum(axis=0) == near(np.zeros(grid.kinds))
    step = np.array(source.draw(st.permutations([1, -1] + [0] * (grid.kinds - 2))))
    assert step @ np.array(cell.slopes).T @ corners == near(step.astype(float), 1e-9)


def test_bayes_and_what_nobody_was_thought_able_to_do() -> None:
    logs = [math.log(0.9), math.log(0.3), -math.inf]
    assert posterior((0.25, 0.25, 0.5), logs) == near([0.75, 0.25, 0])
    assert posterior((0, 0, 1), logs) == near([0.75, 0.25, 0])
    assert posterior((0, 0.5, 0.5), logs) == [0, 1, 0]
    assert posterior((0.5, 0.5), [-5000, -5000 + math.log(3)]) == near([0.25, 0.75])


# -- the branch ------------------------------------------------------------------------------


def curve(points: list[tuple[float, float]]) -> Any:
    """An answer in one number whose curve ``y = s * answer(y)`` runs straight between (y, s)."""
    y, s = np.array([(0, 0), *points]).T

    def answer(at: Any) -> Any:
        end = min(max(int(np.searchsorted(y, at[0], side="right")), 1), len(y) - 1)
        slope = (s[end] - s[end - 1]) / (y[end] - y[end - 1])
        if end == 1:  # s = slope * y
            return np.array([1 / slope]), np.zeros((1, 1))
        share = s[end] + slope * (at[0] - y[end])
        return at / share, np.array([[1 / share - at[0] * slope / share**2]])

    return answer


@pytest.mark.parametrize("scale", [0.05, 1, 20])
@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(1, 0.5), (2, 1), (3, 2)], 2),
        ([(1, 0.5), (2, 0.9), (2.5, 0.2), (4, 1.7)], 3.3),
        ([(1, 0.5), (2, 0.9), (2.02, 0.3), (2.04, 0.95), (2.5, 0.94), (4, 1.99)], 2.5 + 0.6 / 7),
    ],
)
def test_the_branch_is_followed_round_corners(
    points: list[tuple[float, float]], expected: float, scale: float
) -> None:
    found = principal(curve([(y * scale, s) for y, s in points]), 1)
    assert found[0] == near(expected * scale, 1e-9)


# -- hidden types ----------------------------------------------------------------------------

MESSAGE = {"message": {"levels": ["none", "loud", "soft"], "start": "none"}}


def beer(points: int, *, strong: Any = 0.6, turns: int = 1, **parts: Any) -> Referee:
    """A sender is loud or soft, which the weak find dear; a receiver fights or yields."""
    sender = {"precision": 4, "types": {"strong": strong, "weak": f"1 - {strong}"}}
    loud = {"set": {"message": "loud"}, "pays": {"sender": {"cost": "-0.6 * (sender == weak)"}}}
    fight = {"receiver": {"spoils": "if(sender == weak, 1, -1.5)"}, "sender": {"harm": -1}}
    return checked(
        horizon={"turns": turns},
        actors={"sender": sender | {"beliefs": points}, "receiver": {"precision": 3}},
        board=MESSAGE,
        turn=[
            {"decide": "sender", "options": {"loud": loud, "soft": {"set": {"message": "soft"}}}},
            {"decide": "receiver", "options": {"fight": {"pays": fight}, "yield": {}}},
        ],
        **parts,
    )


def fights(belief: float) -> float:
    """How often the receiver fights who is thought strong with this probability."""
    return expit(3 * ((1 - belief) - 1.5 * belief))


@pytest.mark.parametrize("points", [2, 3, 6, 11])
def test_a_signalling_game_solved_by_scipy(points: int) -> None:
    game = beer(points)
    found = [point[0] for point in game.grids["sender"].points()]
    nodes = {2: [0, 1], 3: [0, 0.6, 1]}.get(points, np.linspace(0, 1, points))
    assert found == near(nodes)

    def harm(belief: float) -> float:
        return float(np.interp(belief, nodes, [fights(x) for x in nodes]))

    for prior in found[1:-1]:

        def error(loud: Any, prior: float = prior) -> list[float]:
            p, q = loud
            after = [prior * x / (prior * x + (1 - prior) * y) for x, y in ((p, q), (1 - p, 1 - q))]
            gain = harm(after[1]) - harm(after[0])
            return [expit(4 * gain) - p, expit(4 * (gain - 0.6)) - q]

        guess = fsolve(error, (0.5, 0.1), xtol=1e-13)
        assert error(guess) == near([0, 0], 1e-10)
        board = {"belief(sender)": (prior, 1 - prior)}
        strong, weak = (game.policy(0, "sender", board, kind) for kind in ("strong", "weak"))
        assert strong is not None and weak is not None
        assert [strong["loud"], weak["loud"]] == near(guess, 1e-10)
        assert game.policy(0, "receiver", board) == near(
            {"fight": fights(prior), "yield": 1 - fights(prior)}
        )


def test_a_type_that_nobody_believes_in_still_chooses() -> None:
    game = beer(6)
    certain = game.policy(0, "sender", {"belief(sender)": (1, 0)}, "weak")
    assert certain == near({"loud": expit(-4 * 0.6), "soft": expit(4 * 0.6)})


def test_a_prior_is_a_point_of_the_grid() -> None:
    game = beer(6, strong=0.55)
    points = [0, 0.55 / 3, 1.1 / 3, 0.55, 0.775, 1]
    assert [point[0] for point in game.grids["sender"].points()] == near(points)
    assert game.read("P(belief(sender == strong) == 0.55 at 1)") == 1
    assert beer(2, strong=0.55).grids["sender"].size == 2
    values = [game.start_value("sender", {"sender": kind}) for kind in ("strong", "weak")]
    assert game.start_value("sender") == near(0.55 * values[0] + 0.45 * values[1])
    assert game.read("V(sender)") == near(game.start_value("sender"))
    assert game.read("V(sender | sender == weak)") == near(values[1])


def test_readings_know_the_types_and_the_beliefs() -> None:
    game = beer(6)
    choices = [game.policy(0, "sender", {}, kind) for kind in ("strong", "weak")]
    p, q = (x["loud"] for x in choices if x is not None)
    loud = 0.6 * p + 0.4 * q
    assert game.read("freq(sender == loud)") == near(loud)
    assert game.read("freq(sender == loud | sender == weak)") == near(q)
    assert game.read("P(message == loud)") == near(loud)
    assert game.read("P(sender == strong | message == loud)") == near(0.6 * p / loud)
    assert game.read("E(belief(sender == strong) | message == loud)") == near(0.6 * p / loud)
    assert game.read("E(belief(sender == weak))") == near(0.4)  # a martingale
    assert game.read("P(belief(sender == strong) == 0.6 at 1)") == 1
    assert game.read("P(sender in [strong, weak])") == near(1)
    assert math.isnan(game.read("P(message == loud | sender == weak and sender == strong)"))


@pytest.mark.parametrize("finer", [13, pytest.param(31, marks=pytest.mark.slow)])
def test_beliefs_stay_near_the_truth_and_nearer_on_a_finer_grid(finer: int) -> None:
    """From the second turn on, the mixture over points costs exactness."""
    missed = []
    for points in (4, finer):
        game = beer(points, strong=0.7, turns=2, limit=10**8)
        missed.append(abs(game.read("E(belief(sender == strong))") - 0.7))
        assert sum(game.distribution(2).values()) == near(1)
    assert missed[0] < 0.02 and missed[1] < missed[0] / 5


def test_types_that_want_the_same_tell_nothing() -> None:
    options = {"go": {"pays": {"ann": {"x": "bob_goes"}}}, "rest": {}}
    answers = {
        "go": {"pays": {"bob": {"x": "belief(ann == b) - 0.3"}, "ann": {"x": 2}}},
        "rest": {},
    }
    game = checked(
        actors={"ann": {"precision": 9, "types": {"a": 0.4, "b": 0.6}}, "bob": {"precision": 40}},
        premises={"bob_goes": {"says": "pay", "guess": 0.2}},
        turn=[{"decide": "ann", "options": options}, {"decide": "bob", "options": answers}],
    )
    for kind in ("a", "b"):
        assert game.policy(0, "ann", {}, kind) == near({"go": expit(1.8), "rest": expit(-1.8)})
    assert game.read("P(belief(ann == b) == 0.6)") == near(1)


def test_an_option_that_only_one_type_has_gives_it_away() -> None:
    options = {
        "spend": {"when": "ann == rich", "set": {"x": 1}},
        "save": {},
        "beg": {"when": "ann == poor or ann == broke", "set": {"x": 0}},
    }
    actors = {
        "ann": {"precision": 0, "types": {"rich": 0.5, "poor": 0.5, "broke": "1 - 1"}, "beliefs": 3}
    }
    game = checked(actors=actors, turn=[{"decide": "ann", "options": options}])
    assert game.policy(0, "ann", {}, "rich") == {"spend": 0.5, "save": 0.5}
    assert game.policy(0, "ann", {}, "poor") == {"save": 0.5, "beg": 0.5}
    assert game.read("P(belief(ann == rich) == 1)") == near(0.25)
    assert game.read("P(belief(ann == rich) == 0.5)") == near(0.5)
    # Where only the rich are believed in, begging tells of the two others alike.
    play = game.play(0, 0, {"x": 0.0, "belief(ann)": (1.0, 0.0, 0.0)})
    assert play.told["beg",] == [(1, {"belief(ann)": (0, 0.5, 0.5)})]
    assert play.told["save",] == [(1, {"belief(ann)": (1, 0, 0)})]


def test_a_forced_choice_tells_nothing() -> None:
    lever = {"shout": {"says": "Loud", "choose": {"sender": "loud"}}}
    game = beer(6, levers=lever, on=["shout"])
    assert game.read("P(message == loud)") == 1
    assert game.read("freq(receiver == fight)") == near(fights(0.6))
    assert game.start_value("sender", {"sender": "weak"}) == near(-0.6 - fights(0.6))


def leak(prior: float, points: int, **effects: Any) -> Referee:
    """Something is seen that depends on a type."""
    ann = {"types": {"good": prior, "bad": f"1 - {prior}"}, "beliefs": points, "precision": 1}
    return checked(
        actors={"ann": ann},
        board={
            "news": {"levels": ["none", "fair", "foul"], "start": "none"},
            "count": {"levels": "0..1", "start": 0, "recorded": True},
        },
        turn=[{"chance": "press", **effects}],
    )


def test_a_signal_by_chance() -> None:
    row = {"fair": "if(ann == good, 0.8, 0.4)", "foul": "if(ann == good, 0.2, 0.6)"}
    game = leak(0.5, 7, set={"news": row})
    assert game.read("P(news == fair)") == near(0.6)
    assert game.read("E(belief(ann == good) | news == fair)") == near(2 / 3)
    assert game.read("P(belief(ann == good) == 4 / 6 | news == fair)") == near(1)
    assert game.read("P(belief(ann == good) == 2 / 6 | news == foul)") == near(
        1 / 2
    )  # 1/4: between
    assert game.read("P(belief(ann == good) == 1 / 6 | news == foul)") == near(1 / 2)
    assert game.read("E(belief(ann == good))") == near(0.5)
    other = leak(0.35, 7, set={"news": row})
    after = 0.35 * 0.8 / (0.35 * 0.8 + 0.65 * 0.4)
    assert other.read("E(belief(ann == good) | news == fair)") == near(after)
    low, high = 0.35 + 0.65 / 4, 0.35 + 0.65 / 2
    near_it = "belief(ann == good) > 0.5 and belief(ann == good) < 0.52"
    share = (after - low) / (high - low)
    assert other.read(f"P({near_it} | news == fair)") == near(1 - share)


def test_a_signal_that_none_believed_in_can_give() -> None:
    game = leak(1, 5, set={"news": {"foul": "ann == bad", "fair": "ann == good"}})
    assert game.read("P(news == fair)") == 1
    law = {after["news"]: after for _, _, after in game.law(0, 0, board_of("bad"))}
    assert law["foul"]["belief(ann)"] == (0, 1)


def board_of(kind: str) -> Any:
    return {"news": "none", "count": 0.0, "belief(ann)": (1.0, 0.0), "ann": kind}


def test_the_record_of_a_type_is_seen_by_nobody() -> None:
    alone = leak(0.5, 3, **{"raise": {"count": "ann == good"}})
    assert alone.read("P(belief(ann == good) == 0.5)") == 1
    assert alone.read("P(ann == good | count == 1)") == 1
    beside = leak(
        0.5, 3, **{"raise": {"count": "ann == good"}, "set": {"news": {"fair": 0.3, "foul": 0.7}}}
    )
    assert beside.read("P(belief(ann == good) == 0.5)") == near(1)
    assert beside.read("P(ann == good | count == 1 and news == fair)") == 1


def test_two_hidden_types_move_apart() -> None:
    """Each one's belief moves by its own choice; bob averages over ann's type, and knows his."""
    actors = {
        "ann": {"precision": 2, "types": {"a": 0.25, "b": 0.75}, "beliefs": 5},
        "bob": {"precision": 3, "types": {"c": 0.5, "d": 0.5}, "beliefs": 5},
    }
    stake = "if(bob == d, 1, -1) * (1 + (ann == b))"
    turn = [
        {"decide": "ann", "options": {"hint": {"pays": {"ann": {"x": "ann == b"}}}, "rest": {}}},
        {"decide": "bob", "options": {"go": {"pays": {"bob": {"x": stake}}}, "rest": {}}},
    ]
    game = checked(actors=actors, turn=turn)
    board = {"belief(ann)": (0.25, 0.75), "belief(bob)": (0.5, 0.5)}
    hint = [expit(2 * (kind == "b")) for kind in ("a", "b")]
    assert game.policy(0, "ann", board, "b") == near({"hint": hint[1], "rest": 1 - hint[1]})
    assert game.policy(0, "bob", board, "c") == near({"go": expit(-5.25), "rest": expit(5.25)})
    b = {True: 0.75 * hint[1], False: 0.75 * (1 - hint[1])}
    seen = {True: 0.25 * hint[0] + b[True], False: 0.25 * (1 - hint[0]) + b[False]}
    gain = 0.0
    for signal, share in seen.items():
        cell = Grid(2, 4).cell((1 - b[signal] / share, b[signal] / share))
        gain += share * sum(w * expit(3 * (1 + point[1])) for w, point in cell.split)
    assert game.read("freq(bob == go | bob == d)") == near(gain)
    assert game.read("E(belief(ann == b))") == near(0.75)


def test_a_sealed_phase_averages_over_the_types_of_others() -> None:
    sealed = [
        {"decide": "ann", "options": {"in": {"pays": {"ann": {"x": "cyd == up"}}}, "out": {}}},
        {"decide": "bob", "options": {"in": {}, "out": {}}},
    ]
    actors: Any = {"ann": {"precision": 5}, "bob": {"precision": 5}}
    actors["cyd"] = {"precision": 1, "types": {"up": 0.3, "down": 0.7}}
    game = checked(actors=actors, turn=[{"sealed": sealed}])
    assert game.policy(0, "ann", {}) == near({"in": expit(1.5), "out": expit(-1.5)})
    assert game.start_value("ann", {"cyd": "up"}) == near(expit(1.5))
    assert game.start_value("ann", {"cyd": "down"}) == 0


# -- hidden types in sealed phases -------------------------------------------------------------

OPEN = {side: {"levels": ["shut", "open"], "start": "shut", "within": "turn"} for side in "ab"}
MEETING: Any = {
    "actors": {
        "ann": {"precision": 3, "types": {"good": 0.6, "bad": 0.4}, "beliefs": 4},
        "bob": {"precision": 2, "types": {"kind": 0.3, "cruel": 0.7}, "beliefs": 3},
        "cyd": {"precision": 1.5},
    },
    "board": OPEN,
    "define": {"some": "0.4 + 0.5 * (ann == bad)", "more": "0.4 + 0.8 * (bob == cruel)"},
    "turn": [
        {
            "sealed": [
                {
                    "decide": who,
                    "options": {
                        "give": {"set": {own: "open"}, "pays": {who: {"risk": f"-0.3 * ({bad})"}}},
                        "take": {},
                    },
                }
                for who, own, bad in (("ann", "a", "ann == bad"), ("bob", "b", "bob == cruel"))
            ]
        },
    ],
    "payoffs": {
        "ann": {"hand": "if(a == open, 2 * (b == open) - 1, some * (b == open))"},
        "bob": {"hand": "if(b == open, 2 * (a == open) - 1, more * (a == open))"},
    },
}
KINDS = {"ann": ("good", "bad"), "bob": ("kind", "cruel")}
BELIEFS = {"ann": 0.6, "bob": 0.3}


def gives(game: Referee) -> list[float]:
    """How often good and bad ann, kind and cruel bob give."""
    found = [game.policy(0, who, {}, kind) for who, kinds in KINDS.items() for kind in kinds]
    return [choice["give"] for choice in found if choice is not None]


def overall(x: Any) -> list[float]:
    """How often ann and bob give, types unknown."""
    return [m * x[2 * i] + (1 - m) * x[2 * i + 1] for i, m in enumerate(BELIEFS.values())]


def after(x: Any) -> list[dict[bool, float]]:
    """The belief that ann is good and that bob is kind, after each has given or not."""
    return [
        {True: m * x[2 * i] / p, False: m * (1 - x[2 * i]) / (1 - p)}
        for i, (m, p) in enumerate(zip(BELIEFS.values(), overall(x), strict=True))
    ]


def met(ahead: Any) -> list[float]:
    """The same by scipy; `ahead` are the gains of ann and bob from giving beyond the turn."""

    def error(x: Any) -> list[float]:
        found = []
        for i, (other, more) in enumerate(zip(reversed(overall(x)), (0.5, 0.8), strict=True)):
            for k in (0, 1):
                gain = other - (1 - other) - (0.4 + k * more) * other - 0.3 * k
                found.append(expit((3, 2)[i] * (gain + ahead(x)[i])) - x[2 * i + k])
        return found

    guess = fsolve(error, np.full(4, 0.5), xtol=1e-13)
    assert error(guess) == near([0] * 4, 1e-10)
    return [float(p) for p in guess]


def test_types_that_meet_weigh_each_other_by_the_beliefs() -> None:
    game = checked(**MEETING)
    x = met(lambda _: (0, 0))
    assert gives(game) == near(x, 1e-9)
    assert game.read("freq(bob == give | ann == bad)") == near(overall(x)[1], 1e-9)
    assert game.read("freq(bob == give | bob == cruel)") == near(x[3], 1e-9)
    seen = after(x)[0]
    good = x[0] * seen[True] + (1 - x[0]) * seen[False]
    assert game.read("E(belief(ann == good) | ann == good)") == near(good, 1e-9)


def test_of_types_that_meet_each_is_known_by_its_own_choice() -> None:
    """And the beliefs about both, between points of both grids, matter to one who acts on them."""
    act = {"cyd": {"x": "(ann == good) - (bob == cruel)"}, "ann": {"x": 1}, "bob": {"x": -0.6}}
    turn = [*MEETING["turn"], {"decide": "cyd", "options": {"act": {"pays": act}, "rest": {}}}]
    game = checked(**MEETING | {"turn": turn})
    nodes = [0, 0.3, 0.6, 1], [0, 0.3, 1]
    assert [[x[0] for x in game.grids[who].points()] for who in KINDS] == [near(n) for n in nodes]
    table = [[expit(1.5 * (m - (1 - n))) for n in nodes[1]] for m in nodes[0]]

    def acts(one: float, other: float) -> float:
        return float(np.interp(one, nodes[0], [np.interp(other, nodes[1], row) for row in table]))

    def ahead(x: Any) -> tuple[float, float]:
        (ann, bob), (p, q) = after(x), overall(x)
        first = [acts(ann[True], bob[y]) - acts(ann[False], bob[y]) for y in (True, False)]
        second = [acts(ann[y], bob[True]) - acts(ann[y], bob[False]) for y in (True, False)]
        return q * first[0] + (1 - q) * first[1], -0.6 * (p * second[0] + (1 - p) * second[1])

    x = met(ahead)
    assert gives(game) == near(x, 1e-9)
    shares = [[p, 1 - p] for p in overall(x)]
    all_ = [(s * t, acts(a, b)) for s, a in zip(shares[0], after(x)[0].values(), strict=True)
            for t, b in zip(shares[1], after(x)[1].values(), strict=True)]  # fmt: skip
    assert game.read("freq(cyd == act)") == near(sum(w * p for w, p in all_), 1e-9)
    assert game.read("E(belief(ann == good) * belief(bob == kind))") == near(0.6 * 0.3)
    assert game.forward_value("ann", {"ann": "bad"}) == near(
        game.start_value("ann", {"ann": "bad"})
    )


def test_who_is_known_shows_nothing_and_an_option_of_one_type_gives_it_away() -> None:
    sealed = [dict(part) for part in MEETING["turn"][0]["sealed"]]
    sealed[1] = {**sealed[1], "options": {**sealed[1]["options"], "hit": {"when": "bob == cruel"}}}
    actors = MEETING["actors"] | {
        "ann": {**MEETING["actors"]["ann"], "types": {"good": 1, "bad": 0}}
    }
    actors["ann"]["types"]["bad"] = "1 - 1"
    game = checked(**MEETING | {"turn": [{"sealed": sealed}], "actors": actors})
    assert game.read("P(belief(ann == good) == 1)") == near(1)
    play = game.play(
        0, 0, {"a": "shut", "b": "shut", "belief(ann)": (1.0, 0.0), "belief(bob)": (0.3, 0.7)}
    )
    assert play.told["give", "hit"] == [(1, {"belief(ann)": (1, 0), "belief(bob)": (0, 1)})]
    assert play.of(1, ("good", "kind")).keys() == {"give", "take"}
    assert game.read("P(belief(bob == kind) == 0)") >= game.read("freq(bob == hit)") > 0.1


# -- what is refused -------------------------------------------------------------------------


def test_what_the_referee_does_not_take_on() -> None:
    ann = {"precision": 1, "types": {"a": "p", "b": 0.5}}
    data: Any = {
        "title": "refused",
        "horizon": {"turns": 1},
        "actors": {"ann": ann},
        "premises": {"p": {"says": "p", "guess": 0.5}},
        "board": {"x": {"levels": "0..1", "start": 0}},
        "turn": [{"decide": "ann", "options": {"go": {}, "rest": {}}}],
    }
    game = Referee(scenario_of(data))
    with pytest.raises(UsageError, match="say which type: a, b"):
        game.policy(0, "ann", {})
    with pytest.raises(UsageError, match="'c' is no type of 'ann'"):
        game.start_value("ann", {"ann": "c"})
    with pytest.raises(UsageError, match=r"\(0.33, 0.67\) is no point of the grid"):
        game.policy(0, "ann", {"belief(ann)": (0.33, 0.67)}, "a")
    with pytest.raises(UsageError, match=r"odds of the types of 'ann' are \(0.7, 0.5\)"):
        Referee(scenario_of(data), premises={"p": 0.7})
    with pytest.raises(TooLargeError, match="44 cells x 1 stages"):
        Referee(scenario_of(data), limit=40)
    ann["precision"] = "inf"
    with pytest.raises(UsageError, match="need finite precisions"):
        Referee(scenario_of(data)).start_value("ann")
    data["horizon"] = "forever"
    with pytest.raises(UsageError, match="goes on for ever"):
        Referee(scenario_of(data))


# -- random scenarios ------------------------------------------------------------------------


@random_scenarios
@given(data=st.data())
def test_values_by_both_ways_agree_for_every_type(data: st.DataObject) -> None:
    raw = data.draw(scenarios(private=True))
    read_data(raw, Source("random", ""))
    game = Referee(scenario_of(raw))
    for actor in game.scenario.actors:
        for profile in game.profiles:
            types = dict(zip(game.types, profile, strict=True))
            expected = game.start_value(actor, types)
            assert game.forward_value(actor, types) == near(expected, 1e-9)
        assert game.forward_value(actor) == near(game.start_value(actor), 1e-9)


@random_scenarios
@given(data=st.data())
def test_mass_is_kept_and_readings_obey_the_laws_of_probability(data: st.DataObject) -> None:
    raw = data.draw(scenarios(private=True))
    game = Referee(scenario_of(raw))
    game.read(data.draw(readings(raw)))
    masses = [game.distribution(turn) for turn in range(game.turns + 1)]
    assert [sum(x.values()) for x in masses] == near([1] * len(masses), 1e-12)
    for (actor, kinds), prior in zip(game.types.items(), game.priors.values(), strict=True):
        for kind, share in zip(kinds, prior, strict=True):
            assert game.read(f"P({actor} == {kind})") == near(share)
            assert game.read(f"P(ever {actor} == {kind})") == near(share)
    shares = [
        [game.read(f"freq({part.name or part.decide} == {option})") for option in part.options]
        for index in range(len(game.phases))
        for part in game.decided(index)
    ]
    assert all(math.isnan(x[0]) or sum(x) == near(1) for x in shares)


@random_scenarios
@given(data=st.data())
def test_choices_of_types_are_logit_and_beliefs_follow_bayes(data: st.DataObject) -> None:
    """Every choice of a random scenario, worked out again from the values that follow it."""
    game = Referee(scenario_of(data.draw(scenarios(private=True))))
    game.solve(0)
    for (turn, index, cell), play in game.plays.items():
        decision, *others = game.decided(index)
        names = [n for n in game.keys if n not in {*game.recorded, *game.types}]
        board = dict(zip(names, cell, strict=True))
        if others or decision.decide not in game.types or game.forced:
            continue
        mover, place = decision.decide, [*game.types].index(decision.decide)
        worth: dict[str, dict[str, float]] = {kind: {} for kind in game.types[mover]}
        for (option,), told in play.told.items():
            for weight, beliefs in told:
                ahead = game.ahead(turn, index, (option,), board, beliefs, mover)
                for profile, value in ahead.items():
                    share = game.believed(board, profile, mover) * weight
                    own = worth[profile[place]]
                    own[option] = own.get(option, 0) + share * value
            mean = sum(w * np.array(beliefs[f"belief({mover})"]) for w, beliefs in told)
            likely = [0.0] * len(game.types[mover])
            for profile, odds in play.odds.items():
                likely[game.types[mover].index(profile[place])] = odds.get((option,), 0.0)
            joint = np.array(board[f"belief({mover})"]) * likely
            if joint.sum() > 1e-200:
                assert mean == near(joint / joint.sum(), 1e-9)
        for profile, odds in play.odds.items():
            value = worth[profile[place]]
            for (one, p), (other, q) in pairwise(((n[0], p) for n, p in odds.items())):
                gap = game.precision[mover] * (value[one] - value[other])
                assert math.log(p / q) == near(gap, 1e-9)
