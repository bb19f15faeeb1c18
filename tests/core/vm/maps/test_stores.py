"""Stores by themselves: what each map type does with keys, flags and room, with the errno that the kernel gives.

From kernel/bpf/arraymap.c, hashtab.c, queue_stack_maps.c, bloom_filter.c, ringbuf.c and devmap.c of Linux 6.18.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.maps import ElementError, Shape
from bpftui.core.runtime import Entry
from bpftui.core.spec import MapType
from bpftui.core.vm.engine.memory import AddressSpace
from bpftui.core.vm.maps.arrays import ArrayStore
from bpftui.core.vm.maps.hashes import HashStore, LpmStore, LruStore
from bpftui.core.vm.maps.queues import BloomStore, QueueStore, StackStore
from bpftui.core.vm.maps.references import MapOfMaps, ReferenceStore
from bpftui.core.vm.maps.storage import StorageStore
from bpftui.core.vm.maps.streams import RecordStore, UserRing

if TYPE_CHECKING:
    from collections.abc import Callable

ANY, NOEXIST, EXIST, LOCK = 0, 1, 2, 4
INVALID, FULL, THERE, NOWHERE = errno.EINVAL, errno.E2BIG, errno.EEXIST, errno.ENOENT


def number(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "little")


def refusal(call: Callable[..., Any], *arguments: Any) -> int:
    """Return the errno that a call is refused with; 0 where it is not."""
    try:
        call(*arguments)
    except ElementError as error:
        return error.errno
    return 0


def test_an_array_has_all_of_its_entries_and_keeps_them() -> None:
    store = ArrayStore("a", Shape(MapType.ARRAY, 4, 6, 3), AddressSpace())
    assert [store.lookup(number(at)) for at in range(4)] == [bytes(6), bytes(6), bytes(6), None]
    base = store.address_of(number(0), 0)
    # Values lie 8 bytes apart, though they have 6 (round_up(attr->value_size, 8)).
    assert [store.address_of(number(at), 0) for at in range(4)] == [base, base + 8, base + 16, 0]
    assert [store.key_at(base + at) for at in (0, 7, 8, 23, 24)] == [number(0), number(0), number(1), number(2), None]
    store.update(number(1), b"abcdef")
    assert store.lookup(number(1)) == b"abcdef"
    assert [entry.values[0] for entry in store.entries()] == [bytes(6), b"abcdef", bytes(6)]
    errors = [
        refusal(store.update, number(at), bytes(6), flags) for at, flags in ((2, 2), (3, 0), (2, 1), (3, 1), (2, 3))
    ]
    assert errors == [0, FULL, THERE, FULL, INVALID]
    assert refusal(store.delete, number(0)) == INVALID
    assert refusal(store.update, number(0), bytes(6), LOCK) == INVALID
    store.has_lock = True
    assert refusal(store.update, number(0), bytes(6), LOCK) == 0
    assert refusal(store.update, number(0), bytes(6), LOCK | NOEXIST) == THERE
    store.write_at(2, b"xy")
    assert (store.read_at(1, 4), store.lookup(number(0))) == (b"\0xy\0", b"\0\0xy\0\0")


def test_an_array_of_each_cpu_has_a_value_for_each() -> None:
    store = ArrayStore("a", Shape(MapType.PERCPU_ARRAY, 4, 4, 2, cpus=2), AddressSpace())
    store.set(number(1), b"cpu1", 0, 1)
    assert store.lookup(number(1)) == bytes(8) + b"cpu1" + bytes(4)  # each of them in 8 bytes
    assert [entry.values for entry in store.entries()] == [(bytes(4), bytes(4)), (bytes(4), b"cpu1")]
    store.update(number(0), b"aaaa\0\0\0\0bbbb\0\0\0\0")
    assert [store.memory.read(store.address_of(number(0), cpu), 4) for cpu in (0, 1)] == [b"aaaa", b"bbbb"]
    assert store.key_at(store.address_of(number(1), 1)) == number(1)


def test_what_a_lookup_of_a_hash_finds_and_what_an_update_may_do() -> None:
    store = HashStore("h", Shape(MapType.HASH, 4, 8, 2), AddressSpace())
    one, two, three = (number(each) for each in (1, 2, 3))
    assert refusal(store.update, one, bytes(8), EXIST) == NOWHERE
    assert refusal(store.update, one, bytes(8), NOEXIST) == 0
    assert refusal(store.update, one, bytes(8), NOEXIST) == THERE
    assert refusal(store.update, one, b"12345678", EXIST) == 0
    assert refusal(store.update, one, bytes(8), 3) == INVALID
    assert refusal(store.update, two, bytes(8), ANY) == 0
    assert refusal(store.update, three, bytes(8), ANY) == FULL
    assert refusal(store.update, two, bytes(8), ANY) == 0  # which is there already
    assert (store.lookup(one), store.lookup(three)) == (b"12345678", None)
    address = store.address_of(one, 0)
    assert (store.key_at(address), store.key_at(address + 7), store.key_at(address - 1)) == (one, one, None)
    assert store.address_of(three, 0) == 0
    assert store.take(one) == b"12345678"
    assert store.take(one) is None
    assert refusal(store.delete, one) == NOWHERE
    assert store.memory.read(address, 8) == b"12345678"  # a program that runs may go on using it
    store.settle()
    assert store.memory.find(address) is None
    assert list(store.entries()) == [Entry(two, (bytes(8),))]
    assert (store.snapshot(1).partial, store.snapshot(0).partial) == (False, True)


def test_a_hash_of_each_cpu() -> None:
    store = HashStore("h", Shape(MapType.PERCPU_HASH, 4, 4, 2, cpus=2), AddressSpace())
    store.set(number(5), b"once", 0, 1)
    assert store.lookup(number(5)) == bytes(8) + b"once" + bytes(4)
    assert store.memory.read(store.address_of(number(5), 1), 4) == b"once"
    store.delete(number(5))
    assert store.lookup(number(5)) is None


def test_the_entry_that_was_not_used_for_longest_makes_room() -> None:
    store = LruStore("l", Shape(MapType.LRU_HASH, 4, 4, 2), AddressSpace())
    for each in (1, 2):
        store.update(number(each), number(each))
    assert store.address_of(number(1), 0)  # a use; to look at it from outside is none
    assert store.lookup(number(2))
    store.update(number(3), number(3))
    assert [entry.key for entry in store.entries()] == [number(1), number(3)]
    assert store.address_of(number(9), 0) == 0


def test_a_trie_that_is_full_has_no_space() -> None:
    store = LpmStore("t", Shape(MapType.LPM_TRIE, 8, 4, 1), AddressSpace())
    store.update(number(8) + b"\x0a\0\0\0", bytes(4))
    assert refusal(store.update, number(9) + b"\x0a\0\0\0", bytes(4)) == errno.ENOSPC
    assert refusal(store.take, number(8) + b"\x0a\0\0\0") == 524
    assert refusal(store.update, number(33) + bytes(4), bytes(4)) == INVALID
    assert store.address_of(number(33) + bytes(4), 0) == 0


@pytest.mark.parametrize(("kind", "order"), [(QueueStore, "abc"), (StackStore, "cba")])
def test_queues_and_stacks(kind: type[QueueStore], order: str) -> None:
    memory = AddressSpace()
    store = kind("q", Shape(MapType.QUEUE, 0, 1, 3), memory)
    assert (store.lookup(None), store.take(None)) == (None, None)
    for letter in b"abc":
        store.update(None, bytes([letter]))
    assert refusal(store.update, None, b"d") == FULL
    assert [refusal(store.update, None, b"d", flags) for flags in (NOEXIST, LOCK, 3)] == [INVALID] * 3
    assert store.lookup(None) == order[0].encode()
    assert [store.take(None) for _ in range(4)] == [*(letter.encode() for letter in order), None]
    for letter in b"abcd":
        store.update(None, bytes([letter]), EXIST)  # the oldest makes room
    assert sorted(store.values) == [b"b", b"c", b"d"]
    assert (refusal(store.delete, b""), refusal(store.set, b"", b"a", 0, 0)) == (INVALID, INVALID)
    assert list(store.entries()) == []


def test_a_bloom_filter_knows_what_was_put_in() -> None:
    store = BloomStore("b", Shape(MapType.BLOOM_FILTER, 0, 4, 1), AddressSpace())
    store.update(None, b"here")
    store.update(None, b"here")
    assert (store.contains(b"here"), store.contains(b"gone")) == (True, False)
    assert refusal(store.update, None, b"more") == 0  # it takes more than it was made for
    assert [refusal(store.update, None, b"more", flags) for flags in (NOEXIST, EXIST)] == [INVALID] * 2
    assert [refusal(call, b"here") for call in (store.lookup, store.take, store.delete)] == [524] * 3


def test_room_in_a_ring_buffer() -> None:
    """Each record has a header of 8 bytes, and its length is rounded up to them (BPF_RINGBUF_HDR_SZ)."""
    store = RecordStore("r", Shape(MapType.RINGBUF, 0, 0, 4096), AddressSpace())
    store.output(b"abc")
    assert store.pending == 16
    store.output(bytes(8))
    assert store.pending == 32
    store.output(bytes(9))
    assert store.pending == 56
    address = store.reserve(20)
    assert store.pending == 88
    store.memory.write(address, b"twenty bytes")
    store.submit(address)
    assert refusal(store.submit, address) == INVALID
    away = store.reserve(4096 - 88 - 8)
    assert (away != 0, store.pending, store.reserve(1), store.lost) == (True, 4096, 0, 1)
    assert (refusal(store.output, b""), store.lost) == (errno.EAGAIN, 2)
    store.submit(away, discard=True)
    assert store.pending == 88
    assert store.read(2) == [b"abc", bytes(8)]
    assert (store.pending, store.consumed) == (56, 32)
    assert store.read() == [bytes(9), b"twenty bytes" + bytes(8)]
    assert (store.pending, store.consumed, store.read()) == (0, 88, [])
    assert (store.reserve(4096 - 8) != 0, store.reserve(1 << 30)) == (True, 0)
    store.settle()  # what was reserved and never submitted
    assert (store.pending, store.read()) == (0, [])


def test_a_perf_event_array_has_a_mebibyte() -> None:
    store = RecordStore("p", Shape(MapType.PERF_EVENT_ARRAY, 4, 4, 2), AddressSpace())
    store.output(bytes((1 << 20) - 8))
    assert refusal(store.output, b"") == errno.EAGAIN


def test_a_ring_that_programs_read() -> None:
    store = UserRing("u", Shape(MapType.USER_RINGBUF, 0, 0, 4096), AddressSpace())
    assert store.consume() is None
    assert [store.produce(bytes(size)) for size in (2040, 2033, 1)] == [True, True, False]
    assert (len(store.consume() or b""), store.produce(bytes(2041)), store.produce(bytes(2040))) == (2040, False, True)
    assert [len(store.consume() or b"") for _ in range(3)] == [2033, 2040, 0]


@pytest.mark.parametrize(
    ("kind", "refusals"),
    [
        # set anew, replaced, once more, what is not there, behind the end
        (MapType.PROG_ARRAY, (INVALID, INVALID, 0, INVALID, FULL)),  # it takes no flags
        (MapType.DEVMAP, (THERE, 0, 0, 0, FULL)),  # an entry is always there
        (MapType.CPUMAP, (THERE, 0, 0, 0, FULL)),
        (MapType.XSKMAP, (0, 0, 0, NOWHERE, FULL)),
        (MapType.SOCKMAP, (0, 0, 0, NOWHERE, FULL)),
        (MapType.DEVMAP_HASH, (0, 0, 0, NOWHERE, 0)),
    ],
)
def test_what_stands_for_something_else(kind: MapType, refusals: tuple[int, ...]) -> None:
    store = ReferenceStore("m", Shape(kind, 4, 8, 2), AddressSpace())
    calls = ((0, NOEXIST), (0, EXIST), (0, ANY), (1, EXIST), (2, ANY))
    assert tuple(refusal(store.update, number(key), number(7), flags) for key, flags in calls) == refusals
    assert store.lookup(number(0)) == number(7) + bytes(4)
    assert refusal(store.delete, number(0)) == 0
    assert refusal(store.delete, number(0)) == NOWHERE
    assert store.lookup(number(0)) is None


def test_a_table_of_devices_has_as_many_as_it_was_made_for() -> None:
    store = ReferenceStore("m", Shape(MapType.DEVMAP_HASH, 4, 4, 1), AddressSpace())
    assert [refusal(store.update, number(key), number(3)) for key in (100, 200, 100)] == [0, FULL, 0]
    assert [refusal(store.update, number(100), number(3), flags) for flags in (NOEXIST, EXIST, 3)] == [
        THERE,
        0,
        INVALID,
    ]
    assert [entry.values for entry in store.entries()] == [(number(3),)]


def test_inner_maps_are_found_by_their_number() -> None:
    store = MapOfMaps("m", Shape(MapType.ARRAY_OF_MAPS, 4, 4, 2), AddressSpace())
    store.addresses = {7: 0x5000}
    store.update(number(1), number(7))
    assert [store.address_of(number(key), 0) for key in (0, 1)] == [0, 0x5000]


def test_storage_belongs_to_its_owner() -> None:
    store = StorageStore("s", Shape(MapType.SK_STORAGE, 4, 8, 0), AddressSpace())
    assert store.get(0x1000, None) == 0
    address = store.get(0x1000, b"abc")
    assert store.memory.read(address, 8) == b"abc" + bytes(5)
    assert (store.get(0x1000, b"xyz"), store.get(0x2000, None)) == (address, 0)
    assert (store.forget(0x2000), store.forget(0x1000), store.get(0x1000, None)) == (False, True, 0)
    assert store.memory.read(address, 3) == b"abc"  # until the run is over
    store.settle()
    assert store.memory.find(address) is None
    assert [
        refusal(call, b"", *rest) for call, rest in ((store.lookup, ()), (store.update, (b"",)), (store.delete, ()))
    ] == [errno.EBADF] * 3
