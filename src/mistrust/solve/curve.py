"""Curves of solutions of ``left(x, t) = 0``, followed from t = 0 to 1 for many cases side by side.

Predictor and corrector by pseudo arc length (Keller 1977; Allgower and Georg 1990), so that a
curve may turn back in t and come forward again: a point ahead is foreseen from the last two points
and the last tangent, and Newton's method leads back to the curve within the plane across the way
there, by one derivative as long as it closes in fast. A step counts only if the play found is
close to the play foreseen, the tangent has hardly turned, and the determinant, where it is known,
has kept its sign: that keeps a step from landing on another curve that passes by, or on the same
one going back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.solve.krylov import Bools
from mistrust.solve.linear import Linear, System, ahead, inner, linear_of, unit

CLOSE, CLOSER = 0.1, 0.03
"""By how much a probability may miss what was foreseen; and where no sign keeps curves apart."""
TURNED, STRAIGHTER = 0.2, 0.1
"""By how much the tangent may turn in a step, one minus the cosine; and where there is no sign."""
FORKED = 1e-4
"""By how much a probability may miss if the sign changes: a fork is gone through straight on."""
FIRST, SMALLEST = 0.05, 1e-8
"""The first step, and one below which a curve is given up."""
STEPS = 3000
"""Steps, all told, after which what has not arrived is given up."""
NEWTON, EXACT = 8, 1e-5
"""Most iterations of Newton's method, and how far probabilities may be from where it leads."""
CLOSING, FAST, SLOW = 0.1, 0.2, 0.5
"""What an iteration should leave of the left side; with more the derivative is taken anew; with
more than the last the step is too long."""


@dataclass
class Trail:
    """Where every case is on its curve.

    Attributes
    ----------
    here, before : (size + 1, cases)
        The last point, and the one before it. The last row is t.
    tangent : (size + 1, cases)
        Of length 1, at the last point.
    sign : (cases,)
        Of the determinant along the curve.
    """

    here: Floats
    before: Floats
    tangent: Floats
    sign: Floats

    @staticmethod
    def of(linear: Linear, start: Floats, going: Bools) -> Trail:
        """One that starts at t = 0."""
        here = np.vstack([start, np.zeros((1, start.shape[1]))])
        linear.renew(here, ahead(here), going)
        return Trail(here, here, unit(linear.tangent(ahead(here), going)), linear.sign.copy())

    @property
    def t(self) -> Floats:
        """Where each case is."""
        return np.asarray(self.here[-1])

    def foresee(self, step: Floats) -> tuple[Floats, Floats, Bools]:
        """Points a step ahead, normals of the planes to correct them in, and which of them land.

        Those are put at t = 1, not to go beyond.
        """
        guess = self._along(self.tangent, step)
        landing = guess[-1] >= 1.0
        normal = np.where(landing, ahead(guess), self.tangent)
        if landing.any():
            guess = np.where(landing, self._along(normal, 1.0 - self.t), guess)
            guess[-1] = np.where(landing, 1.0, guess[-1])
        return guess, normal, landing

    def _along(self, normal: Floats, far: Floats) -> Floats:
        """The parabola through the last two points with the last tangent, so far along a normal."""
        slope = self.tangent / inner(normal, self.tangent)
        back = self.before - self.here
        past = inner(normal, back)
        bend = (back - past * slope) / past**2
        return self.here + far * (slope + np.where(past < 0.0, far * bend, 0.0))

    def add(self, found: Floats, tangent: Floats, sign: Floats, good: Bools) -> None:
        """Take in new points."""
        self.before = np.where(good, self.here, self.before)
        self.here = np.where(good, found, self.here)
        self.tangent = np.where(good, tangent, self.tangent)
        self.sign = np.where(good, sign, self.sign)


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
    linear, going, failed = linear_of(system), going.copy(), np.zeros_like(going)
    with np.errstate(all="ignore"):
        trail = Trail.of(linear, start, going)
        signed, step = trail.sign != 0.0, np.full(len(going), FIRST)
        close, turn = np.where(signed, CLOSE, CLOSER), np.where(signed, TURNED, STRAIGHTER)
        furthest = trail.t
        for _ in range(STEPS):
            if not going.any():
                break
            guess, normal, landing = trail.foresee(step)
            exact = np.where(landing, 0.0, EXACT)
            found, missed, rate = correct(system, linear, guess, normal, going, close, exact)
            inside = landing | ((found[-1] < 1.0) & (found[-1] >= 0.0))
            same = (linear.sign == trail.sign) | (missed <= FORKED)
            good = going & inside & same & (missed <= close)
            tangent = unit(linear.tangent(trail.tangent, good & ~landing))
            turned = np.where(landing, 0.0, np.maximum(1.0 - inner(tangent, trail.tangent), 0.0))
            good &= turned <= turn
            trail.add(found, tangent, linear.sign, good)
            furthest = np.maximum(furthest, trail.t)
            longer = np.minimum(0.8 * (close / missed) ** (1 / 3), 0.8 * (turn / turned) ** 0.5)
            longer = np.clip(np.minimum(longer, (CLOSING / rate) ** 0.5), 0.5, 4.0)
            longer = np.where(failed, np.minimum(longer, 1.0), longer)
            step, failed = step * np.where(good, longer, 0.35), ~good
            going = going & ~(good & landing) & (step > SMALLEST)
    return trail.here[:-1], np.where(trail.t == 1.0, 1.0, np.minimum(furthest, 0.999))


def correct(
    system: System,
    linear: Linear,
    guess: Floats,
    normal: Floats,
    going: Bools,
    close: Floats,
    exact: Floats,
) -> tuple[Floats, Floats, Floats]:
    """From points foreseen to the curve, in the plane across a direction.

    Returns
    -------
    found : (size + 1, cases)
    missed : (cases,)
        The most by which a probability differs from what it is at the guess; infinity where
        Newton's method does not close in.
    rate : (cases,)
        What its first iteration left of the left side.
    """
    here, left = guess, linear.renew(guess, normal, going)
    foreseen = play = system.play()
    size, rate = abs(left).max(axis=0), np.zeros(len(going))
    lost, done = ~(size < np.inf), size <= system.near
    for turn in range(NEWTON):
        busy = going & ~lost & ~done
        if not busy.any():
            break
        here = np.where(busy, here - newton(linear, left, busy), here)
        left, before, last = system.left(here[:-1], here[-1]), size, play
        size, play = abs(left).max(axis=0), system.play()
        moved, part = abs(play - last).max(axis=0, initial=0.0), size / before
        near = size <= system.near
        rate = np.where(busy & (turn == 0), part, rate)
        lost |= busy & ~((near | (part <= SLOW)) & (moved <= 2 * close))
        done |= near | (moved * part <= exact * (1.0 - part))
        slow = busy & ~lost & ~near & (part > FAST)
        if slow.any():
            left = np.where(slow, linear.renew(here, normal, slow), left)
    missed = abs(play - foreseen).max(axis=0, initial=0.0)
    return here, np.where(going & done & ~lost, missed, np.inf), rate


def newton(linear: Linear, left: Floats, which: Bools) -> Floats:
    """Newton's step within the plane, with its sign turned."""
    return linear.solve(np.vstack([left, np.zeros((1, left.shape[1]))]), which)


def settle(system: System, x: Floats, t: Floats, going: Bools, rounds: int = 12) -> Floats:
    """Newton's method at a fixed t, as far as it goes: as long as the left side shrinks."""
    linear, best = linear_of(system), np.full(x.shape[1], np.inf)
    kept, here = x, np.vstack([x, t[None]])
    with np.errstate(all="ignore"):
        for _ in range(rounds):
            left = linear.renew(here, ahead(here), going)
            size = abs(left).max(axis=0)
            better = going & (size < best)
            kept, best = np.where(better, here[:-1], kept), np.where(better, size, best)
            going = better & (size > 0)
            if not going.any():
                break
            here = np.where(going, here - newton(linear, left, going), here)
    return kept
