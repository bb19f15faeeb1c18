"""Commands in processes that are forked from one that has loaded their modules, which is most of what a command takes.

Each has an environment, a working directory, standard streams and an end of its own, and no thread: after the fork,
Python does what it does for `python -m`. That a command finds all that it needs where nothing has been loaded is seen
where it is started in another way: by a shell, under a limit, as another user, in a terminal.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import os
import runpy
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Forks", "serve"]

_ROOT: Final = Path(__file__).parents[1]
_SERVER: Final = f"import sys; sys.path.append({str(_ROOT)!r}); from tests.forked import serve; serve(*sys.argv[1:])"
_MOST: Final = 1 << 18
"""Bytes of a request, and of what is read at once."""
_HIGH: Final = 100
"""A descriptor that is out of the way."""


class Forks:
    """Runs `python -m MODULE` in processes that are forked from one of its own, which ends with this one."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _MOST)
        with theirs:
            command = [sys.executable, "-P", "-c", _SERVER, str(theirs.fileno()), module]
            null = subprocess.DEVNULL
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=null, stdout=null)
        self._lock = threading.Lock()
        self._modules: set[str] = set()
        """What commands have loaded: the next one finds it loaded."""

    def run(
        self, arguments: Sequence[str], *, cwd: str | Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run the module with arguments and an empty standard input, and return what came of it.

        Raises:
            subprocess.TimeoutExpired: It took more than *timeout* seconds, and has been killed.
        """
        command = [sys.executable, "-m", self._module, *arguments]
        request = {"command": command, "cwd": str(cwd), "env": dict(env), "modules": sorted(self._modules)}
        pipes = [os.pipe() for _ in range(3)]
        try:
            with self._lock:
                socket.send_fds(self._socket, [json.dumps(request).encode()], [end for _, end in pipes])
        finally:
            for _, end in pipes:
                os.close(end)
        out, err, told = _read([end for end, _ in pipes], time.monotonic() + timeout)
        pids, more = told.decode().splitlines()[:1], told.decode().splitlines()[1:]
        numbers = [int(line) for line in more if line.lstrip("-").isdecimal()]
        if not numbers:
            for pid in pids:  # none where the time was over before there was a process: the server ends it then
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            raise subprocess.TimeoutExpired(command, timeout, out, err)
        self._modules.update(name for line in more for name in line.split() if not name.isdecimal())
        return subprocess.CompletedProcess(command, numbers[-1], out.decode(), err.decode())

    def close(self) -> None:
        """End the process."""
        self._socket.close()
        self._process.wait(PATIENCE)


def _read(pipes: Sequence[int], stop: float) -> list[bytes]:
    """Return what comes from pipes until they are closed, or until *stop* by the monotonic clock; close them."""
    texts = dict.fromkeys(pipes, b"")
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map() and (left := stop - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                text = os.read(key.fd, _MOST)
                texts[key.fd] += text
                if not text:
                    selector.unregister(key.fd)
    for pipe in pipes:
        os.close(pipe)
    return list(texts.values())


def serve(socket_number: str, module: str) -> None:
    """Fork a process for each request that comes; return in those, when they have run the module."""
    requests = socket.socket(fileno=int(socket_number))
    running: dict[int, tuple[int, int]] = {}
    while True:
        ready, _, _ = select.select([requests, *running], [], [])
        for pidfd in [each for each in running if each in ready]:
            pid, status = running.pop(pidfd)
            _, how = os.waitpid(pid, 0)
            _tell(status, os.waitstatus_to_exitcode(how))
            os.close(status)
            os.close(pidfd)
        if requests not in ready:
            continue
        text, descriptors, _, _ = socket.recv_fds(requests, _MOST, 3)
        if not text:
            return
        request = json.loads(text)
        for name in request["modules"]:
            if name not in sys.modules:
                with contextlib.suppress(Exception):  # some are made, and cannot be imported
                    importlib.import_module(name)
        gc.collect()
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            requests.close()
            _become(request, descriptors)
            runpy.run_module(module, run_name="__main__", alter_sys=True)
            return
        if not _tell(descriptors[2], pid):
            os.kill(pid, signal.SIGKILL)
        running[os.pidfd_open(pid)] = pid, descriptors[2]
        for descriptor in descriptors[:2]:
            os.close(descriptor)


def _tell(status: int, number: int) -> bool:
    """Write a number to whoever asked for a command; return whether that still waits for it."""
    try:
        os.write(status, b"%d\n" % number)
    except BrokenPipeError:
        return False
    return True


def _become(request: dict[str, Any], descriptors: Sequence[int]) -> None:
    """Make this process, which was forked, what the command of a request begins with."""
    out, err, status = descriptors
    os.dup2(out, 1)
    os.dup2(err, 2)
    for name, number in (("stdout", 1), ("stderr", 2)):  # what these are is asked when they are made
        before = getattr(sys, name)
        stream = open(number, "w", encoding=before.encoding, errors=before.errors, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    status = fcntl.fcntl(status, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    os.closerange(3, _HIGH)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.orig_argv = request["command"]
    sys.argv = ["-m", *request["command"][3:]]
    sys.path.insert(0, request["cwd"])
    before = set(sys.modules)

    def tell() -> None:
        with contextlib.suppress(OSError):
            os.write(status, " ".join(sorted(sys.modules.keys() - before)).encode() + b"\n")

    atexit.register(tell)
