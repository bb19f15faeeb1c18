"""Calls: of helpers, kernel functions and the program's own functions."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Final

from ...btf.core import CoreResolver, Outcome
from ...btf.kernel import vmlinux
from ...errors import FeatureError
from ...spec.architectures import is_register_access
from ...spec.program import TRAP
from ...spec.relocate_core import BAD_KFUNC, BAD_MAP, BAD_RELOCATION, core_reason
from ..failure import Message, Told, foreign_told, plain
from .control import TRAP_DETAILS, TRAP_MENDS, TRAP_SUMMARY

if TYPE_CHECKING:
    from ..failure import Failure

__all__ = ["MESSAGES"]

_EXTERNS: Final = 1_000_000
"""More than an object has: they are numbered."""

_CALLED: Final = re.compile(r"Caller passes invalid args into func#\d+ \('([^']*)'\)")
"""What follows where a call of a global function of the program's own is refused."""

_WORDS: Final = {
    "fp": "a buffer on the stack",
    "map_value": "a pointer to a map's value",
    "map_key": "a pointer to a map's key",
    "map_ptr": "a map",
    "ctx": "the context",
    "pkt": "a packet pointer",
    "pkt_meta": "a pointer to packet metadata",
    "scalar": "a number",
    "inv": "a number",
    "mem": "a pointer to memory",
    "buf": "a buffer",
    "ringbuf_mem": "memory reserved in a ring buffer",
    "func": "a function",
    "const_str": "a constant string",
    "trusted_ptr_": "a trusted pointer to a kernel struct",
    "ptr_": "a pointer to a kernel struct",
    "sock": "a socket",
    "percpu_ptr_": "a per-CPU pointer",
}


def _unknown(match: re.Match[str], failure: Failure) -> Told:
    name, number = match["name"], int(match["number"])
    if number == BAD_RELOCATION:
        return _unresolved(failure)
    if BAD_MAP <= number < BAD_KFUNC:
        return Told(
            "the program uses a map that was not created",
            (f"the call of function {number} is what libbpf puts in the place of the map's address",),
            ("create it (bpf_map__set_autocreate), or decide by a constant that the code with it is dead",),
        )
    if BAD_KFUNC <= number < BAD_KFUNC + _EXTERNS:
        return _absent(failure)
    return Told(
        f"there is no helper {name} (number {number}) for this kernel or this type of program",
        (),
        (
            "the helper may be newer than the kernel: bpftui doctor lists what this one has",
            "not be allowed for the program's type: see the SEC() name",
            "a kernel function needs extern … __ksym; a plain extern function becomes a call of a number",
        ),
    )


def _unresolved(failure: Failure) -> Told:
    """An instruction whose CO-RE relocation failed: say what is missing, where the object is at hand."""
    access, reason = _core_reason(failure)
    summary = reason or (
        "a CO-RE relocation failed here: a field, type or enumerator that the program needs is not in the kernel's BTF"
    )
    if reason and (told := foreign_told(failure)) is not None and is_register_access(access):
        return told
    known = f"the program accesses {access} here, which was not found where the log is from" if access else ""
    return Told(
        summary,
        (
            *([known] if access and not reason else []),
            f"the CO-RE relocation of this instruction failed, which a call of function {BAD_RELOCATION} (0xbad2310) "
            "marks",
        ),
        (
            "guard the access: if (bpf_core_field_exists(s->member)) …, bpf_core_type_exists(), "
            "bpf_core_enum_value_exists()",
            "a field may have another name, or lie elsewhere, in other kernels: declare a flavour (struct s___old) "
            "and ask which one exists",
            "bpftui show OBJECT --core lists the relocations and what becomes of them here",
        ),
    )


def _core_reason(failure: Failure) -> tuple[str, str]:
    """Return what the failing instruction accesses, and why there is no such thing; empty where that is not known.

    A log that comes from elsewhere may be of a kernel that lacks what this one has.
    """
    program, step = failure.log.program, failure.step
    if program is None or program.btf is None or step is None:
        return "", ""
    target = failure.log.target
    if target is None:
        with contextlib.suppress(FeatureError):
            target = vmlinux()
    item = next((item for item in program.linked.core_relocations if item.slot == step.slot), None)
    if item is None:
        return "", ""
    found = CoreResolver(program.btf, target).resolve(item.type_id, item.access, item.kind)
    is_missing = found.outcome is Outcome.MISSING or found.loads_differ
    return found.local, core_reason(found, program.btf) if is_missing else ""


def _absent(failure: Failure) -> Told:
    """A call of a weak kernel function that is not there."""
    program, step = failure.log.program, failure.step
    reference = None
    if program is not None and step is not None:
        reference = program.linked.references.get(step.slot)
    if reference is not None and reference.name == TRAP:
        return Told(TRAP_SUMMARY, TRAP_DETAILS, TRAP_MENDS)
    name = f" {reference.name}" if reference is not None else ""
    return Told(
        f"the kernel function{name} is not in this kernel, and the program calls it without having asked",
        (),
        ("it is declared __weak: test it with bpf_ksym_exists() before the call, and do without it otherwise",),
    )


def license_summary(what: str, license_: str | None) -> str:
    """Return that something is for GPL-compatible programs only, and what the object says, where that is known."""
    says = "this one says that it has another"
    if license_ is not None:
        says = f'the object says "{license_}"' if license_ else "the object names none"
        if "gpl" in license_.lower() and license_ not in GPL_COMPATIBLE:
            says += ', which is not how the kernel writes one ("GPL", "GPL v2", "Dual MIT/GPL")'
    return f"{what} is for programs under a GPL-compatible license, and {says}"


GPL_COMPATIBLE: Final = ("GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL")
"""All that the kernel takes for it, letter by letter (`license_is_gpl_compatible` in include/linux/license.h)."""

LICENSE_MENDS: Final = (
    'declare the license: char _license[] SEC("license") = "GPL"; or "Dual MIT/GPL", "Dual BSD/GPL"',
    "a missing license section counts as not compatible",
)


def _license(match: re.Match[str], failure: Failure) -> Told:
    called = re.search(r"call (?!pc\b)(\w+)", failure.step.text) if failure.step is not None else None
    what = f"struct {match['struct']} of the kernel" if match["struct"] else "this function"
    if called is not None and not match["struct"]:
        what = f"{called[1]}()"
    elif "struct ops" in match[0]:
        what = "struct_ops"
    program = failure.log.program
    return Told(license_summary(what, None if program is None else program.license), (), LICENSE_MENDS)


def _null(match: re.Match[str], failure: Failure) -> Told:
    """Helpers count their arguments from 1, kernel functions and global functions from 0."""
    number = int(match["one"] or int(match["zero"] or match["zero2"]) + 1)
    known = failure.came_from(number)
    return Told(
        f"argument {number} can be NULL, and the function does not take NULL",
        (known,) if known else (),
        ("check the pointer first: if (!pointer) return …;",),
        number,
    )


def _type(match: re.Match[str], failure: Failure) -> Told:
    """`R2 type=scalar expected=fp, pkt, map_key`."""
    register = int(match["reg"])
    wanted = [word.strip() for word in match["wanted"].split(",") if word.strip()]
    words = [_WORDS.get(word, word) for word in wanted]
    listed = ", ".join(words[:-1]) + (" or " if len(words) > 1 else "") + words[-1] if words else "something else"
    called = re.search(r"call (?!pc\b)(\w+)", failure.step.text) if failure.step is not None else None
    called = called or _CALLED.search(match.string)
    function = f"{called[1]}()" if called else "the function"
    known = failure.came_from(register)
    kind = match["type"]
    mends = ["see the order of the arguments, and whether a pointer or what it points to is meant"]
    if "or_null" in kind:
        mends = ["check the pointer first: if (!pointer) return …;"]
    elif kind in ("scalar", "inv"):
        mends = [
            "pass an address: &variable, not variable",
            "a pointer that was read from memory is a number to the verifier: copy the object to the stack with "
            "bpf_probe_read_kernel() first",
        ]
    elif kind.startswith(("untrusted_", "ptr_", "rcu_")):
        mends = ["use a pointer that is the program's own argument, or acquire the object; check the struct's type"]
    what = _WORDS.get(kind, kind)
    return Told(
        f"argument {register} of {function} has to be {listed}, and is {what}",
        (known,) if known else (),
        tuple(mends),
        register,
    )


_NOT_THE_PROTOTYPE: Final = (
    "a global function is called with an argument that is not what its prototype says",
    "make the function static: then the verifier walks through it with the caller's own values",
    "check pointers for NULL before the call; mark a parameter __arg_nonnull, __arg_ctx or __arg_trusted",
)

MESSAGES: Final = (
    plain("global-function", r"R(?P<reg>\d+) is not a (?:scalar|pointer to arena or scalar)", *_NOT_THE_PROTOTYPE),
    plain(
        "global-function",
        r"Caller passes invalid args into func#\d+(?: \('[^']*'\))?",
        *_NOT_THE_PROTOTYPE,
        follows=True,
    ),
    plain(
        "argument-tags",
        r"arg#(?P<arg>\d+) (?P<tag>untrusted|arena) cannot be combined with any other tags",
        "parameter #{arg} of a global function (counted from 0) is marked __arg_{tag}, which takes no other mark "
        "beside it",
        "leave the other __arg_… marks of that parameter away; what is untrusted may be NULL anyway",
    ),
    plain(
        "argument-tags",
        r"arg#(?P<arg>\d+) has invalid combination of tags",
        "the marks of parameter #{arg} of a global function (counted from 0) contradict each other, or its type",
        "__arg_ctx stands alone; __arg_trusted goes with __arg_nullable and not with __arg_nonnull; __arg_nullable is "
        "not for pointers to plain memory, which may be NULL without __arg_nonnull",
    ),
    Message("unknown-function", re.compile(r"invalid func (?P<name>\w+)#(?P<number>\d+)"), _unknown),
    plain(
        "helper-not-allowed",
        r"(?:program of this type cannot use helper|unknown func) (?P<name>\w+)#(?P<number>\d+)",
        "{name}() is not available to programs of this type on this kernel",
        "see whether the SEC() name is the one that is meant: each type has a list of its own",
        "bpftui doctor --helpers TYPE lists those that a type has here; tracing helpers need CAP_PERFMON",
    ),
    Message(
        "license",
        re.compile(
            r"cannot call (?:GPL-restricted function|GPL only function) from non-GPL compatible program"
            r"|cannot call kernel function from non-GPL compatible program"
            r"|Cannot access kernel 'struct (?P<struct>\w+)' from non-GPL compatible program"
            r"|struct ops programs must have a GPL compatible license"
        ),
        _license,
    ),
    Message(
        "argument-type",
        re.compile(r"R(?P<reg>\d+) type=(?P<type>\S+) expected=(?P<wanted>[^\n]+)"),
        _type,
    ),
    Message(
        "argument-null",
        re.compile(
            r"Possibly NULL pointer passed to (?:helper arg(?P<one>\d+)|trusted arg(?P<zero>\d+))"
            r"|arg#(?P<zero2>\d+) is expected to be non-NULL"
        ),
        _null,
    ),
    plain(
        "argument-constant",
        r"R(?P<reg>\d+) (?:is not a known constant|must be a known constant|is not a const\b)",
        "argument {reg} has to be a constant that the verifier knows",
        "pass a literal or a const; a value from a map or from memory is not known",
    ),
    plain(
        "argument-string",
        r"R\d+ is not a constant address|direct value access on string failed"
        r"|R(?P<reg>\d+) does not point to a readonly map|string is not zero-terminated"
        r"|arg#(?P<arg>\d+) doesn't point to a const string",
        "the function needs a string that cannot change: one in .rodata, terminated by a zero byte",
        'declare it static const char text[] = "…"; outside of the function (BPF_SNPRINTF and BPF_PRINTK do)',
    ),
    plain(
        "argument-struct",
        r"R(?P<reg>\d+) is of type (?P<type>\S*) but (?P<wanted>\S+) is expected",
        "argument {reg} points to a {type}, and a {wanted} is needed",
        "see which struct the function takes; a cast in C does not change what the verifier knows "
        "(bpf_skc_to_tcp_sock and its like do)",
    ),
    plain(
        "argument-kfunc",
        r"kernel function (?P<name>\S+) args#(?P<arg>\d+) expected pointer to (?P<wanted>\S+ \S*)\s*but "
        r"R(?P<reg>\d+) has "
        r"a pointer to (?P<type>\S+ ?\S*)",
        "argument {reg} of {name}() has to point to {wanted}, and points to {type}",
        "see the kernel function's declaration",
    ),
    plain(
        "argument-context",
        r"(?:arg#|R)(?P<arg>\d+) expected pointer to ctx, but got (?P<type>\S+)|arg#\d+ expects pointer to ctx",
        "the function's first argument has to be the program's context",
        "pass ctx itself; in a global function, give the parameter the context's type",
    ),
    plain(
        "argument-object",
        r"arg#(?P<arg>\d+) pointer type (?P<type>.+?) must point to",
        "the pointer that is passed (argument #{arg}, {type}) is taken for plain memory, and what it points to is none",
        "the function may want the object itself: a pointer of exactly its struct, trusted or acquired",
        "a parameter that is plain memory points to a number, or to a struct of numbers",
    ),
    plain(
        "global-result",
        r"(?:Global function )?(?P<name>\S+?)(?:\(\))? doesn't return scalar",
        "the global function {name} returns something else than a number",
        "return an int or a long, or make the function static",
    ),
    plain(
        "argument-memory",
        r"arg#(?P<arg>\d+) (?:arg#\d+ )?memory, len pair leads to invalid memory access",
        "a pointer and its length do not fit together: the buffer is smaller than the length, or not known",
        "pass sizeof(buffer), or bound the length by a check",
    ),
    plain(
        "map-function",
        r"cannot pass map_type (?P<type>\d+) into func (?P<name>\w+)#\d+",
        "{name}() does not work on maps of this type (number {type})",
        "use the functions of the map's type: push, pop and peek for queues, reserve and submit for ring buffers, "
        "bpf_redirect_map for devmaps",
    ),
    plain(
        "sleepable-helper",
        r"helper call might sleep in a non-sleepable prog|program must be sleepable to call sleepable kfunc "
        r"(?P<name>\S+)"
        r"|(?:sleepable helper|kernel func) (?P<name2>\S+) (?:is sleepable within|in) ",
        "this function may sleep, and the program must not sleep here",
        'make the program sleepable: SEC("fentry.s/…"), SEC("lsm.s/…"), SEC("uprobe.s/…"), SEC("syscall")',
        "use the variant that does not sleep (bpf_probe_read_user for bpf_copy_from_user)",
    ),
    plain(
        "helper-in-probe",
        r"helper call is not allowed in probe",
        "this helper is refused in this very hook: it would call itself",
        "attach to another function, or use another helper",
    ),
    plain(
        "kfunc-not-allowed",
        r"calling kernel function (?P<name>\S+) is not allowed",
        "the kernel does not let programs of this type call {name}()",
        "kernel functions are registered for certain types: see BTF_KFUNCS in the kernel, or use another type",
    ),
    plain(
        "device-bound",
        r"metadata kfuncs require device-bound program",
        "the program asks what the driver of a device knows of a packet, and is loaded for no device",
        "load it for one: the device's ifindex and the flag BPF_F_XDP_DEV_BOUND_ONLY (bpf_program__set_ifindex(), "
        "bpf_program__set_flags(); bpftool prog load … xdpmeta_dev eth0)",
        "bpftui loads for no device: --runtime vm with --return NAME=VALUE runs it without one",
    ),
    plain(
        "kfunc-unknown",
        r"kernel (?:function )?btf_id (?P<id>\d+) (?:is not a function|does not have a valid func_proto)"
        r"|cannot find address for kernel function (?P<name>\S+)|failed to find BTF for kernel function"
        r"|address of kernel function (?P<name2>\S+) is out of range|invalid kernel function call not eliminated"
        r"|(?:BTF fd for kfunc|invalid module BTF|kfunc offset > 0|negative offset disallowed for kernel module)",
        "the kernel function that is called is not in this kernel {name}",
        "declare it __weak and test it with bpf_ksym_exists() before the call",
    ),
    plain(
        "helper-hook",
        r"func (?P<name>\S+)#\d+ (?:not supported for program type|supported only for)"
        r"|(?P<iter>css_task_iter) is only allowed in|get_local_storage\(\) doesn't support non-zero flags",
        "{name}{iter} is not for this type of program, this hook, or these flags",
        "see which hooks have it: bpftui doctor --helpers TYPE; get_func_arg, get_func_ret and get_func_ip are for "
        "fentry, fexit and fmod_ret",
    ),
    plain(
        "kfunc-signature",
        r"kernel function (?P<name>\S+) (?:args#(?P<arg>\d+) pointer type (?P<type>.*) is not supported"
        r"|returns pointer type|unhandled dynamic return type)|Unrecognized arg#(?P<arg2>\d+) type"
        r"|kfunc (?P<name2>\S+)#\d+ (?:failed callback|conversion of owning)|acquire kernel function does not return"
        r"|arg#(?P<arg3>\d+) reference type\('(?P<type2>[^']*)'\) size cannot be determined",
        "the verifier of this kernel cannot follow the function {name}{name2}: its argument {arg}{arg2}{arg3} or its "
        "result is of a kind that it does not know",
        "declare the function as the kernel has it (bpftui show --externs OBJECT); a newer kernel may know more",
    ),
    plain(
        "kfunc-jit",
        r"callbacks are not allowed in non-JITed programs|JIT doesn't support bpf-to-bpf calls"
        r"|JIT (?:is required for|does not support) calling k(?:ernel function|func)|calling kernel functions? "
        r"(?:is|are) not "
        r"(?:supported|allowed)",
        "kernel functions can only be called with the JIT compiler on and the kernel's BTF present",
        "sysctl net.core.bpf_jit_enable=1; bpftui doctor tells what is missing",
    ),
    plain(
        "calls-privileged",
        r"loading/calling other bpf or kernel functions are allowed for CAP_BPF",
        "functions need CAP_BPF (before Linux 5.8: CAP_SYS_ADMIN)",
        "load with that capability, or inline all functions",
    ),
    plain(
        "tail-call",
        r"tail_calls? (?:are|is) (?:only )?(?:not )?allowed (?P<where>.*)|cannot tail call within (?P<cb>.*)",
        "a tail call is not possible here: {where}{cb}",
        "make it in the program itself, in a function that returns int, with BTF and the JIT on",
    ),
    plain(
        "callback",
        r"callback function not (?:allowed for map|static)|callback function cannot be the main program"
        r"|arg(?P<arg>\d+) expected pointer to func",
        "the callback is not usable: it has to be a static function with the signature that the helper wants",
        "declare it static, and pass its name",
    ),
    plain(
        "timer",
        r"(?:timer|workqueue) pointer in R1 map_uid=\d+ doesn't match map pointer in R2|bpf_timer cannot be used",
        "the timer or work queue lies in a value of another map than the one that is passed",
        "pass the very map that the value was looked up in",
    ),
    plain(
        "kptr",
        r"store to referenced kptr disallowed|kptr (?:access|in map|cannot)|invalid kptr access|has no valid kptr"
        r"|doesn't point to kptr|kptr isn't referenced",
        "a kernel pointer in a map is not accessed in the way that its field allows",
        "exchange a referenced one (__kptr) with bpf_kptr_xchg(); plain loads give a pointer that may be NULL",
    ),
    plain(
        "sockmap-context",
        r"cannot update sockmap in this context",
        "programs of this type may not change a sockmap",
        "update it from sock_ops, sk_skb or from user space",
    ),
    plain(
        "format-string",
        r"Invalid format string",
        "the format string has a conversion that BPF does not know, or that has no argument",
        "use %d %u %x %ld %llu %s %p %pI4 and their like; at most 12 arguments",
    ),
)
