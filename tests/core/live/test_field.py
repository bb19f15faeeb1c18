"""One field by itself: what is read, written and edited of a value of each kind of type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.btf import Btf, CType
from bpftui.core.btf.notation import Notation
from bpftui.core.errors import BpftuiError
from bpftui.core.live.field import Field, Form
from bpftui.core.live.keys import ambiguous_keys
from bpftui.core.runtime import Entry
from bpftui.core.spec import MapSpec, MapType
from tests.core.btf.blob import Blob

if TYPE_CHECKING:
    from collections.abc import Callable


def made(make: Callable[[Blob], int]) -> CType:
    blob = Blob()
    type_id = make(blob)
    return CType(Btf(blob.bytes()), type_id)


def integer(size: int, *, signed: bool = False) -> CType:
    return made(lambda blob: blob.integer("number", size, signed=signed))


def of(ctype: CType | None, size: int, notation: Notation = Notation.TYPED, *, is_key: bool = False) -> Field:
    """Return a field of so many bytes behind two others."""
    return Field("key" if is_key else "value", ".f", "f", ctype, 2, size, notation)


def whole(raw: bytes) -> bytes:
    return b"\xaa\xbb" + raw + b"\xcc"


TRUTH = made(lambda blob: blob.add("_Bool", 1, 1, 4 << 24 | 8))
TEXT = made(lambda blob: blob.array(blob.integer("char", 1), 4))
OCTETS = made(lambda blob: blob.array(blob.integer("__u8", 1, signed=False), 4))
NUMBERS = made(lambda blob: blob.array(blob.integer("__u16", 2, signed=False), 2))
POINTER = made(lambda blob: blob.pointer(0))
FLOAT = made(lambda blob: blob.floating("double", 8))
COLOUR = made(lambda blob: blob.enum64("colour", [("RED", 1), ("BLUE", 7)]))
THOUSANDS = bytes.fromhex("39300000")  # 12345


@pytest.mark.parametrize(
    ("ctype", "raw", "texts", "is_number"),
    [
        # Typed, hexadecimal, decimal.
        (integer(4), THOUSANDS, ("12,345", "0x3039", "12345"), True),
        (integer(2, signed=True), b"\xfe\xff", ("-2", "-0x2", "-2"), True),
        (TRUTH, b"\1", ("true", "true", "true"), False),
        (POINTER, b"\0\x10" + bytes(6), ("0x1000", "0x1000", "4096"), True),
        (COLOUR, b"\7" + bytes(7), ("BLUE", "0x7", "7"), False),
        (COLOUR, b"\5" + bytes(7), ("5", "0x5", "5"), False),
        (TEXT, b"ab\0c", ('"ab"', "61 62 00 63", '"ab"'), False),
        (OCTETS, b"\1\2\3\xff", ("01 02 03 ff", "01 02 03 ff", "[1, 2, 3, 255]"), False),
        (NUMBERS, b"\1\0\2\0", ("[1, 2]", "01 00 02 00", "[1, 2]"), False),
        (FLOAT, bytes(6) + b"\xf8\x3f", ("1.5", "00 00 00 00 00 00 f8 3f", "1.5"), True),
        (None, THOUSANDS, ("12,345", "0x3039", "12345"), True),
        (None, b"\1\2\3", ("01 02 03", "01 02 03", "01 02 03"), False),
    ],
)
def test_what_stands_in_a_field(ctype: CType | None, raw: bytes, texts: tuple[str, str, str], is_number: bool) -> None:
    field = of(ctype, len(raw))
    assert tuple(field.text_of(whole(raw), form) for form in (Form.TYPED, Form.HEX, Form.DECIMAL)) == texts
    assert field.is_number is is_number
    # A key is no amount, and has no separators.
    assert of(ctype, len(raw), is_key=True).text_of(whole(raw)) == texts[0].replace(",", "" if is_number else ",")
    for form in Form:
        begin = field.edit_text(whole(raw), form)
        assert field.put(begin, whole(raw), form) == whole(raw)


@pytest.mark.parametrize(
    ("notation", "raw", "text", "typed", "is_number"),
    [
        (Notation.IPV4, bytes((192, 0, 2, 1)), "192.0.2.1", "198.51.100.7", False),
        (Notation.PORT, b"\x01\xbb", "443", "53", True),
        (Notation.MAC, bytes.fromhex("020000000001"), "02:00:00:00:00:01", "02:00:00:00:00:ff", False),
    ],
)
def test_addresses_and_ports_are_written_as_such(
    notation: Notation, raw: bytes, text: str, typed: str, is_number: bool
) -> None:
    octets = made(lambda blob: blob.array(blob.integer("__u8", 1, signed=False), len(raw)))
    field = of(integer(2) if is_number else octets, len(raw), notation)
    assert (field.text_of(whole(raw)), field.edit_text(whole(raw)), field.is_number) == (text, text, is_number)
    changed = field.put(f" {typed} ", whole(raw))
    assert (field.text_of(changed), changed[:2], changed[-1:]) == (typed, b"\xaa\xbb", b"\xcc")
    quick = field.quick_text()
    assert quick is not None
    assert quick(raw) == text
    with pytest.raises(BpftuiError):
        field.put("nonsense", whole(raw))
    assert field.put(f"hex:{raw.hex()}", changed) == whole(raw)


@pytest.mark.parametrize(
    ("ctype", "size", "ascending"),
    [
        (integer(2), 2, ["0000", "0100", "ff00", "0001", "ffff"]),
        (integer(2, signed=True), 2, ["ffff", "0000", "0100", "ff00", "0001"]),
        (None, 2, ["0000", "0100", "ff00", "0001", "ffff"]),
        (None, 3, ["000001", "0100ff", "020000"]),  # bytes
        (FLOAT, 8, ["000000000000f0bf", "0" * 16, "000000000000f83f", "000000000000f87f"]),  # -1.0, 0, 1.5, NaN
        (TEXT, 4, ["61000000", "61620000", "62000000"]),
    ],
)
def test_entries_are_ordered_by_what_a_field_is(ctype: CType | None, size: int, ascending: list[str]) -> None:
    field = of(ctype, size)
    entries = [Entry(b"", (whole(bytes.fromhex(raw)),)) for raw in ascending]
    ranks = [field.rank(entry) for entry in entries]
    assert sorted(ranks) == ranks
    assert len(set(ranks)) == len(ranks)


def test_ports_are_ordered_in_network_order() -> None:
    field = of(integer(2), 2, Notation.PORT)
    assert [field.rank(Entry(b"", (whole(raw),))) for raw in (b"\0\x35", b"\x01\xbb")] == [53, 443]
    assert field.number(Entry(b"", (whole(b"\x01\xbb"),))) == 443
    assert of(FLOAT, 8).number(Entry(b"", (whole(bytes(6) + b"\xf8\x3f"),))) == 1.5


@pytest.mark.parametrize(
    ("size", "text", "raw"),
    [
        (2, "9000", "2823"),
        (2, "0x2328", "2823"),
        (2, "65535", "ffff"),
        (2, "hex:0102", "0102"),
        (3, "hex:010203", "010203"),
    ],
)
def test_where_no_type_is_known_an_integer_or_bytes_are_taken(size: int, text: str, raw: str) -> None:
    field = of(None, size)
    assert field.put(text, whole(bytes(size))) == whole(bytes.fromhex(raw))


@pytest.mark.parametrize(
    ("size", "text", "said"),
    [
        (2, "65536", "f: 65536 does not fit 2 bytes, which take 0 to 65535"),
        (2, "-1", "f: -1 does not fit 2 bytes, which take 0 to 65535"),
        (2, "x", "f takes an integer, not 'x'"),
        (2, "hex:010203", "f takes 2 bytes, not 3"),
        (3, "hex:0102", "f takes 3 bytes, not 2"),
    ],
)
def test_where_no_type_is_known_what_does_not_fit_is_refused(size: int, text: str, said: str) -> None:
    with pytest.raises(BpftuiError) as caught:
        of(None, size).put(text, whole(bytes(size)))
    assert caught.value.message == said


def test_what_a_field_takes() -> None:
    assert of(None, 2).takes == "0 … 65535 (also 0x…, 0b…), or hex:…"
    assert of(None, 3).takes == "hex: and 3 bytes"
    assert of(integer(1, signed=True), 1).takes == "-128 … 127 (also 0x…, 0b…)"
    assert of(TRUTH, 1).takes == "true or false"
    assert of(integer(4), 4, Notation.IPV4).takes == "an IPv4 address, as 192.0.2.1"
    assert (of(None, 3).declared, of(integer(4), 4).declared) == ("3 bytes", "number")


def test_which_fields_tell_all_of_their_bytes() -> None:
    assert [of(each, 8).tells_all for each in (integer(8), COLOUR, POINTER, TEXT, OCTETS, None)] == [True] * 6
    assert [of(each, 8).tells_all for each in (FLOAT, NUMBERS)] == [False] * 2
    assert of(TEXT, 4).without_rest(whole(b"a\0bc")) == whole(b"a\0\0\0")


def test_values_of_each_cpu_are_a_list() -> None:
    field = Field("value", "", "f", integer(4), 0, 4, is_by_cpu=True)
    entry = Entry(b"", (THOUSANDS, bytes(4)))
    assert (field.text(entry), field.text(entry, Form.HEX)) == ("[12345, 0]", "[0x3039, 0x0]")
    assert field.edit_text_of(entry) == "[12345, 0]"
    assert field.edit_text_of(Entry(b"", (THOUSANDS, THOUSANDS))) == "12345"
    assert field.put_into("[1, 2]", entry) == (b"\1\0\0\0", b"\2\0\0\0")
    assert field.put_into("3", entry) == (b"\3\0\0\0", b"\3\0\0\0")
    with pytest.raises(BpftuiError, match=r"f takes 2 values, one for each possible CPU, not 3"):
        field.put_into("[1, 2, 3]", entry)
    assert field.essence()(entry) == THOUSANDS + bytes(4)
    assert field.quick_text() is None
    key = of(integer(4), 4, is_key=True)
    assert key.essence()(Entry(whole(THOUSANDS), ())) == THOUSANDS
    assert key.windows == ((2, 4),)


def test_keys_that_look_alike() -> None:
    """A char array behind its NUL, and padding: the kernel compares them, and no text tells them."""

    def keys(ctype: CType | None, *raw: str) -> set[str]:
        spec = MapSpec("m", ".maps", MapType.HASH, 4, 4, 10, key=ctype)
        return {key.hex() for key in ambiguous_keys(spec, [bytes.fromhex(each) for each in raw])}

    assert keys(TEXT, "61000000", "61000001", "62000000") == {"61000000", "61000001"}
    assert keys(TEXT, "61000001") == {"61000001"}  # alone, and still not what its text says
    assert keys(integer(4), "00000000", "01000000") == set()
    assert keys(None, "00", "01") == set()
    padded = made(lambda blob: blob.struct("k", 4, [("a", blob.integer("short", 2), 0)]))
    assert keys(padded, "01000000", "01000100", "02000000") == {"01000000", "01000100"}
    exact = made(lambda blob: blob.struct("k", 4, [("a", blob.array(blob.integer("short", 2), 2), 0)]))
    assert keys(exact, "01000000", "01000100") == set()
