"""Types: the BTF of the kernel, and of what is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ....text.format import byte_size
from ..column import Cell, Column
from ..noun import Fact, Noun
from .cells import id_cell, missing_note, number_cell, owner_cell, size_cell
from .facts import map_facts, owner_facts, program_facts

if TYPE_CHECKING:
    from .....core.system import BtfEntry
    from .....core.system.history import Seen

__all__ = ["BTFS"]


def _btf_about(seen: Seen, each: BtfEntry) -> list[Fact]:
    facts = [Fact("size", byte_size(each.size)), Fact("of", "the kernel" if each.kernel else "a program's object")]
    facts += program_facts("program", each.programs, seen.snapshot)
    return facts + map_facts("map", each.maps, seen.snapshot) + owner_facts(each.owners)


def _btf_owner(each: BtfEntry) -> Cell:
    if each.kernel:
        return Cell("the kernel", "muted")
    return owner_cell(each.owners, (), "what uses it")


BTFS: Final[Noun[BtfEntry]] = Noun(
    "btf",
    "types",
    (
        Column("ID", lambda _, each: id_cell(each.id), lambda _, each: each.id, True, 4),
        Column("name", lambda _, each: Cell(each.name or "–"), lambda _, each: each.name, least=16, most=40),
        Column("size", lambda _, each: size_cell(each.size), lambda _, each: each.size, True, 8, is_found=False),
        Column(
            "programs",
            lambda _, each: number_cell(len(each.programs)),
            lambda _, each: len(each.programs),
            True,
            8,
            is_found=False,
        ),
        Column(
            "maps", lambda _, each: number_cell(len(each.maps)), lambda _, each: len(each.maps), True, 6, is_found=False
        ),
        Column("owner", lambda _, each: _btf_owner(each), lambda _, each: _btf_owner(each).text, least=8, most=24),
    ),
    lambda seen: seen.snapshot.btfs,
    lambda each: f"BTF {each.id} {each.name}".rstrip(),
    _btf_about,
    lambda each: f"btf:{each.id}",
    empty="there are no types here",
    note=missing_note,
)
