"""Operations: load, attach, detach, run, edit, quit; what takes time goes to a thread and reports by a message."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Protocol

from ..core.errors import BpftuiError, GivenUpError, UsageError, VerifierError
from ..core.interrupt import Interrupt
from ..core.live.monitor import INTERVALS
from ..core.maps.journal import Journal as MapJournal
from ..core.spec.targets import SANDBOX
from ..core.threads import NoThreadError
from .keeping import Keeping
from .messages import Attached, Detached, Failed, GivenUp, Loaded, Loading, MapEdited, Sampled
from .nodes import Node, NodeKind
from .onlooker import Onlooker
from .permission import READ_ONLY, Permission
from .status import Failure, Status, Work
from .text.format import amount, duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from textual.message import Message
    from textual.notifications import SeverityLevel

    from ..core.choice import RuntimeName
    from ..core.debug.cloned import Cloned
    from ..core.live import Session, State, Swapped
    from ..core.live.monitor import Observation
    from ..core.runtime import Collection, Entry, Link, Variable
    from .state.journal import Journal
    from .widgets.spec.variables_view import Place

__all__ = ["AttachRequest", "DebugRequest", "EditRequest", "Host", "Operations", "program_and_target"]

_MARKED: Final = 24
"""Characters of a value at a mark of the graph."""
_RATE: Final = 6
"""Cells of a rate, `1.00 k` and `999` alike: what stands beside it stays where it is."""


@dataclass(frozen=True, slots=True)
class AttachRequest:
    """What the user decided."""

    program: str
    target: str
    """As a user types it (`bpftui.core.spec.targets`): `sandbox`, `eth0,generic`; empty for what the section says."""
    detach_after: int | None = None
    """Seconds until it is detached again by itself; None for never."""


@dataclass(frozen=True, slots=True)
class DebugRequest:
    """A run that is to be gone through in the debugger."""

    program: str
    packet: bytes
    """What it is given; none where that is empty."""
    context: Mapping[str, str] | None
    """Values of its context's fields."""
    why: str = ""
    """An expression: the debugger begins at the end of the run, with where its value comes from."""
    returned: int | None = None
    """What that run returned, unsigned, which the debugger's may not come to."""
    before: Cloned | None = None
    """What maps held before that run; None for what they hold now."""
    file: str = ""
    """A capture: in place of the one packet there is a run for each of its packets."""
    taken: int = 0
    """So many of the next packets that reach the program, a run for each, in place of the one; 0 for none."""
    until: str = ""
    """The debugger begins where a run first comes to this, as `break` takes it; no more packets are taken then."""


@dataclass(frozen=True, slots=True)
class EditRequest:
    """What a user wants to be done with a map."""

    action: Literal["set", "add", "delete", "undo", "redo"]
    map: str
    key: bytes = b""
    values: tuple[bytes, ...] = ()
    """Whole values, of a per-CPU map one for each possible CPU."""
    windows: tuple[tuple[int, int], ...] = ()
    """What of them is set: offset and size in bytes."""
    text: str = ""
    """What is done: `sources[192.0.2.9].packets = 1000`."""


class Host(Protocol):
    """Who operations are done for, and who shows what comes of them: the explorer's screen."""

    def start(self, work: Callable[[], None]) -> None:
        """Run *work*, which takes its time, in a thread."""
        ...

    def post_message(self, message: Message) -> bool:
        """Take a message of `bpftui.tui.messages`, from whichever thread."""
        ...

    def notify(
        self, message: str, *, title: str = "", severity: SeverityLevel = "information", timeout: float | None = None
    ) -> None:
        """Tell the user something, for so many seconds."""
        ...

    def show_status(self, status: Status) -> None:
        """Show where we are, and offer what can be done there."""
        ...

    def show_work(self, work: Work | None) -> None:
        """Say what is being done; None for nothing."""
        ...

    def fail(self, failure: Failure) -> None:
        """Say what did not work, until the user has answered it."""
        ...

    def settle(self, action: str) -> None:
        """Take what was said of an action that did not work as answered: it is tried anew."""
        ...


class Operations:
    """What the explorer can do with its session.

    Blocking calls run one at a time in a thread of the host; each ends with one message to it.

    Args:
        session: What owns everything that is created.
        runtime: The runtime's name, for the status line.
        attach: Attachments that are made right after the first load, one after the other: (program, target).
        permission: Whether what others have loaded may be changed.
    """

    def __init__(
        self,
        session: Session,
        *,
        runtime: RuntimeName,
        attach: Sequence[tuple[str, str]] = (),
        permission: Permission | None = None,
    ) -> None:
        self.session = session
        self.permission = permission or Permission(refusal=READ_ONLY)
        self.monitor = session.monitor(self._observed, self._sampling_failed)
        self.keeping = Keeping(self.monitor, self._keeping_failed)
        self._runtime: RuntimeName = runtime
        self.attach_first = list(attach)
        """What is attached right after the load: (program, target)."""
        self._host: Host | None = None
        self._busy = ""
        self._work: Work | None = None
        self._stop: Interrupt | None = None
        """What has the load given up that is going on."""
        self._detach_at: dict[Link, float] = {}
        self._journal: Journal | None = None
        self._gone: set[Link] = set()
        self.journal = MapJournal()
        """The edits of map entries since the load."""
        self._editing = threading.Lock()
        theirs = session.theirs
        self.onlooker = None
        if theirs is not None:
            self.onlooker = Onlooker(
                theirs,
                permission=self.permission,
                host=lambda: self.host,
                tell=self._tell,
            )
        self.edited: set[str] = set()
        """Variables that were set since the load."""
        self.unsaved: set[str] = set()
        """Variables that were set to what is neither in the file nor in a preset."""

        self.older = ""
        """When the file was written that is loaded, where it is another one by now: `11:58:03`."""
        self.swapped: Swapped | None = None
        """What became of the version before, where this one was put in its place."""

    onlooker: Onlooker | None
    """What looks at what others have loaded; None where it is one's own."""

    # Where we are

    def bind(self, host: Host) -> None:
        """Work for *host* from now on, who is to call `detach_due` once a second."""
        self._host = host

    @property
    def host(self) -> Host:
        """Who is worked for."""
        assert self._host is not None
        return self._host

    @property
    def runtime(self) -> RuntimeName:
        """The runtime's name: `kernel` or `vm`."""
        return self._runtime

    @property
    def collection(self) -> Collection | None:
        """What is loaded."""
        return self.session.collection

    @property
    def state(self) -> State:
        """How far the object has come."""
        return self.session.state

    @property
    def busy(self) -> str:
        """What is being done, as a participle; empty where nothing is."""
        return self._busy

    def status(self) -> Status:
        """Return what the status line is to say."""
        links, theirs = self.session.links, self.session.theirs
        programs = list({link.program for link in links} if theirs is None else self.session.spec.programs)
        rate = self.monitor.run_rate(programs) if programs else None
        mean = self.monitor.run_time(programs) if theirs is not None else None
        rates = [f"{amount(rate):>{_RATE}} runs/s"] if rate is not None else []
        rates += [f"{duration(mean)}/run"] if mean is not None else []
        left = [at - time.monotonic() for at in self._detach_at.values()]
        return Status(
            file=self.session.title,
            stage=self.state.value,
            runtime=self._runtime,
            attached=tuple(self.attachments()),
            detach_in=max(0, round(min(left))) if left else None,
            paused=self.monitor.paused,
            interval=self.monitor.interval,
            rate=" · ".join(rates),
            elsewhere=tuple(theirs.attachments) if theirs is not None else (),
            recording=self.keeping.seconds,
            moment=self._moment(),
            older=self.older,
            access=self.permission.word if theirs is not None else "",
        )

    def _moment(self) -> str:
        playhead = self.monitor.playhead
        if playhead is None:
            return ""
        when = time.localtime(playhead.began + (playhead.time(playhead.tick) if playhead.tick else 0.0))
        written = " · still written" if playhead.is_written else ""
        return f"REC {when.tm_mday} {time.strftime('%b %H:%M:%S', when)} · ×{playhead.speed:g}{written}"

    def attachments(self) -> list[str]:
        """Return what is attached as text, no two alike: a program can be attached to several sandboxes."""
        links = self.session.links
        texts = [_link_text(link) for link in links]
        for index, (link, text) in enumerate(zip(links, list(texts), strict=True)):
            number = sum(_link_text(each) == text for each in links[: index + 1])
            texts[index] += (f" ({number})" if number > 1 else "") + (" (gone)" if link in self._gone else "")
        return texts

    def attached_pairs(self) -> list[tuple[str, str]]:
        """Return program and target of what is attached, of what still is there."""
        return [program_and_target(_link_text(link)) for link in self.session.links if link not in self._gone]

    def note_gone(self, links: Iterable[Link]) -> list[str]:
        """Take note of what is attached to nothing any more; return what of it is new, as text."""
        new = [link for link in links if link not in self._gone]
        self._gone.update(new)
        texts = [_link_text(link) for link in new]
        for text in texts:
            self.host.notify(f"{text}: what it was attached to is gone", severity="warning", timeout=8)
        return texts

    # Doing things

    def _tell(self, message: Message) -> None:
        """Post a message to the host, from whichever thread."""
        with contextlib.suppress(RuntimeError):  # Textual's, where the app has ended: there is nobody left to be told
            self.host.post_message(message)

    def _start(
        self,
        action: str,
        busy: str,
        work: Callable[[], None],
        give_up: Callable[[], None] | None = None,
        *,
        is_anew: bool = True,
    ) -> None:
        """Run *work* in a thread, unless something else is being done; anew, it answers what failed of its kind."""
        if self._busy:
            self.host.notify(f"still {self._busy}", severity="warning", timeout=2)
            return
        self._busy = busy
        if is_anew:
            self.host.settle(action)
        self._show_work(Work(busy, give_up))
        self.host.start(work)
        self.changed()

    def begin_work(self, action: str, busy: str, stop: Interrupt) -> bool:
        """Say what somebody else is doing with the session until `end_work`; False where something is done already.

        Args:
            action: What it is, as a failure says it.
            busy: The same, as a participle.
            stop: Has it given up.
        """
        if self._busy:
            self.host.notify(f"still {self._busy}", severity="warning", timeout=2)
            return False
        self._stop, self._busy = stop, busy
        self.host.settle(action)
        self._show_work(Work(busy, partial(self._give_up, f"giving up {busy}")))
        self.changed()
        return True

    def end_work(self) -> None:
        """Say that it is done."""
        self._done()
        self.changed()

    def take_over(self, before: Operations, swapped: Swapped) -> None:
        """Go on where the operations of the version before have ended, which this one was put in the place of."""
        self.swapped = swapped
        self.monitor.take_over(before.monitor)
        if (loaded := self.collection) is not None:
            self.journal = before.journal.carried_to({name: loaded.maps[name] for name in swapped.handover.maps})
        self._runtime = before.runtime
        self._gone = set(before._gone)
        kept = set(self.session.links)
        moved = {old: new for old, new in swapped.attached.items() if new in kept}
        self._detach_at = {moved[link]: at for link, at in before._detach_at.items() if link in moved}
        self.edited = before.edited & self.session.spec.variables.keys()
        self.unsaved |= before.unsaved & self.session.spec.variables.keys()

    def _done(self) -> None:
        self._busy, self._stop = "", None
        self._show_work(None)

    def _show_work(self, work: Work | None) -> None:
        self._work = work
        self.host.show_work(work)

    def changed(self) -> None:
        """Let the host show where we are."""
        self.host.show_status(self.status())

    def load(self) -> None:
        """Load the collection, unless something else is being done."""
        if not self._busy:
            self._stop = Interrupt()
        self._start("load", "loading", partial(self._load, self._stop), self._give_up_load)

    def _load(self, stop: Interrupt | None) -> None:
        started = time.monotonic()
        try:
            self.session.load(progress=self.loading, stop=stop)
            self.session.count()
            self.journal = MapJournal()
        except GivenUpError as error:
            self._tell(GivenUp(error.message))
        except Exception as error:
            self._tell(Failed("load", error, tab="log"))
        else:
            self._tell(Loaded(time.monotonic() - started))

    def loading(self, number: int, total: int, program: str) -> None:
        """Tell how far a load is, from whichever thread."""
        self._tell(Loading(number, total, program))

    def _give_up_load(self) -> None:
        """Have the load given up: it ends by GivenUp, or by Loaded where it was as good as done."""
        self._give_up("giving up the load")

    def _give_up(self, what: str) -> None:
        if self._stop is not None and self._work is not None and not self._stop.is_set():
            self._stop.set()
            self._show_work(Work(what, since=self._work.since))

    def attach(self, request: AttachRequest, *, is_anew: bool = True) -> None:
        """Attach a program."""
        stop = Interrupt()
        if not self._busy:
            self._stop = stop
        work = partial(self._attach, request, stop)
        self._start("attach", "attaching", work, self._give_up_attach, is_anew=is_anew)

    def _attach(self, request: AttachRequest, stop: Interrupt) -> None:
        try:
            link = self.session.attach(request.program, request.target)
            if stop.is_set():  # no call that attaches can be left half-way: what it has made is taken back
                self.session.detach(link)
        except Exception as error:
            self._tell(Failed("attach", error, Node(NodeKind.PROGRAM, request.program), "overview"))
        else:
            if stop.is_set():
                self._tell(GivenUp(f"given up: {_link_text(link)} is detached again"))
            else:
                self._tell(Attached(link, _link_text(link), request.detach_after))

    def _give_up_attach(self) -> None:
        """Have the attachment given up: it ends by GivenUp, or by Attached where it was as good as done."""
        self._give_up("giving up the attachment")

    def detach(self, links: Sequence[Link]) -> None:
        """Detach *links*."""
        self._start("detach", "detaching", partial(self._detach, list(links)))

    def _detach(self, links: list[Link]) -> None:
        texts = tuple(map(_link_text, links))
        try:
            for link in links:
                self.session.detach(link)
        except Exception as error:
            self._tell(Failed("detach", error))
        else:
            self._tell(Detached(tuple(links), texts))

    def edit_map(self, request: EditRequest) -> None:
        """Change an entry of a map, in a thread; what comes of it is told by MapEdited, or Failed."""
        self.host.start(partial(self._edit_map, request))

    def _edit_map(self, request: EditRequest) -> None:
        loaded, journal = self.collection, self.journal
        try:
            if self.onlooker is not None:
                self.onlooker.allow_changes()
            if loaded is None:
                raise UsageError(f"{self.session.spec.file} is not loaded", hint="load it first")
            with self._editing:
                match request.action:
                    case "undo":
                        edit = journal.undo()
                    case "redo":
                        edit = journal.redo()
                    case "set":
                        found = loaded.maps[request.map]
                        edit = journal.set(found, request.key, request.values, request.windows, request.text)
                    case "add":
                        edit = journal.add(loaded.maps[request.map], request.key, request.values, request.text)
                    case "delete":
                        edit = journal.remove(loaded.maps[request.map], request.key, request.text)
                now = edit.map.entry(edit.key)
        except Exception as error:
            self._tell(Failed("edit", error, Node(NodeKind.MAP, request.map) if request.map else None))
        else:
            if self.onlooker is not None:
                what = edit.text if request.action not in ("undo", "redo") else f"{request.action}: {edit.text}"
                self.onlooker.keep_change(f"{what}, was {_entry_text(edit.before)}")
            self._tell(MapEdited(request.action, edit, now))

    def set_variable(self, place: Place, text: str) -> bool:
        """Set a variable, in memory once it is loaded, else in the spec; return whether it took the text.

        A variable of others is to be set in a thread: whoever opens its map may be taking a snapshot meanwhile.
        """
        live = self.collection.variables.get(place.variable.name) if self.collection is not None else None
        before = b""
        try:
            if self.onlooker is not None:
                self.onlooker.allow_changes()
            with self._editing:
                before = _part(live, place) if live is not None else b""
                (live or place.variable).set_text(text, place.path)
        except Exception as error:
            self._tell(Failed("edit", error, Node(NodeKind.VARIABLE, place.variable.name)))
            return False
        part = slice(place.offset, place.offset + place.size)
        after = bytes(place.variable.raw[part]) if live is None else _part(live, place)
        if self.onlooker is not None or after == bytes(place.variable.original[part]):
            self.unsaved.discard(place.variable.name)
        else:
            self.unsaved.add(place.variable.name)
        if live is not None:
            self.edited.add(place.variable.name)
            if self.onlooker is not None:
                self.onlooker.keep_change(f"{place.name} {before.hex(' ')} → {after.hex(' ')}")
            if after != before:
                self.monitor.mark("set", place.name, f"{_value_text(place, before)} → {_value_text(place, after)}")
        return True

    def read_variables(self) -> dict[str, bytes]:
        """Return what the variables hold, by their names: in memory once it is loaded, where that can be read.

        Where a program of the machine runs this waits for its end.
        """
        found = {name: bytes(variable.head) for name, variable in self.session.spec.variables.items()}
        if self.collection is not None:
            for name, variable in self.collection.variables.items():
                with contextlib.suppress(BpftuiError):
                    found[name] = variable.raw()
        return found

    # Sampling

    def _observed(self, observation: Observation) -> None:
        self._tell(Sampled(observation))

    def _keeping_failed(self, error: Exception) -> None:
        self._tell(Failed("record", error))

    def _sampling_failed(self, error: Exception) -> None:
        self._tell(Failed("read the maps", error))

    def step_interval(self, step: int) -> None:
        """Take the next longer or shorter interval."""
        playhead = self.monitor.playhead
        choices = INTERVALS if playhead is None else playhead.intervals
        now = min(range(len(choices)), key=lambda index: abs(choices[index] - self.monitor.interval))
        self.monitor.interval = choices[max(0, min(len(choices) - 1, now + step))]
        self.changed()

    def toggle_pause(self) -> None:
        """Stop or resume reading the maps."""
        self.monitor.toggle_pause()
        self.changed()

    # What happened

    def note_loading(self, message: Loading) -> None:
        """Say how far the load is."""
        if self._work is not None and self._stop is not None and not self._stop.is_set():
            what = "verifying" if self.session.verifies else "loading"
            at = replace(self._work, what=what, number=message.number, total=message.total, part=message.program)
            self._show_work(at)

    def after_give_up(self, message: GivenUp) -> None:
        """Say that it is as it was before."""
        self._done()
        self.host.notify(message.text)
        if self.collection is not None:
            self._attach_next()
        self.changed()

    def after_load(self) -> None:
        """Begin to sample, and to make the attachments that were asked for at the start."""
        self._done()
        self.monitor.start()
        self.monitor.mark("loaded", self.session.spec.title)
        self._runtime = self.session.runtime.name
        if remark := self.session.runtime.remark:
            self.host.notify(remark, timeout=8)
        if self.collection is not None and (remarks := self.collection.remarks):
            self.host.notify(f"done without: {'; '.join(remarks)}", severity="warning", timeout=8)
        if self.collection is not None and (problems := self.collection.problems):
            self.host.fail(_not_loaded(problems))
        self._attach_next()
        self.changed()

    def after_swap(self) -> None:
        """Begin to sample what has been put in the place of the version before."""
        self.monitor.start()
        self.monitor.mark("swapped", self.session.spec.title)
        self._attach_next()
        self.changed()

    def _attach_next(self) -> None:
        """Make the next of the attachments that were asked for at the start; one that fails is no reason to stop."""
        if self.attach_first and self.collection is not None:
            program, target = self.attach_first.pop(0)
            self.attach(AttachRequest(program, target), is_anew=False)

    def after_attach(self, message: Attached) -> None:
        """Set the clock of an automatic detach."""
        self._done()
        self.monitor.mark("attached", *program_and_target(message.text))
        if remark := message.link.target.remark:
            self.host.notify(f"{message.text}: {remark}", severity="warning", timeout=8)
        if message.detach_after is not None:
            self._detach_at[message.link] = time.monotonic() + message.detach_after
        self._attach_next()
        self.changed()

    def after_detach(self, message: Detached) -> None:
        """Forget the clocks of what is detached."""
        self._done()
        for text in message.texts:
            self.monitor.mark("detached", *program_and_target(text))
        for link in message.links:
            self._detach_at.pop(link, None)
            self._gone.discard(link)
        self.changed()

    def after_failure(self, message: Failed) -> str:
        """Say what failed, until it is answered; return it with what helps."""
        if message.action in ("load", "attach", "detach"):
            self._done()
        error = message.error
        if isinstance(error, BpftuiError):
            # The Log is in front then, and says what the verifier did.
            tab = "" if isinstance(error, VerifierError) else message.tab
            # What the system lacks is the same whatever was tried: such an error does not say what that was.
            why = f"cannot {message.action}: {error.message}" if isinstance(error, NoThreadError) else error.message
            failure = Failure(message.action, why, error.hint or "", message.node, tab)
        else:
            why = f"cannot {message.action}: {type(error).__name__}: {error}"
            failure = Failure(message.action, why, node=message.node, tab=message.tab)
        self.host.fail(failure)
        if message.action == "attach":
            self._attach_next()
        self.changed()
        return f"{failure.why}\n{failure.hint}" if failure.hint else failure.why

    def note(self, text: str, error: Exception | None = None) -> str:
        """Write to the user's log, with the traceback of an *error*; return why not, once, where it cannot be."""
        if self._journal is None:
            from .state.journal import Journal

            self._journal = Journal()
        file = self.session.spec.file
        if error is not None:
            return self._journal.write_error(error, text, file=file)
        return self._journal.write(text, file=file)

    def detach_due(self) -> None:
        """Detach what is due, and count down what is going to be."""
        if not self._detach_at:
            return
        now = time.monotonic()
        due = [link for link in self.session.links if self._detach_at.get(link, now + 1) <= now]
        if due and not self._busy:
            self.detach(due)
        self.changed()

    def close(self) -> None:
        """Undo everything, in order: the sampler and its ring buffers, links, the collection."""
        if self._stop is not None:
            self._stop.set()  # or closing would wait for the load
        try:
            self.monitor.stop()
        finally:
            try:
                self.keeping.close()
            finally:
                self.session.close()

    @property
    def ending(self) -> str:
        """What the user's log is told of its end: what is attached now is detached then."""
        return "closed" + "".join(f", detached {_link_text(link)}" for link in self.session.links)

    def close_noted(self) -> None:
        """Undo everything, and write so to the user's log."""
        ending = self.ending
        try:
            self.close()
        finally:
            self.note(ending)


def _not_loaded(problems: Mapping[str, BpftuiError]) -> Failure:
    """Return what is said of programs that were not loaded, while others were."""
    first, error = next(iter(problems.items()))
    refused = any(isinstance(each, VerifierError) for each in problems.values())  # the Log is in front then
    node, tab = (None, "") if refused else (Node(NodeKind.PROGRAM, first), "log")
    if len(problems) == 1:
        return Failure("load", error.message, error.hint or "", node, tab)
    return Failure("load", f"not loaded: {', '.join(problems)}", "the Log says why of each", node, tab)


def _part(variable: Variable, place: Place) -> bytes:
    """Return the bytes of a part of a variable in memory."""
    return variable.raw()[place.offset : place.offset + place.size]


def _entry_text(entry: Entry | None) -> str:
    """Return an entry as the journal keeps it: what it takes to put it back by hand."""
    return "not there" if entry is None else " | ".join(value.hex(" ") for value in entry.values)


def _value_text(place: Place, raw: bytes) -> str:
    """Return what stands at a mark of the graph."""
    return raw[:_MARKED].hex(" ") if place.type is None else place.type.format(raw, limit=_MARKED)


def program_and_target(text: str) -> tuple[str, str]:
    """Return program and target of what `_link_text` returned."""
    program, _, target = text.partition(" → ")
    return program, target


def _link_text(link: Link) -> str:
    """Return `program → target`."""
    place = link.target.name if link.target.namespace is None else SANDBOX
    return f"{link.program} → {place}"
