"""Programs at USDT probes, which programs and libraries have for others to look (SystemTap's <sys/sdt.h>).

A probe is a no-op in the code, and a note that says where it is and where its arguments are then. Programs that are
written for libbpf ask its usdt.bpf.h for these, which finds them in a map of the object: filled here as libbpf fills it
(`usdt_manager_attach_usdt`), one entry for each way in which a probe's places have their arguments. Which entry it is,
the place's BPF cookie says; before Linux 5.15, which has no cookies, a second map says it by the address in memory.
"""

from __future__ import annotations

import contextlib
import os
import struct
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple
from weakref import WeakKeyDictionary

from ...errors import AttachError, BpftuiError, FeatureError, UnknownNameError, UsageError, reason_of
from ...spec import AttachType
from ..host.kconfig import option
from ..probe.link_types import has_links
from ..probe.since import links_since
from ..sys.layouts import UprobeMultiLink
from ..sys.perf import counts_references, open_uprobe
from ..sys.syscall import BpfError, Descriptor, buffer
from .binary import find_binary
from .linking import create_link, described, refused
from .tracing import hold
from .usdt_arguments import encode_spec, parse_arguments
from .usdt_notes import read_probes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...runtime import AttachTarget
    from ..link import Attachment
    from ..map import Map
    from ..program import Program
    from ..sys.syscall import Buffer
    from .usdt_notes import UsdtProbe

__all__ = ["attach_usdt", "split_usdt"]

_SPECS: Final = "__bpf_usdt_specs"
_PLACES: Final = "__bpf_usdt_ip_to_spec_id"
_ONLY_NEW: Final = 1
"""BPF_NOEXIST."""


def attach_usdt(program: Program, target: AttachTarget, what: str, pid: int) -> Attachment:
    """Attach a program to all places of a USDT probe.

    Args:
        program: Of an object that includes usdt.bpf.h.
        target: For errors.
        what: `PATH:PROVIDER:NAME`.
        pid: The process whose probes are meant; 0 for all.

    Raises:
        UsageError, UnknownNameError: There is no such probe, or the object has no usdt.bpf.h.
        FeatureError: The kernel lacks something that it takes.
        AttachError, NoPermissionError: The kernel said no.
    """
    path, provider, name = split_usdt(what, program.name)
    path = find_binary(path)
    known = read_probes(path)
    probes = [each for each in known if (each.provider, each.name) == (provider, name)]
    if not probes:
        raise UnknownNameError("USDT probe", f"{provider}:{name}", {str(each) for each in known}, where=path)
    if any(each.semaphore for each in probes) and not counts_references():
        reason = "this kernel does not switch on what a program prepares for those who look (semaphores, Linux 4.20)"
        raise FeatureError(f"cannot {described(program, target)}: {reason}")
    entries = _Entries(program)
    try:
        cookies = [entries.add(each) for each in probes]
        if _has_cookies():
            attachment = _attach(program, target, path, probes, cookies, pid)
        else:
            entries.place([_address(each, path, pid, program) for each in probes], cookies)
            attachment = _attach_events(program, target, path, probes, (), pid)
    except BaseException:
        entries.close()
        raise
    return replace(attachment, leases=(entries,))


def split_usdt(what: str, program: str) -> tuple[str, str, str]:
    """Return path, provider and name of `PATH:PROVIDER:NAME`; UsageError where it is none."""
    parts = what.rsplit(":", 2)
    if len(parts) < 3 or not all(parts):
        raise UsageError(
            f"cannot attach program {program}: {what!r} names no USDT probe",
            hint="one is named PATH:PROVIDER:NAME, for example libpython3.so:python:gc__start",
        )
    return parts[0], parts[1], parts[2]


def _has_cookies() -> bool:
    """Whether the object was told that there are BPF cookies: it looks for entries in no other way then."""
    return option("LINUX_HAS_BPF_COOKIE") == "y"


def _attach(
    program: Program, target: AttachTarget, path: str, probes: list[UsdtProbe], cookies: list[int], pid: int
) -> Attachment:
    """Attach to all places at once (Linux 6.6), or to one after the other."""
    if not has_links("uprobe_multi"):
        return _attach_events(program, target, path, probes, cookies, pid)
    semaphores = [each.semaphore for each in probes]
    try:
        return create_link(
            program,
            0,
            AttachType.TRACE_UPROBE_MULTI,
            UprobeMultiLink,
            path=buffer(os.fsencode(path) + b"\0"),
            offsets=_words(each.offset for each in probes),
            ref_ctr_offsets=_words(semaphores) if any(semaphores) else None,
            cookies=_words(cookies),
            cnt=len(probes),
            pid=pid,
        )
    except BpfError as error:
        raise refused(error, program, target, feature=links_since("uprobe_multi")) from error


def _attach_events(
    program: Program, target: AttachTarget, path: str, probes: list[UsdtProbe], cookies: Sequence[int], pid: int
) -> Attachment:
    def events() -> list[Descriptor]:
        opened: list[Descriptor] = []
        try:
            for each in probes:
                event = open_uprobe(path, each.offset, returns=False, references=each.semaphore, pid=pid)
                opened.append(event)
        except BaseException:
            for event in opened:
                event.close()
            raise
        return opened

    return hold(program, target, events, cookies)


def _words(numbers: Iterable[int]) -> Buffer:
    listed = list(numbers)
    return buffer(struct.pack(f"={len(listed)}Q", *listed))


def _address(probe: UsdtProbe, path: str, pid: int, program: Program) -> int:
    """Return where a probe is in memory, which only a process tells where the file can be loaded anywhere."""
    if probe.is_fixed:
        return probe.address
    doing = f"cannot attach program {program.name} to USDT probe {probe}"
    if not pid:
        raise FeatureError(
            f"{doing}: without BPF cookies (Linux 5.15) the process has to be known, for {path} can be loaded anywhere",
            hint="name it: ,pid=N behind the probe",
        )
    try:
        with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps:
            lines = [line.split(None, 5) for line in maps]
    except OSError as error:
        raise UsageError(f"{doing}: {reason_of(error)}: /proc/{pid}/maps") from error
    for addresses, rights, start, _, _, name in (line for line in lines if len(line) == 6):
        begin, _, end = addresses.partition("-")
        inside = probe.offset - int(start, 16)
        if name.rstrip("\n") == path and "x" in rights and 0 <= inside < int(end, 16) - int(begin, 16):
            return int(begin, 16) + inside
    raise UsageError(f"{doing}: process {pid} has not loaded {path}")


class _Taken(NamedTuple):
    """Which entries of a map of specs are in use: of the links to USDT probes of its collection."""

    lock: threading.Lock
    numbers: set[int]


_taken: WeakKeyDictionary[Map, _Taken] = WeakKeyDictionary()
_taking = threading.Lock()


class _Entries:
    """The entries that one link to a USDT probe has in the object's maps: places whose arguments are alike share one.

    Raises:
        UsageError: The object has no such maps.
    """

    def __init__(self, program: Program) -> None:
        specs, places = program.maps.get(_SPECS), program.maps.get(_PLACES)
        if specs is None or places is None or specs.value is None:
            missing = _SPECS if specs is None or places is not None else _PLACES
            raise UsageError(
                f"cannot attach program {program.name} to a USDT probe: its object has no map {missing}, or no types",
                hint="include libbpf's bpf/usdt.bpf.h",
            )
        self._program = program.name
        self._specs, self._places, self._struct = specs, places, specs.value
        with _taking:
            self._taken = _taken.setdefault(specs, _Taken(threading.Lock(), set()))
        self._by_arguments: dict[str, int] = {}
        self._addresses: list[bytes] = []

    def add(self, probe: UsdtProbe) -> int:
        """Return the number of the entry for a place of the probe; it is filled where it is a new one."""
        found = self._by_arguments.get(probe.arguments)
        if found is not None:
            return found
        contents = encode_spec(self._struct, parse_arguments(probe.arguments, str(probe)), str(probe))
        with self._taken.lock:
            free = set(range(self._specs.max_entries)) - self._taken.numbers
            if not free:
                raise AttachError(
                    f"cannot attach program {self._program} to USDT probe {probe}: all {self._specs.max_entries} "
                    f"entries of map {_SPECS} are in use",
                    hint="define BPF_USDT_MAX_SPEC_CNT before usdt.bpf.h is included",
                )
            number = min(free)
            self._taken.numbers.add(number)
        self._by_arguments[probe.arguments] = number
        self._specs.update(struct.pack("=i", number), contents)
        return number

    def place(self, addresses: list[int], numbers: list[int]) -> None:
        """Say by addresses in memory which entries are meant, where there are no cookies to say it."""
        for address, number in zip(addresses, numbers, strict=True):
            key = struct.pack("=Q", address)
            try:
                self._places.update(key, struct.pack("=I", number), _ONLY_NEW)
            except BpftuiError as error:
                raise AttachError(
                    f"cannot attach program {self._program}: {error.message}",
                    hint="without BPF cookies (Linux 5.15), one program at a time can be at a USDT probe",
                ) from error
            self._addresses.append(key)

    def close(self) -> None:
        """Give the entries back; a second call does nothing."""
        with contextlib.suppress(BpftuiError, KeyError):
            for key in self._addresses:
                self._places.delete(key)
        self._addresses = []
        with self._taken.lock:
            self._taken.numbers.difference_update(self._by_arguments.values())
        self._by_arguments = {}
