"""The chain store with a doubt: the equilibrium in logit play, solved where it is reached.

Every market is a pair of equations, for how likely the strong and the weak chain are to fight; what
follows is worked out at the very beliefs to which their answers lead, down to the last market.
"""

from __future__ import annotations

from math import exp

import numpy as np
from scipy.optimize import root

A, B, DOUBT = 2.0, 0.5, 0.1
EXACTNESS = 10.0
Pair = tuple[float, float]


def logit(x: float) -> float:
    """The logistic function."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def posterior(belief: float, strong: float, weak: float) -> float:
    """Bayes' rule for the probability of the strong kind."""
    return belief * strong / (belief * strong + (1 - belief) * weak)


def answers(markets: int, belief: float) -> Pair:
    """How likely the strong and the weak chain are to fight in the first of some markets."""
    if markets == 1:
        return logit(EXACTNESS), logit(-EXACTNESS)

    def gap(x: np.ndarray) -> np.ndarray:
        fight = [logit(v) for v in x]
        share = [logit(-v) for v in x]
        fought = worth(markets - 1, posterior(belief, fight[0], fight[1]))
        shared = worth(markets - 1, posterior(belief, share[0], share[1]))
        gains = np.array([1 + fought[0] - shared[0], -1 + fought[1] - shared[1]])
        return x - EXACTNESS * gains

    found = root(gap, np.array([EXACTNESS, 0.0]), tol=1e-12)
    assert abs(found.fun).max() < 1e-8
    return logit(found.x[0]), logit(found.x[1])


def entry(markets: int, belief: float) -> float:
    """How likely the first of some entrants is to enter."""
    strong, weak = answers(markets, belief)
    return logit(EXACTNESS * (B - belief * strong - (1 - belief) * weak))


def worth(markets: int, belief: float) -> Pair:
    """What some markets are worth to the strong and to the weak chain."""
    if markets == 0:
        return 0.0, 0.0
    strong, weak = answers(markets, belief)
    enter = entry(markets, belief)
    quiet = worth(markets - 1, belief)
    fought = worth(markets - 1, posterior(belief, strong, weak))
    shared = worth(markets - 1, posterior(belief, 1 - strong, 1 - weak))
    if_strong = strong * fought[0] + (1 - strong) * (shared[0] - 1)
    if_weak = weak * (fought[1] - 1) + (1 - weak) * shared[1]
    return (
        enter * if_strong + (1 - enter) * (A + quiet[0]),
        enter * if_weak + (1 - enter) * (A + quiet[1]),
    )


def values() -> dict[str, float]:
    """The derived rows of expected.csv: three markets in logit play."""
    strong, weak = answers(3, DOUBT)
    value = worth(3, DOUBT)
    return {
        "logit_entry": entry(3, DOUBT),
        "logit_weak": weak,
        "logit_strong": strong,
        "logit_value_weak": value[1],
        "logit_value_strong": value[0],
    }


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:20} {value:.12g}")
