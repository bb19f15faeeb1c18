"""Host: what helpers reach of the machine that they work for."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, TypeVar, cast

from ..engine.errors import RunError
from ..engine.image import MemoryImage
from .packet import SkbPacket, XdpPacket
from .printed import PrintedLines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...btf import Btf, ByteOrder
    from ..engine.calls import Calls
    from ..engine.processor import Processor
    from ..maps import Store
    from .contexts import Context
    from .packet import Packet
    from .settings import Given, Settings

__all__ = ["Host", "signed"]

_T = TypeVar("_T")


class _Handles(dict[int, "Store"]):
    """Maps by their address; another address ends the run."""

    def __missing__(self, address: int) -> Store:
        raise RunError(f"{address:#x} is the address of no map")


class Host:
    """What the programs of one collection have in common.

    Args:
        processor: Its memory and its call stack.
        settings: What programs are told of the world.
        byte_order: Theirs.
        btf: The types of the object that they are from.
        kernel_btf: The types that they were adapted to: those of what they take for the kernel's.
    """

    def __init__(
        self,
        processor: Processor,
        settings: Settings,
        byte_order: ByteOrder,
        btf: Btf | None = None,
        kernel_btf: Btf | None = None,
    ) -> None:
        self.processor = processor
        self.memory = processor.memory
        if settings.memory or settings.asks_memory:
            self.memory.image = MemoryImage(settings.memory or {}, asks=settings.asks_memory, byte_order=byte_order)
        self.settings = settings
        self.byte_order: ByteOrder = byte_order
        self.btf = btf
        self.kernel_btf = kernel_btf
        self.maps: dict[int, Store] = _Handles()
        """By the address that programs know them by."""
        self.addresses: dict[int, int] = {}
        """The same addresses, by the maps' numbers."""
        self.random = random.Random(settings.seed)
        self.trace = PrintedLines()
        """What programs printed (bpf_trace_printk), oldest first."""
        self.locks: set[int] = set()
        """Addresses of the spin locks that are held."""
        self.retval = 0
        """What bpf_set_retval left."""
        self.returns: Mapping[str, Given] = settings.returns or {}
        """By the name of a helper or kernel function, what it returns in place of doing anything."""
        self.background: list[Callable[[], Calls[None]]] = []
        """What looks between two runs whether something is due, and calls it."""
        self.releases: list[Callable[[int, int], None]] = []
        """What frees a field of a map's value, by its address and size: a timer, a list, a pointer to an object."""
        self.now: Callable[[], int] = settings.clock or time.monotonic_ns
        """Returns nanoseconds on the clock that programs read."""
        self.wall: Callable[[], int] = settings.wall or settings.clock or time.time_ns
        """Returns the date in nanoseconds since 1970, as programs read it."""
        self._parts: dict[object, object] = {}

    cpu = 0
    """The CPU that runs."""
    context: Context | None = None
    """What the program that runs was given, where that is no packet."""
    packet: Packet | None = None
    """What the program that runs was started with."""

    def part(self, kind: Callable[[Host], _T]) -> _T:
        """Return what a family of helpers keeps of its own, an object of *kind*, made when it is first asked for."""
        found = self._parts.get(kind)
        if found is None:
            found = self._parts[kind] = kind(self)
        return cast("_T", found)

    def release(self, place: int, size: int) -> None:
        """Free what the kernel keeps in a field of a map's value."""
        for release in self.releases:
            release(place, size)

    def skb(self) -> SkbPacket:
        """Return the packet that the program was started with; RunError where it is no __sk_buff."""
        found = self.packet
        if not isinstance(found, SkbPacket):
            raise RunError("the program was not started with a __sk_buff")
        return found

    def xdp(self) -> XdpPacket:
        """Return the packet that the program was started with; RunError where it is no xdp_md."""
        found = self.packet
        if not isinstance(found, XdpPacket):
            raise RunError("the program was not started with an xdp_md")
        return found

    def call(self, address: int, *arguments: int) -> int:
        """Call the function of whichever program has it at *address*; return r0."""
        machine = self.processor.machine_at(address)
        if machine is None:
            raise RunError(f"{address:#x} is no function")
        return machine.call(address, *arguments)

    def integer(self, address: int, size: int) -> int:
        """Return the unsigned integer of *size* bytes at *address*."""
        return int.from_bytes(self.memory.read(address, size), self.byte_order)

    def put_integer(self, address: int, value: int, size: int) -> None:
        """Write an integer of *size* bytes to *address*."""
        self.memory.write(address, (value & (1 << 8 * size) - 1).to_bytes(size, self.byte_order))

    def text(self, address: int, limit: int) -> bytes:
        """Return the bytes from *address* to the next zero, at most *limit* of them and none outside of the region."""
        region = self.memory.find(address)
        if region is None or not region.readable or address >= region.end:
            raise self.memory.bad_access(address, 1, write=False)
        raw = self.memory.read(address, min(limit, region.end - address))
        return raw.partition(b"\0")[0]


def signed(value: int, bits: int = 32) -> int:
    """Return the low *bits* of a register as a signed number."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value
