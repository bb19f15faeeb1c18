"""DebuggingController: from a program to a run of it that can be stepped through."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType

from ...core.context import passage
from ...core.context.packet_sizes import packet_begin, packet_sizes
from ...core.errors import BpftuiError, GivenUpError, NoPermissionError, UsageError
from ...core.interrupt import Interrupt
from ...core.packet import template
from ...core.uapi import ProgramType
from ..operations import DebugRequest
from ..status import Failure, Work
from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ...core.debug import Recording
    from ...core.runtime import Collection, Link
    from ...core.spec import CollectionSpec, ProgramSpec
    from ...core.system.captured import Capturing
    from .controller import Stage

__all__ = ["Debugging", "DebuggingController"]

_ETHERNET: Final = 14
"""Bytes of an Ethernet header."""


class Debugging(NamedTuple):
    """What is debugged."""

    spec: CollectionSpec
    """The object; of what others have loaded, its code restored."""
    recording: Recording
    asked: DebugRequest
    remark: str
    """What the run begins with, and what it is of, for people; empty for what the object has, and the one packet."""


class _Begun(NamedTuple):
    """What is debugged, and where the packets of its runs are to be taken."""

    debugging: Debugging
    source: Capturing | None
    """None where it has its runs."""


class DebuggingController(Controller):
    """Opens the debugger. It loads nothing into the kernel: what runs is on the built-in machine.

    Args:
        spec: What is explored.
        program: Returns the program that is meant; empty where there is none.
        collection: Returns what is loaded, or was recorded; None where nothing is.
        links: Returns what is attached, in the order in which it was.
        why_none: Returns why no packets reach the programs, as a clause; empty where some may.
        prepare: Reads what the debugger is made of, in a thread: that takes a while, the first time.
        enter: Shows the debugger.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "debug", "Debug", show=False, id="debug", tooltip="Step through a run of the program, and back"),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        spec: CollectionSpec,
        program: Callable[[], str],
        collection: Callable[[], Collection | None],
        links: Callable[[], Sequence[Link]],
        why_none: Callable[[], str],
        prepare: Callable[[], None],
        enter: Callable[[Debugging], None],
    ) -> None:
        super().__init__(stage)
        self._spec = spec
        self._program = program
        self._collection = collection
        self._links = links
        self._why_none = why_none
        self._prepare = prepare
        self._enter = enter
        self._given: dict[str, tuple[bytes, Mapping[str, str] | None]] = {}
        """The packet and the context that a program was run with last."""

    def action_debug(self) -> None:
        """Debug the program that is meant, on the packet that it was run with last, else on a usual one."""
        name = self._program()
        program = self._spec.programs[name]
        packet, context = self._given.get(name) or (_usual_packet(program), None)
        self.debug(DebugRequest(name, packet, context))

    def debug(self, asked: DebugRequest) -> None:
        """Debug a run of a program."""
        if not asked.file and not asked.taken:
            self._given[asked.program] = asked.packet, asked.context
        spec, collection, prepare = self._spec, self._collection(), self._prepare
        behind = () if asked.why else _behind(spec, asked.program, self._links())
        interrupt, why_none = Interrupt(), self._why_none()
        asked_for = self.stage.hold_keys()
        self.stage.show_work(Work("preparing the debugger", interrupt.set))

        def begin() -> _Begun | BpftuiError:
            try:
                with interrupt:
                    prepare()
                    return _begun(spec, collection, asked, behind, why_none)
            except BpftuiError as error:
                return error

        def go_on(found: _Begun | BpftuiError) -> None:
            if isinstance(found, BpftuiError) or found.source is None or interrupt.is_set():
                enter(found)
                return
            asked_for.set()  # it may be hours before packets come
            self._take(found, found.source, enter)

        def enter(found: _Begun | BpftuiError) -> None:
            self.stage.show_work(None)
            if isinstance(found, GivenUpError) or interrupt.is_set():
                if isinstance(found, _Begun) and found.source is not None:
                    found.source.close()
                self.stage.notify("given up: the debugger was not opened", timeout=4)
            elif isinstance(found, BpftuiError):
                self.stage.fail(Failure("debug", found.message, found.hint or ""))
            else:
                self._enter(found.debugging)
            asked_for.set()

        self.stage.settle("debug")
        self.stage.find_out(begin, go_on)

    def _take(self, found: _Begun, source: Capturing, enter: Callable[[_Begun | BpftuiError], None]) -> None:
        """Take packets, in a thread, until there are as many as were asked for or esc says that they are enough."""
        enough, asked, meeting = Event(), found.debugging.asked, source.meeting
        ends = f", until one comes to {asked.until}" if asked.until else ""
        packets = "the next packet" if asked.taken == 1 else f"up to {asked.taken:,} packets"
        what = f"taking {packets} on {meeting.interface}, {meeting.where}{ends}; esc: enough"
        self.stage.show_work(Work(what, enough.set))

        def take() -> _Begun | BpftuiError:
            try:
                with source:
                    _take(found.debugging.recording, source, asked, enough)
            except BpftuiError as error:
                return error
            if not found.debugging.recording.calls:
                return GivenUpError("no packet came")
            return found

        self.stage.find_out(take, enter)

    def check_action(self, action: str) -> bool:
        """Offer it where there is a program."""
        return bool(self._program())

    def why_not(self, action: str) -> str:
        """Return why there is nothing to debug."""
        return "this object has no program"


def _behind(spec: CollectionSpec, name: str, links: Sequence[Link]) -> list[str]:
    """Return the programs that a packet comes to behind one, where all are attached to the same interface."""
    target = next((each.target for each in links if each.program == name), None)
    if target is None:
        return []
    # Each sandbox has an interface of its own, and all of them have the same name.
    where = target.name, target.namespace
    same = dict.fromkeys(
        each.program
        for each in links
        if (each.target.name, each.target.namespace) == where and "egress" not in each.target.options
    )
    return [each.name for each in passage.behind(spec.programs[name], [spec.programs[each] for each in same])]


def _begun(
    spec: CollectionSpec, collection: Collection | None, asked: DebugRequest, behind: Sequence[str], why_none: str
) -> _Begun:
    """Return what is debugged, without the packets that are to be taken; it takes a while, and is done in a thread.

    Raises:
        BpftuiError: There is none, or what is loaded cannot be run on the machine.
    """
    from ...core.debug import Call, Recording
    from ...core.debug.calls import captured_calls, check_count, check_place
    from ...core.debug.cloned import cloned
    from ...core.system.loaded import LoadedSpec
    from ...core.system.restored import restored
    from ...core.system.taking import take_packets

    name = asked.program
    remarks: list[str] = []
    found = restored(spec, name) if isinstance(spec, LoadedSpec) else spec
    if asked.file:
        sees_ethernet = packet_begin(b"", packet_sizes(found.program(name).type)).name == "Ethernet"
        calls = captured_calls(asked.file, remarks.append, 0 if sees_ethernet else _ETHERNET)
    else:
        calls = [] if asked.taken else [Call(asked.packet or None, asked.context)]
    source: Capturing | None = None
    if asked.taken:
        check_count("a capture", asked.taken)
        if why_none or collection is None:
            raise UsageError(f"no packets can be taken: {why_none or 'the object is not loaded'}")
        number = collection.programs[name].id
        try:
            source = take_packets(number)
        except NoPermissionError as error:
            given = "" if isinstance(spec, LoadedSpec) else f"{spec.file} {name} --maps "
            hint = f"the explorer gave its rights up: bpftui debug {given}id:{number} --capture {asked.taken} has them"
            raise NoPermissionError(error.message, hint=hint) from error
    try:
        if behind:
            remarks.append(f"what {name} lets pass comes to {' and then to '.join(behind)}")
        used = found.subset(maps=set(), programs={name, *behind}, variables=set()).maps
        before = asked.before
        if before is not None:
            before = before._replace(entries={each: held for each, held in before.entries.items() if each in used})
        elif collection is not None:
            before = cloned(collection, used)
            remarks += ["the run begins with what maps and variables hold now", *before.left_out]
        recording = Recording.of(found, name, calls, behind=behind, asks_memory=True)
        if before is not None:
            recording.begin_with(before.entries, before.cpus)
        if source is not None:
            if asked.until:
                check_place(recording, asked.until)
            source.drop()
            remarks.append(f"packets were taken {source.meeting.where}")
    except BaseException:
        if source is not None:
            source.close()
        raise
    return _Begun(Debugging(found, recording, asked, "; ".join(remarks)), source)


def _take(recording: Recording, source: Capturing, asked: DebugRequest, enough: Event) -> None:
    """Let a recording's runs be of the next packets; errors as those of a capture and of the debugger."""
    from ...core.debug.calls import calls_of, extend_until

    calls = calls_of(source.packets(asked.taken, enough), source.meeting.tapped)
    if asked.until:
        extend_until(recording, calls, asked.until)
    else:
        recording.calls += calls


def _usual_packet(program: ProgramSpec) -> bytes:
    """Return the packet that a program of this type is given where nobody has said which; empty for none."""
    if not program.type.sees_skb and program.type not in (ProgramType.XDP, ProgramType.FLOW_DISSECTOR):
        return b""
    begin = packet_begin(b"", packet_sizes(program.type))
    return bytes(template("IPv4 UDP", ethernet=begin.name == "Ethernet"))
