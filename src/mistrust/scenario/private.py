"""Where a hidden type may be read, and what else private information and sealed moves need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mistrust.scenario.beliefs import axis_name
from mistrust.scenario.dependence import uses
from mistrust.scenario.effects import decisions_in, moves_of
from mistrust.scenario.findings import Findings
from mistrust.scenario.resolve import Constant, TurnTable
from mistrust.scenario.schema import Chance, Decide, Sealed
from mistrust.scenario.text import Path
from mistrust.scenario.tokens import KEYWORDS
from mistrust.scenario.tree import Node, children

MAX_JOINT = 4096
"""Combinations of options that a sealed phase may have."""


class Hidden(Findings):
    """Checks on scenarios with types, sealed phases, or no end."""

    def private(self) -> None:
        """Everything below."""
        for name in self._with_types():
            self._typed(name)
        shown: dict[Path, dict[str, Path]] = {}
        for path, node in self.nodes.items():
            for name in sorted(uses(node, self.scope) & set(self._with_types())):
                self._place(path, name, shown)
        for index, phase in enumerate(self.scenario.turn):
            if isinstance(phase, Sealed):
                self._sealed(("turn", index), phase)
        if self.scenario.horizon.forever:
            self._endless()

    def _with_types(self) -> list[str]:
        return [name for name, actor in self.scenario.actors.items() if actor.types]

    def _names_of_types(self) -> None:
        """Refuse the name of an actor with types for anything else that expressions read."""
        for name in self._with_types():
            line = self.source.problem(("actors", name), "", key=True).line
            for section in ("board", "premises", "mechanisms", "define"):
                if name in getattr(self.scenario, section):
                    message = f"the name '{name}' is that of an actor with types (line {line})"
                    self._complain((section, name), f"{message}; choose another", key=True)
                    self.scope.broken |= {name}

    def _shown(self) -> list[str]:
        """The variables of the board that phases may move."""
        beliefs = {axis_name(name) for name in self._with_types()}
        return [name for name in self.scenario.board if name not in beliefs]

    def _movable(self, path: Path, names: Iterable[str]) -> list[str]:
        """What a phase may move among these names; beliefs and types it may not."""
        beliefs = {axis_name(name): name for name in self._with_types()}
        found = []
        for name in names:
            if name in beliefs:
                message = "beliefs follow from what is seen; no phase can move them"
                self._complain((*path, name), message, key=True)
            elif name in beliefs.values() and name not in self.scope.broken:
                message = f"the type of '{name}' is drawn at the outset; no phase can move it"
                self._complain((*path, name), message, key=True)
            else:
                found.append(name)
        return found

    def _typed(self, name: str) -> None:
        path: Path = ("actors", name)
        actor = self.scenario.actors[name]
        for kind, text in actor.types.items():
            here: Path = (*path, "types", kind)
            self._premises_only(here, text)
            node = self.nodes.get(here)
            if isinstance(node, Constant) and node.value == 0:
                message = f"'{kind}' has the probability 0, so nobody is of this type; leave it out"
                self._complain(here, message)
            if kind in KEYWORDS:
                message = f"'{kind}' is a word of the language; choose another name"
                self._complain(here, message, key=True)
        if actor.precision.strip() == "inf":
            message = f"'{name}' has types and needs a finite precision, such as 20"
            self._complain((*path, "precision"), message)

    def _place(self, path: Path, name: str, shown: dict[Path, dict[str, Path]]) -> None:
        """Complain if the type of an actor must not be read at a place.

        `shown` are the types that the odds of each phase depend on so far, and where.
        """
        if path[0] == "levers":
            message = f"a lever is known to all, and cannot depend on the type of '{name}'"
            kind = next(iter(self.scenario.actors[name].types))
            self._complain(path, f"{message}; it may on 'belief({name} == {kind})'")
        if path[0] != "turn" or "pays" in path:
            return  # amounts and readings may depend on it, numbers settled before do not
        phase = self.scenario.turn[int(path[1])]
        if path[-1] == "when" and "options" not in path:
            message = f"whether a phase happens cannot depend on the hidden type of '{name}'"
            self._complain(path, f"{message}; give the options or the odds a condition")
        elif path[-1] == "when":
            mover = self._mover(path)
            if name != mover:
                self._complain(path, f"'{mover}' does not know the type of '{name}'")
        elif not isinstance(phase, Chance):
            message = f"what an option does cannot depend on the hidden type of '{name}'"
            self._complain(path, f"{message}; let a chance phase after it depend on it")
        elif not self.scenario.board[str(path[3])].recorded:
            first = shown.setdefault(path[:2], {name: path})
            for other, place in first.items():
                message = f"odds may depend on one hidden type, not on those of '{other}' and"
                split = "" if place == path else "; split the phase in two"
                if other != name:
                    self._complain(path, f"{message} '{name}'{split}")

    def _mover(self, path: Path) -> str:
        """Who takes the decision that a path leads into."""
        phase = self.scenario.turn[int(path[1])]
        found = {where: decision.decide for where, decision in decisions_in(phase)}
        return found.get(path[2:4]) or found[()]

    def _sealed(self, path: Path, phase: Sealed) -> None:
        movers, moved = set[str](), dict[str, str]()
        joint = 1
        for where, decision in decisions_in(phase):
            here: Path = (*path, *where)
            joint *= len(decision.options)
            if decision.decide in movers:
                message = f"'{decision.decide}' moves twice in one sealed phase"
                self._complain((*here, "decide"), message)
            movers.add(decision.decide)
            self._sealed_mover(decision.decide)
            for name, place in _moves(decision).items():
                if name in moved:
                    message = (
                        f"'{name}' is moved by '{moved[name]}' too; let each of them move a "
                        "variable within the turn, and a chance phase bring the two together"
                    )
                    self._complain((*here, *place), message, key=True)
                moved.setdefault(name, decision.decide)
        if joint > MAX_JOINT:
            message = f"{joint:,} combinations of options in one sealed phase"
            self._complain((*path, "sealed"), f"{message}; at most {MAX_JOINT:,} are allowed")

    def _sealed_mover(self, name: str) -> None:
        actor = self.scenario.actors.get(name)
        if actor is not None and not actor.types and actor.precision.strip() == "inf":
            message = f"'{name}' takes part in a sealed phase and needs a finite precision"
            self._complain(("actors", name, "precision"), f"{message}, such as 20")

    def _endless(self) -> None:
        if self.scenario.beyond != "nothing":
            self._complain(("beyond",), "play goes on for ever: there is nothing beyond it")
        for path, node in self.nodes.items():
            if path[0] not in ("claims", "mechanisms") and any(
                isinstance(part, TurnTable) for part in _parts(node)
            ):
                message = "play goes on for ever, so nothing in it may depend on the turn"
                self._complain(path, message)


def _moves(decision: Decide) -> dict[str, Path]:
    """The variables that a decision may move, and where in it each is first moved."""
    found: dict[str, Path] = {}
    for name, option in decision.options.items():
        for verb, moves in moves_of(option).items():
            for variable in moves:
                found.setdefault(variable, ("options", name, verb, variable))
    return found


def _parts(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += children(part)
