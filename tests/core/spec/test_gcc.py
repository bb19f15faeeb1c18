"""What gcc's objects do otherwise: calls by symbols whose place is in the instruction as well."""

from __future__ import annotations

import struct

from bpftui.core.spec import CollectionSpec
from tests.core.spec.test_legacy import EXIT, FUNC, Maker

CALL = 0x85


def test_a_call_by_a_symbol_that_is_not_at_the_start_of_its_section() -> None:
    """gcc 12: the immediate is the symbol's offset in bytes less 1, where clang and the kernel's tools want -1."""
    maker = Maker()
    text = maker.section(".text", EXIT + EXIT, code=True)
    maker.symbols.append(("first", 16 + FUNC, text, 0, 16))
    maker.symbols.append(("second", 16 + FUNC, text, 16, 16))
    code = struct.pack("<BBhi", CALL, 0x10, 0, 15) + EXIT[8:]
    entry = maker.section("xdp", code, code=True)
    maker.symbols.append(("entry", 16 + FUNC, entry, 0, 16))
    maker.section(".relxdp", struct.pack("<QQ", 0, 2 << 32 | 10))
    raw = bytearray(maker.build())
    # Maker makes sections of bits: this one is a relocation table (REL) of the entry's.
    (table,) = struct.unpack_from("<Q", raw, 40)
    struct.pack_into("<I", raw, table + 64 * 3 + 4, 9)
    struct.pack_into("<I", raw, table + 64 * 3 + 44, entry)
    program = CollectionSpec.from_bytes(bytes(raw)).programs["entry"]
    assert program.problem is None
    assert [function.name for function in program.functions] == ["entry", "second"]
    assert program.insns == 4
