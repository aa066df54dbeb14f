"""Where a pass forward keeps the mass."""

from __future__ import annotations

import numpy as np

from mistrust import kernels
from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers


class Side:
    """One of two buffers: all zero but for the mass of the cells listed."""

    def __init__(self, size: int, lanes: int) -> None:
        self.values = np.zeros(size * lanes)
        self.marks = np.zeros(size, dtype=np.uint8)
        self.cells = np.empty(0, dtype=np.int64)
        self.lanes = lanes

    def clear(self) -> None:
        """Take all mass off it, so that a later pass can use it."""
        self.rows()[self.cells] = 0.0
        self.moved_on()

    def rows(self) -> Floats:
        """The mass, cell by cell: a view (all cells, lanes)."""
        return self.values.reshape(-1, self.lanes)

    def in_order(self, size: int) -> None:
        """List the cells marked in order, so that the next stage goes through memory in order.

        There are none beyond the first so many.
        """
        self.cells = np.flatnonzero(self.marks[:size].view(np.bool_))

    def drop(self, gone: Integers, rest: Integers) -> None:
        """Take cells without mass off the list; the rest stay."""
        kernels.unmark(gone, self.marks)
        self.cells = rest

    def moved_on(self) -> None:
        """The mass has been pushed on (and cleared by the kernel)."""
        kernels.unmark(self.cells, self.marks)
        self.cells = self.cells[:0]
