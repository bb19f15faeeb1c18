"""LogView on logs that the verifier wrote (Linux 6.18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.verifier.log_view import LineKind, LogView, cause, classify

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

REFUSED: str = """\
0: R1=ctx() R10=fp0
; struct ethhdr *eth = (void *)(long)ctx->data; @ bad_bounds.c:14
0: (61) r1 = *(u32 *)(r1 +0)          ; R1=pkt(r=0)
; return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS; @ bad_bounds.c:16
1: (71) r2 = *(u8 *)(r1 +12)
invalid access to packet, off=12 size=1, R1(id=0,off=12,r=0)
R1 offset is outside of the packet
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
"""


class LogApp(BaseApp[None]):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.view = LogView(text)

    def compose(self) -> ComposeResult:
        yield self.view


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("; __u32 key = 0; @ bad_null.c:15", LineKind.SOURCE),
        ("5: (18) r1 = 0xffff888104802c00       ; R1=map_ptr(map=totals,ks=4,vs=8)", LineKind.INSTRUCTION),
        ("0: R1=ctx() R10=fp0", LineKind.STATE),
        ("from 8 to 11: R0=0 R6=ctx() R10=fp0 fp-8=0000????", LineKind.STATE),
        ("mark_precise: frame0: last_idx 5 first_idx 0 subseq_idx -1", LineKind.STATE),
        ("12: safe", LineKind.STATE),
        ("R0 invalid mem access 'map_value_or_null'", LineKind.MESSAGE),
        ("R1 type=scalar expected=map_ptr", LineKind.MESSAGE),
        ("At program exit the register R0 has unknown scalar value", LineKind.MESSAGE),
        ("processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0", LineKind.SUMMARY),
        ("verification time 58 usec", LineKind.SUMMARY),
    ],
)
def test_kinds_of_lines(line: str, kind: LineKind) -> None:
    assert classify(line) is kind


async def test_where_a_jump_went_and_the_state_stand_in_columns() -> None:
    log = "0: R1=ctx() R10=fp0\n4: (15) if r0 == 0x0 goto pc+3 8: R0=0\n1: (b7) r0 = 0    ; R0=0\n2: (95) exit\n"
    app = LogApp(log)
    async with app.run_test(size=(80, 6)) as pilot:
        await pilot.pause()
        assert [line[2:].rstrip() for line in lines(app.view)][:4] == [
            "0: R1=ctx() R10=fp0",
            "    4: (15) if r0 == 0x0 goto pc+3 → 8    ; R0=0",
            "    1: (b7) r0 = 0                        ; R0=0",
            "    2: (95) exit",
        ]


def test_the_cause_is_what_the_verifier_says_last() -> None:
    assert cause(REFUSED.splitlines()) == range(5, 7)
    accepted = REFUSED.splitlines()[:5] + REFUSED.splitlines()[7:]
    assert not cause(accepted)
    assert not cause(["12:00:01 loaded traffic", "12:00:02 attached to veth0"])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_long_log_opens_at_its_cause(size: tuple[int, int]) -> None:
    app = LogApp("7: (bf) r1 = r6                        ; R1=ctx() R6=ctx()\n" * 5000 + REFUSED)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        shown = lines(app.view)
        marked = [line[1:].strip() for line in shown if line.startswith("✗")]
        assert marked == [line for line in (text[: size[0] - 3] for text in REFUSED.splitlines()[5:7]) if line]
        assert "processed 2 insns" in shown[-1]
        assert app.view.cursor == 5005


async def test_source_and_instructions_have_their_colours() -> None:
    app = LogApp(REFUSED)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        register = next(part for part in app.view.render_line(2) if part.text == "r1")
        state = next(part for part in app.view.render_line(2) if "R1=pkt" in part.text)
        assert register.style
        assert state.style
        assert register.style.color != state.style.color
        assert any(part.text == "struct" and part.style and part.style.italic for part in app.view.render_line(1))


async def test_another_log_replaces_the_first() -> None:
    app = LogApp(REFUSED)
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.log_text = "12:00:01 loaded\n12:00:02 attached\n"
        await pilot.pause()
        assert [line.strip("▌ ") for line in lines(app.view)[:2]] == ["12:00:01 loaded", "12:00:02 attached"]
        assert app.view.cursor == 1
        app.view.log_text = ""
        await pilot.pause()
        assert "nothing to say" in "".join(lines(app.view))
