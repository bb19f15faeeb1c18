"""DebuggingController: from a program to a run of it that can be stepped through."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ...core.context.packet_sizes import packet_begin, packet_sizes
from ...core.errors import BpftuiError
from ...core.packet import template
from ...core.references import parse_loaded
from ...core.uapi import ProgramType
from ..status import Failure
from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...core.debug import Recording
    from ...core.spec import CollectionSpec, ProgramSpec
    from .controller import Stage

__all__ = ["DebuggingController"]


class DebuggingController(Controller):
    """Opens the debugger. It loads nothing into the kernel: what runs is on the built-in machine.

    Args:
        spec: What is explored.
        program: Returns the program that is meant; empty where there is none.
        enter: Shows the debugger with a recording; with an expression at its end, and why that has its value;
            with what another run returned.
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
        enter: Callable[[Recording, str, int | None], None],
    ) -> None:
        super().__init__(stage)
        self._spec = spec
        self._program = program
        self._enter = enter
        self._given: dict[str, tuple[bytes, Mapping[str, str] | None]] = {}
        """The packet and the context that a program was run with last."""

    def action_debug(self) -> None:
        """Debug the program that is meant, on the packet that it was run with last, else on a usual one."""
        name = self._program()
        program = self._spec.programs[name]
        packet, context = self._given.get(name) or (_usual_packet(program), None)
        self.debug(name, packet, context)

    def debug(
        self,
        name: str,
        packet: bytes,
        context: Mapping[str, str] | None,
        why: str = "",
        returned: int | None = None,
    ) -> None:
        """Debug a run of a program.

        Args:
            name: The program.
            packet: What it is given; none where that is empty.
            context: Values of its context's fields.
            why: An expression: the debugger begins at the end of the run, with where its value comes from.
            returned: What a run of what is loaded returned that is asked about, unsigned: the debugger begins with the
                object's maps and variables, and says so where that comes to something else.
        """
        from ...core.debug import Call, Recording

        self._given[name] = packet, context
        spec = self._spec

        def record() -> Recording | BpftuiError:
            try:
                return Recording.of(spec, name, [Call(packet or None, context)])
            except BpftuiError as error:
                return error

        def enter(found: Recording | BpftuiError) -> None:
            if isinstance(found, BpftuiError):
                self.stage.fail(Failure("debug", found.message, found.hint or ""))
            else:
                self._enter(found, why, returned)

        self.stage.settle("debug")
        self.stage.find_out(record, enter)

    def check_action(self, action: str) -> bool:
        """Offer it where there is a program, in a file."""
        return bool(self._program()) and parse_loaded(self._spec.file) is None

    def why_not(self, action: str) -> str:
        """Return why there is nothing to debug."""
        if parse_loaded(self._spec.file) is not None:
            return "what others have loaded is not debugged yet: open its object file"
        return "this object has no program"


def _usual_packet(program: ProgramSpec) -> bytes:
    """Return the packet that a program of this type is given where nobody has said which; empty for none."""
    if not program.type.sees_skb and program.type not in (ProgramType.XDP, ProgramType.FLOW_DISSECTOR):
        return b""
    begin = packet_begin(b"", packet_sizes(program.type))
    return bytes(template("IPv4 UDP", ethernet=begin.name == "Ethernet"))
