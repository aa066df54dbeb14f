"""Records of figures as a run of the suite gives them, for the tests."""

from __future__ import annotations

from typing import Any

from benchmarks.figures import Figure


def figure(name: str, ratio: float = 2.0, **more: Any) -> dict[str, Any]:
    data = Figure(name, 0.5, "peer", 1.0, ratio, "times faster", "a note").data()
    return data | more


def record(*found: dict[str, Any], busy: bool = False, **more: Any) -> dict[str, Any]:
    machine = {"processor": "one", "cores": 2, "caches": {"L1": "48K"}, "system": "Linux"}
    machine |= {"python": "3", "numpy": "2", "numba": "1", "mistrust": "0", "busy": busy}
    made = {"quick": False, "machine": machine, "figures": list(found), "skipped": [], "failed": []}
    made["series"] = {}
    return made | more
