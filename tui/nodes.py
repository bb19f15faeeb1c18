"""What can be chosen in the explorer: all of a collection has one address, a Node; and the tabs that show it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..core.spec import CollectionSpec, MapSpec

__all__ = ["LATER_TABS", "TABS", "Node", "NodeKind", "first_node", "map_node", "tab_title"]

TABS: Final = ("overview", "code", "variables", "maps", "graph", "log", "printed")
"""The tabs by their ids: the number of each is its key, so that a new one comes last."""
LATER_TABS: Final = frozenset({"printed"})
"""Those that are not there before there is something in them."""


def tab_title(tab: str) -> str:
    """Return what stands on a tab: its number, which is its key, and its name."""
    return f"{TABS.index(tab) + 1} {tab.capitalize()}"


class NodeKind(enum.StrEnum):
    """What a node of the tree stands for."""

    COLLECTION = "collection"
    PROGRAMS = "programs"
    PROGRAM = "program"
    FUNCTION = "function"
    MAPS = "maps"
    MAP = "map"
    VARIABLES = "variables"
    SECTION = "section"
    """The variables of one data section."""
    VARIABLE = "variable"
    EXTERNS = "externs"
    EXTERN = "extern"
    HIDDEN_ALL = "hidden all"
    HIDDEN = "hidden"
    TYPES = "types"
    CORE = "core"
    """The CO-RE relocations, of all programs or of one."""


@dataclass(frozen=True, slots=True)
class Node:
    """The address of one thing of a collection."""

    kind: NodeKind
    name: str = ""
    """As the CollectionSpec knows it; empty for the groups."""
    program: str = ""
    """For a function: the program whose linked code it is in; for CO-RE relocations: theirs, empty for all."""


def first_node(spec: CollectionSpec) -> Node:
    """Return what the explorer shows at first: the first program, else its one map or its types, else all of it."""
    if spec.programs:
        return Node(NodeKind.PROGRAM, next(iter(spec.programs)))
    if len(spec.maps) == 1:
        return map_node(next(iter(spec.maps.values())))
    if not spec.maps and spec.btf is not None:
        return Node(NodeKind.TYPES)
    return Node(NodeKind.COLLECTION, spec.file)


def map_node(found: MapSpec) -> Node:
    """Return where a map lives: one that is a data section, among the variables."""
    return Node(NodeKind.SECTION if found.is_data else NodeKind.MAP, found.name)
