"""Access to packet data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..failure import Message, Told, amount, plain, reads

if TYPE_CHECKING:
    from ..failure import Failure

__all__ = ["MESSAGES"]


def _bounds(match: re.Match[str], failure: Failure) -> Told:
    """Count: the check covers 13 bytes, the access needs 14."""
    register = int(match["reg"])
    offset, size = int(match["off"]), int(match["size"])
    checked = int(match["range"])
    value = failure.register(register)
    details: list[str] = []
    check = failure.packet_check()
    needs = offset + size
    if (known := failure.came_from(register)) != "":
        details.append(known)
    if offset < 0:
        return Told(
            f"{reads(size)} {amount(-offset, 'byte')} before the pointer that was checked, where the packet may not be",
            tuple(details),
            (
                "read forwards from ctx->data (or ctx->data_meta) only: the verifier knows no bytes before it",
                "look for what moved the pointer back: a negative index, or a subtraction",
            ),
            register,
        )
    if checked == 0 and value is not None and (value.get("umax") or value.get("smax")):
        # Its offset is not the same each time: the check has to be on this very pointer.
        return Told(
            f"{reads(size)} at a place of the packet that varies, and r{register} itself was not compared with "
            f"data_end",
            (
                *details,
                f"r{register} is {value.describe()}: a check of another pointer, made before the offset was added, "
                "does not cover it",
            ),
            (
                f"compare the very pointer that is read through with data_end: if (p + {size} > data_end) return …;",
                "bound what is added first (offset &= 0xff, or if (offset > MAX) return …): the verifier gives up "
                "where a packet offset can pass 65,535",
            ),
            register,
        )
    if checked == 0 and check is None:
        return Told(
            f"{reads(size)} at offset {offset} of the packet, and nothing checked that it is that long",
            tuple(details),
            (
                f"before it, check at least: if (data + {needs} > data_end) return …;",
                "for a header struct: if ((void *)(header + 1) > data_end) return …;",
            ),
            register,
        )
    if check is None:
        missing = needs - checked
        return Told(
            f"the checks cover {amount(checked, 'byte')} of the packet, this access needs {needs}",
            tuple(details),
            (f"let the check cover {amount(missing, 'byte')} more",),
            register,
        )
    line, step = check
    source = failure.log.source(step.slot, line)
    where = source.place if source is not None and source.place else f"instruction {step.slot}"
    if source is not None:
        details.append(f"the check is at {where}: {source.text}")
    if checked == 0:
        return Told(
            f"{reads(size)} at offset {offset} of the packet, but the check at {where} says nothing about r{register}",
            tuple(details),
            (
                f"check the pointer that is read through: if (p + {needs} > data_end) return …;",
                "read where the check succeeded, not in its other branch; the verifier knows >, >=, < and <= only",
                "do not load ctx->data anew after the check: a fresh pointer has no checked bytes",
            ),
            register,
        )
    missing = needs - checked
    summary = f"the check covers {amount(checked, 'byte')} of the packet, this access needs {needs}"
    summary += ": off by one" if missing == 1 else f": {amount(missing, 'byte')} too few"
    return Told(
        summary,
        tuple(details),
        (
            f"at {where}, let the check cover {amount(missing, 'byte')} more: compare data + {needs} with data_end",
            "for a header struct write it without a number: if ((void *)(header + 1) > data_end) return …;",
        ),
        register,
    )


_STILL: Final = "after a check, keep the pointer; do not compute it anew"

MESSAGES: Final = (
    Message(
        "packet-bounds",
        re.compile(
            r"invalid access to packet, off=(?P<off>-?\d+) size=(?P<size>\d+), "
            r"R(?P<reg>\d+)\(id=\d+,\s*off=-?\d+,\s*r=(?P<range>-?\d+)\)"
        ),
        _bounds,
    ),
    plain(
        "packet-outside",
        r"R(?P<reg>\d+) offset is outside of the packet",
        "r{reg} points outside of the part of the packet that was checked",
        "compare the pointer with data_end before the access: if (p + SIZE > data_end) return …;",
        _STILL,
    ),
    plain(
        "packet-write",
        r"cannot write into packet|the prog does not allow writes to packet data",
        "programs of this type may not write to the packet directly",
        "use bpf_skb_store_bytes(), or a type that may: sched_cls (tc, tcx), xdp",
    ),
    plain(
        "packet-to-helper",
        r"helper access to the packet is not allowed",
        "this helper does not take a packet pointer",
        "copy the bytes to the stack first (bpf_skb_load_bytes, bpf_xdp_load_bytes, or a bounded copy)",
    ),
    plain(
        "packet-misaligned",
        r"misaligned packet access off (?P<off>\S+) size (?P<size>\d+)",
        "the packet is read {size} bytes at once at an offset that is no multiple of {size}",
        "read it byte by byte, or mark the struct __attribute__((packed)); only machines without unaligned access "
        "refuse this (or programs loaded with BPF_F_STRICT_ALIGNMENT)",
    ),
)
