"""The built-in machine's maps against the kernel's: the same operations give the same values and the same errors."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bpftui.core.errors import BpftuiError
from bpftui.core.kernel import KernelRuntime, Map
from bpftui.core.live.stream import open_records
from bpftui.core.maps import ElementError
from bpftui.core.spec import CollectionSpec, MapFlag, MapSpec, MapType
from bpftui.core.vm import Processor
from bpftui.core.vm.engine.memory import AddressSpace
from bpftui.core.vm.maps import (
    ArrayStore,
    BloomStore,
    HashStore,
    LpmStore,
    LruStore,
    QueueStore,
    StackStore,
    create_store,
)
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.world.host import Host
from bpftui.core.vm.world.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpftui.core.maps import Elements
    from bpftui.core.maps.shape import Shape
    from bpftui.core.vm.maps.store import Store

pytestmark = pytest.mark.kernel

WORD = st.integers(0, 5).map(lambda n: struct.pack("=I", n))
PREFIX = st.tuples(st.integers(0, 34), st.integers(0, 255), st.integers(0, 255)).map(
    lambda t: struct.pack("=I4B", t[0], t[1], t[2], 0, 0)
)
SHORT_PREFIX = st.tuples(st.integers(0, 9), st.sampled_from([0, 1, 0x80, 0xC0, 0xFF])).map(
    lambda t: struct.pack("=IB", *t)
)
NOTHING = st.none()
# type, store, key size, entries, keys, flags of creation
KINDS = [
    (MapType.ARRAY, ArrayStore, 4, 4, WORD, 0),
    (MapType.PERCPU_ARRAY, ArrayStore, 4, 4, WORD, 0),
    (MapType.HASH, HashStore, 4, 4, WORD, 0),
    (MapType.PERCPU_HASH, HashStore, 4, 4, WORD, 0),
    (MapType.HASH, HashStore, 4, 4, WORD, int(MapFlag.NO_PREALLOC)),
    (MapType.LRU_HASH, LruStore, 4, 64, WORD, 0),
    (MapType.LRU_PERCPU_HASH, LruStore, 4, 64, WORD, 0),
    (MapType.LRU_PERCPU_HASH, LruStore, 4, 64, WORD, 0),
    (MapType.LPM_TRIE, LpmStore, 8, 4, PREFIX, int(MapFlag.NO_PREALLOC)),
    (MapType.LPM_TRIE, LpmStore, 5, 3, SHORT_PREFIX, int(MapFlag.NO_PREALLOC)),
    (MapType.QUEUE, QueueStore, 0, 3, NOTHING, 0),
    (MapType.STACK, StackStore, 0, 3, NOTHING, 0),
    (MapType.BLOOM_FILTER, BloomStore, 0, 3, NOTHING, 0),
]
OPERATIONS = st.sampled_from(["lookup", "take", "update", "update", "update", "delete"])


def result(call: Callable[[], object]) -> object:
    """Return what a call gives, or the errno that it fails with."""
    try:
        return call()
    except ElementError as error:
        return error.errno


def apply(elements: Elements | Store, operation: str, key: bytes | None, value: bytes, flags: int) -> object:
    match operation:
        case "lookup":
            return result(lambda: elements.lookup(key))
        case "take":
            return result(lambda: elements.take(key))
        case "update":
            return result(lambda: elements.update(key, value, flags))
        case _:
            return result(lambda: elements.delete(key or b""))


@pytest.mark.parametrize(("kind", "store", "key_size", "entries", "keys", "flags"), KINDS, ids=lambda v: str(v)[:24])
def test_the_same_operations_give_the_same(
    kind: MapType,
    store: Callable[[str, Shape, AddressSpace], Store],
    key_size: int,
    entries: int,
    keys: st.SearchStrategy[bytes | None],
    flags: int,
) -> None:
    possible = {"update"} if kind == MapType.BLOOM_FILTER else {"lookup", "take", "update"}
    steps = st.lists(st.tuples(OPERATIONS, keys, st.integers(0, 255), st.sampled_from([0, 0, 0, 1, 2, 3, 4])))

    @settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(steps)
    def run(steps: list[tuple[str, bytes | None, int, int]]) -> None:
        real = Map.of_object(MapSpec("both", ".maps", kind, key_size, 8, entries, flags=flags))
        ours = store("both", real.elements.shape, AddressSpace())
        try:
            for operation, key, value, flag in steps:
                raw = real.elements.shape.join([bytes([value]) * 8] * real.elements.shape.cpus)
                if key is None and operation not in possible:
                    continue
                told = [apply(elements, operation, key, raw, flag) for elements in (real.elements, ours)]
                assert told[0] == told[1], (operation, key, value, flag, told)
            entries_of = [sorted(elements.snapshot().entries) for elements in (real.elements, ours)]
            assert entries_of[0] == entries_of[1]
        finally:
            real.close()

    run()


# type, key size, whether a key can be any
REFERENCES = [(MapType.ARRAY_OF_MAPS, False), (MapType.HASH_OF_MAPS, True)]


@pytest.mark.parametrize(("kind", "hashed"), REFERENCES)
def test_maps_of_maps(kind: MapType, hashed: bool) -> None:
    """What is at a key is a number of the runtime's own: whether something is, has to agree."""
    inner = MapSpec("inner", ".maps", MapType.ARRAY, 4, 8, 1)
    outer = MapSpec("outer", ".maps", kind, 4, 4, 3, inner=inner)
    steps = st.lists(st.tuples(OPERATIONS, WORD, st.sampled_from([0, 0, 1, 2, 3])))

    @settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(steps)
    def run(steps: list[tuple[str, bytes, int]]) -> None:
        with Map.of_object(inner) as inside, Map.of_object(outer) as real:
            ours = create_store(outer, Host(Processor(), Settings(), "little"))
            for operation, key, flag in steps:
                value = struct.pack("=I", inside.fileno())
                told = [apply(elements, operation, key, value, flag) for elements in (real.elements, ours)]
                if operation == "lookup":
                    told = [isinstance(each, bytes) for each in told]
                assert told[0] == told[1], (operation, key, flag, told)

    run()


@pytest.mark.parametrize("name", ["keeping", "timers"])
def test_values_with_fields_of_the_kernels(name: str) -> None:
    """Pointers to objects and timers are zeros outside, and stay what they are when a value is written."""
    path = Path(__file__).parents[1] / "objects" / "kernel_functions.o"
    steps = st.lists(st.tuples(OPERATIONS, WORD, st.integers(0, 255), st.sampled_from([0, 0, 0, 1, 2, 4])))
    try:
        real = KernelRuntime().load(CollectionSpec.from_file(path), programs={"keep", "timer"})
    except BpftuiError as error:
        pytest.xfail(f"an older kernel: {error}")
    packet = bytes(12) + b"\x08\x00" + bytes(50)

    @settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(steps)
    def run(steps: list[tuple[str, bytes, int, int]]) -> None:
        with (
            KernelRuntime().load(CollectionSpec.from_file(path), programs={"keep"}) as real,
            MachineRuntime().load(CollectionSpec.from_file(path), programs={"keep"}) as ours,
        ):
            both = (real, ours)
            for operation, key, value, flag in steps:
                raw = bytes([value]) * real.maps[name].elements.shape.value_size
                told = [apply(loaded.maps[name].elements, operation, key, raw, flag) for loaded in both]
                assert told[0] == told[1], (operation, key, value, flag)
                ran = [loaded.programs["keep"].run(packet).retval for loaded in both]
                assert ran[0] == ran[1], (operation, key, value, flag)

    with real:
        run()


def test_a_ring_buffer_fills_and_empties() -> None:
    """Records of any size until there is no room, and readers that take some of them. What the program did not write
    in a record is what was there before in the kernel, and zeros here."""
    path = Path(__file__).parents[1] / "objects" / "kernel_functions.o"
    steps = st.lists(st.one_of(st.integers(14, 1200), st.integers(-3, -1)), max_size=25)

    @settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(steps)
    def run(steps: list[int]) -> None:
        with (
            KernelRuntime().load(CollectionSpec.from_file(path), programs={"dynptr_of_record"}) as real,
            MachineRuntime().load(CollectionSpec.from_file(path), programs={"dynptr_of_record"}) as ours,
        ):
            streams = [open_records(loaded.maps["ring"]) for loaded in (real, ours)]
            programs = [loaded.programs["dynptr_of_record"] for loaded in (real, ours)]
            try:
                for step in steps:
                    if step > 0:
                        told = [program.run(bytes(12) + b"\x12\x34" + bytes(step - 14)).retval for program in programs]
                    else:
                        told = [
                            [(len(record), record[3:11]) for record in stream.read(-step)]
                            for stream in streams
                            if stream is not None
                        ]
                    assert told[0] == told[1], step
            finally:
                for stream in streams:
                    assert stream is not None
                    stream.close()

    run()
