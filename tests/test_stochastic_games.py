"""Random stochastic games: our stationary choices beside the table of sgamesolver's."""

from __future__ import annotations

import csv
import json
from typing import Any

import numpy as np
import pytest
from stochastic_games import COMPARED, PRECISIONS, TABLE, Floats, choices, random_game, scenario

from mistrust.model import Model
from mistrust.scenario.read import read_text

BAR = 1e-6


def kept() -> dict[tuple[int, float], list[tuple[int, int, Floats]]]:
    """By game and exact precision: state, player, choices."""
    found: dict[tuple[int, float], list[tuple[int, int, Floats]]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            share = np.array(row["choices"].split(), dtype=float)
            key = int(row["game"]), float(row["precision"])
            found.setdefault(key, []).append((int(row["state"]), int(row["player"]), share))
    return found


KEPT = kept()


def cases() -> list[Any]:
    """Those with long branches, or many boards, are slow."""
    found = []
    for seed, precision in KEPT:
        states, players, _ = COMPARED[seed]
        slow = precision > PRECISIONS[0] + 1 or states * players > 16
        marks = [pytest.mark.slow] * slow
        found.append(pytest.param(seed, precision, id=f"{seed}-{precision:.0f}", marks=marks))
    return found


def test_the_table_is_whole() -> None:
    assert [key for key, _ in sorted((k, 0) for k in KEPT)] == [
        (seed, pytest.approx(x, abs=1e-9)) for seed in range(len(COMPARED)) for x in PRECISIONS
    ]
    for (seed, _), rows in KEPT.items():
        states, players, _ = COMPARED[seed]
        assert [row[:2] for row in rows] == [(s, p) for s in range(states) for p in range(players)]
        assert [share.sum() for *_, share in rows] == pytest.approx([1.0] * len(rows), abs=1e-9)


@pytest.mark.parametrize(("seed", "precision"), cases())
def test_choices_are_those_of_sgamesolver(seed: int, precision: float) -> None:
    game = random_game(*COMPARED[seed], seed)
    play = choices(Model(read_text(json.dumps(scenario(game, precision)))).solve(), game)
    assert max(abs(play[s][p] - share).max() for s, p, share in KEPT[seed, precision]) <= BAR
