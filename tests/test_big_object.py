"""The object that speed is measured on is one that can be trusted: whole, as large as is said, the same each time."""

from __future__ import annotations

import hashlib

from bpftui.core.spec import CollectionSpec, MapType, ProgramType
from tests.bench.big_object import big_object


def test_a_small_one_is_whole() -> None:
    raw = big_object(sections=4, functions=40)
    spec = CollectionSpec.from_bytes(raw)
    assert (len(spec.programs), len(spec.maps), len(spec.variables), spec.hidden) == (24, 51, 200, [])
    assert [program.problem for program in spec.programs.values()] == [None] * 24
    first = spec.programs["program_0000"]
    assert (first.type, first.attach_to) == (ProgramType.KPROBE, "kernel_function_1")
    sizes = {"program_0000": 111, "subprogram_0003": 112, "subprogram_0001": 113}
    assert {function.name: function.size for function in first.functions} == sizes
    assert (first.insns, len(first.linked.line_infos)) == (336, 151)
    assert [relocation.kind for relocation in first.linked.core_relocations] == [6, 6, 6]
    some_map = spec.maps["map_049"]
    assert (some_map.type, some_map.key_size, some_map.value_size, some_map.max_entries) == (MapType.HASH, 4, 8, 1024)
    assert hashlib.sha256(raw).hexdigest() == hashlib.sha256(big_object(sections=4, functions=40)).hexdigest()


def test_the_large_one_is_as_large_as_is_said() -> None:
    raw = big_object()
    assert len(raw) == 20_794_856
    spec = CollectionSpec.from_bytes(raw)
    assert len(spec.programs) == 2970
    assert len({program.section for program in spec.programs.values()}) == 99
