"""`bpftui run --pcap`: a program on each packet of a capture, and a table of what it returned."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ....core.context.fields import returned
from ....core.errors import BpftuiError, ObjectError
from ....core.live.replay import Tally, replay
from ....core.traffic import Capture, CaptureError, CaptureWriter
from ...terminal.output import write_line, write_lines
from ...text.format import byte_size, counted, duration
from ..common import print_json, warn
from ..event_lines import event_lines, print_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ....core.live.replay import PacketRun
    from ....core.runtime import Program
    from ....core.spec import ProgramSpec
    from .changes import Changes

__all__ = ["run_capture"]


def run_capture(program: Program, capture: Capture, changes: Changes, *, write: str | None, schema: str | None) -> None:
    """Run *program* on *capture*; print a summary, or an object for each packet with *schema*.

    Args:
        program: What runs.
        capture: Its packets.
        changes: Reads what its streams bring and what it prints, and compares maps.
        write: A file to write what goes on into, as the program left it.
        schema: What the objects say that they are; None for a summary.

    Raises:
        CaptureError: It is damaged, which is said after what there was before the damage.
    """
    tally, start = Tally(), time.monotonic()
    damage: CaptureError | ObjectError | None = None
    with ExitStack() as stack:
        writer = None if write is None else stack.enter_context(CaptureWriter(write))
        try:
            for run in replay(program, capture):
                tally.add(run)
                if writer is not None and run.passed:
                    writer.write(run.packet.time, run.frame)
                if schema is None:
                    write_lines(event_lines(changes.events))
                    print_lines(changes.printed.read())
                else:
                    print_json(_json(program.spec, run, schema) | changes.as_json(), indent=None)
        except (CaptureError, ObjectError) as error:
            damage = error
        except BpftuiError:
            print_lines(changes.printed.read())
            raise
    if tally.refused:
        warn(f"{counted(tally.refused, 'packet')} not run: {tally.refusal}")
    if tally.first_cut is not None:
        packet = tally.first_cut
        there = f"{len(packet.frame):,} of {packet.length:,} bytes"
        warn(
            f"{counted(tally.cut, 'packet')} not captured whole, and run on what there is: "
            f"packet {packet.number} has {there} (tcpdump -s 0 captures all)"
        )
    if schema is None:
        write_lines(_summary(program.spec, capture.path, tally, time.monotonic() - start))
        if writer is not None:
            write_line(f"written: {counted(writer.written, 'packet')} to {writer.path}")
    if damage is not None:
        raise damage


def _json(program: ProgramSpec, run: PacketRun, schema: str) -> dict[str, Any]:
    found: dict[str, Any] = {"schema": schema, "program": program.name, "packet": run.packet.number}
    found["time"] = round(run.packet.time / 1e9, 6)
    if run.result is None:
        return {**found, "error": str(run.problem)}
    changed = run.frame.hex() if run.changed else None
    return {**found, "retval": run.result.retval, "duration_ns": run.result.duration_ns, "data_out": changed}


def _summary(program: ProgramSpec, path: str, tally: Tally, took: float) -> Iterable[str]:
    """Return the table: a line for each return value, the most frequent one first."""
    total = sum(tally.packets.values())
    if not total:
        yield f"{program.name} ran on no packet of {path}"
        return
    mean = duration(tally.duration_ns / total / 1e9)
    yield f"{program.name} on {counted(total, 'packet')} of {path}, in {duration(took)}: {mean} a run"
    rows = [
        (returned(program, value), f"{count:,}", f"{count / total:.1%}", byte_size(tally.sizes[value]))
        for value, count in tally.packets.most_common(20)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *numbers in rows:
        columns = (text.rjust(width) for text, width in zip(numbers, widths[1:], strict=True))
        yield f"  {name.ljust(widths[0])}  {'  '.join(columns)}"
    if len(tally.packets) > len(rows):
        yield f"  and {len(tally.packets) - len(rows):,} other return values"
    if tally.changed:
        yield f"  changed: {counted(tally.changed, 'packet')}"
