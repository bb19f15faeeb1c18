"""What this machine is, in the few words of a top line."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["machine_facts"]


def machine_facts() -> tuple[str, ...]:
    """Return kernel, rights, JIT and BTF, those first that are missed least; it reads four small files."""
    from ...core.choice import runtime_name

    name = os.uname()
    release = ".".join(name.release.split("-")[0].split(".")[:2])
    rights = "root" if os.geteuid() == 0 else f"uid {os.geteuid()}"
    if runtime_name("auto") == "vm":
        rights += ", built-in machine"
    facts = ["kernel BTF" if _has_types() else "no kernel BTF"]
    if (jit := _jit()) is not None:
        facts.append("JIT on" if jit else "JIT off")
    return (*facts, f"{name.sysname} {release}", rights)


def _has_types() -> bool:
    return os.path.isfile("/sys/kernel/btf/vmlinux")


def _jit() -> bool | None:
    """Return whether the kernel translates programs; None where it does not tell (another namespace of networks)."""
    with suppress(OSError, ValueError):
        return int(Path("/proc/sys/net/core/bpf_jit_enable").read_text("ascii")) != 0
    return None
