"""Finding in another BTF what a CO-RE access means: the member, element or enumerator of the same name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import ObjectError, nearest
from . import types as t
from .access import Access, CoreKind, Step, is_flexible, sized
from .compatible import essential_name, fields_compatible, types_compatible, types_match
from .declare import declaration

if TYPE_CHECKING:
    from .btf import Btf

__all__ = ["WHERE", "Mismatch", "match_access"]

WHERE: Final = "{where}"
"""Stands in reasons for what the target is called. It is replaced, not formatted: C types may have braces as well."""
_MAX_STEPS: Final = 64


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a candidate is not it: a sentence with `WHERE` in the place of what the target is called."""

    reason: str
    nearest: str | None = None
    depth: int = 0
    """How many steps of the access it has: of several candidates, the one that came closest tells most."""


def match_access(local: Access, kind: CoreKind, target: Btf, candidate: int) -> Access | Mismatch:
    """Return the access that *local* becomes within a candidate type, or why there is none.

    Raises:
        ObjectError: The two types cannot be compared: they are damaged, or nest too deeply.
    """
    if kind.on_field:
        return _Search(local, target, candidate).run()
    if kind.on_enumerator:
        return _match_enumerator(local, target, candidate)
    relation = types_match if kind is CoreKind.TYPE_MATCHES else types_compatible
    if relation(local.btf, local.type_id, target, candidate):
        return Access(target, candidate)
    verb = "does not match" if kind is CoreKind.TYPE_MATCHES else "is not compatible with"
    return Mismatch(f"{local.text} {verb} the type of that name in {WHERE}")


def _match_enumerator(local: Access, target: Btf, candidate: int) -> Access | Mismatch:
    found = target.strip(candidate)
    wanted = essential_name(local.steps[0].name)
    if not isinstance(found, t.Enum):
        return Mismatch(f"{local.short_text}: {target.type_name(candidate)} is no enum in {WHERE}")
    for index, enumerator in enumerate(found.enumerators):
        if essential_name(enumerator.name) == wanted:
            return Access(target, candidate, (Step(found.id, index, enumerator.name),))
    close = nearest(wanted, (enumerator.name for enumerator in found.enumerators))
    return Mismatch(f"{local.short_text} does not exist in {WHERE}", close)


def _told_apart(local: Btf, local_id: int, target: Btf, target_id: int) -> tuple[str, str]:
    """Return the C text of two types that do not agree; where their names do, with what is below the names."""
    ours, theirs = declaration(local, local_id), declaration(target, target_id)
    if ours != theirs:
        return ours, theirs
    below: list[str] = []
    for btf, type_id, text in ((local, local_id, ours), (target, target_id, theirs)):
        found = btf.strip(type_id)
        what = declaration(btf, found.id)
        size = f"{sized(btf, found.id)} bytes" if not isinstance(found, t.Forward | t.FunctionProto | t.Void) else ""
        facts = ", ".join(filter(None, (what if what != text else _KINDS.get(type(found), ""), size)))
        below.append(f"{text} ({facts})")
    return below[0], below[1]


_KINDS: Final[dict[type[t.BtfType], str]] = {
    t.Int: "an integer",
    t.Float: "a floating-point number",
    t.Forward: "only declared",
    t.Enum: "an enum",
    t.Array: "an array",
    t.Pointer: "a pointer",
    t.Composite: "a struct or union",
}


class _Search:
    """Walks along a field access in the target type, as far as it goes."""

    def __init__(self, local: Access, target: Btf, candidate: int) -> None:
        self.local = local
        self.target = target
        self.candidate = candidate
        self.here = target.strip(candidate).id
        self.steps: list[Step] = []
        self.bits = 0

    def run(self) -> Access | Mismatch:
        for number, step in enumerate(self.local.steps):
            problem = self.member(number, step) if step.name else self.element(number, step)
            if problem is not None:
                return problem
        return Access(self.target, self.candidate, tuple(self.steps), self.bits)

    def text(self, number: int) -> str:
        """Return the access as far as it got, for people."""
        return Access(self.local.btf, self.local.type_id, self.local.steps[: number + 1]).short_text

    def member(self, number: int, step: Step) -> Mismatch | None:
        owner = self.target.strip(self.here)
        found = self.find(owner, step.name, 0, set()) if isinstance(owner, t.Composite) else None
        if found is None:
            known = self.names(owner.id, set())
            return Mismatch(f"{self.text(number)} does not exist in {WHERE}", nearest(step.name, known), number)
        place, bits, type_id = found
        ours = self.local.btf.type(step.type_id)
        assert isinstance(ours, t.Composite)
        local_id = ours.members[step.index].type_id
        if not fields_compatible(self.local.btf, local_id, self.target, type_id):
            shown = _told_apart(self.local.btf, local_id, self.target, type_id)
            return Mismatch(f"{self.text(number)} is {shown[1]} in {WHERE}, and not {shown[0]}", depth=number)
        self.steps.append(place)
        self.bits += bits
        self.here = type_id
        return None

    def find(self, owner: t.Composite, name: str, depth: int, seen: set[int]) -> tuple[Step, int, int] | None:
        """Return a member, its bit offset and its type; those of anonymous members count as the owner's."""
        if depth > _MAX_STEPS:
            raise ObjectError(f"{owner.name or 'an anonymous struct'} nests too deeply", file=self.target.file)
        seen.add(owner.id)
        for index, member in enumerate(owner.members):
            if member.name == name:
                return Step(owner.id, index, name), member.bit_offset, member.type_id
            inner = None if member.name else self.target.strip(member.type_id)
            if isinstance(inner, t.Composite) and inner.id not in seen:
                found = self.find(inner, name, depth + 1, seen)
                if found is not None:
                    return found[0], member.bit_offset + found[1], found[2]
        return None

    def names(self, type_id: int, seen: set[int]) -> list[str]:
        """Return the names of all members, those of anonymous members included."""
        owner = self.target.strip(type_id)
        if not isinstance(owner, t.Composite) or owner.id in seen:
            return []
        seen.add(owner.id)
        return [
            name
            for member in owner.members
            for name in ([member.name] if member.name else self.names(member.type_id, seen))
        ]

    def element(self, number: int, step: Step) -> Mismatch | None:
        if number:
            array = self.target.strip(self.here)
            if not isinstance(array, t.Array):
                return Mismatch(f"{self.text(number - 1)} is no array in {WHERE}", depth=number)
            if step.index >= array.count and not is_flexible(self.target, self.steps[-1], array):
                reason = f"{self.text(number)} does not exist in {WHERE}, where it has {array.count} elements"
                return Mismatch(reason, depth=number)
            self.here = self.target.strip(array.element).id
        self.steps.append(Step(self.here, step.index))
        self.bits += step.index * sized(self.target, self.here) * 8
        return None
