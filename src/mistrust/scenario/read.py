"""A scenario file to a checked argument, or to the list of all its mistakes."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mistrust.errors import MOST_PROBLEMS, Problem, ScenarioError, clipped, closest, nearest
from mistrust.scenario.beliefs import coarsened
from mistrust.scenario.check import Argument, check
from mistrust.scenario.levels import NAME
from mistrust.scenario.repair import Mistake, Remains, remains
from mistrust.scenario.schema import Scenario
from mistrust.scenario.text import MAX_CHARACTERS, Path, Source, read_tree

RESOLUTIONS = ("standard", "draft")


def read_file(path: str | FilePath, resolution: str = "standard") -> Argument:
    """Read and check a scenario file.

    Raises
    ------
    ScenarioError
        The file cannot be read, or holds mistakes; all of them are listed.
    """
    file = FilePath(path)
    try:
        size = file.stat().st_size
        if size > 4 * MAX_CHARACTERS:
            most = f"a scenario may have at most {MAX_CHARACTERS:,} characters"
            raise _unreadable(path, f"the file has {size:,} bytes; {most}")
        with file.open("rb") as stream:
            text = _decoded(stream.read(4 * MAX_CHARACTERS + 4), str(path))
    except FileNotFoundError:
        names = [p.name for p in file.parent.glob("*.y*ml")] if file.parent.is_dir() else []
        hint = nearest(file.name, names) if names else ""
        raise _unreadable(path, f"there is no such file{hint}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(path, f"the file cannot be read: {reason.lower()}") from None
    return read_text(text, str(path), resolution)


def _decoded(content: bytes, file: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig").replace("\r\n", "\n").split("\n")
        found = f"the byte 0x{content[error.start]:02X} cannot be read"
        message = f"not a text file in UTF-8 ({found}); save it as UTF-8"
        raise ScenarioError(file, [Problem(len(before), len(before[-1]) + 1, message)]) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unreadable(path: str | FilePath, message: str) -> ScenarioError:
    return ScenarioError(str(path), [Problem(0, 0, message)])


def read_text(text: str, file: str = "scenario", resolution: str = "standard") -> Argument:
    """Read and check a scenario from its text."""
    data, source = read_tree(text, file)
    if not isinstance(data, dict):
        what = "empty" if data is None else "no mapping of 'title:', 'actors:', 'board:', ..."
        message = f"a scenario is expected, but the file is {what}"
        raise ScenarioError(file, [*source.problems, Problem(1, 1, message)])
    return read_data(data, source, resolution)


def read_data(data: dict[str, Any], source: Source, resolution: str = "standard") -> Argument:
    """Check plain data (of the shape of the YAML file) into an argument.

    Where parts of it are not what they must be, the rest is checked all the same, so that all
    mistakes are reported together.
    """
    left = _validate(data, source)
    scenario = left.scenario
    draft = _coarse(scenario)
    doubts: dict[str, Any] = {"broken": left.broken, "dated": left.dated}
    if resolution == "draft":
        return check(draft, source, resolution, problems=source.problems, **doubts)
    argument = check(scenario, source, resolution, problems=source.problems, **doubts)
    if draft is not scenario:
        _check_draft(draft, source)
    return argument


def _coarse(scenario: Scenario) -> Scenario:
    """The scenario with the draft levels, where there are any."""
    coarse = {
        name: variable.model_copy(update={"levels": variable.draft})
        for name, variable in scenario.board.items()
        if variable.draft is not None
    }
    actors = {name: coarsened(actor) for name, actor in scenario.actors.items()}
    if not coarse and actors == scenario.actors:
        return scenario
    return scenario.model_copy(update={"board": scenario.board | coarse, "actors": actors})


def _check_draft(draft: Scenario, source: Source) -> None:
    """What is wrong with the draft levels alone."""
    try:
        check(draft, source, "draft")
    except ScenarioError as error:
        note = "(with the 'draft' levels)"
        problems = [replace(p, message=f"{p.message} {note}") for p in error.problems]
        raise ScenarioError(source.file, problems) from None


def digest(scenario: Scenario) -> str:
    """A hash of all that a scenario says, the same for any layout of its file."""
    text = json.dumps(scenario.model_dump(mode="json", by_alias=True), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the format, for editors."""
    schema = Scenario.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _validate(data: dict[str, Any], source: Source) -> Remains:
    """The records of the data; if some are wrong, note why, and go on with the others."""
    try:
        return Remains(Scenario.model_validate(data))
    except ValidationError as error:
        details = error.errors()[:MOST_PROBLEMS]
    for detail in details:
        source.problems.add(_explain(detail, data, source))
    left = remains(
        data, [Mistake(_path_in(d["loc"], data), d["type"], str(d["loc"][-1])) for d in details]
    )
    if left is None:
        raise ScenarioError(source.file, source.problems)
    return left


def _explain(detail: Any, data: Any, source: Source) -> Problem:
    """One of pydantic's findings in our words, at its place."""
    path, kind = _path_in(detail["loc"], data), detail["type"]
    last = detail["loc"][-1]
    if kind == "extra_forbidden":
        return source.problem(path, _unknown_key(path, detail["input"], data, source), key=True)
    if kind == "missing" and isinstance(last, str):
        return source.problem(path, f"the key '{last}' is missing{_in(path)}", key=True)
    if last == "[key]":
        name = clipped(path[-1])
        return source.problem(path, f"'{name}' is no name: {NAME}", key=True)
    if kind == "value_error":
        return source.problem(path, str(detail["ctx"]["error"]))
    return source.problem(path, _expected(detail) + _comma(detail["input"], path, source))


def _in(path: Path) -> str:
    """The record at a path, to end a message."""
    if not path:
        return ""
    if isinstance(path[-1], int):
        return f" in entry {path[-1] + 1} of '{path[-2]}'"
    return f" in '{clipped(path[-1])}'"


def _comma(value: Any, path: Path, source: Source) -> str:
    """A hint where a comma has made two entries of what was meant as one."""
    cut = value is None and source.is_bare(path)
    return " (a text with a comma in it needs quotes)" if cut else ""


def _unknown_key(path: Path, value: Any, data: Any, source: Source) -> str:
    name = str(path[-1])
    hint = nearest(name, _fields_at(path[:-1], data))
    return f"unknown key '{clipped(name)}'{hint}{_comma(value, path, source)}"


_WANTED = {
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number that is not so large",
    "int_type": "a whole number",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "bool_parsing": "yes or no",
    "bool_type": "yes or no",
    "string_type": "a text or an expression",
    "string_too_short": "some text",
    "string_too_long": f"a name: {NAME}",
    "string_pattern_mismatch": f"a name: {NAME}",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "list_type": "a list",
    "tuple_type": "a list of two numbers",
    "phase": "a phase, which begins with 'decide: ACTOR', 'sealed:' or 'chance: NAME'",
}


def _expected(detail: Any) -> str:
    """What was found, what was expected, and the nearest valid word."""
    kind, found, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "literal_error":
        options = re.findall(r"'([^']*)'", context["expected"])
        listed = ", ".join(f"'{option}'" for option in options)
        one = "" if len(options) == 1 else "one of "
        return f"found {_shown(found)}, expected {one}{listed}{closest(str(found), options)}"
    if kind == "too_short" and context["min_length"] == 1:
        return f"found {_shown(found)} without entries, expected at least one"
    if kind == "too_short":  # a sealed phase
        has = "with 1 entry" if found else "without entries"
        least = context["min_length"]
        return f"found {_shown(found)} {has}, expected {least} decisions at least (one: 'decide')"
    if kind == "missing":  # in a pair of numbers
        return f"found a list with {len(found)} of the two numbers expected"
    if kind == "too_long":
        most = context["max_length"]
        return f"found {_shown(found)} with {len(found):,} entries, expected {most:,} at most"
    wanted = _WANTED.get(kind, clipped(detail["msg"], 200)).format(**context)
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"found {clipped(found)}, expected {wanted}"
    return f"found {_shown(found)}, expected {wanted}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    return f"'{clipped(value)}'"


def _path_in(loc: tuple[Any, ...], data: Any) -> Path:
    """The part of pydantic's location that is a path into the data (tags and types dropped)."""
    path: list[str | int] = []
    for part in loc:
        inside = isinstance(data, dict) and part in data
        inside |= isinstance(data, list) and isinstance(part, int) and part < len(data)
        if inside:
            path.append(part)
            data = data[part]
    return tuple(path)


def _fields_at(path: Path, data: Any) -> list[str]:
    """The keys that the record at a path may have."""
    model: Any = Scenario
    for part in path:
        data = data[part]
        model = _inside(model, part, data)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [f.alias or n for n, f in model.model_fields.items()]


def _inside(model: Any, part: str | int, data: Any) -> Any:
    """The record type found under key `part` of `model`, as far as it can be told."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        fields = {f.alias or n: f.annotation for n, f in model.model_fields.items()}
        return fields.get(str(part))
    models = [m for m in _models(model) if isinstance(data, dict)]
    named = [m for m in models if m.__name__.lower() in data]
    return next(iter(named or models), None)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
