"""Runs bpftui from a zipapp: unpacks it once, for each version of it, where nobody else may write."""

import os
import sys
import tempfile
import zipfile

DIGEST = "@DIGEST@"


def home() -> str:
    """Return where it is unpacked: for root where whoever it becomes can still read (`--drop`), else the user's own."""
    if os.geteuid() == 0:
        return "/var/cache/bpftui"
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(cache if os.path.isabs(cache) else os.path.expanduser("~/.cache"), "bpftui")


def is_ours(path: str) -> bool:
    """Whether what lies there is this user's, and nobody else could have changed it."""
    try:
        told = os.lstat(path)
    except OSError:
        return False
    return os.path.isdir(path) and not os.path.islink(path) and told.st_uid == os.geteuid() and not told.st_mode & 0o022


def unpacked() -> str:
    """Return the folder with what the archive holds."""
    place = os.path.join(home(), "pyz")
    there = os.path.join(place, DIGEST)
    umask = os.umask(0o022)
    try:
        os.makedirs(place, exist_ok=True)
        if is_ours(place) and is_ours(there):
            return there
        if not is_ours(place):
            raise PermissionError(place)
        folder = tempfile.mkdtemp(dir=place)
    except OSError:  # nowhere to keep it: unpacked for this time
        import atexit
        import shutil

        there, folder = "", tempfile.mkdtemp(prefix="bpftui-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    finally:
        os.umask(umask)
    os.umask(0o022)
    with zipfile.ZipFile(os.path.dirname(os.path.abspath(__file__))) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith("site/")])
    os.umask(umask)
    if not there:
        return folder
    os.chmod(folder, 0o755)
    try:
        os.rename(folder, there)
    except OSError:  # somebody was quicker
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
    return there


def main() -> None:
    """Run it."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if sys.version_info < (3, 11):  # noqa: UP036  # nobody asks before a file is run
        sys.exit(f"bpftui: error: Python 3.11 or newer is needed, and this is {version}")
    site = os.path.join(unpacked(), "site")
    sys.path[:1] = [os.path.join(site, "any"), os.path.join(site, version)]  # in the place of the archive
    from bpftui.tui.__main__ import main as run

    sys.exit(run())


main()
