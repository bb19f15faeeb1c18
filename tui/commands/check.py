"""`bpftui check`: load everything and close it again: what loads, what does not, why."""

from __future__ import annotations

import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ...core.errors import ExitCode
from .common import (
    Parser,
    add_object,
    add_settings,
    add_target,
    console,
    open_spec,
    print_json,
    print_table,
    record,
    target_types,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ...core.runtime import CheckReport, LoadOutcome

__all__ = ["run"]

SCHEMA = "bpftui/check/1"


def run(arguments: Sequence[str]) -> int:
    """Run the command: exit code 1 where something does not load."""
    parser = Parser("check", "Try to load every map and program, close everything again, and report.")
    add_object(parser)
    parser.add_argument("--json", action="store_true", help=f"as JSON, schema {SCHEMA}, with the verifier's logs")
    add_settings(parser)
    add_target(parser)
    options = parser.parse_args(arguments)
    import_module("bpftui.core.spec.reader")  # what is measured is the reading, not the importing
    start = time.perf_counter()
    spec = open_spec(options)
    open_ms = (time.perf_counter() - start) * 1000

    from ...core.live import choose_runtime

    runtime = choose_runtime(options.runtime, target=target_types(options))
    report = runtime.check(spec)
    refused = sum(not outcome.ok for outcome in (*report.maps, *report.programs))
    record(f"checked: {f'{refused} do not load' if refused else 'everything loads'}", spec)
    if options.json:
        print_json(_json(spec.file, runtime.name, report, open_ms))
    else:
        _print_table(console(options.color), spec.file, report, open_ms)
    return ExitCode.OK if report.ok else ExitCode.REFUSED


def _json(file: str, runtime: str, report: CheckReport, open_ms: float) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "file": file,
        "runtime": runtime,
        "ok": report.ok,
        "maps": [{"name": m.name, "type": m.type, "ok": m.ok, "error": m.error} for m in report.maps],
        "programs": [
            {
                "name": p.name,
                "type": p.type,
                "ok": p.ok,
                "error": p.error,
                "verified_insns": p.verified_insns,
                "log": p.log,
            }
            for p in report.programs
        ],
        "open_ms": round(open_ms, 3),
        "load_ms": round(report.load_ms, 3),
    }


def _print_table(out: Console, file: str, report: CheckReport, open_ms: float) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for name in ("", "kind", "name", "type"):
        table.add_column(name, no_wrap=True)
    table.add_column("verified", justify="right", no_wrap=True)
    table.add_column("why not")

    def add(kind: str, outcome: LoadOutcome) -> None:
        mark = Text("ok", "green") if outcome.ok else Text("NO", "bold red")
        verified = "" if outcome.verified_insns is None else f"{outcome.verified_insns:,}"
        table.add_row(mark, kind, Text(outcome.name), outcome.type, verified, Text(outcome.error or ""))

    for outcome in report.maps:
        add("map", outcome)
    for outcome in report.programs:
        add("program", outcome)
    print_table(out, table)
    failed = sum(not outcome.ok for outcome in (*report.maps, *report.programs))
    verdict = "everything loads" if report.ok else f"{failed} of {len(report.maps) + len(report.programs)} do not load"
    out.print(f"{file}: {verdict} (read in {open_ms:.1f} ms, loaded in {report.load_ms:.1f} ms)")
    if not report.ok and any(outcome.log for outcome in report.programs):
        out.print("the verifier's logs: bpftui check --json, or L in the explorer", style="dim")
