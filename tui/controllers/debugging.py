"""DebuggingController: from a program to a run of it that can be stepped through."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding, BindingType

from ...core.context.packet_sizes import packet_begin, packet_sizes
from ...core.errors import BpftuiError, GivenUpError
from ...core.interrupt import Interrupt
from ...core.packet import template
from ...core.uapi import ProgramType
from ..operations import DebugRequest
from ..status import Failure, Work
from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...core.debug import Recording
    from ...core.runtime import Collection
    from ...core.spec import CollectionSpec, ProgramSpec
    from .controller import Stage

__all__ = ["Debugging", "DebuggingController"]


class Debugging(NamedTuple):
    """What is debugged."""

    spec: CollectionSpec
    """The object; of what others have loaded, its code restored."""
    recording: Recording
    asked: DebugRequest
    remark: str
    """What the run begins with, for people; empty for what the object has."""


class DebuggingController(Controller):
    """Opens the debugger. It loads nothing into the kernel: what runs is on the built-in machine.

    Args:
        spec: What is explored.
        program: Returns the program that is meant; empty where there is none.
        collection: Returns what is loaded, or was recorded; None where nothing is.
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
        prepare: Callable[[], None],
        enter: Callable[[Debugging], None],
    ) -> None:
        super().__init__(stage)
        self._spec = spec
        self._program = program
        self._collection = collection
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
        self._given[asked.program] = asked.packet, asked.context
        spec, collection, prepare = self._spec, self._collection(), self._prepare
        interrupt = Interrupt()
        self.stage.show_work(Work("preparing the debugger", interrupt.set))

        def begin() -> Debugging | BpftuiError:
            try:
                with interrupt:
                    prepare()
                    return _begun(spec, collection, asked)
            except BpftuiError as error:
                return error

        def enter(found: Debugging | BpftuiError) -> None:
            self.stage.show_work(None)
            if isinstance(found, GivenUpError) or interrupt.is_set():
                self.stage.notify("given up: the debugger was not opened", timeout=4)
            elif isinstance(found, BpftuiError):
                self.stage.fail(Failure("debug", found.message, found.hint or ""))
            else:
                self._enter(found)

        self.stage.settle("debug")
        self.stage.find_out(begin, enter)

    def check_action(self, action: str) -> bool:
        """Offer it where there is a program."""
        return bool(self._program())

    def why_not(self, action: str) -> str:
        """Return why there is nothing to debug."""
        return "this object has no program"


def _begun(spec: CollectionSpec, collection: Collection | None, asked: DebugRequest) -> Debugging:
    """Return what is debugged; it takes a while, and is done in a thread.

    Raises:
        BpftuiError: There is none, or what is loaded cannot be run on the machine.
    """
    from ...core.debug import Call, Recording
    from ...core.debug.cloned import cloned
    from ...core.system.loaded import LoadedSpec
    from ...core.system.restored import restored

    name = asked.program
    found = restored(spec, name) if isinstance(spec, LoadedSpec) else spec
    used = found.subset(maps=set(), programs={name}, variables=set()).maps
    before, remark = asked.before, ""
    if before is not None:
        before = before._replace(entries={each: held for each, held in before.entries.items() if each in used})
    elif collection is not None:
        before = cloned(collection, used)
        remark = "; ".join(("the run begins with what maps and variables hold now", *before.left_out))
    recording = Recording.of(found, name, [Call(asked.packet or None, asked.context)], asks_memory=True)
    if before is not None:
        recording.begin_with(before.entries, before.cpus)
    return Debugging(found, recording, asked, remark)


def _usual_packet(program: ProgramSpec) -> bytes:
    """Return the packet that a program of this type is given where nobody has said which; empty for none."""
    if not program.type.sees_skb and program.type not in (ProgramType.XDP, ProgramType.FLOW_DISSECTOR):
        return b""
    begin = packet_begin(b"", packet_sizes(program.type))
    return bytes(template("IPv4 UDP", ethernet=begin.name == "Ethernet"))
