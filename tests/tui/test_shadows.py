"""Textual's own attributes stay Textual's: a widget that writes to one of them changes what it is."""

from __future__ import annotations

import ast
import inspect
import re
from typing import TYPE_CHECKING, Final

from textual import dom, message_pump, scroll_view, widget

from tests.tui.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES: Final = (message_pump, dom, widget, scroll_view)
PLAIN: Final = {"Controller"}
"""Classes that are no widgets, nor is what inherits from them."""
MEANT: Final = {"_styles_cache"}
"""What is put in the place of Textual's: a cache of lines that keeps them longer."""


def taken() -> set[str]:
    """Return the private attributes that Textual's base classes give their instances, or have."""
    written = {
        name for module in MODULES for name in re.findall(r"self\.(_\w+)\b[^=\n]*=[^=]", inspect.getsource(module))
    }
    return written | set(vars(widget.Widget)) | set(vars(message_pump.MessagePump)) | set(vars(dom.DOMNode))


def written() -> Iterator[tuple[str, set[str]]]:
    """Yield each class of the screen that has a base class, and the attributes of its own that it writes to."""
    for path in sorted((ROOT / "tui").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.bases and not {ast.unparse(base) for base in node.bases} & PLAIN:
                yield (
                    f"{path.name}: {node.name}",
                    {
                        each.attr
                        for each in ast.walk(node)
                        if isinstance(each, ast.Attribute)
                        and isinstance(each.ctx, ast.Store)
                        and ast.unparse(each.value) == "self"
                        and each.attr.startswith("_")
                    },
                )


def test_no_widget_writes_to_what_is_textuals() -> None:
    names = taken()
    assert {"_running", "_name", "_size"} <= names
    assert [(where, found) for where, own in written() if (found := own & names - MEANT)] == []
