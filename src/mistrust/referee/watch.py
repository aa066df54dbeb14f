"""What a forward sweep looks out for.

Every history carries flags (what has been true on it) and two sums, `top` and `bottom`; a reading
is the ratio of such sums over the histories whose flags allow it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from mistrust.referee.evaluate import Board

if TYPE_CHECKING:
    from mistrust.referee.game import Referee

Flags = tuple[bool, ...]


class Watch:
    """Looks at nothing: plain masses."""

    def flags(self) -> Flags:
        """The flags of a history that has not begun."""
        return ()

    def see(self, flags: Flags, turn: int, index: int, board: Board) -> Flags:
        """The flags after a moment: `index` phases into a turn, 0 as it opens."""
        return flags

    def opening(self, turn: int, board: Board) -> float:
        """What to add to `top` as a turn opens (turn == turns: at the end)."""
        return 0.0

    def closing(self, turn: int, board: Board) -> float:
        """What to add to `top` as a turn ends, within-turn variables still there."""
        return 0.0

    def choice(
        self, turn: int, index: int, board: Board, chosen: Sequence[str]
    ) -> tuple[float, float]:
        """What to add to `top` and `bottom` when options are chosen, one for each decision."""
        return 0.0, 0.0


class Discounted(Watch):
    """An actor's payoffs as they come in, discounted to the start, as `top`."""

    def __init__(self, referee: Referee, actor: str) -> None:
        self.referee, self.actor = referee, actor
        self.patience = referee.patience[actor]

    def opening(self, turn: int, board: Board) -> float:
        """What is received after the last turn."""
        if turn < self.referee.turns:
            return 0.0
        return self.patience**turn * self.referee.scrap(board, self.actor)

    def closing(self, turn: int, board: Board) -> float:
        """The payoffs of the turn."""
        return self.patience**turn * self.referee.closes(turn, board, self.actor)

    def choice(
        self, turn: int, index: int, board: Board, chosen: Sequence[str]
    ) -> tuple[float, float]:
        """What the options pay."""
        paid = self.referee.pays(turn, index, chosen, board, self.actor)
        return self.patience**turn * paid, 0.0


class Choice(Watch):
    """How often an option is chosen (`top`) and its decision reached (`bottom`) in some turns.

    `places` are those of the decision: the phase, and the place in it.
    """

    def __init__(
        self,
        referee: Referee,
        places: Collection[tuple[int, int]],
        option: str,
        first: int,
        last: int,
    ) -> None:
        self.referee, self.places, self.option = referee, places, option
        self.first, self.last = first, last

    def choice(
        self, turn: int, index: int, board: Board, chosen: Sequence[str]
    ) -> tuple[float, float]:
        """One more time reached, and chosen if it was this option."""
        if not self.first <= turn < self.last:
            return 0.0, 0.0
        own = [name for place, name in enumerate(chosen) if (index, place) in self.places]
        return float(own.count(self.option)), float(len(own))
