"""Programs on the kernel's own hooks: tracepoints, BTF-typed hooks, iterators, and events that the clock makes."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, Final

from ...errors import AttachError, BpftuiError, FeatureError, NoPermissionError, UnknownNameError, UsageError
from ...privileges import Capability
from ...spec import AttachType
from ..link import Attachment
from ..probe.since import links_since
from ..sys import rights
from ..sys.cpus import online_cpus
from ..sys.layouts import IteratorLink, PerfEventLink, RawTracepointOpen
from ..sys.perf import PERF_TYPE_SOFTWARE, PERF_TYPE_TRACEPOINT, enable, open_event, read_tracefs
from ..sys.syscall import UNSUPPORTED, BpfError, Command, Descriptor, buffer, errno_name
from .linking import create_link, described, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...runtime import AttachTarget
    from ..program import Program

__all__ = [
    "CLOCKS",
    "attach_event",
    "attach_hook",
    "attach_iterator",
    "attach_raw_tracepoint",
    "attach_tracepoint",
    "hold",
]

CLOCKS: Final = {"cpu-clock": 0, "task-clock": 1, "page-faults": 2, "context-switches": 3, "cpu-migrations": 4}
"""`PERF_COUNT_SW_*`: the events that every machine has."""
_OPENING: Final = "opening the event"
_DEFAULT_FREQUENCY: Final = 99
"""A second; not 100, so that it does not beat with what runs at round frequencies."""


def attach_raw_tracepoint(program: Program, target: AttachTarget) -> Attachment:
    """Attach to a raw tracepoint (Linux 4.17); *target* is its name, without its category."""
    name = target.name or program.spec.attach_to
    try:
        return _open_hook(program, name.rpartition("/")[2])
    except BpfError as error:
        if error.errno == errno.ENOENT:
            reason = f"this kernel has no raw tracepoint {name}"
            hint = "it is named without its category: sched_switch"
            raise UsageError(f"cannot attach program {program.name}: {reason}", hint=hint) from error
        raise _refused(error, program, target, links_since("raw_tracepoint", "raw tracepoints")) from error


def attach_hook(program: Program, target: AttachTarget) -> Attachment:
    """Attach to what the program was loaded for (Linux 5.5): fentry, fexit, fmod_ret, tp_btf, LSM, freplace."""
    loaded_for = program.spec.attach_to
    if target.name not in ("", loaded_for):
        raise UsageError(
            f"cannot attach program {program.name} to {target.name}: it was loaded for {loaded_for}",
            hint=f"--type {program.name}=fentry/{target.name}, before it is loaded, makes it another",
        )
    try:
        return _open_hook(program, None)
    except BpfError as error:
        raise _refused(error, program, target, links_since("tracing", "links of tracing programs")) from error


def _open_hook(program: Program, name: str | None) -> Attachment:
    attr = RawTracepointOpen(name=None if name is None else buffer(name.encode() + b"\0"))
    with program.descriptor as fd:
        attr.prog_fd = fd
        link = attr.call(Command.RAW_TRACEPOINT_OPEN)
    return Attachment((Descriptor(link, f"link of {program.name}"),))


def attach_iterator(program: Program, target: AttachTarget) -> Attachment:
    """Make an iterator's link (Linux 5.8); those over a map's elements want *target* to name the map."""
    found = program.maps.get(target.name)
    try:
        if found is None:
            return create_link(program, 0, AttachType.TRACE_ITER)
        with found.descriptor as fd:
            # union bpf_iter_link_info, whose first field is the map's descriptor
            info = buffer(fd.to_bytes(4, sys.byteorder) + bytes(12))
            return create_link(program, 0, AttachType.TRACE_ITER, IteratorLink, iter_info=info, iter_info_len=len(info))
    except BpfError as error:
        if error.errno == errno.EBADF and found is None:
            raise UsageError(
                f"cannot attach program {program.name}: {program.spec.attach_to} iterates over a map",
                hint=f"name it: {program.name}=MAP",
            ) from error
        raise _refused(error, program, target, links_since("iter", "iterators")) from error


def attach_tracepoint(program: Program, target: AttachTarget) -> Attachment:
    """Attach to a tracepoint, `category/name`: through a link (Linux 5.15), before through its event itself."""
    category, slash, name = (target.name or program.spec.attach_to).replace(":", "/").partition("/")
    if not slash:
        raise UsageError(
            f"cannot attach program {program.name} to {category!r}: that is no tracepoint",
            hint="a tracepoint has a category and a name: sched/sched_switch",
        )
    try:
        number = int(read_tracefs(f"events/{category}/{name}/id"))
    except FileNotFoundError as error:
        raise UnknownNameError("tracepoint", f"{category}/{name}", _tracepoints(category)) from error
    except OSError as error:
        raise _event_refused(error, program, target, "reading its number in the tracefs") from error
    return hold(program, target, lambda: [open_event(PERF_TYPE_TRACEPOINT, number)])


def _tracepoints(category: str) -> list[str]:
    """Return the tracepoints of a category, or those of all where there is no such category."""
    try:
        known = [line.replace(":", "/") for line in read_tracefs("available_events").split()]
    except OSError:
        return []
    return [one for one in known if one.startswith(f"{category}/")] or known


def attach_event(program: Program, target: AttachTarget) -> Attachment:
    """Attach to an event of each CPU: without options `cpu-clock`, 99 times a second."""
    name = target.name or "cpu-clock"
    if name not in CLOCKS:
        raise UnknownNameError("performance event", name, CLOCKS)
    given = {key: int(value) for key, _, value in (option.partition("=") for option in target.options)}
    period = given.get("period", 1)
    frequency = None if "period" in given else given.get("freq", _DEFAULT_FREQUENCY)
    if period < 1 or (frequency is not None and frequency < 1):
        raise UsageError(f"cannot attach program {program.name}: a frequency or period is at least 1")

    def events() -> list[Descriptor]:
        opened: list[Descriptor] = []
        for cpu in online_cpus():
            try:
                opened.append(open_event(PERF_TYPE_SOFTWARE, CLOCKS[name], period=period, frequency=frequency, cpu=cpu))
            except OSError as error:
                if error.errno == errno.ENODEV:  # it went offline in this moment
                    continue
                _close(opened)
                raise
        return opened

    return hold(program, target, events)


def hold(
    program: Program,
    target: AttachTarget,
    open_events: Callable[[], list[Descriptor]],
    cookies: Sequence[int] = (),
) -> Attachment:
    """Attach *program* to perf events, each by a link (Linux 5.15) or by its own descriptor.

    Args:
        program: What is attached.
        target: For errors.
        open_events: Opens the events.
        cookies: What `bpf_get_attach_cookie()` returns at each of them; they take links.

    Raises:
        AttachError, NoPermissionError, FeatureError: The kernel said no; nothing is left open.
    """
    try:
        events = open_events()
    except OSError as error:
        raise _event_refused(error, program, target, _OPENING) from error
    links: list[Descriptor] = []
    try:
        for index, event in enumerate(events):
            link = _link_event(program, event, cookies[index] if cookies else 0)
            links += [link] if link is not None else []
    except BaseException as error:
        _close([*links, *events])
        if isinstance(error, BpfError):
            raise _refused(error, program, target, links_since("perf_event", "links of perf events")) from error
        if isinstance(error, OSError):
            raise _event_refused(error, program, target, "tying the program to the event") from error
        raise
    return Attachment(tuple(links), tuple(events))


def _link_event(program: Program, event: Descriptor, cookie: int) -> Descriptor | None:
    """Tie a program to an event; return the link, or None where the event itself holds the program."""
    try:
        with event as fd:
            (link,) = create_link(program, fd, AttachType.PERF_EVENT, PerfEventLink, bpf_cookie=cookie).links
    except BpfError as error:
        if error.errno not in UNSUPPORTED or cookie:
            raise
        enable(event, program.descriptor)
        return None
    enable(event)
    return link


def _close(descriptors: list[Descriptor]) -> None:
    for descriptor in descriptors:
        descriptor.close()


def _event_refused(error: OSError, program: Program, target: AttachTarget, step: str) -> BpftuiError:
    """Return the error for an event that could not be had."""
    doing = f"cannot {described(program, target)}"
    number = error.errno or 0
    if number in (errno.EPERM, errno.EACCES):
        needs = rights.TRACING
        if not rights.missing(needs) and step == _OPENING:
            # Uprobes can change what other processes do: CAP_PERFMON is not enough (CVE-2025-38466, Linux 6.16).
            needs = (Capability.CAP_SYS_ADMIN,)
        if rights.missing(needs):
            reason, hint = rights.refusal(needs)
            return NoPermissionError(f"{doing}: {reason} ({errno_name(number)})", hint=hint)
        return NoPermissionError(
            f"{doing}: {step} is not permitted ({errno_name(number)})",
            hint="run it as root; kernel.perf_event_paranoid and the tracefs' file modes decide for others",
        )
    if number in (errno.ENOSYS, errno.ENODEV, errno.EOPNOTSUPP):
        return FeatureError(f"{doing}: this kernel lacks what it takes ({errno_name(number)})")
    return AttachError(f"{doing}: {step} failed: {os.strerror(number).lower()} ({errno_name(number)})")


def _refused(error: BpfError, program: Program, target: AttachTarget, feature: str) -> BpftuiError:
    return refused(error, program, target, feature=feature)
