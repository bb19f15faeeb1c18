"""Between a map's typed keys and values and their bytes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ..errors import TypeMismatchError, ValueRangeError
from ..uapi import MapType
from .stacks import calls_value

if TYPE_CHECKING:
    from ..btf import CType, Decoded, Value
    from ..spec import MapSpec
    from .shape import Shape

__all__ = ["Codec"]


class Codec:
    """Encodes and decodes the keys and values of one map.

    Args:
        spec: Has the C types, where BTF has them; without one, keys and values are bytes.
        shape: Has the sizes.
    """

    def __init__(self, spec: MapSpec, shape: Shape) -> None:
        self._spec = spec
        self._shape = shape

    def encode_key(self, key: Value) -> bytes:
        """Return a key's bytes; ValueRangeError or TypeMismatchError when it does not fit."""
        return _encode(key, self._spec.key, self._shape.key_size, f"key of {self._spec.name}")

    def encode_value(self, value: Value) -> bytes:
        """Return a value's bytes as bpf(2) moves them; for a per-CPU map it is a list, one value for each CPU."""
        name = f"value of {self._spec.name}"
        if not self._shape.per_cpu:
            return self._encode_one(value, name)
        cpus = self._shape.cpus
        if not isinstance(value, list) or len(value) != cpus:
            raise TypeMismatchError(f"{name} is a list of {cpus} values, one for each possible CPU of this machine")
        return self._shape.join([self._encode_one(one, f"{name}[{i}]") for i, one in enumerate(value)])

    def decode_key(self, raw: bytes) -> Decoded:
        """Return the key that the bytes stand for."""
        return raw if self._spec.key is None else self._spec.key.decode(raw)

    def decode_value(self, values: tuple[bytes, ...]) -> Decoded:
        """Return the value that an entry's bytes stand for.

        A list for a per-CPU map, an id for maps of objects, and of a stack trace the addresses, the most recent first.
        """
        decoded: list[Value] = [self._decode_one(raw) for raw in values]
        return decoded if self._shape.per_cpu else decoded[0]

    def _encode_one(self, value: Value, name: str) -> bytes:
        return _encode(value, self._spec.value, self._shape.value_size, name)

    def _decode_one(self, raw: bytes) -> Decoded:
        if self._shape.gives_ids:
            return int.from_bytes(raw, sys.byteorder)
        if self._shape.type is MapType.STACK_TRACE:
            return calls_value(raw, self._shape.flags)
        return raw if self._spec.value is None else self._spec.value.decode(raw)


def _encode(value: Value, type_: CType | None, size: int, name: str) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        if len(value) != size:
            raise ValueRangeError(f"the {name} takes {size} bytes, not {len(value)}")
        return bytes(value)
    if type_ is None:
        raise TypeMismatchError(f"the {name} has no type information: it takes {size} bytes")
    return type_.encode(value, name=name)
