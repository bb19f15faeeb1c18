"""What a checkpoint keeps of a mapping, most of which nobody ever wrote to."""

from __future__ import annotations

import mmap

from bpftui.core.vm.world.checkpoint import _fill, _saved


def test_of_a_mapping_the_parts_that_are_no_zeros_are_kept_and_all_is_set_back() -> None:
    with mmap.mmap(-1, 1 << 20) as memory:
        memory[8192:8196] = b"kept"
        before = memory[:]
        saved = _saved(memoryview(memory))
        assert isinstance(saved, list)
        assert b"".join(part for _, part in saved).strip(b"\0") == b"kept"
        memory[8192:8196] = b"gone"
        memory[500_000:500_003] = b"new"
        _fill(memoryview(memory), saved)
        assert memory[:] == before
