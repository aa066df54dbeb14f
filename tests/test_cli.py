"""The command line: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

import mistrust
from mistrust.cli import main
from mistrust.report.terminal import certificate_line, show_first

STARTER = str(Path(mistrust.FLAGSHIP).with_name("starter.yaml"))
QUICK = ("--worlds", "6", "--workers", "1", "--audit-worlds", "4")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


Command = Callable[..., Ended]


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """Run `mistrust ...` in a folder and with a store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MISTRUST_STORE", str(tmp_path / "store" / "results.duckdb"))

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["mistrust", *arguments])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        printed = capsys.readouterr()
        return Ended(code if isinstance(code, int) else 0 if code is None else 1, *printed)

    return run


def keys(record: Any, *names: str) -> bool:
    """Whether a record, or every record of a list that is not empty, has these keys."""
    records = record if isinstance(record, list) else [record]
    return bool(records) and all(set(names) <= set(r) for r in records)


def test_run_prints_one_json_document_of_the_promised_shape(command: Command) -> None:
    ended = command("run", STARTER, *QUICK, "--json")
    assert ended.code == 0 and ended.err == ""
    record = ended.json
    assert keys(record, "certificate", "size", "claims", "mechanisms", "worlds", "timing")
    assert keys(record["certificate"], "ok", "duality", "mass", "residual")
    assert record["certificate"]["ok"] is True
    assert record["certificate"]["duality"] < 1e-9 and record["certificate"]["mass"] < 1e-12
    size = record["size"]
    assert (size["states"], size["phases"], size["turns"], size["actors"]) == (32, 3, 12, 2)
    claims = record["claims"]
    assert keys(claims, "id", "share", "low", "high", "word", "best_guess", "source")
    assert [c["id"] for c in claims] == ["holds", "timeout_breaks_it", "vigilance_pays"]
    assert all(0 <= c["low"] <= c["share"] <= c["high"] <= 1 for c in claims)
    assert all(isinstance(c["best_guess"], bool) for c in claims)
    (timeout,) = record["mechanisms"]
    assert keys(timeout, "id", "outcome", "expected", "effect", "as_expected", "share_as_expected")
    assert (timeout["id"], timeout["expected"]) == ("timeout", "up")
    worlds = record["worlds"]
    assert (worlds["asked"], worlds["solved"], worlds["failed"]) == (6, 6, 0)
    assert record["timing"]["seconds"] > 0


def test_run_writes_the_record_and_a_page_that_opens_offline(
    command: Command, tmp_path: Path
) -> None:
    ended = command("run", STARTER, *QUICK, "--json", "--out", "results")
    assert json.loads((tmp_path / "results" / "record.json").read_text()) == ended.json
    page = (tmp_path / "results" / "report.html").read_text(encoding="utf-8")
    assert "A truce with a rearming rival" in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "src=" not in page


def test_run_for_people(command: Command) -> None:
    ended = command("run", STARTER, *QUICK)
    assert ended.code == 0
    for words in ("A truce with a rearming rival", "timeout_breaks_it", "certificate holds"):
        assert words in ended.out
    assert ended.out.rstrip().endswith("report.html")


def test_a_repeated_run_gives_the_same_and_solves_nothing(command: Command) -> None:
    first, again, anew = (
        command("run", STARTER, *QUICK, "--json", *more).json for more in ((), (), ("--fresh",))
    )
    changing = ("timing", "scenario")  # seconds, and the command line
    for record in (again, anew):
        assert {k: v for k, v in record.items() if k not in changing} == {
            k: v for k, v in first.items() if k not in changing
        }


def test_the_seed_and_the_resolution_are_heeded(command: Command) -> None:
    one, two = (
        command("run", STARTER, *QUICK, "--json", "--seed", seed).json for seed in ("1", "2")
    )
    assert one["claims"][0]["margins"] != two["claims"][0]["margins"]
    assert one["claims"][0]["margin"]["best_guess"] == two["claims"][0]["margin"]["best_guess"]
    draft = command("run", STARTER, *QUICK, "--json", "--resolution", "draft").json
    assert draft["scenario"]["resolution"] == "draft"


def test_in_a_process_of_its_own_nothing_else_is_on_standard_output(tmp_path: Path) -> None:
    source = str(Path(mistrust.__file__).parents[1])
    store = str(tmp_path / "store.duckdb")
    ended = subprocess.run(
        [sys.executable, "-m", "mistrust", "run", STARTER, "--worlds", "2", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": source, "MISTRUST_STORE": store},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert ended.stdout.count("\n") == 1 and ended.stderr == ""
    assert json.loads(ended.stdout)["worlds"]["solved"] == 2


def test_check(command: Command) -> None:
    found = command("check", STARTER, "--json")
    assert found.code == 0 and found.json["ok"] is True and found.json["errors"] == []
    assert found.json["size"]["states"] == 32
    differences = command("check", STARTER, "--json", "--referee").json["referee"]
    assert set(differences) == {"rival", "defender"} and max(differences.values()) < 1e-9
    assert "32" in command("check", STARTER).out


TYPED = (
    Path(STARTER)
    .read_text(encoding="utf-8")
    .replace("precision: 4}", "precision: 4, types: {hawk: 0.4, dove: 0.6}, beliefs: 3}", 1)
    .replace("turns: 12", "turns: 2")
)
"""The starter with hidden types of the rival, cut short."""
TYPED = re.sub(r"\nclaims:.*", "", TYPED, flags=re.DOTALL)

BROKEN = """\
title: broken
horizon: {turns: 2}
actors: {ann: {}}
board: {x: {levels: 0..1, start: 0}}
turn: [{chance: nature, raise: {x: hope}}]
payofs: {ann: {flow: x}}
"""


def test_check_of_a_broken_scenario(command: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BROKEN)
    found = command("check", "bad.yaml", "--json")
    assert found.code == 1 and found.json["ok"] is False
    assert keys(found.json["errors"], "line", "column", "message")
    places = [(e["line"], e["column"]) for e in found.json["errors"]]
    assert places == [(5, 36), (6, 1)]
    assert "'hope'" in found.json["errors"][0]["message"]
    assert "payoffs" in found.json["errors"][1]["message"]
    plain = command("check", "bad.yaml")
    assert plain.code == 1 and plain.out == ""
    assert plain.err.startswith("bad.yaml:5:36:") and "bad.yaml:6:1:" in plain.err


def test_what_the_referee_refuses_is_told_in_json(command: Command, tmp_path: Path) -> None:
    text = Path(STARTER).read_text(encoding="utf-8").replace("levels: 0..3", "levels: 0..300")
    path = tmp_path / "wide.yaml"
    path.write_text(text, encoding="utf-8")
    ended = command("check", str(path), "--json", "--referee")
    assert (ended.code, ended.err, ended.json["ok"]) == (1, "", False)
    assert "more than the referee takes on" in ended.json["errors"][0]["message"]


def test_odds_above_one_fail_the_check(command: Command, tmp_path: Path) -> None:
    text = BROKEN.replace("payofs", "payoffs").replace("hope", "0.8 + 0.4 * x")
    (tmp_path / "bad.yaml").write_text(text)
    (error,) = command("check", "bad.yaml", "--json").json["errors"]
    assert error["line"] == 5 and "1.2 is no probability" in error["message"]


def test_new_writes_a_scenario_that_checks_and_runs(command: Command, tmp_path: Path) -> None:
    assert command("new", "mine.yaml").code == 0
    text = (tmp_path / "mine.yaml").read_text()
    assert text == Path(STARTER).read_text()
    assert command("check", "mine.yaml", "--json").json["ok"] is True
    assert command("run", "mine.yaml", "--worlds", "0", "--json").json["certificate"]["ok"] is True
    (tmp_path / "mine.yaml").write_text("my own work")
    again = command("new", "mine.yaml")
    assert again.code == 1 and "exists already" in again.err
    assert (tmp_path / "mine.yaml").read_text() == "my own work"


def test_why(command: Command) -> None:
    asked = ("why", STARTER, "--actor", "rival", "--at", "2026-Q1", "--given", "arsenal == 2")
    record = command(*asked, "--json").json
    assert (record["actor"], record["at"], record["given"]) == ("rival", "2026-Q1", "arsenal == 2")
    (decision,) = record["decisions"]
    assert decision["decision"] == "aggression" and 0 < decision["probability"] < 1
    assert [o["name"] for o in decision["options"]] == ["attack", "hold"]
    for option in decision["options"]:
        assert option["value"] == pytest.approx(sum(option["terms"].values()))
    assert sum(o["probability"] for o in decision["options"]) == pytest.approx(1)
    out = command(*asked).out
    assert "attack" in out and "given that" not in out


def test_why_of_an_actor_with_types_says_that_its_type_is_given(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "typed.yaml").write_text(TYPED, encoding="utf-8")
    said = " ".join(command("why", "typed.yaml", "--actor", "rival", "--at", "2025-Q1").out.split())
    for kind in ("hawk", "dove"):
        assert f"Reached with probability 100%, given that rival is of the type {kind};" in said


def test_compare(command: Command) -> None:
    asked = ("compare", STARTER, "--lever", "vigilance", "--worlds", "4", "--workers", "1")
    record = command(*asked, "--json").json
    assert record["variant"] == "vigilance" and record["worlds"] == {"asked": 4, "failed": 0}
    assert keys(record["claims"], "id", "says", "as_written", "under")
    assert keys(record["values"], "rival", "defender")
    model = mistrust.load(STARTER)
    change = model.solve(levers=["vigilance"]).value - model.solve().value
    found = [record["values"][a]["change"]["best_guess"] for a in ("rival", "defender")]
    assert found == pytest.approx(change.values)
    off = command("compare", STARTER, "--without", "timeout", *asked[4:], "--json").json
    assert off["variant"] == "without timeout"
    said = command(*asked).out
    assert "and with the lever vigilance: shares of 4 worlds, seed 1" in " ".join(said.split())
    alone = command(*asked[:4], "--worlds", "0", "--workers", "1").out
    assert "the best guess alone" in " ".join(alone.split()) and "0 worlds" not in alone


def test_a_claim_with_the_lever_inside_is_not_read_with_it_again(command: Command) -> None:
    asked = ("compare", STARTER, "--lever", "vigilance", "--worlds", "2", "--workers", "1")
    record = command(*asked, "--json").json
    assert record["seed"] == 1
    under = {claim["id"]: claim["under"] for claim in record["claims"]}
    assert [name for name, found in under.items() if found is None] == ["vigilance_pays"]
    assert command(*asked).out.count("(has it inside already)") == 1
    off = command("compare", STARTER, "--without", "timeout", *asked[4:], "--json").json
    without = [claim["id"] for claim in off["claims"] if claim["under"] is None]
    assert without == ["timeout_breaks_it"]


def test_a_run_without_worlds_says_that_it_is_the_best_guess(
    command: Command, tmp_path: Path
) -> None:
    out = command("run", STARTER, "--worlds", "0", "--workers", "1").out
    assert "Verdicts: the best guess alone, since no worlds were drawn" in out
    assert "certificate holds for the best guess: duality" in out and "0 worlds" not in out
    page = (tmp_path / "mistrust-out" / "report.html").read_text(encoding="utf-8")
    assert "<li>best guess only</li>" in page and "<li>0 worlds</li>" not in page


def test_the_best_guess_is_told_before_the_worlds_are_solved(command: Command) -> None:
    record = command("run", STARTER, "--worlds", "4", "--workers", "1", "--json").json
    best = {claim["id"]: claim["best_guess"] for claim in record["claims"]}
    hold = [name for name, truth in best.items() if truth]
    fail = [name for name, truth in best.items() if not truth]
    said = " ".join(command("run", STARTER, "--worlds", "4", "--workers", "1").out.split())
    told = f"In the best guess, of {len(best)} claims {len(hold)} hold ({', '.join(hold)})"
    told += f", {len(fail)} fail{'s' * (len(fail) == 1)} ({', '.join(fail)})" if fail else ""
    assert said.startswith(f"{told}. Verdicts over 4 worlds follow.")
    printed = io.StringIO()
    show_first({"a": None, "b": True}, 1, Console(width=200, file=printed))
    told = "In the best guess, of 2 claims 1 holds (b), 1 has no value (a).\n"
    assert printed.getvalue() == f"{told}Verdicts over 1 world follow.\n"
    show_first({}, 1, Console(file=printed))
    assert printed.getvalue().count("best guess") == 1


def test_a_run_with_hidden_types_points_to_the_check_of_their_grid(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "my own.yaml").write_text(TYPED, encoding="utf-8")
    told = "which a finer grid would turn: mistrust check "
    out = command("run", "my own.yaml", "--worlds", "0", "--workers", "1").out
    assert f"{told}'my own.yaml'\n" in out
    page = tmp_path / "mistrust-out" / "report.html"
    assert told in page.read_text(encoding="utf-8")
    assert told not in command("run", STARTER, "--worlds", "0", "--workers", "1").out
    assert told not in page.read_text(encoding="utf-8")


def test_export(command: Command, tmp_path: Path) -> None:
    text = Path(STARTER).read_text(encoding="utf-8").replace("turns: 12", "turns: 2")
    (tmp_path / "short.yaml").write_text(re.sub(r"\nclaims:.*", "", text, flags=re.DOTALL))
    printed = command("export", "short.yaml", "--to", "efg")
    assert printed.code == 0 and printed.out.startswith('EFG 2 R "A truce with a rearming rival" {')
    assert printed.err.startswith("Note: Its logit equilibria are not those of mistrust: patience")
    ended = command("export", "short.yaml", "--to", "efg", "-o", "short.efg")
    assert (tmp_path / "short.efg").read_text(encoding="utf-8") == printed.out
    nodes = len(printed.out.rstrip("\n").split("\n")) - 3
    assert ended.out == f"Wrote short.efg: {nodes} nodes\n" and ended.err == printed.err
    fewer = command("export", "short.yaml", "--to", "efg", "--lever", "vigilance").out
    assert fewer.count("\n") < printed.out.count("\n")
    assert command("export", "short.yaml", "--to", "nfg").code == 2


def test_schema(command: Command) -> None:
    schema = command("schema").json
    assert {"title", "horizon", "actors", "board", "turn"} <= set(schema["required"])


def test_version(command: Command) -> None:
    assert command("--version").out == f"mistrust {mistrust.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "nowhere.yaml"), "there is no such file"),
        (("check", "nowhere.yaml"), "there is no such file"),
        (("why", STARTER, "--actor", "rivals", "--at", "2026-Q1"), "did you mean 'rival'"),
        (("why", STARTER, "--actor", "rival", "--at", "2036-Q1"), "is no turn of this scenario"),
        (("why", STARTER, "--actor", "rival", "--at", "2026-Q1", "--given", "arsenall == 2"),
         "did you mean 'arsenal'"),
        (("why", STARTER, "--actor", "rival", "--at", "2026-Q1", "--lever", "vigil"),
         "unknown lever 'vigil'"),
        (("compare", STARTER), "name a --lever"),
        (("compare", STARTER, "--without", "timeouts"), "did you mean 'timeout'"),
        (("run", STARTER, "--worlds", "0", "--out", "taken/results"), "cannot write to"),
        (("new", "no/such/folder/mine.yaml"), "cannot write"),
    ],
)  # fmt: skip
def test_a_users_mistake_ends_in_a_message(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "taken").write_text("a file where a folder is wanted")
    ended = command(*arguments)
    assert ended.code == 1
    assert told in ended.err and "Traceback" not in ended.err
    assert ended.out == ""


@pytest.mark.parametrize("arguments", [("run", "--worlds", "-1"), ("nonsense",), ("why",)])
def test_wrong_usage_is_status_2(command: Command, arguments: tuple[str, ...]) -> None:
    assert command(*arguments).code == 2


def test_a_best_guess_without_certificate_is_told_apart_from_the_worlds() -> None:
    figures = {"duality": 1e-14, "mass": 2e-14, "residual": 3e-11}
    worlds = {"solved": 58, "asked": 64}
    none = {"certificate": {"ok": False, **figures}, "worlds": {"solved": 0, "asked": 0}}
    assert "holds nowhere else, since no worlds were drawn" in certificate_line(none)
    for ok, said in ((True, "certificate holds"), (False, "FAILS for the best guess; it holds")):
        record = {"certificate": {"ok": ok, **figures}, "worlds": worlds}
        told = Text.from_markup(certificate_line(record)).plain
        assert f"{said} in 58 of 64 worlds: duality 1e-14, mass 2e-14, residual 3e-11" in told
