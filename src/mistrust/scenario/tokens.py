"""The words of the expression language, and text to tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mistrust.errors import clipped

MAX_LENGTH = 20_000
MAX_WORD = 60

FUNCTIONS = {
    "if": (3, 3),
    "min": (1, 99),
    "max": (1, 99),
    "clip": (3, 3),
    "mean": (1, 99),
    "exp": (1, 1),
    "log": (1, 1),
    "abs": (1, 1),
    "sqrt": (1, 1),
    "step": (1, 1),
    "belief": (1, 1),
}
CALENDAR = ("turn", "year", "quarter", "month")
READINGS = ("P", "E", "V", "freq", "under", "without")
KEYWORDS = frozenset(
    {
        "and",
        "or",
        "not",
        "in",
        "at",
        "from",
        "until",
        "every",
        "ever",
        "always",
        "true",
        "false",
        *FUNCTIONS,
        *CALENDAR,
        *READINGS,
    }
)


class ExpressionError(Exception):
    """A mistake in an expression, at character `offset` of its text."""

    def __init__(self, offset: int, message: str) -> None:
        self.offset = offset
        self.message = message
        super().__init__(message)


class MootError(ExpressionError):
    """An expression that cannot be judged, because of another mistake that is reported."""


@dataclass(frozen=True)
class Token:
    """A date, number, name or operator, or the end; `offset` is where it begins in the text."""

    kind: str
    text: str
    offset: int


_TOKEN = re.compile(
    r"""\s*+(?:
      (?P<date>\d{4}-(?:[Qq]\d|\d{2}(?:-\d{2})?)(?![\w.]))
    | (?P<number>(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?(?!\w))
    | (?P<name>[A-Za-z_]\w*+)
    | (?P<op>\*\*|==|!=|<=|>=|[-+*/()<>,|\[\]=])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_WORD = re.compile(r"[\w.]++")
_MEANT = {
    **{"×": "*", "·": "*", "÷": "/", "^": "**", "−": "-", "–": "-"},
    **{"≤": "<=", "≥": ">=", "≠": "!=", "&": "and", "!": "not"},
}
"""What other languages, and word processors, write for our operators."""


def tokens(text: str) -> list[Token]:
    """Cut an expression into tokens, the end last.

    Raises
    ------
    ExpressionError
        A character or word that is none of the language's, or a text too long for one.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            0, f"an expression of {len(text):,} characters; at most {MAX_LENGTH:,} are allowed"
        )
    found: list[Token] = []
    at = 0
    while not found or found[-1].kind != "end":
        match = _TOKEN.match(text, at)
        if not match:
            raise _no_token(text, at)
        kind = match.lastgroup or ""
        token = Token(kind, match.group(kind) or "the end", match.start(kind))
        if len(token.text) > MAX_WORD:
            message = (
                f"'{clipped(token.text)}' has {len(token.text):,} characters; a name or "
                f"number may have {MAX_WORD} at most"
            )
            raise ExpressionError(token.offset, message)
        found.append(token)
        at = match.end()
    return found


def _no_token(text: str, at: int) -> ExpressionError:
    at += len(text[at:]) - len(text[at:].lstrip())
    word = _WORD.match(text, at)
    if word and text[at].isdigit():
        return ExpressionError(at, f"'{clipped(word[0])}' is neither a number nor a name")
    sign = text[at] if text[at].isprintable() else f"U+{ord(text[at]):04X}"
    hint = f"; write '{_MEANT[sign]}'" if sign in _MEANT else ""
    if sign in "'\"‘’“”":
        hint = "; names and levels are written without quotes"
    return ExpressionError(at, f"the character '{sign}' has no meaning here{hint}")
