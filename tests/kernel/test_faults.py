"""Every bpf(2) call of a load fails once, with each of several errors: one clear error, or a load that does without;
nothing is left behind either way."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.btf.kernel import vmlinux
from bpftui.core.errors import BpftuiError, FeatureError
from bpftui.core.kernel import KernelCollection, Map, Program, Sandbox
from bpftui.core.kernel.runtime import KernelRuntime, load
from bpftui.core.kernel.sys import syscall
from bpftui.core.spec import CollectionSpec
from tests.kernel.private_bpffs import in_private_bpffs

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
OBJECTS = [
    "bpf/traffic.o",
    "bpf/constants.o",
    "tests/objects/arena_globals.o",
    pytest.param("tests/objects/congestion.o", marks=pytest.mark.vmlinux),
    "tests/objects/externs.o",
    "tests/objects/nested_maps.o",
    "tests/objects/subprograms.nobtf.o",
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
    with contextlib.suppress(FeatureError):
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


def _batches(collection: KernelCollection) -> None:
    m = collection.maps["sources"]
    m.update_batch([(bytes([number]) * m.key_size, bytes(m.value_size)) for number in range(3)])
    rows = m.arrays()
    m.update_arrays(rows.keys, rows.values)
    m.delete_batch(rows.keys[:1])
    m.lookup_and_delete_batch()


def _by_id(collection: KernelCollection) -> None:
    with Map.from_id(collection.maps["sources"].id) as m, Map.from_id(collection.maps[".bss"].id) as section:
        section.variables()
        m.clone().close()
    with Program.from_id(collection.programs["count_traffic"].id) as program:
        program.info()
        program.clone().close()


def _attached(collection: KernelCollection) -> None:
    with Sandbox() as sandbox, collection.programs["count_traffic"].attach(sandbox.target()) as link:
        assert link.id


def _run(collection: KernelCollection) -> None:
    collection.programs["count_traffic"].benchmark(bytes(64), seconds=0.0001)
    collection.programs["count_traffic"].bind_map(collection.maps["sources"])


@pytest.mark.parametrize("use", [_batches, _by_id, _attached, _run], ids=lambda use: use.__name__)
def test_each_call_of_a_use_may_fail(use: Callable[[KernelCollection], None], monkeypatch: pytest.MonkeyPatch) -> None:
    with load(CollectionSpec.from_file(ROOT / "bpf/traffic.o")) as collection:
        use(collection)
        before = open_files()
        faults = Faults(monkeypatch)
        use(collection)
        most = faults.calls
        assert most > 1
        for number in ERRORS:
            for failing in range(1, most + 1):
                faults.next(failing, number)
                with contextlib.suppress(BpftuiError):
                    use(collection)
                assert open_files() == before, f"call {failing} failing with {syscall.errno_name(number)}"
        assert not collection.links


@pytest.mark.vmlinux
@pytest.mark.alone  # the name is the machine's
def test_each_call_of_a_registration_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/congestion.o")
    load(spec).close()
    before = open_files()
    faults = Faults(monkeypatch)
    for number in ERRORS:
        for failing in (1, 2):
            with load(spec) as collection:
                faults.next(failing, number)
                with pytest.raises(BpftuiError, match="register bpftui_half"):
                    collection.register("bpftui_half")
                faults.next(0, 0)
                assert not collection.links
            assert open_files() == before
            assert "bpftui_half" not in Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text()


def test_each_call_of_a_load_with_pins_may_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/pinned_map.o")

    def once() -> None:
        with load(spec, pin_path=tmp_path) as collection:
            collection.maps["shared"].unpin()

    def work() -> None:
        once()
        faults = Faults(monkeypatch)
        once()
        before, most = open_files(), faults.calls
        for number in ERRORS:
            for failing in range(1, most + 1):
                faults.next(failing, number)
                with contextlib.suppress(BpftuiError):
                    once()
                assert open_files() == before
                assert "shared" not in os.listdir(tmp_path), f"call {failing}"

    in_private_bpffs(tmp_path, work)


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
