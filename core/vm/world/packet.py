"""Packets and contexts: what a program is started with, by its type.

Layouts are uapi (`linux/bpf.h`). What a test run makes of a packet is that of net/bpf/test_run.c (Linux 6.18): types
that do not see the Ethernet header find the packet behind it, and give it back with zeros in its place.
"""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from ...context.fields import context_size, fields_of
from ...context.packet_sizes import HEADROOM, MOST_METADATA, PAGE, SMALLEST_PACKET, packet_sizes
from ...context.values import TAKEN_BESIDE_A_PACKET
from ...errors import UsageError
from ...spec import ProgramType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...btf import ByteOrder
    from ..engine.memory import AddressSpace

__all__ = ["LARGEST_PACKET", "ON_PACKETS", "FlowPacket", "Moved", "Packet", "SkbPacket", "XdpPacket", "frame_protocol"]

LARGEST_PACKET: Final = 0xF000
"""Bytes of what lies in one piece; a region for packets has 64 KiB, and programs may lengthen theirs."""
_FRAME: Final = HEADROOM - MOST_METADATA
"""Bytes in front of a packet's headroom that are the kernel's own (struct xdp_frame)."""
_MOST_META_LENGTH: Final = 0xFF
"""What `meta_len` of struct skb_shared_info holds."""
_NO_SHORTENING: Final = -(1 << 31)
"""What a packet with fragments is shortened by to no effect: in the kernel's int it is its own opposite."""
_LINEAR: Final = packet_sizes(ProgramType.XDP).linear
"""Bytes of a packet that XDP reaches by pointers, as long as there is headroom and metadata as at the start."""
_INTERFACE: Final = 1
"""Test runs take place on `lo`, whose index is 1."""
_QUEUE: Final = (_INTERFACE, 0, 0)
"""ingress_ifindex, rx_queue_index, egress_ifindex."""

_WITH_HEADER: Final = frozenset({ProgramType.SCHED_CLS, ProgramType.SCHED_ACT})
_DIRECT: Final = frozenset(each for each in ProgramType if each.sees_skb) - {ProgramType.SOCKET_FILTER}
"""Types whose programs reach the packet by pointers."""
_WRITABLE: Final = _WITH_HEADER | {ProgramType.LWT_XMIT, ProgramType.SK_SKB}
"""Types whose programs may write to the packet by pointers."""
ON_PACKETS: Final = _DIRECT | {ProgramType.XDP, ProgramType.SOCKET_FILTER, ProgramType.FLOW_DISSECTOR}
"""Types that run on a packet."""

_LOCAL, _BROADCAST, _MULTICAST, _OTHER = 0, 1, 2, 3
"""`pkt_type` (linux/if_packet.h)."""


class Moved(NamedTuple):
    """Bytes that were put into a frame, or taken out of it: what lies behind them has moved."""

    at: int
    """Where in the frame the first of them lies, or lay."""
    by: int
    """How many were put in; negative: taken out."""

    def to(self, offset: int) -> int | None:
        """Return where a byte of the frame has got to; None for one that was taken out."""
        if offset < self.at:
            return offset
        return None if offset < self.at - self.by else offset + self.by

    @property
    def undone(self) -> Moved:
        """The way back."""
        return Moved(self.at, -self.by)


class Packet:
    """A packet and the context that leads to it; one a program, filled anew for each run.

    Args:
        memory: Where both get their addresses.
        byte_order: That of the program, and so of the context.
        context_size: Bytes of the context.
        writable: Whether the program may write to packet and context directly.
    """

    def __init__(self, memory: AddressSpace, byte_order: ByteOrder, context_size: int, *, writable: bool) -> None:
        self.memory = memory
        self.byte_order: ByteOrder = byte_order
        self.region = memory.map("the packet", 0, low=True, writable=writable)
        self.context = memory.map("the context", context_size)
        self.data = bytearray()
        """The bytes that the program sees, its metadata not among them."""
        self.moved: tuple[Moved, ...] = ()
        """What has moved in the frame since it came in, through all programs that it came to."""

    def start(self, data: bytes, context: bytes | None) -> int:
        """Begin a run on a copy of *data*; return the context's address."""
        raise NotImplementedError

    def resize(self, data: bytearray, *, at: int = 0, by: int = 0) -> None:
        """Exchange the packet for another one, of any length.

        Args:
            data: Its bytes.
            at: Where in the packet *by* bytes were put in; negative: taken out.
            by: 0 where nothing else has moved: at its end it may be shorter, or longer.
        """
        if by:
            self.moved = (*self.moved, Moved(len(self.hidden) + at, by))
        self.data = data
        self.memory.replace(self.region, data)
        self.publish()

    def publish(self) -> None:
        """Write into the context where the packet is now."""

    meta = 0
    """Bytes of metadata in front of the packet."""

    @property
    def whole(self) -> bytes:
        """All that there is of the packet where the program sees it, metadata included."""
        return bytes(self.data)

    @property
    def result(self) -> bytes:
        """The packet as the program left it, as a test run gives it back."""
        return self.whole

    @property
    def begin(self) -> int:
        """The address at which the frame begins, or would: a header that the program does not see is in front."""
        return self.region.base + self.meta - len(self.hidden)

    @property
    def frame(self) -> bytes:
        """The frame as the program left it, as it comes to whoever sees it next."""
        return bytes(self.hidden + self.data)

    @property
    def changed_context(self) -> bytes:
        """The context as the program left it."""
        return bytes(self.context.data)

    @property
    def length(self) -> int:
        """Bytes of the packet."""
        return len(self.data)

    def read(self, offset: int, size: int) -> bytes | None:
        """Return *size* bytes of the packet from *offset*; None outside of it."""
        return bytes(self.data[offset : offset + size]) if offset + size <= len(self.data) else None

    def write(self, offset: int, data: bytes) -> bool:
        """Write *data* into the packet at *offset*; False outside of it."""
        if offset + len(data) > len(self.data):
            return False
        self.data[offset : offset + len(data)] = data
        return True

    def load(self, offset: int, size: int) -> int | None:
        """Return what a legacy load reads, in host order; None outside of the packet."""
        found = self.at(self.loaded_at(offset), size)
        return None if found is None else int.from_bytes(found, "big")

    def loaded_at(self, offset: int) -> int:
        """Return where in `data` a legacy load reads."""
        if offset >= 0:
            return offset
        # SKF_NET_OFF and SKF_LL_OFF: from the network header, from the link layer's (linux/filter.h)
        base = -0x100000 if offset >= -0x100000 else -0x200000
        return offset - base + (self.network_offset if base == -0x100000 else self.link_offset)

    def header(self, start: int) -> int | None:
        """Return where in `data` the header begins that `bpf_skb_load_bytes_relative` counts from; None for no such."""
        # BPF_HDR_START_MAC, BPF_HDR_START_NET
        return {0: self.link_offset, 1: self.network_offset}.get(start)

    def at(self, start: int, size: int) -> bytes | None:
        """Return *size* bytes from *start* in `data`, or from before it, where a header is that the program does not
        see; None outside of the packet."""
        data = self.data
        if start < 0:
            data, start = self.hidden + data, start + len(self.hidden)
        return bytes(data[start : start + size]) if 0 <= start <= len(data) - size else None

    def in_frame(self, offset: int, size: int) -> bytes | None:
        """Return *size* bytes from *offset* in the frame, seen by the program or not; None outside of it."""
        return self.at(offset - len(self.hidden), size)

    network_offset = 14
    """Where the network header begins, in `data`."""
    link_offset = 0
    hidden = b""
    """The link layer's header in front of `data`."""


class XdpPacket(Packet):
    """A packet as XDP sees it: `struct xdp_md`. What does not fit into its page is in fragments of a page each."""

    def __init__(self, memory: AddressSpace, byte_order: ByteOrder) -> None:
        super().__init__(memory, byte_order, 24, writable=True)
        self.context.writable = False
        memory.writers.pop(self.context.base >> 16, None)
        self._fields = struct.Struct(("<" if byte_order == "little" else ">") + "6I")
        self.meta = 0
        self.head = HEADROOM
        self.fragments = bytearray()
        self._before: bytearray | None = None
        """What lies in front of `data` in the page; None for zeros."""
        self._queue = _QUEUE
        self._given = (0, 0, 0)
        self._pack = self._fields.pack_into

    meta: int
    """Bytes of metadata in front of the packet."""
    head: int
    """Bytes between the start of the page and the packet, metadata among them."""
    fragments: bytearray
    """What of the packet is behind `data`, which programs do not reach by pointers: pages, of which only the last may
    hold less."""

    def start(self, data: bytes, context: bytes | None) -> int:
        """Begin a run; of a *context*, `data` says how much of the packet is metadata, `data_end` how much of it lies
        in one piece (Linux 6.18)."""
        self.meta, self.head, self._queue, self._given = 0, HEADROOM, _QUEUE, (0, 0, 0)
        self._before, self.moved = None, ()
        linear = _LINEAR
        if context:
            linear = self._take(self._fields.unpack(context.ljust(24, b"\0")[:24]), len(data))
        self.data = copy = bytearray(data[:linear])
        self.fragments = bytearray(data[linear:])
        self.memory.replace(self.region, copy)
        base = self.region.base
        self._pack(self.context.data, 0, base + self.meta, base + len(copy), base, *self._queue)
        return self.context.base

    def _take(self, given: tuple[int, ...], size: int) -> int:
        """Take what a context says of a packet; return how much of it lies in one piece."""
        meta, end, before, interface, queue, egress = given
        if before or not meta <= end <= size or size - meta < SMALLEST_PACKET:
            raise UsageError(
                "the context does not fit the packet: data_meta is 0, data the length of the metadata, data_end that "
                f"of what lies in one piece, metadata included, at most the {size} bytes that there are, of which "
                f"{SMALLEST_PACKET} are no metadata"
            )
        if meta > MOST_METADATA or meta % 4:
            raise UsageError(f"metadata has at most {MOST_METADATA} bytes, a multiple of 4, and not {meta}")
        if egress:
            raise UsageError("egress_ifindex is not given: a test run's packets are received")
        if queue:
            what = "names none" if not interface else "has one queue in a test run"
            raise UsageError(f"rx_queue_index is one of an interface, and ingress_ifindex {what}")
        if interface not in (0, _INTERFACE):
            raise UsageError(f"there is no interface {interface}: a test run's packets come from 1, which is lo")
        self.meta, self._given = meta, (interface, queue, egress)
        return min(end, _LINEAR + meta)

    def publish(self) -> None:
        """Write into the context where metadata, packet and end are."""
        base = self.region.base
        self._fields.pack_into(self.context.data, 0, base + self.meta, base + len(self.data), base, *self._queue)

    @property
    def length(self) -> int:
        """Bytes of the packet, fragments included, metadata not."""
        return len(self.data) - self.meta + len(self.fragments)

    @property
    def whole(self) -> bytes:
        """Metadata, packet, and its fragments behind it."""
        return bytes(self.data + self.fragments)

    @property
    def frame(self) -> bytes:
        """The packet and its fragments."""
        return bytes(self.data[self.meta :] + self.fragments)

    def read(self, offset: int, size: int) -> bytes | None:
        """Return *size* bytes of the packet from *offset*; None outside of it."""
        if offset + size > self.length:
            return None
        start = offset + self.meta
        found = self.data[start : start + size]
        if len(found) < size:
            start = max(start - len(self.data), 0)
            found += self.fragments[start : start + size - len(found)]
        return bytes(found)

    def in_frame(self, offset: int, size: int) -> bytes | None:
        """Return *size* bytes from *offset* in the frame; None outside of it."""
        return self.read(offset, size) if offset >= 0 else None

    def write(self, offset: int, data: bytes) -> bool:
        """Write *data* into the packet at *offset*; False outside of it."""
        if offset + len(data) > self.length:
            return False
        start = offset + self.meta
        here = max(min(len(self.data) - start, len(data)), 0)
        self.data[start : start + here] = data[:here]
        if rest := data[here:]:
            start = max(start - len(self.data), 0)
            self.fragments[start : start + len(rest)] = rest
        return True

    def adjust_head(self, delta: int) -> bool:
        """Move the packet's start; metadata moves along, and what was in front comes to light. False where it cannot
        be."""
        if delta > len(self.data) - self.meta - SMALLEST_PACKET or self.head + delta < _FRAME + self.meta:
            return False
        page, meta = self._page, self.data[: self.meta]
        self.head += delta
        self._before = page[: self.head - self.meta]
        self.resize(meta + page[self.head :], by=-delta)
        return True

    @property
    def _page(self) -> bytearray:
        """What lies in the page, from its start to the packet's end; headroom that nobody touched is zeros."""
        before = bytearray(self.head - self.meta) if self._before is None else self._before
        return before + self.data

    def adjust_tail(self, delta: int) -> bool:
        """Move the packet's end. False where it cannot be."""
        if self.fragments:
            return self._adjust_fragments(delta)
        length = len(self.data) - self.meta + delta
        if length < SMALLEST_PACKET or (delta > 0 and self.head - HEADROOM + length > _LINEAR):
            return False
        self.resize(self.data[: len(self.data) + delta] if delta < 0 else self.data + bytearray(delta))
        return True

    def _adjust_fragments(self, delta: int) -> bool:
        """Move the end of the last fragment; what is to be shortened by more than there are goes on in the page."""
        if delta >= 0:
            if delta > -len(self.fragments) % PAGE:
                return False
            self.fragments += bytearray(delta)
            return True
        if delta == _NO_SHORTENING:
            return True
        if -delta > self.length - SMALLEST_PACKET:
            return False
        left = len(self.fragments) + delta
        self.fragments = self.fragments[: max(left, 0)]
        if left < 0:
            self.resize(self.data[:left])
        return True

    def adjust_meta(self, delta: int) -> int:
        """Move the start of the metadata; return 0 or the error."""
        meta = self.meta - delta
        if meta < 0 or meta > self.head - _FRAME:
            return -errno.EINVAL
        if meta % 4 or meta > _MOST_META_LENGTH:
            return -errno.EACCES
        page, start = self._page, self.head - meta
        self.meta, self._before = meta, page[:start]
        self.resize(page[start:])
        return 0

    @property
    def changed_context(self) -> bytes:
        """The context as a test run gives it back: lengths instead of addresses."""
        return self._fields.pack(self.meta, len(self.data), 0, *self._given)


_SKB: Final = {field.name: field for field in fields_of("__sk_buff")}
_SKB_SIZE: Final = context_size(ProgramType.SCHED_CLS)
_LEN, _PKT_TYPE, _PROTOCOL, _VLAN = (_SKB[name].offset for name in ("len", "pkt_type", "protocol", "vlan_present"))
_IFINDEX, _DATA, _DATA_END, _FAMILY = (_SKB[name].offset for name in ("ifindex", "data", "data_end", "family"))
_DATA_META, _FLOW_KEYS, _WIRE_LEN, _SK = (_SKB[name].offset for name in ("data_meta", "flow_keys", "wire_len", "sk"))


def _stretches(names: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """Return where fields of a `struct __sk_buff` lie, those behind each other as one."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted((_SKB[name].offset, _SKB[name].offset + _SKB[name].size) for name in names):
        if found and found[-1][1] == begin:
            begin = found.pop()[0]
        found.append((begin, end))
    return tuple(found)


_GIVEN: Final = _stretches(TAKEN_BESIDE_A_PACKET["__sk_buff"].split())
"""What a test run takes."""
_TOLD: Final = _stretches(set(TAKEN_BESIDE_A_PACKET["__sk_buff"].split()) - {"gso_size"})
"""What of it a test run gives back as the program left it."""
_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"
_TCP_CLOSE: Final = 7
"""The state of a test run's socket."""


class SkbPacket(Packet):
    """A packet as a socket buffer: `struct __sk_buff`, with the socket that a test run gives it."""

    def __init__(self, memory: AddressSpace, byte_order: ByteOrder, type_: ProgramType) -> None:
        self._direct = type_ in _DIRECT
        self._with_header = type_ in _WITH_HEADER
        super().__init__(memory, byte_order, _SKB_SIZE, writable=type_ in _WRITABLE)
        self._word = struct.Struct(("<" if byte_order == "little" else ">") + "I")
        self._given = bytes(_SKB_SIZE)
        self._order: ByteOrder = byte_order
        self._tag = struct.Struct(("<" if byte_order == "little" else ">") + "3I")
        # In network order within a __u32, as the kernel has it.
        self._protocol_at = _PROTOCOL if byte_order == "little" else _PROTOCOL + 2
        self._socket = memory.map("the socket", 80, writable=False)
        # state, rx_queue_mapping
        self._word.pack_into(self._socket.data, 72, _TCP_CLOSE)
        self._word.pack_into(self._socket.data, 76, 0xFFFF_FFFF)
        pointer = self._socket.base.to_bytes(8, byte_order)
        self._empty = bytes(_SK) + pointer + bytes(_SKB_SIZE - _SK - 8)
        self._begin = 14 if self._with_header else 0
        self.network_offset = self._begin
        self.encapsulated = False
        self.link_offset = 0 if self._with_header else -14

    def start(self, data: bytes, context: bytes | None) -> int:
        """Begin a run; of a *context* the fields count that a test run takes."""
        put, raw = self._word.pack_into, self.context.data
        raw[:] = self._empty
        self.network_offset, self.encapsulated, self.moved = self._begin, False, ()
        self.protocol = protocol = _protocol(data)
        put(raw, _PKT_TYPE, _packet_type(data[:6]))
        self.data = bytearray(data if self._with_header else data[14:])
        self.hidden = b"" if self._with_header else data[:14]
        put(raw, _IFINDEX, _INTERFACE)
        if context:
            self._take(context)
        self._tell_socket(protocol, data)
        self.memory.replace(self.region, self.data)
        self.publish()
        return self.context.base

    def _take(self, context: bytes) -> None:
        """Take what a test run takes of *context*."""
        put, raw = self._word.pack_into, self.context.data
        self._given = context = context[:_SKB_SIZE].ljust(_SKB_SIZE, b"\0")
        for begin, end in _GIVEN:
            raw[begin:end] = context[begin:end]
        if not any(context[_IFINDEX : _IFINDEX + 4]):
            put(raw, _IFINDEX, _INTERFACE)
        (length,) = self._word.unpack_from(context, _WIRE_LEN)
        if length and not len(self.data) <= length <= 0x10000:
            raise UsageError(
                f"wire_len of {length} bytes does not fit a packet of {len(self.data)}: up to 65536 is more"
            )
        put(raw, _WIRE_LEN, length or len(self.data))

    def _tell_socket(self, protocol: bytes, data: bytes) -> None:
        """Let the socket have the packet's addresses: its peer is where the packet goes to."""
        family, local, remote = 0, b"", b""
        if protocol == _IPV4:
            family = 2
            if len(data) >= 34:
                local, remote = data[26:30] + bytes(16), data[30:34] + bytes(16)
        elif protocol == _IPV6:
            family = 10
            if len(data) >= 54:
                local, remote = bytes(4) + data[22:38], bytes(4) + data[38:54]
        socket, raw = self._socket.data, self.context.data
        self._word.pack_into(socket, 4, family)
        socket[24:44], socket[52:72] = local or bytes(20), remote or bytes(20)
        if not self._with_header:
            # remote_ip4, local_ip4, remote_ip6, local_ip6
            self._word.pack_into(raw, _FAMILY, family)
            raw[92:96], raw[96:100] = socket[52:56], socket[24:28]
            raw[100:116], raw[116:132] = socket[56:72], socket[28:44]

    @property
    def protocol(self) -> bytes:
        """`protocol` of the context: two bytes in network order."""
        at = self._protocol_at
        return bytes(self.context.data[at : at + 2])

    @protocol.setter
    def protocol(self, protocol: bytes) -> None:
        at = self._protocol_at
        self.context.data[at : at + 2] = protocol

    @property
    def tag(self) -> tuple[bytes, int] | None:
        """The VLAN tag that is beside the packet's bytes, as network cards leave it: its protocol, and the TCI."""
        present, tci, protocol = self._tag.unpack_from(self.context.data, _VLAN)
        return (protocol.to_bytes(2, self._order), tci) if present else None

    @tag.setter
    def tag(self, tag: tuple[bytes, int] | None) -> None:
        protocol, tci = tag or (b"\0\0", 0)
        self._tag.pack_into(self.context.data, _VLAN, tag is not None, tci, int.from_bytes(protocol, self._order))

    def publish(self) -> None:
        """Write into the context how long the packet is, and where, for those who may know."""
        put, raw = self._word.pack_into, self.context.data
        put(raw, _LEN, len(self.data))
        if self._direct:
            base = self.region.base
            put(raw, _DATA, base)
            put(raw, _DATA_END, base + len(self.data))
            put(raw, _DATA_META, base)

    @property
    def result(self) -> bytes:
        """The packet as the program left it; zeros in place of a header that it did not see."""
        return bytes(self.data) if self._with_header else bytes(14) + self.data

    @property
    def changed_context(self) -> bytes:
        """The context as a test run gives it back: what was given, and of some fields what the program left."""
        raw = bytearray(self._given)
        for begin, end in _TOLD:
            raw[begin:end] = self.context.data[begin:end]
        return bytes(raw)


_KEYS_SIZE: Final = 56


class FlowPacket(Packet):
    """A packet as a flow dissector sees it: `__sk_buff` leads to it and to `struct bpf_flow_keys`, which is what the
    program leaves."""

    def __init__(self, memory: AddressSpace, byte_order: ByteOrder) -> None:
        super().__init__(memory, byte_order, _SKB_SIZE, writable=False)
        self._keys = memory.map("the flow keys", _KEYS_SIZE)
        self._order = "<" if byte_order == "little" else ">"

    def start(self, data: bytes, context: bytes | None) -> int:
        """Begin a run; a *context* is a `struct bpf_flow_keys`, of which only the flags count."""
        keys, raw, order = self._keys.data, self.context.data, self._order
        keys[:] = bytes(_KEYS_SIZE)
        # nhoff, thoff, n_proto
        struct.pack_into(f"{order}HH", keys, 0, 14, 14)
        keys[10:12] = data[12:14]
        if context:
            keys[48:52] = context[48:52].ljust(4, b"\0")
        self.data, self.moved = bytearray(data), ()
        self.memory.replace(self.region, self.data)
        base = self.region.base
        struct.pack_into(f"{order}II", raw, _DATA, base, base + len(data))
        struct.pack_into(f"{order}Q", raw, _FLOW_KEYS, self._keys.base)
        return self.context.base

    @property
    def result(self) -> bytes:
        """The flow keys as the program left them; offsets lie within the packet."""
        raw = bytearray(self._keys.data)
        network, transport = struct.unpack_from(f"{self._order}HH", raw)
        network = min(max(network, 14), len(self.data))
        struct.pack_into(f"{self._order}HH", raw, 0, network, min(max(transport, network), len(self.data)))
        return bytes(raw)

    @property
    def changed_context(self) -> bytes:
        """Nothing: what is given is given back."""
        return b""


def _packet_type(destination: bytes) -> int:
    """Return what eth_type_trans makes of a frame to *destination* on `lo`, whose address is all zeros."""
    if not any(destination):
        return _LOCAL
    if destination[0] & 1:
        return _BROADCAST if destination == b"\xff" * 6 else _MULTICAST
    return _OTHER


def _protocol(data: bytes) -> bytes:
    """Return the protocol of an Ethernet frame, in network order."""
    return frame_protocol(bytes(data[12:14]), data[14:16])


def frame_protocol(protocol: bytes, begin: bytes) -> bytes:
    """Return what the two bytes of a frame that tell its protocol mean, in front of data with this *begin*: what is
    below 0x600 is a length."""
    if protocol >= b"\x06\x00":
        return protocol
    return b"\0\1" if begin == b"\xff\xff" else b"\0\4"
