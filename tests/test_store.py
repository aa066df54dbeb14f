"""The store of solved batches: what is found again, what is not, and that it is the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import numpy as np
import pytest

import mistrust
from mistrust.ensemble.batch import Batch, pack, unpack
from mistrust.ensemble.plan import questions
from mistrust.ensemble.store import HeldError, Store

STARTER = Path(mistrust.FLAGSHIP).with_name("starter.yaml")


def readings(store: Store | None, worlds: int = 4, seed: int = 1) -> tuple[list[np.ndarray], int]:
    model = mistrust.load(STARTER)
    results = model.ensemble(questions(model.argument), worlds, seed, store=store)
    return [*results.readings.values(), *results.laws.values()], results.reused


def test_a_repeated_run_is_the_same_to_the_bit_and_solves_nothing(tmp_path: Path) -> None:
    fresh, none = readings(None)
    with Store(tmp_path / "store.duckdb") as store:
        first, before = readings(store)
        again, reused = readings(store)
    assert none == before == 0
    assert reused == 3 * 5  # as written, without the mechanism, under the lever; guess and draws
    for one, other, kept in zip(fresh, first, again, strict=True):
        assert np.array_equal(one, other, equal_nan=True)
        assert np.array_equal(one, kept, equal_nan=True)


def test_other_seeds_and_scenarios_are_solved_anew(tmp_path: Path) -> None:
    with Store(tmp_path / "store.duckdb") as store:
        readings(store)
        _, reused = readings(store, seed=2)
        assert reused == 3  # the best guess
        text = STARTER.read_text(encoding="utf-8").replace("guess: 0.5", "guess: 0.45")
        changed = tmp_path / "changed.yaml"
        changed.write_text(text, encoding="utf-8")
        model = mistrust.load(changed)
        results = model.ensemble(questions(model.argument), 4, 1, store=store)
        assert results.reused == 0


def test_a_batch_survives_its_way_to_disk() -> None:
    model = mistrust.load(STARTER)
    from mistrust.compile.lower import Case
    from mistrust.ensemble.plan import Job
    from mistrust.ensemble.worlds import guesses

    job = Job((Case(guesses(model.argument.scenario)),), (0,), (), chart=True)
    (batch,) = model.engine.run([(3, job)])
    other = unpack(pack(batch), 3)
    assert isinstance(other, Batch) and other.job == 3 and other.faults == batch.faults
    assert np.array_equal(batch.values, other.values)
    assert batch.charts is not None and other.charts is not None
    for name, law in batch.charts.laws.items():
        assert np.array_equal(law, other.charts.laws[name])


def test_a_store_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    path.write_text("no database")
    with pytest.raises(mistrust.UsageError, match="cannot be opened"):
        Store(path)


HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"


def test_while_another_run_holds_the_store_this_one_goes_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from mistrust import cli

    path = tmp_path / "store.duckdb"
    monkeypatch.setenv("MISTRUST_STORE", str(path))
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(HeldError, match="another run holds the store of results"):
            Store(path)
        with cli._kept() as store:
            assert store is None
        other.communicate("done\n")
    with cli._kept() as store:
        assert isinstance(store, Store)
    told = " ".join(capsys.readouterr().err.split())
    assert told.endswith("this one goes on without, and keeps nothing")
