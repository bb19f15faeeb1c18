"""The layouts of bpf(2)'s structs, field by field, against the running kernel's own types."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from bpftui.core.btf import CType, Kind
from bpftui.core.btf.kernel import vmlinux
from bpftui.core.errors import LoadError
from bpftui.core.kernel.sys import layouts
from bpftui.core.kernel.sys.structure import Attribute, Creation, Structure
from bpftui.core.kernel.sys.syscall import buffer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.kernel


def described() -> list[type[Structure]]:
    """Return every layout."""
    found = [each for each in vars(layouts).values() if isinstance(each, type) and issubclass(each, Structure)]
    return [each for each in found if each not in (Structure, Attribute, Creation)]


def named(type_: CType, name: str) -> Iterator[tuple[int, CType]]:
    """Iterate over the members of that name, within anonymous ones too: offset and type."""
    for member, inner, offset in type_.members():
        if member == name:
            yield offset, inner
        elif not member:
            yield from ((offset + deeper, found) for deeper, found in named(inner, name))


def in_kernel(path: str) -> set[tuple[int, int]]:
    """Return the offset and the size of what a path leads to, in bytes: of each, where a union has it repeatedly."""
    root, *names = path.split(".")
    kind = Kind.UNION if root == "bpf_attr" else Kind.STRUCT
    number = vmlinux().find(root, kind)
    assert number is not None
    found = [(0, CType(vmlinux(), number))]
    for name in names:
        found = [(start + offset, inner) for start, outer in found for offset, inner in named(outer, name)]
    return {(offset, 1 if path.endswith("gpl_compatible") else inner.size) for offset, inner in found}


@pytest.mark.vmlinux
@pytest.mark.parametrize("layout", described(), ids=lambda each: each.__name__)
def test_each_field_is_where_the_kernel_has_it(layout: type[Structure]) -> None:
    assert layout.fields
    for name, field in layout.fields.items():
        assert in_kernel(f"{layout.PATH}.{field.path}") == {(field.offset, field.size)}, name


def test_numbers_names_and_pointers() -> None:
    text = buffer(b"GPL\0")
    attr = layouts.ProgLoad(prog_type=6, license=text, prog_name="drop")
    assert struct.unpack_from("=I", attr.memory, 0) == (6,)
    assert attr.memory.raw[48:64] == b"drop" + bytes(12)
    assert (attr.prog_name, attr.license, attr.insns, attr.insn_cnt) == ("drop", text, None, 0)
    assert len(attr.memory) == layouts.ProgLoad.total_size == 148
    with pytest.raises(LoadError, match=r"bpf\(2\) takes a number of 32 bits there, and 4294967296 does not fit"):
        attr.insn_cnt = 1 << 32
    with pytest.raises(KeyError):
        layouts.ProgLoad(program=1)  # pyright: ignore[reportCallIssue] - what a type checker would have said


def test_packing_of_some_fields() -> None:
    packed = layouts.MapElement.packing("map_fd", "key", "value", "flags").pack(3, 5, 7, 9)
    assert packed == struct.pack("=IIQQQ", 3, 0, 5, 7, 9)


def test_fields_that_are_read_at_once() -> None:
    info = layouts.BpfProgInfo(id=7, tag=b"\x01" * 8, name="drop", gpl_compatible=1, run_cnt=1 << 40)
    assert info.read("id", "tag", "name", "gpl_compatible", "run_cnt") == (7, b"\x01" * 8, "drop", 1, 1 << 40)
    assert info.read("run_cnt") == (info.run_cnt,)
