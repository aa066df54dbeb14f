"""Selten's chain store with a doubt: the equilibrium, by the formulas in the notes."""

from __future__ import annotations

from fractions import Fraction

TOWNS, ALONE, SHARED = 20, 5, 2
OUTSIDE, ENTERED = 1, 2  # what a trader earns outside, and inside if it is not fought
B = Fraction(ENTERED - OUTSIDE, ENTERED)
A = Fraction(ALONE - SHARED, SHARED)


def last_towns(doubt: Fraction) -> int:
    """With how many towns left a trader enters for the first time."""
    left = 0
    while doubt < B ** (left + 1):
        left += 1
    return left


def fights(doubt: Fraction, left: int) -> Fraction:
    """How likely a free chain is to fight with some towns left: a fight raises the doubt to b^."""
    aim = B ** (left - 1)
    return (1 - aim) * doubt / ((1 - doubt) * aim)


def worth(doubt: Fraction) -> int:
    """What a free chain earns: it is as well off where it shares when it is first entered."""
    left = last_towns(doubt)
    return ALONE * (TOWNS - left) + SHARED * left


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found: dict[str, Fraction | int] = {}
    for name, doubt in (("", Fraction(1, 10)), ("fifty_", Fraction(1, 50))):
        left = last_towns(doubt)
        fought = doubt + (1 - doubt) * fights(doubt, left)  # as the first to enter
        found[name + "before"] = 0  # entry with one town more to go
        found[name + "first"] = 1
        found[name + "fights"] = fights(doubt, left)
        found[name + "next"] = 1 - fought / A  # a trader that was never fought for enters
        found[name + "worth"] = worth(doubt)
    found["belief"] = B ** (last_towns(Fraction(1, 10)) - 1)
    found["stays_out"] = found["last_stays_out"] = 1 / A
    found["no_doubt"] = TOWNS * SHARED
    return {name: float(value) for name, value in found.items()}


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:20} {value:.12g}")
