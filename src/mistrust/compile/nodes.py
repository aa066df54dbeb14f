"""Where the nodes of a belief's grid lie, case by case.

A grid numbers its nodes (`scenario.beliefs`). With two types they are moved so that the prior of
every case lies on one: as many steps, of one width below the prior and of another above it. Else
the outset would be a mixture of two beliefs that nobody holds, which on a coarse grid is by far
the largest error. With more types the nodes stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mistrust.scenario.beliefs import Grid


@dataclass(frozen=True)
class Nodes:
    """The nodes of the belief about one actor.

    Attributes
    ----------
    beliefs : (nodes, types, cases)
        The probability of each type.
    bend : (4, cases)
        How a probability becomes a place between the nodes, see `kernels.belief.position`.
    """

    beliefs: NDArray[np.float64]
    bend: NDArray[np.float64]


def place(grid: Grid, prior: NDArray[np.float64]) -> Nodes:
    """The nodes of a grid for the priors (types, cases)."""
    n, cases = grid.points - 1, prior.shape[1]
    even = np.array(grid.nodes())
    beliefs = np.repeat(even[:, :, None], cases, axis=2)
    bend = np.repeat(np.array([[2.0], [n], [n], [n]]), cases, axis=1)
    if len(grid.types) == 2 and n > 1:
        at = prior[0]
        moved = (at > 0) & (at < 1) & (abs(at * n - np.round(at * n)) > 1e-12 * n)
        at = np.where(moved, at, 0.5)
        node = np.clip(np.round(at * n), 1, n - 1)
        bend = np.where(moved, [at, node, node / at, (n - node) / (1 - at)], bend)
        steps = np.arange(n + 1)[:, None]
        with np.errstate(invalid="ignore"):
            above = at + (1 - at) * ((steps - node) / (n - node))
            first = np.where(steps <= node, at * (steps / node), above)
        beliefs[:, 0] = np.where(moved, first, beliefs[:, 0])
        beliefs[:, 1] = 1 - beliefs[:, 0]
    return Nodes(beliefs, np.ascontiguousarray(bend))
