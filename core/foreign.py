"""What a file is that is no BPF object, and what to do with it: told by how it begins.

The magic numbers are those of LLVM's `BinaryFormat/Magic.cpp`, of file(1) and of the formats' own descriptions.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import Final

__all__ = ["RECORDING", "elf_kind", "file_kind", "is_recording", "is_source"]

RECORDING: Final = b"bpft"
"""PRAGMA application_id of a recording (`bpftui.core.tape`): four bytes of SQLite's header, at 68."""

_COMPILE: Final = "compile it: clang -O2 -g --target=bpf -c FILE -o prog.o"
_BITCODE: Final = (
    "compile it to an object: clang -O2 -g --target=bpf -c, without -emit-llvm and -flto; Rust's by bpf-linker; or "
    "llc -march=bpf -filetype=obj"
)
_UNPACK: Final = "unpack it, and open what comes out"
_RUN: Final = "a capture is what programs are run on: bpftui run OBJECT PROGRAM --pcap FILE"
_MAGICS: Final = (
    (b"BC\xc0\xde", "LLVM bitcode", _BITCODE),
    (b"\xde\xc0\x17\x0b", "LLVM bitcode in a wrapper", _BITCODE),
    (b"CPCH", "a precompiled header of clang", _COMPILE),
    (b"\x9f\xeb\x01", "BTF alone, types without programs", "it is what --btf takes"),
    (b"\xeb\x9f\x01", "BTF alone, types without programs", "it is what --btf takes"),
    (b"BZh", "packed with bzip2", "bzip2 -dc FILE | bpftui show -"),
    (b"\x04\x22\x4d\x18", "packed with lz4", "lz4 -dc FILE | bpftui show -"),
    (b"PK\x03\x04", "a zip archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (
        b"MZ",
        "a program of Windows",
        "a native driver of ebpf-for-windows holds no BPF any more: open what it was made of",
    ),
    (b"\xcf\xfa\xed\xfe", "an object of macOS (Mach-O)", "compile with --target=bpf"),
    (b"\xca\xfe\xba\xbe", "an object of macOS (Mach-O) or a class of Java", "compile with --target=bpf"),
    (b"\0asm", "WebAssembly", "compile with --target=bpf"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture", _RUN),
    (b"\xa1\xb2\xc3\xd4", "a packet capture", _RUN),
    (b"\x0a\x0d\x0d\x0a", "a packet capture", _RUN),
    (b"SQLite format 3\0", "a database of SQLite", ""),
    (b"%PDF-", "a PDF", ""),
    (b"\x89PNG", "a picture", ""),
    (b"#!/", "a script", ""),
)
_TEXTS: Final = (
    (
        re.compile(rb"\A\s*(?:; ModuleID|source_filename =|target (?:triple|datalayout) =|define |@\w+ = )"),
        "LLVM's intermediate code as text",
        _BITCODE,
    ),
    (
        re.compile(
            rb"^\s*(?:#\s*include\b|#\s*define\b|#\s*pragma\b|SEC\(|struct \w+ \{|typedef |// SPDX|/\* SPDX)", re.M
        ),
        "source code in C",
        _COMPILE,
    ),
    (
        re.compile(rb"^\s*(?:#!\[no_std\]|use aya_ebpf|#\[(?:map|xdp|tracepoint|kprobe|classifier)\b)", re.M),
        "source code in Rust",
        "build it for bpfel-unknown-none: cargo build, with bpf-linker",
    ),
    (re.compile(rb"^\s*\.(?:text|section|globl|file)\b", re.M), "assembly", "clang --target=bpf -c FILE -o prog.o"),
    (re.compile(rb"^func#0 @0$|^processed \d+ insns|^\d+: \(", re.M), "a log of the verifier", "bpftui log FILE"),
    (re.compile(rb"\A\s*[{\[]"), "JSON", ""),
)
_SUFFIXES: Final = {".c": 1, ".h": 1, ".rs": 2}
"""Of texts that say nothing else of themselves: which of `_TEXTS` they are."""
_LOOKED_AT: Final = 4096
_NO_OBJECT_INSIDE: Final = "no BPF object is embedded in it: open the one that it loads"
_ELF_KINDS: Final = {
    1: ("an object", "compile the source for BPF: clang -O2 -g --target=bpf -c"),
    2: ("a program", _NO_OBJECT_INSIDE),
    3: ("a program or library", _NO_OBJECT_INSIDE),
    4: ("a core dump", ""),
}
"""By `e_type`."""


def is_recording(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a recording over time, whatever else is wrong with it; False where it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe is nobody's to wait for
    except (OSError, ValueError):
        return False
    try:
        return _is_recording(os.pread(descriptor, 100, 0))
    except OSError:
        return False
    finally:
        os.close(descriptor)


def is_source(name: str) -> bool:
    """Whether a file is one that is compiled before it is read: it is called so."""
    return name.endswith(".c")


def _is_recording(head: bytes) -> bool:
    return head.startswith(b"SQLite format 3\0") and head[68:72] == RECORDING


def file_kind(data: bytes, name: str = "") -> tuple[str, str]:
    """Return what a file that is no ELF file is, as a noun phrase, and what to do with it; both empty where not known.

    Args:
        data: Its start, at least 4,096 bytes of it where it has as many.
        name: What it is called.
    """
    what, hint = _file_kind(data, name)
    if hint is _COMPILE and os.path.isfile(name):
        made = f"{os.path.splitext(name)[0]}.o"
        hint = hint.replace("prog.o", shlex.quote(made)).replace("FILE", shlex.quote(name))
        if os.path.isfile(made):
            hint = f"open {shlex.quote(made)}, which lies beside it, or {hint}"
    return what, hint


def _file_kind(data: bytes, name: str) -> tuple[str, str]:
    head = bytes(data[:_LOOKED_AT])
    if head.startswith(b"!<arch>\n"):
        return _archive(data)
    if _is_recording(head):
        return "a recording of bpftui", "bpftui watch FILE plays it, bpftui show FILE tells what was recorded"
    for magic, what, hint in _MAGICS:
        if head.startswith(magic):
            return what, hint
    if b"\0" in head:
        return "", ""
    for pattern, what, hint in _TEXTS:
        if pattern.search(head):
            return what, hint
    known = _SUFFIXES.get(os.path.splitext(name)[1])
    return ("", "") if known is None else _TEXTS[known][1:]


def _archive(data: bytes) -> tuple[str, str]:
    """Return what an `ar` archive without BPF objects holds."""
    if b"\nBC\xc0\xde" in data or b"BC\xc0\xde" in data[:_LOOKED_AT]:
        return "an archive of LLVM bitcode", _BITCODE
    return "an archive (.a) without BPF objects", "build its members with --target=bpf"


def elf_kind(elf_type: int, data: bytes) -> tuple[str, str]:
    """Return what an ELF file for another machine is, and what to do with it.

    Args:
        elf_type: Its `e_type`.
        data: The whole file.
    """
    if b"\0.gnu.linkonce.this_module\0" in data:
        return "a kernel module", "its types, if it has any, are what --btf takes"
    return _ELF_KINDS.get(elf_type, ("", ""))
