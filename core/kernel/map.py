"""Map: a map of the running kernel, with the face of a Python mapping."""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ..errors import TypeMismatchError, UsageError, ValueRangeError
from ..spec import MapType
from .codec import Codec
from .elements import Elements
from .explain import explain
from .objects import object_info, pin
from .program import Program
from .syscall import UNSUPPORTED, Attr, BpfError, Command, Descriptor, buffer

if TYPE_CHECKING:
    import mmap
    from collections.abc import Generator, Iterable, Iterator

    from ..btf import CType, Value
    from ..runtime import MapSnapshot
    from ..spec import MapSpec
    from .elements import Shape
    from .memory import FixedMemory

__all__ = ["Map", "MapInfo"]


@dataclass(frozen=True, slots=True)
class MapInfo:
    """`struct bpf_map_info`: what the kernel knows of a map; sizes in bytes."""

    type: int
    id: int
    key_size: int
    value_size: int
    max_entries: int
    flags: int
    name: str
    """At most 15 characters."""
    btf_id: int
    """The BTF that its types are in; 0 where it was created without."""


class Map:
    """A map of the running kernel; it owns a file descriptor.

    Keys and values are Python values of their C types where BTF has them; bytes are always possible. Where there are
    no types, they are bytes. A per-CPU map's value is a list with one value for each possible CPU. Maps of maps and
    of programs give ids and take `Map` and `Program` objects.

    Args:
        spec: What it was made from.
        descriptor: Its file descriptor, which it owns from now on.
        shape: What was really created: sizes may have been rounded and flags dropped on the way.
    """

    def __init__(self, spec: MapSpec, descriptor: Descriptor, shape: Shape) -> None:
        self.spec = spec
        self.descriptor = descriptor
        self.elements = Elements(descriptor, shape)
        self.codec = Codec(spec, shape)
        self.frozen = False
        """Whether user space may no longer change it."""

    def __repr__(self) -> str:
        return f"<Map {self.name} {self.type.label}>"

    @property
    def name(self) -> str:
        """The name in the object, in full."""
        return self.spec.name

    @property
    def type(self) -> MapType:
        """The kernel's type."""
        return self.elements.shape.type

    @property
    def id(self) -> int:
        """The kernel's id."""
        return self.info().id

    @property
    def key_size(self) -> int:
        """In bytes."""
        return self.elements.shape.key_size

    @property
    def value_size(self) -> int:
        """In bytes; of one CPU's value where there is one for each."""
        return self.elements.shape.value_size

    @property
    def max_entries(self) -> int:
        """How many entries it can hold; for ring buffers and arenas its size, as the kernel counts it."""
        return self.elements.shape.max_entries

    @property
    def key(self) -> CType | None:
        """The key's C type."""
        return self.spec.key

    @property
    def value(self) -> CType | None:
        """The value's C type."""
        return self.spec.value

    @property
    def memory(self) -> mmap.mmap | FixedMemory | None:
        """An array's values, 8-byte aligned, or an arena's pages; None for a map that is not mapped into memory."""
        return self.elements.memory

    @property
    def unreadable(self) -> str | None:
        """Why its entries cannot be listed, as a clause; None when they can."""
        return self.elements.shape.unreadable

    def lookup(self, key: Value, *, flags: int = 0) -> Value:
        """Return the value at *key*; with the flag 4 (BPF_F_LOCK) under the value's spin lock.

        Raises:
            KeyError: There is none.
        """
        with self._explained("read"):
            return self._found(key, self.elements.lookup(self.codec.encode_key(key), flags=flags))

    def lookup_and_delete(self, key: Value) -> Value:
        """Return the value at *key* and delete the entry in one step (Linux 5.14); KeyError when there is none."""
        with self._explained("read", feature="lookup-and-delete on this type of map (Linux 5.14)"):
            return self._found(key, self.elements.take(self.codec.encode_key(key)))

    def update(self, key: Value, value: Value | Map | Program, flags: int = 0) -> None:
        """Set the value at *key*.

        Args:
            key: The key.
            value: The value; a Map or a Program for maps of such.
            flags: 0 any, 1 only a new entry, 2 only an existing one (BPF_ANY, BPF_NOEXIST, BPF_EXIST); 4 in addition
                takes the value's spin lock (BPF_F_LOCK).

        Raises:
            KeyError: BPF_EXIST, and there is none.
            UsageError: BPF_NOEXIST, and there is one; or the map is frozen.
            LoadError: The map is full.
        """
        raw = self.codec.encode_key(key)
        if isinstance(value, Map | Program):
            with value.descriptor as fd:
                self._update(raw, fd.to_bytes(4, sys.byteorder), flags, key)
        else:
            self._update(raw, self.codec.encode_value(value), flags, key)

    def delete(self, key: Value) -> None:
        """Remove the entry at *key*; KeyError when there is none."""
        if self.type in (MapType.ARRAY, MapType.PERCPU_ARRAY):
            raise UsageError(f"map {self.name} is an array: its entries can be set to 0, but not deleted")
        with self._explained("change", key):
            self.elements.delete(self.codec.encode_key(key))

    def update_batch(self, entries: Mapping[Value, Value] | Iterable[tuple[Value, Value]]) -> None:
        """Set many entries, in one call where the map can do that. An error may leave some of them set."""
        pairs = list(cast("Mapping[Value, Value]", entries).items() if isinstance(entries, Mapping) else entries)
        keys = [self.codec.encode_key(key) for key, _ in pairs]
        values = [self.codec.encode_value(value) for _, value in pairs]
        done = self._batch(Command.MAP_UPDATE_BATCH, keys, values)
        for index in range(done, len(pairs)):
            self._update(keys[index], values[index], 0, pairs[index][0])

    def delete_batch(self, keys: Iterable[Value]) -> None:
        """Remove many entries. One that is not there is a KeyError, and the later ones stay."""
        wanted = list(keys)
        done = self._batch(Command.MAP_DELETE_BATCH, [self.codec.encode_key(key) for key in wanted], None)
        for key in wanted[done:]:
            self.delete(key)

    def push(self, value: Value) -> None:
        """Put a value onto a queue or stack, or into a bloom filter."""
        self._update(None, self.codec.encode_value(value), 0)

    def peek(self) -> Value:
        """Return the value that a queue or stack would give next; IndexError when it is empty."""
        with self._explained("read"):
            return self._next(self.elements.lookup(None))

    def pop(self) -> Value:
        """Take the next value from a queue or stack; IndexError when it is empty."""
        with self._explained("read"):
            return self._next(self.elements.take(None))

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        """Read the entries as bytes, at most *limit* of them, in batches or from memory where that is possible.

        Entries that come and go meanwhile may or may not be among them. The reading ends after twice `max_entries`
        keys at the latest, and says when it is partial. `unreadable` says which maps have no entries to list.
        """
        with self._explained("read"):
            return self.elements.snapshot(limit)

    def items(self) -> Iterator[tuple[Value, Value]]:
        """Iterate over typed entries, as they were when the iteration began."""
        for entry in self.snapshot().entries:
            yield self.codec.decode_key(entry.key), self.codec.decode_value(entry.values)

    def keys(self) -> Iterator[Value]:
        """Iterate over typed keys."""
        return iter(self)

    def values(self) -> Iterator[Value]:
        """Iterate over typed values."""
        return (value for _, value in self.items())

    def get(self, key: Value, default: Value | None = None) -> Value | None:
        """Return the value at *key*, or *default*."""
        try:
            return self.lookup(key)
        except KeyError:
            return default

    def __getitem__(self, key: Value) -> Value:
        return self.lookup(key)

    def __setitem__(self, key: Value, value: Value | Map | Program) -> None:
        self.update(key, value)

    def __delitem__(self, key: Value) -> None:
        self.delete(key)

    def __iter__(self) -> Iterator[Value]:
        return (self.codec.decode_key(entry.key) for entry in self.snapshot().entries)

    def __contains__(self, key: object) -> bool:
        try:
            self.lookup(cast("Value", key))
        except (KeyError, TypeMismatchError, ValueRangeError):
            return False
        return True

    def __len__(self) -> int:
        return len(self.snapshot().entries)

    def __bool__(self) -> bool:
        # An empty map is a map: counting its entries to find that out would be an expensive surprise.
        return True

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the first value: from memory where it is mapped, else from a copy of the whole value."""
        with self._explained("read"):
            return self.elements.read_at(offset, size)

    def write_at(self, offset: int, raw: bytes) -> None:
        """Overwrite bytes of the first value; without mapped memory, the whole value is written back."""
        if self.frozen:
            raise self._frozen()
        with self._explained("change"):
            self.elements.write_at(offset, raw)

    def freeze(self) -> None:
        """Make it unchangeable for user space (Linux 5.2); programs may go on writing unless its flags forbid it."""
        with self._explained("freeze", feature="frozen maps (Linux 5.2)"), self.descriptor as fd:
            Attr(4).u32(0, fd).call(Command.MAP_FREEZE)
        self.frozen = True

    def clone(self) -> Map:
        """Return another handle on the same map, to be closed by itself."""
        with self.descriptor as fd:
            twin = Map(self.spec, Descriptor(os.dup(fd), self.descriptor.name), self.elements.shape)
        twin.frozen = self.frozen
        return twin

    def pin(self, path: str | os.PathLike[str]) -> None:
        """Give it a name in a bpffs, by which others find it and which keeps it alive."""
        pin(self.descriptor, path)

    def info(self) -> MapInfo:
        """Ask the kernel about it (BPF_OBJ_GET_INFO_BY_FD)."""
        raw = object_info(self.descriptor, 88)
        name = raw[24:40].split(b"\0")[0].decode()
        return MapInfo(*struct.unpack_from("=6I", raw), name=name, btf_id=struct.unpack_from("=I", raw, 64)[0])

    def close(self) -> None:
        """Unmap and close it; a second call does nothing. The kernel keeps it while programs use it."""
        self.descriptor.close()

    def _found(self, key: Value, raw: bytes | None) -> Value:
        if raw is None:
            raise KeyError(key)
        return self.codec.decode_value(self.elements.shape.split(raw))

    def _next(self, raw: bytes | None) -> Value:
        if raw is None:
            raise IndexError(f"map {self.name} is empty")
        return self.codec.decode_value((raw,))

    def _update(self, key: bytes | None, value: bytes, flags: int, shown: Value = b"") -> None:
        if self.frozen:
            raise self._frozen()
        with self._explained("change", shown):
            self.elements.update(key, value, flags)

    def _frozen(self) -> UsageError:
        return UsageError(f"map {self.name} is frozen: its contents can no longer be changed")

    def _batch(self, command: Command, keys: list[bytes], values: list[bytes] | None) -> int:
        """Make one call for many entries, and return how many the kernel dealt with before it stopped."""
        if not keys or self.frozen:
            return 0
        attr = Attr(56).pointer(16, buffer(b"".join(keys)))
        attr.pointer(24, None if values is None else buffer(b"".join(values)))
        try:
            with self.descriptor as fd:
                attr.u32(32, len(keys), fd).call(command)
        except BpfError as error:
            return 0 if error.errno in UNSUPPORTED else min(attr.get(32), len(keys) - 1)
        return len(keys)

    @contextlib.contextmanager
    def _explained(self, doing: str, key: Value = b"", *, feature: str = "") -> Generator[None]:
        """Turn what the kernel says into what Python and the user understand."""
        try:
            yield
        except BpfError as error:
            array = self.type in (MapType.ARRAY, MapType.PERCPU_ARRAY)
            if error.errno == errno.ENOENT:
                raise KeyError(key) from None
            if error.errno == errno.EEXIST:
                raise UsageError(f"map {self.name} has an entry with the key {key!r} already") from None
            if error.errno == errno.E2BIG and array:
                reason = f"map {self.name} has {self.max_entries} entries: there is none with the index {key!r}"
                raise ValueRangeError(reason) from None
            raise explain(error, f"{doing} map {self.name}", feature=feature) from error
