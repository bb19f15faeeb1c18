"""Writing packets as pcapng: of several interfaces, each packet with its direction and a comment.

draft-ietf-opsawg-pcapng: a section, descriptions of its interfaces, packets; each a block of 32-bit words with its
length at both ends, in the byte order of who writes it.
"""

from __future__ import annotations

import os
import stat
import struct
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ..closing import Closing
from ..files import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Direction", "PcapngWriter"]

Direction: TypeAlias = Literal["in", "out"]
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_COMMENT, _APPLICATION, _NAME, _FLAGS, _RESOLUTION = 1, 4, 2, 2, 9
_FLAG: Final[dict[Direction, int]] = {"in": 1, "out": 2}
_ETHERNET: Final = 1
_LONGEST: Final = 0xFFFF
"""Bytes of an option: its length has 16 bits."""


class PcapngWriter(Closing):
    """Writes packets to a new file, with times in nanoseconds; closed with its context.

    Args:
        path: The file; one that is there already is refused, unless it is a pipe or a device.
        application: What writes it.

    Raises:
        ObjectError, NoPermissionError: It cannot be written.
    """

    def __init__(self, path: str, application: str) -> None:
        self.path = path
        self.written = 0
        self._interfaces: dict[str, int] = {}
        try:
            is_special = os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode)
            self._file = open(path, "wb" if is_special else "xb")  # noqa: SIM115 - closed by `close`
        except (OSError, ValueError) as error:
            raise unwritable(path, error) from error
        header = struct.pack("=IHHq", 0x1A2B3C4D, 1, 0, -1)
        self._block(_SECTION, header, [(_APPLICATION, _text(application))])

    written: int
    """Packets written so far."""

    def write(self, interface: str, time: int, frame: bytes, direction: Direction, comment: str = "") -> None:
        """Write a packet.

        Args:
            interface: What it is of; each name is an interface of the file.
            time: In nanoseconds since 1970.
            frame: From the Ethernet header on.
            direction: Which way it went.
            comment: What is said of it.
        """
        number = self._interfaces.get(interface)
        if number is None:
            number = self._interfaces[interface] = len(self._interfaces)
            self._block(
                _INTERFACE, struct.pack("=HHI", _ETHERNET, 0, 0), [(_NAME, _text(interface)), (_RESOLUTION, b"\x09")]
            )
        head = struct.pack("=IIIII", number, time >> 32, time & 0xFFFF_FFFF, len(frame), len(frame))
        options = [(_FLAGS, struct.pack("=I", _FLAG[direction]))]
        if comment:
            options.append((_COMMENT, _text(comment)))
        self._block(_PACKET, head + _padded(frame), options)
        self.written += 1

    def _block(self, kind: int, body: bytes, options: Iterable[tuple[int, bytes]]) -> None:
        told = b"".join(struct.pack("=HH", code, len(value)) + _padded(value) for code, value in options)
        length = struct.pack("=I", 12 + len(body) + len(told) + 4)
        try:
            self._file.write(struct.pack("=I", kind) + length + body + told + bytes(4) + length)
        except OSError as error:
            raise unwritable(self.path, error) from error

    def close(self) -> None:
        """Write out what is left; a second call does nothing."""
        try:
            self._file.close()
        except OSError as error:
            raise unwritable(self.path, error) from error


def _text(text: str) -> bytes:
    """Return a text as an option has it; of a longer one its beginning, in whole characters."""
    return text.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore").encode()


def _padded(raw: bytes) -> bytes:
    return raw + bytes(-len(raw) % 4)
