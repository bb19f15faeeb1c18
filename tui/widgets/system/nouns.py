"""What the tables of the System place list: programs, maps, links, pinned names, types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ....core.system.history import BUCKETS, place_key
from ....core.system.load import MEASURING_NS
from ...targets import Thing
from ...text.format import byte_size, duration, rate
from ...text.inventory import bytes_of, few, name_of, place_of
from .column import Cell, Column
from .noun import Fact, Noun
from .strips import strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ....core.system import Attachment, BtfEntry, LinkEntry, MapEntry, Owner, Pin, ProgramEntry, Snapshot
    from ....core.system.history import Seen

__all__ = ["BTFS", "LINKS", "MAPS", "PINS", "PROGRAMS"]

_NOTHING: Final = Cell("–", "muted")
_UNKNOWN: Final = Cell("?", "muted")
_PIN_KINDS: Final = {"program": "prog", "map": "map", "link": "link"}


# Cells


def _number(value: int | None) -> Cell:
    return _UNKNOWN if value is None else Cell(f"{value:,}", "muted" if not value else "")


def _size(count: int | None) -> Cell:
    return _UNKNOWN if count is None else Cell(byte_size(count, fixed=True))


def _id(number: int) -> Cell:
    return Cell(str(number))


def _thing(noun: str, number: int, text: str = "") -> Cell:
    return Cell(text or str(number), "link", thing=Thing(noun, number))


def _owner(owners: Sequence[Owner] | None, pinned: Sequence[str], otherwise: str = "nobody") -> Cell:
    """Return who has it open: `systemd 812`, `pinned, nobody`."""
    if owners:
        first, *more = owners
        tail = f" +{len(more)}" if more else ""
        return Cell(f"{first.comm} {first.pid}{tail}", "link", thing=Thing("proc", first.pid), short=first.comm)
    if owners is None:
        return Cell("pinned, ?" if pinned else "?", "muted")
    return Cell(f"pinned, {otherwise}" if pinned else otherwise, "muted", short="pinned" if pinned else "")


def _missing(seen: Seen) -> list[str]:
    """Return why something is unknown: the rights that would tell it, or else the snapshot's sentence."""
    missing = seen.snapshot.missing
    rights = dict.fromkeys(right for each in missing for right in re.findall(r"CAP_[A-Z_]+", each))
    why = f"takes {', '.join(rights)}" if rights else "; ".join(missing[:1])
    return [f"? = unknown: {why}"] if missing else []


# Facts


def _owners(owners: Sequence[Owner] | None) -> list[Fact]:
    if owners is None:
        return [Fact("open in", "?", role="muted")]
    return [Fact("open in", f"{each.comm} {each.pid}", Thing("proc", each.pid)) for each in owners]


def _pins(paths: Iterable[str], snapshot: Snapshot, kind: str, number: int) -> list[Fact]:
    return [
        Fact("pinned", each.path, Thing("pin", (each.mounts, each.path)))
        for each in snapshot.pins
        if each.kind == kind and each.id == number and each.path in paths
    ]


def _program_facts(label: str, numbers: Iterable[int], snapshot: Snapshot) -> list[Fact]:
    found = ((number, snapshot.programs.get(number)) for number in numbers)
    return [
        Fact(label, f"{name_of(snapshot, number)}  {each.type if each else ''}".rstrip(), Thing("prog", number))
        for number, each in found
    ]


def _map_facts(label: str, numbers: Iterable[int], snapshot: Snapshot) -> list[Fact]:
    found: list[Fact] = []
    for number in numbers:
        each = snapshot.maps.get(number)
        found.append(Fact(label, f"{number} {each.name}  {each.type}" if each else str(number), Thing("map", number)))
    return found


def _link_facts(numbers: Iterable[int], snapshot: Snapshot) -> list[Fact]:
    found: list[Fact] = []
    for number in numbers:
        each = snapshot.links.get(number)
        found.append(
            Fact("link", f"{number} {each.type} {each.target}" if each else str(number), Thing("link", number))
        )
    return found


def _place_facts(attachments: Iterable[Attachment], seen: Seen) -> list[Fact]:
    """Return where a program runs, each with the interface or control group that it is on."""
    found: list[Fact] = []
    for each in attachments:
        text = " ".join(part for part in (each.hook, each.target, each.detail) if part)
        if each.order is not None:
            text += f"  runs as number {each.order}"
        found.append(Fact("on", text, place_thing(each, seen)))
    return found


def place_thing(attachment: Attachment, seen: Seen) -> Thing | None:
    """Return the interface or control group that something is attached to; None where that is neither."""
    place = seen.places.get(place_key(attachment))
    if place is None:
        return None
    return Thing("cgroup", place) if isinstance(place, str) else Thing("net", place)


def _held(texts: Iterable[str]) -> list[Fact]:
    return [Fact("kept by", each) for each in texts if not each.startswith(("link ", "program "))]


# Programs


def _load(seen: Seen, each: ProgramEntry) -> Any:
    return seen.look.loads.get(each.id)


def _runs(seen: Seen, each: ProgramEntry) -> Cell:
    load = _load(seen, each)
    if load is None:
        return _NOTHING
    return Cell(rate(load.runs_per_s), "" if load.runs_per_s else "muted", moved=load.runs_per_s > 0)


def _mean(seen: Seen, each: ProgramEntry) -> Cell:
    load = _load(seen, each)
    return _NOTHING if load is None or load.ns_per_run is None else Cell(f"{load.ns_per_run:,.0f}")


def _cpu(seen: Seen, each: ProgramEntry) -> Cell:
    load = _load(seen, each)
    return _NOTHING if load is None else Cell(f"{load.cpu_percent:.2f}", "" if load.cpu_percent else "muted")


def _missed(seen: Seen, each: ProgramEntry) -> Cell:
    load = _load(seen, each)
    return _NOTHING if load is None else Cell(rate(load.missed_per_s), "warning" if load.missed_per_s else "muted")


def _on(seen: Seen, each: ProgramEntry) -> Cell:
    if each.attachments:
        first, *more = each.attachments
        text = f"▲ {place_of(first, each.type)}" + (f" +{len(more)}" if more else "")
        thing = place_thing(first, seen)
        return Cell(text, "link" if thing else "", thing=thing)
    others = [text for text in each.held_by if not text.startswith("nobody")]
    return Cell(few(others), "muted") if others else Cell("⚠ not attached", "warning")


def _program_note(seen: Seen) -> str:
    if seen.unknown:
        return f"– = not counted: {seen.unknown[0]}"
    return " · ".join([*_missing(seen), f"counted while this is open: some {MEASURING_NS} ns of a run are that"])


def _program_total(seen: Seen, rows: Sequence[ProgramEntry]) -> tuple[float, float]:
    loads = [load for each in rows if (load := seen.look.loads.get(each.id)) is not None]
    return sum(load.runs_per_s for load in loads), sum(load.cpu_percent for load in loads)


def _total_mean(seen: Seen, rows: Sequence[ProgramEntry]) -> str:
    runs, cpu = _program_total(seen, rows)
    return f"{cpu * 1e7 / runs:,.0f}" if runs else "–"


def _program_about(seen: Seen, each: ProgramEntry) -> list[Fact]:
    snapshot = seen.snapshot
    age = duration(float(int(max(snapshot.taken_at - snapshot.loaded_at(each), 0))))
    verified = "? instructions" if each.verified_insns is None else f"{each.verified_insns:,} instructions"
    jited = byte_size(each.jited_size) if each.jited_size else "none, or hidden"
    facts = [
        Fact("type", f"{each.type}{'' if each.gpl_compatible else ', not GPL-compatible'}"),
        Fact("loaded", f"{age} ago by uid {each.uid}, tag {each.tag}"),
        Fact("code", f"{byte_size(each.xlated_size)} translated, {jited} JIT; {verified} verified"),
        Fact("memory", bytes_of(each.memlock)),
    ]
    load = seen.look.loads.get(each.id)
    if load is not None and load.missed_per_s:
        facts.append(Fact("missed", f"{rate(load.missed_per_s)} runs/s: it was running on that CPU", role="warning"))
    facts += _place_facts(each.attachments, seen) or [Fact("on", "not attached", role="warning")]
    facts += _link_facts(each.links, snapshot)
    facts += _map_facts("map", each.map_ids, snapshot)
    facts += [Fact("types", f"BTF {each.btf_id}", Thing("btf", each.btf_id))] if each.btf_id else []
    facts += _owners(each.owners)
    facts += _pins(each.pinned, snapshot, "program", each.id)
    on = {f"{one.hook} {one.target}" for one in each.attachments}
    return facts + [fact for fact in _held(each.held_by) if fact.text not in on]


PROGRAMS: Final[Noun[ProgramEntry]] = Noun(
    "prog",
    "programs",
    (
        Column("ID", lambda _, each: _id(each.id), lambda _, each: each.id, True, 4),
        Column(
            "name",
            lambda _, each: Cell(each.name, "link"),
            lambda _, each: each.name,
            least=12,
            most=40,
            total=lambda _, rows: f"all {len(rows):,}",
        ),
        Column("type", lambda _, each: Cell(each.type), lambda _, each: each.type, least=13, drop=3),
        Column("on", _on, lambda seen, each: _on(seen, each).text, least=16, most=40),
        Column(
            "runs/s",
            _runs,
            lambda seen, each: load.runs_per_s if (load := _load(seen, each)) else None,
            True,
            9,
            total=lambda seen, rows: rate(_program_total(seen, rows)[0]),
            is_found=False,
        ),
        Column(
            "ns/run",
            _mean,
            lambda seen, each: load.ns_per_run if (load := _load(seen, each)) else None,
            True,
            6,
            drop=2,
            total=_total_mean,
            is_found=False,
        ),
        Column(
            "CPU %",
            _cpu,
            lambda seen, each: load.cpu_percent if (load := _load(seen, each)) else None,
            True,
            5,
            total=lambda seen, rows: f"{_program_total(seen, rows)[1]:.2f}",
            is_found=False,
        ),
        Column(
            "last minute",
            lambda seen, each: Cell(strip(seen.minute.of(each.id), seen.minute.peak, BUCKETS)),
            lambda seen, each: sum(seen.minute.of(each.id)) or None,
            least=11,
            most=11,
            drop=4,
            total=lambda seen, _: strip(total := seen.minute.total(), max(total, default=0), BUCKETS),
            is_found=False,
        ),
        Column(
            "memory",
            lambda _, each: _size(each.memlock),
            lambda _, each: each.memlock,
            True,
            8,
            drop=5,
            total=lambda _, rows: byte_size(sum(each.memlock or 0 for each in rows), fixed=True),
            is_found=False,
        ),
        Column(
            "owner",
            lambda _, each: _owner(each.owners, each.pinned),
            lambda _, each: _owner(each.owners, each.pinned).text,
            least=8,
            most=24,
            drop=1,
        ),
        Column(
            "missed/s",
            _missed,
            lambda seen, each: load.missed_per_s if (load := _load(seen, each)) else None,
            True,
            8,
            drop=6,
            is_found=False,
        ),
        Column(
            "age",
            lambda seen, each: Cell(
                duration(float(int(max(seen.snapshot.taken_at - seen.snapshot.loaded_at(each), 0))))
            ),
            lambda _, each: -each.load_time_ns,
            True,
            8,
            drop=7,
            is_found=False,
        ),
        Column(
            "verified",
            lambda _, each: _number(each.verified_insns),
            lambda _, each: each.verified_insns,
            True,
            8,
            drop=8,
            is_found=False,
        ),
    ),
    lambda seen: seen.snapshot.programs,
    lambda each: f"{each.id} {each.name}",
    _program_about,
    lambda each: f"id:{each.id}",
    ordered_by=4,
    empty="no programs run here",
    note=_program_note,
    has_total=True,
)


# Maps


def _used(each: MapEntry) -> Cell:
    if not each.programs:
        return Cell("–", "muted")
    return _thing("prog", each.programs[0], few([str(number) for number in each.programs]))


def _map_about(seen: Seen, each: MapEntry) -> list[Fact]:
    snapshot = seen.snapshot
    facts = [
        Fact("type", f"{each.type}{', frozen' if each.frozen else ''}{f', {each.state}' if each.state else ''}"),
        Fact("sizes", f"key {byte_size(each.key_size)}, value {byte_size(each.value_size)}"),
        Fact("entries", f"at most {each.max_entries:,}"),
        Fact("memory", bytes_of(each.memlock)),
    ]
    facts += [Fact("flags", f"0x{each.flags:x}")] if each.flags else []
    facts += _program_facts("used by", each.programs, snapshot)
    if each.holds:
        holder = _program_facts if each.type in ("prog_array", "struct_ops") else _map_facts
        facts += holder("holds", each.holds, snapshot)
    facts += [
        Fact("link", f"{link.id} {link.type} {link.target}", Thing("link", link.id))
        for link in snapshot.links.values()
        if link.details.get("map_id") == each.id
    ]
    facts += [
        Fact("in map", f"{other.id} {other.name}  {other.type}", Thing("map", other.id))
        for other in snapshot.maps.values()
        if each.id in other.holds and other.type not in ("prog_array", "struct_ops")
    ]
    facts += [Fact("types", f"BTF {each.btf_id}", Thing("btf", each.btf_id))] if each.btf_id else []
    facts += _owners(each.owners)
    facts += _pins(each.pinned, snapshot, "map", each.id)
    return facts + _held(each.held_by)


def _plain_note(seen: Seen) -> str:
    return " · ".join(_missing(seen))


MAPS: Final[Noun[MapEntry]] = Noun(
    "map",
    "maps",
    (
        Column("ID", lambda _, each: _id(each.id), lambda _, each: each.id, True, 4),
        Column(
            "name",
            lambda _, each: Cell(each.name, "link"),
            lambda _, each: each.name,
            least=12,
            most=40,
            total=lambda _, rows: f"all {len(rows):,}",
        ),
        Column("type", lambda _, each: Cell(each.type), lambda _, each: each.type, least=12),
        Column(
            "key",
            lambda _, each: _number(each.key_size),
            lambda _, each: each.key_size,
            True,
            4,
            drop=4,
            is_found=False,
        ),
        Column(
            "value",
            lambda _, each: _number(each.value_size),
            lambda _, each: each.value_size,
            True,
            6,
            drop=3,
            is_found=False,
        ),
        Column(
            "entries",
            lambda _, each: _number(each.max_entries),
            lambda _, each: each.max_entries,
            True,
            8,
            drop=2,
            is_found=False,
        ),
        Column(
            "memory",
            lambda _, each: _size(each.memlock),
            lambda _, each: each.memlock,
            True,
            8,
            total=lambda _, rows: byte_size(sum(each.memlock or 0 for each in rows), fixed=True),
            is_found=False,
        ),
        Column("used by", lambda _, each: _used(each), lambda _, each: len(each.programs), least=8, most=20),
        Column(
            "owner",
            lambda _, each: _owner(each.owners, each.pinned),
            lambda _, each: _owner(each.owners, each.pinned).text,
            least=8,
            most=24,
        ),
    ),
    lambda seen: seen.snapshot.maps,
    lambda each: f"{each.id} {each.name}",
    _map_about,
    lambda each: f"map:{each.id}",
    empty="there are no maps here",
    note=_plain_note,
    has_total=True,
)


# Links


def _link_about(seen: Seen, each: LinkEntry) -> list[Fact]:
    snapshot = seen.snapshot
    program = snapshot.programs.get(each.program or 0)
    own = [one for one in (program.attachments if program else ()) if one.link == each.id]
    facts = [Fact("type", f"{each.type}{f', {each.attach_type}' if each.attach_type else ''}")]
    if each.detached:
        facts.append(Fact("on", "nothing any more: it was detached, or what it was on is gone", role="warning"))
    elif own:
        facts += _place_facts(own, seen)
    else:
        facts.append(Fact("on", each.target or "?"))
    facts += _program_facts("program", [each.program] if each.program else [], snapshot)
    number = each.details.get("map_id")
    facts += _map_facts("map", [number] if isinstance(number, int) else [], snapshot)
    facts += [
        Fact(name, ", ".join(map(str, value)) if isinstance(value, tuple) else str(value), role="muted")
        for name, value in each.details.items()
    ]
    return facts + _owners(each.owners) + _pins(each.pinned, snapshot, "link", each.id)


def _link_on(seen: Seen, each: LinkEntry) -> Cell:
    if each.detached:
        return Cell("⚠ nothing any more", "warning")
    program = seen.snapshot.programs.get(each.program or 0)
    own = [one for one in (program.attachments if program else ()) if one.link == each.id]
    thing = place_thing(own[0], seen) if own else None
    return Cell(f"▲ {each.target}" if each.target else "?", "link" if thing else "", thing=thing)


def _link_program(seen: Seen, each: LinkEntry) -> Cell:
    if each.program is None:
        return _NOTHING
    return _thing("prog", each.program, name_of(seen.snapshot, each.program))


LINKS: Final[Noun[LinkEntry]] = Noun(
    "link",
    "links",
    (
        Column("ID", lambda _, each: _id(each.id), lambda _, each: each.id, True, 4),
        Column("type", lambda _, each: Cell(each.type), lambda _, each: each.type, least=10),
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
            lambda _, each: _NOTHING if each.order is None else Cell(str(each.order)),
            lambda _, each: each.order,
            True,
            5,
            drop=1,
            is_found=False,
        ),
        Column(
            "owner",
            lambda _, each: _owner(each.owners, each.pinned),
            lambda _, each: _owner(each.owners, each.pinned).text,
            least=8,
            most=24,
        ),
    ),
    lambda seen: seen.snapshot.links,
    lambda each: f"{each.id} {each.type}",
    _link_about,
    lambda each: f"link:{each.id}",
    empty="there are no links here",
    note=_plain_note,
)


# Pinned names


def _pin_name(seen: Seen, each: Pin) -> str:
    snapshot = seen.snapshot
    if each.kind == "link":
        link = snapshot.links.get(each.id)
        return link.type if link else ""
    found = (snapshot.programs if each.kind == "program" else snapshot.maps).get(each.id)
    return found.name if found else ""


def _pin_about(seen: Seen, each: Pin) -> list[Fact]:
    noun = _PIN_KINDS[each.kind]
    where = f"mnt:[{each.mounts}]" if each.mounts else "this one"
    facts = [
        Fact(each.kind, f"{each.id} {_pin_name(seen, each)}".rstrip(), Thing(noun, each.id)),
        Fact("mounts of", where),
    ]
    others = [one for one in seen.snapshot.pins if (one.kind, one.id) == (each.kind, each.id) and one != each]
    return facts + [Fact("also", one.path, Thing("pin", (one.mounts, one.path))) for one in others]


def _pins_by_name(seen: Seen) -> Mapping[Any, Pin]:
    return {(each.mounts, each.path): each for each in seen.snapshot.pins}


PINS: Final[Noun[Pin]] = Noun(
    "pin",
    "pinned names",
    (
        Column("path", lambda _, each: Cell(each.path, "link"), lambda _, each: each.path, least=24, most=100),
        Column("kind", lambda _, each: Cell(each.kind), lambda _, each: each.kind, least=7),
        Column("ID", lambda _, each: _thing(_PIN_KINDS[each.kind], each.id), lambda _, each: each.id, True, 4),
        Column(
            "name",
            lambda seen, each: Cell(_pin_name(seen, each)),
            _pin_name,
            least=12,
            most=40,
        ),
        Column(
            "mounts of",
            lambda _, each: Cell(f"mnt:[{each.mounts}]" if each.mounts else "this one", "" if each.mounts else "muted"),
            lambda _, each: each.mounts,
            least=10,
            drop=1,
        ),
    ),
    _pins_by_name,
    lambda each: each.path,
    _pin_about,
    lambda each: f"{'id' if each.kind == 'program' else each.kind}:{each.id}" if each.mounts else each.path,
    empty="nothing is pinned here: bpffs is empty, in every mount namespace that was looked at",
    note=_plain_note,
)


# Types


def _btf_about(seen: Seen, each: BtfEntry) -> list[Fact]:
    facts = [Fact("size", byte_size(each.size)), Fact("of", "the kernel" if each.kernel else "a program's object")]
    facts += _program_facts("program", each.programs, seen.snapshot)
    return facts + _map_facts("map", each.maps, seen.snapshot) + _owners(each.owners)


def _btf_owner(each: BtfEntry) -> Cell:
    if each.kernel:
        return Cell("the kernel", "muted")
    return _owner(each.owners, (), "what uses it")


BTFS: Final[Noun[BtfEntry]] = Noun(
    "btf",
    "types",
    (
        Column("ID", lambda _, each: _id(each.id), lambda _, each: each.id, True, 4),
        Column("name", lambda _, each: Cell(each.name or "–"), lambda _, each: each.name, least=16, most=40),
        Column("size", lambda _, each: _size(each.size), lambda _, each: each.size, True, 8, is_found=False),
        Column(
            "programs",
            lambda _, each: _number(len(each.programs)),
            lambda _, each: len(each.programs),
            True,
            8,
            is_found=False,
        ),
        Column(
            "maps", lambda _, each: _number(len(each.maps)), lambda _, each: len(each.maps), True, 6, is_found=False
        ),
        Column("owner", lambda _, each: _btf_owner(each), lambda _, each: _btf_owner(each).text, least=8, most=24),
    ),
    lambda seen: seen.snapshot.btfs,
    lambda each: f"BTF {each.id} {each.name}".rstrip(),
    _btf_about,
    lambda _: "",
    empty="there are no types here",
    note=_plain_note,
)
