"""The demand with the best trade-off: the exact one, and the one on the grid against logit play."""

from __future__ import annotations

from math import exp

P = 0.5
COSTS = (0.055, 0.155, 0.255, 0.355)
EXACTNESS = 1000.0


def accepts(demand: float, cost: float) -> float:
    """How likely a kind of rival is to accept: 1 - demand against 1 - p - cost."""
    x = EXACTNESS * (P + cost - demand)
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def expected(demand: float, cost_a: float) -> float:
    """What a demand is worth to A."""
    chances = [accepts(demand, cost) for cost in COSTS]
    return sum(c * demand + (1 - c) * (P - cost_a) for c in chances) / len(COSTS)


def exact(cost_a: float) -> tuple[float, float]:
    """The best demand against exact replies, p + c of some kind, and the probability of war."""
    worth = {}
    for refusing, cost in enumerate(COSTS):
        war = refusing / len(COSTS)
        worth[(1 - war) * (P + cost) + war * (P - cost_a)] = (P + cost, war)
    return worth[max(worth)]


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {}
    for name, cost_a in (("usual", 0.1), ("cheap", 0.01), ("dear", 0.3)):
        worth, demand = max((expected(k / 100, cost_a), k / 100) for k in range(101))
        war = 1 - sum(accepts(demand, cost) for cost in COSTS) / len(COSTS)
        found |= {f"{name}_worth": worth, f"{name}_war": war}
        limit, chance = exact(cost_a)
        found |= {f"{name}_exact_war": chance}
        assert 0 < limit - demand < 0.02, "the grid costs A a hundredth or two"
        hundredths = {"usual": 65, "cheap": 75, "dear": 55}[name]
        found |= {f"{name}_demand": float(round(100 * demand) == hundredths)}
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:18} {value:.12g}")
