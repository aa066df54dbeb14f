"""The stage game in both versions: two nested logits, and one equation."""

from __future__ import annotations

from math import exp

from scipy.optimize import brentq


def logit(x: float) -> float:
    """The logistic function."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def sequential(exactness: float) -> tuple[float, float]:
    """Probabilities of entry and of acquiescence once entered."""
    acquiesce = logit(exactness)
    return logit(exactness * (3 * acquiesce - 2)), acquiesce


def strategic(exactness: float) -> tuple[float, float]:
    """The same where both decide at once; acquiescing gains only if there is an entrant."""

    def excess(enter: float) -> float:
        return enter - logit(exactness * (3 * logit(exactness * enter) - 2))

    enter = brentq(excess, 0, 1, xtol=1e-15)  # the only root up to a precision of 10
    return enter, logit(exactness * enter)


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {}
    for name, exactness in (("half", 0.5), ("one", 1), ("two", 2), ("five", 5)):
        found[f"{name}_enter"], found[f"{name}_acquiesce"] = sequential(exactness)
        found[f"{name}_blind_enter"], found[f"{name}_blind_acquiesce"] = strategic(exactness)
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:22} {value:.12g}")
