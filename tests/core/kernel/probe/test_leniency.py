"""Refusals for want of a right, or of lockdown: told by looking, and only where they can be the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.kernel.probe import leniency
from bpftui.core.kernel.probe.leniency import with_rights, withheld
from bpftui.core.kernel.sys import rights
from bpftui.core.privileges import Capability
from bpftui.core.spec import ProgramSpec, ProgramType
from bpftui.core.verifier import explain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

WRITES = "bpf_probe_write_user"
LOCKED = (
    "the kernel is locked down (integrity), so that programs may not write to the memory of processes: "
    "bpf_probe_write_user() is not to be had"
)


def machine(monkeypatch: pytest.MonkeyPatch, lockdown: str, *missing: Capability) -> None:
    monkeypatch.setattr(leniency, "lockdown", lambda: lockdown)

    def lacking(needs: Iterable[Capability]) -> list[Capability]:
        return [one for one in needs if one in missing]

    monkeypatch.setattr(leniency, "missing", lacking)


@pytest.mark.parametrize(
    ("helper", "lockdown", "reason"),
    [
        (WRITES, "integrity", LOCKED),
        (WRITES, "none", None),
        ("bpf_probe_read_kernel", "integrity", None),
        (
            "bpf_probe_read_kernel",
            "confidentiality",
            "the kernel is locked down (confidentiality), so that programs may not read the kernel's memory: "
            "bpf_probe_read_kernel() is not to be had",
        ),
        ("bpf_probe_read_user", "confidentiality", None),
    ],
)
def test_what_lockdown_withholds(
    monkeypatch: pytest.MonkeyPatch, helper: str, lockdown: str, reason: str | None
) -> None:
    machine(monkeypatch, lockdown)
    found = withheld(helper, ProgramType.KPROBE)
    assert (found and found[0]) == reason


def test_a_right_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, "none", Capability.CAP_SYS_ADMIN)
    found = withheld(WRITES, ProgramType.TRACEPOINT)
    assert found is not None
    assert found[0] == "bpf_probe_write_user() needs CAP_SYS_ADMIN, which this process lacks"


def test_what_cannot_be_looked_up_is_only_said_to_be_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, "")
    found = withheld(WRITES, ProgramType.KPROBE)
    assert found is not None
    assert found[0].startswith("the kernel may be locked down, so that bpf_probe_write_user() is not to be had")
    assert withheld(WRITES, ProgramType.KPROBE, refused=False) is None


def test_a_type_that_never_has_it_is_not_told_of_lockdown(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, "integrity")
    log = "0: R1=ctx() R10=fp0\n0: (85) call bpf_probe_write_user#36\nunknown func bpf_probe_write_user#36\n"
    explanation = explain(log + "processed 1 insns (limit 1000000)\n")
    assert explanation is not None
    told = {
        type_: with_rights(explanation, ProgramSpec("p", "", type_)).summary
        for type_ in (ProgramType.XDP, ProgramType.KPROBE)
    }
    assert told == {
        ProgramType.XDP: "bpf_probe_write_user() is not available to programs of this type on this kernel",
        ProgramType.KPROBE: LOCKED,
    }


def test_lockdown_is_read_where_no_securityfs_is_mounted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rights, "_LOCKDOWN", str(tmp_path / "lockdown"))
    monkeypatch.setattr(rights, "_unmounted_lockdown", lambda: "none [integrity] confidentiality\n")
    assert rights.lockdown() == "integrity"
    monkeypatch.setattr(rights, "_unmounted_lockdown", lambda: "")
    assert rights.lockdown() == ""
    monkeypatch.setattr(rights, "_unmounted_lockdown", lambda: "none")
    assert rights.lockdown() == "none"
    (tmp_path / "lockdown").write_text("none integrity [confidentiality]\n")
    assert rights.lockdown() == "confidentiality"
