"""What checking a scenario notes down: meanings found, and mistakes with their places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from mistrust.errors import Problems, clipped, nearest
from mistrust.scenario.dependence import of_the_game, uses
from mistrust.scenario.effects import find_level, listed
from mistrust.scenario.expressions import parse
from mistrust.scenario.readings import resolve_claim
from mistrust.scenario.resolve import Scope, resolve
from mistrust.scenario.text import Path, Source
from mistrust.scenario.tokens import ExpressionError, MootError
from mistrust.scenario.tree import Node, is_amount


class Findings:
    """The meaning of every expression by path, and the problems; base of the checker."""

    def __init__(self, scope: Scope, source: Source, problems: Problems) -> None:
        self.scope = scope
        self.scenario = scope.scenario
        self.source = source
        self.problems = problems
        self.nodes: dict[Path, Node] = {}

    def _complain(self, path: Path, message: str, *, key: bool = False) -> None:
        self.problems.add(self.source.problem(path, message, key=key))

    def _inside(self, path: Path, text: str, offset: int, message: str) -> None:
        self.problems.add(self.source.problem_inside(path, text, offset, message))

    def _resolved(
        self, path: Path, text: str, meaning: Callable[[Node], Node], *, claim: bool = False
    ) -> Node | None:
        try:
            node = meaning(parse(text, claim=claim))
        except MootError:
            return None
        except ExpressionError as error:
            message = f"{error.message} (in '{clipped(text, 70)}')"
            self._inside(path, text, error.offset, message)
            return None
        self.nodes[path] = node
        return node

    def _number(self, path: Path, text: str | None, *, recorded: bool = False) -> None:
        """An expression of the game itself; it may not depend on recorded variables."""
        if text is None:
            return
        node = self._resolved(path, text, lambda n: resolve(n, self.scope))
        if node is not None and not recorded:
            self._no_recorded(path, node)

    def _no_recorded(self, path: Path, node: Node) -> None:
        for name in sorted(uses(node, self.scope)):
            if name in self.scenario.board and self.scenario.board[name].recorded:
                self._complain(
                    path,
                    f"'{name}' is recorded: claims may read it, the game may not (drop "
                    "'recorded' to make it part of the board)",
                )

    def _premises_only(self, path: Path, text: str) -> None:
        """A number that is settled before the game: no board, no calendar."""
        node = self._resolved(path, text, lambda n: resolve(n, self.scope))
        for offset, why in of_the_game(node, self.scope) if node is not None else ():
            self._inside(path, text, offset, f"{why}; this may use premises only")

    def _claim(self, path: Path, text: str, *, compared: bool = False) -> None:
        """A reading of the solved game; if `compared`, one that is true or false."""

        def meaning(node: Node) -> Node:
            resolved = resolve_claim(node, self.scope)
            if compared and is_amount(node):
                message = "a claim is true or false: compare this, as in 'P(...) >= 0.5'"
                raise ExpressionError(node.offset, message)
            return resolved

        self._resolved(path, text, meaning, claim=True)

    def _known_actors(self, path: Path, names: Iterable[str]) -> list[str]:
        return self._known(path, names, self.scenario.actors, "actor")

    def _known(
        self, path: Path, names: Iterable[str], known: Iterable[str], what: str
    ) -> list[str]:
        good, known = [], list(known)
        for name in names:
            if name in known:
                good.append(name)
            elif name not in self.scope.broken:
                message = f"unknown {what} '{clipped(name)}'{nearest(name, known)}"
                self._complain((*path, name), message, key=True)
        return good

    def _terms(self, path: Path, terms: Mapping[str, str]) -> None:
        for term, text in terms.items():
            self._number((*path, term), text)

    def _level(self, path: Path, variable: str, text: str, *, key: bool = False) -> None:
        """A level as written, in `start` or as the key of odds."""
        levels = self.scenario.board[variable].levels
        if find_level(text, levels) is not None:
            return
        names = [str(level) for level in levels] if isinstance(levels[0], str) else []
        hint = nearest(text, names) if names else f": {listed(levels)}"
        self._complain(path, f"'{clipped(text)}' is not a level of '{variable}'{hint}", key=key)

    def _levels_once(self, path: Path, variable: str, texts: Iterable[str]) -> None:
        """The levels that odds are given for: known ones, each once."""
        found: dict[int | None, str] = {}
        for text in texts:
            self._level((*path, text), variable, text, key=True)
            index = find_level(text, self.scenario.board[variable].levels)
            first = found.setdefault(index, text)
            if index is not None and first != text:
                message = f"the level '{text}' is the same as '{first}', written before"
                self._complain((*path, text), message, key=True)
