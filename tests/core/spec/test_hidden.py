"""What is in an object, or in its source, and is no variable that can be set: each of the reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.elf import Elf, SectionFlag, SectionType
from bpftui.core.errors import ObjectError, UnknownNameError
from bpftui.core.spec import CollectionSpec
from bpftui.tui.commands.show.spec_json import spec_json

OBJECTS = Path(__file__).parents[2] / "objects"
SECTION_TABLE = 40  # where the ELF header has its place
SYMBOL_SIZE, OTHER = 24, 5  # of an Elf64_Sym, and where its st_other lies


def reasons(spec: CollectionSpec) -> dict[str, str]:
    return {hidden["name"]: hidden["reason"] for hidden in spec_json(spec)["hidden"]}


def with_visibility(name: str, symbol: str, visibility: int) -> bytes:
    """Return an object in which a symbol has another visibility: clang makes `internal` the same as `hidden`."""
    raw = bytearray((OBJECTS / name).read_bytes())
    elf = Elf(bytes(raw))
    table = elf.symbol_table
    assert table is not None
    at = [found.name for found in elf.symbols].index(symbol)
    raw[table.offset + at * SYMBOL_SIZE + OTHER] = visibility
    return bytes(raw)


def test_static_hidden_and_internal() -> None:
    raw = with_visibility("symbols.o", "internal_var", 1)
    assert reasons(CollectionSpec.from_bytes(raw)) == {
        "hidden_var": "hidden visibility (__hidden): it is not part of the object's interface",
        "internal_var": "internal visibility: it is not part of the object's interface",
        "static_var": "static: only its own file can see it",
        "hidden_const": "hidden visibility (__hidden): it is not part of the object's interface",
        "static_const": "static: only its own file can see it",
        "static_zero": "static: only its own file can see it",
    }


def test_the_half_of_an_object_that_debuggers_need() -> None:
    """Its .data would read as zeros: objcopy --only-keep-debug makes all that is loaded NOBITS."""
    raw = bytearray((OBJECTS / "symbols.o").read_bytes())
    elf = Elf(bytes(raw))
    table = int.from_bytes(raw[SECTION_TABLE : SECTION_TABLE + 8], "little")
    for section in elf.sections:
        if section.flags & SectionFlag.ALLOC:
            raw[table + section.number * 64 + 4] = SectionType.NOBITS
    with pytest.raises(ObjectError) as raised:
        CollectionSpec.from_bytes(bytes(raw))
    assert raised.value.message == (
        "<bytes>: its code and data were taken out of it (objcopy --only-keep-debug): it holds only what debuggers need"
    )


def test_optimised_away() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "optimised.o")
    assert list(spec.variables) == ["exported", "used"]
    assert reasons(spec) == {
        "constant": "optimised away: the compiler took 7 for it",
        "written_only": "optimised away: nothing needs it",
        "folded": "optimised away: the compiler took 5 for it",
    }
    with pytest.raises(UnknownNameError) as caught:
        spec.set("folded", 1)
    assert caught.value.hint == ("folded is in the file but cannot be set: optimised away: the compiler took 5 for it")


def test_a_variable_whose_symbol_was_stripped() -> None:
    raw = (OBJECTS / "optimised.o").read_bytes()
    names = Elf(raw).symbol_names
    found = CollectionSpec.from_bytes(raw.replace(names, names.replace(b"\0used\0", b"\0gone\0")))
    assert reasons(found)["used"] == "only its type is there: it was optimised away, or its symbol stripped"
    assert found.variables["gone"].type is None
