"""One world of a scenario, one board at a time: what a game tree is grown from.

Expressions and moves are the referee's. The hidden type of an actor is one more entry of the
board, under the actor's name; recorded variables are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from mistrust.errors import ScenarioError, TooLargeError, UsageError, nearest
from mistrust.referee.evaluate import Board, Evaluator, Level
from mistrust.referee.moves import Moves
from mistrust.scenario.beliefs import axis_name
from mistrust.scenario.check import Argument
from mistrust.scenario.dependence import uses, written_out
from mistrust.scenario.effects import phase_name, records_only
from mistrust.scenario.schema import Decide, Effects, Option, Scenario, Variable

Amounts = dict[str, float]
Boards = list[tuple[float, Board]]
"""Boards that may follow, each with its probability."""
IMPOSSIBLE = 1e-12
"""A branch that is less likely than this is a rounding, and left out."""
MOST_PARTS = 10_000


class World:
    """The best-guess world of a scenario.

    Parameters
    ----------
    argument
        The scenario.
    levers, without
        Levers that apply, and mechanisms that are switched off.
    """

    def __init__(
        self, argument: Argument, levers: Sequence[str] = (), without: Sequence[str] = ()
    ) -> None:
        _refuse(argument)
        given = argument.scenario
        _check_names(given, levers, without)
        applied = [lever for name, lever in given.levers.items() if name in levers]
        numbers = {name: premise.guess for name, premise in given.premises.items()}
        for lever in applied:
            numbers.update(lever.premises)
        self.forced = [
            (decision, option, lever.when)
            for lever in reversed(applied)
            for decision, option in lever.choose.items()
        ]
        self.given, self.calendar = given, argument.calendar
        self.actors, self.turns = list(given.actors), argument.calendar.turns
        self.typed = [name for name, actor in given.actors.items() if actor.types]
        self.phases = [phase for phase in given.turn if not records_only(phase, given)]
        self.within = [name for name, variable in given.board.items() if variable.within]
        plain = _with_types_on_the_board(given)
        self.names = [name for name in plain.board if name not in self.typed]
        silent = {*without, *(name for lever in applied for name in lever.off)}
        self.evaluator = Evaluator(plain, numbers, silent)
        self.moves = Moves(plain.board, self.evaluator)
        self.precision = {a: self._settled(actor.precision) for a, actor in given.actors.items()}
        self.patience = {a: self._settled(actor.patience) for a, actor in given.actors.items()}
        self._check_patience()

    def _settled(self, text: str) -> float:
        return self.evaluator.number(text, {}, None)

    def _check_patience(self) -> None:
        most, where = 1.0, "at most 1"
        if self.given.beyond == "perpetuity":
            most, where = math.nextafter(1, 0), "below 1, as 'perpetuity' needs"
        for actor, patience in self.patience.items():
            if not 0 < patience <= most:
                message = f"the patience of '{actor}' is {patience:g}; it must be above 0 and"
                raise UsageError(f"{message} {where}")

    # -- boards ------------------------------------------------------------------------------

    def types_of(self, actor: str) -> list[tuple[float, str]]:
        """The types of an actor that are possible, each with its prior probability."""
        return [(p, str(kind)) for p, kind in self.moves.start(actor) if p > IMPOSSIBLE]

    def openings(self, types: Board) -> Boards:
        """The boards at the outset, for given types."""
        return self._spread(types, self.names)

    def opened(self, board: Board) -> Board:
        """The board as the next turn finds it: within-turn variables back at their start."""
        return self._spread(board, self.within)[0][1]

    def _spread(self, board: Board, names: Iterable[str]) -> Boards:
        starts = [[(p, {name: level}) for p, level in self.moves.start(name)] for name in names]
        found = []
        for drawn in product(*starts):
            full = {**board, **{k: v for _, levels in drawn for k, v in levels.items()}}
            found.append((math.prod(p for p, _ in drawn), full))
        return merged(found)

    def after(self, effects: Iterable[Effects], board: Board, turn: int) -> Boards:
        """The boards that follow moves made at once: all read `board`, none moves the same."""
        found = [(1.0, board)]
        for one in effects:
            ways = self.moves.after(one, board, turn)
            moved = [name for name in _moved(one) if name in board]
            found = [
                (p * q, {**x, **{name: y[name] for name in moved}})
                for p, x in found
                for q, y in ways
            ]
        return merged(found)

    # -- choices and amounts -----------------------------------------------------------------

    def happens(self, when: str | None, board: Board, turn: int) -> bool:
        """Whether a condition holds; one that is not there always does."""
        return self.evaluator.holds(when, board, turn)

    def options(self, decision: Decide, board: Board, turn: int) -> dict[str, Option]:
        """The options that can be taken; only one where a lever forces it."""
        found = {
            name: option
            for name, option in decision.options.items()
            if self.happens(option.when, board, turn)
        }
        name = phase_name(decision)
        if not found:
            where = f"in {self.calendar.label(turn)} on the board {shown(board)}"
            raise UsageError(f"no option of '{name}' is available {where}")
        for known, option, when in self.forced:
            if known == name and option in found and self.happens(when, board, turn):
                return {option: found[option]}
        return found

    def pays(self, option: Option, board: Board, turn: int) -> Amounts:
        """What each actor receives when an option is chosen, discounted to the outset."""
        return self._discounted(option.pays, board, turn)

    def closing(self, board: Board, turn: int) -> Amounts:
        """What each receives as a turn ends; with a perpetuity, the last turn's for ever."""
        found = self._discounted(self.given.payoffs, board, turn)
        if self.given.beyond == "perpetuity" and turn == self.turns - 1:
            return {actor: x / (1 - self.patience[actor]) for actor, x in found.items()}
        return found

    def beyond(self, board: Board) -> Amounts:
        """What each receives after the last turn."""
        terms = self.given.beyond if isinstance(self.given.beyond, dict) else {}
        return self._discounted(terms, board, self.turns)

    def _discounted(
        self, terms: Mapping[str, Mapping[str, str]], board: Board, turn: int
    ) -> Amounts:
        found = {}
        for actor, named in terms.items():
            total = sum(self.evaluator.number(text, board, turn) for text in named.values())
            found[actor] = self.patience[actor] ** turn * total
        return found


def merged(boards: Boards) -> Boards:
    """Boards that are the same as one, without the impossible; probabilities add up to 1."""
    found: dict[tuple[Level, ...], float] = {}
    for p, board in boards:
        key = tuple(board.values())
        found[key] = found.get(key, 0.0) + p
    names = list(boards[0][1])
    kept = [(p, dict(zip(names, key, strict=True))) for key, p in found.items() if p > IMPOSSIBLE]
    total = sum(p for p, _ in kept)
    return [(p / total, board) for p, board in kept]


def shown(board: Board) -> str:
    """A board for a message."""
    levels = (f"{n} = {x if isinstance(x, str) else f'{x:.12g}'}" for n, x in board.items())
    return ", ".join(levels)


def _moved(effects: Effects) -> set[str]:
    return {*effects.set, *effects.raise_, *effects.lower, *effects.draw}


def _with_types_on_the_board(scenario: Scenario) -> Scenario:
    """The scenario with types as variables; without recorded variables and beliefs."""
    beliefs = {axis_name(name) for name in scenario.actors}
    kept = {n: v for n, v in scenario.board.items() if not v.recorded and n not in beliefs}
    types = {
        name: Variable.model_construct(
            levels=list(actor.types), start=actor.types, within=None, recorded=False
        )
        for name, actor in scenario.actors.items()
        if actor.types
    }
    return scenario.model_copy(update={"board": types | kept})


def _check_names(scenario: Scenario, levers: Sequence[str], without: Sequence[str]) -> None:
    for what, names, known in (
        ("lever", levers, scenario.levers),
        ("mechanism", without, scenario.mechanisms),
    ):
        for name in names:
            if name not in known:
                raise UsageError(f"unknown {what} '{name}'{nearest(name, known)}")


def _refuse(argument: Argument) -> None:
    """Refuse what no tree can hold."""
    scenario, source = argument.scenario, argument.source
    if scenario.horizon.forever:
        message = "play goes on for ever; a game tree needs a last turn: give 'turns' or 'end'"
        raise ScenarioError(source.file, [source.problem(("horizon",), message)])
    beliefs = {axis_name(name) for name in scenario.actors}
    problems = []
    for path, node in argument.nodes.items():
        found = sorted(uses(node, argument.scope) & beliefs)
        kept = path[0] == "turn" and records_only(scenario.turn[int(path[1])], scenario)
        if found and path[0] in ("turn", "payoffs", "beyond") and not kept:
            message = (
                f"this depends on {found[0]}; a game tree has moves and payoffs, and no beliefs "
                "that they could depend on"
            )
            problems.append(source.problem(path, message))
    if problems:
        raise ScenarioError(source.file, problems)
    parts = written_out(argument.scope)
    if parts > MOST_PARTS:
        raise TooLargeError(
            f"{source.file}: a definition that comes to {parts:,} parts when written out; an "
            f"export takes on {MOST_PARTS:,}"
        )
