"""The expression language: text to a tree.

Closed and small: arithmetic, comparisons, `and or not`, `in [..]`, a fixed list of functions,
calendar conditions, and, in claims only, readings of the solved game (`P`, `E`, `V`, `freq`,
`under`, `without`). Nothing is ever handed to Python. Binding, loosest first: `or`, `and`, `not`,
comparison, `+ -`, `* /`, unary minus, `**`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mistrust.errors import nearest
from mistrust.scenario.tokens import (
    CALENDAR,
    FUNCTIONS,
    KEYWORDS,
    READINGS,
    ExpressionError,
    Token,
    tokens,
)
from mistrust.scenario.tree import (
    Among,
    Call,
    Case,
    Compare,
    Event,
    Every,
    Expectation,
    Frequency,
    Moment,
    Name,
    Node,
    Number,
    Operation,
    Probability,
    When,
    Worth,
    deepest,
)

MAX_DEPTH = 40
"""How deep parentheses may be nested: each level costs the parser a dozen calls."""
MAX_TREE = 80
"""How deep a tree may be, and the chain of definitions below a name."""
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def parse(text: str, *, claim: bool = False) -> Node:
    """Parse an expression; with `claim` the readings of the solved game are allowed.

    Raises
    ------
    ExpressionError
        With the offset of the offending text, what it is and what was expected.
    """
    parser = _Parser(tokens(text), claim)
    node = parser.disjunction()
    parser.expect_end()
    level, offset = deepest(node, {})
    if level > MAX_TREE:
        raise _too_deep(offset, MAX_TREE)
    return node


def _too_deep(offset: int, most: int) -> ExpressionError:
    message = f"this is nested more than {most} deep; name parts of it under 'define:'"
    return ExpressionError(offset, message)


class _Parser:
    def __init__(self, tokens: list[Token], claim: bool) -> None:
        self.tokens = tokens
        self.at = 0
        self.claim = claim
        self.depth = 0
        self.in_event = False

    # -- tokens ------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def advance(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def takes(self, *texts: str) -> bool:
        if self.token.kind in ("op", "name") and self.token.text in texts:
            self.at += 1
            return True
        return False

    def need(self, text: str, where: str) -> None:
        if not self.takes(text):
            raise self.unexpected(f"'{text}' {where}")

    def unexpected(self, expected: str) -> ExpressionError:
        token = self.token
        found = token.text if token.kind == "end" else f"'{token.text}'"
        return ExpressionError(token.offset, f"found {found}, expected {expected}")

    def expect_end(self) -> None:
        if self.token.kind != "end":
            hint = " (write '==' to compare)" if self.token.text == "=" else ""
            raise self.unexpected(f"an operator or the end of the expression{hint}")

    # -- operators, loosest first ------------------------------------------------------------

    def disjunction(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _too_deep(self.token.offset, MAX_DEPTH)
        node = self._joined("or", lambda: self._joined("and", self._negation))
        self.depth -= 1
        return node

    def _joined(self, word: str, part: Callable[[], Node]) -> Node:
        offset = self.token.offset
        parts = [part()]
        while self.takes(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Operation(offset, word, tuple(parts))

    def _negation(self) -> Node:
        offset, count = self.token.offset, 0
        while self.takes("not"):
            count += 1
        node = self._comparison()
        for _ in range(min(count, 2 - count % 2) if count else 0):
            node = Operation(offset, "not", (node,))
        return node

    def _comparison(self) -> Node:
        offset = self.token.offset
        left = self._sum()
        if self.takes("in"):
            return Among(offset, left, self._bracketed())
        found: list[Node] = []
        while self.token.text in _COMPARISONS and self.token.kind == "op":
            op = self.advance().text
            right = self._sum()
            found.append(Compare(offset, op, left, right))
            left = right
        if not found:
            return left
        return found[0] if len(found) == 1 else Operation(offset, "and", tuple(found))

    def _bracketed(self) -> tuple[Node, ...]:
        self.need("[", "and a list after 'in'")
        options = [self._sum()]
        while self.takes(","):
            options.append(self._sum())
        self.need("]", "to close the list")
        return tuple(options)

    def _sum(self) -> Node:
        return self._chain(("+", "-"), lambda: self._chain(("*", "/"), self._signed))

    def _chain(self, operators: tuple[str, ...], part: Callable[[], Node]) -> Node:
        """A left-associative chain, kept flat: `a - b + c` is one node of the tree per sign."""
        offset = self.token.offset
        node, op = part(), ""
        parts: list[Node] = []
        while self.token.kind == "op" and self.token.text in operators:
            sign = self.advance().text
            if sign != op and parts:
                node, parts = Operation(offset, op, (node, *parts)), []
            op = sign
            parts.append(part())
        return Operation(offset, op, (node, *parts)) if parts else node

    def _signed(self) -> Node:
        offset, negative = self.token.offset, False
        while self.token.kind == "op" and self.token.text in "+-":
            negative ^= self.advance().text == "-"
        node = self._power()
        return Operation(offset, "neg", (node,)) if negative else node

    def _power(self) -> Node:
        offset = self.token.offset
        base = self._primary()
        if not self.takes("**"):
            return base
        return Operation(offset, "**", (base, self._exponent()))

    def _exponent(self) -> Node:
        offset = self.token.offset
        if self.takes("-"):
            return Operation(offset, "neg", (self._primary(),))
        return self._primary()

    # -- primaries ---------------------------------------------------------------------------

    def _primary(self) -> Node:
        token = self.token
        if token.kind == "number":
            return Number(self.advance().offset, float(token.text))
        if token.kind == "date":
            raise ExpressionError(
                token.offset,
                f"the date {token.text} needs a word before it: 'at', 'from' or "
                "'until' (and put blanks around '-' to subtract)",
            )
        if self.takes("("):
            node = self.disjunction()
            self.need(")", "to close the parenthesis")
            return node
        if token.kind != "name":
            raise self.unexpected("a number, a name or '('")
        return self._word(self.advance())

    def _word(self, token: Token) -> Node:
        word, offset = token.text, token.offset
        if word in ("true", "false"):
            return Number(offset, float(word == "true"))
        if word in ("at", "from", "until") and not self.in_event:
            self.at -= 1
            return self.window()
        if word == "every":
            return self._every(offset)
        if self.token.text == "(" and self.token.kind == "op":
            if word in READINGS:
                return self._reading(word, offset)
            return self._call(word, offset)
        if word in KEYWORDS and word not in CALENDAR:
            self.at -= 1
            raise self.unexpected("a number, a name or '('")
        return Name(offset, word)

    def _call(self, word: str, offset: int) -> Node:
        if word not in FUNCTIONS:
            raise ExpressionError(
                offset,
                f"'{word}' is not a function"
                + nearest(word, (*FUNCTIONS, *(READINGS if self.claim else ())), listed=20),
            )
        self.advance()
        arguments: list[Node] = []
        while not self.takes(")"):
            if arguments:
                self.need(",", f"or ')' in {word}(...)")
            arguments.append(self.disjunction())
        low, high = FUNCTIONS[word]
        if not low <= len(arguments) <= high:
            wanted = str(low) if low == high else f"{low} to {high}"
            unit = "argument" if high == 1 else "arguments"
            raise ExpressionError(
                offset, f"{word}(...) takes {wanted} {unit}, found {len(arguments)}"
            )
        return Call(offset, word, tuple(arguments))

    def moment(self) -> Moment:
        """A date, a year, or a turn number."""
        token = self.token
        if token.kind in ("date", "number"):
            self.advance()
            if self.token.text in ("-", "/") and self.token.offset == token.offset + len(
                token.text
            ):
                wrong = f"'{token.text}{self.token.text}' begins no date"
                raise ExpressionError(token.offset, f"{wrong}; write 2025-Q1, 2025-01 or 2025")
            return Moment(token.offset, token.text)
        raise self.unexpected("a date such as 2025-Q1 or 2025-01")

    def window(self) -> When:
        """`at D`, `from A`, `until B`, `from A until B`, or nothing."""
        offset = self.token.offset
        if self.takes("at"):
            return When(offset, self.moment(), None, None)
        start = self.moment() if self.takes("from") else None
        end = self.moment() if self.takes("until") else None
        return When(offset, None, start, end)

    def _every(self, offset: int) -> Node:
        token = self.advance()
        if token.kind != "number" or not re.fullmatch(r"0*[1-9]\d{0,3}", token.text):
            self.at -= 1
            raise self.unexpected(
                "a whole number after 'every', as in 'every 4 years from 2028-11'"
            )
        unit = self.advance()
        if unit.text.rstrip("s") not in ("year", "quarter", "month"):
            self.at -= 1
            raise self.unexpected("'years', 'quarters' or 'months'")
        self.need("from", "and the first date, as in 'every 4 years from 2028-11'")
        start = self.moment()
        end = self.moment() if self.takes("until") else None
        return Every(offset, int(token.text), unit.text.rstrip("s"), start, end)

    # -- readings of the solved game, in claims ----------------------------------------------

    def _reading(self, word: str, offset: int) -> Node:
        if not self.claim or self.in_event:
            raise ExpressionError(
                offset,
                f"{word}(...) reads the solved game: it belongs in 'claims' and in a "
                "mechanism's 'moves', and not inside another reading",
            )
        self.advance()
        node: Node
        if word in ("under", "without"):
            kind = "a lever's name" if word == "under" else "a mechanism's name"
            name = self._name(f"{kind} in {word}(name, ...)")
            self.need(",", f"after the name in {word}(name, ...)")
            node = Case(offset, word, name, self.disjunction())
        elif word == "V":
            actor = self._name("an actor's name in V(actor)")
            node = Worth(offset, actor, self.window(), self._given())
        elif word == "freq":
            decision = self._name("a decision's name in freq(decision == option)")
            self.need("==", "in freq(decision == option)")
            option = self._name("an option's name in freq(decision == option)")
            node = Frequency(offset, decision, option, self.window(), self._given())
        else:
            event = self._event()
            node = (Probability if word == "P" else Expectation)(offset, event, self._given())
        self.need(")", f"to close {word}(...)")
        return node

    def _name(self, expected: str) -> Name:
        if self.token.kind != "name":
            raise self.unexpected(expected)
        token = self.advance()
        return Name(token.offset, token.text)

    def _event(self) -> Event:
        offset, quantifier = self.token.offset, "at"
        if self.token.text in ("ever", "always"):
            quantifier = self.advance().text
        self.in_event = True
        condition = self.disjunction()
        self.in_event = False
        return Event(offset, quantifier, condition, self.window())

    def _given(self) -> Event | None:
        return self._event() if self.takes("|") else None
