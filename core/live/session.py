"""The session: one object's way from spec to loaded to attached and back, without a screen."""

from __future__ import annotations

import enum
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..choice import RuntimeName, choose_runtime, runtime_name
from ..closing import Closing
from ..errors import UnknownNameError, UsageError
from ..runtime import Replaceable
from ..spec.targets import parse_target
from .events import EventReader
from .sampler import Sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager

    from ..coverage.gathered import Gathered
    from ..runtime import AttachTarget, Collection, Link, Progress, Runtime, Sandbox
    from ..runtime.theirs import Theirs
    from ..spec import CollectionSpec, ProgramSpec
    from ..traffic import Traffic
    from .monitor import Monitor, Observation

__all__ = ["Session", "State", "check_target"]


class State(enum.StrEnum):
    """How far an object has come."""

    SPEC = "SPEC"
    LOADED = "LOADED"
    ATTACHED = "ATTACHED"


def check_target(program: ProgramSpec, text: str) -> None:
    """Raise UsageError for what cannot be a target of *program*, as far as the text tells: see `Session.attach`."""
    from ..traffic import parse_traffic

    parse_target(program, parse_traffic(text)[0])


class _Shared:
    """A sandbox in which there may be several links, one behind the other: it goes with the last.

    Args:
        sandbox: Which one.
        traffic: What was asked for to flow in it; None where nothing was.
    """

    def __init__(self, sandbox: Sandbox, traffic: Traffic | None) -> None:
        self.sandbox = sandbox
        self.traffic = traffic
        self._links = 0
        self._lock = threading.Lock()  # links of it may be those of two versions, each with a session

    def enter(self) -> None:
        """Have one link more in it."""
        with self._lock:
            self._links += 1

    def leave(self) -> None:
        """Have one less; errors as those of the sandbox's end."""
        with self._lock:
            self._links -= 1
            is_last = not self._links
        if is_last:
            self.sandbox.close()


@dataclass(frozen=True, slots=True, eq=False)
class _Attachment:
    link: Link
    shared: _Shared | None
    """The sandbox that the link is in, if any."""

    @property
    def sandbox(self) -> Sandbox | None:
        return None if self.shared is None else self.shared.sandbox

    def end(self) -> None:
        with ExitStack() as stack:
            if self.shared is not None:
                stack.callback(self.shared.leave)
            stack.callback(self.link.detach)


class Session(Closing):
    """Owns what becomes of a spec: the loaded collection, its links, the sandboxes made for them, and the samplers.

    Every method can be called from any thread; what changes something waits for what another thread is changing, and
    the properties never wait. After an error everything is as it was before, or further undone; `close`, and the end
    of the context, undo everything.

    Args:
        spec: What is loaded; it can be edited between one `load` and the next.
        runtime: What it is loaded into, or a name that `choose_runtime` takes when it is needed.
        traffic: What flows in a new sandbox for which nothing else is asked.
        options: What a runtime that was given by name is made with.
        theirs: Set where all of it is somebody else's: the runtime opens what is loaded already.
        coverage: What runs of its programs came to elsewhere, in tests.
    """

    def __init__(
        self,
        spec: CollectionSpec,
        runtime: Runtime | RuntimeName = "auto",
        *,
        traffic: Traffic | None = None,
        options: Mapping[str, Any] | None = None,
        theirs: Theirs | None = None,
        coverage: Gathered | None = None,
    ) -> None:
        self.spec = spec
        self.theirs = theirs
        self.coverage = coverage
        self.traffic = traffic
        self._runtime: Runtime | None = None if isinstance(runtime, str) else runtime
        self._choice: RuntimeName = runtime if isinstance(runtime, str) else "auto"
        self._options = dict(options or {})
        self._changing = threading.RLock()
        self._making = threading.Lock()
        self._collection: Collection | None = None
        self._attachments: tuple[_Attachment, ...] = ()
        self._samplers: tuple[Sampler, ...] = ()
        self._readers: tuple[EventReader, ...] = ()
        self._asked: set[str] | None = None
        """The programs that were asked for when it was loaded; None for those that are loaded by themselves."""
        self.is_counting = False

    spec: CollectionSpec
    traffic: Traffic | None
    theirs: Theirs | None
    """What there is to know where it is somebody else's: it is read, and nothing of it attached here."""
    coverage: Gathered | None
    """What runs of its programs came to elsewhere; None where nothing is known of any."""
    is_counting: bool
    """Whether it counts what runs of what is loaded come to."""

    @property
    def runtime(self) -> Runtime:
        """What the spec is loaded into."""
        with self._making:  # one that is made meanwhile is waited for: there is one alone
            if self._runtime is None:
                self._runtime = choose_runtime(self._choice, **self._options)
            return self._runtime

    @property
    def verifies(self) -> bool:
        """Whether a verifier looks at what is loaded, as far as that is known before the runtime is made."""
        return runtime_name(self._choice) == "kernel" if self._runtime is None else self._runtime.verifies

    @property
    def name(self) -> str:
        """What it is of, as a command line names it."""
        return self.spec.file

    @property
    def title(self) -> str:
        """What it is called for people."""
        return self.spec.title

    @property
    def is_past(self) -> bool:
        """Whether it is a recording, of which nothing runs."""
        return False

    @property
    def leaves_streams(self) -> bool:
        """Whether streams are left unread: whoever takes a record takes it from its owner."""
        return self.theirs is not None

    def monitor(self, deliver: Callable[[Observation], None], fail: Callable[[Exception], None]) -> Monitor:
        """Return what samples it for a screen; see `bpftui.core.live.monitor.Monitor`."""
        from .monitor import Monitor

        return Monitor(self, deliver, fail)

    @property
    def state(self) -> State:
        """Where the object is."""
        if self._attachments:
            return State.ATTACHED
        return State.SPEC if self._collection is None else State.LOADED

    @property
    def collection(self) -> Collection | None:
        """What was loaded; None in state SPEC."""
        return self._collection

    @property
    def links(self) -> tuple[Link, ...]:
        """What is attached, in the order in which it was."""
        return tuple(attachment.link for attachment in self._attachments)

    @property
    def gone(self) -> tuple[Link, ...]:
        """The links whose target was deleted, as far as the kernel tells."""
        return tuple(link for link in self.links if link.gone)

    def reaches(self, name: str) -> list[str]:
        """Return what a change of the entries of a loaded map reaches besides sandboxes, as clauses; mostly nothing."""
        if self._collection is None or self.runtime.name == "vm":
            return []
        if self.theirs is not None:
            return [each.text for each in self.theirs.users(name)]
        shared = self._collection.maps[name].shared
        uses = [
            f"{link.program} uses it on {link.target.name}"
            for link in self.links
            if link.target.namespace is None and name in self.spec.programs[link.program].maps
        ]
        return [*([shared] if shared else []), *uses]

    @property
    def finished(self) -> bool:
        """Whether all traffic has ended, captures or by errors: nothing more will come to what is attached."""
        sandboxes = [attachment.sandbox for attachment in self._attachments]
        return bool(sandboxes) and all(each is not None and each.finished for each in sandboxes)

    @property
    def sandbox(self) -> Sandbox | None:
        """The newest sandbox, in which the traffic's rate can be set; None when nothing is attached to one."""
        sandboxes = [attachment.sandbox for attachment in self._attachments if attachment.sandbox is not None]
        return sandboxes[-1] if sandboxes else None

    def load(
        self,
        programs: set[str] | None = None,
        *,
        strict: bool = False,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> Collection:
        """Load the spec as it is now: *programs*, or without them those that are loaded by themselves.

        One of the latter that does not load is left out, with the reason in the collection's `problems`, unless
        loading is to be *strict*. *progress* and *stop* are as for `bpftui.core.runtime.Runtime.load`.

        Raises:
            GivenUpError: *stop* was set; nothing is loaded.
            UsageError: It is loaded already.
            LoadError, VerifierError, NoPermissionError, FeatureError: The runtime said no; nothing is loaded. Where no
                program loads, `problems` of the first one's error has all of them.
        """
        with self._changing:
            if self._collection is not None:
                raise UsageError(f"{self.spec.file} is loaded already", hint="unload it first")
            self._collection = self.runtime.load(
                self.spec, programs=programs, strict=strict, progress=progress, stop=stop
            )
            self._asked = programs
            return self._collection

    def load_beside(
        self,
        before: Session,
        handed: Iterable[str],
        *,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> Collection:
        """Load the spec beside another version, *before*, which goes on as it is; see `bpftui.core.live.Swap`.

        Those programs are loaded that were asked for there, and runs are counted where they are counted there.

        Args:
            before: The session of the other version, whose runtime is this one's too.
            handed: The maps that both are to have.
            progress: As for `load`, as are *stop* and what is raised.
            stop: Gives it up.
        """
        with self._changing:
            if self._collection is not None:
                raise UsageError(f"{self.spec.file} is loaded already", hint="unload it first")
            loaded = before._loaded()
            if not isinstance(loaded, Replaceable):
                raise UsageError(f"{before.spec.file} cannot be replaced by another version")
            self._runtime = before.runtime
            self._asked = before._asked
            programs = None if self._asked is None else self._asked & self.spec.programs.keys()
            self._collection = loaded.successor(self.spec, handed, programs=programs, progress=progress, stop=stop)
            if before.is_counting:
                self.count()
            return self._collection

    @property
    def changing(self) -> AbstractContextManager[object]:
        """What nobody else changes anything in while it is open."""
        return self._changing

    def inherit(self, before: Session, links: Mapping[Link, Link]) -> None:
        """Take attachments over from another session, with the sandboxes that were made for them.

        Args:
            before: Whose they were; those that are not named stay with it.
            links: By each link of its that is taken, what it is here: itself, or what is attached in its place.
        """
        with before._changing, self._changing:
            found = before._attachments
            before._attachments = tuple(each for each in found if each.link not in links)
            taken = [_Attachment(links[each.link], each.shared) for each in found if each.link in links]
            self._attachments = (*self._attachments, *taken)

    def count(self) -> None:
        """Count from now on what runs of what is loaded come to, where the runtime can."""
        with self._changing:
            counting = [program.count() for program in self._loaded().programs.values()]
            self.is_counting = any(counting)

    def attach(self, program: str, target: str | AttachTarget = "") -> Link:
        """Attach a loaded program.

        Args:
            program: Its name.
            target: Where, or what a user types for it (`bpftui.core.spec.targets.parse_target`); empty for what its
                section says. `sandbox` makes a sandbox with traffic in it, which lasts until the link is detached; so
                does the name of a capture file, whose packets flow there (`bpftui.core.traffic.parse_traffic`). Where
                there is one already, with that traffic, for what can stand behind or before what is in it, it is
                attached there: packets come to one after the other, as on an interface.

        Raises:
            UsageError: Nothing is loaded, or programs of this type are not attached to such a thing.
            UnknownNameError: There is no such program or interface.
            AttachError: The runtime said no; nothing is attached, and no sandbox left.
        """
        with self._changing:
            loaded = self._loaded()
            if self.theirs is not None:
                raise UsageError(f"{program} is somebody else's: it is looked at, and not attached")
            if program in loaded.problems:
                raise loaded.problems[program]
            if program not in loaded.programs:
                raise UnknownNameError("program", program, loaded.programs, where=self.spec.file)
            with ExitStack() as undo:
                shared = made = None
                if isinstance(target, str):
                    from ..traffic import parse_traffic

                    text, traffic = parse_traffic(target)
                    spec = loaded.programs[program].spec
                    if self.runtime.wants_sandbox(spec, text):
                        shared = self._with_room(spec, traffic)
                        if shared is None:
                            made = undo.enter_context(self.runtime.sandbox(traffic or self.traffic))
                            shared = _Shared(made, traffic)
                    target = self.runtime.target(spec, text, None if shared is None else shared.sandbox)
                link = loaded.programs[program].attach(target)
                undo.callback(link.detach)
                if made is not None:
                    made.start()
                undo.pop_all()
            if shared is not None:
                shared.enter()
            self._attachments = (*self._attachments, _Attachment(link, shared))
            return link

    def _with_room(self, program: ProgramSpec, traffic: Traffic | None) -> _Shared | None:
        """Return the newest sandbox in which packets can come to a program besides what is there; None for none.

        Args:
            program: It sees packets that come in, is not there yet, and of XDP there is one alone.
            traffic: What is to flow there; None for whatever does.
        """
        from ..context.passage import Stage, stage_of

        loaded, stage = self._loaded(), stage_of(program)
        found = dict.fromkeys(each.shared for each in reversed(self._attachments) if each.shared is not None)
        for shared in found if stage is not None else ():
            links = [each.link for each in self._attachments if each.shared is shared]
            there = [loaded.programs[each.program].spec for each in links]
            stages = [stage_of(each) for each in there]
            is_taken = None in stages or (stage is Stage.XDP and stage in stages)
            is_there = program.name in [each.name for each in there]
            if not is_taken and not is_there and traffic in (None, shared.traffic) and not shared.sandbox.finished:
                return shared
        return None

    def detach(self, link: Link | None = None) -> None:
        """Detach *link*, or everything; what is not attached is left alone.

        Each attachment is given up even where another one's end brings an error, which is raised afterwards.
        """
        with self._changing:
            going = [each for each in self._attachments if link is None or each.link is link]
            self._attachments = tuple(each for each in self._attachments if each not in going)
            with ExitStack() as stack:
                for attachment in going:
                    stack.callback(attachment.end)

    def sampler(self, **options: Any) -> Sampler:
        """Return a `Sampler` of what is loaded (its arguments are *options*), which `unload` stops before all else.

        Raises:
            UsageError: Nothing is loaded.
        """
        with self._changing:
            sampler = Sampler(self._loaded(), **options)
            self._samplers = (*(each for each in self._samplers if each.running), sampler)
            return sampler

    def events(self, names: Iterable[str] | None = None, *, keeps: bool = True) -> EventReader:
        """Return what reads the streams of what is loaded (*names*, or all), which `unload` closes before all else.

        None are read where they are somebody else's: whoever takes a record takes it from its owner. Without *keeps*
        records are counted alone.

        Raises:
            UsageError: Nothing is loaded.
        """
        with self._changing:
            reader = EventReader(self._loaded(), () if self.leaves_streams else names, keeps=keeps)
            self._readers = (*self._readers, reader)
            return reader

    def unload(self) -> None:
        """Detach everything and close the collection; the spec stays, and can be loaded again."""
        with self._changing:
            collection, self._collection = self._collection, None
            attachments, self._attachments = self._attachments, ()
            samplers, self._samplers = self._samplers, ()
            readers, self._readers = self._readers, ()
        # Without the lock: a sampler is waited for, and what it calls may be waiting for the lock.
        with ExitStack() as stack:
            if collection is not None:
                stack.callback(collection.close)
            for attachment in attachments:
                stack.callback(attachment.end)
            for reader in readers:
                stack.callback(reader.close)
            for sampler in samplers:
                stack.callback(sampler.stop)

    def close(self) -> None:
        """Undo everything; a second call does nothing."""
        self.unload()

    def _loaded(self) -> Collection:
        if self._collection is None:
            raise UsageError(f"{self.spec.file} is not loaded", hint="load it first")
        return self._collection
