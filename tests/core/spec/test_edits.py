"""What was changed in an object, apart from it: kept, put into the same object anew, and refused by another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpftui.core.errors import ObjectError
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.edits import Edits

CONSTANTS = Path(__file__).parents[3] / "bpf/constants.o"
TRAFFIC = Path(__file__).parents[3] / "bpf/traffic.o"


def test_what_was_changed_is_put_into_the_object_anew() -> None:
    spec, fresh = (CollectionSpec.from_file(TRAFFIC) for _ in range(2))
    assert Edits.of(spec, fresh) == Edits()
    spec.set_type("count_traffic", "tcx/ingress")
    spec.set("counting", 0)
    spec.maps["sources"].max_entries = 7
    edits = Edits.of(spec, fresh)
    offset = spec.variables["counting"].offset
    document = {
        "types": {"count_traffic": "tcx/ingress"},
        "data": {".data": {str(offset): "00"}},
        "sizes": {"sources": 7},
    }
    assert edits.to_json() == document
    assert Edits.from_json(document) == edits
    edits.apply(fresh)
    assert fresh.programs["count_traffic"].typed_as == "tcx/ingress"
    assert (fresh.variables["counting"].raw, fresh.maps["sources"].max_entries) == (b"\0", 7)


def test_bytes_of_constants_that_no_variable_names_are_kept_too() -> None:
    spec, fresh = (CollectionSpec.from_file(CONSTANTS) for _ in range(2))
    contents = spec.maps[".rodata"].data
    assert contents is not None
    spec.set("mode", 2)
    contents[1:3] = b"ab"  # between enabled, a byte, and mode
    contents[30] = 7  # between name and cfg
    edits = Edits.of(spec, fresh)
    assert edits.to_json()["data"] == {".rodata": {"4": "02000000", "1": "6162", "30": "07"}}
    edits.apply(fresh)
    assert fresh.maps[".rodata"].data == contents


@pytest.mark.parametrize("offset", [-1, 1 << 20])
def test_another_object_is_told_from_it(offset: int) -> None:
    with pytest.raises(ObjectError, match=r"does not fit its object: section \.data has no 2 bytes at"):
        Edits(data={".data": {offset: b"xy"}}).apply(CollectionSpec.from_file(TRAFFIC))


def test_the_last_bytes_of_a_section_can_be_edited() -> None:
    spec = CollectionSpec.from_file(TRAFFIC)
    contents = spec.maps[".data"].data
    assert contents is not None
    size = len(contents)
    Edits(data={".data": {size - 1: b"x"}}).apply(spec)
    assert contents[-1:] == b"x"
    with pytest.raises(ObjectError):
        Edits(data={".data": {size: b"x"}}).apply(spec)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"types": {"p": 5}}, "the type of a program is no text"),
        ({"sizes": {"m": "5"}}, "max_entries has 32 bits"),
        ({"sizes": {"m": True}}, "max_entries has 32 bits"),
        ({"sizes": {"m": -1}}, "max_entries has 32 bits"),
        ({"sizes": {"m": 1 << 32}}, "max_entries has 32 bits"),
    ],
)
def test_what_is_no_edit(part: dict[str, Any], said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        Edits.from_json({"types": {}, "data": {}, "sizes": {}} | part)
    assert Edits.from_json({"types": {}, "data": {}, "sizes": {"m": (1 << 32) - 1}}).sizes == {"m": 4_294_967_295}
