"""What is said of a spec: in a list of few words, on a page, on one line and in JSON, the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpftui.core.spec import CollectionSpec, MapFlag
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.text.describe import describe
from bpftui.tui.text.facts import (
    collection_facts,
    map_brief,
    map_facts,
    map_shape,
    program_brief,
    program_facts,
    variable_facts,
)

OBJECTS = Path(__file__).parents[2] / "objects"


def read(name: str) -> CollectionSpec:
    return CollectionSpec.from_file(OBJECTS / name)


def page(spec: CollectionSpec, kind: NodeKind, name: str = "") -> list[str]:
    return [line.rstrip() for line in describe(spec, Node(kind, name)).plain.splitlines()]


def json_of(facts: Any) -> dict[str, Any]:
    return {fact.key: fact.value for fact in facts if fact.key}


def phrases(facts: Any) -> list[str]:
    return [fact.phrase for fact in facts if fact.phrase]


def test_a_map() -> None:
    spec = read("map_attributes.o")
    found = spec.maps["pinned_elsewhere"]
    assert map_brief(found) == "hash __u32→__u32"
    assert map_shape(found) == "__u32 → __u32"
    assert phrases(map_facts(found)) == ["4+4 bytes", "max 2", "pinning 100, which only its own loader knows"]
    assert page(spec, NodeKind.MAP, found.name) == [
        "pinned_elsewhere  map",
        "",
        "type          hash",
        "key           __u32  4 B",
        "value         __u32  4 B",
        "max entries   2",
        "pinning       100",
        "section       .maps",
        "remark        pinning 100, which only its own loader knows",
    ]


def test_what_a_map_has_stands_on_its_page_too() -> None:
    spec = read("map_attributes.o")
    found = spec.maps["wrapped"]
    found.flags = MapFlag.NUMA_NODE | MapFlag.NO_PREALLOC | MapFlag(1 << 25)
    found.numa_node = 3
    assert phrases(map_facts(found))[2:] == [
        "no_prealloc | numa_node | 0x2000000",
        "NUMA node 3",
    ]
    lines = page(spec, NodeKind.MAP, found.name)
    assert "flags         no_prealloc | numa_node | 0x2000000" in lines
    assert "NUMA node     3" in lines
    assert json_of(map_facts(found))["numa_node"] == 3


def test_what_an_object_is() -> None:
    lines = page(read("legacy_maps.o"), NodeKind.COLLECTION)
    assert "kernel        6.1.1" in lines
    assert "license       GPL" in lines
    assert "types         no BTF: keys and values are shown as bytes" in lines


@pytest.mark.parametrize(
    ("number", "text"),
    [(0x60101, "6.1.1"), (0x1060101, "version 0x1060101"), (0xFFFFFFFE, "version 0xfffffffe")],
)
def test_versions_of_a_kernel_and_other_numbers(number: int, text: str) -> None:
    spec = read("legacy_maps.o")
    spec.kernel_version = number
    assert f"kernel        {text}" in page(spec, NodeKind.COLLECTION)
    assert f"for kernel {text}" in phrases(collection_facts(spec))


@pytest.mark.parametrize(("loaded", "brief"), [(True, "tracing task"), (False, "tracing task (not loaded by itself)")])
def test_a_program(loaded: bool, brief: str) -> None:
    program = read("typed.o").programs["each_task"]
    program.autoload = loaded
    assert program_brief(program) == brief
    last = [] if loaded else ["optional: not loaded by default"]
    said = phrases(program_facts(program))
    assert sorted(said) == sorted(['SEC("iter/task")', "18 insns", "uses .bss", "5 CO-RE relocations", *last])
    assert json_of(program_facts(program))["attach_type"] == "trace_iter"


def test_a_variable() -> None:
    spec = read("typed.o")
    variable = spec.variables["last"]
    assert json_of(variable_facts(variable)) == {
        "name": "last",
        "section": ".bss",
        "map": ".bss",
        "offset": 16,
        "size": 8,
        "constant": False,
        "type": "struct sample",
    }
    assert phrases(variable_facts(variable)) == [".bss+0x10", "8 bytes"]
    assert "place         .bss+0x10  8 B" in page(spec, NodeKind.VARIABLE, "last")
