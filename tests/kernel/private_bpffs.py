"""A bpffs that only one thread sees, and that is gone with it."""

from __future__ import annotations

import ctypes
import os
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["in_private_bpffs"]

_CLONE_FS, _CLONE_NEWNS = 0x200, 0x20000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000

_T = TypeVar("_T")
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]


def _check(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def in_private_bpffs(directory: Path, work: Callable[[], _T]) -> _T:
    """Return what *work* returns, called while a bpffs is mounted at *directory* for it alone."""
    result: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            _check(_libc.unshare(_CLONE_NEWNS | _CLONE_FS))
            _check(_libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None))
            _check(_libc.mount(b"bpf", os.fsencode(directory), b"bpf", 0, None))
            result.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return result[0]
