"""The bars that figures must clear, and the goals beyond them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """What a figure should reach, and what it would do well to; `most`: no more than that."""

    bar: float
    goal: float | None = None
    most: bool = False

    def margin(self, ratio: float) -> float:
        """How many times better than the bar a figure is; below 1 it does not clear it."""
        return self.bar / ratio if self.most else ratio / self.bar

    def verdict(self, ratio: float) -> str:
        """In words."""
        if self.margin(ratio) < 1:
            return "misses the bar"
        reached = self.goal is not None and self.margin(ratio) >= self.margin(self.goal)
        return "reaches the goal" if reached else "clears the bar"


_RATE, _GROWTH, _MEMORY, _CERTIFICATE = (
    Bar(0.35, 0.8),
    Bar(1.05, most=True),
    Bar(4, 3, most=True),
    Bar(0.15, most=True),
)
_EXACT = Bar(100, 1_000)
_ENSEMBLE = Bar(512 / 300, 512 / 60)  # 512 worlds in five minutes, in one

BARS = {
    "bandwidth": _RATE,
    "bandwidth all threads": _RATE,
    "bandwidth flagship": _RATE,
    "bandwidth flagship other stages": _RATE,
    "certificate": _CERTIFICATE,
    "certificate flagship": _CERTIFICATE,
    "ensemble": _ENSEMBLE,
    "ensemble as written": _ENSEMBLE,
    "exact_vs_simulated": _EXACT,
    "exact_vs_simulated flagship": _EXACT,
    "first_verdict": Bar(10, 3, most=True),
    "gambit": Bar(1_000, 10_000),
    "growth time states": _GROWTH,
    "growth time phases": _GROWTH,
    "growth time turns": _GROWTH,
    "growth memory states": _GROWTH,
    "growth memory phases": _GROWTH,
    "growth memory turns": _GROWTH,
    "memory": _MEMORY,
    "memory flagship": _MEMORY,
    "sgamesolver": Bar(20, 100),
}
"""By the name of a figure; others have none."""
