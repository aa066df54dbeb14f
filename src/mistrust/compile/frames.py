"""The board as an index: which variables are alive at a moment, and cells as flat numbers.

Everything that the solver looks up for a cell (where a move leads, which row of a table applies)
is a sum of one number per variable, since tables and boards are strided arrays. A `Lookup` keeps
those sums for two halves of the variables, so that the number for cell ``x = h * L + l`` is
``high[h] + low[l]``: a few thousand entries serve a board of millions of cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Frame:
    """The variables alive at a moment with their numbers of levels.

    Those that came to life last come first, all others in board order: where a variable comes to
    life at its first level, every cell keeps its number.
    """

    variables: tuple[str, ...]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of cells."""
        return prod(self.shape)

    @cached_property
    def strides(self) -> dict[str, int]:
        """Distance, in cells, between neighbouring levels of each variable."""
        return {v: prod(self.shape[i + 1 :]) for i, v in enumerate(self.variables)}

    @cached_property
    def split(self) -> int:
        """How many leading variables form the high half."""
        sizes = [prod(self.shape[:i]) + prod(self.shape[i:]) for i in range(len(self.shape) + 1)]
        return int(np.argmin(sizes))

    @property
    def halves(self) -> tuple[int, int]:
        """Numbers of cells of the high and the low half."""
        return prod(self.shape[: self.split]), prod(self.shape[self.split :])

    def axis(self, variable: str, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """Values over the levels of one variable as an array that broadcasts over the frame."""
        where = self.variables.index(variable)
        return values.reshape([-1 if i == where else 1 for i in range(len(self.shape))])

    def lookup(self, parts: Mapping[str, Integers], offset: int = 0) -> Lookup:
        """The sum over variables of ``parts[variable][level]``, plus `offset`."""
        halves = []
        for start, stop in ((0, self.split), (self.split, len(self.shape))):
            total = np.zeros(self.shape[start:stop], dtype=np.int64)
            for i in range(start, stop):
                part = parts.get(self.variables[i])
                if part is not None:
                    total += part.reshape([-1 if k == i else 1 for k in range(start, stop)])
            halves.append(total.ravel())
        return Lookup(halves[0] + offset, halves[1])

    def rows(self, dims: tuple[str, ...], sizes: Mapping[str, int], offset: int = 0) -> Lookup:
        """For each cell the row of a table over `dims` (C order), which starts at `offset`."""
        parts, stride = {}, 1
        for name in reversed(dims):
            parts[name] = stride * np.arange(sizes[name], dtype=np.int64)
            stride *= sizes[name]
        return self.lookup(parts, offset)


@dataclass(frozen=True)
class Lookup:
    """An integer per cell, ``high[h] + low[l]``; negative anywhere stands for 'none'."""

    high: Integers
    low: Integers

    def full(self) -> Integers:
        """The integers of all cells: shape (cells,)."""
        return (self.high[:, None] + self.low[None, :]).ravel()

    def at(self, cells: Integers) -> Integers:
        """The integers of some cells."""
        high, low = np.divmod(cells, len(self.low))
        return self.high[high] + self.low[low]


def stacked(lookups: list[Lookup]) -> tuple[Integers, Integers]:
    """Several lookups of one frame as arrays (number, high) and (number, low)."""
    high = np.array([lookup.high for lookup in lookups], dtype=np.int64)
    low = np.array([lookup.low for lookup in lookups], dtype=np.int64)
    return np.ascontiguousarray(high), np.ascontiguousarray(low)
