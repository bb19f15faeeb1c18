"""Control groups, with what is attached to them and what comes down from the groups above, in a made-up hierarchy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bpftui.core.kernel.sys.survey import Attached
from bpftui.core.kernel.sys.syscall import BpfError, Command
from bpftui.core.system import groups
from bpftui.core.uapi import AttachType

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

INGRESS, EGRESS = AttachType.CGROUP_INET_INGRESS, AttachType.CGROUP_INET_EGRESS
OWN = {
    ("/", INGRESS): ([7], 2),
    ("/", EGRESS): ([4], 0),
    ("/a", INGRESS): ([8, 7], 2),
    ("/a/b", INGRESS): ([9], 2),
    ("/c", EGRESS): ([5], 1),
}
"""The programs of a group's own, and the flags of the hook."""
EFFECTIVE = {
    ("/a", INGRESS): [8, 7, 7],
    ("/a/b", INGRESS): [9, 8, 7, 7],
    ("/c", EGRESS): [5],
}
"""What runs there: a group's own programs before those of the groups above, as the kernel puts them together."""


class Asked:
    """Answers of a kernel that has two of the hooks."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self.hooks: list[AttachType] = []

    def __call__(self, fd: int, hook: AttachType, *, effective: bool = False) -> Attached | None:
        path = os.readlink(f"/proc/self/fd/{fd}").removeprefix(self._root) or "/"
        self.hooks.append(hook)
        if hook not in (INGRESS, EGRESS):
            return None
        own, flags = OWN.get((path, hook), ([], 0))
        if effective:
            found = EFFECTIVE.get((path, hook))
            return None if found is None else Attached(tuple(found), (0,) * len(found), 0, (), 1)
        return Attached(tuple(own), (0,) * len(own), flags, (), 1)


def a_hierarchy(root: Path) -> None:
    for each in ("a/b", "c", "d"):
        (root / each).mkdir(parents=True)


def test_what_is_attached_stands_at_its_group_and_at_those_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_hierarchy(tmp_path)
    asked = Asked(tmp_path)
    monkeypatch.setattr(groups, "cgroup_mount", lambda: str(tmp_path))
    monkeypatch.setattr(groups, "query", asked)
    walk = groups.GroupWalk()
    found = walk.read()
    told = {
        f"{group.path} {hook.name} {hook.mode}": [
            (each.program, each.order, each.detail, each.target) for each in hook.attached
        ]
        for group in found.groups
        for hook in group.hooks
    }
    assert told == {
        "/ cgroup_inet_ingress multi": [(7, 1, "", "/")],
        "/ cgroup_inet_egress exclusive": [(4, None, "", "/")],
        "/a cgroup_inet_ingress multi": [
            (8, 1, "", "/a"),
            (7, 2, "", "/a"),
            (7, 3, "from /", "/a"),
        ],
        "/a/b cgroup_inet_ingress multi": [
            (9, 1, "", "/a/b"),
            (8, 2, "from /a", "/a/b"),
            (7, 3, "from /a", "/a/b"),
            (7, 4, "from /", "/a/b"),
        ],
        "/c cgroup_inet_egress override": [(5, None, "", "/c")],
    }
    assert sorted(found.paths.values()) == ["/", "/a", "/a/b", "/c", "/d"]
    assert found.missing == []
    asked.hooks.clear()
    walk.read()
    assert set(asked.hooks) == {INGRESS, EGRESS}  # the others are not asked for again


def test_who_may_not_ask_is_told_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BpfError(Command.PROG_QUERY, 1)

    a_hierarchy(tmp_path)
    monkeypatch.setattr(groups, "cgroup_mount", lambda: str(tmp_path))
    monkeypatch.setattr(groups, "query", refuse)
    found = groups.GroupWalk().read()
    assert (found.groups, list(found.paths.values())) == ([], ["/"])
    assert found.missing == ["what control groups have could not be asked: that takes CAP_NET_ADMIN"]


def test_a_machine_without_control_groups_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "cgroup_mount", lambda: None)
    assert groups.GroupWalk().read() == ([], {}, [])
