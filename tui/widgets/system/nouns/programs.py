"""Programs, with what each does at the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .....core.btf.units import Unit
from .....core.system.history import BUCKETS
from .....core.system.load import MEASURING_NS
from ....targets import Thing
from ....text.format import age, byte_size, rate
from ....text.inventory import bytes_of, few
from ..column import Cell, Column
from ..noun import Fact, Noun
from ..strips import strip
from .cells import (
    NOTHING,
    missing_note,
    runs_cell,
)
from .columns import ID, count_column, memory_column, owner_column, text_column
from .facts import held_facts, link_facts, map_facts, owner_facts, pin_facts, place_facts, place_thing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .....core.system import ProgramEntry
    from .....core.system.history import Seen

__all__ = ["PROGRAMS"]


_NOT_ATTACHED: Final = "⚠ not attached"


def _load(seen: Seen, each: ProgramEntry) -> Any:
    return seen.look.loads.get(each.id)


def _mean(seen: Seen, each: ProgramEntry) -> Cell:
    load = _load(seen, each)
    return NOTHING if load is None or load.ns_per_run is None else Cell(f"{load.ns_per_run:,.0f}")


def _cpu(seen: Seen, each: ProgramEntry) -> Cell:
    load = _load(seen, each)
    return NOTHING if load is None else Cell(f"{load.cpu_percent:.2f}", "" if load.cpu_percent else "muted")


def _missed(seen: Seen, each: ProgramEntry) -> Cell:
    load = _load(seen, each)
    return NOTHING if load is None else Cell(rate(load.missed_per_s), "warning" if load.missed_per_s else "muted")


def _on(seen: Seen, each: ProgramEntry) -> Cell:
    text = _on_text(each)
    if each.attachments:
        thing = place_thing(each.attachments[0], seen)
        return Cell(text, "link" if thing else "", thing=thing, short=_on_text(each, whole=False))
    return Cell(text, "warning" if text == _NOT_ATTACHED else "muted")


def _on_text(each: ProgramEntry, *, whole: bool = True) -> str:
    """Return where it runs; not *whole*, without the network namespace, which one line has no room for."""
    if (count := len(each.attachments)) > 0:
        text = f"▲ {each.attachments[0].place(each.type, whole=whole)}"
        return text if count == 1 else f"{text} +{count - 1}"
    others = [text for text in each.held_by if not text.startswith("nobody")]
    return few(others) if others else _NOT_ATTACHED


def _program_note(seen: Seen) -> str:
    if seen.unknown:
        return f"– = not counted: {seen.unknown[0]}"
    counted = f"counted while this is open: some {MEASURING_NS} ns of a run are that"
    return " · ".join(filter(None, (missing_note(seen), counted)))


def _totals(seen: Seen, rows: Sequence[ProgramEntry]) -> dict[str, str]:
    loads = seen.look.loads
    runs = cpu = 0.0
    for each in rows:
        if (load := loads.get(each.id)) is not None:
            runs += load.runs_per_s
            cpu += load.cpu_percent
    total = seen.minute.total()
    return {
        "name": f"all {len(rows):,}",
        "runs/s": rate(runs),
        "ns/run": f"{cpu * 1e7 / runs:,.0f}" if runs else "–",
        "CPU %": f"{cpu:.2f}",
        "last minute": strip(total, max(total, default=0), BUCKETS),
        "memory": byte_size(sum(each.memlock or 0 for each in rows), fixed=True),
    }


def _program_about(seen: Seen, each: ProgramEntry) -> list[Fact]:
    snapshot = seen.snapshot
    loaded = age(snapshot.taken_at - snapshot.loaded_at(each))
    verified = "? instructions" if each.verified_insns is None else f"{each.verified_insns:,} instructions"
    jited = byte_size(each.jited_size) if each.jited_size else "none, or hidden"
    facts = [
        Fact("type", f"{each.type}{'' if each.gpl_compatible else ', not GPL-compatible'}"),
        Fact("loaded", f"{loaded} ago by uid {each.uid}, tag {each.tag}"),
        Fact("code", f"{byte_size(each.xlated_size)} translated, {jited} JIT; {verified} verified"),
        Fact("memory", bytes_of(each.memlock)),
    ]
    load = seen.look.loads.get(each.id)
    if load is not None and load.missed_per_s:
        facts.append(Fact("missed", f"{rate(load.missed_per_s)} runs/s: it was running on that CPU", role="warning"))
    facts += place_facts(each.attachments, seen)
    if _on_text(each) == _NOT_ATTACHED:
        facts.append(Fact("on", "not attached", role="warning"))
    facts += link_facts(each.links, snapshot)
    facts += map_facts("map", each.map_ids, snapshot)
    facts += [Fact("types", f"BTF {each.btf_id}", Thing("btf", each.btf_id))] if each.btf_id else []
    facts += owner_facts(each.owners)
    facts += pin_facts(each.pinned, snapshot, "program", each.id)
    on = {f"{one.hook} {one.target}" for one in each.attachments}
    return facts + [fact for fact in held_facts(each.held_by) if fact.text not in on]


PROGRAMS: Final[Noun[ProgramEntry]] = Noun(
    "prog",
    "programs",
    (
        ID,
        text_column("name", lambda each: each.name, role="link", least=12, fair=20, most=40),
        text_column("type", lambda each: each.type, least=13, drop=3),
        Column(
            "on",
            _on,
            lambda _, each: _on_text(each),
            least=16,
            fair=20,
            most=40,
            text=lambda _, each: _on_text(each),
        ),
        Column(
            "runs/s",
            lambda seen, each: runs_cell(seen, (each.id,)),
            lambda seen, each: load.runs_per_s if (load := _load(seen, each)) else None,
            True,
            9,
            is_found=False,
            drawn=Unit.NUMBER,
            is_rate=True,
        ),
        Column(
            "ns/run",
            _mean,
            lambda seen, each: load.ns_per_run if (load := _load(seen, each)) else None,
            True,
            6,
            drop=2,
            is_found=False,
            drawn=Unit.NANOSECONDS,
        ),
        Column(
            "CPU %",
            _cpu,
            lambda seen, each: load.cpu_percent if (load := _load(seen, each)) else None,
            True,
            5,
            is_found=False,
            drawn=Unit.NUMBER,
        ),
        Column(
            "last minute",
            lambda seen, each: Cell(strip(seen.minute.of(each.id), seen.minute.peak, BUCKETS)),
            lambda seen, each: sum(seen.minute.of(each.id)) or None,
            least=11,
            most=11,
            drop=4,
            is_found=False,
        ),
        memory_column(drop=5),
        owner_column(drop=1),
        Column(
            "missed/s",
            _missed,
            lambda seen, each: load.missed_per_s if (load := _load(seen, each)) else None,
            True,
            8,
            drop=6,
            is_found=False,
            drawn=Unit.NUMBER,
            is_rate=True,
        ),
        Column(
            "age",
            lambda seen, each: Cell(age(seen.snapshot.taken_at - seen.snapshot.loaded_at(each))),
            lambda _, each: -each.load_time_ns,
            True,
            8,
            drop=7,
            is_found=False,
        ),
        count_column("verified", lambda each: each.verified_insns, 8, drop=8),
    ),
    lambda seen: seen.snapshot.programs,
    lambda each: f"{each.id} {each.name}".rstrip(),
    _program_about,
    lambda each: f"id:{each.id}",
    ordered_by=4,
    empty="no programs run here",
    note=_program_note,
    totals=_totals,
)
