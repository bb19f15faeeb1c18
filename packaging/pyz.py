"""Makes a zipapp: one file that runs wherever there is a Python:  python packaging/pyz.py WHEEL OUTPUT

It holds the wheel and all that it needs. Compiled modules cannot be imported from a zip archive, so that it unpacks
itself when it is first run (`pyz_main.py`); those that are for one version of Python it holds for each. They are for
machines like this one: another processor takes another zipapp. Needs pip, and what pip can reach.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
_OLDEST = (2014, 1, 1, 0, 0, 0)
"""The time of all that is in it: the same wheels make the same file."""
_SHEBANG = b"#!/usr/bin/env python3\n"


def pip(*words: str | Path) -> str:
    """Run pip, and return what it prints."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def needed(wheel: Path) -> dict[str, str]:
    """Return what is to be installed, the wheel included, and the name of the file that each is in."""
    report = json.loads(pip("install", "--dry-run", "--ignore-installed", "--only-binary=:all:", "--report=-", wheel))
    found: dict[str, str] = {}
    for each in report["install"]:
        told, url = each["metadata"], each["download_info"]["url"]
        name = url if url.startswith("file:") and url.endswith(wheel.name) else f"{told['name']}=={told['version']}"
        found[name] = url.rpartition("/")[2]
    return found


def fill(folder: Path, wheel: Path) -> None:
    """Install into a folder: `any/` for every Python, `3.11/`, … for one."""
    packages = needed(wheel)
    bound = {name for name, file in packages.items() if re.search(r"-cp\d+-cp\d+-", file)}
    pip("install", "--target", folder / "any", "--no-deps", "--no-compile", *sorted(set(packages) - bound))
    for version in VERSIONS:
        for name in sorted(bound):
            try:
                pip(
                    *("install", "--target", folder / version, "--no-deps", "--no-compile", "--only-binary=:all:"),
                    *("--python-version", version, "--upgrade", name),
                )
            except subprocess.CalledProcessError:
                print(f"pyz: Python {version}: without {name}, which has no wheel for it", file=sys.stderr)


def pack(folder: Path, output: Path) -> None:
    """Write the archive, with what runs it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    # Launchers of commands are for an installation, and where pip was told to take things from is nobody's matter.
    files = [path for path in files if path.parent.name != "bin" and path.name not in ("direct_url.json", "RECORD")]
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    output.write_bytes(_SHEBANG)
    with zipfile.ZipFile(output, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        main = Path(__file__).with_name("pyz_main.py").read_text().replace("@DIGEST@", digest.hexdigest()[:32])
        archive.writestr(zipfile.ZipInfo("__main__.py", _OLDEST), main)
        for path in files:
            told = zipfile.ZipInfo(f"site/{path.relative_to(folder)}", _OLDEST)
            told.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(told, path.read_bytes())
    output.chmod(0o755)


def main() -> None:
    """Run from the command line."""
    wheel, output = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as place:
        fill(Path(place), wheel.resolve())
        pack(Path(place), output)
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB, for Python {', '.join(VERSIONS)}")


if __name__ == "__main__":
    main()
