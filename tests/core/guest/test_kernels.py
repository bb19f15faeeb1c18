"""Kernels to boot: what apt has, what is in a file; no package is fetched here, and nothing is booted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import ObjectError
from bpftui.core.guest.archive import Archive
from bpftui.core.guest.errors import GuestError
from bpftui.core.guest.files import add_code
from bpftui.core.guest.kernels import debian_kernel, own_kernel
from bpftui.core.since import Version

if TYPE_CHECKING:
    from pathlib import Path

NAMES = """linux-image-6.1.0-9-cloud-amd64
linux-image-6.1.0-56-cloud-amd64
linux-image-6.1.0-57-cloud-amd64
linux-image-6.1.0-56-amd64
linux-image-6.12.117+deb12-cloud-amd64
"""
APT = """#!/bin/sh
case "$1 $2" in
"pkgnames "*) cat "$(dirname "$0")/names";;
"policy linux-image-6.1.0-57-cloud-amd64") echo '  Candidate: (none)';;
"policy "*) echo '  Candidate: 1';;
*) echo "E: no network" >&2; exit 100;;
esac
"""
"""Knows some names, and has no file for the newest one; nothing can be fetched."""


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a cache, where a made-up apt is in the path."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("apt-get", "apt-cache", "dpkg-deb"):
        (programs / name).write_text(APT)
        (programs / name).chmod(0o755)
    (programs / "names").write_text(NAMES)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "bpftui/kernels"


def unpacked(cache: Path, package: str) -> Path:
    modules = cache / package / "modules"
    modules.mkdir(parents=True)
    for name in ("10-last", "2-second", "1-first"):
        (modules / f"{name}.ko").write_bytes(b"")
    return cache / package


def test_the_newest_of_a_line_that_there_is_a_file_for(apt: Path) -> None:
    folder = unpacked(apt, "linux-image-6.1.0-56-cloud-amd64")
    unpacked(apt, "linux-image-6.1.0-9-cloud-amd64")
    kernel = debian_kernel(Version.of("6.1"))
    assert (kernel.name, kernel.image) == ("6.1", folder / "vmlinuz")
    assert [path.stem for path in kernel.modules] == ["1-first", "2-second", "10-last"]


def test_one_that_was_fetched_before_is_as_good(apt: Path) -> None:
    folder = unpacked(apt, "linux-image-6.1.0-9-cloud-amd64")
    assert debian_kernel(Version.of("6.1")).image == folder / "vmlinuz"
    assert sorted(path.name for path in apt.iterdir()) == [folder.name]  # nothing half done


def test_why_there_is_none(apt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GuestError) as unknown:
        debian_kernel(Version.of("6.6"))
    assert unknown.value.message == "apt knows no kernel 6.6 (a package linux-image-6.6.…-cloud-amd64)"
    assert unknown.value.hint is not None
    assert "--kernel-image FILE" in unknown.value.hint
    with pytest.raises(GuestError, match=r"apt-get cannot get linux-image-6\.1\.0-56-cloud-amd64: E: no network"):
        debian_kernel(Version.of("6.1"))
    assert list(apt.iterdir()) == []
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GuestError, match=r"fetching Debian's kernels takes apt-get, which is not installed"):
        debian_kernel(Version.of("6.1"))


def test_what_apt_fetches_is_something_else(apt: Path, tmp_path: Path) -> None:
    (tmp_path / "bin/apt-get").write_text("#!/bin/sh\n")
    left, other = apt / ".linux-image-6.1.0-9.killed", apt / ".linux-image-6.1.0-9.at-work"
    for folder in (left, other):
        folder.mkdir(parents=True)
    os.utime(left, (0, 0))
    with pytest.raises(GuestError, match=r"linux-image-6\.1\.0-56-cloud-amd64 cannot be unpacked"):
        debian_kernel(Version.of("6.1"))
    assert list(apt.iterdir()) == [other]


def test_a_kernel_of_ones_own(tmp_path: Path) -> None:
    image = tmp_path / "bzImage"
    image.write_bytes(bytes(0x202) + b"HdrS" + bytes(100))
    assert own_kernel(str(image)) == ("bzImage", image, ())
    image.write_bytes(bytes(0x300))
    with pytest.raises(ObjectError, match=r"bzImage: it is no kernel for x86-64"):
        own_kernel(str(image))
    with pytest.raises(ObjectError, match="there is no such file"):
        own_kernel(str(tmp_path / "none"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ObjectError, match="it is no regular file"):
        own_kernel(str(tmp_path / "pipe"))


def test_what_is_compiled_is_kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    library = tmp_path / "library"
    library.mkdir()
    (library / "some.py").write_text("answer = 42\n")
    archives = [Archive(), Archive()]
    for archive in archives:
        add_code(archive, "/lib", library)
    assert archives[0].bytes() == archives[1].bytes()
    assert b"lib/some.pyc" in archives[0].bytes()
    assert [each.name for each in library.iterdir()] == ["some.py"]
    assert len([*tmp_path.glob("cache/bpftui/compiled/**/some.pyc")]) == 1
