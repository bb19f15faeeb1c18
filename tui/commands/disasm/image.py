"""`bpftui disasm --xlated`, `--jited`, `--dead`, `--heat`: what the kernel and its verifier made of a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....core.asm import Syntax
from ....core.errors import UsageError
from ....core.listing.listing import Listing, RowKind
from ....core.references import parse_loaded
from ....core.visible import cells, visible
from ...terminal.output import write_lines
from ...text.colors import Painted, joined, paint, paint_listing
from ..common import open_loaded, resolver_of, wants_color

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from ....core.analysis.dead_code import Decision
    from ....core.listing.listing import Row
    from ....core.runtime.inspected import Image, Inspector
    from ....core.spec import CollectionSpec
    from ....core.verifier import Heat

__all__ = ["print_image"]

_WIDEST = 52
"""Characters of an instruction, before the next column begins in the same place in all lines."""


def print_image(options: argparse.Namespace) -> None:
    """Load a program, and print what the kernel made of it; it is closed again. One that is loaded is looked at.

    Raises:
        UsageError: No program was named, or options do not go together.
        LoadError, FeatureError, NoPermissionError: The kernel does not load it.
    """
    spec = open_loaded(options)
    if options.program is None:
        if not spec.programs:
            raise UsageError(f"{spec.file} holds no programs")
        if len(spec.programs) != 1:
            raise UsageError("say which program: " + ", ".join(spec.programs))
        options.program = next(iter(spec.programs))
    if options.dead + options.heat + (options.xlated or options.jited) > 1:
        raise UsageError("--dead and --heat are listings of their own: leave the other out, and --xlated and --jited")
    inspector = _inspector_of(spec, options)
    program = spec.program(options.program)
    syntax, resolver = Syntax(options.syntax), resolver_of(spec, options)
    rows = Listing(program, spec, syntax=syntax, source=not options.no_source, resolver=resolver)
    color = wants_color(options.color)
    if options.heat:
        write_lines(_heated(rows, inspector.walk(spec, program.name), color))
        return
    image = inspector.image(spec, program.name)
    lines = _dead(rows, spec, image, color) if options.dead else _columns(rows, image, inspector, options, color)
    write_lines(lines)


def _inspector_of(spec: CollectionSpec, options: argparse.Namespace) -> Inspector:
    """Return what tells what the kernel has made of a spec, or makes of it.

    Raises:
        NoPermissionError, FeatureError: The kernel cannot be asked.
    """
    if parse_loaded(options.object) is not None:
        from ....core.system.opened import inspector_of

        return inspector_of(spec)
    from ....core.choice import choose_runtime

    # Whoever asks for it wants to know why this process may not use the kernel, and no other runtime in its place.
    inspector = choose_runtime("kernel" if options.runtime == "auto" else options.runtime).inspect()
    inspector.require()
    return inspector


def _heading(row: Row, color: bool) -> Painted:
    if row.kind is RowKind.FUNCTION:
        return paint(row.text, "bold underline") if color else joined(row.text)
    text = f"; {row.text.expandtabs(4)} @ {row.file.rpartition('/')[2]}:{row.line}"
    return paint(text, "italic") if color else joined(text)


def _columns(
    rows: Listing, image: Image, inspector: Inspector, options: argparse.Namespace, color: bool
) -> Iterator[str]:
    if options.jited and not image.native:
        yield "; no native code: the JIT is off, or this user may not see it"
    digits = max(rows.slot_width, 4)
    found = inspector.columns(rows, image, translated=options.xlated, native=options.jited)
    insns = [visible(item.row.text) for item in found if item.row is not None and item.row.kind is RowKind.INSN]
    left_width = digits + 2 + min(max(map(cells, insns), default=0), _WIDEST)
    others = [visible(item.translated[1]) for item in found if item.translated]
    middle_width = 6 + min(max(map(cells, others), default=0), _WIDEST)
    for item in found:
        row = item.row
        if row is not None and row.kind is not RowKind.INSN:
            yield _heading(row, color)
            continue
        text = "" if row is None else f"{row.slot:>{digits}}: {row.text}"
        parts = [_part(text, left_width, "dim" if item.is_removed else None, color)]
        if options.xlated:
            middle = "" if item.translated is None else f"{item.translated[0]:>4}: {item.translated[1]}"
            if row is not None and item.is_removed and item.translated is None:
                middle = "      removed"
            parts.append(_part(middle, middle_width if options.jited else 0, None, color))
        if options.jited:
            native = "" if item.native is None else f"{item.native[0]:x}: {item.native[1]}"
            if row is not None and item.is_removed and not options.xlated:
                native = "removed"
            parts.append(joined(native))
        while len(parts) > 1 and not parts[-1].strip():
            parts.pop()
        yield joined(*[part for cell in parts for part in (" | ", cell)][1:])


def _part(text: str, width: int, style: str | None, color: bool) -> Painted:
    """Return a cell of a row, coloured and as wide as its column."""
    space = " " * max(0, width - cells(visible(text)))
    if not color or not text:
        return joined(text, space)
    return joined(paint(text, style) if style else paint_listing(text), space)


def _dead(rows: Listing, spec: CollectionSpec, image: Image, color: bool) -> Iterator[str]:
    """Yield the listing with what was removed marked, below a summary."""
    from ....core.analysis.dead_code import decisions

    found = decisions(rows.program, spec, image.removed, image.decided)
    total = sum(1 for index in range(len(rows)) if rows.row(index).kind is RowKind.INSN)
    count = len(image.removed)
    yield f"; {rows.program.name}: {count} of {total} instructions removed by the verifier, {total - count} left"
    reasons: dict[int, str] = {}
    for decision in found:
        yield f";   {len(decision.removed)} {_because(decision)}"
        reasons |= dict.fromkeys(decision.removed, " and ".join(decision.constants))
    rest = count - len(reasons)
    if rest:
        yield f";   {rest} for other reasons: jumps to the next instruction, code that no constant alone decides"
    removed, digits = set(image.removed), max(rows.slot_width, 4)
    for index in range(len(rows)):
        row = rows.row(index)
        if row.kind is not RowKind.INSN:
            yield _heading(row, color)
            continue
        is_removed = row.slot in removed
        text = f"{'- ' if is_removed else '  '}{row.slot:>{digits}}: "
        comments = [row.comment] if row.comment else []
        if is_removed:
            reason = reasons.get(row.slot)
            comments.append(f"removed: {reason}" if reason else "removed")
        comment = f" ; {', '.join(comments)}" if comments else ""
        if not color:
            yield joined(text, row.text, comment)
        elif is_removed:
            yield paint(f"{text}{row.text}{comment}", "dim")
        else:
            yield joined(paint(text, "dim"), paint_listing(row.text), paint(comment, "dim") if comment else "")


def _heated(rows: Listing, heat: Heat, color: bool) -> Iterator[str]:
    """Yield the listing with the visits of each instruction at the left, and of C lines and functions their sums."""
    summary = heat.summary
    states = f", {summary.states:,} states kept" if summary.states is not None else ""
    yield f"; {rows.program.name}: {heat.walked} instructions walked over{states}"
    width, digits = len(f"{heat.total:,}"), max(rows.slot_width, 4)
    most = max(heat.visits.values())
    for index in range(len(rows)):
        row = rows.row(index)
        if row.kind is RowKind.INSN:
            count = heat.visits.get(row.slot, 0)
            comment = f" ; {row.comment}" if row.comment else ""
            insn = paint_listing(row.text) if color else row.text
            text = joined(f"{row.slot:>{digits}}: ", insn, paint(comment, "dim") if color and comment else comment)
        else:
            _, stop = rows.span(index)
            count = heat.within(row.slot, rows.slot_at(stop) if stop < len(rows) else rows.program.insns)
            text = _heading(row, color)
        cell = f"{f'{count:,}' if count else '':>{width}}"
        is_hot = row.kind is RowKind.INSN and count > 1 and 2 * count >= most
        yield joined(paint(cell, "bold danger") if color and is_hot else cell, "  ", text)


def _because(decision: Decision) -> str:
    way = "is always taken" if decision.is_taken else "is never taken"
    constants = " and ".join(decision.constants)
    return f"because the jump at {decision.slot} {way}" + (f": {constants}" if constants else "")
