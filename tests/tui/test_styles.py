"""Textual inherits styles from the first base alone: a widget must not lose those of the others."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from textual.dom import DOMNode

import bpftui.tui

if TYPE_CHECKING:
    from collections.abc import Iterator


def subclasses(found: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for each in found.__subclasses__():
        yield each
        yield from subclasses(each)


def test_every_widget_has_the_component_classes_of_all_its_bases() -> None:
    for module in pkgutil.walk_packages(bpftui.tui.__path__, "bpftui.tui."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    ours = {each for each in subclasses(DOMNode) if each.__module__.startswith("bpftui.")}
    assert len(ours) > 40
    for each in ours:
        declared = set[str]().union(*(base.__dict__.get("COMPONENT_CLASSES", ()) for base in each.__mro__))
        assert declared <= each._get_component_classes(), each
