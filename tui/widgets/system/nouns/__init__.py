"""What the tables of the System place list: a module for each noun, with its columns and what is known of a row."""

from __future__ import annotations

from .interfaces import INTERFACES
from .links import LINKS
from .maps import MAPS
from .pins import PINS
from .processes import PROCESSES
from .programs import PROGRAMS
from .types import BTFS

__all__ = ["BTFS", "INTERFACES", "LINKS", "MAPS", "PINS", "PROCESSES", "PROGRAMS"]
