"""What of a value is the kernel's own: structs of its names, and tagged pointers, wherever they lie."""

from __future__ import annotations

from bpftui.core.btf import Btf, CType
from bpftui.core.vm.maps.special import SPIN_LOCKS, special_fields
from tests.core.btf.blob import Blob


def test_where_fields_of_the_kernel_lie() -> None:
    blob = Blob()
    number = blob.integer("int", 4)
    lock, timer = (
        blob.struct("bpf_spin_lock", 4, [("val", number, 0)]),
        blob.struct("bpf_timer", 16, [("a", number, 0)]),
    )
    node = blob.struct("node", 24, [("key", number, 0), ("timer", timer, 64)])
    kptr = blob.pointer(blob.add("kptr", 18, node))
    plain = blob.pointer(blob.add("user", 18, node))
    value = blob.struct(
        "value",
        120,
        [("n", number, 0), ("lock", lock, 32), ("nodes", blob.array(node, 2), 64), ("p", kptr, 512), ("q", plain, 576)],
    )
    union = blob.union("either", 16, [("t", timer, 0)])
    many = blob.array(timer, 65)
    few = blob.array(timer, 64)
    deep = timer
    for _ in range(9):
        deep = blob.struct("outer", 16, [("in", deep, 0)])
    rows = timer
    for _ in range(4):
        rows = blob.array(blob.struct("row", 16, [("in", rows, 0)]), 1)
    longer = blob.array(blob.array(rows, 1), 1)
    btf = Btf(blob.bytes())

    def found(type_id: int) -> tuple[tuple[int, int], ...]:
        return special_fields(CType(btf, type_id))

    # The lock at 4; a timer at 8 of each node, at 8 and at 32; the tagged pointer at 64.
    assert found(value) == ((4, 8), (16, 32), (40, 56), (64, 72))
    assert special_fields(CType(btf, value), SPIN_LOCKS) == ((4, 8),)
    assert (found(union), found(many), len(found(few)), special_fields(None)) == ((), (), 64, ())
    assert (found(rows), found(longer)) == (((0, 16),), ())  # an array is as deep as a struct
    assert (found(deep), found(deep - 1)) == ((), ((0, 16),))  # eight structs deep, and no further
