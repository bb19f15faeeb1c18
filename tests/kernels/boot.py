"""Debian's kernels in a virtual machine: fetched by apt, unpacked beside the cache, booted with `guest.py` as init.

Nothing is installed and no right is needed. The machine has no disk and no network: a kernel, an initial file system in
memory with this Python, bpftui and the objects, and a serial line on which `guest.py` prints its findings.
"""

from __future__ import annotations

import compileall
import functools
import json
import lzma
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import elftools
import platformdirs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
GUEST: Final = Path(__file__).with_name("guest.py")
EMULATOR: Final = "qemu-system-x86_64"

PREFIX: Final = "@@ "
"""What starts a line of `guest.py`, and no line of the kernel's."""
HOME: Final = "/bpftui"
"""The directory in the guest that has the engine, the objects and the modules."""
MODULES: Final = ("nf_conntrack",)

_LINES: Final = {
    "6.1": re.compile(r"linux-image-6\.1\.0-(\d+)-cloud-amd64"),
    "6.12": re.compile(r"linux-image-6\.12\.(\d+)\S*-cloud-amd64"),
}
_TIME_LIMIT: Final = 1500
"""Seconds by the clock. A boot and all findings take some 100 of a processor, which others may use too."""
_MEMORY: Final = "1G"
_LEFT_OUT: Final = frozenset(
    {"__pycache__", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "site-packages", "test", "tests", "tkinter"}
    | {"turtledemo"}
)
"""Folders of the standard library that the guest has no use for. Compiled code comes with its source."""


class Kernel(NamedTuple):
    """A kernel that can be booted."""

    line: str
    """`6.1`: which of Debian's lines it is of."""
    image: Path
    modules: tuple[Path, ...]
    """MODULES and what they need, in the order in which they are to be loaded."""


class CannotBootError(Exception):
    """Why there is no machine: something is not installed, or there is no such package."""


def kernel(line: str) -> Kernel:
    """Return the newest kernel of a line that apt knows, fetched and unpacked where it was not yet.

    Raises:
        CannotBootError: This machine cannot boot it, or apt has none.
    """
    if platform.machine() != "x86_64":
        raise CannotBootError(f"the kernels are for x86-64, this machine is {platform.machine()}")
    for program in (EMULATOR, "apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(program) is None:
            raise CannotBootError(f"{program} is not installed")
    folder = _unpacked(_newest(line))
    (image,) = (folder / "boot").glob("vmlinuz-*")
    return Kernel(line, image, tuple(_with_needed(folder, MODULES)))


def _newest(line: str) -> str:
    names = _run("apt-cache", "pkgnames", "linux-image-6.").split()
    found = [(int(match[1]), match[0]) for name in names if (match := _LINES[line].fullmatch(name))]
    # apt also lists names that it has no file for.
    for _, name in sorted(found, reverse=True):
        if "Candidate: (none)" not in _run("apt-cache", "policy", name):
            return name
    raise CannotBootError(f"apt knows no package {_LINES[line].pattern}: apt-get update, or Debian 12")


def _unpacked(package: str) -> Path:
    folder = platformdirs.user_cache_path("bpftui-tests") / package
    if not folder.exists():
        partial = folder.with_name(f"{package}.{os.getpid()}")
        partial.mkdir(parents=True)
        try:
            _run("apt-get", "download", package, cwd=partial)
            (archive,) = partial.glob("*.deb")
            _run("dpkg-deb", "--extract", str(archive), str(partial))
            archive.unlink()
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=_TIME_LIMIT, check=False)
    if done.returncode:
        raise CannotBootError(f"{' '.join(command)}: {done.stderr.strip()}")
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


def boot(kernel: Kernel, folder: Path) -> list[dict[str, Any]]:
    """Boot *kernel* and return what `guest.py` found, in its order; *folder* is for scratch.

    Raises:
        AssertionError: It did not come to its end; has the last that was to be read on the serial line.
    """
    initrd = folder / "initrd"
    initrd.write_bytes(_initial_files(kernel))
    # Software emulation, also where there is KVM: the same everywhere, and a nested guest may hang.
    command = [EMULATOR, "-machine", "q35", "-accel", "tcg", "-cpu", "max", "-m", _MEMORY, "-nographic", "-no-reboot"]
    command += ["-nodefaults", "-serial", "stdio", "-kernel", str(kernel.image), "-initrd", str(initrd)]
    command += ["-append", "console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off lsm=lockdown,yama,bpf"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIME_LIMIT, stdin=subprocess.DEVNULL, check=False)
    except subprocess.TimeoutExpired as error:
        done = subprocess.CompletedProcess(command, 1, error.stdout or b"", error.stderr or b"")
    (folder / "serial").write_bytes(done.stdout)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    found = [json.loads(line[len(PREFIX) :]) for line in lines if line.startswith(PREFIX)]
    assert found[-1:] == [{"finding": "end"}], "\n".join([*lines[-30:], done.stderr.decode()])
    return found[:-1]


def _initial_files(kernel: Kernel) -> bytes:
    """Return the guest's files as a cpio archive (Documentation/driver-api/early-userspace/buffer-format.rst)."""
    archive = _Archive()
    for name in ("proc", "sys", "dev", "tmp", "root"):
        archive.folder(f"/{name}")
    python = Path(sys.executable).resolve()
    libraries = Path(sysconfig.get_path("stdlib"))
    # At their own places, so that Python finds its library and the linker its own.
    for path in _library(libraries):
        archive.file(str(path), path)
    for path in _linked([python, *libraries.glob("lib-dynload/*.so")]):
        archive.file(str(path), path)
    for folder in ("core", "tui", "bpf"):
        compileall.compile_dir(ROOT / folder, quiet=2)
        for path in sorted((ROOT / folder).rglob("*.py*")):
            archive.file(f"{HOME}/bpftui/{folder}/{path.relative_to(ROOT / folder)}", path)
    for package in (platformdirs, elftools):
        folder = Path(package.__path__[0])
        for path in sorted(folder.rglob("*.py")):
            archive.file(f"{HOME}/{folder.name}/{path.relative_to(folder)}", path)
    for folder in ("bpf", "tests/objects"):
        for path in sorted((ROOT / folder).glob("*.o")):
            archive.file(f"{HOME}/{folder}/{path.name}", path)
    inventory = ROOT / "bpf/inventory.o"
    archive.file(f"{HOME}/bpftui/bpf/{inventory.name}", inventory)
    library = ROOT / "tests/objects/native/probed.so"
    archive.file(f"{HOME}/{library.relative_to(ROOT)}", library)
    for number, path in enumerate(kernel.modules):
        archive.add(f"{HOME}/modules/{number}.ko", module_code(path), path)
    archive.add("/init", f"#!{python} -BE\n".encode() + GUEST.read_bytes(), GUEST, mode=0o755)
    return archive.bytes()


def _library(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in _LEFT_OUT and not path.name.startswith("config-"):
            yield from _library(path)
        elif path.suffix == ".py":
            yield path
            compiled = path.with_name("__pycache__") / f"{path.stem}.{sys.implementation.cache_tag}.pyc"
            if compiled.exists():
                yield compiled


@functools.cache
def _libraries_of(path: Path) -> tuple[Path, ...]:
    text = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    return tuple(Path(name) for name in re.findall(r"(/\S+) \(0x", text))


def _linked(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files and the libraries that they are linked to, each once."""
    seen: set[Path] = set()
    for path in paths:
        for one in (path, *_libraries_of(path)):
            if one not in seen:
                seen.add(one)
                yield one


class _Archive:
    """A cpio archive in the "newc" format."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._folders: set[str] = {"/"}

    def folder(self, name: str) -> None:
        """Add a folder, after those that it lies in; a second time does nothing."""
        if name not in self._folders:
            self.folder(os.path.dirname(name))
            self._folders.add(name)
            self._entry(name, stat.S_IFDIR | 0o755, b"", 0)

    def file(self, name: str, path: Path) -> None:
        """Add a file of this machine; what it was changed last says whether compiled code is up to date."""
        self.add(name, path.read_bytes(), path, mode=stat.S_IMODE(path.stat().st_mode))

    def add(self, name: str, data: bytes, path: Path, *, mode: int = 0o644) -> None:
        """Add *data* as a file that is as old as *path*."""
        self.folder(os.path.dirname(name))
        self._entry(name, stat.S_IFREG | mode, data, int(path.stat().st_mtime))

    def _entry(self, name: str, mode: int, data: bytes, modified: int) -> None:
        text = name.lstrip("/").encode() + b"\0"
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = (len(self._parts), mode, 0, 0, links, modified, len(data), 0, 0, 0, 0, len(text), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + text
        self._parts += [header + bytes(-len(header) % 4), data + bytes(-len(data) % 4)]

    def bytes(self) -> bytes:
        """Return the archive, with its end."""
        self._entry("TRAILER!!!", 0, b"", 0)
        return b"".join(self._parts)
