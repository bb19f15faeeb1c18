"""The rules of map types, against the kernel: random shapes are refused here exactly when they are refused there."""

from __future__ import annotations

import errno

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpftui.core.errors import BpftuiError, LoadError
from bpftui.core.kernel import Map
from bpftui.core.kernel.loading.create import map_obstacle, shape_of
from bpftui.core.kernel.sys.syscall import BpfError
from bpftui.core.maps.rules import broken_rule
from bpftui.core.spec import MapFlag, MapSpec, MapType
from bpftui.core.vm import Processor
from bpftui.core.vm.maps import create_store
from bpftui.core.vm.world.host import Host
from bpftui.core.vm.world.settings import Settings
from tests.core.maps.test_rules import BROKEN
from tests.kernel.test_map_kinds import ELSEWHERE, NEWER

pytestmark = pytest.mark.kernel

TYPES = sorted(set(MapType) - ELSEWHERE - NEWER)
FLAGS = [
    *(0, MapFlag.NO_PREALLOC, MapFlag.MMAPABLE, *MapFlag, MapFlag.RDONLY | MapFlag.WRONLY),
    *(MapFlag.RDONLY_PROG | MapFlag.WRONLY_PROG, MapFlag.NO_COMMON_LRU | MapFlag.NUMA_NODE, MapFlag(1 << 25)),
]
NEWER_FLAGS = MapFlag.RB_OVERWRITE
"""Flags that a kernel may not have yet though the rules of its type allow it."""


VALID = {
    MapType.STACK_TRACE: (4, 8, 1, 0),
    MapType.LPM_TRIE: (8, 8, 1, MapFlag.NO_PREALLOC),
    **dict.fromkeys((MapType.CGROUP_STORAGE, MapType.PERCPU_CGROUP_STORAGE), (16, 8, 0, 0)),
    **dict.fromkeys((MapType.QUEUE, MapType.STACK, MapType.BLOOM_FILTER), (0, 4, 1, 0)),
    **dict.fromkeys((MapType.RINGBUF, MapType.USER_RINGBUF), (0, 0, 4096, 0)),
    **dict.fromkeys([each for each in TYPES if each.is_local_storage], (4, 8, 0, MapFlag.NO_PREALLOC)),
    MapType.ARENA: (0, 0, 1, MapFlag.MMAPABLE),
}
"""Key, value, entries and flags that the kernel takes, where those are not `(4, 4, 1, 0)`."""


@st.composite
def shapes(draw: st.DrawFn) -> tuple[MapType, list[int]]:
    """Draw a type, and key, value, entries, flags and map_extra: mostly what is valid."""
    type_ = draw(st.sampled_from(TYPES))
    others: tuple[list[int], ...] = (
        [0, 1, 4, 5, 8, 12, 16, 64],
        [0, 1, 4, 8, 12, 32, 64],
        [0, 1, 2, 8, 4096],
        [int(flags) for flags in FLAGS],
        [3, 16, 1 << 32],
    )
    valid = (*VALID.get(type_, (4, 4, 1, 0)), 0)
    return type_, [
        draw(st.just(int(usual)) | st.sampled_from([int(usual), *other]))
        for usual, other in zip(valid, others, strict=True)
    ]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(shapes())
def test_what_breaks_a_rule_is_what_both_runtimes_refuse(drawn: tuple[MapType, list[int]]) -> None:
    type_, (key, value, entries, flags, extra) = drawn
    inner = MapSpec("", "", MapType.ARRAY, 4, 4, 1) if type_.holds_maps else None
    spec = MapSpec("random", "", type_, key, value, entries, flags, map_extra=extra, inner=inner)
    broken, refused = broken_rule(shape_of(spec), extra), None
    try:
        Map.create(spec).close()
    except BpftuiError as error:
        refused = error
    if broken is not None:
        assert in_machine(spec) == f"cannot create map random ({type_.label}): {broken}"
        assert refused is not None
        assert refused.message in {f"{in_machine(spec)} (EINVAL)", f"{in_machine(spec)} (ENOTSUPP)"}
    elif refused is None:
        assert in_machine(spec) is None
    else:
        # Refused for what is no rule: memory, a descriptor of which a flag speaks.
        number = refused.__cause__.errno if isinstance(refused.__cause__, BpfError) else errno.EINVAL
        assert number != errno.EINVAL or flags & NEWER_FLAGS, refused.message


def in_machine(spec: MapSpec) -> str | None:
    """Return what the built-in machine says when it refuses a map."""
    try:
        create_store(spec, Host(Processor(), Settings(), "little"))
    except LoadError as error:
        return error.message
    return None


@pytest.mark.parametrize(("spec", "sentence"), BROKEN, ids=[sentence for _, sentence in BROKEN])
def test_the_sentence_of_each_rule(spec: MapSpec, sentence: str) -> None:
    with pytest.raises(LoadError) as caught:
        Map.create(spec)
    number = "ENOTSUPP" if spec.type is MapType.LRU_HASH else "EINVAL"
    assert caught.value.message == f"cannot create map {sentence} ({number})"
    obstacle = map_obstacle(spec)
    assert obstacle is not None
    assert obstacle.message == f"cannot create map {sentence} ({number})"


def test_a_ring_buffer_beyond_what_the_kernel_has_numbers_for() -> None:
    with pytest.raises(LoadError) as caught:
        Map.create(MapSpec("ring", "", MapType.RINGBUF, 0, 0, 0xFFFF_FFFF))
    assert caught.value.message == (
        "cannot create map ring (ringbuf): its size, max_entries, is a power of two of at most 2,147,483,648 bytes, "
        "not 4,294,967,295 (EINVAL)"
    )


def test_a_number_that_has_no_room_in_the_attribute() -> None:
    with pytest.raises(LoadError, match=r"bpf\(2\) takes a number of 32 bits there, and 4294967296 does not fit"):
        Map.create(MapSpec("wide", "", MapType.ARRAY, 4, 4, 1 << 32))
