"""Alternating offers in exact fractions: backward induction over offers in thousandths."""

from __future__ import annotations

from fractions import Fraction

TURNS = 60
UNITS = 1000


def shares(patience: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction]:
    """What the first proposer and the second get, from the last turn back to the first."""
    value = (Fraction(0), Fraction(0))
    for turn in reversed(range(TURNS)):
        proposer, other = turn % 2, 1 - turn % 2
        if_refused = patience[0] * value[0], patience[1] * value[1]
        # The other accepts any offer above what refusing is worth to it; at exact equality it
        # would toss a coin, so that the proposer adds a unit. It proposes the least that is taken
        # for sure, unless a refusal were better for it.
        offer = Fraction(int(if_refused[other] * UNITS) + 1, UNITS)
        assert 1 - offer > if_refused[proposer]
        toss = if_refused[other] * UNITS == int(if_refused[other] * UNITS)
        if toss:  # half a chance of a unit more is not worth the risk
            kept = 1 - if_refused[other]
            assert (kept + if_refused[proposer]) / 2 < 1 - offer
        share = [Fraction(0), Fraction(0)]
        share[proposer], share[other] = 1 - offer, offer
        value = share[0], share[1]
    return value


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {}
    for name, first, second in (
        ("equal", 9, 9),
        ("hasty_second", 9, 8),
        ("hasty_first", 8, 9),
        ("costly", 5, 5),
    ):
        patience = Fraction(first, 10), Fraction(second, 10)
        found[f"{name}_grid"] = float(shares(patience)[0])
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:18} {value:.12g}")
