"""What is the same for all that runs as init in a guest: what is mounted, what is said on the serial line, the end.

It is imported in the guest, before anything else is there, and so imports nothing but what every Python has.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import traceback
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["HOME", "findings", "load_modules", "run", "say"]

HOME: Final = Path("/bpftui")
"""The folder in the guest that has the engine, objects and modules."""
_PREFIX: Final = "@@ "
"""What starts a line of ours on the serial line, and no line of the kernel's."""
_MOUNTS: Final = (
    ("devtmpfs", "/dev"),
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("securityfs", "/sys/kernel/security"),
    ("tracefs", "/sys/kernel/tracing"),
    ("bpf", "/sys/fs/bpf"),
    ("cgroup2", "/sys/fs/cgroup"),
)
_FINIT_MODULE: Final = 313
"""The number of the system call on x86-64."""
_POWER_OFF: Final = 0x4321FEDC
_LONG: Final = 4096


def say(finding: str, **facts: object) -> None:
    """Print one finding; a long one is packed, for a serial line is slow."""
    text = json.dumps({"finding": finding, **facts})
    if len(text) > _LONG:
        text = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    print(_PREFIX + text, flush=True)


def findings(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield what was said on a serial line, in its order.

    Raises:
        ValueError: A line is damaged.
    """
    for line in lines:
        if line.startswith(_PREFIX):
            text = line[len(_PREFIX) :]
            try:
                packed = b"" if text.startswith("{") else zlib.decompress(base64.b64decode(text, validate=True))
            except zlib.error as error:
                raise ValueError(str(error)) from error
            yield json.loads(packed or text)


def run(steps: Iterable[Callable[[], object]]) -> None:
    """Do one step after the other; what a step dies of is a finding, too. At the end the machine is switched off."""
    print(flush=True)  # the firmware leaves its last line open
    for step in (_mount, *steps):
        try:
            step()
        except BaseException:  # init must not die
            say("crash", step=step.__name__, trace=traceback.format_exc())
    say("end")
    ctypes.CDLL(None).reboot(_POWER_OFF)


def _mount() -> None:
    """Mount what a running system has mounted, as far as this kernel has it."""
    libc = ctypes.CDLL(None, use_errno=True)
    lacking: dict[str, str] = {}
    for kind, where in _MOUNTS:
        try:
            Path(where).mkdir(exist_ok=True)
        except OSError as error:
            lacking[kind] = str(error)
            continue
        if libc.mount(kind.encode(), where.encode(), kind.encode(), 0, None):
            lacking[kind] = os.strerror(ctypes.get_errno())
    say("mounts", lacking=lacking)


def load_modules() -> dict[str, str]:
    """Load the modules that came with the kernel; return why those do not load that do not."""
    libc = ctypes.CDLL(None, use_errno=True)
    refused: dict[str, str] = {}
    for path in sorted((HOME / "modules").glob("*.ko"), key=lambda path: int(path.stem.partition("-")[0])):
        with path.open("rb") as file:
            if libc.syscall(_FINIT_MODULE, file.fileno(), b"", 0):
                refused[path.name] = os.strerror(ctypes.get_errno())
    return refused
