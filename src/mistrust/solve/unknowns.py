"""The unknowns of play without end, as columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.compile.program import Program

ByStage = dict[int, Floats]
"""By sealed stage, numbers of the options of all movers."""


@dataclass(frozen=True)
class Unknowns:
    """Values as a turn opens, then the exponents of logit choices in sealed phases.

    Attributes
    ----------
    program, cases
    cells
        The boards with which a turn may open; for each come the actors' values, and for each of
        these those of all combinations of types.
    unit : (actors, lanes)
        What values are measured in.
    rows
        By sealed stage, the rows of its policy that matter; for each come the options of all
        movers.
    """

    program: Program
    cases: int
    cells: Integers
    unit: Floats
    rows: dict[int, Integers]

    @cached_property
    def values(self) -> int:
        """How many values there are."""
        return self.cells.size * self.unit.size // self.cases

    @cached_property
    def size(self) -> int:
        """How many unknowns there are."""
        stages = self.program.stages
        return self.values + sum(rows.size * stages[i].padded for i, rows in self.rows.items())

    def column(self, values: Floats, strategies: ByStage) -> Floats:
        """Values, (cells, actors, lanes), and strategies, (policy rows, options, cases).

        Returns
        -------
        (size, cases)
        """
        parts = [(values / self.unit).reshape(-1, self.cases)]
        parts += [strategies[i][rows].reshape(-1, self.cases) for i, rows in self.rows.items()]
        return np.concatenate(parts)

    def place(self, x: Floats, values: Floats, strategies: ByStage) -> None:
        """Put a column's numbers where they belong: values (boards, actors, lanes), strategies."""
        shape, end = (self.cells.size, *self.unit.shape), self.values
        values[self.cells] = x[:end].reshape(shape) * self.unit
        for index, rows in self.rows.items():
            options = self.program.stages[index].padded
            begin, end = end, end + rows.size * options
            strategies[index][rows] = x[begin:end].reshape(rows.size, options, self.cases)

    # Without hidden types, many directions side by side.

    @cached_property
    def by_actor(self) -> Integers:
        """The places of the values, all boards for each actor: (values,)."""
        return np.arange(self.values).reshape(-1, len(self.unit)).T.ravel()

    def changes(self, laid_out: Floats, lanes: Integers) -> Floats:
        """From (boards, lanes, actors, directions) to (values, directions, lanes)."""
        own = laid_out[self.cells]
        own /= self.unit.T[lanes][:, :, None]
        return own.transpose(0, 2, 3, 1).reshape(self.values, laid_out.shape[3], len(lanes))

    def by_stage(self, exponents: Floats) -> ByStage:
        """Numbers of exponents, (exponents, lanes), as (policy rows, lanes, options, 1)."""
        found, end = {}, 0
        for index, rows in self.rows.items():
            stage, lanes = self.program.stages[index], exponents.shape[1]
            begin, end = end, end + rows.size * stage.padded
            own = exponents[begin:end].reshape(rows.size, stage.padded, lanes)
            found[index] = np.zeros((stage.policy_size, lanes, stage.padded, 1))
            found[index][rows, :, :, 0] = own.swapaxes(1, 2)
        return found

    def exponents(self, by_stage: ByStage, directions: int, lanes: int) -> Floats:
        """From (policy rows, lanes, options, directions) to (exponents, directions, lanes)."""
        parts = [np.zeros((0, directions, lanes))]
        for index, rows in self.rows.items():
            own = by_stage[index] if rows.size == len(by_stage[index]) else by_stage[index][rows]
            parts.append(own.transpose(0, 2, 3, 1).reshape(-1, directions, lanes))
        return np.concatenate(parts) if len(parts) > 2 else parts[-1]
