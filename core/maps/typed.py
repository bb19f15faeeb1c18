"""TypedMap: the face of a Python mapping for a map of any runtime."""

from __future__ import annotations

import contextlib
import errno
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from ..errors import PartialError, TypeMismatchError, UsageError, ValueRangeError
from ..runtime import Entry, MapSnapshot
from ..uapi import MapFlag, MapType
from ..visible import visible
from .codec import Codec

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from ..btf import CType, Decoded, Value
    from ..errors import BpftuiError
    from ..spec import MapSpec
    from .shape import Shape

__all__ = ["ANY", "EXIST", "LOCK", "NOEXIST", "ElementError", "Elements", "TypedMap", "pairs_of"]

ANY: Final = 0
NOEXIST: Final = 1
EXIST: Final = 2
LOCK: Final = 4
"""Flags of an update: `BPF_ANY`, `BPF_NOEXIST` only a new entry, `BPF_EXIST` only one that is there, `BPF_F_LOCK`."""


def pairs_of(entries: Mapping[Any, object] | Iterable[tuple[Any, object]]) -> list[tuple[Any, object]]:
    """Return the entries that an update in a batch is given."""
    return list(cast("Mapping[Any, object]", entries).items() if isinstance(entries, Mapping) else entries)


class ElementError(Exception):
    """A runtime said no to an operation on a map. Internal: TypedMap turns it into a sentence for the user.

    Args:
        number: errno, as bpf(2) has it.
        text: What was asked for.
    """

    def __init__(self, number: int, text: str = "") -> None:
        super().__init__(text or errno.errorcode.get(number, str(number)))
        self.errno = number


class Elements(Protocol):
    """A map's elements as bytes. Every method may raise ElementError; a key is None for queues and stacks."""

    @property
    def shape(self) -> Shape:
        """Type, flags, sizes in bytes and the number of entries."""
        ...

    def lookup(self, key: bytes | None, *, flags: int = 0) -> bytes | None:
        """Return the value at *key*; None where there is none. Of a per-CPU map the values of all CPUs."""
        ...

    def take(self, key: bytes | None) -> bytes | None:
        """Look the value up and delete its entry in one step."""
        ...

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        """Set the value at *key*."""
        ...

    def delete(self, key: bytes) -> None:
        """Delete the entry at *key*."""
        ...

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        """Read at most *limit* entries; a map without entries that could be listed gives none."""
        ...

    def count(self, within: float | None = None) -> tuple[int, bool]:
        """Count the entries for at most *within* seconds; return how many were found, and whether those are all."""
        ...

    def scan(self) -> Iterator[Sequence[Entry]]:
        """Iterate over the entries, some thousands at a time; of one that changes meanwhile some may come twice."""
        ...

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the first value."""
        ...

    def write_at(self, offset: int, raw: bytes) -> None:
        """Overwrite bytes of the first value."""
        ...


class TypedMap(ABC):
    """A map with the face of a Python mapping.

    Keys and values are Python values of their C types where BTF has them; bytes are always possible. Where there are
    no types, they are bytes. A per-CPU map's value is a list with one value for each possible CPU. Maps of maps and
    of programs give ids and take maps and programs.

    Args:
        spec: What it was made from.
        elements: Where its entries are.
    """

    def __init__(self, spec: MapSpec, elements: Elements) -> None:
        self.spec = spec
        self.elements = elements
        self.codec = Codec(spec, elements.shape)
        self.frozen = False
        """Whether user space may no longer change it."""
        self.shared = ""
        """Who else may have it, as a clause; empty for a map that its collection made for itself alone."""

    def __repr__(self) -> str:
        return f"<Map {visible(self.name)} {self.type.label}>"

    @property
    def name(self) -> str:
        """The name in the object, in full."""
        return self.spec.name

    @property
    def type(self) -> MapType:
        """The kernel's type."""
        return self.elements.shape.type

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
    def unreadable(self) -> str | None:
        """Why its entries cannot be listed, as a clause; None when they can."""
        return self.elements.shape.unreadable

    @abstractmethod
    def reference_to(self, value: object, size: int) -> bytes | None:
        """Return what stands for a map, a program or the like in *size* bytes; None for any other value."""

    @abstractmethod
    def refused(self, error: ElementError, doing: str, feature: str) -> BpftuiError:
        """Return the error for what the runtime refused.

        Args:
            error: What it said.
            doing: What was tried, as it follows "cannot".
            feature: What it lacks if it does not support this.
        """

    def lookup(self, key: Value | object, *, flags: int = 0) -> Decoded:
        """Return the value at *key*; with the flag 4 (BPF_F_LOCK) under the value's spin lock.

        What belongs to a socket, task, inode or control group has that as its key: anything with a `fileno()`.

        Raises:
            KeyError: There is none.
        """
        with self._explained("read"):
            return self._found(key, self.elements.lookup(self._key(key), flags=flags))

    def lookup_and_delete(self, key: Value | object) -> Decoded:
        """Return the value at *key* and delete the entry in one step (Linux 5.14); KeyError when there is none."""
        with self._explained("read", feature="lookup-and-delete on this type of map (Linux 5.14)"):
            return self._found(key, self.elements.take(self._key(key)))

    def update(self, key: Value | object, value: Value | object, flags: int = 0) -> None:
        """Set the value at *key*.

        Args:
            key: The key.
            value: The value; for maps of maps, programs, sockets and other objects such a one, with its `fileno()`.
            flags: 0 any, 1 only a new entry, 2 only an existing one (BPF_ANY, BPF_NOEXIST, BPF_EXIST); 4 in addition
                takes the value's spin lock (BPF_F_LOCK).

        Raises:
            KeyError: BPF_EXIST, and there is none.
            UsageError: BPF_NOEXIST, and there is one; or the map is frozen.
            LoadError: The map is full.
        """
        self._update(self._key(key), self._value(value), flags, key)

    def update_batch(self, entries: Mapping[Any, object] | Iterable[tuple[Any, object]], *, flags: int = 0) -> None:
        """Set many entries. Flags and errors are those of `update`; an error may leave some of them set."""
        for key, value in pairs_of(entries):
            self.update(key, value, flags)

    def delete(self, key: Value | object) -> None:
        """Remove the entry at *key*; KeyError when there is none."""
        if self.type.is_array:
            raise UsageError(f"map {self.name} is an array: its entries can be set to 0, but not deleted")
        with self._explained("change", key):
            self.elements.delete(self._key(key))

    def push(self, value: Value) -> None:
        """Put a value onto a queue or stack, or into a bloom filter."""
        self._update(None, self.codec.encode_value(value), 0)

    def peek(self) -> Decoded:
        """Return the value that a queue or stack would give next; IndexError when it is empty."""
        with self._explained("read"):
            return self._next(self.elements.lookup(None))

    def pop(self) -> Decoded:
        """Take the next value from a queue or stack; IndexError when it is empty."""
        with self._explained("read"):
            return self._next(self.elements.take(None))

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        """Read the entries as bytes, at most *limit* of them, in batches or from memory where that is possible.

        Entries that come and go meanwhile may or may not be among them. The reading ends after twice `max_entries`
        keys at the latest, and says when it is partial. Of a map without entries to list, a note says why; of a queue
        or stack there is the value that it would give next.
        """
        with self._explained("read"):
            if self.unreadable is None:
                return self.elements.snapshot(limit)
            if not self.type.is_queue:
                return MapSnapshot((), note=self.unreadable)
            upcoming = self.elements.lookup(None)
            return MapSnapshot((), note=self.unreadable, upcoming=upcoming, is_counted=upcoming is None)

    def count(self, within: float | None = None) -> tuple[int, bool]:
        """Count the entries for at most *within* seconds; return how many were found, and whether those are all.

        A map of a million takes some tenths of a second. What comes and goes meanwhile may or may not be counted. A
        count that takes longer is gone on with the next time; meanwhile, that of the last one that ended stands.
        """
        if self.unreadable is not None:
            return 0, False
        with self._explained("read"):
            return self.elements.count(within)

    def entry(self, key: bytes) -> Entry | None:
        """Read one entry as bytes; None where there is none at *key*."""
        with self._explained("read", key):
            try:
                raw = self.elements.lookup(key)
            except ElementError as error:
                if error.errno in (errno.ENOENT, errno.E2BIG):  # an index beyond the end
                    return None
                raise
        return None if raw is None else Entry(key, self.elements.shape.split(raw))

    def scan(self) -> Iterator[Sequence[Entry]]:
        """Iterate over the entries as bytes, some thousands at a time, so that millions are never held at once.

        Entries that come and go meanwhile may or may not be among them, or be there twice in a map that is no hash
        table. It ends after twice `max_entries` keys at the latest.
        """
        if self.unreadable is not None:
            return
        with self._explained("read"):
            yield from self.elements.scan()

    @property
    def cpus(self) -> int:
        """How many values an entry has: one, or of a per-CPU map one for each possible CPU."""
        return self.elements.shape.cpus if self.elements.shape.per_cpu else 1

    @property
    def fixed(self) -> str:
        """Why user space cannot change its entries, as a clause; empty where it can."""
        kind = self.type.label
        if self.frozen:
            return "it is frozen: its contents can no longer be changed"
        if self.elements.shape.flags & MapFlag.RDONLY:
            return "it was created with BPF_F_RDONLY, which forbids that"
        if self.unreadable is not None:
            return self.unreadable
        if self.type.holds_objects:
            return f"the entries of a map of type {kind} are not numbers but maps, programs or sockets"
        if self.type is MapType.STACK_TRACE:
            return f"the kernel itself fills a map of type {kind}"
        return ""

    def items(self) -> Iterator[tuple[Decoded, Decoded]]:
        """Iterate over typed entries, as they were when the iteration began.

        Raises:
            PartialError: After the last of them, when the map changed too fast to be read to its end.
        """
        for entry in self._entries():
            yield self.codec.decode_key(entry.key), self.codec.decode_value(entry.values)

    def keys(self) -> Iterator[Decoded]:
        """Iterate over typed keys; PartialError as for `items`."""
        return iter(self)

    def values(self) -> Iterator[Decoded]:
        """Iterate over typed values."""
        return (value for _, value in self.items())

    def get(self, key: Value | object, default: Value | None = None) -> Decoded:
        """Return the value at *key*, or *default*."""
        try:
            return self.lookup(key)
        except KeyError:
            return default

    def __getitem__(self, key: Value | object) -> Decoded:
        return self.lookup(key)

    def __setitem__(self, key: Value | object, value: Value | object) -> None:
        self.update(key, value)

    def __delitem__(self, key: Value | object) -> None:
        self.delete(key)

    def __iter__(self) -> Iterator[Decoded]:
        return (self.codec.decode_key(entry.key) for entry in self._entries())

    def __contains__(self, key: object) -> bool:
        try:
            self.lookup(key)
        except (KeyError, TypeMismatchError, ValueRangeError):
            return False
        return True

    def __len__(self) -> int:
        return len(self.snapshot().entries)

    def __bool__(self) -> bool:
        # An empty map is a map: counting its entries to find that out would be an expensive surprise.
        return True

    def _entries(self) -> Iterator[Entry]:
        found = self.snapshot()
        yield from found.entries
        if found.partial:
            raise PartialError(
                f"map {self.name} changed too fast to be read to its end: there may be more entries than these "
                f"{len(found.entries)}",
                hint="read it again, or take what there is: snapshot() says whether it is partial",
            )

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

    def _key(self, key: Value | object) -> bytes:
        owner = self.reference_to(key, self.key_size) if self.elements.shape.belongs else None
        return self.codec.encode_key(cast("Value", key)) if owner is None else owner

    def _value(self, value: Value | object) -> bytes:
        reference = self.reference_to(value, self.value_size)
        return self.codec.encode_value(cast("Value", value)) if reference is None else reference

    def _found(self, key: Value | object, raw: bytes | None) -> Decoded:
        if raw is None:
            raise KeyError(key)
        return self.codec.decode_value(self.elements.shape.split(raw))

    def _next(self, raw: bytes | None) -> Decoded:
        if raw is None:
            raise IndexError(f"map {self.name} is empty")
        return self.codec.decode_value((raw,))

    def _update(self, key: bytes | None, value: bytes, flags: int, shown: Value | object = b"") -> None:
        if self.frozen:
            raise self._frozen()
        with self._explained("change", shown):
            self.elements.update(key, value, flags)

    def _frozen(self) -> UsageError:
        return UsageError(f"map {self.name} is frozen: its contents can no longer be changed")

    @contextlib.contextmanager
    def _explained(self, doing: str, key: Value | object = b"", *, feature: str = "") -> Generator[None]:
        """Turn what the runtime says into what Python and the user understand."""
        try:
            yield
        except ElementError as error:
            if error.errno == errno.ENOENT:
                raise KeyError(key) from None
            if error.errno == errno.EEXIST:
                raise UsageError(f"map {self.name} has an entry with the key {key!r} already") from None
            if error.errno == errno.E2BIG and self.type.is_indexed:
                index = int.from_bytes(key, sys.byteorder) if isinstance(key, bytes) else key
                count = "1 entry" if self.max_entries == 1 else f"{self.max_entries:,} entries"
                reason = f"map {self.name} has {count}: there is none with the index {index!r}"
                raise ValueRangeError(reason) from None
            raise self.refused(error, f"{doing} map {self.name}", feature) from error
