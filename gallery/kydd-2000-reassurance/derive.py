"""Reassurance in two rounds: exact play in closed form, and logit play by two equations."""

from __future__ import annotations

from math import exp

import numpy as np
from scipy.optimize import root

PRIOR, LOSS, SPOILS = 0.5, 1.2, (0.5, 4.0)  # spoils of a trustworthy and an untrustworthy East


def logit(x: float) -> float:
    """The logistic function."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def exact(step: float) -> dict[str, float]:
    """Equilibrium with a first step that West takes, without mistakes."""
    threshold = LOSS / (1 + LOSS)  # West trusts all at once above this belief
    if step * (SPOILS[1] - 1) > (1 - step) * SPOILS[1]:  # mimicry does not pay
        honour, trust = 0.0, 1.0
    else:  # the untrustworthy mix so that the belief is at the threshold, and West so that they do
        honour = PRIOR * (1 - threshold) / ((1 - PRIOR) * threshold)
        trust = step * (SPOILS[1] - 1) / ((1 - step) * SPOILS[1])
    belief = PRIOR / (PRIOR + (1 - PRIOR) * honour)
    gain = PRIOR * step + (1 - PRIOR) * step * (honour - (1 - honour) * LOSS)
    after = PRIOR + (1 - PRIOR) * honour
    if honour == 0:
        gain += after * (1 - step)
    assert (gain > 0) == (step * LOSS < 1 or honour > 0), (
        "West takes the step if it is not too large"
    )
    return {"taken": float(gain > 0), "honour": honour, "belief": belief, "trust": trust}


def second(
    belief: float, stakes: float, exactness: float
) -> tuple[float, tuple[float, float], float]:
    """The last round: how likely West trusts, and what it is worth to both kinds and to West."""
    honour = [logit(exactness * stakes * (1 - spoils)) for spoils in SPOILS]
    safe = belief * honour[0] + (1 - belief) * honour[1]
    gain = stakes * (safe - (1 - safe) * LOSS)
    trust = logit(exactness * gain)
    kinds = [
        trust * stakes * (h + (1 - h) * spoils) for h, spoils in zip(honour, SPOILS, strict=True)
    ]
    return trust, (kinds[0], kinds[1]), trust * gain


def quantal(step: float, exactness: float) -> dict[str, float]:
    """Logit play of both rounds."""

    def after(x: np.ndarray) -> tuple[float, float, float]:
        honour = [logit(v) for v in x]
        safe = PRIOR * honour[0] + (1 - PRIOR) * honour[1]
        exploited = PRIOR * logit(-x[0]) + (1 - PRIOR) * logit(-x[1])
        return safe, PRIOR * honour[0] / safe, PRIOR * logit(-x[0]) / exploited

    def gap(x: np.ndarray) -> np.ndarray:
        _, honoured, exploited = after(x)
        good = second(honoured, 1 - step, exactness)[1]
        bad = second(exploited, 1 - step, exactness)[1]
        gains = [step * (1 - SPOILS[k]) + good[k] - bad[k] for k in range(2)]
        return x - exactness * np.array(gains)

    found = root(gap, np.array([1.0, 0.0]), tol=1e-12)
    assert abs(found.fun).max() < 1e-9
    safe, honoured, exploited = after(found.x)
    good, bad = (second(b, 1 - step, exactness) for b in (honoured, exploited))
    if_trust = safe * (step + good[2]) + (1 - safe) * (-LOSS * step + bad[2])
    refused = second(PRIOR, 1 - step, exactness)
    return {
        "trust": logit(exactness * (if_trust - refused[2])),
        "true": logit(found.x[0]),
        "false": logit(found.x[1]),
    }


def values() -> dict[str, float]:
    """The derived rows of expected.csv."""
    found = {}
    for name, step in (("right", 0.7), ("small", 0.4), ("smaller", 0.2), ("large", 0.9)):
        case = exact(step)
        found[f"{name}_taken"] = case["taken"]
        if case["taken"]:
            found |= {f"{name}_{key}": case[key] for key in ("honour", "belief", "trust")}
    for name, step in (("logit", 0.7), ("logit_small", 0.4)):
        found |= {f"{name}_{key}": value for key, value in quantal(step, 10).items()}
    return found


if __name__ == "__main__":
    for name, value in values().items():
        print(f"{name:18} {value:.12g}")
