"""What `bpftui check` prints: a table like veristat's, explanations, and what is different from an earlier run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, cast

from ....core.documents import parse_json
from ....core.errors import ObjectError
from ....core.files import unreadable
from ....core.spec.architectures import foreign_registers
from ...terminal.output import write_line, write_table
from ...text.colors import assembled, paint
from ..common import wants_color
from ..log import print_explanation, text_width
from .checked import COLUMNS, SCHEMA, but_for, explained
from .rows import read_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table
    from rich.text import Text

    from ....core.runtime import LoadOutcome
    from .checked import Checked

__all__ = ["mark_of", "plain_table", "print_comparison", "print_report", "read_results"]

_TITLES: Final = {"time": "µs", "log": "log bytes"}
_NUMBERS: Final = tuple((field, _TITLES.get(name, name)) for name, field in COLUMNS.items())
"""Fields of `check --json` and the names of their columns."""

_COMPARED: Final = _NUMBERS[1:4]
"""Those that are the same in each run: time is not."""


def print_report(checked: Checked, *, heading: str, sort: str | None, color: str) -> None:
    """Print the table of one object, under a *heading* if it is to have one, and why what did not load did not.

    *sort* is as `--sort` has it.
    """
    from ....core.verifier import parse_summary

    colored = wants_color(color)
    report = checked.report
    if heading:
        write_line(paint(f"══ {heading}", "bold") if colored else f"══ {heading}")
    table = plain_table("", "kind", "name", "type")
    for _, name in _NUMBERS:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("stack", justify="right", no_wrap=True)
    table.add_column("why not")
    for outcome in report.maps:
        blanks = [""] * (len(_NUMBERS) + 1)
        table.add_row(
            mark_of(outcome), "map", assembled(outcome.name), outcome.type, *blanks, _lines(outcome.error or "")
        )
    numbers_of = {outcome.name: _numbers(checked, outcome) for outcome in report.programs}
    programs = _sorted(report.programs, numbers_of, sort)
    for outcome in programs:
        summary, numbers = parse_summary(outcome.log or ""), numbers_of[outcome.name]
        why = explained(checked, outcome)
        table.add_row(
            mark_of(outcome),
            "program",
            assembled(outcome.name),
            outcome.type,
            *("" if number is None else f"{number:,}" for number in numbers),
            "+".join(map(str, summary.stack)),
            _lines("" if outcome.ok else why.sentence if why is not None else outcome.error or ""),
        )
    write_table(table, color=colored)
    for outcome in programs:
        explanation = explained(checked, outcome)
        if explanation is not None:
            write_line()
            write_line(f"── {outcome.name}")
            print_explanation(explanation, text_width(), color=colored)
    outcomes = (*report.maps, *report.programs)
    failed = sum(outcome.failed for outcome in outcomes)
    optional = sum(not outcome.ok and outcome.optional for outcome in outcomes)
    verdict = ("everything loads" if report.ok else f"{failed} of {len(outcomes)} do not load") + but_for(optional)
    if failed:
        write_line()
    if foreign := foreign_registers(checked.spec.types):
        write_line(paint(foreign, "danger") if colored else foreign)
    times = f"read in {checked.open_ms:.1f} ms, loaded in {report.load_ms:.1f} ms"
    write_line(f"{checked.spec.file}: {verdict} ({times})")
    if any(outcome.log and not outcome.ok for outcome in report.programs):
        advice = "the verifier's logs: bpftui check --json, or L in the explorer"
        write_line(paint(advice, "dim") if colored else advice)


def _numbers(checked: Checked, outcome: LoadOutcome) -> list[int | None]:
    """Return what a program's row says, in the order of `_NUMBERS`."""
    from ....core.verifier import parse_summary

    summary = parse_summary(outcome.log or "")
    verified = outcome.verified_insns if outcome.verified_insns is not None else summary.insns
    size = len((outcome.log or "").encode())
    insns = checked.spec.programs[outcome.name].insns
    return [insns, verified, summary.states, summary.peak_states, summary.time_usec, size]


def _sorted(
    programs: Sequence[LoadOutcome], numbers: Mapping[str, Sequence[int | None]], sort: str | None
) -> list[LoadOutcome]:
    """Return programs by name, or those first that have most of something; what is not known comes last."""
    if sort is None:
        return list(programs)
    if sort == "name":
        return sorted(programs, key=lambda outcome: outcome.name)
    column = list(COLUMNS).index(sort)
    return sorted(programs, key=lambda outcome: -1 if (n := numbers[outcome.name][column]) is None else n, reverse=True)


def read_results(file: str) -> list[dict[str, Any]]:
    """Return the documents that an earlier `check --json` printed; `check --csv` and veristat have fewer fields.

    Raises:
        ObjectError: The file cannot be read, or is something else.
    """
    try:
        with open(file, encoding="utf-8", newline="") as stream:
            if stream.read(1).isalpha():  # JSON begins with a bracket, veristat's CSV with a name
                stream.seek(0)
                return read_csv(stream, file)
            stream.seek(0)
            found = parse_json(stream.read())
    except OSError as error:
        raise unreadable(file, error) from error
    except ValueError as error:
        raise ObjectError(f"it is no JSON: {error}", file=file) from error
    documents = cast("list[object]", found) if isinstance(found, list) else [found]
    checked = [cast("dict[str, Any]", document) for document in documents if isinstance(document, dict)]
    if len(checked) != len(documents) or not all(_sound(document) for document in checked):
        raise ObjectError(f"it is not of the schema {SCHEMA}", file=file, hint="make it with bpftui check --json")
    return checked


def _sound(document: dict[str, Any]) -> bool:
    """Whether a document has what is compared."""
    programs: object = document.get("programs")
    return (
        document.get("schema") == SCHEMA
        and isinstance(programs, list)
        and all(isinstance(item, dict) and "name" in item for item in cast("list[object]", programs))
    )


def print_comparison(before: Sequence[dict[str, Any]], after: dict[str, Any], what: str, color: str) -> None:
    """Print what a program cost before and costs now.

    Args:
        before: Documents of an earlier run; the one with the same file is meant, or the only one.
        after: The document of this run.
        what: What the earlier run was, for the heading.
        color: As `--color` has it.
    """
    name = os.path.basename(after["file"])
    same = [document for document in before if os.path.basename(str(document.get("file"))) == name]
    if not same and len(before) > 1:
        write_line()
        write_line(f"{name} is not in {what}")
        return
    old = {program["name"]: program for document in same or before for program in document["programs"]}
    table = plain_table("program", "before", "now")
    for _, title in _COMPARED:
        table.add_column(title, justify="right", no_wrap=True)
    changed = 0
    for program in after["programs"]:
        was = old.pop(program["name"], None)
        cells = [_difference(was, program, field) for field, _ in _COMPARED]
        verdicts = [_verdict(was), _verdict(program)]
        if verdicts[0] != verdicts[1] or any("→" in cell for cell in cells):
            changed += 1
            table.add_row(assembled(program["name"]), *verdicts, *cells)
    for name, was in old.items():
        changed += 1
        table.add_row(assembled(name), _verdict(was), _verdict(None), *("" for _ in _COMPARED))
    write_line()
    write_line(f"compared with {what}: " + ("nothing is different" if not changed else f"{changed} different"))
    if changed:
        write_table(table, color=wants_color(color))


def _verdict(program: dict[str, Any] | None) -> str:
    return "-" if program is None else "ok" if program.get("ok") else "NO"


def _difference(was: dict[str, Any] | None, now: dict[str, Any], field: str) -> str:
    """Return `120 → 90 (-25.0 %)`, or the number alone where it is the same."""
    old: object = was.get(field) if was is not None else None
    new: object = now[field]
    if old == new or not isinstance(old, int) or not isinstance(new, int):
        return "" if new is None else f"{new:,}"
    share = f" ({(new - old) / old:+.1%})".replace("%", " %") if old else ""
    return f"{old:,} → {new:,}{share}"


def plain_table(*names: str) -> Table:
    """Return a table without lines."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True)
    return table


def _lines(text: str) -> Text:
    """Return text of several lines."""
    from rich.text import Text

    return Text("\n").join([assembled(line) for line in text.split("\n")])


def mark_of(outcome: LoadOutcome) -> Any:
    """Return how a table says whether something loaded."""
    if outcome.failed:
        return assembled(("NO", "bold danger"))
    return assembled(("ok", "good") if outcome.ok else ("–", "dim"))
