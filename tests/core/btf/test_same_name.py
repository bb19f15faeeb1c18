"""Types of one name that are not the same: what differs is below the name."""

from __future__ import annotations

from bpftui.core.btf import Btf
from bpftui.core.btf.core import CoreResolver
from tests.core.btf.blob import Blob


def sk_buff(*, pointer: bool) -> Btf:
    """Return `struct sk_buff` with a member of type sk_buff_data_t: a pointer on 32-bit machines, else an integer."""
    blob = Blob()
    base = blob.integer("unsigned char" if pointer else "unsigned int", 1 if pointer else 4, signed=False)
    typedef = blob.typedef("sk_buff_data_t", blob.pointer(base) if pointer else base)
    blob.struct("sk_buff", 8, [("tail", typedef, 0)])
    return Btf(blob.bytes(), file=None if pointer else "vmlinux")


def test_a_typedef_of_another_type_says_of_which() -> None:
    local, target = sk_buff(pointer=True), sk_buff(pointer=False)
    found = CoreResolver(local, target, list).resolve(local.find("sk_buff") or 0, "0:0", 0)
    assert found.reason == (
        "sk_buff.tail is sk_buff_data_t (unsigned int, 4 bytes) in the BTF of vmlinux, "
        "and not sk_buff_data_t (unsigned char *, 8 bytes)"
    )


def test_enums_of_one_name() -> None:
    texts: list[str] = []
    for kind in ("enum", "integer"):
        blob = Blob()
        member = blob.enum64("mode", [("A", 1)]) if kind == "enum" else blob.integer("mode", 8)
        typedef = blob.typedef("mode_t", member)
        blob.struct("s", 8, [("m", typedef, 0)])
        texts.append(blob.bytes().hex())
    local, target = (Btf(bytes.fromhex(text)) for text in texts)
    found = CoreResolver(local, target, list).resolve(local.find("s") or 0, "0:0", 0)
    assert found.reason is not None
    assert found.reason.startswith(
        "s.m is mode_t (mode, 8 bytes) in the target's BTF, and not mode_t (enum mode, 8 bytes)"
    )
