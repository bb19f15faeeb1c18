"""Which CO-RE relocations go through a struct: by the member that they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.btf import CType, Kind
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.core_uses import core_uses

OBJECTS = Path(__file__).parents[2] / "objects"


def uses(file: str, name: str) -> dict[str, list[str]]:
    spec = CollectionSpec.from_file(OBJECTS / file)
    assert spec.types is not None
    found = spec.types.find(name, Kind.STRUCT)
    assert found is not None
    return {member: [use.text for use in each] for member, each in core_uses(spec, CType(spec.types, found)).items()}


@pytest.mark.parametrize(
    ("name", "member", "texts"),
    [
        ("moved", "second", ["fields:0 byte_off", "fields:20 byte_off"]),
        ("moved", "in_union", ["fields:12 byte_off"]),  # of an anonymous union in an anonymous struct
        ("moved", "other", []),
        ("point", "y", ["fields:8 byte_off"]),  # by way of moved.points[2]
        ("matching", "", ["types:16 type_matches"]),
        ("sizes", "grows_signed", ["loads:6 byte_off"]),
    ],
)
def test_relocations_are_with_the_member_that_they_name(name: str, member: str, texts: list[str]) -> None:
    assert uses("core_shapes.o", name).get(member, []) == texts


def test_of_a_struct_and_its_flavours_all_are_told() -> None:
    assert uses("core.o", "task_struct") == uses("core.o", "task_struct___older")
    assert uses("core.o", "task_struct") == {
        "tgid": ["core:2 byte_off"],
        "comm": ["core:11 byte_off", "core:35 byte_sz"],
        "group_leader": ["core:19 byte_off"],
        "pid": ["core:26 byte_off", "core:37 field_exists", "core:39 signed"],
        "in_execve": ["core:41 lshift_u64", "core:43 rshift_u64"],
        "member_that_never_was": ["core:45 field_exists"],
        "": ["core:47 type_exists", "core:55 local_type_id", "core:58 target_type_id"],
    }
    assert uses("core.o", "list_head") == {"": ["core:51 type_size", "core:53 type_matches"]}
