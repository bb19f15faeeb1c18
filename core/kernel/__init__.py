"""The running kernel: loading, attaching, running, reading, without libbpf.

from bpftui.core import kernel
from bpftui.core.spec import CollectionSpec

spec = CollectionSpec.from_file("count_packets.o")
with kernel.load(spec) as collection, kernel.Sandbox() as sandbox:
    collection.programs["count_packets"].attach(sandbox.target())
    sandbox.send(1000)
    print(collection.maps["pkt_count"][0])
"""

from __future__ import annotations

from ..maps import Variable
from . import probe
from .collection import KernelCollection
from .link import Link
from .map import Map, MapInfo
from .net.interfaces import Interface, find, interfaces
from .net.sandbox import Sandbox
from .probe import Feature
from .program import Benchmark, Program, ProgramStats
from .runtime import KernelRuntime, LoadOptions, RuntimeOptions, load
from .sys.available import available
from .sys.batch import Columns
from .sys.cpus import possible_cpus
from .sys.statistics import stats_enabled
from .sys.token import use_token

__all__ = [
    "Benchmark",
    "Columns",
    "Feature",
    "Interface",
    "KernelCollection",
    "KernelRuntime",
    "Link",
    "LoadOptions",
    "Map",
    "MapInfo",
    "Program",
    "ProgramStats",
    "RuntimeOptions",
    "Sandbox",
    "Variable",
    "available",
    "find",
    "interfaces",
    "load",
    "possible_cpus",
    "probe",
    "stats_enabled",
    "use_token",
]
