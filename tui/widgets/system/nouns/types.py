"""Types: the BTF of the kernel, and of what is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ....text.format import byte_size
from ..column import Cell, Column
from ..noun import Fact, Noun
from .cells import missing_note, owner_cell
from .columns import ID, count_column, size_column, text_column
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
        ID,
        text_column("name", lambda each: each.name, least=16, most=40),
        size_column("size", lambda each: each.size),
        count_column("programs", lambda each: len(each.programs), 8),
        count_column("maps", lambda each: len(each.maps), 6),
        Column("owner", lambda _, each: _btf_owner(each), lambda _, each: _btf_owner(each).text, least=8, most=24),
    ),
    lambda seen: seen.snapshot.btfs,
    lambda each: f"BTF {each.id} {each.name}".rstrip(),
    _btf_about,
    lambda each: f"btf:{each.id}",
    empty="there are no types here",
    note=missing_note,
)
