"""Many entries at once: in batches, and as numpy arrays."""

from __future__ import annotations

import errno
import struct
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpftui.core.btf import Btf, CType
from bpftui.core.errors import FeatureError, PartialError, TypeMismatchError, UsageError, ValueRangeError
from bpftui.core.kernel import Map, possible_cpus
from bpftui.core.kernel.sys import syscall
from bpftui.core.live import Sample
from bpftui.core.live.arrange import Ordering
from bpftui.core.live.rows import Rows
from bpftui.core.maps.arrays import dtype_of
from bpftui.core.spec import CollectionSpec, MapFlag, MapSpec, MapType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bpftui.core.btf import Decoded

    Make = Callable[..., Map]

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
U32, U64 = "<u4", "<u8"


def integers(size: int, *, typed: bool = True) -> CType | None:
    """Return an unsigned integer type of its own."""
    types = struct.pack("=4I", 1, 1 << 24, size, size * 8)
    strings = b"\0word\0"
    raw = struct.pack("=HBB5I", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(strings)) + types + strings
    return CType(Btf(raw), 1) if typed else None


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Map] = []

    def create(type_: MapType, entries: int = 1000, *, value: int = 8, flags: int = 0, typed: bool = True) -> Map:
        key, values = integers(4, typed=typed), integers(value, typed=typed)
        made.append(Map.of_object(MapSpec("rows", ".maps", type_, 4, value, entries, flags, key=key, value=values)))
        return made[-1]

    yield create
    for one in made:
        one.close()


@pytest.mark.parametrize(("type_", "entries"), [(MapType.HASH, 1000), (MapType.LRU_HASH, 8000), (MapType.ARRAY, 1000)])
def test_arrays_hold_what_a_mapping_holds(make: Make, type_: MapType, entries: int) -> None:
    m = make(type_, entries)
    keys = np.arange(1000)
    m.update_arrays(keys, keys * 3)
    found = m.arrays()
    assert (found.keys.dtype, found.values.dtype, found.partial) == (U32, U64, False)
    assert dict(zip(found.keys.tolist(), found.values.tolist(), strict=True)) == dict(m.items())
    assert m[7] == 21
    some = m.arrays(limit=10)
    assert (len(some.keys), len(some.values), some.partial) == (10, 10, True)
    assert not m.arrays(limit=1000).partial


def test_the_same_as_two_rows_of_bytes(make: Make) -> None:
    m = make(MapType.HASH, 1000, value=8)
    m.update_batch({key: key * 3 for key in range(1000)})
    found = m.columns()
    keys, values = memoryview(found.keys).cast("I"), memoryview(found.values).cast("Q")
    assert dict(zip(keys, values, strict=True)) == {key: key * 3 for key in range(1000)}
    some = m.columns(limit=10)
    assert (len(some.keys), len(some.values), some.partial) == (40, 80, True)


def test_a_row_of_per_cpu_values_has_them_aligned(make: Make) -> None:
    m, cpus = make(MapType.PERCPU_ARRAY, 2, value=4), possible_cpus()
    m[0] = [5] * cpus
    five = b"\5" + bytes(7)
    assert m.columns() == (bytes(4) + b"\1" + bytes(3), five * cpus + bytes(8 * cpus), False)


@pytest.mark.parametrize("flags", [0, MapFlag.MMAPABLE])
@pytest.mark.parametrize("size", [4, 8])
def test_memory_and_calls_give_the_same_arrays(make: Make, flags: int, size: int) -> None:
    m = make(MapType.ARRAY, 100, value=size, flags=flags)
    m.update_arrays(np.arange(100), np.arange(100) + 7)
    assert (m.memory is None) == (flags == 0)
    found = m.arrays()
    assert found.keys.tolist() == list(range(100))
    assert found.values.tolist() == [n + 7 for n in range(100)]
    assert len(m.arrays(limit=3).keys) == 3


@pytest.mark.parametrize("type_", [MapType.PERCPU_HASH, MapType.PERCPU_ARRAY])
@pytest.mark.parametrize("size", [4, 8])
def test_per_cpu_values_are_rows(make: Make, type_: MapType, size: int) -> None:
    m = make(type_, 50, value=size)
    values = np.arange(50 * possible_cpus()).reshape(50, -1)
    m.update_arrays(np.arange(50), values)
    found = m.arrays()
    assert found.values.shape == (50, possible_cpus())
    assert found.values[np.argsort(found.keys)].tolist() == values.tolist()
    assert m[3] == values[3].tolist()
    with pytest.raises(TypeMismatchError, match=f"{possible_cpus()} in each row"):
        m.update_arrays([1], [1])


def test_maps_without_batches_give_arrays_too(make: Make) -> None:
    m = make(MapType.HASH)
    m.update_arrays(np.arange(500), np.ones(500, int))
    m._own_elements._batches = False
    found = m.arrays()
    assert sorted(found.keys.tolist()) == list(range(500))
    assert m.arrays(5).partial


def test_without_types_arrays_are_bytes(make: Make) -> None:
    m = make(MapType.HASH, typed=False)
    assert m.arrays().keys.tolist() == []
    m.update_arrays(np.array([1, 2], U32), np.array([10, 20], U64))
    found = m.arrays()
    assert found.values.dtype == "V8"
    assert sorted(found.values.view(U64).tolist()) == [10, 20]


def test_what_does_not_fit_is_refused_before_the_call(make: Make) -> None:
    m = make(MapType.HASH)
    with pytest.raises(ValueRangeError, match="keys of rows: -1 does not fit uint32"):
        m.update_arrays([-1], [1])
    with pytest.raises(ValueRangeError, match=f"keys of rows: {1 << 32} does not fit uint32"):
        m.update_arrays([1, 1 << 32], [1, 1])
    with pytest.raises(TypeMismatchError, match="an array of uint64 is needed, not one of float64"):
        m.update_arrays([1], [1.5])
    with pytest.raises(TypeMismatchError, match="2 keys, but 1 values"):
        m.update_arrays([1, 2], [1])
    assert len(m) == 0


def test_an_entry_that_is_refused_says_which(make: Make) -> None:
    m = make(MapType.HASH, 10)
    m[5] = 5
    with pytest.raises(UsageError, match="an entry with the key 5 already"):
        m.update_arrays(np.arange(8), np.arange(8), flags=1)
    assert len(m) == 6
    with pytest.raises(KeyError) as caught:
        m.delete_batch(np.array([0, 1, 99, 2]))
    assert caught.value.args == (99,)
    assert sorted(m) == [2, 3, 4, 5]
    m.update_batch({5: 50, 6: 60}, flags=0)
    m.delete_batch([2, 3, 4])
    assert dict(m.items()) == {5: 50, 6: 60}
    m.update_batch({5: 51}, flags=2)
    with pytest.raises(KeyError):
        m.update_batch({7: 1}, flags=2)


@pytest.mark.parametrize("type_", [MapType.HASH, MapType.LRU_HASH, MapType.PERCPU_HASH])
def test_what_is_taken_is_gone(make: Make, type_: MapType) -> None:
    m = make(type_, 2000)
    value = [1] * possible_cpus() if type_.per_cpu else 1
    m.update_batch(dict.fromkeys(range(1000), value))
    first = m.lookup_and_delete_batch(limit=100)
    assert 100 <= len(first) < 200
    rest = m.lookup_and_delete_batch()
    assert sorted(key for key, _ in first + rest) == list(range(1000))
    assert all(found == value for _, found in rest)
    assert len(m) == 0
    assert m.lookup_and_delete_batch() == []


def test_what_was_taken_before_an_error_is_handed_over(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    m = make(MapType.HASH, 20_000)
    m.update_arrays(np.arange(15_000), np.arange(15_000))
    invoke, calls = syscall.invoke, 0

    def fail_the_second(command: int, address: int, size: int) -> int:
        nonlocal calls
        if command == syscall.Command.MAP_LOOKUP_AND_DELETE_BATCH:
            calls += 1
            if calls == 2:
                return -errno.ENOMEM
        return invoke(command, address, size)

    monkeypatch.setattr(syscall, "invoke", fail_the_second)
    taken = m.lookup_and_delete_batch()
    assert 0 < len(taken) < 15_000
    assert len(m) == 15_000 - len(taken)


def test_an_array_cannot_be_emptied(make: Make) -> None:
    with pytest.raises(FeatureError, match="lookup-and-delete in batches on this type of map"):
        make(MapType.ARRAY).lookup_and_delete_batch()


def test_next_key_walks_through(make: Make) -> None:
    m = make(MapType.HASH, 8)
    assert m.next_key() is None
    m.update_batch({1: 1, 2: 2, 3: 3})
    seen: list[Decoded] = []
    key = m.next_key()
    while key is not None:
        seen.append(key)
        key = m.next_key(key)
    assert sorted(seen) == [1, 2, 3]


def test_an_iteration_that_is_partial_says_so(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    m = make(MapType.HASH, 8)
    m._own_elements._batches = False
    m.update_batch({1: 1, 2: 2})
    # Somebody deletes each key as soon as it was shown: the walk begins anew until it is stopped.
    monkeypatch.setattr(m.elements, "next_key", lambda key: (1 if key is None else 2).to_bytes(4, "little"))
    assert m.snapshot().partial
    seen: list[Decoded] = []
    with pytest.raises(PartialError, match=r"rows changed too fast to be read to its end: .* these 2"):
        seen.extend(key for key in m)
    assert seen == [1, 2]


def test_structs_become_fields() -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    with spec.load() as collection:
        sources = collection.maps["sources"]
        key = {"family": "IPV4", "bytes": [192, 0, 2, 1, *[0] * 12]}
        sources[key] = {"packets": 3, "bytes": 300, "last_seen": 1}
        found = sources.arrays()
        assert found.values.dtype.names == ("packets", "bytes", "last_seen")
        assert found.values["bytes"].tolist() == [300]
        assert found.keys["bytes"][0].tolist()[:4] == [192, 0, 2, 1]
        changed = found.values.copy()
        changed["packets"] += 1
        sources.update_arrays(found.keys, changed)
        assert sources[key]["packets"] == 4
        sources.delete_batch(found.keys)
        assert len(sources) == 0


def test_every_type_of_the_objects_has_a_dtype_of_its_size() -> None:
    seen = 0
    for path in sorted(ROOT.glob("**/*.o")):
        if ".eb" in path.name or "bad_" in path.name or ".venv" in path.parts:
            continue
        for spec in CollectionSpec.from_file(path).maps.values():
            for ctype, size in ((spec.key, spec.key_size), (spec.value, spec.value_size)):
                if ctype is not None and not spec.is_data:
                    dtype = dtype_of(ctype, size)
                    assert dtype.itemsize == size
                    seen += dtype.kind != "V" or dtype.names is not None
    assert seen > 50


@pytest.mark.parametrize("type_", [MapType.HASH, MapType.PERCPU_HASH, MapType.ARRAY, MapType.LPM_TRIE])
def test_random_batches_against_a_dict(type_: MapType) -> None:
    size = 8 if type_ == MapType.LPM_TRIE else 4
    flags = MapFlag.NO_PREALLOC if type_ == MapType.LPM_TRIE else 0
    keys = st.integers(0, 31).map(
        lambda n: struct.pack("=IBBBB", 32, 10, 0, 0, n) if size == 8 else struct.pack("=I", n)
    )
    pairs = st.lists(st.tuples(keys, st.integers(0, 255)), max_size=12)
    steps = st.lists(st.tuples(st.sampled_from(["update", "arrays", "delete", "take"]), pairs), max_size=8)

    @settings(max_examples=40, deadline=None)
    @given(steps)
    def run(steps: list[tuple[str, list[tuple[bytes, int]]]]) -> None:
        model: dict[bytes, object] = {}
        cpus = possible_cpus() if type_.per_cpu else 1
        with Map.create(MapSpec("model", "", type_, size, 8, 32, int(flags))) as m:
            for operation, given_pairs in steps:
                rows = {key: bytes([number]) * 8 for key, number in given_pairs}
                if operation == "update":
                    entries = {key: [raw] * cpus if type_.per_cpu else raw for key, raw in rows.items()}
                    m.update_batch(entries)
                    model |= rows
                elif operation == "arrays" and rows:
                    values = np.array(list(rows.values()), "V8")
                    m.update_arrays(
                        np.array(list(rows), f"V{size}"), np.stack([values] * cpus, 1) if type_.per_cpu else values
                    )
                    model |= rows
                elif operation == "delete" and type_ != MapType.ARRAY:
                    there = [key for key in rows if key in model]
                    m.delete_batch(there)
                    for key in there:
                        del model[key]
                elif operation == "take" and type_ in (MapType.HASH, MapType.PERCPU_HASH):
                    taken = dict(m.lookup_and_delete_batch())
                    assert {key: value[0] if type_.per_cpu else value for key, value in taken.items()} == model  # type: ignore[index]
                    model = {}
            found = m.arrays()
            first = found.values[:, 0] if type_.per_cpu else found.values
            listed = dict(zip([k.tobytes() for k in found.keys], [v.tobytes() for v in first], strict=True))
            empty = {struct.pack("=I", n): bytes(8) for n in range(32)} if type_ == MapType.ARRAY else {}
            assert listed == empty | model

    run()


def test_the_first_of_many_by_value_and_by_rate_are_those_of_all_entries(make: Make) -> None:
    """A sample has a hundred of two thousand; the order is of all, by rates as soon as there are two readings."""
    m = make(MapType.HASH, 2000)
    m.update_batch((number, number * 7 % 2000) for number in range(2000))
    rows = Rows(m.spec, None, m)
    (value,) = rows.fields.values

    def sample(time: float) -> Sample:
        snapshot = replace(m.snapshot(100), beyond=1900)
        return Sample(time, 1.0, {"rows": snapshot}, {}, {})

    first = sample(1.0)
    table = rows.take(first, None, ordering=Ordering(value, reverse=True))
    assert (len(table.entries), table.read, table.total) == (1000, 2000, 2000)
    assert [value.text(each) for each in table.entries[:3]] == ["1,999", "1,998", "1,997"]
    by_rate = Ordering(value, by_rate=True, reverse=True)
    waiting = rows.take(first, None, ordering=by_rate)
    assert (waiting.age, waiting.read, rows.unranked) == (None, 100, "")
    for number, grows in ((7, 5), (1234, 500), (1999, 50)):
        m[number] = number * 7 % 2000 + grows
    second = sample(2.0)
    table = rows.take(second, first, ordering=by_rate)
    assert table.age is not None
    assert [int.from_bytes(each.key, "little") for each in table.entries[:3]] == [1234, 1999, 7]
    m[7] = 2000
    table = rows.take(sample(3.0), second, ordering=by_rate)
    assert [int.from_bytes(each.key, "little") for each in table.entries[:3]] == [1234, 1999, 7]  # rows stay
    assert [bool(table.rate(value, each)) for each in table.entries[:3]] == [False, False, True]
