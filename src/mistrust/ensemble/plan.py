"""What must be solved to answer a scenario's claims, and in which batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from mistrust.compile.lower import Case
from mistrust.forward.read import one_moment, plain
from mistrust.scenario.check import Argument
from mistrust.scenario.readings import Reading, Variant, readings_in, shifted
from mistrust.scenario.tree import Node

LANES = 32
"""Worlds solved side by side: what is looked up for a board is looked up for all of them."""

AS_WRITTEN = Variant()


@dataclass(frozen=True)
class Questions:
    """Everything asked of a scenario: the claims, and each mechanism's outcome, on and off."""

    claims: Mapping[str, Node]
    outcomes: Mapping[str, Node]
    without: Mapping[str, Node]
    needs: Mapping[Variant, tuple[Reading, ...]]
    claimed: frozenset[Variant]


def without(mechanism: str) -> Variant:
    """The game with one mechanism switched off."""
    return Variant(off=frozenset({mechanism}))


def carriers(node: Node) -> bool:
    """Whether the audit's runs can answer a claim too: it reads single moments, as written."""
    return all(r.variant == AS_WRITTEN and one_moment(r) for r in readings_in(node))


def questions(argument: Argument) -> Questions:
    """Collect the readings that each variant of the game must give."""
    scenario, nodes = argument.scenario, argument.nodes
    claims = {name: nodes["claims", name, "holds"] for name in scenario.claims}
    outcomes = {name: nodes["mechanisms", name, "moves"] for name in scenario.mechanisms}
    off = {name: shifted(node, without(name)) for name, node in outcomes.items()}
    needs: dict[Variant, dict[Reading, None]] = {AS_WRITTEN: {}}
    needs |= {Variant((lever,)): {} for lever in scenario.levers}
    claimed = {r.variant for node in claims.values() for r in readings_in(node)}
    asked = [*claims.values(), *outcomes.values(), *off.values()]
    asked += [
        shifted(node, without(name))
        for node in claims.values()
        if carriers(node)
        for name in scenario.mechanisms
    ]
    for node in asked:
        for reading in readings_in(node):
            needs.setdefault(reading.variant, {})[plain(reading)] = None
    found = {variant: tuple(readings) for variant, readings in needs.items()}
    return Questions(claims, outcomes, off, found, frozenset({AS_WRITTEN, *claimed}))


def compared(argument: Argument, variant: Variant) -> Questions:
    """The claims as written, and the same (under `id` and a star) read in another variant."""
    written = {name: argument.nodes["claims", name, "holds"] for name in argument.scenario.claims}
    other = {f"{name} *": shifted(node, variant) for name, node in written.items()}
    needs: dict[Variant, dict[Reading, None]] = {AS_WRITTEN: {}, variant: {}}
    for node in (*written.values(), *other.values()):
        for reading in readings_in(node):
            needs.setdefault(reading.variant, {})[plain(reading)] = None
    found = {v: tuple(readings) for v, readings in needs.items()}
    return Questions({**written, **other}, {}, {}, found, frozenset(found))


@dataclass(frozen=True)
class Job:
    """One batch: cases solved side by side, and the readings taken off all of them.

    `worlds` gives each case's world: 0 is the best guess, then the draws from 1.
    """

    cases: tuple[Case, ...]
    worlds: tuple[int, ...]
    readings: tuple[Reading, ...]
    chart: bool


def jobs(
    asked: Questions,
    guess: Mapping[str, float],
    worlds: Sequence[Mapping[str, float]],
    audited: int,
    lanes: int = LANES,
) -> list[Job]:
    """The batches: the best guess, then every variant in blocks of worlds.

    What claims rest on is solved first in the best guess, in two parts that two processes solve in
    about the same time, for first answers soon: most is read off the game as written. Variants that
    only the audit of mechanisms asks for are solved in the best guess and the first `audited`
    draws, in batches of their own, which may wait. Where there are few worlds, several variants
    share half of a batch; but what ends alike goes faster by itself (see `families`).
    """
    claimed = [variant for variant in asked.needs if variant in asked.claimed]
    others = [variant for variant in asked.needs if variant not in asked.claimed]
    numbered = list(enumerate([guess, *worlds]))
    plan = []
    quarter = ceil(len(claimed) / 4)
    for variants, some in (
        (claimed[:quarter], numbered[:1]),
        (claimed[quarter:], numbered[:1]),
        (claimed[:1], numbered[1:]),
        (claimed[1:], numbered[1:]),
        (others, numbered[:1]),
        (others, numbered[1 : audited + 1]),
    ):
        width = max(1, lanes // (2 * max(1, len(some))))
        for start in range(0, len(variants), width):
            for first in range(0, len(some), lanes):
                block = some[first : first + lanes]
                plan.append(_job(asked, variants[start : start + width], block))
    return plan


World = tuple[int, Mapping[str, float]]


def survey(
    asked: Questions, guess: Mapping[str, float], lanes: int = LANES
) -> list[tuple[Case, ...]]:
    """The best guess in all variants, in batches: what `Engine.survey` wants to see."""
    cases = [Case(guess, variant) for variant in asked.needs]
    return [tuple(cases[start : start + lanes]) for start in range(0, len(cases), lanes)]


Numbered = tuple[int, Job]
"""A job and its place in the plan."""


def answers(job: Job, asked: Questions) -> bool:
    """Whether claims rest on a job."""
    return any(case.variant in asked.claimed for case in job.cases)


def guessed(job: Job) -> bool:
    """Whether a job is about the best guess alone."""
    return set(job.worlds) == {0}


def families(
    plan: Sequence[Numbered], kinds: Mapping[Variant, bytes], asked: Questions
) -> list[list[Numbered]]:
    """Jobs on the same worlds whose games are of one kind, to be solved together.

    Those that claims rest on go first, among them the best guess, then large ones. A batch of
    several variants goes alone.
    """
    found: dict[tuple[object, ...], list[Numbered]] = {}
    for number, job in plan:
        variants = {case.variant for case in job.cases}
        alone = number if len(variants) > 1 else -1
        found.setdefault((alone, job.worlds, kinds[job.cases[0].variant]), []).append((number, job))

    def turn(family: list[Numbered]) -> tuple[bool, bool, int]:
        audit = not any(answers(job, asked) for _, job in family)
        return audit, family[0][1].worlds[0] != 0, -len(family)

    return sorted(found.values(), key=turn)


def _job(asked: Questions, variants: Sequence[Variant], block: Sequence[World]) -> Job:
    readings = dict.fromkeys(r for variant in variants for r in asked.needs[variant])
    return Job(
        tuple(Case(premises, variant) for variant in variants for _, premises in block),
        tuple(number for _ in variants for number, _ in block),
        tuple(readings),
        variants[0] == AS_WRITTEN,
    )
