"""Attached: programs of an object under test in a sandbox, and what is sent to them there."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ..closing import Closing
from ..errors import UsageError
from .arguments import number, packet_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..runtime import Sandbox
    from ..traffic import Traffic
    from .loaded import BpfObject
    from .run import Flow
    from .side import Side

__all__ = ["Attached"]


class Attached(Closing):
    """Programs that are attached to a sandbox, in each runtime that their object is loaded into.

    On the machine that is packets in memory, and for programs that take none a made-up call for each; in the kernel an
    interface in a network namespace of its own. It ends with its context, or with its test.

    Args:
        object_: What is loaded.
        programs: Their names.
        traffic: What `send(count=…)` takes its packets from; without, generated ones.

    Raises:
        NotHereError: A runtime has no such place.
        UnknownNameError, BpftuiError: There is no such program, or it cannot be attached.
    """

    def __init__(self, object_: BpfObject, programs: Sequence[str], traffic: Traffic | None) -> None:
        self._object = object_
        self._programs = programs
        with ExitStack() as stack:
            self._sandboxes: dict[Side, Sandbox] = {}
            for side in object_.sides:
                place = side.attach(programs, traffic)
                stack.callback(place.close)
                self._sandboxes[side] = place.sandbox
            self._stack = stack.pop_all()

    def __repr__(self) -> str:
        return f"<Attached {', '.join(self._programs)}>"

    def send(self, *packets: Any, count: int = 0) -> Flow:
        """Send packets, one after the other, and return what the programs did with all of them.

        Args:
            packets: Bytes, or what has them, as `TestedProgram.run` takes it.
            count: Instead of them: so many of the traffic. A capture may have fewer, which `Flow.sent` tells.

        Raises:
            UsageError: Both are given or none of them, or a packet cannot be sent.
            DisagreementError: Two runtimes did not do the same.
            BpftuiError: A program was stopped.
        """
        __tracebackhide__ = True
        count = number("count", count) or 0
        if bool(packets) == bool(count):
            raise UsageError("send() takes packets, or count=N for so many of the traffic")
        frames = [packet_bytes(each) for each in packets]

        def sent(side: Side) -> Flow:
            sandbox = self._sandboxes[side]

            def send() -> int:
                if not frames:
                    return sandbox.send(count)
                sandbox.give(frames)
                return len(frames)

            return side.flow(self._programs, send)

        return self._object.compared(self._object.watch_command(self._programs), sent)

    def close(self) -> None:
        """Detach the programs; a second call does nothing."""
        self._stack.close()
