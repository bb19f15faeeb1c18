"""The rules of each type of map, as the kernel's `map_alloc_check` and `map_alloc` have them (Linux 6.18).

The kernel answers EINVAL to all of them (ENOTSUPP to an LRU hash that is not preallocated), and this says which it was;
the built-in machine refuses what breaks one. Of types that are newer the rules are those of their first version:
`insn_array` of Linux 6.19, and `rhash`.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Final

from ..spec import MapFlag, MapType
from .stacks import frame_size

if TYPE_CHECKING:
    from .shape import Shape

__all__ = ["broken_rule"]

_T = MapType
_F = MapFlag
_KEYLESS: Final = frozenset({_T.QUEUE, _T.STACK, _T.BLOOM_FILTER, _T.ARENA, _T.RINGBUF, _T.USER_RINGBUF})
_VALUELESS: Final = frozenset({_T.ARENA, _T.RINGBUF, _T.USER_RINGBUF})
_NUMBERED: Final = frozenset({_T.STACK_TRACE, _T.DEVMAP_HASH, _T.STRUCT_OPS})
"""Types whose keys are numbers of 4 bytes, too, and no indices below max_entries."""
_VALUES: Final[dict[MapType, tuple[int, ...]]] = {
    _T.PROG_ARRAY: (4,),
    _T.PERF_EVENT_ARRAY: (4,),
    _T.CGROUP_ARRAY: (4,),
    _T.ARRAY_OF_MAPS: (4,),
    _T.HASH_OF_MAPS: (4,),
    _T.XSKMAP: (4,),
    _T.DEVMAP: (4, 8),
    _T.DEVMAP_HASH: (4, 8),
    _T.CPUMAP: (4, 8),
    _T.SOCKMAP: (4, 8),
    _T.SOCKHASH: (4, 8),
    _T.REUSEPORT_SOCKARRAY: (4, 8),
    _T.INSN_ARRAY: (16,),
}
"""Types whose values stand for something: how many bytes they may have."""
_USUAL: Final = _F.NUMA_NODE | _F.RDONLY | _F.WRONLY
_BY_PROGRAMS: Final = _F.RDONLY_PROG | _F.WRONLY_PROG
_FLAGS: Final[dict[MapType, MapFlag]] = {
    _T.HASH: _F.NO_PREALLOC | _F.ZERO_SEED | _USUAL | _BY_PROGRAMS,
    _T.ARRAY: _F.MMAPABLE | _F.INNER_MAP | _USUAL | _BY_PROGRAMS,
    _T.PERF_EVENT_ARRAY: _F.PRESERVE_ELEMS | _USUAL,
    _T.PERCPU_HASH: _F.NO_PREALLOC | _F.ZERO_SEED | _F.RDONLY | _F.WRONLY | _BY_PROGRAMS,
    _T.PERCPU_ARRAY: _F.RDONLY | _F.WRONLY | _BY_PROGRAMS,
    _T.STACK_TRACE: _F.STACK_BUILD_ID | _USUAL,
    _T.LRU_HASH: _F.NO_COMMON_LRU | _F.ZERO_SEED | _USUAL | _BY_PROGRAMS,
    _T.LRU_PERCPU_HASH: _F.NO_COMMON_LRU | _F.ZERO_SEED | _F.RDONLY | _F.WRONLY | _BY_PROGRAMS,
    _T.LPM_TRIE: _F.NO_PREALLOC | _USUAL | _BY_PROGRAMS,
    _T.HASH_OF_MAPS: _F.NO_PREALLOC | _F.ZERO_SEED | _USUAL | _BY_PROGRAMS,
    _T.CPUMAP: _F.NUMA_NODE,
    _T.CGROUP_STORAGE: _USUAL | _BY_PROGRAMS,
    _T.REUSEPORT_SOCKARRAY: _USUAL | _BY_PROGRAMS,
    _T.PERCPU_CGROUP_STORAGE: _USUAL | _BY_PROGRAMS,
    _T.QUEUE: _USUAL | _BY_PROGRAMS,
    _T.STACK: _USUAL | _BY_PROGRAMS,
    _T.SK_STORAGE: _F.NO_PREALLOC | _F.CLONE,
    _T.STRUCT_OPS: _F.LINK | _F.VTYPE_BTF_OBJ_FD,
    _T.RINGBUF: _F.NUMA_NODE | _F.RB_OVERWRITE,
    _T.INODE_STORAGE: _F.NO_PREALLOC | _F.CLONE,
    _T.TASK_STORAGE: _F.NO_PREALLOC | _F.CLONE,
    _T.BLOOM_FILTER: _F.ZERO_SEED | _USUAL | _BY_PROGRAMS,
    _T.USER_RINGBUF: _F.NUMA_NODE,
    _T.CGRP_STORAGE: _F.NO_PREALLOC | _F.CLONE,
    _T.ARENA: _F.MMAPABLE | _F.SEGV_ON_FAULT | _F.NO_USER_CONV,
    _T.INSN_ARRAY: _F(0),
    _T.RHASH: _F.NO_PREALLOC | _USUAL | _BY_PROGRAMS,
}
"""The flags that a type takes; those that are not listed take `_USUAL`. RB_OVERWRITE is of Linux 6.19."""
_SMALLEST_TRIE, _LARGEST_TRIE = 5, 260
"""A prefix length of 4 bytes, then 1 to 256 of data."""
_MOST_HASHES: Final = 15


def broken_rule(shape: Shape, map_extra: int = 0) -> str | None:
    """Return the rule of its type that a map breaks, as a clause; None where none of those that are known."""
    return _broken_flags(shape) or _broken_sizes(shape) or _broken_extra(shape.type, map_extra)


def _broken_flags(shape: Shape) -> str | None:
    kind, flags = shape.type, MapFlag(shape.flags)
    if kind in (_T.LPM_TRIE, _T.RHASH) and _F.NO_PREALLOC not in flags:
        return f"{kind.with_article} needs the flag BPF_F_NO_PREALLOC"
    if kind.is_local_storage and (_F.NO_PREALLOC not in flags or shape.max_entries):
        return "storage maps need the flag BPF_F_NO_PREALLOC and no max_entries"
    if kind.is_lru and _F.NO_PREALLOC in flags:
        return f"{kind.with_article} is preallocated always: it does not take the flag BPF_F_NO_PREALLOC"
    if kind is _T.ARENA and _F.MMAPABLE not in flags:
        return "an arena needs the flag BPF_F_MMAPABLE"
    if _F.MMAPABLE in flags and kind not in (_T.ARRAY, _T.ARENA):
        return f"the flag BPF_F_MMAPABLE is for arrays and arenas, not for {kind.with_article}"
    if strange := shape.flags & ~int(_FLAGS.get(kind, _USUAL)):
        return f"{kind.with_article} does not take the flag {_text(strange)}"
    for both in (_F.RDONLY | _F.WRONLY, _BY_PROGRAMS, _F.NO_COMMON_LRU | _F.NUMA_NODE):
        if both in flags:
            return f"{kind.with_article} cannot have both {' and '.join(_text(each) for each in both)}"
    return None


def _text(flags: int) -> str:
    """Return the lowest of some flags as the kernel names it, or as a number where it has no name."""
    lowest = MapFlag(flags & -flags)
    return f"{lowest:#x}" if lowest.name is None else f"BPF_F_{lowest.name}"


def _broken_sizes(shape: Shape) -> str | None:
    kind, key, value = shape.type, shape.key_size, shape.value_size
    if kind in _KEYLESS and key:
        return f"{kind.with_article} has no key, but key_size is {key}"
    if kind in _VALUELESS and value:
        return f"{kind.with_article} has no values of a size, but value_size is {value}"
    if (kind.is_indexed or kind.is_local_storage or kind in _NUMBERED) and key != 4:
        return f"the key of {kind.with_article} has 4 bytes, not {key}"
    if kind == _T.LPM_TRIE and not _SMALLEST_TRIE <= key <= _LARGEST_TRIE:
        return f"the key of an lpm_trie has {_SMALLEST_TRIE} to {_LARGEST_TRIE} bytes, not {key}"
    if kind.is_cgroup_storage and key not in (8, 16):
        return f"its key is struct bpf_cgroup_storage_key (16 bytes) or an inode's number (8), not {key} bytes"
    if kind not in _KEYLESS and key == 0:
        return "key_size is 0"
    if kind in _VALUES and value not in _VALUES[kind]:
        return f"its value has {' or '.join(map(str, _VALUES[kind]))} bytes, not {value}"
    if kind not in _VALUELESS and value == 0:
        return "value_size is 0"
    if kind == _T.STACK_TRACE and value % (frame := frame_size(shape.flags)):
        return f"value_size is {value}, but each frame of a stack takes {frame} bytes"
    if kind.is_cgroup_storage and shape.max_entries:
        return f"{kind.with_article} grows with the control groups: its max_entries is 0, not {shape.max_entries}"
    if kind.is_ring and shape.max_entries & (shape.max_entries - 1):
        return f"its size, max_entries, is a power of two of at most {1 << 31:,} bytes, not {shape.max_entries:,}"
    if not (kind.is_local_storage or kind.is_cgroup_storage) and shape.max_entries == 0:
        return "max_entries is 0"
    return None


def _broken_extra(kind: MapType, map_extra: int) -> str | None:
    match kind:
        case _T.BLOOM_FILTER if map_extra > _MOST_HASHES:
            return f"map_extra is how many hashes a bloom filter makes, at most {_MOST_HASHES}, not {map_extra}"
        case _T.ARENA if map_extra % mmap.PAGESIZE:
            return f"map_extra is the address of an arena, which is a multiple of a page, not {map_extra:#x}"
        case _T.BLOOM_FILTER | _T.ARENA | _T.RHASH:
            return None
        case _:
            return f"{kind.with_article} does not take a map_extra, which is {map_extra}" if map_extra else None
