"""Branches taken together by where they lead, for one world in planes (see `kernels.planes`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers, Lookup

MANY = 4
"""More streams than this for each branch are too many."""


@dataclass(frozen=True)
class Streams:
    """The ways ahead from the cells of a frame.

    A *block* is the cells that share the high part of their number; a stream leads from all of
    them by one offset, and belongs to some of the low cells only.

    Attributes
    ----------
    offsets : (streams, blocks)
    stream, branch, mask
        By branch of each stream: the stream, the branch, and 1 at the low cells where it belongs:
        (members,), (members,), (members, low cells).
    first : (options + 1,)
        Where the streams of each option begin.
    united
        Streams of several options that lead the same way are one in the end: by stream, which one,
        and a stream of each, (streams,), (united streams,).
    kinds : (blocks,)
        Blocks of one kind have the same rows of tables.
    order : (blocks,)
        Blocks of one kind after one another.
    """

    offsets: Integers
    stream: Integers
    branch: Integers
    mask: Floats
    first: Integers
    united: tuple[Integers, Integers]
    kinds: Integers
    order: Integers

    @property
    def members(self) -> tuple[Integers, Integers, Floats]:
        """For the kernels."""
        return self.stream, self.branch, self.mask

    @property
    def size(self) -> int:
        """Cells of a block."""
        return self.mask.shape[1]

    @property
    def cells(self) -> int:
        """Cells of the frame."""
        return self.offsets.shape[1] * self.size

    @property
    def span(self) -> tuple[int, int]:
        """From which number on, and up to which, loops over blocks touch cells."""
        begins = self.size * np.arange(self.offsets.shape[1]) + self.offsets
        return int(begins.min()), int(begins.max()) + self.size


def streams_of(
    high: Integers, low: Integers, options: Sequence[range], rows: Integers
) -> Streams | None:
    """From where branches lead, (branches, blocks) and (branches, low cells), absolutely.

    `rows`, (any number, blocks), are those of all tables that are looked up there. None if they
    lead too many ways.
    """
    blocks, size = high.shape[1], low.shape[1]
    ahead, aside = high - size * np.arange(blocks), low - np.arange(size)
    offsets: list[Integers] = []
    members: list[tuple[int, int, Floats]] = []
    first, ways, into = [0], dict[tuple[int, bytes], int](), list[int]()
    for branches in options:
        found: dict[tuple[int, bytes], int] = {}
        own = []
        for b in branches:
            for step in np.unique(aside[b]):
                key = int(step), ahead[b].tobytes()
                if key not in found:
                    found[key] = len(offsets)
                    offsets.append(ahead[b] + step)
                    into.append(ways.setdefault(key, len(ways)))
                own.append((found[key], b, (aside[b] == step).astype(float)))
            if len(own) > 2 * MANY * len(branches):
                return None
        members += sorted(own, key=lambda member: member[0])
        first.append(len(offsets))
    if len(offsets) > MANY * len(high):
        return None
    stream, branch, mask = zip(*members, strict=True)
    kinds = np.unique(rows, axis=1, return_inverse=True)[1].ravel().astype(np.int64)
    return Streams(
        np.array(offsets),
        np.array(stream),
        np.array(branch),
        np.array(mask),
        np.array(first),
        (np.array(into), np.array([into.index(way) for way in range(len(ways))])),
        kinds,
        np.argsort(kinds, kind="stable"),
    )


def carried(lookup: Lookup, rows: Integers) -> Streams | None:
    """The one way from each cell to another, of weight 1; `rows` as there."""
    return streams_of(lookup.high[None], lookup.low[None], [range(1)], rows)


@dataclass(frozen=True)
class Paths:
    """The streams of all stages, from a turn's end to the next opening, and of staying put."""

    stages: tuple[Streams, ...]
    carry: Streams
    still: Streams

    @property
    def margin(self) -> int:
        """Cells before the largest frame, and behind it, that some loop may touch."""
        every = (*self.stages, self.carry, self.still)
        begins, ends = zip(*(s.span for s in every), strict=True)
        return max(0, -min(begins), max(ends) - max(s.cells for s in every))
