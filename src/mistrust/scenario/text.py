"""YAML to plain data, keeping the place of every key and value.

The text is read event by event, so that size, depth and aliases are refused before they can
cost anything, and every scalar keeps the characters that were written (`2025-01`, `0..3`).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from mistrust.errors import Problem, Problems, ScenarioError, clipped
from mistrust.scenario.malformed import explained
from mistrust.scenario.tokens import MAX_LENGTH

MAX_CHARACTERS = 1_000_000
MAX_VALUES = 20_000
MAX_DEPTH = 20

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Mark:
    """Where a value stands: offsets into the text of its first and one past its last character."""

    start: int
    end: int
    key: int


@dataclass
class Source:
    """A scenario's text with the place of each of its values, by path.

    `problems` are the mistakes that reading the text found and could go on after.
    """

    file: str
    text: str
    marks: dict[Path, Mark] = field(default_factory=dict)

    @cached_property
    def problems(self) -> Problems:
        """The mistakes found so far."""
        return Problems(self.file)

    @cached_property
    def _lines(self) -> list[int]:
        """The offset at which each line begins."""
        return [0, *(i for i, c in enumerate(self.text, start=1) if c == "\n")]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a character offset."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def is_bare(self, path: Path) -> bool:
        """Whether an entry of a mapping is a key alone, without a colon, as in `{key}`."""
        if path not in self.marks:
            return False
        after = self.marks[path].key + len(str(path[-1]))
        return self.text[after : after + 20].lstrip()[:1] in (",", "}")

    def problem(self, path: Path, message: str, *, key: bool = False) -> Problem:
        """A problem at the value (or the key) of `path`, or of its nearest ancestor."""
        while path and path not in self.marks:
            path, key = path[:-1], False
        if path not in self.marks:
            return Problem(0, 0, message)
        mark = self.marks[path]
        return Problem(*self.position(mark.key if key else mark.start), message)

    def problem_inside(self, path: Path, value: str, offset: int, message: str) -> Problem:
        """A problem at character `offset` of the scalar `value` at `path`.

        Walks the written text and the value side by side over their non-blank characters, so
        that folded and quoted scalars point at the right character as well.
        """
        if path not in self.marks:
            return self.problem(path, message)
        mark = self.marks[path]
        at = mark.start
        if self.text[at : at + 1] in ("'", '"'):
            at += 1
        elif self.text[at : at + 1] in ("|", ">"):
            at = self.text.find("\n", at) + 1
        wanted = sum(not c.isspace() for c in value[:offset])
        while at < mark.end and (wanted or self.text[at].isspace()):
            wanted -= not self.text[at].isspace()
            at += 1
        return Problem(*self.position(min(at, max(mark.start, mark.end - 1))), message)


def read_tree(text: str, file: str) -> tuple[Any, Source]:
    """Read YAML `text` into dictionaries, lists and strings.

    Returns
    -------
    data, source
        Every scalar is a string, an empty one None; `source` knows where each value stands, and
        has noted repeated keys, tags and further documents as problems.

    Raises
    ------
    ScenarioError
        The text is too long, too deep, not YAML, or holds anchors or aliases.
    """
    source = Source(file, text)
    if len(text) > MAX_CHARACTERS:
        message = f"the file has more than {MAX_CHARACTERS:,} characters, the most allowed"
        raise ScenarioError(file, [Problem(0, 0, message)])
    builder = _Builder(source)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        offset, message = explained(text, error)
        problem = Problem(*source.position(offset), message)
        raise ScenarioError(file, [*source.problems, problem]) from None
    except ReaderError as error:
        place = source.position(error.position)
        character = text[error.position] if error.position < len(text) else ""
        message = f"the character U+{ord(character or ' '):04X} may not be in a YAML file"
        raise ScenarioError(file, [Problem(*place, message)]) from None
    except (YAMLError, ValueError) as error:
        message = f"this is not YAML: {clipped(error, 200)}"
        raise ScenarioError(file, [*source.problems, Problem(0, 0, message)]) from None
    builder.complain_of_cuts()
    return builder.root, source


def _quote(sign: str) -> str:
    return f" (a text that begins with '{sign}' needs quotes)"


class _Builder:
    """Turns a stream of YAML events into data; knows the path it stands at."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Any = None
        self.stack: list[tuple[Any, Path, int]] = []
        self.key: tuple[str, int] | None = None
        self.documents = 0
        self.joined, self.skips = 0, False
        self.cut: dict[Path, tuple[dict[str, Any], str]] = {}

    def take(self, event: Any) -> None:
        at = event.start_mark.index
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents == 2:
                self._complain(at, "a scenario is one YAML document; here a second one begins")
        elif isinstance(event, AliasEvent):
            self._refuse(at, f"aliases (*name) are not part of the scenario format{_quote('*')}")
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent, ScalarEvent)):
            if event.anchor:
                self._refuse(
                    at, f"anchors (&name) are not part of the scenario format{_quote('&')}"
                )
            if event.tag is not None:
                message = f"tags ({clipped(event.tag)}) are not part of the scenario format"
                self._complain(at, message + _quote("!"))
            self._value(event, at)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self._close(event.end_mark.index)

    def _value(self, event: Any, at: int) -> None:
        scalar = isinstance(event, ScalarEvent)
        parent, path, _ = self.stack[-1] if self.stack else (None, (), 0)
        if len(self.source.marks) + self.joined >= MAX_VALUES:
            self._refuse(at, f"more than {MAX_VALUES:,} values; a scenario needs fewer")
        if self.skips:  # the empty value of a key that was none
            self.skips = False
            return
        if isinstance(parent, dict) and self.key is None:
            self._take_key(event, at, parent, path)
            return
        value: Any
        if scalar:
            empty = event.value == "" and event.style is None
            value = (
                None if empty or (event.value in ("~", "null") and not event.style) else event.value
            )
        else:
            value = {} if isinstance(event, MappingStartEvent) else []
        here, key_at = self._attach(parent, path, value, at)
        start = key_at if value is None else at  # the mark of an empty value is what comes next
        self.source.marks[here] = Mark(start, event.end_mark.index, key_at)
        if not scalar:
            if len(self.stack) >= MAX_DEPTH:
                self._refuse(at, f"values are nested more than {MAX_DEPTH} deep")
            self.stack.append((value, here, key_at))

    def _take_key(self, event: Any, at: int, parent: dict[str, Any], path: Path) -> None:
        if not isinstance(event, ScalarEvent):
            self._refuse(at, "a key must be a plain word, not a list or a mapping")
        if self._continues(event, parent, path):
            return
        if event.value in parent:
            line, _ = self.source.position(self.source.marks[(*path, event.value)].key)
            key = clipped(event.value)
            self._complain(at, f"the key '{key}' is written twice (first on line {line})")
        self.key = (event.value, at)

    def _continues(self, event: Any, parent: dict[str, Any], path: Path) -> bool:
        """Put a text together again that its comma, after an open '(', has cut in two."""
        last = next(reversed(parent), "")
        value, here = parent.get(last), (*path, last)
        if not isinstance(value, str) or value.count("(") <= value.count(")"):
            return False
        mark, end = self.source.marks[here], event.end_mark.index
        quoted = self.source.text[mark.start] in "'\"" or event.style is not None
        if (
            quoted
            or len(value) > MAX_LENGTH
            or self.source.text[end : end + 20].lstrip()[:1] not in (",", "}")
        ):
            return False
        parent[last] = f"{value}, {event.value}"
        self.source.marks[here] = Mark(mark.start, end, mark.key)
        self.cut[here] = parent, last
        self.joined, self.skips = self.joined + 1, True
        return True

    def complain_of_cuts(self) -> None:
        """Note every text that was put together again."""
        for path, (parent, key) in self.cut.items():
            whole = clipped(parent[key], 200)
            message = f'a text with a comma in it needs quotes: write "{whole}"'
            self._complain(self.source.marks[path].start, message)

    def _attach(self, parent: Any, path: Path, value: Any, at: int) -> tuple[Path, int]:
        if isinstance(parent, dict):
            assert self.key is not None
            name, key_at = self.key
            self.key = None
            parent[name] = value
            return (*path, name), key_at
        if isinstance(parent, list):
            parent.append(value)
            return (*path, len(parent) - 1), at
        if self.documents <= 1:
            self.root = value
        return (), at

    def _close(self, end: int) -> None:
        _, path, key_at = self.stack.pop()
        self.source.marks[path] = Mark(self.source.marks[path].start, end, key_at)

    def _complain(self, at: int, message: str) -> None:
        self.source.problems.add(Problem(*self.source.position(at), message))

    def _refuse(self, at: int, message: str) -> None:
        """Stop at once: reading on could be costly or meaningless."""
        self._complain(at, message)
        raise ScenarioError(self.source.file, self.source.problems)
