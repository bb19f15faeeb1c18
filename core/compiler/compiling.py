"""Compiling a C file to a BPF object."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import BpftuiError
from . import vmlinux_header
from .clang import find_clang
from .diagnostics import Diagnostic, Severity, parse_diagnostics

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Compiled", "compiled"]

_PATIENCE: Final = 120.0
"""Seconds that a compiler may take."""
_ARCHITECTURES: Final = {
    "x86_64": "x86",
    "aarch64": "arm64",
    "riscv64": "riscv",
    "ppc64le": "powerpc",
    "s390x": "s390",
    "loongarch64": "loongarch",
}
"""What libbpf's bpf_tracing.h calls machines, in `__TARGET_ARCH_…`."""
_WIDEST: Final = 200
"""Characters that are shown of a line of C."""
_NO_HEADER: Final = f"'{vmlinux_header.NAME}' file not found".encode()
_WITHOUT_RIGHTS: Final = """\
import json, os, sys
sys.path[:] = json.loads(sys.argv[1])
from bpftui.core.errors import BpftuiError
from bpftui.core.privileges import drop
try:
    drop(reads=[sys.argv[2]])
    os.execv(sys.argv[3], sys.argv[3:])
except (BpftuiError, OSError) as error:
    sys.exit(f"{sys.argv[3]} cannot be started: {error}")
"""
"""Gives up all rights, under sudo being root too, and becomes the compiler: a C file may have it read what it names."""


class Compiled(NamedTuple):
    """What a compiler made."""

    data: bytes
    """The object."""
    warnings: tuple[Diagnostic, ...]


def compiled(source: str, flags: Sequence[str] = (), *, compiler: str | None = None) -> Compiled:
    """Return the object that clang makes of a C file, with -O2 and -g unless the flags say otherwise.

    The machine's own headers are found where Debian has them, `__TARGET_ARCH_…` is defined for bpf_tracing.h, and where
    there is no vmlinux.h it is made of the running kernel's types. The compiler runs without any right.

    Raises:
        BpftuiError: It cannot be compiled; the first error of the compiler, with its place.
        FeatureError: There is no such compiler, or no types of the kernel for a vmlinux.h.
    """
    if not os.path.exists(source):
        raise BpftuiError(f"{source}: there is no such file")
    clang = find_clang(compiler)
    command = [clang, "-target", "bpf", "-O2", "-g", "-fno-color-diagnostics", *_surroundings(flags), *flags]
    done = _run(source, command)
    if done.returncode != 0 and _NO_HEADER in done.stderr:
        done = _run(source, [*command, "-idirafter", vmlinux_header.folder()])
    told = done.stderr.decode(errors="replace")
    found = parse_diagnostics(told)
    if done.returncode != 0 or not done.stdout:
        raise _refusal(source, told, [each for each in found if each.severity is Severity.ERROR])
    return Compiled(done.stdout, tuple(each for each in found if each.severity is Severity.WARNING))


def _surroundings(flags: Sequence[str]) -> list[str]:
    """Return flags for what clang does not know when its target is no machine: whose headers, and what for."""
    machine = platform.machine()
    found = ["-idirafter", f"/usr/include/{machine}-linux-gnu"]
    if machine in _ARCHITECTURES and not any("__TARGET_ARCH_" in flag for flag in flags):
        found.append(f"-D__TARGET_ARCH_{_ARCHITECTURES[machine]}")
    return found


def _run(source: str, command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """Run a compiler that writes to its standard output, without rights."""
    words = [*command, "-c", source if source[:1] != "-" else f"./{source}", "-o", "-"]
    child = [sys.executable, "-c", _WITHOUT_RIGHTS, json.dumps(sys.path), source, *words]
    try:
        return subprocess.run(
            child,
            executable="/proc/self/exe",  # this very interpreter, also where its path is not open to this user
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BpftuiError(f"{source}: {command[0]} has not compiled it within {_PATIENCE:g} s") from None
    except OSError as error:
        raise BpftuiError(f"{command[0]} cannot be started: {error.strerror}") from None


def _refusal(source: str, told: str, errors: Sequence[Diagnostic]) -> BpftuiError:
    """Return what a compiler said, as an error."""
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        code = f" | {errors[0].code[:_WIDEST]}" if errors[0].code else ""
        return BpftuiError(f"{errors[0].place}: {errors[0].text}{more}{code}")
    why = next((line for line in told.splitlines() if line.strip()), "the compiler does not say why")
    return BpftuiError(f"{source} does not compile: {why.removeprefix('error: ')}")
