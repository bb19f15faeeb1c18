"""Booting, with a script in the emulator's place: what it says is read, and it never outlives who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bpftui.core.guest import machine
from bpftui.core.guest.archive import Archive
from bpftui.core.guest.errors import GuestError
from bpftui.core.guest.files import guest_files
from bpftui.core.guest.init import findings, say
from bpftui.core.guest.kernels import Kernel
from bpftui.core.guest.machine import boot, require_emulator

KERNEL = Kernel("6.1", Path("/boot/none"))


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that is run as the emulator."""
    script = tmp_path / "qemu-system-x86_64"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return script


def test_what_is_said_on_the_serial_line(emulator: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    say("small", number=1)
    say("large", text="x" * 100_000)
    say("end")
    said = capfd.readouterr().out
    assert [len(line) < 1000 for line in said.splitlines()] == [True, True, True]  # what is long is packed
    (tmp_path / "said").write_text(f"[    0.1] a kernel\n{said}")
    emulator.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments; cat {tmp_path}/said\n')
    log = tmp_path / "serial"
    assert boot(KERNEL, b"files", log=log) == [
        {"finding": "small", "number": 1},
        {"finding": "large", "text": "x" * 100_000},
    ]
    assert log.read_text().startswith("[    0.1] a kernel\n")
    assert "-kernel /boot/none -initrd /proc/self/fd/" in (tmp_path / "arguments").read_text()
    for damaged in ("@@ eJz", "@@ eJzzzzzz", "@@ {"):
        with pytest.raises(ValueError, match=r".+"):
            list(findings([damaged]))


def test_a_machine_that_does_not_come_to_its_end(emulator: Path) -> None:
    emulator.write_text("#!/bin/sh\necho; echo 'Kernel panic: no init'; echo 'there'\n")
    with pytest.raises(GuestError) as panicked:
        boot(KERNEL, b"")
    assert panicked.value.message == (
        "kernel 6.1 did not come to its end; the last that it said: Kernel panic: no init / there"
    )
    emulator.write_text("#!/bin/sh\necho 'qemu: could not load kernel' >&2; exit 1\n")
    with pytest.raises(GuestError, match=r"did not come to its end; qemu: could not load kernel"):
        boot(KERNEL, b"")
    emulator.write_text("#!/bin/sh\nexec sleep 1000\n")
    with pytest.raises(GuestError, match=r"it took too long"):
        boot(KERNEL, b"", limit=0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_who_started_it(emulator: Path, tmp_path: Path, number: signal.Signals) -> None:
    pid = tmp_path / "pid"
    emulator.write_text(f"#!/bin/sh\necho $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 1000\n")
    code = """from pathlib import Path
from bpftui.core.guest.kernels import Kernel
from bpftui.core.guest.machine import boot
boot(Kernel("6.1", Path("/boot/none")), b"files")
"""
    before = set(tmp_path.iterdir())
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            while not pid.exists():
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(number)
            process.wait()
        finally:
            process.kill()
    emulated = int(pid.read_text())
    while is_running(emulated):  # the test's time limit ends it
        time.sleep(0.05)
    assert set(tmp_path.iterdir()) - before == {pid}


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended; nobody may have taken note of its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def test_without_an_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GuestError) as error:
        require_emulator()
    assert error.value.message == "booting kernels takes qemu-system-x86_64, which is not installed"
    assert error.value.hint is not None
    assert error.value.hint.startswith("apt install qemu-system-x86; or bpftui doctor OBJECT --kernels")


def test_why_it_takes_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    behind = ": the processor is emulated, which takes some 20 s for each kernel"
    monkeypatch.setattr(machine, "_KVM", str(tmp_path / "kvm"))
    assert machine.emulation_remark() == f"there is no {tmp_path}/kvm{behind}"
    (tmp_path / "kvm").mkdir()  # which can be read, not written
    why = f"{tmp_path}/kvm cannot be opened (is a directory; its group is kvm)"
    assert machine.emulation_remark() == why + behind
    (tmp_path / "kvm").rmdir()
    (tmp_path / "kvm").touch()
    for text, remark in (("flags: fpu hypervisor", f"this is a virtual machine itself{behind}"), ("flags: fpu", "")):

        def read(_: Path, text: str = text) -> str:
            return text

        monkeypatch.setattr(Path, "read_text", read)
        assert machine.emulation_remark() == remark


def test_the_files_of_a_guest() -> None:
    """The kernel reads them: here by their names, as the archive has them."""
    files = guest_files(KERNEL, "print()\n").bytes()
    assert files.startswith(b"070701")
    for name in (b"init", b"bpftui/bpftui/core/guest/tried.pyc", b"bpftui/elftools/__init__.pyc", b"proc"):
        assert name + b"\0" in files
    assert f"#!{Path(sys.executable).resolve()} -BE\nprint()\n".encode() in files


def test_an_archive_is_what_cpio_reads(tmp_path: Path) -> None:
    archive = Archive()
    archive.add("/deep/inside/file", b"contents", mode=0o755, modified=1_700_000_000)
    archive.folder("/deep")
    first = archive.bytes()
    archive.add("/other", b"")
    assert archive.bytes()[: len(first) - 124] == first[: len(first) - 124]
    entries = archive.bytes().split(b"070701")[1:]
    fields = [[int(entry[at : at + 8], 16) for at in range(0, 104, 8)] for entry in entries[:3]]
    # inode, mode, uid, gid, links, when it was changed, size, four numbers of devices, length of the name, checksum
    assert fields[1:] == [
        [2, 0o40755, 0, 0, 2, 0, 0, 0, 0, 0, 0, 12, 0],
        [4, 0o100755, 0, 0, 1, 1_700_000_000, 8, 0, 0, 0, 0, 17, 0],
    ]
    names = [part.split(b"\0")[0] for part in entries]
    assert [name[104:].decode() for name in names] == ["deep", "deep/inside", "deep/inside/file", "other", "TRAILER!!!"]
