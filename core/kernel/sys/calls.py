"""Calls from one process to another, over a socket pair: functions by their names, arguments, results and errors.

Sockets, and file descriptors that are marked as such, are passed on with them (SCM_RIGHTS): the other side gets its
own. Both ends run this code and are each other's parent and child; nothing here is for whoever one cannot trust.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FileDescriptor", "call", "serve"]

_LENGTH: Final = struct.Struct("=I")
_MOST_DESCRIPTORS: Final = 16


class FileDescriptor(int):
    """A number that means an open file. Passed to another process, it is that process's number for the same file."""


def call(channel: socket.socket, function: Callable[[], Any]) -> Any:
    """Have the other end call *function*, which has to be one that pickle can name, and return what it returns.

    Raises:
        EOFError: The other end is gone.
        Exception: What the function raised.
    """
    _send(channel, function)
    (succeeded, result), _ = _receive(channel)
    if succeeded:
        return result
    raise result


def serve(channel: socket.socket) -> None:
    """Make the calls that come in, one after the other, until the other end is closed."""
    while True:
        try:
            function, opened = _receive(channel)
        except EOFError:
            return
        try:
            answer = (True, function())
        except Exception as error:
            answer = (False, error)
        _send(channel, answer)
        # What came in was for the one call, and what went out is the caller's now.
        for item in (*opened, answer[1]):
            if isinstance(item, FileDescriptor):
                with contextlib.suppress(OSError):
                    os.close(item)
            elif isinstance(item, socket.socket):
                item.close()


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.descriptors: list[int] = []

    def persistent_id(self, obj: Any) -> tuple[str, int] | None:
        if isinstance(obj, FileDescriptor):
            self.descriptors.append(int(obj))
        elif isinstance(obj, socket.socket):
            self.descriptors.append(obj.fileno())
        else:
            return None
        return type(obj).__name__, len(self.descriptors) - 1

    def reducer_override(self, obj: Any) -> Any:
        # By itself, pickle calls an exception's class with its message; an OSError tells the rest of it, too.
        if isinstance(obj, BaseException) and not isinstance(obj, OSError):
            return _exception, (type(obj), obj.args, obj.__dict__)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, descriptors: list[int]) -> None:
        super().__init__(file)
        self._descriptors = descriptors
        self.opened: list[FileDescriptor | socket.socket] = []

    def persistent_load(self, pid: tuple[str, int]) -> FileDescriptor | socket.socket:
        kind, index = pid
        number = self._descriptors[index]
        found = FileDescriptor(number) if kind == FileDescriptor.__name__ else socket.socket(fileno=number)
        self.opened.append(found)
        return found


def _exception(kind: type[BaseException], args: tuple[Any, ...], attributes: dict[str, Any]) -> BaseException:
    made = kind.__new__(kind, *args)
    made.args = args
    made.__dict__.update(attributes)
    return made


def _send(channel: socket.socket, message: Any) -> None:
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump(message)
    data = file.getvalue()
    # With the length, which is never cut in two.
    socket.send_fds(channel, [_LENGTH.pack(len(data))], pickler.descriptors)
    channel.sendall(data)


def _receive(channel: socket.socket) -> tuple[Any, list[FileDescriptor | socket.socket]]:
    """Return the next message, and what it opened here."""
    head, descriptors, _, _ = socket.recv_fds(channel, _LENGTH.size, _MOST_DESCRIPTORS)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = bytearray()
    while len(data) < length:
        part = channel.recv(min(length - len(data), 1 << 20))
        if not part:
            raise EOFError
        data += part
    unpickler = _Unpickler(io.BytesIO(data), descriptors)
    return unpickler.load(), unpickler.opened
