"""`bpftui export`: a recording for other programs: JSON lines, a table, captured packets, a trace."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Final, Literal, cast

from ....core.errors import ExitCode, ObjectError, UsageError
from ....core.foreign import is_recording
from ....core.references import refuse_loaded
from ....core.visible import visible_json
from ...terminal.output import write_line, write_lines
from ...text.format import counted
from ..common import warn
from ..parser import Parser
from ..recording import played

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..recording import Played

__all__ = ["make_parser", "run"]

_Form = Literal["jsonl", "csv", "pcapng", "perfetto"]
_BY_SUFFIX: Final[dict[str, _Form]] = {".jsonl": "jsonl", ".csv": "csv", ".pcapng": "pcapng"}


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "export",
        "Write a recording for other programs. jsonl: each sample as `bpftui watch --json` printed it, a line each. "
        "csv: a row for each number and text that is another than in the sample before. pcapng: the packets that went "
        "into test runs, and as the programs left them, for Wireshark. perfetto: events, runs, printed lines and what "
        "was done, as a trace for https://ui.perfetto.dev.",
        examples=(
            ("export a.rec --output a.csv", "what changed, as a table"),
            ("export a.rec --output a.pcapng", "its test runs, for Wireshark"),
        ),
    )
    parser.add_argument("object", metavar="RECORDING", help="a file that `watch --record` wrote, or K in the explorer")
    parser.add_argument(
        "--format",
        choices=("jsonl", "csv", "pcapng", "perfetto"),
        help="as what (default: what the name of --output says, else jsonl)",
    )
    parser.add_argument("--output", metavar="FILE", help="a new file (default: standard output)")
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = make_parser().parse(arguments)
    form = cast("_Form", options.format or _BY_SUFFIX.get(os.path.splitext(options.output or "")[1], "jsonl"))
    refuse_loaded([options.object], "export", "watch --record makes a recording of it")
    if os.path.isfile(options.object) and not is_recording(options.object):
        raise ObjectError(
            "it is no recording", file=options.object, hint="watch --record makes one of what an object does"
        )
    with played(options.object) as found:
        if form == "pcapng":
            return _capture(found, options.output)
        lines = _LINES[form](found)
        if options.output is None:
            write_lines(lines)
            sys.stdout.flush()
        else:
            from ...text.export import write_document

            write_document(options.output, lines, replace=False)
    return ExitCode.OK


def _json_lines(found: Played) -> Iterator[str]:
    from ..run.changes import told
    from ..sample_json import sample_json

    with found.collection.printed() as printed:
        for sample in found.playback().samples():
            document = sample_json(found.collection, sample, found.events) | told(printed.read())
            yield visible_json(json.dumps(document, ensure_ascii=False))


def _numbers(found: Played) -> Iterator[str]:
    from .numbers import rows

    return rows(found)


def _trace(found: Played) -> Iterator[str]:
    from .trace import trace

    return trace(found)


_LINES: Final = {"jsonl": _json_lines, "csv": _numbers, "perfetto": _trace}


def _capture(found: Played, path: str | None) -> int:
    """Write the packets of test runs."""
    from ....core.traffic.pcapng import PcapngWriter

    if path is None:
        raise UsageError("packets are no text: name a file for them", hint="--output runs.pcapng")
    if next(found.tape.runs(), None) is None:
        raise ObjectError(
            "there are no test runs in the recording",
            file=found.tape.path,
            hint="R in the explorer, after K, makes some",
        )
    without, began = 0, round(found.tape.began * 1e6) * 1000  # a float has no room for nanoseconds since 1970
    with PcapngWriter(path, "bpftui") as writer:
        for time, ran in found.tape.runs():
            if not ran.packet:
                without += 1
                continue
            at = began + round(time * 1e9)
            writer.write(ran.program, at, ran.packet, "in", f"into {ran.program}")
            if ran.data:
                writer.write(ran.program, at + ran.duration_ns, ran.data, "out", f"{ran.program}: {found.verdict(ran)}")
    if without:
        warn(f"{counted(without, 'run')} had no packet")
    write_line(f"written: {counted(writer.written, 'packet')} to {path}")
    return ExitCode.OK
