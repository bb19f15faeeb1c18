"""`bpftui doctor OBJECT`: what of an object this machine cannot load, without loading it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....core.errors import BpftuiError, ExitCode
from ....core.spec.architectures import foreign_registers
from ...terminal.output import write_line, write_table
from ...text.colors import assembled, paint
from ..common import configured, print_json, read_file, runtime_of, target_types, wants_color, warn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from ....core.runtime import Forecast, Obstacle
    from ....core.spec import CollectionSpec

__all__ = ["SCHEMA", "run"]

SCHEMA = "bpftui/forecast/1"


def run(options: argparse.Namespace) -> int:
    """Report on `options.objects`; exit code 1 where something cannot be loaded."""
    runtime = runtime_of(options, target=target_types(options))
    ok = True
    documents: list[dict[str, Any]] = []
    for number, file in enumerate(options.objects):
        try:
            spec = configured(read_file(file, cflags=options.cflags), options)
        except BpftuiError as error:
            if len(options.objects) == 1:
                raise
            warn(error.message)
            ok = False
            continue
        forecast = runtime.forecast(spec)
        ok = ok and not _refused(forecast)
        if options.json:
            documents.append(_json(spec, runtime.name, forecast))
        else:
            if number:
                write_line()
            _print(spec, forecast, verifies=runtime.verifies, color=wants_color(options.color))
    if options.json:
        print_json(documents[0] if len(options.objects) == 1 else documents)
    return ExitCode.OK if ok else ExitCode.REFUSED


def _refused(forecast: Forecast) -> list[str]:
    """Return the names of what cannot be loaded and is not optional."""
    return [name for name in (*forecast.maps, *forecast.programs) if name not in forecast.optional]


def _json(spec: CollectionSpec, runtime: str, forecast: Forecast) -> dict[str, Any]:
    def listed(types: Mapping[str, str], found: Mapping[str, tuple[Obstacle, ...]]) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "type": type_,
                "ok": name not in found,
                "obstacles": [
                    {"reason": each.reason, "hint": each.hint or None, "instructions": list(each.slots)}
                    for each in found.get(name, ())
                ],
            }
            for name, type_ in types.items()
        ]

    return {
        "schema": SCHEMA,
        "file": spec.file,
        "runtime": runtime,
        "ok": not _refused(forecast),
        "maps": listed({each.name: each.type.label for each in spec.maps.values()}, forecast.maps),
        "programs": listed({each.name: each.type.label for each in spec.programs.values()}, forecast.programs),
        "remarks": [*_remarks(spec), *forecast.remarks],
    }


def _remarks(spec: CollectionSpec) -> list[str]:
    """Return what keeps nothing from being loaded and is wrong all the same.

    That is what of the object's sections is not usable, and so not there for its programs; and another machine's
    registers, which may be read by offsets that this one has as well.
    """
    foreign = foreign_registers(spec.types)
    return [foreign] * bool(foreign) + [
        f"{hidden.name}: {hidden.reason}" for hidden in spec.hidden if hidden.kind == "section"
    ]


def _print(spec: CollectionSpec, forecast: Forecast, *, verifies: bool, color: bool) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for name in ("", "kind", "name", "type"):
        table.add_column(name, no_wrap=True)
    table.add_column("why not", overflow="fold")
    parts = [("map", each.name, each.type.label, forecast.maps) for each in spec.maps.values()]
    parts += [("program", each.name, each.type.label, forecast.programs) for each in spec.programs.values()]
    for kind, name, type_, found in parts:
        mark = assembled(("ok", "good"))
        if name in found:
            mark = assembled(("–", "dim") if name in forecast.optional else ("NO", "bold danger"))
        table.add_row(mark, kind, assembled(name), type_, _reasons(found.get(name, ())))
    write_table(table, color=color)
    where = "here" if verifies else "into the built-in machine"
    refused = len(_refused(forecast))
    left_out = len(forecast.maps) + len(forecast.programs) - refused
    told = f"nothing known keeps it from being loaded {where}"
    if refused:
        told = f"{refused} of {len(parts)} cannot be loaded {where}"
    if left_out:
        told += f", but for {left_out} that {'is' if left_out == 1 else 'are'} optional (?)"
    for remark in (*_remarks(spec), *forecast.remarks):
        write_line(paint(f"· {remark}", "warning") if color else f"· {remark}")
    asks = "bpftui check asks the verifier" if verifies else "no verifier is asked there"
    write_line(f"{spec.file}: {told}; {asks}")


def _reasons(obstacles: Sequence[Obstacle]) -> Any:
    """Return the reasons, a line each, and below them what helps, each hint once."""
    from rich.text import Text

    lines = [assembled(f"{each.place}: {each.reason}" if each.place else each.reason) for each in obstacles]
    lines += [assembled((f"→ {hint}", "warning")) for hint in dict.fromkeys(each.hint for each in obstacles) if hint]
    return Text("\n").join(lines)
