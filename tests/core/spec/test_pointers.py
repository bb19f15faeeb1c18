"""Pointers in data; what `show --json` says of them is in `expected/definitions.py`."""

from __future__ import annotations

from pathlib import Path

from bpftui.core.btf import format_value
from bpftui.core.spec import CollectionSpec

OBJECT = Path(__file__).parents[2] / "objects" / "data_pointers.o"


def test_the_value_is_what_is_loaded_and_what_is_told_is_what_it_was_to_be() -> None:
    label = CollectionSpec.from_file(OBJECT).variables["label"]
    assert (label.get(), label.raw) == (0, bytes(8))
    assert format_value(label.told()) == '&"hello"'


def test_what_was_set_is_no_pointer_of_the_file_any_more() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    spec.set_text("options[1].name", "9")
    options = spec.variables["options"]
    assert format_value(options.told()) == '[{name=&"one", value=1}, {name=9, value=2}]'
    assert format_value(options.told(options.original)) == '[{name=&"one", value=1}, {name=&"two", value=2}]'


def test_a_part_of_a_variable() -> None:
    options = CollectionSpec.from_file(OBJECT).variables["options"]
    assert options.type is not None
    name, offset = options.type.member("[1].name")
    assert format_value(options.told(options.raw[offset : offset + 8], name, offset)) == '&"two"'


def test_static_data_has_pointers_too() -> None:
    pointers = CollectionSpec.from_file(OBJECT).programs["follows"].pointers
    assert {name: len(found) for name, found in pointers.items()} == {".data": 10}
    assert pointers[".data"][0x60] == (8, "&escaped+3", "tail")
