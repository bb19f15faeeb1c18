"""Values that no other test has: flexible arrays, bitfields of old compilers, floats that Python lacks."""

from __future__ import annotations

import pytest

from bpftui.core.btf import Btf, CType, Value
from bpftui.core.errors import TypeMismatchError, ValueRangeError
from tests.core.btf.blob import Blob


@pytest.mark.parametrize("order", ["little", "big"])
def test_a_flexible_array_is_what_follows_its_struct(order: str) -> None:
    blob = Blob(order="<" if order == "little" else ">")
    short = blob.integer("short", 2)
    items = blob.array(short, 0)
    inner = blob.struct("inner", 2, [("n", short, 0), ("items", items, 16)])
    named = blob.struct("named", 4, [("head", short, 0), ("inner", inner, 16)])
    found = CType(Btf(blob.bytes(), "little" if order == "little" else "big"), named)
    raw = b"".join(n.to_bytes(2, found.btf.byte_order) for n in (7, 3, 1, 2, 3))
    value: Value = {"head": 7, "inner": {"n": 3, "items": [1, 2, 3]}}
    assert found.decode(raw) == value
    assert found.encode(value) == raw
    assert found.encode(value, current=raw) == raw
    assert found.encode({"head": 9}, current=raw)[2:] == raw[2:]
    assert len(found.encode({"head": 9})) == 4
    with pytest.raises(TypeMismatchError, match=r"v\.inner\.items: .* takes 3 values, not 4"):
        found.encode({"inner": {"items": [1, 2, 3, 4]}}, "v", current=raw)


def test_without_room_a_flexible_array_takes_nothing() -> None:
    blob = Blob()
    char = blob.integer("char", 1)
    text = blob.struct("text", 1, [("n", char, 0), ("text", blob.array(char, 0), 8)])
    found = CType(Btf(blob.bytes()), text)
    assert found.decode(b"\x05hello") == {"n": 5, "text": "hello"}
    assert found.encode({"n": 5, "text": "hello"}) == b"\x05hello"
    assert found.encode({"text": "hi"}, current=b"\x05hello") == b"\x05hi\0\0\0"
    with pytest.raises(ValueRangeError, match="only 1 bytes for all of v, not 6"):
        found.encode({"text": "hello"}, "v", current=b"\x05")


def test_bitfields_of_old_compilers_have_an_offset_of_their_own() -> None:
    blob = Blob()
    narrow = blob.integer("unsigned int", 4, signed=False, bits=3, bit_offset=2)
    old = blob.struct("old", 4, [("field", narrow, 8)])
    found = CType(Btf(blob.bytes()), old)
    assert found.decode(b"\0\x14\0\0") == {"field": 5}
    assert found.encode({"field": 5}) == b"\0\x14\0\0"


@pytest.mark.parametrize("size", [10, 12, 16])
def test_a_long_double_is_its_bytes(size: int) -> None:
    blob = Blob()
    number = blob.floating("long double", size)
    found = CType(Btf(blob.bytes()), number)
    raw = bytes(range(size))
    assert found.decode(raw) == raw
    assert found.encode(raw) == raw
    with pytest.raises(TypeMismatchError, match="can only be set as bytes"):
        found.encode(1.5)
