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


def declaration(btf: Btf, type_id: int, name: str = "", *, depth: int = 0) -> str:
    """Return the C declaration of *name* as a thing of that type; without a name, the type's own text."""
    if depth > _MAX_DEPTH:
        return f"… {name}".rstrip()
    found = btf.type(type_id)
    match found:
        case t.Pointer(target=target):
            inner = f"*{name}"
            if isinstance(_behind_modifiers(btf, target), t.Array | t.FunctionProto):
                inner = f"({inner})"
            return declaration(btf, target, inner, depth=depth + 1)
        case t.Array(element=element, count=count):
            return declaration(btf, element, f"{name}[{count or ''}]", depth=depth + 1)
        case t.FunctionProto(result=result, parameters=parameters):
            listed = ", ".join(_parameter(btf, p, depth) for p in parameters) or "void"
            return declaration(btf, result, f"{name}({listed})", depth=depth + 1)
        case t.Modifier(kind=Kind.TYPE_TAG, target=target):
            return declaration(btf, target, name, depth=depth + 1)
        case t.Modifier(kind=kind, target=target):
            qualifier = _QUALIFIERS[kind]
            if isinstance(_behind_modifiers(btf, target), t.Pointer):
                return declaration(btf, target, f"{qualifier} {name}".rstrip(), depth=depth + 1)
            return f"{qualifier} {declaration(btf, target, name, depth=depth + 1)}"
        case t.Function(proto=proto):
            return declaration(btf, proto, found.name, depth=depth + 1)
        case t.Var(type_id=inner):
            return declaration(btf, inner, found.name, depth=depth + 1)
        case _:
            return _join(_base(btf, found, depth), name)


def definition(btf: Btf, type_id: int) -> str:
    """Return the full C definition of a type, as it would stand in a header."""
    found = btf.type(type_id)
    match found:
        case t.Composite():
            return f"{_tag(found)} {{\n{_members(btf, found, 1)}}};"
        case t.Enum():
            body = "".join(f"\t{e.name} = {e.value},\n" for e in found.enumerators)
            return f"{_join('enum', found.name)} {{\n{body}}};"
        case t.Typedef(target=target):
            return f"typedef {declaration(btf, target, found.name)};"
        case _:
            return f"{declaration(btf, type_id)};"


def _behind_modifiers(btf: Btf, type_id: int) -> t.BtfType:
    for _ in range(_MAX_DEPTH):
        found = btf.type(type_id)
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


def _base(btf: Btf, found: t.BtfType, depth: int) -> str:
    match found:
        case t.Composite() if not found.name:
            body = " ".join(_member(btf, member, depth) for member in found.members)
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


def _member(btf: Btf, member: t.Member, depth: int) -> str:
    width = f" : {member.bit_size}" if member.bit_size else ""
    return f"{declaration(btf, member.type_id, member.name, depth=depth + 1)}{width};"


def _members(btf: Btf, found: t.Composite, indent: int) -> str:
    tabs = "\t" * indent
    lines: list[str] = []
    for member in found.members:
        inner = btf.type(member.type_id)
        if isinstance(inner, t.Composite) and not inner.name and indent < _MAX_DEPTH:
            body = _members(btf, inner, indent + 1)
            name = f" {member.name}" if member.name else ""
            lines.append(f"{tabs}{_tag(inner)} {{\n{body}{tabs}}}{name};\n")
        else:
            lines.append(f"{tabs}{_member(btf, member, 0)}\n")
    return "".join(lines)


def _parameter(btf: Btf, parameter: t.Parameter, depth: int) -> str:
    if parameter.type_id == 0 and not parameter.name:
        return "..."
    return declaration(btf, parameter.type_id, parameter.name, depth=depth + 1)
