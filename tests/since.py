"""Compares `core.since` with the histories that it is from; for who has copies of them (`git clone`, bare ones do).

    python -m tests.since EBPF_DOCS LIBBPF

- EBPF_DOCS: github.com/isovalent/ebpf-docs; its data/feature-versions.yaml has a version and a commit for each feature,
  and the pages of contexts and program types for fields.
- LIBBPF: github.com/libbpf/libbpf, whose history of include/uapi/linux/bpf.h and btf.h has the days of the kernel's
  commits. It begins with Linux 4.19.

What one of them has and we do not, or otherwise, is printed; exit code 1 where there is something.
"""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

from bpftui.core.context import fields
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
_FIELD = re.compile(
    r"^#+ `(\w+)`[^\n]*\n+\[:octicons-tag-24: v([\d.]+)\]\(https://github.com/torvalds/linux/commit/(\w+)", re.M
)
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_MEMBER = re.compile(r"(\w+)\s*(?:\[\w+\])?\s*(?::\s*\d+)?\s*[;)]")
PAGES = {
    "__sk_buff": "program-context/__sk_buff",
    "xdp_md": "program-type/BPF_PROG_TYPE_XDP",
    "bpf_sock_addr": "program-type/BPF_PROG_TYPE_CGROUP_SOCK_ADDR",
    "bpf_sock_ops": "program-type/BPF_PROG_TYPE_SOCK_OPS",
    "bpf_sock": "program-type/BPF_PROG_TYPE_CGROUP_SOCK",
    "sk_reuseport_md": "program-type/BPF_PROG_TYPE_SK_REUSEPORT",
}
"""The pages that tell versions of fields, by the struct."""
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


def compare_fields_with_docs(repository: str) -> Iterator[str]:
    """Yield in what the fields of contexts differ from what their pages say, as far as these have a version."""
    for struct, table in features.FIELDS.items():
        if struct not in PAGES:
            continue
        told: dict[str, tuple[str, str]] = {}
        for name, version, commit in _FIELD.findall(git(repository, "show", f"HEAD:docs/linux/{PAGES[struct]}.md")):
            told.setdefault(name, (version, commit[:12]))  # what follows are those of what a field leads to
        for name, found in facts.read(table).items():
            there = told.get(name, (str(found.version), found.commit))
            if not _DAY.match(found.commit) and there != (str(found.version), found.commit):
                yield f"{struct}: {name} is of {there}, and here {found}"


def field_days(repository: str) -> dict[tuple[str, str], str]:
    """Return the day from which on the history has each field of the contexts; not those that came with the struct."""
    header, first = "include/uapi/linux/bpf.h", dict[tuple[str, str], str]()
    log = git(repository, "log", "--reverse", "--format=%H %ad", "--date=short", "--", header).splitlines()
    for commit, day in (line.split() for line in log):
        text = _COMMENT.sub("", git(repository, "show", f"{commit}:{header}"))
        for struct in features.FIELDS:
            if body := re.search(rf"^struct {struct} {{(.*?)^}};", text, re.M | re.S):
                for name in _MEMBER.findall(body[1]):
                    first.setdefault((struct, name), day)
    begins = {struct: min(day for (of, _), day in first.items() if of == struct) for struct in features.FIELDS}
    return {(struct, name): day for (struct, name), day in first.items() if day != begins[struct]}


def compare_fields_with_headers(repository: str) -> Iterator[str]:
    """Yield in what the fields of contexts differ from the history: days, what it begins with, and what is missing."""
    days = field_days(repository)
    for struct, table in features.FIELDS.items():
        ours = facts.read(table)
        for name, found in ours.items():
            if _DAY.match(found.commit) and days.get((struct, name)) != found.commit:
                yield f"{struct}: {name} is of {days.get((struct, name))}, and here {found}"
            if found.version > (4, 20) and (struct, name) not in days:
                yield f"{struct}: {name} was there in 4.19, and here {found}"
        known = {each.name for each in fields.fields_of(struct)}
        yield from (
            f"{struct}: {name} is not in it" for place, name in days if place == struct and name in known - {*ours}
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


def compare_kinds_with_headers(repository: str) -> Iterator[str]:
    """Yield the kinds of BTF whose day is not that of the first commit which has their name."""
    for name, found in facts.read(features.KINDS).items():
        header, _, day = found.commit.partition("@")
        days = git(
            repository,
            *("log", "--format=%ad", "--date=short", f"-G\\bBTF_KIND_{name}\\b", "--", f"include/uapi/linux/{header}"),
        ).split()
        if days[-1:] != [day]:
            yield f"BTF_KIND_{name}: the first commit is of {days[-1:]}, and here it is {day}"


def main(arguments: list[str]) -> int:
    """Compare, and print what differs."""
    docs, libbpf = arguments
    differences = [
        *compare_with_docs(docs),
        *compare_fields_with_docs(docs),
        *compare_with_headers(libbpf),
        *compare_fields_with_headers(libbpf),
        *compare_kinds_with_headers(libbpf),
    ]
    print("\n".join(differences) or "nothing differs")
    return bool(differences)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
