"""The sandbox: a place to attach programs to where they can do no harm, with traffic in it."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING, Any

from ...closing import Closing
from ...errors import BpftuiError, FeatureError, NoPermissionError
from ...privileges import privileges
from ...runtime import AttachTarget
from ...traffic import DESTINATION_MAC, SOURCE_MAC, Traffic
from ..sys.namespace import NetworkNamespace
from ..sys.unprivileged import NEEDED, UnprivilegedNamespace
from .interfaces import netlink, rx_packets
from .traffic import TrafficSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...runtime import XdpMode

__all__ = ["RECEIVER", "SENDER", "Sandbox"]

RECEIVER = "veth0"
"""The interface that programs are attached to."""
SENDER = "veth1"
"""The interface that frames are sent from."""


class Sandbox(Closing):
    """A network namespace of its own with a veth pair in it, and a source of traffic on one side.

    Programs are attached to the other side, `target()`. There are no addresses, and IPv6 is off: the only packets
    are those that are asked for, so that counts are exact. It ends with its context, or with the process, however that
    ends: nothing but threads and sockets holds it.

    With CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW it takes some 30 ms, once pyroute2 is imported (0.2 s). Without
    them it is made inside of a user namespace, by a child process, which takes 0.4 s.

    Args:
        traffic: What flows in it once it is started; without, generated packets, 1,000 a second.

    Raises:
        CaptureError: The traffic's capture cannot be read.
        NoPermissionError: The process lacks these capabilities, and may have no user namespace either.
        FeatureError: The kernel has no network namespaces, or no veth.
    """

    def __init__(self, traffic: Traffic | None = None) -> None:
        self.namespace = _namespace()
        try:
            self._index = self.namespace.run(_build)
            channel = self.namespace.run(_open_channel)
            try:
                self._source = TrafficSource(channel, traffic or Traffic())
            except BaseException:
                channel.close()
                raise
        except BaseException:
            self.namespace.close()
            raise

    namespace: NetworkNamespace | UnprivilegedNamespace

    def __repr__(self) -> str:
        return f"<Sandbox with {RECEIVER}>"

    def target(self, mode: XdpMode | None = None) -> AttachTarget:
        """Return what programs are attached to."""
        return AttachTarget(name=RECEIVER, index=self._index, namespace=self.namespace, mode=mode)

    def send(self, count: int) -> int:
        """Send *count* frames, as fast as they are received; return how many, fewer only at the end of a capture."""
        count = self._source.send(count)
        self._source.settle()
        return count

    def give(self, frames: Sequence[bytes]) -> None:
        """Send these frames; UsageError for one that is too short or too long."""
        self._source.give(frames)
        self._source.settle()

    def start(self) -> None:
        """Let the traffic flow; see `TrafficSource`."""
        self._source.start()

    @property
    def finished(self) -> bool:
        """Whether the traffic has ended: a capture is over, or an error broke it off, which `close` raises."""
        return self._source.finished

    def stop(self) -> None:
        """Send no more."""
        self._source.rate = 0

    @property
    def rate(self) -> float:
        """Packets per second that are being sent; set it at any time."""
        return self._source.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._source.rate = rate

    def rx_packets(self) -> int:
        """Return the receiving interface's own count."""
        return rx_packets(RECEIVER, self.namespace)

    def close(self) -> None:
        """Stop the traffic and let the kernel free the namespace with all that is in it."""
        try:
            self._source.close()
        finally:
            self.namespace.close()


def _namespace() -> NetworkNamespace | UnprivilegedNamespace:
    held = privileges().effective
    return NetworkNamespace() if all(held >> each & 1 for each in NEEDED) else UnprivilegedNamespace()


def _build() -> int:
    """Make the veth pair in the namespace of this thread, and return the receiving side's index."""
    _disable_ipv6()
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        return netlink(_make_pair)
    except NetlinkError as error:
        code: int = error.code  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportAttributeAccessIssue]
        raise _refused(code) from error


def _make_pair(route: Any) -> int:
    peer = {"ifname": SENDER, "address": SOURCE_MAC.hex(":")}
    route.link("add", ifname=RECEIVER, kind="veth", address=DESTINATION_MAC.hex(":"), peer=peer)
    indices = {link.get_attr("IFLA_IFNAME"): link["index"] for link in route.get_links()}
    for name in (RECEIVER, SENDER):
        route.link("set", index=indices[name], state="up")
    return indices[RECEIVER]


def _disable_ipv6() -> None:
    """Keep the kernel from sending multicast listener reports and router solicitations of its own."""
    for scope in ("all", "default"):
        try:
            with open(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6", "w", encoding="ascii") as setting:
                setting.write("1")
        except OSError:
            pass  # no IPv6 at all, or a container whose /proc/sys is read-only: then a few packets more are counted


def _open_channel() -> socket.socket:
    """Return a socket that sends frames on the sending side, and receives none (protocol 0)."""
    channel = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    channel.bind((SENDER, 0))
    return channel


def _refused(code: int) -> BpftuiError:
    message = f"cannot make a veth pair: {os.strerror(code).lower()}"
    if code == errno.EPERM:
        return NoPermissionError(f"{message}: a policy of this host", hint="look for AppArmor, SELinux or seccomp")
    if code == errno.EOPNOTSUPP:
        return FeatureError(message, hint="this kernel has no veth: load the module, or use one with CONFIG_VETH")
    return BpftuiError(message)
