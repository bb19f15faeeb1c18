"""What helpers return at the edges of what they take: as kernel/bpf/helpers.c and net/core/filter.c have it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from bpftui.core.spec import MapSpec, MapType, ProgramType
from bpftui.core.vm import Processor
from bpftui.core.vm.helpers import kernel_function
from bpftui.core.vm.maps import create_store
from bpftui.core.vm.world.dynptr import Dynptr, DynptrKind
from bpftui.core.vm.world.heap import Heap
from bpftui.core.vm.world.host import Host
from bpftui.core.vm.world.packet import SkbPacket, XdpPacket
from bpftui.core.vm.world.settings import Settings

if TYPE_CHECKING:
    from bpftui.core.vm.maps import Store

E2BIG, ENOENT, EACCES, EFAULT, EINVAL, ERANGE, EOVERFLOW = -7, -2, -13, -14, -22, -34, -75
MASK = (1 << 64) - 1


@pytest.fixture
def host() -> Host:
    return Host(Processor(), Settings(), "little")


def call(host: Host, name: str, *arguments: int) -> int:
    """Call a function as a program does; return r0 as a signed number."""
    found = kernel_function(host, f"bpf_{name}")
    assert found is not None, name
    result = found(*(*(argument & MASK for argument in arguments), 0, 0, 0, 0, 0)[:5]) & MASK
    return result - (1 << 64) if result >> 63 else result


def stored(host: Host, spec: MapSpec) -> tuple[Store, int]:
    """Return a map that helpers know, and its address."""
    store, handle = create_store(spec, host), host.memory.map("handle", 8).base
    host.maps[handle] = store
    return store, handle


def dynptr(host: Host, region: int, size: int, kind: DynptrKind = DynptrKind.LOCAL, **more: bool) -> int:
    place = host.memory.map("dynptr", 16).base
    Dynptr(region, kind, size, 0, **more).store(host, place)
    return place


# What a format makes of arguments, as printf(3) of the same has it.
@pytest.mark.parametrize(
    ("template", "arguments", "text"),
    [
        (b"%d %i", [5, -6], "5 -6"),
        (b"%d", [(1 << 32) + 1], "1"),  # an int
        (b"%d", [0x8000_0000], "-2147483648"),
        (b"%d", [0x7FFF_FFFF], "2147483647"),
        (b"%u", [0xFFFF_FFFF], "4294967295"),
        (b"%ld", [-1], "-1"),
        (b"%lld", [1 << 63], "-9223372036854775808"),
        (b"%lu", [MASK], "18446744073709551615"),
        (b"%zu", [1 << 40], "1099511627776"),
        (b"%x %X", [0xABC, 0xABC], "abc ABC"),
        (b"%lx", [0xFFFF_8000_0000_0000], "ffff800000000000"),
        (b"%5d|%-5d|%05d", [7, 7, 7], "    7|7    |00007"),
        (b"%c%c", [0x41, 0x142], "AB"),
        (b"100%%", [], "100%"),
        (b"%p", [0xFFFF_8880_1234_5678], "ffff888012345678"),
        (b"%px.", [0x1234], "0000000000001234."),
        (b"%dus", [3], "3us"),  # what is behind is text
    ],
)
def test_numbers_are_printed_as_in_c(host: Host, template: bytes, arguments: list[int], text: str) -> None:
    words = struct.pack(f"<{len(arguments)}Q", *(argument & MASK for argument in arguments))
    data, buffer = host.memory.map("data", words or 8).base, host.memory.map("buffer", 64)
    place = host.memory.map("template", template + b"\0").base
    assert call(host, "snprintf", buffer.base, 64, place, data, len(words)) == len(text) + 1
    assert bytes(buffer.data).partition(b"\0")[0].decode() == text


def test_addresses_and_texts_are_printed_from_memory(host: Host) -> None:
    address, name = host.memory.map("address", bytes([10, 0, 0, 42])).base, host.memory.map("name", b"eth0\0").base
    words = host.memory.map("data", struct.pack("<4Q", address, address, name, 8)).base
    buffer, place = host.memory.map("buffer", 64), host.memory.map("template", b"%pi4 %pI4 %-6s|%s|\0").base
    assert call(host, "snprintf", buffer.base, 64, place, words, 32) == len("10.0.0.42 10.0.0.42 eth0  ||") + 1
    assert bytes(buffer.data).partition(b"\0")[0] == b"10.0.0.42 10.0.0.42 eth0  ||"


@pytest.mark.parametrize("template", [b"%q\0", b"%\0", b"\x01\0", b"\x80\0", b"%d\0"])
def test_formats_that_the_kernel_refuses(host: Host, template: bytes) -> None:
    """A conversion that there is not, what is not printable, and more conversions than arguments."""
    data = host.memory.map("data", 8).base
    assert call(host, "trace_vprintk", host.memory.map("template", template).base, len(template), data, 0) == EINVAL
    assert call(host, "snprintf", data, 8, host.memory.map("template", template).base, data, 0) == EINVAL


@pytest.mark.parametrize(("size", "result"), [(0, 1), (8, 1), (96, 1), (104, EINVAL), (4, EINVAL), (9, EINVAL)])
def test_twelve_arguments_are_whole_words(host: Host, size: int, result: int) -> None:
    """MAX_BPRINTF_VARARGS."""
    place, data = host.memory.map("template", b"x\0").base, host.memory.map("data", 128).base
    assert call(host, "trace_vprintk", place, 2, data, size) == result
    assert call(host, "snprintf", data, 0, place, data, size) == (2 if result == 1 else EINVAL)


def test_a_text_that_is_cut_ends_with_a_zero(host: Host) -> None:
    place, buffer = host.memory.map("template", b"hello\0").base, host.memory.map("buffer", b"\xff" * 8)
    assert call(host, "snprintf", buffer.base, 0, place, buffer.base, 0) == 6
    assert bytes(buffer.data) == b"\xff" * 8
    assert call(host, "snprintf", buffer.base, 1, place, buffer.base, 0) == 6
    assert bytes(buffer.data) == b"\0" + b"\xff" * 7
    assert call(host, "snprintf", buffer.base, 6, place, buffer.base, 0) == 6
    assert bytes(buffer.data) == b"hello\0\xff\xff"


def test_a_format_of_trace_printk_ends_with_a_zero(host: Host) -> None:
    place = host.memory.map("template", b"a\nb\n\0").base
    assert (call(host, "trace_printk", place, 4), call(host, "trace_printk", place, 5)) == (EINVAL, 4)
    assert [line.text for line in host.trace] == ["a\nb"]


@pytest.mark.parametrize(
    ("name", "offset", "size", "result"),
    [
        ("read", 0, 16, 0),
        ("read", 15, 1, 0),
        ("read", 16, 0, 0),
        ("read", 16, 1, E2BIG),
        ("read", 1, 16, E2BIG),
        ("read", 0, 17, E2BIG),
        ("write", 0, 16, 0),
        ("write", 15, 1, 0),
        ("write", 15, 2, E2BIG),
    ],
)
def test_where_a_dynptr_ends(host: Host, name: str, offset: int, size: int, result: int) -> None:
    place = dynptr(host, host.memory.map("data", bytes(range(16))).base, 16)
    buffer = host.memory.map("buffer", b"\xaa" * 32)
    given = (buffer.base, size, place, offset) if name == "read" else (place, offset, buffer.base, size)
    assert call(host, f"dynptr_{name}", *given) == result
    if name == "read" and not result:
        assert bytes(buffer.data) == bytes(range(offset, offset + size)) + b"\xaa" * (32 - size)


def test_a_dynptr_that_is_null_or_read_only(host: Host) -> None:
    data, buffer = host.memory.map("data", 16).base, host.memory.map("buffer", 16).base
    null, fixed = dynptr(host, 0, 0, DynptrKind.INVALID), dynptr(host, data, 16, read_only=True)
    local = dynptr(host, data, 16)
    each = (null, fixed, local)
    assert [call(host, "dynptr_is_null", place) for place in each] == [1, 0, 0]
    assert [call(host, "dynptr_is_rdonly", place) for place in each] == [0, 1, 0]
    assert [call(host, "dynptr_size", place) for place in each] == [EINVAL, 16, 16]
    assert [call(host, "dynptr_read", buffer, 4, place, 0) for place in each] == [EINVAL, 0, 0]
    assert [call(host, "dynptr_write", place, 0, buffer, 4) for place in each] == [EINVAL, EINVAL, 0]
    assert [call(host, "dynptr_data", place, 4, 8) for place in each] == [0, 0, data + 4]
    assert [call(host, "dynptr_slice", place, 4, 0, 8) for place in each] == [0, data + 4, data + 4]
    assert [call(host, "dynptr_slice_rdwr", place, 4, 0, 8) for place in each] == [0, 0, data + 4]
    assert [call(host, "dynptr_clone", place, buffer) for place in each] == [EINVAL, 0, 0]
    assert [call(host, "dynptr_memset", place, 0, 4, 1) for place in each] == [EINVAL, EINVAL, 0]
    assert [call(host, "dynptr_memset", place, 14, 4, 1) for place in each] == [EINVAL, EINVAL, E2BIG]
    assert [call(host, "dynptr_copy", place, 0, local, 0, 4) for place in each] == [EINVAL, EINVAL, 0]
    assert [call(host, "dynptr_copy", local, 0, place, 0, 4) for place in each] == [EINVAL, 0, 0]
    assert [call(host, "dynptr_read", buffer, 4, local, 0, flags) for flags in (0, 1)] == [0, EINVAL]
    assert [call(host, "dynptr_write", local, 0, buffer, 4, flags) for flags in (0, 1, 3)] == [0, EINVAL, EINVAL]


@pytest.mark.parametrize(
    ("start", "end", "result", "left"),
    [(0, 16, 0, (0, 16)), (4, 12, 0, (4, 8)), (16, 16, 0, (16, 0)), (5, 4, EINVAL, (0, 16)), (0, 17, ERANGE, (0, 16))],
)
def test_a_dynptr_is_narrowed(host: Host, start: int, end: int, result: int, left: tuple[int, int]) -> None:
    place = dynptr(host, host.memory.map("data", 16).base, 16)
    assert call(host, "dynptr_adjust", place, start, end) == result
    found = Dynptr.load(host, place)
    assert (found.offset, found.size) == left


def test_the_largest_dynptr(host: Host) -> None:
    """DYNPTR_MAX_SIZE: 24 bits."""
    data, place = host.memory.map("data", 8).base, host.memory.map("dynptr", 16).base
    results = [
        call(host, "dynptr_from_mem", data, size, flags, place) for size, flags in ((8, 0), (8, 1), (1 << 24, 0))
    ]
    assert results == [0, EINVAL, E2BIG]
    assert Dynptr.load(host, place).address == 0
    assert call(host, "dynptr_from_mem", data, (1 << 24) - 1, 0, place) == 0
    assert host.memory.read(place, 16) == struct.pack("<QII", data, (1 << 24) - 1 | 1 << 28, 0)


@pytest.mark.parametrize(("kind", "gone"), [("skb", EFAULT), ("xdp", EINVAL)])
def test_a_packet_that_became_shorter_than_its_dynptr(host: Host, kind: str, gone: int) -> None:
    packet = (
        SkbPacket(host.memory, "little", ProgramType.SCHED_CLS) if kind == "skb" else XdpPacket(host.memory, "little")
    )
    host.packet = packet
    context, place = packet.start(bytes(range(60)), None), host.memory.map("dynptr", 16).base
    buffer = host.memory.map("buffer", 8)
    assert call(host, f"dynptr_from_{kind}", context, 0, place) == 0
    assert call(host, "dynptr_size", place) == 60
    assert call(host, "dynptr_read", buffer.base, 4, place, 10) == 0
    assert bytes(buffer.data[:4]) == bytes([10, 11, 12, 13])
    assert host.memory.read(call(host, "dynptr_slice", place, 10, 0, 4), 4) == bytes([10, 11, 12, 13])
    host.packet = None  # another run's packet is none of this one's
    assert call(host, "dynptr_slice", place, 10, 0, 4) == 0
    assert call(host, "dynptr_read", buffer.base, 4, place, 10) == gone
    host.packet = packet
    if kind == "xdp":
        assert call(host, "xdp_adjust_tail", context, -20 & 0xFFFF_FFFF) == 0
        assert call(host, "dynptr_read", buffer.base, 4, place, 38) == gone
        assert bytes(buffer.data[:4]) == bytes(4)
        assert call(host, "dynptr_slice", place, 38, 0, 4) == 0
    # Flags of a write are bpf_skb_store_bytes'.
    assert [call(host, "dynptr_write", place, 0, buffer.base, 4, flags) for flags in (3, 4)] == [
        0 if kind == "skb" else EINVAL,
        EINVAL,
    ]
    host.memory.write(buffer.base, b"abcd")
    assert call(host, "dynptr_write", place, 8, buffer.base, 4, 0) == 0
    assert bytes(packet.data[:14]) == bytes(4 if kind == "skb" else 0) + bytes(range(4 if kind == "skb" else 0, 8)) + (
        b"abcd" + bytes([12, 13])
    )
    assert len(packet.data) == (60 if kind == "skb" else 40)


def test_events_of_a_counter_that_nobody_opened(host: Host) -> None:
    """get_map_perf_counter(): flags beyond the mask, a CPU beyond the map, and a slot without an event."""
    _, handle = stored(host, MapSpec("counters", ".maps", MapType.PERF_EVENT_ARRAY, 4, 4, 2))
    buffer = host.memory.map("buffer", b"\xff" * 25)
    this_cpu = 0xFFFF_FFFF
    asked = (0, 1, 2, this_cpu, 1 << 32)
    assert [call(host, "perf_event_read", handle, flags) for flags in asked] == [ENOENT, ENOENT, E2BIG, ENOENT, EINVAL]
    results = [call(host, "perf_event_read_value", handle, 0, buffer.base, size) for size in (23, 24, 25)]
    assert results == [EINVAL, ENOENT, EINVAL]
    assert bytes(buffer.data) == bytes(25)
    assert [call(host, "perf_prog_read_value", 0, buffer.base, size) for size in (23, 24, 25)] == [EINVAL, 0, EINVAL]


@pytest.mark.parametrize(("level", "result"), [(0, EACCES), (1, 0), (3, 0), (4, EINVAL)])
def test_levels_of_checksums(host: Host, level: int, result: int) -> None:
    packet = host.packet = SkbPacket(host.memory, "little", ProgramType.SCHED_CLS)
    context = packet.start(bytes(60), None)
    assert call(host, "csum_level", context, level) == result
    assert call(host, "csum_update", context, 1) == -524  # ENOTSUPP, as Linux 6.18 returned


@pytest.mark.parametrize(
    ("removed", "added", "seed", "result"),
    [
        ("", "01020304", 0, 0x0604),
        ("01020304", "", 0, 0xF9FB),
        ("01020304", "01020304", 0, 0xFFFF),
        ("", "ffffffff ffffffff", 1, 0x0001),
        ("", "ffffffff", 0xFFFF_FFFF, 0xFFFF),
        ("", "", 0x12345, 0x2346),
        ("0102", "", 0, EINVAL),
        ("", "010203", 0, EINVAL),
    ],
)
def test_differences_of_checksums(host: Host, removed: str, added: str, seed: int, result: int) -> None:
    """Sums of RFC 1071, in ones' complement."""
    one, other = (bytes.fromhex(text) for text in (removed, added))
    places = [host.memory.map("data", raw or 4).base for raw in (one, other)]
    assert call(host, "csum_diff", places[0], len(one), places[1], len(other), seed) == result


def test_what_is_allocated_has_an_end_in_bytes(host: Host) -> None:
    heap = Heap(host)
    blocks = [heap.allocate("block", 16 << 20) for _ in range(4)]
    assert all(blocks)
    assert heap.allocate("block", 1) == 0
    assert heap.free(blocks[0])
    assert not heap.free(blocks[0])
    place = heap.allocate("block", 16 << 20)
    assert place
    assert heap.allocate("block", b"x") == 0
    region = heap.block(place + 5)
    assert region is not None
    assert region.base == place
    assert heap.block(8) is None
