"""The parts of a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpftui.core.asm import Syntax, Token, format_instruction, tokenize
from tests.core.asm.golden import cases

M, R, N, A, S, F, P, B, C = (
    Token.MNEMONIC,
    Token.REGISTER,
    Token.NUMBER,
    Token.MEMORY,
    Token.OPERATOR,
    Token.FUNCTION,
    Token.MAP,
    Token.LABEL,
    Token.COMMENT,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("r1 = 5", [(R, "r1"), (S, "="), (N, "5")]),
        ("w10 s>>= -3", [(R, "w10"), (S, "s>>="), (N, "-3")]),
        ("r1 = -r1", [(R, "r1"), (S, "="), (S, "-"), (R, "r1")]),
        ("r1 = (s8)r2", [(R, "r1"), (S, "="), (A, "(s8)"), (R, "r2")]),
        ("r1 = be16 r1", [(R, "r1"), (S, "="), (M, "be16"), (R, "r1")]),
        ("r1 = *(u64 *)(r10 -8)", [(R, "r1"), (S, "="), (A, "*(u64 *)"), (R, "r10"), (N, "-8")]),
        ("w1 = *(u32 *)(r2 + 0x8)", [(R, "w1"), (S, "="), (A, "*(u32 *)"), (R, "r2"), (S, "+"), (N, "0x8")]),
        ("lock *(u64 *)(r0 +0) += r1", [(M, "lock"), (A, "*(u64 *)"), (R, "r0"), (N, "+0"), (S, "+="), (R, "r1")]),
        (
            "r1 = atomic64_fetch_add((u64 *)(r2 +0), r1)",
            [(R, "r1"), (S, "="), (M, "atomic64_fetch_add"), (A, "(u64 *)"), (R, "r2"), (N, "+0"), (R, "r1")],
        ),
        ("r0 = *(u8 *)skb[r1 + 4]", [(R, "r0"), (S, "="), (A, "*(u8 *)"), (A, "skb"), (R, "r1"), (S, "+"), (N, "4")]),
        ("call bpf_map_lookup_elem#1", [(M, "call"), (F, "bpf_map_lookup_elem"), (N, "#1")]),
        ("call pc+5", [(M, "call"), (B, "pc+5")]),
        ("call parse_ip", [(M, "call"), (F, "parse_ip")]),
        ("callx r3", [(M, "callx"), (R, "r3")]),
        ("goto pc-3", [(M, "goto"), (B, "pc-3")]),
        ("may_goto pc+3", [(M, "may_goto"), (B, "pc+3")]),
        ("if r1 s< 0x5 goto pc+4", [(M, "if"), (R, "r1"), (S, "s<"), (N, "0x5"), (M, "goto"), (B, "pc+4")]),
        ("if w1 & w2 goto L12", [(M, "if"), (R, "w1"), (S, "&"), (R, "w2"), (M, "goto"), (B, "L12")]),
        ("goto +0x3 <LBB0_4>", [(M, "goto"), (B, "+0x3"), (B, "<LBB0_4>")]),
        ("gotol -0x3 <f+0x10>", [(M, "gotol"), (B, "-0x3"), (B, "<f+0x10>")]),
        ("r1 = map[pkt_count]", [(R, "r1"), (S, "="), (P, "map[pkt_count]")]),
        ("r1 = map[id:5][0]+16", [(R, "r1"), (S, "="), (P, "map[id:5][0]+16")]),
        ("r1 = .bss[global_u16] ll", [(R, "r1"), (S, "="), (P, ".bss[global_u16]"), (M, "ll")]),
        ("r1 = .rodata.str1[fmt]", [(R, "r1"), (S, "="), (P, ".rodata.str1[fmt]")]),
        ("r1 = subprog[+5]", [(R, "r1"), (S, "="), (F, "subprog[+5]")]),
        ("exit", [(M, "exit")]),
        ("<unknown> ; opcode 0xff", [(C, "<unknown>"), (C, "; opcode 0xff")]),
        ("ldxdw r1, [r10+0xfff8]", [(M, "ldxdw"), (R, "r1"), (R, "r10"), (N, "+0xfff8")]),
        ("ld_pseudo\tr1, 0x1, 0x5", [(M, "ld_pseudo"), (R, "r1"), (N, "0x1"), (N, "0x5")]),
    ],
)
def test_parts(text: str, parts: list[tuple[Token, str]]) -> None:
    found = tokenize(text)
    assert "".join(part for _, part in found) == text
    assert [(token, part) for token, part in found if token is not Token.TEXT] == parts


def test_nothing_is_lost_and_nothing_with_a_meaning_is_left_over() -> None:
    """In both syntaxes, only spaces, brackets and commas of the instructions that exist are plain text."""
    for case in cases():
        for syntax in (Syntax.KERNEL, Syntax.LLVM):
            text = format_instruction(case.insn, 0, syntax)
            parts = tokenize(text)
            assert "".join(part for _, part in parts) == text
            rest = "".join(part for token, part in parts if token is Token.TEXT)
            assert not rest.strip(" \t()[],"), text


@given(st.text(max_size=80))
def test_any_text_is_kept(text: str) -> None:
    assert "".join(part for _, part in tokenize(text)) == text
