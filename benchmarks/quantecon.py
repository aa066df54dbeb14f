"""One actor alone, by best reply: against QuantEcon's `DiscreteDP`, which wants one matrix."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.figures import Figure, Missing, against
from benchmarks.models import Made, batch, model_of, sizes
from benchmarks.synthetic import scenario
from mistrust.compile.evaluate import Floats
from mistrust.compile.size import memory_limit
from mistrust.solve.backward import Workspace, solve
from mistrust.solve.reach import everywhere

VARIABLES, TURNS = 6, 24
LEVELS = range(12, 2, -1)
"""Levels of each variable, of which the most are taken whose matrix can be built."""
BUILDING = 3
"""While a matrix is built, memory holds it less than so many times."""
EQUAL = 1e-9


class Problem:
    """The game `synthetic.scenario(shape=..., actors=1, decisions=1)` as a decision problem.

    Written down from its description, without the program: states are boards in C order, a
    transition is a whole turn, the choice and then all chance phases.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape, self.states = shape, prod(shape)
        self.levels = np.indices(shape).reshape(len(shape), -1)
        self.strides = [prod(shape[i + 1 :]) for i in range(len(shape))]

    def part(self, index: int) -> Floats:
        """A variable's level from 0 to 1, on every board; counted round."""
        place = index % len(self.shape)
        return self.levels[place] / (self.shape[place] - 1)

    def shift(self, index: int, up: Any, down: Any) -> Any:
        """The matrix of a phase that raises or lowers a variable with some odds."""
        place = index % len(self.shape)
        own, stride, here = self.levels[place], self.strides[place], np.arange(self.states)
        up = np.where(own < self.shape[place] - 1, up, 0.0)
        down = np.where(own > 0, down, 0.0)
        rows = np.concatenate([here, here, here])
        goals = np.concatenate([here, here + stride * (up > 0), here - stride * (down > 0)])
        odds = np.concatenate([1.0 - up - down, up, down])
        return sp.csr_matrix((odds, (rows, goals)), shape=(self.states, self.states))

    def build(self) -> Any:
        """QuantEcon's object, in its form for sparse pairs of states and actions."""
        from quantecon.markov import DiscreteDP

        drift = sp.identity(self.states, format="csr")
        for i in range(len(self.shape)):
            up = 0.05 + 0.08 * self.part(i + 3)
            down = 0.04 + 0.04 * self.part(i + 5) + 0.02 * self.part(i)
            drift = drift @ self.shift(i, up, down)
        moves = [self.shift(0, 0.6, 0.0) @ drift, self.shift(4, 0.0, 0.5) @ drift, drift]
        gain = 0.8 * self.part(0) - 0.8 * self.part(2) * self.part(6)
        reward = np.array([cost + move @ gain for cost, move in zip(COSTS, moves, strict=True)])
        by_state = np.arange(3 * self.states).reshape(3, -1).T.ravel()
        pairs = np.repeat(np.arange(self.states), 3), np.tile(np.arange(3), self.states)
        matrix = sp.vstack(moves, format="csr")
        del moves, drift
        matrix = matrix[by_state]
        return DiscreteDP(reward.T.ravel(), matrix, PATIENCE, *pairs)


COSTS, PATIENCE = (-0.1, -0.05, 0.0), 0.97


def bytes_of(levels: int) -> float:
    """About how large the matrix is, in which a variable stays or moves by a level."""
    each = 3 - 2 / levels
    numbers = 3.6 * (levels * each) ** VARIABLES  # three rows for each board; some move by two
    return numbers * (12 if numbers < 2**31 else 16)


def figures(quick: bool) -> Iterator[Figure]:
    """The largest game whose matrix can be built."""
    most = memory_limit() / BUILDING
    levels = 3 if quick else next(n for n in LEVELS if bytes_of(n) <= most)
    shape = (levels,) * VARIABLES
    try:
        from quantecon.markov.ddp import backward_induction
    except ImportError:
        raise Missing("QuantEcon is not installed; make bench sets it up") from None
    begun = time.perf_counter()
    problem = Problem(shape).build()
    built = time.perf_counter() - begun
    made: Made = {"shape": shape, "actors": 1, "decisions": 1, "drifts": VARIABLES, "turns": TURNS}
    begun = time.perf_counter()
    model = model_of(scenario(**made, precision="inf"))
    coefficients = batch(model, 1)
    own = time.perf_counter() - begun
    reach, workspace = everywhere(model.engine.program), Workspace()

    def ours() -> Floats:
        return solve(coefficients, reach=reach, workspace=workspace).values[0][:, 0, 0]

    def theirs() -> Floats:
        return backward_induction(problem, TURNS)[0][0]

    worst = float(abs(ours() - theirs()).max())
    assert worst <= EQUAL, worst
    held = problem.Q.data.nbytes + problem.Q.indices.nbytes + problem.Q.indptr.nbytes
    note = (
        f"{sizes(model)}, best reply; all {problem.num_states:,} values differ by {worst:.0e} at "
        f"most. Its matrix of {problem.Q.nnz:,} numbers ({held / 2**30:.2g} GiB) takes "
        f"{built:.2g} s to build, our tables {own:.2g} s; neither is counted"
    )
    yield against("quantecon", ours, "QuantEcon backward_induction", theirs, note)
