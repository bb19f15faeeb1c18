"""`bpftui check OBJECT --sweep mode=STRICT,LAX --sweep debug=0,1`: what each combination of values costs."""

from __future__ import annotations

import itertools
from math import prod
from typing import TYPE_CHECKING, Any, Final

from ....core.errors import ExitCode, UsageError
from ...terminal.output import write_line, write_table
from ...text.colors import assembled
from ..common import print_json, wants_color
from .checked import COLUMNS, check_json
from .table import plain_table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .checked import Checked

__all__ = ["SCHEMA", "run_sweep", "swept"]

SCHEMA: Final = "bpftui/sweep/1"
_MOST: Final = 1000
"""Combinations."""
_SHOWN: Final = {name: field for name, field in COLUMNS.items() if name in ("verified", "states", "peak", "time")}


def swept(texts: Iterable[str]) -> dict[str, list[str]]:
    """Return the values that each name takes, in the order in which they were given.

    Args:
        texts: `NAME=VALUE,VALUE`; a comma within brackets, braces or quotes is part of a value. The same name again
            adds to its values.

    Raises:
        UsageError: One is not of that form, or there are more combinations than anybody reads.
    """
    found: dict[str, list[str]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--sweep {text!r} is not of the form NAME=VALUE,VALUE", hint="--sweep mode=STRICT,LAX")
        known = found.setdefault(name.strip(), [])
        known += [value for value in _split(values) if value not in known]
    if (count := prod(map(len, found.values()))) > _MOST:
        raise UsageError(f"--sweep: {count:,} combinations are more than {_MOST:,}")
    return found


def _split(text: str) -> list[str]:
    """Return the parts between commas, but those within brackets, braces and quotes."""
    parts, depth, quote = [""], 0, ""
    for each in text:
        if each == "," and not depth and not quote:
            parts.append("")
            continue
        if quote:
            quote = "" if each == quote else quote
        elif each == '"':
            quote = each
        else:
            depth += (each in "[{(") - (each in "]})")
        parts[-1] += each
    return [part.strip() for part in parts]


def run_sweep(options: argparse.Namespace, check: Callable[[str, Sequence[str]], Checked]) -> int:
    """Try one object with each combination; exit code 1 where something does not load with one of them.

    Args:
        options: Of the command line.
        check: Tries an object with settings (`NAME=VALUE`) besides those of the command line.
    """
    if len(options.objects) != 1:
        raise UsageError("--sweep takes one object")
    values = swept(options.sweep)
    combinations = [dict(zip(values, each, strict=True)) for each in itertools.product(*values.values())]
    documents: list[tuple[Mapping[str, str], dict[str, Any]]] = []
    for each in combinations:
        checked = check(options.objects[0], [f"{name}={value}" for name, value in each.items()])
        documents.append((each, check_json(checked)))
    ok = all(document["ok"] for _, document in documents)
    if options.json:
        found = [{"values": dict(each), "check": document} for each, document in documents]
        print_json({"schema": SCHEMA, "file": options.objects[0], "ok": ok, "combinations": found})
    else:
        _print(list(values), documents, color=wants_color(options.color))
    return ExitCode.OK if ok else ExitCode.REFUSED


def _print(names: Sequence[str], documents: Sequence[tuple[Mapping[str, str], dict[str, Any]]], *, color: bool) -> None:
    table = plain_table("", *names, "program")
    for title in _SHOWN:
        table.add_column("µs" if title == "time" else title, justify="right", no_wrap=True)
    table.add_column("why not")
    refused = 0
    for values, document in documents:
        refused += not document["ok"]
        for kind in ("maps", "programs"):
            for part in document[kind]:
                if kind == "maps" and part["ok"]:
                    continue
                refusal = ("–", "dim") if part["optional"] else ("NO", "bold danger")
                mark = assembled(("ok", "good") if part["ok"] else refusal)
                numbers = ("" if part.get(field) is None else f"{part[field]:,}" for field in _SHOWN.values())
                why = "" if part["ok"] else _why(part)
                cells = (assembled(values[name]) for name in names)
                table.add_row(mark, *cells, assembled(part["name"]), *numbers, assembled(why))
    write_table(table, color=color)
    count = len(documents)
    verdict = f"{refused} of {count} do not load" if refused else f"all {count} load"
    write_line(f"combinations of {', '.join(names)}: {verdict}")


def _why(part: Mapping[str, Any]) -> str:
    """Return why a map or a program does not load, in a sentence."""
    explanation: Mapping[str, str] | None = part.get("explanation")
    return explanation["summary"] if explanation else part["error"] or ""
