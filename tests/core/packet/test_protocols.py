"""Headers as their standards lay them out: where each field begins, what its numbers are called, what announces it."""

from __future__ import annotations

import pytest

from bpftui.core.errors import UnknownNameError
from bpftui.core.packet.protocols import (
    ARP,
    DESTINATION,
    ETHERNET,
    FRAGMENT,
    HOP_BY_HOP,
    ICMP,
    ICMPV6,
    IPV4,
    IPV6,
    PADDING,
    PAYLOAD,
    PROTOCOLS,
    ROUTING,
    TCP,
    UDP,
    VLAN,
    Protocol,
)


@pytest.mark.parametrize(
    ("protocol", "fields"),
    [
        (ETHERNET, "destination 0+48, source 48+48, type 96+16"),  # IEEE 802.3
        (VLAN, "priority 0+3, drop eligible 3+1, id 4+12, type 16+16"),  # IEEE 802.1Q, behind its first ethertype
        (
            ARP,  # RFC 826
            "hardware type 0+16, protocol type 16+16, hardware size 32+8, protocol size 40+8, operation 48+16, "
            "sender MAC 64+48, sender 112+32, target MAC 144+48, target 192+32",
        ),
        (
            IPV4,  # RFC 791, with RFC 2474 and 3168
            "version 0+4, header length 4+4, DSCP 8+6, ECN 14+2, total length 16+16, identification 32+16, flags 48+3, "
            "fragment offset 51+13, TTL 64+8, protocol 72+8, checksum 80+16, source 96+32, destination 128+32, "
            "options 160+0",
        ),
        (
            IPV6,  # RFC 8200, section 3
            "version 0+4, traffic class 4+8, flow label 12+20, payload length 32+16, next header 48+8, hop limit 56+8, "
            "source 64+128, destination 192+128",
        ),
        (HOP_BY_HOP, "next header 0+8, header length 8+8, options 16+0"),
        (DESTINATION, "next header 0+8, header length 8+8, options 16+0"),
        (ROUTING, "next header 0+8, header length 8+8, routing type 16+8, segments left 24+8, data 32+0"),
        (
            FRAGMENT,
            "next header 0+8, reserved 8+8, fragment offset 16+13, reserved bits 29+2, more 31+1, identification 32+32",
        ),
        (
            TCP,  # RFC 9293, section 3.1
            "source 0+16, destination 16+16, sequence 32+32, acknowledgement 64+32, header length 96+4, "
            "reserved 100+4, flags 104+8, window 112+16, checksum 128+16, urgent pointer 144+16, options 160+0",
        ),
        (UDP, "source 0+16, destination 16+16, length 32+16, checksum 48+16"),  # RFC 768
        (ICMP, "type 0+8, code 8+8, checksum 16+16, rest of header 32+32"),
        (ICMPV6, "type 0+8, code 8+8, checksum 16+16, rest of header 32+32"),
        (ICMP.variant(bytes(8)), "type 0+8, code 8+8, checksum 16+16, identifier 32+16, sequence 48+16"),
    ],
)
def test_where_fields_are(protocol: Protocol, fields: str) -> None:
    assert ", ".join(f"{each.name} {each.bit}+{each.width}" for each in protocol.fields) == fields


@pytest.mark.parametrize(
    ("protocol", "raw", "size"),
    [
        (ETHERNET, bytes(14), 14),
        (VLAN, bytes(4), 4),
        (ARP, bytes.fromhex("0001 0800 06 04") + bytes(30), 28),
        (ARP, bytes.fromhex("0001 86dd 06 04") + bytes(30), 0),
        (IPV4, bytes([0x45]) + bytes(60), 20),
        (IPV4, bytes([0x4F]) + bytes(60), 60),
        (IPV4, bytes([0x65]) + bytes(60), 0),
        (IPV4, b"\x4f", 20),
        (IPV6, bytes([0x60]) + bytes(60), 40),
        (IPV6, bytes([0x40]) + bytes(60), 0),
        (HOP_BY_HOP, bytes(8), 8),
        (ROUTING, bytes([0, 2]) + bytes(40), 24),
        (FRAGMENT, bytes(8), 8),
        (TCP, bytes(12) + b"\x50" + bytes(10), 20),
        (TCP, bytes(12) + b"\xf0" + bytes(50), 60),
        (UDP, bytes(9), 8),
        (ICMP, bytes(9), 8),
        (ICMPV6, bytes(9), 8),
        (PAYLOAD, bytes(9), 9),
    ],
)
def test_how_long_headers_are(protocol: Protocol, raw: bytes, size: int) -> None:
    assert protocol.size(raw) == size


@pytest.mark.parametrize(
    ("protocol", "raw", "extent"),
    [
        (ARP, bytes(60), 28),
        (IPV4, bytes.fromhex("4500 0030") + bytes(30), 0x30),
        (IPV4, bytes.fromhex("4500 0000") + bytes(30), None),  # segmented by the device
        (IPV6, bytes.fromhex("60000000 0010 1140") + bytes(32), 56),
        (IPV6, bytes.fromhex("60000000 0000 1140") + bytes(32), None),
    ],
)
def test_where_what_a_header_carries_ends(protocol: Protocol, raw: bytes, extent: int | None) -> None:
    assert protocol.extent is not None
    assert protocol.extent(raw) == extent


def test_by_which_numbers_protocols_are_announced() -> None:
    """IEEE 802 and IANA's protocol numbers."""
    by_type = {each.name: ETHERNET.announces(each) for each in PROTOCOLS if ETHERNET.may_carry(each)}
    assert by_type == {"VLAN": 0x8100, "ARP": 0x806, "IPv4": 0x800, "IPv6": 0x86DD, "payload": 0x88B5}
    by_number = {each.name: IPV6.announces(each) for each in PROTOCOLS if IPV6.may_carry(each)}
    assert by_number == {
        "IPv4": 4,
        "IPv6": 41,
        "hop-by-hop options": 0,
        "destination options": 60,
        "routing": 43,
        "fragment": 44,
        "TCP": 6,
        "UDP": 17,
        "ICMP": 1,
        "ICMPv6": 58,
        "payload": 253,  # for experiments (RFC 3692)
    }
    assert IPV4.may_carry(PADDING)


@pytest.mark.parametrize(
    ("protocol", "kinds"),
    [(ICMP, {0: True, 8: True, 3: False, 13: False}), (ICMPV6, {128: True, 129: True, 127: False, 0: False})],
)
def test_what_echoes_is_a_variant(protocol: Protocol, kinds: dict[int, bool]) -> None:
    """RFC 792 and RFC 4443: echoes have an identifier and a sequence number."""
    found = {kind: protocol.variant(bytes([kind]) + bytes(7)) for kind in kinds}
    assert {kind: each.fields[-1].name == "sequence" for kind, each in found.items()} == kinds
    assert protocol.variant(b"\x08") is protocol


@pytest.mark.parametrize(
    ("protocol", "name", "names"),
    [
        (ARP, "operation", {1: "request", 2: "reply"}),
        (IPV4, "flags", {4: "reserved", 2: "DF", 1: "MF"}),
        (
            TCP,
            "flags",
            {128: "CWR", 64: "ECE", 32: "URG", 16: "ACK", 8: "PSH", 4: "RST", 2: "SYN", 1: "FIN"},
        ),
    ],
)
def test_what_numbers_and_bits_are_called(protocol: Protocol, name: str, names: dict[int, str]) -> None:
    assert dict(protocol.field(name).names) == names


def test_names_of_what_follows() -> None:
    kinds = ETHERNET.field("type").names
    assert [kinds[number] for number in (0x800, 0x806, 0x86DD, 0x8100, 0x88A8)] == [
        "IPv4",
        "ARP",
        "IPv6",
        "VLAN",
        "8021AD",
    ]
    carried = IPV4.field("protocol").names
    numbers = (1, 4, 6, 17, 41, 58)
    assert [carried[number] for number in numbers] == ["ICMP", "IPv4", "TCP", "UDP", "IPv6", "ICMPv6"]
    with pytest.raises(UnknownNameError, match="there is no field 'next header' in IPv4"):
        IPV4.field("next header")


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
def test_what_is_added_is_a_header(protocol: Protocol) -> None:
    assert protocol.size(protocol.default) == len(protocol.default)
    assert len(protocol.default) >= protocol.smallest
    links = [each.name for each in protocol.fields if each.links]
    assert links == ([protocol.link.name] if protocol.link is not None else [])
    assert bool(links) == bool(protocol.space)
