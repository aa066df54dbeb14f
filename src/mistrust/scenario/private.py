"""Where a hidden type may be read, and what else private information and sealed moves need."""

from __future__ import annotations

from collections.abc import Iterator

from mistrust.scenario.dependence import uses
from mistrust.scenario.effects import decisions_in, moved_by, records_only
from mistrust.scenario.findings import Findings
from mistrust.scenario.resolve import TurnTable
from mistrust.scenario.schema import Chance, Sealed
from mistrust.scenario.text import Path
from mistrust.scenario.tree import Node, children

MAX_JOINT = 4096
"""Combinations of options that a sealed phase may have."""


class Hidden(Findings):
    """Checks on scenarios with types, sealed phases, or no end."""

    def private(self) -> None:
        """Everything below."""
        typed = [name for name, actor in self.scenario.actors.items() if actor.types]
        for name in typed:
            self._typed(name)
        for path, node in self.nodes.items():
            names = sorted(uses(node, self.scope) & set(typed))
            if names:
                self._place(path, names)
        for index, phase in enumerate(self.scenario.turn):
            if isinstance(phase, Sealed):
                self._sealed(("turn", index), phase)
        if self.scenario.horizon.forever:
            self._endless()

    def _typed(self, name: str) -> None:
        path: Path = ("actors", name)
        actor, s = self.scenario.actors[name], self.scenario
        for section in ("board", "premises", "mechanisms", "define"):
            if name in getattr(s, section):
                message = f"'{name}' has types, so its name cannot be used in '{section}' too"
                self._complain(path, message, key=True)
        for kind, text in actor.types.items():
            self._premises_only((*path, "types", kind), text)
        if actor.precision.strip() == "inf":
            message = f"'{name}' has types and needs a finite precision, such as 20"
            self._complain((*path, "precision"), message)

    def _place(self, path: Path, names: list[str]) -> None:
        """Complain where a type must not be read."""
        if path[0] in ("payoffs", "beyond", "claims", "mechanisms", "define"):
            return
        if path[0] != "turn":
            self._complain(path, f"the type of '{names[0]}' is hidden and cannot be read here")
            return
        phase = self.scenario.turn[int(path[1])]
        if "pays" in path:
            return
        if path[-1] == "when" and "options" not in path:
            message = (
                f"whether a phase happens cannot depend on the hidden type of '{names[0]}'; "
                "give the options or the odds a condition"
            )
            self._complain(path, message)
        elif path[-1] == "when":
            self._option_when(path, names)
        elif not isinstance(phase, Chance):
            message = (
                f"what an option does cannot depend on the hidden type of '{names[0]}'; "
                "let a chance phase after it depend on it"
            )
            self._complain(path, message)
        elif len(names) > 1 and not records_only(phase, self.scenario):
            message = f"odds may depend on one hidden type, not on those of {' and '.join(names)}"
            self._complain(path, message)

    def _option_when(self, path: Path, names: list[str]) -> None:
        index = int(path[1])
        mover = next(
            decision.decide
            for where, decision in decisions_in(self.scenario.turn[index])
            if path[2 : 2 + len(where)] == where
        )
        for name in names:
            if name != mover:
                self._complain(path, f"'{mover}' does not know the type of '{name}'")

    def _sealed(self, path: Path, phase: Sealed) -> None:
        movers, moved = set[str](), dict[str, str]()
        joint = 1
        for where, decision in decisions_in(phase):
            here: Path = (*path, *where)
            actor = self.scenario.actors.get(decision.decide)
            joint *= len(decision.options)
            if decision.decide in movers:
                self._complain(here, f"'{decision.decide}' moves twice in one sealed phase")
            movers.add(decision.decide)
            if actor is not None and actor.types:
                message = (
                    f"'{decision.decide}' has types and cannot take part in a sealed phase; "
                    "let it decide in a phase of its own"
                )
                self._complain(here, message)
            elif actor is not None and actor.precision.strip() == "inf":
                message = (
                    f"'{decision.decide}' takes part in a sealed phase and needs a finite "
                    "precision, such as 20"
                )
                self._complain(("actors", decision.decide), message)
            for name in sorted(moved_by(decision)):
                if name in moved:
                    message = (
                        f"'{name}' is moved by '{moved[name]}' too; let each of them move a "
                        "variable within the turn, and a chance phase bring the two together"
                    )
                    self._complain(here, message)
                moved.setdefault(name, decision.decide)
        if joint > MAX_JOINT:
            message = f"{joint:,} combinations of options, at most {MAX_JOINT:,} are allowed"
            self._complain(path, message)

    def _endless(self) -> None:
        if self.scenario.beyond != "nothing":
            self._complain(("beyond",), "play goes on for ever: there is nothing beyond it")
        for path, node in self.nodes.items():
            if path[0] not in ("claims", "mechanisms") and any(
                isinstance(part, TurnTable) for part in _parts(node)
            ):
                message = "play goes on for ever, so nothing in it may depend on the turn"
                self._complain(path, message)


def _parts(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += children(part)
