"""What has to be given back: references, locks, read-side sections, iterators, dynptrs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..failure import Message, Told, plain

if TYPE_CHECKING:
    from ..failure import Failure

__all__ = ["MESSAGES"]

_RELEASES: Final = (
    (re.compile(r"ringbuf_reserve_dynptr"), "bpf_ringbuf_submit_dynptr() or bpf_ringbuf_discard_dynptr()"),
    (re.compile(r"ringbuf_reserve"), "bpf_ringbuf_submit() or bpf_ringbuf_discard()"),
    (re.compile(r"sk_lookup|skc_lookup"), "bpf_sk_release()"),
    (re.compile(r"task_acquire|task_from"), "bpf_task_release()"),
    (re.compile(r"cgroup_(?:acquire|from|ancestor)"), "bpf_cgroup_release()"),
    (re.compile(r"cpumask"), "bpf_cpumask_release()"),
    (re.compile(r"iter_(?P<kind>\w+)_new"), "the iterator's _destroy() function"),
    (re.compile(r"obj_new"), "bpf_obj_drop(), or put it into a list or tree"),
    (re.compile(r"kptr_xchg"), "the type's release function, or bpf_kptr_xchg() back into a map"),
    (re.compile(r"bpf_ct_|xdp_ct|skb_ct"), "bpf_ct_release()"),
    (re.compile(r"get_file|task_exe_file"), "bpf_put_file()"),
)


def _leak(match: re.Match[str], failure: Failure) -> Told:
    slot = int(match["alloc"])
    line = failure.line_of(slot)
    text = ""
    if line is not None and (step := failure.log.step(line)) is not None:
        text = step.text
    called = re.search(r"call (\w+)", text)
    name = f"{called[1]}()" if called else f"instruction {slot}"
    release = next((words for pattern, words in _RELEASES if pattern.search(text)), "its release function")
    source = failure.source(slot)
    details = [
        f"acquired at {source.place}: {source.text}" if source and source.place else f"acquired at instruction {slot}"
    ]
    if failure.step is not None:
        details.append(f"the path that ends at {failure.place(failure.step.slot)} does not give it back")
    branch = failure.last_branch(line) if line is not None else None
    if branch is not None and branch.text:
        details.append(f"the last branch on that path is at {branch.place or 'the line'}: {branch.text}")
    return Told(
        f"what {name} returned is still held where the program ends on this path",
        tuple(details),
        (f"call {release} on every path, early returns included",),
    )


def _held(key: str, pattern: str, thing: str, begin: str, end: str) -> Message:
    """Return the message of a region that is still open, or was never opened."""
    return plain(
        key,
        pattern,
        f"{thing} is not allowed here: the program is inside a region that it has not left, or leaves one that it is "
        "not in",
        f"pair every {begin} with a {end} on every path",
        "do what is refused before or after the region",
    )


MESSAGES: Final = (
    Message("reference-leak", re.compile(r"Unreleased reference id=(?P<id>\d+) alloc_insn=(?P<alloc>\d+)"), _leak),
    plain(
        "reference-leak",
        r"(?P<what>tail_call|BPF_EXIT instruction|bpf_throw|BPF_LD_\[ABS\|IND\]).* would lead to reference leak",
        "{what} would end the program while it still holds a reference",
        "release what was acquired before it",
    ),
    plain(
        "reference-unowned",
        r"(?:func|kfunc) (?P<func>\S+)#\d+ reference has not been acquired before"
        r"|R(?P<reg>\d+) must be referenced when passed to release function|arg (?P<arg>\d+) is an unacquired "
        r"reference|release kernel function (?P<func2>\S+) expects refcounted PTR_TO_BTF_ID",
        "something is released that the program does not own",
        "release only what an acquiring function returned, once, and not after it was submitted or stored",
    ),
    plain(
        "reference-offset",
        r"R(?P<reg>\d+) must have zero offset when passed to release func",
        "r{reg} was moved since it was acquired; the release function needs the pointer as it was returned",
        "keep the original pointer in a variable of its own",
    ),
    plain(
        "lock-held",
        r"function calls are not allowed while holding a lock|global function calls are not allowed while holding",
        "a function is called while a bpf_spin_lock is held",
        "call bpf_spin_unlock() first; between the two only loads, stores and arithmetic are allowed (since Linux 6.3 "
        "also static functions and functions on lists and trees)",
    ),
    plain(
        "lock-not-released",
        r"bpf_spin_lock is missing unlock|BPF_EXIT instruction.*bpf_spin_lock|bpf_spin_lock-ed region",
        "a bpf_spin_lock is still held where the program ends, or does what is not allowed inside",
        "call bpf_spin_unlock() on every path, early returns included",
    ),
    plain(
        "lock-unbalanced",
        r"bpf_spin_unlock (?P<what>without taking a lock|of different lock)"
        r"|Locking two bpf_spin_locks are not allowed|(?P<order>cannot be out of order)",
        "locks are not taken and released in pairs: only one lock at a time, and the one that was taken is released",
        "pair bpf_spin_lock() and bpf_spin_unlock() on the same map value",
    ),
    plain(
        "lock-type",
        r"map '(?P<map>[^']*)' has to have BTF in order to use bpf_(?P<what>\w+)"
        r"|(?:map )?'(?P<map2>[^']*)' has no valid bpf_(?P<what2>\w+)",
        "map {map}{map2} has no struct bpf_{what}{what2} in its value type that the kernel could find",
        "put a struct bpf_{what}{what2} into the value type, and define the map with __type(value, …) in .maps",
    ),
    plain(
        "lock-offset",
        r"off (?P<off>\d+) doesn't point to 'struct (?P<what>\w+)' that is at (?P<at>\d+)",
        "the argument points at offset {off} of the value, but its struct {what} is at offset {at}",
        "pass the address of that member: &value->lock",
    ),
    plain(
        "lock-program-type",
        r"(?P<type>tracing|socket filter) progs cannot use (?P<what>bpf_\w+|bpf_\{\S+) yet",
        "{type} programs cannot use {what}",
        "use atomic operations (__sync_fetch_and_add), a per-CPU map, or another program type",
    ),
    _held(
        "rcu",
        r"rcu_read_lock|rcu read (?:lock|unlock)|bpf_rcu_read_lock-ed region",
        "this",
        "bpf_rcu_read_lock()",
        "bpf_rcu_read_unlock()",
    ),
    _held(
        "preempt",
        r"preempt(?:ion|_disable|_enable|ible)",
        "this",
        "bpf_preempt_disable()",
        "bpf_preempt_enable()",
    ),
    _held("irq", r"irq[- ]|IRQ-disabled|local_irq", "this", "bpf_local_irq_save()", "bpf_local_irq_restore()"),
    plain(
        "rcu-needed",
        r"R(?P<reg>\d+) must be a rcu pointer|expected an RCU CS when using (?P<what>\S+)",
        "this needs a pointer that RCU protects",
        "wrap the use in bpf_rcu_read_lock() and bpf_rcu_read_unlock(); programs that cannot sleep are inside anyway",
    ),
    plain(
        "trusted-needed",
        r"R(?P<reg>\d+) must be referenced or trusted",
        "r{reg} is not trusted: the kernel function wants a pointer that is an argument of the program, or acquired",
        "pass the program's own argument, or acquire the object (bpf_task_acquire, bpf_task_from_pid, …)",
        "a pointer read from inside another struct is not trusted; read it inside an RCU section and acquire it",
    ),
    plain(
        "iterator-uninitialised",
        r"expected (?:an )?initialized iter_(?P<kind>\w+) as (?:arg ?#|R)(?P<arg>\d+)",
        "argument {arg} has to be an iterator that bpf_iter_{kind}_new() has set up, and not yet destroyed",
        "call bpf_iter_{kind}_new() first, and _next() before _destroy(); bpf_for_each() does all of it",
    ),
    plain(
        "iterator-initialised",
        r"expected uninitialized iter_(?P<kind>\w+) as (?:arg ?#|R)(?P<arg>\d+)",
        "argument {arg} is already an iterator: setting it up again would leak the first one",
        "destroy it first, or use a second variable",
    ),
    plain(
        "iterator-stack",
        r"(?:arg#|R)(?P<arg>\d+) expected pointer to an iterator on stack"
        r"|expected valid iter pointer as (?:arg ?#|R)(?P<arg2>\d+)",
        "an iterator has to be a local variable, passed by its address",
        "declare it in the function: struct bpf_iter_num it;",
    ),
    plain(
        "dynptr-uninitialised",
        r"Expected an initialized dynptr as (?:arg ?#|R)(?P<arg>\d+)",
        "argument {arg} has to be a dynptr that was set up, and not yet released",
        "call bpf_dynptr_from_mem(), bpf_dynptr_from_skb() or bpf_ringbuf_reserve_dynptr() on it first",
        "do not write to the variable's bytes: that destroys the dynptr",
    ),
    plain(
        "dynptr-initialised",
        r"Dynptr has to be an uninitialized dynptr|cannot overwrite referenced dynptr",
        "the dynptr is in use: it would be overwritten while it still holds something",
        "submit or discard it first, or use a second variable",
    ),
    plain(
        "dynptr-type",
        r"Expected a dynptr of type (?P<type>\w+) as (?:arg ?#|R)(?P<arg>\d+)",
        "argument {arg} has to be a {type} dynptr",
        "use the function that belongs to the way in which the dynptr was made",
    ),
    plain(
        "dynptr-stack",
        r"(?:arg#|R)(?P<arg>\d+) expected pointer to stack or const struct bpf_dynptr"
        r"|cannot pass in dynptr at an offset|dynptr has to be at a constant offset",
        "a dynptr has to be a local variable, passed by its address",
        "declare it in the function: struct bpf_dynptr ptr;",
    ),
    plain(
        "dynptr-memory",
        r"Unsupported reg type (?P<type>\S+) for bpf_dynptr_from_mem data",
        "bpf_dynptr_from_mem() takes memory of a map's value, and gets a {type} pointer",
        "use a global variable or a map's value as the memory; for the packet there are bpf_dynptr_from_skb() and "
        "bpf_dynptr_from_xdp()",
    ),
    plain(
        "dynptr-write",
        r"potential write to dynptr at off=(?P<off>-?\d+) disallowed|cannot pass pointer to const bpf_dynptr"
        r"|cannot release unowned const bpf_dynptr",
        "the bytes of a dynptr would be changed behind its back, or it is one that may only be read",
        "use bpf_dynptr_write(), or bpf_dynptr_slice_rdwr() for a writable pointer",
    ),
    plain(
        "owning-reference",
        r"(?:arg#|R)(?P<arg>\d+) expected pointer to allocated object|allocated object must be referenced"
        r"|arg#\d+ is neither owning or non-owning ref|held lock and object are not in the same allocation"
        r"|bpf_spin_lock at off=\d+ must be held for (?P<what>\w+)",
        "lists and trees take objects that the program owns (bpf_obj_new), while the lock beside their root is held",
        "take the bpf_spin_lock that lies in the same struct as the root before the operation",
    ),
)
