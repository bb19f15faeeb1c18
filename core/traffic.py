"""Packets for a sandbox: frames that look like a small network's traffic, and what delivers packets at a rate."""

from __future__ import annotations

import random
import struct
import threading
import time
from abc import ABC, abstractmethod
from ipaddress import IPv4Address, IPv6Address

from .errors import BpftuiError

__all__ = ["DESTINATION_MAC", "SOURCE_MAC", "Pacer", "make_frames"]

DESTINATION_MAC = bytes.fromhex("020000000000")
"""Of the receiving side; locally administered, as is the sender's."""
SOURCE_MAC = bytes.fromhex("020000000001")

_ICMP, _TCP, _UDP, _ICMPV6 = 1, 6, 17, 58
_SERVERS = (IPv4Address("192.0.2.1"), IPv6Address("2001:db8::1"))
"""Addresses of RFC 5737 and RFC 3849: documentation only, they never reach anybody."""
_CLIENTS = (
    *(IPv4Address("198.51.100.0") + host for host in range(1, 13)),
    *(IPv4Address("203.0.113.0") + host for host in range(1, 9)),
    *(IPv6Address("2001:db8:0:1::") + host for host in range(1, 13)),
)
_PROTOCOLS = ((_TCP, 55), (_UDP, 35), (_ICMP, 10))
"""IP protocol, weight."""
_SIZES = ((60, 50), (128, 15), (576, 20), (1024, 5), (1514, 10))
"""Bytes of a frame, weight; much as on the Internet, where most are smallest or largest."""


def make_frames(count: int = 1024, *, seed: int = 1) -> list[bytes]:
    """Return *count* Ethernet frames: TCP, UDP and ICMP over IPv4 and IPv6 from 32 clients to one server.

    The k-th client is chosen with a weight of 1/(k+1). Lengths and checksums are right. The same *seed* gives the same
    frames.
    """
    chance = random.Random(seed)
    clients = chance.sample(_CLIENTS, len(_CLIENTS))
    weights = [1 / (rank + 1) for rank in range(len(clients))]
    return [
        _frame(
            client,
            protocol=chance.choices(*zip(*_PROTOCOLS, strict=True))[0],
            size=chance.choices(*zip(*_SIZES, strict=True))[0],
            sequence=number,
        )
        for number, client in enumerate(chance.choices(clients, weights, k=count))
    ]


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
        header = header[:10] + struct.pack("!H", _checksum(header)) + header[12:]
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
    checksum = _checksum(pseudo + segment)
    if protocol == _UDP and checksum == 0:
        checksum = 0xFFFF  # 0 would mean that there is none (RFC 768)
    return segment[:at] + struct.pack("!H", checksum) + segment[at + 2 :]


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of *data*."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Pacer(ABC):
    """Delivers packets: a number of them at once, or at a rate, until it is closed."""

    TICK = 0.002
    """Seconds between two batches; a batch holds what became due in between."""
    DEBT = 1.0
    """Seconds of missed traffic that are made up for; what is older is forgotten."""
    BATCH = 1024
    """The most packets of a batch."""

    def __init__(self) -> None:
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._rate = 0.0
        self._closed = False
        self._error: BpftuiError | None = None
        self.sent = 0

    sent: int
    """Packets delivered so far."""

    @abstractmethod
    def deliver(self, count: int) -> int:
        """Deliver the next packets in turn, at most *count* of them; return how many."""

    def release(self) -> None:  # noqa: B027 - not all have something to release
        """Let go of what packets are delivered through: called once, at the end."""

    @property
    def rate(self) -> float:
        """Packets per second; 0 while none are sent. Takes effect at once."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        if not 0 <= rate < float("inf"):
            raise ValueError(f"a rate of packets cannot be {rate}")
        with self._changed:
            self._rate = rate
            if rate and self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._pace, name="bpftui-traffic", daemon=True)
                self._thread.start()
            self._changed.notify()

    def send(self, count: int) -> int:
        """Send *count* packets now, as fast as they are taken, and return *count*."""
        left = count
        with self._sending:
            while left:
                sent = self.deliver(left)
                left -= sent
                self.sent += sent
        return count

    def close(self) -> None:
        """Stop, and release what packets go through; a second call does nothing.

        Raises:
            BpftuiError: The traffic broke off by itself, and why.
        """
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._rate = 0.0
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        with self._sending:
            self.release()
        if self._error is not None:
            raise self._error

    def _pace(self) -> None:
        """Send what is due, sleep until more is; ends with `close`."""
        try:
            while (rate := self._wait_for_rate()) is not None:
                self._keep(rate)
        except BpftuiError as error:
            self._error, self._rate = error, 0.0

    def _wait_for_rate(self) -> float | None:
        with self._changed:
            self._changed.wait_for(lambda: self._rate or self._closed)
            return None if self._closed else self._rate

    def _keep(self, rate: float) -> None:
        """Send at *rate* until it is changed. What is due is told by the clock, so that a late tick is made up for."""
        start, sent = time.monotonic(), 0
        while True:
            with self._changed:
                if self._rate != rate:
                    return
                now = time.monotonic()
                if int((now - start) * rate) <= sent:
                    self._changed.wait(max(start + (sent + 1) / rate - now, self.TICK))
                    continue
            owed = (now - start) - sent / rate - self.DEBT
            if owed > 0:
                start += owed
            # In pieces, so that a new rate does not wait until the debt is paid.
            sent += self.send(min(int((now - start) * rate) - sent, self.BATCH))
