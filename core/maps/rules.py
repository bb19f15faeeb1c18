"""The rules of each type of map, as the kernel's `map_alloc_check` and `map_alloc` have them (Linux 6.18).

The kernel answers EINVAL to all of them; this says which it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..spec import MapFlag, MapType

if TYPE_CHECKING:
    from .shape import Shape

__all__ = ["STORAGE", "broken_rule", "named"]

_T = MapType
STORAGE: Final = frozenset({_T.SK_STORAGE, _T.INODE_STORAGE, _T.TASK_STORAGE, _T.CGRP_STORAGE})
"""What belongs to sockets, inodes, tasks, control groups."""
_OF_CGROUPS: Final = frozenset({_T.CGROUP_STORAGE, _T.PERCPU_CGROUP_STORAGE})
_STREAMS: Final = frozenset({_T.RINGBUF, _T.USER_RINGBUF})
_KEYLESS: Final = frozenset({_T.QUEUE, _T.STACK, _T.BLOOM_FILTER, _T.ARENA, *_STREAMS})
_VALUELESS: Final = frozenset({_T.ARENA, *_STREAMS})
_INDEXED: Final = frozenset(
    {
        _T.ARRAY,
        _T.PERCPU_ARRAY,
        _T.PROG_ARRAY,
        _T.PERF_EVENT_ARRAY,
        _T.CGROUP_ARRAY,
        _T.STACK_TRACE,
        _T.ARRAY_OF_MAPS,
        _T.DEVMAP,
        _T.DEVMAP_HASH,
        _T.SOCKMAP,
        _T.CPUMAP,
        _T.XSKMAP,
        _T.REUSEPORT_SOCKARRAY,
        *STORAGE,
    }
)
"""Keys of 4 bytes: an index, or the descriptor of what the entry belongs to."""
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
}
"""Types whose values stand for something: how many bytes they may have."""
_SMALLEST_TRIE, _LARGEST_TRIE = 5, 260
"""A prefix length of 4 bytes, then 1 to 256 of data."""


def named(type_: MapType) -> str:
    """Return `an array`, `a hash`, `an lpm_trie`: the article follows how it is spoken."""
    return f"{'an' if type_.label.startswith(_SPOKEN_VOWEL) else 'a'} {type_.label}"


_SPOKEN_VOWEL: Final = ("ar", "in", "lpm", "lru", "xsk")


def broken_rule(shape: Shape) -> str | None:
    """Return the rule of its type that a map breaks, as a clause; None where none of those that are known."""
    return _broken_flags(shape) or _broken_sizes(shape)


def _broken_flags(shape: Shape) -> str | None:
    preallocated = not shape.flags & MapFlag.NO_PREALLOC
    match shape.type:
        case _T.LPM_TRIE if preallocated:
            return "an lpm_trie needs the flag BPF_F_NO_PREALLOC"
        case kind if kind in STORAGE and (preallocated or shape.max_entries):
            return "storage maps need the flag BPF_F_NO_PREALLOC and no max_entries"
        case _T.LRU_HASH | _T.LRU_PERCPU_HASH if not preallocated:
            return f"{named(shape.type)} is preallocated always: it does not take the flag BPF_F_NO_PREALLOC"
        case _T.ARENA if not shape.flags & MapFlag.MMAPABLE:
            return "an arena needs the flag BPF_F_MMAPABLE"
        case kind if shape.flags & MapFlag.RDONLY and shape.flags & MapFlag.WRONLY:
            return f"{named(kind)} cannot have both BPF_F_RDONLY and BPF_F_WRONLY"
        case kind if shape.flags & MapFlag.MMAPABLE and kind not in (_T.ARRAY, _T.ARENA, _T.INSN_ARRAY):
            return f"the flag BPF_F_MMAPABLE is for arrays and arenas, not for {named(kind)}"
        case _:
            return None


def _broken_sizes(shape: Shape) -> str | None:
    kind, key, value = shape.type, shape.key_size, shape.value_size
    if kind in _KEYLESS and key:
        return f"{named(kind)} has no key, but key_size is {key}"
    if kind in _VALUELESS and value:
        return f"{named(kind)} has no values of a size, but value_size is {value}"
    if kind in _INDEXED and key != 4:
        return f"the key of {named(kind)} has 4 bytes, not {key}"
    if kind == _T.LPM_TRIE and not _SMALLEST_TRIE <= key <= _LARGEST_TRIE:
        return f"the key of an lpm_trie has {_SMALLEST_TRIE} to {_LARGEST_TRIE} bytes, not {key}"
    if kind in _OF_CGROUPS and key not in (8, 16):
        return f"its key is struct bpf_cgroup_storage_key (16 bytes) or an inode's number (8), not {key} bytes"
    if kind not in _KEYLESS and key == 0:
        return "key_size is 0"
    if kind in _VALUES and value not in _VALUES[kind]:
        return f"its value has {' or '.join(map(str, _VALUES[kind]))} bytes, not {value}"
    if kind not in _VALUELESS and value == 0:
        return "value_size is 0"
    if kind == _T.STACK_TRACE and value % _of_frame(shape):
        return f"value_size is {value}, but each frame of a stack takes {_of_frame(shape)} bytes"
    if kind in _OF_CGROUPS and shape.max_entries:
        return f"{named(kind)} grows with the control groups: its max_entries is 0, not {shape.max_entries}"
    if kind in _STREAMS and shape.max_entries & (shape.max_entries - 1):
        return f"its size, max_entries, is a power of two of at most {1 << 31:,} bytes, not {shape.max_entries:,}"
    if kind not in STORAGE | _OF_CGROUPS and shape.max_entries == 0:
        return "max_entries is 0"
    return None


def _of_frame(shape: Shape) -> int:
    """Return the bytes of an address, or of a `struct bpf_stack_build_id`."""
    return 32 if shape.flags & MapFlag.STACK_BUILD_ID else 8
