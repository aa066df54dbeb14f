"""The game of trust: best replies, and logit play by one equation for each side."""

from __future__ import annotations

from math import exp

from scipy.optimize import brentq

LOSS, RELIEF = 0.3, 0.5
GAIN = 1 - RELIEF + LOSS  # what the other's cooperation adds to one's own


def logit(x: float) -> float:
    """The logistic function."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def minimum() -> float:
    """A trustworthy side cooperates if the other does so with this probability or more."""
    return LOSS / GAIN


def reply(often: float, exactness: float) -> float:
    """How often a trustworthy side cooperates if the other does so often."""
    return logit(exactness * (GAIN * often - LOSS))


def quantal(west: float, east: float, exactness: float) -> tuple[float, float]:
    """How often trustworthy sides cooperate that are thought trustworthy with these probabilities.

    The solution that an even toss leads to as exactness grows: it is followed in small steps.
    """
    x = 0.5

    def left(x: float, part: float) -> float:
        return x - reply(east * reply(west * x, part * exactness), part * exactness)

    for step in range(1, 401):
        width = 0.02
        while left(max(0, x - width), step / 400) * left(min(1, x + width), step / 400) > 0:
            width *= 1.5
        x = brentq(left, max(0, x - width), min(1, x + width), (step / 400,), xtol=1e-15)
    return x, reply(west * x, exactness)


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {}
    for name, trust in (("little", 0.3), ("just", minimum()), ("enough", 0.45)):
        assert abs(trust - minimum()) < 1e-12 or (trust > minimum()) == (name == "enough")
        found[f"{name}_exact"] = 0.5 if name == "just" else float(trust > minimum())
        found[f"{name}_reply"] = reply(trust, 10)
    for name, west, east in (("both", 0.9, 0.9), ("lopsided", 0.6, 0.9), ("weak", 0.5, 0.5)):
        found[f"{name}_west"], found[f"{name}_east"] = quantal(west, east, 10)
    for name, trust in (("below", 0.74), ("above", 0.76)):
        assert abs(2 * minimum() - 0.75) < 1e-12
        found[name] = float(trust > 2 * minimum())
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:18} {value:.12g}")
