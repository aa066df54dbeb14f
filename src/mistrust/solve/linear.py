"""Curves' equations made linear at a point, and solved within a plane."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.solve.krylov import Bools, gmres

CUT = 1e-3
"""How exactly equations are solved that no matrix is built for."""


class System(Protocol):
    """Curves of solutions of ``left(x, t) = 0``, in units in which 1 is neither large nor small."""

    @property
    def probe(self) -> Floats:
        """How far to step aside to see a slope: (cases,)."""

    @property
    def near(self) -> Floats:
        """How large the left side may be at a point of the curve: (cases,)."""

    def left(self, x: Floats, t: Floats) -> Floats:
        """The equation's left side: (size, cases)."""

    def play(self) -> Floats:
        """Probabilities of choices at the point last asked for: (choices, cases)."""


class Linear(Protocol):
    """A system's derivative at a point of every case, with a plane's normal below it."""

    @property
    def sign(self) -> Floats:
        """The sign of the determinant, 0 where it is not known: (cases,)."""

    def renew(self, here: Floats, normal: Floats, which: Bools) -> Floats:
        """Take new points and planes, both (size + 1, cases), in some cases.

        Returns
        -------
        (size, cases)
            The left side there.
        """

    def solve(self, right: Floats, which: Bools) -> Floats:
        """The changes that bring about a right side, both (size + 1, cases), in some cases."""

    def tangent(self, old: Floats, which: Bools) -> Floats:
        """A way that leaves the left side as it is and leads out of the plane, in some cases.

        Parameters
        ----------
        old : (size + 1, cases)
            One that does so nearly.
        """


@runtime_checkable
class Differentiable(System, Protocol):
    """A system whose derivative is known."""

    def linear(self) -> Linear:
        """The derivative, at no point so far."""


def linear_of(system: System) -> Linear:
    """A system's derivative, exact where it is known."""
    return system.linear() if isinstance(system, Differentiable) else Differences(system)


class Differences:
    """Differences of left sides for derivatives, and no matrix (Knoll and Keyes 2004)."""

    def __init__(self, system: System) -> None:
        self.system, self.sign = system, np.zeros_like(system.near)
        self.here = self.left = self.normal = np.zeros((1, len(self.sign)))

    def renew(self, here: Floats, normal: Floats, which: Bools) -> Floats:
        """See `Linear`."""
        left = self.system.left(here[:-1], here[-1])
        self.here = np.where(which, here, self.here)
        self.left = np.where(which, left, self.left)
        self.normal = np.where(which, normal, self.normal)
        return left

    def solve(self, right: Floats, which: Bools) -> Floats:
        """See `Linear`."""
        return gmres(self._apply, right, which, cut=CUT)

    def tangent(self, old: Floats, which: Bools) -> Floats:
        """See `Linear`."""
        aside = self._apply(old)
        aside[-1] = 0.0
        return old - self.solve(aside, which)

    def _apply(self, way: Floats) -> Floats:
        """What a way does to the left side, and how far it leads out of the plane."""
        far = abs(way).max(axis=0)
        aside = self.system.probe / np.where(far > 0, far, 1.0)
        there = self.here + aside * way
        change = (self.system.left(there[:-1], there[-1]) - self.left) / aside
        return np.vstack([change, inner(self.normal, way)])


def ahead(here: Floats) -> Floats:
    """The direction of t."""
    way = np.zeros_like(here)
    way[-1] = 1.0
    return way


def inner(one: Floats, other: Floats) -> Floats:
    """The inner product: the mean over x, so that t counts as much as all of it."""
    along = np.einsum("nc,nc->c", one[:-1], other[:-1]) / (len(one) - 1)
    return np.asarray(along + one[-1] * other[-1])


def unit(way: Floats) -> Floats:
    """Ways of length 1."""
    return np.asarray(way / np.sqrt(inner(way, way)))
