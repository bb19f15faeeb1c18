"""Bare instructions: binary, hexadecimal digits, arrays of C."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpftui.core.asm import Instruction
from bpftui.core.asm.hexcode import read_code
from bpftui.core.errors import AssemblyError, ObjectError

# r0 = 2; exit
CODE = bytes.fromhex("b700000002000000 9500000000000000")


@pytest.mark.parametrize(
    "text",
    [
        "b7000000020000009500000000000000",
        "0xb7000000020000009500000000000000\n",
        "b7 00 00 00 02 00 00 00\n95 00 00 00 00 00 00 00\n",
        "B7:00:00:00:02:00:00:00 95:00:00:00:00:00:00:00",
        "b700 0000 0200 0000 9500 0000 0000 0000",
        "b7 0 0 0  2 0 0 0  # r0 = 2\n95 0 0 0  0 0 0 0  // exit",
        "0xb7, 0x00, 0x0, 0, 0x2, 0, 0, 0,\n0x95, 0, 0, 0, 0, 0, 0, 0,",
        r'"\xb7\x00\x00\x00\x02\x00\x00\x00"' "\n" r'"\x95\x00\x00\x00\x00\x00\x00\x00";',
        "static const unsigned char prog[16] = {\n  0xb7, 0, 0, 0, 2, 0, 0, 0, /* r0 = 2 */\n  149, 0,0,0,0,0,0,0 };\n",
        "{ 183, 0, 0, 0, 2, 0, 0, 0, 0225, 00, 0, 0, 0, 0, 0, 0 }",
        "__u64 prog[] = { 0x00000002000000b7ULL, 0x95 };",
        "{ 0x00000002000000b7, 0x95 }",
        "uint32_t prog[] = { 0xb7, 2, 0x95u, 0 };",
    ],
)
def test_forms(text: str) -> None:
    assert read_code(text.encode(), "little") == CODE


@pytest.mark.parametrize(
    "command",
    ["xxd", "xxd -g1", "xxd -c8", "xxd -u -g4", "hexdump -C", "hexdump -vC", "od -tx1", "od -An -tx1", "od -Ax -tx1z"],
)
def test_dumps(command: str) -> None:
    """What the tools of this machine print; the code has no line twice, which they would leave out."""
    program, *options = command.split()
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    code = b"".join(Instruction(0xB7, number % 10, imm=number).encode("little") for number in range(33))
    dump = subprocess.run([program, *options], input=code, capture_output=True, check=True).stdout
    assert read_code(dump, "little") == code


def test_dumps_as_they_look() -> None:
    more = bytes(range(0x20, 0x28))
    for dump in (
        "00000000: b700 0000 0200 0000 9500 0000 0000 0000  ................\n"
        "00000010: 2021 2223 2425 2627   !\"#$%&'\n",
        "00000000  b7 00 00 00 02 00 00 00  95 00 00 00 00 00 00 00  |................|\n"
        "00000010  20 21 22 23 24 25 26 27                           | !\"#$%&'|\n00000018\n",
        "0000000 b7 00 00 00 02 00 00 00 95 00 00 00 00 00 00 00\n0000020 20 21 22 23 24 25 26 27\n0000030\n",
    ):
        assert read_code(dump.encode(), "big") == CODE + more, dump


def test_numbers_are_stored_in_the_byte_order_and_bytes_as_they_come() -> None:
    assert read_code(b"{ 0xb700000000000002, 0x9500000000000000 }", "big").hex() == "b7000000000000029500000000000000"
    assert read_code(b"b700000000000002", "big").hex() == "b700000000000002"
    assert read_code(CODE, "big") == CODE
    assert read_code(b" \n", "little") == b""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("b7 00 0x", "line 1, column 8: 'x' is not hexadecimal digits"),
        ("b7 0 0 0\n 0 zz 1", "line 2, column 4: 'zz' is not hexadecimal digits"),
        ("b7 /* a\nb */ 000", "line 2, column 6: '000' has an odd number of digits"),
        ("{ 1, 2, 09 }", "line 1, column 9: '09' is not a number of C that fits into 8 bits"),
        ("u8 x[] = { 1,\n 256 }", "line 2, column 2: '256' is not a number of C that fits into 8 bits"),
        ("{ " + "9" * 5000 + " }", "line 1, column 3: '99999999999999999999' is not a number of C that fits into 64"),
        ("{ { 0xb7, 0, 0, 0, 2 } }", "line 1, column 3: '{' is not a number of C"),
        ("00000000: b700 0000\n00000008: 0", "line 2, column 1: '00000008: 0' is not the line at offset 0x4 of a dump"),
        ("00000000  b7 00 00 00  |....|\n*\n00000008", "line 2, column 1: '*' is not the line at offset 0x4"),
        ("0000000 00b7 0000 0002 0000", "line 1, column 1: '0000000' has an odd number of digits"),
    ],
)
def test_what_is_wrong_and_where(text: str, message: str) -> None:
    with pytest.raises(AssemblyError, match=re.escape(message)):
        read_code(text.encode(), "little")


@pytest.mark.parametrize("data", [b"b7 00", CODE[:-1]])
def test_code_is_whole_slots(data: bytes) -> None:
    with pytest.raises(ObjectError, match="stray bytes: instructions are 8 bytes each"):
        read_code(data, "little")


@given(st.binary(max_size=200) | st.text(alphabet='0123456789abx\\{},: \n"/*', max_size=60).map(str.encode))
def test_anything_is_code_or_one_of_these_errors(data: bytes) -> None:
    with contextlib.suppress(AssemblyError, ObjectError):
        assert len(read_code(data, "little")) % 8 == 0
