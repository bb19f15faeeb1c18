"""Lists of what a machine runs, as rows of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...text.format import byte_size, duration
from ...text.inventory import attached_to, bytes_of, few, held, name_of
from ..columns import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ....core.system import Attachment, ProgramEntry, Snapshot

__all__ = ["COLUMNS", "rows"]

COLUMNS: Final[Mapping[str, Sequence[Column]]] = {
    "prog": (
        Column("id", is_number=True),
        Column("name", "link"),
        Column("type"),
        Column("on"),
        Column("memory", is_number=True),
        Column("age", is_number=True),
        Column("held by"),
    ),
    "map": (
        Column("id", is_number=True),
        Column("name", "link"),
        Column("type"),
        Column("key", is_number=True),
        Column("value", is_number=True),
        Column("entries", is_number=True),
        Column("memory", is_number=True),
        Column("programs"),
        Column("held by"),
    ),
    "link": (
        Column("id", is_number=True),
        Column("type"),
        Column("program", "link"),
        Column("on"),
        Column("order", is_number=True),
        Column("held by"),
    ),
    "btf": (
        Column("id", is_number=True),
        Column("name", "link"),
        Column("size", is_number=True),
        Column("programs", is_number=True),
        Column("maps", is_number=True),
        Column("held by"),
    ),
    "pin": (Column("path", "link"), Column("kind"), Column("id", is_number=True), Column("name")),
    "proc": (
        Column("pid", is_number=True),
        Column("name", "link"),
        Column("programs", is_number=True),
        Column("maps", is_number=True),
        Column("links", is_number=True),
        Column("in"),
        Column("command"),
    ),
    "net": (
        Column("namespace"),
        Column("interface", "link"),
        Column("hook"),
        Column("order", is_number=True),
        Column("program"),
        Column("link", is_number=True),
        Column("detail"),
    ),
    "cgroup": (
        Column("control group", "link"),
        Column("hook"),
        Column("order", is_number=True),
        Column("program"),
        Column("link", is_number=True),
        Column("mode"),
        Column("detail"),
    ),
}
"""The columns of each list, by its noun."""


def rows(snapshot: Snapshot, noun: str) -> Iterator[tuple[str, ...]]:
    """Iterate over the rows of a list."""
    match noun:
        case "prog":
            yield from (_program(each, snapshot) for each in snapshot.programs.values())
        case "map":
            for one in snapshot.maps.values():
                sizes = (str(one.key_size), str(one.value_size), f"{one.max_entries:,}", bytes_of(one.memlock))
                used = few([str(number) for number in one.programs])
                how = held(one.owners, one.pinned, () if one.programs else one.held_by)
                yield (str(one.id), one.name, one.type, *sizes, used, how)
        case "link":
            for link in snapshot.links.values():
                target = "nothing any more" if link.detached else link.target
                order = "" if link.order is None else str(link.order)
                how = held(link.owners, link.pinned, ())
                yield (str(link.id), link.type, name_of(snapshot, link.program or 0), target, order, how)
        case "btf":
            for btf in snapshot.btfs.values():
                counts = (str(len(btf.programs)), str(len(btf.maps)))
                how = "the kernel" if btf.kernel else held(btf.owners, (), ("what uses it",))
                yield (str(btf.id), btf.name, byte_size(btf.size), *counts, how)
        case "pin":
            names = {"program": snapshot.programs, "map": snapshot.maps}
            for pin in snapshot.pins:
                found = names.get(pin.kind, {}).get(pin.id)
                yield (pin.path, pin.kind, str(pin.id), getattr(found, "name", ""))
        case "proc":
            for process in snapshot.processes.values():
                counts = tuple(str(len(each)) for each in (process.programs, process.maps, process.links))
                yield (str(process.pid), process.comm, *counts, process.container or process.unit, process.command)
        case "net":
            for namespace in snapshot.namespaces:
                places = [(each.name, each.hooks) for each in namespace.interfaces] + [("", namespace.hooks)]
                for name, hooks in places:
                    for attached in (each for hook in hooks for each in hook.attached):
                        target = attached.target.partition(" in ")[0]
                        where = "" if name or target.startswith("net:[") else target  # what the namespace does not say
                        told = " ".join(filter(None, (where, attached.detail)))
                        yield (namespace.label, name, attached.hook, *_cells(attached, snapshot), told)
        case _:
            for group in snapshot.control_groups:
                for hook in group.hooks:
                    for attached in hook.attached:
                        cells = _cells(attached, snapshot)
                        yield (group.path, hook.name, *cells, hook.mode, attached.detail)


def _program(each: ProgramEntry, snapshot: Snapshot) -> tuple[str, ...]:
    age = duration(max(snapshot.taken_at - snapshot.loaded_at(each), 0))
    on = attached_to(each.attachments)
    # What is said under "on" need not be repeated.
    rest = () if each.attachments else each.held_by
    return (str(each.id), each.name, each.type, on, bytes_of(each.memlock), age, held(each.owners, each.pinned, rest))


def _cells(attached: Attachment, snapshot: Snapshot) -> tuple[str, str, str]:
    """Return order, program and link of something that is attached."""
    order = "" if attached.order is None else str(attached.order)
    return order, name_of(snapshot, attached.program), "" if attached.link is None else str(attached.link)
