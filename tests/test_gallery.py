"""The gallery: every model reads, solves, and stands where its folder says."""

from __future__ import annotations

import ast
import runpy
import sys
from functools import cache
from math import nan
from pathlib import Path

import pytest
from test_simulate import agree_with_the_exact_law

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from gallery.entries import (  # noqa: E402
    FOLDER,
    Entry,
    Kind,
    Outcome,
    Row,
    entries,
    read_rows,
    status_of,
)
from gallery.page import PAGE, page  # noqa: E402

SLUGS = sorted(path.parent.name for path in FOLDER.glob("*/scenario.yaml"))
OURS = ("derived", "adapted")
PARTS = {"scenario.yaml", "source.yaml", "expected.csv", "notes.md"}


@cache
def entry(slug: str) -> Entry:
    """A folder, solved once for all tests."""
    return next(e for e in every() if e.slug == slug)


@cache
def every() -> list[Entry]:
    return entries()


@pytest.fixture(params=SLUGS)
def model(request: pytest.FixtureRequest) -> Entry:
    return entry(request.param)


def test_every_folder_is_complete() -> None:
    folders = {path.parent for path in FOLDER.glob("*/*") if path.parent.name != "__pycache__"}
    assert folders
    for folder in folders:
        assert {path.name for path in folder.iterdir()} >= PARTS, folder


def test_it_reads_and_every_number_is_sound(model: Entry) -> None:
    model.model.check()


def test_the_certificate_holds(model: Entry) -> None:
    assert model.solved.certificate.good.all()


def test_the_declared_status_is_what_the_comparison_gives(model: Entry) -> None:
    found = {o.row.id: (o.found, o.row.value) for o in model.outcomes if not o.agrees}
    assert model.status == model.source.status, f"these are missed: {found}"
    assert (model.source.because is None) == (model.source.status == "reproduced")


def test_derived_numbers_always_agree(model: Entry) -> None:
    assert not [o for o in model.outcomes if o.row.kind in OURS and not o.agrees]


def test_derived_numbers_are_those_of_the_derivation(model: Entry) -> None:
    """They come from `derive.py`, which does not know mistrust."""
    derived = {row.id: row.value for row in model.rows if row.kind in OURS}
    path = model.folder / "derive.py"
    assert path.exists() == bool(derived)
    if derived:
        assert derived == pytest.approx(runpy.run_path(str(path))["values"](), rel=1e-9, abs=1e-12)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
        names = [alias.name for node in imported for alias in node.names]
        names += [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        assert not [name for name in names if name.split(".")[0] in ("mistrust", "gallery")]


def test_propositions_are_the_claims_of_the_scenario(model: Entry) -> None:
    signs = [row.id for row in model.rows if row.kind == "sign"]
    assert signs == list(model.model.argument.scenario.claims)


def test_rows_are_named_once(model: Entry) -> None:
    names = [row.id for row in model.rows]
    assert len(names) == len(set(names))


def test_sampled_histories_agree_with_the_exact_law(model: Entry) -> None:
    agree_with_the_exact_law(model.solved, 2000)


@pytest.mark.slow
def test_the_page_is_up_to_date() -> None:
    """Write it again with `python -m gallery`."""
    assert PAGE.read_text(encoding="utf-8") == page(every())


# -- the comparison itself ---------------------------------------------------------------------


def outcome(kind: Kind, found: float) -> Outcome:
    return Outcome(Row("x", "", (), (), 1.0, 0.1, kind, ""), found)


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([("published", 1.05), ("sign", 1)], "reproduced"),
        ([("adapted", 1.0), ("sign", 1)], "reproduced in sign"),
        ([("derived", 1.0)], "reproduced"),
        ([("published", 1.2), ("sign", 1)], "reproduced in sign"),
        ([("sign", 1)], "reproduced in sign"),
        ([("published", 1.2)], "not reproduced"),
        ([("published", 1.2), ("derived", 1.0)], "not reproduced"),
        ([("published", 1.0), ("sign", 0)], "not reproduced"),
        ([("published", nan), ("sign", 1)], "reproduced in sign"),
    ],
)
def test_the_status_follows_from_the_comparison(
    outcomes: list[tuple[Kind, float]], status: str
) -> None:
    assert status_of([outcome(*each) for each in outcomes]) == status


def test_a_row_is_read_as_written() -> None:
    head = "id,reading,premises,levers,value,tolerance,kind,note\n"
    line = 'x,"P(a | b)",p = 1; q=2,arm wait,0.5,1e-9,derived,why'
    (row,) = read_rows(f"{head}# a remark\n\n{line}\n")
    assert row == Row(
        "x", "P(a | b)", (("p", 1.0), ("q", 2.0)), ("arm", "wait"), 0.5, 1e-9, "derived", "why"
    )
    with pytest.raises(ValueError, match="'guessed'"):
        read_rows(head + "x,1,,,1,0,guessed,\n")
    with pytest.raises(ValueError, match="columns"):
        read_rows("id,value\n")
    assert not Outcome(row, nan).agrees
