"""Bytes that are shown as what they are: addresses, ports."""

from __future__ import annotations

import pytest

from bpftui.core.btf.notation import Notation, format_as, parse_as
from bpftui.core.errors import BpftuiError


@pytest.mark.parametrize(
    ("notation", "raw", "text"),
    [
        (Notation.IPV4, "c0000201", "192.0.2.1"),
        (Notation.IPV4, "c0000201 00000000", "192.0.2.1"),
        (Notation.IPV4, "c0000201 01000000", None),  # something is behind it
        (Notation.IPV4, "c0000201 00000001", None),
        (Notation.IPV6, "20010db8 00000000 00000000 00000001", "2001:db8::1"),
        (Notation.MAC, "020000000001", "02:00:00:00:00:01"),
        (Notation.PORT, "0035", "53"),
    ],
)
def test_bytes_as_what_they_are(notation: Notation, raw: str, text: str | None) -> None:
    assert format_as(notation, bytes.fromhex(raw)) == text


@pytest.mark.parametrize(
    ("notation", "text", "size", "found"),
    [
        (Notation.PORT, " 53 ", 2, (Notation.PORT, "0035")),
        (Notation.PORT, "0x35", 2, (Notation.PORT, "0035")),
        (Notation.PORT, "65535", 2, (Notation.PORT, "ffff")),
        (Notation.PORT, "65536", 4, (Notation.PORT, "00010000")),
        (Notation.MAC, "2:0:0:0:0:aB", 6, (Notation.MAC, "0200000000ab")),
        (Notation.MAC, "02-00-00-00-00-01", 6, (Notation.MAC, "020000000001")),
        (Notation.IPV4, "192.0.2.1", 4, (Notation.IPV4, "c0000201")),
        (Notation.ADDRESS, "192.0.2.1", 16, (Notation.IPV4, "c0000201" + "00" * 12)),
        (Notation.ADDRESS, "2001:db8::1", 16, (Notation.IPV6, "20010db8" + "00" * 11 + "01")),
    ],
)
def test_what_is_written_is_read(notation: Notation, text: str, size: int, found: tuple[Notation, str]) -> None:
    assert parse_as(notation, text, size) == (found[0], bytes.fromhex(found[1]))


@pytest.mark.parametrize(
    ("notation", "text", "size", "message", "hint"),
    [
        (Notation.PORT, "http", 2, "value is a port, not 'http'", "as 53, or 0x35"),
        (Notation.PORT, "65536", 2, "value: 65536 is no port: 0 to 65535 are", None),
        (Notation.PORT, "-1", 2, "value: -1 is no port: 0 to 65535 are", None),
        (Notation.MAC, "02:00:00:00:00", 6, "value is a MAC address, not '02:00:00:00:00'", "as 02:00:00:00:00:01"),
        (Notation.MAC, "02:0:0:0:0:1g", 6, "value is a MAC address, not '02:0:0:0:0:1g'", "as 02:00:00:00:00:01"),
        (Notation.IPV4, "2001:db8::1", 4, "value is an IPv4 address, not '2001:db8::1'", "as 192.0.2.1"),
        (Notation.IPV6, "192.0.2.1", 16, "value is an IPv6 address, not '192.0.2.1'", "as 2001:db8::1"),
    ],
)  # fmt: skip
def test_what_is_nothing_of_a_notation(
    notation: Notation, text: str, size: int, message: str, hint: str | None
) -> None:
    with pytest.raises(BpftuiError) as caught:
        parse_as(notation, text, size)
    assert (caught.value.message, caught.value.hint) == (message, hint)
