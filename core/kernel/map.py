"""Map: a map of the running kernel, with the face of a Python mapping."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ..maps import TypedMap
from .elements import Elements
from .explain import explain
from .objects import object_info, pin
from .program import Program
from .syscall import UNSUPPORTED, Attr, BpfError, Command, Descriptor, buffer

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterable

    from ..btf import Value
    from ..errors import BpftuiError
    from ..maps import ElementError, Shape
    from ..spec import MapSpec
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


class Map(TypedMap):
    """A map of the running kernel; it owns a file descriptor.

    Args:
        spec: What it was made from.
        descriptor: Its file descriptor, which it owns from now on.
        shape: What was really created: sizes may have been rounded and flags dropped on the way.
    """

    def __init__(self, spec: MapSpec, descriptor: Descriptor, shape: Shape) -> None:
        self.descriptor = descriptor
        self._own_elements = Elements(descriptor, shape)
        super().__init__(spec, self._own_elements)

    @property
    def id(self) -> int:
        """The kernel's id."""
        return self.info().id

    @property
    def memory(self) -> mmap.mmap | FixedMemory | None:
        """An array's values, 8-byte aligned, or an arena's pages; None for a map that is not mapped into memory."""
        return self._own_elements.memory

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

    def reference_to(self, value: object) -> bytes | None:
        """Return the descriptor that stands for a map or a program of the kernel."""
        if not isinstance(value, Map | Program):
            return None
        with value.descriptor as fd:
            return fd.to_bytes(4, sys.byteorder)

    def refused(self, error: ElementError, doing: str, feature: str) -> BpftuiError:
        """Return what the kernel's refusal means on this machine."""
        assert isinstance(error, BpfError)
        return explain(error, doing, feature=feature)
