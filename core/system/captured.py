"""The next packets that reach a program, as they pass on its interface: by a socket there, which changes nothing.

A packet socket (AF_PACKET) sees what comes in behind XDP and before traffic control, and what goes out behind traffic
control (`__netif_receive_skb_core`, `dev_hard_start_xmit` in net/core/dev.c). So what XDP drops it does not see; the
other end of a veth pair in the same namespace does, which is where such packets are taken then.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import time
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from ..closing import Closing
from ..errors import BpftuiError, NoPermissionError, UsageError, reason_of
from ..kernel.net import rtnetlink
from ..kernel.sys.namespace import visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Event

    from .model import NetworkNamespace, Snapshot

__all__ = ["Capturing", "Meeting", "meeting_of"]

_T = TypeVar("_T")

_ETH_P_ALL: Final = 3
_LARGEST: Final = 1 << 16
_ROOM: Final = 1 << 22
"""Bytes of packets that may wait while maps are read."""
_LOOK: Final = 0.1
"""Seconds between two looks whether it is to end."""
# <asm-generic/socket.h>
_SO_ATTACH_FILTER, _SO_DETACH_FILTER = 26, 27
_TAKE_NOTHING: Final = struct.pack("=HBBI", 0x06, 0, 0, 0)
"""`BPF_RET | BPF_K` of 0 bytes, the filter that keeps nothing; `struct sock_filter`."""
# <linux/if_packet.h>
_SOL_PACKET, _PACKET_AUXDATA = 263, 8
_AUXDATA: Final = struct.Struct("=IIIHHHH")
"""`tpacket_auxdata`: status, length, length of what is there, offsets of two headers, VLAN's TCI and protocol."""
_VLAN_VALID, _VLAN_KNOWN = 1 << 4, 1 << 6


class _Passed(NamedTuple):
    """A packet that passed, with what the kernel has put beside it, and whether it went out."""

    raw: bytes
    beside: list[tuple[int, int, bytes]]
    is_outgoing: bool


class Meeting(NamedTuple):
    """Where a program meets packets, and where they are taken."""

    interface: str
    """The interface that the program is attached to."""
    hook: str
    """As in `Attachment.hook`."""
    namespace: NetworkNamespace
    tapped: str
    """The interface on which packets are taken: the program's, or the other end of its veth pair."""
    is_outgoing: bool
    """Whether what goes out there is what the program meets; else it is what comes in."""
    where: str
    """Whether that is before the program or behind it, for people."""
    is_before: bool


def meeting_of(snapshot: Snapshot, program: int) -> Meeting:
    """Return where packets meet a program.

    Args:
        snapshot: What the machine runs.
        program: The program's id.

    Raises:
        UsageError: It is attached to no interface, or by something else than XDP and traffic control.
        NoPermissionError: The namespace could not be entered.
    """
    for namespace in snapshot.namespaces:
        for interface in namespace.interfaces:
            for hook in interface.hooks:
                if any(each.program == program for each in hook.attached):
                    return _meeting(namespace, interface.name, interface.ifindex, hook.name)
    entry = snapshot.programs.get(program)
    places = "" if entry is None else ", ".join(each.place(entry.type) for each in entry.attachments)
    raise UsageError(
        f"program {program} is attached to {places or 'nothing'}: packets are captured where XDP and traffic control "
        "meet them, on an interface",
        hint="tcpdump -w FILE captures anywhere, for --pcap FILE",
    )


def _meeting(namespace: NetworkNamespace, name: str, ifindex: int, hook: str) -> Meeting:
    if hook == "xdp":
        peer = _inside(namespace, lambda: _peer(ifindex))
        if peer:
            return Meeting(
                name, hook, namespace, peer, True, f"before the program: as {peer} sends them", is_before=True
            )
        where = "behind the program: those that it lets through, as it leaves them, and none that it drops or redirects"
        return Meeting(name, hook, namespace, name, False, where, is_before=False)
    if hook.endswith("_ingress"):
        return Meeting(name, hook, namespace, name, False, "before the program", is_before=True)
    if hook.endswith("_egress"):
        where = "behind the program: those that it lets through, as it leaves them"
        return Meeting(name, hook, namespace, name, True, where, is_before=False)
    raise UsageError(
        f"packets that {hook} meets on {name} are not captured: only those of XDP and of traffic control are"
    )


def _peer(ifindex: int) -> str:
    """Return the other end of a veth pair in this thread's namespace; empty for none there."""
    devices = {each.ifindex: each for each in rtnetlink.devices()}
    own = devices.get(ifindex)
    peer = None if own is None or own.kind != "veth" else devices.get(own.peer)
    return "" if peer is None or peer.peer != ifindex else peer.name


class Capturing(Closing):
    """Takes packets from now on.

    Args:
        meeting: Where.
        channel: The packet socket there, of somebody who had the right to open it; without, it is opened.

    Raises:
        NoPermissionError: It takes CAP_NET_RAW, and CAP_SYS_ADMIN in another namespace.
        UsageError: The interface is gone.
    """

    def __init__(self, meeting: Meeting, channel: socket.socket | None = None) -> None:
        self.meeting = meeting
        if channel is not None:
            self.channel = channel
            self.channel.setblocking(False)
            return
        try:
            self.channel = _inside(meeting.namespace, lambda: _listen(meeting.tapped))
        except OSError as error:
            if error.errno in (errno.EPERM, errno.EACCES):
                raise NoPermissionError(
                    f"cannot capture on {meeting.tapped}: {reason_of(error)}", hint="it takes CAP_NET_RAW"
                ) from error
            raise UsageError(f"cannot capture on {meeting.tapped}: {reason_of(error)}") from error

    channel: socket.socket
    """The packet socket."""

    def drop(self) -> None:
        """Forget what has come by now: maps have been read, in which it may be counted.

        Nothing comes in meanwhile, as libpcap does it: a busy interface would bring more than is taken out.
        """
        nothing = ctypes.create_string_buffer(_TAKE_NOTHING)
        program = struct.pack("HP", 1, ctypes.addressof(nothing))
        self.channel.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
        while self._next() is not None:
            pass
        self.channel.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)

    def packets(self, most: int, stop: Event) -> Iterator[bytes]:
        """Iterate over packets as they come, from the link layer's header on; fewer than *most* once *stop* is set."""
        taken = 0
        while taken < most and not stop.is_set():
            packet = self._next()
            if packet is None:
                time.sleep(_LOOK / 10)
            elif packet.is_outgoing is self.meeting.is_outgoing:
                taken += 1
                yield _with_tag(packet.raw, packet.beside) if self.meeting.hook == "xdp" else packet.raw

    def _next(self) -> _Passed | None:
        """Return the next packet, in whichever direction; None where none is there."""
        try:
            raw, beside, _, address = self.channel.recvmsg(_LARGEST, socket.CMSG_SPACE(_AUXDATA.size))
        except BlockingIOError:
            return None
        except OSError as error:
            raise UsageError(f"capturing on {self.meeting.tapped} ended: {reason_of(error)}") from error
        return _Passed(raw, beside, address[2] == socket.PACKET_OUTGOING)

    def close(self) -> None:
        """Take no more."""
        self.channel.close()


def _with_tag(raw: bytes, beside: list[tuple[int, int, bytes]]) -> bytes:
    """Return a packet with the VLAN tag that the kernel has put beside it: XDP sees it in the packet."""
    for level, kind, data in beside:
        if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA) and len(data) >= _AUXDATA.size:
            status, *_, tci, protocol = _AUXDATA.unpack_from(data)
            if status & _VLAN_VALID:
                protocol = protocol if status & _VLAN_KNOWN else 0x8100
                return raw[:12] + struct.pack("!HH", protocol, tci) + raw[12:]
    return raw


def _listen(name: str) -> socket.socket:
    channel = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        channel.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        channel.setblocking(False)
        channel.bind((name, _ETH_P_ALL))
    except BaseException:
        channel.close()
        raise
    return channel


def _inside(namespace: NetworkNamespace, call: Callable[[], _T]) -> _T:
    """Return what *call* returns in a namespace, or raise what it raises."""
    if namespace.own:
        return call()
    failed: list[Exception] = []

    def look(_: int) -> list[_T]:
        try:
            return [call()]
        except Exception as error:  # raised where it is waited for
            failed.append(error)
            return []

    for place in _places(namespace):
        found, refused = visit({namespace.inode: place}, look)
        if failed:
            raise failed[0]
        if refused:
            raise NoPermissionError(f"cannot enter {namespace.label}: that takes CAP_SYS_ADMIN")
        if found.get(namespace.inode):
            return found[namespace.inode][0]
    raise BpftuiError(f"{namespace.label} is gone")


def _places(namespace: NetworkNamespace) -> Iterator[str]:
    """Iterate over files that may stand for a namespace: threads of a process may be in several."""
    if namespace.path:
        yield namespace.path
    for owner in namespace.processes:
        try:
            threads = os.listdir(f"/proc/{owner.pid}/task")
        except OSError:
            continue
        for thread in threads:
            place = f"/proc/{owner.pid}/task/{thread}/ns/net"
            try:
                if os.stat(place).st_ino == namespace.inode:
                    yield place
            except OSError:
                continue
