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
from typing import TYPE_CHECKING

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.making import ROOT, sample, texts_of
from tests.mutants.suites import files_in, suite_of
from tests.mutants.trying import Copy, tried

if TYPE_CHECKING:
    from tests.mutants.making import Mutant


def main() -> None:
    """Run from the command line; print what killed each mutant, then those that survived, and figures by folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=["core", "tui"], metavar="PATH")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=float, metavar="SECONDS", help="of tests for one mutant, those worth most first")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what it has started ends with it
    mutants = dict(enumerate(sample(options.paths, options.count, options.seed)))
    sources = {mutant.path: (ROOT / mutant.path).read_bytes() for mutant in mutants.values()}
    texts = {number: mutant.text(sources[mutant.path]) for number, mutant in mutants.items()}
    suites: defaultdict[tuple[str, ...], dict[int, Mutant]] = defaultdict(dict)
    for number, mutant in mutants.items():
        if (reason := EQUIVALENT.get(mutant.anywhere(sources[mutant.path]))) is not None:
            print(f"{texts[number]}\n    does the same: {reason}", flush=True)
        else:
            suites[tuple(suite_of(mutant.path))][number] = mutant
    survivors: list[str] = []
    tried_in: defaultdict[str, list[bool]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="bpftui-mutants-") as folder:
        copy = Copy(Path(folder))
        for suite, those in sorted(suites.items(), key=lambda each: sum(map(files_in, each[0]))):
            for number, by, is_come_by in tried(copy, suite, those, options.most):
                print(f"{texts[number]}\n    {by or ('survives' if is_come_by else 'no test comes by')}", flush=True)
                tried_in["/".join(Path(mutants[number].path).parts[:2])].append(by is not None)
                survivors += [] if by else [texts[number]]
    print(f"\n{len(survivors)} of {len(mutants)} survive, seed {options.seed}", *sorted(survivors), sep="\n")
    for text in sorted(set(EQUIVALENT) - texts_of({text.partition(": ")[0] for text in EQUIVALENT})):
        print(f"no mutant any more, though listed as one that does the same: {text}")
    for place, killed in sorted(tried_in.items()):
        print(f"{place}: {sum(killed)} of {len(killed)} killed")


if __name__ == "__main__":
    main()
