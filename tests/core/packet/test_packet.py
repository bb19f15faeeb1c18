"""Packets by their layers; the literals were compared with scapy's and Wireshark's reading of the same bytes."""

from __future__ import annotations

import pytest

from bpftui.core.errors import UnknownNameError, UsageError
from bpftui.core.packet import ETHERNET, IPV4, TEMPLATES, Difference, Packet, differences, dissect, template
from bpftui.core.packet.protocols import IPV6, TCP, UDP, VLAN
from bpftui.core.traffic import make_frames

UDP_FRAME = bytes.fromhex(
    "020000000000 020000000001 08004500 002e 0000 4000 4011 b6ae c0000209 c0000207c000 0035 001a bb73" + "00" * 18
)


def shown(packet: Packet) -> list[tuple[str, str, str]]:
    """Return all fields of a packet: layer, name, text."""
    return [(each.protocol.name, field.name, each.text(field)) for each in packet.layers for field in each.fields]


def names(packet: Packet) -> list[str]:
    """Return the layers of a packet."""
    return [layer.protocol.name for layer in packet.layers]


def test_fields_of_a_frame() -> None:
    assert shown(Packet.of(UDP_FRAME)) == [
        ("Ethernet", "destination", "02:00:00:00:00:00"),
        ("Ethernet", "source", "02:00:00:00:00:01"),
        ("Ethernet", "type", "IPv4"),
        ("IPv4", "version", "4"),
        ("IPv4", "header length", "5"),
        ("IPv4", "DSCP", "0"),
        ("IPv4", "ECN", "0"),
        ("IPv4", "total length", "46"),
        ("IPv4", "identification", "0x0000"),
        ("IPv4", "flags", "DF"),
        ("IPv4", "fragment offset", "0"),
        ("IPv4", "TTL", "64"),
        ("IPv4", "protocol", "UDP"),
        ("IPv4", "checksum", "0xb6ae"),
        ("IPv4", "source", "192.0.2.9"),
        ("IPv4", "destination", "192.0.2.7"),
        ("UDP", "source", "49152"),
        ("UDP", "destination", "53"),
        ("UDP", "length", "26"),
        ("UDP", "checksum", "0xbb73"),
        ("payload", "data", " ".join(["00"] * 18)),
    ]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ("020000000000 020000000001 8100 6005 86dd 60012345 0008 3a 40" + "20010db8" + "00" * 11 + "01"
         "20010db8" + "00" * 11 + "02 8000 2190 0003 0004",
         ["Ethernet", "VLAN", "IPv6", "ICMPv6"]),
        # a later fragment carries no header
        ("020000000000 020000000001 0800 4500 001c 0001 00b9 4011 0000 c0000209 c0000207 0102030405060708",
         ["Ethernet", "IPv4", "payload"]),
        # the frame is padded to 60 bytes
        ("ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 c0000209 000000000000 c0000207" + "00" * 18,
         ["Ethernet", "ARP", "padding"]),
        # an IP header of 16 bytes is none, nor is one of which there are 10
        ("020000000000 020000000001 0800 4400 0010 0000 4000 4011 0000 c0000209", ["Ethernet", "payload"]),
        ("020000000000 020000000001 0800 4500 0010 0000 4000 4011", ["Ethernet", "payload"]),
        ("020000000000 0200", ["payload"]),
        ("", []),
        # IPv6 with destination options and a fragment header that is the only one
        ("020000000000 020000000001 86dd 60000000 0018 3c 40" + "00" * 32 + "2c 00 0104 00000000"
         "11 00 0000 00000005 0035 c000 0008 0000", ["Ethernet", "IPv6", "destination options", "fragment", "UDP"]),
    ],
)  # fmt: skip
def test_layers(frame: str, expected: list[str]) -> None:
    data = bytes.fromhex(frame)
    layers = dissect(data)
    assert [layer.protocol.name for layer in layers] == expected
    assert b"".join(layer.raw for layer in layers) == data


def test_a_packet_may_begin_with_ip() -> None:
    assert [layer.protocol.name for layer in dissect(UDP_FRAME[14:], IPV4)] == ["IPv4", "UDP", "payload"]


def test_lengths_and_checksums_follow_an_edit() -> None:
    packet = Packet.of(UDP_FRAME).with_text(1, "source", "192.0.2.10").with_text(3, "data", '"hello"')
    assert bytes(packet) == bytes.fromhex(
        "020000000000 020000000001 08004500 0021 0000 4000 4011 b6ba c000020a c0000207c000 0035 000d 77ba 68656c6c6f"
    )
    assert packet.wrong == ()


def test_what_is_wrong_stays_until_it_is_reset() -> None:
    spoiled = UDP_FRAME[:24] + b"\x12\x34" + UDP_FRAME[26:]
    packet = Packet.of(spoiled)
    assert bytes(packet) == spoiled
    assert packet.wrong == ((1, "checksum"),)
    assert packet.right(1, IPV4.field("checksum")) == 0xB6AE
    packet = packet.with_text(1, "TTL", "3")
    assert packet.layers[1].number("checksum") == 0x1234
    packet = packet.with_text(1, "TTL", "64").reset(1, "checksum")
    assert bytes(packet) == UDP_FRAME


def test_a_length_written_by_hand_is_kept() -> None:
    packet = Packet.of(UDP_FRAME).with_text(2, "length", "9")
    assert packet.layers[2].number("length") == 9
    assert packet.wrong == ((2, "length"),)
    packet = packet.with_text(3, "data", "01 02")
    assert packet.layers[2].number("length") == 9
    assert packet.completed().layers[2].number("length") == 10


def test_a_datagram_may_have_no_checksum() -> None:
    packet = Packet.of(UDP_FRAME[:40] + b"\0\0" + UDP_FRAME[42:])
    assert packet.wrong == ()
    assert packet.with_text(1, "TTL", "1").layers[2].number("checksum") == 0


def test_a_total_length_that_is_too_short_makes_padding() -> None:
    packet = Packet.of(UDP_FRAME).with_text(1, "total length", "40")
    assert names(packet) == ["Ethernet", "IPv4", "UDP", "payload", "padding"]
    assert len(packet.layers[4].raw) == 6
    assert packet.layers[2].number("length") == 20


def test_layers_come_and_go() -> None:
    packet = Packet.of(UDP_FRAME).with_layer(0, VLAN).with_text(1, "id", "42")
    assert bytes(packet)[12:18] == bytes.fromhex("8100 002a 0800")
    assert bytes(packet.without(1)) == UDP_FRAME
    exchanged = packet.with_layer(2, TCP)
    assert names(exchanged) == ["Ethernet", "VLAN", "IPv4", "TCP", "payload"]
    assert exchanged.layers[2].number("protocol") == 6
    assert exchanged.layers[2].number("total length") == 58
    assert exchanged.wrong == ()
    bare = packet.without(3)
    assert names(bare) == ["Ethernet", "VLAN", "IPv4", "payload"]
    assert bare.layers[2].number("protocol") == 253  # for experiments: nothing else may be told by it


def test_what_was_kept_moves_with_its_layer() -> None:
    packet = Packet.of(UDP_FRAME).with_text(2, "length", "9").with_layer(0, VLAN)
    assert packet.kept == {(3, "length")}
    assert packet.without(1).kept == {(2, "length")}


def test_what_can_be_added() -> None:
    packet = Packet.of(UDP_FRAME)
    assert [each.name for each in packet.addable(0)] == ["VLAN", "ARP", "IPv4", "IPv6"]
    assert "UDP" in [each.name for each in packet.addable(1)]
    assert packet.addable(2) == ()
    with pytest.raises(UsageError, match="a packet begins with Ethernet"):
        packet.without(0)


def test_options_and_their_length() -> None:
    packet = Packet.of(UDP_FRAME).with_text(1, "options", "01010101")
    assert packet.layers[1].number("header length") == 6
    assert packet.layers[1].number("total length") == 50
    assert packet.wrong == ()
    with pytest.raises(UsageError, match="a header of IPv4 has a multiple of 4 bytes up to 60, not 23"):
        packet.with_text(1, "options", "010101")


def test_which_field_a_byte_lies_in() -> None:
    packet = Packet.of(UDP_FRAME)
    places = [packet.place_of(offset) for offset in (0, 13, 14, 20, 21, 41, 59)]
    assert [place and (place[0], place[1].name) for place in places] == [
        (0, "destination"), (0, "type"), (1, "version"), (1, "flags"), (1, "fragment offset"), (2, "checksum"),
        (3, "data"),
    ]  # fmt: skip
    assert packet.place_of(60) is None
    layer = packet.layers[1]
    assert layer.where(layer.protocol.field("source")) == range(26, 30)
    assert layer.where(layer.protocol.field("fragment offset")) == range(20, 22)


def test_fields_of_arp() -> None:
    packet = Packet.of(bytes.fromhex(
        "ffffffffffff 020000000001 0806 0001 0800 06 04 0002 020000000001 c0000209 020000000002 c0000207"
    ))  # fmt: skip
    assert shown(packet)[3:] == [
        ("ARP", "hardware type", "1"),
        ("ARP", "protocol type", "IPv4"),
        ("ARP", "hardware size", "6"),
        ("ARP", "protocol size", "4"),
        ("ARP", "operation", "reply"),
        ("ARP", "sender MAC", "02:00:00:00:00:01"),
        ("ARP", "sender", "192.0.2.9"),
        ("ARP", "target MAC", "02:00:00:00:00:02"),
        ("ARP", "target", "192.0.2.7"),
    ]


@pytest.mark.parametrize(("left", "right"), [(0, 0xE433), (1, None)])
def test_a_checksum_covers_the_last_address_of_a_route(left: int, right: int | None) -> None:
    frame = (
        "020000000000 020000000001 86dd 60000000 0010 2b 40" + "20010db8" + "00" * 11 + "01" + "20010db8" + "00" * 11
        + f"02 11 00 02 {left:02x} 00000000 c000 0035 0008 0000"
    )  # fmt: skip
    packet = Packet.of(bytes.fromhex(frame))
    assert names(packet) == ["Ethernet", "IPv6", "routing", "UDP"]
    assert packet.right(3, UDP.field("checksum")) == right
    alone = Packet.of(bytes.fromhex(frame)[14:], IPV6)
    assert names(alone) == ["IPv6", "routing", "UDP"]
    assert alone.right(2, UDP.field("checksum")) == right


@pytest.mark.parametrize(
    ("layer", "field", "text", "message"),
    [
        (1, "TTL", "256", "TTL has 8 bits, 256 does not fit"),
        (1, "TTL", "-1", "TTL has 8 bits, -1 does not fit"),
        (1, "TTL", "", "nothing is no TTL"),
        (1, "source", "192.0.2", "'192.0.2' is no source"),
        (0, "source", "02:00", "'02:00' is no source"),
        (2, "source", "http", "'http' is no source"),
        (1, "flags", "XF", "'XF' is none of flags"),
        (3, "data", "zz", "'zz' is not hexadecimal"),
    ],
)
def test_values_that_are_none(layer: int, field: str, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Packet.of(UDP_FRAME).with_text(layer, field, text)
    assert caught.value.message == message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("layer", "field", "text", "value"),
    [
        (1, "protocol", "tcp", 6),
        (1, "flags", "df|mf", 3),
        (1, "flags", "0", 0),
        (0, "source", "0200.0000.00ff", 0x0200000000FF),
        (0, "type", "ipv6", 0x86DD),
        (1, "TTL", "0x10", 16),
    ],
)
def test_values_as_people_write_them(layer: int, field: str, text: str, value: int) -> None:
    assert Packet.of(UDP_FRAME).layers[layer].protocol.field(field).parse(text) == value


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_are_complete(name: str) -> None:
    packet = template(name)
    assert packet.wrong == ()
    assert packet.kept == frozenset()
    assert packet.first is ETHERNET
    assert 60 <= len(packet) <= 92


def test_a_template_without_ethernet() -> None:
    assert bytes(template("IPv4 UDP", ethernet=False)) == UDP_FRAME[14:]


def test_generated_frames_are_as_they_should_be() -> None:
    for frame in make_frames(200):
        packet = Packet.of(frame)
        assert packet.wrong == ()
        assert bytes(packet) == frame
        assert bytes(packet.completed()) == frame


def test_every_text_is_read_again() -> None:
    for frame in make_frames(100):
        for layer in Packet.of(frame).layers:
            for field in layer.fields:
                assert field.parse(layer.text(field) or '""') == layer.value(field)


def test_differences_field_by_field() -> None:
    packet = Packet.of(UDP_FRAME)
    assert differences(UDP_FRAME, UDP_FRAME) == []
    assert differences(UDP_FRAME, bytes(packet.with_text(1, "TTL", "63"))) == [
        Difference("IPv4", "TTL", "64", "63"),
        Difference("IPv4", "checksum", "0xb6ae", "0xb7ae"),
    ]
    assert differences(UDP_FRAME, bytes(packet.with_layer(0, VLAN))) == [
        Difference("Ethernet", "type", "IPv4", "VLAN"),
        Difference("VLAN", "", "", "00010800"),
    ]
    assert differences(UDP_FRAME, UDP_FRAME[:42]) == [Difference("payload", "", "00" * 18, "")]


def test_numbers_lie_where_the_wire_has_them() -> None:
    raw = bytes.fromhex("a123 0800")
    assert [VLAN.field(name).read(raw) for name in ("priority", "drop eligible", "id", "type")] == [5, 0, 0x123, 0x800]
    assert VLAN.field("id").write(raw, 0xFFF) == bytes.fromhex("afff 0800")
    assert UDP.field("length").write(bytes(8), 0x1234) == bytes.fromhex("00000000 1234 0000")


def test_what_it_prints_is_what_its_fields_take() -> None:
    packet = template("IPv4 TCP").with_text(2, "destination", "8080").with_text(2, "flags", "SYN ACK")
    lines = str(packet).splitlines()
    assert lines[0] == "0 Ethernet: destination 02:00:00:00:00:00, source 02:00:00:00:00:01, type IPv4"
    assert "destination 8080," in lines[2]
    assert "flags SYN ACK," in lines[2]
    assert lines[3].startswith("3 payload: data 00 ")
    for at, layer in enumerate(packet.layers):
        for field in layer.fields:
            assert bytes(packet.with_text(at, field.name, layer.text(field))) == bytes(packet)


def test_a_name_that_there_is_not_is_said_with_those_that_there_are() -> None:
    with pytest.raises(UnknownNameError, match="there is no template 'IPv4 SCTP'") as raised:
        template("IPv4 SCTP")
    assert "IPv4 " in (raised.value.hint or "")
    with pytest.raises(UnknownNameError, match="there is no field 'dport' in TCP"):
        template("IPv4 TCP").with_text(2, "dport", "80")
