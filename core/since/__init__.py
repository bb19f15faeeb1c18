"""Which version of Linux brought what: types, helpers, kernel functions, flags, and what code does.

For what is said of kernels that are not at hand. Whether the running one has something is found out by trying: kernels
are configured and patched. Each entry has its source, and `tests/since.py` compares them with the histories again.
"""

from __future__ import annotations

from .facts import (
    Limits,
    Since,
    Version,
    attach_type,
    btf_kind,
    code,
    field,
    flag,
    helper,
    kfunc,
    limits,
    link_type,
    map_type,
    option,
    program_type,
)

__all__ = [
    "Limits",
    "Since",
    "Version",
    "attach_type",
    "btf_kind",
    "code",
    "field",
    "flag",
    "helper",
    "kfunc",
    "limits",
    "link_type",
    "map_type",
    "option",
    "program_type",
]
