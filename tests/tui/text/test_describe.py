"""What the overview says of each kind of node, whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.spec import CollectionSpec
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.text.describe import describe

OBJECTS = Path(__file__).parents[2] / "objects"
PAGES = [
    (
        "nested_maps.o",
        Node(NodeKind.MAP, "outer_array"),
        """
outer_array  map

type          array_of_maps
key           __u32  4 B
value         4 bytes  4 B
max entries   4
section       .maps
used by       through_outer

Inner maps
  array  4 → 8 bytes, 4 entries

Initial entries
  0 → inner_a
  2 → inner_b
""",
    ),
    (
        "nested_maps.o",
        Node(NodeKind.MAP, "inner_a"),
        """
inner_a  map

type          array
key           __u32  4 B
value         __u64  8 B
max entries   4
section       .maps
""",
    ),
    (
        "congestion.o",
        Node(NodeKind.MAP, "bpftui_half"),
        """
bpftui_half  map

type          struct_ops
key           4 bytes  4 B
value         struct tcp_congestion_ops___newer  56 B
max entries   1
flags         link
section       .struct_ops.link

Functions
  .ssthresh = half
  .cong_avoid = avoid
  .undo_cwnd = undo
  .dream = dreaming

Types
struct tcp_congestion_ops___newer {
    __u32 (*ssthresh)(struct sock *);
    void (*cong_avoid)(struct sock *, __u32, __u32);
    __u32 (*undo_cwnd)(struct sock *);
    __u32 (*dream)(struct sock *);
    __u64 wish;
    char name[16];
};
""",
    ),
    (
        "values.o",
        Node(NodeKind.VARIABLE, "points"),
        """
points  variable

value         [{x=1, y=-1}, {x=2, y=-2}, {x=3, y=-3}]
bytes         01 00 00 00 ff ff ff ff 02 00 00 00 fe ff ff ff 03 00 00 00 fd ff ff ff
place         .data+0x98  24 B
type          struct point[3]
can be set    yes, before and after the load

Types
struct point {
    __s32 x;
    __s32 y;
};

enter or 3 goes to the variables; e edits there
""",
    ),
    (
        "dead_by_constants.o",
        Node(NodeKind.VARIABLE, "least"),
        """
least  constant

value         5
bytes         05 00 00 00
place         .rodata+0x8  4 B
type          int
can be set    yes, until the load

enter or 3 goes to the variables; e edits there
""",
    ),
    (
        "dead_by_constants.o",
        Node(NodeKind.PROGRAM, "getter"),
        """
getter  program

type          xdp
attach type   xdp
section       xdp
license       Dual MIT/GPL
instructions  11  88 B
source lines  6  from .BTF.ext

Functions
  getter()  7 instructions from 0
  enabled()  4 instructions from 7

Uses
  .rodata
""",
    ),
    (
        "subprograms.o",
        Node(NodeKind.FUNCTION, "weak_answer", "first"),
        """
weak_answer()  function of first

section       .text+0x90
instructions  9  from 11 in the linked code
linkage       global: verified by itself

enter or 2 shows its code
""",
    ),
    (
        "names.o",
        Node(NodeKind.SECTION, ".bss"),
        """
.bss  data section, loaded as an array map of one entry

size          72 B
access        read and write
used by       first

Variables
  __u32 table[16]  +0x0
""",
    ),
    (
        "externs.o",
        Node(NodeKind.EXTERNS),
        """
Expected from the kernel  externs, and what they are on this machine


Configuration
  bool CONFIG_THAT_IS_NOT_THERE  optional
  int LINUX_KERNEL_VERSION

Symbols
  const void init_task  optional
  const void symbol_that_is_not_there  optional

Functions
  void bpf_rcu_read_lock(void)  optional
  void bpf_rcu_read_unlock(void)  optional
  int kfunc_that_is_not_there(int)  optional

looking them up …
""",
    ),
    (
        "names.o",
        Node(NodeKind.COLLECTION),
        """
names.o  BPF object

file          …/names.o
byte order    little-endian
license       Dual MIT/GPL
types         60
compiler      clang version 19.1.7
programs      2
maps          4  and 3 data sections
variables     2
not usable    1  in the file, with reasons in the tree

Programs
  second  xdp · xdp
  first  xdp · xdp

Maps
  only  array · __u32 → struct stats · 1 entries
  nested  array_of_maps · __u32 → array · 2 entries
  jumps  prog_array · __u32 → 4 bytes · 2 entries
  stats  hash · __u32 → struct stats · 64 entries

What next
  2  read the code
  3  set variables, constants too, before the load
  L  load everything into the kernel
  ?  all keys
""",
    ),
]


@pytest.mark.parametrize(("name", "node", "page"), PAGES, ids=[f"{node.kind} {node.name}" for _, node, _ in PAGES])
def test_pages(name: str, node: Node, page: str) -> None:
    said = describe(CollectionSpec.from_file(OBJECTS / name), node).plain.replace(str(OBJECTS), "…")
    assert [line.rstrip() for line in said.splitlines()] == page.strip("\n").splitlines()
