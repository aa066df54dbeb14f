"""Reassurance with doubt on both sides: the equilibrium in closed form, and logit play."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import fsolve

TRUST, LOSS, SPOILS = 0.35, 0.1, (0.85, 4.0)  # spoils of a trustworthy and an untrustworthy side
Floats = NDArray[np.float64]


def threshold() -> float:
    """A trustworthy side cooperates, all at stake, if the other does so with this probability."""
    return LOSS / (1 - SPOILS[0] + LOSS)


def window() -> tuple[float, float]:
    """The first steps that the untrustworthy do not imitate, and that the trustworthy risk."""
    odds = (1 - TRUST) / TRUST
    least = SPOILS[1] / (2 * SPOILS[1] - 1 + LOSS * odds)
    return least, 1 / (SPOILS[0] + LOSS * odds)


def separating(step: float) -> dict[str, float]:
    """The equilibrium in which the trustworthy cooperate, and nobody else."""
    least, most = window()
    assert threshold() > TRUST and least < step < most
    return {
        "true": 1,
        "false": 0,
        "belief": 1,
        "then": 1,
        "worth_true": TRUST - (1 - TRUST) * LOSS * step,
        "worth_false": TRUST * SPOILS[1] * step,
    }


def imitated(step: float) -> dict[str, float]:
    """A small step: the untrustworthy mix, so that the rest is at the verge of being risked.

    Of those who cooperate twice the threshold are then trustworthy, so that half of the trustworthy
    are enough: beyond it the rest is risked where play comes from a toss of coins.
    """
    assert step < window()[0]
    belief = 2 * threshold()
    false = TRUST * (1 - belief) / ((1 - TRUST) * belief)
    often = TRUST + (1 - TRUST) * false
    gain = often * step * (SPOILS[1] - 1) + (1 - often) * LOSS * step  # from defecting at once
    then = gain / (often * (1 - step) * SPOILS[1] * belief)  # so that the untrustworthy do not care
    return {"false": false, "belief": belief, "then": then}


def logit(x: Floats) -> Floats:
    """The logistic function."""
    return np.asarray(1 / (1 + np.exp(-x)))


def second(beliefs: Floats, stakes: float, exactness: float) -> tuple[Floats, Floats]:
    """The last round: how often each type of each side cooperates, and what that is worth to it.

    Followed from no exactness at all; both are (sides, types).
    """
    spoils, weight = np.array(SPOILS), np.array([beliefs, 1 - beliefs]).T

    def met(x: Floats) -> Floats:
        """How often each side's opponent cooperates: (sides, 1)."""
        return (weight * logit(x)).sum(axis=1)[::-1, None]

    x = np.zeros((2, 2))
    for part in np.linspace(0, 1, 9)[1:]:

        def left(flat: Floats, part: float = part) -> Floats:
            y = flat.reshape(2, 2)
            gain = met(y) * (1 - spoils + LOSS) - LOSS
            return np.asarray((y - part * exactness * stakes * gain).ravel())

        x = fsolve(left, x.ravel(), xtol=1e-10).reshape(2, 2)
        assert abs(left(x.ravel())).max() < 1e-9
    often, share = met(x), logit(x)
    worth = share * (often - (1 - often) * LOSS) + (1 - share) * often * spoils
    return share, stakes * worth


def quantal(step: float, exactness: float) -> dict[str, float]:
    """Logit play of both rounds; both sides are alike."""
    spoils, prior = np.array(SPOILS), np.array([TRUST, 1 - TRUST])

    def seen(x: Floats) -> tuple[float, Floats]:
        """How often a side cooperates, and the beliefs after it has, or has not."""
        often = float(prior @ logit(x))
        return often, np.array([TRUST * logit(x)[0] / often, TRUST * logit(-x)[0] / (1 - often)])

    def rest(beliefs: Floats) -> list[list[tuple[Floats, Floats]]]:
        """The last round by what oneself has done and what the other has: first side's part."""
        pairs = [[np.array([own, other]) for other in beliefs] for own in beliefs]
        return [[second(pair, 1 - step, exactness) for pair in row] for row in pairs]

    def left(x: Floats, part: float) -> Floats:
        often, beliefs = seen(x)
        after = [[worth[0] for _, worth in row] for row in rest(beliefs)]
        gain = step * (often * (1 - spoils + LOSS) - LOSS)
        gain = gain + often * (after[0][0] - after[1][0])
        gain = gain + (1 - often) * (after[0][1] - after[1][1])
        return np.asarray(x - part * exactness * gain)

    x = np.zeros(2)
    for part in np.linspace(0, 1, 9)[1:]:
        x = fsolve(left, x, (part,), xtol=1e-11)
        assert abs(left(x, part)).max() < 1e-8
    _, beliefs = seen(x)
    first, shares = np.array([logit(x), logit(-x)]), rest(beliefs)  # by what is done, and type
    then = sum(
        first[a, 0] * first[b, 0] * shares[a][b][0][0, 0] for a in range(2) for b in range(2)
    )
    return {
        "true": float(first[0, 0]),
        "false": float(first[0, 1]),
        "belief": float(first[:, 0] @ beliefs),
        "then": float(then),
    }


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {"alone": 0.0, "large": 0.0}
    assert threshold() > TRUST and window()[1] < 0.98
    for name, case in (
        ("right", separating(0.6)),
        ("small", imitated(0.2)),
        ("logit", quantal(0.6, 10)),
        ("logit_small", quantal(0.2, 10)),
    ):
        found |= {f"{name}_{key}": value for key, value in case.items()}
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:18} {value:.12g}")
