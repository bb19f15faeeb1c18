"""Calls: a run for each packet, of a capture or of an interface, until one comes to a place that is named."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ..errors import UsageError
from ..traffic import Capture
from .recording import Call
from .session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .recording import Recording

__all__ = ["calls_of", "captured_calls", "check_count", "check_place", "extend_until"]

MOST_PACKETS: Final = 100_000
"""Packets that one recording has as runs."""


def check_count(what: str, count: int) -> None:
    """Raise UsageError for a number of packets that no recording has; *what* asks for it."""
    if not 1 <= count <= MOST_PACKETS:
        raise UsageError(f"{what} takes from 1 to {MOST_PACKETS:,} packets, and not {count:,}")


def captured_calls(path: str, say: Callable[[str], object], skip: int = 0) -> list[Call]:
    """Return a run for each packet of a capture, pcap or pcapng.

    Args:
        path: The file.
        say: Is told that there are more packets than a recording has runs.
        skip: Bytes that are left out at the beginning of each: the Ethernet header, where a program sees none.

    Raises:
        UsageError: There is no packet in it.
        CaptureError: It is no capture, or is damaged.
    """
    calls: list[Call] = []
    name = os.path.basename(path)
    for packet in Capture(path):
        if len(calls) == MOST_PACKETS:
            say(f"{path} has more than {MOST_PACKETS:,} packets: the others are left out")
            break
        calls.append(Call(packet.frame[skip:], origin=f"packet {packet.number} of {name}"))
    if not calls:
        raise UsageError(f"{path} has no packet")
    return calls


def calls_of(packets: Iterable[bytes], interface: str) -> Iterator[Call]:
    """Iterate over the runs of packets that are taken on an interface."""
    for number, packet in enumerate(packets, 1):
        yield Call(packet, origin=f"packet {number:,} on {interface}")


def check_place(recording: Recording, where: str) -> None:
    """Refuse a place that there is not, before anybody waits for packets that come to it; errors as for `break`."""
    trial = recording.copy()
    trial.calls = [Call()]
    with Session(trial) as session:
        session.break_as_said(where)


def extend_until(recording: Recording, calls: Iterator[Call], until: str) -> None:
    """Add runs to a recording that has none, until one comes to a place, or there are no more."""
    if (first := next(calls, None)) is None:
        return
    recording.calls.append(first)
    with Session(recording) as session:
        by = session.break_as_said(until)
        while not session.resume_to(by):
            call = next(calls, None)
            if call is None:
                return
            session.extend([call])
