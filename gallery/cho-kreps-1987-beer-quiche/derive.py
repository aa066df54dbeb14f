"""The logit equilibrium of beer or quiche: four equations, followed from λ = 0."""

from __future__ import annotations

from math import exp

import numpy as np
from scipy.optimize import root


def logit(x: float) -> float:
    """The logistic function."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def gap(x: np.ndarray, exactness: float, prior: float) -> np.ndarray:
    """Beer of the strong, beer of the weak, duel after beer, duel after quiche, in logits."""
    strong, weak, after_beer, after_quiche = (logit(v) for v in x)
    peace = 2 * (after_quiche - after_beer)  # what beer adds to the expected value of peace
    beer = prior * strong, (1 - prior) * weak
    quiche = prior * (1 - strong), (1 - prior) * (1 - weak)
    wanted = (
        1 + peace,
        -1 + peace,
        (beer[1] - beer[0]) / sum(beer),
        (quiche[1] - quiche[0]) / sum(quiche),
    )
    return x - exactness * np.array(wanted)


def solve(exactness: float, prior: float = 0.9) -> list[float]:
    """The equilibrium on the branch that begins at λ = 0."""
    point = np.zeros(4)
    for at in np.linspace(0, exactness, 400)[1:]:
        point = root(gap, point, args=(at, prior), tol=1e-13).x
        assert abs(gap(point, at, prior)).max() < 1e-9
    return [logit(v) for v in point]


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    names = ("strong", "weak", "after_beer", "after_quiche")
    found = {}
    for label, exactness in (("one", 1), ("two", 2), ("five", 5), ("ten", 10)):
        for name, value in zip(names, solve(exactness), strict=True):
            found[f"{label}_{name}"] = value
    for name, value in zip(names, solve(10, prior=0.3), strict=True):
        found[f"doubtful_{name}"] = value
    # The exact equilibrium at a prior of 0.3: the weak mix so that beer leaves the bully in two
    # minds, 0.3 = 0.7 * share, and the bully mixes so that peace is worth the weak's distaste.
    return found | {"exact_weak": 0.3 / 0.7, "exact_after_beer": 0.5}


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:18} {value:.12g}")
