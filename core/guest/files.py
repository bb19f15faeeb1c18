"""The files that every guest has: this Python, its library, bpftui's engine, and the kernel's modules."""

from __future__ import annotations

import marshal
import os
import py_compile
import re
import struct
import subprocess
import sys
import sysconfig
from contextlib import suppress
from importlib.util import MAGIC_NUMBER, cache_from_source, find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..btf.cache import directory
from ..errors import reason_of
from .archive import Archive
from .errors import GuestError
from .init import HOME
from .kernels import module_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .kernels import Kernel

__all__ = ["add_code", "guest_files"]

_CORE: Final = Path(__file__).parents[1]
_PACKAGES: Final = ("platformdirs", "elftools")
"""What the engine imports of others."""
_LEFT_OUT: Final = frozenset(
    {"__pycache__", "asyncio", "curses", "dbm", "dist-packages", "distutils", "ensurepip", "idlelib", "lib2to3"}
    | {"pydoc_data", "site-packages", "sqlite3", "test", "tests", "tkinter", "turtledemo", "unittest", "wsgiref"}
    | {"xmlrpc"}
)
"""Folders of the standard library that the guest has no use for."""
_LEFT_OUT_MODULES: Final = re.compile(r"_test|_tkinter|_curses|readline|_sqlite3|_ssl|_hashlib|_dbm|_gdbm|nis|xx")
"""The same of its modules that are linked to what would be most of the guest's files; hashlib does without one."""


def guest_files(kernel: Kernel, init: str) -> Archive:
    """Return the files of a guest, to which others can be added.

    Args:
        kernel: Whose modules it gets.
        init: What runs as init: Python code.

    Raises:
        GuestError: Something of this Python cannot be read.
    """
    archive = Archive()
    for name in ("proc", "sys", "dev", "tmp", "root"):
        archive.folder(f"/{name}")
    python = Path(sys.executable).resolve()
    libraries = Path(sysconfig.get_path("stdlib"))
    try:
        # At their own places, so that Python finds its library and the linker its own.
        add_code(archive, str(libraries), libraries)
        modules = [path for path in libraries.glob("lib-dynload/*.so") if not _LEFT_OUT_MODULES.match(path.name)]
        for path in _libraries_of([python, *sorted(modules)]):
            archive.file(os.path.normpath(path), path)
        add_code(archive, f"{HOME}/bpftui/core", _CORE)
        for name in _PACKAGES:
            found = find_spec(name)
            for folder in (found.submodule_search_locations or ()) if found else ():
                add_code(archive, f"{HOME}/{name}", Path(folder))
        for path in kernel.modules:
            archive.add(f"{HOME}/modules/{path.name}", module_code(path))
    except OSError as error:
        raise GuestError(f"the guest's files cannot be read: {error.filename or ''}: {reason_of(error)}") from error
    archive.add("/init", f"#!{python} -BE\n{init}".encode(), mode=0o755)
    return archive


def add_code(archive: Archive, name: str, folder: Path) -> None:
    """Add the Python code of a folder and those in it, compiled: a processor that is emulated would take long for it.

    Compiled code that lies where its source would is taken without one.
    """
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in _LEFT_OUT and not path.name.startswith("config-"):
            add_code(archive, f"{name}/{path.name}", path)
        elif path.suffix == ".py" and (code := _compiled(path)):
            archive.add(f"{name}/{path.name}c", code)


def _compiled(source: Path) -> bytes:
    """Return a source compiled; nothing for what is none, as there is in the standard library."""
    # Not beside sources that are the system's: what root puts there nobody removes.
    kept = directory() / "compiled" / f"{sys.implementation.cache_tag}{source.absolute()}c"
    for place in (Path(cache_from_source(str(source))), kept):
        with suppress(OSError):
            code = place.read_bytes()
            found = source.stat()
            if code[4:16] == struct.pack("<III", 0, int(found.st_mtime) & 0xFFFF_FFFF, found.st_size & 0xFFFF_FFFF):
                return code  # PEP 552: it is of that time and size
    with suppress(OSError, py_compile.PyCompileError):
        if (made := py_compile.compile(str(source), str(kept), doraise=True)) is not None:
            return Path(made).read_bytes()
    with suppress(SyntaxError, ValueError):  # no place to keep it
        return MAGIC_NUMBER + bytes(12) + marshal.dumps(compile(source.read_bytes(), str(source), "exec"))
    return b""


def _libraries_of(files: Sequence[Path]) -> list[Path]:
    """Return what files are linked to, and those files."""
    try:
        done = subprocess.run(["ldd", *files], capture_output=True, text=True, check=False)
    except OSError as error:
        raise GuestError(f"ldd, which tells what Python is linked to, cannot be started: {reason_of(error)}") from error
    found = (Path(name) for name in re.findall(r"(/\S+) \(0x", done.stdout))
    return list(dict.fromkeys((*files, *found)))
