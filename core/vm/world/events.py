"""What programs that run on no packets are given in a sandbox: a context for each frame of its traffic.

Addresses, ports and the protocol are those of the frame, from the client to the server; what a frame does not tell is a
small number from the frame's own number, the same in each run.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from ...btf.types import Pointer
from ...context.values import arguments_of, layout_of
from ...spec import ProgramType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...btf import Btf
    from ...context.values import ContextLayout
    from ...spec import ProgramSpec

__all__ = ["Events"]

_INET, _INET6 = 2, 10
_STREAM, _DATAGRAM = 1, 2
_TCP: Final = 6
_POINTERS: Final = frozenset(
    ("sk", "data", "data_end", "skb_data", "skb_data_end", "optval", "optval_end", "migrating_sk", "state", "skb")
)
"""Fields that the context itself lets lead somewhere."""
_SYSCTLS: Final = ("kernel/hostname", "net/ipv4/ip_forward", "net/core/somaxconn", "vm/swappiness")
_DEVICES: Final = ((1, 3), (1, 5), (1, 9), (5, 0), (8, 0), (10, 200))
"""null, zero, urandom, tty, a disk, net/tun."""


class Events:
    """Makes contexts for one program.

    Args:
        program: The program.
        target: The types that it was adapted to, where it was.
    """

    def __init__(self, program: ProgramSpec, target: Btf | None = None) -> None:
        self._program = program
        self._layout = layout_of(program, target)
        self._pointers = {
            argument.name
            for argument in arguments_of(program, target)
            if argument.type is not None and isinstance(argument.type.stripped, Pointer)
        }

    def context(self, frame: bytes, number: int) -> dict[str, object] | None:
        """Return the values for a frame, the *number*-th; None where nothing is known of the context."""
        layout = self._layout
        if layout is None:
            return None
        chance = random.Random(number)
        match self._program.type:
            case ProgramType.CGROUP_DEVICE:
                major, minor = chance.choice(_DEVICES)
                # BPF_DEVCG_ACC_* in the upper half, BPF_DEVCG_DEV_CHAR in the lower
                return {"access_type": 1 << 16 + chance.randrange(3) | 2, "major": major, "minor": minor}
            case ProgramType.CGROUP_SYSCTL:
                return {"write": 0, "name": chance.choice(_SYSCTLS), "current": str(chance.randrange(100))}
            case ProgramType.CGROUP_SOCKOPT:
                return {"level": 1, "optname": chance.randrange(1, 60), "optval": chance.randbytes(4)}
            case _:
                return self._values(layout, _addresses(frame, layout), chance)

    def _values(self, layout: ContextLayout, known: Mapping[str, object], chance: random.Random) -> dict[str, object]:
        found: dict[str, object] = {}
        pointers = _POINTERS | self._pointers
        for field in layout.fields:
            if field.name in known:
                found[field.name] = known[field.name]
            elif field.name not in pointers and not field.length and field.width in (1, 2, 4, 8):
                found[field.name] = chance.getrandbits(7 if field.width == 1 else 12)
        return found

    def data(self, frame: bytes) -> bytes:
        """Return what the context's pointers to data lead to: of a reuseport group from the transport header on."""
        start = _transport(frame)
        return frame[start:] if self._program.type is ProgramType.SK_REUSEPORT else frame[start + 8 :]


def _transport(frame: bytes) -> int:
    """Return where the transport header of a frame begins, as far as there is one."""
    if frame[12:14] == b"\x86\xdd":
        return min(54, len(frame))
    return min(14 + ((frame[14] & 15) * 4 if len(frame) > 14 else 0), len(frame))


def _addresses(frame: bytes, layout: ContextLayout) -> dict[str, object]:
    """Return what a frame tells, by the names that fields have: the client is remote, and who connects."""
    if frame[12:14] not in (b"\x08\x00", b"\x86\xdd"):
        return {}
    is_old = frame[12:14] == b"\x08\x00"
    source, target = (frame[26:30], frame[30:34]) if is_old else (frame[22:38], frame[38:54])
    protocol = frame[23] if is_old else frame[20]
    at = _transport(frame)
    source_port, target_port = frame[at : at + 2], frame[at + 2 : at + 4]
    family, version = (_INET, "4") if is_old else (_INET6, "6")
    found: dict[str, object] = {
        "family": family,
        "user_family": family,
        "type": _STREAM if protocol == _TCP else _DATAGRAM,
        "protocol": protocol,
        "ip_protocol": protocol,
        "eth_protocol": frame[12:14],
        f"user_ip{version}": target,
        f"dst_ip{version}": target,
        f"src_ip{version}": source,
        f"msg_src_ip{version}": source,
        f"remote_ip{version}": source,
        f"local_ip{version}": target,
        # In network order, at the start of the field on either kind of machine.
        "user_port": target_port,
        "dst_port": target_port,
        # In network order, behind two zeros, but for look-ups.
        "remote_port": source_port if layout.struct == "bpf_sk_lookup" else b"\0\0" + source_port,
        "local_port": int.from_bytes(target_port),
        "src_port": int.from_bytes(source_port),
    }
    names = {field.name for field in layout.fields}
    return {name: value for name, value in found.items() if name in names}
