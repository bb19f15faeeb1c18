"""`bpftui show --against`: structs of an object beside those of a kernel, or of another file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....core.btf import CType, Kind
from ....core.btf.beside import beside, counterpart
from ....core.btf.kernel import vmlinux
from ....core.btf.target import read_btf
from ....core.errors import UsageError
from ....core.spec.core_uses import core_uses
from ...terminal.output import write_line
from ...text.beside import TITLES, beside_cells, beside_title
from ..columns import Column, print_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....core.btf import Btf
    from ....core.btf.beside import Beside
    from ....core.spec import CollectionSpec

__all__ = ["against_json", "print_against"]

_STYLES = {"✓": "", "⚠": "warning", "✗": "danger", "+": "dim", "": ""}


def _other(against: str) -> tuple[Btf, str]:
    """Return the types that are meant, and what they are called."""
    if against == "kernel":
        return vmlinux(), "this kernel's"
    return read_btf(against), f"that of {against}"


def _compared(spec: CollectionSpec, wanted: CType | None, other: Btf) -> Iterator[Beside]:
    """Iterate over the structs that both have: the one that is wanted, else all with a name."""
    types = spec.types
    if types is None:
        raise UsageError(
            f"{spec.file} has neither BTF nor DWARF, and so no types to compare", hint="compile it with -g"
        )
    if wanted is not None:
        found = counterpart(wanted, other)
        if found is None:
            raise UsageError(f"{spec.file}: {wanted.c_text} is not among the types of {other.file}")
        yield beside(wanted, found)
        return
    for kind in (Kind.STRUCT, Kind.UNION):
        for at in types.ids(kind):
            ctype = CType(types, at)
            found = counterpart(ctype, other)
            if found is not None:
                yield beside(ctype, found)


def print_against(spec: CollectionSpec, wanted: CType | None, against: str, *, color: bool) -> None:
    """Print a table of the members of each struct that differs; of the one that is wanted in any case."""
    other, where = _other(against)
    alike: list[str] = []
    is_first = True
    for found in _compared(spec, wanted, other):
        uses = core_uses(spec, found.here)
        if wanted is None and not found.differs:
            alike.append(found.here.c_text)
            continue
        if not is_first:
            write_line()
        is_first = False
        write_line(beside_title(found, where))
        columns = [Column(title, "link" if title == "member" else "") for title in TITLES]
        rows = beside_cells(found, uses, whole=wanted is not None)
        print_columns(columns, [[(row.mark, _STYLES[row.mark]), *row[1:]] for row in rows], color=color)
    if wanted is None:
        if not is_first:
            write_line()
        names = ", ".join(alike) if alike else "none"
        write_line(f"the same as {where}: {names}")


def against_json(spec: CollectionSpec, wanted: CType | None, against: str) -> list[dict[str, Any]]:
    """Return one object for each struct that both have: offsets and sizes in bits."""
    other, _ = _other(against)
    found: list[dict[str, Any]] = []
    for each in _compared(spec, wanted, other):
        uses = core_uses(spec, each.here)
        found.append(
            {
                "type": each.here.c_text,
                "size": each.here.size,
                "other_size": each.there.size,
                "same": not each.differs,
                "members": [
                    {
                        "name": row.name,
                        "difference": row.difference.text.split(", ") if row.difference else [],
                        "here": None
                        if row.here is None
                        else {"type": row.here.type, "bit_offset": row.here.bit_offset, "bits": row.here.bits},
                        "there": None
                        if row.there is None
                        else {"type": row.there.type, "bit_offset": row.there.bit_offset, "bits": row.there.bits},
                        "core": [use._asdict() for use in uses.get(row.name, ())],
                    }
                    for row in each.rows
                ],
            }
        )
    return found
