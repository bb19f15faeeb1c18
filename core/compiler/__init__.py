"""C files compiled to BPF objects: which clang, with which flags, without rights, and what it says."""

from __future__ import annotations

from .clang import find_clang
from .compiling import Compiled, compiled, compiled_file
from .diagnostics import Diagnostic, Severity, parse_diagnostics
from .flags import Flags, flags_of, parse_flags

__all__ = [
    "Compiled",
    "Diagnostic",
    "Flags",
    "Severity",
    "compiled",
    "compiled_file",
    "find_clang",
    "flags_of",
    "parse_diagnostics",
    "parse_flags",
]
