"""Layouts: offsets, holes, padding, bitfields and cache lines, and pahole's text."""

from __future__ import annotations

import pytest

from bpftui.core.btf import Btf, CType
from bpftui.core.btf.layout import Layout, RowKind, layout
from bpftui.core.btf.layout_text import layout_text
from bpftui.core.errors import TypeMismatchError
from bpftui.core.spec import CollectionSpec
from tests.core.btf.blob import Blob


def layout_of(name: str, path: str = "tests/objects/values.o") -> Layout:
    btf = CollectionSpec.from_file(path).btf
    assert btf is not None
    found = btf.find(name)
    assert found is not None
    return layout(CType(btf, found))


NESTED = """\
struct nested {
	char                       tag;                  /*     0     1 */

	/* XXX 3 bytes hole, try to pack */

	struct point               points[2];            /*     4    16 */

	/* XXX 4 bytes hole, try to pack */

	union {
		__u64              number;               /*    24     8 */
		void *             pointer;              /*    24     8 */
	};                                               /*    24     8 */
	struct {
		__u16              inner;                /*    32     2 */

		/* XXX 2 bytes hole, try to pack */

		enum sign          sign;                 /*    36     4 */
	} named;                                         /*    32     8 */
	__u8                       tail[3];              /*    40     3 */

	/* size: 48, cachelines: 1, members: 5 */
	/* sum members: 36, holes: 2, sum holes: 7 */
	/* padding: 5 */
	/* last cacheline: 48 bytes */
};
"""

FLAGS = """\
struct flags {
	__u32                      one:1;                /*     0: 0  4 */
	__u32                      three:3;              /*     0: 1  4 */
	__s32                      minus:4;              /*     0: 4  4 */

	/* XXX 8 bits hole, try to pack */

	__u64                      wide:33;              /*     0:16  8 */
	enum colour                colour:3;             /*     4:17  4 */

	/* size: 8, cachelines: 1, members: 5 */
	/* sum bitfield members: 44 bits, bit holes: 1, sum bit holes: 8 bits */
	/* bit_padding: 12 bits */
	/* last cacheline: 8 bytes */
};
"""


@pytest.mark.parametrize("path", ["tests/objects/values.o", "tests/objects/values.eb.o"])
def test_text_in_both_byte_orders(path: str) -> None:
    assert layout_text(layout_of("nested", path)) == NESTED
    assert layout_text(layout_of("flags", path)) == FLAGS


def test_packed_union_and_function_pointers() -> None:
    assert layout_text(layout_of("packed")).endswith("} __attribute__((__packed__));\n")
    assert layout_text(layout_of("word")).endswith(
        "\t};                                               /*     0     4 */\n};\n"
    )
    row = layout_of("node").rows[1]
    assert (row.offset, row.declaration) == (8, "int (*call)(struct node *, const char *)")


def test_cache_lines_padded_members_and_holes_beside_bitfields() -> None:
    blob = Blob()
    long, char = blob.integer("long", 8), blob.integer("char", 1)
    inner = blob.struct("inner", 16, [("a", long, 0), ("b", char, 64)])
    lines = blob.array(long, 7)
    outer = blob.struct(
        "outer",
        104,
        [("a", lines, 0), ("in", inner, 448), ("f", char, 576 | 3 << 24), ("c", char, 592), ("l", long, 640)],
        bitfields=True,
    )
    text = layout_text(layout(CType(Btf(blob.bytes()), outer)))
    assert [line.strip() for line in text.splitlines() if "/*" in line] == [
        "long                       a[7];                 /*     0    56 */",
        "struct inner               in;                   /*    56    16 */",
        "/* XXX last struct has 7 bytes of padding */",
        "/* --- cacheline 1 boundary (64 bytes) was 8 bytes ago --- */",
        "char                       f:3;                  /*    72: 0  1 */",
        "/* XXX 5 bits hole, try to pack */",
        "/* XXX 1 byte hole, try to pack */",
        "char                       c;                    /*    74     1 */",
        "/* XXX 5 bytes hole, try to pack */",
        "long                       l;                    /*    80     8 */",
        "/* size: 104, cachelines: 2, members: 5 */",
        "/* sum members: 81, holes: 2, sum holes: 6 */",
        "/* sum bitfield members: 3 bits, bit holes: 1, sum bit holes: 5 bits */",
        "/* padding: 16 */",
        "/* paddings: 1, sum paddings: 7 */",
        "/* last cacheline: 40 bytes */",
    ]


def test_rows_say_where_the_holes_are() -> None:
    holes = [(row.offset, row.size) for row in layout_of("nested").rows if row.kind == RowKind.HOLE]
    assert holes == [(1, 3), (20, 4), (34, 2)]


def test_what_is_no_struct_has_no_layout() -> None:
    with pytest.raises(TypeMismatchError, match="alias_t is no struct"):
        layout_of("alias_t")
