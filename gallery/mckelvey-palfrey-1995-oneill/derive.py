"""O'Neill's game by its symmetry: the three numbers are alike, which leaves two unknowns."""

from __future__ import annotations

from math import exp

from scipy.optimize import brentq

WIN = 5


def joker(exactness: float, against: float) -> float:
    """Probability of a joker whose value exceeds that of each number by `against`."""
    return 1 / (1 + 3 * exp(-exactness * against))


def second_given(exactness: float, first: float) -> float:
    """The second player's reply to the first player's probability of a joker."""
    with_joker = WIN * (1 - 2 * first)  # wins unless the first shows a joker
    with_number = WIN * (1 - 2 * (1 - first) * 2 / 3)  # loses to the two other numbers
    return joker(exactness, with_joker - with_number)


def solve(exactness: float) -> tuple[float, float]:
    """Both probabilities of a joker; the excess rises in `first`, so there is one root."""

    def excess(first: float) -> float:
        second = second_given(exactness, first)
        with_joker = WIN * (2 * second - 1)
        with_number = WIN * (2 * (1 - second) * 2 / 3 - 1)
        return first - joker(exactness, with_joker - with_number)

    first = brentq(excess, 0, 1, xtol=1e-15)
    return first, second_given(exactness, first)


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {}
    for exactness in (0.1, 0.5, 1, 2, 10):
        first, second = solve(exactness)
        found[f"first_{exactness}"], found[f"second_{exactness}"] = first, second
    first, second = solve(1)
    wins = first * second + (1 - first) * (1 - second) * 2 / 3
    return found | {"expects": WIN * (2 * wins - 1)}


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:12} {value:.12g}")
