"""What a file of some kilobytes says must not take more than a time in proportion: each of these took minutes, or ∞."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.btf import Btf, CType
from bpftui.core.btf.header import c_header
from bpftui.core.btf.layout import layout
from bpftui.core.btf.path import member_path
from bpftui.core.errors import LimitError, ObjectError
from bpftui.core.limits import Budget
from bpftui.core.strings import StringTable
from tests.core.btf.blob import Blob

if TYPE_CHECKING:
    from collections.abc import Callable


def nested(depth: int, width: int) -> tuple[Btf, int]:
    """Return a struct of a union of structs, and so on: width^depth ways to the two integers at the bottom."""
    blob = Blob()
    here = blob.struct("bottom", 8, [("x", blob.integer("int", 4), 0), ("y", 1, 32)])
    for number in range(depth):
        union = blob.union("", 8, [(chr(ord("a") + member), here, 0) for member in range(width)])
        here = blob.struct(f"level{number}", 8, [("", union, 0)])
    return Btf(blob.bytes(), file="x"), here


def test_parts_of_nested_unions() -> None:
    btf, root = nested(12, 7)
    assert member_path(btf, root, 4, 2) == ".a" * 12 + ".y+0"
    assert member_path(btf, root, 4, 4) == ".a" * 12 + ".y"
    assert btf.budget.steps - btf.budget.left < 500


@pytest.mark.parametrize(
    "walk",
    [
        lambda btf, root: CType(btf, root).check(),
        lambda btf, root: layout(CType(btf, root)),
    ],
)
def test_values_of_nested_unions_are_refused(walk: Callable[[Btf, int], object]) -> None:
    btf, root = nested(12, 7)
    with pytest.raises(ObjectError, match=r"^x: section .BTF: type 13 has more than 65,664 members$"):
        walk(btf, root)


def test_members_and_leaves_of_nested_unions_end() -> None:
    btf, root = nested(12, 7)
    assert [name for name, _, _ in CType(btf, root).members()] == list("abcdefg")
    assert len(CType(btf, root).leaves()) == 256


def test_members_of_anonymous_structs_in_each_other() -> None:
    blob = Blob()
    here = blob.struct("", 4, [("x", blob.integer("int", 4), 0)])
    for _ in range(20):
        here = blob.union("", 4, [("", here, 0)] * 7)
    btf = Btf(blob.bytes(), file="x")
    with pytest.raises(LimitError, match=r"^x: the members of union \{ … \}: given up after 65,607 steps"):
        list(CType(btf, here).members())


def test_a_header_of_anonymous_structs_in_each_other() -> None:
    blob = Blob()
    here = blob.struct("", 4, [("x", blob.integer("int", 4), 0)])
    for _ in range(20):
        here = blob.union("", 4, [("", here, 0)] * 7)
    blob.struct("outer", 4, [("m", here, 0)])
    with pytest.raises(LimitError, match="a header of its types, which are nested or padded without end: given up"):
        c_header(Btf(blob.bytes(), file="x"))


def test_an_array_of_unions_of_many_members() -> None:
    """A million unions of 65,535 members each: no bytes to speak of, and 65 thousand million values."""
    blob = Blob()
    byte = blob.integer("char", 1)
    union = blob.union("wide", 1, [(f"m{number}", byte, 0) for number in range(65535)])
    root = blob.array(union, 1_000_000)
    with pytest.raises(ObjectError, match="has more than 16,065,536 members"):
        CType(Btf(blob.bytes()), root).check()


def test_arrays_of_arrays_of_more_bytes_than_there_are() -> None:
    blob = Blob()
    here = blob.integer("int", 4)
    for _ in range(40):
        here = blob.array(here, 65535)
    with pytest.raises(ObjectError, match="is larger than 1 TiB"):
        CType(Btf(blob.bytes()), here).check()


def test_a_struct_of_many_members_is_written_in_linear_time() -> None:
    blob = Blob()
    byte = blob.integer("unsigned char", 1, signed=False)
    root = blob.struct("wide", 20000, [(f"m{number}", byte, 8 * number) for number in range(20000)])
    ctype = CType(Btf(blob.bytes()), root)
    value = ctype.decode(bytes(20000))
    assert isinstance(value, dict)
    value["m19999"] = 7
    assert ctype.encode(value, "v", bytes(20000)) == bytes(19999) + b"\x07"


def test_a_table_of_texts_that_overlap() -> None:
    """Each of 100,000 bytes begins a text of up to 4,096: they are cut short where they are too many."""
    table = StringTable(b"x" * 100_000)
    texts = [table.text(offset) for offset in range(100_000)]
    assert texts[0] == "x" * 4096
    assert texts[-1] == "x"
    assert texts[50_000] == "x" * 64 + "…"
    assert sum(map(len, texts)) < 10_000_000


def test_a_table_ends_where_it_ends() -> None:
    table = StringTable(b"\0int\0name")
    assert [table.text(offset) for offset in (-1, 0, 1, 2, 5, 9, 99)] == ["", "", "int", "nt", "name", "", ""]


def test_a_budget_says_when_it_is_used_up() -> None:
    budget = Budget(10, "its walk", file="prog.o", least=5, each=1)
    budget.spend(14)
    assert budget.take()
    assert not budget.take()
    assert budget.reached
    with pytest.raises(LimitError, match=r"^prog\.o: its walk: given up after 15 steps, more than any"):
        budget.spend()
