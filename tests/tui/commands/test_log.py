"""`bpftui log`: a log from a file and from standard input, with and without its object, as text and as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[3]
LOGS = ROOT / "tests/core/verifier/logs"


def log(*arguments: str, text: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "bpftui.tui", "log", *arguments],
        input=text,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


TEXT = """\
bad_reference.c:22: what bpf_ringbuf_reserve() returned is still held where the program ends on this path

  C            }
  instruction  18: exit
  because      acquired at bad_reference.c:13: __u32 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
               the path that ends at bad_reference.c:22 does not give it back
               the last branch on that path is at bad_reference.c:18: if (ctx->rx_queue_index == 7)
  what helps   • call bpf_ringbuf_submit() or bpf_ringbuf_discard() on every path, early returns included
  the verifier Unreleased reference id=2 alloc_insn=5; BPF_EXIT instruction in main prog would lead to reference leak

before it
  r0   1      the number 1
  r1   1      the number 1
  r2   7      the number 7
  r6   ctx()  the context
  r10  fp0    a stack pointer

the path that leads there
  …
  ; *event = ctx->ingress_ifindex;  @ bad_reference.c:17
     10: w1 = 1  ; R1=1 refs=2
  ; if (ctx->rx_queue_index == 7)  @ bad_reference.c:18
     11: r2 = *(u32 *)(r6 +16)  ; R2=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R6=ctx() refs=2
     12: if w2 == 0x7 goto pc+4  → 17  ; R0=ringbuf_mem(ref_obj_id=2,sz=4) R1=1 R2=7 R6=ctx() R10=fp0 refs=2
  ; }  @ bad_reference.c:22
     17: w0 = w1  ; R0=1 R1=1 refs=2
▸    18: exit

20 instructions walked over, states kept: 1 in all, 1 at once
"""


def test_text() -> None:
    code, out, err = log(str(LOGS / "bad_reference.log"), "--object", "tests/objects/bad_reference.o", "--path", "5")
    assert (code, out, err) == (1, TEXT, "")


def test_json_from_standard_input_finds_the_program_by_its_code() -> None:
    text = "my loader: cannot load\n" + "".join(
        f"> {line}\n" for line in (LOGS / "bad_bounds.log").read_text().split("\n")
    )
    code, out, err = log("-", "--json", "--object", "tests/objects/bad_bounds.o", text=text)
    assert (code, err) == (1, "")
    document = json.loads(out)
    assert (document["schema"], document["file"]) == ("bpftui/log/1", "standard input")
    (found,) = document["logs"]
    assert (found["program"], found["ok"], found["summary"]["insns"]) == ("bad_bounds", False, 2)
    explanation = found["explanation"]
    assert (explanation["key"], explanation["insn"], explanation["file"], explanation["line"]) == (
        "packet-bounds",
        1,
        "bad_bounds.c",
        16,
    )
    assert explanation["register"] == "r1"
    assert found["state"] == {"r1": "pkt(r=0)", "r10": "fp0"}
    assert [step["insn"] for step in found["path"]] == [0, 1]


def test_a_log_of_a_program_that_was_accepted() -> None:
    code, out, _ = log(str(LOGS / "functions_level2.log"))
    assert code == 0
    assert out.startswith("the verifier accepted the program\n")


def test_what_is_no_log(tmp_path: Path) -> None:
    code, out, err = log("-", text="hello\n")
    assert (code, out) == (1, "")
    assert err == (
        "bpftui: error: standard input: there is no verifier log in it (a log has lines like «0: (bf) r6 = r1» or ends "
        "with «processed 12 insns …»)\n"
    )
    code, out, err = log(f"{tmp_path}/no")
    assert (code, out, err) == (1, "", f"bpftui: error: {tmp_path}/no: there is no such file\n")
