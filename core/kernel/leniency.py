"""What the verifier allows to those with CAP_PERFMON only: a refusal may be for want of a right, not for a mistake.

Without it, programs may not turn pointers into numbers, are checked on the paths that a CPU may take by mistake
(Spectre), too, and have no helpers that read memory of the kernel or of processes (allow_ptr_leaks and bypass_spec_v1
in kernel/bpf/verifier.c, bpf_base_func_proto in kernel/bpf/helpers.c; Linux 6.18).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..privileges import Capability
from .rights import missing, refusal

if TYPE_CHECKING:
    from ..verifier import Explanation

__all__ = ["with_rights"]

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


def with_rights(explanation: Explanation) -> Explanation:
    """Return an explanation that says so where the verifier may have refused only because CAP_PERFMON is missing."""
    needed = [Capability.CAP_PERFMON]
    if not _STRICT.search(explanation.message) or not missing(needed):
        return explanation
    summary = f"{explanation.summary}; this process lacks CAP_PERFMON, without which the verifier allows less"
    return explanation._replace(summary=summary, mends=(refusal(needed)[1], *explanation.mends))
