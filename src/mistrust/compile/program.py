"""The game as a program: a turn as a list of stages, each a local operator on the board.

Nothing here depends on the values of premises: a `Program` is compiled once per scenario, and
`lower` turns its expressions into tables for any number of worlds at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mistrust.compile.frames import Frame, Integers, Lookup, stacked
from mistrust.compile.moves import Odds
from mistrust.compile.private import Privacy
from mistrust.compile.stages import Amount, Stage, amounts_of, stage_of
from mistrust.scenario.check import Argument
from mistrust.scenario.dependence import uses
from mistrust.scenario.effects import level_index, moved_by
from mistrust.scenario.resolve import Scope


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
    privacy
        Whose type is hidden.
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
    privacy: Privacy
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
    def options(self) -> dict[str, tuple[str, ...]]:
        """The options of every decision, by its name."""
        pairs = (pair for s in self.stages for pair in zip(s.decisions, s.options, strict=True))
        return dict(pairs)

    @cached_property
    def beliefs(self) -> int:
        """How many combinations of beliefs there are: the last dimensions of every frame."""
        return int(np.prod([self.sizes[axis] for axis in self.privacy.axes], dtype=np.int64))

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

    @property
    def stays(self) -> bool:
        """Whether every board keeps its number from a turn's end to the next opening."""
        return self.closing == self.opening

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


def compile_program(argument: Argument, recorded: tuple[str, ...] = ()) -> Program:
    """Compile a checked scenario; `recorded` variables are carried if named."""
    scenario = argument.scenario
    actors = tuple(scenario.actors)
    board = [v for v in scenario.board if not scenario.board[v].recorded or v in recorded]
    lives = lifetimes(argument, board)
    board.sort(key=lambda v: -lives[v][0])  # where one begins, cells stay what they are
    sizes = {v: len(scenario.board[v].levels) for v in board}
    frames = [
        Frame(alive, tuple(sizes[v] for v in alive))
        for alive in (
            tuple(v for v in board if lives[v][0] <= moment <= lives[v][1])
            for moment in range(len(scenario.turn) + 1)
        )
    ]
    stages = [
        stage_of(argument, index, frames[index], frames[index + 1])
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
        amounts_of(argument, ("payoffs",), scenario.payoffs),
        amounts_of(argument, ("beyond",), scenario.beyond)
        if isinstance(scenario.beyond, dict)
        else (),
        starts,
        sizes,
        tuple(odds for stage in stages for odds in stage.odds),
        Privacy.of(scenario),
        recorded,
    )


def _moves(stage: Stage) -> bool:
    return any(branch.goals for choice in stage.choices for branch in choice.branches)


def lifetimes(argument: Argument, board: list[str]) -> dict[str, tuple[int, int]]:
    """First and last moment at which each variable exists; moment i is before phase i.

    A variable within the turn is gone after its last reading, but not before it has shown what
    depends on a hidden type.
    """
    scenario = argument.scenario
    end = len(scenario.turn)
    typed = {actor for actor, record in scenario.actors.items() if record.types}
    lives = {}
    for name in board:
        if not scenario.board[name].within:
            lives[name] = (0, end)
            continue
        born = min(i for i, phase in enumerate(scenario.turn) if name in moved_by(phase))
        last = born
        for path, node in argument.nodes.items():
            used = uses(node, argument.scope)
            if path[0] in ("turn", "payoffs") and name in used:
                last = max(last, end if path[0] == "payoffs" else int(path[1]))
            if path[0] == "turn" and path[3:4] == (name,) and used & typed:
                last = max(last, int(path[1]) + 1)
        for index, phase in enumerate(scenario.turn[:last]):
            if name in moved_by(phase):
                last = max(last, index)
        lives[name] = (born + 1, last)
    return lives
