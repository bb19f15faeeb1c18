"""The running kernel's types as a header, vmlinux.h, kept in the user's cache: it takes seconds to be made."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ..btf import cache
from ..errors import BpftuiError, FeatureError, reason_of
from ..files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["NAME", "folder", "known_folder"]

NAME: Final = "vmlinux.h"


def folder() -> str:
    """Return the folder with the header of this kernel's types, which is made where it is not there yet.

    Raises:
        FeatureError: The kernel does not publish its types.
        BpftuiError: It cannot be written.
    """
    from ..btf.header import c_header
    from ..btf.kernel import VMLINUX, vmlinux

    first, place = _first_line(), _place()
    if not _begins(place / NAME, first):
        try:
            with cache.as_invoker():
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_whole(place / NAME, [first, c_header(vmlinux())])
        except OSError as error:
            raise BpftuiError(
                f"{NAME} cannot be kept: {place / NAME}: {reason_of(error)}",
                hint=f"bpftui show {VMLINUX} --header > {NAME}, and -I says where it is",
            ) from None
    return os.fspath(place)


def known_folder() -> str | None:
    """Return the same where it was made already; None where it was not, or the kernel publishes no types."""
    with suppress(FeatureError):
        if _begins(_place() / NAME, _first_line()):
            return os.fspath(_place())
    return None


def _place() -> Path:
    return cache.directory() / "include"


def _first_line() -> str:
    """Return how the header of this kernel begins, by which it is told from another one's; FeatureError as `folder`."""
    from ..btf.kernel import VMLINUX, vmlinux

    size, checksum = cache.key(vmlinux().raw)
    return f"/* The types of {VMLINUX}, as bpftui wrote them: {size} bytes, CRC-32 {checksum:08x} */\n"


def _begins(file: Path, text: str) -> bool:
    """Whether a file of the user's begins with that, whatever else it is."""
    try:
        with cache.as_invoker():
            descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as opened:
            return opened.read(len(text)) == text.encode()
    except OSError:
        return False
