"""The stable JSON form of a run: what the terminal, the page and other programs read.

Everything shown anywhere is in this record; nothing is computed after it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mistrust.assess.answer import ClaimAnswer, MechanismAnswer
from mistrust.compile.evaluate import Floats
from mistrust.ensemble.run import Results
from mistrust.scenario.check import Argument
from mistrust.scenario.effects import decisions, phase_name
from mistrust.scenario.read import digest
from mistrust.scenario.readings import Reading, Value, Variant
from mistrust.solve.certificate import BELIEFS, DUALITY, MASS, RESIDUAL

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}


def number(value: float | np.floating[Any]) -> float | None:
    """A JSON number; None where there is no value."""
    return float(value) if math.isfinite(value) else None


def spread(values: Floats) -> dict[str, float | None]:
    """The best guess (first) and quantiles over the drawn worlds (the rest)."""
    drawn = values[1:][np.isfinite(values[1:])]
    found = {k: number(np.quantile(drawn, q)) if len(drawn) else None for k, q in QUANTILES.items()}
    return {"best_guess": number(values[0]), **found}


def run_record(
    results: Results, claims: list[ClaimAnswer], mechanisms: list[MechanismAnswer],
    *, asked: int, seed: int, timing: Mapping[str, float],
) -> dict[str, Any]:  # fmt: skip
    """The whole record of a run."""
    argument = results.argument
    failed = sorted(world for world in results.failures if world > 0)
    return {
        "scenario": _scenario(argument),
        "seed": seed,
        "certificate": certificate_record(results),
        "size": size_record(results),
        "claims": [_claim(argument, claim) for claim in claims],
        "mechanisms": [_mechanism(argument, answer) for answer in mechanisms],
        "worlds": {
            "asked": asked,
            "solved": asked - len(failed),
            "failed": len(failed),
            "audited": results.audited,
            "failures": [
                {"world": w, "message": message} for w, message in sorted(results.failures.items())
            ],
        },
        "variables": _variables(results),
        "beliefs": _beliefs(results),
        "decisions": _decisions(results),
        "premises": _premises(argument),
        "levers": _levers(results),
        "values": _values(results),
        "timing": {**timing, "games": results.cases, "from_store": results.reused},
    }


def comparison_record(
    results: Results, answers: list[ClaimAnswer], variant: Variant, asked: int, seed: int
) -> dict[str, Any]:
    """Claims and values as written beside those of a variant.

    A claim that has something of the variant inside already is not read in it: both sides of
    `under(lever, x) > x` would then have the lever.
    """
    found = {answer.id: answer for answer in answers}
    base, other = results.values[Variant()], results.values[variant]
    return {
        "scenario": _scenario(results.argument),
        "variant": variant.label(),
        "with": _in_words(variant),
        "seed": seed,
        "certificate": certificate_record(results),
        "worlds": {"asked": asked, "failed": len([w for w in results.failures if w > 0])},
        "claims": [
            {
                "id": name,
                "says": claim.says,
                "as_written": _brief(found[name]),
                "under": None if _inside(found[name], variant) else _brief(found[f"{name} *"]),
            }
            for name, claim in results.argument.scenario.claims.items()
        ],
        "values": {
            actor: {"as_written": spread(base[i]), "change": spread(other[i] - base[i])}
            for i, actor in enumerate(results.program.actors)
        },
    }


def _in_words(variant: Variant) -> str:
    """What a variant adds to the scenario as written."""
    applied = [f"the lever {name}" for name in variant.levers]
    return ", ".join([*applied, *(f"{name} switched off" for name in sorted(variant.off))])


def _inside(answer: ClaimAnswer, variant: Variant) -> bool:
    """Whether a claim reads a variant that shares a lever, or a mechanism off, with this one."""
    read = [f.node.variant for f in answer.figures if isinstance(f.node, Reading)]
    return any(set(v.levers) & set(variant.levers) or v.off & variant.off for v in read)


def _brief(answer: ClaimAnswer) -> dict[str, Any]:
    best = answer.truth[0]
    return {
        "share": answer.verdict.share,
        "word": answer.verdict.word,
        "best_guess": None if math.isnan(best) else bool(best),
        "margin": number(answer.margin[0]),
    }


def compare_resolutions(standard: dict[str, Any], draft: dict[str, Any]) -> dict[str, Any]:
    """How far the best guess differs between the standard and the draft board."""
    coarse = {claim["id"]: claim for claim in draft["claims"]}
    claims = [
        {
            "id": claim["id"],
            "standard": claim["margin"]["best_guess"],
            "draft": coarse[claim["id"]]["margin"]["best_guess"],
            "same": claim["best_guess"] == coarse[claim["id"]]["best_guess"],
        }
        for claim in standard["claims"]
    ]
    both = [c for c in claims if c["standard"] is not None and c["draft"] is not None]
    largest = max((abs(c["standard"] - c["draft"]) for c in both), default=None)
    return {"claims": claims, "largest": largest, "states": draft["size"]["states"]}


def _scenario(argument: Argument) -> dict[str, Any]:
    s, calendar = argument.scenario, argument.calendar
    return {
        "title": s.title,
        "about": s.about,
        "source": s.source,
        "file": argument.source.file,
        "digest": digest(s),
        "resolution": argument.resolution,
        "start": calendar.label(0),
        "last": calendar.label(calendar.turns - 1),
        "every": calendar.every if calendar.start is not None else "turn",
        "forever": s.horizon.forever,
        "actors": [
            {"id": id_, "name": a.name or id_.replace("_", " ").title(), "says": a.says}
            for id_, a in s.actors.items()
        ],
    }


def certificate_record(results: Results) -> dict[str, Any]:
    """The certificate: worst figures over all solved cases, and whether they pass."""
    worst = results.certificate
    limits = {"duality": DUALITY, "mass": MASS, "residual": RESIDUAL, "beliefs": BELIEFS}
    solved = 0 not in results.failures
    gains = dict(zip(results.program.actors, map(float, results.gains), strict=True))
    ok = solved and all(worst[k] <= limit for k, limit in limits.items())
    return {"ok": ok, **worst, "limits": limits, "gain": gains}


def size_record(results: Results) -> dict[str, int]:
    """Board states, phases, turns and actors."""
    program = results.program
    return {
        "states": program.opening.size,
        "phases": len(program.argument.scenario.turn),
        "turns": program.turns,
        "actors": len(program.actors),
    }


def _claim(argument: Argument, answer: ClaimAnswer) -> dict[str, Any]:
    claim = argument.scenario.claims[answer.id]
    found = answer.verdict
    best = answer.truth[0]
    return {
        "id": answer.id,
        "says": claim.says,
        "source": claim.source,
        "reading": claim.reading,
        "holds": " ".join(claim.holds.split()),
        "share": found.share,
        "low": found.low,
        "high": found.high,
        "word": found.word,
        "count": found.count,
        "undefined": found.undefined,
        "best_guess": None if math.isnan(best) else bool(best),
        "margin": spread(answer.margin),
        "margins": [number(m) for m in answer.margin[1:]],
        "figures": [
            {"label": label(argument, claim.holds, f.node), **spread(f.values)}
            for f in answer.figures
        ],
        "without": [
            {
                "mechanism": name,
                "best_guess": number(margins[0]),
                "change": number(margins[0] - answer.margin[0]),
                "share": off.share,
            }
            for name, margins, off in answer.carried_by
        ],
    }


def label(argument: Argument, text: str, node: object) -> str:
    """A reading as written, with the variant of the game that it is taken from."""
    assert isinstance(node, Reading)
    depth, end = 0, node.offset
    while end < len(text):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
        if text[end - 1] == ")" and depth == 0:
            break
    words = " ".join(text[node.offset : end].split())
    variant = node.variant.label()
    return words if node.variant == Variant() else f"{words} [{variant}]"


def unit_of(node: object) -> str:
    """Whether a reading is a probability or an amount."""
    return "amount" if isinstance(node, Value) else "share"


def _mechanism(argument: Argument, answer: MechanismAnswer) -> dict[str, Any]:
    mechanism = argument.scenario.mechanisms[answer.id]
    found = answer.verdict
    moved = answer.effect[0] * (1 if answer.up else -1)
    return {
        "id": answer.id,
        "says": mechanism.says,
        "source": mechanism.source,
        "outcome": " ".join(mechanism.moves.split()),
        "expected": mechanism.by,
        "on": number(answer.on[0]),
        "off": number(answer.off[0]),
        "effect": number(answer.effect[0]),
        "as_expected": None if math.isnan(moved) else bool(moved > 1e-9),
        "share_as_expected": found.share,
        "low": found.low,
        "high": found.high,
        "count": found.count,
        "undefined": found.undefined,
        "effects": spread(answer.effect),
    }


def _series(block: Floats) -> dict[str, list[float | None]]:
    """(dates, worlds) to lists over dates."""
    drawn = block[:, 1:]
    drawn = drawn[:, np.isfinite(drawn).all(axis=0)]
    found = {"best_guess": [number(v) for v in block[:, 0]]}
    for key, q in QUANTILES.items():
        found[key] = [number(v) for v in np.quantile(drawn, q, axis=1)] if drawn.size else []
    return found


def _variables(results: Results) -> list[dict[str, Any]]:
    argument = results.argument
    found = []
    axes = results.program.privacy.axes
    for name, laws in results.laws.items():
        if name in axes:
            continue
        variable = argument.scenario.board[name]
        named = isinstance(variable.levels[0], str)
        record: dict[str, Any] = {
            "id": name,
            "says": variable.says,
            "levels": list(variable.levels),
            "dates": argument.calendar.labels(),
        }
        if named:
            record["shares"] = {
                str(level): _series(laws[:, i]) for i, level in enumerate(variable.levels)
            }
        else:
            levels = np.array(variable.levels, dtype=float)
            record["mean"] = _series(np.einsum("tlw,l->tw", laws, levels))
        found.append(record)
    return found


def _beliefs(results: Results) -> list[dict[str, Any]]:
    """How far the others find out: the belief in each type where it is the actor's."""
    return [
        {
            "actor": grid.actor,
            "dates": results.argument.calendar.labels(),
            "types": {
                kind: _series(results.beliefs[grid.actor][:, k])
                for k, kind in enumerate(grid.types)
            },
        }
        for grid in results.program.privacy.grids
    ]


def _decisions(results: Results) -> list[dict[str, Any]]:
    argument = results.argument
    phases = {phase_name(decision): decision for _, decision in decisions(argument.scenario)}
    found = []
    for name, chosen in results.decisions.items():
        phase = phases[name]
        reached = chosen.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = np.where(reached[:, None] > 1e-9, chosen / reached[:, None], np.nan)
        found.append(
            {
                "id": name,
                "actor": phase.decide,
                "says": phase.says,
                "dates": argument.calendar.labels()[:-1],
                "reached": _series(reached),
                "options": {
                    option: {
                        "says": phase.options[option].says,
                        "best_guess": [number(v) for v in shares[:, i, 0]],
                        "mean": [number(v) for v in _mean(shares[:, i, 1:])],
                    }
                    for i, option in enumerate(phase.options)
                },
            }
        )
    return found


def _mean(block: Floats) -> Floats:
    counted = np.isfinite(block).sum(axis=1)
    total = np.nansum(block, axis=1)
    return np.where(counted > 0, total / np.maximum(counted, 1), np.nan)


def _premises(argument: Argument) -> list[dict[str, Any]]:
    return [
        {
            "id": name,
            "says": p.says,
            "guess": p.guess,
            "low": p.range[0] if p.range else None,
            "high": p.range[1] if p.range else None,
            "shape": p.shape if p.range else "fixed",
            "source": p.source,
            "unit": p.unit,
        }
        for name, p in argument.scenario.premises.items()
    ]


def _levers(results: Results) -> list[dict[str, Any]]:
    base = results.values[Variant()]
    found = []
    for name, lever in results.argument.scenario.levers.items():
        values = results.values[Variant((name,))] - base
        effects = {a: spread(row) for a, row in zip(results.program.actors, values, strict=True)}
        found.append({"id": name, "says": lever.says, "source": lever.source, "values": effects})
    return found


def _values(results: Results) -> list[dict[str, Any]]:
    base, terms = results.values[Variant()], results.terms[Variant()]
    actors = results.program.actors
    return [
        {
            "actor": actor,
            "value": spread(base[i]),
            "terms": {
                term: spread(terms[k])
                for k, (owner, term) in enumerate(results.program.terms) if owner == i
            },
        }
        for i, actor in enumerate(actors)
    ]  # fmt: skip
