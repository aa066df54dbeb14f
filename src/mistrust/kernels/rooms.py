"""Arrays that are worked in, and used again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Rooms:
    """Those that are free, by their shape; only one thread at a time has each."""

    def __init__(self) -> None:
        self._free: dict[tuple[int, ...], list[Any]] = {}

    def take(self, shape: tuple[int, ...], make: Callable[..., Any]) -> Any:
        """One of a shape, made if there is none."""
        try:
            return self._free[shape].pop()
        except (KeyError, IndexError):
            return make(*shape)

    def give(self, shape: tuple[int, ...], room: Any) -> None:
        """Put it back."""
        self._free.setdefault(shape, []).append(room)
