"""Every fact of `show --json`, for objects of this compiler and of others, in both byte orders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpftui.core.errors import UnknownNameError
from bpftui.core.spec import CollectionSpec
from bpftui.tui.commands.show.spec_json import spec_json
from tests.core.spec.expected import EXPECTED

ROOT = Path(__file__).parents[3]
BIG = sorted(path.relative_to(ROOT) for path in [*ROOT.glob("bpf/*.eb.o"), *ROOT.glob("tests/objects/*.eb.o")])


def facts(path: Path | str) -> dict[str, Any]:
    """Return what `show --json` says of an object, but for its file's name."""
    found = spec_json(CollectionSpec.from_file(ROOT / path))
    file = found.pop("file")
    assert file == str(ROOT / path)
    for program in found["programs"]:
        program["problem"] = program["problem"] and program["problem"].removeprefix(f"{file}: ")
    return found


@pytest.mark.parametrize("path", EXPECTED)
def test_a_spec_is_exactly_what_the_object_holds(path: str) -> None:
    assert facts(path) == EXPECTED[path]


def test_no_object_is_left_out() -> None:
    there = {str(path.relative_to(ROOT)) for folder in ("bpf", "tests/objects") for path in (ROOT / folder).glob("*.o")}
    assert there == EXPECTED.keys()


@pytest.mark.parametrize("path", BIG, ids=str)
def test_a_big_endian_object_says_the_same_as_its_little_endian_twin(path: Path) -> None:
    big, little = facts(path), facts(str(path).replace(".eb.o", ".o"))
    assert (big.pop("byte_order"), little.pop("byte_order")) == ("big", "little")
    for variable in (*big["variables"], *little["variables"]):
        del variable["bytes"]
    for found in (big, little):
        for variable in found["variables"]:
            if variable["name"] == "word":  # a union: what its other members say does depend on the byte order
                variable["value"] = variable["value"]["whole"]
    assert big == little


def test_bytes_are_in_the_byte_order_of_the_object() -> None:
    raw = {v["name"]: v["bytes"] for v in facts("tests/objects/values.eb.o")["variables"]}
    assert raw["u16"] == "ffff"
    assert raw["alias"] == "0000000c"
    assert raw["s128"] == "ff" * 15 + "fb"
    assert raw["f32"] == "3fc00000"
    assert raw["large"] == "123456789abcdef0"
    assert raw["matrix"] == "000100020003000400050006"
    # one:1 three:3 minus:4 from the top: 1 101 1101
    assert raw["flags"][:2] == "dd"
    assert raw["word"] == "11223344"


# What another compiler may do otherwise: instructions, the C lines and types that it records.
@pytest.mark.parametrize("other", ["nested_maps.clang14", "nested_maps.clang22", "subprograms.clang14"])
def test_other_compilers_make_the_same_spec(other: str) -> None:
    theirs, ours = facts(f"tests/objects/{other}.o"), facts(f"tests/objects/{other.partition('.')[0]}.o")
    for found in (theirs, ours):
        del found["types"]
        for key in ("maps", "programs"):
            found[key].sort(key=lambda item: item["name"])
        for program in found["programs"]:
            del program["insns"], program["line_infos"]
    assert theirs == ours


def test_a_pinned_map() -> None:
    (pinned,) = facts("tests/objects/pinned_map.o")["maps"]
    assert (pinned["name"], pinned["type"], pinned["pinning"], pinned["max_entries"]) == (
        "shared",
        "hash",
        "by_name",
        8,
    )


def test_core_relocations_are_counted() -> None:
    (program,) = facts("tests/objects/core.o")["programs"]
    # 4 by bpf_probe_read_kernel, 7 of fields (one offset is asked for twice), 6 of types, 3 of enumerators.
    assert program["core_relocations"] == 4 + 7 - 1 + 6 + 3
    assert program["type"] == "raw_tracepoint"
    assert program["attach_to"] == "sys_enter"


def test_a_hidden_variable_says_why_when_it_is_asked_for() -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/hidden_example.o")
    with pytest.raises(UnknownNameError) as caught:
        spec.set("hidden_var", 1)
    assert "no variable 'hidden_var'" in caught.value.message
    assert "__hidden" in str(caught.value.hint)
