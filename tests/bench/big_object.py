"""A large BPF object, made without a compiler:  python -m tests.bench.big_object FILE [--functions N]

By default 5,000 functions of about 100 instructions in 100 sections: `.text` with static and global subprograms, and
99 sections of programs. It has what clang's objects have: symbols, relocations of maps, data and calls, BTF with maps
and variables, and `.BTF.ext` with functions, C lines, CO-RE relocations and its own relocations. The code is what a
verifier takes: map look-ups that check for NULL, helper calls, branches, bounded loops, atomics, 64-bit immediates,
calls three levels deep. The same arguments make the same bytes.
"""

from __future__ import annotations

import argparse
import random
import struct
from pathlib import Path
from typing import NamedTuple

from tests.core.btf.blob import Blob

SECTIONS = 100
FUNCTIONS = 5000
MAPS = 50
VARIABLES = 200
MAP_SIZE = 32
ATTRIBUTES = ("type", "max_entries", "key", "value")
TEMPLATES = 64

MAP, DATA, CALL, LOCAL_ID = range(4)
"""What an instruction refers to."""
SECTION_NAMES = (
    "kprobe/kernel_function_{}",
    "kretprobe/kernel_function_{}",
    "tracepoint/group/event_{}",
    "raw_tp/event_{}",
    "uprobe//usr/bin/true:symbol_{}",
)


class Insn(NamedTuple):
    """An instruction of a template."""

    opcode: int
    dst: int = 0
    src: int = 0
    off: int = 0
    imm: int = 0
    refers: int | None = None
    new_line: bool = False

    def raw(self) -> bytes:
        code = struct.pack("<BBhI", self.opcode, self.src << 4 | self.dst, self.off, self.imm & 0xFFFFFFFF)
        return code + bytes(8) if self.opcode == 0x18 else code


class Template(NamedTuple):
    """A function's code before its references are filled in; offsets in bytes."""

    code: bytes
    lines: list[int]
    references: list[tuple[int, int]]
    """Offset and what is referred to there."""


def _look_up(rng: random.Random) -> list[Insn]:
    """Count something in a map's element, where there is one."""
    return [
        Insn(0x63, 10, 7, -4, new_line=True),  # *(u32 *)(r10 - 4) = w7
        Insn(0xBF, 2, 10),  # r2 = r10
        Insn(0x07, 2, imm=-4),
        Insn(0x18, 1, refers=MAP, new_line=True),  # r1 = map
        Insn(0x85, imm=1),  # bpf_map_lookup_elem
        Insn(0x15, 0, off=3, new_line=True),  # if r0 == 0 goto +3
        Insn(0x79, 1, 0, new_line=True),  # r1 = *(u64 *)(r0 + 0)
        Insn(0x07, 1, imm=rng.randrange(1, 99)),
        Insn(0x7B, 0, 1),  # *(u64 *)(r0 + 0) = r1
    ]


def _variable(rng: random.Random) -> list[Insn]:
    """Add to a global variable, every other time atomically."""
    address = Insn(0x18, 1, refers=DATA, new_line=True)
    if rng.randrange(2):
        return [address, Insn(0xDB, 1, 7)]  # lock *(u64 *)(r1 + 0) += r7
    return [address, Insn(0x79, 2, 1), Insn(0x0F, 2, 7, new_line=True), Insn(0x7B, 1, 2)]


def _helper(rng: random.Random) -> list[Insn]:
    """Call a helper that takes no arguments: ktime_get_ns, get_prandom_u32, get_smp_processor_id."""
    return [Insn(0x85, imm=rng.choice((5, 7, 8)), new_line=True), Insn(0xAF, 7, 0)]  # r7 ^= r0


def _arithmetic(rng: random.Random) -> list[Insn]:
    """Some operations on registers, 64 and 32 bits wide."""
    found = [Insn(0xB7, 1, imm=rng.randrange(-(1 << 31), 1 << 31), new_line=True)]  # r1 = imm
    for _ in range(rng.randrange(2, 7)):
        line = rng.random() < 0.5
        pick = rng.choice((0x0F, 0x1F, 0x2F, 0x4F, 0x5F, 0xAF, 0xBF, 0x07, 0x17, 0x47, 0x57, 0x67, 0x77, 0x0C, 0x24))
        shift = pick in (0x67, 0x77)
        register = pick & 8
        imm = 0 if register else rng.randrange(64) if shift else rng.randrange(1, 1 << 20)
        found.append(Insn(pick, 7, 1 if register else 0, imm=imm, new_line=line))
    return [*found, Insn(0x18, 2, imm=rng.getrandbits(31)), Insn(0x5F, 7, 2)]


def _branch(rng: random.Random) -> list[Insn]:
    """if … else …"""
    return [
        Insn(rng.choice((0x25, 0x35, 0x45, 0x65, 0xA6, 0xD6)), 7, off=2, imm=rng.randrange(1 << 30), new_line=True),
        Insn(0x07, 7, imm=rng.randrange(1, 1 << 16), new_line=True),
        Insn(0x05, off=1),  # goto +1
        Insn(0x77, 7, imm=rng.randrange(1, 32), new_line=True),
    ]


def _loop(rng: random.Random) -> list[Insn]:
    """Go round a few times."""
    return [
        Insn(0xB7, 8, imm=rng.randrange(2, 5), new_line=True),
        Insn(0x27, 7, imm=rng.randrange(3, 100, 2), new_line=True),
        Insn(0x07, 8, imm=-1, new_line=True),
        Insn(0x55, 8, off=-3),  # if r8 != 0 goto -3
    ]


def _call(_: random.Random) -> list[Insn]:
    """r7 += subprogram(r7)"""
    return [Insn(0xBF, 1, 7, new_line=True), Insn(0x85, 0, 1, refers=CALL), Insn(0x0F, 7, 0)]


def _template(rng: random.Random, size: int, calls: int) -> Template:
    """Return a function of about *size* instructions that calls *calls* others."""
    body = [Insn(0xB7, 7, imm=rng.randrange(1000), new_line=True), Insn(0xB7, 1, refers=LOCAL_ID, new_line=True)]
    blocks = [_call] * calls
    while len(body) < size - 3:
        if blocks and rng.random() < 0.2:
            body += blocks.pop()(rng)
        else:
            body += rng.choice((_look_up, _look_up, _variable, _helper, _arithmetic, _arithmetic, _branch, _loop))(rng)
    for block in blocks:
        body += block(rng)
    body += [Insn(0xBC, 0, 7, new_line=True), Insn(0x54, 0, imm=1), Insn(0x95, new_line=True)]
    code, lines, references = b"", list[int](), list[tuple[int, int]]()
    for insn in body:
        if insn.new_line:
            lines.append(len(code))
        if insn.refers is not None:
            references.append((len(code), insn.refers))
        code += insn.raw()
    return Template(code, lines, references)


class _Function(NamedTuple):
    name: str
    section: int
    """0 is .text."""
    is_global: bool
    template: Template
    callees: range
    """Of the subprograms, those that it may call: all of them are leaves, or call only leaves."""


def _functions(rng: random.Random, sections: int, count: int) -> list[_Function]:
    """Return subprograms in .text, leaves first, then the programs of each section."""
    size = 100
    leaf, inner, entry = ([_template(rng, size, calls) for _ in range(TEMPLATES)] for calls in (0, 2, 2))
    each = count * 6 // 10 // (sections - 1)
    subprograms = count - each * (sections - 1)
    leaves = subprograms * 3 // 4
    found: list[_Function] = []
    for i in range(subprograms):
        template = (leaf if i < leaves else inner)[i % TEMPLATES]
        found.append(_Function(f"subprogram_{i:04}", 0, i % 3 == 0, template, range(leaves)))
    for i in range(each * (sections - 1)):
        template = entry[i % TEMPLATES]
        found.append(_Function(f"program_{i:04}", 1 + i // each, True, template, range(subprograms)))
    return found


def _types(functions: list[_Function]) -> tuple[Blob, list[int], int]:
    """Return the BTF, the ids of the functions, and that of a struct."""
    blob = Blob()
    u32, u64 = blob.integer("unsigned int", 4, signed=False), blob.integer("unsigned long", 8, signed=False)

    def number(count: int) -> int:
        return blob.pointer(blob.add("", 3, 0, u32, u32, count))

    attributes = (number(1), number(1024), blob.pointer(u32), blob.pointer(u64))
    members = [(name, t, i * 64) for i, (name, t) in enumerate(zip(ATTRIBUTES, attributes, strict=True))]
    definition = blob.struct("", MAP_SIZE, members)
    maps = [blob.add(name, 14, definition, 1) for name in _numbered("map", MAPS)]
    variables = [blob.add(name, 14, u64, 1) for name in _numbered("counter", VARIABLES)]
    structs = [
        blob.struct(name, 32, [(f"field_{k}", u64, k * 64) for k in range(4)]) for name in _numbered("record", 100)
    ]
    prototype = blob.prototype(u32, [("argument", u64)])
    ids = [blob.add(f.name, 12, prototype, vlen=int(f.is_global)) for f in functions]
    for name, members_, size in ((".maps", maps, MAP_SIZE), (".bss", variables, 8)):
        words = [word for i, var in enumerate(members_) for word in (var, i * size, size)]
        blob.add(name, 15, len(members_) * size, *words, vlen=len(members_))
    return blob, ids, structs[-1]


def _numbered(what: str, count: int) -> list[str]:
    return [f"{what}_{i:03}" for i in range(count)]


class _Contents(NamedTuple):
    """A section: `sh_name` is left to the end."""

    name: str
    type: int
    flags: int
    data: bytes | bytearray
    link: int = 0
    info: int = 0
    entry_size: int = 0
    size: int | None = None
    """For a `.bss`, which has no contents."""


def big_object(*, sections: int = SECTIONS, functions: int = FUNCTIONS, seed: int = 1) -> bytes:
    """Return an object of that many sections of code, at least two, and of that many functions in all."""
    rng = random.Random(seed)
    made = _functions(rng, sections, functions)
    blob, ids, struct_id = _types(made)
    # Section numbers: 1 … sections are code, then come the data, and after them what describes.
    maps, bss, symtab = sections + 1, sections + 2, 2 * sections + 6
    # Symbols: those of the sections, then the local functions, as the ELF specification wants it, then the global ones.
    local = [i for i, f in enumerate(made) if not f.is_global]
    others = [i for i, f in enumerate(made) if f.is_global]
    symbol_of = {i: 1 + sections + at for at, i in enumerate([*local, *others])}
    first_map = 1 + sections + len(made)
    first_variable = first_map + MAPS

    code = [bytearray() for _ in range(sections)]
    relocations = [bytearray() for _ in range(sections)]
    lines, described, core = ([bytearray() for _ in range(sections)] for _ in range(3))
    starts = list[int]()
    access = blob.name("0")
    files = [blob.name(f"/src/section_{i:03}.c") for i in range(sections)]
    for i, function in enumerate(made):
        at, section, body = len(code[function.section]), function.section, bytearray(function.template.code)
        starts.append(at)
        for offset, what in function.template.references:
            if what == LOCAL_ID:
                struct.pack_into("<I", body, offset + 4, struct_id)
                core[section] += struct.pack("<4I", at + offset, struct_id, access, 6)  # BPF_CORE_TYPE_ID_LOCAL
                continue
            kind, symbol = 1, first_map + rng.randrange(MAPS)  # R_BPF_64_64
            if what == DATA:
                symbol = first_variable + rng.randrange(VARIABLES)
            elif what == CALL:
                callee = rng.choice(function.callees)
                kind, symbol = 10, symbol_of[callee]  # R_BPF_64_32
                if not made[callee].is_global:
                    # clang names a static function by its section; -1 + its slot is then in the instruction.
                    symbol = 1
                place = -1 if symbol != 1 else starts[callee] // 8 - 1
                struct.pack_into("<i", body, offset + 4, place)
            relocations[section] += struct.pack("<QQ", at + offset, symbol << 32 | kind)
        code[section] += body
        described[section] += struct.pack("<II", at, ids[i])
        string = blob.first_string + len(blob.strings)
        texts = [b"\tvalue += step_%d(%d);" % (i, k) for k in range(len(function.template.lines))]
        for k, offset in enumerate(function.template.lines):
            lines[section] += struct.pack("<4I", at + offset, files[section], string, (10 * i + k + 1) << 10 | 2)
            string += len(texts[k]) + 1
        blob.strings += b"\0".join(texts) + b"\0"

    names = [".text", *(SECTION_NAMES[i % len(SECTION_NAMES)].format(i) for i in range(1, sections))]
    ext, ext_relocations = _ext(blob, names, (described, 8), (lines, 16), (core, 16))
    symbols, strings = _symbols(made, starts, [*local, *others], sections, maps, bss)
    described_by = [
        _Contents(".maps", 1, 3, bytes(MAP_SIZE * MAPS)),
        _Contents(".bss", 8, 3, b"", size=8 * VARIABLES),
        _Contents("license", 1, 3, b"Dual MIT/GPL\0"),
        *(_Contents(".rel" + names[i], 9, 0, relocations[i], symtab, i + 1, 16) for i in range(sections)),
        _Contents(".BTF", 1, 0, blob.bytes()),
        _Contents(".BTF.ext", 1, 0, ext),
        _Contents(".symtab", 2, 0, symbols, symtab + 2, 1 + sections + len(local), 24),
        _Contents(".rel.BTF.ext", 9, 0, ext_relocations, symtab, symtab - 1, 16),
        _Contents(".strtab", 3, 0, strings),
    ]
    return _elf([*(_Contents(names[i], 1, 6, code[i]) for i in range(sections)), *described_by])


def _ext(blob: Blob, names: list[str], *tables: tuple[list[bytearray], int]) -> tuple[bytes, bytes]:
    """Return .BTF.ext, and the relocations by which a linker finds its instructions."""
    header, body = b"", bytearray()
    places = bytearray()
    name_offsets = [blob.name(name) for name in names]
    for parts, width in tables:
        start = len(body)
        body += struct.pack("<I", width)
        for i, records in enumerate(parts):
            if records:
                body += struct.pack("<II", name_offsets[i], len(records) // width)
                here = 32 + len(body)
                info = (1 + i) << 32 | 4  # R_BPF_64_NODYLD32
                for at in range(here, here + len(records), width):
                    places += struct.pack("<QQ", at, info)
                body += records
        header += struct.pack("<II", start, len(body) - start)
    return struct.pack("<HBBI", 0xEB9F, 1, 0, 32) + header + body, bytes(places)


def _symbols(
    functions: list[_Function], starts: list[int], order: list[int], sections: int, maps: int, bss: int
) -> tuple[bytes, bytes]:
    """Return the symbol table and its strings."""
    strings, table = bytearray(b"\0"), bytearray(24)

    def add(name: str, info: int, section: int, value: int, size: int) -> None:
        table.extend(struct.pack("<IBBHQQ", len(strings) if name else 0, info, 0, section, value, size))
        strings.extend(name.encode() + b"\0" if name else b"")

    for i in range(sections):
        add("", 3, i + 1, 0, 0)
    for i in order:
        function = functions[i]
        info = (16 if function.is_global else 0) + 2
        add(function.name, info, function.section + 1, starts[i], len(function.template.code))
    for what, count, section, size in (("map", MAPS, maps, MAP_SIZE), ("counter", VARIABLES, bss, 8)):
        for i, name in enumerate(_numbered(what, count)):
            add(name, 17, section, i * size, size)
    return bytes(table), bytes(strings)


def _elf(sections: list[_Contents]) -> bytes:
    """Return a little-endian ELF file of these sections, and one more for their names."""
    titles = b"\0" + b"".join(section.name.encode() + b"\0" for section in sections) + b".shstrtab\0"
    sections = [*sections, _Contents(".shstrtab", 3, 0, titles)]
    body, headers, title = bytearray(64), bytearray(64), 1
    for section in sections:
        body += bytes(-len(body) % 8)
        size = len(section.data) if section.size is None else section.size
        place = (title, section.type, section.flags, 0, len(body), size, section.link, section.info, 8)
        headers += struct.pack("<IIQQQQIIQQ", *place, section.entry_size)
        body += section.data
        title += len(section.name) + 1
    body += bytes(-len(body) % 8)
    count = len(sections) + 1
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 1, 247, 1, 0, 0, len(body), 0, 64, 0, 0, 64, count, count - 1)
    body[:64] = ident + header
    return bytes(body + headers)


def main() -> None:
    """Write an object to a file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--functions", type=int, default=FUNCTIONS)
    options = parser.parse_args()
    options.file.write_bytes(big_object(functions=options.functions))


if __name__ == "__main__":
    main()
