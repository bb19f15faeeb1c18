"""What a user typed as a target, looked up: in which mode, with which options, and what is not there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.errors import UnknownNameError, UsageError
from bpftui.core.kernel.attach import targets
from bpftui.core.kernel.attach.targets import resolve
from bpftui.core.runtime import AttachTarget
from bpftui.core.spec import AttachType, ProgramSpec, ProgramType

if TYPE_CHECKING:
    from pathlib import Path

    from bpftui.core.runtime import Sandbox, XdpMode

XDP = ProgramSpec("count", "xdp", ProgramType.XDP)
PROBE = ProgramSpec("probe", "kprobe", ProgramType.KPROBE)
CGROUP = ProgramSpec("filter", "cgroup/skb", ProgramType.CGROUP_SKB, AttachType.CGROUP_INET_INGRESS)
LOOKUP = ProgramSpec("choose", "sk_lookup", ProgramType.SK_LOOKUP, AttachType.SK_LOOKUP)


def sandbox() -> Sandbox:
    def target(mode: XdpMode | None = None) -> AttachTarget:
        return AttachTarget("veth", 7, mode=mode)

    return cast("Sandbox", SimpleNamespace(target=target))


@pytest.mark.parametrize(
    ("text", "mode"), [("sandbox", None), ("sandbox,generic", "generic"), ("sandbox,native", "native")]
)
def test_the_mode_of_an_xdp_program(text: str, mode: str | None) -> None:
    found = resolve(XDP, text, sandbox())
    assert (found.name, found.index, found.mode, found.options) == ("veth", 7, mode, ())


def test_a_network_namespace_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "blue").touch()
    assert resolve(LOOKUP, str(tmp_path / "blue")).name == str(tmp_path / "blue")
    assert resolve(LOOKUP, "").name == ""
    with pytest.raises(UsageError, match="cannot attach program choose: there is no network namespace at /nowhere"):
        resolve(LOOKUP, "/nowhere")


def test_what_the_section_does_not_say_is_named() -> None:
    assert resolve(PROBE, "vfs_read").name == "vfs_read"
    with pytest.raises(UsageError, match="its section kprobe does not say to what") as caught:
        resolve(PROBE, "")
    assert caught.value.hint == "name it: probe=WHAT"
    told = ProgramSpec("probe", "kprobe/vfs_read", ProgramType.KPROBE, attach_to="vfs_read")
    assert [resolve(told, text).name for text in ("", "vfs_write")] == ["vfs_read", "vfs_write"]


def test_a_control_group_by_its_path_or_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "system.slice").mkdir()
    (tmp_path / "system.slice/cgroup.controllers").touch()
    (tmp_path / "plain").mkdir()
    monkeypatch.setattr(targets, "cgroup_mount", lambda: str(tmp_path))
    for name in ("system.slice", "/system.slice", str(tmp_path / "system.slice")):
        assert resolve(CGROUP, name).name == str(tmp_path / "system.slice")
    with pytest.raises(UnknownNameError):
        resolve(CGROUP, "plain")  # a folder that is none
    monkeypatch.setattr(targets, "cgroup_mount", lambda: None)
    with pytest.raises(UsageError, match="no cgroup2 is mounted"):
        resolve(CGROUP, "system.slice")


def test_where_control_groups_are_mounted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\nx /second cgroup2 rw 0 0\n")
    opened = open

    def of_ours(name: str, **how: str) -> object:
        assert name == "/proc/self/mounts"
        return opened(mounts, **how)  # type: ignore[call-overload]

    monkeypatch.setattr(targets, "open", of_ours, raising=False)
    assert targets.cgroup_mount() == "/sys/fs/cgroup"
    mounts.write_text("proc /proc proc rw 0 0\n")
    assert targets.cgroup_mount() is None
    mounts.unlink()
    assert targets.cgroup_mount() is None
