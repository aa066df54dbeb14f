"""The machine's own limit: the STREAM triad (McCalpin 1995) on arrays of a given size."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numba import njit

from benchmarks.figures import timed


@njit(nogil=True, cache=True, error_model="numpy")
def triad(a, b, c, begin, end, times):
    """``a = b + 3 c`` over and over."""
    for _ in range(times):
        for i in range(begin, end):
            a[i] = b[i] + 3.0 * c[i]


class Stream:
    """Triads on three arrays, divided among threads that each keep to their part."""

    def __init__(self, size: int, threads: int) -> None:
        self.size, self.threads = size, threads
        self.arrays = [np.full(size, float(i)) for i in range(3)]
        self.times = 1
        self.run()
        while timed(self.run) < 0.2:
            self.times *= 2

    def run(self) -> None:
        """Each thread passes over its part `times` times."""
        ends = np.linspace(0, self.size, self.threads + 1).astype(int)
        with ThreadPoolExecutor(self.threads) as pool:
            for part in [
                pool.submit(triad, *self.arrays, begin, end, self.times)
                for begin, end in pairwise(ends)
            ]:
                part.result()

    def rate(self, seconds: float) -> float:
        """Bytes a second, counted as STREAM does: two reads and a write."""
        return 24 * self.size * self.times / seconds
