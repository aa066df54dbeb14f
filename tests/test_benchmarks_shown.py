"""What the suite of measurements shows: tables, the page of figures, plots, and messages."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmark_records import figure, record

from benchmarks import __main__ as command
from benchmarks import page, plots
from benchmarks.bars import Bar
from benchmarks.machine import said
from benchmarks.suite import entries
from benchmarks.words import number, seconds
from mistrust.errors import UsageError

ENTRIES = entries()


# -- bars and words --------------------------------------------------------------------------


def test_bars_are_cleared_or_missed() -> None:
    least, most = Bar(10, 100), Bar(4, 3, most=True)
    said_of = ["misses the bar", "clears the bar", "reaches the goal"]
    assert [least.verdict(x) for x in (9.9, 10, 100)] == said_of
    assert [most.verdict(x) for x in (4.1, 4, 3)] == said_of
    assert Bar(1.05, most=True).verdict(0.1) == "clears the bar"
    assert least.margin(20) == 2 and most.margin(2) == 2


def test_numbers_are_short() -> None:
    assert [number(x) for x in (0.12345, 12.345, 12345.6)] == ["0.123", "12.3", "12,346"]
    assert [seconds(x) for x in (None, 2.5, 0.0123, 4.2e-6)] == ["", "2.5 s", "12.3 ms", "4.2 µs"]


def test_the_machine_in_one_sentence() -> None:
    machine = record()["machine"]
    assert said(machine) == "one, 2 cores (L1 48K), Linux; Python 3, NumPy 2, Numba 1"
    assert said(machine | {"caches": {}, "cores": 1}).startswith("one, 1 core, Linux;")


# -- the command -----------------------------------------------------------------------------


def ask(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command; its status."""
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    with pytest.raises(SystemExit) as ended:
        command.main()
    return int(ended.value.code or 0)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Nothing is measured; how it was asked for."""
    asked: list[Any] = []

    def instead(names: list[str], *, quick: bool, tell: Any) -> dict[str, Any]:
        asked.append((names, quick))
        tell("gambit: measuring")
        return record(figure("gambit", 2000.0), figure("belief"), quick=quick) | {
            "skipped": [{"name": "quantecon", "reason": "QuantEcon is not installed"}]
        }

    monkeypatch.setattr(command, "measure", instead)
    return asked


def test_an_unknown_entry_is_told_with_the_nearest_and_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(monkeypatch, "--only", "gambt") == 2
    told = " ".join(re.sub(r"[│╭╮╰╯─]", " ", capsys.readouterr().err).split())
    assert "found 'gambt', expected one of" in told and "did you mean 'gambit'?" in told
    assert all(f"'{name}'" in told for name in ENTRIES)


def test_json_is_one_document_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], measured: list[Any]
) -> None:
    assert ask(monkeypatch, "--json", "--quick", "--only", "gambit", "--only", "belief") == 0
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1 and printed.err == "gambit: measuring\n"
    found = json.loads(printed.out)
    assert [one["name"] for one in found["figures"]] == ["gambit", "belief"]
    assert measured == [(["gambit", "belief"], True)]


def test_a_table_for_people(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], measured: list[Any]
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert ask(monkeypatch) == 0
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if "gambit" in line)
    for words in ("2,000 times faster", "≥ 1,000", "≥ 10,000", "clears the bar"):
        assert words in row
    assert "gambit: 500 ms here, peer: 1 s; a note" in out
    assert "quantecon skipped: QuantEcon is not installed" in out
    assert measured == [([], False)] and "Small sizes" not in out
    assert ask(monkeypatch, "--quick") == 0
    out = capsys.readouterr().out
    assert "Small sizes" in out and "clears the bar" not in out and "≥" not in out


def test_a_failure_is_told_after_what_was_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], elsewhere: Path
) -> None:
    pytest.importorskip("matplotlib")
    failed = [{"name": "belief", "reason": "AssertionError: 0.5"}]
    monkeypatch.setattr(
        command, "measure", lambda *_, **__: record(figure("gambit"), failed=failed)
    )
    assert ask(monkeypatch, "--page") == 1
    out, err = capsys.readouterr()
    assert "2 times faster" in out and "belief failed: AssertionError: 0.5" in out
    assert err == "failed: belief\n" and page.kept() is None


def test_plots_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("COLUMNS", "500")
    for name, told in (
        ("gambit", f"{tmp_path / 'bars.svg'}"),
        ("belief", "nothing, since no plot"),
    ):
        found = record(figure(name))
        monkeypatch.setattr(command, "measure", lambda *_, found=found, **__: found)
        assert ask(monkeypatch, "--plots", str(tmp_path)) == 0
        assert f"drawn: {told}" in capsys.readouterr().err


def test_a_busy_machine_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "measure", lambda *_, **__: record(busy=True))
    assert ask(monkeypatch) == 0
    assert "busy with other work" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--page", "--quick"), "small sizes are no results: --page goes without --quick"),
        (("--plots", "taken/plots"), "cannot write to 'taken/plots': not a directory"),
        pytest.param(
            ("--plots", "/proc"),
            "cannot write to '/proc': no such file or directory",
            marks=pytest.mark.skipif(not Path("/proc").exists(), reason="no /proc here"),
        ),
    ],
)
def test_a_mistake_ends_in_a_message(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    measured: list[Any],
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plots, "find_spec", lambda _: True)
    (tmp_path / "taken").write_text("a file where a folder is wanted")
    assert ask(monkeypatch, *arguments) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err, measured) == ("", f"{told}\n", [])


def test_without_matplotlib_nothing_is_measured_for_plots(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], measured: list[Any]
) -> None:
    monkeypatch.setattr(plots, "find_spec", lambda _: None)
    for asked in (("--plots", "somewhere"), ("--page",)):
        assert ask(monkeypatch, *asked) == 1
        assert capsys.readouterr().err.startswith("plots need matplotlib, which is not installed")
    assert not measured


# -- the page --------------------------------------------------------------------------------


def test_the_page_says_what_its_record_says() -> None:
    """Write it anew with `python -m benchmarks --page`."""
    kept = page.kept()
    assert kept is not None and kept["quick"] is False
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.filled(text, kept) == text
    blocks = re.findall(r"<!-- measured: (\S+) -->", text)
    assert set(blocks) >= {"machine", "summary", *ENTRIES}
    assert set(re.findall(r"^## (\w+)$", text, re.MULTILINE)) >= set(ENTRIES)
    for target in re.findall(r"\]\((performance/[^)]+)\)", text):
        assert (page.DOCS / target).is_file()


def test_blocks_are_written_from_a_record() -> None:
    names = ("machine", "summary", "gambit", "quantecon", "growth")
    text = "".join(f"before\n<!-- measured: {n} -->\nold\n<!-- end -->\nafter\n" for n in names)
    kept = record(figure("gambit", 12345.0), figure("belief"))
    found = page.filled(text, kept)
    assert page.filled(found, kept) == found
    assert "old" not in found and found.count("before") == found.count("after") == len(names)
    assert "| gambit | 12,345 times faster | ≥ 1,000 | ≥ 10,000 | reaches the goal |" in found
    assert "| gambit | 12,345 times faster | 500 ms | peer: 1 s |" in found
    assert "- gambit: a note." in found and "| belief |" not in found
    assert found.count("Not measured yet.") == 2 and page.BUSY not in found
    skipped = record(busy=True, skipped=[{"name": "gambit", "reason": "no Gambit here"}])
    found = page.filled(text, skipped)
    assert "no Gambit here" in found and page.BUSY in found


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A page of its own, not that of the documentation."""
    folder = tmp_path / "performance"
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(page, "FOLDER", folder)
    monkeypatch.setattr(page, "KEPT", folder / "record.json")
    page.PAGE.write_text("<!-- measured: gambit -->\n<!-- end -->\n", encoding="utf-8")
    return page.PAGE


def test_single_entries_are_replaced_on_the_same_machine_only(elsewhere: Path) -> None:
    first = record(figure("gambit"), figure("belief"))
    with pytest.raises(UsageError, match="leave --only out"):
        page.ready(first["machine"], ["gambit"])
    page.ready(first["machine"], [])
    assert page.write(first, []) == first == page.kept()
    page.ready(first["machine"] | {"busy": True}, ["gambit"])
    with pytest.raises(UsageError, match="were not measured on this machine"):
        page.ready(first["machine"] | {"numba": "2"}, ["gambit"])
    both = page.write(record(figure("gambit", 7.0)), ["gambit"])
    assert [one["ratio"] for one in both["figures"]] == [2.0, 7.0]
    assert "| gambit | 7 times faster |" in elsewhere.read_text(encoding="utf-8")
    assert page.write(record(figure("gambit", 8.0)), [])["figures"][0]["ratio"] == 8.0


def test_the_page_is_written_by_one_command(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    measured: list[Any],
    elsewhere: Path,
) -> None:
    pytest.importorskip("matplotlib")
    assert ask(monkeypatch, "--page") == 0
    assert "| gambit | 2,000 times faster |" in elsewhere.read_text(encoding="utf-8")
    names = sorted(path.name for path in page.FOLDER.iterdir())
    assert names == ["bars.svg", "record.json"]
    capsys.readouterr()
    assert ask(monkeypatch, "--page", "--only", "gambit") == 1
    assert "measure all of them" in capsys.readouterr().err and len(measured) == 1


def test_plots_are_drawn_from_a_record(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    growth = {"time": {"states": [(10, 1.0), (100, 10.0)], "turns": [(1, 1.0), (9, 9.0)]}}
    growth["memory"] = {"states": [(10, 1e6), (100, 1e7)]}
    series = {"growth": growth, "bandwidth": {"one": {"chance": 1.0, "decisions": 3.0}}}
    found = record(figure("gambit", 2000.0), figure("memory", 9.0), figure("belief"), series=series)
    drawn = plots.draw(found, tmp_path)
    assert [path.name for path in drawn] == ["growth.svg", "stages.svg", "bars.svg"]
    texts = [path.read_text(encoding="utf-8") for path in drawn]
    assert texts[0].count("exponent 1.00") == 3 and "decisions" in texts[1]
    assert "gambit" in texts[2] and "belief" not in texts[2]
    plots.draw(found, tmp_path)
    assert [path.read_text(encoding="utf-8") for path in drawn] == texts  # nothing of the day
    assert not plots.draw(record(), tmp_path)
