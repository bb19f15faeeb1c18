"""The headers of packets: Ethernet, VLAN, ARP, IP in both versions with its extensions, TCP, UDP and ICMP.

Of each: its fields as on the wire, how long it is, by which number the header in front of it announces it, and what its
lengths and checksums should be. From IEEE 802.3 and 802.1Q, RFC 826 (ARP), 791 (IPv4), 8200 (IPv6), 9293 (TCP), 768
(UDP), 792 (ICMP) and 4443 (ICMPv6).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ..checksum import internet_checksum
from ..constants import ETHERTYPES, ICMP_TYPES, ICMPV6_TYPES, NEXT_HEADERS
from ..errors import UnknownNameError
from .fields import Field, Form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .layers import Layer

__all__ = [
    "ARP",
    "ETHERNET",
    "ICMP",
    "ICMPV6",
    "IPV4",
    "IPV6",
    "PADDING",
    "PAYLOAD",
    "PROTOCOLS",
    "TCP",
    "UDP",
    "VLAN",
    "Protocol",
    "following",
]

_ETHERTYPE: Final = "ethertype"
_IP: Final = "ip"
_UNASSIGNED: Final = {_ETHERTYPE: 0x88B5, _IP: 253}
"""By what a header announces what has no number: the numbers for experiments (IEEE 802, RFC 3692)."""


@dataclass(frozen=True, slots=True, eq=False)
class Protocol:
    """What a layer may be."""

    name: str
    fields: tuple[Field, ...]
    smallest: int
    """Bytes of its header without options."""
    default: bytes
    """A header of its as it is added to a packet; lengths, checksums and what follows are filled in."""
    numbers: Mapping[str, int] = field(default_factory=dict[str, int])
    """What announces it, by the space of such numbers."""
    space: str = ""
    """The space of the numbers by which it announces what follows; empty where it does not say."""
    sized: Callable[[bytes], int] | None = None
    """Bytes of its header with options, told by the bytes from its begin on; fewer than `smallest` where they cannot be
    such a header. None where it has no options."""
    extent: Callable[[bytes], int | None] | None = None
    """Bytes from its begin to the end of what it carries, as its header tells; None where it does not."""
    variants: Callable[[bytes], Protocol] | None = None
    """What it is in particular, told by its bytes."""

    def size(self, raw: bytes) -> int:
        """Return the bytes of the header with which *raw* begins, maybe more than there are."""
        return self.smallest if len(raw) < self.smallest or self.sized is None else self.sized(raw)

    def variant(self, raw: bytes) -> Protocol:
        """Return what it is in particular where *raw* begins with it."""
        return self if self.variants is None or len(raw) < self.smallest else self.variants(raw)

    def field(self, name: str) -> Field:
        """Return the field of that name.

        Raises:
            UnknownNameError: It has none.
        """
        for each in self.fields:
            if each.name == name:
                return each
        raise UnknownNameError("field", name, [each.name for each in self.fields], where=self.name)

    @property
    def link(self) -> Field | None:
        """The field that says what follows."""
        return next((each for each in self.fields if each.links), None)

    def announces(self, other: Protocol) -> int:
        """Return the number by which it announces another protocol; one for experiments where that has none."""
        return other.numbers.get(self.space, _UNASSIGNED[self.space])

    def may_carry(self, other: Protocol) -> bool:
        """Whether another protocol may follow it."""
        return other in (PAYLOAD, PADDING) or self.space in other.numbers

    def __repr__(self) -> str:
        return f"<Protocol {self.name}>"


def _laid_out(*fields: Field) -> tuple[Field, ...]:
    """Return the fields of a header, each behind the one before."""
    bit, placed = 0, list[Field]()
    for each in fields:
        placed.append(replace(each, bit=bit))
        bit += each.width
    return tuple(placed)


# What lengths and checksums should be: of a layer, by its number among those of the packet.


def _carried_to(layers: tuple[Layer, ...]) -> int:
    """Return where what the last header carries ends: in front of the padding."""
    last = layers[-1]
    return last.start if last.protocol is PADDING else last.end


def _fits(value: int, bits: int) -> int | None:
    return value if value >> bits == 0 else None


def _header_words(layers: tuple[Layer, ...], index: int) -> int | None:
    return _fits(len(layers[index].raw) // 4, 4)


def _extension_length(layers: tuple[Layer, ...], index: int) -> int | None:
    return _fits(len(layers[index].raw) // 8 - 1, 8)


def _length_with_header(layers: tuple[Layer, ...], index: int) -> int | None:
    return _fits(_carried_to(layers) - layers[index].start, 16)


def _length_behind_header(layers: tuple[Layer, ...], index: int) -> int | None:
    return _fits(_carried_to(layers) - layers[index].end, 16)


def _header_checksum(layers: tuple[Layer, ...], index: int) -> int:
    layer = layers[index]
    return internet_checksum(layer.protocol.field("checksum").write(layer.raw, 0))


def _segment(layers: tuple[Layer, ...], index: int) -> bytes:
    """Return a layer and all that it carries, with 0 for its checksum."""
    layer = layers[index]
    data = layer.protocol.field("checksum").write(layer.raw, 0)
    return data + b"".join(each.raw for each in layers[index + 1 :] if each.protocol is not PADDING)


def _checksum(layers: tuple[Layer, ...], index: int) -> int | None:
    return None if _fragmented(layers, index) else internet_checksum(_segment(layers, index))


def _pseudo_checksum(layers: tuple[Layer, ...], index: int) -> int | None:
    """Return the checksum over the addresses too; None without an IP header, in fragments, and on a route that has
    not come to its end, where the last address is not that of the header (RFC 8200, section 8.1)."""
    ip = _ip_before(layers, index)
    if ip is None or _fragmented(layers, index):
        return None
    between = layers[ip + 1 : index]
    if any(each.protocol is ROUTING and each.number("segments left") for each in between):
        return None
    segment = _segment(layers, index)
    addresses = b"".join(
        layers[ip].number(name).to_bytes(4 if layers[ip].protocol is IPV4 else 16) for name in ("source", "destination")
    )
    number = layers[index].protocol.numbers[_IP]
    return internet_checksum(addresses + len(segment).to_bytes(4) + number.to_bytes(4) + segment)


def _udp_checksum(layers: tuple[Layer, ...], index: int) -> int | None:
    checksum = _pseudo_checksum(layers, index)
    return 0xFFFF if checksum == 0 else checksum  # 0 means that there is none (RFC 768)


def _ip_before(layers: tuple[Layer, ...], index: int) -> int | None:
    return next((at for at in range(index - 1, -1, -1) if layers[at].protocol in (IPV4, IPV6)), None)


def _fragmented(layers: tuple[Layer, ...], index: int) -> bool:
    """Whether only a part of what a layer carries is in this packet."""
    for layer in layers[:index]:
        if layer.protocol is IPV4 and (layer.number("flags") & _MORE_FRAGMENTS or layer.number("fragment offset")):
            return True
        if layer.protocol is FRAGMENT and (layer.number("more") or layer.number("fragment offset")):
            return True
    return False


_MORE_FRAGMENTS: Final = 1
_IPV4_FLAGS: Final = {2: "DF", 1: "MF", 4: "reserved"}
_TCP_FLAGS: Final = {2: "SYN", 16: "ACK", 8: "PSH", 1: "FIN", 4: "RST", 32: "URG", 64: "ECE", 128: "CWR"}


def _short(names: Mapping[int, str], *prefixes: str) -> dict[int, str]:
    """Return names without what they begin with in C."""
    short = dict(names)
    for prefix in prefixes:
        short = {number: name.removeprefix(prefix) for number, name in short.items()}
    return short


_ETHERTYPE_NAMES: Final = _short(ETHERTYPES, "ETH_P_") | {0x0800: "IPv4", 0x86DD: "IPv6", 0x8100: "VLAN"}
_IP_NAMES: Final = _short(NEXT_HEADERS, "IPPROTO_") | {4: "IPv4", 41: "IPv6", 58: "ICMPv6"}


def _type() -> Field:
    return Field("type", 16, Form.HEX, _ETHERTYPE_NAMES, links=True)


def _next(name: str) -> Field:
    return Field(name, 8, names=_IP_NAMES, links=True)


ETHERNET: Final = Protocol(
    "Ethernet",
    _laid_out(Field("destination", 48, Form.MAC), Field("source", 48, Form.MAC), _type()),
    smallest=14,
    default=bytes.fromhex("020000000000 020000000001 0000"),
    space=_ETHERTYPE,
)
VLAN: Final = Protocol(
    "VLAN",
    _laid_out(Field("priority", 3), Field("drop eligible", 1), Field("id", 12), _type()),
    smallest=4,
    default=bytes.fromhex("0001 0000"),
    numbers={_ETHERTYPE: 0x8100},
    space=_ETHERTYPE,
)
_ARP_ETHERNET_IPV4: Final = bytes.fromhex("0001 0800 06 04")
ARP: Final = Protocol(
    "ARP",
    _laid_out(
        Field("hardware type", 16),
        Field("protocol type", 16, Form.HEX, _ETHERTYPE_NAMES),
        Field("hardware size", 8),
        Field("protocol size", 8),
        Field("operation", 16, names={1: "request", 2: "reply"}),
        Field("sender MAC", 48, Form.MAC),
        Field("sender", 32, Form.IPV4),
        Field("target MAC", 48, Form.MAC),
        Field("target", 32, Form.IPV4),
    ),
    smallest=28,
    default=_ARP_ETHERNET_IPV4 + bytes.fromhex("0001 020000000001 c0000209 000000000000 c0000207"),
    numbers={_ETHERTYPE: 0x0806},
    sized=lambda raw: 28 if raw.startswith(_ARP_ETHERNET_IPV4) else 0,
    extent=lambda _raw: 28,
)
IPV4: Final = Protocol(
    "IPv4",
    _laid_out(
        Field("version", 4),
        Field("header length", 4, right=_header_words),
        Field("DSCP", 6),
        Field("ECN", 2),
        Field("total length", 16, right=_length_with_header),
        Field("identification", 16, Form.HEX),
        Field("flags", 3, Form.FLAGS, _IPV4_FLAGS),
        Field("fragment offset", 13),
        Field("TTL", 8),
        _next("protocol"),
        Field("checksum", 16, Form.HEX, right=_header_checksum),
        Field("source", 32, Form.IPV4),
        Field("destination", 32, Form.IPV4),
        Field("options", 0, Form.BYTES),
    ),
    smallest=20,
    default=bytes.fromhex("45 00 0000 0000 4000 40 00 0000 c0000209 c0000207"),
    numbers={_ETHERTYPE: 0x0800, _IP: 4},
    space=_IP,
    sized=lambda raw: 4 * (raw[0] & 15) if raw[0] >> 4 == 4 else 0,
    extent=lambda raw: int.from_bytes(raw[2:4]) or None,
)
IPV6: Final = Protocol(
    "IPv6",
    _laid_out(
        Field("version", 4),
        Field("traffic class", 8),
        Field("flow label", 20, Form.HEX),
        Field("payload length", 16, right=_length_behind_header),
        _next("next header"),
        Field("hop limit", 8),
        Field("source", 128, Form.IPV6),
        Field("destination", 128, Form.IPV6),
    ),
    smallest=40,
    default=bytes.fromhex(
        "60000000 0000 00 40" + "20010db8000000000000000000000009" + "20010db8000000000000000000000007"
    ),
    numbers={_ETHERTYPE: 0x86DD, _IP: 41},
    space=_IP,
    sized=lambda raw: 40 if raw[0] >> 4 == 6 else 0,
    extent=lambda raw: 40 + int.from_bytes(raw[4:6]) if raw[4:6] != b"\0\0" else None,  # 0: a jumbogram (RFC 2675)
)


def _extension(name: str, number: int, *fields: Field) -> Protocol:
    """Return an extension header of IPv6 that says how many words of eight bytes follow its first."""
    length = Field("header length", 8, right=_extension_length)
    return Protocol(
        name,
        _laid_out(_next("next header"), length, *fields),
        smallest=8,
        default=bytes.fromhex("00 00 01 04 00000000"),  # PadN
        numbers={_IP: number},
        space=_IP,
        sized=lambda raw: 8 + 8 * raw[1],
    )


HOP_BY_HOP: Final = _extension("hop-by-hop options", 0, Field("options", 0, Form.BYTES))
DESTINATION: Final = _extension("destination options", 60, Field("options", 0, Form.BYTES))
ROUTING: Final = _extension(
    "routing", 43, Field("routing type", 8), Field("segments left", 8), Field("data", 0, Form.BYTES)
)
FRAGMENT: Final = Protocol(
    "fragment",
    _laid_out(
        _next("next header"),
        Field("reserved", 8),
        Field("fragment offset", 13),
        Field("reserved bits", 2),
        Field("more", 1),
        Field("identification", 32, Form.HEX),
    ),
    smallest=8,
    default=bytes(8),
    numbers={_IP: 44},
    space=_IP,
)
TCP: Final = Protocol(
    "TCP",
    _laid_out(
        Field("source", 16),
        Field("destination", 16),
        Field("sequence", 32),
        Field("acknowledgement", 32),
        Field("header length", 4, right=_header_words),
        Field("reserved", 4),
        Field("flags", 8, Form.FLAGS, _TCP_FLAGS),
        Field("window", 16),
        Field("checksum", 16, Form.HEX, right=_pseudo_checksum),
        Field("urgent pointer", 16),
        Field("options", 0, Form.BYTES),
    ),
    smallest=20,
    default=bytes.fromhex("c000 01bb 00000001 00000000 50 02 ffff 0000 0000"),
    numbers={_IP: 6},
    sized=lambda raw: 4 * (raw[12] >> 4),
)
UDP: Final = Protocol(
    "UDP",
    _laid_out(
        Field("source", 16),
        Field("destination", 16),
        Field("length", 16, right=_length_with_header),
        Field("checksum", 16, Form.HEX, right=_udp_checksum, absent=0),
    ),
    smallest=8,
    default=bytes.fromhex("c000 0035 0000 0000"),
    numbers={_IP: 17},
)


def _icmp(
    name: str,
    number: int,
    names: Mapping[int, str],
    right: Callable[[tuple[Layer, ...], int], int | None],
    *rest: Field,
    default: str,
    variants: Callable[[bytes], Protocol] | None = None,
) -> Protocol:
    return Protocol(
        name,
        _laid_out(Field("type", 8, names=names), Field("code", 8), Field("checksum", 16, Form.HEX, right=right), *rest),
        smallest=8,
        default=bytes.fromhex(default),
        numbers={_IP: number},
        variants=variants,
    )


_ECHO: Final = (Field("identifier", 16), Field("sequence", 16))
_ICMP_NAMES: Final = _short(ICMP_TYPES, "ICMP_")
_ICMPV6_NAMES: Final = _short(ICMPV6_TYPES, "ICMPV6_")
_ICMP_ECHO: Final = _icmp("ICMP", 1, _ICMP_NAMES, _checksum, *_ECHO, default="08 00 0000 0001 0001")
_ICMPV6_ECHO: Final = _icmp("ICMPv6", 58, _ICMPV6_NAMES, _pseudo_checksum, *_ECHO, default="80 00 0000 0001 0001")
_REST: Final = Field("rest of header", 32, Form.HEX)
ICMP: Final = _icmp(
    "ICMP", 1, _ICMP_NAMES, _checksum, _REST, default="08 00 0000 0001 0001",
    variants=lambda raw: _ICMP_ECHO if raw[0] in (0, 8) else ICMP,
)  # fmt: skip
ICMPV6: Final = _icmp(
    "ICMPv6", 58, _ICMPV6_NAMES, _pseudo_checksum, _REST, default="80 00 0000 0001 0001",
    variants=lambda raw: _ICMPV6_ECHO if raw[0] in (128, 129) else ICMPV6,
)  # fmt: skip
PAYLOAD: Final = Protocol("payload", (Field("data", 0, Form.BYTES),), smallest=0, default=b"", sized=len)
PADDING: Final = Protocol("padding", (Field("data", 0, Form.BYTES),), smallest=0, default=b"", sized=len)

PROTOCOLS: Final = (
    ETHERNET, VLAN, ARP, IPV4, IPV6, HOP_BY_HOP, DESTINATION, ROUTING, FRAGMENT, TCP, UDP, ICMP, ICMPV6, PAYLOAD,
)  # fmt: skip
"""All that a packet can be built of."""
_BY_NUMBER: Final = {(space, number): each for each in PROTOCOLS for space, number in each.numbers.items()} | {
    (_ETHERTYPE, 0x88A8): VLAN  # the outer of two (802.1ad)
}


def following(layer: Layer) -> Protocol | None:
    """Return what follows a layer where there are more bytes; None behind what has them all."""
    protocol = layer.protocol
    if protocol in (PAYLOAD, PADDING):
        return None
    link = protocol.link
    if link is None or _fragment_offset(layer):
        return PAYLOAD
    return _BY_NUMBER.get((protocol.space, link.read(layer.raw)), PAYLOAD)


def _fragment_offset(layer: Layer) -> int:
    return layer.number("fragment offset") if layer.protocol in (IPV4, FRAGMENT) else 0
