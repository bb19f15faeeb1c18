"""Replace a program while packets run through it: the new one goes on counting in the map of the old one."""

from __future__ import annotations

from bpftui.bpf import path
from bpftui.core.kernel import Sandbox
from bpftui.core.spec import CollectionSpec

spec = CollectionSpec.from_file(path("count_packets"))
with Sandbox() as sandbox, spec.load() as old, old.programs["count_packets"].attach(sandbox.target()) as link:
    sandbox.send(1000)
    with spec.load(replacements={"pkt_count": old.maps["pkt_count"]}) as new:
        link.update(new.programs["count_packets"], instead_of=old.programs["count_packets"])
    sandbox.send(1000)
    print(old.maps["pkt_count"][0], "packets counted by two programs")
