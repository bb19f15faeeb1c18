"""The .BTF.ext section: which function, which C line and which CO-RE relocation belong to which instruction.

Offsets of instructions are in bytes from the start of their section, as in the file.
"""

from __future__ import annotations

import array
import bisect
import operator
import struct
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import ObjectError
from .record import MAGIC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .btf import Btf

__all__ = ["BtfExt", "CoreRecord", "FunctionRecord", "LineRecord"]

_INSN: Final = 8
"""Bytes of an instruction."""


class FunctionRecord(NamedTuple):
    """`struct bpf_func_info`."""

    offset: int
    type_id: int


class LineRecord(NamedTuple):
    """`struct bpf_line_info`; file and source are offsets in the BTF's string table."""

    offset: int
    file: int
    source: int
    line_column: int

    @property
    def line(self) -> int:
        """The line, from 1."""
        return self.line_column >> 10

    @property
    def column(self) -> int:
        """The column, from 1; 0 where it is not known."""
        return self.line_column & 0x3FF


class CoreRecord(NamedTuple):
    """`struct bpf_core_relo`; the access is an offset in the BTF's string table."""

    offset: int
    type_id: int
    access: int
    kind: int


class BtfExt:
    """The three tables of a .BTF.ext section.

    Args:
        raw: The section's contents.
        btf: The BTF whose strings it uses.
    """

    def __init__(self, raw: bytes | memoryview, btf: Btf) -> None:
        self._raw = raw
        self._btf = btf
        order = "<" if btf.byte_order == "little" else ">"
        if len(raw) < 24:
            raise self._error(0, f"{len(raw)} bytes are too few for its header")
        magic, _version, _flags, header = struct.unpack_from(order + "HBBI", raw)
        if magic != MAGIC:
            raise self._error(0, f"no BTF magic: {magic:#06x} instead of {MAGIC:#06x}")
        parts = struct.unpack_from(order + "4I", raw, 8)
        # Objects from before CO-RE (LLVM 9) have a header without its last two fields.
        core = struct.unpack_from(order + "2I", raw, 24) if header >= 32 and len(raw) >= 32 else (0, 0)
        self._functions = self._table(header + parts[0], parts[1], 2)
        self._lines = self._table(header + parts[2], parts[3], 4)
        self._core = self._table(header + core[0], core[1], 4)

    def functions(self, section: str, start: int, stop: int) -> list[FunctionRecord]:
        """Return the functions that begin within these bytes of a section."""
        return [FunctionRecord(*row) for row in _between(self._functions.get(section), start, stop)]

    def lines(self, section: str, start: int, stop: int) -> list[LineRecord]:
        """Return the lines that begin within these bytes of a section."""
        return [LineRecord(*row) for row in _between(self._lines.get(section), start, stop)]

    def core(self, section: str, start: int, stop: int) -> list[CoreRecord]:
        """Return the CO-RE relocations of the instructions within these bytes of a section."""
        return [CoreRecord(*row) for row in _between(self._core.get(section), start, stop)]

    def line_records(self, section: str, start: int, stop: int, shift: int, *, unit: int) -> bytes:
        """Return what `lines` returns as it is stored, in this machine's byte order, with other offsets.

        Args:
            section: The section.
            start: Its first byte.
            stop: One past its last byte.
            shift: How many instructions further the code lies now than in the section.
            unit: What an instruction counts for in the offsets that are returned: 1, or its bytes.
        """
        return _moved(self._lines.get(section), start, stop, shift, unit)

    def core_records(self, section: str, start: int, stop: int, shift: int, *, unit: int) -> bytes:
        """Return what `core` returns as it is stored; see `line_records`."""
        return _moved(self._core.get(section), start, stop, shift, unit)

    def count_lines(self, section: str, start: int, stop: int) -> int:
        """Return how many lines begin within these bytes of a section."""
        table = self._lines.get(section)
        return 0 if table is None else table.index(stop) - table.index(start)

    def count_core(self, section: str, start: int, stop: int) -> int:
        """Return how many CO-RE relocations lie within these bytes of a section."""
        table = self._core.get(section)
        return 0 if table is None else table.index(stop) - table.index(start)

    def _error(self, offset: int, reason: str) -> ObjectError:
        return ObjectError(reason, file=self._btf.file, section=".BTF.ext", offset=offset)

    def _table(self, start: int, size: int, fields: int) -> dict[str, _Records]:
        """Find the records of each section: a size, then per section its name, their number and the records."""
        found: dict[str, _Records] = {}
        if size == 0:
            return found
        if start + size > len(self._raw) or size < 4:
            raise self._error(8, "the header points outside of the section")
        words = self._words(start, size)
        width, at = words[0] // 4, 1
        if width < fields:
            raise self._error(start, f"records of {words[0]} bytes are too short")
        while at + 2 <= len(words):
            name, count = self._btf.name(words[at]), words[at + 1]
            at += 2
            if at + count * width > len(words):
                raise self._error(start + at * 4, f"the records of section {name} are cut off")
            found[name] = _Records(words[at : at + count * width], width, fields)
            at += count * width
        return found

    def _words(self, start: int, size: int) -> Sequence[int]:
        view = memoryview(self._raw)[start : start + size // 4 * 4]
        if sys.byteorder == self._btf.byte_order:
            return view.cast("I")
        words = array.array("I", view.tobytes())
        words.byteswap()
        return words


class _Records:
    """Records of one section as words; `words` and `offsets` are sorted by the first, the instruction's offset."""

    def __init__(self, stored: Sequence[int], width: int, fields: int) -> None:
        self._stored = stored
        self.width = width
        self.fields = fields

    @cached_property
    def words(self) -> Sequence[int]:
        """The records; in order even where the file has them in none."""
        width, words = self.width, self._stored
        offsets = list(words[::width])
        if all(map(operator.le, offsets, offsets[1:])):
            return words
        # The kernel refuses such a file; bisecting it as it stands would find records of other functions.
        ordered = sorted(range(len(offsets)), key=offsets.__getitem__)
        return array.array("I", [word for row in ordered for word in words[row * width : (row + 1) * width]])

    @cached_property
    def offsets(self) -> Sequence[int]:
        """The first word of each record."""
        return self.words[:: self.width]

    def index(self, offset: int) -> int:
        """Return the number of the first record at *offset* or after."""
        return bisect.bisect_left(self.offsets, offset)


def _between(records: _Records | None, start: int, stop: int) -> list[Sequence[int]]:
    if records is None:
        return []
    width, fields, words = records.width, records.fields, records.words
    first, last = records.index(start), records.index(stop)
    return [words[at : at + fields] for at in range(first * width, last * width, width)]


def _moved(records: _Records | None, start: int, stop: int, shift: int, unit: int) -> bytes:
    if records is None:
        return b""
    width, fields = records.width, records.fields
    stored = array.array("I", records.words[records.index(start) * width : records.index(stop) * width])
    moved = array.array("I", bytes(len(stored) // width * fields * 4))
    moved[::fields] = array.array("I", [(at // _INSN + shift) * unit for at in stored[::width]])
    for field in range(1, fields):
        moved[field::fields] = stored[field::width]
    return moved.tobytes()
