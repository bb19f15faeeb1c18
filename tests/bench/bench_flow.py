"""Control flow of all functions of a large object: blocks, edges, reachability, loops."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

from bpftui.core.asm.flow import FlowGraph, find_calls
from bpftui.core.spec.reader import read_object
from tests.bench.big_object import big_object
from tests.bench.timing import compare

if TYPE_CHECKING:
    from pathlib import Path


def test_control_flow_of_a_large_object(tmp_path: Path) -> None:
    """Goal: under 0.5 s for 568,912 instructions in 5,000 functions; llvm-objdump -d is only there for scale."""
    path = tmp_path / "large.o"
    path.write_bytes(big_object())
    obj = read_object(path)

    def ours() -> float:
        start = time.perf_counter()
        blocks = loops = calls = 0
        for section in obj.code_sections:
            code = obj.elf.contents(section)
            calls += len(find_calls(code, obj.elf.byte_order))
            for function in obj.functions.by_section[section.number]:
                graph = FlowGraph(code, obj.elf.byte_order, function.start // 8, function.stop // 8)
                blocks += len(graph)
                loops += len(graph.loops)
                assert all(graph.reachable)
        taken = time.perf_counter() - start
        assert blocks > 100_000
        assert loops > 10_000
        assert calls > 5_000
        return taken

    def theirs() -> float:
        start = time.perf_counter()
        command = ["llvm-objdump-22", "-d", "--no-show-raw-insn", str(path)]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - start

    compare("control flow of all functions against llvm-objdump -d", ours, theirs, runs=5)
