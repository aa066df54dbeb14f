"""What the suite measures, and how two programs are timed against one another."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

TIMES = 5
"""Runs of which the median counts."""

Work = Callable[[], Any]


@dataclass(frozen=True)
class Figure:
    """One measured ratio.

    Attributes
    ----------
    ours_s, peer_s
        Median seconds, of this program and of the peer; None where nothing is timed.
    ratio, unit
        The figure, and what it is of.
    note
        What was measured, with its sizes, and what was found equal before it was timed.
    """

    name: str
    ours_s: float | None
    peer: str
    peer_s: float | None
    ratio: float
    unit: str
    note: str

    def data(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


class Missing(Exception):
    """A peer is not installed."""


def timed(work: Work) -> float:
    """Seconds that some work takes, without the collection of what it leaves behind."""
    gc.collect()
    begun = time.perf_counter()
    kept = work()
    taken = time.perf_counter() - begun
    del kept
    return taken


def interleaved(*works: Work, times: int = TIMES) -> list[float]:
    """Median seconds of several works that take turns, so that all see the same machine."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for work, found in zip(works, taken, strict=True):
            found.append(timed(work))
    return [statistics.median(found) for found in taken]


def often(work: Work, least: float = 0.02) -> tuple[Work, int]:
    """Short work repeated until it takes long enough for a clock; how often that is."""
    count = max(1, round(least / max(timed(work), 1e-9)))

    def repeated() -> None:
        for _ in range(count):
            work()

    return repeated, count


def against(
    name: str, ours: Work, peer: str, theirs: Work, note: str, times: int = TIMES
) -> Figure:
    """How many times faster this program is than a peer."""
    repeated, count = often(ours)
    mine, other = interleaved(repeated, theirs, times=times)
    return Figure(name, mine / count, peer, other, other * count / mine, "times faster", note)
