"""Which functions uprobes are at: what the kernel tells as a file and an offset, by the files' symbols.

The files are others', and reading them takes no right that opening them does not: a steward leaves it to its client.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ..kernel.stacks.functions import FileFunctions, version_of
from .names import functions_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..kernel.stacks.functions import Version
    from .model import Attachment, LinkEntry, Owner, ProcessEntry, ProgramEntry, Snapshot

__all__ = ["Symbols"]


class Symbols:
    """Names the functions of a snapshot's uprobes, and remembers those that the last one had."""

    def __init__(self) -> None:
        self._files = FileFunctions()
        self._names: dict[tuple[str, int], tuple[Version, str]] = {}
        """By file and offset: what is asked for again at the next look, however many files there are."""
        self._asked: set[tuple[str, int]] = set()

    def named(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot with what is known of the functions that its uprobes are at."""
        self._asked.clear()
        found = self._named(snapshot)
        self._names = {place: name for place, name in self._names.items() if place in self._asked}
        return found

    def _named(self, snapshot: Snapshot) -> Snapshot:
        processes, links = snapshot.processes, snapshot.links
        told = {number: self._link(link, processes) for number, link in links.items() if "uprobe" in _hook(link)}
        probed = any("uprobe" in each.hook or "uretprobe" in each.hook for each in snapshot.tracing)
        if not told and not probed:
            return snapshot
        links = {**links, **told}

        def attached(each: Attachment) -> Attachment:
            return self._attachment(each, links, processes)

        def program(each: ProgramEntry) -> ProgramEntry:
            found = tuple(map(attached, each.attachments))
            return each if found == each.attachments else each._replace(attachments=found)

        return replace(
            snapshot,
            links=links,
            programs={number: program(each) for number, each in snapshot.programs.items()},
            tracing=tuple(map(attached, snapshot.tracing)),
        )

    def function(self, path: str, offset: int) -> str:
        """Return the function that a place in a file is in, `main` or `main+0x12`; empty where that is not known."""
        version = version_of(path)
        if version is None:
            return ""
        place = path, offset
        self._asked.add(place)
        known, name = self._names.get(place, (None, ""))
        if known != version:
            name = str(self._files.at(path, version, offset) or "")
            self._names[place] = version, name
        return name

    def _link(self, link: LinkEntry, processes: Mapping[int, ProcessEntry]) -> LinkEntry:
        path, offsets = link.details.get("path", link.details.get("file")), link.details.get("offsets")
        if offsets is None:
            offsets = (link.details["offset"],) if "offset" in link.details else ()
        if not isinstance(path, str) or not isinstance(offsets, tuple):
            return link
        reach = _reached(path, link.owners or (), processes)
        names = tuple(self.function(reach, each) for each in offsets if isinstance(each, int)) if reach else ()
        return link._replace(details={**link.details, "symbols": names}) if any(names) else link

    def _attachment(
        self, each: Attachment, links: Mapping[int, LinkEntry], processes: Mapping[int, ProcessEntry]
    ) -> Attachment:
        if "uprobe" not in each.hook and "uretprobe" not in each.hook:
            return each
        if each.link is not None:
            names = links[each.link].details.get("symbols", ()) if each.link in links else ()
            shown = functions_text([str(name) for name in names], len(names)) if isinstance(names, tuple) else ""
            return each._replace(detail=shown) if shown else each
        path, _, offset = each.target.rpartition("+0x")
        reach = _reached(path, (each.owner,) if each.owner else (), processes)
        name = self.function(reach, int(offset, 16)) if reach and offset else ""
        return each._replace(detail=name) if name else each


def _hook(link: LinkEntry) -> str:
    return "uprobe" if link.type == "uprobe_multi" or "file" in link.details else ""


def _reached(path: str, owners: Iterable[Owner], processes: Mapping[int, ProcessEntry]) -> str:
    """Return where a file is for this process; empty where it is in mounts that cannot be looked into.

    The kernel tells a path as it is among the mounts of whoever attached there; here it may be another file's.
    """
    for owner in owners:
        process = processes.get(owner.pid)
        if process is not None and process.mounts:
            found = f"/proc/{owner.pid}/root{path}"
            return found if os.access(found, os.R_OK) else ""
    return path
