"""A verifier log of 16 MB: how long until it is explained, against awk that counts visits."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.bench.timing import PYTHON, compare, wall

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 16_000_000
SCALAR = "scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))"
ROUND = f"""\
; sum += i ^ j; @ loop.c:12
3: (bc) w3 = w2                       ; R2={{0}} R3={{0}}
4: (ac) w3 ^= w1                      ; R1=62 R3=1009
5: (61) r4 = *(u32 *)(r10 -4)         ; R4={SCALAR} R10=fp0 fp-8=mmmm????
6: (0c) w4 += w3                      ; R3=1009 R4={SCALAR}
7: (63) *(u32 *)(r10 -4) = r4         ; R4={SCALAR} R10=fp0 fp-8=mmmm????
; for (__u32 j = 0; j < 2000; j++) @ loop.c:11
8: (04) w2 += 1                       ; R2={{0}}
9: (16) if w2 == 0x7d0 goto pc+1      ; R2={{0}}
10: (05) goto pc-8
"""
END = "BPF program is too large. Processed 1000001 insn\nprocessed 1000001 insns (limit 1000000)\n"
EXPLAIN = """
import sys, time
from bpftui.core.verifier import VerifierLog, explain
text = open(sys.argv[1]).read()
start = time.perf_counter()
log = VerifierLog(text)
assert explain(log).key == "too-complex"
assert log.before(log.failing).places
print(time.perf_counter() - start)
"""


def test_a_long_log(tmp_path: Path) -> None:
    """Goal: at most 10 × awk."""
    file = tmp_path / "verifier.log"
    rounds = SIZE // len(ROUND)
    file.write_text("".join(ROUND.format(count % 2000) for count in range(rounds)) + "5: (61) r4 = r1\n" + END)

    def ours() -> float:
        return float(subprocess.run([PYTHON, "-c", EXPLAIN, file], capture_output=True, text=True, check=True).stdout)

    count = ["awk", r"/^[0-9]+: \(/ { n[$1]++ } END { for (k in n) print k, n[k] }", str(file)]
    compare("a log of 16 MB explained, against awk", ours, lambda: wall(count))
