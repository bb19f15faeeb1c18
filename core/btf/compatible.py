"""When two types of two BTFs count as the same for CO-RE. Names, kinds and depths are those of Linux 6.18.

Three relations, from loose to strict: `fields_compatible` for members that are accessed, `types_compatible` for types
whose existence, size or id is asked for, `types_match` for BPF_CORE_TYPE_MATCHES.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..errors import ObjectError
from . import types as t
from .types import Kind

if TYPE_CHECKING:
    from .btf import Btf

__all__ = ["essential_name", "fields_compatible", "kinds_compatible", "types_compatible", "types_match"]

_FLAVOR: Final = re.compile(r"(.*[^_])___[^_]", re.DOTALL)
_ENUMS: Final = (Kind.ENUM, Kind.ENUM64)
_MAX_DEPTH: Final = 32
"""What libbpf allows. The kernel gives up on function types and structs within structs at 2 already."""


def essential_name(name: str) -> str:
    """Return a name without its flavour: `task_struct` for `task_struct___older`."""
    found = _FLAVOR.match(name)
    return found[1] if found is not None else name


def kinds_compatible(one: Kind, other: Kind) -> bool:
    """Whether two kinds are the same; ENUM and ENUM64 count as one."""
    return one == other or (one in _ENUMS and other in _ENUMS)


def fields_compatible(local: Btf, local_id: int, target: Btf, target_id: int) -> bool:
    """Whether a member of the one type may be accessed as one of the other.

    All structs and unions are alike, all pointers, all integers (of any size and sign), all floats; enums and forward
    declarations when their names agree or one has none; arrays when their elements are.
    """
    for _ in range(_MAX_DEPTH):
        ours, theirs = local.strip(local_id), target.strip(target_id)
        if isinstance(ours, t.Composite) and isinstance(theirs, t.Composite):
            return True
        match ours, theirs:
            case (t.Pointer(), t.Pointer()) | (t.Float(), t.Float()):
                return True
            case (t.Enum(), t.Enum()) | (t.Forward(), t.Forward()):
                names = essential_name(ours.name), essential_name(theirs.name)
                return not all(names) or names[0] == names[1]
            case t.Int(), t.Int():
                return _plain(ours, theirs)
            case t.Array(element=local_id), t.Array(element=target_id):
                continue
            case _:
                return False
    raise _too_deep(local)


def types_compatible(local: Btf, local_id: int, target: Btf, target_id: int, *, level: int = _MAX_DEPTH) -> bool:
    """Whether two types, whose names have been compared, are of one kind; behind pointers and in functions as well.

    Unlike for fields, a struct is no union. Names and members are not looked at.
    """
    if not kinds_compatible(local.kind(local_id), target.kind(target_id)):
        return False
    for _ in range(_MAX_DEPTH):
        ours, theirs = local.strip(local_id), target.strip(target_id)
        match ours, theirs:
            case (t.Void(), t.Void()) | (t.Enum(), t.Enum()) | (t.Forward(), t.Forward()):
                return True
            case t.Composite(), t.Composite():
                return ours.is_union == theirs.is_union
            case t.Int(), t.Int():
                return _plain(ours, theirs)
            case (t.Pointer(target=local_id), t.Pointer(target=target_id)):
                continue
            case t.Array(element=local_id), t.Array(element=target_id):
                continue
            case t.FunctionProto(), t.FunctionProto():
                if len(ours.parameters) != len(theirs.parameters):
                    return False
                if level == 0 and ours.parameters:
                    raise _too_deep(local)
                for one, other in zip(ours.parameters, theirs.parameters, strict=True):
                    ids = local.strip(one.type_id).id, target.strip(other.type_id).id
                    if not types_compatible(local, ids[0], target, ids[1], level=level - 1):
                        return False
                local_id, target_id = local.strip(ours.result).id, target.strip(theirs.result).id
            case _:
                return False
    raise _too_deep(local)


def types_match(local: Btf, local_id: int, target: Btf, target_id: int) -> bool:
    """Whether the target type has all that the local one has, of the same types.

    Structs need all local members by name; integers the same size and sign; arrays the same length; enums the same
    size and all local enumerators by name; functions the same parameters. Behind a pointer, names and kinds suffice,
    and a forward declaration matches what it declares.
    """
    return _Match(local, target).types(local_id, target_id, behind_pointer=False)


class _Match:
    """One comparison: what was compared already is remembered, so that it ends for damaged types as well."""

    def __init__(self, local: Btf, target: Btf) -> None:
        self.local = local
        self.target = target
        self.known: dict[tuple[int, int, bool], bool | None] = {}
        """Results; None for a comparison that is under way."""
        self.depth = 0

    def types(self, local_id: int, target_id: int, *, behind_pointer: bool) -> bool:
        key = (local_id, target_id, behind_pointer)
        if key in self.known:
            found = self.known[key]
            if found is None:
                raise ObjectError(f"type {local_id} contains itself", file=self.local.file)
            return found
        if self.depth >= _MAX_DEPTH:
            raise _too_deep(self.local)
        self.known[key] = None
        self.depth += 1
        found = self.known[key] = self.compare(local_id, target_id, behind_pointer=behind_pointer)
        self.depth -= 1
        return found

    def compare(self, local_id: int, target_id: int, *, behind_pointer: bool) -> bool:
        ours, theirs = self.local.strip(local_id), self.target.strip(target_id)
        if essential_name(ours.name) != essential_name(theirs.name):
            return False
        match ours, theirs:
            case t.Void(), t.Void():
                return True
            case t.Forward(), t.Forward():
                return ours.is_union == theirs.is_union
            case (t.Forward(), t.Composite()) | (t.Composite(), t.Forward()):
                return behind_pointer and ours.is_union == theirs.is_union
            case t.Composite(), t.Composite():
                return ours.is_union == theirs.is_union and (behind_pointer or self.members(ours, theirs))
            case t.Enum(), t.Enum():
                names = {essential_name(e.name) for e in theirs.enumerators}
                return (
                    ours.size == theirs.size
                    and len(ours.enumerators) <= len(theirs.enumerators)
                    and all(essential_name(e.name) in names for e in ours.enumerators)
                )
            case t.Int(), t.Int():
                return ours.size == theirs.size and ours.signed == theirs.signed
            case t.Pointer(), t.Pointer():
                return self.types(ours.target, theirs.target, behind_pointer=True)
            case t.Array(), t.Array():
                same = ours.count == theirs.count
                return same and self.types(ours.element, theirs.element, behind_pointer=behind_pointer)
            case t.FunctionProto(), t.FunctionProto():
                return len(ours.parameters) == len(theirs.parameters) and all(
                    self.types(one, other, behind_pointer=behind_pointer)
                    for one, other in zip(
                        [*(p.type_id for p in ours.parameters), ours.result],
                        [*(p.type_id for p in theirs.parameters), theirs.result],
                        strict=True,
                    )
                )
            case _:
                return False

    def members(self, ours: t.Composite, theirs: t.Composite) -> bool:
        """Whether each of our members has one of theirs with its name and a type that matches."""
        by_name: dict[str, list[int]] = {}
        for member in theirs.members:
            by_name.setdefault(essential_name(member.name), []).append(member.type_id)
        return len(ours.members) <= len(theirs.members) and all(
            any(
                self.types(member.type_id, type_id, behind_pointer=False)
                for type_id in by_name.get(essential_name(member.name), ())
            )
            for member in ours.members
        )


def _plain(ours: t.Int, theirs: t.Int) -> bool:
    # An INT with an offset is a bitfield as LLVM 7 and pahole 1.11 wrote it: it is never relocated.
    return ours.bit_offset == 0 and theirs.bit_offset == 0


def _too_deep(btf: Btf) -> ObjectError:
    return ObjectError("its types nest too deeply to be compared", file=btf.file)
