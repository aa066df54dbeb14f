"""Every message to the user, word for word, and that none is left out.

The mistakes in a scenario are in messages.txt, one after the other; here are those that are too
long to write out there, and the requests that a sound scenario cannot serve.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import mistrust
from mistrust.cli import main
from mistrust.compile import size
from mistrust.model import Model
from mistrust.scenario.read import read_text

BASE = """\
title: A test
horizon: {start: 2025-Q1, turns: 4, every: quarter}
actors:
  ann: {patience: 0.9, precision: 4}
  bob: {}
board:
  front: {levels: [truce, war], start: truce}
  arms: {levels: 0..3, draft: [0, 3], start: 0}
  offer: {levels: [none, some], start: none, within: turn}
  wars: {levels: 0..2, start: 0, recorded: yes}
premises:
  push: {says: a push, guess: 0.5, range: [0.2, 0.8]}
mechanisms:
  rearming: {says: arms grow, moves: E(arms), by: up}
define:
  edge: arms - 1
  strength: 2 * edge
turn:
  - decide: ann
    name: bid
    options:
      offer: {set: {offer: some}}
      keep: {}
  - decide: bob
    when: front == truce
    options:
      attack: {set: {front: war}, pays: {bob: {cost: -0.1}}}
      hold: {}
  - chance: growth
    when: front == truce
    raise: {arms: push * rearming}
  - chance: record
    raise: {wars: 0.5}
payoffs:
  ann: {peace: (front == truce) - 0.1 * (offer == some)}
  bob: {gain: arms}
beyond: nothing
levers:
  calm: {says: bob holds, choose: {bob: hold}, when: arms > 0}
  strong: {says: a strong push, premises: {push: 0.7}, off: [rearming]}
claims:
  lasts: {says: the truce lasts, holds: P(front == truce at 2025-Q4) >= 0.5}
"""
FOLDER = Path(__file__).parent
PACKAGE = FOLDER.parent / "src" / "mistrust"
Edits = list[tuple[str, str]]


def edited(edits: Edits) -> str:
    text = BASE
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def told(text: str) -> list[str]:
    """All that is reported about a scenario; checking goes on to its numbers."""
    try:
        Model(read_text(text, "file")).check()
    except mistrust.MistrustError as error:
        return [line.removeprefix("file:").lstrip() for line in str(error).split("\n")]
    return []


def in_the_table() -> Iterator[tuple[int, Edits, list[str]]]:
    """Line, edits and messages of every case of messages.txt."""
    text = (FOLDER / "messages.txt").read_text(encoding="utf-8")
    number = 1
    for block in text.split("\n\n"):
        lines = block.strip("\n").split("\n")
        if lines[0].startswith("-"):
            groups: Edits = []
            for old, new in re.findall(r"((?:^-.*\n)+)((?:^\+.*\n)+)", block, re.MULTILINE):
                groups.append((unmarked(old), unmarked(new)))
            yield number, groups, [line[2:] for line in lines if line.startswith("=")]
        number += block.count("\n") + 2


def unmarked(lines: str) -> str:
    return "\n".join(line[2:] for line in lines.rstrip("\n").split("\n"))


TABLE = list(in_the_table())


def test_the_base_is_sound() -> None:
    assert told(BASE) == []
    assert len(TABLE) > 150


@pytest.mark.parametrize(
    ("edits", "messages"), [pytest.param(e, m, id=str(n)) for n, e, m in TABLE]
)
def test_a_mistake_and_its_message(edits: Edits, messages: list[str]) -> None:
    assert told(edited(edits)) == messages


# -- mistakes too long to write out ----------------------------------------------------------

GRID = "\n".join(f"  v{i}: {{levels: 0..9, start: 0}}" for i in range(10))
COARSEN = (
    ". Coarsen 'v0' (it has 10 levels), make it 'recorded: yes' if only claims need it, or "
    "shorten the horizon"
)
LONG = {
    "a control character": (
        "A test",
        "A \a test",
        "1:10: the character U+0007 may not be in a YAML file",
    ),
    "many characters": (
        "A test",
        "A" * 1_000_001,
        "the file has more than 1,000,000 characters, the most allowed",
    ),
    "many values": (
        "nothing",
        f"[{'0,' * 20_000}0]",
        "37:39844: more than 20,000 values; a scenario needs fewer",
    ),
    "many entries": (
        "  edge:",
        "\n".join(f"  d{i}: 1" for i in range(1000)) + "\n  edge:",
        "16:3: found a mapping with 1,002 entries, expected 1,000 at most",
    ),
    "many levels": (
        "0..3",
        f"[{', '.join(map(str, range(10_001)))}]",
        "8:18: 10,001 levels; a variable may have at most 10,000",
    ),
    "many digits": (
        "turns: 4",
        f"turns: {'9' * 5000}",
        f"2:34: found '{'9' * 57}...', expected a whole number that is not so large",
    ),
    "a long expression": (
        "gain: arms",
        f"gain: {'1 + ' * 6000}1",
        "36:15: an expression of 24,001 characters; at most 20,000 are allowed (in "
        f"'{'1 + ' * 17}...')".replace("+ ...", "+..."),
    ),
    "a deep tree": (
        "gain: arms",
        f"gain: {'1 - 1 + ' * 50}1",
        "36:19: this is nested more than 80 deep; name parts of it under 'define:' (in "
        f"'{'1 - 1 + ' * 8}1 -...')",
    ),
    "deep definitions": (
        "  edge:",
        "\n".join(f"  d{i}: d{i + 1} + d{i + 1}" for i in range(60)) + "\n  d60: 1\n  edge:",
        "36:14: 'd20' leads through definitions nested more than 80 deep",
    ),
    "many mistakes": (
        "  bob: {gain: arms}",
        "  bob:\n" + "\n".join(f"    t{i}: amrs" for i in range(200)),
        "so many mistakes that reading stopped; the first 100 found follow\n"
        + "\n".join(
            f"{37 + i}:{8 + len(str(i))}: unknown name 'amrs'; did you mean 'wars'? (in 'amrs')"
            for i in range(100)
        ),
    ),
    "many boards": (
        "board:",
        f"board:\n{GRID}",
        f"too large to solve: 160,000,000,000 boards, 2 decisions, 4 turns; at most 2,147,483,648 "
        f"are possible{COARSEN}",
    ),
    "many beliefs": (
        "precision: 4}\n  bob: {}\nboard:",
        "precision: 4, types: {calm: 0.5, wild: 0.5}, beliefs: 1001}\n  bob: {}\nboard:\n" + GRID,
        "too large to solve: 160,160,000,000,000 boards, 2 decisions, 4 turns; at most "
        "2,147,483,648 are possible. Give 'ann' fewer 'beliefs' (they make 1,001) or types, or "
        "shorten the horizon",
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_mistake_and_its_message(name: str) -> None:
    old, new, message = LONG[name]
    assert "\n".join(told(edited([(old, new)]))) == message


SMALL = "file: too large to solve: 16 boards, 2 decisions, 4 turns; {}. Coarsen 'arms' (it has 4 "
SMALL += "levels), make it 'recorded: yes' if only claims need it, or shorten the horizon"
MEMORY = [
    (400, 1, "0.0 GiB for one world, 0.0 GiB may be used"),
    (2000, 1, "0.0 GiB for one world, 0.0 GiB may be used"),
    (2000, 2, "0.0 GiB for each of 2 processes, 0.0 GiB may be used"),
]


@pytest.mark.parametrize(("limit", "workers", "figures"), MEMORY)
def test_too_large_for_memory(
    monkeypatch: pytest.MonkeyPatch, limit: int, workers: int, figures: str
) -> None:
    argument = read_text(BASE, "file")
    program = Model(argument).engine.program
    monkeypatch.setattr(size, "memory_limit", lambda: limit)
    with pytest.raises(mistrust.TooLargeError) as error:
        size.refuse_if_huge(argument)
        size.lanes_that_fit(program, 16, workers)
    assert str(error.value) == SMALL.format(figures)


# -- requests --------------------------------------------------------------------------------

WHY = ("why", "base.yaml", "--actor", "bob", "--at")
COMPARE = ("compare", "base.yaml", "--worlds", "0", "--workers", "1")
RUN = ("run", "base.yaml", "--worlds", "0", "--workers", "1", "--out")
EXPORT = ("export", "--to", "efg")
REQUESTS: list[tuple[tuple[str, ...], str]] = [
    (("check", "bas.yaml"), "bas.yaml: there is no such file; did you mean 'base.yaml'?"),
    (("check", "nowhere/at/all.yaml"), "nowhere/at/all.yaml: there is no such file"),
    (("check", "folder"), "folder: the file cannot be read: is a directory"),
    (("check", "empty.yaml"), "empty.yaml:1:1: a scenario is expected, but the file is empty"),
    (
        ("check", "list.yaml"),
        "list.yaml:1:1: a scenario is expected, but the file is no mapping of 'title:', 'actors:', "
        "'board:', ...",
    ),
    (
        ("check", "binary.yaml"),
        "binary.yaml:1:5: not a text file in UTF-8 (the byte 0xFF cannot be read); save it as "
        "UTF-8",
    ),
    (
        ("check", "heavy.yaml"),
        "heavy.yaml: the file has 5,000,000 bytes; a scenario may have at most 1,000,000 "
        "characters",
    ),
    (
        ("check", "wide.yaml", "--referee"),
        "24,000 cells x 16 stages = 384,000 is more than the referee takes on (200,000); give it a "
        "smaller board or fewer turns",
    ),
    (
        ("check", "deep.yaml", "--referee"),
        "deep.yaml: a definition that comes to 2,147,483,647 parts when written out; the referee "
        "takes on 10,000",
    ),
    (
        ("check", "infinite.yaml", "--referee"),
        "the referee, which knows no infinity, gives up: math range error",
    ),
    ((*WHY[:3], "bobb", "--at", "2025-Q1"), "unknown actor 'bobb'; did you mean 'bob'?"),
    (
        (*WHY, "2026-Q1"),
        "'2026-Q1' is no turn of this scenario; they run from 2025-Q1 to 2025-Q4",
    ),
    ((*WHY, "soon"), "'soon' is no turn of this scenario; they run from 2025-Q1 to 2025-Q4"),
    (
        ("why", "numbered.yaml", "--actor", "bob", "--at", "9"),
        "'9' is no turn of this scenario; they run from turn 1 to turn 4",
    ),
    (
        (*WHY, "2025-Q1", "--given", "amrs > 1"),
        "in 'amrs > 1', at character 1: unknown name 'amrs'; did you mean 'wars'?",
    ),
    (
        (*WHY, "2025-Q1", "--given", "wars > 1"),
        "in 'wars > 1': 'wars' is recorded, so no decision sees it",
    ),
    (
        (*WHY, "2025-Q1", "--given", "front == war"),
        "bob takes no decision in 2025-Q1 on such a board",
    ),
    (("why", "numbered.yaml", "--actor", "carl", "--at", "1"), "carl takes no decision in turn 1"),
    (
        (*WHY, "2025-Q1", "--given", "arms == 5 and front == truce"),
        "in 'arms == 5 and front == truce': 'arms' never is 5; its levels are 0, 1, 2, 3",
    ),
    (
        (*WHY, "2025-Q1", "--given", "arms in [0, 1.5]"),
        "in 'arms in [0, 1.5]': 'arms' never is 1.5; its levels are 0, 1, 2, 3",
    ),
    (
        ("why", "base.yaml"),
        "say whose choice by --actor (ann, bob) and in which turn by --at (2025-Q1 to 2025-Q4)",
    ),
    (
        ("why", "numbered.yaml", "--actor", "bob"),
        "say in which turn by --at (turn 1 to turn 4)",
    ),
    (("why", "base.yaml", "--at", "2025-Q1"), "say whose choice by --actor (ann, bob)"),
    ((*WHY, "2025-Q1", "--lever", "clam"), "unknown lever 'clam'; did you mean 'calm'?"),
    (COMPARE, "name a --lever or a mechanism --without; levers here: calm, strong"),
    ((*COMPARE, "--lever", "clam"), "unknown lever 'clam'; did you mean 'calm'?"),
    ((*COMPARE, "--without", "arming"), "unknown mechanism 'arming'; did you mean 'rearming'?"),
    (
        (*EXPORT, "base.yaml", "--limit", "100"),
        "the game tree has more than 100 nodes before the end of 2025-Q3, turn 3 of 4; shorten the "
        "horizon, or allow more by '--limit'",
    ),
    (
        (*EXPORT, "forever.yaml"),
        "forever.yaml:2:10: play goes on for ever; a game tree needs a last turn: give 'turns' or "
        "'end'",
    ),
    (
        (*EXPORT, "belief.yaml"),
        "belief.yaml:36:15: this depends on belief(ann); a game tree has moves and payoffs, and no "
        "beliefs that they could depend on",
    ),
    (
        (*EXPORT, "deep.yaml"),
        "deep.yaml: a definition that comes to 2,147,483,647 parts when written out; an export "
        "takes on 10,000",
    ),
    (
        (*EXPORT, "infinite.yaml"),
        "infinite.yaml: a number in it cannot be worked out (math range error); 'mistrust check' "
        "may tell where",
    ),
    (
        (*EXPORT, "endless.yaml"),
        "the patience of 'bob' is 1; it must be above 0 and below 1, as 'perpetuity' needs",
    ),
    (
        (*EXPORT, "impatient.yaml"),
        "the patience of 'bob' is 1.5; it must be above 0 and at most 1",
    ),
    (
        (*EXPORT, "stuck.yaml"),
        "no option of 'bid' is available in 2025-Q1 on the board front = truce, arms = 0, "
        "offer = none",
    ),
    (
        (*EXPORT, "unbounded.yaml"),
        "the payoffs of 'bob' come to inf on the board front = war, arms = 0, offer = none; a game "
        "tree needs finite ones",
    ),
    ((*EXPORT, "base.yaml", "--lever", "clam"), "unknown lever 'clam'; did you mean 'calm'?"),
    (
        (*EXPORT, "base.yaml", "-o", "no/such.efg"),
        "cannot write to 'no/such.efg': no such file or directory",
    ),
    (("new", "base.yaml"), "'base.yaml' exists already; choose another name"),
    (("new", "no/such.yaml"), "cannot write to 'no/such.yaml': no such file or directory"),
    ((*RUN, "base.yaml/out"), "cannot write to 'base.yaml/out': not a directory"),
]


DATED = ("at 2025-Q4", "at 4")
KNOWN = ("precision: 4}", "precision: 4, types: {calm: 0.5, wild: 0.5}}")
WANT = "when: arms > 1, set: {offer"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory with the files that the requests name."""
    calendar = [("start: 2025-Q1, ", ""), ("at 2025-Q4", "at 4")]
    doubling = "\n".join(f"  d{i}: d{i + 1} + d{i + 1}" for i in range(30)) + "\n  d30: arms\n"
    files = {
        "base.yaml": BASE,
        "numbered.yaml": edited([*calendar, ("  bob: {}", "  bob: {}\n  carl: {}")]),
        "wide.yaml": edited([("0..3", "0..1999")]),
        "deep.yaml": edited([("define:\n", f"define:\n{doubling}")]),
        "infinite.yaml": edited([("gain: arms", "gain: exp(900 * arms) ** 0")]),
        "forever.yaml": edited([("{start: 2025-Q1, turns: 4, every: quarter}", "forever"), DATED]),
        "belief.yaml": edited([KNOWN, ("gain: arms", "gain: belief(ann == calm)")]),
        "endless.yaml": edited([("beyond: nothing", "beyond: perpetuity")]),
        "impatient.yaml": edited([("bob: {}", "bob: {patience: 1.5}")]),
        "stuck.yaml": edited([("keep: {}", "keep: {when: arms > 0}"), ("set: {offer", WANT)]),
        "unbounded.yaml": edited([("gain: arms", "gain: 1e308 * (front == war) * 100")]),
        "empty.yaml": "",
        "list.yaml": "- a\n- b\n",
        "heavy.yaml": "#" * 5_000_000,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "binary.yaml").write_bytes(b"ELF \xff\x00")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "message"),
    REQUESTS,
    ids=lambda x: " ".join(x)[:60] if isinstance(x, tuple) else "",
)
def test_a_request_and_its_message(
    arguments: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["mistrust", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    printed = capsys.readouterr()
    assert (end.value.code, printed.out, printed.err) == (1, "", f"{message}\n")


QUESTIONS: dict[str, tuple[Callable[[], object], str]] = {
    "resolution": (
        lambda: mistrust.load("base.yaml", "drat"),
        "unknown resolution 'drat'; did you mean 'draft'?",
    ),
    "premise": (
        lambda: mistrust.load("base.yaml").solve(premises={"pusch": 1}),
        "unknown premise 'pusch'; did you mean 'push'?",
    ),
    "reading": (
        lambda: mistrust.load("base.yaml").solve().read("P(front == wra)"),
        "in 'P(front == wra)', at character 12: 'wra' is not a level of 'front'; did you mean "
        "'war'?",
    ),
    "variant": (
        lambda: mistrust.load("base.yaml").solve().read("under(calm, E(arms))"),
        "'under' and 'without' need another solve: model.solve(levers=[...])",
    ),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_and_its_message(name: str) -> None:
    ask, message = QUESTIONS[name]
    with pytest.raises(mistrust.UsageError) as error:
        ask()
    assert str(error.value) == message


# -- none is left out ------------------------------------------------------------------------

SPEAKING = [
    *(f"scenario/{path.name}" for path in sorted((PACKAGE / "scenario").glob("*.py"))),
    *("compile/moves.py", "compile/lower.py", "compile/faults.py", "compile/size.py"),
    "solve/explain.py",
    *("export/world.py", "export/tree.py", "model.py", "cli.py", "errors.py"),
]
HELP = {"Field", "WithJsonSchema", "Option", "Argument", "Typer", "TextColumn"}
UNSEEN = [
    "entries are not allowed",  # words of the YAML reader
    "keys are not allowed",
    "mapping values are not allowed",
    "could not find expected ':'",
    "cannot start any token",
    "expected <block end>",
    "end of stream",
    "is not known for certain",  # a `MootError`, which is never shown
    "there is no calendar to",
    "no meaning for",  # an assertion
    "The others' belief about",  # what a dimension of the board is called
    "this takes more memory than there is",
    "Wrote {}. Next:",  # good news
    "Wrote {}: {} nodes",
    "boards, {} phases",
    "<table>",
    "this one goes on without, and keeps",  # no mistake; see test_store.py
    "a phase begins with",  # said in other words by `read`
]
"""Strings that no mistake of a user leads to."""


def spoken(path: Path) -> Iterator[str]:
    """The strings of three words and more in a module, but for docstrings and help."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", "")) in HELP
        ):
            continue
        if isinstance(node, ast.JoinedStr):
            parts = (str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
            text = "".join(parts)
            waiting += [v.value for v in node.values if isinstance(v, ast.FormattedValue)]
        else:
            text = (
                node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            )
            waiting += ast.iter_child_nodes(node)
        if len(text.split()) > 2 and "(?" not in text:
            yield text


@pytest.mark.parametrize("module", SPEAKING)
def test_every_message_has_a_case(module: str) -> None:
    heard = "\n".join(
        [
            *(message for _, _, messages in TABLE for message in messages),
            *(message for _, _, message in LONG.values()),
            *(message for _, message in REQUESTS),
            *(message for _, message in QUESTIONS.values()),
            *(SMALL.format(figures) for _, _, figures in MEMORY),
        ]
    )
    silent = [
        text
        for text in spoken(PACKAGE / module)
        if not re.search(re.sub(r"\\{\w*\\}", ".*", re.escape(text)), heard)
        and not any(words in text for words in UNSEEN)
    ]
    assert silent == []
