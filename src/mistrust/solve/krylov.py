"""Linear equations known by what they do to a vector, solved for many cases side by side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mistrust.compile.evaluate import Floats
from mistrust.compile.size import DIRECTIONS, ROOM

Bools = NDArray[np.bool_]


def gmres(
    apply: Callable[[Floats], Floats], right: Floats, going: Bools, *, cut: float, restarts: int = 3
) -> Floats:
    """Solve ``apply(x) = right`` by GMRES (Saad and Schultz 1986).

    Parameters
    ----------
    apply
        Linear, (size, cases) to (size, cases), each case by itself.
    right : (size, cases)
    going
        The cases to solve; the others' answer is 0.
    cut
        What is left of the right side when the search may stop.

    Returns
    -------
    (size, cases)
    """
    right = np.where(going, right, 0.0)
    goal = cut * _norm(right)
    found, left = np.zeros_like(right), right
    for _ in range(restarts):
        open_ = going & (_norm(left) > goal)
        if not open_.any():
            break
        found = found + _search(apply, np.where(open_, left, 0.0), goal)
        left = np.where(going, right - apply(found), 0.0)
    return found


def _norm(x: Floats) -> Floats:
    return np.asarray(np.sqrt(np.einsum("nc,nc->c", x, x)))


def _search(apply: Callable[[Floats], Floats], right: Floats, goal: Floats) -> Floats:
    """One search: the best combination of at most `DIRECTIONS`."""
    size, cases = right.shape
    most = int(min(DIRECTIONS, size, max(10, ROOM // max(right.size, 1))))
    length = _norm(right)
    basis = np.zeros((cases, most + 1, size))
    basis[:, 0] = _divided(right, length).T
    upper = np.zeros((most, most, cases))
    cos, sin = np.zeros((most, cases)), np.zeros((most, cases))
    rest = np.zeros((most + 1, cases))
    rest[0] = length
    for k in range(most):
        column, basis[:, k + 1] = _orthogonal(apply(basis[:, k].T), basis[:, : k + 1])
        for j in range(k):  # the rotations so far
            one, other = column[j], column[j + 1]
            column[j], column[j + 1] = cos[j] * one + sin[j] * other, cos[j] * other - sin[j] * one
        pivot = np.hypot(column[k], column[k + 1])
        cos[k], sin[k] = _divided(column[k], pivot), _divided(column[k + 1], pivot)
        column[k] = pivot
        upper[: k + 1, k] = column[: k + 1]
        rest[k], rest[k + 1] = cos[k] * rest[k], -sin[k] * rest[k]
        if (abs(rest[k + 1]) <= goal).all():
            break
    weights = np.zeros((k + 1, cases))
    for j in range(k, -1, -1):
        over = rest[j] - np.einsum("ic,ic->c", upper[j, j + 1 : k + 1], weights[j + 1 :])
        weights[j] = _divided(over, upper[j, j])
    return np.asarray(np.matmul(weights.T[:, None], basis[:, : k + 1])[:, 0].T)


def _orthogonal(image: Floats, basis: Floats) -> tuple[Floats, Floats]:
    """An image's parts along the directions (cases, k, size), and the direction of the rest."""
    rest = np.ascontiguousarray(image.T)[:, :, None]
    column = np.zeros((basis.shape[1] + 1, image.shape[1]))
    for _ in range(2):
        along = np.matmul(basis, rest)
        rest = rest - np.matmul(basis.transpose(0, 2, 1), along)
        column[:-1] += along[:, :, 0].T
    column[-1] = _norm(rest[:, :, 0].T)
    return column, _divided(rest[:, :, 0].T, column[-1]).T


def _divided(x: Floats, by: Floats) -> Floats:
    """A quotient, 0 where the divisor is (next to) nothing."""
    good = abs(by) > 1e-280
    return np.asarray(np.where(good, x / np.where(good, by, 1.0), 0.0))
