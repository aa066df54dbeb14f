"""Reads the folders of the gallery and compares each model with what is expected of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from mistrust.model import Model, Solved, load

FOLDER = Path(__file__).parent
Kind = Literal["published", "derived", "adapted", "sign"]
Status = Literal["reproduced", "reproduced in sign", "not reproduced"]
COLUMNS = ("id", "reading", "premises", "levers", "value", "tolerance", "kind", "note")


class Source(BaseModel):
    """`source.yaml`: where a model comes from, and how far it could be checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    citation: str
    place: str
    consulted: str
    deviation: str
    unchecked: str
    status: Status
    because: str | None = None


@dataclass(frozen=True)
class Row:
    """One line of `expected.csv`.

    Kind *published*: the source prints the value. Kind *derived*: `derive.py` works it out from
    the model that the source states. Kind *adapted*: it works it out from a model that departs from
    the source's; such a number must agree too, but says nothing about the source. Kind *sign*: a
    proposition of the source, written as the claim of that name in `scenario.yaml`, and read at
    the best guess.
    """

    id: str
    reading: str
    premises: tuple[tuple[str, float], ...]
    levers: tuple[str, ...]
    value: float
    tolerance: float
    kind: Kind
    note: str


@dataclass(frozen=True)
class Outcome:
    """A row, and what the solved game gives for it."""

    row: Row
    found: float

    @property
    def agrees(self) -> bool:
        """Whether it lies within the tolerance (a value that does not exist never does)."""
        return abs(self.found - self.row.value) <= self.row.tolerance


def status_of(outcomes: Sequence[Outcome]) -> Status:
    """What the comparison amounts to.

    *reproduced*: there are numbers to compare, and everything agrees. *reproduced in sign*: all
    propositions hold, but there is no number, or a published one is missed. *not reproduced*: a
    proposition fails, or a published number is missed and there is no proposition. Numbers of an
    adapted model do not count.
    """
    signs = [o.agrees for o in outcomes if o.row.kind == "sign"]
    numbers = [o.agrees for o in outcomes if o.row.kind in ("published", "derived")]
    if not all(signs):
        return "not reproduced"
    if numbers and all(numbers):
        return "reproduced"
    return "reproduced in sign" if signs else "not reproduced"


class Entry:
    """One folder of the gallery."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.slug = folder.name
        self.source = Source.model_validate(YAML(typ="safe").load(folder / "source.yaml"))
        self.rows = read_rows((folder / "expected.csv").read_text(encoding="utf-8"))

    @cached_property
    def model(self) -> Model:
        """The scenario, compiled."""
        return load(self.folder / "scenario.yaml")

    @cached_property
    def solved(self) -> Solved:
        """The best guess, solved and certified."""
        return self.model.solve()

    @cached_property
    def outcomes(self) -> list[Outcome]:
        """Every row, compared; the worlds that rows share are solved once."""
        claims = {c["id"]: c["best_guess"] for c in self.model.run(worlds=0)["claims"]}
        worlds: dict[object, Solved] = {((), ()): self.solved}
        found = []
        for row in self.rows:
            if row.kind == "sign":
                found.append(Outcome(row, float(claims[row.id])))
                continue
            key = (row.premises, row.levers)
            if key not in worlds:
                premises = dict(row.premises)
                worlds[key] = self.model.solve(premises=premises, levers=row.levers)
            found.append(Outcome(row, worlds[key].read(row.reading)))
        return found

    @property
    def status(self) -> Status:
        """What the comparison amounts to; the declared status must say the same."""
        return status_of(self.outcomes)


def entries(folder: Path = FOLDER) -> list[Entry]:
    """Every folder of the gallery, by name."""
    return [Entry(path.parent) for path in sorted(folder.glob("*/source.yaml"))]


def read_rows(text: str) -> list[Row]:
    """The lines of an `expected.csv`; blank lines and those that begin with # are left out."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    reader = csv.DictReader(io.StringIO("\n".join(lines)), strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError(f"the columns are {reader.fieldnames}, and should be {COLUMNS}")
    return [_row(line) for line in reader]


def _row(line: dict[str, str]) -> Row:
    kind = line["kind"]
    if kind not in get_args(Kind):
        raise ValueError(f"'{line['id']}' is of kind '{kind}'; kinds are {get_args(Kind)}")
    pairs = [part.split("=") for part in line["premises"].split(";") if part.strip()]
    return Row(
        id=line["id"],
        reading=line["reading"],
        premises=tuple((name.strip(), float(value)) for name, value in pairs),
        levers=tuple(line["levers"].split()),
        value=float(line["value"]),
        tolerance=float(line["tolerance"]),
        kind=kind,  # type: ignore[arg-type]
        note=line["note"],
    )
