"""Rewrites a source distribution so that making it again gives the same bytes:  python packaging/sdist.py FILE SECONDS

setuptools keeps the time at which it made a file, and whoever it was. Here all of it is of one time, nobody's, and in
the order of names.
"""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
from pathlib import Path


def rewrite(path: Path, time: int) -> None:
    """Give all that is in the archive at *path* that time, in seconds since 1970."""
    with tarfile.open(path) as old:
        held = {each.name: (each, old.extractfile(each)) for each in old.getmembers() if each.isfile()}
        contents = {name: (each.mode & 0o100, file.read()) for name, (each, file) in held.items() if file is not None}
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=time) as packed,
        tarfile.open(fileobj=packed, mode="w") as new,
    ):
        for name, (executable, content) in sorted(contents.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(content), time, 0o755 if executable else 0o644
            new.addfile(member, io.BytesIO(content))


if __name__ == "__main__":
    rewrite(Path(sys.argv[1]), int(sys.argv[2]))
