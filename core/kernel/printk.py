"""What programs print, those of one collection alone: with bpf_trace_printk, and to their own streams.

The kernel puts each line into the trace buffer of the machine, and into that of each instance in which the event is
switched on, without saying which program it is of. An instance of our own, with the option `stacktrace`, has behind
each line the addresses of the functions that led to it; one of them is the program's. Nobody who reads the top buffer
loses anything by it. The instance is a directory of the tracefs, which is found by a descriptor: nothing is mounted
where anybody else would see it.
"""

from __future__ import annotations

import bisect
import contextlib
import errno
import itertools
import os
import re
import struct
from typing import TYPE_CHECKING, Final

from ..asm import instructions
from ..asm.opcodes import CALL
from ..closing import Closing
from ..errors import BpftuiError, reason_of
from ..runtime import Printed, PrintedLine
from .program import native_code, native_code_of
from .streams import StreamReader
from .sys.object import open_id
from .sys.perf import reach_tracefs, read_tracefs
from .sys.trace_buffer import read_page
from .sys.trace_instance import BUFFER_KB, EVENT, NAME, have_instance, have_switched_on, open_inside, unmake_instance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..spec import ProgramSpec
    from .program import Program
    from .sys.trace_buffer import Event

__all__ = ["MachinePrintReader", "PrintReader", "prints"]

_HELPERS: Final = frozenset({6, 177})
"""bpf_trace_printk, bpf_trace_vprintk."""
_HEADER: Final = 8
"""Bytes of what all events have in common."""
_MOST_LINES: Final = 10_000
"""That one look gives; what is older is counted as lost."""
_PAGE: Final = os.sysconf("SC_PAGESIZE")
_NESTED: Final = 16
"""Lines whose addresses can be outstanding on one CPU: each was interrupted by the next."""
_NUMBERS: Final = itertools.count(1)


def prints(program: ProgramSpec) -> bool:
    """Whether a program calls a helper that prints."""
    return any(
        insn.opcode == CALL and not insn.src and insn.imm in _HELPERS
        for _, insn in instructions(program.code, program.byte_order)
    )


class _Instance(Closing):
    """A trace buffer of our own, and the lines that arrive there. A subclass says whose they are."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._name, self._folder = "", -1
        """What the instance is called, and its folder."""
        self._buffers: dict[str, int] = {}
        """By the name of a CPU's folder."""
        self._waiting: dict[str, list[Event]] = {}
        self._overrun: dict[str, int] = {}
        self._switch = -1
        """The instance's file that says whether its tracing is on."""
        self._why = ""
        self._code: list[tuple[int, int, str]] = []
        """Where machine code lies, ascending, and what the program is called."""

    def _try_to_open(self) -> None:
        """Set the instance up, or remember why not."""
        try:
            self._open()
        except (OSError, BpftuiError) as error:
            self.close()
            self._why = f"what the programs print cannot be read: {_reason(error)}"

    @property
    def problem(self) -> str:
        """Why what is printed to the trace buffer cannot be read, as a sentence; empty where it can."""
        with contextlib.suppress(OSError):  # it is closed in this moment
            if self._switch >= 0 and os.pread(self._switch, 1, 0) == b"0":
                return "tracing is off where what the programs print is read from (tracing_on): it is lost"
        return self._why

    def _open(self) -> None:
        self._line, self._addresses = _number(EVENT), _number("events/ftrace/kernel_stack")
        _sweep()
        self._name = f"bpftui-{os.getpid()}-{next(_NUMBERS)}"
        self._folder = have_instance(self._name)
        self._stack.callback(unmake_instance, self._name)
        self._stack.callback(os.close, self._folder)
        cpus = open_inside(self._name, self._folder, "per_cpu")
        try:
            names = os.listdir(cpus)
        finally:
            os.close(cpus)
        for cpu in names:
            found = open_inside(self._name, self._folder, f"per_cpu/{cpu}/trace_pipe_raw")
            self._stack.callback(os.close, found)
            self._buffers[cpu] = found
        self._switch = have_switched_on(self._name)
        self._stack.callback(os.close, self._switch)

    def _read(self) -> tuple[list[PrintedLine], int]:
        """Return the lines since the last look, oldest first, and how many more there were; it does not wait."""
        lines: list[tuple[int, PrintedLine]] = []
        lost = 0
        for cpu, buffer in self._buffers.items():
            missed = False
            # What comes while it is read is for the next look: a program that never stops printing does not keep us.
            for _ in range(2 * BUFFER_KB * 1024 // _PAGE):
                try:
                    page = os.read(buffer, _PAGE)
                except BlockingIOError:
                    break
                if not page:
                    break
                missed |= self._take(cpu, page, lines)
            if missed:
                lost += self._overwritten(cpu)
        lines.sort(key=lambda line: line[0])
        lost += max(len(lines) - _MOST_LINES, 0)
        return [line for _, line in lines[-_MOST_LINES:]], lost

    def _take(self, cpu: str, page: bytes, lines: list[tuple[int, PrintedLine]]) -> bool:
        """Add the lines of a page; return whether events are missing before it."""
        found = read_page(page)
        waiting = self._waiting.setdefault(cpu, [])
        if found.missed:
            waiting.clear()
        for event in found.events:
            (kind,) = struct.unpack_from("=H", event.data)
            if kind == self._line:
                waiting.append(event)
                del waiting[:-_NESTED]
            elif kind == self._addresses and waiting:
                line = waiting.pop()
                program = self._program(event.data)
                if program is not None:
                    lines.append((line.time, PrintedLine(_text(line.data), program)))
        return found.missed

    def _overwritten(self, cpu: str) -> int:
        """Return how many lines a CPU has overwritten since the last time, those of others among them.

        A page itself tells it only where there is room behind its events.
        """
        number = open_inside(self._name, self._folder, f"per_cpu/{cpu}/stats")
        with open(number, encoding="ascii", errors="replace") as file:
            found = re.search(r"^overrun: (\d+)$", file.read(), re.MULTILINE)
        before, now = self._overrun.get(cpu, 0), int(found[1]) if found is not None else 0
        self._overrun[cpu] = now
        return max((now - before + 1) // 2, 1)  # a line and its addresses are two events

    def _program(self, record: bytes) -> str | None:
        """Return which program printed; None where the line is of no concern."""
        raise NotImplementedError

    def _in_code(self, record: bytes) -> str | None:
        """Return the program that the first of the addresses in known code is of; None where there is none."""
        (count,) = struct.unpack_from("=i", record, _HEADER)
        begin = _HEADER + 8
        count = min(max(count, 0), (len(record) - begin) // 8)
        for address in struct.unpack_from(f"={count}Q", record, begin):
            at = bisect.bisect_right(self._code, (address, 1 << 64, "")) - 1
            if at >= 0 and self._code[at][0] < address <= self._code[at][1]:
                return self._code[at][2]
        return None

    def close(self) -> None:
        """Remove the instance; a second call does nothing."""
        self._buffers = {}
        self._switch = -1
        self._stack.close()


class PrintReader(_Instance):
    """Reads what *programs* print from now on; implements `bpftui.core.runtime.PrintReader`.

    Where none of them calls a helper that prints, no instance is set up: it costs some tens of milliseconds.

    Args:
        programs: Whose lines are read.
        streams: Whether those of their own streams are, too: that takes them out, from whoever else would read them.
    """

    def __init__(self, programs: Iterable[Program], *, streams: bool = True) -> None:
        super().__init__()
        self._programs = list(programs)
        self._streams = StreamReader(self._programs if streams else ())
        if any(prints(program.spec) for program in self._programs):
            self._try_to_open()

    def read_streams(self) -> None:
        """Read their streams too from now on, with what is in them already."""
        self._streams = StreamReader(self._programs, anew=False)

    def _open(self) -> None:
        self._code = sorted((*part, program.name) for program in self._programs for part in native_code(program))
        if not self._code:
            raise BpftuiError("the kernel does not tell where the code of its programs lies")
        super()._open()

    def read(self) -> Printed:
        """Return what was printed since the last look; it does not wait."""
        lines, lost = self._read()
        return Printed((*lines, *self._streams.read()), lost)

    def _program(self, record: bytes) -> str | None:
        """Return which of our programs printed; None for none."""
        return self._in_code(record)


class MachinePrintReader(_Instance):
    """Reads what all programs of the machine print to the trace buffer from now on, whoever loaded them.

    Nobody else loses anything by it. Programs' own streams are not read: that takes out what is in them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._names: Mapping[int, str] = {}
        self._learnt: set[int] = set()
        """Programs of which it is known where their code lies, or that the kernel does not tell."""
        self._try_to_open()

    def read(self, programs: Mapping[int, str]) -> Printed:
        """Return what was printed since the last look; it does not wait.

        Args:
            programs: The names of those that are loaded by now, by their ids: what a line's program is called. Of one
                that is not among them, or of which the kernel does not tell where it lies, it is empty.
        """
        if programs.keys() != self._names.keys():  # the code of those which are gone may be another's by now
            names = set(programs.values())
            self._code = [each for each in self._code if each[2] in names]
        self._names = programs
        lines, lost = self._read()
        return Printed(tuple(lines), lost)

    def _program(self, record: bytes) -> str | None:
        found = self._in_code(record)
        if found is None and self._names.keys() - self._learnt:
            self._learn()
            found = self._in_code(record)
        return found or ""

    def _learn(self) -> None:
        """Find out where the code of new programs lies."""
        for number in self._names.keys() - self._learnt:
            self._learnt.add(number)
            with contextlib.suppress(BpftuiError):
                descriptor = open_id("program", number)
                try:
                    self._code += ((*part, self._names[number]) for part in native_code_of(descriptor))
                finally:
                    descriptor.close()
        self._code.sort()


def _reason(error: OSError | BpftuiError) -> str:
    """Return why the tracefs does not serve, as a clause."""
    if isinstance(error, BpftuiError):
        return error.message
    if error.errno == errno.ENODEV:
        return "this kernel has no tracefs (CONFIG_TRACING)"
    path = str(error.filename)
    if error.errno == errno.ENOENT and path.endswith(f"{EVENT}/format"):
        return "this kernel does not trace what programs print (Linux 5.9, CONFIG_BPF_EVENTS)"
    return reason_of(error)


def _text(record: bytes) -> str:
    """Return the text of a line: where it lies is a word, the length above, the offset below."""
    (place,) = struct.unpack_from("=I", record, _HEADER)
    raw = record[place & 0xFFFF : (place & 0xFFFF) + (place >> 16)]
    return raw.partition(b"\0")[0].decode("utf-8", "replace").removesuffix("\n")


def _number(event: str) -> int:
    """Return the number of a kind of events (`common_type`)."""
    found = re.search(r"^ID: (\d+)$", read_tracefs(f"{event}/format"), re.MULTILINE)
    if found is None:
        raise BpftuiError(f"the tracefs does not tell the number of {event}")
    return int(found[1])


def _sweep() -> None:
    """Remove the instances of processes that ended without doing so; one that is in use cannot be removed."""
    instances = reach_tracefs("instances")
    try:
        names = os.listdir(instances)
    finally:
        os.close(instances)
    for name in names:
        match = NAME.fullmatch(name)
        if match is not None and not os.path.exists(f"/proc/{match[1]}"):
            unmake_instance(name)
