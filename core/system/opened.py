"""What others have loaded, open over time as an object is that one has loaded oneself: a session that loads nothing.

Programs and maps are opened by their ids, maps to read only; what is open lives on though its owner may go. A change
opens its map once more, to write, and closes it again. Whoever takes a record out of a ring buffer, or a line out of
what a program printed to its own streams, takes it from its owner: the first is never done, the second once that is
allowed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from ..errors import UsageError
from ..kernel.collection import KernelCollection, Loader
from ..kernel.inspect.image import read_existing
from ..kernel.inspect.inspector import KernelInspector
from ..kernel.map import Map
from ..kernel.printk import PrintReader
from ..kernel.program import Program
from ..kernel.runtime import KernelRuntime
from ..kernel.streams import has_streams
from ..kernel.sys.object import open_id
from ..live import Session
from ..runtime import Forecast
from ..runtime.theirs import Related
from ..spec.document import document_of
from .changes import detach_link
from .consequences import is_detachable, of_detaching, others
from .errands import open_inventory
from .loaded import LoadedSpec
from .model import ProgramEntry
from .restored import wholly_restored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from threading import Event

    from ..btf import Btf
    from ..maps import Elements
    from ..maps.shape import Shape
    from ..runtime import Printed, Progress
    from ..runtime.inspected import Image, Inspector
    from ..runtime.theirs import Consequences
    from ..spec import CollectionSpec, MapSpec, ProgramSpec
    from ..verifier import Heat, VerifierLog
    from .errands import Reader
    from .model import Attachment, LinkEntry, MapEntry, Snapshot

__all__ = ["OpenedRuntime", "OthersObject", "inspector_of", "open_loaded"]

_MOST_NAMED: Final = 2
"""Owners that are named where several have the same thing."""


def open_loaded(spec: CollectionSpec) -> Session:
    """Return a session that has open what *spec* was made of: loaded, and to read only until changes are allowed.

    Args:
        spec: A `LoadedSpec`.

    Raises:
        UsageError: It was made of a file.
        UnknownNameError: It is gone meanwhile.
        NoPermissionError, LoadError: The kernel said no.
    """
    theirs = OthersObject(_of_loaded(spec))
    session = Session(spec, OpenedRuntime(theirs), theirs=theirs)
    try:
        session.load()
    except BaseException:
        session.close()
        raise
    return session


def inspector_of(spec: CollectionSpec) -> Inspector:
    """Return what tells what the kernel has made of the programs that *spec* was made of.

    Args:
        spec: A `LoadedSpec`.

    Raises:
        UsageError: It was made of a file.
    """
    return _OpenedInspector(_of_loaded(spec).program_ids)


def _of_loaded(spec: CollectionSpec) -> LoadedSpec:
    if not isinstance(spec, LoadedSpec):
        raise UsageError(f"{spec.file} is not of what is loaded")
    return spec


class OthersObject:
    """Where it is attached, who has it, whether it may be changed; implements `bpftui.core.runtime.theirs.Theirs`."""

    def __init__(self, spec: LoadedSpec) -> None:
        self.spec = spec
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._snapshot: Snapshot | None = None
        self._writable = self._is_closed = False
        self.streams: Literal["", "unread", "read"] = ""
        """What becomes of what its programs write to their streams; empty where the kernel has none."""

    @property
    def title(self) -> str:
        """What it is called."""
        return self.spec.title

    @property
    def snapshot(self) -> Snapshot | None:
        """What the whole machine ran at the last look; None before it."""
        return self._snapshot

    def look(self) -> None:
        """Take a snapshot of the machine; after `close`, none."""
        with self._lock:
            if self._is_closed:
                return
            if self._reader is None:
                self._reader = open_inventory()
            self._snapshot = self._reader.snapshot()

    def close(self) -> None:
        """Let go of what takes snapshots, for good."""
        with self._lock:
            self._is_closed = True
            reader, self._reader = self._reader, None
            if reader is not None:
                reader.close()

    @property
    def attachments(self) -> Sequence[str]:
        """Where its programs run, and by whom."""
        snapshot = self._snapshot
        if snapshot is None:
            return ()
        found = [
            (each, snapshot.programs[number].type)
            for number in self.spec.program_ids.values()
            if number in snapshot.programs
            for each in snapshot.programs[number].attachments
        ]
        # The network namespace is left out: in the top line it would take the room of who it is.
        return tuple(dict.fromkeys(each.place(kind).partition(", ")[0] + _by(each, snapshot) for each, kind in found))

    def places(self, program: str) -> Sequence[Related]:
        """Return where one of its programs runs, by name: each leads to its link, or to who has it there."""
        snapshot = self._snapshot
        entry = None if snapshot is None else snapshot.programs.get(self.spec.program_ids.get(program, 0))
        if snapshot is None or entry is None:
            return ()
        found: list[Related] = []
        for each in entry.attachments:
            text = " ".join(filter(None, (each.hook, each.target, each.detail)))
            text += (f", number {each.order} there" if each.order is not None else "") + _by(each, snapshot)
            if each.link is not None:
                found.append(Related(text, "link", each.link))
            elif each.owner is not None:
                found.append(Related(text, "proc", each.owner.pid))
            else:
                found.append(Related(text, "prog", entry.id))
        return tuple(found)

    def holders(self, program: str) -> Sequence[Related]:
        """Return who has one of its programs: its maps are in what is open."""
        snapshot, number = self._snapshot, self.spec.program_ids.get(program, 0)
        entry = None if snapshot is None else snapshot.programs.get(number)
        if snapshot is None or entry is None:
            return ()
        found = [
            Related(f"map {each.id} {each.name} has it in it", "map", each.id)
            for each in snapshot.maps.values()
            if number in each.holds and each.holds_programs
        ]
        found += _had_by(entry, snapshot)
        if found or entry.attachments or entry.owners is None:
            return tuple(found)
        kept = [Related(each) for each in entry.held_by if not each.startswith("nobody")]
        return tuple(kept) or (Related("nobody else any more: it goes when this is closed"),)

    def _links(self) -> list[LinkEntry]:
        snapshot = self._snapshot
        if snapshot is None:
            return []
        ids = {*self.spec.program_ids.values()}
        return [each for each in snapshot.links.values() if each.program in ids or each.id in self.spec.link_ids]

    @property
    def links(self) -> Sequence[tuple[int, str]]:
        """The links that its programs run by and that can be detached, and where each is attached."""
        return tuple((each.id, each.where) for each in self._links() if is_detachable(each))

    @property
    def why_not_detachable(self) -> str:
        """Why none of its links can be detached; empty where one can."""
        found, snapshot = self._links(), self._snapshot
        if snapshot is None or self.links:
            return ""
        for each in found:
            try:
                of_detaching(snapshot, each.id)
            except UsageError as error:
                return error.message
        return "no link holds it anywhere"

    def document(self) -> bytes:
        """Return it as a document."""
        found, _ = wholly_restored(self.spec)
        return document_of(found)

    def users(self, map_name: str) -> Sequence[Related]:
        """Return who has a map."""
        snapshot, number = self._snapshot, self.spec.map_ids.get(map_name, 0)
        entry = None if snapshot is None else snapshot.maps.get(number)
        if snapshot is None or entry is None:
            return (Related(f"map {number} is somebody else's"),)
        found = [
            Related(
                f"program {each.id} {each.name} uses it"
                + "".join(f", on {place.target}" for place in each.attachments[:1]),
                "prog",
                each.id,
            )
            for each in snapshot.users(number)
        ]
        found += [
            Related(f"map {each.id} {each.name} has it in it", "map", each.id)
            for each in snapshot.maps.values()
            if number in each.holds and not each.holds_programs
        ]
        return (*found, *_had_by(entry, snapshot)) or (Related(f"map {number} is somebody else's"),)

    def name_of(self, noun: Literal["prog", "map"], number: int) -> str:
        """Return the name of any program or map of this machine."""
        snapshot = self._snapshot
        if snapshot is None:
            return ""
        found = snapshot.programs.get(number) if noun == "prog" else snapshot.maps.get(number)
        return "" if found is None else found.name

    def detaching(self, link: int) -> Consequences:
        """Return what comes of detaching a link."""
        if self._snapshot is None:
            raise UsageError("who has it is not known yet")
        return of_detaching(self._snapshot, link)

    def detach(self, link: int) -> None:
        """Detach a link."""
        if not self._writable:
            raise UsageError(f"link {link} is somebody else's, and looked at only")
        detach_link(link)

    def read_streams(self) -> None:
        """Have the streams of its programs read from now on: a change, for whoever else reads them loses it."""
        self.streams = "read"

    @property
    def writable(self) -> bool:
        """Whether it may be changed."""
        return self._writable

    def allow_changes(self) -> None:
        """Let it be changed from now on."""
        self._writable = True


def _by(attachment: Attachment, snapshot: Snapshot) -> str:
    """Return who holds a program where it runs, as it follows the place; empty where nobody is known to."""
    link = snapshot.links.get(attachment.link) if attachment.link is not None else None
    owners = [attachment.owner] if attachment.owner else others(link.owners) if link else []
    names = dict.fromkeys(owner.comm for owner in owners)
    return f" by {', '.join([*names][:_MOST_NAMED])}" if names else ""


def _had_by(entry: ProgramEntry | MapEntry, snapshot: Snapshot) -> Iterator[Related]:
    """Yield the processes that have a program or a map open, and its pins."""
    kind = "program" if isinstance(entry, ProgramEntry) else "map"
    for owner in others(entry.owners):
        yield Related(f"{owner.comm} {owner.pid} has it open", "proc", owner.pid)
    for pin in snapshot.pins:
        if (pin.kind, pin.id) == (kind, entry.id):
            yield Related(f"it is pinned at {pin.path}", "pin", (pin.mounts, pin.path))


class OpenedRuntime(KernelRuntime):
    """The kernel, for what it has loaded already: its `load` opens that."""

    def __init__(self, theirs: OthersObject) -> None:
        super().__init__()
        self.theirs = theirs

    def load(
        self,
        spec: CollectionSpec,
        *,
        programs: set[str] | None = None,
        strict: bool = False,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> KernelCollection:
        """Open the programs and maps that a `LoadedSpec` is of."""
        with _Opener(self.theirs) as opener:
            return opener.load(self, programs, strict=True, progress=progress, stop=stop)

    def forecast(
        self, spec: CollectionSpec, *, progress: Progress | None = None, stop: Event | None = None
    ) -> Forecast:
        """Return that nothing keeps it from being loaded: it is."""
        return Forecast({}, {})

    def inspect(self) -> KernelInspector:
        """Return what tells what the kernel has made of it."""
        return _OpenedInspector(self.theirs.spec.program_ids)

    def let_go(self) -> None:
        """Let go of what tells who has it."""
        self.theirs.close()


class _OthersPrintReader(PrintReader):
    """Reads streams, which are their owner's, from the moment on at which that is allowed."""

    def __init__(self, programs: Iterable[Program], theirs: OthersObject) -> None:
        super().__init__(programs, streams=False)
        self._theirs = theirs
        self._reads_streams = False

    def read(self) -> Printed:
        """Return what was printed since the last look; it does not wait."""
        if self._theirs.streams == "read" and not self._reads_streams:
            self._reads_streams = True
            self.read_streams()
        return super().read()


class _OpenedCollection(KernelCollection):
    """What is open. Closing it changes nothing."""

    def printed(self) -> PrintReader:
        """Return what reads the lines that its programs print, and those of their streams once that is allowed."""
        runtime = self.runtime
        assert isinstance(runtime, OpenedRuntime)
        return _OthersPrintReader(self.programs.values(), runtime.theirs)

    def close(self) -> None:
        """Let go of it."""
        super().close()
        runtime = self.runtime
        assert isinstance(runtime, OpenedRuntime)
        runtime.let_go()


class _Opener(Loader):
    """Opens what is loaded, where its base class loads."""

    collection_type: ClassVar[type[KernelCollection]] = _OpenedCollection

    def __init__(self, theirs: OthersObject) -> None:
        super().__init__(theirs.spec)
        self._theirs = theirs

    def begin(self) -> None:
        """Load no types."""

    def new_map(self, spec: MapSpec) -> Map:
        """Open a map to read only."""
        number = self._theirs.spec.map_ids[spec.name]
        found = Map.from_id(number, read_only=True)
        found.spec = spec
        found.elements = _CarefulElements(found.elements, number, self._theirs)
        return found

    def load_program(self, spec: ProgramSpec, *, log_level: int = 0) -> Program:
        """Open a program."""
        number = self._theirs.spec.program_ids[spec.name]
        found = self.programs[spec.name] = Program(spec, open_id("program", number), maps=self.maps)
        if not self._theirs.streams and has_streams(found):
            self._theirs.streams = "unread"
        return found


class _CarefulElements:
    """The elements of somebody else's map: read as they are, changed by a descriptor of its own for each change."""

    def __init__(self, elements: Elements, number: int, theirs: OthersObject) -> None:
        self._elements = elements
        self._number = number
        self._theirs = theirs
        self.lookup = elements.lookup
        self.snapshot = elements.snapshot
        self.count = elements.count
        self.scan = elements.scan
        self.read_at = elements.read_at

    @property
    def shape(self) -> Shape:
        """As it is."""
        return self._elements.shape

    def _change(self) -> Map:
        if not self._theirs.writable:
            raise UsageError(f"map {self._number} is somebody else's, and open to read only")
        return Map.to_change(self._number)

    def take(self, key: bytes | None) -> bytes | None:
        """Take a value out."""
        with self._change() as writing:
            return writing.elements.take(key)

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        """Set a value."""
        with self._change() as writing:
            writing.elements.update(key, value, flags)

    def delete(self, key: bytes) -> None:
        """Delete an entry."""
        with self._change() as writing:
            writing.elements.delete(key)

    def write_at(self, offset: int, raw: bytes) -> None:
        """Overwrite bytes of the first value: where it can be mapped into memory, only these."""
        with self._change() as writing:
            writing.elements.write_at(offset, raw)


class _OpenedInspector(KernelInspector):
    """Tells what the kernel has made of a program that is loaded."""

    def __init__(self, ids: Mapping[str, int]) -> None:
        self._ids = ids

    def image(self, spec: CollectionSpec, name: str) -> Image:
        """Return its code as it is, and its native code."""
        with Program(spec.program(name), open_id("program", self._ids[name])) as program:
            return read_existing(program)

    def walk(self, spec: CollectionSpec, name: str) -> Heat:
        """Raise that nobody knows.

        Raises:
            UsageError: The verifier's log was its loader's.
        """
        raise UsageError(f"how the verifier walked through {name} was told to whoever loaded it")

    def walk_log(self, spec: CollectionSpec, name: str, target: Btf | None) -> VerifierLog:
        """Raise as `walk` does."""
        raise UsageError(f"how the verifier walked through {name} was told to whoever loaded it")
