"""Files that no one should be able to hang, crash or confuse the program with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from examples import examples
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

import mistrust
from mistrust.cli import main
from mistrust.compile import size
from mistrust.scenario.read import read_text

STARTER = Path(mistrust.FLAGSHIP).with_name("starter.yaml").read_text(encoding="utf-8")
GAIN = "if(front == war, spoils * (arsenal - shield) - cost, 0)"
SECONDS = 10.0
"""Far more than any of these takes on a busy machine, far less than a hang."""


def edited(old: str, new: str, text: str = STARTER) -> str:
    assert old in text
    return text.replace(old, new, 1)


def paid(expression: str) -> str:
    """The starter with another payoff."""
    return edited(GAIN, f"'{expression}'")


def defined(definitions: dict[str, str], use: str) -> str:
    lines = "\n".join(f"  {name}: {text}" for name, text in definitions.items())
    return edited("mechanisms:", f"define:\n{lines}\nmechanisms:", paid(use))


def board(variables: dict[str, str]) -> str:
    lines = "\n".join(f"  {n}: {{levels: {levels}, start: 0}}" for n, levels in variables.items())
    return edited("board:\n", f"board:\n{lines}\n")


def moving(move: str) -> str:
    return edited("raise: {arsenal: rearm * timeout}", move)


def laughs() -> str:
    """A billion of them, were aliases followed."""
    lines = ["a: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    for last, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]")
    return "\n".join(lines)


def chain(count: int, step: str) -> dict[str, str]:
    """Definitions that each lead to the next."""
    links = {f"a{i}": step.format(f"a{i + 1}") for i in range(count)}
    return links | {f"a{count}": "arsenal"}


def inside_out(levels: int) -> str:
    text = "1"
    for _ in range(levels):
        text = f"({text}{' - 1 + 1' * 10})"
    return text


def typed(types: str, beliefs: int = 11) -> str:
    """The starter with hidden types of the rival."""
    return edited("precision: 4}", f"precision: 4, types: {{{types}}}, beliefs: {beliefs}}}")


SHOWN = ("raise: {arsenal: rearm", "raise: {arsenal: (rival == hawk) * rearm")
TYPED = edited(*SHOWN, typed("hawk: 0.5, dove: 0.5"))
"""The starter with hidden types that show."""
SIX = ", ".join(f"t{i}: 1 / 6" for i in range(6))
ONE = "{precision: 1, types: {u: 0.5, v: 0.5}, beliefs: 2}"
MANY = "".join(f"\n  a{i}: {ONE}" for i in range(25))

BAD: dict[str, tuple[str | bytes, str]] = {
    # the file
    "empty": ("", "the file is empty"),
    "blank": ("\n\n# nothing\n", "the file is empty"),
    "binary": (bytes(range(256)), "2:118: not a text file in UTF-8"),
    "Latin-1": (STARTER.replace("What", "Für", 1).encode("latin-1"), "21:20: .* byte 0xFC"),
    "UTF-16": (STARTER.encode("utf-16"), "1:1: not a text file in UTF-8"),
    "zeros": (bytes(1000), r"the character U\+0000 may not be in a YAML file"),
    "truncated": (STARTER[: STARTER.index("range: [0.2") + 8], "is it cut off"),
    "cut between sections": (STARTER[: STARTER.index("turn:\n")], "the key 'turn' is missing"),
    "10 MB": ("title: x\n" + "# padding\n" * 1_000_000, "10,000,009 bytes"),
    "2 MB": ("title: x\n" + "# padding\n" * 200_000, "more than 1,000,000 characters"),
    "one long line": ("x" * 900_000, "not YAML|no mapping"),
    "many keys": ("\n".join(f"k{i}: 1" for i in range(20_001)), "more than 20,000 values"),
    # slips of the hand
    "a tab": (edited("    guess: 0.5", "\tguess: 0.5"), "28:1: .* a tab stands here"),
    "indented less": (edited("    guess: 0.5", "   guess: 0.5"), "28:4: .* indented by 3, which"),
    "indented more": (edited("    guess: 0.5", "      guess: 0.5"), "28:7: .* than line 27"),
    "twice": (edited("  spoils:", "  rearm:"), r"31:3: the key 'rearm' .* \(first on line 26\)"),
    "no colon": (edited("    guess: 0.5", "    guess 0.5"), "28:5: .* expected 'key: value'"),
    "a brace left open": (edited("quarter}", "quarter"), "10:10: .* not closed by line 14"),
    "a quote left open": (edited("says: Ch", 'says: "Ch'), "27:11: .* the quote that opens here"),
    "a text for a number": (edited("guess: 0.5", "guess: half"), "28:12: .* expected a number"),
    "a list for a text": (edited("title: A", "title: [A]  # "), "4:8: .* expected a text"),
    "a list for a mapping": (edited("actors:", "actors: [a]\nx:"), "14:9: found a list, expected"),
    "a mapping for a list": (edited("turn:", "turn: {}\nx:"), "50:7: .* expected a list"),
    "unknown actor": (edited("decide: rival", "decide: rivl"), "56:13: .* mean 'rival'"),
    "bad date": (edited("2027-Q1", "2027-13"), "83:32: '2027-13' is no date"),
    "late date": (edited("2027-Q1", "2037-Q1"), "83:32: 2037-Q1 is outside the horizon"),
    # YAML
    "a billion laughs": (laughs(), "1:4: anchors"),
    "deep lists": ("[" * 10_000 + "]" * 10_000, "more than 20 deep"),
    "deep lists left open": ("[" * 10_000, "more than 20 deep"),
    "deep mappings": ("{a: " * 10_000 + "}" * 10_000, "more than 20 deep"),
    "deep keys": ("{" * 10_000, "a key must be a plain word"),
    "deep lines": ("- " * 10_000, "more than 20 deep"),
    "an object": (edited("title: ", "title: !!python/object:os.system "), "tags"),
    "merge keys": (edited("front: {", "front: {<<: {a: 1}, "), "unknown key '<<'"),
    "commas without end": (
        edited("title: A", f"x: {{a: ({'b,' * 200_000}}}\ntitle: A"),
        "so many mistakes",
    ),
    # names
    "unknown key": (edited("guess: 0.5", "gess: 0.5"), "28:5: .*'gess'; did you mean 'guess'"),
    "unknown level": (edited("start: truce", "start: truse"), "'truse' .* did you mean 'truce'"),
    "huge name": (edited("  rearm:", f"  ? {'r' * 100_000}\n  :"), "is no name"),
    "huge level": (edited("[truce, war]", f"[truce, {'w' * 100_000}]"), "is no level"),
    "huge date": (edited("2025-Q1", "9" * 100_000), "is no date"),
    # definitions
    "cyclic": (defined({"a": "b + 1", "b": "a"}, "a"), "'a' leads back to itself through 'b'"),
    "self": (defined({"a": "a"}, "a"), "'a' leads back to itself through 'a'"),
    "doubling": (defined(chain(60, "{0} + {0}"), "a0"), "nested more than 80 deep"),
    "a long way": (defined(chain(900, "{0} + 1"), "a0"), "nested more than 80 deep"),
    "a large circle": (defined(chain(900, "{0} + 1") | {"a900": "a0"}, "a0"), "back to itself"),
    "many": (defined(chain(1500, "{0} + 1"), "a0"), "1,501 entries, expected 1,000 at most"),
    # expressions
    "parentheses": (paid("(" * 9_000 + "1" + ")" * 9_000), "nested more than 40 deep"),
    "open parentheses": (paid("(" * 10_000), "nested more than 40 deep"),
    "calls": (paid("min(" * 3_000 + "1" + ")" * 3_000), "nested more than 40 deep"),
    "chains": (paid("1" + "-1+1" * 4_000), "nested more than 80 deep"),
    "products": (paid("1" + "*1/1" * 4_000), "nested more than 80 deep"),
    "chains in parentheses": (paid(inside_out(39)), "nested more than 80 deep"),
    "only nots": (paid("not " * 4_000), "found the end, expected a number"),
    "only minuses": (paid("-" * 10_000), "found the end, expected a number"),
    "powers": (paid("2" + "**2" * 5_000), "expected an operator or the end"),
    "digits": (paid("9" * 19_000), "19,000 characters"),
    "digits and a letter": (paid("9" * 19_000 + "x"), "is neither a number nor a name"),
    "a long expression": (paid("1 + " * 10_000 + "1"), "at most 20,000 are allowed"),
    "many such": (
        edited(f"conquest: {GAIN}", "\n".join(f"    t{i}: {'9' * 15_000}x" for i in range(60))[4:]),
        "neither a number nor a name",
    ),
    "every so often": (paid("every " + "9" * 50 + " years from 2025-01"), "a whole number after"),
    "far away": (paid("at " + "9" * 50), "is no date"),
    # numbers
    "odds above 1": (
        moving("raise: {arsenal: 1.2}"),
        r"64:22: 1\.2 is no probability \(on the board where front == truce\)",
    ),
    "odds above 1 somewhere": (
        moving("raise: {arsenal: 0.5 * shield}"),
        r"1\.5 is no probability \(on the board where front == truce, shield == 3\)",
    ),
    "no number": (edited("guess: 0.5", "guess: .nan"), "'.nan', expected a number"),
    "infinite": (edited("range: [0.2, 0.8]", "range: [0.2, inf]"), "expected a finite number"),
    "infinite levels": (edited("0..3", "0..inf"), "levels are a list"),
    "huge levels": (edited("0..3", f"0..{'9' * 400}"), "levels are a list"),
    "many levels": (edited("0..3", "0..1 by 0.000001"), "1,000,001 levels"),
    "many turns": (edited("turns: 12", "turns: 1000000"), "expected 2400 or less"),
    "a late end": (edited("turns: 12", "end: 9999-12"), "would be turn 31,900"),
    "many digits of turns": (
        edited("turns: 12", f"turns: {'9' * 5_000}"),
        "expected a whole number",
    ),
    # hidden types, sealed phases, play without end
    "no odds of types": (typed("hawk, dove"), "probabilities: {hawk: 0.5, dove: 0.5}"),
    "odds of types above 1": (typed("hawk: 0.6, dove: 0.6"), "1.2 is the sum of these odds"),
    "a type alone": (edited(GAIN, "hawk", typed("hawk: 0.5, dove: 0.5")), "'rival == hawk'"),
    "an odd belief": (edited(GAIN, "belief(rival)", TYPED), "takes the type of an actor"),
    "a moved belief": (
        edited("{arsenal: (rival == hawk)", "{belief(rival): 1", TYPED),
        "no phase can move",
    ),
    "a fine grid": (typed(SIX, 1001), "make 8,459,043,543,951 beliefs"),
    "two fine grids": (
        edited("precision: 4}", f"precision: 4, types: {{{SIX}}}}}", typed(SIX)),
        "GiB for one world",
    ),
    "many types": (edited("\nboard:", f"{MANY}\nboard:"), "too large to solve"),
    "chance in a sealed phase": (
        edited("turn:\n", "turn:\n  - {sealed: [{chance: a}, {decide: rival}, [], 3]}\n"),
        "a list of decisions",
    ),
    "an end of no end": (edited("turns: 12", "forever: yes, end: 2030"), "has no calendar"),
    "a turn of no end": (
        edited("{start: 2025-Q1, turns: 12, every: quarter}", "forever", paid("turn")),
        "nothing in it may depend on the turn",
    ),
    # size
    "a board beyond counting": (board({f"v{i}": "0..99" for i in range(10)}), "too large to solve"),
    "variables beyond counting": (
        board({f"v{i}": "[0]" for i in range(70)}),
        "expected 60 at most",
    ),
    "branches": (
        edited(
            "raise: {arsenal: rearm * timeout}",
            "set: {arsenal: arsenal * shield}",
            edited("levels: 0..3", "levels: 0..9999"),
        ),
        "10,001 ways for the board to move at once",
    ),
}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


Command = Callable[..., tuple[object, str, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `mistrust ...` here; its status, and what it printed, which took no long time."""

    def run(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["mistrust", *arguments])
        began, code = time.perf_counter(), None
        try:
            main()
        except SystemExit as end:
            code = end.code
        assert time.perf_counter() - began < SECONDS
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return code, printed.out, printed.err

    return run


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused(name: str, command: Command) -> None:
    content, message = BAD[name]
    path = Path("bad.yaml")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    code, out, err = command("check", "bad.yaml")
    assert (code, out) == (1, "")
    assert re.search(message, err), err[:2000]
    assert err.startswith("bad.yaml:") and len(err) < 40_000


@pytest.mark.parametrize(
    "name", ["empty", "unknown key", "odds above 1", "a board beyond counting"]
)
def test_a_bad_file_in_json(name: str, command: Command) -> None:
    content, message = BAD[name]
    Path("bad.yaml").write_text(str(content), encoding="utf-8")
    code, out, err = command("check", "--json", "bad.yaml")
    record = json.loads(out)
    assert (code, err, record["ok"]) == (1, "", False)
    assert set(record) == {"ok", "errors"}
    assert all(set(problem) == {"line", "column", "message"} for problem in record["errors"])
    told = "\n".join("{line}:{column}: {message}".format(**p) for p in record["errors"])
    assert re.search(message, told)
    for asked in (
        ("run", "--json", "bad.yaml", "--worlds", "2"),
        ("compare", "--json", "bad.yaml", "--lever", "vigilance"),
    ):
        code, out, err = command(*asked)
        assert (code, out) == (1, "") and re.search(message, err)


def test_a_bad_file_in_a_process_of_its_own() -> None:
    """Nothing but the message and the status leave it."""
    Path("bad.yaml").write_text(str(BAD["parentheses"][0]), encoding="utf-8")
    asked = [sys.executable, "-m", "mistrust", "check", "bad.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(Path(mistrust.__file__).parent.parent)}
    ended = subprocess.run(
        asked, capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert re.match(r"bad\.yaml:69:\d+: this is nested more than 40 deep", ended.stderr)


def test_a_missing_file(command: Command) -> None:
    Path("truce.yaml").write_text(STARTER, encoding="utf-8")
    code, out, err = command("check", "truse.yaml")
    assert (code, out) == (1, "")
    assert err == "truse.yaml: there is no such file; did you mean 'truce.yaml'?\n"
    for odd in ("", "/dev/null/x.yaml", "x" * 5000, "\udcff.yaml"):
        code, out, err = command("check", odd)
        assert code in (1, 2) and out == "" and err


def test_an_unreadable_file(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    Path("locked.yaml").write_text(STARTER, encoding="utf-8")
    monkeypatch.setattr(Path, "open", refuse)
    message = "locked.yaml: the file cannot be read: permission denied\n"
    assert command("check", "locked.yaml") == (1, "", message)


SLIPS = [
    ("chek", "check"),
    ("check --jsn", "--json"),
    ("check good.yaml more.yaml", "more.yaml"),
    ("run good.yaml --worldz 4", "--worlds"),
    ("why", "scenario"),
    ("why --actor rival --at 2025-Q1", "scenario"),
    ("compare good.yaml --levers vigilance", "--lever"),
    ("compare good.yaml --lever", "--lever"),
]


VALUES = [
    (
        "run good.yaml --worlds many",
        "'--worlds': found 'many', expected a whole number, 0 to 1,000,000",
    ),
    ("run good.yaml --worlds -1 --json", "'--worlds': found -1, expected 0 to 1,000,000"),
    ("compare good.yaml --worlds 2000000", "'--worlds': found 2000000, expected 0 to 1,000,000"),
    ("run good.yaml --seed 1.5", "'--seed': found '1.5', expected a whole number, 0 or more"),
    ("export good.yaml --to efg --limit 0", "'--limit': found 0, expected 1 or more"),
    ("export good.yaml --to gbt", "'--to': found 'gbt', expected 'efg'"),
    (
        "run good.yaml --resolution fine",
        "'--resolution': found 'fine', expected one of 'standard', 'draft'",
    ),
    (
        "check good.yaml --resolution drat",
        "found 'drat', expected one of 'standard', 'draft'; did you mean 'draft'?",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), VALUES)
def test_a_value_that_an_option_does_not_take(
    arguments: str, message: str, command: Command
) -> None:
    Path("good.yaml").write_text(STARTER, encoding="utf-8")
    code, out, err = command(*arguments.split())
    told = " ".join(word for word in err.split() if word != "│")
    assert (code, out) == (2, "") and message in told


@pytest.mark.parametrize(("arguments", "hint"), SLIPS)
def test_a_slip_on_the_command_line(arguments: str, hint: str, command: Command) -> None:
    Path("good.yaml").write_text(STARTER, encoding="utf-8")
    code, out, err = command(*arguments.split())
    assert (code, out) == (2, "") and hint in err


def test_a_folder_that_cannot_be_written_is_refused_first(command: Command) -> None:
    Path("good.yaml").write_text(STARTER, encoding="utf-8")
    code, out, err = command("run", "good.yaml", "--worlds", "1000000", "--out", "good.yaml")
    assert (code, out, err) == (1, "", "cannot write to 'good.yaml': file exists\n")


def test_a_folder_or_an_endless_device(command: Command) -> None:
    for path, message in ((".", "is a directory"), ("/dev/zero", "more than 1,000,000 characters")):
        code, out, err = command("check", path)
        assert (code, out) == (1, "") and message in err


def test_a_board_that_memory_cannot_hold(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be indexed, and is refused before anything of its size is made."""
    text = board({f"v{i}": "0..9" for i in range(7)})
    Path("bad.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(size, "memory_limit", lambda: 2**30)
    code, out, err = command("check", "bad.yaml")
    assert (code, out) == (1, "")
    assert "320,000,000 boards" in err and "9.5 GiB for one world, 1.0 GiB may be used" in err
    assert "Coarsen 'v0' (it has 10 levels)" in err


def test_tables_that_memory_cannot_hold(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The board alone would fit; an expression of all its variables does not."""
    text = board({f"v{i}": "0..9" for i in range(5)})
    text = edited(GAIN, " + ".join(f"v{i} * (turn + shield)" for i in range(5)), text)
    Path("bad.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(size, "memory_limit", lambda: 200 * 2**20)
    code, out, err = command("check", "bad.yaml")
    assert (code, out) == (1, "") and "too large to solve" in err


def test_a_shared_part_costs_nothing(command: Command) -> None:
    """Definitions that would fill the world if written out are worked out once each."""
    text = defined(chain(35, "{0} + {0}"), "a0 / 2 ** 35 - 3")
    Path("good.yaml").write_text(text, encoding="utf-8")
    assert command("check", "good.yaml")[0] == 0
    code, _, err = command("check", "--referee", "good.yaml")
    assert code == 1 and "when written out" in err


def test_what_is_just_allowed_is_checked() -> None:
    """The limits leave room on Python's stack, also with a good part of it in use."""
    tall = "1" + " - a0 + 1" * 35
    text = defined(chain(38, "{0} + 1"), f"{'(' * 39}{tall}{')' * 39} * (arsenal - shield)")
    path = Path("good.yaml")
    path.write_text(text, encoding="utf-8")

    def below(calls: int) -> None:
        if calls:
            below(calls - 1)
        else:
            mistrust.load(path).check()

    below(100)


@pytest.mark.parametrize("sign", ["not ", "-", "+", "- +"])
def test_signs_without_end_are_one_sign(sign: str) -> None:
    argument = read_text(paid(sign * 4_000 + "1"))
    deepest = argument.nodes["payoffs", "rival", "conquest"]
    assert len(str(deepest)) < 200


# -- anything at all -------------------------------------------------------------------------

ANYTHING = examples(20, 60, derandomize=True, suppress_health_check=list(HealthCheck))


def refused_or_read(text: str) -> None:
    """Reading ends in a checked scenario or in a message, and in nothing else."""
    try:
        read_text(text)
    except mistrust.ScenarioError as error:
        assert error.problems and all(problem.message for problem in error.problems)
        lines = text.count("\n") + 1
        assert all(0 <= problem.line <= lines for problem in error.problems)


@ANYTHING
@given(st.integers(0, len(STARTER)))
def test_a_file_cut_off_anywhere(length: int) -> None:
    refused_or_read(STARTER[:length])


@ANYTHING
@given(st.integers(0, len(STARTER)), st.integers(0, 40), st.text(max_size=12))
def test_a_file_with_anything_in_it(start: int, length: int, text: str) -> None:
    refused_or_read(STARTER[:start] + text + STARTER[start + length :])


WORDS = """
    front war truce arsenal shield rearm timeout turn year 0 1 2.5 2025-Q1 P E V freq
    ( ) [ ] , | + - * / ** == != < <= and or not in at from until every ever always
    if min clip step under without vigilance aggression attack rival years $ = x1 belief hawk
"""


@ANYTHING
@given(st.lists(st.sampled_from(WORDS.split()), max_size=14), st.booleans())
def test_any_expression(words: list[str], claim: bool) -> None:
    old = "P(front == truce at 2027-Q1) >= 0.8" if claim else GAIN
    for starter in (STARTER, TYPED):
        refused_or_read(edited(old, f"'{' '.join(words)}'", starter))
