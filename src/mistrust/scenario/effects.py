"""Levels and moves: what a phase or an option can do to the board, as it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod

from mistrust.scenario.beliefs import grids
from mistrust.scenario.resolve import Constant
from mistrust.scenario.schema import Chance, Decide, Effects, Scenario, Sealed
from mistrust.scenario.text import Path
from mistrust.scenario.tree import Node

MAX_BRANCHES = 512

Levels = Sequence[str] | Sequence[float] | Sequence[str | float]


def moves_of(effects: Effects) -> dict[str, Mapping[str, object]]:
    """The moves of an option or a chance phase, by verb."""
    return {
        "set": effects.set,
        "raise": effects.raise_,
        "lower": effects.lower,
        "draw": effects.draw,
    }


def decisions_in(phase: Decide | Sealed | Chance) -> list[tuple[Path, Decide]]:
    """The decisions of a phase, each with its path within it."""
    if isinstance(phase, Sealed):
        return [(("sealed", i), decision) for i, decision in enumerate(phase.sealed)]
    return [((), phase)] if isinstance(phase, Decide) else []


def decisions(scenario: Scenario) -> Iterator[tuple[Path, Decide]]:
    """All decisions of a scenario in their order, each with its path."""
    for index, phase in enumerate(scenario.turn):
        for where, decision in decisions_in(phase):
            yield ("turn", index, *where), decision


def phase_name(phase: Decide) -> str:
    """A decision's name: its own, or its actor's."""
    return phase.name or phase.decide


def moved_by(phase: Decide | Sealed | Chance) -> set[str]:
    """The variables that a phase may move."""
    parts: list[Effects] = [phase] if isinstance(phase, Chance) else []
    for _, decision in decisions_in(phase):
        parts += decision.options.values()
    return {name for part in parts for moves in moves_of(part).values() for name in moves}


def records_only(phase: Decide | Sealed | Chance, scenario: Scenario) -> bool:
    """Whether a phase moves recorded variables alone."""
    moved = moved_by(phase) & set(scenario.board)
    return isinstance(phase, Chance) and all(scenario.board[name].recorded for name in moved)


def actor_for_decision(scenario: Scenario, name: str, option: str, form: str) -> str:
    """The message where an actor is named, and a decision of its was meant; empty for others.

    `form` is how a decision and its option are written there.
    """
    if name not in scenario.actors:
        return ""
    own = [decision for _, decision in decisions(scenario) if decision.decide == name]
    if not own:
        return f"'{name}' is an actor that decides nothing"
    fitting = [d for d in own if option in d.options]
    example = (fitting or own)[0]
    word = option if fitting else next(iter(example.options))
    called = " and ".join(f"'{phase_name(d)}'" for d in own[:4]) + (" ..." if len(own) > 4 else "")
    written = form.format(phase_name(example), word)
    return f"'{name}' is an actor, and what it decides is called {called}: write {written}"


def find_level(text: object, levels: Levels) -> int | None:
    """The index of a level given as written or as a number, if it is one."""
    if isinstance(levels[0], str):
        return next((i for i, level in enumerate(levels) if level == text), None)
    try:
        value = float(str(text))
    except ValueError:
        return None
    return next((i for i, level in enumerate(levels) if abs(float(level) - value) < 1e-9), None)


def level_index(text: str, levels: Levels) -> int:
    """The index of a level given as written; the text is known to be one."""
    index = find_level(text, levels)
    assert index is not None
    return index


def level_name(level: object) -> str:
    """How a level is written."""
    return level if isinstance(level, str) else f"{level:g}"


def written(
    scenario: Scenario, variable: str, level: int, belief: Sequence[float] | None = None
) -> str:
    """That a variable of the board has a level (its index), as an expression says it.

    A belief is the probability of every type, where its nodes are not the even ones.
    """
    for grid in grids(scenario).values():
        if grid.axis == variable:
            parts = zip(grid.types[:-1], belief or grid.nodes()[level], strict=False)
            return ", ".join(f"belief({grid.actor} == {kind}) == {x:.4g}" for kind, x in parts)
    return f"{variable} == {level_name(scenario.board[variable].levels[level])}"


def listed(levels: Levels) -> str:
    """The levels of a variable, for a message."""
    shown = ", ".join(level_name(level) for level in levels[:12])
    return shown + (", ..." if len(levels) > 12 else "")


def ways(
    effects: Effects, board: Mapping[str, Levels], written: Mapping[Path, Node], path: Path
) -> int:
    """How many ways the board may move in a phase or option: the branches it compiles to."""
    guarded = isinstance(effects, Chance) and effects.when is not None
    counts: dict[str, int] = {}
    for verb, moves in moves_of(effects).items():
        for name, move in moves.items():
            if verb in ("raise", "lower"):
                counts[name] = counts.get(name, 1) + 1
            elif isinstance(move, dict):
                counts[name] = len(_goals(move)) + (verb == "set" or guarded)
            else:
                fixed = isinstance(written[*path, verb, name], Constant)
                counts[name] = (1 if fixed else len(board[name])) + guarded
    return prod(counts.values())


def _goals(row: Mapping[str, object]) -> set[str]:
    """The levels that a row of odds, or a row per present level, may lead to."""
    rows: Iterable[object] = row.values()
    if any(isinstance(odds, dict) for odds in rows):
        return {level for odds in row.values() if isinstance(odds, dict) for level in odds}
    return set(row)
