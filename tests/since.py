"""Compares `core.since` with the histories that it is from; for who has copies of them (`git clone`, bare ones do).

    python -m tests.since EBPF_DOCS LIBBPF

- EBPF_DOCS: github.com/isovalent/ebpf-docs; its data/feature-versions.yaml has a version and a commit for each feature.
- LIBBPF: github.com/libbpf/libbpf, whose history of include/uapi/linux/bpf.h has the days of the kernel's commits. It
  begins with Linux 4.19.

What one of them has and we do not, or otherwise, is printed; exit code 1 where there is something.
"""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

from bpftui.core.since import facts, features, helpers, kfuncs, types

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = {
    "map_types": ("BPF_MAP_TYPE_", types.MAPS),
    "program_types": ("BPF_PROG_TYPE_", types.PROGRAMS),
    "attach_types": ("BPF_", types.ATTACH_TYPES),
    "helpers": ("bpf_", helpers.HELPERS),
    "kfuncs": ("", kfuncs.KFUNCS),
}
_FEATURE = re.compile(r"name: (\S+)\n\s+version: v?(\S+)\n\s+commit: (\S+)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def git(repository: str, *arguments: str) -> str:
    """Return what git says of a repository."""
    done = subprocess.run(["git", "-C", repository, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def compare_with_docs(repository: str) -> Iterator[str]:
    """Yield in what the tables differ from data/feature-versions.yaml."""
    text = git(repository, "show", "HEAD:data/feature-versions.yaml")
    sections = dict(re.findall(r"^- name: (\S+)\n(.*?)(?=^- name|\Z)", text, re.M | re.S))
    for section, (prefix, table) in TABLES.items():
        ours, seen = facts.read(table), set[str]()
        for name, version, commit in _FEATURE.findall(sections[section]):
            name = name.removeprefix(prefix)
            name = name if section in ("helpers", "kfuncs") else name.lower()
            found = ours.get(name)
            seen.add(name)
            if found is None or (str(found.version), found.commit) != (version, commit[:12]):
                yield f"{section}: {name} is of Linux {version} ({commit[:12]}), and here {found}"
        yield from (
            f"{section}: {name} is not in it" for name in ours if name not in seen and not _DAY.match(ours[name].commit)
        )


def compare_with_headers(repository: str) -> Iterator[str]:
    """Yield the days that are not those of the first commit which has a name."""
    for prefix, table in (*TABLES.values(), ("BPF_F_", features.FLAGS)):
        for name, found in facts.read(table).items():
            if not _DAY.match(found.commit):
                continue
            word = f"{prefix}{name.upper()}"
            days = git(
                repository, "log", "--format=%ad", "--date=short", f"-G\\b{word}\\b", "--", "include/uapi/linux/bpf.h"
            )
            first = days.split()[-1] if days else "no commit"
            if first != found.commit:
                yield f"{word}: the first commit is of {first}, and here it is {found.commit}"


def main(arguments: list[str]) -> int:
    """Compare, and print what differs."""
    docs, libbpf = arguments
    differences = [*compare_with_docs(docs), *compare_with_headers(libbpf)]
    print("\n".join(differences) or "nothing differs")
    return bool(differences)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
