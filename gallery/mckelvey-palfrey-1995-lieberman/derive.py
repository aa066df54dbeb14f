"""The logit equilibrium of Lieberman's game: six equations, followed from λ = 0."""

from __future__ import annotations

import numpy as np
from scipy.optimize import root

WINS = np.array([[15.0, 0.0, -2.0], [0.0, -15.0, -1.0], [1.0, 2.0, 0.0]])


def logit(values: np.ndarray) -> np.ndarray:
    """Logit choice."""
    weights = np.exp(values - values.max())
    return weights / weights.sum()


def solve(exactness: float, steps: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Both players' probabilities."""
    point = np.full(6, 1 / 3)
    for at in np.linspace(0, exactness, steps + 1)[1:]:

        def gap(x: np.ndarray, at: float = at) -> np.ndarray:
            row, column = x[:3], x[3:]
            return x - np.r_[logit(at * WINS @ column), logit(-at * row @ WINS)]

        point = root(gap, point, tol=1e-13).x
        assert abs(gap(point)).max() < 1e-12
    return point[:3], point[3:]


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {}
    for exactness in (0.1, 0.5, 2):
        row, column = solve(exactness)
        for name, value in zip(("up", "middle", "down"), row, strict=True):
            found[f"{name}_{exactness}"] = float(value)
        for name, value in zip(("left", "centre", "right"), column, strict=True):
            found[f"{name}_{exactness}"] = float(value)
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:12} {value:.12g}")
