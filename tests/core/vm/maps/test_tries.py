"""A trie of prefixes: what is looked up has the longest one that matches (kernel/bpf/lpm_trie.c)."""

from __future__ import annotations

import pytest

from bpftui.core.maps import ElementError, Shape
from bpftui.core.spec import MapType
from bpftui.core.vm.engine.memory import AddressSpace
from bpftui.core.vm.maps.hashes import LpmStore


def prefix(bits: int, *address: int) -> bytes:
    return bits.to_bytes(4, "little") + bytes(address)


@pytest.fixture
def trie() -> LpmStore:
    store = LpmStore("routes", Shape(MapType.LPM_TRIE, 8, 1, 10), AddressSpace())
    store.update(prefix(8, 10, 1, 2, 3), b"\1")  # bits behind the length do not count
    store.update(prefix(24, 10, 1, 2, 0), b"\2")
    store.update(prefix(32, 10, 1, 2, 7), b"\3")
    return store


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (prefix(32, 10, 1, 2, 7), b"\3"),
        (prefix(32, 10, 1, 2, 8), b"\2"),
        (prefix(31, 10, 1, 2, 7), b"\2"),  # a prefix that is longer than what is looked up is none of it
        (prefix(32, 10, 9, 9, 9), b"\1"),
        (prefix(8, 10, 0, 0, 0), b"\1"),
        (prefix(7, 10, 0, 0, 0), None),
        (prefix(32, 11, 1, 2, 7), None),
        (prefix(33, 10, 1, 2, 7), None),
    ],
)
def test_the_longest_prefix_that_matches(trie: LpmStore, key: bytes, value: bytes | None) -> None:
    assert trie.lookup(key) == value
    address = trie.address_of(key, 0)
    assert (trie.memory.read(address, 1) if address else None) == value


def test_only_the_very_prefix_is_set_again_and_deleted(trie: LpmStore) -> None:
    trie.update(prefix(8, 10, 255, 255, 255), b"\4")
    assert [(entry.key, entry.values) for entry in trie.entries()] == [
        (prefix(8, 10, 255, 255, 255), (b"\4",)),  # as it was written last
        (prefix(24, 10, 1, 2, 0), (b"\2",)),
        (prefix(32, 10, 1, 2, 7), (b"\3",)),
    ]
    trie.delete(prefix(24, 10, 1, 2, 99))
    assert trie.lookup(prefix(32, 10, 1, 2, 8)) == b"\4"
    with pytest.raises(ElementError):
        trie.delete(prefix(25, 10, 1, 2, 7))
    with pytest.raises(ElementError):
        trie.update(prefix(33, 10, 1, 2, 7), b"\5")
