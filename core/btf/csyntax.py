"""The C of single declarations in a header, as `bpftool btf dump … format c` writes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..errors import ObjectError
from ..limits import Budget
from . import types as t
from .alignment import Alignment, padding
from .members import DISCRIMINANT
from .types import Kind

if TYPE_CHECKING:
    from .btf import Btf

__all__ = ["Names", "Syntax", "identifier"]

_QUALIFIERS: Final = {Kind.VOLATILE: "volatile", Kind.CONST: "const", Kind.RESTRICT: "restrict"}


_NO_IDENTIFIER: Final = re.compile("[^A-Za-z0-9_]")
_WORDS: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*(?: [A-Za-z_][A-Za-z0-9_]*)*")
_KEYWORDS: Final = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "  # noqa: SIM905
    "restrict return short signed sizeof static struct switch typedef typeof union unsigned void volatile while".split()
)
_ATTRIBUTE: Final = re.compile(r"[A-Za-z_]\w*(?:\([\w\s,]*\))?", re.ASCII)
"""An attribute of C with its arguments; whoever made the object may have written anything."""
_BY_SIZE: Final = {1: "char", 2: "short", 4: "int", 8: "long long", 16: "__int128"}


def identifier(name: str) -> str:
    """Return *name* as C takes it, itself in an object that C was compiled to; '' stays ''.

    Rust has names such as `Option<u32>`; and whoever made the object may have written anything, a comment's end too.
    """
    if name.isascii() and name.isidentifier():
        return f"{name}_" if name in _KEYWORDS else name
    plain = _NO_IDENTIFIER.sub("_", name)
    return f"_{plain}" if plain[:1].isdigit() else plain


class Names:
    """Names as they stand in the header: identifiers, and a second `foo` becomes `foo___2`.

    Structs, unions and enums share one name space, typedefs and enumerators the other, as in C.
    """

    def __init__(self) -> None:
        self._tags: dict[str, int] = {}
        self._identifiers: dict[str, int] = {}
        self._given: dict[int, str] = {}

    def tag(self, found: t.BtfType) -> str:
        """Return the name behind `struct`, `union` or `enum`; '' for an anonymous one."""
        if not found.name or isinstance(found, t.Forward) or (isinstance(found, t.Enum) and not found.enumerators):
            return identifier(found.name)
        return self._given.get(found.id) or self._give(found, self._tags)

    def typedef(self, found: t.Typedef) -> str:
        """Return the name of a typedef."""
        return self._given.get(found.id) or self._give(found, self._identifiers)

    def enumerator(self, name: str) -> str:
        """Return the name for an enumerator that is being written; each call is another one."""
        return _numbered(identifier(name), self._identifiers)

    def _give(self, found: t.BtfType, taken: dict[str, int]) -> str:
        name = self._given[found.id] = _numbered(identifier(found.name), taken)
        return name


def _numbered(name: str, taken: dict[str, int]) -> str:
    count = taken[name] = taken.get(name, 0) + 1
    return name if count == 1 else f"{name}___{count}"


class Syntax:
    """Writes declarations of one BTF.

    Args:
        btf: The types.
    """

    def __init__(self, btf: Btf) -> None:
        self.btf = btf
        self.names = Names()
        self._alignment = Alignment(btf)
        size = len(btf.raw) + (0 if btf.base is None else len(btf.base.raw))
        self.budget = Budget(
            size, "a header of its types, which are nested or padded without end", file=btf.file, each=4
        )
        """Anonymous types are written out wherever they are used: in a damaged BTF that can double at each step."""

    def tag(self, found: t.BtfType) -> str:
        """Return `struct foo`, `union foo` or `enum foo`."""
        match found:
            case t.Enum():
                word = "enum"
            case t.Composite(is_union=True) | t.Forward(is_union=True):
                word = "union"
            case _:
                word = "struct"
        name = self.names.tag(found)
        return f"{word} {name}" if name else word

    def typedef(self, found: t.Typedef) -> str:
        """Return `typedef int foo`."""
        name = self.names.typedef(found)
        if found.target == 0 and name == "__gnuc_va_list":
            # Old GCCs describe it as void.
            return f"typedef __builtin_va_list {name}"
        return f"typedef {self.declare(found.target, name, 0)}"

    def enum(self, found: t.Enum, level: int) -> str:
        """Return an enum with its enumerators and the attribute that gives it its size."""
        tag = self.tag(found)
        if not found.enumerators:
            return tag
        suffix = ("LL" if found.signed else "ULL") if self.btf.kind(found.id) == Kind.ENUM64 else ""
        tabs = "\t" * (level + 1)
        lines = [f"{tabs}{self.names.enumerator(e.name)} = {e.value}{suffix},\n" for e in found.enumerators]
        return f"{tag} {{\n{''.join(lines)}{tabs[1:]}}}{_enum_mode(found)}"

    def composite(self, found: t.Composite, level: int) -> str:
        """Return a struct or union with its members, and with padding where the compiler needs to be told."""
        packed = self._alignment.packed(found)
        tabs = "\t" * (level + 1)
        lines: list[str] = []
        at, after_bitfield = 0, False
        taken: dict[str, int] = {}
        # Members of Rust's structs stand in the order of the source, and lie where there is least padding.
        members = found.members if found.is_union else sorted(found.members, key=lambda each: each.bit_offset)
        for index, member in enumerate(members, 1):
            self.budget.spend()
            kept = self.btf.strip(member.type_id)
            if isinstance(kept, t.Int) and not kept.size:
                continue  # Rust's ()
            alignment = 8 if packed else self._alignment.of(member.type_id) * 8
            between = after_bitfield and member.bit_size != 0
            lines += self._pads(at, member.bit_offset, alignment, after_bitfield=between)
            name = _numbered(identifier(member.name), taken) if member.name else ""
            if not name and not member.bit_size and isinstance(kept, t.Int | t.Enum):
                name = DISCRIMINANT
            width = member.bit_size or self.btf.size(member.type_id) * 8
            if isinstance(kept, t.Void):
                # Rust's char, that BTF has no type for: what lies between its neighbours.
                is_last = found.is_union or index == len(members)
                width = max(0, (found.size * 8 if is_last else members[index].bit_offset) - member.bit_offset)
                declared = f"unsigned char {name}[{width // 8}]"
            else:
                declared = self.declare(member.type_id, name, level + 1)
            lines.append(f"{declared}: {member.bit_size}" if member.bit_size else declared)
            at = member.bit_offset + width
            after_bitfield = member.bit_size != 0
        if not found.is_union:
            lines += self._pads(at, found.size * 8, self._alignment.of(found.id) * 8, after_bitfield=False)
        body = "\n" + "".join(f"{tabs}{line};\n" for line in lines) + tabs[1:] if lines else ""
        attribute = " __attribute__((packed))" if packed else ""
        return f"{self.tag(found)} {{{body}}}{attribute}"

    def _pads(self, at: int, to: int, alignment: int, *, after_bitfield: bool) -> list[str]:
        """Return the declarations of unnamed bitfields; a damaged type may claim gigabytes between two members."""
        lines: list[str] = []
        for unit, width in padding(at, to, alignment, after_bitfield=after_bitfield):
            self.budget.spend()
            lines.append(f"{unit}: {width}")
        return lines

    def declare(self, type_id: int, name: str, level: int) -> str:
        """Return the declaration of *name* as a thing of that type; *level* tabs indent what spans lines."""
        links: list[t.BtfType] = []
        while True:
            found = self.btf.type(type_id)
            links.append(found)
            match found:
                case t.Pointer(target=target) | t.Modifier(target=target):
                    type_id = target
                case t.FunctionProto(result=target) | t.Array(element=target):
                    type_id = target
                case _:
                    return self._declarator(links, name, level)

    def _declarator(self, links: list[t.BtfType], name: str, level: int) -> str:
        """Return the declaration that *links* make, the name's own type first, the base type last. Uses them up."""
        text, tight = "", True
        while links:
            found = links.pop()
            match found:
                case t.Pointer():
                    text += "*" if tight else " *"
                case t.Modifier(kind=Kind.TYPE_TAG, name=tag, is_attribute=is_attribute):
                    is_attribute = is_attribute and _ATTRIBUTE.fullmatch(tag) is not None
                    attribute = tag if is_attribute else f"btf_type_tag({_quoted(tag)})"
                    text += f"{_qualifiers(links)} __attribute__(({attribute}))"
                case t.Modifier(kind=kind):
                    text += f" {_QUALIFIERS[kind]}"
                case t.Array(count=count):
                    # Qualifiers of an array are those of its elements, which have them already.
                    _qualifiers(links)
                    if not links:
                        return f"{text}{_spaced(name, tight)}[{count}]"
                    nested = isinstance(links[-1], t.Array)
                    inner = self._declarator(links, name, level)
                    inner = inner if nested else f"({inner})"
                    return f"{text}{' ' if name and not tight else ''}{inner}[{count}]"
                case t.FunctionProto():
                    _qualifiers(links)
                    inner = f" ({self._declarator(links, name, level)})" if links else _spaced(name, tight)
                    return f"{text}{inner}({self._parameters(found, level)})"
                case _:
                    text += _qualifiers(links) + self._base(found, level)
            tight = isinstance(found, t.Pointer)
        return text + _spaced(name, tight)

    def _base(self, found: t.BtfType, level: int) -> str:
        match found:
            case t.Composite(name=""):
                return self.composite(found, level)
            case t.Enum(name=""):
                return self.enum(found, level)
            case t.Composite() | t.Enum() | t.Forward():
                return self.tag(found)
            case t.Typedef():
                return self.names.typedef(found)
            case t.Int(name="char", size=4):
                return "unsigned int"  # Rust's
            case t.Int() if not _WORDS.fullmatch(found.name):
                return f"{'' if found.signed else 'unsigned '}{_BY_SIZE.get(found.size, 'int')}"
            case t.Float() if not _WORDS.fullmatch(found.name):
                return "float" if found.size == 4 else "double"
            case t.Int() | t.Float() | t.Void():
                return found.name
            case _:
                reason = f"type {found.id} {found.name} is nothing that a type can be made of"
                raise ObjectError(reason, file=self.btf.file, section=".BTF")

    def _parameters(self, found: t.FunctionProto, level: int) -> str:
        if not found.parameters or [p.type_id for p in found.parameters] == [0]:
            return "void"
        *others, last = found.parameters
        taken: dict[str, int] = {}
        names = [_numbered(identifier(p.name), taken) if p.name else "" for p in found.parameters]
        texts = [self.declare(p.type_id, name, level) for p, name in zip(others, names, strict=False)]
        # A last parameter without a type stands for any number of them.
        texts.append(self.declare(last.type_id, names[-1], level) if last.type_id else "...")
        return ", ".join(texts)


def _quoted(text: str) -> str:
    """Return a C string; what is not plain ASCII in octal."""
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}" for byte in text.encode())
    return f'"{"".join(plain)}"'


def _qualifiers(links: list[t.BtfType]) -> str:
    """Take the qualifiers off the end of *links* and return them as they stand before a type: `const volatile `.

    A type tag stays: it stands behind what it tags.
    """
    text = ""
    while links and isinstance(link := links[-1], t.Modifier) and link.kind in _QUALIFIERS:
        text += f"{_QUALIFIERS[link.kind]} "
        links.pop()
    return text


def _spaced(name: str, tight: bool) -> str:
    return f" {name}" if name and not tight else name


def _enum_mode(found: t.Enum) -> str:
    """Return the attribute for an enum whose size is not what its values would give it."""
    if found.size == 1:
        return " __attribute__((mode(byte)))"
    if found.size == 8 and all(e.value >> 32 == 0 for e in found.enumerators):
        return " __attribute__((mode(word)))"
    return ""
