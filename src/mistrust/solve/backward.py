"""Backward induction: the one loop that turns a game into values and policies.

Agent logit quantal response (McKelvey and Palfrey 1998), stage by stage from the horizon's end:
at a decision ``share(a) ~ exp(precision * Q_i(a))`` and ``V_j = sum_a share(a) Q_j(a)``; at a
chance phase ``V_j = E V_j``; at a turn's end ``V_j = payoff_j + patience_j V_j(next opening)``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from mmap import mmap
from typing import Protocol

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.lower import Coefficients
from mistrust.errors import CertificateError
from mistrust.solve.evidence import Evidence
from mistrust.solve.krylov import gmres
from mistrust.solve.planes import PlaneStep, serves
from mistrust.solve.reach import Reach, reachable
from mistrust.solve.step import Groups, Policies, Share, Step, Trial

ADDED_UP = 1e-11
"""Largest error of the equation for what payoffs are worth for ever, relative to that."""


class Workspace:
    """Large arrays that are used again by the next batch instead of being allocated anew."""

    def __init__(self) -> None:
        self._arrays: dict[object, Floats] = {}

    def array(self, key: object, size: int) -> Floats:
        """An uninitialised array of `size` numbers, the same one for the same key and size.

        Mapped plainly, so that only the parts written to take up memory.
        """
        found = self._arrays.get(key)
        if found is None or found.size != size:
            found = np.frombuffer(mmap(-1, max(8 * size, 1)), np.float64, size)
            self._arrays[key] = found
        return found


@dataclass(frozen=True)
class Taken:
    """A decision just worked out: its turn and stage, and the values that it was taken on.

    `seen` gives these values once, while the stage is at hand.
    """

    coefficients: Coefficients
    policies: Policies
    reach: Reach
    turn: int
    index: int
    seen: Callable[[], Floats]

    @cached_property
    def values(self) -> Floats:
        """What every group can expect: (target cells, groups, lanes), not to be kept."""
        return self.seen()


class Inspect(Protocol):
    """What looks at decisions as they are worked out."""

    def wants(self, turn: int) -> bool:
        """Whether it looks at those of a turn."""

    def __call__(self, taken: Taken) -> None:
        """Take one in."""


@dataclass(frozen=True)
class Looking:
    """Looks at the decisions of one turn."""

    turn: int
    look: Callable[[Taken], None]

    def wants(self, turn: int) -> bool:
        """Of that turn only."""
        return turn == self.turn

    def __call__(self, taken: Taken) -> None:
        """Look at one."""
        self.look(taken)


@dataclass(frozen=True)
class Solution:
    """A solved batch.

    Attributes
    ----------
    policies
        The probability of each option, by turn and phase, where the phase can happen.
    values
        Values as kept turns open: (opening cells, actors, lanes).
    evidence
        How good the solution is, as far as the solving itself tells.
    reach
        The boards worked out; elsewhere values and policies mean nothing.
    beyond
        The values after the last turn of those shown, if play goes on for ever.
    """

    coefficients: Coefficients
    policies: Policies
    values: dict[int, Floats]
    evidence: Evidence
    reach: Reach
    beyond: Floats | None = None

    @property
    def gain(self) -> Floats:
        """The largest gain in any turn: (actors, lanes)."""
        return np.asarray(self.evidence.gains.max(axis=0))

    @property
    def start_value(self) -> Floats:
        """Each actor's value at the outset: (actors, lanes)."""
        cells = self.reach.openings[0]
        return np.einsum("xaw,xw->aw", self.values[0][cells], self.coefficients.start[cells])


@dataclass(frozen=True)
class Ending:
    """A solution of a game that goes on just alike from a turn on; it keeps that turn's values."""

    turn: int
    solution: Solution

    def serves(self, coefficients: Coefficients, reach: Reach) -> bool:
        """Whether it was worked out on the same boards, and keeps strategies in the same way."""
        stages, other = range(len(coefficients.stages)), self.solution.coefficients
        same = all(coefficients.kept(index) == other.kept(index) for index in stages)
        return same and self.solution.reach is reach


def solve(
    coefficients: Coefficients,
    *,
    keep: Collection[int] = (),
    inspect: Inspect | None = None,
    workspace: Workspace | None = None,
    reach: Reach | None = None,
    ending: Ending | None = None,
    beyond: Floats | None = None,
    trials: Mapping[int, Trial] | None = None,
    threads: int = 1,
    planes: bool = True,
) -> Solution:
    """Solve all lanes of a batch.

    Parameters
    ----------
    reach
        The boards to work out; by default those that can occur.
    keep
        Turns at whose opening the values are kept (the first always is).
    inspect
        Called after each decision; sees the values that it was taken on.
    ending
        Taken over instead of being worked out again, if it was worked out for the same reach.
    beyond
        Values after the last turn, (opening cells, actors, lanes), instead of the scenario's.
    trials
        Strategies to be played in sealed phases, by stage.
    threads
        Threads that share the cells of each stage; results are the same for any number.
    planes
        Whether one large world may be worked out plane by plane, which is faster.
    """
    actors = len(coefficients.program.actors)
    groups = Groups(actors, np.arange(actors), by_term=False)
    evidence = Evidence.empty(coefficients)
    reach = reachable(coefficients) if reach is None else reach
    ending = ending if ending is not None and ending.serves(coefficients, reach) else None
    with ThreadPoolExecutor(threads) as pool:
        kind = PlaneStep if planes and serves(coefficients, reach) else Step
        step = kind(coefficients, groups, reach, Share(pool, threads), {}, evidence)
        step.trials.update(trials or {})
        sweep = Sweep(step, workspace or Workspace())
        values = sweep.run({0, *keep}, inspect, ending, beyond)
    return Solution(coefficients, step.policies, values, evidence, reach, beyond)


def sweep_of(coefficients: Coefficients, reach: Reach) -> Sweep:
    """A sweep that finds policies as it goes, turn by turn as it is asked to."""
    actors = len(coefficients.program.actors)
    groups, evidence = (
        Groups(actors, np.arange(actors), by_term=False),
        Evidence.empty(coefficients),
    )
    return Sweep(Step(coefficients, groups, reach, Share(None, 1), {}, evidence), Workspace())


def values_by_term(
    solution: Solution, keep: Collection[int] = (0,), inspect: Inspect | None = None
) -> dict[int, Floats]:
    """Values split by payoff term under a solution's policies.

    Values are linear in payoffs, so the terms of an actor add up to its value exactly.

    Returns
    -------
    dict
        As `Solution.values`, with a group for each entry of `program.terms` instead of actors.
    """
    coefficients = solution.coefficients
    actor = np.array([a for a, _ in coefficients.program.terms], dtype=np.int64)
    groups = Groups(len(actor), actor, by_term=True)
    step = Step(coefficients, groups, solution.reach, Share(None, 1), solution.policies, None)
    sweep = Sweep(step, Workspace())
    beyond = None if solution.beyond is None else _settled(sweep)
    return sweep.run(set(keep), inspect, beyond=beyond)


def _settled(sweep: Sweep) -> Floats:
    """What given policies are worth if they are played for ever: a linear equation."""
    nothing, cases = sweep.nothing(), len(sweep.coefficients.cases)
    flow = sweep.turn_before(nothing).reshape(-1, cases)

    def left(x: Floats) -> Floats:
        return x - sweep.turn_before(x.reshape(nothing.shape)).reshape(-1, cases) + flow

    found = gmres(left, flow, np.ones(cases, dtype=bool), cut=1e-13, restarts=20)
    if not (abs(left(found) - flow) <= ADDED_UP * abs(found).max(axis=0, initial=1.0)).all():
        raise CertificateError("payoffs could not be added up for ever; lower the patience")
    return np.asarray(found.reshape(nothing.shape))


class Sweep:
    """One backward pass; finds the policies, or follows given ones."""

    def __init__(self, step: Step, workspace: Workspace) -> None:
        self.step = step
        self.coefficients = step.coefficients
        self.layout = step.coefficients.layout
        self.program = step.coefficients.program
        self.groups = step.groups
        self.lanes = step.lanes
        self.width = step.groups.count * self.lanes
        self.reach = step.reach
        self.workspace = workspace
        self.buffers = [workspace.array(("values", i), step.room) for i in range(2)]
        sizes = [self._kept(index) for index in range(len(self.program.stages))]
        self._place = np.cumsum([0, *sizes]).tolist()
        self._arena = np.empty(0)

    def _kept(self, index: int) -> int:
        """How many numbers are kept of a decision's strategies in a turn."""
        stage = self.program.stages[index]
        if not stage.movers:
            return 0
        return stage.policy_size * len(stage.choices) * self.coefficients.kept(index)

    def nothing(self) -> Floats:
        """Values of nothing: (opening cells, groups, lanes)."""
        return np.zeros((self.program.opening.size, self.groups.count, self.lanes))

    def turn_before(self, values: Floats, inspect: Inspect | None = None) -> Floats:
        """The values one turn (the first) before these: (opening cells, groups, lanes)."""
        self.step.place(values, self.buffers[0])
        return self._opened(self._turn_end(self.buffers[0], 0), len(self.program.stages), inspect)

    def ending(self, values: Floats, stages: int) -> Floats:
        """Those after so many stages of a turn: (cells, groups, lanes)."""
        self.step.place(values, self.buffers[0])
        self._one_turn()
        ended = self._turn_end(self.buffers[0], 0)
        frames = [*(stage.source for stage in self.program.stages), self.program.closing]
        current = self._stages(ended, 0, range(stages, len(self.program.stages)), None)
        return self.step.kept(current, frames[stages].size)

    def opening(self, values: Floats, stages: int, inspect: Inspect | None = None) -> Floats:
        """The values as a turn opens, from those after so many of its stages."""
        self.step.place(values, self.buffers[0])
        return self._opened(self.buffers[0], stages, inspect)

    def _opened(self, current: Floats, stages: int, inspect: Inspect | None) -> Floats:
        self._one_turn()
        opened = self._stages(current, 0, range(stages), inspect)
        return self.step.kept(opened, self.program.opening.size)

    def _one_turn(self) -> None:
        """Room for the policies of a single turn."""
        if self.step.evidence is not None and not self._arena.size:
            self._arena = self.workspace.array(("policies", 1), self._place[-1])

    def run(
        self,
        keep: set[int],
        inspect: Inspect | None,
        ending: Ending | None = None,
        beyond: Floats | None = None,
    ) -> dict[int, Floats]:
        """All turns, from the last; the values as the turns in `keep` open."""
        values: dict[int, Floats] = {}
        cells, end = self.program.opening.size, self.program.turns
        if ending is None:
            current = self.buffers[0]
            if beyond is None:
                self.step.end(self.buffers[1], current)
            else:
                self.step.place(beyond, current)
        else:
            end, current = ending.turn, self._take_over(ending, values)
        if self.step.evidence is not None:
            self._arena = self.workspace.array(("policies", end), end * self._place[-1])
        for turn in reversed(range(end)):
            if turn + 1 in keep:
                some = self.reach.openings[turn + 1]
                values[turn + 1] = self.step.kept(current, cells, some)
            current = self._turn(current, turn, inspect)
        if 0 in keep:
            values[0] = self.step.kept(current, cells, self.reach.openings[0])
        return values

    def _turn(self, current: Floats, turn: int, inspect: Inspect | None) -> Floats:
        ended = self._turn_end(current, turn)
        return self._stages(ended, turn, range(len(self.layout.stages)), inspect)

    def _turn_end(self, current: Floats, turn: int) -> Floats:
        out = current if self.step.ends_in_place else self._other(current)
        self.step.turn_end(current, out, turn)
        return out

    def _stages(self, current: Floats, turn: int, stages: range, inspect: Inspect | None) -> Floats:
        looked_at = inspect is not None and inspect.wants(turn)
        for index in reversed(stages):
            if self.coefficients.idle(turn, index, self.reach.sources[turn, index]):
                continue
            before, current = current, self._stage(current, turn, index, not looked_at)
            if inspect is not None and looked_at and self.program.stages[index].mover >= 0:
                seen = partial(self.step.rows, before, self.program.stages[index].target.size)
                inspect(Taken(self.coefficients, self.step.policies, self.reach, turn, index, seen))
        return current

    def _take_over(self, ending: Ending, values: dict[int, Floats]) -> Floats:
        other = ending.solution
        later = {key: policy for key, policy in other.policies.items() if key[0] >= ending.turn}
        self.step.policies.update(later)
        values.update({turn: v for turn, v in other.values.items() if turn >= ending.turn})
        assert self.step.evidence is not None
        self.step.evidence.take_over(other.evidence, ending.turn)
        self.step.place(values[ending.turn], self.buffers[0])
        return self.buffers[0]

    def _other(self, current: Floats) -> Floats:
        return self.buffers[1] if current is self.buffers[0] else self.buffers[0]

    def _stage(self, current: Floats, turn: int, index: int, free: bool) -> Floats:
        """The values before a stage, perhaps in the place of those after it, if that is `free`."""
        stage, here = self.program.stages[index], free and self.step.in_place(index)
        out = current if here else self._other(current)
        if stage.movers and self.step.evidence is not None:
            start = self._place[index] + turn * self._place[-1]
            room = self._arena[start : start + self._kept(index)]
            self.step.policies[turn, stage.phase] = room
        self.step.back(current, out, turn, index)
        return out
