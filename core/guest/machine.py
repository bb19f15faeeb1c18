"""Booting: an emulator with a kernel and its files, until what runs in it is at its end."""

from __future__ import annotations

import os
import platform
import re
import selectors
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import reason_of
from ..privileges import end_with_parent
from .errors import GuestError
from .init import findings

if TYPE_CHECKING:
    from .kernels import Kernel

__all__ = ["boot", "emulation_remark", "require_emulator"]

_EMULATOR: Final = "qemu-system-x86_64"
_KVM: Final = "/dev/kvm"
_HYPERVISOR: Final = re.compile(r"^flags\s*:.*\bhypervisor\b", re.M)
_MEMORY: Final = "1G"
_OPTIONS: Final = "console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off lsm=lockdown,yama,bpf"
_TIME_LIMIT: Final = 900
"""Seconds by the clock. Where the processor is emulated, a boot takes some 15 of a processor, which others may use."""
_LAST_LINES: Final = 3
_NEEDED: Final = (
    "it needs CONFIG_BLK_DEV_INITRD, CONFIG_SERIAL_8250_CONSOLE, CONFIG_BPF_SYSCALL and CONFIG_DEBUG_INFO_BTF, built in"
)


def require_emulator() -> None:
    """Raise why nothing can be booted here, if so.

    Raises:
        GuestError: Nothing can.
    """
    if platform.machine() != "x86_64":
        hint = "on an x86-64 machine it works; bpftui doctor OBJECT --kernels tells it by versions everywhere"
        raise GuestError(f"the kernels are for x86-64, and this machine is {platform.machine()}", hint=hint)
    if shutil.which(_EMULATOR) is None:
        hint = "apt install qemu-system-x86; or bpftui doctor OBJECT --kernels, which tells it by versions"
        raise GuestError(f"booting kernels takes {_EMULATOR}, which is not installed", hint=hint)


def emulation_remark() -> str:
    """Return that it will take longer than it might, as a sentence; empty where it will not."""
    why = _why_emulated()
    return why and f"{why}: the processor is emulated, which takes some 20 s for each kernel"


def _why_emulated() -> str:
    if not os.path.exists(_KVM):
        return f"there is no {_KVM}"
    try:
        os.close(os.open(_KVM, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"{_KVM} cannot be opened ({reason_of(error)}; its group is kvm)"
    # A guest of a guest may hang before it says a word.
    return "this is a virtual machine itself" if _HYPERVISOR.search(Path("/proc/cpuinfo").read_text()) else ""


def boot(
    kernel: Kernel, files: bytes, *, emulated: bool = False, limit: float = _TIME_LIMIT, log: Path | None = None
) -> list[dict[str, Any]]:
    """Boot a kernel and return what was said in it, in its order; when this returns or raises, the machine is gone.

    Args:
        kernel: The kernel.
        files: Its initial file system, a cpio archive.
        emulated: Whether the processor is to be emulated although it need not be.
        limit: Seconds after which it is given up.
        log: Where all is written that came over the serial line.

    Raises:
        GuestError: It did not come to its end; says the last that was to be read on the serial line.
    """
    command = [_EMULATOR, "-machine", "q35", "-m", _MEMORY, "-nographic", "-no-reboot", "-nodefaults"]
    if emulated or _why_emulated():
        command += ["-accel", "tcg", "-cpu", "max"]
    else:
        command += ["-accel", "kvm", "-cpu", "host"]
    # A file without a name is nowhere once nobody has it open, whatever ends this process.
    with tempfile.TemporaryFile() as initrd:
        initrd.write(files)
        initrd.flush()
        place = f"/proc/self/fd/{initrd.fileno()}"
        command += ["-serial", "stdio", "-kernel", str(kernel.image), "-initrd", place, "-append", _OPTIONS]
        said, complaint = _serial_line(command, initrd.fileno(), time.monotonic() + limit)
    if log is not None:
        log.write_bytes(said)
    lines = said.decode("utf-8", "replace").splitlines()
    try:
        found = list(findings(lines))
    except ValueError as error:
        raise GuestError(f"kernel {kernel.name}: its serial line is damaged ({error})") from error
    if found[-1:] != [{"finding": "end"}]:
        read = " / ".join([line.strip() for line in lines if line.strip()][-_LAST_LINES:])
        last = complaint or (f"the last that it said: {read}" if read else "it said nothing")
        raise GuestError(f"kernel {kernel.name} did not come to its end; {last}", hint=_NEEDED)
    return found[:-1]


def _serial_line(command: list[str], initrd: int, deadline: float) -> tuple[bytes, str]:
    """Run the emulator to its end; return what came over the serial line, and what it complains of."""
    parts: list[bytes] = []
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # nothing else is done there than one system call
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            pass_fds=(initrd,),
            preexec_fn=end_with_parent,  # noqa: PLW1509  # one system call
            start_new_session=True,  # ctrl-c is for us, who end it
        )
        is_late = False
        try:
            assert process.stdout is not None
            with selectors.DefaultSelector() as selector, process.stdout as stream:
                selector.register(stream, selectors.EVENT_READ)
                while not (is_late := (left := deadline - time.monotonic()) <= 0):
                    if selector.select(left):
                        part = os.read(stream.fileno(), 1 << 16)
                        if not part:
                            break
                        parts.append(part)
        finally:
            process.kill()
            process.wait()
        errors.seek(0)
        complaint = errors.read().decode("utf-8", "replace").strip().partition("\n")[0]
    return b"".join(parts), "it took too long" if is_late else complaint
