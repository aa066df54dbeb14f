"""Which games go on alike: from which turn on two batches have the same numbers.

A lever that acts in early 2025, say, leaves the game after it as it was, and so its values and
policies. What is worked out once serves all games that end alike.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.lower import Coefficients

Digests = list[list[bytes]]
"""By case and turn, a digest of all numbers of the game from that turn on."""


def digests(coefficients: Coefficients) -> Digests:
    """Digest every case's game, turn by turn from its end."""
    return [_case(coefficients, case) for case in range(len(coefficients.cases))]


def alike_from(some: Digests, others: Digests) -> int | None:
    """The first turn from which two batches are the same in every case; None if they end apart."""
    if len(some) != len(others):
        return None
    for turn in range(len(some[0])):
        if all(a[turn] == b[turn] for a, b in zip(some, others, strict=True)):
            return turn
    return None


def _case(coefficients: Coefficients, case: int) -> list[bytes]:
    c = coefficients
    tables: list[Floats] = [c.payoffs, c.beyond[None]]
    for stage in c.stages:
        tables += [stage.weights, stage.available, stage.pays]
    lanes = slice(case, None, len(c.cases))
    own = [np.ascontiguousarray(table[..., lanes]) for table in tables]
    lasting = [c.patience[:, lanes], c.precision[:, lanes], *(t for t in own if len(t) == 1)]
    lasting += [nodes.bend[:, case] for nodes in c.beliefs]
    digest = blake2b(b"".join(t.tobytes() for t in lasting), digest_size=16).digest()
    found, turns = [], c.program.turns
    passing = [t[:turns].reshape(turns, -1) for t in own if len(t) > 1]
    rows = np.concatenate([np.zeros((turns, 0)), *passing], axis=1)
    for row in rows[::-1]:
        digest = blake2b(digest + row.tobytes(), digest_size=16).digest()
        found.append(digest)
    return found[::-1]
