"""The parts that expected specs are written with: what is usual is left out."""

from __future__ import annotations

from typing import Any

__all__ = ["HIDDEN", "STATIC", "Facts", "bpf_map", "data_section", "extern", "hidden", "program", "spec", "variable"]

Facts = dict[str, Any]

HIDDEN = "hidden visibility (__hidden): it is not part of the object's interface"
STATIC = "static: only its own file can see it"


def spec(
    *,
    license: str,  # noqa: A002
    types: int,
    kernel_version: int = 0,
    architecture: str | None = None,
    maps: list[Facts] | None = None,
    programs: list[Facts] | None = None,
    variables: list[Facts] | None = None,
    hidden: list[Facts] | None = None,
    kconfig: list[Facts] | None = None,
    ksyms: list[Facts] | None = None,
    kfuncs: list[Facts] | None = None,
) -> Facts:
    """Return a whole spec as `show --json` has it, but for the file's name."""
    return {
        "schema": "bpftui/spec/1",
        "byte_order": "little",
        "license": license,
        "kernel_version": kernel_version,
        "architecture": architecture,
        "maps": maps or [],
        "programs": programs or [],
        "variables": variables or [],
        "hidden": hidden or [],
        "externs": {"kconfig": kconfig or [], "ksyms": ksyms or [], "kfuncs": kfuncs or []},
        "types": {"count": types},
    }


def bpf_map(name: str, kind: str, key_size: int, value_size: int, max_entries: int, **more: Any) -> Facts:
    """Return a map of the section .maps with no flags, no types and nothing in it, unless *more* says so."""
    return {
        "name": name,
        "section": ".maps",
        "type": kind,
        "key_size": key_size,
        "value_size": value_size,
        "max_entries": max_entries,
        "flags": 0,
        "map_extra": 0,
        "numa_node": 0,
        "pinning": "none",
        "key_type": None,
        "value_type": None,
        "inner": None,
        "contents": 0,
        "problem": None,
    } | more


def data_section(name: str, size: int, flags: int = 0) -> Facts:
    """Return a data section as a map; flags 128 is BPF_F_RDONLY_PROG."""
    return bpf_map(name, "array", 4, size, 1, section=name, flags=flags, contents=1)


def program(name: str, section: str, kind: str, *, insns: int, line_infos: int, **more: Any) -> Facts:
    """Return a program without subprograms and maps, which attaches to nothing, unless *more* says so."""
    return {
        "name": name,
        "section": section,
        "type": kind,
        "attach_type": None,
        "attach_to": "",
        "flags": 0,
        "autoload": True,
        "insns": insns,
        "functions": [name],
        "maps": [],
        "line_infos": line_infos,
        "core_relocations": 0,
        "problem": None,
    } | more


def variable(name: str, section: str, offset: int, c_text: str | None, value: Any, raw: str) -> Facts:
    """Return a variable; those of .rodata are constant."""
    return {
        "name": name,
        "section": section,
        "map": section,
        "offset": offset,
        "size": len(raw) // 2,
        "constant": section.startswith(".rodata"),
        "type": c_text,
        "value": value,
        "bytes": raw,
    }


def hidden(name: str, kind: str, reason: str) -> Facts:
    """Return what is there but not usable."""
    return {"name": name, "kind": kind, "reason": reason}


def extern(name: str, c_text: str, *, weak: bool) -> Facts:
    """Return what the kernel has to supply."""
    return {"name": name, "weak": weak, "type": c_text}
