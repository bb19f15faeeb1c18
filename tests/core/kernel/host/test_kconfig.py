"""What the kernel's version is, where its release does not tell."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path

import pytest

from bpftui.core.errors import LoadError
from bpftui.core.kernel.host import kconfig
from bpftui.core.kernel.host.kconfig import kconfig_values, option
from bpftui.core.kernel.sys import version as version_of_linux
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.parts import Extern

EXTERNS = Path(__file__).parents[3] / "objects" / "externs.o"


@pytest.mark.parametrize(
    ("release", "version", "signature", "expected"),
    [
        ("6.18.5", "#1 SMP PREEMPT_DYNAMIC Mon Jan 5 2026", None, (6, 18, 5)),
        ("6.1.0-56-cloud-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-01)", None, (6, 1, 192)),
        ("6.12.117+deb12-cloud-amd64", "#1 SMP Debian 6.12.117-1~deb12u1 (2026-11-01)", None, (6, 12, 117)),
        ("5.15.0-76-generic", "#83-Ubuntu SMP", "Ubuntu 5.15.0-76.83-generic 5.15.99\n", (5, 15, 99)),
        ("5.15.0-76-other", "#83 SMP", "another format\n", (5, 15, 0)),
        ("4.9.337", "#1 SMP", None, (4, 9, 255)),
        ("7.0", "#1 SMP", None, (7, 0, 0)),
    ],
)
def test_the_version_is_that_of_the_source(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    release: str,
    version: str,
    signature: str | None,
    expected: tuple[int, int, int],
) -> None:
    path = tmp_path / "version_signature"
    if signature is not None:
        path.write_text(signature)
    monkeypatch.setattr(version_of_linux, "_SIGNATURE", path)
    monkeypatch.setattr(platform, "release", lambda: release)
    monkeypatch.setattr(platform, "version", lambda: version)
    major, minor, patch = expected
    assert option("LINUX_KERNEL_VERSION") == str(major << 16 | minor << 8 | patch)


@pytest.mark.parametrize(
    ("config", "message", "hint"),
    [
        (
            {"CONFIG_HZ": "1000"},
            "the object needs CONFIG_THAT_IS_NOT_THERE, which this kernel is built without",
            "declare it __weak: then it is 0 where a kernel is built without it",
        ),
        (
            {},
            "the object needs CONFIG_THAT_IS_NOT_THERE, which this kernel does not tell",
            "it takes /proc/config.gz (CONFIG_IKCONFIG_PROC) or /boot/config-*; declared __weak, it is 0 without",
        ),
    ],
    ids=["not set", "no configuration"],
)
def test_an_option_that_is_not_set_is_another_thing_than_an_unknown_configuration(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, str], message: str, hint: str
) -> None:
    monkeypatch.setattr(kconfig, "_config", lambda: config)
    found = CollectionSpec.from_file(EXTERNS)
    strong = Extern("CONFIG_THAT_IS_NOT_THERE", weak=False, type="bool")
    spec = replace(found, externs=replace(found.externs, kconfig=(strong,)))
    with pytest.raises(LoadError) as caught:
        kconfig_values(spec)
    assert (str(caught.value), caught.value.hint) == (message, hint)
