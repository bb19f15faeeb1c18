"""What the kernel refuses, the built-in machine refuses by the same rules: one map that breaks each of them.

`tests/kernel/test_map_rules.py` asks the kernel the same.
"""

from __future__ import annotations

import pytest

from bpftui.core.errors import LoadError
from bpftui.core.maps.rules import broken_rule
from bpftui.core.maps.shape import Shape
from bpftui.core.spec import CollectionSpec, MapFlag, MapSpec, MapType
from bpftui.core.vm.runtime import MachineRuntime

F = MapFlag


def broken(type_: MapType, key: int, value: int, entries: int, flags: int = 0, extra: int = 0) -> MapSpec:
    """Return a map of the name `m`."""
    inner = MapSpec("inner", "", MapType.ARRAY, 4, 4, 1) if type_.holds_maps else None
    return MapSpec("m", ".maps", type_, key, value, entries, int(flags), map_extra=extra, inner=inner)


BROKEN = [
    (broken(MapType.RINGBUF, 4, 0, 4096), "m (ringbuf): a ringbuf has no key, but key_size is 4"),
    (broken(MapType.RINGBUF, 0, 8, 4096), "m (ringbuf): a ringbuf has no values of a size, but value_size is 8"),
    (broken(MapType.QUEUE, 4, 8, 1), "m (queue): a queue has no key, but key_size is 4"),
    (broken(MapType.ARRAY, 8, 8, 1), "m (array): the key of an array has 4 bytes, not 8"),
    (broken(MapType.PERCPU_ARRAY, 2, 8, 1), "m (percpu_array): the key of a percpu_array has 4 bytes, not 2"),
    (broken(MapType.XSKMAP, 8, 4, 1), "m (xskmap): the key of an xskmap has 4 bytes, not 8"),
    (broken(MapType.HASH, 0, 8, 1), "m (hash): key_size is 0"),
    (broken(MapType.HASH, 4, 0, 1), "m (hash): value_size is 0"),
    (broken(MapType.HASH, 4, 8, 0), "m (hash): max_entries is 0"),
    (broken(MapType.PROG_ARRAY, 4, 8, 1), "m (prog_array): its value has 4 bytes, not 8"),
    (broken(MapType.DEVMAP, 4, 6, 1), "m (devmap): its value has 4 or 8 bytes, not 6"),
    (
        broken(MapType.LPM_TRIE, 4, 8, 1, F.NO_PREALLOC),
        "m (lpm_trie): the key of an lpm_trie has 5 to 260 bytes, not 4",
    ),
    (broken(MapType.LPM_TRIE, 8, 8, 1), "m (lpm_trie): an lpm_trie needs the flag BPF_F_NO_PREALLOC"),
    (
        broken(MapType.LRU_HASH, 4, 8, 1, F.NO_PREALLOC),
        "m (lru_hash): an lru_hash is preallocated always: it does not take the flag BPF_F_NO_PREALLOC",
    ),
    (
        broken(MapType.TASK_STORAGE, 4, 8, 1, F.NO_PREALLOC),
        "m (task_storage): storage maps need the flag BPF_F_NO_PREALLOC and no max_entries",
    ),
    (
        broken(MapType.CGROUP_STORAGE, 4, 8, 0),
        "m (cgroup_storage): its key is struct bpf_cgroup_storage_key (16 bytes) or an inode's number (8), not 4 bytes",
    ),
    (
        broken(MapType.CGROUP_STORAGE, 8, 8, 1),
        "m (cgroup_storage): a cgroup_storage grows with the control groups: its max_entries is 0, not 1",
    ),
    (
        broken(MapType.STACK_TRACE, 4, 12, 1),
        "m (stack_trace): value_size is 12, but each frame of a stack takes 8 bytes",
    ),
    (broken(MapType.ARENA, 0, 0, 1), "m (arena): an arena needs the flag BPF_F_MMAPABLE"),
    (
        broken(MapType.ARENA, 0, 0, 1, F.MMAPABLE, 4097),
        "m (arena): map_extra is the address of an arena, which is a multiple of a page, not 0x1001",
    ),
    (
        broken(MapType.BLOOM_FILTER, 0, 8, 1, 0, 16),
        "m (bloom_filter): map_extra is how many hashes a bloom filter makes, at most 15, not 16",
    ),
    (broken(MapType.ARRAY, 4, 8, 1, 0, 3), "m (array): an array does not take a map_extra, which is 3"),
    (
        broken(MapType.HASH, 4, 8, 1, F.MMAPABLE),
        "m (hash): the flag BPF_F_MMAPABLE is for arrays and arenas, not for a hash",
    ),
    (
        broken(MapType.ARRAY, 4, 8, 1, F.NO_PREALLOC),
        "m (array): an array does not take the flag BPF_F_NO_PREALLOC",
    ),
    (broken(MapType.ARRAY, 4, 8, 1, 1 << 25), "m (array): an array does not take the flag 0x2000000"),
    (
        broken(MapType.INODE_STORAGE, 4, 8, 0, F.NO_PREALLOC | F.RDONLY),
        "m (inode_storage): an inode_storage does not take the flag BPF_F_RDONLY",
    ),
    (
        broken(MapType.HASH, 4, 8, 1, F.RDONLY | F.WRONLY),
        "m (hash): a hash cannot have both BPF_F_RDONLY and BPF_F_WRONLY",
    ),
    (
        broken(MapType.ARRAY_OF_MAPS, 4, 8, 1),
        "m (array_of_maps): its value has 4 bytes, not 8",
    ),
]
"""Each breaks one rule; what is said of it, behind `cannot create map`."""


@pytest.mark.parametrize(("spec", "sentence"), BROKEN, ids=[sentence for _, sentence in BROKEN])
def test_the_machine_refuses_what_breaks_a_rule(spec: MapSpec, sentence: str) -> None:
    with pytest.raises(LoadError) as caught:
        MachineRuntime().load(CollectionSpec("x.o", maps={"m": spec}))
    assert caught.value.message == f"cannot create map {sentence}"


def test_a_map_inside_of_a_map_keeps_the_rules_of_its_type_too() -> None:
    outer = broken(MapType.HASH_OF_MAPS, 4, 4, 1)
    outer.inner = MapSpec("", "", MapType.ARRAY, 8, 4, 1)
    with pytest.raises(LoadError, match=r"^cannot create map m \(array\): the key of an array has 4 bytes, not 8$"):
        MachineRuntime().load(CollectionSpec("x.o", maps={"m": outer}))


USUAL = "NUMA_NODE RDONLY WRONLY"
OPEN = f"{USUAL} RDONLY_PROG WRONLY_PROG"
PER_CPU = "RDONLY WRONLY RDONLY_PROG WRONLY_PROG"
TAKEN = {
    MapType.HASH: f"{OPEN} NO_PREALLOC ZERO_SEED",
    MapType.ARRAY: f"{OPEN} MMAPABLE INNER_MAP",
    MapType.PROG_ARRAY: USUAL,
    MapType.PERF_EVENT_ARRAY: f"{USUAL} PRESERVE_ELEMS",
    MapType.PERCPU_HASH: f"{PER_CPU} NO_PREALLOC ZERO_SEED",
    MapType.PERCPU_ARRAY: PER_CPU,
    MapType.STACK_TRACE: f"{USUAL} STACK_BUILD_ID",
    MapType.CGROUP_ARRAY: USUAL,
    MapType.LRU_HASH: f"{OPEN} NO_COMMON_LRU ZERO_SEED",
    MapType.LRU_PERCPU_HASH: f"{PER_CPU} NO_COMMON_LRU ZERO_SEED",
    MapType.LPM_TRIE: f"{OPEN} NO_PREALLOC",
    MapType.ARRAY_OF_MAPS: USUAL,
    MapType.HASH_OF_MAPS: f"{OPEN} NO_PREALLOC ZERO_SEED",
    MapType.DEVMAP: USUAL,
    MapType.SOCKMAP: USUAL,
    MapType.CPUMAP: "NUMA_NODE",
    MapType.XSKMAP: USUAL,
    MapType.SOCKHASH: USUAL,
    MapType.CGROUP_STORAGE: OPEN,
    MapType.REUSEPORT_SOCKARRAY: OPEN,
    MapType.PERCPU_CGROUP_STORAGE: OPEN,
    MapType.QUEUE: OPEN,
    MapType.STACK: OPEN,
    MapType.SK_STORAGE: "NO_PREALLOC CLONE",
    MapType.DEVMAP_HASH: USUAL,
    MapType.STRUCT_OPS: "LINK VTYPE_BTF_OBJ_FD",
    MapType.RINGBUF: "NUMA_NODE RB_OVERWRITE",
    MapType.INODE_STORAGE: "NO_PREALLOC CLONE",
    MapType.TASK_STORAGE: "NO_PREALLOC CLONE",
    MapType.BLOOM_FILTER: f"{OPEN} ZERO_SEED",
    MapType.USER_RINGBUF: "NUMA_NODE",
    MapType.CGRP_STORAGE: "NO_PREALLOC CLONE",
    MapType.ARENA: "MMAPABLE SEGV_ON_FAULT NO_USER_CONV",
    MapType.INSN_ARRAY: "",
}
"""By the checks of each type's map_alloc_check (kernel/bpf, net/core, net/xdp of Linux 6.18; RB_OVERWRITE of 6.19)."""


@pytest.mark.parametrize("kind", TAKEN, ids=lambda kind: kind.name)
def test_which_flags_a_type_takes(kind: MapType) -> None:
    refused = "the flag BPF_F_MMAPABLE is for", "does not take the flag"
    found: list[str] = []
    for flag in MapFlag:
        sentence = broken_rule(Shape(kind, 4, 8, 0, int(flag) | needed(kind))) or ""
        if not any(words in sentence for words in refused):
            found.append(str(flag.name))
    assert sorted(found) == sorted(TAKEN[kind].split())


def needed(kind: MapType) -> int:
    """Return the flags without which there is no map of a type."""
    if kind is MapType.ARENA:
        return F.MMAPABLE
    return F.NO_PREALLOC if kind is MapType.LPM_TRIE or kind.is_local_storage else 0


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        # what is just right, and beside it what is not
        (broken(MapType.LPM_TRIE, 5, 8, 1, F.NO_PREALLOC), None),
        (broken(MapType.LPM_TRIE, 260, 8, 1, F.NO_PREALLOC), None),
        (broken(MapType.LPM_TRIE, 261, 8, 1, F.NO_PREALLOC), "the key of an lpm_trie has 5 to 260 bytes, not 261"),
        (broken(MapType.BLOOM_FILTER, 0, 8, 1, 0, 15), None),
        (broken(MapType.ARENA, 0, 0, 1, F.MMAPABLE, 4096), None),
        (broken(MapType.RINGBUF, 0, 0, 4096), None),
        (broken(MapType.RINGBUF, 0, 0, 1 << 31), None),
        (
            broken(MapType.RINGBUF, 0, 0, 4097),
            "its size, max_entries, is a power of two of at most 2,147,483,648 bytes, not 4,097",
        ),
        (broken(MapType.CGROUP_STORAGE, 8, 8, 0), None),
        (broken(MapType.CGROUP_STORAGE, 16, 8, 0), None),
        (broken(MapType.TASK_STORAGE, 4, 8, 0, F.NO_PREALLOC), None),
        (broken(MapType.TASK_STORAGE, 4, 8, 0), "storage maps need the flag BPF_F_NO_PREALLOC and no max_entries"),
        (broken(MapType.STACK_TRACE, 4, 1016, 1), None),
        (broken(MapType.STACK_TRACE, 4, 64, 1, F.STACK_BUILD_ID), None),
        (
            broken(MapType.STACK_TRACE, 4, 40, 1, F.STACK_BUILD_ID),
            "value_size is 40, but each frame of a stack takes 32 bytes",
        ),
        (
            broken(MapType.HASH, 4, 8, 1, F.RDONLY_PROG | F.WRONLY_PROG),
            "a hash cannot have both BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG",
        ),
        (
            broken(MapType.LRU_HASH, 4, 8, 1, F.NO_COMMON_LRU | F.NUMA_NODE),
            "an lru_hash cannot have both BPF_F_NO_COMMON_LRU and BPF_F_NUMA_NODE",
        ),
        (broken(MapType.QUEUE, 0, 0, 1), "value_size is 0"),
        (broken(MapType.QUEUE, 0, 8, 0), "max_entries is 0"),
        (broken(MapType.STRUCT_OPS, 8, 8, 1), "the key of a struct_ops has 4 bytes, not 8"),
        (broken(MapType.DEVMAP_HASH, 8, 8, 1), "the key of a devmap_hash has 4 bytes, not 8"),
        *(
            (broken(kind, 4, size, 1), None)
            for kind, sizes in (
                (MapType.PROG_ARRAY, (4,)),
                (MapType.PERF_EVENT_ARRAY, (4,)),
                (MapType.CGROUP_ARRAY, (4,)),
                (MapType.XSKMAP, (4,)),
                (MapType.DEVMAP, (4, 8)),
                (MapType.DEVMAP_HASH, (4, 8)),
                (MapType.CPUMAP, (4, 8)),
                (MapType.SOCKMAP, (4, 8)),
                (MapType.SOCKHASH, (4, 8)),
                (MapType.REUSEPORT_SOCKARRAY, (4, 8)),
                (MapType.INSN_ARRAY, (16,)),
            )
            for size in sizes
        ),
    ],
)
def test_what_is_just_right_breaks_no_rule(spec: MapSpec, sentence: str | None) -> None:
    shape = Shape(spec.type, spec.key_size, spec.value_size, spec.max_entries, spec.flags)
    assert broken_rule(shape, spec.map_extra) == sentence
