"""What a figure was measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import numba
import numpy as np

import mistrust
from mistrust.compile.size import cores
from mistrust.ensemble.store import program_digest

CPU, CACHES = Path("/proc/cpuinfo"), Path("/sys/devices/system/cpu/cpu0/cache")
BUSY = 0.25
"""A machine with more than this share of its cores at work before the suite begins is busy."""


def facts() -> dict[str, Any]:
    """Processor, cores and caches, as far as the system tells; versions; whether it was busy.

    `program` tells one state of this program from another.
    """
    return {
        "processor": processor(),
        "cores": cores(),
        "caches": caches(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "mistrust": mistrust.__version__,
        "program": program_digest(),
        "busy": os.getloadavg()[0] > BUSY * (os.cpu_count() or 1),
    }


def processor() -> str:
    """Its name."""
    if CPU.exists():
        for line in CPU.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def caches() -> dict[str, str]:
    """The size of each cache that holds data, by its level, for the first core."""
    found = {}
    for folder in sorted(CACHES.glob("index*")):
        level, kind, size = (
            (folder / name).read_text().strip() for name in ("level", "type", "size")
        )
        if kind != "Instruction":
            found[f"L{level}"] = size
    return found


def said(machine: dict[str, Any]) -> str:
    """The same in one sentence."""
    sizes = ", ".join(f"{level} {size}" for level, size in machine["caches"].items())
    versions = f"Python {machine['python']}, NumPy {machine['numpy']}, Numba {machine['numba']}"
    return (
        f"{machine['processor']}, {machine['cores']} core{'s' * (machine['cores'] > 1)}"
        f"{f' ({sizes})' if sizes else ''}, {machine['system']}; {versions}"
    )
