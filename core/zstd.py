"""Unpacking zstd, by whichever library this Python has."""

from __future__ import annotations

import io
from importlib import import_module

__all__ = ["unzstd"]


def unzstd(data: bytes, most: int) -> bytes:
    """Return what zstd *data* unpacks to, at most *most* bytes of it.

    Python's own module does it (3.14 on), else the package `backports.zstd`, which is the same.

    Raises:
        ModuleNotFoundError: There is neither.
        ValueError: The data are damaged.
    """
    for module in ("compression.zstd", "backports.zstd"):
        try:
            library = import_module(module)
        except ImportError:
            continue
        try:
            with library.ZstdFile(io.BytesIO(data)) as stream:
                found: bytes = stream.read(most)
                return found
        except (OSError, EOFError, ValueError, library.ZstdError) as error:
            raise ValueError(str(error)) from None
    raise ModuleNotFoundError("this Python cannot unpack zstd")
