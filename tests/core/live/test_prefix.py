"""Keys of LPM tries: an address and how many of its bits count, as one field."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bpftui.core.errors import BpftuiError
from bpftui.core.live import Form, fields_of
from bpftui.core.live.condition import condition
from bpftui.core.live.prefix import PrefixField
from bpftui.core.runtime import Entry
from bpftui.core.spec import CollectionSpec, MapSpec, MapType

OBJECT = Path(__file__).parents[2] / "objects" / "map_kinds.o"


def key(bits: int, *address: int) -> bytes:
    return bits.to_bytes(4, sys.byteorder) + bytes(address)


V4 = key(24, 192, 0, 2, 0)
V6 = key(32, 0x20, 1, 0x0D, 0xB8, *[0] * 12)


def field_of(size: int) -> PrefixField:
    (field,) = fields_of(MapSpec("trie", "", MapType.LPM_TRIE, size, 8, max_entries=1)).keys
    assert isinstance(field, PrefixField)
    return field


@pytest.mark.parametrize(
    ("raw", "text"), [(V4, "192.0.2.0/24"), (V6, "2001:db8::/32"), (key(0, 0, 0, 0, 0), "0.0.0.0/0")]
)
def test_it_is_written_as_people_write_it_and_read_back(raw: bytes, text: str) -> None:
    field = field_of(len(raw))
    assert field.text(Entry(raw, (bytes(8),))) == text
    assert field.text(Entry(raw, (bytes(8),)), Form.HEX) == raw.hex(" ")
    assert field.edit_text(raw) == text
    assert field.put(text, bytes(len(raw))) == raw
    assert field.put(field.edit_text(raw, Form.HEX), bytes(len(raw)), Form.HEX) == raw
    assert not field.is_number


def test_without_a_length_all_bits_count() -> None:
    assert field_of(8).put("192.0.2.1", bytes(8)) == key(32, 192, 0, 2, 1)
    assert field_of(20).put("::1", bytes(20)) == key(128, *[0] * 15, 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("192.0.2.0/33", "an address has 32 bits, of which 33 cannot count"),
        ("192.0.2.0/x", "takes a number behind /, not 'x'"),
        ("192.0.2.0/", "takes a number behind /"),
        ("192.0.2/24", "prefix is an IPv4 address"),
        ("::1/24", "prefix is an IPv4 address"),
        ("hex:0102", "takes 8 bytes, not 2"),
    ],
)
def test_what_is_no_prefix_is_said_to_be_none(text: str, says: str) -> None:
    with pytest.raises(BpftuiError) as caught:
        field_of(8).put(text, bytes(8))
    assert says in caught.value.message


def test_they_are_ordered_by_address_and_then_by_length() -> None:
    field = field_of(8)
    keys = [key(8, 192, 0, 0, 0), key(16, 10, 0, 0, 0), key(8, 10, 0, 0, 0)]
    assert sorted(keys, key=lambda each: field.rank(Entry(each, (b"",)))) == keys[::-1]


def test_a_typed_key_is_one_too_and_one_with_more_in_it_is_not() -> None:
    trie = CollectionSpec.from_file(OBJECT).maps["lpm_trie"]
    fields = fields_of(trie)
    assert [each.label for each in fields.keys] == ["prefix"]
    assert fields.keys[0].declared == "struct address"
    entries = [Entry(V4, (bytes(8),)), Entry(key(8, 10, 0, 0, 0), (bytes(8),))]
    only = condition("prefix == 192.0.2.0/24", fields.all)
    assert only is not None
    assert [only.matches(each) for each in entries] == [True, False]
    assert not fields.alike(trie, entries)
    more = MapSpec("trie", "", MapType.LPM_TRIE, 12, 8, max_entries=1)
    assert not isinstance(fields_of(more).keys[0], PrefixField)
    # What is no trie has no prefix, though its key has that size.
    plain = MapSpec("hash", "", MapType.HASH, 8, 8, max_entries=1)
    assert not isinstance(fields_of(plain).keys[0], PrefixField)
