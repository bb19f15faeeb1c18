"""The one seam between a spec and what runs it.

`core.kernel` and `core.vm` both implement its protocols; the screen and the command line use nothing else, and never
ask which of the two they have.
"""

from __future__ import annotations

from .facts import (
    AttachTarget,
    CheckReport,
    Counts,
    Entry,
    ExternAnswer,
    Forecast,
    LoadOutcome,
    MapSnapshot,
    Neighbour,
    Obstacle,
    Printed,
    PrintedLine,
    ProgramInfo,
    Progress,
    RunResult,
    TargetChoice,
    XdpMode,
    given_up,
    load_given_up,
)
from .protocols import (
    Collection,
    Link,
    Map,
    Namespace,
    PrintReader,
    Program,
    Replaceable,
    Runtime,
    Sandbox,
    Variable,
)

__all__ = [
    "AttachTarget",
    "CheckReport",
    "Collection",
    "Counts",
    "Entry",
    "ExternAnswer",
    "Forecast",
    "Link",
    "LoadOutcome",
    "Map",
    "MapSnapshot",
    "Namespace",
    "Neighbour",
    "Obstacle",
    "PrintReader",
    "Printed",
    "PrintedLine",
    "Program",
    "ProgramInfo",
    "Progress",
    "Replaceable",
    "RunResult",
    "Runtime",
    "Sandbox",
    "TargetChoice",
    "Variable",
    "XdpMode",
    "given_up",
    "load_given_up",
]
