"""The three-outcome deterrence game in closed form: two nested logits."""

from __future__ import annotations

from math import exp


def logit(x: float) -> float:
    """The logistic function."""
    return 1 / (1 + exp(-x))


def solve(war_defender: float, precision: float = 1.0) -> tuple[float, float]:
    """Probabilities of attack and, once attacked, of resistance."""
    resist = logit(precision * war_defender)
    attack = logit(precision * (resist * -2 + (1 - resist) * 4))
    return attack, resist


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {}
    for name, war, precision in (
        ("torn", 0, 1),
        ("meek", -4, 1),
        ("resolved", 4, 1),
        ("sharp", 1, 5),
    ):
        attack, resist = solve(war, precision)
        found |= {
            f"{name}_attack": attack,
            f"{name}_resist": resist,
            f"{name}_war": attack * resist,
        }
    attack, resist = solve(0)
    found["challenger_expects"] = attack * (resist * -2 + (1 - resist) * 4)
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:18} {value:.12g}")
