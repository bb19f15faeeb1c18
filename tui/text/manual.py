"""The manual's pages, with the keys as the user has them."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

from .. import manual
from .keys import key_names

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KEY", "Page", "pages"]

KEY: Final = re.compile(r"\{([a-z.\-]+)=([a-zA-Z0-9_+]+)\}")
"""How a page names a key: the id of its binding, and what that is by default."""


class Page(NamedTuple):
    """A page of the manual."""

    name: str
    """What it is about, in a word: `maps`, `test-runs`."""
    title: str
    text: str
    """Markdown."""


def pages(keymap: Mapping[str, str]) -> list[Page]:
    """Return the pages in their order.

    Args:
        keymap: Remapped keys by the id of a binding.
    """
    found: list[Page] = []
    for entry in sorted(files(manual).iterdir(), key=lambda each: each.name):
        if entry.name.endswith(".md"):
            text = KEY.sub(lambda match: f"`{key_names(keymap.get(match[1], match[2]))}`", entry.read_text("utf-8"))
            name = entry.name.partition("-")[2].removesuffix(".md")
            found.append(Page(name, text.partition("\n")[0].removeprefix("# "), text))
    return found
