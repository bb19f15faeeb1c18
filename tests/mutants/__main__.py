"""Whether the tests notice:  python -m tests.mutants [--count N] [--seed N] [--most SECONDS] [PATH…]

Lines are drawn at random from what is below PATH (core and tui, if none), and of each line one mutant. It is killed
when a test of its folder fails, or does not end. One that none of them notices survives and is worth a look: a test is
missing, the code is superfluous, or the mutant does the same as the code. Those of the last kind are in `equivalent`,
with the reason.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.making import ROOT, sample, texts_of
from tests.mutants.suites import files_in, near, suite_of
from tests.mutants.trying import Copy, tried

if TYPE_CHECKING:
    from tests.mutants.making import Mutant
    from tests.mutants.trying import Tried


def main() -> None:
    """Run from the command line; print what killed each mutant, then those that survived, and figures by folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=["core", "tui"], metavar="PATH")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=float, metavar="SECONDS", help="of tests for one mutant, those worth most first")
    parser.add_argument("--near", action="store_true", help="only the tests that mirror or import the module")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what it has started ends with it
    mutants = dict(enumerate(sample(options.paths, options.count, options.seed)))
    sources = {mutant.path: (ROOT / mutant.path).read_bytes() for mutant in mutants.values()}
    texts = {number: mutant.text(sources[mutant.path]) for number, mutant in mutants.items()}
    left: dict[int, Mutant] = {}
    for number, mutant in mutants.items():
        if (reason := EQUIVALENT.get(mutant.anywhere(sources[mutant.path]))) is not None:
            print(f"{texts[number]}\n    does the same: {reason}", flush=True)
        else:
            left[number] = mutant
    killed: defaultdict[str, list[bool]] = defaultdict(list)
    survivors: dict[int, str] = {}

    def note(found: Tried, *, is_last: bool) -> None:
        """Print what killed a mutant, or that it survives the tests that it has."""
        if found.by is None and not is_last:
            print(f"{texts[found.number]}\n    survives those that are near", flush=True)
        else:
            print(f"{texts[found.number]}\n    {found.by or found.why}", flush=True)
            place = "/".join(Path(mutants[found.number].path).parts[:2])
            killed[place].append(found.by is not None)
            survivors.update({} if found.by else {found.number: texts[found.number]})
            del left[found.number]

    with tempfile.TemporaryDirectory(prefix="bpftui-mutants-") as folder:
        copy = Copy(Path(folder))
        files = {number: found for number, mutant in left.items() if (found := near(mutant.path))}
        for at_import in (False, True):  # each of the latter takes a collection of its own
            those = [number for number in files if mutants[number].at_import is at_import]
            Random(options.seed).shuffle(those)  # what has been tried when somebody ends the run stands for the others
            those = {number: left[number] for number in those}
            for each in tried(copy, (), those, options.most, files) if those else ():
                note(each, is_last=options.near)
        suites: defaultdict[tuple[str, ...], dict[int, Mutant]] = defaultdict(dict)
        for number, mutant in left.items():
            suites[tuple(suite_of(mutant.path))][number] = mutant
        for suite, mine in sorted(suites.items(), key=lambda each: sum(map(files_in, each[0]))):
            for each in () if options.near else tried(copy, suite, mine, options.most):
                note(each, is_last=True)
    print(f"\n{len(survivors)} of {len(mutants)} survive, seed {options.seed}", *sorted(survivors.values()), sep="\n")
    for text in sorted(set(EQUIVALENT) - texts_of({text.partition(": ")[0] for text in EQUIVALENT})):
        print(f"no mutant any more, though listed as one that does the same: {text}")
    for place, those in sorted(killed.items()):
        print(f"{place}: {sum(those)} of {len(those)} killed")


if __name__ == "__main__":
    main()
