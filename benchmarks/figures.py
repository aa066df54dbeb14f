"""What the suite measures, and how two programs are timed against one another."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import inf
from typing import Any

TIMES = 5
"""Runs of which the median counts."""
LONG = 90.0
"""Works that take minutes: no further round of them once so many seconds have gone by."""

Work = Callable[[], Any]


@dataclass(frozen=True)
class Figure:
    """One measured ratio.

    Attributes
    ----------
    name
        Begins with the name of the entry that it belongs to.
    ours_s, peer_s
        Median seconds, of this program and of the peer; None where nothing is timed.
    peer
        What this program, or this way of running it, is set beside.
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
    """A peer, or something of this machine that an entry needs, is not there."""


def timed(work: Work) -> float:
    """Seconds that some work takes, without the collection of what others left behind."""
    gc.collect(1)  # young garbage alone: seeing to all takes longer than short works
    begun = time.perf_counter()
    kept = work()
    taken = time.perf_counter() - begun
    del kept
    return taken


def rounds(*works: Work, times: int = TIMES, most: float = inf) -> list[list[float]]:
    """Seconds of several works that take turns, so that all see the same machine: by work.

    No further round is begun once `most` seconds have gone by.
    """
    begun = time.perf_counter()
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for work, found in zip(works, taken, strict=True):
            found.append(timed(work))
        if time.perf_counter() - begun > most:
            break
    return taken


def interleaved(*works: Work, times: int = TIMES) -> list[float]:
    """Median seconds of several works that take turns."""
    return [statistics.median(found) for found in rounds(*works, times=times)]


def seldom(found: list[float]) -> str:
    """For a note: how many runs there were, where they were fewer than usual."""
    return f"; runs: {len(found)}" if len(found) < TIMES else ""


def often(work: Work, least: float = 0.02) -> tuple[Work, int]:
    """Short work repeated until it takes long enough for a clock; how often that is."""
    once = min(timed(work) for _ in range(3))  # the first, after other work, takes longer
    count = max(1, round(least / max(once, 1e-9)))

    def repeated() -> None:
        for _ in range(count):
            work()

    return repeated, count


def against(name: str, ours: Work, peer: str, theirs: Work, note: str) -> Figure:
    """How many times faster this program is than a peer."""
    repeated, count = often(ours)
    mine, other = interleaved(repeated, theirs)
    return Figure(name, mine / count, peer, other, other * count / mine, "times faster", note)
