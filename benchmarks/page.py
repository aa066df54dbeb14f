"""The page of figures in the documentation: what was measured, written between its markers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.bars import BARS
from benchmarks.machine import said
from benchmarks.show import aims, beside, found, verdict
from benchmarks.suite import Record, entry_of, merged
from benchmarks.words import seconds
from mistrust.errors import UsageError

DOCS = Path(__file__).parent.parent / "docs"
PAGE, FOLDER = DOCS / "performance.md", DOCS / "performance"
KEPT = FOLDER / "record.json"
"""The record that the page shows."""
BLOCK = re.compile(r"(<!-- measured: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
BUSY = (
    "The machine was busy with other work, so these figures are provisional: they are to be "
    "measured again on a quiet one."
)


def kept() -> Record | None:
    """The record that the page shows; None if there is none yet."""
    return json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else None


def same_machine(old: Record, new: dict[str, Any]) -> bool:
    """Whether a record comes from this machine, with these versions of everything."""
    return {**old["machine"], "busy": None} == {**new, "busy": None}


def ready(machine: dict[str, Any], only: list[str]) -> None:
    """Refuse to measure some entries anew where the others come from elsewhere.

    Raises
    ------
    UsageError
        With what to do.
    """
    old = kept()
    if only and (old is None or not same_machine(old, machine)):
        raise UsageError(
            "the page's other figures were not measured on this machine with these versions and "
            "this state of the program; measure all of them: leave --only out"
        )


def write(record: Record, only: list[str]) -> Record:
    """Keep a record, or put it in the place of some of the one kept, and fill the page from it."""
    old = kept()
    if only and old is not None:
        record = merged(old, record)
    FOLDER.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), record), encoding="utf-8")
    return record


def filled(text: str, record: Record) -> str:
    """The page's text with the blocks between markers written anew."""
    return BLOCK.sub(lambda m: f"{m[1]}{_block(m[2], record)}\n{m[3]}", text)


def _block(name: str, record: Record) -> str:
    if name == "machine":
        busy = f" {BUSY}" if record["machine"]["busy"] else ""
        return f"Measured on: {said(record['machine'])}.{busy}"
    if name == "summary":
        return _summary([f for f in record["figures"] if f["name"] in BARS])
    figures = [figure for figure in record["figures"] if entry_of(figure) == name]
    reasons = [skip["reason"] for skip in record["skipped"] if skip["name"] == name]
    return "\n\n".join([*(_table(figures) if figures else []), *reasons]) or "Not measured yet."


def _summary(figures: list[dict[str, Any]]) -> str:
    rows = [(f["name"], found(f), *aims(f["name"]), verdict(f)) for f in figures]
    return _rows(("figure", "found", "bar", "goal", ""), rows)


def _table(figures: list[dict[str, Any]]) -> list[str]:
    rows = [(f["name"], found(f), seconds(f["ours_s"]), beside(f)) for f in figures]
    notes = dict.fromkeys(figure["note"] for figure in figures)
    about = {note: [f["name"] for f in figures if f["note"] == note] for note in notes}
    return [
        _rows(("figure", "found", "here", "beside"), rows),
        "\n".join(f"- {', '.join(names)}: {note}." for note, names in about.items()),
    ]


def _rows(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heading, ("---",) * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
