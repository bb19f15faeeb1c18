"""Looking up a version: the tables of this folder, read when they are first asked."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from ..errors import UsageError

if TYPE_CHECKING:
    from ..uapi import AttachType, MapType, ProgramType

__all__ = [
    "Limits",
    "Since",
    "Version",
    "attach_type",
    "btf_kind",
    "code",
    "field",
    "flag",
    "helper",
    "kfunc",
    "limits",
    "link_type",
    "map_type",
    "option",
    "program_type",
    "read",
]

_VERSION: Final = re.compile(r"v?(\d{1,3})\.(\d{1,3})(?:\.\d+)?(?:[-+].*)?")
_COMMIT: Final = "https://git.kernel.org/linus/"


class Version(NamedTuple):
    """A version of Linux; patch levels bring nothing new."""

    major: int
    minor: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a version as people and `uname -r` write it: `5.4`, `v6.1`, `6.12.117+deb12-amd64`.

        Raises:
            UsageError: It is none.
        """
        match = _VERSION.fullmatch(text.strip())
        if match is None:
            raise UsageError(f"{text!r} is no version of Linux", hint="5.4, or 6.12.117")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def code(self) -> int:
        """`LINUX_VERSION_CODE`, without a patch level."""
        return self.major << 16 | self.minor << 8


class Limits(NamedTuple):
    """How large programs may be on a kernel, for who has CAP_BPF."""

    program: int
    """Instructions of a program, of 8 bytes."""
    walked: int
    """Instructions that the verifier looks at before it gives up."""
    log: int
    """Bytes of its log."""


class Since(NamedTuple):
    """The version that brought something, and how that is known."""

    version: Version
    commit: str
    """12 digits of the kernel's commit, or the day of the commit in libbpf's history of `linux/bpf.h`, `2023-08-09`, or
    of another header: `btf.h@2022-06-06`."""

    @property
    def source(self) -> str:
        """Where to read it up."""
        if "-" in self.commit:
            header, _, day = self.commit.rpartition("@")
            return f"include/uapi/linux/{header or 'bpf.h'}, commit of {day}"
        return f"{_COMMIT}{self.commit}"


def read(table: str) -> dict[str, Since]:
    """Return what a table says, by name: lines of a version and names with their sources."""
    found: dict[str, Since] = {}
    for line in table.split("\n"):
        version, _, entries = line.partition(" ")
        for entry in entries.split():
            name, _, commit = entry.partition(":")
            found[name] = Since(Version.of(version), commit)
    return found


@cache
def _types() -> tuple[dict[str, Since], dict[str, Since], dict[str, Since]]:
    from .types import ATTACH_TYPES, MAPS, PROGRAMS

    return read(MAPS), read(PROGRAMS), read(ATTACH_TYPES)


@cache
def _links() -> dict[str, Version]:
    from .types import LINKS

    return {name: found.version for name, found in read(LINKS).items()}


@cache
def _helpers() -> dict[str, Since]:
    from .helpers import HELPERS

    return read(HELPERS)


@cache
def _kfuncs() -> dict[str, Since]:
    from .kfuncs import KFUNCS

    return read(KFUNCS)


@cache
def _features() -> tuple[dict[str, Since], dict[str, dict[str, Since]], dict[str, Since], dict[str, Since]]:
    from .features import CODE, FIELDS, FLAGS, KINDS

    return read(CODE), {struct: read(table) for struct, table in FIELDS.items()}, read(FLAGS), read(KINDS)


def code(name: str) -> Since | None:
    """Return what brought something that code refers to: `calls`, `data`, `callbacks`, …."""
    return _features()[0].get(name)


def limits(version: Version) -> Limits:
    """Return what a version of Linux allows; of those before 4.14, what its last one did.

    Sources: those of `complexity`, `large` and `log` among what code does.
    """

    def is_there(name: str) -> bool:
        found = code(name)
        return found is not None and version >= found.version

    is_large = is_there("large")
    walked = 1_000_000 if is_large else 131_072 if is_there("complexity") else 98_304
    return Limits(1_000_000 if is_large else 4096, walked, (1 << (30 if is_there("log") else 24)) - 1)


def field(struct: str, name: str) -> Since | None:
    """Return what brought a field of a context; None where it is not known, or has been there from the start."""
    return _features()[1].get(struct, {}).get(name)


def flag(name: str) -> Since | None:
    """Return what brought a flag of a map or of a program, without `BPF_F_`; None where it is not known."""
    return _features()[2].get(name)


def btf_kind(name: str) -> Since | None:
    """Return what brought a kind of BTF types, `ENUM64`; None where it is not known, or is as old as BTF."""
    return _features()[3].get(name)


def map_type(type_: MapType) -> Since | None:
    """Return what brought a type of maps; None where it is not known."""
    return _types()[0].get(type_.label)


def program_type(type_: ProgramType) -> Since | None:
    """Return what brought a type of programs; None where it is not known."""
    return _types()[1].get(type_.label)


def attach_type(type_: AttachType) -> Since | None:
    """Return what brought an attach type; None where it is not known."""
    return _types()[2].get(type_.label)


def link_type(name: str) -> Version:
    """Return the version in which a link of this type, `kprobe_multi`, could first be made."""
    return _links()[name]


def helper(name: str) -> Since | None:
    """Return what brought a helper, `bpf_ktime_get_ns` or without `bpf_`; None where it is not known."""
    return _helpers().get(name.removeprefix("bpf_"))


def kfunc(name: str) -> Since | None:
    """Return what let programs call a function of the kernel; None where it is not known."""
    return _kfuncs().get(name)


def option(name: str) -> Since | None:
    """Return what brought what an option of libbpf's making tells (`LINUX_HAS_BPF_COOKIE`); None for any other name."""
    match name:
        case "LINUX_HAS_BPF_COOKIE":
            return helper("get_attach_cookie")
        case "LINUX_HAS_SYSCALL_WRAPPER":
            return code("syscall_wrapper")
        case _:
            return None
