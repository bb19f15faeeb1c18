"""Every BPF object in Debian's packages opens, those embedded in programs and libraries too.

The packages are downloaded once, into the user's cache; where apt cannot do that, the tests are skipped, with the
reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import platformdirs
import pytest

from bpftui.core.errors import ObjectError
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.container import find_objects
from bpftui.tui.commands.show.spec_json import spec_json

CACHE = Path(os.environ.get("BPFTUI_TEST_PACKAGES") or platformdirs.user_cache_path("bpftui") / "test-packages")

LEAST = {
    # package: objects that it holds at least, on every architecture
    "golang-github-cilium-ebpf-dev": 30,
    "ir-keytable": 9,
    "libbpf-tools": 40,
    "libknot13": 1,
    "libxdp1": 10,
    "pcp": 10,
    "qemu-system-arm": 1,
    "qemu-system-mips": 2,
    "qemu-system-misc": 8,
    "qemu-system-ppc": 1,
    "qemu-system-sparc": 1,
    "qemu-system-x86": 1,
    "xdp-tests": 3,
    "xdp-tools": 20,
}


@cache
def unpacked(package: str) -> Path:
    """Return the folder that a package is unpacked in; skip where it is not to be had."""
    folder = CACHE / package
    if (folder / "usr").is_dir():
        return folder
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        pytest.skip("there is no apt")
    CACHE.mkdir(parents=True, exist_ok=True)
    download = subprocess.run(
        ["apt-get", "-qq", "download", package], cwd=CACHE, capture_output=True, text=True, timeout=120, check=False
    )
    files = sorted(CACHE.glob(f"{package}_*.deb"))
    if download.returncode or not files:
        pytest.skip(f"apt cannot download {package}: {download.stderr.strip()[-200:]}")
    subprocess.run(["dpkg", "-x", files[-1].name, package], cwd=CACHE, check=True, capture_output=True)
    for file in files:
        file.unlink()
    return folder


@pytest.mark.parametrize("package", LEAST)
def test_every_object_opens(package: str) -> None:
    opened = 0
    for path in sorted(unpacked(package).rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        data = path.read_bytes()
        for number, item in enumerate(find_objects(data), 1):
            name = f"{path}#{number}"
            raw = data[item.offset : item.offset + item.size]
            try:
                shown = spec_json(CollectionSpec.from_bytes(raw, file=name))
            except ObjectError as error:
                pytest.fail(f"{package}: {error}")
            assert shown["programs"] or shown["maps"] or shown["types"]["count"], name
            assert [h for h in shown["hidden"] if h["kind"] == "section"] == [], name
            assert all(p["insns"] for p in shown["programs"]), name
            opened += 1
    assert opened >= LEAST[package]
