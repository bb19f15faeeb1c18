"""The pages of the site: all of them are in its navigation, links lead somewhere, nothing is loaded from elsewhere."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import pytest

from bpftui.tui.text.manual import pages
from tests.man_page import parsers
from tests.site import MODULES, ROOT, assemble, from_elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "tui/manual").glob("*.md")]
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|^(?: {4}|\t).*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


@functools.cache
def anchors(path: Path) -> set[str]:
    """Return what a document's headings are called in links, as forges and MkDocs do it."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    plain = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings)
    return {re.sub(r"\s+", "-", each) for each in plain}


def broken(path: Path) -> Iterator[str]:
    """Iterate over the links of a document that lead nowhere; others' addresses are not asked for."""
    for link in LINK.findall(CODE.sub("", path.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    assert list(broken(path)) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# A heading, with signs\n")
    page = tmp_path / "page.md"
    page.write_text("[a](other.md#a-heading-with-signs) [b](other.md#b) [c](c.md) [d](#d) `[e](e.md)` [f](https://f)\n")
    assert list(broken(page)) == ["other.md#b", "c.md", "#d"]


def test_every_page_has_its_place_in_the_site(tmp_path: Path) -> None:
    configuration = assemble(tmp_path)
    placed = re.findall(r"^ +- (?:\w+: )?([\w/.-]+\.md)$", configuration, re.MULTILINE)
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")}
    assert sorted(placed) == sorted(made)
    assert {f"manual/{page.name}.md" for page in pages({})} <= made
    assert {f"modules/{name}.md" for name in MODULES} <= made
    for path in tmp_path.rglob("*.md"):
        assert list(broken(path)) == [], path


def test_the_manual_and_the_help_are_those_of_the_program(tmp_path: Path) -> None:
    assemble(tmp_path)
    for page in pages({}):
        assert (tmp_path / f"manual/{page.name}.md").read_text() == page.text
    told = (tmp_path / "commands.md").read_text()
    assert all(parser.format_help().rstrip() in told for parser in parsers().values())


def test_every_module_is_there_and_says_what_it_has() -> None:
    for name in MODULES:
        place = ROOT / "core" / name.replace(".", "/")
        source = (place / "__init__.py" if place.is_dir() else place.with_suffix(".py")).read_text()
        assert "__all__ = [" in source, name


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/x.js"></script>',
        "<img alt='x' src=//example/x.png>",
        '<link rel="stylesheet" href="https://fonts.example/css">',
        '<link href="https://fonts.example" rel=preconnect crossorigin>',
        "<style>@import 'https://example/x.css';</style>",
        "<p style='background: url(http://example/x.png)'>",
    ],
)
def test_what_is_loaded_from_elsewhere_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "page.html").write_text(f"<p>before{text}after")
    assert len(from_elsewhere(tmp_path)) == 1


def test_a_link_to_elsewhere_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('<a href="https://example">x</a><img src="x.png"><link rel="next" href="//x">')
    assert from_elsewhere(tmp_path) == []
