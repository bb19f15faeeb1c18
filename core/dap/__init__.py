"""The Debug Adapter Protocol: what an editor asks of a debugger, answered by `bpftui.core.debug`.

    Adapter(Connection(reader, writer), launch).run()

Messages are JSON behind a header with their length (https://microsoft.github.io/debug-adapter-protocol/specification,
version 1.70). What is wrong with one is answered, as a request that failed or as output for people; a stream whose
messages cannot be told apart any more is left.
"""

from __future__ import annotations

from .adapter import Adapter
from .connection import Connection
from .launch import Launch

__all__ = ["Adapter", "Connection", "Launch"]
