"""Access to memory that is no packet and no stack: map values, kernel memory, buffers of helpers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..failure import Message, Told, amount, plain

if TYPE_CHECKING:
    from ..failure import Failure
    from ..value import Value

__all__ = ["MESSAGES"]

_LOOKUPS: Final = re.compile(r"came from (?P<call>bpf_\w+\([^)]*\))")


def _null(match: re.Match[str], failure: Failure) -> Told:
    register = int(match["reg"])
    known = failure.came_from(register)
    call = _LOOKUPS.search(known)
    value = failure.register(register)
    what = "it" if value is None else value._replace(attributes=value.attributes - {"or_null"}).describe()
    why = (
        f"{call['call']} can return NULL" if call is not None else f"r{register} can be NULL here"
    ) + ", and the program uses the result without a look"
    details = [known] if known else []
    if value is not None and what != "it":
        details.append(f"where it is not NULL, r{register} is {what}")
    return Told(
        why,
        tuple(details),
        (
            "between the call and this line: if (!pointer) return …;",
            "check the pointer as it was returned, before anything is added to it",
        ),
        register,
    )


def _scalar(match: re.Match[str], failure: Failure) -> Told:
    register = int(match["reg"])
    known = failure.came_from(register)
    how = failure.origin_how(register)
    if how == "invalidated":
        call = known.partition(" came from ")[2] or "a call before"
        if register <= 5:
            return Told(
                f"r{register} was overwritten by {call}: registers r1 to r5 do not survive a call",
                (),
                ("keep what is needed after a call in r6 to r9 or on the stack; the compiler does so by itself",),
                register,
            )
        released = re.search(r"submit|discard|release|drop|put", call)
        if released is not None:
            return Told(
                f"r{register} is used after {call}, which gave away what it points to",
                (),
                ("use it before it is released, or submit later",),
                register,
            )
        return Told(
            f"r{register} was a packet pointer, but {call} may have moved the packet: all packet pointers from before "
            "it are invalid",
            (f"since then the verifier takes r{register} for a plain number",),
            (
                "after that call, load ctx->data and ctx->data_end anew and check the bounds again",
                "read what is needed from the packet before the call",
            ),
            register,
        )
    mends = [
        "keep the pointer in a variable of its own: what is computed from it by | & << or * is no pointer any more"
    ]
    if how == "loaded" and (found := failure.data_pointer(register)) is not None:
        return Told(
            f"r{register} was to be a pointer that the object's data holds ({found}), which no loader can set: to the "
            "verifier it is a number",
            (known,) if known else (),
            (
                'write an array in place of the pointer: const char label[] = "…", and for a table of texts '
                "const char names[][8] = { … }",
                "or take the address in the code, where it is an instruction's: switch (i) { case 0: p = a; … }",
            ),
            register,
        )
    if how == "loaded":
        mends = [
            "memory outside of the program is read through bpf_probe_read_kernel() (bpf_probe_read_user() for a user "
            "address), or BPF_CORE_READ()",
            "in fentry, tp_btf and LSM programs take the typed argument (BPF_PROG), whose members can be read directly",
        ]
    elif how == "called":
        mends = ["a function returns a plain number: return an index, or pass the pointer as an argument"]
    return Told(
        f"r{register} is used as an address, but to the verifier it is a number",
        (known,) if known else (),
        tuple(mends),
        register,
    )


def _other(match: re.Match[str], failure: Failure) -> Told:
    register, kind = int(match["reg"]), match["type"]
    known = failure.came_from(register)
    words = {
        "pkt_end": "r{} is the packet's end: it can be compared with, not read through",
        "map_ptr": "r{} is a map itself: look a value up with bpf_map_lookup_elem()",
        "fp": "r{} is a stack pointer, and this access to the stack is not allowed",
    }
    summary = words.get(kind, "what r{} holds (" + kind + ") cannot be read or written directly").format(register)
    return Told(summary, (known,) if known else (), ("see which pointer the C line means to use",), register)


def _map_value(match: re.Match[str], failure: Failure) -> Told:
    """Say how far the access can be out of the value, in bytes and, for an array, in elements."""
    size, offset, width = int(match["vs"]), int(match["off"]), int(match["size"])
    register = int(match["reg"])
    value = failure.register(register)
    name = f" of map {value.map}" if value is not None and value.map else ""
    details: list[str] = []
    if offset < 0 or match["side"] == "min":
        return Told(
            f"the access can begin {amount(-offset, 'byte')} before the value{name}",
            _origin(failure, register),
            ("make the index unsigned, or check that it is not negative",),
            register,
        )
    over = offset + width - size
    if value is not None and (value.get("umax") or value.get("smax")):
        step = _stride(value)
        most = value.bound("umax")
        details.append(
            f"r{register} is {value.describe()}: in the worst case the access is to bytes {offset} to "
            f"{offset + width - 1} of "
            f"a value of {size}"
        )
        mends: list[str] = []
        if step > 1 and size % step == 0:
            index, count = most // step, size // step
            details.append(
                f"elements are {amount(step, 'byte')}: index {index} of {count}, the last one is {count - 1}"
            )
            summary = f"the index can be {index}, but the value{name} has {count} elements (0 to {count - 1})"
            if index == count:
                summary += ": off by one"
            mends.append(f"check: if (index >= {count}) return …;")
        else:
            summary = f"the access can end {amount(over, 'byte')} behind the value{name} of {size}"
            mends.append(f"bound the offset: if (offset > {size - width}) return …;")
        if size & (size - 1) == 0:
            mends.append(f"mask it: {'index &= ' + str(size // step - 1) if step > 1 else f'offset &= {size - 1}'}")
        mends.append("bound the very variable that is used, and keep it unsigned")
        details += failure.added(register)
        return Told(summary, (*_origin(failure, register), *details), tuple(mends), register)
    return Told(
        f"an access of {amount(width, 'byte')} at offset {offset} ends {amount(over, 'byte')} behind the "
        f"value{name} of {size}",
        _origin(failure, register),
        (f"stay within {size} bytes, or make the value type of the map larger",),
        register,
    )


def _stride(value: Value) -> int:
    """Return the power of two by which an offset grows, from the bits that are known to be zero."""
    known = re.fullmatch(r"\((0x[0-9a-f]+); (0x[0-9a-f]+)\)", value.get("var_off") or "")
    if known is None:
        return 1
    mask = int(known[2], 16)
    return mask & -mask if mask else 1


def _origin(failure: Failure, register: int) -> tuple[str, ...]:
    known = failure.came_from(register)
    return (known,) if known else ()


def _size(match: re.Match[str], failure: Failure) -> Told:
    """A length that a helper gets."""
    register = int(match["reg"])
    value = failure.register(register)
    buffer = failure.register(register - 1)
    known = failure.came_from(register)
    details = [known] if known else []
    if value is not None:
        details.append(f"r{register}, the length, is {value.describe()}")
    room = None if buffer is None or buffer.kind != "fp" or buffer.number is None else -buffer.number
    if room is not None:
        details.append(f"r{register - 1}, the buffer, lies on the stack and has at most {amount(room, 'byte')}")
    limit = str(room) if room else "SIZE"
    zero = "zero-sized" in match[0]
    negative = "negative" in match[0]
    if zero:
        summary = "the length that the helper gets can be 0, and this helper needs at least one byte"
    elif negative:
        summary = "the length that the helper gets can be negative"
    else:
        summary = "nothing bounds the length that the helper gets"
    first = f"if (length < 1 || length > {limit}) return …;" if zero else f"if (length > {limit}) return …;"
    mends = [first + "  with an unsigned length"]
    if room is None or room & (room - 1) == 0:
        top = "SIZE - 1" if room is None else str(room - 1)
        mends.append(f"length &= {top};" + ("  and leave out 0" if zero else ""))
    mends.append(
        'where the compiler moves or drops the check: asm volatile("" : "+r"(length)); before it keeps it in place'
    )
    return Told(summary, tuple(details), tuple(mends), register)


def _unbounded(match: re.Match[str], failure: Failure) -> Told:
    register = int(match["reg"])
    value = failure.register(register)
    room = value.integer("vs") or value.integer("sz") if value is not None else 0
    name = f" of map {value.map}" if value is not None and value.map else ""
    negative = "negative" in match[0]
    details = list(_origin(failure, register))
    details += failure.added(register) or ([f"r{register} is {value.describe()}"] if value is not None else [])
    limit = f"{room} bytes" if room else "its object"
    summary = (
        f"the index into the value{name} can be negative"
        if negative
        else f"what is added to r{register} is not bounded, so it can point anywhere beyond {limit}"
    )
    return Told(
        summary,
        tuple(details),
        (
            "make the index unsigned and compare it with the number of elements: if (index >= COUNT) return …;",
            "mask it: index &= COUNT - 1, for a power of two",
            "check the variable that is used, not a copy of it; a check of 32 bits does not hold for the 64-bit value "
            "where the compiler keeps both",
        ),
        register,
    )


MESSAGES: Final = (
    Message(
        "null-pointer",
        re.compile(r"R(?P<reg>\d+) invalid mem access '(?P<type>\w*or_null\w*)'"),
        _null,
    ),
    Message("no-pointer", re.compile(r"R(?P<reg>\d+) invalid mem access '(?:scalar|inv|imm)'"), _scalar),
    Message("wrong-pointer", re.compile(r"R(?P<reg>\d+) invalid mem access '(?P<type>[^']+)'"), _other),
    Message(
        "map-value-bounds",
        re.compile(
            r"invalid access to map value, value_size=(?P<vs>\d+) off=(?P<off>-?\d+) size=(?P<size>\d+)\n"
            r"R(?P<reg>\d+) (?P<side>min|max) value is outside"
        ),
        _map_value,
    ),
    plain(
        "map-value-fixed",
        r"invalid access to map value, value_size=(?P<vs>\d+) off=(?P<off>-?\d+) size=(?P<size>\d+)",
        "{size} bytes at offset {off} are not within the map's value of {vs} bytes",
        "stay within the value, or make the map's value type larger",
    ),
    Message(
        "index-unbounded",
        re.compile(
            r"R(?P<reg>\d+) (?:unbounded memory access, make sure|min value is negative, either use unsigned index)"
        ),
        _unbounded,
    ),
    Message(
        "length-unbounded",
        re.compile(
            r"R(?P<reg>\d+) (?:unbounded memory access, use 'var &= const'|min value is negative, either use unsigned "
            r"(?:or )?'var|invalid zero-sized read)"
        ),
        _size,
    ),
    plain(
        "length-zero",
        r"invalid zero-sized read",
        "the length that the helper gets can be 0, and this helper needs at least one byte",
        "if (length < 1 || length > SIZE) return …;  with an unsigned length",
    ),
    plain(
        "memory-bounds",
        r"invalid access to memory, mem_size=(?P<room>\d+) off=(?P<off>-?\d+) size=(?P<size>\d+)(?:\nR(?P<reg>\d+))?",
        "{size} bytes at offset {off} are not within the {room} bytes that are there",
        "stay within the size that was asked for (bpf_ringbuf_reserve, bpf_dynptr_slice, an argument's size)",
    ),
    plain(
        "map-key-bounds",
        r"invalid access to map key, key_size=(?P<room>\d+) off=(?P<off>-?\d+) size=(?P<size>\d+)",
        "{size} bytes at offset {off} are not within the map's key of {room} bytes",
        "stay within the key",
    ),
    plain(
        "map-read-only",
        r"write into map forbidden",
        "the program writes to a map that is read-only to programs (BPF_F_RDONLY_PROG; .rodata after its freeze)",
        "make the variable non-const (volatile const lives in .rodata), or use another map",
    ),
    plain(
        "map-write-only",
        r"read from map forbidden",
        "the program reads from a map that is write-only to programs (BPF_F_WRONLY_PROG)",
        "drop the map's flag",
    ),
    plain(
        "memory-read-only",
        r"R(?P<reg>\d+) cannot write into (?P<kind>\w+)"
        r"|\S+\(\) may write into memory pointed by R(?P<reg2>\d+) type=(?P<kind2>\w+)"
        r"|write to change key R(?P<reg3>\d+) not allowed",
        "r{reg}{reg2}{reg3} points to memory that may only be read {kind}{kind2}",
        "copy it to the stack or to a map value, and change it there",
    ),
    plain(
        "kernel-memory-write",
        r"only read (?:is supported|from (?P<kind>\w+) is supported)",
        "the kernel's structs can be read through such a pointer, not written",
        "use the helper or kernel function that changes what is meant",
    ),
    plain(
        "kernel-member-offset",
        r"R(?P<reg>\d+) is (?:ptr_)?(?P<struct>\w+) invalid (?:negative access|variable offset)",
        "r{reg} points to struct {struct}, but the access is at an offset that is negative or not a constant",
        "index arrays inside kernel structs through bpf_probe_read_kernel(), or with a constant",
    ),
    plain(
        "kernel-member-variable",
        r"variable (?P<kind>\w*ptr_\w*) access var_off=\S+(?: \S+\))? disallowed",
        "a kernel object ({kind}) is passed or used with something variable added to its address",
        "pass the object's own address; reach its members with constant offsets",
    ),
    plain(
        "address-space",
        r"R(?P<reg>\d+) is ptr_(?P<struct>\w+) access (?P<kind>percpu|user) memory",
        "r{reg} points to struct {struct} in {kind} memory, which cannot be read directly",
        "per-CPU: bpf_this_cpu_ptr() or bpf_per_cpu_ptr(); of user space: bpf_probe_read_user(), bpf_copy_from_user()",
    ),
    plain(
        "map-pointer",
        r"invalid map_ptr to access map->(?P<what>\w+)|map_ptr access not supported for map type (?P<type>\d+)"
        r"|pointer in R(?P<reg>\d+) isn't map pointer|tail_call abusing map_ptr",
        "the function needs a map that the verifier can tell: one and the same on every path to the call",
        "pass &map itself; where two maps are possible, call in both branches",
    ),
    plain(
        "struct-access",
        r"access beyond (?:the end of member (?P<member>\w+) \(mend:\d+\) in )?struct (?P<struct>\w+) (?:at|with) off "
        r"(?P<off>\d+) size (?P<size>\d+)"
        r"|cannot access ptr member (?P<member2>\w+) with moff \d+ in struct (?P<struct2>\w+) with off (?P<off2>\d+) "
        r"size (?P<size2>\d+)",
        "{size}{size2} bytes at offset {off}{off2} do not fit into what is there in struct {struct}{struct2} "
        "{member}{member2}",
        "the program may be compiled for another kernel: use CO-RE (BPF_CORE_READ, preserve_access_index)",
    ),
    plain(
        "buffer-bounds",
        r"R(?P<reg>\d+) invalid (?P<kind>\w+) (?:buffer access: |access )off=(?P<off>-?\d+),? size=(?P<size>\d+)"
        r"|R(?P<reg2>\d+) invalid variable buffer offset: off=(?P<off2>-?\d+)",
        "the access at offset {off}{off2} is not within the {kind} buffer that r{reg}{reg2} points to",
        "stay within the buffer's size",
    ),
    plain(
        "misaligned",
        r"misaligned (?P<what>\w+ )?access off (?P<off>\S+(?: \S+\)\S*)?) size (?P<size>\d+)",
        "an access of {size} bytes is at an offset that is no multiple of {size}",
        "align the member: reorder the struct, or add padding",
        "for bytes that are not aligned use memcpy() into a variable (the compiler makes byte accesses of it)",
    ),
)
