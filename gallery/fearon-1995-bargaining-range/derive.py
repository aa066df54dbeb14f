"""The take-it-or-leave-it demand on a grid of hundredths, in exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

P, COST_A, COST_B = Fraction("0.62"), Fraction("0.105"), Fraction("0.155")


def largest_demand(p: Fraction, cost_b: Fraction) -> Fraction:
    """The largest share below p + c_B: at equality the other side would toss a coin."""
    return Fraction(ceil((p + cost_b) * 100) - 1, 100)


def smallest_offer(p: Fraction, cost_a: Fraction) -> Fraction:
    """The smallest share above p - c_A."""
    return Fraction(floor((p - cost_a) * 100) + 1, 100)


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    demand, offer = largest_demand(P, COST_B), smallest_offer(P, COST_A)
    assert demand > P - COST_A and offer < P + COST_B, "the proposer prefers the deal to war"
    return {
        "a_demands": float(demand),
        "b_keeps": float(1 - demand),
        "b_offers": float(offer),
        "war_a": float(P - COST_A),
        "war_b": float(1 - P - COST_B),
        "cheap": float(largest_demand(P, Fraction("0.005"))),
    }


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:12} {value:.12g}")
