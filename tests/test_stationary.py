"""Play without end: closed forms, equations worked out plainly, long finite games, refusals."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import dataclass
from math import exp

import numpy as np
import pytest
from conftest import Game as Load
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from stochastic_games import Floats, Game, choices, random_game, scenario
from typer.testing import CliRunner

from mistrust.cli import app
from mistrust.compile.lower import Case, lower
from mistrust.errors import CertificateError
from mistrust.model import Model, Solved
from mistrust.referee import Referee
from mistrust.report.page import render
from mistrust.scenario.read import read_text
from mistrust.solve import curve
from mistrust.solve.game import solve_game
from mistrust.solve.krylov import gmres
from mistrust.solve.refusal import refusals


def solved(game: Game, precision: float | str, turns: int | None = None) -> Solved:
    """A stochastic game without end, or with a last turn."""
    data = scenario(game, precision)
    if turns is not None:
        data["horizon"] = {"turns": turns}
    return Model(read_text(json.dumps(data))).solve()


few = examples(6, 15)
sizes = st.builds(
    random_game,
    states=st.integers(1, 4),
    players=st.integers(1, 3),
    actions=st.sampled_from([2, 3, (2, 4)]),
    seed=st.integers(0, 10**6),
    patience=st.sampled_from([0.3, 0.9, 0.99]),
)


# -- equations worked out plainly --------------------------------------------------------------


def values(game: Game, play: list[list[Floats]]) -> Floats:
    """What given strategies are worth for ever: (states, players)."""
    chain, flow = [], []
    for s in game.states:
        together = np.ones(())
        for share in play[s]:
            together = np.multiply.outer(together, share)
        flow.append([(reward * together).sum() for reward in game.rewards[s]])
        chain.append(np.tensordot(together, game.odds[s], together.ndim))
    left = np.eye(len(game.states)) - game.patience * np.array(chain)
    return np.linalg.solve(left, np.array(flow))


def worth(game: Game, play: list[list[Floats]], player: int) -> list[Floats]:
    """What each of a player's actions is worth in each state."""
    after = values(game, play)[:, player]
    found = []
    for s in game.states:
        table = game.rewards[s][player] + game.patience * game.odds[s] @ after
        for other in reversed(game.players):
            if other != player:
                table = np.tensordot(table, play[s][other], (other, 0))
        found.append(table)
    return found


def logit(worth: Floats, precision: float) -> Floats:
    odds = np.exp(precision * (worth - worth.max()))
    return odds / odds.sum()


@few
@given(game=sizes, precision=st.sampled_from([0.1, 1.0, 5.0, 20.0]))
def test_every_choice_is_the_logit_reply_to_all_that_is_chosen_for_ever(
    game: Game, precision: float
) -> None:
    play = choices(solved(game, precision), game)
    for player in game.players:
        for share, gain in zip(
            (play[s][player] for s in game.states), worth(game, play, player), strict=True
        ):
            assert share == pytest.approx(logit(gain, precision), abs=1e-8)


@few
@given(game=sizes)
def test_without_precision_all_options_are_as_likely(game: Game) -> None:
    found = solved(game, 0.0)
    uniform = [
        [np.full(game.actions(s, p), 1 / game.actions(s, p)) for p in game.players]
        for s in game.states
    ]
    for mine, even in zip(choices(found, game), uniform, strict=True):
        for share, each in zip(mine, even, strict=True):
            assert share == pytest.approx(each, abs=1e-12)
    assert found.value.values == pytest.approx(values(game, uniform).mean(axis=0), rel=1e-9)


@few
@given(seed=st.integers(0, 10**6), patience=st.sampled_from([0.5, 0.9, 0.99]))
def test_a_best_reply_for_ever_is_the_dynamic_programme(seed: int, patience: float) -> None:
    game = random_game(5, 1, 3, seed, patience)
    best = np.zeros(5)
    for _ in range(int(40 / (1 - patience))):
        gains = [game.rewards[s][0] + patience * game.odds[s] @ best for s in game.states]
        best = np.array([gain.max() for gain in gains])
    found = solved(game, "inf")
    assert found.value.item() == pytest.approx(best.mean(), rel=1e-9)
    for gain, (share,) in zip(gains, choices(found, game), strict=True):
        assert share.tolist() == (gain == gain.max()).astype(float).tolist()


# -- long finite games -------------------------------------------------------------------------


@few
@given(seed=st.integers(0, 10**6), players=st.integers(1, 2), precision=st.sampled_from([0.5, 1.0]))
def test_a_long_game_begins_like_one_without_end(seed: int, players: int, precision: float) -> None:
    game = random_game(3, players, 2, seed, patience=0.5)
    endless, long = solved(game, precision), solved(game, precision, turns=40)
    assert endless.value.values == pytest.approx(long.value.values, abs=1e-10)
    for mine, other in zip(choices(endless, game), choices(long, game), strict=True):
        for share, expected in zip(mine, other, strict=True):
            assert share == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_the_referee_agrees_on_a_long_game(seed: int) -> None:
    game = random_game(2, 2, 2, seed, patience=0.3)
    data = scenario(game, 2.0) | {"horizon": {"turns": 20}}
    referee = Referee(read_text(json.dumps(data)).scenario)
    value = solved(game, 2.0).value
    for actor in value.actor.values.tolist():
        assert value.sel(actor=actor).item() == pytest.approx(referee.start_value(actor), abs=1e-9)


TYPED = """
    horizon: HORIZON
    actors:
      ann: {precision: 2, patience: 0.4, types: {strong: 0.5, weak: 0.5}, beliefs: 5}
      bob: {precision: 2, patience: 0.4}
    board: {x: {levels: [low, high], start: low}}
    turn:
      - decide: ann
        options:
          loud: {set: {x: high}, pays: {ann: {cost: "-0.5 * (ann == weak)"}}}
          quiet: {set: {x: low}}
      - decide: bob
        options:
          fight: {pays: {ann: {harm: -1}, bob: {prize: "1 - 2 * (ann == strong)"}}}
          yield: {}
"""


MEETING = """
    horizon: HORIZON
    actors:
      ann: {precision: 2, patience: 0.4, types: {good: 0.5, bad: 0.5}, beliefs: 5}
      bob: {precision: 2, patience: 0.4, types: {good: 0.3, bad: 0.7}, beliefs: 4}
    board: {a: {levels: 0..1, start: 0}, b: {levels: 0..1, start: 0, within: turn}}
    turn:
      - sealed:
          - {decide: ann, options: {give: {set: {a: 1}}, take: {set: {a: 0}}}}
          - {decide: bob, options: {give: {set: {b: 1}}, take: {}}}
    payoffs:
      ann: {hand: "if(a == 1, 2 * b - 1, (0.4 + (ann == bad)) * b)"}
      bob: {hand: "if(b == 1, 2 * a - 1, (0.4 + (bob == bad)) * a)"}
"""


@pytest.mark.parametrize("text", [TYPED, MEETING], ids=["one", "two at once"])
def test_with_hidden_types_a_long_game_begins_like_one_without_end(game: Load, text: str) -> None:
    endless = game(text.replace("HORIZON", "{forever: yes, turns: 3}")).solve()
    long = game(text.replace("HORIZON", "{turns: 30}")).solve()
    assert endless.value.values == pytest.approx(long.value.values, abs=1e-9)
    for name in ("ann", "bob"):
        found = endless.decisions[name][0].values
        assert found == pytest.approx(long.decisions[name][0].values)


# -- by hand -----------------------------------------------------------------------------------

WORK = """
    horizon: {forever: yes, turns: 6}
    actors: {ann: {precision: PRECISION, patience: 0.9}}
    board: {x: {levels: [low, high], start: low}}
    turn:
      - decide: ann
        when: x == low
        options:
          work: {set: {x: {high: 0.6}}, pays: {ann: {toil: -0.3}}}
          rest: {}
      - chance: decay
        when: x == high
        set: {x: {low: 0.2}}
    payoffs: {ann: {fruit: x == high}}
"""


@pytest.mark.parametrize("precision", [0.5, 3.0, 30.0])
def test_two_states_by_hand(game: Load, precision: float) -> None:
    """Work is worth 0.8 * 0.6 of the gap between the boards as turns end, less its cost."""

    def play(gap: float) -> tuple[float, float]:
        gain = 0.6 * 0.8 * gap - 0.3
        return 1 / (1 + exp(-precision * gain)), gain

    def left(gap: float) -> float:
        share, gain = play(gap)
        return 1 + 0.9 * (0.8 * gap - share * gain) - gap

    share, gain = play(brentq(left, 0, 10, xtol=1e-14))
    found = game(WORK.replace("PRECISION", str(precision))).solve()
    assert found.read("freq(ann == work)") == pytest.approx(share, abs=1e-10)
    assert found.value.item() == pytest.approx(share * gain / (1 - 0.9), abs=1e-9)
    assert found.read("P(x == high at 2)") == pytest.approx(0.48 * share, abs=1e-10)


@pytest.mark.parametrize("precision", [2.0, 20.0, 100.0])
def test_where_the_branch_forks_it_is_followed_straight_on(precision: float) -> None:
    """Hawk and dove, over and over: other branches favour the one player or the other."""
    reward = np.array([[-1.0, 3.0], [0.0, 1.0]])
    game = Game([np.array([reward, reward.T])] * 2, [np.full((2, 2, 2), 0.5)] * 2, 0.9)

    def left(hawk: float) -> float:
        return hawk - 1 / (1 + exp(-precision * (2 * (1 - hawk) - hawk)))

    expected = brentq(left, 0, 1, xtol=1e-14)
    for play in choices(solved(game, precision), game):
        for share in play:
            assert share[0] == pytest.approx(expected, abs=1e-10)


OFFERS = 20
BARGAIN = """
    horizon: {forever: yes, turns: 4}
    actors: {ann: ACTOR, bob: ACTOR}
    board:
      proposer: {levels: [ann, bob], start: ann}
      deal: {levels: [none, made], start: none}
      offer: {levels: LEVELS, start: 0, within: turn}
    turn:
      - {decide: ann, name: ann_offers, when: deal == none and proposer == ann, options: {OFFERED}}
      - decide: bob
        name: bob_answers
        when: deal == none and proposer == ann
        options:
          accept: {set: {deal: made}, pays: {ann: {pie: 1 - offer}, bob: {pie: offer}}}
          refuse: {}
      - {decide: bob, name: bob_offers, when: deal == none and proposer == bob, options: {OFFERED}}
      - decide: ann
        name: ann_answers
        when: deal == none and proposer == bob
        options:
          accept: {set: {deal: made}, pays: {bob: {pie: 1 - offer}, ann: {pie: offer}}}
          refuse: {}
      - {chance: next, set: {proposer: {ann: proposer == bob, bob: proposer == ann}}}
"""


def bargain(patience: float, precision: str, offers: int = OFFERS) -> str:
    levels = [i / offers for i in range(offers + 1)]
    offered = ", ".join(f"o{i}: {{set: {{offer: {x}}}}}" for i, x in enumerate(levels))
    text = BARGAIN.replace("ACTOR", f"{{patience: {patience}, precision: {precision}}}")
    return text.replace("LEVELS", str(levels)).replace("OFFERED", offered)


@pytest.mark.parametrize("patience", [0.5, 0.8])
def test_rubinstein(game: Load, patience: float) -> None:
    """The first to propose keeps 1 / (1 + patience), up to a step of the offers (1982)."""
    found = game(bargain(patience, "inf")).solve()
    ann, bob = found.value.values
    assert ann + bob == pytest.approx(1)
    assert abs(ann - 1 / (1 + patience)) < 1 / OFFERS
    assert found.read("freq(bob_answers == accept)") == 1


# -- evidence ----------------------------------------------------------------------------------


def test_the_certificate_holds(game: Load) -> None:
    certificate = game(bargain(0.8, "50")).solve().certificate
    assert certificate.good.all()
    assert certificate.residual.item() <= 1e-10
    assert certificate.duality.item() <= 1e-9


def test_values_that_move_fail_the_certificate(game: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newton's method is left out at the end, so that what was foreseen stands."""
    monkeypatch.setattr("mistrust.solve.stationary.settle", lambda system, x, *_: x)
    monkeypatch.setattr(
        "mistrust.solve.stationary.follow", lambda system, x, *_: (x + 0.01, np.ones(1))
    )
    with pytest.raises(CertificateError, match="values still change from turn to turn"):
        game(WORK.replace("PRECISION", "3")).solve()


def test_where_best_replies_must_be_mixed_it_is_refused(game: Load) -> None:
    """0.4 of the pie is too little to accept if one keeps 0.6 next turn, but 0.6 is too much."""
    with pytest.raises(CertificateError) as caught:
        game(bargain(0.7, "inf", offers=5)).solve()
    assert "no stationary equilibrium was found: followed from zero" in str(caught.value)
    assert "lower the precision of the actors (an infinite one cannot mix" in str(caught.value)
    assert game(bargain(0.7, "1000", offers=5)).solve().certificate.good.all()


def test_a_branch_that_is_lost_is_refused(game: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve, "STEPS", 3)
    message = r"the branch from zero precision was lost at \d+\.\d% of the precision asked for; "
    with pytest.raises(CertificateError, match=message):
        game(bargain(0.8, "50")).solve()


PREMISED = (
    bargain(0.7, "sharpness", 5)
    + """
    premises: {sharpness: {says: how sharp, guess: 10, range: [1, 100]}}
"""
)


def test_worlds_are_followed_each_by_itself(game: Load) -> None:
    """Side by side as alone, beside one that is refused."""
    model = game(PREMISED)
    worlds = [Case({"sharpness": x}) for x in (1.0, 10.0, float("inf"), 100.0)]
    coefficients = lower(model.engine.layout(), worlds)
    together = solve_game(coefficients)
    assert set(refusals(together)) == {2}
    for i in (0, 1, 3):
        alone = model.solve(premises=worlds[i].premises)
        mine = coefficients.folded(together.start_value)[:, i]
        assert mine == pytest.approx(alone.value.values, abs=1e-11)


ARMS = """
    horizon: {forever: yes, turns: 2}
    actors: {ann: {precision: 2, patience: 0.9}, bob: {precision: 2, patience: 0.9}}
    board: {x: {levels: 0..60, start: 0}, y: {levels: 0..60, start: 0}}
    turn:
      - decide: ann
        options: {arm: {raise: {x: 0.7}, pays: {ann: {cost: -0.3}}}, rest: {}}
      - decide: bob
        options: {arm: {raise: {y: 0.7}, pays: {bob: {cost: -0.3}}}, rest: {}}
      - {chance: decay, lower: {x: 0.2, y: 0.2}}
    payoffs: {ann: {power: (x - y) / (1 + x + y)}, bob: {power: (y - x) / (1 + x + y)}}
"""


def test_following_takes_no_more_memory_than_is_said(game: Load) -> None:
    model = game(ARMS)
    model.solve()  # compiled code, once loaded, is no part of it
    tracemalloc.start()
    model.solve()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert model.size.bytes_per_world / 4 < most < model.size.bytes_per_world


# -- what is said ------------------------------------------------------------------------------

SAID = (
    "Play goes on for ever: shown is one stationary equilibrium of possibly several, the one that "
    "is reached from precision zero (residual "
)


def test_the_terminal_and_the_page_say_that_there_may_be_other_equilibria(
    game: Load,
) -> None:
    model = game(WORK.replace("PRECISION", "3"))
    result = CliRunner().invoke(app, ["run", model.argument.source.file, "--worlds", "1"])
    assert result.exit_code == 0, result.output
    assert SAID in " ".join(result.output.split())
    assert SAID in " ".join(render(model.run(1)).split())
    checked = CliRunner().invoke(app, ["check", model.argument.source.file])
    assert "6 of 2 phases, 1 actors; play goes on for ever" in " ".join(checked.output.split())


def test_of_a_game_that_ends_nothing_of_this_is_said(game: Load) -> None:
    text = WORK.replace("PRECISION", "3").replace("forever: yes, ", "")
    page = render(game(text).run(1))
    assert "stationary" not in page


# -- the parts ---------------------------------------------------------------------------------


@dataclass
class Bent:
    """Curves ``t = x + bend * sin(2 pi x)``, which turn back and forth where the bend is large."""

    bend: Floats
    probe: Floats
    near: Floats

    def left(self, x: Floats, t: Floats) -> Floats:
        self.x = x
        return x + self.bend * np.sin(2 * np.pi * x) - t

    def play(self) -> Floats:
        return self.x


def test_curves_that_turn_back_are_followed_around() -> None:
    bend = np.array([0.0, 0.15, 0.3])
    system = Bent(bend, np.full(3, 1e-7), np.full(3, 1e-10))
    x, t = curve.follow(system, np.zeros((1, 3)), np.ones(3, dtype=bool))
    assert t.tolist() == [1, 1, 1]
    assert x == pytest.approx(np.ones((1, 3)), abs=1e-8)


def test_a_curve_that_ends_is_given_up() -> None:
    """It turns back at t = 0.5 and never comes forward again."""

    class Arch(Bent):
        def left(self, x: Floats, t: Floats) -> Floats:
            self.x = x
            return t - 0.5 + 2 * (x - 0.5) ** 2

    system = Arch(np.zeros(1), np.full(1, 1e-7), np.full(1, 1e-10))
    _, t = curve.follow(system, np.zeros((1, 1)), np.ones(1, dtype=bool))
    assert 0.45 < t.item() <= 0.5


@few
@given(seed=st.integers(0, 10**6), size=st.integers(1, 80), cases=st.integers(1, 3))
def test_gmres_solves_equations_side_by_side(seed: int, size: int, cases: int) -> None:
    random = np.random.default_rng(seed)
    matrices = np.eye(size) + 0.3 * random.standard_normal((cases, size, size)) / size**0.5
    right = random.standard_normal((size, cases))
    going = random.random(cases) < 0.8

    def apply(x: Floats) -> Floats:
        return np.einsum("cij,jc->ic", matrices, x)

    found = gmres(apply, right, going, cut=1e-12)
    assert abs(found[:, ~going]).max(initial=0) == 0
    expected = np.linalg.solve(matrices, right.T[:, :, None])[:, :, 0].T
    assert found[:, going] == pytest.approx(expected[:, going], abs=1e-9)
