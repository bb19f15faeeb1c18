"""A program on the packets of a capture, one test run each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ..context.fields import lets_through
from ..errors import BpftuiError, UsageError
from ..spec import ProgramType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..runtime import Program, RunResult
    from ..traffic import CapturedPacket

__all__ = ["PacketRun", "Tally", "replay"]

_HEADER = 14
_WITH_HEADER = frozenset({ProgramType.XDP, ProgramType.SCHED_CLS, ProgramType.SCHED_ACT})
"""Types that see the Ethernet header; test runs of others give back zeros in its place."""


class PacketRun(NamedTuple):
    """A packet, and what a program made of it."""

    packet: CapturedPacket
    result: RunResult | None
    """None where the runtime takes no test run on such a packet."""
    problem: UsageError | None
    """Why not."""
    frame: bytes
    """The frame as the program left it, its header put back; of a socket filter, what it kept."""
    passed: bool
    """Whether the packet goes on."""

    @property
    def changed(self) -> bool:
        """Whether the program changed what goes on."""
        return self.passed and self.frame != self.packet.frame


@dataclass
class Tally:
    """What a program returned for many packets."""

    packets: Counter[int] = field(default_factory=Counter[int])
    """How many, by return value."""
    sizes: Counter[int] = field(default_factory=Counter[int])
    """Their bytes, by return value."""
    changed: int = 0
    duration_ns: int = 0
    """Of all runs together."""
    cut: int = 0
    """Packets of which not all was captured: the program ran on what there is."""
    first_cut: CapturedPacket | None = None
    refused: int = 0
    """Packets that the runtime takes no test run on."""
    refusal: str = ""
    """Why not the first one of them."""

    def add(self, run: PacketRun) -> None:
        """Count a packet."""
        if run.result is None:
            self.refused += 1
            self.refusal = self.refusal or f"packet {run.packet.number}: {run.problem}"
            return
        if len(run.packet.frame) < run.packet.length:
            self.cut += 1
            self.first_cut = self.first_cut or run.packet
        self.packets[run.result.retval] += 1
        self.sizes[run.result.retval] += len(run.packet.frame)
        self.changed += run.changed
        self.duration_ns += run.result.duration_ns


def replay(program: Program, packets: Iterable[CapturedPacket]) -> Iterator[PacketRun]:
    """Run *program* once on each packet, as it comes; maps and variables change as they would.

    Raises:
        UsageError: The runtime takes a test run on none of them.
        BpftuiError: A run was stopped; the message has the packet's number.
    """
    ran, first = False, None
    for packet in packets:
        try:
            result = program.run(packet.frame)
        except UsageError as error:
            first = first or error
            yield PacketRun(packet, None, error, packet.frame, False)
            continue
        except BpftuiError as error:
            error.message = f"packet {packet.number}: {error.message}"
            error.args = (error.message,)
            raise
        ran = True
        yield PacketRun(
            packet, result, None, _frame(program, packet, result), lets_through(program.type, result.retval)
        )
    if first is not None and not ran:
        raise first


def _frame(program: Program, packet: CapturedPacket, result: RunResult) -> bytes:
    if program.type in _WITH_HEADER:
        return result.data
    frame = packet.frame[:_HEADER] + result.data[_HEADER:]
    if program.type is ProgramType.SOCKET_FILTER:
        return frame[: _HEADER + result.retval]
    return frame
