"""The shift of power in exact fractions: the article's condition, and the game on the grid."""

from __future__ import annotations

from fractions import Fraction

HUNDREDTHS = [Fraction(k, 100) for k in range(101)]
Pair = tuple[Fraction, Fraction]


def condition(patience: Fraction, p_now: Fraction, p_later: Fraction, cost: Fraction) -> bool:
    """The declining state attacks if δ p₂ − p₁ > c_B (1 − δ)²."""
    return patience * p_later - p_now > cost * (1 - patience) ** 2


def choose(war: Pair, weight: Fraction, ahead: Pair) -> tuple[bool, Pair]:
    """A's best demand in a year: whether there is war, and what both are worth.

    A year's division counts `weight` times; what follows is worth `ahead`.
    """
    best: tuple[Fraction, bool, Pair] | None = None
    for share in HUNDREDTHS:
        peace = weight * share + ahead[0], weight * (1 - share) + ahead[1]
        assert peace[1] != war[1], "no tie to be broken"
        fights = war[1] > peace[1]
        outcome = war if fights else peace
        if best is None or outcome[0] > best[0]:
            best = outcome[0], fights, outcome
    assert best is not None
    return best[1], best[2]


def solve(
    patience: Fraction, p_now: Fraction, p_later: Fraction, cost: Fraction
) -> tuple[bool, Pair]:
    """Whether there is war at once, and what both are worth at the outset."""
    for_ever = 1 / (1 - patience)
    later = p_later * for_ever - cost, (1 - p_later) * for_ever - cost
    war_later, value = choose(later, for_ever, (Fraction(0), Fraction(0)))
    assert not war_later
    now = p_now * for_ever - cost, (1 - p_now) * for_ever - cost
    return choose(now, Fraction(1), (patience * value[0], patience * value[1]))


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {}
    cases = {
        "large": ("0.8", "0.3", "0.7", "0.513"),
        "small": ("0.8", "0.3", "0.38", "0.513"),
        "just_below": ("0.8", "0.3", "0.39", "0.513"),
        "just_above": ("0.8", "0.3", "0.412", "0.513"),
        "dear_below": ("0.8", "0.3", "0.463", "2.013"),
        "dear_above": ("0.8", "0.3", "0.487", "2.013"),
        "patient_below": ("0.9", "0.3", "0.327", "0.513"),
        "patient_above": ("0.9", "0.3", "0.353", "0.513"),
    }
    for name, texts in cases.items():
        patience, p_now, p_later, cost = (Fraction(text) for text in texts)
        attacks, worth = solve(patience, p_now, p_later, cost)
        assert attacks == condition(patience, p_now, p_later, cost), name
        found[name] = float(attacks)
        if name in ("large", "small"):
            found[f"{name}_a"], found[f"{name}_b"] = float(worth[0]), float(worth[1])
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:14} {value:.12g}")
