"""Special fields of map values (locks, timers, kernel pointers), and objects of a program's own (bpf_obj_new)."""

from __future__ import annotations

from typing import Final

from ..failure import plain

__all__ = ["MESSAGES"]

MESSAGES: Final = (
    plain(
        "field-direct",
        r"(?P<what>\S+) cannot be accessed directly by load/store",
        "a struct {what} in a value is the kernel's: the program may not read or write its bytes",
        "use the functions that belong to it, and copy the value member by member, not as a whole",
    ),
    plain(
        "field-offset",
        r"R(?P<reg>\d+) doesn't have constant offset\. (?P<what>\S+) has to be at the constant offset"
        r"|(?P<what2>\S+) has to be at a constant offset|cannot pass in (?P<what3>\S+) at an offset=(?P<off>-?\d+)",
        "the address of a {what}{what2}{what3} has to be that of a known member: it was computed with something "
        "variable",
        "take the member's address straight from the value: &value->member; keep it out of arrays that a variable "
        "indexes",
    ),
    plain(
        "field-mismatch",
        r"(?:operation on (?P<what>\S+) expects )?arg#?1 (?:offset=|\S+ at offset=)(?P<off>\d+)"
        r"|(?P<what2>\S+) not found at offset=(?P<at>\d+)",
        "the argument does not point at the {what}{what2} that this list or tree declares",
        "pass the address of the very node member that __contains(type, member) names, and the root that it belongs to",
    ),
    plain(
        "kptr-store",
        r"BPF_ST imm must be 0 when storing to kptr",
        "only NULL can be stored into a kernel pointer's field as a constant",
        "store 0, or exchange a pointer with bpf_kptr_xchg()",
    ),
    plain(
        "node-borrowed",
        r"(?P<func>\S+) (?:can only take|node input must be) non-owning",
        "{func}() takes a node that is in the tree or list: a borrowed pointer, not one that the program owns",
        "pass what bpf_rbtree_first(), the _add callback or a walk returned, while the lock is still held",
    ),
    plain(
        "in-tree-callback",
        r"(?:(?P<func>\S+) not allowed|can't spin_\{lock,unlock\}|Calling bpf_rcu_read_\S+) in (?:\w+ )?rbtree "
        r"(?:cb|callback)",
        "the callback that compares two nodes of a tree may not change the tree, nor take or release locks",
        "only compare the two nodes in it; do everything else before or after bpf_rbtree_add()",
    ),
    plain(
        "object-type",
        r"bpf_(?:percpu_)?obj_new(?:/bpf_percpu_obj_new)? (?:type|requires)|local type ID argument must be in range"
        r"|kfunc bpf_rdonly_cast type ID argument must be of a struct",
        "the type that is allocated has to be a struct of the program's own BTF; per CPU, of numbers only and of at "
        "most 512 bytes",
        "name a struct that the object defines: bpf_obj_new(typeof(struct item)), and compile with -g",
    ),
    plain(
        "object-kind",
        r"arg#(?P<arg>\d+) expected for (?P<func>\w+)\(\)",
        "argument {arg} is not what {func}() takes: objects per CPU and others have functions of their own",
        "drop what bpf_obj_new() made with bpf_obj_drop(), and what bpf_percpu_obj_new() made with "
        "bpf_percpu_obj_drop()",
    ),
    plain(
        "object-reference",
        r"arg#(?P<arg>\d+) doesn't point to a type with bpf_refcount field",
        "argument {arg} is of a type that has no struct bpf_refcount, so that no second reference to it can be taken",
        "put a struct bpf_refcount into the type",
    ),
    plain(
        "map-value-argument",
        r"arg#(?P<arg>\d+) (?:doesn't point to a map value|expected pointer to map value or allocated object)",
        "argument {arg} has to be a pointer into a value of a map",
        "look the value up first, and pass the address of its member",
    ),
)
