"""What this machine can do with BPF, found out by trying: the facts behind `bpftui doctor`."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from ...btf.kernel import VMLINUX
from ...errors import BpftuiError
from ...privileges import Capability, in_user_namespace, privileges
from ...since import flag
from ...spec import MapType, ProgramType
from ..sys import probes, rights, token
from ..sys.available import available
from ..sys.cpus import possible_cpus
from ..sys.layouts import MapBatch, ProgTestRun, TokenCreate
from ..sys.statistics import stats_enabled
from ..sys.syscall import BpfError, Command, buffer, errno_name
from . import instructions, link_types
from .since import since

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

__all__ = ["Feature", "Group", "report"]

Group = Literal["machine", "rights", "sysctls", "kernel", "instructions", "maps", "programs", "links"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One line of the report."""

    name: str
    group: Group
    ok: bool | None
    """None for what is neither good nor bad, or cannot be told."""
    detail: str = ""
    needed_for: str = ""
    """What does not work without it."""
    remedy: str = ""
    """How to get it; empty where it is there, or where nothing helps."""


def report() -> list[Feature]:
    """Return all features, in the order in which they are shown; takes some tens of milliseconds.

    Really tried: each map type is created and each program type loaded, and closed again at once. Nothing is attached.
    Where there is no Linux, that is all there is to say.
    """
    of_token = _token()
    reason = available()
    if platform.system() != "Linux":
        remedy = "use a machine with Linux, real or virtual"
        return [*_machine(), Feature("bpf(2)", "rights", ok=False, detail=reason or "", remedy=remedy)]
    features = [*_machine(), *_linux(), _bpf(reason), *_rights(of_token), *_sysctls()]
    if reason is None:
        features += [*_kernel(), *_instructions()]
    # What each type takes is told to those who may load nothing, too.
    return [*features, *_map_types(), *_program_types(), *_link_types()]


def _machine() -> Iterator[Feature]:
    yield Feature("kernel", "machine", None, f"{platform.system()} {platform.release()}")
    yield Feature("architecture", "machine", None, f"{platform.machine()}, {sys.byteorder}-endian")
    yield Feature("built-in machine", "machine", True, "run, check, watch and demo need no right with --runtime vm")


def _linux() -> Iterator[Feature]:
    yield Feature("possible CPUs", "machine", None, str(possible_cpus()), "the size of per-CPU values")
    jit = _sysctl("net/core/bpf_jit_enable")
    yield Feature(
        "JIT compiler",
        "machine",
        None if jit is None else jit != "0",
        "not readable" if jit is None else f"net.core.bpf_jit_enable = {jit}",
        "speed",
        "" if jit != "0" else "sysctl -w net.core.bpf_jit_enable=1",
    )
    there = VMLINUX.exists()
    yield Feature(
        "kernel types (BTF)",
        "machine",
        there,
        f"{VMLINUX}, {VMLINUX.stat().st_size} bytes" if there else f"no {VMLINUX}",
        "CO-RE, fentry, LSM, iterators, kernel functions",
        "" if there else "use a kernel with CONFIG_DEBUG_INFO_BTF=y",
    )
    for name, kind, needed_for, remedy in _MOUNTS:
        where = _mounted(kind)
        yield Feature(name, "machine", where is not None, where or "not mounted", needed_for, "" if where else remedy)


_MOUNTS: Final = (
    ("bpffs", "bpf", "pinning, BPF tokens", "mount -t bpf bpf /sys/fs/bpf"),
    ("tracefs", "tracefs", "tracepoints, the trace pipe", "mount -t tracefs tracefs /sys/kernel/tracing"),
    ("cgroup2", "cgroup2", "cgroup programs", "mount -t cgroup2 none /sys/fs/cgroup"),
)


def _bpf(reason: str | None) -> Feature:
    remedy = _give(rights.LOADING) if reason is not None else ""
    return Feature("bpf(2)", "rights", reason is None, reason or "usable", "everything but reading files", remedy)


def _rights(of_token: Feature) -> Iterator[Feature]:
    for capability, needed_for in _CAPABILITIES.items():
        held = not rights.missing([capability])
        detail = "held" if held else "missing"
        if not held and in_user_namespace() and privileges().effective >> capability & 1:
            detail = "held in a user namespace only, where it does not count without a token"
        yield Feature(capability.name, "rights", held, detail, needed_for, "" if held else _give([capability]))
    lacking = rights.missing(_USUAL)
    if lacking:
        reason, remedy = rights.refusal(_USUAL)
        yield Feature("together", "rights", ok=False, detail=reason, needed_for="nearly all programs", remedy=remedy)
    yield of_token
    disabled = rights.unprivileged_bpf_disabled()
    detail = "not readable" if disabled is None else f"kernel.unprivileged_bpf_disabled = {disabled}"
    yield Feature("BPF without capabilities", "rights", None, f"{detail}: {'yes' if disabled == 0 else 'no'}")
    lockdown = rights.lockdown()
    told = lockdown or "cannot be told: the securityfs is not mounted"
    yield Feature("lockdown", "rights", lockdown != "confidentiality", told, "programs that read kernel memory")
    with _stats() as problem:
        remedy = "" if problem is None else _give([Capability.CAP_SYS_ADMIN])
        yield Feature("run statistics", "rights", problem is None, problem or "usable", "run counts and times", remedy)


def _token() -> Feature:
    """Tell whether this process has a token, which are for user namespaces only."""
    needed_for = "loading inside of a user namespace"
    try:
        found = token.current() is not None
    except BpftuiError as error:
        token.do_without()
        return Feature(
            "BPF token", "rights", ok=False, detail=error.message, needed_for=needed_for, remedy=error.hint or ""
        )
    if found:
        detail = ": ".join(filter(None, (f"of {token.active()}", token.delegated(token.active()))))
        return Feature("BPF token", "rights", ok=True, detail=detail, needed_for=needed_for)
    if not in_user_namespace():
        return Feature("BPF token", "rights", None, "none, and none needed outside of user namespaces")
    return Feature(
        "BPF token", "rights", ok=False, detail="none", needed_for=needed_for, remedy=rights.refusal(rights.LOADING)[1]
    )


_CAPABILITIES: Final = {
    Capability.CAP_BPF: "loading anything",
    Capability.CAP_NET_ADMIN: "XDP, tc and other networking programs",
    Capability.CAP_PERFMON: "tracing programs, and others without the checks against Spectre",
    Capability.CAP_SYSLOG: "native code, addresses of kernel symbols",
    Capability.CAP_SYS_ADMIN: "run statistics, functions of modules",
}


_USUAL: Final = (*rights.NETWORKING, Capability.CAP_PERFMON)
"""What is enough for nearly all programs."""


@contextlib.contextmanager
def _stats() -> Generator[str | None]:
    """Give why statistics cannot be switched on; None while they are."""
    try:
        with stats_enabled():
            yield None
    except BpftuiError as error:
        yield error.message


def _kernel() -> Iterator[Feature]:
    accounting = probes.memcg_accounting()
    detail = "by control group" if accounting else "RLIMIT_MEMLOCK"
    yield Feature("memory accounting", "kernel", None, detail)
    for name, version, needed_for, works in _KERNEL_FEATURES:
        ok = works()
        detail = {True: "usable", False: "missing", None: "cannot be told without the kernel's types"}[ok]
        yield Feature(name, "kernel", ok, detail, needed_for, f"Linux {version}" if ok is False else "")


def _sysctls() -> Iterator[Feature]:
    for name, meaning in _SYSCTLS.items():
        value = _sysctl(name)
        yield Feature(name.replace("/", "."), "sysctls", None, "not readable" if value is None else value, meaning)


_SYSCTLS: Final = {
    "net/core/bpf_jit_harden": "constants blinded in native code, which is slower: 1 of the unprivileged, 2 of all",
    "net/core/bpf_jit_kallsyms": "names of programs in stack traces",
    "net/core/bpf_jit_limit": "bytes of native code for the unprivileged",
    "kernel/bpf_stats_enabled": "run counts and times of all programs, always",
    "kernel/kptr_restrict": "addresses in /proc/kallsyms",
    "kernel/perf_event_paranoid": "perf events, and with them kprobes and tracepoints, of the unprivileged",
}


def _map_types() -> Iterator[Feature]:
    for type_ in MapType:
        if type_ != MapType.UNSPEC:
            number = probes.try_map(type_)
            yield _verdict(type_.label, "maps", number, since(type_), rights.needed(type_))


def _program_types() -> Iterator[Feature]:
    for type_ in ProgramType:
        if type_ != ProgramType.UNSPEC:
            number = probes.try_program(type_)
            yield _verdict(type_.label, "programs", number, since(type_), rights.needed(type_))


def _instructions() -> Iterator[Feature]:
    for tried in instructions.INSTRUCTIONS:
        number = instructions.try_instructions(tried)
        verdict = _verdict(tried.name, "instructions", number, f"Linux {tried.version}", rights.LOADING)
        if tried.walked and number and rights.missing(rights.TRACING):
            # Without CAP_PERFMON the verifier also walks the paths that a CPU may take by mistake (Spectre), and does
            # not come to their end.
            detail = f"refused: {rights.refusal(rights.TRACING)[0]} ({errno_name(number)})"
            verdict = replace(verdict, ok=False, detail=detail, remedy=_give(rights.TRACING))
        yield replace(verdict, needed_for=tried.needed_for)


def _link_types() -> Iterator[Feature]:
    for link in link_types.LINK_TYPES:
        number = link_types.try_link(link)
        if number is None:
            yield Feature(link.name, "links", None, "cannot be told", link.needed_for)
        else:
            needs = f"Linux {link.version}, or a kernel configured for it"
            verdict = replace(_verdict(link.name, "links", number, needs, link.needed), needed_for=link.needed_for)
            told = verdict.ok and link.program is None
            yield replace(verdict, detail="known to this kernel") if told else verdict


def _verdict(name: str, group: Group, number: int, needs: str, asked: Sequence[Capability]) -> Feature:
    """Return the feature of something that was tried.

    Args:
        number: 0 or the errno.
        needs: What a kernel has to be.
        asked: The capabilities that it takes.
    """
    if number == 0:
        return Feature(name, group, ok=True, detail="usable")
    if number == errno.EPERM:
        reason, _ = rights.refusal(asked)
        return Feature(name, group, ok=False, detail=f"refused: {reason} (EPERM)", remedy=_give(asked))
    detail = f"not in this kernel ({errno_name(number)})"
    return Feature(name, group, ok=False, detail=detail, remedy=needs or "a newer kernel, or one configured for it")


def _give(asked: Sequence[Capability]) -> str:
    """Return the remedy for a line among many: the command stands once, with the capability itself."""
    lacking = rights.missing(asked)
    if not lacking or in_user_namespace():
        return rights.refusal(asked)[1]
    return f"give it {rights.enumerate_words([capability.name for capability in lacking])}"


def _test_runs() -> bool:
    fd, _, _ = probes.load_program(ProgramType.SOCKET_FILTER, probes.instructions(*probes.RETURN_ZERO))
    if fd < 0:
        return False
    try:
        ProgTestRun(prog_fd=fd, data_size_in=14, data_in=buffer(14), repeat=1).call(Command.PROG_TEST_RUN)
    except BpfError:
        return False
    finally:
        os.close(fd)
    return True


def _batches() -> bool:
    fd, _ = probes.create_map(MapType.HASH, 4, 4, 1)
    if fd < 0:
        return False
    attr = MapBatch(out_batch=buffer(4), keys=buffer(4), values=buffer(4), count=1, map_fd=fd)
    try:
        attr.call(Command.MAP_LOOKUP_BATCH)
    except BpfError as error:
        return error.errno == errno.ENOENT
    finally:
        os.close(fd)
    return True


def _tokens() -> bool:
    """Whether the command is known: without a bpffs, TOKEN_CREATE is EBADF or EINVAL here, but never E2BIG."""
    try:
        os.close(TokenCreate(bpffs_fd=0x7FFFFFFF).call(Command.TOKEN_CREATE))
    except BpfError as error:
        return error.errno == errno.EBADF
    return True


def _since_flag(name: str) -> str:
    found = flag(name)
    return str(found.version) if found is not None else ""


_KERNEL_FEATURES: Final[tuple[tuple[str, str, str, Callable[[], bool | None]], ...]] = (
    ("mapped arrays", _since_flag("MMAPABLE"), "reading and writing variables without system calls", probes.mapable),
    ("batches", "5.6", "fast reading of large maps", _batches),
    ("test runs", "4.12", "bpftui run", _test_runs),
    ("BPF tokens", _since_flag("TOKEN_FD"), "delegation to containers", _tokens),
)


def _sysctl(name: str) -> str | None:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return None


def _mounted(kind: str) -> str | None:
    """Return where a file system of this type is mounted first."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, type_, *_ = line.split()
        if type_ == kind:
            return where
    return None
