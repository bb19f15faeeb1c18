"""Packets out of capture files, pcap and pcapng, as Ethernet frames.

pcapy-ng reads the files: libpcap, which comes with its wheels, knows both formats in either byte order and with
any resolution of times, and tells what is wrong with a damaged one. Of the libraries that could (2026): scapy takes
0.2 s to import and is under the GPL, pypcapkit takes 0.7 s, dpkt knows one interface of a pcapng file and cannot
tell that it is cut, python-pcapng reads no pcap and 40,000 packets a second; pcapy-ng is there in 2 ms and reads
2,500,000. It gives times in microseconds.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..closing import Closing
from ..errors import BpftuiError, FeatureError
from ..files import unreadable, unwritable
from .frames import DESTINATION_MAC, SOURCE_MAC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Capture", "CaptureError", "CaptureWriter", "CapturedPacket"]

_ETHERNET: Final = DESTINATION_MAC + SOURCE_MAC
_IP: Final = {4: b"\x08\x00", 6: b"\x86\xdd"}
"""EtherType by the version that an IP packet begins with."""
_FAMILIES: Final = {2: 4, 10: 6, 24: 6, 28: 6, 30: 6}
"""Version of IP by address family, of Linux and of each BSD."""
_UNUSABLE: Final = {
    9: "PPP",
    105: "IEEE 802.11",
    119: "IEEE 802.11 with the header of Prism",
    127: "IEEE 802.11 with radiotap",
    163: "IEEE 802.11 with the header of AVS",
    189: "USB",
    192: "IEEE 802.11 with PPI",
    195: "IEEE 802.15.4",
    220: "USB",
    227: "SocketCAN",
    253: "netlink",
}
"""Link types that are often captured and have no Ethernet frames in them (tcpdump.org/linktypes.html)."""
_WANTED: Final = "a pcap or pcapng file is wanted, as tcpdump -w and Wireshark write it"
_SEVERAL: Final = (
    "its interfaces are too different to be read together; write those of one into a file of their own: "
    "tshark -r FILE -Y 'frame.interface_id == 0' -w ONE.pcapng"
)
_COMPRESSED: Final = {b"\x1f\x8b": "zcat", b"\xfd7zXZ\0": "xzcat", b"\x28\xb5\x2f\xfd": "zstdcat"}
"""By the bytes that a compressed file begins with, what unpacks it."""
_WITHOUT_ETHERTYPE: Final = {778, 803, 824}
"""ARPHRD types whose cooked captures hold something else in place of an EtherType: GRE, radiotap, netlink."""


class CaptureError(BpftuiError):
    """A capture file cannot be read, or not from some packet on; the message has its number, from 1."""


class CapturedPacket(NamedTuple):
    """A packet of a capture."""

    number: int
    """Its number in the file, from 1."""
    time: int
    """When it was captured: nanoseconds since 1970."""
    frame: bytes
    """The Ethernet frame, as far as it was captured."""
    length: int
    """Bytes that the frame had on the wire."""


class Capture:
    """A capture file. It is opened at once, and again each time that its packets are asked for.

    Packets without an Ethernet header (raw IP, Linux cooked captures of both versions, loopback) get one: from
    02:00:00:00:00:01 where no sender was recorded, to 02:00:00:00:00:00.

    Args:
        path: Its name; `-` for standard input, which can be read once.

    Raises:
        ObjectError: It cannot be read.
        CaptureError: It is no capture, or its packets cannot become Ethernet frames.
        NoPermissionError: It may not be read.
        FeatureError: pcapy-ng is not installed.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._pcapy = _pcapy()
        self._first = self._open()

    path: str

    def _open(self) -> Any:
        try:
            if self.path != "-":
                _look_at(self.path)
            reader = self._open_by_name()
        except OSError as error:
            raise unreadable(self.path, error) from error
        except (self._pcapy.PcapError, UnicodeError, ValueError) as error:
            raise CaptureError(f"{self.path} is no capture: {error}", hint=_WANTED) from error
        link: int = reader.datalink()
        if link not in _LINKS:
            name = _UNUSABLE.get(link)
            of_type = f"{name} (link type {link})" if name else f"link type {link}"
            raise CaptureError(
                f"{self.path} holds packets of {of_type}, which are no Ethernet frames",
                hint="Ethernet, raw IP, Linux cooked (tcpdump -i any) and loopback captures can be used",
            )
        return reader

    def _open_by_name(self) -> Any:
        """Open it once, whatever bytes its name has: pcapy-ng takes names in UTF-8 only."""
        try:
            self.path.encode("utf-8")
        except UnicodeEncodeError:
            place = os.open(self.path, os.O_PATH | os.O_CLOEXEC)
            try:
                return self._pcapy.open_offline(f"/proc/self/fd/{place}")
            finally:
                os.close(place)
        return self._pcapy.open_offline(self.path)

    def __iter__(self) -> Iterator[CapturedPacket]:
        """Iterate over its packets, from the first one.

        Raises:
            CaptureError: The file is damaged, or a packet cannot become an Ethernet frame.
        """
        reader, self._first = self._first, None
        if reader is None:
            reader = self._open()
        link: int = reader.datalink()
        convert, number = _LINKS[link], 0
        while True:
            number += 1
            try:
                header, data = reader.next()
            except (self._pcapy.PcapError, MemoryError) as error:
                hint = _SEVERAL if "of the first interface" in str(error) else None
                raise CaptureError(f"{self.path}: packet {number}: {error}", hint=hint) from error
            if header is None:
                return
            try:
                frame = data if convert is None else convert(data)
            except ValueError as error:
                raise CaptureError(f"{self.path}: packet {number}: {error}") from error
            seconds, micros = header.getts()
            if not (data or seconds or micros or header.getlen()):
                raise CaptureError(
                    f"{self.path}: packet {number}: zeros from here on: the file has a hole, or was not written "
                    "to its end"
                )
            added = len(frame) - len(data)
            yield CapturedPacket(number, seconds * 10**9 + micros * 1000, frame, header.getlen() + added)


class CaptureWriter(Closing):
    """Writes Ethernet frames into a pcap file, with times in nanoseconds; closed with its context.

    Args:
        path: The file, which is made anew.

    Raises:
        ObjectError, NoPermissionError: It cannot be written.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.written = 0
        try:
            self._file = open(path, "wb")  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise unwritable(path, error) from error
        # Magic, version, two that nobody uses, the longest packet, Ethernet (draft-ietf-opsawg-pcap).
        self._put(struct.pack("=IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 0x40000, 1))

    written: int
    """Packets written so far."""

    def write(self, time: int, frame: bytes) -> None:
        """Write a frame; *time* in nanoseconds since 1970."""
        self._put(struct.pack("=IIII", time // 10**9 & 0xFFFF_FFFF, time % 10**9, len(frame), len(frame)) + frame)
        self.written += 1

    def _put(self, raw: bytes) -> None:
        try:
            self._file.write(raw)
        except OSError as error:
            raise unwritable(self.path, error) from error

    def close(self) -> None:
        """Write out what is left; a second call does nothing."""
        try:
            self._file.close()
        except OSError as error:
            raise unwritable(self.path, error) from error


def _look_at(path: str) -> None:
    """Raise OSError for what cannot be opened, and CaptureError for what libpcap would not call by its name.

    A pipe is opened once only: who writes into it would see it closed.
    """
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "", path)
    if not stat.S_ISREG(status.st_mode):
        return
    with open(path, "rb") as file:
        begin = file.read(6)
    if not begin:
        raise CaptureError(f"{path} is no capture: it is empty", hint=_WANTED)
    for magic, tool in _COMPRESSED.items():
        if begin.startswith(magic):
            raise CaptureError(
                f"{path} is compressed", hint=f"unpack it first, or: {tool} {path} | bpftui run … --pcap -"
            )


def _pcapy() -> Any:
    try:
        return import_module("pcapy")
    except ImportError as error:
        raise FeatureError(
            "reading captures takes pcapy-ng, which is not installed", hint="pip install pcapy-ng"
        ) from error


def _from_raw(data: bytes) -> bytes:
    """Put an Ethernet header in front of an IP packet."""
    if not data or data[0] >> 4 not in _IP:
        raise ValueError(f"it begins with {data[:1].hex() or 'nothing'}, which is neither IPv4 nor IPv6")
    return _ETHERNET + _IP[data[0] >> 4] + data


def _from_loopback(data: bytes) -> bytes:
    """Put an Ethernet header in the place of an address family, in the byte order of who captured it."""
    for order in ("little", "big"):
        if version := _FAMILIES.get(int.from_bytes(data[:4], order)):
            return _ETHERNET + _IP[version] + data[4:]
    raise ValueError(f"its address family, {data[:4].hex(' ') or 'cut off'}, is neither IPv4's nor IPv6's")


def _from_cooked(data: bytes) -> bytes:
    """Put an Ethernet header in the place of `sll_header`."""
    if len(data) < 16:
        raise ValueError("it ends within the cooked header of 16 bytes")
    return _cooked(data[2:4], data[4:6], data[6:14], data[14:16], data[16:])


def _from_cooked2(data: bytes) -> bytes:
    """Put an Ethernet header in the place of `sll2_header`."""
    if len(data) < 20:
        raise ValueError("it ends within the cooked header of 20 bytes")
    return _cooked(data[8:10], b"\0" + data[11:12], data[12:20], data[:2], data[20:])


def _cooked(hardware: bytes, address_length: bytes, address: bytes, protocol: bytes, payload: bytes) -> bytes:
    if (kind := int.from_bytes(hardware)) in _WITHOUT_ETHERTYPE:
        raise ValueError(f"it is of an interface whose hardware type, {kind}, has no Ethernet protocols")
    source = address[:6] if int.from_bytes(address_length) == 6 else SOURCE_MAC
    if int.from_bytes(protocol) < 0x600:  # 802.3: what stands in an Ethernet header is the length
        protocol = min(len(payload), 1500).to_bytes(2)
    return DESTINATION_MAC + source + protocol + payload


_LINKS: Final[dict[int, Callable[[bytes], bytes] | None]] = {
    0: _from_loopback,  # NULL
    1: None,  # EN10MB
    12: _from_raw,  # DLT_RAW, which is what libpcap makes of LINKTYPE_RAW
    14: _from_raw,  # the same on OpenBSD
    101: _from_raw,
    108: _from_loopback,  # LOOP
    113: _from_cooked,
    228: _from_raw,
    229: _from_raw,
    276: _from_cooked2,
}
"""By link type, what makes an Ethernet frame of a packet; None where it is one."""
