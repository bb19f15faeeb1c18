"""What maps take of memory when they are created, as their allocators in kernel/bpf ask for it."""

from __future__ import annotations

import pytest

from bpftui.core.kernel.loading.limits import needed_memory
from bpftui.core.maps import Shape
from bpftui.core.spec import MapFlag, MapType


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        (Shape(MapType.ARRAY, 4, 12, 10), 160),
        (Shape(MapType.PERCPU_ARRAY, 4, 12, 10, cpus=4), 720),
        (Shape(MapType.PROG_ARRAY, 4, 4, 10), 80),
        # as many buckets of 16 bytes as the next power of two, and 48 bytes beside each element
        (Shape(MapType.HASH, 4, 12, 5), 16 * 8 + 5 * (48 + 8 + 16)),
        (Shape(MapType.HASH, 4, 12, 8), 16 * 8 + 8 * (48 + 8 + 16)),
        (Shape(MapType.HASH, 4, 12, 9), 16 * 16 + 9 * (48 + 8 + 16)),
        (Shape(MapType.HASH, 4, 12, 1), 16 * 1 + 1 * (48 + 8 + 16)),
        (Shape(MapType.HASH, 4, 12, 9, flags=MapFlag.NO_PREALLOC), 16 * 16),
        (Shape(MapType.PERCPU_HASH, 4, 12, 5, cpus=4), 16 * 8 + 5 * (48 + 8 + 64)),
        (Shape(MapType.QUEUE, 0, 12, 10), 132),
        (Shape(MapType.RINGBUF, 0, 0, 4096), 4096),
        (Shape(MapType.STACK_TRACE, 4, 80, 5), 8 * 8 + 5 * 96),
        (Shape(MapType.DEVMAP_HASH, 4, 4, 5), 64),
        (Shape(MapType.SOCKHASH, 4, 4, 5), 128),
        (Shape(MapType.LPM_TRIE, 8, 4, 5), 0),
    ],
    ids=lambda value: value.type.label if isinstance(value, Shape) else str(value),
)
def test_memory_of_each_kind(shape: Shape, size: int) -> None:
    assert needed_memory(shape) == size
