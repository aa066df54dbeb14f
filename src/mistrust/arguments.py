"""The values of options on the command line: read, or refused in the words of this program."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import typer

from mistrust.errors import clipped, closest

Chosen = TypeVar("Chosen", bound=StrEnum)


def whole(least: int, most: int | None = None) -> Callable[[Any], int]:
    """A reader of whole numbers between two bounds."""
    wanted = f"{least:,} or more" if most is None else f"{least:,} to {most:,}"

    def read(text: Any) -> int:
        try:
            number = int(str(text))
        except ValueError:
            message = f"found '{clipped(text)}', expected a whole number, {wanted}"
            raise typer.BadParameter(message) from None
        if number < least or (most is not None and number > most):
            raise typer.BadParameter(f"found {clipped(text)}, expected {wanted}")
        return number

    return read


def one_of(words: type[Chosen]) -> Callable[[Any], Chosen]:
    """A reader of one of a few words."""
    known = [str(word) for word in words]

    def read(text: Any) -> Chosen:
        if str(text) in known:
            return words(str(text))
        listed = "one of " * (len(known) > 1) + ", ".join(f"'{word}'" for word in known)
        hint = closest(str(text), known)
        raise typer.BadParameter(f"found '{clipped(text)}', expected {listed}{hint}")

    return read
