"""Notation: addresses, ports and MACs as people write them, where a type, a name or a family beside it says so.

What counts as said:

    IPv4   struct in_addr; a `__be32`, or four bytes, with the name of an address (`saddr`, `src_ip`)
    IPv6   struct in6_addr; sixteen bytes with the name of an address
    any    sixteen bytes with a name like that (or `bytes`), or a union, with a family beside them: the family tells
    MAC    six bytes with the name of one (`mac`, `h_source`)
    port   a `__be16` with the name of one (`dport`)

A `__u32 saddr` or a `__u16 port` stays a number: nothing says in which byte order it is. Addresses are in network byte
order whichever machine the object is for.
"""

from __future__ import annotations

import enum
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import TypeMismatchError, ValueRangeError, quoted
from . import types as t

if TYPE_CHECKING:
    from .ctype import CType

__all__ = ["Family", "Notation", "family_of", "format_as", "is_written_as", "notation_of", "parse_as"]

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def _vocabulary(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ADDRESS: Final = _vocabulary("addr address saddr daddr laddr raddr ip ips ipv sip dip vip")
_END: Final = _ADDRESS | _vocabulary(
    "src dst source dest destination gw gateway nexthop local remote peer host net network client server"
)
"""What a `__be32` is called that is an address: others are sequence numbers and masks of flags."""
_BYTES: Final = _ADDRESS | _vocabulary("bytes octets v")
"""What is called an address where a family stands beside it."""
_MAC: Final = _vocabulary("mac smac dmac eth ether ethernet hw hwaddr lladdr ethaddr addr address")
_MAC_ENDS: Final = _vocabulary("h_source h_dest")
_PORT: Final = _vocabulary("port ports sport dport")
_FAMILY: Final = _vocabulary("family af afi")
_VERSION: Final = _vocabulary("version ipv ipversion")
_BY_FAMILY: Final = {2: "ipv4", 10: "ipv6"}
"""AF_INET and AF_INET6 of Linux."""
_BY_VERSION: Final = {4: "ipv4", 6: "ipv6"}
_MAX_TYPEDEFS: Final = 32


class Notation(enum.Enum):
    """How the bytes of a value are written."""

    TYPED = "by its C type"
    IPV4 = "an IPv4 address"
    IPV6 = "an IPv6 address"
    ADDRESS = "an IPv4 or IPv6 address"
    """As the family beside it says."""
    MAC = "a MAC address"
    PORT = "a port"
    """A number in network byte order."""


_FORMS: Final = {
    Notation.IPV4: "192.0.2.1",
    Notation.IPV6: "2001:db8::1",
    Notation.ADDRESS: "192.0.2.1 or 2001:db8::1",
    Notation.MAC: "02:00:00:00:00:01",
    Notation.PORT: "53",
}


@dataclass(frozen=True, slots=True)
class Family:
    """The member that tells what an address beside it is."""

    name: str
    type: CType
    offset: int
    """In bytes, from the start of the struct that has both, or of what that is in."""
    is_version: bool = False
    """Whether it is 4 or 6, instead of AF_INET or AF_INET6."""

    def read(self, raw: bytes) -> int:
        """Return its number in the bytes that its offset is in."""
        return int.from_bytes(raw[self.offset : self.offset + self.type.size], self.type.btf.byte_order)

    def notation(self, raw: bytes) -> Notation | None:
        """Return what the family says in these bytes; None where it is neither."""
        known = (_BY_VERSION if self.is_version else _BY_FAMILY).get(self.read(raw))
        return None if known is None else Notation.IPV4 if known == "ipv4" else Notation.IPV6

    def number(self, notation: Notation) -> int:
        """Return what it has to be for an address of that notation."""
        numbers = _BY_VERSION if self.is_version else _BY_FAMILY
        wanted = "ipv4" if notation is Notation.IPV4 else "ipv6"
        return next(number for number, name in numbers.items() if name == wanted)


def notation_of(ctype: CType | None, name: str, *, has_family: bool = False) -> Notation:
    """Return how values of a type are written that are called *name*.

    Args:
        ctype: The type; nothing is known without one.
        name: Of the member, or of the map where its whole key is meant.
        has_family: Whether a family stands beside it.
    """
    if ctype is None or ctype.bit_size:
        return Notation.TYPED
    found, size = ctype.stripped, ctype.size
    words = _words(name)
    match found:
        case t.Composite(name="in_addr") if size == 4:
            return Notation.IPV4
        case t.Composite(name="in6_addr") if size == 16:
            return Notation.IPV6
        case t.Composite(is_union=True) if size == 16 and has_family:
            return Notation.ADDRESS
        case t.Int(size=4) if "__be32" in _typedefs(ctype) and words & _END:
            return Notation.IPV4
        case t.Int(size=2) if "__be16" in _typedefs(ctype) and words & _PORT:
            return Notation.PORT
        case t.Array() if size in (4, 6, 16) and _lies_in_order(ctype.element):
            return _of_bytes(size, name, words, has_family=has_family)
        case _:
            return Notation.TYPED


def _of_bytes(size: int, name: str, words: frozenset[str], *, has_family: bool) -> Notation:
    """Return what so many bytes are."""
    if size == 16 and has_family and words & _BYTES:
        return Notation.ADDRESS
    if size == 6:
        return Notation.MAC if words & _MAC or name in _MAC_ENDS else Notation.TYPED
    if words & _ADDRESS:
        return Notation.IPV4 if size == 4 else Notation.IPV6
    return Notation.TYPED


def family_of(ctype: CType) -> Family | None:
    """Return the member of a struct that says what the addresses in it are; None where there is none."""
    found = ctype.stripped
    if not isinstance(found, t.Composite) or found.is_union:
        return None
    for name, inner, offset in ctype.members():
        words = _words(name)
        if inner.limits is None or inner.bit_size or isinstance(inner.stripped, t.Pointer):
            continue
        if words & _FAMILY:
            return Family(name, inner, offset)
        if words & _VERSION and name.lower() != "version":
            return Family(name, inner, offset, is_version=True)
    return None


def format_as(notation: Notation, raw: bytes) -> str | None:
    """Return the text of *raw* in a notation; None where it has none: an IPv4 address with something behind it."""
    match notation:
        case Notation.IPV4 if not any(raw[4:]):
            return socket.inet_ntop(socket.AF_INET, raw[:4])
        case Notation.IPV6:
            return socket.inet_ntop(socket.AF_INET6, raw)
        case Notation.MAC:
            return raw.hex(":")
        case Notation.PORT:
            return str(int.from_bytes(raw, "big"))
        case _:
            return None


def is_written_as(notation: Notation) -> str:
    """Return an example of a notation: `192.0.2.1`; empty for values by their C type."""
    return _FORMS.get(notation, "")


def parse_as(notation: Notation, text: str, size: int, name: str = "value") -> tuple[Notation, bytes]:
    """Return what *text* is, and its *size* bytes.

    Raises:
        TypeMismatchError: It is nothing of that notation; the hint says how it is written.
        ValueRangeError: It is a number that is no port.
    """
    text = text.strip()
    if notation is Notation.PORT:
        return notation, _parse_port(text, size, name)
    if notation is Notation.MAC:
        parts = re.split("[:-]", text)
        if len(parts) == size and all(re.fullmatch("[0-9a-fA-F]{1,2}", part) for part in parts):
            return notation, bytes(int(part, 16) for part in parts)
    for wanted, family in ((Notation.IPV4, socket.AF_INET), (Notation.IPV6, socket.AF_INET6)):
        if notation in (wanted, Notation.ADDRESS):
            try:
                return wanted, socket.inet_pton(family, text).ljust(size, b"\0")
            except (OSError, ValueError):  # a NUL, a surrogate
                continue
    raise TypeMismatchError(f"{name} is {notation.value}, not {quoted(text)}", hint=f"as {_FORMS[notation]}")


def _parse_port(text: str, size: int, name: str) -> bytes:
    try:
        number = int(text, 0)
    except ValueError:
        raise TypeMismatchError(f"{name} is a port, not {quoted(text)}", hint="as 53, or 0x35") from None
    if not 0 <= number < 1 << 8 * size:
        raise ValueRangeError(f"{name}: {number} is no port: 0 to {(1 << 8 * size) - 1} are")
    return number.to_bytes(size, "big")


def _words(name: str) -> frozenset[str]:
    """Return the words of a name, small: `src_ip4` has `src` and `ip`."""
    return frozenset(word.lower() for word in _WORD.findall(name))


def _typedefs(ctype: CType) -> set[str]:
    """Return the names that a type goes by on the way to what it is."""
    names: set[str] = set()
    here = ctype.btf.type(ctype.id)
    for _ in range(_MAX_TYPEDEFS):
        if isinstance(here, t.Typedef):
            names.add(here.name)
        elif not isinstance(here, t.Modifier):
            break
        here = ctype.btf.type(here.target)
    return names


def _lies_in_order(element: CType) -> bool:
    """Whether an array of such elements lies in memory as an address does: of `__u8` or of `__be32`."""
    found = element.stripped
    if not isinstance(found, t.Int) or found.is_bool or found.is_char or found.name == "char":
        return False
    return found.size == 1 or (found.size == 4 and "__be32" in _typedefs(element))
