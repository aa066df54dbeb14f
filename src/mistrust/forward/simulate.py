"""Sampled histories: single stories of the game, and a check on the exact law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers, Lookup
from mistrust.compile.layout import StageLayout, Tables
from mistrust.compile.lower import Coefficients, at_turn
from mistrust.solve.backward import Solution


@dataclass(frozen=True)
class Histories:
    """Sampled plays of one lane.

    Attributes
    ----------
    boards : (turns + 1, histories)
        The cell of the opening board as each turn opens.
    choices
        By decision, the option taken in each turn, -1 where it was not reached:
        (turns, histories).
    """

    boards: Integers
    choices: dict[str, Integers]


def simulate(solution: Solution, count: int, seed: int, lane: int = 0) -> Histories:
    """Play the solved game `count` times; the same seed gives the same histories."""
    coefficients, program = solution.coefficients, solution.coefficients.program
    rng = np.random.default_rng(seed)
    start = coefficients.start[:, lane]
    cells = rng.choice(len(start), size=count, p=start / start.sum()).astype(np.int64)
    boards = np.empty((program.turns + 1, count), dtype=np.int64)
    choices = {
        s.name: np.full((program.turns, count), -1, dtype=np.int64)
        for s in program.stages
        if s.mover >= 0
    }
    for turn in range(program.turns):
        boards[turn] = cells
        for index, layout in enumerate(coefficients.layout.stages):
            if not coefficients.stages[index].active[turn]:
                continue
            if layout.stage.mover >= 0:
                taken = _choose(solution, layout, turn, cells, rng, lane)
                choices[layout.stage.name][turn] = taken
            else:
                taken = np.zeros(count, dtype=np.int64)
            cells = _move(coefficients, index, turn, cells, taken, rng, lane)
        cells = program.carry.at(cells)
    boards[-1] = cells
    return Histories(boards, choices)


def _choose(
    solution: Solution,
    layout: StageLayout,
    turn: int,
    cells: Integers,
    rng: np.random.Generator,
    lane: int,
) -> Integers:
    """An option for each history, -1 where the decision is not reached."""
    lanes, options = solution.coefficients.lanes, len(layout.stage.choices)
    rows = layout.policy.at(cells)
    policy = solution.policies[turn, layout.stage.phase].reshape(-1, options, lanes)[..., lane]
    inside = rows >= 0
    shares = np.where(inside[:, None], policy[np.where(inside, rows, 0)], 0.0)
    picked = _pick(shares, rng)
    return np.where(inside & (shares.sum(axis=1) > 0), picked, -1)


def _pick(weights: Floats, rng: np.random.Generator) -> Integers:
    """One column per row, with probability in proportion to the weights."""
    ladder = weights.cumsum(axis=1)
    points = rng.random(len(weights)) * ladder[:, -1]
    beyond: NDArray[np.bool_] = points[:, None] >= ladder
    return np.minimum(beyond.sum(axis=1), weights.shape[1] - 1).astype(np.int64)


def _move(
    coefficients: Coefficients,
    index: int,
    turn: int,
    cells: Integers,
    taken: Integers,
    rng: np.random.Generator,
    lane: int,
) -> Integers:
    """Where each history goes, given the option taken (-1: the phase does not happen)."""
    layout, table = coefficients.layout.stages[index], coefficients.stages[index].weights
    passing = Lookup(layout.goal_high[-1], layout.goal_low[-1])
    goals = passing.at(cells)
    for option in range(len(layout.stage.choices)):
        here = np.flatnonzero(taken == option)
        if not len(here):
            continue
        span = range(layout.first_branch[option], layout.first_branch[option + 1])
        columns = [
            _weights(at_turn(table, turn), layout.weights, b, cells[here], lane) for b in span
        ]
        picked = _pick(np.array(columns).T, rng) + layout.first_branch[option]
        for b in span:
            some = here[picked == b]
            goals[some] = Lookup(layout.goal_high[b], layout.goal_low[b]).at(cells[some])
    return goals


def _weights(table: Floats, tables: Tables, entry: int, cells: Integers, lane: int) -> Floats:
    return table[Lookup(tables.high[entry], tables.low[entry]).at(cells), lane]
