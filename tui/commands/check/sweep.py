"""`bpftui check OBJECT --sweep mode=STRICT,LAX --sweep debug=0,1`: what each combination of values costs."""

from __future__ import annotations

import itertools
import time
from math import prod
from typing import TYPE_CHECKING, Any, Final

from ....core.errors import ExitCode, UsageError
from ....core.spec import CollectionSpec
from ....core.spec.reader import read_into
from ...terminal.output import write_line, write_table
from ...text.colors import assembled
from ..common import configured, print_json, read_object, record, wants_color, warn
from .checked import COLUMNS, Checked, check_json, chosen, explaining
from .table import plain_table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ....core.runtime import Runtime

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
            depth = max(depth + (each in "[{(") - (each in "]})"), 0)
        parts[-1] += each
    return [part.strip() for part in parts]


def run_sweep(options: argparse.Namespace, runtime: Callable[[], Runtime]) -> int:
    """Try one object with each combination; exit code 1 where something does not load with one of them.

    Args:
        options: Of the command line.
        runtime: Returns where it is tried, once there is something to try.

    Raises:
        UnknownNameError, TypeMismatchError, ValueRangeError: A value does not fit; nothing was tried then.
    """
    if len(options.objects) != 1:
        raise UsageError("--sweep takes one object")
    values = swept(options.sweep)
    combinations = [dict(zip(values, each, strict=True)) for each in itertools.product(*values.values())]
    file = options.objects[0]
    data = read_object(file, options.cflags)
    spec, _ = _read(data, options)
    for name, texts in values.items():
        for text in texts:
            spec.set_text(name, text)
    documents: list[tuple[Mapping[str, str], dict[str, Any]]] = []
    remarks: dict[str, None] = {}
    for each in combinations:
        spec, start = _read(data, options)
        for name, text in each.items():
            spec.set_text(name, text)
        spec = chosen(spec, options.only)
        open_ms = (time.perf_counter() - start) * 1000
        report = runtime().check(spec, log_level=options.log_level)
        remarks |= dict.fromkeys(report.remarks)
        explain = explaining(spec, runtime(), options.target)
        documents.append((each, check_json(Checked(spec, runtime().name, report, open_ms, explain))))
    for remark in remarks:
        warn(remark)
    refused = sum(not document["ok"] for _, document in documents)
    record(f"checked {len(documents):,} combinations: {f'{refused:,} do not load' if refused else 'all load'}", spec)
    ok = all(document["ok"] for _, document in documents)
    if options.json:
        found = [{"values": dict(each), "check": document} for each, document in documents]
        print_json({"schema": SCHEMA, "file": file, "ok": ok, "combinations": found})
    else:
        _print(list(values), documents, color=wants_color(options.color))
    return ExitCode.OK if ok else ExitCode.REFUSED


def _read(data: bytes, options: argparse.Namespace) -> tuple[CollectionSpec, float]:
    """Return the object as the command line has it set, and when that was begun."""
    start = time.perf_counter()
    spec = read_into(CollectionSpec(options.objects[0]), data, options.source)
    return configured(spec, options), start


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
