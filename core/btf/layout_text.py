"""The text of a layout: pahole's columns and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .layout import CACHELINE, Layout, Row, RowKind

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["layout_text"]

_TYPE_WIDTH: Final = 26
_NAME_WIDTH: Final = 21
_TAB: Final = 8


def layout_text(layout: Layout) -> str:
    """Return what pahole prints of a layout, without its guesses at alignments that BTF does not have."""
    lines = [f"{layout.title} {{", *(line for row in layout.rows for line in _row(row))]
    if not layout.is_union:
        lines += ["", *(f"\t/* {fact} */" for fact in _facts(layout))]
    name = f" {layout.name}" if layout.name else ""
    packed = " __attribute__((__packed__))" if layout.packed else ""
    lines.append(f"}}{packed}{name};")
    return "\n".join(lines) + "\n"


def _row(row: Row) -> Iterator[str]:
    tabs = "\t" * row.depth
    match row.kind:
        case RowKind.HOLE:
            yield from ("", f"{tabs}/* XXX {_count(row.size, 'byte')} hole, try to pack */", "")
        case RowKind.BIT_HOLE:
            yield from ("", f"{tabs}/* XXX {_count(row.size, 'bit')} hole, try to pack */", "")
        case RowKind.PADDED:
            yield from ("", f"{tabs}/* XXX last struct has {_count(row.size, 'byte')} of padding */", "")
        case RowKind.CACHELINE:
            line, ago = row.offset // CACHELINE, f" was {_count(row.size, 'byte')} ago" if row.size else ""
            yield f"{tabs}/* --- cacheline {line} boundary ({line * CACHELINE} bytes){ago} --- */"
        case RowKind.OPEN:
            yield f"{tabs}{row.type} {{"
        case RowKind.CLOSE:
            text = " ".join(filter(None, ["}", row.type, row.declarator])) + ";"
            yield f"{tabs}{text:<{_type_width(row) + 1 + _NAME_WIDTH}} {_place(row)}"
        case RowKind.MEMBER:
            width = f":{row.bit_size}" if row.bit_size else ""
            yield f"{tabs}{row.type:<{_type_width(row)}} {f'{row.declarator}{width};':<{_NAME_WIDTH}} {_place(row)}"


def _type_width(row: Row) -> int:
    return max(_TYPE_WIDTH - _TAB * (row.depth - 1), 0)


def _place(row: Row) -> str:
    if row.bit_size:
        return f"/* {row.offset:5}:{row.bit_offset:2} {row.size:2} */"
    return f"/* {row.offset:5} {row.size:5} */"


def _facts(layout: Layout) -> Iterator[str]:
    gaps = layout.gaps
    yield f"size: {layout.size}, cachelines: {layout.cachelines}, members: {layout.members}"
    if gaps.holes or gaps.bit_holes:
        sums = [f"sum members: {layout.member_bytes}"] if layout.member_bytes else []
        if gaps.holes:
            sums.append(f"holes: {len(gaps.holes)}, sum holes: {sum(gaps.holes)}")
        if sums:
            yield ", ".join(sums)
        if layout.member_bits:
            bits = f"sum bitfield members: {layout.member_bits} bits"
            if gaps.bit_holes:
                yield f"{bits}, bit holes: {len(gaps.bit_holes)}, sum bit holes: {sum(gaps.bit_holes)} bits"
            else:
                yield f"{bits} ({layout.member_bits // 8} bytes)"
    if gaps.padding:
        yield f"padding: {gaps.padding}"
    if layout.paddings:
        yield f"paddings: {len(layout.paddings)}, sum paddings: {sum(layout.paddings)}"
    if gaps.bit_padding:
        yield f"bit_padding: {gaps.bit_padding} bits"
    if layout.size % CACHELINE:
        yield f"last cacheline: {layout.size % CACHELINE} bytes"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
