"""bpftui with an endless loop planted in it: python -m tests.planted PLACE MARK ARGUMENTS…

PLACE is `worker` (a thread of the pool that the event loop's workers run in, which Python waits for at its end), `main`
(the event loop of the explorer; of a command, where it runs or loads something), or either with `-in-c`: there it is C
code that holds the interpreter's lock, a regular expression. When the loop is entered, the file MARK appears.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bpftui.core.kernel.collection import KernelCollection
from bpftui.core.kernel.program import Program
from bpftui.core.live.sampler import Sampler
from bpftui.tui.__main__ import main

_pool = ThreadPoolExecutor()


def _loop(mark: str, in_c: bool) -> None:
    threading.Timer(0.05, Path(mark).touch).start() if not in_c else Path(mark).touch()
    if in_c:
        re.match(r"(a+)+$", "a" * 60 + "b")
    while True:
        pass


def _plant(place: str, mark: str, command: str) -> None:
    in_c = place.endswith("-in-c")

    def now() -> None:
        if place.startswith("worker"):
            _pool.submit(_loop, mark, in_c)
        else:
            _loop(mark, in_c)

    if command in ("watch", "demo", "run", "check"):
        kind, name = {"run": (Program, "run"), "check": (KernelCollection, "close")}.get(command, (Sampler, "take"))
        original = getattr(kind, name)
        calls: list[int] = []

        def hooked(*arguments: Any, **options: Any) -> Any:
            calls.append(1)
            if len(calls) == (2 if kind is Sampler else 1):
                now()
                if place.startswith("worker") and kind is not Sampler:
                    time.sleep(60)
            return original(*arguments, **options)

        setattr(kind, name, hooked)
        return

    from bpftui.tui.operations import Operations

    after_attach = Operations.after_attach

    def hooked_after(self: Operations, message: Any) -> None:
        after_attach(self, message)
        asyncio.get_running_loop().call_later(0.3, now)

    Operations.after_attach = hooked_after  # type: ignore[method-assign]


if __name__ == "__main__":
    where, mark_file, *rest = sys.argv[1:]
    sys.argv = ["bpftui", *rest]
    _plant(where, mark_file, rest[0])
    sys.exit(main())
