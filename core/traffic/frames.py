"""Frames that look like a small network's traffic, made from a seed."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from ..checksum import internet_checksum

__all__ = ["DESTINATION_MAC", "PROTOCOLS", "SOURCE_MAC", "Mix", "make_frames"]

DESTINATION_MAC = bytes.fromhex("020000000000")
"""Of the receiving side; locally administered, as is the sender's."""
SOURCE_MAC = bytes.fromhex("020000000001")

PROTOCOLS: Final = ("tcp", "udp", "icmp", "arp")
"""What a mix has weights for; `icmp` is ICMPv6 over IPv6."""
_NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17}
_ICMP, _TCP, _UDP, _ICMPV6 = 1, 6, 17, 58
_SERVERS = (IPv4Address("192.0.2.1"), IPv6Address("2001:db8::1"))
"""Addresses of RFC 5737 and RFC 3849: documentation only, they never reach anybody."""
_CLIENTS = (
    *(IPv4Address("198.51.100.0") + host for host in range(1, 13)),
    *(IPv4Address("203.0.113.0") + host for host in range(1, 9)),
    *(IPv6Address("2001:db8:0:1::") + host for host in range(1, 13)),
)
_SIZES = ((60, 50), (128, 15), (576, 20), (1024, 5), (1514, 10))
"""Bytes of a frame, weight; much as on the Internet, where most are smallest or largest."""
_ARP_SIZE: Final = 60


@dataclass(frozen=True, slots=True)
class Mix:
    """What generated traffic is made of."""

    protocols: tuple[tuple[str, float], ...] = (("tcp", 55), ("udp", 35), ("icmp", 10))
    """Of `PROTOCOLS`, each with its weight among them."""
    ipv4: float = 1
    """The weight of the IPv4 clients, of whom there are 20; ARP is theirs alone."""
    ipv6: float = 1
    """The weight of the IPv6 clients, of whom there are 12."""
    sizes: tuple[int, int] | None = None
    """The smallest and the largest frame, in bytes; None for sizes as on the Internet."""
    seed: int = 1
    """The same seed gives the same frames."""


def make_frames(count: int = 1024, mix: Mix | None = None) -> list[bytes]:
    """Return *count* Ethernet frames: by default TCP, UDP and ICMP over IPv4 and IPv6 from 32 clients to one server.

    The k-th client is chosen with a weight of 1/(k+1). Lengths and checksums are right.
    """
    mix = mix or Mix()
    chance = random.Random(mix.seed)
    clients = chance.sample(_CLIENTS, len(_CLIENTS))
    families = {4: mix.ipv4, 6: mix.ipv6}
    weights = [families[client.version] / (rank + 1) for rank, client in enumerate(clients)]
    names, shares = zip(*mix.protocols, strict=True)
    old = [client for client in clients if client.version == 4]
    frames: list[bytes] = []
    for number, client in enumerate(chance.choices(clients, weights, k=count)):
        (name,) = chance.choices(names, shares)
        size = chance.choices(*zip(*_SIZES, strict=True))[0] if mix.sizes is None else chance.randint(*mix.sizes)
        if name == "arp":
            asker = client if client.version == 4 else old[number % len(old)]
            frames.append(_arp(asker.packed))
        else:
            frames.append(_frame(client, protocol=_NUMBERS[name], size=size, sequence=number))
    return frames


def _arp(client: bytes) -> bytes:
    """Return a frame in which an IPv4 client asks everybody for the server's hardware address (RFC 826)."""
    asked = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + SOURCE_MAC + client + bytes(6) + _SERVERS[0].packed
    return (b"\xff" * 6 + SOURCE_MAC + b"\x08\x06" + asked).ljust(_ARP_SIZE, b"\0")


def _frame(client: IPv4Address | IPv6Address, *, protocol: int, size: int, sequence: int) -> bytes:
    """Return a frame of *size* bytes, or as many as its headers take."""
    server = _SERVERS[client.version == 6]
    headers = 14 + (20 if client.version == 4 else 40) + (20 if protocol == _TCP else 8)
    data = bytes(max(size - headers, 0))
    if isinstance(client, IPv6Address) and protocol == _ICMP:
        protocol = _ICMPV6
    segment = _segment(protocol, client.packed + server.packed, sequence, data)
    if client.version == 4:
        # Version and header length, ToS, total length, identification, don't fragment, TTL, protocol, checksum.
        start = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), sequence & 0xFFFF, 0x4000, 64, protocol, 0)
        header = start + client.packed + server.packed
        header = header[:10] + struct.pack("!H", internet_checksum(header)) + header[12:]
        return DESTINATION_MAC + SOURCE_MAC + b"\x08\x00" + header + segment
    # Version, traffic class and flow label; payload length; next header; hop limit.
    header = struct.pack("!IHBB", 6 << 28, len(segment), protocol, 64) + client.packed + server.packed
    return DESTINATION_MAC + SOURCE_MAC + b"\x86\xdd" + header + segment


def _segment(protocol: int, addresses: bytes, sequence: int, data: bytes) -> bytes:
    """Return what an IP packet carries, its checksum computed over the pseudo-header where there is one."""
    port = 49152 + sequence % 16384
    if protocol == _TCP:  # ports, sequence, acknowledgement, header length, ACK, window, checksum, urgent pointer
        header, at = struct.pack("!HHIIBBHHH", port, 443, sequence * 1460, 1, 5 << 4, 0x10, 65535, 0, 0), 16
    elif protocol == _UDP:  # ports, length, checksum
        header, at = struct.pack("!HHHH", port, 53, 8 + len(data), 0), 6
    else:  # echo request, code, checksum, identifier, sequence number
        header, at = struct.pack("!BBHHH", 128 if protocol == _ICMPV6 else 8, 0, 0, 1, sequence & 0xFFFF), 2
    segment = header + data
    pseudo = b"" if protocol == _ICMP else addresses + struct.pack("!II", len(segment), protocol)
    checksum = internet_checksum(pseudo + segment)
    if protocol == _UDP and checksum == 0:
        checksum = 0xFFFF  # 0 would mean that there is none (RFC 768)
    return segment[:at] + struct.pack("!H", checksum) + segment[at + 2 :]
