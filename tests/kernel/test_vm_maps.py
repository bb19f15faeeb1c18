"""The built-in machine's maps against the kernel's: the same operations give the same values and the same errors."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bpftui.core.kernel.create import create_map
from bpftui.core.maps import ElementError
from bpftui.core.spec import MapFlag, MapSpec, MapType
from bpftui.core.vm.maps import ArrayStore, BloomStore, HashStore, LpmStore, LruStore, QueueStore, StackStore
from bpftui.core.vm.memory import AddressSpace

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpftui.core.maps import Elements

pytestmark = pytest.mark.kernel

WORD = st.integers(0, 5).map(lambda n: struct.pack("=I", n))
PREFIX = st.tuples(st.integers(0, 34), st.integers(0, 255), st.integers(0, 255)).map(
    lambda t: struct.pack("=I4B", t[0], t[1], t[2], 0, 0)
)
NOTHING = st.none()
# type, store, key size, entries, keys, flags of creation
KINDS = [
    (MapType.ARRAY, ArrayStore, 4, 4, WORD, 0),
    (MapType.PERCPU_ARRAY, ArrayStore, 4, 4, WORD, 0),
    (MapType.HASH, HashStore, 4, 4, WORD, 0),
    (MapType.PERCPU_HASH, HashStore, 4, 4, WORD, 0),
    (MapType.LRU_HASH, LruStore, 4, 64, WORD, 0),
    (MapType.LPM_TRIE, LpmStore, 8, 4, PREFIX, int(MapFlag.NO_PREALLOC)),
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


def apply(elements: Elements, operation: str, key: bytes | None, value: bytes, flags: int) -> object:
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
def test_the_same_operations_give_the_same(kind, store, key_size, entries, keys, flags) -> None:
    possible = {"update"} if kind == MapType.BLOOM_FILTER else {"lookup", "take", "update"}
    steps = st.lists(st.tuples(OPERATIONS, keys, st.integers(0, 255), st.sampled_from([0, 0, 0, 1, 2, 3, 4])))

    @settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(steps)
    def run(steps: list[tuple[str, bytes | None, int, int]]) -> None:
        real = create_map(MapSpec("both", ".maps", kind, key_size, 8, entries, flags=flags))
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
