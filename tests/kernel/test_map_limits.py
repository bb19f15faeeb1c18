"""The limits of map types, against the kernel: what is said to be too large is what it refuses, before and after.

Only what is refused at once is tried beyond a limit: nothing here takes more than some MiB.
"""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from bpftui.core.errors import BpftuiError, LoadError, ValueRangeError
from bpftui.core.kernel import Map
from bpftui.core.kernel.loading.create import map_obstacle
from bpftui.core.kernel.loading.limits import beyond_limit, knows_field, no_memory
from bpftui.core.kernel.loading.prog_load import refusal
from bpftui.core.kernel.sys.explain import explain
from bpftui.core.kernel.sys.layouts import MapCreate, ProgLoad
from bpftui.core.kernel.sys.structure import u32
from bpftui.core.kernel.sys.syscall import BpfError, Command
from bpftui.core.maps import Shape
from bpftui.core.spec import MapFlag, MapSpec, MapType, ProgramSpec, ProgramType
from bpftui.core.spec.program import Function, LinkedCode

pytestmark = pytest.mark.kernel

T = MapType

TOO_LARGE = [
    (T.HASH, 4, 4_194_248, 2, 0, "", None),
    (
        T.HASH,
        4,
        4_194_252,
        2,
        0,
        "too large: key and value of 4,194,256 bytes; with 48 more, they are allocated in one piece of less than "
        "4,194,304 (KMALLOC_MAX_SIZE)",
        errno.E2BIG,
    ),
    (T.LRU_HASH, 4, 5 << 20, 2, 0, "too large: key and value of 5,242,884 bytes; with 48 more", errno.E2BIG),
    (T.HASH, 5 << 20, 4, 2, 0, "too large: key and value of 5,242,884 bytes; with 48 more", errno.E2BIG),
    (
        T.HASH,
        4,
        4,
        134_217_729,
        0,
        "too large: 134,217,729 entries; its buckets are at most 134,217,728 (2^27)",
        errno.E2BIG,
    ),
    (T.LRU_PERCPU_HASH, 4, 4, 0xFFFF_FFFF, 0, "too large: 4,294,967,295 entries; its buckets are", errno.E2BIG),
    (T.PERCPU_ARRAY, 4, 32_768, 1, 0, "", None),
    (
        T.PERCPU_ARRAY,
        4,
        32_769,
        1,
        0,
        "too large: a value of 32,769 bytes for each CPU; the kernel allocates at most 32,768 in one piece "
        "(PCPU_MIN_UNIT_SIZE)",
        errno.E2BIG,
    ),
    (T.PERCPU_HASH, 4, 40_000, 1, 0, "too large: a value of 40,000 bytes for each CPU; the kernel", errno.E2BIG),
    (T.ARRAY, 4, 5 << 20, 1, 0, "", None),
    (
        T.ARRAY,
        4,
        0x8000_0000,
        1,
        0,
        "too large: a value of 2,147,483,648 bytes; an array's is at most 2,147,483,647",
        errno.E2BIG,
    ),
    (
        T.QUEUE,
        0,
        4_194_305,
        1,
        0,
        "too large: a value of 4,194,305 bytes; the kernel allocates at most 4,194,304 in one piece (KMALLOC_MAX_SIZE)",
        errno.E2BIG,
    ),
    (T.STACK, 0, 5 << 20, 1, 0, "too large: a value of 5,242,880 bytes; the kernel allocates at most", errno.E2BIG),
    (T.BLOOM_FILTER, 0, 5 << 20, 1, 0, "too large: a value of 5,242,880 bytes; the kernel allocates", errno.E2BIG),
    (
        T.LPM_TRIE,
        8,
        5 << 20,
        1,
        MapFlag.NO_PREALLOC,
        "too large: a value of 5,242,880 bytes; the kernel allocates at most 4,194,304 in one piece "
        "(KMALLOC_MAX_SIZE), key included",
        errno.EINVAL,
    ),
    (T.TASK_STORAGE, 4, 65_407, 0, MapFlag.NO_PREALLOC, "", None),
    (
        T.TASK_STORAGE,
        4,
        65_408,
        0,
        MapFlag.NO_PREALLOC,
        "too large: a value of 65,408 bytes; a task_storage's is at most 65,407 (BPF_LOCAL_STORAGE_MAX_VALUE_SIZE)",
        errno.E2BIG,
    ),
    (T.SK_STORAGE, 4, 70_000, 0, MapFlag.NO_PREALLOC, "a sk_storage's is at most 65,407", errno.E2BIG),
    (T.INODE_STORAGE, 4, 70_000, 0, MapFlag.NO_PREALLOC, "an inode_storage's is at most 65,407", errno.E2BIG),
    (T.CGRP_STORAGE, 4, 70_000, 0, MapFlag.NO_PREALLOC, "a cgrp_storage's is at most 65,407", errno.E2BIG),
    (T.CGROUP_STORAGE, 8, 70_000, 0, 0, "a cgroup_storage's is at most 65,407", errno.E2BIG),
    (T.PERCPU_CGROUP_STORAGE, 8, 40_000, 0, 0, "a percpu_cgroup_storage's is at most 32,768", errno.E2BIG),
    (
        T.STACK_TRACE,
        4,
        1_600,
        8,
        0,
        "too large: a value of 1,600 bytes, which are 200 frames; a stack has at most 127 (the sysctl "
        "kernel.perf_event_max_stack): 1,016 bytes",
        errno.EINVAL,
    ),
    (
        T.STACK_TRACE,
        4,
        128 * 32,
        8,
        MapFlag.STACK_BUILD_ID,
        "which are 128 frames; a stack has at most 127",
        errno.EINVAL,
    ),
    (T.STACK_TRACE, 4, 8, 0x8000_0001, 0, "too large: 2,147,483,649 entries; they are at most", errno.E2BIG),
    (T.DEVMAP_HASH, 4, 4, 0x8000_0001, 0, "too large: 2,147,483,649 entries; they are at most", errno.EINVAL),
    (T.SOCKHASH, 513, 4, 1, 0, "too large: a key of 513 bytes; it is at most 512", errno.E2BIG),
    (T.SOCKHASH, 4, 4, 134_217_729, 0, "too large: 134,217,729 entries; its buckets are at most", errno.EINVAL),
    (
        T.CPUMAP,
        4,
        4,
        100_000,
        0,
        "too large: 100,000 entries; this kernel is built for at most {cpus} CPUs (NR_CPUS)",
        errno.E2BIG,
    ),
    (
        T.ARENA,
        0,
        0,
        1_048_577,
        MapFlag.MMAPABLE,
        "too large: 1,048,577 pages, which are 4,294,971,392 bytes; an arena has at most 4 GiB",
        errno.E2BIG,
    ),
]


@pytest.mark.parametrize(("type_", "key", "value", "entries", "flags", "said", "number"), TOO_LARGE)
def test_what_is_too_large_is_said_with_its_limit(
    type_: MapType, key: int, value: int, entries: int, flags: int, said: str, number: int | None
) -> None:
    spec = MapSpec("large", "", type_, key, value, entries, int(flags))
    foreseen, refused = map_obstacle(spec), None
    try:
        Map.create(spec).close()
    except BpftuiError as error:
        refused = error
    if number is None:
        assert (foreseen, refused) == (None, None)
        return
    cpus = int(Path("/sys/devices/system/cpu/kernel_max").read_text()) + 1
    assert isinstance(foreseen, LoadError)
    assert isinstance(refused, LoadError)
    assert said.format(cpus=cpus) in foreseen.message
    assert refused.message == f"{foreseen.message} ({errno.errorcode[number]})"
    assert refused.hint == foreseen.hint
    assert isinstance(refused.__cause__, BpfError)
    assert refused.__cause__.errno == number


def test_what_takes_more_memory_than_there_is() -> None:
    spec = MapSpec("queue", "", T.QUEUE, 0, 1 << 20, 0x7FFF_FFFF)  # 2 PiB
    foreseen = map_obstacle(spec)
    assert foreseen is not None
    assert "it takes 2,097,152.0 GiB (2,147,483,647 entries) of memory, and this machine has " in foreseen.message
    with pytest.raises(LoadError) as raised:
        Map.create(spec).close()
    assert raised.value.message == f"{foreseen.message} (ENOMEM)"
    assert raised.value.hint == "lower max_entries"


def test_memory_that_is_short_is_said_with_what_is_needed() -> None:
    assert no_memory(Shape(T.ARRAY, 4, 8, 1)) is None
    found = no_memory(Shape(T.ARRAY, 4, 1000, 3_000_000))
    assert found is not None
    assert found.reason == "there is not enough memory for the 2.8 GiB (3,000,000 entries) that it takes"


def test_a_limit_that_not_all_versions_have_is_only_told_of_what_was_refused() -> None:
    shape = Shape(T.SOCKMAP, 4, 4, 0x8000_0000)
    assert beyond_limit(shape) is None
    found = beyond_limit(shape, refused=True)
    assert found is not None
    assert found.reason == "too large: 2,147,483,648 entries; they are at most 2,147,483,647"


def test_e2big_names_no_cause_that_is_not_known() -> None:
    assert explain(BpfError(Command.MAP_CREATE, errno.E2BIG), "create map m").message == (
        "cannot create map m: something of it is too large, or this kernel does not know a field that it needs (E2BIG)"
    )
    code = LinkedCode(bytes(8) * 5, (Function("p", 0, 5, "xdp", 0),), {})
    program = ProgramSpec("p", "xdp", ProgramType.XDP, link=lambda: code)
    assert refusal(program, BpfError(Command.PROG_LOAD, errno.E2BIG)).message == (
        "cannot load program p (xdp): something of it is too large, or this kernel does not know a field that it needs "
        "(E2BIG)"
    )


def test_a_field_that_the_kernel_does_not_know_is_found_by_asking() -> None:
    assert knows_field(MapCreate, "btf_vmlinux_value_type_id")
    assert knows_field(ProgLoad, "attach_prog_fd")

    class LaterMap(MapCreate):
        later: int = u32(1996)

    class LaterProgram(ProgLoad):
        later: int = u32(1996)

    assert not knows_field(LaterMap, "later")
    assert not knows_field(LaterProgram, "later")


@pytest.mark.parametrize(
    ("type_", "size", "told"),
    [(T.PROG_ARRAY, 2, "2 entries"), (T.DEVMAP, 2, "2 entries"), (T.CPUMAP, 1, "1 entry"), (T.XSKMAP, 2, "2 entries")],
)
def test_an_index_that_an_array_does_not_have_is_no_full_map(type_: MapType, size: int, told: str) -> None:
    with Map.create(MapSpec("m", "", type_, 4, 4, size)) as created, pytest.raises(ValueRangeError) as raised:
        created.update((7).to_bytes(4, "little"), (0).to_bytes(4, "little"))
    assert raised.value.message == f"map m has {told}: there is none with the index 7"
