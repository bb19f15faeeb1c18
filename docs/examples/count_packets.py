"""Count packets by what they are, in a sandbox: attach to an interface, and look at a map each second."""

from __future__ import annotations

import time

from bpftui.bpf import path
from bpftui.core.kernel import Sandbox
from bpftui.core.spec import CollectionSpec

spec = CollectionSpec.from_file(path("traffic"))
with spec.load() as loaded, Sandbox() as sandbox, loaded.programs["count_traffic"].attach(sandbox.target()):
    sandbox.start()
    for _ in range(3):
        time.sleep(1)
        for kind, per_cpu in loaded.maps["traffic"].items():
            print(kind["family"], kind["protocol"], sum(volume["packets"] for volume in per_cpu))
