"""The programs of several objects as one table, and as the CSV that veristat writes and compares (`veristat -C`)."""

from __future__ import annotations

import csv
import os
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ....core.errors import ObjectError
from ...terminal.output import write_line, write_table
from ...text.colors import assembled
from ...text.format import counted
from ..common import csv_cell, wants_color
from .checked import COLUMNS, SCHEMA, but_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

__all__ = ["ProgramRow", "print_csv", "print_programs", "program_rows", "read_csv"]

_FIELDS: Final = {
    "duration": "time_usec",
    "total_insns": "processed_insns",
    "total_states": "states",
    "peak_states": "peak_states",
    "max_states_per_insn": "states_per_insn",
}
"""veristat's columns (tools/testing/selftests/bpf/veristat.c), and what `check --json` calls them."""
_SHORT: Final = {"file": "file_name", "prog": "prog_name", "insns": "total_insns", "states": "total_states"}
"""Other names that veristat knows them by."""


class ProgramRow(NamedTuple):
    """A program that was tried."""

    file: str
    """Its object, without the folder."""
    program: dict[str, Any]
    """As in `check --json`."""


def program_rows(documents: Iterable[dict[str, Any]], sort: str | None) -> list[ProgramRow]:
    """Return the programs of all objects, sorted as `--sort` has it; what is not known comes last."""
    rows = [
        ProgramRow(os.path.basename(document["file"]), program)
        for document in documents
        for program in document["programs"]
    ]
    if sort == "name":
        rows.sort(key=lambda row: (row.program["name"], row.file))
    elif sort is not None:
        field = COLUMNS[sort]
        rows.sort(key=lambda row: -1 if row.program[field] is None else row.program[field], reverse=True)
    return rows


def print_programs(rows: Sequence[ProgramRow], color: str) -> None:
    """Print one table, and a line on all of it."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for title in ("", "file", "program", "type"):
        table.add_column(title, no_wrap=True)
    for title in (*list(COLUMNS)[:-2], "µs"):
        table.add_column(title, justify="right", no_wrap=True)
    fields = list(COLUMNS.values())[:-1]
    for file, program in rows:
        numbers = ("" if program[field] is None else f"{program[field]:,}" for field in fields)
        mark = ("ok", "good") if program["ok"] else ("–", "dim") if program["optional"] else ("NO", "bold danger")
        table.add_row(assembled(mark), assembled(file), assembled(program["name"]), program["type"], *numbers)
    write_table(table, color=wants_color(color))
    refused = sum(not row.program["ok"] and not row.program["optional"] for row in rows)
    optional = sum(not row.program["ok"] and row.program["optional"] for row in rows)
    walked = sum(row.program["processed_insns"] or 0 for row in rows)
    files = counted(len({row.file for row in rows}), "object")
    verdict = (f"{refused} of {len(rows)} do not load" if refused else f"all {len(rows)} load") + but_for(optional)
    write_line(f"programs of {files}: {verdict}; {walked:,} instructions walked over")


def print_csv(rows: Sequence[ProgramRow]) -> None:
    """Print what veristat prints with `-o csv`, but for the length of its marks."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["file_name", "prog_name", "verdict", *_FIELDS])
    for file, program in rows:
        verdict = "success" if program["ok"] else "failure"
        writer.writerow(
            [csv_cell(file), csv_cell(program["name"]), verdict, *(program[field] or 0 for field in _FIELDS.values())]
        )


def read_csv(stream: TextIO, file: str) -> list[dict[str, Any]]:
    """Return what veristat or `check --csv` wrote as documents like those of `check --json`, with fewer fields.

    Raises:
        ObjectError: It is something else.
    """
    reader = csv.reader(stream)
    names = [_SHORT.get(name, name) for name in next(reader, None) or []]
    if not {"file_name", "prog_name"} <= set(names):
        raise ObjectError("it has no columns file_name and prog_name", file=file, hint="as of veristat -o csv")
    documents: dict[str, dict[str, Any]] = {}
    for number, values in enumerate(reader, 2):
        if len(values) != len(names):
            raise ObjectError(f"line {number} has {len(values)} columns instead of {len(names)}", file=file)
        row = dict(zip(names, values, strict=True))
        try:
            program = {field: int(row[name]) for name, field in _FIELDS.items() if name in row}
        except ValueError as error:
            raise ObjectError(f"line {number}: {error}", file=file) from error
        program |= {"name": row["prog_name"], "ok": row.get("verdict", "success") == "success"}
        document: dict[str, Any] = {"schema": SCHEMA, "file": row["file_name"], "programs": []}
        documents.setdefault(row["file_name"], document)["programs"].append(program)
    return list(documents.values())
