"""What rustc makes of an enum with data: a union of its variants, beside an integer without a name that tells which."""

from __future__ import annotations

from bpftui.core.btf import Btf, CType
from bpftui.core.btf.header import c_header
from tests.core.btf.blob import Blob


def choice() -> tuple[Btf, CType]:
    """Return `enum Choice { A, B(u32), C { x: u64 } }` as rustc 1.97 describes it."""
    blob = Blob()
    tag, word, long = (blob.integer(name, size, signed=False) for name, size in (("u8", 1), ("u32", 4), ("u64", 8)))
    variants = [
        blob.struct("A", 16, []),
        blob.struct("B", 16, [("__0", word, 32)]),
        blob.struct("C", 16, [("x", long, 64)]),
    ]
    parts = [("", tag, 0), *((name, variant, 0) for name, variant in zip("ABC", variants, strict=True))]
    union = blob.union("", 16, parts)
    root = blob.struct("Choice", 16, [("", union, 0)])
    btf = Btf(blob.bytes())
    return btf, CType(btf, root)


def test_the_discriminant_is_shown_and_set() -> None:
    _, ctype = choice()
    raw = bytes([2, *bytes(7), 5, *bytes(7)])
    assert ctype.decode(raw) == {"__discr": 2, "A": {}, "B": {"__0": 0}, "C": {"x": 5}}
    member, offset = ctype.member(".__discr")
    assert (member.c_text, offset) == ("u8", 0)
    assert ctype.encode({"__discr": 1}, "choice", raw) == bytes([1, *raw[1:]])


def test_the_header_names_it() -> None:
    btf, _ = choice()
    assert "\tunion {\n\t\tu8 __discr;\n\t\tstruct A A;\n" in c_header(btf)
