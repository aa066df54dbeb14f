"""What a resolved expression depends on: variables, parameters, the calendar."""

from __future__ import annotations

from collections.abc import Iterable

from mistrust.scenario.resolve import Axis, Belief, Defined, Hidden, Scope, TurnTable
from mistrust.scenario.tree import Node, children


def uses(node: Node, scope: Scope, _seen: set[str] | None = None) -> set[str]:
    """Names of the variables, parameters and hidden types that an expression depends on.

    A hidden type goes by its actor's name, a belief by that of its dimension of the board.
    """
    seen = set() if _seen is None else _seen
    found: set[str] = set()
    for kind, name in node.references:
        if kind is not Defined:
            found.add(name)
        elif name not in seen and name in scope.definitions:
            seen.add(name)
            found |= uses(scope.definitions[name], scope, seen)
    return found


def of_the_game(node: Node, scope: Scope) -> Iterable[tuple[int, str]]:
    """What in an expression is only known as the game is played: where, and what it is."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        waiting += children(part)
        if isinstance(part, (Axis, Belief)):
            yield part.offset, f"'{part.variable}' is on the board"
        elif isinstance(part, Hidden):
            yield part.offset, f"the type of '{part.actor}' is hidden"
        elif isinstance(part, TurnTable):
            yield part.offset, "this depends on the calendar"
        elif isinstance(part, Defined) and part.name in scope.definitions:
            board = sorted(uses(part, scope) & set(scope.variables))
            typed = sorted(name for name in uses(part, scope) if scope.types(name))
            if board:
                yield part.offset, f"'{part.name}' depends on '{board[0]}' of the board"
            elif typed:
                yield part.offset, f"'{part.name}' depends on the type of '{typed[0]}'"
            elif _dated(part, scope):
                yield part.offset, f"'{part.name}' depends on the calendar"


def _dated(node: Node, scope: Scope) -> bool:
    """Whether an expression depends on the turn."""
    waiting, seen = [node], set[str]()
    while waiting:
        part = waiting.pop()
        if isinstance(part, TurnTable):
            return True
        waiting += children(part)
        if isinstance(part, Defined) and part.name not in seen:
            seen.add(part.name)
            waiting += [scope.definitions[part.name]] * (part.name in scope.definitions)
    return False


def written_out(scope: Scope) -> int:
    """How many parts the largest definition has once those that it uses are written out."""
    known: dict[str, int] = {}

    def size(node: Node) -> int:
        if isinstance(node, Defined):
            if node.name not in known:
                known[node.name] = size(scope.definitions[node.name])
            return known[node.name]
        return 1 + sum(map(size, children(node)))

    return max((size(Defined(0, name)) for name in scope.definitions), default=0)
