"""Which clang compiles."""

from __future__ import annotations

import shutil
from typing import Final

from ..errors import FeatureError

__all__ = ["find_clang"]

_VERSIONS: Final = range(40, 9, -1)
"""Clang 10 is the first that makes the relocations of CO-RE and global variables in BTF."""


def find_clang(name: str | None = None) -> str:
    """Return the path of a clang: the one of that *name*, else `clang`, else the newest that is found.

    Raises:
        FeatureError: There is none.
    """
    for each in (name,) if name is not None else ("clang", *(f"clang-{version}" for version in _VERSIONS)):
        if (path := shutil.which(each)) is not None:
            return path
    raise FeatureError(
        f"compiling takes {name or 'clang'}, which is not installed", hint=f"apt install {name or 'clang'}"
    )
