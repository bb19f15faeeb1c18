"""PrefixField: the key of an LPM trie as it is written: `192.0.2.0/24`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..btf import parse_bytes
from ..btf.notation import Notation, format_as, parse_as
from ..errors import TypeMismatchError, ValueRangeError, quoted
from .field import Field, Form

if TYPE_CHECKING:
    from .counters import Valued

__all__ = ["PrefixField", "prefix_of"]

_LENGTH: Final = 4
"""Bytes of the prefix's length, in this machine's order, before what it is the beginning of."""
_NOTATIONS: Final = {_LENGTH + 4: Notation.IPV4, _LENGTH + 16: Notation.IPV6}
"""By the bytes of a key: the kernel compares from the first bit of the first byte, so that what has the size of an
address is in network byte order, whatever its type says."""


def prefix_of(source: Valued) -> PrefixField | None:
    """Return the field that is the whole key of an LPM trie of addresses; None for keys that have more in them."""
    if source.key_size not in _NOTATIONS:
        return None
    return PrefixField("key", "", "prefix", source.key, 0, source.key_size)


@dataclass(frozen=True, slots=True)
class PrefixField(Field):
    """The key of an LPM trie: how many bits of an address count, and the address."""

    @property
    def is_number(self) -> bool:
        """It is none."""
        return False

    @property
    def tells_all(self) -> bool:
        """All bytes of it are in its text, those that do not count too."""
        return True

    @property
    def _address(self) -> Notation:
        return _NOTATIONS[self.size]

    def _rank(self, whole: bytes) -> Any:
        return whole[_LENGTH:], self._bits(whole)

    @staticmethod
    def _bits(whole: bytes) -> int:
        return int.from_bytes(whole[:_LENGTH], sys.byteorder)

    def text_of(self, whole: bytes, form: Form = Form.TYPED) -> str:
        """Return the prefix; as hexadecimal, the bytes."""
        if form is Form.HEX:
            return whole.hex(" ")
        return f"{format_as(self._address, whole[_LENGTH:])}/{self._bits(whole)}"

    @property
    def takes(self) -> str:
        """What can be typed into it."""
        example = "192.0.2.0/24" if self._address is Notation.IPV4 else "2001:db8::/32"
        return f"{self._address.value} and its bits that count, as {example}"

    def edit_text(self, whole: bytes, form: Form = Form.TYPED) -> str:
        """Return the text that an editor begins with."""
        return f"hex:{whole.hex()}" if form is Form.HEX else self.text_of(whole)

    def put(self, text: str, whole: bytes, form: Form = Form.TYPED) -> bytes:
        """Return the key that a user typed; all bits count where there is no `/`. Errors as for `Field.put`."""
        text = text.strip()
        if text.startswith("hex:"):
            raw = parse_bytes(text, self.label)
            if len(raw) != self.size:
                raise ValueRangeError(f"{self.label} takes {self.size} bytes, not {len(raw)}")
            return raw
        most = 8 * (self.size - _LENGTH)
        address, slash, bits = text.partition("/")
        if slash and not (bits.isascii() and bits.isdigit()):
            raise TypeMismatchError(f"{self.label} takes a number behind /, not {quoted(bits)}", hint=self.takes)
        length = int(bits) if slash else most
        if length > most:
            raise ValueRangeError(f"{self.label}: an address has {most} bits, of which {length} cannot count")
        return length.to_bytes(_LENGTH, sys.byteorder) + parse_as(self._address, address, most // 8, self.label)[1]
