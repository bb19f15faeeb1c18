"""Packets for the sandbox: what sends frames on a socket at a rate."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import sys
import termios
import time
from typing import TYPE_CHECKING

from ...errors import BpftuiError
from ...traffic.pacer import Pacer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...traffic.request import Traffic

__all__ = ["LONGEST_FRAME", "TrafficSource"]

LONGEST_FRAME = 1514
"""Bytes: what fits the MTU of 1500 that interfaces have by default."""


class _IoVector(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """`struct msghdr`, which ends in four bytes that nobody uses."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """`struct mmsghdr`: a msghdr, and how many bytes of it were sent, which the kernel writes there."""

    _fields_ = (("header", _Header), ("sent", ctypes.c_uint32))


class _Batch:
    """Frames laid out for sendmmsg(2)."""

    LIMIT = 1024
    """UIO_MAXIOV: what the kernel takes in one call."""

    def __init__(self, frames: Sequence[bytes]) -> None:
        self._buffers = [ctypes.create_string_buffer(frame, len(frame)) for frame in frames]
        self._vectors = (_IoVector * len(frames))()
        self._messages = (_Message * len(frames))()
        for buffer, vector, message in zip(self._buffers, self._vectors, self._messages, strict=True):
            vector.base, vector.length = ctypes.addressof(buffer), len(buffer)
            message.header.vectors, message.header.vector_count = ctypes.addressof(vector), 1
        # A CDLL releases the interpreter's lock while it calls.
        self._sendmmsg = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)

    def send(self, descriptor: int, start: int, count: int) -> int:
        """Send frames from number *start* on, at most *count* of them; return how many."""
        count = min(count, len(self._messages) - start, self.LIMIT)
        first = ctypes.addressof(self._messages) + start * ctypes.sizeof(_Message)
        sent = self._sendmmsg(descriptor, first, count, 0)
        if sent < 0:
            code = ctypes.get_errno()
            if code == errno.ENOBUFS or code == errno.EINTR:
                return 0
            raise BpftuiError(f"cannot send packets: {os.strerror(code).lower()}")
        return sent


class TrafficSource(Pacer):
    """Sends frames on a packet socket: a number of them at once, or at a rate, until it is closed.

    Nothing is lost on the way: a frame counts against the socket's send buffer until the receiver has dealt with it,
    and that buffer is smaller than any queue in between, so that a sender who is too fast waits in the kernel.

    Args:
        channel: A bound AF_PACKET socket, in whatever namespace; it is closed with the source.
        traffic: What is sent.
    """

    BATCH = _Batch.LIMIT

    def __init__(self, channel: socket.socket, traffic: Traffic) -> None:
        super().__init__(traffic, LONGEST_FRAME)
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._channel = channel
        self._frames: Sequence[bytes] = ()
        self._batch = _Batch(())

    def deliver(self, frames: Sequence[bytes], start: int, count: int) -> int:
        """Send frames from number *start* on, as many as the kernel takes in one call."""
        # Generated frames come again and again, and are laid out once.
        if frames is not self._frames:
            self._frames, self._batch = frames, _Batch(frames)
        return self._batch.send(self._channel.fileno(), start, count)

    def settle(self) -> None:
        """Wait until everything that was sent has been received: until nothing counts against the send buffer.

        Raises:
            BpftuiError: Something is held for ten seconds, as a program may that sends packets elsewhere.
        """
        end = time.monotonic() + _PATIENCE
        while int.from_bytes(fcntl.ioctl(self._channel.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder):
            if time.monotonic() > end:
                raise BpftuiError("packets that were sent are still under way after 10 s")
            time.sleep(_LOOK)

    def release(self) -> None:
        """Close the socket."""
        self._channel.close()


_PATIENCE = 10.0
_LOOK = 0.001
"""Seconds between two looks."""
_SEND_BUFFER = 64 * 1024
"""Bytes, which the kernel doubles. A frame takes at least 768 of them, which makes 170 frames: fewer than the 256 of a
veth queue (VETH_RING_SIZE, drivers/net/veth.c) and the 1,000 of net.core.netdev_max_backlog."""
