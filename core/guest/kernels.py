"""Kernels to boot: Debian's, which apt fetches and which are unpacked in the cache, never installed; and users' own."""

from __future__ import annotations

import lzma
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf.cache import directory
from ..errors import ObjectError, reason_of
from ..files import unreadable
from .errors import GuestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..since import Version

__all__ = ["Kernel", "debian_kernel", "module_code", "own_kernel"]

MODULES: Final = ("nf_conntrack",)
"""Modules that the guest gets of Debian's kernels: those whose functions programs call."""

_PACKAGE: Final = re.compile(r"linux-image-(\d+\.\d+)\.\S*-cloud-amd64")
_TIME_LIMIT: Final = 600
"""Seconds that apt may take, by the clock."""
_OWN: Final = "another one that is at hand: --kernel-image FILE"
_BOOT_HEADER: Final = 0x202
"""Where a bzImage has its magic, and what it has there (Documentation/arch/x86/boot.rst)."""


class Kernel(NamedTuple):
    """A kernel that can be booted."""

    name: str
    """What it is called: `6.1`, or the file that it is in."""
    image: Path
    modules: tuple[Path, ...] = ()
    """In the order in which they are to be loaded."""


def own_kernel(file: str) -> Kernel:
    """Return a kernel that is in a file, as `make bzImage` makes it.

    Raises:
        ObjectError: It cannot be read, or is no such file.
    """
    try:
        if not stat.S_ISREG(os.stat(file).st_mode):
            raise ObjectError("it is no regular file", file=file)
        with open(file, "rb") as stream:
            head = stream.read(_BOOT_HEADER + 4)
    except OSError as error:
        raise unreadable(file, error) from error
    if head[_BOOT_HEADER:] != b"HdrS" and head[:4] != b"\x7fELF":
        hint = "arch/x86/boot/bzImage, or what is called vmlinuz in /boot"
        raise ObjectError("it is no kernel for x86-64", file=file, hint=hint)
    return Kernel(os.path.basename(file), Path(file))


def debian_kernel(line: Version) -> Kernel:
    """Return the newest kernel of a line (6.1, 6.12) that apt knows, fetched and unpacked where it was not yet.

    Where apt cannot fetch it, the one that was fetched before is as good.

    Raises:
        GuestError: There is none.
    """
    before = sorted(_cache().glob(f"linux-image-{line}.*-cloud-amd64"), key=_order)
    try:
        package = _newest(line)
        folder = _cache() / package
        if folder not in before:
            _fetch(package, folder)
            for old in before:
                shutil.rmtree(old, ignore_errors=True)
    except GuestError:
        if not before:
            raise
        folder = before[-1]
    return Kernel(str(line), folder / "vmlinuz", tuple(sorted(folder.glob("modules/*.ko"), key=_order)))


def _cache() -> Path:
    return directory() / "kernels"


def _order(name: str | Path) -> tuple[int, ...]:
    """Return what names with numbers are sorted by."""
    return tuple(map(int, re.findall(r"\d+", os.path.basename(name))))


def _newest(line: Version) -> str:
    for program in ("apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(program) is None:
            raise GuestError(f"fetching Debian's kernels takes {program}, which is not installed", hint=_OWN)
    names = _run("apt-cache", "pkgnames", f"linux-image-{line}.").split()
    found = [name for name in names if (match := _PACKAGE.fullmatch(name)) and match[1] == str(line)]
    # apt also lists names that it has no file for.
    for name in sorted(found, key=_order, reverse=True):
        if "Candidate: (none)" not in _run("apt-cache", "policy", name):
            return name
    hint = f"apt-get update; Debian 12 has 6.1 and 6.12; {_OWN}"
    raise GuestError(f"apt knows no kernel {line} (a package linux-image-{line}.…-cloud-amd64)", hint=hint)


def _fetch(package: str, folder: Path) -> None:
    """Put a package's kernel and the modules that are wanted into a folder, which is there as a whole or not at all."""
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.parent.glob(".linux-image-*"):  # by who was killed meanwhile
            if time.time() - left.lstat().st_mtime > 2 * _TIME_LIMIT:
                shutil.rmtree(left, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{package}.", dir=folder.parent))
    except OSError as error:
        raise GuestError(f"{folder.parent}: kernels cannot be kept there: {reason_of(error)}") from error
    try:
        # As root, apt would become another user, who may not write here, and this process may not be able to let it.
        sandbox = ("-o", "APT::Sandbox::User=root") if os.geteuid() == 0 else ()
        _run("apt-get", *sandbox, "download", package, cwd=partial)
        (archive,) = partial.glob("*.deb")
        _run("dpkg-deb", "--extract", str(archive), str(partial / "package"))
        (image,) = partial.glob("package/boot/vmlinuz-*")
        wanted = partial / "wanted"
        (wanted / "modules").mkdir(parents=True)
        image.rename(wanted / "vmlinuz")
        for number, path in enumerate(_with_needed(partial / "package", MODULES)):
            (wanted / f"modules/{number}-{path.name.partition('.')[0]}.ko").write_bytes(module_code(path))
        with suppress(FileExistsError):  # somebody else was quicker
            wanted.rename(folder)
    except (OSError, ValueError, lzma.LZMAError) as error:  # ValueError: it holds something else than kernels do
        raise GuestError(f"{package} cannot be unpacked: {reason_of(error)}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _run(*command: str, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=_TIME_LIMIT, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise GuestError(f"{command[0]} cannot be started: {reason_of(error)}", hint=_OWN) from error
    except subprocess.TimeoutExpired as error:
        raise GuestError(f"{command[0]} did not end within {_TIME_LIMIT} s", hint=_OWN) from error
    if done.returncode:
        said = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()
        raise GuestError(f"{command[0]} cannot get {command[-1]}: {said[0]}", hint=f"apt-get update, or {_OWN}")
    return done.stdout


def _with_needed(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    """Yield the files of modules, each after those that it needs; the package has no modules.dep."""
    files = {path.name.partition(".")[0]: path for path in folder.glob("lib/modules/*/kernel/**/*.ko*")}
    done: set[str] = set()

    def walk(name: str) -> Iterator[Path]:
        # What is built in has no file.
        if name in done or name not in files:
            return
        done.add(name)
        depends = re.search(rb"\0depends=([^\0]*)\0", module_code(files[name]))
        for needed in depends[1].decode().split(",") if depends else ():
            yield from walk(needed)
        yield files[name]

    for name in names:
        yield from walk(name)


def module_code(path: Path) -> bytes:
    """Return a module as the kernel takes it: Debian packs them since 6.12."""
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
