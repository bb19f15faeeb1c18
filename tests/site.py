"""The site of the documentation:  python -m tests.site

Its pages are put together in build/docs: what lies in docs/, the manual's pages as `?` shows them, what the commands'
own parsers say, the modules of the library, and the pictures. MkDocs makes build/site of them, where a warning is an
error; then every page is looked at for what it would load from elsewhere.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bpftui.tui.text.manual import pages
from tests.man_page import parsers

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MODULES", "assemble", "from_elsewhere"]

ROOT: Final = Path(__file__).parents[1]
BUILD: Final = ROOT / "build"
CONFIGURATION: Final = ROOT / "docs/mkdocs.yml"
_COPIED: Final = ("*.md", "examples/*.[cp]*", "fleet/*", "schemas/*.json")
"""What of docs/ is in the site."""
_PROJECT: Final = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
_MOVED: Final = (
    ("](../screenshots/", "](screenshots/"),
    *((f"](../{name}", f"]({name.lower()}") for name in _PROJECT),
    *((f"]({name}", f"]({name.lower()}") for name in _PROJECT),
    ("](docs/", "]("),
)
"""Where a link leads in the repository, and where in the site."""

MODULES: Final = (
    *("spec", "btf", "dwarf", "asm", "elf", "listing.listing", "analysis.facts", "verifier"),
    *("runtime", "choice", "kernel", "vm", "maps", "live"),
    *("debug", "testing.bpf", "testing.values", "fuzz.search", "coverage.gathered", "packet", "traffic"),
    *("diff", "compiler", "portability", "since", "system", "tape", "metrics", "errors", "visible"),
)
"""Of `bpftui.core`: those that have a page, in the order in which one comes to them."""
_ADDRESS: Final = r"""\s*["']?(?:https?:)?//[^\s>)]*"""
_ELSEWHERE: Final = re.compile(
    rf"""<(?:script|img|iframe|source|audio|video|embed)\b[^>]*\bsrc\s*={_ADDRESS}
      | <link\b(?=[^>]*\brel\s*=\s*["']?(?:stylesheet|icon|preload|preconnect|modulepreload))[^>]*\bhref\s*={_ADDRESS}
      | (?:url\(|@import){_ADDRESS}""",
    re.VERBOSE | re.IGNORECASE,
)


def assemble(folder: Path) -> str:
    """Put the pages together in a folder, and return the configuration of MkDocs with their places in it."""
    shutil.rmtree(folder, ignore_errors=True)
    for pattern in _COPIED:
        for path in sorted((ROOT / "docs").glob(pattern)):
            _put(folder / path.relative_to(ROOT / "docs"), path)
    for name in _PROJECT:
        _put(folder / name.lower(), ROOT / name)
    shutil.copytree(ROOT / "screenshots", folder / "screenshots", ignore=shutil.ignore_patterns("*.svg"))
    told = pages({})
    for page in told:
        _write(folder / f"manual/{page.name}.md", page.text)
    _write(folder / "commands.md", "\n".join(_commands()))
    for name in MODULES:
        _write(folder / f"modules/{name}.md", f"# bpftui.core.{name}\n\n::: bpftui.core.{name}\n")
    text = CONFIGURATION.read_text()
    for mark, paths in (
        ("Manual: MANUAL", [f"manual/{page.name}.md" for page in told]),
        ("Modules: MODULES", [f"modules/{name}.md" for name in MODULES]),
    ):
        indent = next(line for line in text.splitlines() if line.endswith(mark)).partition("-")[0]
        listed = "".join(f"\n{indent}    - {path}" for path in paths)
        text = text.replace(mark, f"{mark.partition(':')[0]}:{listed}")
    # A guide that nobody has given a place yet comes last.
    new = [path.name for path in sorted(folder.glob("*.md")) if f"- {path.name}\n" not in text]
    return text.replace("      - tasks.md\n", "".join(f"      - {name}\n" for name in ("tasks.md", *new)))


def _put(place: Path, source: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix != ".md":
        shutil.copyfile(source, place)
        return
    text = source.read_text()
    for old, new in _MOVED:
        text = text.replace(old, new)
    # What follows the language of a block is the file that it is of: a highlighter takes it for options.
    _write(place, re.sub(r"^```(\w+) (\S+)$", r"``` { .\1 title='\2' }", text, flags=re.MULTILINE))


def _write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def _commands() -> Iterator[str]:
    """Iterate over the lines of the page that has all help."""
    yield "# Commands\n"
    yield "`-h` is a screen of it, `--help` all, as here; `man bpftui` has the same.\n"
    for parser in parsers().values():
        yield f"## {parser.prog}\n\n```text\n{parser.format_help().rstrip()}\n```\n"


def from_elsewhere(site: Path) -> list[str]:
    """Return what pages and style sheets would load from elsewhere, each with its file."""
    files = [path for path in sorted(site.rglob("*")) if path.suffix in (".html", ".css")]
    return [
        f"{path.relative_to(site)}: {' '.join(found[0].split())}"
        for path in files
        for found in _ELSEWHERE.finditer(path.read_text())
    ]


def main() -> int:
    """Build the site; return the exit code."""
    os.environ["COLUMNS"] = "80"  # of help
    configuration = CONFIGURATION.with_name("mkdocs.built.yml")
    configuration.write_text(assemble(BUILD / "docs"))
    try:
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--config-file", str(configuration)]
        done = subprocess.run(command, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, check=False)
    finally:
        configuration.unlink()
    if done.returncode:
        return done.returncode
    found = from_elsewhere(BUILD / "site")
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(list((BUILD / 'site').rglob('*.html')))} pages in {BUILD / 'site/index.html'}")
    # Of files the theme has no search.
    print(f"to search in them as well: python3 -m http.server --directory {BUILD / 'site'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
