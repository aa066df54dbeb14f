"""Shares of worlds in the figures and words of the field.

Words: Intelligence Community Directive 203, Analytic Standards (2015), D.6.e(2)(a), its
first row of terms. Interval: Wilson, J. Am. Stat. Assoc. 22 (1927), 209-212.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy.stats import norm

_BANDS = (
    (0.05, "almost no chance"),
    (0.20, "very unlikely"),
    (0.45, "unlikely"),
    (0.55, "roughly even chance"),
    (0.80, "likely"),
    (0.95, "very likely"),
)


def word(share: float) -> str:
    """The ICD 203 term for a probability; it names the band, boundaries to the milder term.

    The directive's scale runs from 1 to 99 percent; 0 and 1 take the outermost terms.
    """
    for bound, term in _BANDS[:3]:
        if share < bound:
            return term
    for bound, term in _BANDS[3:]:
        if share <= bound:
            return term
    return "almost certain"


def wilson(successes: int, trials: int, confidence: float = 0.9) -> tuple[float, float]:
    """Wilson score interval for a share."""
    if trials == 0:
        return 0.0, 1.0
    z = float(norm.ppf(0.5 + confidence / 2))
    share, spread = successes / trials, z * z / trials
    centre = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True)
class Verdict:
    """In which share of worlds something holds, with its interval and the word for it."""

    share: float | None
    low: float | None
    high: float | None
    word: str
    count: int
    undefined: int


def verdict(truths: list[float]) -> Verdict:
    """The verdict on the truths (1, 0 or NaN) of a claim over worlds."""
    defined = [t for t in truths if t == t]
    undefined = len(truths) - len(defined)
    if not defined:
        return Verdict(None, None, None, "no verdict", 0, undefined)
    holding = round(sum(defined))
    low, high = wilson(holding, len(defined))
    share = holding / len(defined)
    return Verdict(share, low, high, word(share), len(defined), undefined)
