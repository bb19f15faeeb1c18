"""Bytes that are shown as what they are: addresses, ports."""

from __future__ import annotations

import pytest

from bpftui.core.btf.notation import Notation, format_as


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
