"""What the verifier allows to some only: a refusal may be for want of a right, or of lockdown, not for a mistake.

Without CAP_PERFMON, programs may not turn pointers into numbers, are checked on the paths that a CPU may take by
mistake (Spectre), too, and have no helpers that read memory of the kernel or of processes (allow_ptr_leaks and
bypass_spec_v1 in kernel/bpf/verifier.c, bpf_base_func_proto in kernel/bpf/helpers.c; Linux 6.18).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ...privileges import Capability
from ...spec import ProgramType
from ..sys.rights import lockdown, missing, refusal

if TYPE_CHECKING:
    from ...spec import ProgramSpec
    from ...verifier import Explanation

__all__ = ["with_rights", "withheld"]

_HELPERS: Final = (
    "copy_from_user|copy_from_user_task|find_vma|get_branch_snapshot|get_current_task|get_current_task_btf|get_task_stack"
    "|perf_event_read|perf_event_read_value|probe_read_kernel|probe_read_kernel_str|probe_read_user|probe_read_user_str"
    "|send_signal|send_signal_thread|snprintf|snprintf_btf|task_pt_regs|trace_printk|trace_vprintk"
)
_STRICT: Final = re.compile(
    r"partial copy of pointer|leaks addr|pointer \S+ pointer prohibited|pointer (?:arithmetic|comparison) prohibited"
    r"|prohibited for !root|corrupt spilled pointer|infinite loop detected|CAP_PERFMON"
    r"|pointer with unsupported alu operation|from different maps|beyond pointer bounds|for speculative"
    r"|unknown scalar with mixed signed bounds|arithmetic of map value goes out of range"
    rf"|(?:unknown func|cannot use helper) bpf_(?:{_HELPERS})#"
)
_NOT_ALLOWED: Final = re.compile(r"(?:unknown func|program of this type cannot use helper) (?P<name>bpf_\w+)#")
_WRITES: Final = "bpf_probe_write_user"
_READS: Final = frozenset(f"bpf_probe_read{kind}" for kind in ("", "_str", "_kernel", "_kernel_str"))
_TRACING: Final = frozenset(
    {
        ProgramType.KPROBE,
        ProgramType.TRACEPOINT,
        ProgramType.PERF_EVENT,
        ProgramType.RAW_TRACEPOINT,
        ProgramType.RAW_TRACEPOINT_WRITABLE,
        ProgramType.TRACING,
        ProgramType.LSM,
        ProgramType.SYSCALL,
    }
)
"""Types with the helpers of `bpf_tracing_func_proto`."""


def withheld(helper: str, type_: ProgramType, *, refused: bool = True) -> tuple[str, str] | None:
    """Return why the kernel keeps a helper from this process that programs of a type have, and the remedy.

    None where it does not: then it is the type that lacks it, or nothing keeps it (`bpf_tracing_func_proto` in
    kernel/trace/bpf_trace.c, the reasons of lockdown in include/linux/security.h, Linux 5.15 to 6.18).

    Args:
        helper: Its name.
        type_: The programs'.
        refused: That the verifier did refuse it: what may be the reason is then said, too.
    """
    if type_ not in _TRACING or (helper != _WRITES and helper not in _READS):
        return None
    state = lockdown()
    stops = ("integrity", "confidentiality") if helper == _WRITES else ("confidentiality",)
    if state in stops:
        what = "write to the memory of processes" if helper == _WRITES else "read the kernel's memory"
        return (
            f"the kernel is locked down ({state}), so that programs may not {what}: {helper}() is not to be had",
            f"boot without lockdown={state}, or without Secure Boot",
        )
    needed = [Capability.CAP_SYS_ADMIN]
    if helper == _WRITES and missing(needed):
        return f"{helper}() needs CAP_SYS_ADMIN, which this process lacks", refusal(needed)[1]
    if not state and refused:
        return (
            f"the kernel may be locked down, so that {helper}() is not to be had: /sys/kernel/security/lockdown tells",
            "mount the securityfs, and look",
        )
    return None


def with_rights(explanation: Explanation, program: ProgramSpec | None = None) -> Explanation:
    """Return an explanation that says so where the verifier may have refused only for want of a right, or of lockdown.

    Args:
        explanation: The explanation.
        program: What was refused, where it is at hand.
    """
    called = _NOT_ALLOWED.search(explanation.message)
    if called is not None and program is not None and (found := withheld(called["name"], program.type)):
        return explanation._replace(key="helper-withheld", summary=found[0], mends=(found[1],))
    needed = [Capability.CAP_PERFMON]
    if not _STRICT.search(explanation.message) or not missing(needed):
        return explanation
    summary = f"{explanation.summary}; this process lacks CAP_PERFMON, without which the verifier allows less"
    return explanation._replace(summary=summary, mends=(refusal(needed)[1], *explanation.mends))
