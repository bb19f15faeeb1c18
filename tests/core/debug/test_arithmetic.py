"""C's arithmetic on values: the results that C has on a machine of 64 bits (C11 6.3.1, 6.5.5 to 6.5.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.debug.arithmetic import binary, cast, unary
from bpftui.core.debug.values import INT, S64, U64, VOID, Kind, Value, kind_named, pointer_to, value_of
from bpftui.core.errors import UsageError

if TYPE_CHECKING:
    from bpftui.core.btf import ByteOrder

U8, S8, U32 = Kind(1, False), Kind(1, True), Kind(4, False)
TOP = 1 << 63
ALL = (1 << 64) - 1
NOWHERE = pointer_to(VOID)
WORDS = pointer_to(U32)


@pytest.mark.parametrize(
    ("kind", "number", "result"),
    [
        (S8, 0x180, -128),
        (S8, 0x7F, 127),
        (U8, -1, 255),
        (U32, -1, 0xFFFF_FFFF),
        (S64, TOP, -TOP),
        (U64, -1, ALL),
        (VOID, -1, ALL),  # of no size that is known: all 64 bits
        (NOWHERE, -1, ALL),
    ],
)
def test_casts(kind: Kind, number: int, result: int) -> None:
    assert cast(kind, Value(S64, number)) == Value(kind, result)


@pytest.mark.parametrize(
    ("sign", "operand", "result"),
    [
        ("-", Value(S64, 5), Value(S64, -5)),
        ("-", Value(U64, TOP), Value(S64, -TOP)),
        ("-", Value(U64, ALL), Value(S64, 1)),
        ("+", Value(S8, -3), Value(S64, -3)),
        ("+", Value(U8, 3), Value(U64, 3)),
        ("~", Value(U64, 1), Value(U64, ALL - 1)),
        ("~", Value(S64, 1), Value(S64, -2)),
        ("~", Value(U32, 1), Value(S64, -2)),
        ("!", Value(U64, 0), Value(INT, 1)),
        ("!", Value(U64, 7), Value(INT, 0)),
    ],
)
def test_signs_before_an_operand(sign: str, operand: Value, result: Value) -> None:
    assert unary(sign, operand, "little") == result


@pytest.mark.parametrize(
    ("name", "order", "number", "result", "size"),
    [
        ("htons", "little", 0x1_1234, 0x3412, 2),
        ("ntohs", "big", 0x1_1234, 0x1234, 2),
        ("htonl", "little", 0x1_1122_3344, 0x4433_2211, 4),
        ("be32_to_cpu", "big", 0x1122_3344, 0x1122_3344, 4),
        ("be16_to_cpu", "little", 0x0102, 0x0201, 2),
        ("ntohl", "little", 1, 0x0100_0000, 4),
    ],
)
def test_swaps(name: str, order: ByteOrder, number: int, result: int, size: int) -> None:
    found = unary(name, Value(U64, number), order)
    assert (found.number, found.kind.size, found.kind.signed, found.kind.text) == (result, size, False, f"u{8 * size}")


@pytest.mark.parametrize(
    ("left", "sign", "right", "result"),
    [
        # Both signed, or narrower than 64 bits: signed. One unsigned of 64 bits: both are.
        (Value(S64, -1), "<", Value(S64, 0), Value(INT, 1)),
        (Value(S64, -1), "<", Value(U64, 0), Value(INT, 0)),
        (Value(U64, 0), ">", Value(S64, -1), Value(INT, 0)),
        (Value(S64, -1), "<", Value(U32, 0), Value(INT, 1)),
        (Value(S64, -1), "==", Value(U64, ALL), Value(INT, 1)),
        (Value(S64, -1), "!=", Value(U64, ALL), Value(INT, 0)),
        *((Value(S64, 2), sign, Value(S64, 2), Value(INT, held)) for sign, held in zip(
            ("==", "!=", "<", "<=", ">", ">="), (1, 0, 0, 1, 0, 1), strict=True
        )),
        (Value(S64, TOP - 1), "+", Value(S64, 1), Value(S64, -TOP)),
        (Value(U64, ALL), "+", Value(S64, 2), Value(U64, 1)),
        (Value(U64, 0), "-", Value(U64, 1), Value(U64, ALL)),
        (Value(U8, 0), "-", Value(U8, 1), Value(S64, -1)),
        (Value(VOID, 0), "-", Value(S64, 1), Value(U64, ALL)),
        (Value(S64, -3), "*", Value(S64, 5), Value(S64, -15)),
        (Value(S64, 12), "&", Value(S64, 10), Value(S64, 8)),
        (Value(S64, 12), "|", Value(S64, 10), Value(S64, 14)),
        (Value(S64, 12), "^", Value(S64, 10), Value(S64, 6)),
        (Value(S64, 1), "<<", Value(S64, 63), Value(S64, -TOP)),
        (Value(U64, 1), "<<", Value(U64, 63), Value(U64, TOP)),
        (Value(S64, 5), "<<", Value(S64, 0), Value(S64, 5)),
        (Value(S64, -16), ">>", Value(S64, 2), Value(S64, -4)),
        (Value(U64, TOP), ">>", Value(U64, 63), Value(U64, 1)),
        # Towards zero.
        (Value(S64, 7), "/", Value(S64, 2), Value(S64, 3)),
        (Value(S64, -7), "/", Value(S64, 2), Value(S64, -3)),
        (Value(S64, 7), "/", Value(S64, -2), Value(S64, -3)),
        (Value(S64, -7), "/", Value(S64, -2), Value(S64, 3)),
        (Value(S64, 0), "/", Value(S64, -2), Value(S64, 0)),
        (Value(S64, 7), "%", Value(S64, 2), Value(S64, 1)),
        (Value(S64, -7), "%", Value(S64, 2), Value(S64, -1)),
        (Value(S64, 7), "%", Value(S64, -2), Value(S64, 1)),
        (Value(U64, ALL), "/", Value(U64, 2), Value(U64, TOP - 1)),
        # Pointers move by elements, of void by bytes, and two have elements between them.
        (Value(WORDS, 0x100), "+", Value(S64, 3), Value(WORDS, 0x10C)),
        (Value(WORDS, 0x100), "-", Value(S64, 3), Value(WORDS, 0xF4)),
        (Value(WORDS, 0), "-", Value(S64, 1), Value(WORDS, ALL - 3)),
        (Value(WORDS, ALL - 3), "+", Value(S64, 1), Value(WORDS, 0)),
        (Value(NOWHERE, 0x100), "+", Value(S64, 3), Value(NOWHERE, 0x103)),
        (Value(WORDS, 0x110), "-", Value(WORDS, 0x100), Value(S64, 4)),
        (Value(WORDS, 0x100), "-", Value(WORDS, 0x110), Value(S64, -4)),
        (Value(WORDS, 0x100), "==", Value(U64, 0x100), Value(INT, 1)),
        (Value(WORDS, 2), "+", Value(WORDS, 3), Value(U64, 5)),
    ],
)  # fmt: skip
def test_signs_between_two(left: Value, sign: str, right: Value, result: Value) -> None:
    assert binary(sign, left, right) == result


@pytest.mark.parametrize(
    ("sign", "right", "said"),
    [
        ("<<", 64, "64 bits are not shifted by 64"),
        (">>", -1, "64 bits are not shifted by -1"),
        ("/", 0, "a division by zero"),
        ("%", 0, "a division by zero"),
    ],
)
def test_what_has_no_result(sign: str, right: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        binary(sign, Value(S64, 1), Value(S64, right))


@pytest.mark.parametrize(
    ("names", "size", "signed"),
    [
        ("char|s8|__s8|int8_t", 1, True),
        ("bool|_Bool|unsigned char|u8|__u8|uint8_t", 1, False),
        ("short|s16|__s16|int16_t", 2, True),
        ("unsigned short|u16|__u16|uint16_t|__be16|__le16", 2, False),
        ("int|s32|__s32|int32_t", 4, True),
        ("unsigned|unsigned int|u32|__u32|uint32_t|__be32|__le32", 4, False),
        ("long|long long|s64|__s64|int64_t", 8, True),
        ("unsigned long|unsigned long long|u64|__u64|uint64_t|__be64|__le64", 8, False),
        ("void", 0, False),
    ],
)
def test_types_that_need_no_declaration(names: str, size: int, signed: bool) -> None:
    for name in names.split("|"):
        kind = kind_named(name, None)
        assert kind is not None
        assert (kind.size, kind.signed, kind.text, kind.is_aggregate, kind.target) == (size, signed, name, False, None)
    assert kind_named("__be8", None) is None


def test_pointers_as_text() -> None:
    assert (NOWHERE.text, WORDS.text, pointer_to(NOWHERE).text) == ("void *", "void *", "void **")
    assert pointer_to(Kind(4, text="u32")) == Kind(8, False, None, Kind(4, text="u32"), "u32 *")
    assert Value(pointer_to(Kind(4, text="u32")), 0x1F).text == "(u32 *) 0x1f"


@pytest.mark.parametrize(
    ("kind", "number", "bases"),
    [
        (S8, -2, {"x": "0xfe", "t": "11111110", "o": "0o376", "u": "254", "d": "-2"}),
        (U8, 254, {"x": "0xfe", "t": "11111110", "o": "0o376", "u": "254", "d": "-2"}),
        (VOID, -1, {"x": "0xffffffffffffffff", "u": str(ALL), "d": "-1"}),
    ],
)
def test_numbers_in_other_bases(kind: Kind, number: int, bases: dict[str, str]) -> None:
    """As gdb's formats: of the bits that the value has."""
    assert {letter: Value(kind, number).in_base(letter) for letter in bases} == bases


def test_what_is_true() -> None:
    assert [Value(S64, number).is_true for number in (0, -1, 5)] == [False, True, True]
    assert value_of(S8, b"\xfe", 0x10, "little") == Value(S8, -2, b"\xfe", 0x10)
    assert value_of(U32, b"\1\0\0\0", None, "big").number == 1 << 24
