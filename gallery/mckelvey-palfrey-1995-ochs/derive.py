"""The logit equilibrium of the two-by-two game: one equation in one unknown."""

from __future__ import annotations

from math import exp, log

from scipy.optimize import brentq, minimize_scalar

HIGH, LOW = 1.1141, 0.2785


def logit(x: float) -> float:
    """The logistic function."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def reply(exactness: float, first: float) -> float:
    """Probability of the second player's first side, given the first player's."""
    return logit(exactness * HIGH * (1 - 2 * first))


def solve(exactness: float) -> tuple[float, float]:
    """Both players' probabilities of their first side; the left-hand side rises, so one root."""

    def excess(first: float) -> float:
        second = reply(exactness, first)
        return first - logit(exactness * (HIGH * second - LOW * (1 - second)))

    first = brentq(excess, 0, 1, xtol=1e-15)
    return first, reply(exactness, first)


def likelihood(exactness: float) -> float:
    """Logarithm of the likelihood of 128 choices each, 0.527 and 0.366 for the first side."""
    first, second = solve(exactness)
    seen = ((0.527, first), (0.366, second))
    return 128 * sum(f * log(p) + (1 - f) * log(1 - p) for f, p in seen)


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    best = minimize_scalar(
        lambda x: -likelihood(x), bounds=(0.5, 4), method="bounded", options={"xatol": 1e-10}
    )
    assert abs(best.x - 1.8456097536855862) < 1e-6, "the estimate that Gambit prints"
    found = {"log_likelihood": likelihood(1.8456097536855862)}
    for exactness in (0.5, 5, 50):
        found[f"row_{exactness}"], found[f"column_{exactness}"] = solve(exactness)
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:16} {value:.12g}")
