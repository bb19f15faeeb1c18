"""`bpftui log`: explain a verifier's log that was kept or pasted from elsewhere."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any, Final

from ...core.errors import ExitCode, ObjectError
from ...core.files import unreadable
from ...core.references import refuse_loaded
from ..terminal.output import write_line, write_lines
from ..text.colors import paint
from .common import add_source, print_json, read_file, wants_color
from .parser import Parser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...core.spec import CollectionSpec, ProgramSpec
    from ...core.verifier import Excerpt, Explanation, VerifierLog

__all__ = ["explanation_json", "log_name", "make_parser", "print_explanation", "read_log", "run", "text_width"]

SCHEMA: Final = "bpftui/log/1"
_COMPARED: Final = 300
"""Steps of a log that are compared with a program's code to find out whose log it is."""


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "log",
        "Explain a verifier's log: what is wrong, where it came from, what usually helps.",
        examples=(
            ("log verifier.log --object prog.o", "with the C lines of the object"),
            ("log -", "a log from standard input"),
        ),
    )
    parser.add_argument("file", metavar="FILE", help="the log, with whatever stands around it; - for standard input")
    parser.add_argument(
        "--object", metavar="OBJECT", help="the object that was loaded: its C lines, functions and maps"
    )
    add_source(parser)
    parser.add_argument("--program", metavar="NAME", help="the program, where the log does not say which it is")
    parser.add_argument("--path", metavar="N", type=int, default=20, help="instructions of the path to show (20)")
    parser.add_argument("--hot", metavar="N", type=int, default=0, help="the N lines on which most of the walk was")
    parser.add_argument("--json", action="store_true", help=f"as JSON, schema {SCHEMA}")
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command: exit code 1 where the log is of a program that was refused."""
    options = make_parser().parse(arguments)
    refuse_loaded([options.file], "log", "the verifier's log was told to whoever loaded it, and the kernel keeps none")
    refuse_loaded([options.object], "log --object", "a log is of the code that the file has, which is another by now")

    from ...core.verifier import VerifierLog, explain, find_logs

    excerpts = find_logs(read_log(options.file))
    if not excerpts:
        raise ObjectError(
            "there is no verifier log in it",
            file=log_name(options.file),
            hint="a log has lines like «0: (bf) r6 = r1» or ends with «processed 12 insns …»",
        )
    spec = _open(options.object, options.source)
    found: list[tuple[Excerpt, VerifierLog, Explanation | None]] = []
    for excerpt in excerpts:
        program = _program(spec, options.program or excerpt.program, excerpt.text)
        log = VerifierLog(excerpt.text, program, refused=excerpt.refused)
        found.append((excerpt, log, explain(log)))
    if options.json:
        logs = [_json(excerpt, log, explanation, options.path) for excerpt, log, explanation in found]
        print_json({"schema": SCHEMA, "file": log_name(options.file), "logs": logs})
    else:
        for number, (excerpt, log, explanation) in enumerate(found):
            if len(found) > 1:
                if number:
                    write_line()
                write_line(f"── {_title(excerpt, log) or f'log {number + 1}'}")
            _print(log, explanation, options.path, color=wants_color(options.color))
            _print_hot(log, options.hot)
    return ExitCode.REFUSED if any(explanation is not None for _, _, explanation in found) else ExitCode.OK


def log_name(file: str) -> str:
    """Return what a log's file is called."""
    return "standard input" if file == "-" else file


def read_log(file: str) -> str:
    """Return what is in a file with a log, or comes by standard input (`-`).

    Raises:
        ObjectError: It cannot be read.
    """
    try:
        if file == "-":
            return sys.stdin.buffer.read().decode("utf-8", "replace")
        with open(file, "rb") as stream:
            return stream.read().decode("utf-8", "replace")
    except OSError as error:
        raise unreadable(log_name(file), error) from error


def _open(file: str | None, source: Sequence[str]) -> CollectionSpec | None:
    return None if file is None else read_file(file, source)


def _program(spec: CollectionSpec | None, name: str, text: str) -> ProgramSpec | None:
    """Return the program that a log is of: the one that is named, else the one whose code it walks over."""
    if spec is None:
        return None
    if name and (name in spec.programs or not spec.programs):
        return spec.programs.get(name)
    from ...core.verifier import VerifierLog

    log = VerifierLog(text)
    steps = [step for line in log.steps[-_COMPARED:] if (step := log.step(line)) is not None]

    def likeness(program: ProgramSpec) -> int:
        opcodes = program.code[::8]
        return sum(1 if opcodes[step.slot : step.slot + 1] == bytes([step.opcode]) else -5 for step in steps)

    best = max(spec.programs.values(), key=likeness, default=None)
    return best if best is not None and (likeness(best) > 0 or len(spec.programs) == 1) else None


def _title(excerpt: Excerpt, log: VerifierLog) -> str:
    return log.program.name if log.program is not None else excerpt.program


def _print(log: VerifierLog, explanation: Explanation | None, path: int, *, color: bool) -> None:
    from ...core.verifier import path_lines, state_lines

    width = text_width()
    if explanation is None:
        write_line(
            "the verifier accepted the program" if log.summary.insns is not None else "the log ends without a refusal"
        )
    else:
        print_explanation(explanation, width, color=color)
        if explanation.line is not None and path > 0:
            state = state_lines(log.before(explanation.line))
            if state:
                write_lines(["", "before it", *state])
            write_lines(["", "the path that leads there", *path_lines(log, explanation.line, path)])
    summary = log.summary
    if summary.insns is not None:
        parts = [f"{summary.insns:,} instructions walked over"]
        if summary.states is not None and summary.peak_states is not None:
            parts.append(f"states kept: {summary.states:,} in all, {summary.peak_states:,} at once")
        if summary.time_usec is not None:
            parts.append(f"{summary.time_usec / 1000:,.1f} ms")
        if summary.stack:
            parts.append("stack " + "+".join(map(str, summary.stack)) + " bytes")
        write_lines(["", ", ".join(parts)])


def _print_hot(log: VerifierLog, limit: int) -> None:
    """Print where most of the walk was."""
    from ...core.verifier import hot_lines

    lines = hot_lines(log, limit) if limit > 0 else []
    if lines:
        write_lines(["", "where the walk was"])
    for line in lines:
        insns = f"insn {line.slots[0]}" + (f" to {line.slots[-1]}" if len(line.slots) > 1 else "")
        where = "" if line.source is None else f"{line.source.place}  {line.source.text}".strip()
        write_line(f"  {line.share:>6.1%}  {line.visits:>9,} ×  {insns:<16}  {where}".rstrip())


def text_width() -> int:
    """Return how wide text may be: as the terminal, but not wider than is good to read; in a pipe 119 cells."""
    return min(119, shutil.get_terminal_size().columns - 1) if sys.stdout.isatty() else 119


def print_explanation(explanation: Explanation, width: int, *, color: bool) -> None:
    """Print an explanation; what is wrong is bold and red where there are colours."""
    from ...core.verifier import explanation_lines

    lines = explanation_lines(explanation, width=width)
    head = lines.index("")
    write_lines(paint(line, "bold danger") if color and number < head else line for number, line in enumerate(lines))


def _json(excerpt: Excerpt, log: VerifierLog, explanation: Explanation | None, path: int) -> dict[str, Any]:
    summary = log.summary
    return {
        "program": _title(excerpt, log) or None,
        "ok": explanation is None and summary.insns is not None,
        "explanation": None if explanation is None else explanation_json(explanation),
        "state": _state(log, explanation),
        "path": _path(log, explanation, path),
        "summary": {**summary._asdict(), "stack": list(summary.stack)},
        "lines": len(log.lines),
    }


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as `log --json` and `check --json` have it."""
    source = explanation.source
    return {
        "key": explanation.key,
        "summary": explanation.summary,
        "details": list(explanation.details),
        "mends": list(explanation.mends),
        "message": explanation.message,
        "register": None if explanation.register is None else f"r{explanation.register}",
        "insn": explanation.slot,
        "instruction": explanation.instruction or None,
        "file": source.file or None if source is not None else None,
        "line": source.line or None if source is not None else None,
        "source": source.text or None if source is not None else None,
        "log_line": None if explanation.line is None else explanation.line + 1,
    }


def _state(log: VerifierLog, explanation: Explanation | None) -> dict[str, str]:
    if explanation is None or explanation.line is None:
        return {}
    state = log.before(explanation.line)
    return {place.replace("R", "r"): state.values[place] for place in state.places}


def _path(log: VerifierLog, explanation: Explanation | None, limit: int) -> list[dict[str, Any]]:
    if explanation is None or explanation.line is None or limit <= 0:
        return []
    found: list[dict[str, Any]] = []
    for line in log.path(explanation.line, limit):
        step = log.step(line)
        assert step is not None
        source = log.source(step.slot, line)
        place = source.place if source is not None else ""
        found.append({"insn": step.slot, "instruction": step.text, "place": place or None, "log_line": line + 1})
    return found
