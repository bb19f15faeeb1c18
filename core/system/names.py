"""What never changes and is not told at once: whole names of programs and maps, functions behind numbers, memory."""

from __future__ import annotations

import contextlib
import functools
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..btf import CType, Kind
from ..btf import types as t
from ..btf.kernel import module, vmlinux
from ..errors import BpftuiError
from ..kernel.attach.tracing import CLOCKS
from ..kernel.host.existing import read_btf
from ..kernel.host.kallsyms import names_at
from ..kernel.sys.layouts import BpfProgInfo
from ..kernel.sys.object import fill
from ..kernel.sys.perf import PERF_TYPE_SOFTWARE
from ..kernel.sys.survey import number_in, read_fdinfo
from ..kernel.sys.syscall import NAME_SIZE, BpfError, buffer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..btf import Btf
    from ..uapi import AttachType, LinkType, MapType, ProgramType

__all__ = ["MOST_FUNCTIONS", "Names", "event_name", "functions_text", "label", "whole_name"]

MOST_FUNCTIONS: Final = 3
"""Functions of a multi link that are named."""

_FUNC_INFO: Final = struct.Struct("=II")
"""`struct bpf_func_info`: where a function begins, and its type."""
_CUT: Final = NAME_SIZE - 1
_MOST_TYPES: Final = 64
"""Objects whose types are kept."""


_HARDWARE: Final = 0
"""PERF_TYPE_HARDWARE."""
_HARDWARE_EVENTS: Final = (
    "cpu-cycles",
    "instructions",
    "cache-references",
    "cache-misses",
    "branch-instructions",
    "branch-misses",
    "bus-cycles",
)
_CLOCK_TYPES: Final = {6: "cpu-clock", 7: "task-clock"}


class Names:
    """Finds out, and remembers: an id means the same object for good."""

    def __init__(self) -> None:
        self._types: dict[int, Btf | None] = {}
        self._programs: dict[int, str] = {}
        self._maps: dict[int, str] = {}
        self._memory: dict[int, int | None] = {}
        self._addresses: dict[int, str] = {}
        self._functions: dict[int, tuple[int, ...]] = {}

    def program(self, number: int, fd: int, info: BpfProgInfo, name: str, btf_id: int) -> str:
        """Return a program's name, whole where it was cut and its types have it (the first of its functions)."""
        if len(name) < _CUT or not btf_id:
            return name
        if number not in self._programs:
            types = self._of(btf_id)
            self._programs[number] = name if types is None else _entry(fd, info.nr_func_info, types, name)
        return self._programs[number]

    def memory(self, number: int, fd: int) -> int | None:
        """Return the bytes of memory that a program takes, which never change; None where /proc does not tell."""
        if number not in self._memory:
            self._memory[number] = number_in(read_fdinfo(f"/proc/self/fdinfo/{fd}"), b"memlock")
        return self._memory[number]

    def map(self, number: int, name: str, btf_id: int) -> str:
        """Return a map's name, whole where it was cut and its types have one variable or section that it can be."""
        if len(name) < _CUT or not btf_id:
            return name
        if number not in self._maps:
            types = self._of(btf_id)
            names = set[str]()
            if types is not None:
                ids = (*types.ids(Kind.VAR), *types.ids(Kind.DATASEC))
                names = {each for each in map(types.type_name, ids) if each.startswith(name)}
            self._maps[number] = names.pop() if len(names) == 1 else name
        return self._maps[number]

    def function(self, btf_id: int, type_id: int, kernel: Mapping[int, str]) -> str:
        """Return the name of a type (a function); empty where it is not known.

        Args:
            btf_id: Of the types that it is one of.
            type_id: The type.
            kernel: The names of the kernel's own types and of those of modules, by their ids.
        """
        try:
            name = kernel.get(btf_id)
            if name is not None:
                types = vmlinux() if name == "vmlinux" else module(name)
            else:
                types = self._of(btf_id) if btf_id else None
            return types.type_name(type_id) if types is not None else ""
        except BpftuiError:
            return ""

    def functions_of(self, value_type: int) -> tuple[int, ...]:
        """Return where the value of a struct_ops map has pointers to functions: bytes from its start.

        Args:
            value_type: The value's type among the kernel's own.
        """
        if value_type not in self._functions:
            try:
                self._functions[value_type] = tuple(_pointers(CType(vmlinux(), value_type)))
            except BpftuiError:
                self._functions[value_type] = ()
        return self._functions[value_type]

    def at(self, addresses: tuple[int, ...]) -> dict[int, str]:
        """Return the kernel's functions at these addresses, as far as it tells; 150 ms for those that are new."""
        new = [each for each in addresses if each and each not in self._addresses]
        if new:
            known = names_at(new)
            self._addresses |= {each: known.get(each, "") for each in new}
        return {each: self._addresses.get(each, "") for each in addresses}

    def _of(self, btf_id: int) -> Btf | None:
        if btf_id not in self._types:
            if len(self._types) >= _MOST_TYPES:
                self._types.pop(next(iter(self._types)))
            try:
                self._types[btf_id] = read_btf(btf_id)
            except BpftuiError:
                self._types[btf_id] = None
        return self._types[btf_id]


@functools.cache
def label(kind: type[ProgramType | MapType | LinkType | AttachType], number: int) -> str:
    """Return what a number is called, `type 99` where it is newer than bpftui."""
    try:
        return kind(number).label
    except ValueError:
        return f"type {number}"


def event_name(kind: int, config: int) -> str:
    """Return what perf(1) calls an event; where it has no name, that of what counts it, and the number of the event."""
    names = {_HARDWARE: _HARDWARE_EVENTS, PERF_TYPE_SOFTWARE: tuple(CLOCKS)}.get(kind, ())
    if config < len(names):
        return names[config]
    device = _event_devices().get(kind, "")
    # Linux 6.6 gives clocks types of their own: the first two numbers that are left (perf_event_init), in no list.
    if not device and kind in _CLOCK_TYPES and not config:
        return _CLOCK_TYPES[kind]
    return f"{device} {config:#x}" if device else f"event {kind}:{config}"


@functools.cache
def _event_devices() -> dict[int, str]:
    """Return what counts events, by the numbers of their types, as far as the kernel lists them."""
    found: dict[int, str] = {}
    for path in Path("/sys/bus/event_source/devices").glob("*/type"):
        with contextlib.suppress(OSError, ValueError):
            found[int(path.read_text())] = path.parent.name
    return found


def functions_text(names: Sequence[str], count: int) -> str:
    """Return how the functions of a multi link are told, `vfs_read, vfs_write and 4 more`; empty where none is known.

    Args:
        names: Of the first of them, at least of `MOST_FUNCTIONS`; empty where it is not known.
        count: How many there are.
    """
    shown = list(filter(None, names[:MOST_FUNCTIONS]))
    more = count - len(shown)
    return ", ".join(shown) + (f" and {more} more" if shown and more else "")


def whole_name(fd: int, functions: int, btf_id: int, name: str) -> str:
    """Return a program's name, whole where it was cut and its types have it.

    Args:
        fd: A descriptor of the program.
        functions: How many records the kernel has of its functions.
        btf_id: Its types; 0 for none.
        name: At most 15 characters, as the kernel keeps it.
    """
    if len(name) < _CUT or not btf_id:
        return name
    try:
        return _entry(fd, functions, read_btf(btf_id), name)
    except BpftuiError:
        return name


def _entry(fd: int, functions: int, types: Btf, name: str) -> str:
    """Return the name of a program's first function, where it begins as the program's does."""
    if not functions:
        return name
    room = buffer(_FUNC_INFO.size)
    try:
        fill(fd, BpfProgInfo(func_info_rec_size=_FUNC_INFO.size, nr_func_info=1, func_info=room))
        found = types.type(_FUNC_INFO.unpack_from(room)[1])
    except (BpfError, BpftuiError):
        return name
    return found.name if isinstance(found, t.Function) and found.name.startswith(name) else name


def _pointers(struct_: CType) -> Iterator[int]:
    """Iterate over the offsets of the pointers to functions in `struct bpf_struct_ops_NAME`, in its member `data`."""
    for name, inner, start in struct_.members():
        if name == "data":
            for _, member, offset in inner.members():
                found = member.stripped
                if isinstance(found, t.Pointer) and isinstance(member.btf.strip(found.target), t.FunctionProto):
                    yield start + offset
