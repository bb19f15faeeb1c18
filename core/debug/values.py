"""Values: integers, pointers and what BTF describes, as expressions have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm.arithmetic import signed as as_signed
from ..btf import CType, Decoded
from ..btf import types as t

if TYPE_CHECKING:
    from ..btf import Btf, ByteOrder

__all__ = ["INT", "S64", "U64", "VOID", "Kind", "Value", "kind_named", "kind_of", "pointer_to", "value_of"]

_SCALARS: Final = {
    "char": (1, True),
    "bool": (1, False),
    "_Bool": (1, False),
    "short": (2, True),
    "int": (4, True),
    "long": (8, True),
    "long long": (8, True),
    "unsigned": (4, False),
    "unsigned char": (1, False),
    "unsigned short": (2, False),
    "unsigned int": (4, False),
    "unsigned long": (8, False),
    "unsigned long long": (8, False),
    **{
        f"{sign}{bits}": (bits // 8, sign in ("s", "__s"))
        for sign in ("u", "s", "__u", "__s")
        for bits in (8, 16, 32, 64)
    },
    **{f"{sign}int{bits}_t": (bits // 8, not sign) for sign in ("u", "") for bits in (8, 16, 32, 64)},
    **{f"__{order}{bits}": (bits // 8, False) for order in ("be", "le") for bits in (16, 32, 64)},
}
"""Sizes in bytes and signs of integers, by the names that need no declaration."""


class Kind(NamedTuple):
    """A type: an integer, a pointer, or what BTF describes."""

    size: int
    """In bytes; 0 where it is not known."""
    signed: bool = False
    ctype: CType | None = None
    """What BTF says of it."""
    pointed: Kind | None = None
    """Of a pointer that BTF does not describe, what it leads to."""
    text: str = ""
    """As C writes it."""

    @property
    def target(self) -> Kind | None:
        """Of a pointer, what it leads to, `VOID` where that is not known; None for what is no pointer."""
        found = None if self.ctype is None else self.ctype.stripped
        if self.ctype is None or not isinstance(found, t.Pointer):
            return self.pointed
        target = CType(self.ctype.btf, found.target)
        is_void = not found.target or isinstance(target.stripped, t.Void | t.FunctionProto | t.Forward)
        return VOID if is_void else kind_of(target)

    @property
    def is_aggregate(self) -> bool:
        """Whether it is a struct, a union or an array."""
        return self.ctype is not None and isinstance(self.ctype.stripped, t.Composite | t.Array)


VOID: Final = Kind(0, text="void")
U64: Final = Kind(8, False, text="u64")
S64: Final = Kind(8, True, text="s64")
INT: Final = Kind(4, True, text="int")


class Value(NamedTuple):
    """What an expression is."""

    kind: Kind
    number: int = 0
    """Of an integer or a pointer, the value; signed where its kind is."""
    raw: bytes = b""
    """Of a struct, a union or an array, its bytes."""
    address: int | None = None
    """Where it lies; None for what lies nowhere."""
    name: str = ""
    """The enumerator or constant that it is, where it has a name."""

    @property
    def decoded(self) -> Decoded | int:
        """It as Python has it: see `CType.decode`."""
        kind = self.kind
        return kind.ctype.decode(self.raw) if kind.ctype is not None and kind.is_aggregate else self.number

    @property
    def text(self) -> str:
        """It for people: structs with their members, pointers as hexadecimal numbers, enumerators by name."""
        kind = self.kind
        if kind.ctype is not None and kind.is_aggregate:
            return kind.ctype.format(self.raw)
        if kind.target is not None:
            return f"({kind.text}) {self.number:#x}"
        return f"{self.number} ({self.name})" if self.name else str(self.number)

    @property
    def is_true(self) -> bool:
        """Whether a condition with this value holds."""
        return bool(self.number) if not self.kind.is_aggregate else any(self.raw)

    def in_base(self, letter: str) -> str:
        """Return it with the integer in another base: `x`, `d`, `t` (binary), `o`, `u`, as gdb has them."""
        if self.kind.is_aggregate:
            return self.raw.hex(" ") if letter == "x" else self.text
        bits = 8 * (self.kind.size or 8)
        unsigned = self.number & (1 << bits) - 1
        match letter:
            case "x":
                return f"{unsigned:#x}"
            case "t":
                return f"{unsigned:b}"
            case "o":
                return f"{unsigned:#o}"
            case "u":
                return str(unsigned)
            case _:
                return str(as_signed(unsigned, bits))


def pointer_to(kind: Kind) -> Kind:
    """Return the kind of what leads to one."""
    text = kind.text or "void"
    return Kind(8, False, None, kind, f"{text}*" if text.endswith("*") else f"{text} *")


def kind_of(ctype: CType) -> Kind:
    """Return a type of BTF as a kind."""
    found = ctype.stripped
    is_signed = isinstance(found, t.Int | t.Enum) and found.signed
    return Kind(8 if isinstance(found, t.Pointer) else ctype.size, is_signed, ctype, text=ctype.c_text)


def kind_named(name: str, btf: Btf | None) -> Kind | None:
    """Return the type of a name, which is C's, the kernel's, or one that BTF has; None where there is none."""
    if name == "void":
        return VOID
    if name in _SCALARS:
        size, is_signed = _SCALARS[name]
        return Kind(size, is_signed, text=name)
    if btf is None:
        return None
    for type_id in btf.find_all(name):
        if isinstance(btf.type(type_id), t.Composite | t.Enum | t.Typedef | t.Int):
            return kind_of(CType(btf, type_id))
    return None


def value_of(kind: Kind, raw: bytes, address: int | None, order: ByteOrder) -> Value:
    """Return the value that bytes are.

    Args:
        kind: What it is.
        raw: Its bytes, as many as the kind has.
        address: Where they lie; None for nowhere.
        order: Their byte order.
    """
    ctype = kind.ctype
    if kind.is_aggregate:
        return Value(kind, 0, raw, address)
    if ctype is not None and ctype.bit_size:
        decoded = ctype.decode(raw)
        is_number = isinstance(decoded, int)
        return Value(
            kind,
            int(decoded) if is_number else int.from_bytes(raw, order),
            raw,
            address,
            "" if is_number else str(decoded),
        )
    number = int.from_bytes(raw, order, signed=kind.signed)
    name = ""
    if ctype is not None and isinstance(ctype.stripped, t.Enum):
        name = next((each.name for each in ctype.enumerators if each.value == number), "")
    return Value(kind, number, raw, address, name)
