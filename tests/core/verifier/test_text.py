"""Explanations and states as text, in as much room as there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.verifier import VerifierLog, explanation_lines, path_lines, state_lines
from bpftui.core.verifier.explanation import Explanation
from bpftui.core.verifier.log import SourceLine

LOG = Path(__file__).parent / "logs/bad_offbyone.log"
EXPLANATION = Explanation(
    "packet-bounds",
    "the check covers 13 bytes of the packet, this access needs 14",
    ("r1 came from ctx->data at a.c:8", "the check is at a.c:12: if (data + 13 > end)"),
    ("let the check cover 1 byte more",),
    "invalid access to packet, off=13 size=1",
    1,
    7,
    "r1 = *(u8 *)(r1 +13)",
    None,
    3,
)
NARROW = """\
instruction 7: the check covers 13 bytes
of the packet, this access needs 14

  instruction  7: r1 = *(u8 *)(r1 +13)
  because      r1 came from ctx->data at
               a.c:8
               the check is at a.c:12:
               if (data + 13 > end)
  what helps   • let the check cover 1
                 byte more
  the verifier invalid access to packet,
               off=13 size=1"""
WIDER = """\
instruction 7: the check covers 13 bytes of the packet, this
access needs 14

  instruction  7: r1 = *(u8 *)(r1 +13)
  because      r1 came from ctx->data at a.c:8
               the check is at a.c:12: if (data + 13 > end)
  what helps   • let the check cover 1 byte more
  the verifier invalid access to packet, off=13 size=1"""
STATE = """\
  r0   2                                                             the number 2
  r1   pkt(r=13)                                                     a packet pointer (13 bytes checked)
  r2   scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))  a number from 0 to 255
  r3   pkt(off=13,r=13)                                              a packet pointer (at offset 13, 13 bytes checked)
  r10  fp0                                                           a stack pointer"""
PATH = """\
  …
  ; if (data + sizeof(*eth) - 1 > end)  @ bad_offbyone.c:12
      4: r3 += 13  ; R3=pkt(off=13,r=0)
      5: if r3 > r2 goto pc+7  ; R2=pkt_end() R3=pkt(off=13,r=13)
  ; return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS;  @ bad_offbyone.c:14
      6: r2 = *(u8 *)(r1 +12)  ; R1=pkt(r=13) R2=scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))
▸     7: r1 = *(u8 *)(r1 +13)"""


@pytest.mark.parametrize(("width", "text"), [(20, NARROW), (40, NARROW), (60, WIDER)])
def test_an_explanation_in_so_many_columns(width: int, text: str) -> None:
    assert "\n".join(explanation_lines(EXPLANATION, width=width)) == text


def test_registers_as_the_kernel_prints_them_and_in_words() -> None:
    log = VerifierLog(LOG.read_text())
    assert log.failing is not None
    state = log.before(log.failing)
    assert state is not None
    assert "\n".join(state_lines(state)) == STATE


def test_the_last_instructions_of_the_way() -> None:
    log = VerifierLog(LOG.read_text())
    assert log.failing is not None
    assert "\n".join(path_lines(log, log.failing, 4)) == PATH


@pytest.mark.parametrize(
    ("slot", "source", "place", "whole"),
    [
        (7, SourceLine("return x;", "a.c", 20), "a.c:20", "instruction 7, a.c:20: return x;"),
        (7, SourceLine("return x;"), "instruction 7", "instruction 7, return x;"),
        (None, SourceLine("", "a.c", 20), "a.c:20", "a.c:20"),
        (7, None, "instruction 7", "instruction 7"),
        (None, None, "", ""),
    ],
)
def test_where_it_is(slot: int | None, source: SourceLine | None, place: str, whole: str) -> None:
    found = EXPLANATION._replace(slot=slot, source=source)
    assert (found.place, found.whole_place) == (place, whole)
    assert found.sentence == (f"{place}: " if place else "") + EXPLANATION.summary
