"""Every bpf(2) call of a load fails once, with each of several errors: one clear error, or a load that does without;
nothing is left behind either way."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from bpftui.core.btf.kernel import vmlinux
from bpftui.core.errors import BpftuiError
from bpftui.core.kernel import syscall
from bpftui.core.kernel.runtime import KernelRuntime, load
from bpftui.core.spec import CollectionSpec

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
OBJECTS = ["bpf/traffic.o", "bpf/constants.o"] + [
    f"tests/objects/{name}.o" for name in ("arena_globals", "congestion", "externs", "nested_maps", "subprograms.nobtf")
]
ERRORS = [errno.EINVAL, errno.EPERM, errno.ENOMEM, errno.E2BIG, syscall.ENOTSUPP]


class Faults:
    """Lets all calls through but for one, which fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._invoke = syscall.invoke
        self.calls = 0
        self.failing, self.number = 0, 0
        monkeypatch.setattr(syscall, "invoke", self)

    def __call__(self, command: int, address: int, size: int) -> int:
        self.calls += 1
        return -self.number if self.calls == self.failing else self._invoke(command, address, size)

    def next(self, failing: int, number: int) -> None:
        """Begin to count anew: the call *failing*, from 1, fails with *number*."""
        self.calls, self.failing, self.number = 0, failing, number


def open_files() -> list[str]:
    return sorted(os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if fd.isdigit() and _is(fd))


def _is(fd: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{fd}")


@pytest.mark.parametrize("name", OBJECTS)
def test_each_call_of_a_load_may_fail(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = CollectionSpec.from_file(ROOT / name)
    load(spec).close()  # probes are made and the kernel's types mapped once for the whole process
    vmlinux()
    before = open_files()
    faults = Faults(monkeypatch)
    load(spec).close()
    most = faults.calls
    assert most > len(spec.maps)
    for number in ERRORS:
        for failing in range(1, most + 1):
            faults.next(failing, number)
            try:
                load(spec).close()
            except BpftuiError as error:
                assert error.message  # noqa: PT017 - that it is one of ours is the point
            assert open_files() == before, f"call {failing} failing with {syscall.errno_name(number)}"


@pytest.mark.parametrize("name", OBJECTS)
def test_each_call_of_a_check_may_fail(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = CollectionSpec.from_file(ROOT / name)
    runtime = KernelRuntime()
    runtime.check(spec)
    before = open_files()
    faults = Faults(monkeypatch)
    runtime.check(spec)
    for failing in range(1, faults.calls + 1):
        faults.next(failing, errno.EINVAL)
        try:
            report = runtime.check(spec)
        except BpftuiError:
            continue
        finally:
            assert open_files() == before, f"call {failing}"
        assert len(report.programs) == len(spec.programs)


def test_a_thousand_loads_leave_nothing() -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    load(spec).close()
    before, memory = open_files(), _resident()
    for _ in range(1000):
        load(spec).close()
    assert open_files() == before
    assert _resident() - memory < 8 << 20


def _resident() -> int:
    """Return the bytes of this process that are in memory."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")
