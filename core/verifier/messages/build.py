"""What the object brings along: BTF, maps, hooks, and what the kernel was built with."""

from __future__ import annotations

from typing import Final

from ..failure import plain

__all__ = ["MESSAGES"]

MESSAGES: Final = (
    plain(
        "btf-kernel",
        r"kernel is missing BTF|in-kernel BTF is malformed|map_ptr access not supported without|without "
        r"CONFIG_DEBUG_INFO_BTF",
        "this kernel carries no BTF, which the program needs",
        "use a kernel with CONFIG_DEBUG_INFO_BTF=y (/sys/kernel/btf/vmlinux is there)",
    ),
    plain(
        "btf-lines",
        r"(?:nonzero tailing record in (?P<what>\w+)|Invalid (?P<what2>line_info|core_relo)|missing "
        r"(?:bpf_line_info|btf func_info)"
        r"|func_info|invalid type id \d+ in func info|number of funcs in func_info)",
        "the object's debug information does not fit its code {what}{what2}",
        "compile again with a current clang, and strip nothing but DWARF (llvm-strip -g keeps BTF)",
    ),
    plain(
        "btf-type",
        r"unable to resolve the size of type '(?P<type>[^']*)'|Unsupported type id|max struct nesting depth exceeded",
        "a type has no size that the kernel can work out {type}",
        "use a complete type, not a forward declaration",
    ),
    plain(
        "ksym",
        r"ldimm64 failed to find the address for kernel symbol '(?P<name>[^']*)'|ldimm64 insn specifies invalid btf_id"
        r"|pseudo btf_id \d+ in ldimm64",
        "the kernel symbol {name} is not in this kernel",
        "declare it __weak, and compare its address with 0 before it is used",
    ),
    plain(
        "attach-target",
        r"attach_btf_id (?P<id>\d+) is (?:invalid|not a function|not a typedef|not a supported struct)"
        r"|Tracing programs must provide btf_id|attach_btf_id \d+ (?:doesn't have a name|points to wrong type name)",
        "what the program is to be attached to is not what its type needs",
        "see the name after the slash in SEC(): a function for fentry, a tracepoint for tp_btf, a hook for lsm",
    ),
    plain(
        "attach-address",
        r"The address of function (?P<name>\S+) cannot be found",
        "{name} is in the kernel's BTF but has no address: it was inlined, or its name has a suffix",
        "attach to a function that calls it, or to a tracepoint",
    ),
    plain(
        "attach-return",
        r"(?P<name>\S+)\(\) is not modifiable|can't modify return codes of BPF programs",
        "fmod_ret works only on functions that the kernel marks for it (error injection, security_*)",
        "use fentry or fexit, or attach to the security_ function that is called",
    ),
    plain(
        "attach-sleepable",
        r"(?P<name>\S+) is not sleepable|Only .* programs can be sleepable|Syscall programs can only be sleepable",
        "the program says that it may sleep, and its hook does not allow that",
        "drop the .s from the section's name: fentry/… instead of fentry.s/…",
    ),
    plain(
        "attach-program",
        r"(?:FENTRY/FEXIT program can only be attached|Only FENTRY/FEXIT progs are attachable|Cannot (?:extend"
        r"|replace|nest|recursively)"
        r"|Can attach to only JITed progs|Extension program|Subprog (?P<name>\S+) doesn't exist)",
        "the program cannot be attached to that other program",
        "the target needs BTF and the JIT; freplace replaces global functions only, and one at a time",
    ),
    plain(
        "map-privileged",
        r"Sleepable programs can only use array, hash",
        "sleepable programs may only use array, hash, ring buffer and local storage maps (more since Linux 6.6)",
        "use one of these, or a program that does not sleep",
    ),
    plain(
        "map-fd",
        r"fd (?P<fd>\d+) is not pointing to valid bpf_map|invalid bpf_ld_imm64 insn|fd_idx without fd_array",
        "an instruction refers to a map that was not created or not filled in",
        "load the object with a BPF loader: its relocations are not applied",
    ),
    plain(
        "map-limit",
        r"total number of maps per program has reached the limit of (?P<limit>\d+)",
        "the program uses more than {limit} maps",
        "merge maps, or split the program",
    ),
    plain(
        "map-value-address",
        r"invalid access to map value pointer, value_size=(?P<size>\d+) off=(?P<off>\d+)|direct value offset of "
        r"(?P<off2>\d+)"
        r"|no direct value access support for this map type",
        "a global variable lies outside of its data section's map value",
        "the object's relocations do not fit its data sections: compile it again",
    ),
    plain(
        "arena",
        r"(?:CAP_BPF and CAP_PERFMON are required to use arena|JIT .*arena|Only one arena per program"
        r"|arena's user address must be set|addr_space_cast insn)",
        "the program uses an arena in a way that this kernel or these rights do not allow",
        "an arena needs Linux 6.9, the JIT, CAP_BPF and CAP_PERFMON, one arena a program, and clang with "
        "address spaces",
    ),
    plain(
        "limits",
        r"too many different (?P<what>.+)|only one (?P<what2>cgroup storage of each type) is allowed"
        r"|Function (?P<name>\S+) has (?P<count>\d+) > (?P<limit>\d+) args",
        "the program has more than the kernel counts: {what}{what2} {name}",
        "use fewer: 256 kernel functions and modules, one cgroup storage of each kind, five arguments",
    ),
    plain(
        "no-return",
        r"Attaching fexit/fmod_ret to __noreturn functions",
        "the function that is hooked never returns, so that nothing can run after it",
        "use fentry, or a function that calls it",
    ),
    plain(
        "offload",
        r"offload device mismatch",
        "the program is for one network device and its map for another",
        "create both for the same device (ifindex)",
    ),
    plain(
        "legacy-load",
        r"at the time of BPF_LD_ABS\|IND R6 != pointer to skb|BPF_LD_\[ABS\|IND\]|LD_ABS is (?:not|only) allowed",
        "BPF_LD_ABS and BPF_LD_IND, the packet loads of classic BPF, are not allowed here",
        "use bpf_skb_load_bytes(), or read the packet through ctx->data",
    ),
    plain(
        "rights",
        r"'struct (?P<struct>\w+)' access is allowed only to CAP_PERFMON|destructive kfunc calls require CAP_SYS_BOOT",
        "this needs a capability that the loading process lacks",
        "load with CAP_PERFMON (kernel structs), or CAP_SYS_BOOT (destructive functions)",
    ),
    plain(
        "struct-ops",
        r"struct_ops module .* is not found|attach to (?:invalid|unsupported) member|bpf_struct_ops map cannot be used",
        "the struct_ops map or program does not fit a struct that this kernel lets programs implement",
        "see the SEC() name and the struct's members; the module that offers it may not be loaded",
    ),
    plain(
        "patched",
        r"insn (?P<slot>\d+) cannot be patched due to 16-bit range",
        "the program became too long for its jumps when the kernel rewrote it",
        "split it, or compile with -mcpu=v4",
    ),
    plain(
        "verifier-bug",
        r"verifier (?:internal error|bug|BUG)|kernel subsystem misconfigured|BUG[: ]|internal bug|invalid insn idx"
        r"|REG INVARIANTS VIOLATION|bpf verifier (?:is|narrow ctx \w+) misconfigured|BPF_PTR_POISON"
        r"|poke descriptor failed|tracking tail call prog failed|has invalid btf(?:/btf)?_id in"
        r"|invalid (?:return type \d+ of|arg_type for|func info rec)|Invalid insn code at line_info"
        r"|unknown return type",
        "this is a fault of the kernel's verifier, not of the program",
        "report it to bpf@vger.kernel.org with the object and the whole log; a slight change may get around it",
    ),
)
