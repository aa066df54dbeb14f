"""The gallery's page in the documentation, put together from its folders."""

from __future__ import annotations

from collections import Counter

from gallery.entries import FOLDER, Entry, Outcome

PAGE = FOLDER.parent / "docs" / "gallery.md"
HEAD = """\
<!-- Written by `python -m gallery` from the folders in gallery/. Change those instead. -->

# The gallery

Published models, written in the [scenario language](language.md), solved, and compared with what
their authors say. Each runs: `mistrust run gallery/selten-1978-chain-store/scenario.yaml`.

A model's **status** is decided by the comparison, and a test asserts it. *Reproduced*: every
number and every proposition agrees within the stated tolerance. *Reproduced in sign*: every
proposition holds, but published numbers are missed, or there are none to compare.
*Not reproduced*: a proposition fails.

Numbers are **published** (the source prints them, or a formula for them), or **derived**: worked
out from the model that the source states, by a closed form or a few lines of arithmetic in the
folder's `derive.py`, which does not use mistrust. Where our model departs from the source's, such
numbers are **adapted**: they must agree as well, but do not count towards the status.
**Propositions** are the source's statements, written as claims in the scenario. What could be
consulted of each source, and what could not, stands in its notes.

"""


def page(found: list[Entry]) -> str:
    """The whole page, from the folders of the gallery."""
    table = [
        "| model | status | compared | not checked |",
        "| --- | --- | --- | --- |",
        *(_line(entry) for entry in found),
    ]
    parts = [HEAD + "\n".join(table), *(_section(entry) for entry in found)]
    return "\n\n".join(parts) + "\n"


def _line(entry: Entry) -> str:
    source = entry.source
    counts = Counter(row.kind for row in entry.rows)
    kinds = ("published", "derived", "adapted")
    numbers = ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind])
    compared = f"{numbers}; {counts['sign']} propositions"
    cells = (f"[{source.model}](#{entry.slug})", source.status, compared, source.unchecked)
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _section(entry: Entry) -> str:
    source = entry.source
    verdict = source.status + (f", because {source.because}" if source.because else "")
    about = [
        f"## {entry.slug}",
        f"{source.citation} {source.place}",
        f"**{verdict[0].upper()}{verdict[1:].rstrip('.')}.** {source.deviation} "
        f"[Notes](../gallery/{entry.slug}/notes.md), "
        f"[scenario](../gallery/{entry.slug}/scenario.yaml).",
    ]
    return "\n\n".join([*about, _table(entry)])


def _table(entry: Entry) -> str:
    claims = entry.model.argument.scenario.claims
    lines = ["| | reading | expected | found | kind |", "| --- | --- | --- | --- | --- |"]
    for outcome in entry.outcomes:
        row = outcome.row
        if row.kind == "sign":
            expected, what = "holds", claims[row.id].says
            found = "holds" if outcome.found else "fails"
        else:
            what = f"`{row.reading}`{_where(outcome)}"
            expected = f"{row.value:.6g} ± {row.tolerance:g}"
            found = f"{round(outcome.found, 5):.4g}" + ("" if outcome.agrees else " (missed)")
        cells = (row.note or row.id.replace("_", " "), what, expected, found, row.kind)
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join(lines)


def _where(outcome: Outcome) -> str:
    row = outcome.row
    parts = [f"{name} = {value:g}" for name, value in row.premises]
    parts += [f"lever {name}" for name in row.levers]
    return f" with {', '.join(parts)}" if parts else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
