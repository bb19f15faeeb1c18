"""What has to be known of a map to move its elements: sizes in bytes, as libbpf and the kernel have them."""

from __future__ import annotations

import pytest

from bpftui.core.maps.shape import Shape, ring_size, round_up, shape_of, why_unreadable
from bpftui.core.spec import MapFlag, MapSpec, MapType


@pytest.mark.parametrize(("size", "unit", "rounded"), [(0, 8, 0), (1, 8, 8), (8, 8, 8), (9, 8, 16), (4097, 4096, 8192)])
def test_what_is_rounded_up(size: int, unit: int, rounded: int) -> None:
    assert round_up(size, unit) == rounded


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        # libbpf's adjust_ringbuf_sz, with pages of 4 KiB
        (0, 4096),
        (1, 4096),
        (4096, 4096),
        (4097, 8192),
        (3 * 4096, 4 * 4096),
        (1 << 31, 1 << 31),
        ((1 << 31) + 1, (1 << 31) + 1),  # for the kernel to refuse
    ],
)
def test_the_size_of_a_ring(asked: int, given: int) -> None:
    assert ring_size(asked) == given


def test_values_of_each_cpu() -> None:
    shape = Shape(MapType.PERCPU_HASH, 4, 12, 10, cpus=3)
    assert (shape.stride, shape.moved_size, shape.bound) == (16, 48, 20)
    values = (b"a" * 12, b"b" * 12, b"c" * 12)
    raw = shape.join(values)
    assert raw == b"a" * 12 + bytes(4) + b"b" * 12 + bytes(4) + b"c" * 12 + bytes(4)
    assert shape.split(raw) == values


def test_a_value_that_is_one() -> None:
    shape = Shape(MapType.HASH, 4, 12, 0, cpus=3)
    assert (shape.stride, shape.moved_size, shape.bound) == (16, 12, 2)
    assert (shape.split(b"x" * 12), shape.join([b"x" * 12])) == ((b"x" * 12,), b"x" * 12)


@pytest.mark.parametrize(
    ("kind", "flags", "mapable"),
    [
        (MapType.ARRAY, MapFlag.MMAPABLE, True),
        (MapType.ARRAY, MapFlag(0), False),
        (MapType.ARENA, MapFlag.MMAPABLE, True),
        (MapType.HASH, MapFlag.MMAPABLE, False),
    ],
)
def test_which_maps_are_mapped(kind: MapType, flags: MapFlag, mapable: bool) -> None:
    assert Shape(kind, 4, 8, 1, int(flags)).mapable is mapable


def test_mapped_memory_has_whole_pages() -> None:
    """Elements of an array lie 8 bytes apart at least (`array_map_alloc`); an arena counts its pages."""
    assert Shape(MapType.ARRAY, 4, 12, 256).memory_size == 4096
    assert Shape(MapType.ARRAY, 4, 12, 257).memory_size == 8192
    assert Shape(MapType.ARENA, 0, 0, 3).memory_size == 3 * 4096


@pytest.mark.parametrize(
    ("spec", "sizes"),
    [
        (MapSpec("m", "", MapType.PERF_EVENT_ARRAY, 0, 0, 0), (4, 4, 8, 1)),
        (MapSpec("m", "", MapType.PERF_EVENT_ARRAY, 4, 4, 2), (4, 4, 2, 1)),
        (MapSpec("m", "", MapType.RINGBUF, 0, 0, 5000), (0, 0, 8192, 1)),
        (MapSpec("m", "", MapType.USER_RINGBUF, 0, 0, 5000), (0, 0, 8192, 1)),
        (MapSpec("m", "", MapType.PERCPU_ARRAY, 4, 8, 5000), (4, 8, 5000, 8)),
        (MapSpec("m", "", MapType.ARRAY, 4, 8, 5000), (4, 8, 5000, 1)),
    ],
)
def test_what_an_object_leaves_to_the_loader(spec: MapSpec, sizes: tuple[int, int, int, int]) -> None:
    shape = shape_of(spec, lambda: 8)
    assert (shape.key_size, shape.value_size, shape.max_entries, shape.cpus) == sizes


def test_where_an_arena_is_mapped() -> None:
    """map_extra is an address for an arena alone."""
    found = {
        kind: shape_of(MapSpec("m", "", kind, 0, 8, 1, map_extra=5), lambda: 1).address
        for kind in (MapType.ARENA, MapType.BLOOM_FILTER)
    }
    assert found == {MapType.ARENA: 5, MapType.BLOOM_FILTER: 0}


def test_which_maps_have_no_entries_to_list() -> None:
    names = {kind.name for kind in MapType if why_unreadable(kind) is not None}
    assert names == {
        *("RINGBUF", "USER_RINGBUF", "PERF_EVENT_ARRAY", "QUEUE", "STACK", "BLOOM_FILTER", "ARENA", "CGROUP_ARRAY"),
        *("SK_STORAGE", "INODE_STORAGE", "TASK_STORAGE", "CGRP_STORAGE", "XSKMAP", "STRUCT_OPS"),
    }
    assert Shape(MapType.QUEUE, 0, 8, 1).unreadable == "a queue can only be peeked and popped"
