"""Chance phases and calendar conditions: the exact law of the board at every date."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Game

LAW = """
    horizon: {turns: 6}
    actors: {ann: {}}
    board: {x: {levels: LEVELS, start: START}}
    turn: [{chance: nature, MOVE}]
"""
CHAINS = {
    "draw rows": (
        ["dry", "wet"],
        "dry",
        "draw: {x: {dry: {dry: 0.7, wet: 0.3}, wet: {dry: 0.1, wet: 0.9}}}",
        [[0.7, 0.3], [0.1, 0.9]],
    ),
    "draw one row": ([0, 1, 2], "1", "draw: {x: {0: 0.5, 1: 0.2, 2: 0.3}}", [[0.5, 0.2, 0.3]] * 3),
    "draw rows of numbers": (
        [-1, 0, 2.5],
        "0",
        "draw: {x: {-1: {-1: 1}, 0: {-1: 0.2, 2.5: 0.8}, 2.5: {0: 0.6, 2.5: 0.4}}}",
        [[1, 0, 0], [0.2, 0, 0.8], [0, 0.6, 0.4]],
    ),
    "raise and lower": (
        [0, 1, 2, 3],
        "2",
        "raise: {x: 0.3}, lower: {x: 0.1}",
        [[0.7, 0.3, 0, 0], [0.1, 0.6, 0.3, 0], [0, 0.1, 0.6, 0.3], [0, 0, 0.1, 0.9]],
    ),
    "raise by state": (
        [0, 1, 2],
        "0",
        "raise: {x: 0.4 / (1 + x)}",
        [[0.6, 0.4, 0], [0, 0.8, 0.2], [0, 0, 1]],
    ),
    "lower, guarded": (
        [0, 1, 2],
        "2",
        "when: x > 1, lower: {x: 0.5}",
        [[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5]],
    ),
    "set with the rest staying": (
        ["a", "b", "c"],
        "a",
        "set: {x: {b: 0.2, c: 0.1}}",
        [[0.7, 0.2, 0.1], [0, 0.9, 0.1], [0, 0.2, 0.8]],
    ),
    "set to an expression": (
        [0, 1, 2],
        "0",
        "set: {x: 'min(x + 1, 2)'}",
        [[0, 1, 0], [0, 0, 1], [0, 0, 1]],
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_law_of_a_chain_at_every_date(game: Game, name: str) -> None:
    levels, start, move, matrix = CHAINS[name]
    text = LAW.replace("LEVELS", str(levels)).replace("START", start).replace("MOVE", move)
    solved = game(text).solve()
    law = solved.board["x"]
    step = np.array(matrix, dtype=float)
    expected = [law.values[0] @ np.linalg.matrix_power(step, t) for t in range(7)]
    assert law.values[0].tolist() == [float(str(x) == start) for x in levels]
    np.testing.assert_allclose(law.values, expected, rtol=0, atol=1e-14)


def test_two_state_chain_in_closed_form(game: Game) -> None:
    levels, start, move, _ = CHAINS["draw rows"]
    text = LAW.replace("LEVELS", str(levels)).replace("START", start).replace("MOVE", move)
    solved = game(text).solve()
    for turn in range(6):  # stationary law 3/4 wet, second eigenvalue 0.6
        assert solved.read(f"P(x == wet at {turn + 1})") == pytest.approx(
            0.75 * (1 - 0.6**turn), abs=1e-13
        )
    assert solved.read("P(always x == dry)") == pytest.approx(0.7**6)
    assert solved.read("P(ever x == wet until 4)") == pytest.approx(1 - 0.7**3)


CALENDAR = """
    horizon: {start: 2025-01, turns: TURNS, every: EVERY}
    actors: {ann: {}}
    board: {mark: {levels: 0..1, start: 0}}
    turn: [{chance: tick, set: {mark: CONDITION}}]
"""


@pytest.mark.parametrize(
    ("every", "condition", "marked"),
    [
        ("quarter", "at 2025-Q3", {2}),
        ("quarter", "at 2025-08-15", {2}),
        ("quarter", "at 2026", {4}),
        ("quarter", "from 2025-Q4 until 2026-Q2", {3, 4}),
        ("quarter", "until 2025-07", {0, 1}),
        ("quarter", "from 2026-11", {7}),
        ("quarter", "every 2 years from 2022-11", {7}),
        ("quarter", "every 4 years from 2025-01", {0}),
        ("quarter", "every 1 year from 2024-05", {1, 5}),
        ("quarter", "every 2 quarters from 2025-Q2 until 2026-Q4", {1, 3, 5}),
        ("quarter", "quarter == 1 or month == 10", {0, 3, 4, 7}),
        ("quarter", "year == 2026 and turn <= 6", {4, 5}),
        ("quarter", "not from 2025-04", {0}),
        ("month", "every 2 quarters from 2024-08", {1, 7}),
        ("month", "at 2025-Q2", {3}),
        ("year", "every 3 years from 2026-06", {1, 4, 7}),
        ("year", "from 2028-06 until 2030", {3, 4}),
    ],
)
def test_calendar_conditions(game: Game, every: str, condition: str, marked: set[int]) -> None:
    text = CALENDAR.replace("EVERY", every).replace("TURNS", "8").replace("CONDITION", condition)
    law = game(text).solve().board["mark"].values
    assert {turn for turn in range(8) if law[turn + 1, 1] == 1} == marked
    assert set(law[1:, 1]) <= {0, 1}
