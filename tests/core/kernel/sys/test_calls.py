"""Calls between two processes; here both ends are in one, in two threads."""

from __future__ import annotations

import functools
import operator
import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import UnknownNameError
from bpftui.core.kernel.sys import calls
from bpftui.core.kernel.sys.calls import FileDescriptor
from bpftui.core.kernel.sys.syscall import BpfError, Command

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def channel() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=calls.serve, args=[theirs])
    thread.start()
    try:
        yield ours
    finally:
        ours.close()
        thread.join()
        theirs.close()


def test_results_of_any_size_come_back(channel: socket.socket) -> None:
    assert calls.call(channel, functools.partial(operator.mul, b"ab", 1_500_000)) == b"ab" * 1_500_000
    assert calls.call(channel, os.getpid) == os.getpid()


def unknown() -> None:
    raise UnknownNameError("interface", "veth", ["veth0"])


def refused() -> None:
    raise BpfError(Command.LINK_CREATE, 16)


def test_errors_come_back_as_they_are(channel: socket.socket) -> None:
    with pytest.raises(UnknownNameError, match="there is no interface 'veth'") as caught:
        calls.call(channel, unknown)
    assert caught.value.hint == "did you mean 'veth0'?"
    with pytest.raises(BpfError, match="LINK_CREATE: EBUSY") as bpf:
        calls.call(channel, refused)
    assert (bpf.value.errno, bpf.value.command) == (16, Command.LINK_CREATE)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        calls.call(channel, functools.partial(os.stat, "/nowhere"))


def same(descriptor: FileDescriptor) -> FileDescriptor:
    return FileDescriptor(os.dup(descriptor))


def write(descriptor: FileDescriptor) -> None:
    os.write(descriptor, b"x")


def test_descriptors_are_passed_on_and_closed_on_the_other_side(channel: socket.socket) -> None:
    before = len(os.listdir("/proc/self/fd"))
    reading, writing = os.pipe()
    calls.call(channel, functools.partial(write, FileDescriptor(writing)))
    assert os.read(reading, 10) == b"x"
    other = calls.call(channel, functools.partial(same, FileDescriptor(writing)))
    assert other != writing
    os.write(other, b"y")
    assert os.read(reading, 10) == b"y"
    for number in (reading, writing, other):
        os.close(number)
    with calls.call(channel, socket.socket) as made:
        assert made.family == socket.AF_INET
    calls.call(channel, os.getpid)  # what went out is closed there by then
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_end_of_the_other_side_is_an_error() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises((EOFError, BrokenPipeError)):
        calls.call(ours, os.getpid)
