"""Bytes as people have them at hand: hexadecimal digits, dumps with offsets, arrays of C, strings with escapes."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ..errors import UsageError

__all__ = ["read_hex"]

_HINT: Final = (
    "hexadecimal digits, two for each byte; a dump of xxd, hexdump -C, od -t x1, tcpdump -X or Wireshark; "
    r"0x45, 0x00, …; or \x45\x00…"
)
_ROW: Final = re.compile(r"\s*(?:0[xX])?(?P<offset>[0-9a-fA-F]{4,8})(?P<colon>:?)(?P<rest>\s.*)?$")
"""A line of a dump: `0000  45 00 …  E.`, `00000000: 4500 …`, `0x0000:  4500 …`, and the last of od, an offset alone."""
_C_BYTE: Final = re.compile(r"0[xX][0-9a-fA-F]{1,2}")
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))|([ -~])", re.DOTALL)
_ESCAPED: Final = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "v": 11, "f": 12, "\\": 92, "'": 39, '"': 34}
_HALF: Final = 8
"""Bytes of a row's half, behind which many dumps leave a wider gap."""
_MAX_ROW: Final = 16
"""Bytes of a row where no second row says how many there are."""


class _Row(NamedTuple):
    line: int
    offset: str
    rest: str


def read_hex(text: str) -> bytes:
    """Return the bytes that a text stands for, one packet.

    Words of four digits are in the order in which they are written (xxd, tcpdump), but for those of `od -x` and
    `hexdump`, whose lines begin with seven digits and no colon: these swap the bytes of each word.

    Raises:
        UsageError: It is none of what there is; says the line.
    """
    text = text.strip().removeprefix("hex:")
    if "\\x" in text:
        return _read_string(text)
    if (rows := _rows(text)) is not None:
        return _read_dump(rows)
    code = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    if re.search(rf"{_C_BYTE.pattern}\s*[,;}}\]]", code):
        return _read_array(code)
    return _read_digits(text)


def _rows(text: str) -> list[_Row] | None:
    """Return the rows of a dump, and `*` for rows that are left out; None where it is none."""
    lines = list(enumerate(text.splitlines(), 1))
    found: list[_Row] = []
    certain = False
    for number, line in lines:
        if line.strip() == "*" and found:
            found.append(_Row(number, "*", ""))
        elif (match := _ROW.match(line)) is not None:
            found.append(_Row(number, match["offset"], match["rest"] or ""))
            # Digits alone may begin like an offset, which has a colon, a wide gap, or an odd number of digits.
            certain |= (
                bool(match["colon"]) or (match["rest"] or "").startswith(("  ", "\t")) or len(match["offset"]) % 2 > 0
            )
    if not found or found[0].offset.strip("0"):
        return None
    if not certain:  # then the second offset is what tells them from digits
        second = found[1].offset if len(found) > 1 else "*"
        if second == "*" or int(second, 16) != len(found[0].rest.split()):
            return None
    return found


def _read_dump(rows: list[_Row]) -> bytes:
    """Return what the rows of a dump hold, as far as their offsets say."""
    offsets = [row.offset for row in rows if row.offset != "*"]
    # od has seven digits and counts in octal: 20 follows the first 16 bytes. So has hexdump, in words, in hexadecimal.
    seven = len(offsets[0]) == 7
    words = re.match(r"\s+[0-9a-fA-F]{4}\b", rows[0].rest) is not None
    octal = seven and (not words or offsets[1:2] == [f"{len(_bytes_of(rows[0], 64)):07o}"])
    base = 8 if octal else 16
    swapped = seven and words
    data = bytearray()
    for at, row in enumerate(rows):
        if row.offset == "*":
            continue
        offset = int(row.offset, base)
        if at and rows[at - 1].offset == "*" and data:
            width = len(data) - int(rows[at - 2].offset, base)
            last = bytes(data[-width:])
            while len(data) < offset:
                data += last
        if offset == 0 and data:
            raise UsageError(f"line {row.line} begins a second packet: its offset is 0 again", hint="give one packet")
        if offset != len(data):
            raise UsageError(
                f"line {row.line} has offset {row.offset}, but {len(data)} bytes come before it",
                hint="lines are missing",
            )
        following = next((int(each.offset, base) for each in rows[at + 1 :] if each.offset != "*"), None)
        room = min(following - offset, 64) if following is not None and following > offset else _MAX_ROW
        found = _bytes_of(row, room)
        if swapped:
            found = b"".join(found[i : i + 2][::-1] for i in range(0, len(found), 2))
        data += found
    return bytes(data)


def _bytes_of(row: _Row, room: int) -> bytes:
    """Return the bytes of a row, which has at most *room*; what is behind them is the same as text."""
    digits = ""
    rest = row.rest.partition("|")[0].strip()
    if not rest:
        return b""
    for at, part in enumerate(re.split(r"\s{2,}|\t", rest)):
        words = part.split(" ")
        plain = all(re.fullmatch(r"(?:[0-9a-fA-F]{2})+", word) for word in words)
        if at and (len(digits) % (2 * _HALF) or len(digits) >= 2 * room or not plain):
            break
        for word in words:
            if not re.fullmatch(r"(?:[0-9a-fA-F]{2})+", word):
                if at or len(digits) >= 2 * room:
                    break
                raise UsageError(f"line {row.line}: {word!r} is no byte in hexadecimal digits", hint=_HINT)
            digits += word
    return bytes.fromhex(digits)[:room]


def _read_array(text: str) -> bytes:
    """Return the bytes of `unsigned char packet[] = { 0x45, 0x00, … };`."""
    inner = text.partition("{")[2].rpartition("}")[0] if "{" in text else text.strip("[]();, \n")
    words = [word for word in re.split(r"[\s,]+", inner.strip()) if word]
    wrong = next((word for word in words if not _C_BYTE.fullmatch(word)), None)
    if wrong is not None:
        raise UsageError(f"{wrong!r} is no byte as 0x45", hint=_HINT)
    return bytes(int(word, 16) for word in words)


def _read_string(text: str) -> bytes:
    r"""Return the bytes of "\x45\x00", of several such strings, and of Python's b'E\x00'."""
    pieces = re.findall(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", text, re.DOTALL)
    inner = "".join(a or b for a, b in pieces) if pieces else re.sub(r"\s+", "", text)
    data = bytearray()
    at = 0
    while at < len(inner):
        match = _ESCAPE.match(inner, at)
        if match is None or (match[3] is not None and match[3] not in _ESCAPED):
            raise UsageError(f"{inner[at : at + 4]!r} is no byte of a string with \\x45", hint=_HINT)
        if match[1] is not None:
            data.append(int(match[1], 16))
        elif match[2] is not None:
            data.append(int(match[2], 8) & 0xFF)
        else:
            data.append(_ESCAPED[match[3]] if match[3] is not None else ord(match[4]))
        at = match.end()
    return bytes(data)


def _read_digits(text: str) -> bytes:
    """Return the bytes of digits, with whatever between them that separates: spaces, lines, `:`, `-`, `,`."""
    digits = ""
    for number, line in enumerate(text.splitlines(), 1):
        for word in re.split(r"[\s:,\-]+", line.strip()):
            plain = word.removeprefix("0x").removeprefix("0X")
            if not re.fullmatch(r"[0-9a-fA-F]*", plain):
                where = f"line {number}: " if "\n" in text else ""
                shown = word if len(word) <= 20 else f"{word[:19]}…"
                raise UsageError(f"{where}{shown!r} is not hexadecimal", hint=_HINT)
            digits += plain
    if len(digits) % 2:
        raise UsageError(
            f"{len(digits)} hexadecimal digits are no whole number of bytes", hint="two digits make a byte"
        )
    return bytes.fromhex(digits)
