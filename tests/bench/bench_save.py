"""From the save of a C file of 200 lines to the screen with its marks, and how much of that clang takes.

    python -m tests.bench.bench_save [COUNT]

Once with declarations of its own, once with vmlinux.h, whose 150,000 lines clang reads at each save. Told are medians:
the time by the clock, the processor time of this process, and that of its children, beside which clang is run alone.
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bpftui.core.compiler.clang import find_clang
from bpftui.core.live import Session
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.app import BpftuiApp
from bpftui.tui.commands.explore import reader
from tests.home import own_home

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
_WITH_TYPES = """\
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

"""
_FUNCTION = """
SEC("xdp")
int count_{0}(struct xdp_md *ctx)
{{
	__u32 key = {0};
	__u64 *found = bpf_map_lookup_elem(&counts, &key);
	if (found)
		__sync_fetch_and_add(found, {1});
	return XDP_PASS;
}}
"""
_MAP = """
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 64);
} counts SEC(".maps");

char _license[] SEC("license") = "GPL";
"""


class Took(NamedTuple):
    """What a save took, in seconds."""

    wall: float
    own: float
    children: float


def own_declarations(number: int) -> str:
    """Return the traffic counter, counting otherwise."""
    text = (ROOT / "bpf/traffic.c").read_text(encoding="utf-8")
    return text.replace("bpf_map_update_elem(", f"(void){number}, bpf_map_update_elem(", 1) + f"int saved = {number};\n"


def with_vmlinux(number: int) -> str:
    """Return as long a program that has the kernel's types."""
    return _WITH_TYPES + _MAP + "".join(_FUNCTION.format(each, number) for each in range(17))


def spent(who: int) -> float:
    """Return the processor time of this process, or of its children, in seconds."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


async def saves(file: Path, text: Callable[[int], str], count: int) -> list[Took]:
    """Save a file again and again; return what each took until what changed was marked."""
    runtime, read = MachineRuntime(), reader(cflags=f"-I{ROOT / 'bpf'}")
    file.write_text(text(0), encoding="utf-8")
    app = BpftuiApp(
        Session(read(str(file), lambda _: None), runtime), read=read, begin=lambda spec: Session(spec, runtime)
    )
    found: list[Took] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await app.explorer.furnished.wait()
        await pilot.press("2")
        for number in range(1, count + 1):
            await asyncio.sleep(1 + number % 3 / 10)  # what is prepared for the screen before is over
            before, began = app.explorer, time.perf_counter()
            own, children = spent(resource.RUSAGE_SELF), spent(resource.RUSAGE_CHILDREN)
            file.write_text(text(number), encoding="utf-8")
            while (
                app.explorer is before
                or not app.explorer.furnished.is_set()
                or not app.explorer.change_marks.are_marked
            ):
                assert time.perf_counter() < began + PATIENCE, app.explorer.message_line.render().plain
                await asyncio.sleep(0.02)
            wall = time.perf_counter() - began
            found.append(Took(wall, spent(resource.RUSAGE_SELF) - own, spent(resource.RUSAGE_CHILDREN) - children))
            await app.workers.wait_for_complete([each for each in app.workers if each.group == "reread"])
    return found


def clang_alone(file: Path, folder: str) -> Took:
    """Return what clang takes by itself."""
    command = [find_clang(), "-target", "bpf", "-O2", "-g", f"-I{ROOT / 'bpf'}", "-idirafter", folder]
    began, children = time.perf_counter(), spent(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, "-c", os.fspath(file), "-o", "/dev/null"], check=True, capture_output=True)
    return Took(time.perf_counter() - began, 0.0, spent(resource.RUSAGE_CHILDREN) - children)


def main() -> None:
    from bpftui.core.compiler.vmlinux_header import folder

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    for name, text in (("own declarations", own_declarations), ("vmlinux.h", with_vmlinux)):
        with own_home(), tempfile.TemporaryDirectory() as place:
            file, header = Path(place, "prog.c"), folder()
            taken = asyncio.run(saves(file, text, count))
            alone = [clang_alone(file, header) for _ in range(count)]
        wall, own, children = (statistics.median(each) for each in zip(*taken, strict=True))
        by_itself = statistics.median(each.children for each in alone)
        print(
            f"{name}: {len(text(0).splitlines())} lines, {wall * 1e3:.0f} ms from save to marks "
            f"(most {max(each.wall for each in taken) * 1e3:.0f}); processor time {own * 1e3:.0f} ms here, "
            f"{children * 1e3:.0f} ms in children; clang alone {by_itself * 1e3:.0f} ms, "
            f"{statistics.median(each.wall for each in alone) * 1e3:.0f} by the clock",
            flush=True,
        )


if __name__ == "__main__":
    main()
