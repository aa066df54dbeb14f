"""Cross-references: every name and expression of a scenario gets its meaning, or an error.

`check` collects all problems before it raises; what it returns is the one form of a scenario
that the compiler reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from mistrust.errors import Problem, ScenarioError, nearest
from mistrust.scenario.calendar import Calendar, month_of
from mistrust.scenario.expressions import KEYWORDS, ExpressionError, parse
from mistrust.scenario.readings import phase_name, resolve_claim
from mistrust.scenario.resolve import Defined, Scope, names_in, resolve, resolve_level, uses
from mistrust.scenario.schema import Chance, Decide, Effects, Scenario
from mistrust.scenario.text import Path, Source
from mistrust.scenario.tree import Name, Node


@dataclass
class Argument:
    """A checked scenario: the records as written, and the meaning of each expression by path."""

    scenario: Scenario
    source: Source
    resolution: str
    scope: Scope
    nodes: dict[Path, Node] = field(default_factory=dict)

    @property
    def calendar(self) -> Calendar:
        """The turns and their dates."""
        return self.scope.calendar


def check(scenario: Scenario, source: Source, resolution: str = "standard") -> Argument:
    """Give every expression its meaning.

    Raises
    ------
    ScenarioError
        With every problem found.
    """
    checker = _Checker(scenario, source, resolution)
    checker.run()
    if checker.problems:
        raise ScenarioError(source.file, checker.problems)
    return checker.argument


class _Checker:
    def __init__(self, scenario: Scenario, source: Source, resolution: str) -> None:
        self.scenario = scenario
        self.source = source
        self.problems: list[Problem] = []
        scope = Scope(scenario, self._calendar())
        self.scope = scope
        self.argument = Argument(scenario, source, resolution, scope)

    def run(self) -> None:
        s = self.scenario
        self._names()
        self._definitions()
        for name, actor in s.actors.items():
            for key in ("patience", "precision"):
                self._parameter_only(("actors", name, key), getattr(actor, key))
        for name, variable in s.board.items():
            self._start(name, variable.start)
            if variable.within and variable.recorded:
                self._complain(("board", name), "'within: turn' and 'recorded' exclude each other")
        for index, phase in enumerate(s.turn):
            self._phase(index, phase)
        self._within()
        for actor_name in self._known_actors(("payoffs",), s.payoffs):
            self._terms(("payoffs", actor_name), s.payoffs[actor_name])
        if isinstance(s.beyond, dict):
            for actor_name in self._known_actors(("beyond",), s.beyond):
                self._terms(("beyond", actor_name), s.beyond[actor_name])
        self._levers()
        for name, mechanism in s.mechanisms.items():
            self._claim(("mechanisms", name, "moves"), mechanism.moves)
        for name, claim in s.claims.items():
            self._claim(("claims", name, "holds"), claim.holds)

    # -- helpers -----------------------------------------------------------------------------

    def _complain(self, path: Path, message: str, *, key: bool = False) -> None:
        self.problems.append(self.source.problem(path, message, key=key))

    def _resolved(
        self, path: Path, text: str, meaning: Callable[[Node], Node], *, claim: bool = False
    ) -> Node | None:
        try:
            node = meaning(parse(text, claim=claim))
        except ExpressionError as error:
            message = f"{error.message} (in '{_short(text)}')"
            self.problems.append(self.source.problem_inside(path, text, error.offset, message))
            return None
        self.argument.nodes[path] = node
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

    def _parameter_only(self, path: Path, text: str) -> None:
        if text.strip() == "inf":
            return
        node = self._resolved(path, text, lambda n: resolve(n, self.scope))
        if node is None:
            return
        for name in sorted(uses(node, self.scope) & set(self.scenario.board)):
            self._complain(path, f"'{name}' is on the board; this may use premises only")

    def _claim(self, path: Path, text: str) -> None:
        self._resolved(path, text, lambda n: resolve_claim(n, self.scope), claim=True)

    def _known_actors(self, path: Path, names: Iterable[str]) -> list[str]:
        return self._known(path, names, self.scenario.actors, "actor")

    def _known(
        self, path: Path, names: Iterable[str], known: Iterable[str], what: str
    ) -> list[str]:
        good, known = [], list(known)
        for name in names:
            if name in known:
                good.append(name)
            else:
                self._complain(
                    (*path, name), f"unknown {what} '{name}'{nearest(name, known)}", key=True
                )
        return good

    def _terms(self, path: Path, terms: Mapping[str, str]) -> None:
        for term, text in terms.items():
            self._number((*path, term), text)

    # -- sections ----------------------------------------------------------------------------

    def _calendar(self) -> Calendar:
        h = self.scenario.horizon
        if h.start is None:
            return Calendar(None, h.every, h.turns or 1)
        start = month_of(h.start)
        if start is None:
            self._complain(
                ("horizon", "start"), f"'{h.start}' is no date; write 2025-Q1, 2025-01 or 2025"
            )
            return Calendar(None, h.every, h.turns or 1)
        calendar = Calendar(start, h.every, h.turns or 1)
        calendar = Calendar(start - start % calendar.step, h.every, h.turns or 1)
        if h.end is None:
            return calendar
        end = month_of(h.end)
        turns = 0 if end is None else calendar.turn_of(end) + 1
        if turns < 1:
            what = "is no date" if end is None else "lies before the start"
            self._complain(("horizon", "end"), f"'{h.end}' {what}")
        return Calendar(calendar.start, h.every, max(turns, 1))

    def _names(self) -> None:
        seen: dict[str, str] = {}
        for section in ("board", "premises", "mechanisms", "define", "levers", "claims", "actors"):
            shared = section in ("board", "premises", "mechanisms", "define")
            for name in getattr(self.scenario, section):
                if shared and name in seen:
                    self._complain(
                        (section, name),
                        f"the name '{name}' is already used in '{seen[name]}'",
                        key=True,
                    )
                if name in KEYWORDS:
                    self._complain(
                        (section, name),
                        f"'{name}' is a word of the language; choose another name",
                        key=True,
                    )
                if shared:
                    seen[name] = section
        decisions: set[str] = set()
        for index, phase in enumerate(self.scenario.turn):
            if isinstance(phase, Decide):
                name = phase_name(phase)
                if name in decisions:
                    self._complain(
                        ("turn", index), f"two decisions are called '{name}'; give one a 'name'"
                    )
                decisions.add(name)

    def _definitions(self) -> None:
        """Resolve the definitions, refusing those that lead back to themselves."""
        trees: dict[str, Node] = {}
        for name, text in self.scenario.define.items():
            node = self._resolved(("define", name), text, lambda n: n)
            if node is not None:
                trees[name] = node
        refers = {n: [w for w in names_in(t) if w.name in trees] for n, t in trees.items()}
        cyclic = _cyclic({n: {w.name for w in words} for n, words in refers.items()})
        for name in cyclic:
            word: Name = next(w for w in refers[name] if w.name in cyclic)
            message = f"the definition of '{name}' leads back to itself through '{word.name}'"
            text = self.scenario.define[name]
            self.problems.append(
                self.source.problem_inside(("define", name), text, word.offset, message)
            )
        for name in trees.keys() - cyclic:
            node = self._resolved(
                ("define", name), self.scenario.define[name], lambda n: resolve(n, self.scope)
            )
            if node is not None:
                self.scope.definitions[name] = node
        for name in cyclic:
            self.scope.definitions[name] = Defined(0, name)

    def _start(self, name: str, start: str | dict[str, str]) -> None:
        path: Path = ("board", name, "start")
        variable = self.scenario.board[name]
        if isinstance(start, str):
            self._level(path, name, start)
            return
        if variable.within:
            self._complain(path, "a variable within a turn starts at one level, not at odds")
        for level, text in start.items():
            self._one_level((*path, level), name, level)
            self._parameter_only((*path, level), text)

    def _level(self, path: Path, variable: str, text: str) -> None:
        """A constant level, as `start` needs it."""
        levels = self.scenario.board[variable].levels
        if isinstance(levels[0], str):
            if text not in levels:
                names = [str(level) for level in levels]
                self._complain(
                    path, f"'{text}' is not a level of '{variable}'{nearest(text, names)}"
                )
        elif _as_level(text, levels) is None:
            shown = ", ".join(f"{level:g}" for level in levels[:12])
            self._complain(path, f"'{text}' is not a level of '{variable}': {shown}")

    def _one_level(self, path: Path, variable: str, text: str) -> None:
        before = len(self.problems)
        self._level(path, variable, text)
        for i in range(before, len(self.problems)):
            mark = self.source.problem(path, self.problems[i].message, key=True)
            self.problems[i] = mark

    def _phase(self, index: int, phase: Decide | Chance) -> None:
        path: Path = ("turn", index)
        self._number((*path, "when"), phase.when, recorded=_records_only(phase, self.scenario))
        if isinstance(phase, Chance):
            self._effects(path, phase)
            return
        if phase.decide not in self.scenario.actors:
            message = f"unknown actor '{phase.decide}'{nearest(phase.decide, self.scenario.actors)}"
            self._complain((*path, "decide"), message)
        for name, option in phase.options.items():
            here = (*path, "options", name)
            self._number((*here, "when"), option.when)
            self._effects(here, option)
            for actor in self._known_actors((*here, "pays"), option.pays):
                self._terms((*here, "pays", actor), option.pays[actor])

    def _effects(self, path: Path, effects: Effects) -> None:
        board = self.scenario.board
        moved: dict[str, str] = {}
        for verb, moves in moves_of(effects).items():
            for variable in self._known((*path, verb), moves, board, "variable"):
                here = (*path, verb, variable)
                if variable in moved and {moved[variable], verb} != {"raise", "lower"}:
                    self._complain(
                        here, f"'{variable}' is already moved by '{moved[variable]}' here", key=True
                    )
                moved[variable] = verb
                self._move(here, variable, verb, moves[variable])

    def _move(self, path: Path, variable: str, verb: str, move: object) -> None:
        recorded = self.scenario.board[variable].recorded
        if isinstance(move, str):
            if verb == "set":
                node = self._resolved(path, move, lambda n: resolve_level(n, variable, self.scope))
                if node is not None and not recorded:
                    self._no_recorded(path, node)
            else:
                self._number(path, move, recorded=recorded)
        elif isinstance(move, dict):
            for level, odds in move.items():
                self._one_level((*path, level), variable, level)
                self._move((*path, level), variable, "odds", odds)

    def _within(self) -> None:
        """A `within: turn` variable must be moved before it is read, and moved at all."""
        for name, variable in self.scenario.board.items():
            if not variable.within:
                continue
            first = next((i for i, p in enumerate(self.scenario.turn) if name in moved_by(p)), None)
            if first is None:
                self._complain(
                    ("board", name), f"no phase moves '{name}', which lives within a turn", key=True
                )
                continue
            for path, node in self.argument.nodes.items():
                early = path[0] == "turn" and int(path[1]) <= first
                if (early or path[0] in ("beyond", "levers")) and name in uses(node, self.scope):
                    late = "beyond the turn" if path[0] == "beyond" else "before it is moved"
                    self._complain(path, f"'{name}' lives within a turn and is read here {late}")

    def _levers(self) -> None:
        decisions = {phase_name(p): p for p in self.scenario.turn if isinstance(p, Decide)}
        for name, lever in self.scenario.levers.items():
            path: Path = ("levers", name)
            for decision in self._known((*path, "choose"), lever.choose, decisions, "decision"):
                option, options = lever.choose[decision], decisions[decision].options
                if option not in options:
                    self._complain(
                        (*path, "choose", decision),
                        f"'{option}' is not an option of '{decision}'{nearest(option, options)}",
                    )
            self._known((*path, "premises"), lever.premises, self.scenario.premises, "premise")
            for i, mechanism in enumerate(lever.off):
                if mechanism not in self.scenario.mechanisms:
                    self._complain(
                        (*path, "off", i),
                        f"unknown mechanism '{mechanism}'"
                        + nearest(mechanism, self.scenario.mechanisms),
                    )
            self._number((*path, "when"), lever.when)


def moves_of(effects: Effects) -> dict[str, Mapping[str, object]]:
    """The moves of an option or a chance phase, by verb."""
    return {
        "set": effects.set,
        "raise": effects.raise_,
        "lower": effects.lower,
        "draw": effects.draw,
    }


def moved_by(phase: Decide | Chance) -> set[str]:
    """The variables that a phase may move."""
    parts = list(phase.options.values()) if isinstance(phase, Decide) else [phase]
    return {name for part in parts for moves in moves_of(part).values() for name in moves}


def _records_only(phase: Decide | Chance, scenario: Scenario) -> bool:
    """Whether a phase moves recorded variables alone."""
    moved = moved_by(phase) & set(scenario.board)
    return isinstance(phase, Chance) and all(scenario.board[name].recorded for name in moved)


def _as_level(text: str, levels: Iterable[object]) -> int | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return next((i for i, level in enumerate(levels) if abs(float(level) - value) < 1e-9), None)  # type: ignore[arg-type]


def level_index(text: str, levels: list[str] | list[float]) -> int:
    """The index of a level given as written; the text is known to be one."""
    if isinstance(levels[0], str):
        return levels.index(text)  # type: ignore[arg-type]
    index = _as_level(text, levels)
    assert index is not None
    return index


def _cyclic(refers: Mapping[str, set[str]]) -> set[str]:
    """The names that lead back to themselves."""
    cyclic = set()
    for name in refers:
        reached, waiting = set[str](), list(refers[name])
        while waiting:
            step = waiting.pop()
            if step not in reached:
                reached.add(step)
                waiting += refers[step]
        if name in reached:
            cyclic.add(name)
    return cyclic


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 70 else text[:67] + "..."
