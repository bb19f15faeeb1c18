"""What `make test-kernels` boots: the guest of `bpftui check --kernels`, with `guest.py` as init, and all objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import bpftui.tui
from bpftui.core.guest.files import add_code, guest_files
from bpftui.core.guest.init import HOME
from bpftui.core.guest.machine import boot

if TYPE_CHECKING:
    from bpftui.core.guest.kernels import Kernel

__all__ = ["boot_guest"]

ROOT: Final = Path(__file__).resolve().parents[2]
GUEST: Final = Path(__file__).with_name("guest.py")
_TIME_LIMIT: Final = 1500
"""Seconds by the clock. A boot and all findings take some 100 of a processor, which others may use too."""


def boot_guest(kernel: Kernel, folder: Path) -> list[dict[str, Any]]:
    """Boot *kernel* and return what `guest.py` found, in its order; *folder* gets what came over the serial line.

    Raises:
        GuestError: It did not come to its end; says the last that was to be read on the serial line.
    """
    archive = guest_files(kernel, GUEST.read_text())
    (commands,) = bpftui.tui.__path__
    add_code(archive, f"{HOME}/bpftui/tui", Path(commands))
    add_code(archive, f"{HOME}/bpftui/bpf", ROOT / "bpf")
    for name in ("bpf", "tests/objects"):
        for path in sorted((ROOT / name).glob("*.o")):
            archive.file(f"{HOME}/{name}/{path.name}", path)
    inventory = ROOT / "bpf/inventory.o"
    archive.file(f"{HOME}/bpftui/bpf/{inventory.name}", inventory)
    library = ROOT / "tests/objects/native/probed.so"
    archive.file(f"{HOME}/{library.relative_to(ROOT)}", library)
    # Software emulation, also where there is KVM: the same everywhere.
    return boot(kernel, archive.bytes(), emulated=True, limit=_TIME_LIMIT, log=folder / "serial")
