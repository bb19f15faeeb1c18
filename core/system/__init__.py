"""What a machine runs of BPF, whoever loaded it: programs, maps, links, who holds them, and where they are attached."""

from __future__ import annotations

from .inventory import Inventory
from .model import (
    Attachment,
    BtfEntry,
    ControlGroup,
    Hook,
    Interface,
    LinkEntry,
    MapEntry,
    NetworkNamespace,
    Owner,
    Pin,
    ProcessEntry,
    ProgramEntry,
    Snapshot,
)

__all__ = [
    "Attachment",
    "BtfEntry",
    "ControlGroup",
    "Hook",
    "Interface",
    "Inventory",
    "LinkEntry",
    "MapEntry",
    "NetworkNamespace",
    "Owner",
    "Pin",
    "ProcessEntry",
    "ProgramEntry",
    "Snapshot",
]
