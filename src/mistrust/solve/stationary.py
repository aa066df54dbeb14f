"""Play without end: values that one turn carries back to themselves.

A stationary equilibrium is a fixed point ``V = T(V)`` of one turn's backward step. It is followed
in precision, all actors' from 0 (where play is a toss of coins and the fixed point unique) to
what was asked for, by Newton's method with GMRES steps (Knoll and Keyes 2004); compare
Eibelshaeuser and Poensgen 2019 on stationary logit equilibria of stochastic games. What is found
is one equilibrium, the one that the branch from zero precision leads to; there may be others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.optimize import NoConvergence, newton_krylov

from mistrust.compile.evaluate import Floats
from mistrust.compile.lower import Coefficients
from mistrust.solve.backward import Sweep, sweep_of
from mistrust.solve.reach import everywhere

TOLERANCE = 1e-11
"""Largest change of a value in one turn, relative to the largest value (or 1)."""
SMALLEST = 1e-3
"""A step in precision (relative) that must succeed."""


def stationary(coefficients: Coefficients) -> tuple[Floats, Floats]:
    """Values that go on for ever.

    Returns
    -------
    values : (opening cells, actors, lanes)
    residual : (cases,)
        Largest change of a value in one turn, relative to the largest value (or 1).
    """
    reach = everywhere(coefficients.program)

    def at(part: float) -> Sweep:
        scaled = replace(coefficients, precision=_scaled(coefficients.precision, part))
        return sweep_of(scaled, reach)

    values = _settled(at(0.0).turn_before, at(0.0).nothing())
    assert values is not None, "with a toss of coins every turn, values must settle"
    values = _followed(at, values)
    gap = abs(at(1.0).turn_before(values) - values).max(axis=(0, 1))
    scale = np.maximum(1.0, abs(values).max(axis=(0, 1)))
    return values, coefficients.worst(gap / scale)


def _scaled(precision: Floats, part: float) -> Floats:
    """A part of the precision; of an infinite one, what goes to infinity with the part."""
    finite = np.where(np.isinf(precision), 0.0, precision)
    ladder = np.inf if part == 1.0 else 100.0 * part / (1.0 - part)
    return np.where(np.isinf(precision), ladder, part * finite)


def _followed(at: Callable[[float], Sweep], values: Floats) -> Floats:
    """From zero precision to the whole, in steps; the last values if the way is lost."""
    part, step = 0.0, 0.25
    before: tuple[float, Floats] | None = None
    while part < 1.0:
        ahead = min(1.0, part + step)
        guess = values
        if before is not None:
            guess = values + (values - before[1]) * (ahead - part) / (part - before[0])
        found = _settled(at(ahead).turn_before, guess)
        if found is None:
            step /= 2
            if step < SMALLEST:
                break
            continue
        before, part, values, step = (part, values), ahead, found, step * 1.5
    return values


def _settled(turn: Callable[[Floats], Floats], guess: Floats) -> Floats | None:
    """The fixed point near a guess, or None."""
    values = guess
    for _ in range(3):
        values = turn(values)
    scale = max(1.0, float(abs(values).max()))
    try:
        found = newton_krylov(
            lambda x: turn(x) - x, values, f_tol=0.1 * TOLERANCE * scale, maxiter=60, method="gmres"
        )
    except (NoConvergence, ValueError):
        return None
    return np.asarray(found)
