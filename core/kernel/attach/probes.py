"""kprobes and uprobes: programs at any function of the kernel, or of a program or library.

What a section says (`kretprobe/tcp_v4_connect+0x10`, `uprobe//bin/bash:readline`, `kprobe.multi/tcp_*`) is read as
libbpf reads it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import re
import struct
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from ...errors import AttachError, FeatureError, UnknownNameError, UsageError
from ...spec import AttachType
from ..host.kallsyms import function_names
from ..host.kconfig import option
from ..probe.since import links_since, sessions_since
from ..sys.layouts import KprobeMultiLink, UprobeMultiLink
from ..sys.perf import event_type, open_event, open_uprobe, read_tracefs
from ..sys.syscall import BpfError, buffer
from .binary import find_binary, function_offset, matching_offsets
from .linking import create_link, described, refused
from .tracing import hold
from .usdt import attach_usdt

if TYPE_CHECKING:
    from ...runtime import AttachTarget
    from ..link import Attachment
    from ..program import Program

__all__ = ["attach_probe"]

_SYSCALL_PREFIX: Final = {"x86_64": "__x64_", "aarch64": "__arm64_", "riscv64": "__riscv_", "s390x": "__s390x_"}
_AT_OFFSET: Final = re.compile(r"(?P<name>.+?)(?:\+(?P<offset>0x[0-9a-fA-F]+|\d+))?\Z")
_RETURNS: Final = 1
"""BPF_F_KPROBE_MULTI_RETURN and BPF_F_UPROBE_MULTI_RETURN; the bit of a probe's config that makes it one of returns."""


def attach_probe(program: Program, target: AttachTarget) -> Attachment:
    """Attach a program of type kprobe to a function's entry or return, or to many functions at once.

    Raises:
        UsageError, UnknownNameError: There is no such function.
        FeatureError: The kernel has no such probes.
        AttachError, NoPermissionError: The kernel said no.
    """
    pattern = program.spec.pattern.removesuffix(".s")
    what = target.name or program.spec.attach_to
    returns = "ret" in pattern
    pid = _process(program, target)
    match pattern:
        case "kprobe" | "kretprobe":
            return _attach_kprobe(program, target, what, returns=returns)
        case "ksyscall" | "kretsyscall":
            return _attach_kprobe(program, target, _syscall_function(what), returns=returns)
        case "uprobe" | "uretprobe":
            return _attach_uprobe(program, target, what, pid, returns=returns)
        case "kprobe.multi" | "kretprobe.multi" | "kprobe.session":
            return _attach_kprobe_multi(program, target, what, returns=returns)
        case "uprobe.multi" | "uretprobe.multi" | "uprobe.session":
            return _attach_uprobe_multi(program, target, what, pid, returns=returns)
        case "usdt":
            return attach_usdt(program, target, what, pid)
        case _:
            reason = f"bpftui does not attach programs of sections {pattern or program.spec.section}"
            hint = (
                f"say what it is: --type {program.name}=kprobe/FUNCTION or --type {program.name}=uprobe/PATH:FUNCTION"
            )
            raise UsageError(f"cannot attach program {program.name}: {reason}", hint=hint)


def _process(program: Program, target: AttachTarget) -> int:
    """Return the process whose functions are meant; 0 for all."""
    given = next((option for option in target.options if option.startswith("pid=")), None)
    if given is None:
        return 0
    pid = int(given.partition("=")[2])
    if pid < 1 or not os.path.exists(f"/proc/{pid}"):
        raise UsageError(f"cannot {described(program, target)}: there is no process {pid}")
    return pid


def _split_offset(program: Program, text: str, *, returns: bool) -> tuple[str, int]:
    """Return the function and the offset in it of `tcp_v4_connect+0x10`; a return has none."""
    found = _AT_OFFSET.match(text)
    if found is None or found["offset"] is None:
        return text, 0
    if returns:
        raise UsageError(
            f"cannot attach program {program.name} to {text!r}: a function returns as a whole, and not at an offset",
            hint=f"leave the offset out: {found['name']}",
        )
    return found["name"], int(found["offset"], 0)


def _syscall_function(name: str) -> str:
    """Return the kernel's function for a system call (Linux 4.17 wraps them on most machines)."""
    prefix = _SYSCALL_PREFIX.get(platform.machine(), "__se_") if option("LINUX_HAS_SYSCALL_WRAPPER") == "y" else ""
    return f"{prefix}sys_{name}"


def _probe_type(program: Program, target: AttachTarget, kind: str) -> int:
    number = event_type(kind)
    if number is None:
        reason = f"this kernel has no {kind}s as perf events"
        hint = f"Linux 4.17 has them, built with CONFIG_{kind.upper()}_EVENTS"
        raise FeatureError(f"cannot {described(program, target)}: {reason}", hint=hint)
    return number


def _attach_kprobe(program: Program, target: AttachTarget, what: str, *, returns: bool) -> Attachment:
    name, offset = _split_offset(program, what, returns=returns)
    type_ = _probe_type(program, target, "kprobe")
    text = buffer(name.encode() + b"\0")
    try:
        return hold(program, target, lambda: [open_event(type_, int(returns), text=text, offset=offset)])
    except AttachError as error:
        known = function_names()
        if not known or name in known:
            raise
        raise UnknownNameError("kernel function", name, known) from error


def _attach_kprobe_multi(program: Program, target: AttachTarget, what: str, *, returns: bool) -> Attachment:
    """Make a kprobe_multi link (Linux 5.18): `tcp_*` is every function of that name that can be probed."""
    known = _probed_functions()
    names = [name for name in known if fnmatchcase(name, what)]
    if not names:
        raise UnknownNameError("kernel function", what, known)
    is_session = program.spec.attach_type == AttachType.TRACE_KPROBE_SESSION
    texts = [buffer(name.encode() + b"\0") for name in names]  # as long as the call lasts
    table = buffer(struct.pack(f"={len(texts)}Q", *map(ctypes.addressof, texts)))
    flags = _RETURNS if returns else 0
    attach_type = program.spec.attach_type or AttachType.TRACE_KPROBE_MULTI
    try:
        return create_link(program, 0, attach_type, KprobeMultiLink, multi_flags=flags, cnt=len(names), syms=table)
    except BpfError as error:
        needs = "CONFIG_FPROBE"
        feature = sessions_since("kprobe.session", needs) if is_session else links_since("kprobe_multi", needs=needs)
        raise _refused(error, program, target, feature) from error


def _probed_functions() -> list[str]:
    """Return what ftrace can probe; what the kernel lists as functions where it does not tell."""
    try:
        listed = read_tracefs("available_filter_functions")
    except OSError:
        return function_names()
    return list(dict.fromkeys(line.split(None, 1)[0] for line in listed.splitlines()))


def _attach_uprobe(program: Program, target: AttachTarget, what: str, pid: int, *, returns: bool) -> Attachment:
    path, place = _split_path(program, what)
    name, offset = _split_offset(program, place, returns=returns)
    file_offset = int(name, 0) if name[:1].isdecimal() else function_offset(path, name)
    _probe_type(program, target, "uprobe")
    return hold(program, target, lambda: [open_uprobe(path, file_offset + offset, returns=returns, pid=pid)])


def _attach_uprobe_multi(program: Program, target: AttachTarget, what: str, pid: int, *, returns: bool) -> Attachment:
    """Make a uprobe_multi link (Linux 6.6) to every function of a file that matches."""
    path, pattern = _split_path(program, what)
    offsets = matching_offsets(path, pattern)
    is_session = program.spec.attach_type == AttachType.TRACE_UPROBE_SESSION
    flags = _RETURNS if returns else 0
    attach_type = program.spec.attach_type or AttachType.TRACE_UPROBE_MULTI
    try:
        return create_link(
            program,
            0,
            attach_type,
            UprobeMultiLink,
            path=buffer(os.fsencode(path) + b"\0"),
            offsets=buffer(struct.pack(f"={len(offsets)}Q", *offsets)),
            cnt=len(offsets),
            multi_flags=flags,
            pid=pid,
        )
    except BpfError as error:
        feature = sessions_since("uprobe.session") if is_session else links_since("uprobe_multi")
        raise _refused(error, program, target, feature) from error


def _split_path(program: Program, what: str) -> tuple[str, str]:
    """Return the file and the function of `/bin/bash:readline`."""
    name, colon, place = what.partition(":")
    if not colon or not name or not place:
        raise UsageError(
            f"cannot attach program {program.name}: {what!r} names no function of a file",
            hint="a uprobe wants PATH:FUNCTION, for example libc.so.6:malloc",
        )
    return find_binary(name), place


def _refused(error: BpfError, program: Program, target: AttachTarget, feature: str) -> Exception:
    if error.errno in (errno.EINVAL, errno.EOPNOTSUPP):
        return FeatureError(f"cannot {described(program, target)}: this kernel lacks {feature} (EINVAL)")
    return refused(error, program, target, feature=feature)
