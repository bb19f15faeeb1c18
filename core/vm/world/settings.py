"""What the built-in machine tells its programs about a world that it does not have."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ...errors import UsageError, ValueRangeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..engine.image import MemoryPart

__all__ = ["Given", "Settings", "parse_returns"]

_RETURN: Final = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(-?)\s*(\w+)\s*")
_DESCRIBED: Final = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(\{.*\}|hex:.*)\s*", re.DOTALL)


Given: TypeAlias = "int | str | Callable[..., int]"
"""What a function returns in place of doing anything: see `Settings.returns`."""


class Settings(NamedTuple):
    """What programs find out by asking: CPUs, the current task, the kernel's configuration."""

    cpus: int = 2
    """How many values an entry of a per-CPU map has, and how many CPUs traffic is spread over."""
    seed: int = 1
    """Of the random numbers and of the traffic: the same seed gives the same run."""
    pid: int = 1000
    tgid: int = 1000
    uid: int = 1000
    gid: int = 1000
    comm: str = "bpftui"
    """The current task's name, at most 15 characters."""
    cgroup_id: int = 1
    kconfig: Mapping[str, str] | None = None
    """Options as a configuration writes them (`y`, `250`, `"text"`). What is not named is not set, beside the version
    6.18.0 in `LINUX_KERNEL_VERSION`, `CONFIG_HZ` 1000 and the two that libbpf adds."""
    clock: Callable[[], int] | None = None
    """Returns the time in nanoseconds, for programs and their timers; None for the time that really passes."""
    returns: Mapping[str, Given] | None = None
    """By the name of a helper or kernel function, what it returns without doing anything: for those that the machine
    does not have, and in place of those that it has. Of a pointer, what it leads to can be given in place of an
    address: the members of a struct (`{"pid": 5}`), or bytes (`hex:0102`); see `bpftui.core.vm.world.returned`. A
    function of Python is called with as many of r1 to r5 as it takes, and returns r0."""
    memory: Mapping[int, MemoryPart] | None = None
    """By address, bytes or files: what `bpf_probe_read*` and `bpf_copy_from_user*` read, and loads by typed pointers of
    the kernel's. The machine's own memory comes first; it is at low addresses, most of them below 2**32."""
    wall: Callable[[], int] | None = None
    """Returns the date, in nanoseconds since 1970; None for what `clock` returns, and without one for today's."""
    limit: int | None = None
    """Steps after which a run is stopped; None for the machine's own limit."""
    asks_memory: bool = False
    """Whether a read of memory of the kernel's or a process's that `memory` does not have stops the run, with an error
    that tells what is lacking (`RunError.lacks`). Else it is as in a kernel where nothing is mapped there: helpers
    return -EFAULT, loads give 0."""


def parse_returns(texts: Iterable[str]) -> dict[str, int | str]:
    """Read `NAME=VALUE` as what `Settings.returns` takes: a number in decimal or hexadecimal, an errno, `-ENOENT`, or
    what a pointer leads to, `{…}` or `hex:…`.

    Raises:
        UsageError: One is not of that form.
        ValueRangeError: A value does not fit 64 bits.
    """
    found: dict[str, int | str] = {}
    for text in texts:
        if (described := _DESCRIBED.fullmatch(text)) is not None:
            found[described[1]] = described[2]
            continue
        match = _RETURN.fullmatch(text)
        hint = "for example bpf_get_smp_processor_id=3 or bpf_map_update_elem=-ENOMEM"
        if match is None:
            raise UsageError(f"--return {text!r} is not of the form NAME=VALUE", hint=hint)
        name, sign, number = match.groups()
        try:
            value = getattr(errno, number) if number.isupper() else int(number, 0)
        except (ValueError, AttributeError):
            raise UsageError(
                f"--return {text!r}: {number} is neither a number nor the name of an errno", hint=hint
            ) from None
        if value >= 1 << (63 if sign else 64):
            raise ValueRangeError(f"--return {text!r}: {number} does not fit 64 bits")
        found[name] = -value if sign else value
    return found
