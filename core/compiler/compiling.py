"""Compiling a C file to a BPF object."""

from __future__ import annotations

import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import BpftuiError
from ..files import unreadable
from ..visible import visible
from . import vmlinux_header
from .clang import find_clang
from .diagnostics import Diagnostic, Severity, parse_diagnostics
from .flags import Flags, flags_of, parse_flags

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Compiled", "compiled", "compiled_file"]

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
_MOST_ERRORS: Final = 100
"""Errors of a compiler that are told; clang gives up after 20 by itself."""
_NO_HEADER: Final = f"'{vmlinux_header.NAME}' file not found"
_LIBBPF: Final = "/usr/include/bpf/bpf_helpers.h"
"""Whether libbpf's headers are installed."""
_MOST_MADE: Final = 256 << 20
"""Bytes of an object, and of what a compiler says."""
_MOST_TOLD: Final = 1 << 20
"""Bytes of what a compiler says that are read."""
_MEMORY: Final = 8 << 30
"""Bytes of address space that a compiler may have."""
_HEADER: Final = re.compile(r"^\.{1,200} (?P<path>[^\n]+)\n", re.MULTILINE)
"""A line of `-H`: as many dots as files that include each other."""
_MOST_HEADERS: Final = 1000
_WITHOUT_RIGHTS: Final = """\
import sys
sys.path[:] = sys.argv[1].split("\\n")
import os, resource
from bpftui.core.errors import BpftuiError
from bpftui.core.privileges import drop_to_run, end_with_parent
try:
    drop_to_run()
    end_with_parent()
    for limit, most in zip((resource.RLIMIT_FSIZE, resource.RLIMIT_AS, resource.RLIMIT_CPU), map(int, sys.argv[2:5])):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (most, most) if hard == resource.RLIM_INFINITY else (min(most, hard), hard))
    os.execv(sys.argv[5], sys.argv[5:])
except (BpftuiError, OSError, ValueError) as error:
    sys.exit(f"{sys.argv[5]} cannot be started: {error}")
"""
"""Gives up all rights, under sudo being root too, and becomes the compiler: a C file may have it read what it names.

It is run by `python -I`: nothing is imported from the directory where one happens to be.
"""


_without_header: Final[set[str]] = set()
"""Files that include a vmlinux.h, and found none: they are given that of the kernel at once the next time."""


class Compiled(NamedTuple):
    """What a compiler made."""

    data: bytes
    """The object."""
    warnings: tuple[Diagnostic, ...]
    headers: tuple[str, ...] = ()
    """The absolute paths of what it includes, but for the machine's headers: where those differ, so may the object."""
    flags: Flags = Flags(None, (), "", ())
    """With what it was compiled."""


class _Done(NamedTuple):
    """What became of a compiler."""

    is_well: bool
    made: bytes
    told: str


def compiled_file(source: str, given: str | None = None, *, variant: str = "") -> Compiled:
    """Return the object of a C file with the flags that are its own, as `flags_of` finds them.

    Args:
        source: The file.
        given: What the user said, which may begin with a compiler; None where nothing was said.
        variant: More flags, before which another compiler may stand.

    Raises:
        UsageError: The flags cannot be read.
        BpftuiError: It cannot be compiled, as `compiled` says it; or a compile_commands.json cannot be read.
    """
    flags = flags_of(source, given)
    compiler, more = parse_flags(variant)
    try:
        made = compiled(source, (*flags.words, *more), compiler=compiler or flags.compiler)
    except BpftuiError as error:
        if error.hint is None and flags.remark:  # it may be for want of them
            error.hint = visible(flags.remark)
        raise
    return made._replace(flags=flags)


def compiled(source: str, flags: Sequence[str] = (), *, compiler: str | None = None) -> Compiled:
    """Return the object that clang makes of a C file, with -O2 and -g unless the flags say otherwise.

    The machine's own headers are found where Debian has them, `__TARGET_ARCH_…` is defined for bpf_tracing.h, and where
    there is no vmlinux.h it is made of the running kernel's types. The compiler runs without any capability, under sudo
    as the user who called it, within limits of time, memory and what it writes, and ends with this process.

    Raises:
        BpftuiError: It cannot be compiled; the first error of the compiler, with its place.
        FeatureError: There is no such compiler, or no types of the kernel for a vmlinux.h.
    """
    if not os.path.exists(source):
        raise unreadable(source, FileNotFoundError())
    clang = find_clang(compiler)
    command = [clang, "-target", "bpf", "-O2", "-g", "-fno-color-diagnostics", "-H", *_surroundings(flags), *flags]
    if source in _without_header and (known := vmlinux_header.known_folder()) is not None:
        command += ["-idirafter", known]
    done = _run(source, command)
    if not done.is_well and _NO_HEADER in done.told:
        done = _run(source, [*command, "-idirafter", vmlinux_header.folder()])
        _without_header.add(source)
    told, headers = _headers(done.told)
    found = parse_diagnostics(told)
    if not done.is_well or not done.made:
        raise _refusal(source, told, [each for each in found if each.severity is Severity.ERROR])
    return Compiled(done.made, tuple(each for each in found if each.severity is Severity.WARNING), headers)


def _headers(told: str) -> tuple[str, tuple[str, ...]]:
    """Return what a compiler said without what `-H` has it say, and the files that this names.

    A program's own texts (`#pragma message`) may look like it: what is named so is looked at, and never read.
    """
    found = dict.fromkeys(os.path.abspath(each["path"]) for each in _HEADER.finditer(told) if "\0" not in each["path"])
    return _HEADER.sub("", told), tuple(found)[:_MOST_HEADERS]


def _surroundings(flags: Sequence[str]) -> list[str]:
    """Return flags for what clang does not know when its target is no machine: whose headers, and what for."""
    machine = platform.machine()
    found = ["-idirafter", f"/usr/include/{machine}-linux-gnu"]
    if machine in _ARCHITECTURES and not any("__TARGET_ARCH_" in flag for flag in flags):
        found.append(f"-D__TARGET_ARCH_{_ARCHITECTURES[machine]}")
    return found


def _run(source: str, command: Sequence[str]) -> _Done:
    """Run a compiler that writes to its standard output, without rights."""
    words = [*command, "-c", source if source[:1] != "-" else f"./{source}", "-o", "-"]
    limits = map(str, (_MOST_MADE, _MEMORY, int(_PATIENCE)))
    child = [sys.executable, "-I", "-c", _WITHOUT_RIGHTS, "\n".join(sys.path), *limits, *words]
    with tempfile.TemporaryFile() as made, tempfile.TemporaryFile() as told:
        try:
            process = subprocess.Popen(
                child,
                executable="/proc/self/exe",  # this very interpreter, also where its path is not open to this user
                stdin=subprocess.DEVNULL,
                stdout=made,
                stderr=told,
                start_new_session=True,  # what it starts itself ends with it
            )
        except (OSError, ValueError) as error:
            raise BpftuiError(f"{command[0]} cannot be started: {error}") from None
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            raise BpftuiError(f"{source}: {command[0]} has not compiled it within {_PATIENCE:g} s") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        made.seek(0)
        told.seek(0)
        return _Done(process.returncode == 0, made.read(), told.read(_MOST_TOLD).decode(errors="replace"))


def _refusal(source: str, told: str, errors: Sequence[Diagnostic]) -> BpftuiError:
    """Return what a compiler said, as an error; of several it is the first, and `problems` has them all."""
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        wants_libbpf = re.match(r"'bpf/[\w.]+' file not found", errors[0].text) and not os.path.exists(_LIBBPF)
        hint = "libbpf's headers are not installed: apt install libbpf-dev" if wants_libbpf else None
        found = BpftuiError(_said(errors[0], more), hint=hint)
        if more:
            every = [_said(each) for each in errors[:_MOST_ERRORS]]
            every += [f"and {len(errors) - _MOST_ERRORS:,} more"] if len(errors) > _MOST_ERRORS else []
            found.problems = {str(number): BpftuiError(text) for number, text in enumerate(every)}
        return found
    why = next((line for line in told.splitlines() if line.strip()), "the compiler does not say why")
    return BpftuiError(f"{source} does not compile: {why.removeprefix('error: ')}")


def _said(error: Diagnostic, more: str = "") -> str:
    code = f" | {error.code[:_WIDEST]}" if error.code else ""
    return f"{error.place}: {error.text}{more}{code}"
