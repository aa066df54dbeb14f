"""Shapley's iteration: the value of a matrix game in every state, until it stays."""

from __future__ import annotations

from math import exp

import numpy as np
from scipy.optimize import brentq

GAINS = np.array([[[2.0, -1.0], [-1.0, 1.0]], [[0.0, 3.0], [2.0, -1.0]]])  # (state, row, column)
CRISIS = np.array([[[0.5, 0.2], [0.2, 0.0]], [[1.0, 0.7], [0.7, 0.4]]])  # next year's odds of it
YEARS = 160  # 0.8 ** 160 is below 1e-15
PATIENCE = 0.8


def minimax(game: np.ndarray) -> tuple[float, float]:
    """Value of a two-by-two game, and Row's probability of its first move."""
    (a, b), (c, d) = game
    lower = max(min(a, b), min(c, d))
    upper = min(max(a, c), max(b, d))
    assert lower < upper, "no saddle point"
    whole = a + d - b - c
    return (a * d - b * c) / whole, (d - c) / whole


def logit(x: float) -> float:
    """The logistic function."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def quantal(game: np.ndarray, exactness: float) -> tuple[float, float]:
    """The same in logit equilibrium, which is unique in a zero-sum game."""

    def column(row: float) -> float:
        left, right = np.array([row, 1 - row]) @ game
        return logit(exactness * (right - left))

    def excess(row: float) -> float:
        q = column(row)
        up, down = game @ np.array([q, 1 - q])
        return row - logit(exactness * (up - down))

    row = brentq(excess, 0, 1, xtol=1e-15)
    q = column(row)
    return float(np.array([row, 1 - row]) @ game @ np.array([q, 1 - q])), row


def iterate(exactness: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Values and Row's probabilities of its first move, at the outset, by state."""
    value, move = np.zeros(2), np.zeros(2)
    for _ in range(YEARS):
        ahead = PATIENCE * ((1 - CRISIS) * value[0] + CRISIS * value[1])
        solved = [
            minimax(game) if exactness is None else quantal(game, exactness)
            for game in GAINS + ahead
        ]
        value, move = np.array([s[0] for s in solved]), np.array([s[1] for s in solved])
    return value, move


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {}
    for name, exactness in (("minimax", None), ("sharp", 500), ("middling", 10), ("careless", 1)):
        value, move = iterate(exactness)
        found |= {f"{name}_calm": float(value[0]), f"{name}_crisis": float(value[1])}
        found |= {f"{name}_hard_calm": float(move[0]), f"{name}_hard_crisis": float(move[1])}
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:20} {value:.12g}")
