"""Map: a map of the running kernel, with the face of a Python mapping."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, SupportsIndex, cast

from ..closing import Closing
from ..errors import LoadError, TypeMismatchError, UsageError
from ..maps import TypedMap, Variable
from ..maps.typed import LOCK, pairs_of
from ..spec import MapFlag, MapType
from ..spec.sparse import is_zero
from .host import existing
from .loading.btf import load_btf, prepare
from .loading.create import create_map
from .sys.batch import write_batch
from .sys.elements import Elements
from .sys.explain import explain
from .sys.layouts import BpfMapInfo, MapElement
from .sys.object import KernelObject, fdinfo, object_info, open_id, open_pin, open_to_change, take_over, walk_ids
from .sys.syscall import BpfError, Command, Descriptor, errno_name

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterable, Iterator, Mapping

    from ..btf import Btf, Decoded, Value
    from ..errors import BpftuiError
    from ..maps import ElementError, Shape
    from ..maps.arrays import MapArrays
    from ..spec import MapSpec
    from .sys.batch import Columns
    from .sys.memory import FixedMemory

__all__ = ["Map", "MapInfo", "map_info"]

_WRITES: Final = {
    Command.MAP_UPDATE_ELEM,
    Command.MAP_DELETE_ELEM,
    Command.MAP_UPDATE_BATCH,
    Command.MAP_DELETE_BATCH,
    Command.MAP_LOOKUP_AND_DELETE_ELEM,
    Command.MAP_LOOKUP_AND_DELETE_BATCH,
}
_READS: Final = {
    Command.MAP_LOOKUP_ELEM,
    Command.MAP_GET_NEXT_KEY,
    Command.MAP_LOOKUP_BATCH,
    Command.MAP_LOOKUP_AND_DELETE_ELEM,
    Command.MAP_LOOKUP_AND_DELETE_BATCH,
}
_ONE_WAY: Final = ((MapFlag.RDONLY, "BPF_F_RDONLY", _WRITES), (MapFlag.WRONLY, "BPF_F_WRONLY", _READS))


@dataclass(frozen=True, slots=True)
class MapInfo:
    """`struct bpf_map_info`: what the kernel knows of a map; sizes in bytes. What an older one does not tell is 0."""

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
    key_id: int = 0
    """The key's type in that BTF."""
    value_id: int = 0
    """The value's type in that BTF."""
    kernel_value_id: int = 0
    """The value's type in the kernel's own BTF, of a struct_ops map (Linux 5.6)."""
    map_extra: int = 0
    """Since Linux 5.16."""
    memlock: int = 0
    """Bytes of memory that it takes, roughly; needs /proc."""
    frozen: bool = False
    """Whether user space may no longer change it (Linux 5.2); needs /proc."""


class Map(TypedMap, KernelObject, Closing):
    """A map of the running kernel; it owns a file descriptor, and closes it with its context.

    Args:
        spec: What it was made from.
        descriptor: Its file descriptor, which it owns from now on.
        shape: What was really created: sizes may have been rounded and flags dropped on the way.
        pins: The names in a bpffs that it was found by.
    """

    def __init__(self, spec: MapSpec, descriptor: Descriptor, shape: Shape, pins: Iterable[str] = ()) -> None:
        KernelObject.__init__(self, descriptor, pins)
        self._own_elements = Elements(descriptor, shape)
        TypedMap.__init__(self, spec, self._own_elements)

    @classmethod
    def create(cls, spec: MapSpec) -> Map:
        """Create a map from a spec, of an object or written by hand, and fill it where it is a data section.

        Raises:
            LoadError: The kernel said no, or the spec is not complete.
            FeatureError: The kernel lacks something.
            NoPermissionError: This process may not.
        """
        btf = next((ctype.btf for ctype in (spec.key, spec.value) if ctype is not None), None)
        if btf is None:
            return cls.of_object(spec)
        types = load_btf(prepare(btf, {}))
        try:
            return cls.of_object(spec, btf, types)
        finally:
            types.close()

    @classmethod
    def of_object(cls, spec: MapSpec, btf: Btf | None = None, btf_fd: Descriptor | None = None) -> Map:
        """Create a map of an object whose types are loaded already, and fill a data section.

        A data section can be mapped into memory where the kernel has that (Linux 5.5), and is frozen where programs may
        only read it. Initial entries of maps and programs are the collection's to set, when those exist.

        Args:
            spec: What to create.
            btf: The object's types.
            btf_fd: The same in the kernel; None where it did not take them.

        Raises:
            LoadError, FeatureError, NoPermissionError: The kernel said no.
        """
        descriptor, shape = create_map(spec, btf, btf_fd)
        try:
            created = cls(spec, descriptor, shape)
        except OSError as error:
            descriptor.close()
            raise _not_mapped(error, spec) from error
        try:
            if spec.data is not None and not is_zero(spec.data):
                created.update(bytes(created.key_size), bytes(spec.data))
            if spec.data is not None and spec.read_only:
                created.freeze()
        except BaseException:
            created.close()
            raise
        return created

    @staticmethod
    def ids() -> Iterator[int]:
        """Iterate over the ids of all maps that the kernel has now, whoever loaded them.

        One may be gone when its id is looked up: `from_id` raises UnknownNameError then.

        Raises:
            NoPermissionError: It takes CAP_SYS_ADMIN.
        """
        return walk_ids("map")

    @classmethod
    def from_id(cls, number: int, *, read_only: bool = False) -> Map:
        """Open the map that the kernel knows by this id, as `bpftool map list` shows it.

        Keys and values are typed where the kernel has types for them.

        Args:
            number: The id.
            read_only: Whether the kernel is to refuse to change it by this handle (BPF_F_RDONLY).

        Raises:
            UnknownNameError: There is none.
            NoPermissionError: It takes CAP_SYS_ADMIN.
            LoadError: Its type is newer than bpftui.
        """
        return cls._existing(open_id("map", number, MapFlag.RDONLY if read_only else 0))

    @classmethod
    def to_change(cls, number: int) -> Map:
        """Open a map by its id to change it; where this process may not, its steward opens it if that was hired for it.

        Raises:
            UnknownNameError: There is none.
            NoPermissionError: It takes CAP_SYS_ADMIN, and there is no steward that changes anything.
            LoadError: Its type is newer than bpftui.
        """
        return cls._existing(open_to_change(number))

    @classmethod
    def from_pin(cls, path: str | os.PathLike[str]) -> Map:
        """Open the map that is pinned at a path of a bpffs; errors as for `from_id`, LoadError where it is no map."""
        name = os.fspath(path)
        return cls._existing(open_pin("map", name), [name])

    @classmethod
    def from_fd(cls, fd: SupportsIndex) -> Map:
        """Take over a map's file descriptor, which this object owns from now on: another process may have sent it."""
        return cls._existing(take_over("map", fd))

    @classmethod
    def _existing(cls, descriptor: Descriptor, pins: Iterable[str] = ()) -> Map:
        try:
            info = map_info(descriptor)
            shape = existing.shape_of_info(info, descriptor.name)
            spec = existing.map_spec(info, shape)
            try:
                found = Map(spec, descriptor, shape, pins)
            except OSError:
                # An arena whose address this process has something else at: all but its memory can be used.
                found = Map(spec, descriptor, replace(shape, flags=shape.flags & ~MapFlag.MMAPABLE), pins)
            found.frozen = info.frozen
        except BaseException:
            descriptor.close()
            raise
        return found

    @property
    def id(self) -> int:
        """The kernel's id."""
        return self.info().id

    @property
    def memory(self) -> mmap.mmap | FixedMemory | None:
        """An array's values, 8-byte aligned, or an arena's pages; None for a map that is not mapped into memory."""
        return self._own_elements.memory

    def might_contain(self, value: Value) -> bool:
        """Whether a bloom filter has taken *value*, or so many others that it looks like it: also `value in map`."""
        with self._explained("ask"):
            return self._own_elements.contains(self._value(value))

    def __contains__(self, key: object) -> bool:
        if self.type == MapType.BLOOM_FILTER:
            return self.might_contain(cast("Value", key))
        return super().__contains__(key)

    def next_key(self, key: Value | object | None = None) -> Decoded:
        """Return the key after *key*, without one the first; None after the last.

        After a key that is not there (any more), a hash table begins anew. `items` and `keys` need no care.
        """
        with self._explained("read"):
            following = self._own_elements.next_key(None if key is None else self._key(key))
        return None if following is None else self.codec.decode_key(following)

    def update_batch(self, entries: Mapping[Any, object] | Iterable[tuple[Any, object]], *, flags: int = 0) -> None:
        """Set many entries, in one call where the map can do that. An error may leave some of them set.

        Flags and errors are those of `update`. `update_arrays` is faster by far for many.
        """
        pairs = pairs_of(entries)
        keys = b"".join(self._key(key) for key, _ in pairs)
        values = b"".join(self._value(value) for _, value in pairs)
        self._update_rows(keys, values, len(pairs), flags)

    def update_arrays(self, keys: object, values: object, *, flags: int = 0) -> None:
        """Set many entries from two numpy arrays of the same length, laid out as those of `arrays`.

        Numbers of another width are taken as long as they fit. An error may leave some entries set.

        Raises:
            TypeMismatchError, ValueRangeError: They have another layout, other lengths, or a number that does not fit.
            FeatureError: numpy is not installed: `pip install numpy`.
        """
        from ..maps.arrays import dtype_of, pack

        key_rows, count = pack(keys, dtype_of(self.key, self.key_size), f"keys of {self.name}")
        shape = self.elements.shape
        value_rows, other = pack(values, dtype_of(self.value, self.value_size), f"values of {self.name}", shape)
        if count != other:
            raise TypeMismatchError(f"map {self.name}: {count} keys, but {other} values")
        self._update_rows(key_rows, value_rows, count, flags)

    def delete_batch(self, keys: Iterable[object]) -> None:
        """Remove many entries, named by keys or by a numpy array of keys, in one call where the map can do that.

        One that is not there is a KeyError, and the later ones stay.
        """
        if hasattr(keys, "dtype"):
            from ..maps.arrays import dtype_of, pack

            rows, count = pack(keys, dtype_of(self.key, self.key_size), f"keys of {self.name}")
        else:
            wanted = [self._key(key) for key in keys]
            rows, count = b"".join(wanted), len(wanted)
        size = self.key_size
        done = 0 if self.frozen else write_batch(self.descriptor, Command.MAP_DELETE_BATCH, rows, None, count)
        for index in range(done, count):
            self.delete(self.codec.decode_key(rows[index * size : (index + 1) * size]))

    def lookup_and_delete_batch(self, limit: int | None = None) -> list[tuple[Decoded, Decoded]]:
        """Return entries and delete them in the same step: nothing that programs count meanwhile gets lost.

        Args:
            limit: How many at most, but for the rest of the last hash bucket; all without. What programs add meanwhile
                may stay.

        Raises:
            FeatureError: Its type cannot do that: only hash tables can (Linux 5.6).
        """
        with self._explained("empty", feature="lookup-and-delete in batches on this type of map (Linux 5.6)"):
            found = self._own_elements.take_all(limit)
        return [(self.codec.decode_key(e.key), self.codec.decode_value(e.values)) for e in found.entries]

    def arrays(self, limit: int | None = None) -> MapArrays:
        """Return the entries as numpy arrays, the fast way to read many: a million take some tenths of a second.

        At most *limit* entries, in the order of the map. `bpftui.core.maps.arrays` says how C types are laid out.

        Raises:
            FeatureError: numpy is not installed: `pip install numpy`.
        """
        from ..maps.arrays import MapArrays, dtype_of, unpack

        with self._explained("read"):
            keys, values, partial = self._own_elements.columns(limit)
        key_type, value_type = dtype_of(self.key, self.key_size), dtype_of(self.value, self.value_size)
        return MapArrays(unpack(keys, key_type), unpack(values, value_type, self.elements.shape), partial)

    def columns(self, limit: int | None = None) -> Columns:
        """Return the entries as two rows of bytes, keys and values one behind the other: as fast as `arrays`.

        `memoryview.cast` and `struct.iter_unpack` read them, in the byte order of this machine. A value takes
        `value_size` bytes; of a per-CPU map as many for each possible CPU, rounded up to a multiple of 8.
        At most *limit* entries, in the order of the map.
        """
        with self._explained("read"):
            return self._own_elements.columns(limit)

    def freeze(self) -> None:
        """Make it unchangeable for user space (Linux 5.2); programs may go on writing unless its flags forbid it.

        A map that is mapped into memory cannot be frozen, unless programs may only read it.
        """
        with self._explained("freeze", feature="frozen maps (Linux 5.2)"), self.descriptor as fd:
            MapElement(map_fd=fd).call(Command.MAP_FREEZE)
        self.frozen = True

    def clone(self, spec: MapSpec | None = None) -> Map:
        """Return another handle on the same map, to be closed by itself; with a *spec* seen as that declares it."""
        with self.descriptor as fd:
            twin = Map(spec or self.spec, Descriptor(os.dup(fd), self.descriptor.name), self.elements.shape)
        twin.frozen, twin.shared = self.frozen, self.shared
        return twin

    def info(self) -> MapInfo:
        """Ask the kernel about it (BPF_OBJ_GET_INFO_BY_FD, and /proc)."""
        return map_info(self.descriptor)

    def variables(self) -> dict[str, Variable]:
        """Return the variables in it, by name, where it is a data section whose types the kernel has; else none.

        Of a collection's own sections those of the object are in its `variables`. This is for a map that somebody else
        loaded: `Map.from_id(7).variables()["level"].set(3)`.
        """
        return {spec.name: Variable(spec, self) for spec in existing.variable_specs(self.info(), self.spec)}

    def close(self) -> None:
        """Unmap and close it; a second call does nothing. The kernel keeps it while programs use it."""
        self.descriptor.close()

    def _update_rows(self, keys: bytes, values: bytes, count: int, flags: int) -> None:
        """Set entries in one call, and one by one where the kernel stops: that says what is the matter with which."""
        key_size, value_size = self.key_size, self.elements.shape.moved_size
        done = 0
        if not self.frozen and not flags & ~LOCK:  # the only flag of an update that batches know
            done = write_batch(self.descriptor, Command.MAP_UPDATE_BATCH, keys, values, count, flags)
        for index in range(done, count):
            key = keys[index * key_size : (index + 1) * key_size]
            value = values[index * value_size : (index + 1) * value_size]
            self._update(key or None, value, flags, self.codec.decode_key(key))

    def reference_to(self, value: object, size: int) -> bytes | None:
        """Return the descriptor that stands for an object of the kernel: of BPF's, a socket, an open file."""
        fileno = getattr(value, "fileno", None)
        return cast("int", fileno()).to_bytes(size, sys.byteorder) if callable(fileno) else None

    def refused(self, error: ElementError, doing: str, feature: str) -> BpftuiError:
        """Return what the kernel's refusal means on this machine."""
        assert isinstance(error, BpfError)
        if error.errno == errno.EPERM:
            for flag, named, commands in _ONE_WAY:
                if self.elements.shape.flags & flag and error.command in commands:
                    return UsageError(f"cannot {doing}: it was created with {named}, which forbids that (EPERM)")
            if error.command in _WRITES and fdinfo(self.descriptor).get("frozen"):
                return UsageError(f"cannot {doing}: it is frozen (EPERM)")
        return explain(error, doing, feature=feature)


def map_info(descriptor: Descriptor) -> MapInfo:
    """Return what the kernel says of the map behind a descriptor."""
    info = object_info(descriptor, BpfMapInfo())
    told = fdinfo(descriptor)
    kernel_value_id, btf_id, key_id, value_id, map_extra = info.read(
        "btf_vmlinux_value_type_id", "btf_id", "btf_key_type_id", "btf_value_type_id", "map_extra"
    )
    return MapInfo(
        *info.read("type", "id", "key_size", "value_size", "max_entries", "map_flags", "name"),
        btf_id=btf_id,
        key_id=key_id,
        value_id=value_id,
        kernel_value_id=kernel_value_id,
        map_extra=map_extra,
        memlock=told.get("memlock", 0),
        frozen=bool(told.get("frozen", 0)),
    )


def _not_mapped(error: OSError, spec: MapSpec) -> LoadError:
    """Return the error for an arena that cannot be mapped. Without that no program that uses it is loaded."""
    doing = f"cannot map {spec.name} (arena) into memory"
    if error.errno == errno.EEXIST:
        reason = f"this process uses the address {spec.map_extra:#x} already, which its map_extra asks for"
        return LoadError(
            f"{doing}: {reason}", hint="close what was loaded from the same object, or leave map_extra out"
        )
    return LoadError(f"{doing}: {os.strerror(error.errno or 0).lower()} ({errno_name(error.errno or 0)})")
