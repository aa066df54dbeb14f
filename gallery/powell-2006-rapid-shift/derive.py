"""Shifting power in several steps: Powell's condition, the exact one, and the game on the grid."""

from __future__ import annotations

from fractions import Fraction

TURNS = 9
PATIENCE = Fraction("0.9")
FIRST, LAST = Fraction("0.2"), Fraction("0.8")
COST, CHEAP = Fraction("1.503"), Fraction("0.203")
HUNDREDTHS = [Fraction(k, 100) for k in range(101)]
Pair = tuple[Fraction, Fraction]


def power(turn: int, years: int) -> Fraction:
    """The rising state's chance of winning."""
    return FIRST + (LAST - FIRST) * min(Fraction(1), Fraction(turn - 1, years))


def war(turn: int, years: int, cost: Fraction) -> Pair:
    """What a war is worth to the rising and to the declining state."""
    p = power(turn, years)
    return p / (1 - PATIENCE) - cost, (1 - p) / (1 - PATIENCE) - cost


def shift(years: int, cost: Fraction, ahead: int) -> Fraction:
    """By how much the rising state gains, `ahead` years on, over a war in the first year."""
    return PATIENCE**ahead * war(1 + ahead, years, cost)[0] - war(1, years, cost)[0]


def sufficient(years: int, cost: Fraction) -> bool:
    """Powell's condition: next year's shift exceeds the surplus of peace over war, 2 c."""
    return shift(years, cost, 1) > 2 * cost


def exact(years: int, cost: Fraction) -> bool:
    """The shift up to some later year exceeds it: nothing can be taken back before then."""
    return max(shift(years, cost, ahead) for ahead in range(1, TURNS)) > 2 * cost


def solve(years: int, cost: Fraction) -> tuple[list[bool], Pair]:
    """Whether there is war in each year (if it is reached), and what both are worth."""
    ahead = (Fraction(0), Fraction(0))
    wars = []
    for turn in reversed(range(1, TURNS + 1)):
        weight = 1 / (1 - PATIENCE) if turn == TURNS else Fraction(1)
        fight = war(turn, years, cost)
        best, attacks = fight, True
        for share in HUNDREDTHS:
            peace = weight * share + PATIENCE * ahead[0], weight * (1 - share) + PATIENCE * ahead[1]
            assert peace[0] != fight[0], "no tie to be broken"
            if peace[0] > fight[0] and peace[1] > best[1]:
                best, attacks = peace, False
        ahead = best
        wars.append(attacks)
    return wars[::-1], ahead


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {}
    cases = [("one", 1, COST), ("five", 5, COST), ("seven", 7, COST), ("eight", 8, COST)]
    for name, years, cost in [*cases, ("cheap_eight", 8, CHEAP)]:
        wars, worth = solve(years, cost)
        assert wars[0] >= sufficient(years, cost), name
        assert wars[0] == exact(years, cost), name
        assert not any(wars[1:]) or wars[0], name
        found[f"{name}_war"] = float(wars[0])
        found[f"{name}_rising"], found[f"{name}_declining"] = float(worth[0]), float(worth[1])
    assert sufficient(1, COST) and not sufficient(5, COST)
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:22} {value:.12g}")
