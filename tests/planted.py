"""bpftui with an endless loop planted in it: python -m tests.planted PLACE MARK ARGUMENTS…

PLACE is `worker` (a thread of the pool that the event loop's workers run in, which Python waits for at its end), `main`
(the event loop of the explorer; of a command, where it runs or loads something), or either with `-in-c`: there it is C
code that holds the interpreter's lock and looks for no signals. `slow-close` is no loop: undoing it all takes three
seconds, as where a machine has much else to do; with `slow-end` the event loop takes more than a second to leave, and
undoing it all is not done before it is ended: of a process whose threads wait for a processor a tenth of the time
counts, so that it would come to the end of whatever takes some seconds; with `failing-close` it cannot be undone. When
it is entered, the file MARK appears.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

from bpftui.core.errors import BpftuiError
from bpftui.core.kernel.program import Program
from bpftui.core.live.sampler import Sampler
from bpftui.core.live.session import Session
from bpftui.core.loader import CollectionLoader
from bpftui.tui.__main__ import main
from bpftui.tui.base_app import BaseApp

_pool = ThreadPoolExecutor()


def _loop(mark: str, in_c: bool) -> None:
    Path(mark).touch()
    if in_c:
        deque(repeat(None), maxlen=0)
    while True:
        pass


def _plant(place: str, mark: str, command: str) -> None:
    in_c = place.endswith("-in-c")
    if place in ("slow-close", "slow-end", "failing-close"):
        close = Session.close

        def hooked_close(self: Session) -> None:
            Path(mark).touch()
            if place == "failing-close":
                raise BpftuiError("the sandbox cannot be taken down")
            time.sleep(3 if place == "slow-close" else 60)
            close(self)

        Session.close = hooked_close  # type: ignore[method-assign]
        if place == "slow-end":
            leave = BaseApp[Any].exit

            def hooked_exit(self: BaseApp[Any], *arguments: Any, **options: Any) -> None:
                leave(self, *arguments, **options)
                time.sleep(1.4)

            BaseApp.exit = hooked_exit  # type: ignore[method-assign]
        return

    def now() -> None:
        if place.startswith("worker"):
            _pool.submit(_loop, mark, in_c)
        else:
            _loop(mark, in_c)

    if command in ("watch", "demo", "run", "check"):
        kind, name = {"run": (Program, "run"), "check": (CollectionLoader, "_try_program")}.get(
            command, (Sampler, "take")
        )
        original = getattr(kind, name)
        calls: list[int] = []

        def hooked(*arguments: Any, **options: Any) -> Any:
            result = original(*arguments, **options)
            calls.append(1)
            if len(calls) == (2 if kind is Sampler else 1):
                now()
                if place.startswith("worker") and kind is not Sampler:
                    time.sleep(60)
            return result

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
