"""Field: a number, an address or bytes in a packet's header, read from text and written as such."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from .hex_text import read_hex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .layers import Layer

__all__ = ["Field", "Form"]

_TEXT: Final = re.compile(r"\"([^\"\\]*)\"|'([^'\\]*)'")
"""Plain text as bytes of a payload; what has a backslash is read with its escapes."""


class Form(Enum):
    """How a field is written."""

    NUMBER = auto()
    HEX = auto()
    FLAGS = auto()
    MAC = auto()
    IPV4 = auto()
    IPV6 = auto()
    BYTES = auto()


_HINTS: Final = {
    Form.MAC: "six bytes: 02:00:00:00:00:01",
    Form.IPV4: "as 192.0.2.1",
    Form.IPV6: "as 2001:db8::1",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a header: where it is, and how it is written.

    Bits are counted as they go over the wire: the first is the highest of the header's first byte.
    """

    name: str
    width: int
    """Bits; 0 for the bytes that are left of the layer."""
    form: Form = Form.NUMBER
    names: Mapping[int, str] = field(default_factory=dict[int, str])
    """What numbers are called; of flags, what each bit is."""
    right: Callable[[tuple[Layer, ...], int], int | None] | None = None
    """Of lengths and checksums: what it should be in the layer of a number among those of a packet; None where that
    cannot be said (the checksum of a fragment)."""
    absent: int | None = None
    """Of a checksum: what says that there is none."""
    links: bool = False
    """Whether it says what follows the layer."""
    bit: int = 0

    @property
    def is_bytes(self) -> bool:
        """Whether its value is bytes, as many as there are; else it is a number."""
        return self.form is Form.BYTES

    @property
    def largest(self) -> int:
        """The largest number that it can hold."""
        return (1 << self.width) - 1

    def read(self, raw: bytes) -> int:
        """Return its number in a layer's bytes."""
        first, last = self.bit // 8, (self.bit + self.width + 7) // 8
        return int.from_bytes(raw[first:last]) >> (last * 8 - self.bit - self.width) & self.largest

    def write(self, raw: bytes, value: int) -> bytes:
        """Return a layer's bytes with another number in it."""
        first, last = self.bit // 8, (self.bit + self.width + 7) // 8
        shift = last * 8 - self.bit - self.width
        there = int.from_bytes(raw[first:last]) & ~(self.largest << shift)
        return raw[:first] + (there | value << shift).to_bytes(last - first) + raw[last:]

    def text(self, value: int | bytes) -> str:
        """Return how a value is written; `parse` reads it again."""
        if isinstance(value, bytes):
            return value.hex(" ")
        if self.form is Form.FLAGS:
            set_ = [name for bit, name in self.names.items() if value & bit]
            known = sum(self.names)
            rest = [hex(value & ~known)] if value & ~known else []
            return " ".join(set_ + rest) or "0"
        if (name := self.names.get(value)) is not None:
            return name
        match self.form:
            case Form.HEX:
                return f"{value:#0{2 + (self.width + 3) // 4}x}"
            case Form.MAC:
                return value.to_bytes(6).hex(":")
            case Form.IPV4:
                return str(IPv4Address(value))
            case Form.IPV6:
                return str(IPv6Address(value))
            case _:
                return str(value)

    def parse(self, text: str) -> int | bytes:
        """Return the value that a text stands for: a number (0x as well), a name, flags, an address, bytes in hex.

        Raises:
            UsageError: It is none, or does not fit; says how it is written.
        """
        text = text.strip()
        if self.is_bytes:
            if (match := _TEXT.fullmatch(text)) is not None:
                return (match[1] or match[2] or "").encode()
            return read_hex(text)
        value = self._flags(text) if self.form is Form.FLAGS else self._number(text)
        if not 0 <= value <= self.largest:
            raise UsageError(f"{self.name} has {self.width} bits, {text} does not fit", hint=f"0 to {self.largest:,}")
        return value

    def _number(self, text: str) -> int:
        for number, name in self.names.items():
            if name.casefold() == text.casefold():
                return number
        try:
            match self.form:
                case Form.IPV4:
                    return int(IPv4Address(text))
                case Form.IPV6:
                    return int(IPv6Address(text))
                case Form.MAC:
                    digits = re.sub(r"[:.\-]", "", text)
                    if not re.fullmatch(r"[0-9a-fA-F]{12}", digits):
                        raise ValueError
                    return int(digits, 16)
                case _:
                    return int(text, 0)
        except (AddressValueError, ValueError):
            hint = _HINTS.get(self.form) or ", ".join(
                [f"0 to {self.largest:,}, or 0x…", *dict.fromkeys(self.names.values())][:8]
            )
            shown: Any = repr(text) if text else "nothing"
            raise UsageError(f"{shown} is no {self.name}", hint=hint) from None

    def _flags(self, text: str) -> int:
        bits = {name.casefold(): bit for bit, name in self.names.items()}
        value = 0
        for word in re.split(r"[\s,|+]+", text):
            try:
                value |= bits[word.casefold()] if word.casefold() in bits else int(word or "0", 0)
            except ValueError:
                raise UsageError(
                    f"{word!r} is none of {self.name}", hint=f"{', '.join(self.names.values())}, or a number"
                ) from None
        return value
