"""Cross-references: every name and expression of a scenario gets its meaning, or an error.

`check` collects all problems before it raises; what it returns is the one form of a scenario
that the compiler reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from mistrust.errors import Problems, ScenarioError, clipped, nearest
from mistrust.scenario.beliefs import with_beliefs
from mistrust.scenario.calendar import Calendar, month_of
from mistrust.scenario.dependence import uses
from mistrust.scenario.effects import (
    MAX_BRANCHES,
    Levels,
    actor_for_decision,
    decisions,
    decisions_in,
    find_level,
    listed,
    moved_by,
    moves_of,
    phase_name,
    records_only,
    ways,
)
from mistrust.scenario.expressions import MAX_TREE
from mistrust.scenario.private import Hidden
from mistrust.scenario.resolve import Constant, Defined, Scope, names_in, resolve, resolve_level
from mistrust.scenario.schema import MAX_TURNS, Chance, Decide, Effects, Scenario, Sealed
from mistrust.scenario.text import Path, Source
from mistrust.scenario.tokens import KEYWORDS
from mistrust.scenario.tree import Name, Node, deepest

__all__ = ["Argument", "check", "moved_by"]


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


def check(
    scenario: Scenario,
    source: Source,
    resolution: str = "standard",
    *,
    problems: Problems | None = None,
    broken: frozenset[str] = frozenset(),
    dated: bool = True,
) -> Argument:
    """Give every expression its meaning.

    Parameters
    ----------
    problems
        The mistakes found before; those found here are added.
    broken, dated
        What those mistakes leave in doubt: names, and whether there is a calendar.

    Raises
    ------
    ScenarioError
        With every problem found.
    """
    found = Problems(source.file) if problems is None else problems
    scenario = with_beliefs(scenario)
    scope = Scope(scenario, Calendar(None, scenario.horizon.every, 1), broken=broken, dated=dated)
    checker = _Checker(scope, source, found)
    checker.run()
    if found:
        raise ScenarioError(source.file, found)
    return Argument(scenario, source, resolution, scope, checker.nodes)


class _Checker(Hidden):
    def run(self) -> None:
        s = self.scenario
        self._calendar()
        self._names()
        self._definitions()
        for name, actor in s.actors.items():
            self._premises_only(("actors", name, "patience"), actor.patience)
            if actor.precision.strip() != "inf":
                self._premises_only(("actors", name, "precision"), actor.precision)
        for name, variable in s.board.items():
            self._start(name, variable.start)
            if variable.within and variable.recorded:
                self._complain(("board", name), "'within: turn' and 'recorded' exclude each other")
        for index, phase in enumerate(s.turn):
            self._phase(index, phase)
        for actor_name in self._known_actors(("payoffs",), s.payoffs):
            self._terms(("payoffs", actor_name), s.payoffs[actor_name])
        if isinstance(s.beyond, dict):
            for actor_name in self._known_actors(("beyond",), s.beyond):
                self._terms(("beyond", actor_name), s.beyond[actor_name])
        self._levers()
        self._within()
        for name, mechanism in s.mechanisms.items():
            self._claim(("mechanisms", name, "moves"), mechanism.moves)
        for name, claim in s.claims.items():
            self._claim(("claims", name, "holds"), claim.holds, compared=True)
        self.private()

    # -- sections ----------------------------------------------------------------------------

    def _calendar(self) -> None:
        h = self.scenario.horizon
        start = None if h.start is None else month_of(h.start)
        calendar = Calendar(start, h.every, h.length or 1)
        if start is None:
            if h.start is not None:
                self._no_date("start", h.start)
        else:
            calendar = Calendar(start - start % calendar.step, h.every, h.length or 1)
            if h.end is not None:
                calendar = Calendar(calendar.start, h.every, self._turns_until(h.end, calendar))
        self.scope.calendar = calendar

    def _no_date(self, key: str, text: str) -> None:
        message = f"'{clipped(text)}' is no date; write 2025-Q1, 2025-01 or 2025"
        self._complain(("horizon", key), message)
        self.scope.dated = False

    def _turns_until(self, text: str, calendar: Calendar) -> int:
        """The number of turns from the start to that of the date `text`."""
        end = month_of(text)
        if end is None:
            self._no_date("end", text)
            return 1
        turns = calendar.turn_of(end) + 1
        if 1 <= turns <= MAX_TURNS:
            return turns
        what = f"would be turn {turns:,}; at most {MAX_TURNS:,} are allowed"
        if turns < 1:
            what = f"lies before the start, {calendar.label(0)}"
        self._complain(("horizon", "end"), f"'{text}' {what}")
        self.scope.dated = False
        return 1

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
        self._names_of_types()
        called = set[str]()
        for path, decision in decisions(self.scenario):
            name = phase_name(decision)
            if name in called:
                self._complain(path, f"two decisions are called '{name}'; give one a 'name'")
            called.add(name)

    def _definitions(self) -> None:
        """Resolve the definitions, refusing those that lead back to themselves."""
        trees: dict[str, Node] = {}
        define = self.scenario.define
        for name, text in define.items():
            node = self._resolved(("define", name), text, lambda n: n)
            if node is not None:
                trees[name] = node
        refers = {n: [w for w in names_in(t) if w.name in trees] for n, t in trees.items()}
        cyclic = _cyclic({n: {w.name for w in words} for n, words in refers.items()})
        for name in (n for n in define if n in cyclic):
            word: Name = next(w for w in refers[name] if w.name in cyclic)
            message = f"the definition of '{name}' leads back to itself through '{word.name}'"
            self._inside(("define", name), define[name], word.offset, message)
            self.scope.definitions[name] = Defined(0, name)
        depths: dict[str, int] = dict.fromkeys(cyclic, 0)
        acyclic = {n: {w.name for w in refers[n]} - cyclic for n in trees.keys() - cyclic}
        for name in TopologicalSorter(acyclic).static_order():
            self._define(name, trees[name], depths)

    def _define(self, name: str, tree: Node, depths: dict[str, int]) -> None:
        """Resolve a definition, once those that it uses are."""
        path, text = ("define", name), self.scenario.define[name]
        depths[name], offset = deepest(tree, depths)
        if depths[name] > MAX_TREE:
            message = f"'{name}' leads through definitions nested more than {MAX_TREE} deep"
            self._inside(path, text, offset, message)
            self.scope.definitions[name], depths[name] = Defined(0, name), 0
            return
        node = self._resolved(path, text, lambda n: resolve(n, self.scope))
        if node is not None:
            self.scope.definitions[name] = node

    def _start(self, name: str, start: str | dict[str, str]) -> None:
        path: Path = ("board", name, "start")
        variable = self.scenario.board[name]
        if isinstance(start, str):
            self._level(path, name, start)
            return
        if variable.within:
            self._complain(path, "a variable within a turn starts at one level, not at odds")
        self._levels_once(path, name, start)
        for level, text in start.items():
            self._premises_only((*path, level), text)

    def _phase(self, index: int, phase: Decide | Sealed | Chance) -> None:
        path: Path = ("turn", index)
        self._number((*path, "when"), phase.when, recorded=records_only(phase, self.scenario))
        if isinstance(phase, Chance):
            self._effects(path, phase)
        for where, decision in decisions_in(phase):
            self._decision((*path, *where), decision)

    def _decision(self, path: Path, phase: Decide) -> None:
        if phase.decide not in {*self.scenario.actors, *self.scope.broken}:
            hint = nearest(phase.decide, self.scenario.actors)
            self._complain((*path, "decide"), f"unknown actor '{clipped(phase.decide)}'{hint}")
            self.scope.broken |= set(self.scenario.actors)  # the decision may be called by one
        for name, option in phase.options.items():
            here = (*path, "options", name)
            self._number((*here, "when"), option.when)
            self._effects(here, option)
            for actor in self._known_actors((*here, "pays"), option.pays):
                self._terms((*here, "pays", actor), option.pays[actor])

    def _effects(self, path: Path, effects: Effects) -> None:
        before, board = len(self.problems), self.scenario.board
        moved: dict[str, str] = {}
        for verb, moves in moves_of(effects).items():
            movable = self._movable((*path, verb), moves)
            for variable in self._known((*path, verb), movable, self._shown(), "variable"):
                here = (*path, verb, variable)
                if variable in moved and {moved[variable], verb} != {"raise", "lower"}:
                    self._complain(
                        here, f"'{variable}' is already moved by '{moved[variable]}' here", key=True
                    )
                moved[variable] = verb
                self._move(here, variable, verb, moves[variable])
        if len(self.problems) > before or self.scope.broken or not self.scope.dated:
            return
        levels = {name: variable.levels for name, variable in board.items()}
        count = ways(effects, levels, self.nodes, path)
        if count > MAX_BRANCHES:
            message = (
                f"{count:,} ways for the board to move at once, at most {MAX_BRANCHES} are "
                "allowed; split the moves over two phases"
            )
            self._complain(path, message)

    def _move(self, path: Path, variable: str, verb: str, move: object) -> None:
        recorded = self.scenario.board[variable].recorded
        if isinstance(move, str) and verb == "set":
            node = self._resolved(path, move, lambda n: resolve_level(n, variable, self.scope))
            if isinstance(node, Constant) and not self.scope.named(variable):
                self._level(path, variable, f"{node.value:g}")
            elif node is not None and not recorded:
                self._no_recorded(path, node)
        elif isinstance(move, str):
            self._number(path, move, recorded=recorded)
        elif isinstance(move, dict):
            self._odds(path, variable, move)

    def _odds(self, path: Path, variable: str, odds: dict[str, object]) -> None:
        """A row of odds over levels, or one such row for every present level."""
        self._levels_once(path, variable, odds)
        rows = [level for level, row in odds.items() if isinstance(row, dict)]
        for level, row in odds.items():
            if rows and not isinstance(row, dict):
                message = f"expected a row of odds for '{level}', as for '{rows[0]}'"
                self._complain((*path, level), message)
            else:
                self._move((*path, level), variable, "odds", row)
        levels: Levels = self.scenario.board[variable].levels
        given = {find_level(level, levels) for level in odds}
        missing = [level for i, level in enumerate(levels) if i not in given]
        if rows and missing and not self.scope.broken:
            which = "is a level" if len(missing) == 1 else "are levels"
            message = f"no row of odds for {listed(missing)}, which {which} of '{variable}'"
            self._complain(path, message)

    def _within(self) -> None:
        """A `within: turn` variable must be moved in the turn, and read after that, in it."""
        for name, variable in self.scenario.board.items():
            if not variable.within:
                continue
            first = next((i for i, p in enumerate(self.scenario.turn) if name in moved_by(p)), None)
            if first is None:
                if not self.scope.broken:
                    message = f"no phase moves '{name}', which lives within a turn"
                    self._complain(("board", name), message, key=True)
                continue
            for path, node in self.nodes.items():
                early = path[0] == "turn" and int(path[1]) <= first
                if (early or path[0] in ("beyond", "levers")) and name in uses(node, self.scope):
                    where = "before it is moved" if early else "outside the turn"
                    self._complain(path, f"'{name}' lives within a turn and is read here {where}")

    def _levers(self) -> None:
        known = {phase_name(decision): decision for _, decision in decisions(self.scenario)}
        for name, lever in self.scenario.levers.items():
            path: Path = ("levers", name)
            self._choices((*path, "choose"), lever.choose, known)
            self._known((*path, "premises"), lever.premises, self.scenario.premises, "premise")
            for i, name in enumerate(lever.off):
                if name not in {*self.scenario.mechanisms, *self.scope.broken}:
                    hint = nearest(name, self.scenario.mechanisms)
                    message = f"unknown mechanism '{clipped(name)}'{hint}"
                    self._complain((*path, "off", i), message)
            self._number((*path, "when"), lever.when)

    def _choices(self, path: Path, choose: Mapping[str, str], known: Mapping[str, Decide]) -> None:
        """Decisions and the options that a lever makes them take."""
        asked = []
        for name, option in choose.items():
            meant = ""
            own = known[name].options if name in known else {}
            if option in self.scope.types(name) and option not in own:
                meant = (
                    f"a lever cannot choose the type of '{name}'; make its probability a premise, "
                    "and let the lever set that by 'premises'"
                )
            elif name not in known:
                meant = actor_for_decision(self.scenario, name, option, "{}: {}")
            if meant and name not in self.scope.broken:
                self._complain((*path, name), meant, key=True)
            else:
                asked.append(name)
        for name in self._known(path, asked, known, "decision"):
            option, options = choose[name], known[name].options
            if option not in {*options, *self.scope.broken}:
                message = f"'{option}' is not an option of '{name}'"
                self._complain((*path, name), message + nearest(option, options))


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
