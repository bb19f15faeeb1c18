"""Pin a map in a bpffs and find it again in the next load: `python pin.py /sys/fs/bpf`."""

from __future__ import annotations

import sys

from bpftui.bpf import path
from bpftui.core.kernel import Map
from bpftui.core.spec import CollectionSpec, Pinning

spec = CollectionSpec.from_file(path("count_packets"))
spec.map("pkt_count").pinning = Pinning.BY_NAME  # in C: __uint(pinning, LIBBPF_PIN_BY_NAME)
for _ in range(2):
    with spec.load(pin_path=sys.argv[1]) as loaded:
        loaded.programs["count_packets"].run(bytes(64), repeat=10)
with Map.from_pin(f"{sys.argv[1]}/pkt_count") as counted:
    print(counted[0], "packets in two loads")
    counted.unpin()
