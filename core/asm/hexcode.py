"""Instructions that are handed over as they are: binary, hexadecimal digits in any form, or an array of C."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..errors import AssemblyError
from .instruction import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .instruction import ByteOrder

__all__ = ["read_code"]

_NO_TEXT: Final = re.compile(rb"[^\t-\r\x20-\x7e]")
_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*|#[^\n]*", re.DOTALL)
_ARRAY: Final = re.compile(r"\{(.*)\}", re.DOTALL)
_BETWEEN: Final = r"[\s,;:(){}\[\]\"']+"
_DIGITS: Final = re.compile(rf"{_BETWEEN}|(?P<digits>(?:0[xX]|\\x)?[0-9a-fA-F]+)|(?P<rest>.)")
_DUMPED: Final = re.compile(
    r"(?P<offset>[0-9a-fA-F]{6,16})"
    r"(?::(?P<xxd>(?: (?:[0-9a-fA-F]{2})+)+)(?:  .*)?"  # text behind two blanks
    r"|(?P<bytes>(?: {1,2}[0-9a-fA-F]{2}\b)+)(?: *\|.*\|| *>.*<)?)?\s*"  # hexdump -C, od -tx1z
)
"""A line of a dump: its offset and its bytes, without the text beside them. The last line may be an offset alone."""
_NUMBER: Final = re.compile(r"[\s,]+|(?P<digits>0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*(?!\w)|(?P<rest>.)")
_TYPE: Final = re.compile(r"\b_*(?:u?int|[us])(8|16|32|64)(?:_t)?\b")
_TYPE_NAMES: Final = ((r"\bchar\b", 1), (r"\bshort\b", 2), (r"\blong\b", 8), (r"\bint\b", 4))


def read_code(data: bytes, byte_order: ByteOrder) -> bytes:
    """Return the instructions that *data* holds, as they are or as text.

    Text is hexadecimal digits: bytes in the order in which they are written, with `0x`, `\\x`, blanks, commas, quotes
    or nothing between them; or the dump of a file as xxd, `hexdump -C` or `od -tx1` writes it. In braces it is an array
    of C: numbers as C writes them, of the type that stands before the array, else as wide as its widest; more than a
    byte is stored in *byte_order*. Comments are passed over.

    Raises:
        AssemblyError: Something in the text is no number; it says where.
        ObjectError: It is not a whole number of 8-byte instructions.
    """
    # `exit` alone is one byte and seven zeros: instructions that are all printable bytes do not occur.
    if _NO_TEXT.search(data) is None:
        data = _from_text(data.decode("ascii"), byte_order)
    words(data)
    return data


def _from_text(text: str, byte_order: ByteOrder) -> bytes:
    if (dumped := _from_dump(text)) is not None:
        return dumped
    # Blanks in place of comments keep lines and columns.
    text = _COMMENT.sub(lambda match: re.sub(r"\S", " ", match[0]), text)
    array = _ARRAY.search(text)
    if array is None:
        found = _tokens(_DIGITS, text, 0, len(text), "hexadecimal digits")
        return b"".join(_bytes(text, match) for match in found)
    numbers = list(_tokens(_NUMBER, text, *array.span(1), "a number of C"))
    width = _declared(text[: array.start()]) or max((_width(match["digits"]) for match in numbers), default=1)
    return b"".join(_number(text, match, width, byte_order) for match in numbers)


def _from_dump(text: str) -> bytes | None:
    """Return the bytes of a dump that begins with offset 0; None where the text is no dump."""
    found = bytearray()
    base = 0
    at = 0
    for line in text.splitlines(keepends=True):
        match = _DUMPED.fullmatch(line) if line.strip() else None
        digits = match and (match["xxd"] or match["bytes"])
        if not base:
            if match is None or not digits or int(match["offset"], 16):
                return None
            # od counts in octal, with seven digits.
            base = 8 if len(match["offset"]) == 7 else 16
        if match is None or _offset(match["offset"], base) != len(found):
            reason = f"{line.strip()[:20]!r} is not the line at offset {len(found):#x} of a dump"
            hint = "hexdump -v and od -v leave no line out" if line.strip() == "*" else None
            raise AssemblyError.at(text, at, reason, hint=hint)
        found += bytes.fromhex(digits or "")
        at += len(line)
    return bytes(found) if base else None


def _offset(digits: str, base: int) -> int:
    try:
        return int(digits, base)
    except ValueError:
        return -1


def _tokens(pattern: re.Pattern[str], text: str, start: int, stop: int, what: str) -> Iterator[re.Match[str]]:
    """Yield the matches that have digits; anything else but what may stand between them is an error."""
    for match in pattern.finditer(text, start, stop):
        if match["rest"]:
            word = text[match.start() :].split(maxsplit=1)[0][:20]
            raise AssemblyError.at(text, match.start(), f"{word!r} is not {what}")
        if match["digits"]:
            yield match


def _bytes(text: str, match: re.Match[str]) -> bytes:
    digits = re.sub(r"^(?:0[xX]|\\x)", "", match["digits"])
    if len(digits) == 1:
        digits = f"0{digits}"
    if len(digits) % 2:
        raise AssemblyError.at(text, match.start(), f"{match['digits'][:20]!r} has an odd number of digits")
    return bytes.fromhex(digits)


def _declared(before: str) -> int | None:
    """Return the bytes of an element, from the declaration that stands before the array."""
    if match := _TYPE.search(before):
        return int(match[1]) // 8
    return next((size for pattern, size in _TYPE_NAMES if re.search(pattern, before)), None)


def _width(digits: str) -> int:
    """Return the bytes that a number takes as it is written: leading zeros count where it is hexadecimal."""
    hexadecimal = digits[:2] in ("0x", "0X")
    size = (len(digits) - 1) // 2 if hexadecimal else (int(digits[:20]).bit_length() + 7) // 8
    return next((width for width in (1, 2, 4, 8) if size <= width), 8)


def _number(text: str, match: re.Match[str], width: int, byte_order: ByteOrder) -> bytes:
    digits = match["digits"]
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
    try:
        return int(digits, base).to_bytes(width, byte_order)
    except (ValueError, OverflowError):
        reason = f"{digits[:20]!r} is not a number of C that fits into {width * 8} bits"
        raise AssemblyError.at(text, match.start(), reason) from None
