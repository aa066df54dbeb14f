"""The tree of an expression: what `expressions.parse` makes of its text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar


@dataclass(frozen=True)
class Node:
    """Base of the tree; `offset` is where the part begins in the text."""

    refers: ClassVar[str] = ""
    """The field that names what nodes of this kind stand for, if they stand for something."""

    offset: int = field(compare=False)

    @cached_property
    def references(self) -> frozenset[tuple[type[Node], str]]:
        """What it and its parts stand for: the kind of node, and the name."""
        if self.refers:
            return frozenset({(type(self), getattr(self, self.refers))})
        nothing = frozenset[tuple[type[Node], str]]()
        return nothing.union(*(part.references for part in children(self)))


@dataclass(frozen=True)
class Number(Node):
    """A literal; truths are 1 and 0."""

    value: float


@dataclass(frozen=True)
class Name(Node):
    """A variable, level, premise, mechanism, definition or calendar word, not yet told apart."""

    name: str


@dataclass(frozen=True)
class Operation(Node):
    """`+ - * / ** neg not and or` over its parts."""

    op: str
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Compare(Node):
    """`left op right` with op one of `== != < <= > >=`."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Among(Node):
    """`left in [a, b, c]`."""

    left: Node
    options: tuple[Node, ...]


@dataclass(frozen=True)
class Call(Node):
    """A function of the fixed list."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Moment(Node):
    """A date as written (`2025-Q1`), or a turn number in a scenario without a calendar."""

    text: str


@dataclass(frozen=True)
class When(Node):
    """`at D`, `from A [until B]`, `until B`: true in those turns; `until` excludes its own."""

    at: Moment | None
    start: Moment | None
    end: Moment | None


@dataclass(frozen=True)
class Every(Node):
    """`every N unit from D [until D]`: true in the turns that a date of the series falls in."""

    count: int
    unit: str
    start: Moment
    end: Moment | None


@dataclass(frozen=True)
class Event(Node):
    """A proposition on a history: `[ever|always] condition [at D | from A] [until B]`."""

    quantifier: str
    condition: Node
    window: When


@dataclass(frozen=True)
class Probability(Node):
    """`P(event | given)`."""

    event: Event
    given: Event | None


@dataclass(frozen=True)
class Expectation(Node):
    """`E(expression [at D | from A until B] | given)`."""

    event: Event
    given: Event | None


@dataclass(frozen=True)
class Worth(Node):
    """`V(actor [at D] | given)`: the actor's value as the turn of D opens."""

    actor: Name
    window: When
    given: Event | None


@dataclass(frozen=True)
class Frequency(Node):
    """`freq(decision == option [at D | from A until B] | given)`, among the times it is reached."""

    decision: Name
    option: Name
    window: When
    given: Event | None


@dataclass(frozen=True)
class Case(Node):
    """`under(lever, x)` or `without(mechanism, x)`."""

    kind: str
    name: Name
    body: Node


def deepest(node: Node, inner: Mapping[str, int]) -> tuple[int, int]:
    """How many levels a tree has, and the offset of the lowest; `inner` are those below a name."""
    found, waiting = (0, node.offset), [(1, node)]
    while waiting:
        level, part = waiting.pop()
        below = inner.get(part.name, 0) if isinstance(part, Name) else 0
        found = max(found, (level + below, part.offset))
        waiting += [(level + 1, child) for child in children(part)]
    return found


def is_amount(node: Node) -> bool:
    """Whether a claim is an amount by its form: a bare reading, or arithmetic."""
    if isinstance(node, Case):
        return is_amount(node.body)
    if isinstance(node, Operation):
        return node.op not in ("and", "or", "not")
    return isinstance(node, (Probability, Expectation, Worth, Frequency))


def children(node: Node) -> Iterable[Node]:
    """The direct parts of a node that are nodes themselves."""
    for value in vars(node).values():
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (part for part in value if isinstance(part, Node))
