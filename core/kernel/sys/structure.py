"""Structs that bpf(2) reads and writes: fields by name, where the kernel has them."""

from __future__ import annotations

import ctypes
import functools
import struct
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

from ...errors import LoadError
from ...uapi import MapFlag
from .syscall import buffer, call

if TYPE_CHECKING:
    from .syscall import Buffer, Command

__all__ = ["Attribute", "Creation", "Field", "Structure", "characters", "octets", "pointer", "u8", "u32", "u64"]


class Field:
    """A field of a `Structure`: a descriptor that reads and writes the structure's memory.

    Args:
        offset: Bytes from the structure's start.
        form: The field as `struct` has it.
        path: The field's name in C, with the named members that it is in, where that is not the attribute's name.
    """

    def __init__(self, offset: int, form: str, path: str = "") -> None:
        self.offset = offset
        self.form = form
        self.path = path
        self.packing = struct.Struct(f"={form}")

    def __set_name__(self, owner: type[Structure], name: str) -> None:
        self.path = self.path or name

    @property
    def size(self) -> int:
        """In bytes."""
        return self.packing.size

    def __get__(self, owner: Structure | None, kind: type[Structure]) -> Any:
        return self if owner is None else self.packing.unpack_from(owner.memory, self.offset)[0]

    def __set__(self, owner: Structure, value: Any) -> None:
        try:
            self.packing.pack_into(owner.memory, self.offset, value)
        except struct.error:
            bits = self.size * 8
            raise LoadError(f"bpf(2) takes a number of {bits} bits there, and {value} does not fit") from None


class _Characters(Field):
    def __get__(self, owner: Structure | None, kind: type[Structure]) -> Any:
        found = super().__get__(owner, kind)
        return self if owner is None else self.text(found)

    @staticmethod
    def text(raw: bytes) -> str:
        """Return the name that is in such a field."""
        return raw.split(b"\0")[0].decode("utf-8", "replace")

    def __set__(self, owner: Structure, value: str) -> None:
        super().__set__(owner, value.encode())


class _Pointer(Field):
    def __get__(self, owner: Structure | None, kind: type[Structure]) -> Any:
        if owner is None:
            return self
        return owner.kept.get(self.path) if super().__get__(owner, kind) else None

    def __set__(self, owner: Structure, value: Buffer | None) -> None:
        if value is not None:
            owner.kept[self.path] = value
        super().__set__(owner, 0 if value is None else ctypes.addressof(value))


def u8(offset: int, path: str = "") -> Any:
    """Return a number of 8 bits."""
    return Field(offset, "B", path)


def u32(offset: int, path: str = "") -> Any:
    """Return a number of 32 bits; LoadError on setting it to what does not fit: it would be another to the kernel."""
    return Field(offset, "I", path)


def u64(offset: int, path: str = "") -> Any:
    """Return a number of 64 bits; errors as for `u32`."""
    return Field(offset, "Q", path)


def octets(offset: int, size: int, path: str = "") -> Any:
    """Return *size* bytes."""
    return Field(offset, f"{size}s", path)


def characters(offset: int, size: int, path: str = "") -> Any:
    """Return a name of at most *size* bytes, the NUL behind it included."""
    return _Characters(offset, f"{size}s", path)


def pointer(offset: int, path: str = "") -> Any:
    """Return a pointer to a buffer, which the structure keeps alive; None where it is null."""
    return _Pointer(offset, "Q", path)


@dataclass_transform(kw_only_default=True)
class Structure:
    """Memory with named fields, all 0 at first; a subclass declares them, and can be given their values by name.

    It reaches to the end of its last field: what a kernel lacks may be there as long as it is 0, and what a kernel has
    beyond is 0 to it.
    """

    PATH: ClassVar[str]
    """What it describes in C: a type, and the members in it that lead there (`bpf_attr.link_create.netfilter`)."""
    fields: ClassVar[dict[str, Field]] = {}
    """By name, those of the classes that it extends among them."""
    total_size: ClassVar[int] = 0
    """In bytes."""

    __slots__ = ("kept", "memory")

    def __init_subclass__(cls) -> None:
        own = {name: found for name, found in vars(cls).items() if isinstance(found, Field)}
        cls.fields = cls.fields | own
        cls.total_size = max((field.offset + field.size for field in cls.fields.values()), default=0)

    def __init__(self, **values: Any) -> None:
        self.memory = buffer(self.total_size)
        self.kept: dict[str, Buffer] = {}
        for name, value in values.items():
            self.fields[name].__set__(self, value)

    @classmethod
    def packing(cls, *names: str) -> struct.Struct:
        """Return what packs some fields, in ascending order, at once: for calls that are made very often."""
        form, end = "=", 0
        for field in (cls.fields[name] for name in names):
            form += f"{field.offset - end}x{field.form}"
            end = field.offset + field.size
        return struct.Struct(form)

    def read(self, *names: str) -> tuple[Any, ...]:
        """Return some fields, in ascending order, at once: in half the time that they take one by one.

        Pointers are not among them.
        """
        packing, texts = _reading(type(self), names)
        found = list(packing.unpack_from(self.memory))
        for place in texts:
            found[place] = _Characters.text(found[place])
        return tuple(found)


@functools.cache
def _reading(kind: type[Structure], names: tuple[str, ...]) -> tuple[struct.Struct, list[int]]:
    """Return what unpacks some fields, and which of them are texts."""
    texts = [place for place, name in enumerate(names) if isinstance(kind.fields[name], _Characters)]
    return kind.packing(*names), texts


class Attribute(Structure):
    """A `union bpf_attr`, as one command has it."""

    def call(self, command: Command) -> int:
        """Make the system call; see the function of that name. What creates something goes through `create`."""
        return call(command, self.memory)


class Creation(Attribute):
    """The attribute of a command that creates something, which may take a token."""

    COMMAND: ClassVar[Command]
    FLAGS: ClassVar[str]
    TOKEN: ClassVar[str]
    """The names of the fields."""

    def create(self, token: int | None = None) -> int:
        """Make the call, with a token's descriptor where there is one."""
        if token is not None:
            flags = self.fields[self.FLAGS]
            flags.__set__(
                self, flags.__get__(self, type(self)) | MapFlag.TOKEN_FD
            )  # the same bit in all three commands
            self.fields[self.TOKEN].__set__(self, token)
        return self.call(self.COMMAND)
