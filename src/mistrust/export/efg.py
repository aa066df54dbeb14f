"""A game tree as text: Gambit's format for extensive games (`.efg`, version 2, rationals)."""

from __future__ import annotations

from decimal import Context, Decimal
from functools import reduce

from mistrust.export.tree import Branch, Known, Node, Tree

_DIGITS = Context(prec=60)


def written(tree: Tree) -> str:
    """The tree in Gambit's format."""
    world = tree.world
    players = " ".join(_quoted(actor) for actor in world.actors)
    head = f"EFG 2 R {_quoted(world.given.title)} {{ {players} }}\n{_quoted(comment(tree))}\n\n"
    return head + "\n".join(_Writer(tree).lines()) + "\n"


def comment(tree: Tree) -> str:
    """What the format has no place for."""
    world = tree.world
    precisions = ", ".join(f"{a} {x:g}" for a, x in world.precision.items())
    patience = ", ".join(f"{a} {x:g}" for a, x in world.patience.items())
    return (
        f"Written by mistrust. Precision: {precisions}. Patience: {patience}. "
        f"{caution(tree) or 'A logit equilibrium at lambda = precision is the same play.'}"
    )


def caution(tree: Tree) -> str:
    """Why logit equilibria of the tree are not those of the scenario; empty where they are."""
    world = tree.world
    found = []
    if len(set(world.precision.values())) > 1:
        found.append("the precisions differ, and Gambit has one lambda for all")
    if any(x < 1 for x in world.patience.values()) and world.turns > 1:
        found.append(
            "patience is below 1, so that lambda weighs later turns less than a precision does"
        )
    return f"Its logit equilibria are not those of mistrust: {'; '.join(found)}." if found else ""


def label_of(known: Known, number: int, tree: Tree) -> str:
    """The name of an information set: it has a number, since no player may use a name twice."""
    kind = "" if known.kind is None else f" if {known.kind}"
    return f"{known.decision} in {tree.world.calendar.label(known.turn)}{kind} #{number}"


class _Writer:
    """Writes the nodes one after the other, each before those that follow it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.players = {actor: i for i, actor in enumerate(tree.world.actors, start=1)}
        self.sets: dict[str, dict[Known, int]] = {actor: {} for actor in self.players}
        self.chances = self.ends = 0

    def lines(self) -> list[str]:
        """A line for every node."""
        found, waiting = [], [self.tree.root]
        while waiting:
            node = waiting.pop()
            found.append(self._line(node))
            waiting += [branch.node for branch in reversed(node.branches)]
        return found

    def _line(self, node: Node) -> str:
        if not node.branches:
            self.ends += 1
            amounts = ", ".join(_decimal(node.payoffs[actor]) for actor in self.players)
            return f't "" {self.ends} "" {{ {amounts} }}'
        if node.known is None:
            self.chances += 1
            return f'c "" {self.chances} "" {{ {_odds(node.branches)} }} 0'
        known = node.known
        sets = self.sets[known.actor]
        number = sets.setdefault(known, len(sets) + 1)
        label = _quoted(label_of(known, number, self.tree))
        words = " ".join(_quoted(branch.word) for branch in node.branches)
        return f'p "" {self.players[known.actor]} {number} {label} {{ {words} }} 0'


def _odds(branches: list[Branch]) -> str:
    """Words with decimals that add up to 1 exactly, as Gambit wants it: the largest gives way."""
    parts = [Decimal(repr(branch.odds)) for branch in branches]
    largest = parts.index(max(parts))
    rest = [part for i, part in enumerate(parts) if i != largest]
    parts[largest] = reduce(_DIGITS.subtract, rest, Decimal(1))
    return " ".join(
        f"{_quoted(branch.word)} {part:f}" for branch, part in zip(branches, parts, strict=True)
    )


def _decimal(amount: float) -> str:
    return f"{Decimal(repr(amount + 0.0)):f}".removesuffix(".0")


def _quoted(text: str) -> str:
    """A name as Gambit allows it: on one line, plain letters, single blanks, in quotes."""
    plain = text.translate({ord('"'): "'", ord("\\"): "/"})
    return f'"{" ".join(plain.encode("ascii", "xmlcharrefreplace").decode().split())}"'
