"""Kernel functions, and helpers that keep something, on the built-in machine and in the kernel: the same results."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.errors import BpftuiError
from bpftui.core.kernel import KernelRuntime
from bpftui.core.live.stream import open_records
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from tests.waiting import wait_for

if TYPE_CHECKING:
    from bpftui.core.runtime import Collection

pytestmark = pytest.mark.kernel

OBJECT = Path(__file__).parents[1] / "objects" / "kernel_functions.o"
LENGTHS = (54, 60, 61, 62, 63, 64, 65, 66, 67, 80, 100)
PACKETS = [bytes(12) + b"\x08\x00" + bytes(value * 7 & 0xFF for value in range(length - 14)) for length in LENGTHS]
PROGRAMS = list(CollectionSpec.from_file(OBJECT).programs)


def kept(loaded: Collection) -> dict[str, dict[bytes, Any]]:
    """Return what is in the maps."""
    return {place: dict(loaded.maps[place].snapshot().entries) for place in ("memory", "keeping", "timers")}


def records(loaded: Collection) -> list[bytes]:
    """Return what is in the ring buffer."""
    stream = open_records(loaded.maps["ring"])
    assert stream is not None
    try:
        return stream.read()
    finally:
        stream.close()


@pytest.mark.vmlinux  # bpf_ksym_exists asks them
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_results(name: str) -> None:
    with MachineRuntime().load(CollectionSpec.from_file(OBJECT)) as ours:
        try:
            real = KernelRuntime().load(CollectionSpec.from_file(OBJECT), programs={name})
        except BpftuiError as error:
            pytest.xfail(f"an older kernel: {error}")
        with real:
            for packet in PACKETS if name != "timer" else PACKETS[:4]:
                expected, result = real.programs[name].run(packet), ours.programs[name].run(packet)
                assert (result.retval, result.data.hex()) == (expected.retval, expected.data.hex()), len(packet)
            # The kernel's timers fire when they like, the machine's at once.
            wait_for(lambda: kept(real) == kept(ours))
            assert kept(real) == kept(ours)
            assert records(real) == records(ours)


def test_what_the_programs_see_is_worth_comparing() -> None:
    """Were the objects, the timers and the throws not there at all, both would agree on too little."""
    with MachineRuntime().load(CollectionSpec.from_file(OBJECT)) as ours:
        ran = {name: ours.programs[name].run(PACKETS[4]).retval for name in PROGRAMS}
        assert len(set(ran.values())) >= len(PROGRAMS) - 1
        assert (ran["throw"], ran["exists"]) == (63, 1)
        assert struct.unpack_from("<QI", ours.maps["timers"].snapshot().entries[0].values[0]) == (1, 63)
