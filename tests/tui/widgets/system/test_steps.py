"""The way of a packet: what routes have stands where a packet meets it, and only at the interface that they lead to."""

from __future__ import annotations

from bpftui.core.system.model import Attachment, Hook, Interface, NetworkNamespace
from bpftui.tui.widgets.system.steps import interface_steps, namespace_steps


def hook(name: str, *targets: str) -> Hook:
    return Hook(name, tuple(Attachment(number, name, target) for number, target in enumerate(targets, 1)))


def interface(name: str, *hooks: Hook) -> Interface:
    return Interface(1, name, "veth", True, 1500, (), False, hooks)


NAMESPACE = NetworkNamespace(
    4026532178,
    False,
    "",
    (),
    (interface("v0", hook("tcx_egress", "v0")), interface("v1")),
    (
        hook("lwt_in", "198.51.100.0/24 dev v0"),
        hook("lwt_out", "198.51.100.0/24 dev v0"),
        hook("lwt_xmit", "198.51.100.0/24 dev v0", "203.0.113.0/24 dev v1"),
        hook("netfilter", "ipv4 postrouting priority 0"),
        hook("netfilter", "ipv4 output priority 0"),
    ),
)


def told(steps: list[object]) -> list[str]:
    return [" ".join(filter(None, map(str, step[1:3]))) for step in steps if isinstance(step, tuple)]


def test_the_way_out_goes_by_the_routes_of_the_interface() -> None:
    first, second = (told([*interface_steps(NAMESPACE, each)]) for each in NAMESPACE.interfaces)
    assert first == [
        *("in", "wire", "route lwt_in", "stack", "out", "stack"),
        *("netfilter ipv4 output", "route lwt_out", "netfilter ipv4 postrouting", "route lwt_xmit", "tcx egress"),
        "wire",
    ]
    assert second[-5:] == ["stack", "netfilter ipv4 output", "netfilter ipv4 postrouting", "route lwt_xmit", "wire"]
    (step,) = (each for each in interface_steps(NAMESPACE, NAMESPACE.interfaces[1]) if each.way == "lwt_xmit")
    assert step.note == "203.0.113.0/24 dev v1"


def test_a_namespace_has_all_of_them() -> None:
    steps = told([*namespace_steps(NAMESPACE)])
    assert steps[:4] == ["in", "interfaces", "route lwt_in", "sockets"]
    assert steps[5:] == [
        *("sockets", "netfilter ipv4 output", "route lwt_out", "netfilter ipv4 postrouting"),
        *("route lwt_xmit", "route lwt_xmit", "interfaces"),
    ]


def test_what_an_end_of_a_netkit_pair_has_runs_as_that_end_sends() -> None:
    """The peer's programs, which are told of at the primary end, come before all else there; its own come last."""
    hooks = (hook("netkit_peer", "nk1", "nk1"), hook("tcx_ingress", "nk1"), hook("tcx_egress", "nk1"))
    nk1 = interface("nk1", *hooks, hook("netkit_primary", "nk1"))
    steps = interface_steps(NetworkNamespace(1, True, "", (), (nk1,), ()), nk1)
    assert told([*steps]) == [
        *("in", "wire", "netkit peer", "netkit peer", "tcx ingress", "stack"),
        *("out", "stack", "tcx egress", "netkit primary", "wire"),
    ]
    notes = {step.way: step.note for step in steps if step.hook == "netkit"}
    assert notes == {"peer": "as its peer sends", "primary": "as it sends to its peer"}


def test_the_members_of_a_dispatcher_say_when_the_next_one_runs() -> None:
    dispatcher = Attachment(40, "xdp", "eth1", None, None, "native, libxdp's dispatcher of 1")
    member = Attachment(41, "xdp", "eth1", 1, 32, "priority 10, goes on after XDP_PASS")
    eth1 = interface("eth1", Hook("xdp", (dispatcher, member)))
    steps = interface_steps(NetworkNamespace(1, True, "", (), (eth1,), ()), eth1)
    assert [(step.edge, step.hook, step.way, step.note) for step in steps if step.attachment is not None] == [
        (" ├─▶", "xdp", "native", "libxdp's dispatcher of 1"),
        (" │  └▶", "xdp 1", "", "priority 10, goes on after XDP_PASS"),
    ]
