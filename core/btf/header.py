"""A BTF as a C header: every type declared before it is used, laid out as the BTF says.

The order is that of `bpftool btf dump … format c` (libbpf's btf_dump, unsorted): types in the order of their ids, each
after those that it needs complete; where types need each other through pointers, one of them is declared forward.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from ..errors import ObjectError
from . import types as t
from .csyntax import Syntax

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .btf import Btf

__all__ = ["c_header"]

_GUARD: Final = "__VMLINUX_H__"
_OPENING: Final = f"""\
#ifndef {_GUARD}
#define {_GUARD}

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

"""
_CLOSING: Final = f"""\
#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* {_GUARD} */
"""

_BUILT_IN: Final = "__builtin_va_list"
_NEON: Final = {
    "__Poly8_t": "unsigned char",
    "__Poly16_t": "unsigned short",
    "__Poly64_t": "unsigned long long",
    "__Poly128_t": "unsigned __int128",
}
"""Integers that GCC builds in on arm64, that other compilers lack, and that BTF has without a definition."""
_RUST: Final = {
    "u8": "unsigned char",
    "u16": "unsigned short",
    "u32": "unsigned int",
    "u64": "unsigned long long",
    "u128": "unsigned __int128",
    "usize": "unsigned long long",
    "i8": "signed char",
    "i16": "short",
    "i32": "int",
    "i64": "long long",
    "i128": "__int128",
    "isize": "long long",
    "f32": "float",
    "f64": "double",
    "bool": "_Bool",
}
"""Types that Rust builds in and C does not have; in C's own objects these names are typedefs."""
_FOREIGN: Final = _NEON | _RUST


def c_header(btf: Btf, roots: Iterable[int] | None = None) -> str:
    """Return C declarations of all types of a BTF as a header that compiles.

    Args:
        btf: The types; of split BTF those of its base as well.
        roots: Ids of the types that are wanted, with all that they need; without, every type.

    Raises:
        ObjectError: The BTF is damaged: a struct contains itself, or types nest without end.
    """
    wanted = range(1, len(btf)) if roots is None else roots
    try:
        return _Header(btf).text(wanted)
    except RecursionError:
        raise ObjectError("types are nested too deep to be declared", file=btf.file, section=".BTF") from None


class _State(enum.Enum):
    """How far a type has come, in either of the two passes."""

    NEW = 0
    ENTERED = 1
    DONE = 2


class _Header:
    """One header in the making.

    A *strong* link needs the other type complete: a member, an element, a typedef of it. A *weak* one, through a
    pointer, does with a forward declaration.
    """

    def __init__(self, btf: Btf) -> None:
        self.btf = btf
        self.syntax = Syntax(btf)
        self.out: list[str] = []
        self.ordered: dict[int, _State] = {0: _State.DONE}
        self.emitted: dict[int, _State] = {0: _State.DONE}
        self.forwarded: set[int] = set()
        self.queue: list[int] = []
        self.referenced = _referenced(btf)

    def text(self, wanted: Iterable[int]) -> str:
        """Return the header."""
        for type_id in wanted:
            self.queue.clear()
            self._order(type_id, weak=False)
            for ready in self.queue:
                self._emit(ready, 0)
        return "".join([_OPENING, *self.out, _CLOSING])

    def _order(self, type_id: int, *, weak: bool) -> bool:
        """Queue what has to be declared for a type, and the type itself; return whether the link to it is strong."""
        state = self.ordered.get(type_id, _State.NEW)
        if state is _State.DONE:
            return True
        self.syntax.budget.spend()
        found = self.btf.type(type_id)
        if state is _State.ENTERED:
            if isinstance(found, t.Composite) and weak and found.name:
                return False
            raise self._error(found, "contains itself")
        match found:
            case t.Pointer(target=target):
                strong = self._order(target, weak=True)
                self.ordered[type_id] = _State.DONE
                return strong
            case t.Array(element=element):
                return self._order(element, weak=False)
            case t.Composite(name=name):
                # Behind a pointer a name suffices; without one the definition stands there, pointer or not.
                if weak and name:
                    return False
                self.ordered[type_id] = _State.ENTERED
                for member in found.members:
                    self._order(member.type_id, weak=False)
                return self._enqueue(type_id, worthy=bool(name))
            case t.Enum(name=name) | t.Forward(name=name):
                # An anonymous enum that nothing uses is there for its constants.
                return self._enqueue(type_id, worthy=bool(name) or type_id not in self.referenced)
            case t.Typedef(target=target):
                strong = self._order(target, weak=weak)
                return (strong or not weak) and self._enqueue(type_id)
            case t.Modifier(target=target):
                return self._order(target, weak=weak)
            case t.FunctionProto():
                links = [found.result, *(parameter.type_id for parameter in found.parameters)]
                strong = [self._order(link, weak=weak) for link in links]
                return any(strong)
            case _:
                self.ordered[type_id] = _State.DONE
                return False

    def _enqueue(self, type_id: int, *, worthy: bool = True) -> bool:
        if worthy:
            self.queue.append(type_id)
        self.ordered[type_id] = _State.DONE
        return True

    def _emit(self, type_id: int, inside: int) -> None:
        """Write what a type needs, and the type itself when it is declared on its own.

        Args:
            type_id: The type.
            inside: The struct or typedef that is being declared and uses it; 0 for a declaration of its own.
        """
        state = self.emitted.get(type_id, _State.NEW)
        if state is _State.DONE:
            return
        self.syntax.budget.spend()
        found = self.btf.type(type_id)
        if state is _State.ENTERED:
            self._forward(found, inside)
            return
        match found:
            case t.Int(name=name) | t.Float(name=name):
                if name in _FOREIGN:
                    self._write(f"typedef {_FOREIGN[name]} {name}")
                self.emitted[type_id] = _State.DONE
            case t.Enum():
                if not inside:
                    self._write(self.syntax.enum(found, 0))
                self.emitted[type_id] = _State.DONE
            case t.Forward():
                self._write(self.syntax.tag(found))
                self.emitted[type_id] = _State.DONE
            case t.Pointer(target=target) | t.Modifier(target=target) | t.Array(element=target):
                self._emit(target, inside)
            case t.Typedef(target=target):
                self.emitted[type_id] = _State.ENTERED
                self._emit(target, type_id)
                self._typedef(found)
                self.emitted[type_id] = _State.DONE
            case t.Composite():
                self._composite(found, inside)
            case t.FunctionProto():
                for link in (found.result, *(parameter.type_id for parameter in found.parameters)):
                    self._emit(link, inside)
            case _:
                pass

    def _composite(self, found: t.Composite, inside: int) -> None:
        self.emitted[found.id] = _State.ENTERED
        if not inside or not found.name:
            for member in found.members:
                self._emit(member.type_id, found.id if found.name else inside)
        elif found.id != inside:
            self._declare(found)
        if not inside:
            self._write(self.syntax.composite(found, 0))
        self.emitted[found.id] = _State.NEW if inside else _State.DONE

    def _forward(self, found: t.BtfType, inside: int) -> None:
        """Declare what is still being written and already needed: a cycle."""
        match found:
            case t.Composite(name=name) if found.id != inside:
                if not name:
                    raise self._error(found, "contains itself")
                self._declare(found)
            case t.Typedef():
                self._typedef(found)
            case _:
                pass

    def _declare(self, found: t.Composite) -> None:
        if found.id not in self.forwarded:
            self.forwarded.add(found.id)
            self._write(self.syntax.tag(found))

    def _typedef(self, found: t.Typedef) -> None:
        if found.id not in self.forwarded:
            self.forwarded.add(found.id)
            if found.name != _BUILT_IN:
                self._write(self.syntax.typedef(found))

    def _write(self, text: str) -> None:
        self.out.append(f"{text};\n\n")

    def _error(self, found: t.BtfType, reason: str) -> ObjectError:
        return ObjectError(f"type {found.id} {found.name}".rstrip() + f" {reason}", file=self.btf.file, section=".BTF")


def _referenced(btf: Btf) -> set[int]:
    """Return the ids of all types that another one uses (as a result of a function does not count)."""
    found: set[int] = set()
    for type_id in range(1, len(btf)):
        match btf.type(type_id):
            case t.Composite(members=members):
                found.update(member.type_id for member in members)
            case t.FunctionProto(parameters=parameters):
                found.update(parameter.type_id for parameter in parameters)
            case t.DataSec(variables=variables):
                found.update(variable.type_id for variable in variables)
            case t.Array(element=element, index=index):
                found.update((element, index))
            case t.Var(type_id=target) | t.Function(proto=target):
                found.add(target)
            case t.Pointer(target=target) | t.Typedef(target=target) | t.Modifier(target=target):
                found.add(target)
            case t.DeclTag(target=target):
                found.add(target)
            case _:
                pass
    return found
