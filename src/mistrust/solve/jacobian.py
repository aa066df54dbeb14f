"""The derivative of play without end as a matrix.

The changes of the exponents in sealed phases are eliminated cell by cell (see `kernels.response`),
so that the equations to be solved are in the changes of values and of t.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from mistrust import kernels
from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.solve.krylov import Bools
from mistrust.solve.linear import ahead
from mistrust.solve.response import Response


class Equation(Protocol):
    """What play without end must satisfy."""

    def left(self, x: Floats, t: Floats, noted: Integers | None = None) -> Floats:
        """See `linear.System`; derivatives are taken in, in some lanes."""


class Jacobian:
    """A matrix for each case, taken apart by elimination: see `linear.Linear`.

    Attributes
    ----------
    exponents
        For each case, what changes of values and of t make of the exponents in sealed phases, as
        `Response.matrix` has it.
    """

    def __init__(self, equation: Equation, response: Response) -> None:
        self.equation, self.response = equation, response
        unknowns, cases = response.unknowns, response.coefficients.lanes
        self.values, self.size, self.by_actor = unknowns.values, unknowns.size, unknowns.by_actor
        columns, exponents = self.values + 1, self.size - self.values
        self.sign, self.normal = np.zeros(cases), np.zeros((self.size + 1, cases))
        self.exponents = np.zeros((cases, exponents, columns))
        self.matrix = np.zeros((cases, columns, columns))
        self.order = np.zeros((cases, columns), dtype=np.int64)

    def renew(self, here: Floats, normal: Floats, which: Bools) -> Floats:
        """See `linear.Linear`."""
        lanes = np.nonzero(which)[0]
        left = self.equation.left(here[:-1], here[-1], lanes)
        self.normal = np.where(which, normal, self.normal)
        for lane in lanes.tolist():
            self._take_apart(lane)
        return left

    def _take_apart(self, lane: int) -> None:
        """Changes of values and of t in one case, to changes of what is left, and off the plane."""
        count, matrix, normal = self.values, self.matrix[lane], self.normal[:, lane]
        values, own = self.response.matrix(lane)
        border = np.einsum("n,nd->d", normal[count:-1], own) / self.size
        matrix[:-1, self.by_actor], matrix[:-1, -1] = values[:, :-1], values[:, -1]
        matrix.ravel()[: -1 : count + 2] -= 1.0
        matrix[-1, self.by_actor] = border[:-1]
        matrix[-1, :-1] += normal[:count] / self.size
        matrix[-1, -1] = border[-1] + normal[-1]
        self.exponents[lane] = own
        self.sign[lane] = kernels.factorise(matrix, self.order[lane]) * self.response.sign[lane]

    def solve(self, right: Floats, which: Bools) -> Floats:
        """See `linear.Linear`."""
        count, lanes = self.values, np.nonzero(which)[0]
        out, rest = np.zeros_like(right), right
        if lanes.size and right[count:-1].any():
            rest = right.copy()
            values, out[count:-1, lanes] = self.response.driven(right[count:-1, lanes], lanes)
            rest[:count, lanes] -= values
            rest[-1] -= np.einsum("nc,nc->c", self.normal[count:-1], out[count:-1]) / self.size
        own, way = np.empty(count + 1), np.empty(count + 1)
        for lane in lanes.tolist():
            own[:-1], own[-1] = rest[:count, lane], rest[-1, lane]
            kernels.substitute(self.matrix[lane], self.order[lane], own, way)
            out[:count, lane], out[-1, lane] = way[:-1], way[-1]
            way[:-1] = way[self.by_actor]
            out[count:-1, lane] += np.einsum("nd,d->n", self.exponents[lane], way)
        return out

    def tangent(self, old: Floats, which: Bools) -> Floats:
        """See `linear.Linear`."""
        return self.solve(ahead(old), which)
