"""The functions of the kernel, of its modules and of BPF programs, by their addresses."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from ...errors import BpftuiError
from ...runtime.stacks import Call, Frame
from ..host.kallsyms import KernelText, read_text
from ..program import native_code_of
from ..sys.layouts import BpfProgInfo
from ..sys.object import object_info, open_id, walk_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["KernelCode"]

_UNKNOWN: Final = "the kernel names nothing at some of its addresses"
_HIDDEN: Final = (
    "the kernel's functions have no names here: it hides its addresses from this process "
    "(kernel.kptr_restrict; CAP_SYSLOG shows them)"
)
_PAUSE: Final = 1.0
"""Seconds for which what was read of modules and programs is taken to be true, which come and go: it takes 0.2 s."""
_LARGEST: Final = 1 << 20
"""Bytes from a symbol to an address that is taken to be in it, where nothing tells its length."""


class _Native(NamedTuple):
    """Machine code of a BPF program or of one of its subprograms."""

    start: int
    end: int
    name: str
    program: int


class KernelCode:
    """Finds the functions that addresses of the kernel are in, and remembers them."""

    def __init__(self) -> None:
        self._text: KernelText | None = None
        self._native: list[_Native] = []
        self._read_at = float("-inf")
        self._known: dict[int, Frame] = {}

    def frames(self, calls: Collection[Call]) -> dict[Call, Frame]:
        """Return the frames of some addresses. New ones cost 0.2 s together, for the kernel's list is long."""
        new = [each.address for each in calls if each.address not in self._known]
        if new:
            self._look(new)
        is_hidden = self._text is not None and not self._text.addresses
        problem = _HIDDEN if is_hidden else _UNKNOWN
        return {each: self._known.get(each.address) or Frame(each, problem=problem) for each in calls}

    def _look(self, addresses: Collection[int]) -> None:
        text = self._text or read_text()
        # What is in the kernel itself stays there; modules and programs come and go.
        if not all(map(text.is_fixed, addresses)) and time.monotonic() - self._read_at > _PAUSE:
            text = text if self._text is None else read_text()
            self._native = sorted(_native_code())
            self._read_at = time.monotonic()
        self._text = text
        for address in addresses:
            frame = self._frame(text, address)
            # What has no name may get one: a module is being loaded.
            if frame.name:
                self._known[address] = frame

    def _frame(self, text: KernelText, address: int) -> Frame:
        call = Call(address)
        at = bisect_right(self._native, address, key=lambda each: each.start) - 1
        code = self._native[at] if at >= 0 and address < self._native[at].end else None
        index = bisect_right(text.addresses, address) - 1
        if index < 0:
            return Frame(call) if code is None else _in_program(call, code)
        index = bisect_left(text.addresses, text.addresses[index])  # of several names, the kernel's own choice
        start = text.addresses[index]
        name, where = (each[index].decode("utf-8", "replace") for each in (text.names, text.modules))
        if code is not None:
            return _in_program(call, code if code.start != start else code._replace(name=name))
        if not text.holds(address, where) or address - start >= _LARGEST:
            return Frame(call)
        return Frame(call, name, address - start, where)


def _in_program(call: Call, code: _Native) -> Frame:
    return Frame(call, code.name, call.address - code.start, "bpf", code.program)


def _native_code() -> Iterator[_Native]:
    """Iterate over the machine code of all programs that are loaded, as far as this process is told of it.

    The kernel lists it among its symbols only with net.core.bpf_jit_kallsyms, and without its lengths. Where it does,
    its names are taken, which also tell subprograms.
    """
    with suppress(BpftuiError):
        for number in walk_ids("program"):
            with suppress(BpftuiError):  # it is gone meanwhile
                descriptor = open_id("program", number)
                try:
                    info = object_info(descriptor, BpfProgInfo())
                    name = f"bpf_prog_{info.tag.hex()}_{info.name}"
                    for place, (start, end) in enumerate(native_code_of(descriptor)):
                        yield _Native(start, end, f"{name}.{place}" if place else name, number)
                finally:
                    descriptor.close()
