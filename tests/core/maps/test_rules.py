"""What the kernel refuses, the built-in machine refuses by the same rules: one map that breaks each of them.

`tests/kernel/test_map_rules.py` asks the kernel the same.
"""

from __future__ import annotations

import pytest

from bpftui.core.errors import LoadError
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
