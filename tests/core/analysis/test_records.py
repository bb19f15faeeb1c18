"""What the records of a stream are, where the object says so and where only its code does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bpftui.core.analysis.records import record_candidates, record_type
from bpftui.core.spec import CollectionSpec

OBJECT = Path(__file__).parents[3] / "tests/objects/live.o"


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        ("texts", "struct event"),
        ("tails", "struct tailed"),
        ("reserved", "struct sent, a guess: the line that writes it names it"),
        ("output", "struct sent, a guess: found is one where it is written"),
        ("perf", "struct sent, a guess: found is one where it is written"),
    ],
)
def test_a_type_is_declared_or_guessed_and_the_guess_says_so(stream: str, text: str) -> None:
    spec = CollectionSpec.from_file(OBJECT)
    assert record_type(spec, spec.maps[stream]).text == text


def test_without_debug_information_nothing_is_claimed() -> None:
    """`struct sent` is in the DWARF alone: nothing that BTF describes refers to it."""
    spec = CollectionSpec.from_file(OBJECT)
    bare = replace(spec, read_debug=lambda: None)
    assert record_type(bare, bare.maps["output"]).text == "bytes"
    assert "sent" not in [each.stripped.name for each in record_candidates(bare)]
    assert "sent" in [each.stripped.name for each in record_candidates(spec)]


def test_structures_are_told_apart_by_a_member_that_programs_write_constants_into() -> None:
    spec = CollectionSpec.from_file(OBJECT.with_name("record_tags.o"))
    record = record_type(spec, spec.maps["reserved"])
    assert record.text == "struct opened, struct closed, struct failed, by what"
    assert record.tag is not None
    assert (record.tag.offset, record.tag.size) == (8, 4)
    assert record.tag.kinds == ((1, 0), (2, 1), (7, 2))
    alike = [bytes(8) + bytes([what]) + bytes(15) for what in (1, 2, 7, 3)]  # two of the structures have 24 bytes
    kinds = [record.of(raw) for raw in alike]
    assert [None if each is None else each.c_text for each in kinds] == [
        "struct opened",
        "struct closed",
        "struct failed",
        None,
    ]
    assert record.of(alike[0][:20]) is None  # it ends before its structure does
    assert record.of(alike[0][:8]) is None
    # On the stack: the times are other constants as well, but what is an enumeration is meant to tell.
    sent = record_type(spec, spec.maps["sent"])
    assert sent.text == "struct opened, struct closed, by what"


def test_structures_of_different_lengths_are_told_apart_by_them() -> None:
    spec = CollectionSpec.from_file(OBJECT.with_name("record_kinds.o"))
    record = record_type(spec, spec.maps["told"])
    assert record.text == "struct began, struct ended, by kind"
    record = record._replace(tag=None)
    assert record.text == "struct began, struct ended, by their length"
    lengths = (7, 8, 15, 16, 23, 24)
    found = [record.of(bytes(length)) for length in lengths]
    assert [None if each is None else each.c_text for each in found] == [
        None,
        "struct began",
        "struct began",
        "struct ended",
        "struct ended",
        None,
    ]
    assert record_type(spec, spec.maps["alike"]).text == "bytes"  # two of 8 bytes: nobody can tell them
