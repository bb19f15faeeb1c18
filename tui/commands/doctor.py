"""`bpftui doctor`: what this machine can do, what it lacks, how to get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.errors import ExitCode
from .common import Parser, console, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...core.kernel import Feature

__all__ = ["run"]

SCHEMA = "bpftui/doctor/1"


def run(arguments: Sequence[str]) -> int:
    """Run the command: exit code 0 also where much is missing, for that is the answer."""
    parser = Parser("doctor", "Tell what this machine can do with BPF, what it lacks, and how to get it.")
    parser.add_argument("--json", action="store_true", help=f"as JSON, schema {SCHEMA}")
    options = parser.parse_args(arguments)

    from ...core.kernel import probe

    features = probe()
    if options.json:
        print_json({"schema": SCHEMA, "features": [_json(feature) for feature in features]})
    else:
        _print_table(features, options.color)
    return ExitCode.OK


def _json(feature: Feature) -> dict[str, Any]:
    return {
        "name": feature.name,
        "group": feature.group,
        "ok": feature.ok,
        "detail": feature.detail,
        "needed_for": feature.needed_for,
        "remedy": feature.remedy,
    }


def _print_table(features: Sequence[Feature], color: str) -> None:
    from rich.table import Table
    from rich.text import Text

    marks = {True: Text("ok", "green"), False: Text("NO", "bold red"), None: Text("·", "dim")}
    out = console(color)
    for group in dict.fromkeys(feature.group for feature in features):
        table = Table(box=None, pad_edge=False, show_header=False, show_edge=False)
        for _ in range(4):
            table.add_column(overflow="fold")
        for feature in (each for each in features if each.group == group):
            advice = "; ".join(
                filter(None, (f"for {feature.needed_for}" if feature.needed_for else "", feature.remedy))
            )
            table.add_row(
                marks[feature.ok],
                feature.name,
                Text(feature.detail),
                Text(advice if feature.ok is False else "", "yellow"),
            )
        out.print(Text(group, "bold"))
        print_table(out, table)
        out.print()
