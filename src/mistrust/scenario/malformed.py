"""What is wrong with a text that is not YAML: in plain words, at the place to mend."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ruamel.yaml.error import MarkedYAMLError

from mistrust.errors import clipped

_QUOTES = "a text that begins with '{}' needs quotes"


def explained(text: str, error: MarkedYAMLError) -> tuple[int, str]:
    """The offset of a mistake and the words for it."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return 0, f"this is not YAML: {clipped(error.problem or error.context, 200)}"
    opened = error.context_mark or mark
    offset, words = _Mistake(text, mark.index, opened.index).explained(
        error.context or "", error.problem or ""
    )
    return offset, f"this is not YAML: {words}"


@dataclass(frozen=True)
class _Mistake:
    """Where reading stopped, and where the part began that was then being read."""

    text: str
    at: int
    opened: int

    def explained(self, context: str, problem: str) -> tuple[int, str]:
        found = self.text[self.at : self.at + 1]
        if "cannot start any token" in problem:
            return self.at, (
                "a tab stands here; YAML takes blanks only"
                if found == "\t"
                else _QUOTES.format(found)
            )
        if "entries are not allowed" in problem or "keys are not allowed" in problem:
            return self.at, _QUOTES.format(found)
        if "mapping values are not allowed" in problem:
            return self._second_colon()
        if "could not find expected ':'" in problem:
            return self._no_colon(self.opened)
        if "quoted scalar" in context and "end of stream" in problem:
            return self.opened, "the quote that opens here is never closed"
        if context.endswith("flow node"):
            what = f"found '{found}', expected a value" if found else "a value is expected here"
            return self.at, what + self._cut_off()
        if "a flow" in context:
            return self._open_bracket(found)
        if "expected <block end>" in problem:
            return self._out_of_line(found)
        return self.at, clipped(f"{context} {problem}", 200)

    def _second_colon(self) -> tuple[int, str]:
        """A colon that makes a key where none can be."""
        line = self._line(self.at)
        if re.search(r":\s", line[: self._column(self.at)]):
            return self.at, "a second ': ' in one line (a text with ': ' in it needs quotes)"
        last = self._line_before(self.at)
        if self._indent(self.at) <= self._indent(last):
            return self._no_colon(last)
        message = f"this line is indented deeper than line {self._number(last)}, which has a value"
        return self._first(self.at), message + self._odd_blank(last)

    def _no_colon(self, at: int) -> tuple[int, str]:
        line = clipped(self._line(at))
        message = f"found '{line}', expected 'key: value', with a blank after the colon"
        return self._first(at), message + self._odd_blank(at)

    def _open_bracket(self, found: str) -> tuple[int, str]:
        bracket = self.text[self.opened : self.opened + 1]
        close = {"{": "}", "[": "]"}.get(bracket, bracket)
        if self._number(self.at) == self._number(self.opened):
            hint = " (a text with brackets in it needs quotes)" if found in ("[", "{") else ""
            return self.at, f"found '{found}', expected ',' or '{close}'{hint}"
        message = f"the '{bracket}' that opens here is not closed by line {self._number(self.at)}"
        return self.opened, f"{message}: expected ',' or '{close}'{self._cut_off()}"

    def _out_of_line(self, found: str) -> tuple[int, str]:
        """Something else than the next entry of a mapping or a list."""
        if self._first(self.at) != self.at:
            if found and found in "}]":
                return self.at, f"this '{found}' closes nothing"
            what = f"found '{clipped(self._line(self.at)[self._column(self.at) :])}' after the end"
            return self.at, f"{what} of a value (a text with quotes or brackets in it needs quotes)"
        here, there = self._indent(self.at), self._indent(self.opened)
        if here != there:
            return self.at, f"this line is indented by {here}, which fits none of the lines above"
        wanted = "'- ...'" if self.text[self.opened] == "-" else "'key: value'"
        line = clipped(self._line(self.at))
        return self.at, f"found '{line}', expected {wanted} as in line {self._number(self.opened)}"

    # -- lines -------------------------------------------------------------------------------

    def _start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def _line(self, at: int) -> str:
        return self.text[self._start(at) :].partition("\n")[0]

    def _column(self, at: int) -> int:
        return at - self._start(at)

    def _number(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def _indent(self, at: int) -> int:
        line = self._line(at)
        return len(line) - len(line.lstrip(" "))

    def _first(self, at: int) -> int:
        """The first character of a line."""
        return self._start(at) + self._indent(at)

    def _line_before(self, at: int) -> int:
        """The end of the last line before this one with anything on it."""
        return max(len(self.text[: self._start(at)].rstrip()) - 1, 0)

    def _odd_blank(self, at: int) -> str:
        odd = [c for c in self._line(at) if c.isspace() and c != " "]
        return f" (the blank U+{ord(odd[0]):04X} in it is none to YAML)" if odd else ""

    def _cut_off(self) -> str:
        ended = self.at >= len(self.text.rstrip())
        return " (the file ends too soon; is it cut off?)" if ended else ""
