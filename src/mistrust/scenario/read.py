"""A scenario file to a checked argument, or to the list of all its mistakes."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path as FilePath
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mistrust.errors import Problem, ScenarioError, nearest
from mistrust.scenario.check import Argument, check
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
            message = f"the file has {size:,} bytes; {most}"
            raise ScenarioError(str(path), [Problem(0, 0, message)])
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        folder = file.parent if str(file.parent) else FilePath()
        names = [p.name for p in folder.glob("*.y*ml")] if folder.is_dir() else []
        hint = nearest(file.name, names) if names else ""
        raise ScenarioError(str(path), [Problem(0, 0, f"there is no such file{hint}")]) from None
    except UnicodeDecodeError as error:
        message = f"not a text file in UTF-8 (byte {error.start + 1} cannot be read)"
        raise ScenarioError(str(path), [Problem(0, 0, message)]) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"the file cannot be read: {reason}"
        raise ScenarioError(str(path), [Problem(0, 0, message)]) from None
    return read_text(text, str(path), resolution)


def read_text(text: str, file: str = "scenario", resolution: str = "standard") -> Argument:
    """Read and check a scenario from its text."""
    data, source = read_tree(text, file)
    if not isinstance(data, dict):
        what = "empty" if data is None else "no mapping of 'title:', 'actors:', 'board:', ..."
        raise ScenarioError(
            file, [Problem(1, 1, f"a scenario is expected, but the file is {what}")]
        )
    return read_data(data, source, resolution)


def read_data(data: dict[str, Any], source: Source, resolution: str = "standard") -> Argument:
    """Check plain data (of the shape of the YAML file) into an argument."""
    scenario = _validate(data, source)
    if resolution == "draft":
        board = {
            name: variable.model_copy(update={"levels": variable.draft or variable.levels})
            for name, variable in scenario.board.items()
        }
        scenario = scenario.model_copy(update={"board": board})
    return check(scenario, source, resolution)


def digest(scenario: Scenario) -> str:
    """A hash of all that a scenario says, the same for any layout of its file."""
    text = json.dumps(scenario.model_dump(mode="json", by_alias=True), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the format, for editors."""
    schema = Scenario.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _validate(data: dict[str, Any], source: Source) -> Scenario:
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        problems = [_explain(detail, data, source) for detail in error.errors()]
        raise ScenarioError(source.file, problems) from None


def _explain(detail: Any, data: Any, source: Source) -> Problem:
    """One of pydantic's findings in our words, at its place."""
    path = _path_in(detail["loc"], data)
    name = str(detail["loc"][-1])
    found = _shown(detail["input"])
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = nearest(name, _fields_at(path[:-1], data))
        return source.problem(path, f"unknown key '{name}'{known}", key=True)
    if kind == "missing":
        place = f" in '{path[-1]}'" if path else ""
        return source.problem(path, f"the key '{name}' is missing{place}", key=True)
    if detail["loc"][-1] == "[key]":
        return source.problem(
            path, f"'{path[-1]}' is no name: a letter, then letters, digits, '_'", key=True
        )
    if kind == "value_error":
        return source.problem(path, str(detail["ctx"]["error"]))
    wanted = {
        "float_parsing": "a number",
        "float_type": "a number",
        "int_parsing": "a whole number",
        "int_type": "a whole number",
        "bool_parsing": "yes or no",
        "string_type": "a word or an expression",
        "string_too_short": "some text",
        "string_pattern_mismatch": "a name: a letter, then letters, digits, '_'",
        "dict_type": "a mapping (key: value)",
        "model_type": "a mapping (key: value)",
        "model_attributes_type": "a mapping (key: value)",
        "list_type": "a list",
        "tuple_type": "a list of two numbers",
        "too_short": "at least one entry",
    }.get(kind)
    if kind in ("literal_error", "enum"):
        wanted = detail["ctx"]["expected"].replace(" or ", ", ")
        options = re.findall(r"'([^']*)'", wanted)
        return source.problem(
            path, f"found {found}, expected one of {wanted}{nearest(str(detail['input']), options)}"
        )
    message = detail["msg"]
    return source.problem(
        path,
        f"found {found}, expected {wanted}"
        if wanted
        else f"{message[:1].lower()}{message[1:]}, found {found}",
    )


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    return f"'{value}'" if len(str(value)) <= 60 else f"'{str(value)[:57]}...'"


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
