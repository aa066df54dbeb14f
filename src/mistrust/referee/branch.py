"""The principal branch of logit equilibria, followed from precision 0.

The equilibria ``y = s * answer(y)`` at all shares s of the actors' precisions hold a curve that
begins at ``y = 0``, s = 0, where everybody chooses evenly. It is followed by small steps along its
tangent, each corrected by Newton's method, until s = 1; where the curve turns back in s, so do the
steps. Where there are several equilibria this picks one: the first that the curve meets.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mistrust.errors import UsageError

Array = NDArray[np.float64]
Answer = Callable[[Array], tuple[Array, Array]]
"""y -> the answer to it, and the answer's derivative there."""
EXACT = 1e-13
"""The error that a solution may have, relative to numbers above 1."""
LONGEST, SHORTEST = 1.0, 1e-7
MOST_STEPS = 20_000


def principal(answer: Answer, size: int) -> Array:
    """The solution of ``y = answer(y)`` that the branch from 0 leads to.

    Raises
    ------
    UsageError
        The curve was lost.
    """
    last = np.eye(size + 1)[-1]
    at = np.zeros(size + 1)  # y, then s
    along, side = _tangent(answer, at, last)
    length = 0.1
    for _ in range(MOST_STEPS):
        ends = at[-1] + length * along[-1] >= 1
        aim = at + ((1 - at[-1]) / along[-1] if ends else length) * along
        found = _corrected(answer, aim, last if ends else along)
        near = found is not None and np.linalg.norm(found - aim) < 0.1 * np.linalg.norm(aim - at)
        if found is not None and near and ends:
            return found[:-1]
        if found is not None and near:
            ahead, across = _tangent(answer, found, along)
            smooth = across == side and (ahead @ along > 0.9 or length < 1e-3)
            if smooth or ahead @ along > 1 - 1e-9:
                at, along, side = found, ahead, across
                length = min(2 * length, LONGEST)
                continue
        length /= 2
        if length < SHORTEST:
            along, side = _around(answer, at, along, side)
            length = 1e3 * SHORTEST
    raise UsageError("the logit equilibrium of a decision was not found")


def _corrected(answer: Answer, aim: Array, hold: Array) -> Array | None:
    """The point of the curve that lies as far along `hold` as `aim` does; None if lost."""
    point = aim
    for _ in range(12):
        given, change = answer(point[:-1])
        error = np.append(point[:-1] - point[-1] * given, hold @ (point - aim))
        if np.abs(error).max() <= EXACT * (1 + np.abs(point).max()):
            return point
        try:
            point = point - np.linalg.solve(np.vstack([_change(point, given, change), hold]), error)
        except np.linalg.LinAlgError:
            return None
    return None


def _change(point: Array, given: Array, change: Array) -> Array:
    """The derivative of ``y - s * answer(y)`` by y and s."""
    return np.column_stack([np.eye(len(given)) - point[-1] * change, -given])


def _tangent(answer: Answer, point: Array, along: Array) -> tuple[Array, float]:
    """The curve's direction at a point, as near to `along` as may be, and its side.

    The side (the sign of a determinant) stays the same along a curve, round any corner. It changes
    where another curve crosses, and between curves that run side by side.
    """
    change = _change(point, *answer(point[:-1]))
    found = np.linalg.svd(change)[2][-1]
    found = found if found @ along >= 0 else -found
    return found, np.sign(np.linalg.det(np.vstack([change, found])))


def _around(answer: Answer, at: Array, along: Array, side: float) -> tuple[Array, float]:
    """The curve's direction behind a corner, or behind a crossing with another curve.

    Corners are where a belief passes from one cell of its grid to the next, and may be sharp.
    """
    ahead, across = _tangent(answer, at + 10 * SHORTEST * along, along)
    if across == side or ahead @ along > 1 - 1e-6:
        return ahead, across
    return -ahead, side
