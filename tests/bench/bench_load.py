"""Loading objects into the kernel, against libbpf's `bpf_object__open` and `bpf_object__load`.

Both do the objects of the repository that both can load, in one process, all programs or none; reading the file is in
the time, closing is not. Each process first loads one of them, so that modules are imported, the kernel's own types
mapped and features probed: that is once for a process.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bench.timing import PYTHON, compare, environment, took
from tests.census import why_no_bpf

ROOT = Path(__file__).parents[2]
FIRST = ROOT / "tests/objects/core.o"
"""It needs the kernel's types."""
LIBBPF = r"""
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static int quiet(enum libbpf_print_level level, const char *text, va_list arguments) { return 0; }

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

int main(int count, char **names)
{
	libbpf_set_print(quiet);
	for (int i = 1; i < count; i++) {
		double start = now();
		struct bpf_object *object = bpf_object__open_file(names[i], NULL);
		int error = object ? bpf_object__load(object) : -1;
		printf("%s %d %.6f\n", names[i], error, now() - start);
		bpf_object__close(object);
	}
}
"""
OURS = """
import sys, time
from bpftui.core.errors import BpftuiError
from bpftui.core.kernel import load
from bpftui.core.spec import CollectionSpec
for name in sys.argv[1:]:
    start, error = time.perf_counter(), 0
    try:
        collection = load(CollectionSpec.from_file(name), strict=True)
    except BpftuiError:
        error = 1
    print(name, error, f"{time.perf_counter() - start:.6f}")
    if not error:
        collection.close()
"""


@pytest.fixture(scope="module")
def libbpf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a program that loads objects with libbpf."""
    compiler = shutil.which("cc") or pytest.skip("no C compiler is installed")
    program = tmp_path_factory.mktemp("libbpf") / "load"
    build = [compiler, "-O2", "-x", "c", "-", "-o", str(program), "-lbpf"]
    done = subprocess.run(build, input=LIBBPF, capture_output=True, text=True, check=False)
    return program if done.returncode == 0 else pytest.skip("no libbpf to compile with (libbpf-dev)")


def loaded(command: list[str], objects: list[str]) -> dict[str, float]:
    """Return the seconds that each object took which loads; what a process does only once is not counted."""
    called = [*command, str(FIRST), *objects]
    done = subprocess.run(called, capture_output=True, text=True, check=True, env=environment())
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    return {name: float(seconds) for name, error, seconds in rows if int(error) == 0}


def processor(command: list[str], objects: list[str]) -> float:
    """Return the processor time that it takes to load all objects once, without what a process does only once."""
    once, often = (took([*command, str(FIRST), *objects * times]).processor for times in (1, 5))
    return (often - once) / 4


def test_objects_are_loaded(libbpf: Path) -> None:
    """Goal: at most 1.1 × libbpf in all, and at most 60 ms more for each object; what fails is 2 ×."""
    if (reason := why_no_bpf()) is not None:
        pytest.skip(reason)
    theirs, ours = [str(libbpf)], [PYTHON, "-c", OURS]
    # The refusal of bad_complexity.o takes seconds, and is none of loading.
    objects = [str(path) for path in sorted((*ROOT.glob("bpf/*.o"), *ROOT.glob("tests/objects/*.o")))]
    objects = [name for name in objects if "bad_" not in name]
    by_libbpf, by_us = loaded(theirs, objects), loaded(ours, objects)
    both = sorted(by_libbpf.keys() & by_us.keys())
    assert len(both) > 20
    assert by_libbpf.keys() <= by_us.keys(), sorted(by_libbpf.keys() - by_us.keys())
    ratio = compare(
        f"{len(both)} objects loaded, against libbpf",
        lambda: sum(loaded(ours, both).values()),
        lambda: sum(loaded(theirs, both).values()),
    )
    compare("the same in processor time", lambda: processor(ours, both), lambda: processor(theirs, both), runs=3)
    again = [(loaded(ours, both), loaded(theirs, both)) for _ in range(3)]
    more, name = max((min(a[name] - b[name] for a, b in again), name) for name in both)
    print(f"at most {more * 1e3:.1f} ms more for one of them: {Path(name).name}")
    print(f"of {len(objects)} objects libbpf loads {len(by_libbpf)}, bpftui {len(by_us)}")
    assert ratio < 2
    assert more < 0.06
