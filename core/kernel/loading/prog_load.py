"""BPF_PROG_LOAD: the attribute, the verifier's log, and what its refusal means."""

from __future__ import annotations

import ctypes
import errno
import mmap
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...errors import FeatureError, LoadError, VerifierError
from ...spec import INSN_SIZE, ReferenceKind
from ..probe.leniency import with_rights
from ..probe.since import since
from ..sys import probes, rights, token
from ..sys.explain import explain
from ..sys.layouts import ProgLoad
from ..sys.object import kernel_name
from ..sys.syscall import BpfError, Descriptor, borrowed, buffer
from .limits import knows_field

if TYPE_CHECKING:
    from ...btf import Btf
    from ...errors import BpftuiError
    from ...spec import ProgramSpec
    from ..sys.syscall import Buffer
    from .hook import Hook

__all__ = [
    "LARGEST_LOG",
    "LOG_FULL",
    "LOG_NONE",
    "LOG_STATS",
    "MOST_WHOLE_LOG",
    "CoreRefusedError",
    "Loaded",
    "load_program",
    "most_insns",
    "refusal",
]

LOG_NONE: Final = 0
LOG_FULL: Final = 1
"""Everything along the path that was refused (BPF_LOG_LEVEL1)."""
LOG_STATS: Final = 4
"""Only the numbers: instructions, states, stack, time (BPF_LOG_STATS)."""

MOST_WHOLE_LOG: Final = 1 << 26
"""Bytes of a log of all paths (BPF_LOG_LEVEL2) that are kept: it can have gigabytes, and takes several times as much to
be looked at."""
_SMALLEST_LOG: Final = 1 << 16
_MAP_NORESERVE: Final = 0x4000
"""<linux/mman.h>: memory that is not written to does not count."""
LARGEST_LOG: Final = (1 << 30) - 1
"""What the kernel takes. A million steps have had logs of 600 MB."""

_RECORD: Final = 16
"""Bytes of a `struct bpf_line_info`, and of a `struct bpf_core_relo`."""
_MOST_INSNS: Final = 1_000_000
"""BPF_COMPLEXITY_LIMIT_INSNS."""
_MOST_UNPRIVILEGED: Final = 4096
"""BPF_MAXINSNS: without CAP_BPF."""

_CORE_GIVEN_UP: Final = re.compile(
    r"relo #\d+: (unexpected insn|insn #\d+ \(.*(value too big|mem size|unexpected form)|.* ambiguity|parsing \["
    r"|error matching|trying to relocate|.*doesn't support anonymous)|target candidate search failed"
)
"""What the kernel's resolver says before it gives up on a program (relo_core.c, Linux 6.18)."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A program that the verifier took."""

    descriptor: Descriptor
    log: str
    """Empty where no log was asked for."""


class CoreRefusedError(LoadError):
    """The kernel does not resolve the program's CO-RE relocations: it is older than Linux 5.17, or gave up on one."""


def load_program(
    program: ProgramSpec,
    code: bytes,
    btf_fd: Descriptor | None = None,
    *,
    log_level: int = LOG_NONE,
    most_log: int = LARGEST_LOG,
    core: bool = True,
    hook: Hook,
    fd_array: bytes = b"",
    target: Btf | None = None,
) -> Loaded:
    """Load a program; with the log off at first, and on failure again with the log on.

    Args:
        program: Whose type, flags, license and debug information are used.
        code: Its instructions, relocated.
        btf_fd: The object's BTF in the kernel; without it there is no debug information and no CO-RE.
        log_level: LOG_STATS for the numbers of a program that loads.
        most_log: Bytes of log that are kept: of a longer one the end, since Linux 6.4.
        core: Whether the kernel is to resolve the CO-RE relocations; False where `code` has them applied.
        hook: What it is tied to.
        fd_array: Descriptors of the modules whose functions it calls.
        target: The types that `code` was adapted to; None for the running kernel's.

    Raises:
        CoreRefusedError: It does not resolve them.
        VerifierError: The verifier refused it; has the whole log.
        LoadError, FeatureError, NoPermissionError: The kernel said no before it came to that.
    """
    asked = core and btf_fd is not None and program.linked.counts[1] > 0
    if asked and not _has_functions(program):
        raise _core_refused(program)
    # Debug information that the kernel finds fault with must not keep a program from being loaded.
    for with_lines in (True, False):
        attr = _attribute(program, code, btf_fd, hook, with_lines=with_lines, core=core)
        with borrowed(btf_fd) as types_fd:
            attr.prog_btf_fd, attr.fd_array = types_fd, buffer(fd_array) if fd_array else None
            fd, log, error = _load(attr, log_level, most_log)
        if error is None:
            return Loaded(Descriptor(fd, f"program {program.name}"), log)
        faulty = with_lines and re.search(r"(line|func)_info", log)
        if asked and (faulty or _CORE_GIVEN_UP.search(log) or (error.errno == errno.E2BIG and not log.strip())):
            raise _core_refused(program)
        if not faulty:
            break
    raise _explained(program, error, log, target)


def _has_functions(program: ProgramSpec) -> bool:
    """Whether all functions have types. Without func_info the kernel ignores line_info and CO-RE without a word."""
    functions = program.linked.functions
    return bool(functions) and all(function.type_id for function in functions)


def _core_refused(program: ProgramSpec) -> CoreRefusedError:
    return CoreRefusedError(f"cannot load program {program.name}: the kernel does not resolve its CO-RE relocations")


def _load(attr: ProgLoad, log_level: int, most: int = LARGEST_LOG) -> tuple[int, str, BpfError | None]:
    """Return the file descriptor, the log and the error."""
    if log_level == LOG_NONE:
        try:
            return attr.create(token.current()), "", None
        except BpfError:
            return _load(attr, LOG_FULL, most)
    memory = _log_memory(min(most, MOST_WHOLE_LOG) if log_level & 2 else most)
    attr.log_level, attr.log_size, attr.log_buf, attr.log_true_size = log_level, len(memory), memory, 0
    try:
        return attr.create(token.current()), _text(memory.value), None
    except BpfError as error:
        if error.errno == errno.ENOSPC and log_level & 2:
            return _judged(attr, _cut(memory.value, attr.log_true_size))
        if log_level == LOG_STATS and error.errno != errno.ENOSPC:
            return _load(attr, LOG_FULL | LOG_STATS, most)
        return -1, _text(memory.value), error


def _log_memory(size: int) -> Buffer:
    """Return memory for a log, of which only what is written takes room: so it can be as large as any log.

    With one that is too small, the program is verified once more, and how large it must be the kernel does not know
    before: what it writes of a path and drops with it counts, too (`len_max` in kernel/bpf/log.c).
    """
    while True:
        try:
            memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE)
        except OSError:  # a limit on the address space
            if size <= _SMALLEST_LOG:
                raise
            size //= 4
        else:
            return (ctypes.c_char * size).from_buffer(memory)


def _cut(log: bytes, whole: int) -> str:
    """Return what is kept of a log that does not fit, with a line that says so.

    Args:
        log: The end, since Linux 6.4; before, the beginning.
        whole: The size of all of it; 0 where the kernel does not tell, which keeps the beginning.
    """
    if not whole:
        return f"{_text(log).rpartition(chr(10))[0]}\n… the log is longer: only its first {len(log):,} bytes are kept\n"
    return f"… of this log's {whole:,} bytes the last {len(log):,} are kept\n{_text(log).partition(chr(10))[2]}"


def _judged(attr: ProgLoad, log: str) -> tuple[int, str, BpfError | None]:
    """Return whether the kernel takes a program whose log did not fit, of which it says nothing else."""
    attr.log_level, attr.log_size, attr.log_buf = LOG_NONE, 0, None
    try:
        return attr.create(token.current()), log, None
    except BpfError as error:
        return -1, log, error


def _text(log: bytes) -> str:
    return log.decode("utf-8", "replace")


def _attribute(
    program: ProgramSpec, code: bytes, btf_fd: Descriptor | None, target: Hook, *, with_lines: bool, core: bool
) -> ProgLoad:
    attr = ProgLoad(
        prog_type=program.type,
        insn_cnt=len(code) // INSN_SIZE,
        insns=buffer(code),
        license=buffer(program.license.encode() + b"\0"),
        kern_version=program.kernel_version,
        prog_flags=program.flags,
        prog_name=kernel_name(program.name),
        expected_attach_type=target.attach_type,
        attach_btf_id=target.type_id,
        attach_prog_fd=target.fd,
    )
    if btf_fd is None:
        return attr
    linked = program.linked
    if with_lines and _has_functions(program):
        functions = [struct.pack("=2I", function.start, function.type_id) for function in linked.functions]
        attr.func_info_rec_size, attr.func_info_cnt = 8, len(functions)
        attr.func_info = buffer(b"".join(functions))
        if lines := linked.line_records:
            attr.line_info_rec_size, attr.line_info_cnt = _RECORD, len(lines) // _RECORD
            attr.line_info = buffer(lines)
    if core and (accesses := linked.core_records):
        attr.core_relo_rec_size, attr.core_relo_cnt = _RECORD, len(accesses) // _RECORD
        attr.core_relos = buffer(accesses)
    return attr


def _explained(program: ProgramSpec, error: BpfError, log: str, target: Btf | None) -> BpftuiError:
    doing = f"load program {program.name}"
    if error.errno == errno.ENOSPC and log:
        message = f"cannot {doing}: of its log, only {len(log):,} characters are kept"
        return VerifierError(message, program=program.name, log=log, hint="ask for less: log level 1, or 4 for numbers")
    found = None
    if log.strip():
        from ...verifier import VerifierLog
        from ...verifier import explain as explain_log

        found = explain_log(VerifierLog(log, program, target=target))
        found = None if found is None else with_rights(found, program)
    if found is None:
        return refusal(program, error)
    own = f"the verifier says: {found.message}" + (f" ({found.whole_place})" if found.whole_place else "")
    message = own if found.key == "unknown" else f"{found.summary}; {own}"
    hint = found.mends[0] if found.mends else None
    return VerifierError(f"cannot {doing}: {message}", program=program.name, log=log, hint=hint)


def refusal(program: ProgramSpec, error: BpfError) -> BpftuiError:
    """Return the error for a program that the kernel refused before the verifier looked at it."""
    doing = f"load program {program.name} ({program.type.label})"
    if error.errno == errno.E2BIG:
        return _too_big(program, error, doing)
    if error.errno == errno.EINVAL and probes.try_program(program.type) == errno.EINVAL:
        lacking = "this kernel has no programs of that type (EINVAL)"
        return FeatureError(f"cannot {doing}: {lacking}", hint=since(program.type))
    needs = rights.needed(program.type)
    return explain(error, doing, needs=needs, feature="something that programs of this type need")


def most_insns() -> int:
    """Return the number of instructions that the kernel takes of this process."""
    return _MOST_UNPRIVILEGED if rights.missing(rights.LOADING) else _MOST_INSNS


def _too_big(program: ProgramSpec, error: BpfError, doing: str) -> BpftuiError:
    """Return the error for E2BIG: too many instructions, or a field that the kernel does not have."""
    most = most_insns()
    if not 0 < program.insns <= most:
        limits = f"it has {program.insns:,} instructions, and the kernel takes 1 to {most:,}"
        hint = None if most == _MOST_INSNS else "with CAP_BPF it takes a million"
        return LoadError(f"cannot {doing}: {limits} (E2BIG)", hint=hint)
    linked = program.linked
    calls = any(reference.kind == ReferenceKind.KFUNC for reference in linked.references.values())
    for used, field, what in (
        (linked.counts[1] > 0, "core_relo_rec_size", "CO-RE relocations, which Linux 5.17 resolves"),
        (calls, "fd_array", "functions of kernel modules, which Linux 5.14 has"),
        (bool(token.active()), "prog_token_fd", "BPF tokens, which Linux 6.9 has"),
    ):
        if used and not knows_field(ProgLoad, field):
            return FeatureError(f"cannot {doing}: this kernel does not know {what} (E2BIG)")
    return explain(error, doing, needs=rights.needed(program.type))
