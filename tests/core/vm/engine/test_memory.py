"""Regions, and what is said about an access that lies in none."""

from __future__ import annotations

import pytest

from bpftui.core.errors import LoadError
from bpftui.core.spec import CollectionSpec, MapSpec, MapType
from bpftui.core.vm import AccessError, AddressSpace
from bpftui.core.vm.engine import memory
from bpftui.core.vm.engine.errors import MemoryLimitError
from bpftui.core.vm.runtime import MachineRuntime


def test_regions_keep_apart() -> None:
    memory = AddressSpace()
    first, second = memory.map("first", b"\x01\x02\x03\x04"), memory.map("second", 3)
    assert first.end <= second.base
    memory.write(second.base, b"abc")
    assert memory.read(second.base, 3) == b"abc"
    assert memory.read(first.base, 4) == b"\x01\x02\x03\x04"
    with pytest.raises(AccessError, match=r"read of 4 bytes at 0x\w+: 1 bytes over the end of second \(3 bytes"):
        memory.read(second.base, 4)


def test_a_buffer_stays_shared() -> None:
    memory = AddressSpace()
    data = bytearray(8)
    region = memory.map("value", data)
    memory.write(region.base + 4, b"\xff")
    assert data == bytearray(b"\0\0\0\0\xff\0\0\0")
    data[0] = 7
    assert memory.read(region.base, 1) == b"\x07"


def test_low_regions_fit_32_bits_and_are_reused() -> None:
    memory = AddressSpace()
    regions = [memory.map(f"packet {i}", 64, low=True) for i in range(240)]
    assert all(region.end < 1 << 32 for region in regions)
    with pytest.raises(AccessError, match="no room for one more below 4 GiB"):
        memory.map("one more", 1, low=True)
    memory.unmap(regions[7])
    assert memory.map("one more", 1, low=True).base == regions[7].base


def test_rights() -> None:
    memory = AddressSpace()
    constant = memory.map("rodata", b"abcd", writable=False)
    code = memory.map("code", 16, readable=False, writable=False)
    assert memory.read(constant.base, 4) == b"abcd"
    with pytest.raises(AccessError, match=r"write of 1 byte at 0x\w+: within rodata .*, which may not be written"):
        memory.write(constant.base, b"x")
    with pytest.raises(AccessError, match=r"within code .*, which may not be read"):
        memory.read(code.base, 1)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (0, "read of 8 bytes at 0x0: NULL"),
        (16, "read of 8 bytes at 0x10: NULL plus 16"),
        (0xDEAD_BEEF_0000_0000, "read of 8 bytes at 0xdeadbeef00000000: nothing is there"),
        (
            0x0200_01FC,
            "read of 8 bytes at 0x20001fc: 4 bytes over the end of stack frame 0 (512 bytes at 0x2000000)",
        ),
        (
            0x0200_0208,
            "read of 8 bytes at 0x2000208: 8 bytes past the end of stack frame 0 (512 bytes at 0x2000000)",
        ),
        (0x01FF_FFF8, "read of 8 bytes at 0x1fffff8: 8 bytes before stack frame 0 (512 bytes at 0x2000000)"),
    ],
)
def test_bad_accesses(address: int, text: str) -> None:
    with pytest.raises(AccessError) as caught:
        AddressSpace().read(address, 8)
    assert caught.value.message == text
    assert (caught.value.address, caught.value.size) == (address, 8)


def test_what_is_gone_is_gone() -> None:
    memory = AddressSpace()
    record = memory.map("ring buffer record", 16)
    memory.unmap(record)
    memory.unmap(record)
    with pytest.raises(AccessError):
        memory.read(record.base, 1)
    assert memory.map("another", 16).base != record.base


def test_a_region_of_many_granules() -> None:
    memory = AddressSpace()
    large = memory.map("large", (40 << 16) + 3)
    memory.write(large.base + (16 << 16) - 2, b"abcd")  # across a granule's border
    assert memory.read(large.base + (16 << 16), 2) == b"cd"
    assert memory.view(large.end - 3, 3) == b"\0\0\0"
    with pytest.raises(AccessError, match="1 bytes over the end of large"):
        memory.view(large.end - 3, 4)
    assert memory.map("next", 1).base > large.end


def test_replaced_bytes() -> None:
    memory = AddressSpace()
    packet = memory.map("packet", 64, low=True)
    memory.replace(packet, bytearray(b"short"))
    assert memory.read(packet.base, 5) == b"short"
    with pytest.raises(AccessError):
        memory.read(packet.base, 6)
    with pytest.raises(AccessError, match="65537 bytes are too many for packet"):
        memory.replace(packet, bytearray(65537))


def test_alignment() -> None:
    memory = AddressSpace()
    arena = memory.map("arena", 4096, alignment=1 << 32)
    assert arena.base % (1 << 32) == 0
    assert memory.map("next", 1).base > arena.base


@pytest.mark.parametrize(("kind", "key_size"), [("HASH", 4), ("LRU_HASH", 4), ("QUEUE", 0), ("BLOOM_FILTER", 0)])
def test_maps_grow_up_to_a_limit_that_is_said_and_give_back_what_they_took(kind: str, key_size: int) -> None:
    spec = MapSpec("grows", ".maps", MapType[kind], key_size, 8, 1 << 30)
    with MachineRuntime().load(CollectionSpec("by hand", maps={"grows": spec})) as collection:
        space, map_ = collection.host.memory, collection.maps["grows"]
        space.limit = space.used + 100_000
        before = space.used

        def fill() -> None:
            for number in range(100_000):
                map_.store.update(number.to_bytes(4, "little")[:key_size], number.to_bytes(8, "little"))

        with pytest.raises(MemoryLimitError, match=r"there is no room for (a )?value of grows: the maps and objects"):
            fill()
        assert space.used <= space.limit
        if kind == "QUEUE":
            while map_.store.take(None) is not None:
                pass
        elif key_size:
            for entry in list(map_.store.entries()):
                map_.store.delete(entry.key)
            map_.store.settle()
        assert space.used == before or kind == "BLOOM_FILTER"


def test_a_map_that_is_too_large_from_the_start_is_not_created(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = {f"map{number}": MapSpec(f"map{number}", ".maps", MapType.ARRAY, 4, 8, 1) for number in range(40)}
    monkeypatch.setattr(memory, "DEFAULT_MEMORY", 32 * 1024)
    with pytest.raises(LoadError, match=r"cannot create map map\d+ \(array\): there is no room for"):
        MachineRuntime().load(CollectionSpec("by hand", maps=maps))


def test_regions_are_found_by_the_address_of_any_of_their_bytes() -> None:
    space = AddressSpace()
    large = space.map("large", 3 * 65536)
    assert [space.find(large.base + at) for at in (0, 65536, 3 * 65536)] == [large] * 3
    assert space.find(large.end + 1) is None
    used = space.used
    for region in [space.map("one", 8) for _ in range(1000)]:
        space.unmap(region)
    assert (space.used, space.regions[-1]) == (used, large)
    space.unmap(large)
    assert space.find(large.base + 65536) is None


def test_the_region_that_is_closest() -> None:
    """To say where a bad access has missed: by the distance to either end, of one that holds the address none."""
    memory = AddressSpace()
    first, second = (memory.map(name, 16) for name in ("first", "second"))
    middle = (first.end + second.base) // 2
    places = (first.base - 1000, first.base, first.base + 8, first.end, middle - 1, middle + 1, second.end + 5)
    assert [(found.name if (found := memory.nearest(at)) else "") for at in places] == ["first"] * 5 + ["second"] * 2
