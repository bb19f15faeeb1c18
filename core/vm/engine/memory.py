"""The address space of a machine: regions of memory, each access checked to lie within one of them.

An address is a granule's number times 64 KiB plus an offset. A region begins where a granule begins and leaves at
least 64 KiB behind it free, so that what overruns it does not reach another one. Looking an address up is a dictionary
access, and the check of its bounds is the buffer's own; translated code does both without a call into here. Addresses
are kept as small as can be, because Python calculates fastest below 2**30.

The lowest addresses are for what is handed to programs in 32 bits: `xdp_md.data` and `__sk_buff.data` hold packet
addresses in a `__u32`. The first granules are never used: NULL and what is close to it are bad addresses.
"""

from __future__ import annotations

from typing import Final

from ...spec.sparse import LARGE, zeros
from .errors import AccessError, MemoryLimitError
from .image import MemoryImage

__all__ = ["DEFAULT_MEMORY", "GRANULE_BITS", "MOST_FRAMES", "STACK_FRAMES", "STACK_SIZE", "AddressSpace", "Region"]

GRANULE_BITS: Final = 16
_GRANULE: Final = 1 << GRANULE_BITS
_LOW: Final = range(0x10, 0x1F0, 2)
"""Granules kept for regions whose address has to fit 32 bits; one of 64 KiB or more takes several."""
_STACK: Final = 0x200
"""The first granule of the stack frames."""
_HIGH: Final = 0x300
"""The first granule of everything else; never reused, so that a stale pointer is found out."""
_OVERHEAD: Final = 640
"""What a region costs beside its bytes, as it was measured of values in a hash."""
DEFAULT_MEMORY: Final = 1 << 30
"""Bytes that all regions and queues take together at most."""
_LARGEST_LOW: Final = 2 * _GRANULE - 1

STACK_SIZE: Final = 512
"""Bytes of one stack frame (`MAX_BPF_STACK`)."""
STACK_FRAMES: Final = 8
"""Nested frames of one program (`MAX_CALL_FRAMES`)."""
MOST_FRAMES: Final = 64
"""Nested frames of one run, whose programs make tail calls out of subprograms: up to 33, most of one frame."""


class Region:
    """A run of bytes with an address.

    Args:
        name: What it is, as errors name it: `stack frame 0`, `packet`, `value of counts`.
        base: Its first address.
        data: Its bytes; shared, not copied.
        readable: Whether a program may read it.
        writable: Whether a program may write to it.
    """

    __slots__ = ("base", "charged", "data", "name", "readable", "writable")

    def __init__(self, name: str, base: int, data: bytearray | memoryview, *, readable: bool, writable: bool) -> None:
        self.name = name
        self.base = base
        self.data = data
        self.readable = readable
        self.writable = writable
        self.charged = 0

    charged: int
    """What it counts for in the memory that there is, in bytes."""

    def __repr__(self) -> str:
        return f"<Region {self.name} {self.base:#x} +{self.size}>"

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return len(self.data)

    @property
    def end(self) -> int:
        """One past its last address."""
        return self.base + len(self.data)


class AddressSpace:
    """All memory that programs see: shared by the machines of one collection.

    The stack frames belong to it, because a run passes from machine to machine by tail calls.
    """

    def __init__(self) -> None:
        self.limit = DEFAULT_MEMORY
        self.used = 0
        self.readers: dict[int, bytearray | memoryview] = {}
        """By granule, the bytes from its start to its region's end; only what may be read."""
        self.writers: dict[int, bytearray | memoryview] = {}
        """The same, only what may be written."""
        self._regions: dict[int, Region] = {}
        """By each granule that one lies in."""
        self._next = _HIGH
        self._free_low = list(reversed(_LOW))
        self.image = MemoryImage({})
        """What programs reach only by probing: see `bpftui.core.vm.engine.image`."""
        self.frames: list[Region] = []
        """The stack frames, outermost first."""
        for _ in range(STACK_FRAMES):
            self.add_frame()

    limit: int
    """Bytes that regions, and what is charged beside them, may take."""
    used: int
    """Bytes that they take, their own cost included."""

    def charge(self, name: str, size: int) -> None:
        """Count bytes that something takes; MemoryLimitError where it is too much."""
        if self.used + size > self.limit:
            raise MemoryLimitError(
                f"there is no room for {name}: the maps and objects of the built-in machine take "
                f"{self.limit >> 20:,} MiB already, which is all that they may",
                hint="smaller maps (max_entries), or --runtime kernel",
            )
        self.used += size

    def refund(self, size: int) -> None:
        """Count bytes as free again."""
        self.used -= size

    @property
    def regions(self) -> list[Region]:
        """All regions, by address."""
        return sorted(self.all_regions(), key=lambda region: region.base)

    def all_regions(self) -> set[Region]:
        """Return all regions, in no order."""
        return set(self._regions.values())

    def map(
        self,
        name: str,
        data: int | bytes | bytearray | memoryview,
        *,
        readable: bool = True,
        writable: bool = True,
        low: bool = False,
        alignment: int = _GRANULE,
    ) -> Region:
        """Give bytes an address.

        Args:
            name: What it is, as errors name it.
            data: A size, for zeros; bytes, which are copied; or a buffer that stays shared.
            readable: Whether a program may read it.
            writable: Whether a program may write to it.
            low: Whether the address has to fit 32 bits. There is room for 240 such regions, of less than 128 KiB.
            alignment: What its address is a multiple of: a power of two; no less than 64 KiB counts.

        Raises:
            MemoryLimitError: All memory is taken.
        """
        # Zeros take memory where they are written to; their number does not grow.
        is_sparse = isinstance(data, int) and data > LARGE
        charged = _OVERHEAD + (0 if is_sparse else data if isinstance(data, int) else len(data))
        self.charge(name, charged)
        if isinstance(data, int) and is_sparse:
            data = memoryview(zeros(data))
        elif isinstance(data, int | bytes):
            data = bytearray(data)
        if low:
            if not self._free_low or len(data) > _LARGEST_LOW:
                raise AccessError(f"no room for {name} below 4 GiB", address=0, size=len(data), region=None)
            granule = self._free_low.pop()
        else:
            step = max(1, alignment >> GRANULE_BITS)
            granule = -(-self._next // step) * step
            self._next = granule + len(data) // _GRANULE + 2
        region = self._add(name, granule, data, readable=readable, writable=writable)
        region.charged = charged
        return region

    def _add(self, name: str, granule: int, data: bytearray | memoryview, *, readable: bool, writable: bool) -> Region:
        region = Region(name, granule << GRANULE_BITS, data, readable=readable, writable=writable)
        self._publish(region)
        return region

    def _publish(self, region: Region) -> None:
        """Enter a region's granules: all but the first get a view of what lies behind their start."""
        first = region.base >> GRANULE_BITS
        for granule in range(first, first + len(region.data) // _GRANULE + 1):
            start = (granule - first) << GRANULE_BITS
            data = memoryview(region.data)[start:] if start else region.data
            self._regions[granule] = region
            if region.readable:
                self.readers[granule] = data
            if region.writable:
                self.writers[granule] = data

    def add_frame(self) -> Region:
        """Add a stack frame behind those that there are, of which there can be `MOST_FRAMES`."""
        number = len(self.frames)
        granule = _STACK + 2 * number
        region = self._add(f"stack frame {number}", granule, bytearray(STACK_SIZE), readable=True, writable=True)
        self.frames.append(region)
        return region

    def unmap(self, region: Region) -> None:
        """Take a region out: accesses to it are errors from now on. A second call does nothing."""
        first = region.base >> GRANULE_BITS
        if self._regions.get(first) is not region:
            return
        self.refund(region.charged)
        for granule in range(first, first + len(region.data) // _GRANULE + 1):
            self._regions.pop(granule, None)
            self.readers.pop(granule, None)
            self.writers.pop(granule, None)
        if first in _LOW:
            self._free_low.insert(0, first)

    def replace(self, region: Region, data: bytearray | memoryview) -> None:
        """Exchange the bytes of a region, which keeps its address: a packet, of at most 64 KiB before and after."""
        granule = region.base >> GRANULE_BITS
        if len(data) > _GRANULE or len(region.data) > _GRANULE:
            raise AccessError(
                f"{len(data)} bytes are too many for {region.name}", address=0, size=0, region=region.name
            )
        self.used += len(data) - len(region.data)
        region.charged += len(data) - len(region.data)
        region.data = data
        if region.readable:
            self.readers[granule] = data
        if region.writable:
            self.writers[granule] = data

    def find(self, address: int) -> Region | None:
        """Return the region that holds *address*, or that ends there."""
        region = self._regions.get(address >> GRANULE_BITS)
        return region if region is not None and address <= region.end else None

    def nearest(self, address: int) -> Region | None:
        """Return the region that is closest to *address*."""
        regions = set(self._regions.values())
        return min(regions, key=lambda region: max(region.base - address, address - region.end, 0), default=None)

    def view(self, address: int, size: int, *, write: bool = False) -> memoryview:
        """Return the bytes at *address*, shared: what helpers read from and write to.

        Raises:
            AccessError: They do not lie within one region, or it may not be read or written.
        """
        data = (self.writers if write else self.readers).get(address >> GRANULE_BITS)
        start = address & (_GRANULE - 1)
        if data is None or size < 0 or start + size > len(data):
            raise self.bad_access(address, size, write=write)
        return memoryview(data)[start : start + size]

    def read(self, address: int, size: int) -> bytes:
        """Return a copy of the bytes at *address*; AccessError as `view` raises it."""
        data = self.readers.get(address >> GRANULE_BITS)
        start = address & (_GRANULE - 1)
        if data is None or size < 0 or start + size > len(data):
            raise self.bad_access(address, size, write=False)
        return bytes(data[start : start + size])

    def own(self, address: int, size: int) -> bytes | None:
        """Return a copy of the bytes at *address*; None where they do not lie within one region that may be read."""
        data = self.readers.get(address >> GRANULE_BITS)
        start = address & (_GRANULE - 1)
        return bytes(data[start : start + size]) if data is not None and start + size <= len(data) else None

    def own_text(self, address: int, size: int) -> bytes | None:
        """Return the bytes from *address* to the next zero, at most *size* and none outside of the region; None where
        there is none."""
        data = self.readers.get(address >> GRANULE_BITS)
        start = address & (_GRANULE - 1)
        return bytes(data[start : start + size]).partition(b"\0")[0] if data is not None and start < len(data) else None

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Write bytes to *address*; AccessError as `view` raises it."""
        self.view(address, len(data), write=True)[:] = data

    def bad_access(self, address: int, size: int, *, write: bool) -> AccessError:
        """Return the error for an access that cannot be: what it wanted, where, and what is close to there."""
        action = f"{'write' if write else 'read'} of {size} byte{'' if size == 1 else 's'} at {address:#x}"
        region = self.nearest(address)
        name = region.name if region else None
        if size < 0:
            return AccessError(f"{action}: a negative size", address=address, size=size, region=name)
        if address < _LOW.start * _GRANULE:
            why = f"NULL plus {address}" if address else "NULL"
            return AccessError(f"{action}: {why}", address=address, size=size, region=None)
        if address > -_LOW.start * _GRANULE & 0xFFFF_FFFF_FFFF_FFFF:
            why = f"NULL minus {(1 << 64) - address}"
            return AccessError(f"{action}: {why}", address=address, size=size, region=None)
        if region is None or max(region.base - address, address - region.end) > _GRANULE:
            return AccessError(f"{action}: nothing is there", address=address, size=size, region=None)
        where = f"{region.name} ({region.size} bytes at {region.base:#x})"
        if region.base <= address and address + size <= region.end:
            why = f"within {where}, which may not be {'written' if write else 'read'}"
        elif address < region.base:
            why = f"{region.base - address} bytes before {where}"
        elif address >= region.end:
            why = (
                f"{address - region.end} bytes past the end of {where}"
                if address > region.end
                else f"at the end of {where}"
            )
        else:
            why = f"{address + size - region.end} bytes over the end of {where}"
        return AccessError(f"{action}: {why}", address=address, size=size, region=name)
