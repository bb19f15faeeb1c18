"""What is said of a kernel that is too old."""

from __future__ import annotations

from bpftui.core.kernel.probe.link_types import LINK_TYPES
from bpftui.core.kernel.probe.since import links_since
from bpftui.core.since.types import LINKS


def test_types_of_links() -> None:
    assert links_since("tcx") == "tcx links (Linux 6.6)"
    assert links_since("netns", "links of network namespaces") == "links of network namespaces (Linux 5.8)"
    assert links_since("kprobe_multi", needs="CONFIG_FPROBE") == "kprobe_multi links (Linux 5.18, CONFIG_FPROBE)"
    assert [link.name for link in LINK_TYPES] == [name for line in LINKS.split("\n") for name in line.split()[1:]]
    assert [link.version for link in LINK_TYPES if link.name in ("tracing", "sockmap")] == ["5.5", "6.10"]
