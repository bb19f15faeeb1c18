"""What the tables of the System place say of a machine: each row, and all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.system.history import Minute, Seen
from bpftui.core.system.load import Look
from bpftui.tui.widgets.system.nouns import BTFS, INTERFACES, LINKS, MAPS, PINS, PROCESSES, PROGRAMS
from tests.tui.looker import LOADS, machine

if TYPE_CHECKING:
    from bpftui.tui.widgets.system.noun import Noun

SEEN = Seen(Look(0.0, machine(), LOADS, {}), None, Minute(), {})
TABLES = [
    (
        PROGRAMS,
        "ID | name | type | on | runs/s | ns/run | CPU % | last minute | memory | owner | missed/s | age | verified",
        """
42 | count_traffic | xdp | ▲ eth1 | 984,210 | 96 | 9.45 |  | 84.0 KiB | systemd 812 | 0 | 3 h | 171
  type: xdp
  loaded: 3 h ago by uid 0, tag a04f5eef06a7f555
  code: 1.43 KiB translated, 1.02 KiB JIT; 171 instructions verified
  memory: 84 KiB
  on: xdp eth1 native
  link: 30 xdp eth1 → link 30
  map: 12 ct4  lru_hash → map 12
  types: BTF 70 → btf 70
  open in: systemd 812 → proc 812
57 | cil_from_container | sched_cls | ▲ veth3 tcx in 1 | 211,902 | 388 | 8.22 |  | 412 KiB | cilium 1544 | 0 | 3 h | 171
  type: sched_cls
  loaded: 3 h ago by uid 0, tag a04f5eef06a7f555
  code: 1.43 KiB translated, 1.02 KiB JIT; 171 instructions verified
  memory: 412 KiB
  on: tcx_ingress veth3  runs as number 1
  link: 31 tcx veth3 → link 31
  map: 12 ct4  lru_hash → map 12
  map: 13 lb4_services  hash → map 13
  open in: cilium 1544 → proc 1544
  pinned: /sys/fs/bpf/cil_from_container → pin (0, '/sys/fs/bpf/cil_from_container')
58 | cil_to_container | sched_cls | ▲ veth3 tcx out 1 | 108,455 | 61 | 0.66 |  | 397 KiB | cilium 1544 | 0 | 3 h | 171
  type: sched_cls
  loaded: 3 h ago by uid 0, tag a04f5eef06a7f555
  code: 1.43 KiB translated, 1.02 KiB JIT; 171 instructions verified
  memory: 397 KiB
  on: tcx_egress veth3  runs as number 1
  link: 32 tcx veth3 → link 32
  open in: cilium 1544 → proc 1544
90 | audit_in | sched_cls | ▲ veth3 tcx in 2 | 108,377 | 41 | 0.44 |  | 4.00 KiB | tetragon 2033 | 0 | 3 h | 171
  type: sched_cls
  loaded: 3 h ago by uid 0, tag a04f5eef06a7f555
  code: 1.43 KiB translated, 1.02 KiB JIT; 171 instructions verified
  memory: 4 KiB
  on: tcx_ingress veth3  runs as number 2
  link: 33 tcx veth3 → link 33
  open in: tetragon 2033 → proc 2033
19 | sd_fw_ingress | cgroup_skb | ▲ /system.slice | 4,118 | 122 | 0.05 |  | 4.00 KiB | systemd 1 | 0 | 3 h | 171
  type: cgroup_skb
  loaded: 3 h ago by uid 0, tag a04f5eef06a7f555
  code: 1.43 KiB translated, 1.02 KiB JIT; 171 instructions verified
  memory: 4 KiB
  on: cgroup_inet_ingress /system.slice  runs as number 1
  open in: systemd 1 → proc 1
63 | handle_exec | tracing | ▲ fentry execve | 12 | 1,904 | 0.00 |  | 8.00 KiB | tetragon 2033 | 3 | 3 h | 171
  type: tracing
  loaded: 3 h ago by uid 0, tag a04f5eef06a7f555
  code: 1.43 KiB translated, 1.02 KiB JIT; 171 instructions verified
  memory: 8 KiB
  missed: 3 runs/s: it was running on that CPU
  on: fentry execve
  link: 34 tracing execve → link 34
  open in: tetragon 2033 → proc 2033
71 | old_filter | socket_filter | ⚠ not attached | 0 | – | 0.00 |  | 4.00 KiB | pinned, nobody | 0 | 3 h | 171
  type: socket_filter
  loaded: 3 h ago by uid 0, tag a04f5eef06a7f555
  code: 1.43 KiB translated, 1.02 KiB JIT; 171 instructions verified
  memory: 4 KiB
  on: not attached
  pinned: /sys/fs/bpf/old → pin (0, '/sys/fs/bpf/old')
  kept by: nobody that the kernel tells of
88 | probe_tcp | kprobe | ▲ tcp_connect | 0 | – | 0.00 |  | ? | ? | 0 | 3 h | 171
  type: kprobe
  loaded: 3 h ago by uid 0, tag a04f5eef06a7f555
  code: 1.43 KiB translated, 1.02 KiB JIT; 171 instructions verified
  memory: ?
  on: kprobe tcp_connect
  open in: ?
""",
    ),
    (
        MAPS,
        "ID | name | type | key | value | entries | memory | used by | owner",
        """
12 | ct4 | lru_hash | 20 | 56 | 65,536 | 9.00 MiB | 42, 57 | cilium 1544
  type: lru_hash
  sizes: key 20 B, value 56 B
  entries: at most 65,536
  memory: 9 MiB
  used by: 42 count_traffic  xdp → prog 42
  used by: 57 cil_from_container  sched_cls → prog 57
  types: BTF 70 → btf 70
  open in: cilium 1544 → proc 1544
13 | lb4_services | hash | 12 | 12 | 65,536 | 8.00 KiB | 57 | cilium 1544
  type: hash
  sizes: key 12 B, value 12 B
  entries: at most 65,536
  memory: 8 KiB
  used by: 57 cil_from_container  sched_cls → prog 57
  open in: cilium 1544 → proc 1544
""",
    ),
    (
        LINKS,
        "ID | type | program | on | attach type | order | owner",
        """
30 | xdp | 42 count_traffic | ▲ eth1 | xdp | – | systemd 812
  type: xdp
  on: xdp eth1 native
  program: 42 count_traffic  xdp → prog 42
  ifindex: 3
  open in: systemd 812 → proc 812
31 | tcx | 57 cil_from_container | ▲ veth3 | tcx_ingress | 1 | cilium 1544
  type: tcx, tcx_ingress
  on: tcx_ingress veth3  runs as number 1
  program: 57 cil_from_container  sched_cls → prog 57
  ifindex: 7
  open in: cilium 1544 → proc 1544
32 | tcx | 58 cil_to_container | ▲ veth3 | tcx_egress | 1 | cilium 1544
  type: tcx, tcx_egress
  on: tcx_egress veth3  runs as number 1
  program: 58 cil_to_container  sched_cls → prog 58
  ifindex: 7
  open in: cilium 1544 → proc 1544
33 | tcx | 90 audit_in | ▲ veth3 | tcx_ingress | 2 | tetragon 2033
  type: tcx, tcx_ingress
  on: tcx_ingress veth3  runs as number 2
  program: 90 audit_in  sched_cls → prog 90
  ifindex: 7
  open in: tetragon 2033 → proc 2033
34 | tracing | 63 handle_exec | ▲ execve | fentry | – | tetragon 2033
  type: tracing, fentry
  on: fentry execve
  program: 63 handle_exec  tracing → prog 63
  target_obj_id: 1
  open in: tetragon 2033 → proc 2033
35 | xdp | 71 old_filter | ⚠ nothing any more | xdp | – | pinned, nobody
  type: xdp
  on: nothing any more: it was detached, or what it was on is gone
  program: 71 old_filter  socket_filter → prog 71
""",
    ),
    (
        PINS,
        "path | kind | ID | name | mounts of",
        """
/sys/fs/bpf/cil_from_container | program | 57 | cil_from_container | this one
  program: 57 cil_from_container → prog 57
  mounts of: this one
/sys/fs/bpf/old | program | 71 | old_filter | this one
  program: 71 old_filter → prog 71
  mounts of: this one
/sys/fs/bpf/ct4 | map | 12 | ct4 | mnt:[4026532100]
  map: 12 ct4 → map 12
  mounts of: mnt:[4026532100]
""",
    ),
    (
        PROCESSES,
        "PID | inside | name | container or unit | progs | maps | links | runs/s | command",
        """
812 | – | systemd | init.scope | 1 | 0 | 1 | 984,210 | /lib/systemd/systemd-networkd
  command: /lib/systemd/systemd-networkd
  pid: 812
  uid: 0
  cgroup: /init.scope
  program: 42 count_traffic  xdp → prog 42
  link: 30 xdp eth1 → link 30
1544 | 1 | cilium | 0123456789ab | 2 | 2 | 2 | 320,357 | cilium-agent --config-dir=/tmp
  command: cilium-agent --config-dir=/tmp
  pid: 1544, 1 in its own pid namespace
  uid: 0
  container: 0123456789ab
  cgroup: /kubepods
  program: 57 cil_from_container  sched_cls → prog 57
  program: 58 cil_to_container  sched_cls → prog 58
  map: 12 ct4  lru_hash → map 12
  map: 13 lb4_services  hash → map 13
  link: 31 tcx veth3 → link 31
  link: 32 tcx veth3 → link 32
""",
    ),
    (
        INTERFACES,
        "interface | namespace | kind | state | programs | in order | hooks | runs/s | addresses",
        """
eth1 | own |  | up | 1 | ▲ 42 count_traffic | xdp | 984,210 | 192.0.2.7/24
  kind: , index 3
  state: up · MTU 1,500 · carries the default route
  address: 192.0.2.7/24
  namespace: that of bpftui, net:[4026531840]
  xdp: 42 count_traffic → prog 42
veth3 | own | veth | up | 3 | ▲ 57 cil_from_container, 90 audit_in +1 | tcx_ingress 2, tcx_egress | 428,734 |
  kind: veth, index 7
  state: up · MTU 1,500
  namespace: that of bpftui, net:[4026531840]
  tcx in: 57 cil_from_container → prog 57
  tcx in: 90 audit_in → prog 90
  tcx out: 58 cil_to_container → prog 58
""",
    ),
    (
        BTFS,
        "ID | name | size | programs | maps | owner",
        """
1 | vmlinux | 5.00 MiB | 0 | 0 | the kernel
  size: 5 MiB
  of: the kernel
70 | – | 4.31 KiB | 1 | 1 | systemd 812
  size: 4.31 KiB
  of: a program's object
  program: 42 count_traffic  xdp → prog 42
  map: 12 ct4  lru_hash → map 12
  open in: systemd 812 → proc 812
""",
    ),
]


def told(noun: Noun[Any]) -> list[str]:
    """Return the rows of a table, and below each its facts, with where they lead."""
    found: list[str] = []
    for row in noun.rows(SEEN).values():
        found.append(" | ".join(column.cell(SEEN, row).text for column in noun.columns).rstrip())
        for fact in noun.facts(SEEN, row):
            leads = "" if fact.thing is None else f" → {fact.thing.noun} {fact.thing.key}"
            found.append(f"  {fact.label}: {fact.text}{leads}")
    return found


@pytest.mark.parametrize(("noun", "titles", "rows"), TABLES, ids=[noun.name for noun, _, _ in TABLES])
def test_rows_and_what_is_known_of_them(noun: Noun[Any], titles: str, rows: str) -> None:
    assert " | ".join(column.title for column in noun.columns) == titles
    assert told(noun) == rows.strip("\n").splitlines()


@pytest.mark.parametrize(
    ("noun", "named"),
    [
        (PROGRAMS, {42: ("42 count_traffic", "id:42")}),
        (MAPS, {12: ("12 ct4", "map:12")}),
        (LINKS, {30: ("30 xdp", "link:30")}),
        (BTFS, {1: ("BTF 1 vmlinux", "btf:1"), 70: ("BTF 70", "btf:70")}),
        (PROCESSES, {812: ("systemd 812", "")}),
        (
            PINS,
            {
                (0, "/sys/fs/bpf/old"): ("/sys/fs/bpf/old", "/sys/fs/bpf/old"),
                (4_026_532_100, "/sys/fs/bpf/ct4"): ("/sys/fs/bpf/ct4", "map:12"),  # other mounts are not these
            },
        ),
    ],
)
def test_what_rows_are_called_and_how_they_are_opened(noun: Noun[Any], named: dict[Any, tuple[str, str]]) -> None:
    rows = noun.rows(SEEN)
    assert {key: (noun.title(rows[key]), noun.opens(rows[key])) for key in named} == named
