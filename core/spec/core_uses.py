"""Which CO-RE relocations of an object go through a struct, by the member that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..btf import types as t
from ..btf.access import CoreKind, parse_access
from ..btf.compatible import essential_name
from ..errors import BpftuiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..btf import Btf, CType
    from .collection import CollectionSpec

__all__ = ["CoreUse", "core_uses"]


class CoreUse(NamedTuple):
    """A relocation."""

    program: str
    slot: int
    """The instruction."""
    kind: str
    """What it asks for: `byte_off`, `field_exists`."""

    @property
    def text(self) -> str:
        """In one word: `count:17 byte_off`."""
        return f"{self.program}:{self.slot} {self.kind}"


def core_uses(spec: CollectionSpec, ctype: CType) -> dict[str, list[CoreUse]]:
    """Return the relocations that touch a struct or union, flavours aside, in the order of programs and instructions.

    They are by the member that is accessed; by the empty name those about the whole type. A program whose code is
    damaged has none.
    """
    found: dict[str, list[CoreUse]] = {}
    wanted = essential_name(_name(ctype.btf, ctype.id))
    if spec.btf is None or not wanted:
        return found
    for program in spec.programs.values():
        try:
            relocations = program.linked.core_relocations
        except BpftuiError:
            continue
        for item in relocations:
            try:
                kind = CoreKind(item.kind)
                names = set(_members(spec.btf, item.type_id, item.access, kind, wanted))
            except (ValueError, BpftuiError):
                continue
            for name in names:
                found.setdefault(name, []).append(CoreUse(program.name, item.slot, kind.label))
    return found


def _members(btf: Btf, type_id: int, access: str, kind: CoreKind, wanted: str) -> Iterator[str]:
    """Iterate over the members of what is *wanted* that an access goes through; `""` stands for all of it."""
    parsed = parse_access(btf, type_id, access, kind)
    if not kind.on_field:
        if not kind.on_enumerator and essential_name(_name(btf, type_id)) == wanted:
            yield ""
        return
    # A member of an anonymous struct is one of what that is in: so the last struct with a name counts.
    inside = _name(btf, type_id)
    for step in parsed.steps:
        if step.name:
            inside = _name(btf, step.type_id) or inside
            if essential_name(inside) == wanted:
                yield step.name


def _name(btf: Btf, type_id: int) -> str:
    """Return the name of a struct or union, or of the typedef of one that has none."""
    found = btf.strip(type_id)
    if not isinstance(found, t.Composite):
        return ""
    return found.name or btf.type_name(type_id)
