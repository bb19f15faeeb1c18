"""What the types of an object tell of its instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from bpftui.core.analysis.memory_names import MemoryNames
from bpftui.core.analysis.types import ValueTypes
from bpftui.core.spec import CollectionSpec

if TYPE_CHECKING:
    from bpftui.core.spec.program import CoreRelocation


def test_fields_that_instructions_use_are_known_by_their_core_relocations() -> None:
    """tests/objects/core_shapes.c: the path that each access has from its struct on."""
    spec = CollectionSpec.from_file("tests/objects/core_shapes.o")
    program = spec.programs["fields"]
    assert spec.btf is not None
    types = ValueTypes(MemoryNames(program, spec))
    found = {slot: types.field(slot) for slot in (0, 4, 8)}
    struct = spec.btf.strip(program.linked.core_relocations[0].type_id).id
    assert found == {0: (struct, ".second"), 4: (struct, ".array[2]"), 8: (struct, ".points[1].y")}
    assert types.field(1) is None


def test_a_damaged_relocation_leaves_the_others() -> None:
    spec = CollectionSpec.from_file("tests/objects/core_shapes.o")
    program = spec.programs["fields"]
    first = program.linked.core_relocations[0]
    whole = ValueTypes(MemoryNames(program, spec))
    expected = {slot: whole.field(slot) for slot in (0, 4, 8)}
    cast("list[CoreRelocation]", program.linked.core_relocations)[0] = first._replace(access="0:99")
    types = ValueTypes(MemoryNames(program, spec))
    assert types.field(0) is None
    assert {slot: types.field(slot) for slot in (4, 8)} == {slot: expected[slot] for slot in (4, 8)}
