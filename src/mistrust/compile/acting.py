"""Which cells of a stage are worked out in the place of the numbers that they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mistrust.compile.frames import Bools, Frame, Integers

LARGEST = 64
"""Cells of a box, whose numbers shall stay in cache."""
KEPT = 8
"""Lists of cells whose boxes are remembered: from turn to turn they are mostly the same."""

Boxes = tuple[Integers, Integers]
"""Cells, and where each box of them begins: (cells,), (boxes + 1,)."""


@dataclass(frozen=True, eq=False)
class Acting:
    """The cells at which something happens; at all others numbers can stay where they lie.

    Attributes
    ----------
    marks : (source cells,)
        Which they are.
    box : (source cells,)
        Those that may lead to one another have the same number; None if no cell leads to another
        one that acts.
    """

    marks: Bools
    box: Integers | None = None
    _asked: dict[int, tuple[Integers, Boxes]] = field(default_factory=dict, repr=False)

    def among(self, cells: Integers) -> Integers:
        """Those among some cells, as they are listed."""
        return cells[self.marks[cells]]

    def by_box(self, cells: Integers) -> Boxes:
        """Those among some cells, box by box; the same arrays if asked for the same cells again."""
        known = self._asked.get(len(cells))
        if known is None or not (known[0] is cells or np.array_equal(known[0], cells)):
            if len(self._asked) == KEPT:
                self._asked.clear()
            known = self._asked[len(cells)] = cells, self._by_box(self.among(cells))
        return known[1]

    def _by_box(self, found: Integers) -> Boxes:
        if self.box is None:
            return singly(found)
        here = np.zeros(len(self.marks), dtype=bool)
        here[found] = True
        found = self._order[here[self._order]]
        own = self.box[found]
        edges = np.flatnonzero(own[1:] != own[:-1]) + 1
        return found, np.concatenate(([0], edges, [len(found)]))

    @cached_property
    def _order(self) -> Integers:
        cells, box = np.flatnonzero(self.marks), self.box
        assert box is not None
        return np.asarray(cells[np.argsort(box[cells], kind="stable")])


def singly(cells: Integers) -> Boxes:
    """Every cell a box of its own."""
    return cells, np.arange(len(cells) + 1)


def boxes(frame: Frame, moved: set[str]) -> Integers | None:
    """Cells that differ by what is moved alone have the same number; None if these are many."""
    sizes = dict(zip(frame.variables, frame.shape, strict=True))
    if np.prod([sizes.get(v, 1) for v in moved]) > LARGEST:
        return None
    rest = {v: frame.strides[v] * np.arange(size) for v, size in sizes.items() if v not in moved}
    return frame.lookup(rest).full()


def closed(marks: Bools, box: Integers, ways: Sequence[tuple[Bools, Integers]]) -> bool:
    """Whether cells marked lead to none of another box; by way where it is open and its goals."""
    for alive, goals in ways:
        cells = np.flatnonzero(marks & alive & (goals < len(marks)))
        cells = cells[marks[goals[cells]]]
        if (box[cells] != box[goals[cells]]).any():
            return False
    return True
