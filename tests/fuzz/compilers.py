"""Each source by three compilers, and each two of the objects compared:  python -m tests.fuzz.compilers [SOURCE …]

What clang 14, 19 and 22 make of a source of `tests/objects/` or `bpf/`, each for an instruction set of its time, is
compared both ways: a diff that is applied to the old listing gives the new one, and it is empty where and only where
the two are the same. Of an object with itself it is empty.
A source that a compiler does not know is left out, and counted.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from bpftui.core.diff import Kind, What, diff
from bpftui.core.errors import BpftuiError
from bpftui.core.spec import CollectionSpec
from tests.core.diff.listings import applied, listing

ROOT: Final = Path(__file__).parents[2]
COMPILERS: Final = {"clang-14": ("v1",), "clang-19": ("v2", "v3"), "clang-22": ("v3", "v4")}
"""The instruction sets that each is asked for."""
_FLAGS: Final = ("-target", "bpf", "-O2", "-g", "-Wno-everything", f"-I{ROOT / 'bpf'}", "-fcommon", "-c")


def sources() -> list[Path]:
    """Return all C files of which there are objects."""
    return sorted(path for folder in ("tests/objects", "bpf") for path in (ROOT / folder).glob("*.c"))


def compiled(source: Path, folder: Path) -> dict[str, CollectionSpec]:
    """Return what the compilers make of a source, by compiler and instruction set; what they refuse is left out."""
    found: dict[str, CollectionSpec] = {}
    for compiler, sets in COMPILERS.items():
        for each in sets:
            name, path = f"{compiler} {each}", folder / f"{source.stem}.{compiler}.{each}.o"
            command = [compiler, *_FLAGS, f"-mcpu={each}", str(source), "-o", str(path)]
            if subprocess.run(command, capture_output=True, cwd=ROOT, check=False).returncode == 0:
                found[name] = CollectionSpec.from_file(path)
    return found


def wrong(old: CollectionSpec, new: CollectionSpec) -> list[str]:
    """Return the functions whose diff is wrong, and why."""
    found: list[str] = []
    for function in diff(old, new).functions:
        if function.problem is not None:
            found.append(f"{function.name}: {function.problem}")
            continue
        before = listing(function.old) if function.old is not None else []
        after = listing(function.new) if function.new is not None else []
        if applied(before, function) != after:
            found.append(f"{function.name}: applied to the old listing it gives another one")
        differs = any(row.kind is not Kind.SAME for row in function.rows() if row.what is not What.SOURCE)
        if differs != (before != after):
            found.append(f"{function.name}: {'it differs' if differs else 'it is the same'}, and its listing is not so")
    return found


def main() -> int:
    """Compare all of them, or those of the sources that were named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sources", metavar="SOURCE", nargs="*", type=Path)
    chosen = parser.parse_args().sources or sources()
    pairs = functions = faults = 0
    by_compiler = dict.fromkeys(COMPILERS, 0)
    with tempfile.TemporaryDirectory() as folder:
        for source in chosen:
            made = compiled(source, Path(folder))
            for compiler in COMPILERS:
                by_compiler[compiler] += any(name.startswith(compiler) for name in made)
            for one, other in itertools.product(made, repeat=2):
                try:
                    told = wrong(made[one], made[other])
                    told += (
                        [] if one != other or diff(made[one], made[other]).same else ["it is not the same as itself"]
                    )
                    functions += len(diff(made[one], made[other]).functions)
                except BpftuiError as error:
                    told = [error.message]
                pairs += 1
                faults += bool(told)
                for text in told:
                    print(f"{source.name}, {one} and {other}: {text}", flush=True)
    numbers = ", ".join(f"{number} of {len(chosen)} sources by {name}" for name, number in by_compiler.items())
    print(f"{pairs:,} pairs of objects, {functions:,} functions: {faults} wrong ({numbers})")
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
