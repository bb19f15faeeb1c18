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
    struct = spec.btf.strip(program.linked.core_relocations[0].type_id).id
    found = types.fields
    assert [found[slot] for slot in (0, 4, 8)] == [(struct, ".second"), (struct, ".array[2]"), (struct, ".points[1].y")]
    assert 1 not in found


def test_a_damaged_relocation_leaves_the_others() -> None:
    spec = CollectionSpec.from_file("tests/objects/core_shapes.o")
    program = spec.programs["fields"]
    first = program.linked.core_relocations[0]
    whole = ValueTypes(MemoryNames(program, spec))
    expected = whole.fields
    cast("list[CoreRelocation]", program.linked.core_relocations)[0] = first._replace(access="0:99")
    types = ValueTypes(MemoryNames(program, spec))
    assert types.fields == {slot: found for slot, found in expected.items() if slot != 0}
