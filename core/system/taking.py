"""Taking packets that reach a program, with the rights of this process, or where it lacks them with its steward's."""

from __future__ import annotations

import pickle
import socket
from typing import TYPE_CHECKING, Final, cast

from ..errors import BpftuiError, NoPermissionError, UsageError
from ..kernel.sys import rights
from ..kernel.sys.rights import Capability
from ..privileges import errand
from .captured import Capturing, meeting_of
from .errands import open_inventory
from .inventory import Inventory

if TYPE_CHECKING:
    from .captured import Meeting

__all__ = ["take_for_client", "take_packets"]

_LARGEST: Final = 1 << 16
"""Bytes of what a steward tells of a capture."""


def take_packets(program: int) -> Capturing:
    """Begin to take packets that reach a program, by its id.

    Raises:
        UsageError: It is attached nowhere where packets could be taken.
        NoPermissionError: That takes CAP_NET_RAW, and nobody here has it.
    """
    if rights.missing([Capability.CAP_NET_RAW]):
        try:
            answer = errand("capture", str(program))
        except OSError as error:
            raise BpftuiError(f"the process that takes packets does not answer: {error.strerror}") from error
        if answer is not None:
            return _received(answer)
    with open_inventory() as inventory:
        meeting = meeting_of(inventory.snapshot(), program)
    return Capturing(meeting)


def _received(descriptor: int) -> Capturing:
    """Return what a steward has begun, whose socket comes with what it tells."""
    with socket.socket(fileno=descriptor) as channel:
        raw, found, _, _ = socket.recv_fds(channel, _LARGEST, 1)
    answer = cast("Meeting | BpftuiError", pickle.loads(raw))
    if isinstance(answer, BpftuiError):
        raise answer
    return Capturing(answer, socket.socket(fileno=found[0]))


def take_for_client(argument: str) -> int:
    """Return a socket on which a client is told where packets meet a program, with the socket that takes them there.

    Called in the steward. It is bound to that interface; a client may bind it to others of that namespace.

    Raises:
        UsageError: The argument is no program's id.
    """
    if not argument.isdecimal():
        raise UsageError("packets are taken that reach a program")
    answer: Meeting | BpftuiError
    sent: list[int] = []
    capturing: Capturing | None = None
    try:
        with Inventory(symbols=False) as inventory:
            meeting = meeting_of(inventory.snapshot(), int(argument))
        capturing = Capturing(meeting)
        sent.append(capturing.channel.fileno())
        answer = meeting._replace(namespace=meeting.namespace._replace(processes=(), interfaces=(), hooks=()))
    except BpftuiError as error:
        kind = NoPermissionError if isinstance(error, NoPermissionError) else UsageError
        answer = kind(error.message, hint=error.hint)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        raw = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
        socket.send_fds(ours, [raw], sent)
    if capturing is not None:
        capturing.close()
    return theirs.detach()
