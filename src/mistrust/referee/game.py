"""The game of one world: values by recursion over the phases, masses by walking them forward."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product

from mistrust.errors import TooLargeError, UsageError, nearest
from mistrust.referee.evaluate import Board, Evaluator, Level
from mistrust.referee.moves import Moves
from mistrust.referee.watch import Choice, Discounted, Watch
from mistrust.scenario.expressions import parse
from mistrust.scenario.schema import Chance, Decide, Scenario
from mistrust.scenario.tree import Case, Node

Cell = tuple[Level, ...]
Values = dict[str, float]
State = dict[tuple[Cell, tuple[bool, ...]], list[float]]
"""Cell and flags of a history so far -> [mass, mass x top, mass x bottom]; see `Watch`."""
TIE = 1e-12
"""Options whose values are this close to the best (relative above 1) share a best reply."""


class Referee:
    """One world of a small scenario, solved plainly.

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
        self.scenario, self.limit = scenario, limit
        self.given, self.switched, self.levers = dict(premises or {}), tuple(off), tuple(levers)
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
        self._check_size()
        self.patience = self._numbers("patience")
        self.precision = self._numbers("precision")
        self._memo: dict[tuple[int, int, Cell], Values] = {}
        self._solved_from = self.turns

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
        stages = self.turns * len(self.phases)
        if cells * stages > self.limit:
            raise TooLargeError(
                f"{cells:,} cells x {stages:,} stages = {cells * stages:,} is more than the "
                f"referee takes on ({self.limit:,}); give it a smaller board or fewer turns"
            )

    def _numbers(self, key: str) -> Values:
        actors = self.scenario.actors.items()
        return {n: self.evaluator.number(getattr(actor, key), {}, None) for n, actor in actors}

    # -- what others ask ---------------------------------------------------------------------

    def value(self, actor: str, turn: int, board: Mapping[str, Level]) -> float:
        """The actor's value as a turn (from 0) opens; within-turn variables are at their start."""
        self._solve(turn)
        known = {n: self.moves.named(n, x) for n, x in board.items() if n not in self.within}
        return sum(p * self._values(turn, 0, x)[actor] for p, x in self._opened(known))

    def start_value(self, actor: str) -> float:
        """The actor's value at the outset, over the odds of the start."""
        self._solve(0)
        return sum(p * self._values(0, 0, board)[actor] for p, board in self._start())

    def forward_value(self, actor: str) -> float:
        """The same by the other way: discounted payoffs summed over the masses of the boards."""
        return sum(top for _, top, _ in self.sweep(Discounted(self, actor)).values())

    def policy(
        self, turn: int, decision: str, board: Mapping[str, Level]
    ) -> dict[str, float] | None:
        """How a decision falls on a board as it stands before it; None where nobody is asked."""
        self._solve(turn)
        full = {n: board[n] if n in board else self.moves.start(n)[0][1] for n in self.names}
        full = {n: self.moves.named(n, x) for n, x in full.items()}
        for index in self.decisions(decision):
            found = self.choice(turn, index, full)
            if found is not None:
                return found
        return None

    def distribution(self, turn: int) -> dict[Cell, float]:
        """Mass of each board (levels in the order of `names`) as a turn opens, or at the end."""
        found: dict[Cell, float] = {}
        for (cell, _), (mass, _, _) in self.sweep(Watch(), stop=turn).items():
            found[cell] = found.get(cell, 0) + mass
        return found

    def frequency(self, turn: int, decision: str) -> dict[str, float]:
        """Mass with which each option of a decision is chosen in a turn (from 0)."""
        found: dict[str, float] = {}
        for index in self.decisions(decision):
            for option in self.decision(index).options:
                watch = Choice(self, {index}, option, turn, turn + 1)
                mass = sum(top for _, top, _ in self.sweep(watch).values())
                found[option] = found.get(option, 0) + mass
        return found

    def read(self, text: str) -> float:
        """The value of a claim or other reading; nan where its condition is impossible."""
        return self.read_tree(parse(text, claim=True))

    def read_tree(self, node: Node) -> float:
        """`read`, of a tree that is parsed already."""
        from mistrust.referee.readings import Reader

        return Reader(self).value(node, {}, None)

    def case(self, case: Case) -> Referee:
        """The same world with one more lever, or one more mechanism off."""
        more = (case.name.name,)
        return Referee(
            self.scenario,
            premises=self.given,
            off=self.switched + (more if case.kind == "without" else ()),
            levers=self.levers + (more if case.kind == "under" else ()),
            limit=self.limit,
        )

    # -- the phases --------------------------------------------------------------------------

    def decision(self, index: int) -> Decide:
        """The decision phase at a place in the turn."""
        phase = self.phases[index]
        assert isinstance(phase, Decide)
        return phase

    def decisions(self, name: str) -> list[int]:
        """Places in the turn of the decision of that name."""
        named = [p.name or p.decide if isinstance(p, Decide) else None for p in self.phases]
        if name not in named:
            raise UsageError(f"'{name}' is no decision{nearest(name, filter(None, named))}")
        return [index for index, known in enumerate(named) if known == name]

    def _start(self) -> Iterator[tuple[float, Board]]:
        yield from self._spread({}, self.names)

    def _opened(self, board: Board) -> Iterator[tuple[float, Board]]:
        """The board as the next turn finds it: within-turn variables back at their start."""
        yield from self._spread(board, self.within)

    def _spread(self, board: Board, names: list[str]) -> Iterator[tuple[float, Board]]:
        for drawn in product(*(self.moves.start(name) for name in names)):
            levels = {name: level for name, (_, level) in zip(names, drawn, strict=True)}
            both = {**board, **levels}
            yield math.prod(p for p, _ in drawn), {n: both[n] for n in self.names if n in both}

    def pays(self, turn: int, index: int, option: str, board: Board, actor: str) -> float:
        """What an actor receives when an option is chosen."""
        terms = self.decision(index).options[option].pays.get(actor, {})
        return sum(self.evaluator.number(text, board, turn) for text in terms.values())

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

    # -- backward ----------------------------------------------------------------------------

    def _solve(self, turn: int) -> None:
        """Fill in the openings from the last turn back, so that recursion stays in one turn."""
        kept = {n for n in self.names if n not in self.within and n not in self.recorded}
        spread = {n: [*v.levels] for n, v in self.scenario.board.items() if n in kept}
        while self._solved_from > turn:
            self._solved_from -= 1
            for levels in product(*spread.values()):
                for _, board in self._opened(dict(zip(spread, levels, strict=True))):
                    self._values(self._solved_from, 0, board)

    def _values(self, turn: int, index: int, board: Board) -> Values:
        """All actors' values before a phase; recorded variables do not count."""
        seen = {n: board[n] for n in board if n not in self.recorded}
        key = (turn, index, tuple(seen.values()))
        if key not in self._memo:
            self._memo[key] = self._worked_out(turn, index, seen)
        return self._memo[key]

    def _worked_out(self, turn: int, index: int, board: Board) -> Values:
        actors = self.scenario.actors
        if turn == self.turns:
            return {a: self.scrap(board, a) for a in actors}
        if index == len(self.phases):
            ahead = self._mean(turn + 1, 0, self._opened(board))
            return {a: self.closes(turn, board, a) + self.patience[a] * ahead[a] for a in actors}
        phase = self.phases[index]
        if self._only_records(phase) or not self.evaluator.holds(phase.when, board, turn):
            return self._values(turn, index + 1, board)
        if isinstance(phase, Chance):
            return self._mean(turn, index + 1, self.moves.after(phase, board, turn))
        worth = self._options(turn, index, board)
        chosen = self._chosen(turn, index, board, worth)
        return {a: sum(p * worth[o][a] for o, p in chosen.items()) for a in actors}

    def _only_records(self, phase: Chance | Decide) -> bool:
        """Whether values pass over a phase: it moves recorded variables only, and may read them."""
        if isinstance(phase, Decide):
            return False
        moved = {*phase.set, *phase.raise_, *phase.lower, *phase.draw}
        return moved <= {*self.recorded}

    def _mean(self, turn: int, index: int, boards: Iterable[tuple[float, Board]]) -> Values:
        total = dict.fromkeys(self.scenario.actors, 0.0)
        for p, board in boards:
            for actor, value in self._values(turn, index, board).items():
                total[actor] += p * value
        return total

    def _options(self, turn: int, index: int, board: Board) -> dict[str, Values]:
        """All actors' values of each option that is available: what it pays and what follows."""
        found = {}
        for name, option in self.decision(index).options.items():
            if self.evaluator.holds(option.when, board, turn):
                ahead = self._mean(turn, index + 1, self.moves.after(option, board, turn))
                found[name] = {
                    a: self.pays(turn, index, name, board, a) + v for a, v in ahead.items()
                }
        if not found:
            raise UsageError(f"a decision of {self.decision(index).decide} is empty on {board}")
        return found

    def _chosen(
        self, turn: int, index: int, board: Board, worth: dict[str, Values]
    ) -> dict[str, float]:
        """A forced option, a best reply with ties shared, or logit."""
        phase = self.decision(index)
        for decision, option, when in self.forced:
            named = decision == (phase.name or phase.decide) and option in worth
            if named and self.evaluator.holds(when, board, turn):
                return {name: float(name == option) for name in worth}
        own = {name: values[phase.decide] for name, values in worth.items()}
        best, precision = max(own.values()), self.precision[phase.decide]
        if math.isinf(precision):
            weight = {n: float(v >= best - TIE * max(1, abs(best))) for n, v in own.items()}
        else:
            weight = {n: math.exp(precision * (v - best)) for n, v in own.items()}
        return {name: w / sum(weight.values()) for name, w in weight.items()}

    def choice(self, turn: int, index: int, board: Board) -> dict[str, float] | None:
        """How the decision at a place in the turn falls; None where its guard is false."""
        if not self.evaluator.holds(self.phases[index].when, board, turn):
            return None
        seen = {n: board[n] for n in board if n not in self.recorded}
        return self._chosen(turn, index, seen, self._options(turn, index, seen))

    # -- forward -----------------------------------------------------------------------------

    def sweep(self, watch: Watch, stop: int | None = None) -> State:
        """Carry all histories forward, merged where cell and flags agree, to `stop` or the end."""
        self._solve(0)
        state: State = {}
        for p, board in self._start():
            _add(state, tuple(board.values()), watch.flags(), [p, 0.0, 0.0])
        for turn in range(self.turns if stop is None else stop):
            state = self._look(state, watch, turn, 0)
            for index in range(len(self.phases)):
                state = self._step(state, watch, turn, index)
                state = self._look(state, watch, turn, index + 1)
            state = self._close(state, watch, turn)
        return state if stop is not None else self._look(state, watch, self.turns, 0)

    def _look(self, state: State, watch: Watch, turn: int, index: int) -> State:
        """At a moment (`index` phases into a turn): raise flags, and count at openings."""
        found: State = {}
        for (cell, flags), (mass, top, bottom) in state.items():
            board = dict(zip(self.names, cell, strict=True))
            if index == 0:
                top += mass * watch.opening(turn, board)
            _add(found, cell, watch.see(flags, turn, index, board), [mass, top, bottom])
        return found

    def _step(self, state: State, watch: Watch, turn: int, index: int) -> State:
        """Carry histories through a phase."""
        found: State = {}
        for (cell, flags), (mass, top, bottom) in state.items():
            board = dict(zip(self.names, cell, strict=True))
            for p, option, after in self._branches(turn, index, board):
                more = watch.choice(turn, index, board, option) if option else (0.0, 0.0)
                weights = [p * mass, p * (top + mass * more[0]), p * (bottom + mass * more[1])]
                _add(found, tuple(after.values()), flags, weights)
        return found

    def _branches(
        self, turn: int, index: int, board: Board
    ) -> Iterator[tuple[float, str | None, Board]]:
        """Probability, option (None: nobody was asked) and board of all that may follow."""
        phase = self.phases[index]
        if not self.evaluator.holds(phase.when, board, turn):
            yield 1.0, None, board
        elif isinstance(phase, Chance):
            for p, after in self.moves.after(phase, board, turn):
                yield p, None, after
        else:
            for option, chosen in (self.choice(turn, index, board) or {}).items():
                for p, after in self.moves.after(phase.options[option], board, turn):
                    yield chosen * p, option, after

    def _close(self, state: State, watch: Watch, turn: int) -> State:
        """End a turn: count, then put the within-turn variables back at their start."""
        found: State = {}
        for (cell, flags), (mass, top, bottom) in state.items():
            board = dict(zip(self.names, cell, strict=True))
            top += mass * watch.closing(turn, board)
            for p, after in self._opened(board):
                _add(found, tuple(after.values()), flags, [p * mass, p * top, p * bottom])
        return found


def _add(state: State, cell: Cell, flags: tuple[bool, ...], weights: list[float]) -> None:
    """Add the weights of one more history to those of the same cell and flags."""
    known = state.setdefault((cell, flags), [0.0, 0.0, 0.0])
    for i, weight in enumerate(weights):
        known[i] += weight
