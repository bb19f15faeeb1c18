"""Definitions of maps that are wrong, and what becomes of them; the rest is in `expected/definitions.py`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bpftui.core.errors import LoadError
from bpftui.core.maps.shape import ring_size
from bpftui.core.spec import CollectionSpec, MapEntry, MapSpec, MapType, Pinning
from bpftui.core.vm.runtime import MachineRuntime

OBJECTS = Path(__file__).parents[2] / "objects"


def test_a_pinning_of_another_loader_is_the_number() -> None:
    pinning = CollectionSpec.from_file(OBJECTS / "map_attributes.o").maps["pinned_elsewhere"].pinning
    assert (pinning, pinning.label, pinning.is_foreign) == (100, "100", True)
    assert Pinning(1) is Pinning.BY_NAME
    assert not Pinning.BY_NAME.is_foreign
    with pytest.raises(ValueError, match="is not a valid Pinning"):
        Pinning("by_name")


def test_a_map_of_maps_can_be_created_once_its_inner_maps_are_defined() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "map_attributes.o")
    outer = spec.maps["no_inner"]
    assert outer.problem is not None
    outer.inner = MapSpec("inner", "", MapType.ARRAY, 4, 4, 1)
    assert outer.problem is None


def test_what_is_wrong_with_a_map_is_said_when_it_is_created() -> None:
    report = MachineRuntime().check(CollectionSpec.from_file(OBJECTS / "map_attributes.o"))
    assert [outcome.name for outcome in report.maps if outcome.ok] == ["wrapped", "pinned_elsewhere"]
    (contradiction,) = [outcome.error for outcome in report.maps if outcome.name == "contradiction"]
    assert contradiction == (
        "cannot create map contradiction: its key_size is 8, but its key is __u32 of 4 bytes; "
        "its value_size is 4, but its value is __u64 of 8 bytes"
    )


@pytest.mark.parametrize(
    ("asked", "size"),
    [(0, 4096), (1, 4096), (4097, 8192), (1 << 31, 1 << 31), ((1 << 31) + 1, (1 << 31) + 1), (0xFFFFFFFF, 0xFFFFFFFF)],
)
def test_the_size_of_a_ring_buffer_never_outgrows_32_bits(asked: int, size: int) -> None:
    assert ring_size(asked) == size


def test_an_initial_entry_whose_key_does_not_fit() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "nested_maps.o")
    outer = next(found for found in spec.maps.values() if found.type is MapType.ARRAY_OF_MAPS and found.contents)
    outer.contents[0] = MapEntry(1 << 32, outer.contents[0].target)
    with pytest.raises(LoadError, match=rf"cannot fill map {outer.name}: its keys have 4 bytes, so none is 4294967296"):
        MachineRuntime().load(spec)


@pytest.mark.skipif(shutil.which("clang-19") is None, reason="clang-19 is not installed")
@pytest.mark.parametrize(
    ("value", "size", "problem"),
    [
        ("char[65535][65537]", 0xFFFF_FFFF, None),
        ("char[65536][65536]", None, "its value has 4,294,967,296 bytes, which does not fit into 32 bits"),
    ],
)
def test_a_value_of_as_many_bytes_as_32_bits_count(
    tmp_path: Path, value: str, size: int | None, problem: str | None
) -> None:
    element, *counts = value.replace("]", "").split("[")
    source = f"""
        typedef {element} large[{counts[0]}][{counts[1]}];
        struct {{ int (*type)[2]; int (*max_entries)[1]; int *key; large *value; }} m
            __attribute__((section(".maps"), used));
    """
    command = ["clang-19", "-target", "bpf", "-g", "-x", "c", "-c", "-", "-o", str(tmp_path / "large.o")]
    subprocess.run(command, input=source, text=True, check=True)
    spec = CollectionSpec.from_file(tmp_path / "large.o")
    if problem is None:
        assert spec.maps["m"].value_size == size
    else:
        found = [spec.maps["m"].problem] if "m" in spec.maps else [hidden.reason for hidden in spec.hidden]
        assert any(problem in (each or "") for each in found)
