"""Maps of the running kernel: elements one by one, in batches, through memory; typed and as bytes."""

from __future__ import annotations

import contextlib
import struct
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.errors import FeatureError, LoadError, TypeMismatchError, UsageError, ValueRangeError
from bpftui.core.kernel import Map, possible_cpus
from bpftui.core.kernel.sys import batch, syscall
from bpftui.core.kernel.sys.cpus import possible_cpu_ids
from bpftui.core.spec import CollectionSpec, MapFlag, MapSpec, MapType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Make = Callable[..., Map]

pytestmark = pytest.mark.kernel

BPF = Path(__file__).parents[2] / "bpf"


def _spec(
    type_: MapType, key: int = 4, value: int = 8, entries: int = 8, flags: int = 0, data: bytes | None = None
) -> MapSpec:
    contents = None if data is None else bytearray(data)
    return MapSpec(f"test_{type_.label}", ".maps", type_, key, value, entries, flags=flags, data=contents)


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Map] = []

    def create(*args: Any, **kwargs: Any) -> Map:
        made.append(Map.of_object(_spec(*args, **kwargs)))
        return made[-1]

    yield create
    for one in made:
        one.close()


def _u32(number: int) -> bytes:
    return struct.pack("=I", number)


def _u64(number: int) -> bytes:
    return struct.pack("=Q", number)


HASHES = [MapType.HASH, MapType.LRU_HASH]
PER_CPU = [MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH, MapType.PERCPU_ARRAY]


@pytest.mark.parametrize("type_", HASHES)
def test_a_hash_is_a_mapping(make: Make, type_: MapType) -> None:
    m = make(type_)
    assert list(m) == []
    with pytest.raises(KeyError):
        m[_u32(1)]
    with pytest.raises(KeyError):
        del m[_u32(1)]
    m[_u32(1)] = _u64(10)
    m[_u32(2)] = _u64(20)
    assert m[_u32(2)] == _u64(20)
    assert dict(m.items()) == {_u32(1): _u64(10), _u32(2): _u64(20)}
    assert _u32(1) in m
    assert _u32(3) not in m
    assert "no such thing" not in m
    assert len(m) == 2
    del m[_u32(1)]
    assert list(m) == [_u32(2)]
    assert m.get(_u32(1), b"nothing") == b"nothing"
    assert m.lookup_and_delete(_u32(2)) == _u64(20)
    assert len(m) == 0


def test_update_flags(make: Make) -> None:
    m = make(MapType.HASH)
    with pytest.raises(KeyError):
        m.update(_u32(1), _u64(1), flags=2)
    m.update(_u32(1), _u64(1), flags=1)
    with pytest.raises(UsageError, match="already"):
        m.update(_u32(1), _u64(2), flags=1)
    m.update(_u32(1), _u64(3), flags=2)
    assert m[_u32(1)] == _u64(3)


def test_entries_of_a_batch_with_flags_that_batches_do_not_know_are_set_one_by_one(make: Make) -> None:
    m = make(MapType.HASH)
    m.update_batch([(_u32(1), _u64(10)), (_u32(2), _u64(20))], flags=1)
    assert dict(m.items()) == {_u32(1): _u64(10), _u32(2): _u64(20)}
    with pytest.raises(UsageError, match="already"):
        m.update_batch([(_u32(3), _u64(30)), (_u32(2), _u64(21))], flags=1)
    assert (m[_u32(3)], m[_u32(2)]) == (_u64(30), _u64(20))


def test_a_full_map_and_an_index_out_of_range_say_so(make: Make) -> None:
    m = make(MapType.HASH, entries=2)
    m.update_batch({_u32(0): _u64(0), _u32(1): _u64(1)})
    with pytest.raises(LoadError, match="full"):
        m[_u32(2)] = _u64(2)
    array = make(MapType.ARRAY, entries=2)
    with pytest.raises(ValueRangeError, match="2 entries"):
        array[_u32(2)] = _u64(2)
    with pytest.raises(KeyError):
        array[_u32(2)]
    with pytest.raises(UsageError, match="not deleted"):
        del array[_u32(0)]


@pytest.mark.parametrize("type_", PER_CPU)
def test_per_cpu_values_are_lists_with_one_value_for_each_possible_cpu(make: Make, type_: MapType) -> None:
    # 12 bytes are no multiple of the stride of 8: the padding has to stay out.
    m = make(type_, value=12)
    values = [bytes([cpu + 1]) * 12 for cpu in range(possible_cpus())]
    m[_u32(3)] = values
    assert m[_u32(3)] == values
    assert dict(m.items())[_u32(3)] == values
    with pytest.raises(TypeMismatchError, match="one for each possible CPU"):
        m[_u32(3)] = values[0]


def test_possible_cpus_agrees_with_sysfs(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"0\n": (0,), "0-1\n": (0, 1), "0-3,8-11\n": (0, 1, 2, 3, 8, 9, 10, 11), "0,2,4-5\n": (0, 2, 4, 5)}
    for text, numbers in texts.items():
        monkeypatch.setattr(Path, "read_text", lambda self, text=text: text)
        possible_cpu_ids.cache_clear()
        assert (possible_cpu_ids(), possible_cpus()) == (numbers, len(numbers))
    possible_cpu_ids.cache_clear()


@pytest.mark.parametrize("type_", [MapType.HASH, MapType.ARRAY, MapType.PERCPU_HASH, MapType.LRU_HASH])
def test_snapshots_in_batches_and_one_by_one_agree(make: Make, type_: MapType) -> None:
    m = make(type_, entries=10_000)
    value = [_u64(7)] * possible_cpus() if type_.per_cpu else _u64(7)
    m.update_batch({_u32(i): value for i in range(9000)})
    batched = m.snapshot()
    m._own_elements._batches = False
    single = m.snapshot()
    assert not batched.partial
    assert not single.partial
    assert len(batched.entries) == (10_000 if type_ == MapType.ARRAY else 9000)
    assert sorted(batched.entries, key=lambda e: e.key) == sorted(single.entries, key=lambda e: e.key)


def test_a_bucket_larger_than_the_batch_grows_the_batch(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_BATCH", 1)
    m = make(MapType.HASH, entries=2000)
    m.update_batch({_u32(i): _u64(i) for i in range(2000)})
    snapshot = m.snapshot()
    assert {entry.key for entry in snapshot.entries} == {_u32(i) for i in range(2000)}
    assert not snapshot.partial


def test_a_count_is_made_in_parts(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_BATCH", 100)
    m = make(MapType.HASH, entries=1000)
    m.update_batch([(_u32(number), bytes(8)) for number in range(1000)])
    found, complete = m.count(0)
    assert (0 < found < 1000, complete) == (True, False)
    parts = [m.count(0) for _ in range(20)]
    first = parts.index((1000, True))
    assert parts[first:] == [(1000, True)] * len(parts[first:])  # the last count stands while the next one is made
    assert all(not complete for _, complete in parts[:first])
    assert m.count() == (1000, True)
    del m[_u32(5)]
    m.count()
    assert m.count() == (999, True)


@pytest.mark.parametrize(("type_", "expected"), [(MapType.ARRAY, 7), (MapType.PERCPU_ARRAY, 7), (MapType.LPM_TRIE, 1)])
def test_what_a_count_says_of_other_maps(make: Make, type_: MapType, expected: int) -> None:
    m = make(
        type_,
        entries=7,
        flags=MapFlag.NO_PREALLOC if type_ is MapType.LPM_TRIE else 0,
        key=8 if type_ is MapType.LPM_TRIE else 4,
    )
    if type_ is MapType.LPM_TRIE:
        m[b"\x20\0\0\0\1\2\3\4"] = bytes(8)
    assert m.count() == (expected, True)


@pytest.mark.parametrize("batches", [True, False])
@pytest.mark.parametrize("type_", [MapType.HASH, MapType.ARRAY])
def test_a_limit_makes_a_snapshot_partial(make: Make, type_: MapType, batches: bool) -> None:
    m = make(type_, entries=100)
    m._own_elements._batches = batches
    m.update_batch({_u32(i): _u64(i) for i in range(100)})
    assert len(m.snapshot(limit=10).entries) == 10
    assert m.snapshot(limit=10).partial
    assert not m.snapshot(limit=100).partial


@pytest.mark.parametrize("batches", [True, False])
def test_reading_a_map_that_never_rests_ends(make: Make, batches: bool) -> None:
    m = make(MapType.HASH, entries=512)
    m._own_elements._batches = batches
    stop = threading.Event()
    rounds = 0

    def churn() -> None:
        nonlocal rounds
        while not stop.is_set():
            rounds += 1
            m[_u32(rounds % 500)] = _u64(rounds)
            with contextlib.suppress(KeyError):
                del m[_u32(rounds * 7 % 500)]

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        while rounds < 2000 and thread.is_alive():
            keys = [entry.key for entry in m.snapshot().entries]
            assert len(keys) == len(set(keys)) <= 500
    finally:
        stop.set()
        thread.join()
    assert rounds >= 2000


def test_batches_say_which_key_was_missing(make: Make) -> None:
    m = make(MapType.HASH)
    m.update_batch([(_u32(i), _u64(i)) for i in range(4)])
    with pytest.raises(KeyError) as caught:
        m.delete_batch([_u32(0), _u32(9), _u32(1)])
    assert caught.value.args == (_u32(9),)
    m.delete_batch([_u32(1), _u32(2)])
    assert list(m) == [_u32(3)]


@pytest.mark.parametrize(("type_", "order"), [(MapType.QUEUE, [1, 2, 3]), (MapType.STACK, [3, 2, 1])])
def test_queues_and_stacks(make: Make, type_: MapType, order: Sequence[int]) -> None:
    m = make(type_, key=0)
    with pytest.raises(IndexError):
        m.pop()
    for number in (1, 2, 3):
        m.push(_u64(number))
    assert m.peek() == _u64(order[0])
    assert [m.pop() for _ in range(3)] == [_u64(n) for n in order]
    assert m.snapshot().entries == ()
    assert "peeked" in (m.unreadable or "")


def test_lpm_trie_and_its_rule(make: Make) -> None:
    with pytest.raises(LoadError, match="BPF_F_NO_PREALLOC"):
        make(MapType.LPM_TRIE, key=8)
    m = make(MapType.LPM_TRIE, key=8, flags=MapFlag.NO_PREALLOC)
    m[struct.pack("=I4B", 24, 192, 0, 2, 0)] = _u64(1)
    assert m[struct.pack("=I4B", 32, 192, 0, 2, 77)] == _u64(1)
    assert len(m.snapshot().entries) == 1


def test_ring_buffers_are_rounded_up_and_have_no_entries(make: Make) -> None:
    m = make(MapType.RINGBUF, key=0, value=0, entries=5000)
    assert m.max_entries == m.info().max_entries == 8192
    assert m.snapshot().entries == ()
    assert "stream" in (m.unreadable or "")


def test_perf_event_arrays_get_an_entry_for_each_cpu(make: Make) -> None:
    assert make(MapType.PERF_EVENT_ARRAY, value=4, entries=0).max_entries == possible_cpus()


def test_mapped_arrays_are_read_and_written_through_memory(make: Make) -> None:
    m = make(MapType.ARRAY, value=12, entries=3, flags=MapFlag.MMAPABLE)
    m[_u32(2)] = b"abcdefghijkl"
    assert m.memory is not None
    assert [entry.values[0] for entry in m.snapshot().entries] == [bytes(12), bytes(12), b"abcdefghijkl"]
    m.write_at(4, b"XY")
    assert m[_u32(0)] == b"\0\0\0\0XY" + bytes(6)
    assert m.read_at(4, 2) == b"XY"


def test_data_sections_are_filled_and_constants_frozen(make: Make) -> None:
    bss = make(MapType.ARRAY, entries=1, value=16, data=b"0123456789abcdef")
    assert bss.memory is not None
    assert bss[_u32(0)] == b"0123456789abcdef"
    rodata = make(MapType.ARRAY, entries=1, flags=MapFlag.RDONLY_PROG, data=b"constant")
    assert rodata.read_at(0, 8) == b"constant"
    with pytest.raises(UsageError, match="frozen"):
        rodata[_u32(0)] = b"variable"
    with pytest.raises(UsageError, match="frozen"):
        rodata.write_at(0, b"v")
    # The kernel says so, too: it is no rule of ours alone.
    with pytest.raises(syscall.BpfError):
        rodata.elements.update(_u32(0), b"variable")


def test_without_mapped_memory_the_whole_value_is_read_and_written(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from bpftui.core.kernel.sys import probes

    monkeypatch.setattr(probes, "mapable", lambda: False)
    bss = make(MapType.ARRAY, entries=1, value=16, data=b"0123456789abcdef")
    assert bss.memory is None
    bss.write_at(4, b"....")
    assert bss.read_at(2, 8) == b"23....89"
    assert bss.info().flags & MapFlag.MMAPABLE == 0


def test_wrong_sizes_never_reach_the_kernel(make: Make) -> None:
    m = make(MapType.HASH)
    with pytest.raises(ValueRangeError, match="4 bytes, not 3"):
        m[b"abc"] = _u64(1)
    with pytest.raises(ValueRangeError, match="8 bytes, not 9"):
        m[_u32(1)] = bytes(9)
    with pytest.raises(TypeMismatchError, match="no type information"):
        m[1] = _u64(1)


def test_a_closed_map_says_so_and_closes_once(make: Make) -> None:
    m = make(MapType.ARRAY, flags=MapFlag.MMAPABLE)
    m.close()
    m.close()
    for use in (m.snapshot, lambda: m[_u32(0)], lambda: m.read_at(0, 1), lambda: m.id):
        with pytest.raises(UsageError, match="is closed"):
            use()


def test_typed_keys_and_values() -> None:
    spec = CollectionSpec.from_file(BPF / "traffic.o")
    with spec.load() as collection:
        sources = collection.maps["sources"]
        key = {"family": "IPV4", "bytes": [192, 0, 2, 1, *[0] * 12]}
        sources[key] = {"packets": 3, "bytes": 300, "last_seen": 1}
        (entry,) = sources.items()
        assert entry[0]["family"] == "IPV4"
        assert entry[1] == {"packets": 3, "bytes": 300, "last_seen": 1}
        with pytest.raises(ValueRangeError, match="sources"):
            sources[key] = {"packets": -1}
        assert sources[sources.snapshot().entries[0].key]["packets"] == 3


def test_types_are_given_to_the_kernel_where_it_takes_them() -> None:
    spec = CollectionSpec.from_file(BPF / "traffic.o")
    with spec.load() as collection:
        assert collection.maps["traffic"].info().btf_id
        assert collection.maps[".bss"].info().btf_id
        assert collection.maps["events"].info().btf_id == 0
        assert collection.maps["traffic"].info().name == "traffic"


def test_names_are_cut_and_cleaned_for_the_kernel() -> None:
    spec = MapSpec("a-name/that is much too long", ".maps", MapType.ARRAY, 4, 4, 1)
    created = Map.of_object(spec)
    try:
        assert created.name == "a-name/that is much too long"
        assert created.info().name == "a_name_that_is_"
    finally:
        created.close()


def test_a_type_that_is_not_there_is_no_riddle() -> None:
    spec = MapSpec("odd", ".maps", MapType.ARRAY, 8, 4, 1)
    with pytest.raises(LoadError, match="key of an array has 4 bytes, not 8"):
        Map.of_object(spec)


def test_lookup_and_delete_where_the_type_lacks_it(make: Make) -> None:
    m = make(MapType.ARRAY)
    with pytest.raises((FeatureError, LoadError)):
        m.lookup_and_delete(_u32(0))
