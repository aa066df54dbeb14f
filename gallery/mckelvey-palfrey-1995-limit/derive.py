"""The example by its symmetry: one equation for the probability of the middle move."""

from __future__ import annotations

from math import exp

from scipy.optimize import brentq


def solve(exactness: float, prize: float) -> tuple[float, float, float]:
    """Probabilities of a player's first, middle and last move (both players are alike)."""

    def parts(middle: float) -> tuple[float, float]:
        corner = 1 - middle  # what the first move is worth; the middle one is worth nothing
        return exp(-exactness * corner), exp(exactness * prize * middle)

    def excess(middle: float) -> float:
        small, lift = parts(middle)
        return middle - small / (small + 1 + lift)

    middle = brentq(excess, 1e-300, 0.5, xtol=1e-300, rtol=1e-14)
    small, lift = parts(middle)
    return 1 / (small + 1 + lift), middle, lift / (small + 1 + lift)


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {}
    for name, exactness, prize in (
        ("half", 0.5, 5),
        ("two", 2, 5),
        ("five", 5, 5),
        ("large_one", 1, 15),
        ("large_five", 5, 15),
        ("huge_one", 1, 100),
        ("huge_five", 5, 100),
        ("huge_ten", 10, 100),
    ):
        first, middle, last = solve(exactness, prize)
        found |= {f"{name}_first": first, f"{name}_middle": middle, f"{name}_last": last}
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:18} {value:.12g}")
