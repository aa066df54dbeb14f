"""The game as a program: a turn as a list of stages, each a local operator on the board.

Nothing here depends on the values of premises: a `Program` is compiled once per scenario, and
`lower` turns its expressions into tables for any number of worlds at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from mistrust.compile.evaluate import levels_where
from mistrust.compile.frames import Frame, Integers, Lookup, stacked
from mistrust.compile.moves import ONE, ZERO, Branch, Odds, both, branches_of, where
from mistrust.scenario.check import Argument
from mistrust.scenario.dependence import uses
from mistrust.scenario.effects import level_index, moved_by, phase_name
from mistrust.scenario.resolve import Parameter, Scope
from mistrust.scenario.schema import Chance, Decide
from mistrust.scenario.text import Path
from mistrust.scenario.tree import Node, Operation


@dataclass(frozen=True)
class Amount:
    """A payment: who receives it, what it is called, how much (an expression)."""

    actor: int
    term: str
    node: Node
    path: Path


@dataclass(frozen=True)
class Choice:
    """An option of a decision: where it is available, what it pays, where it leads."""

    name: str
    available: Node
    amounts: tuple[Amount, ...]
    branches: tuple[Branch, ...]


@dataclass(frozen=True)
class Stage:
    """One phase, placed: from a frame to a frame.

    Attributes
    ----------
    mover
        Index of the actor who decides, or -1 for nature.
    guard
        Where the phase happens at all; None is everywhere.
    choices
        The options of a decision; for nature a single one.
    odds
        What must be probabilities.
    box
        Levels of each variable at which the guard may hold (a decision's policy is kept there).
    boxed
        Whether the guard holds everywhere in the box, in all turns and lanes.
    """

    name: str
    phase: int
    mover: int
    guard: Node | None
    choices: tuple[Choice, ...]
    odds: tuple[Odds, ...]
    source: Frame
    target: Frame
    box: dict[str, Integers]
    boxed: bool

    def goal(self, branch: Branch, starts: Mapping[str, int]) -> Lookup:
        """Where a branch leads: a cell of the target for each cell of the source."""
        parts: dict[str, Integers] = {}
        offset = 0
        for variable, stride in self.target.strides.items():
            goals = branch.goals.get(variable)
            if variable in self.source.variables:
                size = self.source.shape[self.source.variables.index(variable)]
                levels = np.arange(size, dtype=np.int64) if goals is None else goals
                parts[variable] = stride * levels
            else:
                start = starts[variable]
                offset += stride * (start if goals is None else int(goals[start]))
        return self.source.lookup(parts, offset)

    @cached_property
    def passing(self) -> Branch:
        """The branch of a phase that does not happen."""
        return Branch(ONE, {})

    @cached_property
    def policy_cells(self) -> Lookup:
        """Row of the policy for each cell of the source; negative outside the box."""
        parts, stride = {}, 1
        for variable in reversed(self.source.variables):
            inside = self.box.get(variable)
            if inside is None:
                continue
            position = np.full(self.source.shape[self.source.variables.index(variable)], -(2**40))
            position[inside] = stride * np.arange(len(inside))
            parts[variable] = position
            stride *= len(inside)
        return self.source.lookup(parts)

    @property
    def policy_size(self) -> int:
        """Number of cells for which a policy is kept."""
        return int(np.prod([len(inside) for inside in self.box.values()], dtype=np.int64))


@dataclass(frozen=True)
class Program:
    """A compiled scenario.

    Attributes
    ----------
    stages
        The turn, phase by phase; the first starts from `opening`, the last ends in `closing`.
    opening, closing
        The board as a turn opens, and as it ends (variables within the turn may still live).
    payoffs, beyond
        Amounts of every turn's end, and of the horizon's end.
    odds
        What must be probabilities, in all phases, also for variables that are not carried.
    recorded
        The recorded variables that this version of the program carries.
    """

    argument: Argument
    actors: tuple[str, ...]
    stages: tuple[Stage, ...]
    opening: Frame
    closing: Frame
    payoffs: tuple[Amount, ...]
    beyond: tuple[Amount, ...]
    starts: dict[str, int]
    sizes: dict[str, int]
    odds: tuple[Odds, ...]
    recorded: tuple[str, ...] = ()
    _extended: dict[tuple[str, ...], Program] = field(default_factory=dict, repr=False)

    @property
    def scope(self) -> Scope:
        """What the names of the scenario mean."""
        return self.argument.scope

    @property
    def turns(self) -> int:
        """Number of turns."""
        return self.argument.calendar.turns

    @cached_property
    def carry(self) -> Lookup:
        """From the closing board to the next turn's opening one."""
        strides = self.opening.strides
        parts = {
            v: strides[v] * np.arange(size, dtype=np.int64)
            for v, size in zip(self.closing.variables, self.closing.shape, strict=True)
            if v in strides
        }
        return self.closing.lookup(parts)

    @cached_property
    def terms(self) -> tuple[tuple[int, str], ...]:
        """Every (actor, term) that is ever paid, in order of first mention."""
        amounts = [a for stage in self.stages for choice in stage.choices for a in choice.amounts]
        found = [(a.actor, a.term) for a in (*amounts, *self.payoffs, *self.beyond)]
        return tuple(dict.fromkeys(found))

    def recording(self, variables: frozenset[str]) -> Program:
        """The program with some recorded variables carried along, for the forward sweep."""
        key = tuple(v for v in self.argument.scenario.board if v in variables)
        if key == self.recorded:
            return self
        if key not in self._extended:
            self._extended[key] = compile_program(self.argument, key)
        return self._extended[key]

    def goals(self, stage: Stage) -> tuple[Integers, Integers]:
        """Targets of all branches of a stage, the passing one last: (branches, half) twice."""
        branches = [branch for choice in stage.choices for branch in choice.branches]
        return stacked([stage.goal(b, self.starts) for b in (*branches, stage.passing)])


def lever_switch(name: str) -> Parameter:
    """The 0/1 parameter that says whether a lever is applied."""
    return Parameter(0, f"lever {name}")


def compile_program(argument: Argument, recorded: tuple[str, ...] = ()) -> Program:
    """Compile a checked scenario; `recorded` variables are carried if named."""
    scenario = argument.scenario
    actors = tuple(scenario.actors)
    board = [v for v in scenario.board if not scenario.board[v].recorded or v in recorded]
    sizes = {v: len(scenario.board[v].levels) for v in board}
    lives = lifetimes(argument, board)
    frames = [
        Frame(alive, tuple(sizes[v] for v in alive))
        for alive in (
            tuple(v for v in board if lives[v][0] <= moment <= lives[v][1])
            for moment in range(len(scenario.turn) + 1)
        )
    ]
    stages = [
        _stage(argument, index, frames[index], frames[index + 1])
        for index in range(len(scenario.turn))
    ]
    keep = [s for s in stages if s.mover >= 0 or s.source != s.target or _moves(s)]
    starts = {
        v: level_index(str(scenario.board[v].start), scenario.board[v].levels)
        for v in board
        if isinstance(scenario.board[v].start, str)
    }
    return Program(
        argument,
        actors,
        tuple(keep),
        frames[0],
        frames[-1],
        _amounts(argument, ("payoffs",), scenario.payoffs),
        _amounts(argument, ("beyond",), scenario.beyond)
        if isinstance(scenario.beyond, dict)
        else (),
        starts,
        sizes,
        tuple(odds for stage in stages for odds in stage.odds),
        recorded,
    )


def _moves(stage: Stage) -> bool:
    return any(branch.goals for choice in stage.choices for branch in choice.branches)


def lifetimes(argument: Argument, board: list[str]) -> dict[str, tuple[int, int]]:
    """First and last moment at which each variable exists; moment i is before phase i."""
    scenario = argument.scenario
    end = len(scenario.turn)
    lives = {}
    for name in board:
        if not scenario.board[name].within:
            lives[name] = (0, end)
            continue
        born = min(i for i, phase in enumerate(scenario.turn) if name in moved_by(phase))
        last = born
        for path, node in argument.nodes.items():
            if path[0] in ("turn", "payoffs") and name in uses(node, argument.scope):
                last = max(last, end if path[0] == "payoffs" else int(path[1]))
        for index, phase in enumerate(scenario.turn[:last]):
            if name in moved_by(phase):
                last = max(last, index)
        lives[name] = (born + 1, last)
    return lives


def _stage(argument: Argument, index: int, source: Frame, target: Frame) -> Stage:
    phase = argument.scenario.turn[index]
    path: Path = ("turn", index)
    guard = argument.nodes.get((*path, "when"))
    if isinstance(phase, Chance):
        return _chance_stage(argument, index, phase, guard, source, target)
    mover = list(argument.scenario.actors).index(phase.decide)
    choices, odds = [], []
    box, boxed = _box(argument, guard, source)
    available = _availability(argument, index, phase)
    for name, option in phase.options.items():
        here = (*path, "options", name)
        own = both(None if boxed else guard, argument.nodes.get((*here, "when")))
        branches, checks = branches_of(argument, here, option, own, target.variables)
        odds += [Odds(o.weights, o.paths, both(guard, o.where), o.exact) for o in checks]
        amounts = tuple(
            replace(amount, node=where(own, amount.node, ZERO))
            for amount in _amounts(argument, (*here, "pays"), option.pays)
        )
        choices.append(Choice(name, available[name], amounts, tuple(branches)))
    return Stage(
        phase_name(phase),
        index,
        mover,
        guard,
        tuple(choices),
        tuple(odds),
        source,
        target,
        box,
        boxed,
    )


def _chance_stage(
    argument: Argument, index: int, phase: Chance, guard: Node | None, source: Frame, target: Frame
) -> Stage:
    path: Path = ("turn", index)
    branches, odds = branches_of(argument, path, phase, guard, target.variables)
    choice = Choice(phase.chance, ONE, (), tuple(branches))
    return Stage(phase.chance, index, -1, guard, (choice,), tuple(odds), source, target, {}, True)


def _availability(argument: Argument, index: int, phase: Decide) -> dict[str, Node]:
    """Where each option can be chosen: its own `when`, less what levers force elsewhere."""
    path: Path = ("turn", index)
    guard = argument.nodes.get((*path, "when"))
    own = {
        name: both(guard, argument.nodes.get((*path, "options", name, "when"))) or ONE
        for name in phase.options
    }
    forced: Node | None = None
    elsewhere: dict[str, list[Node]] = {name: [] for name in phase.options}
    for lever, record in reversed(argument.scenario.levers.items()):
        option = record.choose.get(phase_name(phase))
        if option is None:
            continue
        when = argument.nodes.get(("levers", lever, "when"))
        force = both(both(lever_switch(lever), when), own[option])
        assert force is not None
        if forced is not None:
            force = Operation(0, "and", (force, Operation(0, "not", (forced,))))
        forced = force if forced is None else Operation(0, "or", (forced, force))
        for name in phase.options:
            if name != option:
                elsewhere[name].append(force)
    return {
        name: node
        if not elsewhere[name]
        else Operation(
            0, "and", (node, *(Operation(0, "not", (force,)) for force in elsewhere[name]))
        )
        for name, node in own.items()
    }


def _amounts(
    argument: Argument, path: Path, terms: Mapping[str, Mapping[str, str]]
) -> tuple[Amount, ...]:
    actors = list(argument.scenario.actors)
    return tuple(
        Amount(actors.index(actor), term, argument.nodes[*path, actor, term], (*path, actor, term))
        for actor, parts in terms.items()
        for term in parts
    )


def _box(argument: Argument, guard: Node | None, source: Frame) -> tuple[dict[str, Integers], bool]:
    """Per variable the levels at which a conjunction of one-variable conditions can hold.

    And whether the guard is nothing but such conditions, on any date.
    """
    sizes = zip(source.variables, source.shape, strict=True)
    board = argument.scenario.board
    box = {v: np.arange(n, dtype=np.int64) for v, n in sizes if not board[v].recorded}
    parts, boxed = [guard] if guard is not None else [], True
    while parts:
        part = parts.pop()
        if isinstance(part, Operation) and part.op == "and":
            parts += part.parts
            continue
        names = uses(part, argument.scope)
        if len(names) == 1 and names <= set(box):
            name = next(iter(names))
            some, every = levels_where(part, name, argument)
            box[name] = np.intersect1d(box[name], some)
            boxed &= len(some) == len(every)
        else:
            boxed = False
    return box, boxed
