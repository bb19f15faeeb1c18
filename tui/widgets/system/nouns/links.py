"""Links, with the program and what it is on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .....core.system.links import detail_text
from ....text.inventory import name_of
from ..column import Cell, Column
from ..noun import Fact, Noun
from .cells import NOTHING, missing_note, thing_cell
from .columns import ID, owner_column, text_column
from .facts import map_facts, owner_facts, pin_facts, place_facts, place_thing, program_facts

if TYPE_CHECKING:
    from .....core.system import LinkEntry
    from .....core.system.history import Seen

__all__ = ["LINKS"]


def _link_about(seen: Seen, each: LinkEntry) -> list[Fact]:
    snapshot = seen.snapshot
    program = snapshot.programs.get(each.program or 0)
    own = [one for one in (program.attachments if program else ()) if one.link == each.id]
    # The attachment of many a link has the type's own name.
    facts = [Fact("type", ", ".join(dict.fromkeys(text for text in (each.type, each.attach_type) if text)))]
    if each.detached:
        facts.append(Fact("on", "nothing any more: it was detached, or what it was on is gone", role="warning"))
    elif own:
        facts += place_facts(own, seen)
    else:
        facts.append(Fact("on", each.target or "?"))
    facts += program_facts("program", [each.program] if each.program else [], snapshot)
    number = each.details.get("map_id")
    facts += map_facts("map", [number] if isinstance(number, int) else [], snapshot)
    facts += [
        Fact(name, detail_text(name, value), role="muted") for name, value in each.details.items() if name != "map_id"
    ]
    return facts + owner_facts(each.owners) + pin_facts(each.pinned, snapshot, "link", each.id)


def _link_on(seen: Seen, each: LinkEntry) -> Cell:
    if each.detached:
        return Cell("⚠ nothing any more", "warning")
    program = seen.snapshot.programs.get(each.program or 0)
    own = [one for one in (program.attachments if program else ()) if one.link == each.id]
    thing = place_thing(own[0], seen) if own else None
    # What a perf event is, neither its type nor that of its attachment says.
    target = own[0].place() if own and each.type == "perf_event" else each.target
    return Cell(f"▲ {target}" if target else "?", "link" if thing else "", thing=thing)


def _link_program(seen: Seen, each: LinkEntry) -> Cell:
    if each.program is None:
        return NOTHING
    return thing_cell("prog", each.program, name_of(seen.snapshot, each.program))


LINKS: Final[Noun[LinkEntry]] = Noun(
    "link",
    "links",
    (
        ID,
        text_column("type", lambda each: each.type, least=10),
        Column("program", _link_program, lambda _, each: each.program, least=16, most=48),
        Column("on", _link_on, lambda seen, each: _link_on(seen, each).text, least=16, most=48),
        Column(
            "attach type",
            lambda _, each: Cell(each.attach_type or "–"),
            lambda _, each: each.attach_type,
            least=12,
            drop=2,
        ),
        Column(
            "order",
            lambda _, each: NOTHING if each.order is None else Cell(str(each.order)),
            lambda _, each: each.order,
            True,
            5,
            drop=1,
            is_found=False,
        ),
        owner_column(),
    ),
    lambda seen: seen.snapshot.links,
    lambda each: f"{each.id} {each.type}",
    _link_about,
    lambda each: f"link:{each.id}",
    empty="there are no links here",
    note=missing_note,
)
