"""From solved worlds to answers: verdicts on claims, and the audit of mechanisms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mistrust.assess.claims import Worlds, amount, comparisons, margin
from mistrust.assess.verdict import Verdict, verdict
from mistrust.compile.evaluate import Floats
from mistrust.ensemble.plan import Questions, carriers, without
from mistrust.ensemble.run import Results
from mistrust.forward.read import plain
from mistrust.scenario.readings import Reading, readings_in, shifted
from mistrust.scenario.tree import Node

NO_EFFECT = 1e-9
"""An effect smaller than this counts as none."""


@dataclass(frozen=True)
class Figure:
    """One reading of a claim over worlds, or a bound that it is compared with."""

    node: Node
    values: Floats


@dataclass(frozen=True)
class ClaimAnswer:
    """A claim's answer. Arrays are over worlds, the best guess first."""

    id: str
    truth: Floats
    margin: Floats
    verdict: Verdict
    figures: tuple[Figure, ...]
    carried_by: tuple[tuple[str, Floats, Verdict], ...]


@dataclass(frozen=True)
class MechanismAnswer:
    """A mechanism's audit: its outcome with and without it, over worlds, best guess first."""

    id: str
    on: Floats
    off: Floats
    up: bool
    verdict: Verdict

    @property
    def effect(self) -> Floats:
        """With the mechanism less without it."""
        return self.on - self.off


def worlds_of(results: Results) -> Worlds:
    """The readings of an ensemble, as claims look them up."""
    return Worlds(lambda r: _lookup(results, r), results.premises)


def _lookup(results: Results, reading: Reading) -> Floats:
    return results.readings[reading.variant, plain(reading)]


def solved(results: Results) -> list[int]:
    """The drawn worlds that have results, the best guess (0) left out."""
    count = len(next(iter(results.values.values()))[0])
    return [world for world in range(1, count) if world not in results.failures]


def audited(results: Results) -> list[int]:
    """The solved worlds in which mechanisms are audited."""
    return [world for world in solved(results) if world <= results.audited]


def answer_claims(results: Results, asked: Questions) -> list[ClaimAnswer]:
    """Every claim, in every world."""
    worlds = worlds_of(results)
    drawn = solved(results)
    answers = []
    for name, node in asked.claims.items():
        truth = _row(amount(node, worlds), results)
        answers.append(
            ClaimAnswer(
                name,
                truth,
                _row(margin(node, worlds), results),
                verdict(list(truth[drawn])),
                tuple(_figures(node, worlds, results)),
                tuple(_carriers(node, results, asked)),
            )
        )
    return answers


def in_best_guess(results: Results, asked: Questions) -> dict[str, bool | None]:
    """Whether each claim holds in the best guess; None where it has no value."""
    worlds = worlds_of(results)
    found = {name: _row(amount(node, worlds), results)[0] for name, node in asked.claims.items()}
    return {name: None if np.isnan(truth) else bool(truth) for name, truth in found.items()}


def _row(values: Floats, results: Results) -> Floats:
    count = len(next(iter(results.values.values()))[0])
    return np.broadcast_to(values, (count,)).astype(float)


def _figures(node: Node, worlds: Worlds, results: Results) -> list[Figure]:
    return [Figure(r, _row(worlds.reading(r), results)) for r in readings_in(node)]


def _carriers(node: Node, results: Results, asked: Questions) -> list[tuple[str, Floats, Verdict]]:
    """How the claim fares with each mechanism switched off, where the audit has run that."""
    if not asked.outcomes or not carriers(node):
        return []
    worlds, drawn = worlds_of(results), audited(results)
    found = []
    for name in asked.outcomes:
        other = shifted(node, without(name))
        truth = _row(amount(other, worlds), results)
        found.append((name, _row(margin(other, worlds), results), verdict(list(truth[drawn]))))
    return found


def audit(results: Results, asked: Questions) -> list[MechanismAnswer]:
    """Each mechanism's outcome with and without it."""
    worlds = worlds_of(results)
    drawn = audited(results)
    answers = []
    for name, node in asked.outcomes.items():
        on = _row(amount(node, worlds), results)
        off = _row(amount(asked.without[name], worlds), results)
        up = results.argument.scenario.mechanisms[name].by == "up"
        moved = (on - off) * (1 if up else -1)
        truth = np.where(np.isnan(moved), np.nan, moved > NO_EFFECT)
        answers.append(MechanismAnswer(name, on, off, up, verdict(list(truth[drawn]))))
    return answers


__all__ = [
    "ClaimAnswer",
    "Figure",
    "MechanismAnswer",
    "answer_claims",
    "audit",
    "comparisons",
    "solved",
]
