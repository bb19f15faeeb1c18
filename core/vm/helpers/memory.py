"""Helpers that copy memory: a bad address of what is read is an error there, not the end of the run.

They read the memory that the program has, and beyond it the image that the settings give. There, addresses of the
kernel and of processes are told apart as Linux 6.18 does it on x86: each kind of helper reads only its own.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..engine.errors import AccessError
from ..engine.image import is_kernel_address
from .declaration import ADDRESS, BUFFER, BYTES, U64, function

if TYPE_CHECKING:
    from ..world.host import Host

__all__: list[str] = []


@function(BUFFER, ADDRESS)
def bpf_probe_read_kernel(host: Host, target: memoryview, source: int) -> int:
    return _read(host, target, source, _of_kernel(source, of_process=-errno.ERANGE))


@function(BUFFER, ADDRESS, also=("bpf_copy_from_user",))
def bpf_probe_read_user(host: Host, target: memoryview, source: int) -> int:
    return _read(host, target, source, _of_process(source))


@function(BUFFER, ADDRESS)
def bpf_probe_read(host: Host, target: memoryview, source: int) -> int:
    """The address tells whose memory it reads."""
    return _read(host, target, source, 0)


@function(BUFFER, ADDRESS, ADDRESS, U64)
def bpf_copy_from_user_task(host: Host, target: memoryview, source: int, _task: int, flags: int) -> int:
    return -errno.EINVAL if flags else bpf_probe_read_user(host, target, source)


@function(BUFFER, ADDRESS)
def bpf_probe_read_kernel_str(host: Host, target: memoryview, source: int) -> int:
    return _read_text(host, target, source, _of_kernel(source, of_process=-errno.ERANGE))


@function(BUFFER, ADDRESS)
def bpf_probe_read_user_str(host: Host, target: memoryview, source: int) -> int:
    return _read_text(host, target, source, _of_process(source))


@function(BUFFER, ADDRESS)
def bpf_probe_read_str(host: Host, target: memoryview, source: int) -> int:
    return _read_text(host, target, source, 0)


@function(BUFFER, ADDRESS, U64)
def bpf_copy_from_user_str(host: Host, target: memoryview, source: int, flags: int) -> int:
    """Linux 6.12; BPF_F_PAD_ZEROS (1) clears what is left of the buffer."""
    if flags & ~1:
        return -errno.EINVAL
    length = bpf_probe_read_user_str(host, target, source)
    if length > 0 and flags:
        target[length:] = bytes(len(target) - length)
    return length


@function(ADDRESS, BYTES)
def bpf_probe_write_user(host: Host, target: int, data: bytes) -> int:
    try:
        host.memory.write(target, data)
    except AccessError:
        return -errno.EFAULT
    return 0


def _of_kernel(address: int, *, of_process: int) -> int:
    """Return 0 for an address of the kernel's; copy_from_kernel_nofault() has an errno of its own for others."""
    return 0 if is_kernel_address(address) else of_process


def _of_process(address: int) -> int:
    return -errno.EFAULT if is_kernel_address(address) else 0


def _read(host: Host, target: memoryview, source: int, refusal: int) -> int:
    """Read *target* full; *refusal* is the errno for a *source* of the wrong kind, 0 for one of the right kind."""
    size = len(target)
    found = host.memory.own(source, size)
    if found is None and not refusal:
        found = host.memory.image.read(source, size)
    target[:] = bytes(size) if found is None else found
    return 0 if found is not None else refusal or -errno.EFAULT


def _read_text(host: Host, target: memoryview, source: int, refusal: int) -> int:
    """Read a text to its zero, or what fits *target* with a zero behind it; return how long it is, with the zero."""
    size = len(target)
    if not size:
        return 0
    found = host.memory.own_text(source, size)
    if found is None and not refusal:
        found = host.memory.image.text(source, size)
    if found is None:
        target[:] = bytes(size)
        return refusal or -errno.EFAULT
    text = found[: size - 1] + b"\0"
    target[: len(text)] = text
    return len(text)
