"""The result of one batch of cases, and its form on disk."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.solve.certificate import Certificate


@dataclass(frozen=True)
class Charts:
    """How the best-known picture of the game unfolds, for some lanes.

    Attributes
    ----------
    laws
        Per variable its distribution as each turn opens: (turns + 1, levels, lanes).
    decisions
        Per decision, how often each option is chosen in each turn: (turns, options, lanes).
    beliefs
        Per actor with types, the belief in each as turns open, on average where the actor is of
        that type: (turns + 1, types, lanes).
    """

    laws: dict[str, Floats]
    decisions: dict[str, Floats]
    beliefs: dict[str, Floats]


@dataclass(frozen=True)
class Batch:
    """What one job gives back: readings (readings, lanes), values (actors, lanes), evidence."""

    job: int
    readings: Floats
    values: Floats
    terms: Floats
    certificate: Certificate
    faults: dict[int, str]
    charts: Charts | None


def pack(batch: Batch) -> bytes:
    """A batch as bytes: named arrays, nothing executable."""
    arrays = {"readings": batch.readings, "values": batch.values, "terms": batch.terms}
    arrays |= {f"certificate {k}": v for k, v in vars(batch.certificate).items()}
    if batch.charts is not None:
        arrays |= {f"law {k}": v for k, v in batch.charts.laws.items()}
        arrays |= {f"decision {k}": v for k, v in batch.charts.decisions.items()}
        arrays |= {f"belief {k}": v for k, v in batch.charts.beliefs.items()}
    header = json.dumps({"faults": batch.faults, "charts": batch.charts is not None})
    buffer = io.BytesIO()
    np.savez(buffer, header=np.frombuffer(header.encode(), dtype=np.uint8), **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def unpack(content: bytes, job: int) -> Batch:
    """The inverse of `pack`, to the bit."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        header = json.loads(arrays["header"].tobytes())
        named = {name: arrays[name] for name in arrays.files}

    def group(prefix: str) -> dict[str, Floats]:
        return {k.removeprefix(prefix): v for k, v in named.items() if k.startswith(prefix)}

    return Batch(
        job,
        named["readings"],
        named["values"],
        named["terms"],
        Certificate(**group("certificate ")),
        {int(lane): text for lane, text in header["faults"].items()},
        Charts(group("law "), group("decision "), group("belief ")) if header["charts"] else None,
    )
