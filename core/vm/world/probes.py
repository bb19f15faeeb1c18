"""Loads by typed pointers of the kernel's: they give 0 where nothing is, as the kernel's exception table does it.

The verifier knows the type of each pointer (`PTR_TO_BTF_ID`); here it is what can be told from the object: arguments
of the hook, what `bpf_get_current_task_btf` returns, and what is loaded by them. Other pointers stay checked.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ...analysis.values import Place
from ...asm import HELPERS, Class
from ...asm.opcodes import CALL, INSN_SIZE
from ...btf.compatible import essential_name
from ...btf.types import Kind
from ...spec import ProgramType

if TYPE_CHECKING:
    from ...btf import Btf
    from ...spec import CollectionSpec, ProgramSpec

__all__ = ["probes"]

_ARGUMENTS: Final = (ProgramType.TRACING, ProgramType.LSM, ProgramType.STRUCT_OPS)
"""Types whose context holds typed pointers."""
_CURRENT: Final = HELPERS.index("bpf_get_current_task_btf")


def probes(program: ProgramSpec, spec: CollectionSpec, target: Btf | None) -> frozenset[int]:
    """Return the slots of loads by typed pointers of the kernel's.

    Args:
        program: Whose code.
        spec: The object that it is in.
        target: The kernel's types, where it is adapted to some: what is no struct there is no kernel's.
    """
    from ...analysis.facts import ProgramFacts
    from ...analysis.memory_names import MemoryNames
    from ...analysis.types import ValueTypes

    btf = spec.types
    has_arguments = program.type in _ARGUMENTS
    if btf is None or not (has_arguments or _calls_current(program)):
        return frozenset()
    facts = ProgramFacts(program, spec.maps, ValueTypes(MemoryNames(program, spec)), losses=False)
    found: set[int] = set()
    for slot, access in facts.accesses():
        address = access.address
        if address.place is not Place.TYPED or access.writes:
            continue
        if not has_arguments and not address.name.startswith("current"):
            continue
        if target is None or target.find(essential_name(btf.type_name(address.type_id)), Kind.STRUCT) is not None:
            found.add(slot)
    return frozenset(slot for slot in found if program.code[slot * INSN_SIZE] & 7 == Class.LDX)


def _calls_current(program: ProgramSpec) -> bool:
    """Whether it asks for the current task as a typed pointer."""
    form = struct.Struct("<B3xi" if program.byte_order == "little" else ">B3xi")
    return any(call == (CALL, _CURRENT) for call in form.iter_unpack(program.code))
