"""Curves of solutions of ``left(x, t) = 0``, followed from t = 0 to 1 for many cases side by side.

Predictor and corrector by pseudo arc length (Keller 1977; Allgower and Georg 1990), so that a
curve may turn back in t and come forward again: a point ahead is foreseen from the last two
tangents, and Newton's method leads back to the curve within the plane across the way there. All
linear equations are solved by GMRES with differences for derivatives, so that no matrix is built
(Knoll and Keyes 2004). A step counts only if the play found is close to the play foreseen, and
the tangent has hardly turned: that keeps a step from landing on another curve that passes by, or
on the same one going back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.solve.krylov import Bools, gmres

CLOSE = 0.03
"""By how much a probability may miss what was foreseen."""
TURNED = 0.1
"""By how much the tangent may turn in a step: one minus the cosine."""
FIRST, SMALLEST = 0.02, 1e-8
"""The first step, and one below which a curve is given up."""
STEPS = 3000
"""Steps, all told, after which what has not arrived is given up."""
NEWTON, CUT = 12, 1e-3
"""Most iterations of Newton's method, and how exactly its equations are solved."""


class System(Protocol):
    """What is followed: everything in units in which 1 is neither large nor small."""

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


@dataclass
class Trail:
    """Where every case is on its curve.

    Attributes
    ----------
    here : (size + 1, cases)
        The last row is t.
    tangent, before : (size + 1, cases)
        Of length 1, at the last point and the one before it.
    way : (cases,)
        The length of the step between these.
    """

    here: Floats
    tangent: Floats
    before: Floats
    way: Floats

    @staticmethod
    def of(system: System, start: Floats, going: Bools) -> Trail:
        """One that starts at t = 0."""
        here = np.vstack([start, np.zeros((1, start.shape[1]))])
        tangent = tangent_at(system, here, _ahead(here), going)
        return Trail(here, tangent, tangent, np.ones(here.shape[1]))

    @property
    def t(self) -> Floats:
        """Where each case is."""
        return np.asarray(self.here[-1])

    def foresee(self, step: Floats) -> tuple[Floats, Bools]:
        """The points a step ahead, and which of them are put at t = 1 (not to go beyond)."""
        bend = 0.5 * step / self.way * (self.tangent - self.before)
        ahead = step * (self.tangent + bend)
        landing = self.t + ahead[-1] >= 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            guess = self.here + np.where(landing, (1.0 - self.t) / ahead[-1], 1.0) * ahead
        guess[-1] = np.where(landing, 1.0, guess[-1])
        return guess, landing

    def add(self, found: Floats, tangent: Floats, good: Bools) -> None:
        """Take in new points."""
        self.way = np.where(good, _length(found - self.here), self.way)
        self.before = np.where(good, self.tangent, self.before)
        self.tangent = np.where(good, tangent, self.tangent)
        self.here = np.where(good, found, self.here)


def _inner(one: Floats, other: Floats) -> Floats:
    """The inner product: the mean over x, so that t counts as much as all of it."""
    return np.asarray((one[:-1] * other[:-1]).mean(axis=0) + one[-1] * other[-1])


def _length(way: Floats) -> Floats:
    return np.sqrt(_inner(way, way))


def _ahead(here: Floats) -> Floats:
    """The direction of t."""
    way = np.zeros_like(here)
    way[-1] = 1.0
    return way


def follow(system: System, start: Floats, going: Bools) -> tuple[Floats, Floats]:
    """Follow the curves that begin at t = 0.

    Parameters
    ----------
    start : (size, cases)
        On the curves.
    going
        The cases to follow.

    Returns
    -------
    x : (size, cases)
        Where they are at t = 1, or were last.
    t : (cases,)
        1 where they have arrived, or how far they got.
    """
    going, step = going.copy(), np.full(len(going), FIRST)
    with np.errstate(all="ignore"):
        trail = Trail.of(system, start, going)
        furthest = trail.t
        for _ in range(STEPS):
            if not going.any():
                break
            guess, landing = trail.foresee(step)
            across = np.where(landing, _ahead(guess), trail.tangent)
            found, missed = correct(system, guess, across, going)
            inside = landing | ((found[-1] < 1.0) & (found[-1] >= 0.0))
            good = going & inside & (missed <= CLOSE)
            tangent = tangent_at(system, found, trail.tangent, good & ~landing)
            turned = np.where(landing, 0.0, 1.0 - _inner(tangent, trail.tangent))
            good &= turned <= TURNED
            trail.add(found, tangent, good)
            furthest = np.maximum(furthest, trail.t)
            error = np.maximum(missed / CLOSE, turned / TURNED)
            longer = np.clip(0.8 / np.maximum(error, 1e-3) ** (1 / 3), 0.5, 2.5)
            step = step * np.where(good, longer, 0.35)
            going = going & ~(good & landing) & (step > SMALLEST)
    return trail.here[:-1], np.where(trail.t == 1.0, 1.0, np.minimum(furthest, 0.999))


def tangent_at(system: System, here: Floats, old: Floats, going: Bools) -> Floats:
    """The unit tangent at a point of the curve that goes on as the old one did."""
    slope = Slope(system, here, system.left(here[:-1], here[-1]), old)
    aside = slope(old)
    aside[-1] = 0.0
    tangent = old - gmres(slope, aside, going, cut=CUT)
    return np.asarray(tangent / _length(tangent))


def correct(system: System, guess: Floats, across: Floats, going: Bools) -> tuple[Floats, Floats]:
    """From points foreseen to the curve, in the plane across a direction.

    Returns
    -------
    found : (size + 1, cases)
    missed : (cases,)
        The most by which a probability differs from what it is at the guess; infinity where
        Newton's method does not close in.
    """
    here = guess.copy()
    left = system.left(here[:-1], here[-1])
    foreseen, size = system.play(), abs(left).max(axis=0)
    bad = ~going
    for _ in range(NEWTON):
        busy = ~bad & ~(size <= system.near)
        if not busy.any():
            break
        here = np.where(busy, here - _newton(system, here, left, across, busy), here)
        left, before = system.left(here[:-1], here[-1]), size
        size = abs(left).max(axis=0)
        bad |= busy & ~(size <= np.maximum(0.5 * before, system.near))
    missed = abs(system.play() - foreseen).max(axis=0, initial=0.0)
    return here, np.where(~bad & (size <= system.near), missed, np.inf)


@dataclass(frozen=True)
class Slope:
    """The derivative at a point where the left side is known, with a plane's normal below it."""

    system: System
    here: Floats
    left: Floats
    normal: Floats

    def __call__(self, way: Floats) -> Floats:
        """What a direction does to the left side, and how far it leads out of the plane."""
        far = abs(way).max(axis=0)
        aside = self.system.probe / np.where(far > 0, far, 1.0)
        there = self.here + aside * way
        change = (self.system.left(there[:-1], there[-1]) - self.left) / aside
        return np.vstack([change, _inner(self.normal, way)])


def _newton(system: System, here: Floats, left: Floats, across: Floats, going: Bools) -> Floats:
    """Newton's step at a point of which the left side is known."""
    right = np.vstack([left, np.zeros((1, left.shape[1]))])
    return gmres(Slope(system, here, left, across), right, going, cut=CUT)


def settle(system: System, x: Floats, t: Floats, going: Bools, rounds: int = NEWTON) -> Floats:
    """Newton's method at a fixed t, as far as it goes: as long as the left side shrinks."""
    best, across = np.full(x.shape[1], np.inf), _ahead(np.vstack([x, t[None]]))
    kept = x
    with np.errstate(all="ignore"):
        for _ in range(rounds):
            left = system.left(x, t)
            size = abs(left).max(axis=0)
            better = going & (size < best)
            kept, best = np.where(better, x, kept), np.where(better, size, best)
            going = better & (size > 0)
            if not going.any():
                break
            here = np.vstack([x, t[None]])
            x = np.where(going, x - _newton(system, here, left, across, going)[:-1], x)
    return kept
