"""Rust's enums with data: which variant a value is, and values of `char`.

BTF has the variants as a union and does not say which value of the discriminant means which of them; it has no
`char`, and `()` is an integer of no bytes (LLVM 22's BTFDebug.cpp). DWARF says all of it (DWARF 5, section 5.7.10), and
so these types are known where an object has DWARF: `bpftui.core.dwarf` fills in `Btf.variants`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from . import types as t

if TYPE_CHECKING:
    from .btf import Btf

__all__ = ["Character", "Variant", "VariantPart", "is_character", "lacks"]

_LAST_SCALAR: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)


class VariantPart(NamedTuple):
    """How a struct that is an enum with data tells which of its members it is."""

    names: dict[int, str]
    """By the value of the discriminant, as its bits are: the variant's name."""
    default: str = ""
    """The variant of all other values, where its own data is the discriminant (`Some` of an `Option<&T>`); or the only
    one, of an enum that needs no discriminant. Empty for none."""
    offset: int = 0
    """Where the discriminant is, in bytes from the start of the struct."""
    size: int = 0
    """Its size in bytes; 0 for an enum that has none."""

    @property
    def variants(self) -> list[str]:
        """The names of all variants."""
        return [*self.names.values(), *([self.default] if self.default else [])]

    def active(self, btf: Btf, raw: bytes) -> str | None:
        """Return the variant that the bytes of a struct are; None for none."""
        number = int.from_bytes(raw[self.offset : self.offset + self.size], btf.byte_order)
        return self.names.get(number, self.default) or None

    def number(self, name: str) -> int | None:
        """Return the discriminant of a variant; None for that of all other values."""
        return next((number for number, known in self.names.items() if known == name), None)


class Variant(dict[str, Any]):
    """A value of an enum with data: the one variant that it is, and its members (as serde writes it to JSON)."""

    __slots__ = ("enum",)

    enum: str
    """The name of the enum."""

    @classmethod
    def of(cls, enum: str, name: str, members: Any) -> Self:
        """Return the value that is that variant."""
        found = cls({name: members})
        found.enum = enum
        return found

    @property
    def label(self) -> str:
        """Which it is, as Rust writes it: `Choice::C`."""
        return f"{self.enum}::{next(iter(self), '')}"

    def __reduce__(self) -> tuple[Any, ...]:
        return Variant.of, (self.enum, *next(iter(self.items())))


class Character(str):
    """A `char` of Rust: a Unicode scalar value, shown in single quotes."""

    __slots__ = ()

    @classmethod
    def of(cls, number: int) -> Self | int:
        """Return the character of that number; the number where it is none."""
        return cls(chr(number)) if 0 <= number <= _LAST_SCALAR and number not in _SURROGATES else number


def is_character(found: t.BtfType) -> bool:
    """Whether a type is Rust's `char`: C's has one byte."""
    return isinstance(found, t.Int) and found.is_char and found.size == 4


def lacks(btf: Btf, type_id: int) -> bool:
    """Whether BTF does not say all about values of a type: `char` and `()` are missing, or what variants mean."""
    seen, waiting = {0}, [type_id]
    while waiting:
        here = waiting.pop()
        found = btf.strip(here)
        match found:
            case t.Void() | t.Int(size=0):
                return True
            case t.Array():
                inner = [found.element]
            case t.Composite():
                if any(not m.name and not m.bit_size and _is_number(btf, m.type_id) for m in found.members):
                    return True
                inner = [member.type_id for member in found.members]
            case _:
                continue
        if 0 in inner:
            return True
        waiting += [each for each in inner if each not in seen]
        seen.update(inner)
    return False


def _is_number(btf: Btf, type_id: int) -> bool:
    return isinstance(btf.strip(type_id), t.Int | t.Enum)
