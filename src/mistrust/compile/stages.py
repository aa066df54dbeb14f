"""Phases to stages: who moves, what each option pays, and where it leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np

from mistrust.compile.evaluate import Floats, levels_where
from mistrust.compile.frames import Frame, Integers, Lookup
from mistrust.compile.moves import ONE, ZERO, Branch, Odds, both, branches_of, where
from mistrust.scenario.beliefs import grids
from mistrust.scenario.check import Argument
from mistrust.scenario.dependence import uses
from mistrust.scenario.effects import decisions_in, phase_name, records_only
from mistrust.scenario.resolve import Parameter
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
    movers
        Indices of the actors who decide: none for nature, several in a sealed phase.
    decisions, options
        The name of each one's decision, and of its options.
    guard
        Where the phase happens at all; None is everywhere.
    choices
        The options of a decision; of a sealed phase their combinations, in C order; for nature a
        single one.
    asked
        For each mover the place of its options, and where at least one is available.
    learns
        The beliefs that the phase moves, since what happens depends on hidden types: those about
        its movers with types, in order, or one whose type the odds depend on.
    odds
        What must be probabilities.
    box
        Levels of each variable at which the guard may hold (a decision's policy is kept there).
    boxed
        Whether the guard holds everywhere in the box, in all turns and lanes.
    """

    name: str
    phase: int
    movers: tuple[int, ...]
    decisions: tuple[str, ...]
    options: tuple[tuple[str, ...], ...]
    guard: Node | None
    choices: tuple[Choice, ...]
    odds: tuple[Odds, ...]
    source: Frame
    target: Frame
    box: dict[str, Integers]
    boxed: bool
    asked: tuple[tuple[Path, Node], ...] = ()
    learns: tuple[str, ...] = ()

    @property
    def mover(self) -> int:
        """The actor who decides, the first of several; -1 for nature."""
        return self.movers[0] if self.movers else -1

    @property
    def sealed(self) -> bool:
        """Whether several actors decide at once."""
        return len(self.movers) > 1

    @cached_property
    def counts(self) -> Integers:
        """The number of options of each mover."""
        return np.array([len(names) for names in self.options], dtype=np.int64)

    @property
    def padded(self) -> int:
        """How many options all movers have, if each had as many as the one with most."""
        return len(self.movers) * int(self.counts.max())

    def taking(self, place: int, option: int) -> Integers:
        """The choices in which the mover at a place takes an option."""
        combinations = np.arange(len(self.choices)).reshape(self.counts)
        return combinations.take(option, axis=place).ravel()

    def marginal(self, shares: Floats, place: int) -> Floats:
        """One mover's options, (options, ...), from those of all choices, (choices, ...)."""
        apart = shares.reshape(*self.counts, *shares.shape[1:])
        others = tuple(i for i in range(len(self.counts)) if i != place)
        return np.asarray(apart.sum(axis=others))

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

    @cached_property
    def policy_size(self) -> int:
        """Number of cells for which a policy is kept."""
        return int(np.prod([len(inside) for inside in self.box.values()], dtype=np.int64))


def lever_switch(name: str) -> Parameter:
    """The 0/1 parameter that says whether a lever is applied."""
    return Parameter(0, f"lever {name}")


def stage_of(argument: Argument, index: int, source: Frame, target: Frame) -> Stage:
    """The stage of a phase, from the board before it to the board after it."""
    phase = argument.scenario.turn[index]
    path: Path = ("turn", index)
    guard = argument.nodes.get((*path, "when"))
    if isinstance(phase, Chance):
        return _chance_stage(argument, index, phase, guard, source, target)
    box, boxed = _box(argument, guard, source)
    parts, odds, asked = [], [], []
    for where_, decision in decisions_in(phase):
        choices, checks = _choices(argument, (*path, *where_), decision, guard, boxed, target)
        parts.append(choices)
        odds += checks
        some = Operation(0, "or", tuple(choice.available for choice in choices))
        asked.append(((*path, *where_, "options"), some))
    taken = [decision for _, decision in decisions_in(phase)]
    actors = list(argument.scenario.actors)
    known = grids(argument.scenario)
    return Stage(
        ", ".join(phase_name(decision) for decision in taken),
        index,
        tuple(actors.index(decision.decide) for decision in taken),
        tuple(phase_name(decision) for decision in taken),
        tuple(tuple(decision.options) for decision in taken),
        guard,
        tuple(_joined(choices) for choices in product(*parts)),
        tuple(odds),
        source,
        target,
        box,
        boxed,
        tuple(asked),
        tuple(known[d.decide].axis for d in taken if d.decide in known),
    )


def _choices(
    argument: Argument,
    path: Path,
    phase: Decide,
    guard: Node | None,
    boxed: bool,
    target: Frame,
) -> tuple[list[Choice], list[Odds]]:
    """The options of one decision, and what must be probabilities in them."""
    choices, odds = [], []
    available = _availability(argument, path, phase, guard)
    for name, option in phase.options.items():
        here = (*path, "options", name)
        own = both(None if boxed else guard, argument.nodes.get((*here, "when")))
        branches, checks = branches_of(argument, here, option, own, target.variables)
        odds += [Odds(o.weights, o.paths, both(guard, o.where), o.exact) for o in checks]
        amounts = tuple(
            replace(amount, node=where(own, amount.node, ZERO))
            for amount in amounts_of(argument, (*here, "pays"), option.pays)
        )
        choices.append(Choice(name, available[name], amounts, tuple(branches)))
    return choices, odds


def _joined(choices: tuple[Choice, ...]) -> Choice:
    """Options of several actors, taken together; they move different variables."""
    if len(choices) == 1:
        return choices[0]
    available = choices[0].available
    for choice in choices[1:]:
        available = Operation(0, "and", (available, choice.available))
    branches = []
    for combination in product(*(choice.branches for choice in choices)):
        weights = tuple(branch.weight for branch in combination if branch.weight is not ONE)
        weight = Operation(0, "*", weights) if len(weights) > 1 else (weights or (ONE,))[0]
        goals = {name: goal for branch in combination for name, goal in branch.goals.items()}
        branches.append(Branch(weight, goals))
    amounts = tuple(amount for choice in choices for amount in choice.amounts)
    return Choice(", ".join(c.name for c in choices), available, amounts, tuple(branches))


def _chance_stage(
    argument: Argument, index: int, phase: Chance, guard: Node | None, source: Frame, target: Frame
) -> Stage:
    path: Path = ("turn", index)
    branches, odds = branches_of(argument, path, phase, guard, target.variables)
    choice = Choice(phase.chance, ONE, (), tuple(branches))
    names: set[str] = set().union(*(uses(b.weight, argument.scope) for b in branches))
    shown = tuple(g.axis for actor, g in grids(argument.scenario).items() if actor in names)
    return Stage(
        phase.chance,
        index,
        (),
        (),
        (),
        guard,
        (choice,),
        tuple(odds),
        source,
        target,
        {},
        True,
        learns=() if records_only(phase, argument.scenario) else shown,
    )


def _availability(
    argument: Argument, path: Path, phase: Decide, guard: Node | None
) -> dict[str, Node]:
    """Where each option can be chosen: its own `when`, less what levers force elsewhere."""
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


def amounts_of(
    argument: Argument, path: Path, terms: Mapping[str, Mapping[str, str]]
) -> tuple[Amount, ...]:
    """The payments named in a section of the scenario."""
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
    moved = {grid.axis for grid in grids(argument.scenario).values()}  # case by case
    parts, boxed = [guard] if guard is not None else [], True
    while parts:
        part = parts.pop()
        if isinstance(part, Operation) and part.op == "and":
            parts += part.parts
            continue
        names = uses(part, argument.scope)
        if len(names) == 1 and names <= set(box) - moved:
            name = next(iter(names))
            some, every = levels_where(part, name, argument)
            box[name] = np.intersect1d(box[name], some)
            boxed &= len(some) == len(every)
        else:
            boxed = False
    return box, boxed
