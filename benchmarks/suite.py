"""The suite: every entry by its name, and a run of some of them as one record.

An entry is a module of this folder that has `figures(quick)`, which gives figures one by one, and
may have `series(quick)`, what else was measured, for plots. Its name is the module's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from traceback import format_exception_only
from types import ModuleType
from typing import Any

from benchmarks.figures import Missing
from benchmarks.machine import facts

FOLDER = Path(__file__).parent
Record = dict[str, Any]


def entries() -> dict[str, ModuleType]:
    """All entries, by name."""
    names = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("__"))
    modules = {name: import_module(f"benchmarks.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "figures")}


def measure(
    names: Iterable[str] = (), *, quick: bool = False, tell: Callable[[str], None] = print
) -> Record:
    """Run entries, by default all; an entry ends where something that it needs is not there.

    Returns
    -------
    dict
        `quick`; `machine`; `figures`, as `Figure.data` has them; `skipped` and `failed`, name and
        reason; `series`, by entry.
    """
    known, asked = entries(), list(names)
    record: Record = {"quick": quick, "machine": facts()}
    record |= {"figures": [], "skipped": [], "failed": [], "series": {}}
    for name, module in known.items():
        if asked and name not in asked:
            continue
        tell(f"{name}: measuring")
        begun = time.perf_counter()
        try:
            for figure in module.figures(quick):
                record["figures"].append(figure.data())
            if hasattr(module, "series"):
                record["series"][name] = module.series(quick)
        except Missing as missing:
            record["skipped"].append({"name": name, "reason": str(missing)})
        except Exception as error:  # what others have found is not lost
            reason = "".join(format_exception_only(error)).strip()
            record["failed"].append({"name": name, "reason": reason})
        tell(f"{name}: {time.perf_counter() - begun:.0f} s")
    return record


def merged(old: Record, new: Record) -> Record:
    """An earlier record with what a later run of some entries found in its place."""
    again = {skip["name"] for skip in new["skipped"]} | {entry_of(f) for f in new["figures"]}

    def kept(part: str) -> list[dict[str, Any]]:
        found = [item for item in old[part] if entry_of(item) not in again]
        return sorted([*found, *new[part]], key=entry_of)

    busy = old["machine"]["busy"] or new["machine"]["busy"]
    found: Record = {part: kept(part) for part in ("figures", "skipped")}
    found |= {"machine": old["machine"] | {"busy": busy}, "series": old["series"] | new["series"]}
    return old | found


def entry_of(item: dict[str, Any]) -> str:
    """The entry that a figure, or what was skipped, belongs to."""
    return str(item["name"]).split()[0]
