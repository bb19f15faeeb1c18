"""A home of its own for what is no test, and starts explorers or commands: a bench, a fuzzer, what takes pictures."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["HOMES", "own_home"]

HOMES: Final = ("XDG_CONFIG_HOME", "XDG_STATE_HOME")
"""What says where configuration and state are; tests have each its own (tests/conftest.py)."""


@contextmanager
def own_home() -> Generator[str]:
    """Have this process and those that it starts find no configuration, and leave nothing in the user's own lists."""
    before = {name: os.environ.get(name) for name in HOMES}
    with tempfile.TemporaryDirectory(prefix="bpftui-home-") as home:
        os.environ.update(dict.fromkeys(HOMES, home))
        try:
            yield home
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
