"""The sentence that says that a kernel is too old for something: see `core.since`."""

from __future__ import annotations

from ...since import attach_type as attach_type_since
from ...since import link_type, map_type, program_type
from ...spec import MapType, ProgramType
from ...spec.sections import SECTIONS

__all__ = ["links_since", "sessions_since", "since"]


def since(type_: MapType | ProgramType) -> str:
    """Return what a kernel has to be to have a type, as a hint; empty where it is not known."""
    found = map_type(type_) if isinstance(type_, MapType) else program_type(type_)
    return f"{type_.label} needs Linux {found.version} or newer, configured for it" if found else ""


def links_since(name: str, called: str = "", needs: str = "") -> str:
    """Return a type of links as a feature that a kernel may lack: `tcx links (Linux 6.6)`."""
    return f"{called or f'{name} links'} (Linux {link_type(name)}{needs and f', {needs}'})"


def sessions_since(pattern: str, needs: str = "") -> str:
    """Return the same for links of which the program runs at entry and return, by their section: `kprobe.session`."""
    attach_type = SECTIONS[pattern].attach_type
    found = None if attach_type is None else attach_type_since(attach_type)
    version = f"Linux {found.version}" if found else "a newer Linux"
    return f"{pattern} links ({version}{needs and f', {needs}'})"
