"""What must be solved to answer a scenario's claims, and in which batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mistrust.compile.lower import Case
from mistrust.forward.read import plain
from mistrust.scenario.check import Argument
from mistrust.scenario.expressions import Node
from mistrust.scenario.readings import Reading, Variant, readings_in, shifted

LANES = 8
"""Worlds solved side by side: one cache line of doubles."""

AS_WRITTEN = Variant()


@dataclass(frozen=True)
class Questions:
    """Everything asked of a scenario: the claims, and each mechanism's outcome, on and off."""

    claims: Mapping[str, Node]
    outcomes: Mapping[str, Node]
    without: Mapping[str, Node]
    needs: Mapping[Variant, tuple[Reading, ...]]


def without(mechanism: str) -> Variant:
    """The game with one mechanism switched off."""
    return Variant(off=frozenset({mechanism}))


def carriers(node: Node) -> bool:
    """Whether a claim reads the game as written only, so that the audit's runs answer it too."""
    return all(reading.variant == AS_WRITTEN for reading in readings_in(node))


def questions(argument: Argument) -> Questions:
    """Collect the readings that each variant of the game must give."""
    scenario, nodes = argument.scenario, argument.nodes
    claims = {name: nodes["claims", name, "holds"] for name in scenario.claims}
    outcomes = {name: nodes["mechanisms", name, "moves"] for name in scenario.mechanisms}
    off = {name: shifted(node, without(name)) for name, node in outcomes.items()}
    needs: dict[Variant, dict[Reading, None]] = {AS_WRITTEN: {}}
    needs |= {Variant((lever,)): {} for lever in scenario.levers}
    asked = [*claims.values(), *outcomes.values(), *off.values()]
    asked += [
        shifted(node, without(name))
        for node in claims.values() if carriers(node)
        for name in scenario.mechanisms
    ]  # fmt: skip
    for node in asked:
        for reading in readings_in(node):
            needs.setdefault(reading.variant, {})[plain(reading)] = None
    return Questions(claims, outcomes, off, {v: tuple(found) for v, found in needs.items()})


@dataclass(frozen=True)
class Job:
    """One batch: cases solved side by side, and the readings taken off all of them.

    `worlds` gives each case's world: 0 is the best guess, then the draws from 1.
    """

    cases: tuple[Case, ...]
    worlds: tuple[int, ...]
    readings: tuple[Reading, ...]
    chart: bool


def jobs(asked: Questions, guess: Mapping[str, float], worlds: Sequence[Mapping[str, float]]) -> list[Job]:  # fmt: skip
    """The batches for the best guess (all variants), then for the draws, block by block."""
    variants = list(asked.needs)
    plan = [_job(asked, [AS_WRITTEN], [(0, guess)])]
    for start in range(1, len(variants), LANES):
        plan.append(_job(asked, variants[start : start + LANES], [(0, guess)]))
    numbered = list(enumerate(worlds, start=1))
    for start in range(0, len(numbered), LANES):
        block = numbered[start : start + LANES]
        plan += [_job(asked, [variant], block) for variant in variants]
    return plan


def _job(asked: Questions, variants: Sequence[Variant], block: Sequence[tuple[int, Mapping[str, float]]]) -> Job:  # fmt: skip
    readings = dict.fromkeys(r for variant in variants for r in asked.needs[variant])
    return Job(
        tuple(Case(premises, variant) for variant in variants for _, premises in block),
        tuple(number for _ in variants for number, _ in block),
        tuple(readings),
        variants[0] == AS_WRITTEN,
    )
