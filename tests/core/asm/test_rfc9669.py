"""Every row of the opcode table of RFC 9669 (appendix A): decoded, written, encoded, and each way to get it wrong.

The columns are the table's opcode, src, offset and imm, with the destination register before src: what is no number
there may be anything the field can hold. Then come the texts of the kernel's `print_bpf_insn` and of llvm-objdump 22 of
that instruction with r1 as destination, r2 as source, 5 as offset and 7 as immediate (3 in the second half of a 64-bit
one, where it has one), taken from those two. For one field the table says less than Linux allows: a kernel function's
offset is 0 or the index of a module's BTF.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from bpftui.core.asm import Instruction, Syntax, decode, format_instruction, remark
from bpftui.core.asm.assembler import assemble, assembly

TABLE = """
04 any 0   0    any  | w1 += 7 | w1 += 0x7
05 0   0   any  0    | goto pc+5 | goto +0x5
06 0   0   0    any  | gotol pc+7 | gotol +0x7
07 any 0   0    any  | r1 += 7 | r1 += 0x7
0c any any 0    0    | w1 += w2 | w1 += w2
0f any any 0    0    | r1 += r2 | r1 += r2
14 any 0   0    any  | w1 -= 7 | w1 -= 0x7
15 any 0   any  any  | if r1 == 0x7 goto pc+5 | if r1 == 0x7 goto +0x5
16 any 0   any  any  | if w1 == 0x7 goto pc+5 | if w1 == 0x7 goto +0x5
17 any 0   0    any  | r1 -= 7 | r1 -= 0x7
18 any 0   0    any  | r1 = 0x300000007 | r1 = 0x300000007 ll
18 any 1   0    any  | r1 = 0x7 | ld_pseudo\\tr1, 0x1, 0x7
18 any 2   0    any  | r1 = 0x300000007 | ld_pseudo\\tr1, 0x2, 0x7
18 any 3   0    any  | r1 = 0x300000007 | ld_pseudo\\tr1, 0x3, 0x7
18 any 4   0    any  | r1 = 0x7 | ld_pseudo\\tr1, 0x4, 0x7
18 any 5   0    any  | r1 = 0x7 | ld_pseudo\\tr1, 0x5, 0x7
18 any 6   0    any  | r1 = 0x300000007 | ld_pseudo\\tr1, 0x6, 0x7
1c any any 0    0    | w1 -= w2 | w1 -= w2
1d any any any  0    | if r1 == r2 goto pc+5 | if r1 == r2 goto +0x5
1e any any any  0    | if w1 == w2 goto pc+5 | if w1 == w2 goto +0x5
1f any any 0    0    | r1 -= r2 | r1 -= r2
20 0   0   0    any  | r0 = *(u32 *)skb[7] | r0 = *(u32 *)skb[0x7]
24 any 0   0    any  | w1 *= 7 | w1 *= 0x7
25 any 0   any  any  | if r1 > 0x7 goto pc+5 | if r1 > 0x7 goto +0x5
26 any 0   any  any  | if w1 > 0x7 goto pc+5 | if w1 > 0x7 goto +0x5
27 any 0   0    any  | r1 *= 7 | r1 *= 0x7
28 0   0   0    any  | r0 = *(u16 *)skb[7] | r0 = *(u16 *)skb[0x7]
2c any any 0    0    | w1 *= w2 | w1 *= w2
2d any any any  0    | if r1 > r2 goto pc+5 | if r1 > r2 goto +0x5
2e any any any  0    | if w1 > w2 goto pc+5 | if w1 > w2 goto +0x5
2f any any 0    0    | r1 *= r2 | r1 *= r2
30 0   0   0    any  | r0 = *(u8 *)skb[7] | r0 = *(u8 *)skb[0x7]
34 any 0   0    any  | w1 /= 7 | w1 /= 0x7
34 any 0   1    any  | w1 s/= 7 | w1 s/= 0x7
35 any 0   any  any  | if r1 >= 0x7 goto pc+5 | if r1 >= 0x7 goto +0x5
36 any 0   any  any  | if w1 >= 0x7 goto pc+5 | if w1 >= 0x7 goto +0x5
37 any 0   0    any  | r1 /= 7 | r1 /= 0x7
37 any 0   1    any  | r1 s/= 7 | r1 s/= 0x7
3c any any 0    0    | w1 /= w2 | w1 /= w2
3c any any 1    0    | w1 s/= w2 | w1 s/= w2
3d any any any  0    | if r1 >= r2 goto pc+5 | if r1 >= r2 goto +0x5
3e any any any  0    | if w1 >= w2 goto pc+5 | if w1 >= w2 goto +0x5
3f any any 0    0    | r1 /= r2 | r1 /= r2
3f any any 1    0    | r1 s/= r2 | r1 s/= r2
40 0   any 0    any  | r0 = *(u32 *)skb[r2 + 7] | r0 = *(u32 *)skb[r2]
44 any 0   0    any  | w1 |= 7 | w1 |= 0x7
45 any 0   any  any  | if r1 & 0x7 goto pc+5 | if r1 & 0x7 goto +0x5
46 any 0   any  any  | if w1 & 0x7 goto pc+5 | if w1 & 0x7 goto +0x5
47 any 0   0    any  | r1 |= 7 | r1 |= 0x7
48 0   any 0    any  | r0 = *(u16 *)skb[r2 + 7] | r0 = *(u16 *)skb[r2]
4c any any 0    0    | w1 |= w2 | w1 |= w2
4d any any any  0    | if r1 & r2 goto pc+5 | if r1 & r2 goto +0x5
4e any any any  0    | if w1 & w2 goto pc+5 | if w1 & w2 goto +0x5
4f any any 0    0    | r1 |= r2 | r1 |= r2
50 0   any 0    any  | r0 = *(u8 *)skb[r2 + 7] | r0 = *(u8 *)skb[r2]
54 any 0   0    any  | w1 &= 7 | w1 &= 0x7
55 any 0   any  any  | if r1 != 0x7 goto pc+5 | if r1 != 0x7 goto +0x5
56 any 0   any  any  | if w1 != 0x7 goto pc+5 | if w1 != 0x7 goto +0x5
57 any 0   0    any  | r1 &= 7 | r1 &= 0x7
5c any any 0    0    | w1 &= w2 | w1 &= w2
5d any any any  0    | if r1 != r2 goto pc+5 | if r1 != r2 goto +0x5
5e any any any  0    | if w1 != w2 goto pc+5 | if w1 != w2 goto +0x5
5f any any 0    0    | r1 &= r2 | r1 &= r2
61 any any any  0    | r1 = *(u32 *)(r2 +5) | w1 = *(u32 *)(r2 + 0x5)
62 any 0   any  any  | *(u32 *)(r1 +5) = 7 | *(u32 *)(r1 + 0x5) = 0x7
63 any any any  0    | *(u32 *)(r1 +5) = r2 | *(u32 *)(r1 + 0x5) = w2
64 any 0   0    any  | w1 <<= 7 | w1 <<= 0x7
65 any 0   any  any  | if r1 s> 0x7 goto pc+5 | if r1 s> 0x7 goto +0x5
66 any 0   any  any  | if w1 s> 0x7 goto pc+5 | if w1 s> 0x7 goto +0x5
67 any 0   0    any  | r1 <<= 7 | r1 <<= 0x7
69 any any any  0    | r1 = *(u16 *)(r2 +5) | w1 = *(u16 *)(r2 + 0x5)
6a any 0   any  any  | *(u16 *)(r1 +5) = 7 | *(u16 *)(r1 + 0x5) = 0x7
6b any any any  0    | *(u16 *)(r1 +5) = r2 | *(u16 *)(r1 + 0x5) = w2
6c any any 0    0    | w1 <<= w2 | w1 <<= w2
6d any any any  0    | if r1 s> r2 goto pc+5 | if r1 s> r2 goto +0x5
6e any any any  0    | if w1 s> w2 goto pc+5 | if w1 s> w2 goto +0x5
6f any any 0    0    | r1 <<= r2 | r1 <<= r2
71 any any any  0    | r1 = *(u8 *)(r2 +5) | w1 = *(u8 *)(r2 + 0x5)
72 any 0   any  any  | *(u8 *)(r1 +5) = 7 | *(u8 *)(r1 + 0x5) = 0x7
73 any any any  0    | *(u8 *)(r1 +5) = r2 | *(u8 *)(r1 + 0x5) = w2
74 any 0   0    any  | w1 >>= 7 | w1 >>= 0x7
75 any 0   any  any  | if r1 s>= 0x7 goto pc+5 | if r1 s>= 0x7 goto +0x5
76 any 0   any  any  | if w1 s>= 0x7 goto pc+5 | if w1 s>= 0x7 goto +0x5
77 any 0   0    any  | r1 >>= 7 | r1 >>= 0x7
79 any any any  0    | r1 = *(u64 *)(r2 +5) | r1 = *(u64 *)(r2 + 0x5)
7a any 0   any  any  | *(u64 *)(r1 +5) = 7 | *(u64 *)(r1 + 0x5) = 0x7
7b any any any  0    | *(u64 *)(r1 +5) = r2 | *(u64 *)(r1 + 0x5) = r2
7c any any 0    0    | w1 >>= w2 | w1 >>= w2
7d any any any  0    | if r1 s>= r2 goto pc+5 | if r1 s>= r2 goto +0x5
7e any any any  0    | if w1 s>= w2 goto pc+5 | if w1 s>= w2 goto +0x5
7f any any 0    0    | r1 >>= r2 | r1 >>= r2
81 any any any  0    | r1 = *(s32 *)(r2 +5) | r1 = *(s32 *)(r2 + 0x5)
84 any 0   0    0    | w1 = -w1 | w1 = -w1
85 0   0   0    any  | call bpf_get_prandom_u32#7 | call 0x7
85 0   1   0    any  | call pc+7 | call 0x7
85 0   2   any  any  | call kernel-function#7 | call 0x7
87 any 0   0    0    | r1 = -r1 | r1 = -r1
89 any any any  0    | r1 = *(s16 *)(r2 +5) | r1 = *(s16 *)(r2 + 0x5)
91 any any any  0    | r1 = *(s8 *)(r2 +5) | r1 = *(s8 *)(r2 + 0x5)
94 any 0   0    any  | w1 %= 7 | w1 %= 0x7
94 any 0   1    any  | w1 s%= 7 | w1 s%= 0x7
95 0   0   0    0    | exit | exit
97 any 0   0    any  | r1 %= 7 | r1 %= 0x7
97 any 0   1    any  | r1 s%= 7 | r1 s%= 0x7
9c any any 0    0    | w1 %= w2 | w1 %= w2
9c any any 1    0    | w1 s%= w2 | w1 s%= w2
9f any any 0    0    | r1 %= r2 | r1 %= r2
9f any any 1    0    | r1 s%= r2 | r1 s%= r2
a4 any 0   0    any  | w1 ^= 7 | w1 ^= 0x7
a5 any 0   any  any  | if r1 < 0x7 goto pc+5 | if r1 < 0x7 goto +0x5
a6 any 0   any  any  | if w1 < 0x7 goto pc+5 | if w1 < 0x7 goto +0x5
a7 any 0   0    any  | r1 ^= 7 | r1 ^= 0x7
ac any any 0    0    | w1 ^= w2 | w1 ^= w2
ad any any any  0    | if r1 < r2 goto pc+5 | if r1 < r2 goto +0x5
ae any any any  0    | if w1 < w2 goto pc+5 | if w1 < w2 goto +0x5
af any any 0    0    | r1 ^= r2 | r1 ^= r2
b4 any 0   0    any  | w1 = 7 | w1 = 0x7
b5 any 0   any  any  | if r1 <= 0x7 goto pc+5 | if r1 <= 0x7 goto +0x5
b6 any 0   any  any  | if w1 <= 0x7 goto pc+5 | if w1 <= 0x7 goto +0x5
b7 any 0   0    any  | r1 = 7 | r1 = 0x7
bc any any 0    0    | w1 = w2 | w1 = w2
bc any any 8    0    | w1 = (s8)w2 | w1 = (s8)w2
bc any any 0x10 0    | w1 = (s16)w2 | w1 = (s16)w2
bd any any any  0    | if r1 <= r2 goto pc+5 | if r1 <= r2 goto +0x5
be any any any  0    | if w1 <= w2 goto pc+5 | if w1 <= w2 goto +0x5
bf any any 0    0    | r1 = r2 | r1 = r2
bf any any 8    0    | r1 = (s8)r2 | r1 = (s8)r2
bf any any 0x10 0    | r1 = (s16)r2 | r1 = (s16)r2
bf any any 0x20 0    | r1 = (s32)r2 | r1 = (s32)r2
c3 any any any  0    | lock *(u32 *)(r1 +5) += r2 | lock *(u32 *)(r1 + 0x5) += w2
c3 any any any  1    | r2 = atomic_fetch_add((u32 *)(r1 +5), r2) | w2 = atomic_fetch_add((u32 *)(r1 + 0x5), w2)
c3 any any any  0x40 | lock *(u32 *)(r1 +5) |= r2 | lock *(u32 *)(r1 + 0x5) |= w2
c3 any any any  0x41 | r2 = atomic_fetch_or((u32 *)(r1 +5), r2) | w2 = atomic_fetch_or((u32 *)(r1 + 0x5), w2)
c3 any any any  0x50 | lock *(u32 *)(r1 +5) &= r2 | lock *(u32 *)(r1 + 0x5) &= w2
c3 any any any  0x51 | r2 = atomic_fetch_and((u32 *)(r1 +5), r2) | w2 = atomic_fetch_and((u32 *)(r1 + 0x5), w2)
c3 any any any  0xa0 | lock *(u32 *)(r1 +5) ^= r2 | lock *(u32 *)(r1 + 0x5) ^= w2
c3 any any any  0xa1 | r2 = atomic_fetch_xor((u32 *)(r1 +5), r2) | w2 = atomic_fetch_xor((u32 *)(r1 + 0x5), w2)
c3 any any any  0xe1 | r2 = atomic_xchg((u32 *)(r1 +5), r2) | w2 = xchg32_32(r1 + 0x5, w2)
c3 any any any  0xf1 | r0 = atomic_cmpxchg((u32 *)(r1 +5), r0, r2) | w0 = cmpxchg32_32(r1 + 0x5, w0, w2)
c4 any 0   0    any  | w1 s>>= 7 | w1 s>>= 0x7
c5 any 0   any  any  | if r1 s< 0x7 goto pc+5 | if r1 s< 0x7 goto +0x5
c6 any 0   any  any  | if w1 s< 0x7 goto pc+5 | if w1 s< 0x7 goto +0x5
c7 any 0   0    any  | r1 s>>= 7 | r1 s>>= 0x7
cc any any 0    0    | w1 s>>= w2 | w1 s>>= w2
cd any any any  0    | if r1 s< r2 goto pc+5 | if r1 s< r2 goto +0x5
ce any any any  0    | if w1 s< w2 goto pc+5 | if w1 s< w2 goto +0x5
cf any any 0    0    | r1 s>>= r2 | r1 s>>= r2
d4 any 0   0    0x10 | r1 = le16 r1 | r1 = le16 r1
d4 any 0   0    0x20 | r1 = le32 r1 | r1 = le32 r1
d4 any 0   0    0x40 | r1 = le64 r1 | r1 = le64 r1
d5 any 0   any  any  | if r1 s<= 0x7 goto pc+5 | if r1 s<= 0x7 goto +0x5
d6 any 0   any  any  | if w1 s<= 0x7 goto pc+5 | if w1 s<= 0x7 goto +0x5
d7 any 0   0    0x10 | r1 = bswap16 r1 | r1 = bswap16 r1
d7 any 0   0    0x20 | r1 = bswap32 r1 | r1 = bswap32 r1
d7 any 0   0    0x40 | r1 = bswap64 r1 | r1 = bswap64 r1
db any any any  0    | lock *(u64 *)(r1 +5) += r2 | lock *(u64 *)(r1 + 0x5) += r2
db any any any  1    | r2 = atomic64_fetch_add((u64 *)(r1 +5), r2) | r2 = atomic_fetch_add((u64 *)(r1 + 0x5), r2)
db any any any  0x40 | lock *(u64 *)(r1 +5) |= r2 | lock *(u64 *)(r1 + 0x5) |= r2
db any any any  0x41 | r2 = atomic64_fetch_or((u64 *)(r1 +5), r2) | r2 = atomic_fetch_or((u64 *)(r1 + 0x5), r2)
db any any any  0x50 | lock *(u64 *)(r1 +5) &= r2 | lock *(u64 *)(r1 + 0x5) &= r2
db any any any  0x51 | r2 = atomic64_fetch_and((u64 *)(r1 +5), r2) | r2 = atomic_fetch_and((u64 *)(r1 + 0x5), r2)
db any any any  0xa0 | lock *(u64 *)(r1 +5) ^= r2 | lock *(u64 *)(r1 + 0x5) ^= r2
db any any any  0xa1 | r2 = atomic64_fetch_xor((u64 *)(r1 +5), r2) | r2 = atomic_fetch_xor((u64 *)(r1 + 0x5), r2)
db any any any  0xe1 | r2 = atomic64_xchg((u64 *)(r1 +5), r2) | r2 = xchg_64(r1 + 0x5, r2)
db any any any  0xf1 | r0 = atomic64_cmpxchg((u64 *)(r1 +5), r0, r2) | r0 = cmpxchg_64(r1 + 0x5, r0, r2)
dc any 0   0    0x10 | r1 = be16 r1 | r1 = be16 r1
dc any 0   0    0x20 | r1 = be32 r1 | r1 = be32 r1
dc any 0   0    0x40 | r1 = be64 r1 | r1 = be64 r1
dd any any any  0    | if r1 s<= r2 goto pc+5 | if r1 s<= r2 goto +0x5
de any any any  0    | if w1 s<= w2 goto pc+5 | if w1 s<= w2 goto +0x5
"""

ANY = {"dst": 1, "src": 2, "offset": 5, "imm": 7}
TOO_MUCH = {"dst": 11, "src": 11, "offset": 9, "imm": 9}
"""Values that are wrong wherever the table does not say `any`, and registers that do not exist."""
ONE_IMM = (1, 4, 5)
"""The sources of 64-bit loads whose second half has no immediate."""


class Row(NamedTuple):
    """A row of the table."""

    fields: dict[str, str]
    insn: Instruction
    kernel: str
    llvm: str


def _rows() -> list[Row]:
    rows: list[Row] = []
    for line in TABLE.strip().splitlines():
        start, kernel, llvm = (part.strip() for part in line.split("| "))
        opcode, dst, src, offset, imm = start.split()
        fields = {"dst": dst, "src": src, "offset": offset, "imm": imm}
        values = {name: ANY[name] if value == "any" else int(value, 0) for name, value in fields.items()}
        second = None if opcode != "18" else 0 if values["src"] in ONE_IMM else 3
        insn = Instruction(int(opcode, 16), **values, next_imm=second)
        rows.append(Row(fields, insn, kernel, llvm.replace("\\t", "\t")))
    return rows


ROWS = pytest.mark.parametrize("row", _rows(), ids=lambda row: f"{row.insn.opcode:02x} {row.kernel}")


def test_the_table_is_whole() -> None:
    assert len(_rows()) == 170


@ROWS
def test_a_row_is_decoded_written_and_encoded(row: Row) -> None:
    insn = row.insn
    little = insn.encode("little")
    assert little[:4] == bytes([insn.opcode, insn.src << 4 | insn.dst, insn.offset, 0])
    assert little[4:8] == bytes([insn.imm, 0, 0, 0])
    big = insn.encode("big")
    assert big[:4] == bytes([insn.opcode, insn.dst << 4 | insn.src, 0, insn.offset])
    assert big[4:8] == bytes([0, 0, 0, insn.imm])
    if insn.next_imm is not None:
        assert (little[8:], big[8:]) == (bytes([0, 0, 0, 0, insn.next_imm, 0, 0, 0]), bytes([*bytes(7), insn.next_imm]))
    assert decode(little, 0, "little") == decode(big, 0, "big") == insn
    assert format_instruction(insn, 0) == row.kernel
    llvm = row.llvm if insn.opcode not in LLVM_DROPS_IMM else row.llvm.replace("r2]", "r2 + 0x7]")
    assert format_instruction(insn, 0, Syntax.LLVM) == llvm
    for byte_order in ("little", "big"):
        assert assemble(assembly(insn.encode(byte_order), byte_order), byte_order) == insn.encode(byte_order)


LLVM_DROPS_IMM = (0x40, 0x48, 0x50)
"""`ld_ind` adds the immediate to the register; LLVM does not show it."""


@ROWS
def test_what_a_row_does_not_allow_is_said(row: Row) -> None:
    """Each field in turn; what is wrong with an operation's own field may also make another instruction of it."""
    assert remark(row.insn) is None
    checked = 0
    for name, allowed in row.fields.items():
        if allowed == "any" and name not in ("dst", "src"):
            continue
        wrong = row.insn._replace(**{name: TOO_MUCH[name]})
        note = remark(wrong)
        assert note is not None, name
        assert f"{name} {TOO_MUCH[name]}" in note
        for syntax in (Syntax.KERNEL, Syntax.LLVM):
            assert format_instruction(wrong, 0, syntax).endswith(f" ; {note}")
        for byte_order in ("little", "big"):
            code = wrong.encode(byte_order)
            assert decode(code, 0, byte_order) == wrong
            assert assemble(assembly(code, byte_order), byte_order) == code
        checked += 1
    assert checked >= 2


@pytest.mark.parametrize("source", range(7))
def test_the_second_half_of_a_64_bit_load(source: int) -> None:
    """It has an immediate and nothing else; where an address has no offset, not even that. Half of one is shown."""
    whole = Instruction(0x18, 1, source, imm=7, next_imm=0)
    assert remark(whole) is None
    assert remark(whole._replace(next_imm=8)) == ("invalid: next imm 8" if source in ONE_IMM else None)
    assert remark(whole._replace(next_reserved=0x95)) == "invalid: next slot 0x95"
    assert remark(whole._replace(next_imm=None)) == "incomplete: the code ends within this 64-bit load"
    assert remark(whole._replace(offset=1, src=7)) == "invalid: src 7, offset 1"
