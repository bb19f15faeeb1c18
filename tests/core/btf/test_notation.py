"""Bytes that are shown as what they are: addresses, ports."""

from __future__ import annotations

import pytest

from bpftui.core.btf import Btf
from bpftui.core.btf.ctype import CType
from bpftui.core.btf.notation import Notation, family_of, format_as, notation_of, parse_as
from bpftui.core.errors import BpftuiError

from .blob import Blob


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


TYPES = {
    "in_addr": ("struct in_addr", 4), "in_addr of 8": ("struct in_addr", 8), "in6_addr": ("struct in6_addr", 16),
    "in6_addr of 8": ("struct in6_addr", 8), "union of 16": ("union", 16), "union of 8": ("union", 8),
}  # fmt: skip
"""Structs and unions by what they are called below, with their names and sizes."""


def a_type(name: str) -> CType:
    """Return a type: one of `TYPES`, `u8 *6`, `__be32 *4`, or an integer."""
    blob = Blob()
    if name in TYPES:
        word, size = TYPES[name]
        make = blob.union if word == "union" else blob.struct
        number = make(word.rpartition(" ")[2], size, [])
    else:
        word, _, count = name.partition(" *")
        sizes = {"u8": 1, "s8": 1, "char": 1, "__be16": 2, "__u16": 2, "__be32": 4, "__u32": 4, "__be64": 8}
        number = blob.integer("char" if word == "char" else f"int{sizes[word]}", sizes[word], signed=False)
        if word.startswith("__"):
            number = blob.const(blob.typedef(word, number))
        number = blob.array(number, int(count)) if count else number
    return CType(Btf(blob.bytes()), number)


@pytest.mark.parametrize(
    ("name", "of", "notation"),
    [
        ("x", "in_addr", Notation.IPV4),
        ("x", "in_addr of 8", Notation.TYPED),
        ("x", "in6_addr", Notation.IPV6),
        ("x", "in6_addr of 8", Notation.TYPED),
        ("addr", "union of 16", Notation.TYPED),
        ("saddr", "__be32", Notation.IPV4),
        ("next_gateway", "__be32", Notation.IPV4),
        ("srcIp", "__be32", Notation.IPV4),
        ("server", "__be32", Notation.IPV4),
        ("seq", "__be32", Notation.TYPED),
        ("saddr", "__u32", Notation.TYPED),
        ("saddr", "__be64", Notation.TYPED),
        ("dport", "__be16", Notation.PORT),
        ("dport", "__u16", Notation.TYPED),
        ("port", "__be32", Notation.TYPED),
        ("saddr", "__be16", Notation.TYPED),
        ("src_ip4", "u8 *4", Notation.IPV4),
        ("source", "u8 *4", Notation.TYPED),
        ("ip", "u8 *5", Notation.TYPED),
        ("ip", "char *4", Notation.TYPED),
        ("ip", "__u32 *4", Notation.TYPED),
        ("ip", "__be32 *4", Notation.IPV6),
        ("ip", "__be32 *1", Notation.IPV4),
        ("ip", "__be16 *8", Notation.TYPED),
        ("ip", "u8 *16", Notation.IPV6),
        ("bytes", "u8 *16", Notation.TYPED),
        ("mac", "u8 *6", Notation.MAC),
        ("h_dest", "u8 *6", Notation.MAC),
        ("dest", "u8 *6", Notation.TYPED),
        ("name", "u8 *6", Notation.TYPED),
    ],
)
def test_what_a_type_and_a_name_say(name: str, of: str, notation: Notation) -> None:
    assert notation_of(a_type(of), name) is notation


@pytest.mark.parametrize(
    ("name", "of", "notation"),
    [
        ("x", "union of 16", Notation.ADDRESS),
        ("x", "union of 8", Notation.TYPED),
        ("bytes", "u8 *16", Notation.ADDRESS),
        ("ip", "u8 *16", Notation.ADDRESS),
        ("name", "u8 *16", Notation.TYPED),
        ("bytes", "u8 *4", Notation.TYPED),
        ("x", "in6_addr", Notation.IPV6),
    ],
)
def test_what_they_say_beside_a_family(name: str, of: str, notation: Notation) -> None:
    assert notation_of(a_type(of), name, has_family=True) is notation


def test_nothing_is_known_without_a_type() -> None:
    assert notation_of(None, "saddr") is Notation.TYPED


@pytest.mark.parametrize(
    ("members", "found"),
    [
        (["sa_family"], ("sa_family", 0, False)),
        (["port", "af"], ("af", 4, False)),
        (["port", "ipv", "family"], ("ipv", 4, True)),
        (["ip_version"], ("ip_version", 0, True)),
        (["version"], None),
        (["port", "kind"], None),
    ],
)
def test_which_member_tells_what_addresses_are(members: list[str], found: tuple[str, int, bool] | None) -> None:
    blob = Blob()
    number = blob.integer("unsigned int", 4, signed=False)
    of = [(name, number, 32 * at) for at, name in enumerate(members)]
    struct = blob.struct("s", 4 * len(members), of)
    family = family_of(CType(Btf(blob.bytes()), struct))
    assert (None if family is None else (family.name, family.offset, family.is_version)) == found
