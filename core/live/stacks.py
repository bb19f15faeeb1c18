"""Stacks: the stack traces that maps of a collection hold, and whose they are.

A map of type stack_trace has them by ids. Whoever collected them put the ids into other maps, mostly with the process
beside it: `{pid, user_stack_id, kernel_stack_id}`. That tells in whose memory the addresses are.
"""

from __future__ import annotations

import errno
import re
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf import types as t
from ..errors import BpftuiError
from ..maps.stacks import calls_in
from ..uapi import MapType
from .fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..runtime import Collection, Entry
    from ..runtime.stacks import Frame, Stack
    from ..spec import MapSpec
    from .field import Field, Of
    from .sampler import Sample

__all__ = ["StackPlace", "Stacks"]

_STACK_ID: Final = re.compile(
    r"(?:^|.*_)(?:[ku]|kern|kernel|user)?_?stack_?(?:trace)?_?(?:id|nr|key)?(?:_[ku])?", re.IGNORECASE
)
"""What integers are called that are ids of stacks: `stack_id`, `kstack`, `user_stack_id`, `w_k_stack_id`."""
_PROCESSES: Final = ("tgid", "pid_tgid", "pid", "tid")
"""What integers are called that name a process, the best first: a `pid` may be a thread's, which is as good."""
_ONE_WORD: Final = re.compile(r"\b([ku])(?=stack)")
_SHORT: Final = {"u": "user", "k": "kernel", "kern": "kernel"}
_COMMON: Final = frozenset(("", "stack", "stacks", "id", "stackid", "trace", "traces", "map"))
_BETWEEN: Final = " < "
"""Between the names of a stack in one line: who was called, and by whom."""


class StackPlace(NamedTuple):
    """Where a stack is that an id stands for."""

    map: str
    """The map of type stack_trace."""
    id: int
    """Below 0 there is none: it is an error of `bpf_get_stackid`."""
    process: int = 0
    """The pid of whose it is; 0 where nobody knows."""

    @property
    def problem(self) -> str:
        """What the program was told in place of a stack: `-EEXIST`; empty where there is one."""
        return f"-{errno.errorcode.get(-self.id, str(-self.id))}" if self.id < 0 else ""

    @property
    def key(self) -> bytes:
        """The key of its entry; empty where there is none."""
        return b"" if self.id < 0 else self.id.to_bytes(4, sys.byteorder)


class _IdField(NamedTuple):
    """An integer that is the id of a stack."""

    map: str
    """The map that has the stack."""
    field: Field
    process: Field | None
    """What tells whose it is, in the same entry."""

    def place(self, entry: Entry) -> StackPlace:
        """Return which stack it means in an entry."""
        number = _integer(self.field, entry)
        if number >> 31:  # an unsigned integer that an error was put into, or one of 64 bits
            number = number - (1 << 8 * self.field.size) if number > 0 else number
        process = 0
        if self.process is not None:
            process = _integer(self.process, entry)
            process = process >> 32 if self.process.size == 8 and process >> 32 else process & 0xFFFFFFFF
        # What no errno can be is no id either: it is somebody's number that is called like one.
        return StackPlace(self.map, number if number >> 32 in (0, -1) else -errno.EINVAL, process)


class Stacks:
    """Finds and names the stacks of a collection.

    Args:
        collection: Has the maps, and knows names.
    """

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        maps = {name: each for name, each in collection.spec.maps.items() if name in collection.maps}
        self._flags = {name: each.flags for name, each in maps.items() if each.type is MapType.STACK_TRACE}
        self._ids: dict[str, dict[tuple[Of, str], _IdField]] = {}
        for name, spec in maps.items() if self._flags else ():
            if found := _id_fields(spec, self._flags):
                self._ids[name] = {(each.field.of, each.field.path): each for each in found}
        self._sample: Sample | None = None
        self._owners: dict[tuple[str, int], int] | None = None
        self._texts: dict[str, dict[tuple[bytes, ...], str]] = {}
        self._names: dict[StackPlace, str] = {}

    def __bool__(self) -> bool:
        """Whether there are any: a map for them."""
        return bool(self._flags)

    @property
    def maps(self) -> Iterable[str]:
        """The maps that hold stacks."""
        return self._flags

    def concerns(self, name: str) -> bool:
        """Whether a map holds stacks or their ids: then what stands in its fields may have to be looked up."""
        return name in self._flags or name in self._ids

    def note(self, sample: Sample) -> None:
        """Take from a sample whose stacks are which."""
        if sample is not self._sample:
            self._sample, self._owners = sample, None

    def prepare(self, name: str, entries: Iterable[Entry]) -> None:
        """Name what stands in the fields of some entries, for `text` and `name_of`; belongs into a thread."""
        if name in self._flags:
            self._texts[name] = {(each.key, *each.values): self._line(name, each) for each in entries}
        elif name in self._ids:
            places = {found.place(each) for each in entries for found in self._ids[name].values()}
            self._names = {each: self._name(each) for each in places}

    def is_id(self, name: str, field: Field) -> bool:
        """Whether a field of a map is the id of a stack."""
        return (field.of, field.path) in self._ids.get(name, ())

    def place(self, name: str, field: Field, entry: Entry) -> StackPlace | None:
        """Return the stack that a field of a map's entry is the id of; None for other fields."""
        found = self._ids.get(name, {}).get((field.of, field.path))
        return None if found is None else found.place(entry)

    def own_place(self, name: str, entry: Entry) -> StackPlace:
        """Return the stack that an entry of a map of stacks is."""
        number = int.from_bytes(entry.key, sys.byteorder)
        return StackPlace(name, number, self._owner(name, number))

    def name_of(self, place: StackPlace) -> str:
        """Return what is called where a stack ends, its latest function; of none the error."""
        found = self._names.get(place)
        return self._name(place) if found is None else found

    def text(self, name: str, entry: Entry) -> str:
        """Return a stack in one line: `do_nanosleep < hrtimer_nanosleep < …`."""
        found = self._texts.get(name, {}).get((entry.key, *entry.values))
        return self._line(name, entry) if found is None else found

    def of_entry(self, name: str, entry: Entry) -> Stack:
        """Return the stack that an entry is of a map of stacks."""
        return self._stack(entry, self.own_place(name, entry))

    def addresses(self, name: str, raw: bytes) -> str:
        """Return a stack in one line without names."""
        return " ".join(map(str, calls_in(raw, self._flags[name])))

    def find(self, place: StackPlace) -> Stack | None:
        """Return a stack as it is now; None where there is none of that id, or no more."""
        entry = self.collection.maps[place.map].entry(place.key) if place.id >= 0 else None
        return None if entry is None else self._stack(entry, place)

    def _stack(self, entry: Entry, place: StackPlace) -> Stack:
        calls = calls_in(entry.values[0], self._flags[place.map])
        return self.collection.symbols.stack(calls, place.process or self._owner(place.map, place.id))

    def _line(self, name: str, entry: Entry) -> str:
        return _BETWEEN.join(map(_short, self.of_entry(name, entry).frames))

    def _name(self, place: StackPlace) -> str:
        if place.problem:
            return place.problem
        entry = self._entry(place)
        frames = () if entry is None else self._stack(entry, place).frames
        return _short(frames[0]) if frames else ""

    def _entry(self, place: StackPlace) -> Entry | None:
        try:
            return self.collection.maps[place.map].entry(place.key)
        except BpftuiError:
            return None

    def _owner(self, name: str, number: int) -> int:
        """Return whose a stack is, as far as the last sample tells; 0 where it does not."""
        if self._owners is None:
            self._owners = dict(self._owned())
        return self._owners.get((name, number), 0)

    def _owned(self) -> Iterator[tuple[tuple[str, int], int]]:
        """Iterate over the ids of stacks that stand beside a process in the last sample: map, id, and pid."""
        for name, ids in self._ids.items():
            snapshot = None if self._sample is None else self._sample.maps.get(name)
            for entry in () if snapshot is None else snapshot.entries:
                for place in (each.place(entry) for each in ids.values()):
                    if place.id >= 0 and place.process:
                        yield (place.map, place.id), place.process


def _id_fields(spec: MapSpec, maps: Mapping[str, int]) -> list[_IdField]:
    """Return the fields of a map that are ids of stacks in some *maps*."""
    if spec.type is MapType.STACK_TRACE or spec.is_data or (spec.key is None and spec.value is None):
        return []
    all_ = fields_of(spec).all
    known = [each for each in all_ if _is_integer(each) and not (spec.type.per_cpu and each.of == "value")]
    tellers = [each for each in known if _process_rank(each) is not None]
    found: list[_IdField] = []
    for each in known:
        name = _last(each)
        if _STACK_ID.fullmatch(name):
            # In `{w_tgid, w_k_stack_id, t_tgid, …}` what begins alike belongs together.
            best = max(tellers, key=lambda one: (_alike(name, _last(one)), -(_process_rank(one) or 0)), default=None)
            found.append(_IdField(_map_of(name, maps), each, best))
    return found


def _map_of(name: str, maps: Iterable[str]) -> str:
    """Return which map a stack is in whose id has a name: of several that whose name has most words in common."""
    return max(maps, key=lambda each: len(_words(name) & _words(each)))


def _words(name: str) -> frozenset[str]:
    """Return the words of a name but those that all stacks have: `user` of `ustack`, `file` of `file_stack_id`."""
    words = _ONE_WORD.sub(r"\1_", name.lower()).split("_")
    return frozenset(_SHORT.get(each, each) for each in words) - _COMMON


def _last(field: Field) -> str:
    """Return the name of a field alone: `pid` of `.who.pid`."""
    return field.path.rpartition(".")[2]


def _alike(one: str, other: str) -> int:
    """Return how many characters two names begin alike with."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


def _process_rank(field: Field) -> int | None:
    """Return how good a field is at telling a process, 0 for the best; None where it does not."""
    name = _last(field)
    ranks = (rank for rank, each in enumerate(_PROCESSES) if name == each or name.endswith(f"_{each}"))
    return next(ranks, None)


def _is_integer(field: Field) -> bool:
    ctype = field.type
    return ctype is not None and isinstance(ctype.stripped, t.Int) and field.size in (4, 8) and not ctype.bit_size


def _integer(field: Field, entry: Entry) -> int:
    assert field.type is not None
    limits = field.type.limits
    raw = field.wholes(entry)[0][field.offset : field.offset + field.size]
    return int.from_bytes(raw, field.type.btf.byte_order, signed=limits is not None and limits[0] < 0)


def _short(frame: Frame) -> str:
    return frame.name or str(frame)
