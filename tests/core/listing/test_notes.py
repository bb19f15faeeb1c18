"""What stands beside instructions: names, comparisons, calls, what is returned, loops, and where tables lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.listing.listing import Listing, RowKind
from bpftui.core.spec import CollectionSpec

OBJECTS = Path(__file__).parents[2] / "objects"


@pytest.mark.parametrize(
    ("name", "program", "notes"),
    [
        (
            "typed.o",
            "classify",
            {
                3: "skb->protocol",
                5: "skb->protocol == bpf_htons(ETH_P_ARP)",
                8: "mode",
                9: "mode == MODE_OFF",
                11: "fp-4",
                15: "(skb, 0, fp-4, 4)",
                17: "fp-12",
                21: "(skb, 0, fp-12, 4)",
                22: "skb->len",
                24: "chosen() == MODE_TRACE",
                27: "length",
                30: "fp-8",
                32: "(fp-8, MODE_TRACE)",
                36: "mode",
                38: "fp-16",
                39: "(fp-16, mode)",
                44: "length",
                48: "last.mode = MODE_TRACE",
                50: "fp-8",
                54: "fp-16",
                60: "length",
                61: "TC_ACT_OK",
                63: "MODE_TRACE",
                65: "MODE_COUNT",
                68: "sample->mode = MODE_COUNT",
                69: "sample->size",
                70: "how != MODE_TRACE",
                72: "sample->size",
                76: "last.size",
            },
        ),
        (
            "typed.o",
            "on_receive",
            {
                0: "sk",
                1: "sk->__sk_common.skc_family (CO-RE)",
                2: "sk->__sk_common.skc_family != AF_INET",
                3: "skb",
                4: "skb->protocol (CO-RE)",
                5: "skb->protocol != bpf_htons(ETH_P_IP)",
                6: "skb->dev (CO-RE)",
                7: "skb->dev->ifindex (CO-RE)",
                10: "device",
                11: "sk->__sk_common.skc_state (CO-RE)",
                16: "states",
                18: "states",
            },
        ),
        (
            "callbacks.o",
            "each",
            {
                3: "fp-8",
                9: "(&numbers, add_value, fp-8, 0)",
                12: "*value",
                14: "*value",
            },
        ),
        (
            "bad_loop.o",
            "bad_loop",
            {
                0: "loop",
                3: "XDP_PASS",
            },
        ),
        (
            "jump_tables.o",
            "in_subprograms",
            {
                1: "ctx->data",
                2: "ctx->data_end",
                13: "ctx->rx_queue_index",
                16: "ctx->rx_queue_index",
                25: "3 entries",
                29: "to L30, L35, L42",
                30: "BPF.JT.2.0[0]",
                32: "steps",
                34: "steps",
                35: "BPF.JT.2.0[1]",
                37: "steps",
                39: "steps",
                42: "BPF.JT.2.0[2]",
                47: "14 entries",
                51: "to L52, L93, L88, L83, L62, L72, L98, … 14 in all",
                52: "BPF.JT.3.0[0]",
                54: "seen",
                57: "BPF.JT.3.0[11]",
                59: "seen",
                62: "BPF.JT.3.0[4]",
                64: "seen",
                67: "BPF.JT.3.0[13]",
                69: "seen",
                72: "BPF.JT.3.0[5]",
                74: "seen",
                76: "BPF.JT.3.0[12]",
                78: "seen",
                81: "steps",
                83: "BPF.JT.3.0[3]",
                85: "seen",
                88: "BPF.JT.3.0[2]",
                93: "BPF.JT.3.0[1]",
                95: "seen",
                98: "BPF.JT.3.0[6]",
                100: "steps",
                103: "BPF.JT.3.0[7]",
                105: "steps",
                108: "BPF.JT.3.0[9]",
                110: "seen",
                113: "BPF.JT.3.0[10]",
                115: "seen",
                117: "BPF.JT.3.0[8]",
                119: "seen",
            },
        ),
        (
            "core.o",
            "core",
            {
                2: "struct task_struct.tgid (CO-RE)",
                4: "&current->tgid",
                10: "(&facts, 4, &current->tgid)",
                11: "struct task_struct.comm (CO-RE)",
                13: "current->comm",
                16: "facts.comm",
                18: "(facts.comm, 16, current->comm)",
                19: "struct task_struct.group_leader (CO-RE)",
                20: "&current->group_leader",
                22: "fp-8",
                25: "(fp-8, 8, &current->group_leader)",
                26: "struct task_struct.pid (CO-RE)",
                28: "&current->group_leader->pid",
                31: "&facts.leader_pid",
            },
        ),
    ],
)
def test_notes(name: str, program: str, notes: dict[int, str]) -> None:
    spec = CollectionSpec.from_file(OBJECTS / name)
    listing = Listing(spec.programs[program], spec, source=False)
    rows = [row for row in listing.rows(0, len(listing)) if row.kind is RowKind.INSN and row.comment]
    assert {row.slot: row.comment for row in rows if row.slot <= max(notes)} == notes
