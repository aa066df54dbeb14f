"""How large a scenario is, and what solving it will take, before anything is solved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import prod

from mistrust.compile.program import Program, lifetimes
from mistrust.compile.stages import Stage
from mistrust.errors import TooLargeError
from mistrust.scenario.beliefs import grids
from mistrust.scenario.check import Argument
from mistrust.scenario.dependence import written_out
from mistrust.scenario.effects import decisions
from mistrust.scenario.resolve import Axis, Belief, Defined, TurnTable
from mistrust.scenario.tree import Node, children

MOST_STATES = 2**31
MOST_PARTS = 10_000
SHARE_OF_MEMORY = 0.7
_DOUBLE = 8
DIRECTIONS, ROOM = 60, 2**25
"""Directions in which an equation is solved by GMRES at most, and the numbers they may take up."""
POINTS = 30
"""Arrays as large as a point of a curve that are held at once while it is followed."""
FEW, MATRIX = 600, 2**24
"""Values for which a matrix of derivatives is built at most, and the numbers it may take up."""
LOOKS = 50
"""How often the beliefs near by are looked at, about, where types choose at once: 20 times at
precision 3, 100 times at 30 (two sides of two types each)."""


@dataclass(frozen=True)
class Size:
    """The size of a scenario.

    Attributes
    ----------
    states, largest
        Cells of the board as a turn opens, and at its widest moment within a turn.
    updates
        Values computed in one solve of one world: states x options (or moves) x actors x
        combinations of hidden types (x beliefs that are looked at after a choice), summed over
        phases and turns.
    bytes_per_world
        Memory for one world: two value arrays, all policies, the tables of all expressions, and
        how actors weigh hidden types.
    """

    states: int
    largest: int
    phases: int
    turns: int
    actors: int
    updates: int
    bytes_per_world: int


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_limit() -> int:
    """Bytes that solving may take in all: a share of this machine's memory."""
    return int(SHARE_OF_MEMORY * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def refuse_if_huge(argument: Argument) -> None:
    """Refuse a board that could not even be indexed, or whose values alone exceed the memory.

    Raises
    ------
    TooLargeError
        With the number of states and the variable to coarsen.
    """
    scenario = argument.scenario
    board = scenario.board
    names = [v for v in board if not board[v].recorded]
    lives = lifetimes(argument, names)
    moments = range(len(scenario.turn) + 1)
    widest = max(
        prod(len(board[v].levels) for v in names if lives[v][0] <= m <= lives[v][1])
        for m in moments
    )
    if widest > MOST_STATES:
        raise TooLargeError(_too_large(argument, widest, f"at most {MOST_STATES:,} are possible"))
    profiles, judgements = _private(argument)
    least = _DOUBLE * (2 * widest * len(scenario.actors) * profiles + judgements)
    if least > memory_limit():
        raise TooLargeError(_too_large(argument, widest, _figures(least, memory_limit(), 1)))


def _private(argument: Argument) -> tuple[int, int]:
    """Combinations of hidden types, and the numbers by which actors weigh these."""
    known = grids(argument.scenario).values()
    profiles = prod(len(grid.types) for grid in known)
    beliefs = prod(grid.size for grid in known)
    return profiles, len(argument.scenario.actors) * beliefs * profiles**2 if known else 0


def refuse_if_long(argument: Argument) -> None:
    """Refuse definitions that the referee, who works them out anew at each use, would not finish.

    Raises
    ------
    TooLargeError
        With the number of parts.
    """
    parts = written_out(argument.scope)
    if parts > MOST_PARTS:
        raise TooLargeError(
            f"{argument.source.file}: a definition that comes to {parts:,} parts when written "
            f"out; the referee takes on {MOST_PARTS:,}"
        )


def measure(program: Program) -> Size:
    """The size of a compiled scenario."""
    actors, turns = len(program.actors), program.turns
    frames = [program.opening, program.closing, *(s.source for s in program.stages)]
    largest = max(frame.size for frame in frames)
    stored = sum(s.policy_size * len(s.choices) for s in program.stages if s.mover >= 0)
    each = [s.source.size * sum(len(c.branches) for c in s.choices) for s in program.stages]
    after = [_after(program, stage) for stage in program.stages]
    work = sum(cells * beliefs for cells, beliefs in zip(each, after, strict=True))
    profiles, judgements = _private(program.argument)
    numbers = profiles * (2 * largest * actors + stored * turns + _entries(program))
    numbers += max((_met(program, stage) for stage in program.stages), default=0)
    if program.argument.scenario.horizon.forever:
        numbers += _endless(program, actors * profiles)
    return Size(
        program.opening.size,
        largest,
        len(program.argument.scenario.turn),
        turns,
        actors,
        work * actors * turns * profiles,
        _DOUBLE * (numbers + judgements),
    )


def _after(program: Program, stage: Stage) -> int:
    """How many beliefs are looked at after a choice: of one mover all, of several those near by."""
    if not stage.movers:
        return 1
    if not stage.sealed:
        return prod(program.sizes[axis] for axis in stage.learns)
    return LOOKS * prod(_kinds(program, stage)) if stage.learns else 1


def _kinds(program: Program, stage: Stage) -> list[int]:
    """How many types there are of each actor of whom a phase shows something."""
    return [len(grid.types) for grid in program.privacy.grids if grid.axis in stage.learns]


def _met(program: Program, stage: Stage) -> int:
    """Numbers that the solver of a sealed phase keeps where some mover has types."""
    if not (stage.sealed and stage.learns):
        return 0
    nodes = prod(program.sizes[axis] for axis in stage.learns)
    each = 1 + len(stage.movers) * prod(_kinds(program, stage))
    return len(stage.choices) * nodes * each


def _endless(program: Program, actors: int) -> int:
    """Numbers that following a stationary equilibrium takes: see `solve.curve`, `solve.krylov`."""
    tried = sum(s.policy_size * s.padded for s in program.stages if s.sealed and not s.learns)
    unknown = program.opening.size * actors + tried
    directions = min(DIRECTIONS, 10 + ROOM // unknown)
    return int(unknown * POINTS + max(unknown * directions, derivatives(program)))


def derivatives(program: Program) -> int:
    """Numbers that exact derivatives of a turn take: see `solve.response`, `solve.jacobian`.

    0 where a type is hidden or nobody has a choice, so that none are worked out, and where they
    would be too many.
    """
    values = program.opening.size * len(program.actors)
    chosen = [s for s in program.stages if len(s.choices) > 1]
    if program.privacy.grids or not chosen or values > FEW:
        return 0
    sealed = [s for s in chosen if s.sealed]
    changes = 2 * max(s.source.size for s in chosen) * len(program.actors) + 4 * values
    changes += 3 * sum(s.policy_size * s.padded for s in sealed)
    records = sum(
        s.policy_size * (len(s.choices) + s.padded * (1 + len(program.actors))) for s in chosen
    )
    records += sum(
        s.policy_size * (len(s.movers) * len(s.choices) + s.padded * (1 + s.padded)) for s in sealed
    )
    odds = 2 * program.opening.size * max(s.target.size for s in chosen)
    numbers = changes * (values + 1) + records + odds
    return numbers if numbers <= MATRIX else 0


def _entries(program: Program) -> int:
    """Numbers in the tables of all expressions of the game, and of their parts."""
    board, turns = program.argument.scenario.board, program.turns
    known: dict[int, tuple[frozenset[str], bool]] = {}

    def depends(node: Node) -> tuple[frozenset[str], bool]:
        """The variables that an expression depends on, and whether on the turn."""
        if id(node) not in known:
            inner = [program.scope.definitions[node.name]] if isinstance(node, Defined) else []
            parts = [depends(part) for part in (*children(node), *inner)]
            seen = {node.variable} if isinstance(node, (Axis, Belief)) else set[str]()
            timed = isinstance(node, TurnTable) or any(t for _, t in parts)
            known[id(node)] = frozenset(seen.union(*(names for names, _ in parts))), timed
        return known[id(node)]

    for stage in program.stages:
        for choice in stage.choices:
            depends(choice.available)
            for branch in choice.branches:
                depends(branch.weight)
            for amount in choice.amounts:
                depends(amount.node)
    for amount in (*program.payoffs, *program.beyond):
        depends(amount.node)
    return sum(
        prod(len(board[v].levels) for v in names) * (turns if timed else 1)
        for names, timed in known.values()
    )


def lanes_that_fit(program: Program, most: int, workers: int) -> int:
    """How many worlds may be solved side by side within the memory limit.

    Raises
    ------
    TooLargeError
        If not even one fits; with the figures and the variable to coarsen.
    """
    size, limit = measure(program), memory_limit() // max(workers, 1)
    lanes = most
    while lanes > 1 and lanes * size.bytes_per_world > limit:
        lanes //= 2
    if size.bytes_per_world > limit:
        detail = _figures(size.bytes_per_world, limit, workers)
        raise TooLargeError(_too_large(program.argument, size.largest, detail))
    return lanes


def share_of_memory(program: Program, most: int, workers: int) -> tuple[int, int]:
    """Lanes of a batch and processes that fit the memory limit together.

    The lanes depend on the machine alone and not on the processes asked for, so that results do
    not depend on these either; where memory is short there are fewer processes.
    """
    lanes = lanes_that_fit(program, most, 1)
    while lanes > 1 and lanes * measure(program).bytes_per_world * cores() > memory_limit():
        lanes //= 2
    fitting = memory_limit() // (lanes * measure(program).bytes_per_world)
    return lanes, max(1, min(workers, fitting))


def _figures(need: int, limit: int, workers: int) -> str:
    each = f"for each of {workers} processes" if workers > 1 else "for one world"
    return f"{need / 2**30:,.1f} GiB {each}, {limit / 2**30:,.1f} GiB may be used"


def _too_large(argument: Argument, states: int, detail: str) -> str:
    board = argument.scenario.board
    names = [v for v in board if not board[v].recorded]
    finest = max(names, key=lambda v: len(board[v].levels))
    taken = len(list(decisions(argument.scenario)))
    remedy = (
        f"Coarsen '{finest}' (it has {len(board[finest].levels)} levels), make it "
        "'recorded: yes' if only claims need it"
    )
    for grid in grids(argument.scenario).values():
        if grid.axis == finest:
            remedy = f"Give '{grid.actor}' fewer 'beliefs' (they make {grid.size:,}) or types"
    return (
        f"{argument.source.file}: too large to solve: {states:,} boards, {taken} decisions, "
        f"{argument.calendar.turns} turns; {detail}. {remedy}, or shorten the horizon"
    )
