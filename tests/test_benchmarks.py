"""The suite of measurements: every entry runs in its quick form, and measures what it says."""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from benchmark_records import figure, record

from benchmarks import figures
from benchmarks.bandwidth import runs
from benchmarks.bars import BARS
from benchmarks.figures import Figure, Missing, interleaved, often, rounds, seldom
from benchmarks.first_verdict import GUESS, TABLE, verdicts
from benchmarks.growth import exponent
from benchmarks.memory import held, policies, resident
from benchmarks.models import SMALL, batch, model_of, starter
from benchmarks.stages import moved, watched
from benchmarks.suite import entries, measure, merged
from benchmarks.synthetic import POINTS, SHAPE, scenario, typed
from mistrust.solve.backward import solve
from mistrust.solve.reach import reachable

ENTRIES = entries()
EXPECTED = {
    "bandwidth",
    "belief",
    "certificate",
    "ensemble",
    "exact_vs_simulated",
    "first_verdict",
    "gambit",
    "growth",
    "memory",
    "quantecon",
    "sgamesolver",
}


# -- entries ---------------------------------------------------------------------------------


def test_entries_are_found_by_themselves() -> None:
    assert set(ENTRIES) >= EXPECTED


LONG = {"first_verdict", "bandwidth", "growth"}
"""Entries whose quick form takes more than a few seconds."""


@pytest.mark.parametrize(
    "module",
    [
        pytest.param(module, id=name, marks=[pytest.mark.slow] * (name in LONG))
        for name, module in ENTRIES.items()
    ],
)
def test_an_entry_runs_in_its_quick_form(module: ModuleType) -> None:
    name = module.__name__.rpartition(".")[2]
    try:
        found = list(module.figures(True))
    except Missing as missing:
        pytest.skip(str(missing))
    assert found
    names = [one.name for one in found]
    assert len(set(names)) == len(names) and all(n.split()[0] == name for n in names)
    for one in found:
        assert isfinite(one.ratio)
        assert all(x is None or (isfinite(x) and x > 0) for x in (one.ours_s, one.peer_s))
        assert one.unit and one.peer and one.note
        assert set(one.data()) == {"name", "ours_s", "peer", "peer_s", "ratio", "unit", "note"}
    if hasattr(module, "series"):
        assert json.loads(json.dumps(module.series(True), allow_nan=False))


def test_bars_are_those_of_figures_that_there_are() -> None:
    assert {name.split()[0] for name in BARS} <= set(ENTRIES)


def test_a_run_keeps_what_it_found_and_what_it_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(quick: bool) -> Any:
        yield Figure("gambit", 1.0, "x", 2.0, 2.0, "times", f"quick is {quick}")
        raise Missing("there is no Gambit")

    monkeypatch.setattr(ENTRIES["gambit"], "figures", absent)
    told: list[str] = []
    found = measure(["gambit"], quick=True, tell=told.append)
    assert [one["note"] for one in found["figures"]] == ["quick is True"]
    assert found["skipped"] == [{"name": "gambit", "reason": "there is no Gambit"}]
    assert told == ["gambit: measuring", "gambit: 0 s"]
    assert found["machine"]["cores"] >= 1 and found["machine"]["processor"]


def test_what_fails_is_told_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(quick: bool) -> Any:
        yield Figure("belief", 1.0, "x", 2.0, 2.0, "times", "measured")
        raise AssertionError(0.5)

    good = Figure("gambit", 1.0, "x", 2.0, 2.0, "times", "measured")
    monkeypatch.setattr(ENTRIES["belief"], "figures", wrong)
    monkeypatch.setattr(ENTRIES["gambit"], "figures", lambda quick: iter([good]))
    found = measure(["belief", "gambit"], quick=True, tell=lambda text: None)
    assert [one["name"] for one in found["figures"]] == ["belief", "gambit"]
    assert found["failed"] == [{"name": "belief", "reason": "AssertionError: 0.5"}]


def test_some_entries_measured_again_replace_those_before() -> None:
    old = record(figure("belief"), figure("gambit"), figure("growth time turns"))
    old |= {"series": {"growth": 1, "bandwidth": 2}}
    new = record(figure("growth time turns", 3.0), busy=True, series={"growth": 3})
    new["skipped"] = [{"name": "gambit", "reason": "gone"}]
    both = merged(old, new)
    ratios = [(one["name"], one["ratio"]) for one in both["figures"]]
    assert ratios == [("belief", 2.0), ("growth time turns", 3.0)]
    assert both["skipped"] == new["skipped"] and both["series"] == {"growth": 3, "bandwidth": 2}
    assert both["machine"]["busy"] is True and old["machine"]["busy"] is False


# -- how it is measured ----------------------------------------------------------------------


def test_works_take_turns() -> None:
    done: list[str] = []
    taken = interleaved(lambda: done.append("a"), lambda: done.append("b"), times=3)
    assert done == ["a", "b"] * 3 and len(taken) == 2
    assert [len(found) for found in rounds(lambda: None, times=4)] == [4]
    once = rounds(lambda: None, times=4, most=0.0)
    assert [len(found) for found in once] == [1]
    assert seldom(once[0]) == "; runs: 1" and seldom([1.0] * figures.TIMES) == ""


def test_short_work_is_repeated() -> None:
    done: list[int] = []
    repeated, count = often(lambda: done.append(1), least=0.001)
    assert count > 1 and len(done) == 3
    repeated()
    assert len(done) == 3 + count


def test_the_made_up_game_is_as_large_as_said() -> None:
    size = model_of(scenario(turns=1)).size
    assert (size.states, size.actors, size.phases) == (129_600, 5, 14)
    assert np.prod(SHAPE) == 129_600
    made = {"shape": (3, 4), "actors": 3, "decisions": 2, "drifts": 5, "turns": 2}
    size = model_of(scenario(**made, anywhere=True)).size
    assert (size.states, size.actors, size.phases, size.turns) == (12, 3, 7, 2)
    for hidden in (True, False):  # a belief, or a variable of as many levels
        model = model_of(typed(made, hidden=hidden))
        assert model.size.states == 12 * POINTS
        assert len(model.engine.program.privacy.grids) == hidden


def test_the_stages_of_a_solve_take_no_more_than_all_of_it() -> None:
    found = runs(model_of(scenario(**SMALL)), 2, 1)
    stages = range(-1, SMALL["decisions"] + SMALL["drifts"])
    assert set(found.spent[0]) == set(stages)
    for spent, total in zip(found.spent, found.seconds, strict=True):
        assert 0 < spent.total() < total
    kinds = found.kinds()
    assert set(kinds) == {"decisions", "chance", "ends of turns", "between stages"}
    assert all(taken > 0 for taken in kinds.values()) and found.typed(0) == 0.0


def test_nothing_is_watched_afterwards() -> None:
    with watched() as spent:
        pass
    solve(batch(model_of(scenario(**SMALL)), 1))
    assert not spent


def test_what_must_move_is_counted() -> None:
    coefficients = batch(model_of(scenario(**SMALL)), 2)
    live = 2401 * 5 * 2 * SMALL["turns"]  # boards, actors, worlds, turns
    bytes_ = moved(coefficients, reachable(coefficients))
    assert [bytes_[i] for i in range(5)] == [16 * 3 * live] * 2 + [16 * live] * 3


def test_exponents_are_slopes() -> None:
    sizes = np.array([10, 20, 50, 200])
    assert exponent(sizes, 3.0 * sizes**1.25) == pytest.approx(1.25)


@pytest.mark.slow
def test_the_first_run_ever_compiles_into_its_own_folder(tmp_path: Path) -> None:
    taken, lines = verdicts(starter(), tmp_path, (GUESS, TABLE), own_code=True)
    assert taken > 1 and "best guess alone" in "".join(lines)
    assert list((tmp_path / "compiled").rglob("*.nbi"))
    again, same = verdicts(starter(), tmp_path, ((*GUESS, "--fresh"), TABLE), own_code=True)
    assert again < taken and same == lines


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux only")
def test_memory_is_counted() -> None:
    before = resident("VmRSS")
    held_here = np.ones(2**22)
    assert resident("VmRSS") - before == pytest.approx(held_here.nbytes, rel=0.1)
    assert resident("VmHWM") >= resident("VmRSS") - 2**20
    solution = solve(batch(model_of(scenario(**SMALL)), 1))
    stored = sum(policy.nbytes for policy in solution.policies.values())
    assert policies(solution) == stored == 8 * 2401 * 3 * 2 * SMALL["turns"]
    found = held(SMALL, 1)
    assert found["values"] == 8 * 2401 * 5 and found["policies"] == stored
    assert found["peak"] >= found["policies"] + found["values"]
