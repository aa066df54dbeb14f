"""What a phase does to a board: all boards that may follow, each with its probability."""

from __future__ import annotations

from collections.abc import Mapping

from mistrust.errors import UsageError
from mistrust.referee.evaluate import Board, Evaluator, Level
from mistrust.scenario.schema import Effects, Variable

Odds = list[tuple[float, Level]]
SLACK = 1e-9
"""How far odds may miss 0, 1 or a sum of 1, and a number its level, by rounding."""


class Moves:
    """The moves of one world."""

    def __init__(self, board: Mapping[str, Variable], evaluator: Evaluator) -> None:
        self.variables = board
        self.evaluator = evaluator

    def start(self, name: str) -> Odds:
        """The odds of a variable at the outset; for `within: turn`, as each turn begins."""
        start = self.variables[name].start
        if isinstance(start, dict):
            return self._checked(self._row(name, start, {}, None), name, {})
        return [(1.0, self._level(name, start, {}, None))]

    def after(self, effects: Effects, board: Board, turn: int) -> list[tuple[float, Board]]:
        """The boards that follow; variables are drawn independently, all from the board before.

        A variable that `board` leaves out (a recorded one, in the backward sweep) is not moved.
        """
        moved = [*effects.set, *effects.raise_, *effects.lower, *effects.draw]
        found = [(1.0, board)]
        for name in dict.fromkeys(moved):
            if name not in board:
                continue
            odds = self._checked(self._odds(effects, name, board, turn), name, board)
            found = [(p * q, {**x, name: level}) for p, x in found for q, level in odds if q > 0]
        return found

    def _odds(self, effects: Effects, name: str, board: Board, turn: int) -> Odds:
        if name in effects.set:
            target = effects.set[name]
            if not isinstance(target, dict):
                return [(1.0, self._level(name, target, board, turn))]
            odds = self._row(name, target, board, turn)
            return [*odds, (1 - sum(q for q, _ in odds), board[name])]
        if name in effects.draw:
            rows = {self.named(name, key): row for key, row in effects.draw[name].items()}
            row = rows.get(board[name])
            if not isinstance(row, dict):
                row = {k: v for k, v in effects.draw[name].items() if not isinstance(v, dict)}
            return self._row(name, row, board, turn)
        return self._step(effects, name, board, turn)

    def _step(self, effects: Effects, name: str, board: Board, turn: int) -> Odds:
        levels = self.variables[name].levels
        up = self.evaluator.number(effects.raise_.get(name, "0"), board, turn)
        down = self.evaluator.number(effects.lower.get(name, "0"), board, turn)
        at = [*levels].index(board[name])
        above, below = levels[min(at + 1, len(levels) - 1)], levels[max(at - 1, 0)]
        return [(up, above), (down, below), (1 - up - down, board[name])]

    def _row(self, name: str, row: Mapping[str, str], board: Board, turn: int | None) -> Odds:
        return [
            (self.evaluator.number(text, board, turn), self.named(name, key))
            for key, text in row.items()
        ]

    def _level(self, name: str, text: str, board: Board, turn: int | None) -> Level:
        word = text.strip()
        if word in self.variables[name].levels:
            return word
        own = board.get(word)
        if isinstance(own, str):
            return self.named(name, own)
        return self.named(name, self.evaluator.number(text, board, turn))

    def named(self, name: str, level: Level) -> Level:
        """The level of a variable that is called so, or has this number."""
        for known in self.variables[name].levels:
            if known == level:
                return known
            if isinstance(level, tuple) or isinstance(known, str):
                continue
            if abs(known - float(level)) <= SLACK:
                return known
        raise UsageError(f"'{level}' is not a level of '{name}'")

    def _checked(self, odds: Odds, name: str, board: Board) -> Odds:
        total = sum(p for p, _ in odds)
        if any(not -SLACK <= p <= 1 + SLACK for p, _ in odds) or abs(total - 1) > SLACK:
            raise UsageError(f"the odds of '{name}' are {odds} on the board {board}")
        return odds
