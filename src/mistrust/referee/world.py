"""One world of a scenario as it is written: who decides when, what is paid, how turns open."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product

from mistrust.errors import TooLargeError, UsageError, nearest
from mistrust.referee.beliefs import Grid
from mistrust.referee.evaluate import Belief, Board, Evaluator, Level, axis
from mistrust.referee.moves import Moves
from mistrust.scenario.schema import Chance, Decide, Scenario, Sealed

Cell = tuple[Level, ...]
"""The levels of a board, then beliefs, then types."""
Profile = tuple[str, ...]
"""A type for each actor that has types, in the order of the file."""
Split = list[tuple[float, Board]]
"""Beliefs to put on a board, each with a weight."""
Phase = Decide | Sealed | Chance


class World:
    """One world of a small scenario.

    Parameters
    ----------
    scenario
        The argument.
    premises
        Numbers in place of the best guesses.
    off
        Mechanisms that are switched off.
    levers
        Counterfactuals that apply, in this order; where two disagree the later one counts.
    limit
        The largest number of cells times stages (phases of all turns) that is taken on.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        premises: Mapping[str, float] | None = None,
        off: Collection[str] = (),
        levers: Sequence[str] = (),
        limit: int = 200_000,
    ) -> None:
        if scenario.horizon.forever:
            raise UsageError("the referee plays to a last turn; this game goes on for ever")
        beliefs = {axis(name) for name in scenario.actors}  # are no variables to the referee
        board = {name: v for name, v in scenario.board.items() if name not in beliefs}
        self.scenario = scenario = scenario.model_copy(update={"board": board})
        self.given, self.switched, self.levers = dict(premises or {}), tuple(off), tuple(levers)
        self.limit = limit
        self._check_names()
        applied = [lever for name, lever in scenario.levers.items() if name in levers]
        numbers = {name: premise.guess for name, premise in scenario.premises.items()}
        numbers.update(self.given)
        for lever in applied:
            numbers.update(lever.premises)
        silent = {*off, *(name for lever in applied for name in lever.off)}
        self.forced = [
            (d, o, lever.when) for lever in reversed(applied) for d, o in lever.choose.items()
        ]
        self.world = (scenario, numbers, silent)
        self.evaluator = Evaluator(*self.world)
        self.moves = Moves(scenario.board, self.evaluator)
        self.turns = self.evaluator.calendar.turns
        self.phases = scenario.turn
        self.names = list(scenario.board)
        self.within = [n for n, v in scenario.board.items() if v.within]
        self.recorded = [n for n, v in scenario.board.items() if v.recorded]
        self.types = self.evaluator.types
        self.profiles: list[Profile] = [*product(*self.types.values())]
        self.priors = {name: self._prior(name) for name in self.types}
        self.grids = {
            n: Grid(len(kinds), scenario.actors[n].beliefs - 1, self.priors[n][0])
            for n, kinds in self.types.items()
        }
        self._check_size()
        self.patience = self._numbers("patience")
        self.precision = self._numbers("precision")

    def _check_names(self) -> None:
        for kind, names, known in (
            ("premise", self.given, self.scenario.premises),
            ("mechanism", self.switched, self.scenario.mechanisms),
            ("lever", self.levers, self.scenario.levers),
        ):
            for name in names:
                if name not in known:
                    raise UsageError(f"'{name}' is no {kind}{nearest(name, known)}")

    def _check_size(self) -> None:
        cells = math.prod(len(v.levels) for v in self.scenario.board.values())
        cells *= math.prod(grid.size for grid in self.grids.values()) * len(self.profiles)
        stages = self.turns * len(self.phases)
        if cells * stages > self.limit:
            raise TooLargeError(
                f"{cells:,} cells x {stages:,} stages = {cells * stages:,} is more than the "
                f"referee takes on ({self.limit:,}); give it a smaller board or fewer turns"
            )

    def _numbers(self, key: str) -> dict[str, float]:
        actors = self.scenario.actors.items()
        return {n: self.evaluator.number(getattr(actor, key), {}, None) for n, actor in actors}

    def _prior(self, actor: str) -> Belief:
        texts = self.scenario.actors[actor].types.values()
        odds = tuple(self.evaluator.number(text, {}, None) for text in texts)
        if min(odds) < 0 or abs(sum(odds) - 1) > 1e-9:
            raise UsageError(f"the odds of the types of '{actor}' are {odds}")
        return odds

    # -- boards ------------------------------------------------------------------------------

    @property
    def keys(self) -> list[str]:
        """What a whole board holds: variables, beliefs, types."""
        return [*self.names, *map(axis, self.types), *self.types]

    def seen(self, board: Board) -> Board:
        """What the actors all see of a board: no recorded variables and no types."""
        hidden = {*self.recorded, *self.types}
        return {name: level for name, level in board.items() if name not in hidden}

    def with_types(self, board: Board, profile: Profile) -> Board:
        """The board as one who knows all types sees it."""
        return {**board, **dict(zip(self.types, profile, strict=True))}

    def belief(self, board: Board, actor: str) -> Belief:
        """The public belief about an actor's type."""
        belief = board[axis(actor)]
        assert isinstance(belief, tuple)
        return belief

    def believed(self, board: Board, profile: Profile, leaving_out: str = "") -> float:
        """The probability that the beliefs on a board give to a profile."""
        found = 1.0
        for (actor, kinds), kind in zip(self.types.items(), profile, strict=True):
            known = actor == leaving_out
            found *= 1 if known else self.belief(board, actor)[kinds.index(kind)]
        return found

    def on_grid(self, beliefs: Mapping[str, Sequence[float]]) -> Split:
        """Beliefs by actor, as mixtures of the points of their grids."""
        names = [axis(actor) for actor in beliefs]
        splits = [self.grids[actor].cell(belief).split for actor, belief in beliefs.items()]
        return [
            (math.prod(weight for weight, _ in drawn), dict(zip(names, points, strict=True)))
            for drawn in product(*splits)
            for points in [[point for _, point in drawn]]
        ]

    def start(self) -> Iterator[tuple[float, Board]]:
        """The boards at the outset, beliefs included."""
        for p, board in self._spread({}, self.names):
            for weight, beliefs in self.on_grid(self.priors):
                yield p * weight, {**board, **beliefs}

    def opened(self, board: Board) -> Iterator[tuple[float, Board]]:
        """The board as the next turn finds it: within-turn variables back at their start."""
        yield from self._spread(board, self.within)

    def _spread(self, board: Board, names: list[str]) -> Iterator[tuple[float, Board]]:
        for drawn in product(*(self.moves.start(name) for name in names)):
            levels = {name: level for name, (_, level) in zip(names, drawn, strict=True)}
            both = {**board, **levels}
            yield math.prod(p for p, _ in drawn), {n: both[n] for n in self.keys if n in both}

    # -- phases ------------------------------------------------------------------------------

    def decided(self, index: int) -> list[Decide]:
        """The decisions of the phase at a place in the turn; several if it is sealed."""
        phase = self.phases[index]
        if isinstance(phase, Sealed):
            return phase.sealed
        return [phase] if isinstance(phase, Decide) else []

    def decisions(self, name: str) -> list[tuple[int, int]]:
        """Where the decisions of that name are: the phase, and the place in it."""
        found: dict[str, list[tuple[int, int]]] = {}
        for index in range(len(self.phases)):
            for place, decision in enumerate(self.decided(index)):
                found.setdefault(decision.name or decision.decide, []).append((index, place))
        if name not in found:
            raise UsageError(f"'{name}' is no decision{nearest(name, found)}")
        return found[name]

    def only_records(self, phase: Phase) -> bool:
        """Whether values pass over a phase: it moves recorded variables only, and may read them."""
        if not isinstance(phase, Chance):
            return False
        moved = {*phase.set, *phase.raise_, *phase.lower, *phase.draw}
        return moved <= {*self.recorded}

    def open_to(self, turn: int, decision: Decide, board: Board) -> tuple[list[str], list[str]]:
        """The options that are available, and those left: one of them if a lever forces it."""
        options = [
            name
            for name, option in decision.options.items()
            if self.evaluator.holds(option.when, board, turn)
        ]
        if not options:
            raise UsageError(f"a decision of {decision.decide} is empty on {board}")
        for name, option, when in self.forced:
            named = name == (decision.name or decision.decide) and option in options
            if named and self.evaluator.holds(when, board, turn):
                return options, [option]
        return options, options

    def after(
        self, turn: int, index: int, chosen: Sequence[str], board: Board
    ) -> list[tuple[float, Board]]:
        """The boards that follow what was chosen (nothing: by chance), beliefs as they were."""
        phase = self.phases[index]
        if isinstance(phase, Chance):
            return self.moves.after(phase, board, turn)
        found: list[tuple[float, Board]] = [(1.0, {})]
        for decision, option in zip(self.decided(index), chosen, strict=True):
            effects = decision.options[option]
            drawn = self.moves.after(effects, board, turn)
            moved = {*effects.set, *effects.raise_, *effects.lower, *effects.draw}
            found = [
                (p * q, {**x, **{n: level for n, level in y.items() if n in moved}})
                for p, x in found
                for q, y in drawn
            ]
        return [(p, {**board, **moved}) for p, moved in found]

    # -- amounts -----------------------------------------------------------------------------

    def pays(self, turn: int, index: int, chosen: Sequence[str], board: Board, actor: str) -> float:
        """What an actor receives when these options are chosen."""
        total = 0.0
        for decision, option in zip(self.decided(index), chosen, strict=True):
            terms = decision.options[option].pays.get(actor, {})
            total += sum(self.evaluator.number(text, board, turn) for text in terms.values())
        return total

    def closes(self, turn: int, board: Board, actor: str) -> float:
        """What an actor receives as a turn ends; with a perpetuity, the last turn's for ever."""
        terms = self.scenario.payoffs.get(actor, {})
        amount = sum(self.evaluator.number(text, board, turn) for text in terms.values())
        if self.scenario.beyond == "perpetuity" and turn == self.turns - 1:
            return amount / (1 - self.patience[actor])
        return amount

    def scrap(self, board: Board, actor: str) -> float:
        """What an actor receives after the last turn, named in `beyond`."""
        if isinstance(self.scenario.beyond, str):
            return 0.0
        terms = self.scenario.beyond.get(actor, {})
        return sum(self.evaluator.number(text, board, self.turns) for text in terms.values())
