"""C text of BTF types: `__u32`, `struct key`, `char name[16]`, `int (*fn)(void *)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import types as t
from .types import Kind

if TYPE_CHECKING:
    from .btf import Btf

__all__ = ["declaration", "definition"]

_QUALIFIERS: Final = {Kind.CONST: "const", Kind.VOLATILE: "volatile", Kind.RESTRICT: "restrict"}
_MAX_DEPTH: Final = 32
_ROOM: Final = 1 << 17
"""How many parts a declaration may have: shared among members, halved at each step down. Only a damaged BTF, whose
types can nest without end, ever needs so many; they end as `…`."""


def declaration(btf: Btf, type_id: int, name: str = "", *, room: int = _ROOM) -> str:
    """Return the C declaration of *name* as a thing of that type; without a name, the type's own text."""
    if not room:
        return f"… {name}".rstrip()
    found = _look_up(btf, type_id)
    room //= 2
    match found:
        case t.Pointer(target=target):
            inner = f"*{name}"
            if isinstance(_behind_modifiers(btf, target), t.Array | t.FunctionProto):
                inner = f"({inner})"
            return declaration(btf, target, inner, room=room)
        case t.Array(element=element, count=count):
            return declaration(btf, element, f"{name}[{count or ''}]", room=room)
        case t.FunctionProto(result=result, parameters=parameters):
            listed = ", ".join(_parameter(btf, p, room // len(parameters)) for p in parameters) or "void"
            return declaration(btf, result, f"{name}({listed})", room=room)
        case t.Modifier(kind=Kind.TYPE_TAG, target=target):
            return declaration(btf, target, name, room=room)
        case t.Modifier(kind=kind, target=target):
            qualifier = _QUALIFIERS[kind]
            if isinstance(_behind_modifiers(btf, target), t.Pointer):
                return declaration(btf, target, f"{qualifier} {name}".rstrip(), room=room)
            return f"{qualifier} {declaration(btf, target, name, room=room)}"
        case t.Function(proto=proto):
            return declaration(btf, proto, found.name, room=room)
        case t.Var(type_id=inner):
            return declaration(btf, inner, found.name, room=room)
        case _:
            return _join(_base(btf, found, room), name)


def definition(btf: Btf, type_id: int) -> str:
    """Return the full C definition of a type, as it would stand in a header."""
    found = btf.type(type_id)
    match found:
        case t.Composite():
            return f"{_tag(found)} {{\n{_members(btf, found, 1, _ROOM)}}};"
        case t.Enum():
            body = "".join(f"\t{e.name} = {e.value},\n" for e in found.enumerators)
            return f"{_join('enum', found.name)} {{\n{body}}};"
        case t.Typedef(target=target):
            return f"typedef {declaration(btf, target, found.name)};"
        case _:
            return f"{declaration(btf, type_id)};"


def _look_up(btf: Btf, type_id: int) -> t.BtfType:
    """Return a type; for an id that is not there something to show in its place."""
    return btf.type(type_id) if type_id < len(btf) else t.Void(type_id, f"/* no type {type_id} */")


def _behind_modifiers(btf: Btf, type_id: int) -> t.BtfType:
    for _ in range(_MAX_DEPTH):
        found = _look_up(btf, type_id)
        if not isinstance(found, t.Modifier):
            return found
        type_id = found.target
    return t.Void(0, "void")


def _join(base: str, name: str) -> str:
    if not name:
        return base
    return f"{base}{name}" if name.startswith("[") else f"{base} {name}"


def _tag(found: t.Composite) -> str:
    return _join("union" if found.is_union else "struct", found.name)


def _base(btf: Btf, found: t.BtfType, room: int) -> str:
    match found:
        case t.Composite() if not found.name:
            if room < len(found.members):
                return f"{_tag(found)} {{ … }}"
            body = " ".join(_member(btf, member, room // len(found.members)) for member in found.members)
            return f"{_tag(found)} {{ {body} }}"
        case t.Composite():
            return _tag(found)
        case t.Forward(is_union=is_union):
            return _join("union" if is_union else "struct", found.name)
        case t.Enum() if not found.name:
            return "enum { " + ", ".join(e.name for e in found.enumerators[:8]) + " }"
        case t.Enum():
            return f"enum {found.name}"
        case _:
            return found.name


def _member(btf: Btf, member: t.Member, room: int) -> str:
    width = f" : {member.bit_size}" if member.bit_size else ""
    return f"{declaration(btf, member.type_id, member.name, room=room)}{width};"


def _members(btf: Btf, found: t.Composite, indent: int, room: int) -> str:
    tabs = "\t" * indent
    room //= 2 * max(len(found.members), 1)
    lines: list[str] = []
    for member in found.members:
        inner = _look_up(btf, member.type_id)
        if isinstance(inner, t.Composite) and not inner.name and room:
            body = _members(btf, inner, indent + 1, room)
            name = f" {member.name}" if member.name else ""
            lines.append(f"{tabs}{_tag(inner)} {{\n{body}{tabs}}}{name};\n")
        else:
            lines.append(f"{tabs}{_member(btf, member, room)}\n")
    return "".join(lines)


def _parameter(btf: Btf, parameter: t.Parameter, room: int) -> str:
    if parameter.type_id == 0 and not parameter.name:
        return "..."
    return declaration(btf, parameter.type_id, parameter.name, room=room)
