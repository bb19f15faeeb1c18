"""What this kernel can do, found out by trying: one question a function.

from bpftui.core.kernel import probe
from bpftui.core.spec import MapType, ProgramType

probe.map_type(MapType.ARENA), probe.helper(ProgramType.XDP, "bpf_redirect_map")
"""

from __future__ import annotations

from .features import Feature, report
from .questions import helper, instruction, link_type, map_type, program_type

__all__ = ["Feature", "helper", "instruction", "link_type", "map_type", "program_type", "report"]
