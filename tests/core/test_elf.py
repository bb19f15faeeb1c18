"""The ELF reader against pyelftools, and what it says of files that are none of ours."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import SymbolTableSection

from bpftui.core.elf import Elf, SectionFlag, SectionType, read_object_file
from bpftui.core.errors import ObjectError
from bpftui.core.spec import CollectionSpec

ROOT = Path(__file__).parents[2]
OBJECTS = [path.relative_to(ROOT) for path in [*sorted(ROOT.glob("tests/objects/*.o")), *sorted(ROOT.glob("bpf/*.o"))]]


@pytest.mark.parametrize("path", OBJECTS, ids=str)
def test_sections_symbols_and_relocations_are_those_of_pyelftools(path: Path) -> None:
    ours = Elf((ROOT / path).read_bytes(), file=str(path))
    with open(ROOT / path, "rb") as stream:
        theirs = ELFFile(stream)
        assert ours.byte_order == ("little" if theirs.little_endian else "big")
        sections = list(theirs.iter_sections())
        assert [(s.name, s.flags, s.offset, s.size, s.link, s.info) for s in ours.sections] == [
            (s.name, *(s[f"sh_{field}"] for field in ("flags", "offset", "size", "link", "info"))) for s in sections
        ]
        for section, other in zip(ours.sections, sections, strict=True):
            if section.type == SectionType.PROGBITS and not section.flags & SectionFlag.COMPRESSED:
                assert ours.contents(section) == other.data()
        (table,) = (s for s in sections if isinstance(s, SymbolTableSection))
        symbols = list(table.iter_symbols())
        # pyelftools gives a section's symbol the section's name
        assert [(s.name, s.value, s.size) for s in ours.symbols if s.type != 3] == [
            (s.name, s["st_value"], s["st_size"]) for s in symbols if s["st_info"]["type"] != "STT_SECTION"
        ]
        for other in sections:
            if isinstance(other, RelocationSection):
                patched = ours.sections[int(other["sh_info"])]
                assert [(r.offset, r.type, r.symbol) for r in ours.relocations(patched)] == [
                    (r["r_offset"], r["r_info_type"], r["r_info_sym"]) for r in other.iter_relocations()
                ]


def header(**change: tuple[int, str, int]) -> bytes:
    """Return an object whose ELF header is changed: name=(offset, layout, value)."""
    data = bytearray((ROOT / "bpf/my_map.o").read_bytes())
    for offset, layout, value in change.values():
        struct.pack_into(layout, data, offset, value)
    return bytes(data)


ARCHIVE = "x: it is an archive of LLVM bitcode, not a BPF object"
LIBRARY = "x: it is an ELF file for AArch64 (a program or library), not a BPF object"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x: it is empty, not a BPF object"),
        (b"\x7fELF", "x: its ELF header is cut off after 4 bytes"),
        (b"some words\n", "x: it is not an ELF file, so not a BPF object"),
        (b"\xff\xfe\x00\x01", "x: it is not an ELF file, so not a BPF object"),
        (b"#!/bin/sh\n", "x: it is a script, not a BPF object"),
        (b"BC\xc0\xde\x35\x14", "x: it is LLVM bitcode, not a BPF object"),
        (b"\xde\xc0\x17\x0b\0\0", "x: it is LLVM bitcode in a wrapper, not a BPF object"),
        (b"; ModuleID = 'prog.c'\n", "x: it is LLVM's intermediate code as text, not a BPF object"),
        (b"/* a */\n#include <linux/bpf.h>\n", "x: it is source code in C, not a BPF object"),
        (b"#![no_std]\nuse aya_ebpf::macros::xdp;\n", "x: it is source code in Rust, not a BPF object"),
        (b"\t.text\n\t.globl prog\n", "x: it is assembly, not a BPF object"),
        (b"!<arch>\nprog.o/         0           0     0     644     4         `\nBC\xc0\xde", ARCHIVE),
        (b"!<arch>\n", "x: it is an archive (.a) without BPF objects, not a BPF object"),
        (b"func#0 @0\n0: R1=ctx() R10=fp0\n", "x: it is a log of the verifier, not a BPF object"),
        (b"\x9f\xeb\x01\0", "x: it is BTF alone, types without programs, not a BPF object"),
        (b"MZ\x90\0", "x: it is a program of Windows, not a BPF object"),
        (b"BZh91AY", "x: it is packed with bzip2, not a BPF object"),
        (header(order=(5, "B", 3)), "x: offset 0x5: its byte order, 3, is not known"),
        (header(machine=(18, "<H", 62)), "x: it is an ELF file for x86-64 (an object), not a BPF object"),
        (header(machine=(18, "<H", 183), type=(16, "<H", 3)), LIBRARY),
        (header(machine=(18, "<H", 999)), "x: it is an ELF file for machine 999 (an object), not a BPF object"),
        (header(width=(4, "B", 1)), "x: offset 0x4: it is a 32-bit ELF file: BPF objects are 64-bit"),
        (header(table=(40, "<Q", 0)), "x: it has no sections"),
        (header(entry=(58, "<H", 40)), "x: offset 0x3a: its section headers have 40 bytes instead of 64"),
        (
            header(table=(40, "<Q", 1 << 40)),
            "x: offset 0x10000000000: it is cut off: its section table lies beyond the end",
        ),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,
)
def test_what_is_no_bpf_object(data: bytes, message: str) -> None:
    with pytest.raises(ObjectError) as caught:
        Elf(data, file="x")
    assert caught.value.message == message


def test_machine_none_counts_as_bpf() -> None:
    """Compilers before LLVM 3.9 had no number for BPF."""
    assert Elf(header(machine=(18, "<H", 0))).by_name["socket"].executable


def test_more_sections_than_the_header_can_count() -> None:
    """Count and name table then stand in the first section header (gABI, "Sections")."""
    data = bytearray(header())
    table, count, names = (
        struct.unpack_from(f"<{code}", data, at)[0] for code, at in (("Q", 40), ("H", 60), ("H", 62))
    )
    struct.pack_into("<HH", data, 60, 0, 0xFFFF)
    struct.pack_into("<QI", data, table + 32, count, names)
    assert [s.name for s in Elf(bytes(data)).sections] == [s.name for s in Elf(header()).sections]


def test_a_pipe_can_be_read() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"bytes")
    os.close(writer)
    try:
        assert read_object_file(f"/dev/fd/{reader}") == b"bytes"
    finally:
        os.close(reader)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/no/where.o", "there is no such file"),
        ("/", "it is a directory"),
        ("/dev/zero", "it is a device"),
        ("a\0b", "it cannot be read: embedded null byte"),
        ("x" * 300, "it cannot be read: file name too long"),
    ],
)
def test_what_cannot_be_read(path: str, reason: str) -> None:
    with pytest.raises(ObjectError, match=reason):
        read_object_file(path)


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (b"BC\xc0\xde", "compile it to an object: clang -O2 -g --target=bpf -c, without -emit-llvm and -flto"),
        (b"#include <linux/bpf.h>\n", "compile it: clang -O2 -g --target=bpf -c FILE -o prog.o"),
        (header(machine=(18, "<H", 62)), "compile the source for BPF: clang -O2 -g --target=bpf -c"),
        (b"processed 12 insns (limit 1000000)\n", "bpftui log FILE"),
        (header(machine=(18, "<H", 62)) + b"\0.gnu.linkonce.this_module\0", "its types, if it has any, are what --btf"),
    ],
)
def test_what_to_do_with_what_is_no_bpf_object(data: bytes, hint: str) -> None:
    with pytest.raises(ObjectError) as caught:
        Elf(data)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("number", "what"),
    [(1, "an object"), (2, "a program"), (3, "a program or library"), (4, "a core dump")],
)
def test_what_an_elf_file_for_another_machine_is(number: int, what: str) -> None:
    with pytest.raises(ObjectError, match=rf"it is an ELF file for x86-64 \({what}\), not a BPF object"):
        Elf(header(machine=(18, "<H", 62), type=(16, "<H", number)))


def test_of_source_code_the_object_beside_it_is_meant() -> None:
    with pytest.raises(ObjectError) as raised:
        CollectionSpec.from_file("bpf/traffic.c")
    assert raised.value.message == "bpf/traffic.c: it is source code in C, not a BPF object"
    made = "clang -O2 -g --target=bpf -c bpf/traffic.c -o bpf/traffic.o"
    assert raised.value.hint == f"open bpf/traffic.o, which lies beside it, or compile it: {made}"
