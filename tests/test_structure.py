"""The package's shape: public names, the direction of imports, sizes, the published schema."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import mistrust
from mistrust.scenario.read import json_schema
from mistrust.scenario.schema import Scenario

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "mistrust"
LAYERS = (
    "errors",
    "kernels",
    "scenario",
    "compile",
    "solve.reach solve.alike solve.krylov solve.evidence solve.step solve.planes solve.backward",
    "solve.linear solve.unknowns solve.response solve.jacobian solve.curve solve.stationary "
    "solve.game",
    "forward",
    "solve.plain solve.certificate solve.explain solve.refusal",
    "ensemble",
    "assess",
    "report",
    "referee",
    "export",
    "solved",
    "model",
    "arguments",
    "cli",
)
"""From the bottom up: a module imports from its own layer and from those before it.

`solve` is two layers: the forward sweep follows the policies that the backward one found, and the
certificate compares the two.
"""


def modules() -> dict[str, Path]:
    """Every module by its name within the package; `__init__` by its folder's."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(p for p in parts if p != "__init__")] = path
    return found


MODULES = modules()


def imports(name: str, *, lazy: bool = True) -> set[str]:
    """The modules of the package that a module imports; without those inside functions."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree) if lazy else tree.body)
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mistrust":
            module = (node.module or "").removeprefix("mistrust").removeprefix(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}".removeprefix(".")
                found.add(inner if inner in MODULES else module)
        elif isinstance(node, ast.Import):
            assert not any(alias.name.startswith("mistrust.") for alias in node.names)
        assert not (isinstance(node, ast.ImportFrom) and node.level), "imports are absolute"
    return found - {name}


def layer(name: str) -> int:
    for rank, members in enumerate(LAYERS):
        if any(name == m or name.startswith(f"{m}.") for m in members.split()):
            return rank
    raise AssertionError(f"'{name}' belongs to no layer")


PLACED = sorted(name for name in MODULES if name not in ("", "__main__", "solve"))


@pytest.mark.parametrize("name", PLACED)
def test_imports_point_one_way(name: str) -> None:
    above = {other for other in imports(name) - {""} if layer(other) > layer(name)}
    assert not above


def test_only_the_front_door_is_imported_from_outside_its_layer() -> None:
    """But for exports, which take the referee's expressions and moves, and none of its solving."""
    used = {name: {i for i in imports(name) if i.split(".")[0] == "referee"} for name in MODULES}
    outside = {name: i for name, i in used.items() if i and not name.startswith("referee")}
    assert outside.pop("model") == {"referee"}
    exported = {f"referee.{module}" for module in ("evaluate", "moves")}
    assert {name.split(".")[0] for name in outside} == {"export"}
    assert set().union(*outside.values()) <= exported
    assert imports("__main__") == {"cli"}
    assert imports("") == {"errors", "model"}


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {name: imports(name, lazy=False) - {""} for name in MODULES}
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_importing_the_package_is_quick() -> None:
    """Neither `import mistrust` nor `mistrust --help` loads the solver."""
    assert imports("", lazy=False) == {"errors"}
    code = (
        "import sys, mistrust.cli\n"
        "sys.exit(str({'numba', 'scipy', 'xarray', 'duckdb'} & set(sys.modules) or ''))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr.strip() == ""


def test_kernels_know_arrays_only() -> None:
    for name in MODULES:
        if name.split(".")[0] == "kernels":
            assert {i.split(".")[0] for i in imports(name)} <= {"kernels"}, name


def test_the_referee_shares_only_the_reading_of_scenarios() -> None:
    allowed = {"errors", *(f"scenario.{m}" for m in ("schema", "expressions", "tree", "calendar"))}
    for name in MODULES:
        if name.split(".")[0] == "referee":
            own = {i for i in imports(name) if i.split(".")[0] == "referee"}
            assert imports(name) - own <= allowed, name


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_fits_one_sitting(name: str) -> None:
    path = MODULES[name]
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path


def test_public_names_resolve() -> None:
    assert mistrust.__all__ == sorted(mistrust.__all__, key=lambda n: (not n.isupper(), n))
    for name in mistrust.__all__:
        assert getattr(mistrust, name) is not None
    assert mistrust.FLAGSHIP.is_file()
    with pytest.raises(AttributeError, match="no attribute 'solver'"):
        _ = mistrust.solver


def test_the_version_is_that_of_the_project_file() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{mistrust.__version__}"' in text


# -- the published schema --------------------------------------------------------------------


def test_schema_lists_every_key_of_a_scenario() -> None:
    schema = json.loads(json.dumps(json_schema(), allow_nan=False))
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert set(schema["properties"]) == set(Scenario.model_fields)
    required = {name for name, field in Scenario.model_fields.items() if field.is_required()}
    assert set(schema["required"]) == required
    assert schema["additionalProperties"] is False
    phase = json.dumps(schema["$defs"]["Chance"]["properties"])
    assert '"raise"' in phase and '"raise_"' not in phase


def test_references_of_the_schema_lead_somewhere() -> None:
    schema = json_schema()
    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(schema)))
    assert references == {f"#/$defs/{name}" for name in schema["$defs"]}


def test_the_language_page_names_every_key() -> None:
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    code = set(re.findall(r"\w+", " ".join(re.findall(r"```.*?```|`[^`]+`", page, re.DOTALL))))
    definitions = json_schema()["$defs"].values()
    keys = {key for part in definitions for key in part.get("properties", {})}
    keys |= set(Scenario.model_fields)
    assert keys - code - {"name", "reading"} == set()
