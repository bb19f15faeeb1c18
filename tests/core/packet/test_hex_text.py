"""What people have at hand of a packet is read, whoever printed it; what is none is said with its line."""

from __future__ import annotations

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.packet.hex_text import read_hex

PACKET = bytes.fromhex("45000024000100004011f9637f0000017f00000104d2003500106162ca6164206361666500ff")[:36]
FIRST, SECOND, THIRD = PACKET[:16], PACKET[16:32], PACKET[32:]


def spaced(data: bytes, size: int = 1) -> str:
    return data.hex(" ", size) if size == 1 else " ".join(data[i : i + size].hex() for i in range(0, len(data), size))


DUMPS = {
    "digits": PACKET.hex(),
    "hex:": f"hex:{PACKET.hex()}",
    "0x": f"0x{PACKET.hex().upper()}",
    "spaces and lines": f"{spaced(FIRST)}\n{spaced(SECOND, 2)}\r\n\t{THIRD.hex()}\n",
    "colons": PACKET.hex(":"),
    "xxd": f"00000000: {spaced(FIRST, 2)}  E..$....@..c....\n00000010: {spaced(SECOND, 2)}  .......5..ab.ad \n"
    f"00000020: {spaced(THIRD, 2)}                                cafe\n",
    "xxd -p": "\n".join(part.hex() for part in (FIRST, SECOND, THIRD)),
    "tcpdump -X": "12:00:00.000001 IP 127.0.0.1.1234 > 127.0.0.1.53: UDP, length 8\n"
    f"\t0x0000:  {spaced(FIRST, 2)}  E..$....@..c....\n\t0x0010:  {spaced(SECOND, 2)}  ab cd ef 12\n"
    f"\t0x0020:  {spaced(THIRD, 2)}  cafe\n",
    "Wireshark": f"0000   {spaced(FIRST)}   E..$....@..c....\n0010   {spaced(SECOND)}   .......5..ab.ad \n"
    f"0020   {spaced(THIRD)}   cafe\n",
    "Wireshark, in halves": f"0000  {spaced(FIRST[:8])}  {spaced(FIRST[8:])}   E..$....@..c....\n"
    f"0010  {spaced(SECOND[:8])}  {spaced(SECOND[8:])}   .......5..ab.ad \n0020  {spaced(THIRD)}   cafe\n",
    "hexdump -C": f"00000000  {spaced(FIRST[:8])}  {spaced(FIRST[8:])}  |E..$....@..c....|\n"
    f"00000010  {spaced(SECOND[:8])}  {spaced(SECOND[8:])}  |.......5..ab.ad |\n"
    f"00000020  {spaced(THIRD)}  |cafe|\n00000024\n",
    "od -A x -t x1": f"000000 {spaced(FIRST)}\n000010 {spaced(SECOND)}\n000020 {spaced(THIRD)}\n000024\n",
    "od -t x1": f"0000000 {spaced(FIRST)}\n0000020 {spaced(SECOND)}\n0000040 {spaced(THIRD)}\n0000044\n",
    "hexdump": "".join(
        f"{at:07x} {' '.join(data[i : i + 2][::-1].hex() for i in range(0, len(data), 2))}\n"
        for at, data in ((0, FIRST), (16, SECOND), (32, THIRD))
    )
    + "0000024\n",
    "C": "static const unsigned char packet[36] = { /* 0xff */\n"
    + ", ".join(f"0x{byte:02x}" for byte in PACKET)
    + ", // 0x00\n};\n",
    "C, no braces": ",".join(f"0x{byte:X}" for byte in PACKET) + ",",
    "escapes": "".join(f"\\x{byte:02x}" for byte in PACKET),
    "C strings": "\n".join('"' + "".join(f"\\x{byte:02x}" for byte in part) + '"' for part in (FIRST, SECOND, THIRD)),
    "Python": repr(PACKET),
}


@pytest.mark.parametrize("text", DUMPS.values(), ids=DUMPS)
def test_every_way_to_write_a_packet_is_read(text: str) -> None:
    assert read_hex(text) == PACKET


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", ""),
        ("4500 001c", "4500001c"),
        ("0000 4500", "00004500"),
        ("0000:  4500  E.", "4500"),
        # a row of 16 bytes, whose text looks like another one
        ("0000  " + "00 " * 16 + "  ab\n", "00" * 16),
        ("0000000 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n*\n0000060 01\n0000061\n", "00" * 48 + "01"),
    ],
)
def test_what_looks_like_something_else(text: str, data: str) -> None:
    assert read_hex(text).hex() == data


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("45 0", "3 hexadecimal digits are no whole number of bytes"),
        ("hello", "'hello' is not hexadecimal"),
        ("4500\nzz00\n", "line 2: 'zz00' is not hexadecimal"),
        ("0000:  4500\n0010:  4500\n", "line 2 has offset 0010, but 2 bytes come before it"),
        ("0x0000:  4500\n0x0002:  0001\n0x0000:  4500\n", "line 3 begins a second packet: its offset is 0 again"),
        ("{ 0x45, 69 }", "'69' is no byte as 0x45"),
        ("\\x45\\q", "'\\\\q' is no byte of a string with \\x45"),
    ],
)
def test_what_is_no_packet_is_said(text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_hex(text)
    assert raised.value.message == said
