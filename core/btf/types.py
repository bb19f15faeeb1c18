"""The kinds of BTF types, decoded: one frozen dataclass each.

Types refer to each other by id, as in the file; `Btf.type` gives the type behind an id. Sizes are in bytes, offsets of
members in bits. The source of all facts: Documentation/bpf/btf.rst of Linux 6.18.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = [
    "Array",
    "BtfType",
    "Composite",
    "DataSec",
    "DeclTag",
    "Enum",
    "Enumerator",
    "Float",
    "Forward",
    "Function",
    "FunctionProto",
    "Int",
    "Kind",
    "Linkage",
    "Member",
    "Modifier",
    "Parameter",
    "Pointer",
    "SecVar",
    "Typedef",
    "Var",
    "Void",
]


class Kind(enum.IntEnum):
    """`BTF_KIND_*`."""

    VOID = 0
    INT = 1
    PTR = 2
    ARRAY = 3
    STRUCT = 4
    UNION = 5
    ENUM = 6
    FWD = 7
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNC = 12
    FUNC_PROTO = 13
    VAR = 14
    DATASEC = 15
    FLOAT = 16
    DECL_TAG = 17
    TYPE_TAG = 18
    ENUM64 = 19


class Linkage(enum.IntEnum):
    """Linkage of functions and variables (`enum btf_func_linkage`, `BTF_VAR_*`)."""

    STATIC = 0
    GLOBAL = 1
    EXTERN = 2


@dataclass(frozen=True, slots=True)
class BtfType:
    """What all kinds share."""

    id: int
    name: str
    """Empty for an anonymous type."""


@dataclass(frozen=True, slots=True)
class Void(BtfType):
    """`void`, which has id 0 and no record of its own."""


@dataclass(frozen=True, slots=True)
class Int(BtfType):
    """An integer, a boolean or a character: `int`, `_Bool`, `char`, `__int128`."""

    size: int
    bits: int
    """Bits that count; fewer than size × 8 only in old-style bitfields."""
    bit_offset: int
    signed: bool
    is_char: bool
    is_bool: bool


@dataclass(frozen=True, slots=True)
class Pointer(BtfType):
    """A pointer. Its own size is 8 bytes in every BPF object; it has no name."""

    target: int


@dataclass(frozen=True, slots=True)
class Array(BtfType):
    """An array of one dimension; of several, the element is an array again."""

    element: int
    index: int
    count: int
    """0 for a flexible array."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a struct or union."""

    name: str
    """Empty for an anonymous struct or union, whose members belong to the parent."""
    type_id: int
    bit_offset: int
    bit_size: int
    """0 for a member that is no bitfield."""


@dataclass(frozen=True, slots=True)
class Composite(BtfType):
    """A struct or a union."""

    is_union: bool
    size: int
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Enumerator:
    """A name of an enumeration, and its value."""

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Enum(BtfType):
    """An enumeration of 1 to 8 bytes: ENUM and ENUM64."""

    size: int
    signed: bool
    enumerators: tuple[Enumerator, ...]


@dataclass(frozen=True, slots=True)
class Forward(BtfType):
    """A struct or union that is declared but not defined."""

    is_union: bool


@dataclass(frozen=True, slots=True)
class Typedef(BtfType):
    """Another name for a type."""

    target: int


@dataclass(frozen=True, slots=True)
class Modifier(BtfType):
    """`const`, `volatile`, `restrict`, or a `btf_type_tag` (whose name is the tag)."""

    kind: Kind
    target: int
    is_attribute: bool = False
    """Of a tag: whether its name is an attribute by itself (`address_space(1)`; the kind flag, Linux 6.15)."""


@dataclass(frozen=True, slots=True)
class Function(BtfType):
    """A function: its name and linkage. What it takes and returns is its prototype."""

    proto: int
    linkage: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function."""

    name: str
    type_id: int
    """0 with no name: the `...` of a variadic function."""


@dataclass(frozen=True, slots=True)
class FunctionProto(BtfType):
    """What a function takes and returns; it has no name."""

    result: int
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Var(BtfType):
    """A global variable, or one that an object expects from elsewhere."""

    type_id: int
    linkage: int


@dataclass(frozen=True, slots=True)
class SecVar:
    """A variable of a section. clang leaves the offset 0 and has the linker fill it in."""

    type_id: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class DataSec(BtfType):
    """A section of data, and the variables in it."""

    size: int
    """0 in clang's objects: the ELF section knows."""
    variables: tuple[SecVar, ...]


@dataclass(frozen=True, slots=True)
class Float(BtfType):
    """A floating-point number: `float`, `double`, `long double`."""

    size: int


@dataclass(frozen=True, slots=True)
class DeclTag(BtfType):
    """A `btf_decl_tag`: a text, its name, that the source attached to something."""

    target: int
    component: int
    """Index of the member or parameter that is tagged; -1 for the target itself."""
