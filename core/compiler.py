"""Compiling a C file to a BPF object, with whichever clang there is."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING, Final

from .errors import BpftuiError, FeatureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["compiled", "find_clang", "parse_flags"]

_VERSIONS: Final = range(40, 9, -1)
_WITH_VALUE: Final = ("-I", "-D", "-U", "-include", "-isystem", "-idirafter", "-mllvm", "-Xclang")
"""Flags whose value may be the next word."""
_OURS: Final = ("-o", "-c", "-S", "-E", "-target", "--target", "-emit-llvm")
"""What says which file is made, and of which kind."""
_PATIENCE: Final = 120.0
"""Seconds that a compiler may take."""
_ERROR: Final = re.compile(r"^(?P<place>[^\n]+?:\d+:\d+): (?:fatal )?error: (?P<what>[^\n]*)", re.MULTILINE)


def find_clang(name: str | None = None) -> str:
    """Return the path of a clang: the one of that *name*, else the newest that is found.

    Raises:
        FeatureError: There is none.
    """
    for each in (name,) if name is not None else ("clang", *(f"clang-{version}" for version in _VERSIONS)):
        if (path := shutil.which(each)) is not None:
            return path
    raise FeatureError(f"there is no {name or 'clang'} here, which compiles it", hint="apt install clang")


def parse_flags(text: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the compiler that a text with flags begins with, None for none, and the flags.

    Raises:
        UsageError: It cannot be read as a shell reads it, or has a flag that says what is made, or a word that is none.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"the flags {text!r} cannot be read: {str(error).lower()}") from None
    compiler = words.pop(0) if words and not words[0].startswith("-") else None
    before = ""
    for word in words:
        if word in _OURS or word.startswith(("-o", "--target=")):
            raise UsageError(f"{word} is not for the flags {text!r}: what is made is a BPF object")
        if not word.startswith("-") and before not in _WITH_VALUE:
            raise UsageError(f"{word!r} in the flags {text!r} is no flag")
        before = word
    return compiler, tuple(words)


def compiled(source: str, flags: Sequence[str] = (), *, compiler: str | None = None) -> bytes:
    """Return the object that clang makes of a C file, with -O2 and -g unless the flags say otherwise.

    It runs with the rights of this process: whoever has many gives them up before.

    Raises:
        BpftuiError: It cannot be compiled; the first error of the compiler, with its place.
        FeatureError: There is no such compiler.
    """
    if not os.path.exists(source):
        raise BpftuiError(f"{source}: there is no such file")
    command = [find_clang(compiler), "-target", "bpf", "-O2", "-g", "-fno-color-diagnostics"]
    with tempfile.TemporaryDirectory(prefix="bpftui-") as folder:
        made = os.path.join(folder, "made.o")
        command += [*flags, "-c", source if source[:1] != "-" else f"./{source}", "-o", made]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            raise BpftuiError(f"{source}: {command[0]} has not compiled it within {_PATIENCE:g} s") from None
        except OSError as error:
            raise BpftuiError(f"{command[0]} cannot be started: {error.strerror}") from None
        if done.returncode == 0 and os.path.exists(made):
            with open(made, "rb") as file:
                return file.read()
    raise _refusal(source, done.stderr.decode(errors="replace"))


def _refusal(source: str, told: str) -> BpftuiError:
    """Return what a compiler said, as an error."""
    errors = list(_ERROR.finditer(told))
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return BpftuiError(f"{errors[0]['place']}: {errors[0]['what']}{more}")
    lines = [line for line in told.splitlines() if line.strip()]
    return BpftuiError(f"{source} does not compile: {lines[0] if lines else 'the compiler does not say why'}")
