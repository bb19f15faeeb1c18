"""What is said of a kernel that is too old."""

from __future__ import annotations

from bpftui.core.kernel.probe.link_types import LINK_TYPES
from bpftui.core.kernel.probe.since import LINKS, links_since


def test_types_of_links() -> None:
    assert links_since("tcx") == "tcx links (Linux 6.6)"
    assert links_since("netns", "links of network namespaces") == "links of network namespaces (Linux 5.8)"
    assert links_since("kprobe_multi", needs="CONFIG_FPROBE") == "kprobe_multi links (Linux 5.18, CONFIG_FPROBE)"
    assert [(link.name, link.version) for link in LINK_TYPES] == list(LINKS.items())
