"""Sampled histories: single stories of the game, and a check on the exact law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mistrust import kernels
from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers, Lookup
from mistrust.compile.layout import StageLayout
from mistrust.compile.learning import Lesson, known_at, lessons_of
from mistrust.compile.lower import at_turn
from mistrust.solve.backward import Solution
from mistrust.solve.step import strategies


@dataclass(frozen=True)
class Histories:
    """Sampled plays of one case.

    Attributes
    ----------
    boards : (turns + 1, histories)
        The cell of the opening board as each turn opens.
    choices
        By decision, the option taken in each turn, -1 where it was not reached:
        (turns, histories).
    types
        By actor with types, the type it has: (histories,).
    """

    boards: Integers
    choices: dict[str, Integers]
    types: dict[str, Integers]


def simulate(solution: Solution, count: int, seed: int) -> Histories:
    """Play the solved game of one case `count` times; the same seed gives the same histories."""
    coefficients = solution.coefficients
    assert len(coefficients.cases) == 1
    program, privacy = coefficients.program, coefficients.program.privacy
    rng = np.random.default_rng(seed)
    profile = rng.choice(privacy.count, size=count, p=coefficients.prior[:, 0])
    player = _Player(solution, rng, profile)
    start = coefficients.start[:, 0]
    player.cells = rng.choice(len(start), size=count, p=start / start.sum()).astype(np.int64)
    boards = np.empty((program.turns + 1, count), dtype=np.int64)
    choices = {
        name: np.full((program.turns, count), -1, dtype=np.int64) for name in program.options
    }
    for turn in range(program.turns):
        boards[turn] = player.cells
        for index, stage in enumerate(program.stages):
            if coefficients.stages[index].active[turn]:
                taken = player.play(turn, index)
                for place, name in enumerate(stage.decisions):
                    counts = tuple(stage.counts.tolist())
                    own = np.unravel_index(np.maximum(taken, 0), counts)[place]
                    choices[name][turn] = np.where(taken >= 0, own, -1)
        player.cells = program.carry.at(player.cells)
    boards[-1] = player.cells
    kinds = zip(privacy.grids, privacy.profiles.T, strict=True)
    return Histories(boards, choices, {grid.actor: kind[profile] for grid, kind in kinds})


class _Player:
    """Histories in the middle of being played; `profile` are their hidden types."""

    def __init__(self, solution: Solution, rng: np.random.Generator, profile: Integers) -> None:
        self.solution = solution
        self.coefficients = solution.coefficients
        self.rng = rng
        self.profile = profile
        self.cells = np.zeros(len(profile), dtype=np.int64)

    def play(self, turn: int, index: int) -> Integers:
        """One phase; the choice taken by each history, -1 where it does not happen."""
        layout = self.coefficients.layout.stages[index]
        before = self.cells
        taken = np.zeros(len(before), dtype=np.int64)
        if layout.stage.movers:
            taken = self._choose(index, turn)
        branch = self._move(index, turn, taken)
        if layout.stage.learns:
            self._learn(index, turn, before, taken, branch)
        return taken

    def _choose(self, index: int, turn: int) -> Integers:
        """A choice for each history, -1 where the decision is not reached."""
        layout = self.coefficients.layout.stages[index]
        rows = layout.policy.at(self.cells)
        if (turn, layout.stage.phase) not in self.solution.policies:
            return np.full(len(rows), -1, dtype=np.int64)
        policy = strategies(self.coefficients, self.solution.policies, turn, index)
        own = self.profile % policy.shape[2]
        inside = rows >= 0
        shares = np.where(inside[:, None], policy[np.where(inside, rows, 0), :, own], 0.0)
        picked = _pick(shares, self.rng)
        return np.where(inside & (shares.sum(axis=1) > 0), picked, -1)

    def _move(self, index: int, turn: int, taken: Integers) -> Integers:
        """Let the board of each history move; the branch it takes, -1 for none."""
        layout = self.coefficients.layout.stages[index]
        goals = self._lookup(layout, -1).at(self.cells)
        branch = np.full(len(goals), -1, dtype=np.int64)
        for option in range(len(layout.stage.choices)):
            here = np.flatnonzero(taken == option)
            if not len(here):
                continue
            span = range(layout.first_branch[option], layout.first_branch[option + 1])
            columns = [self._weights(index, turn, b, here) for b in span]
            branch[here] = _pick(np.array(columns).T, self.rng) + layout.first_branch[option]
            for b in span:
                some = here[branch[here] == b]
                goals[some] = self._lookup(layout, b).at(self.cells[some])
        self.cells = goals
        return branch

    @staticmethod
    def _lookup(layout: StageLayout, branch: int) -> Lookup:
        """Where a branch leads."""
        return Lookup(layout.goal_high[branch], layout.goal_low[branch])

    def _weights(self, index: int, turn: int, branch: int, some: Integers) -> Floats:
        """A branch's odds for some histories, each with its types."""
        tables = self.coefficients.layout.stages[index].weights
        rows = Lookup(tables.high[branch], tables.low[branch]).at(self.cells[some])
        table = at_turn(self.coefficients.stages[index].weights, turn)
        return np.asarray(table[rows, self.profile[some]])

    def _learn(
        self, index: int, turn: int, before: Integers, taken: Integers, branch: Integers
    ) -> None:
        """Move each belief to one of the nodes around the posterior, with the weights on them."""
        stage = self.coefficients.program.stages[index]
        for lesson in lessons_of(self.coefficients, index):
            if stage.movers:
                moved = taken >= 0
                moved &= ~known_at(self.coefficients, turn, index, lesson, before)
                likely = partial(self._chances, index, turn, before, taken, lesson)
            else:
                moved = branch >= 0
                likely = partial(self._signal, index, turn, before, branch, lesson)
            self._move_belief(lesson, np.flatnonzero(moved), before, likely)

    def _move_belief(
        self, lesson: Lesson, moved: Integers, before: Integers, likely: Callable[[int], Floats]
    ) -> None:
        """Move the belief about one actor in some histories; `likely` tells how its types do."""
        kinds, bend = len(lesson.first), np.ascontiguousarray(lesson.nodes.bend[:, 0])
        corner, order, rest, found, weights, _, posterior = kernels.scratch(kinds)
        nodes, n = lesson.at.at(before), lesson.grid.points - 1
        for i in moved:
            prior = np.ascontiguousarray(lesson.nodes.beliefs[nodes[i], :, 0])
            if kernels.bayes(prior, likely(i), posterior):
                kernels.locate(posterior, n, bend, corner, order, rest, found, weights)
                node = found[_pick(weights[None], self.rng)[0]]
                self.cells[i] += (node - nodes[i]) * lesson.stride

    def _chances(
        self, index: int, turn: int, before: Integers, taken: Integers, lesson: Lesson, i: int
    ) -> Floats:
        """How likely each type of a mover takes the option that it took in a history: (kinds,)."""
        layout, lanes = self.coefficients.layout.stages[index], self.coefficients.lanes
        stage, place = layout.stage, layout.stage.movers.index(lesson.actor)
        policy = self.solution.policies[turn, stage.phase].reshape(-1, len(stage.choices), lanes)
        row = layout.policy.at(before[i : i + 1])[0]
        option = np.unravel_index(taken[i], stage.counts)[place]
        return np.ascontiguousarray(stage.marginal(policy[row], place)[option, lesson.first])

    def _signal(
        self, index: int, turn: int, before: Integers, branch: Integers, lesson: Lesson, i: int
    ) -> Floats:
        """How likely the odds of each type lead where a history's branch does: (kinds,)."""
        layout = self.coefficients.layout.stages[index]
        table = at_turn(self.coefficients.stages[index].weights, turn)
        here, total = before[i : i + 1], np.zeros(len(lesson.first))
        goal = self._lookup(layout, branch[i]).at(here)
        for b in range(len(layout.weights.high)):
            if self._lookup(layout, b).at(here) == goal:
                row = Lookup(layout.weights.high[b], layout.weights.low[b]).at(here)[0]
                total += table[row, lesson.first]
        return total


def _pick(weights: Floats, rng: np.random.Generator) -> Integers:
    """One column per row, with probability in proportion to the weights."""
    ladder = weights.cumsum(axis=1)
    points = rng.random(len(weights)) * ladder[:, -1]
    beyond: NDArray[np.bool_] = points[:, None] >= ladder
    return np.minimum(beyond.sum(axis=1), weights.shape[1] - 1).astype(np.int64)
