"""Programs in the order in which they run: the way of a packet through an interface, and what control groups have."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from ...targets import Thing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ....core.system import Attachment, ControlGroup, Hook, Interface, NetworkNamespace

__all__ = ["MODES", "Step", "group_steps", "interface_steps", "namespace_steps", "runs_here"]

MODES: Final = {
    "multi": "all run, then those of the groups above",
    "override": "alone, unless a group below has its own",
    "exclusive": "alone: no group below may have one",
}
"""What a control group's way of attaching means for what runs in it."""

_OUTWARD: Final = ("tcx_egress", "clsact_egress", "tc ", "netkit_primary", "lwt_out", "lwt_xmit")
_NETFILTER_OUT: Final = ("output", "postrouting")
_PAIR: Final = {"netkit_primary": "as it sends to its peer", "netkit_peer": "as its peer sends"}


class Step(NamedTuple):
    """A line: a program where it runs, or what leads to it."""

    edge: str
    """What is drawn before it: `├─▶`."""
    hook: str = ""
    """Where: `tcx 1`, or what a line without a program says."""
    way: str = ""
    """Which way: `ingress`, `native`."""
    attachment: Attachment | None = None
    """None where there is no program."""
    note: str = ""
    """What else there is to say."""
    thing: Thing | None = None
    """What a line without a program names."""
    is_heading: bool = False
    before: int = 0
    """The program that runs before it at the same way; 0 for none."""
    after: int = 0


def interface_steps(namespace: NetworkNamespace, interface: Interface) -> list[Step]:
    """Return the way of a packet in, from the wire to the stack, and out again, with what it meets."""
    inward = [hook for hook in interface.hooks if not hook.name.startswith(_OUTWARD)]
    outward = [hook for hook in interface.hooks if hook.name.startswith(_OUTWARD)]
    filters = [hook for hook in namespace.hooks if hook.name == "netfilter"]
    inward += [hook for hook in filters if not _goes_out(hook)]
    inward += [hook for hook in namespace.hooks if hook.name != "netfilter" and not _goes_out(hook)]
    outward = _outward([*filters, *_leading_to(interface, namespace)]) + outward
    return [*_one_way("in", "wire", inward, "stack"), *_one_way("out", "stack", outward, "wire")]


def namespace_steps(namespace: NetworkNamespace) -> list[Step]:
    """Return what a packet meets in a network namespace, on whichever interface it comes and goes."""
    inward = [hook for hook in namespace.hooks if not _goes_out(hook)]
    inward.sort(key=lambda hook: hook.name != "netfilter")
    outward = _outward(namespace.hooks)
    return [*_one_way("in", "interfaces", inward, "sockets"), *_one_way("out", "sockets", outward, "interfaces")]


_OUT_ORDER: Final = ("output", "lwt_out", "postrouting", "lwt_xmit")
"""What a packet meets on its way out: a route's lwt_out takes the place of what netfilter's postrouting is called by,
its lwt_xmit comes right before the interface."""


def _outward(hooks: Iterable[Hook]) -> list[Hook]:
    def rank(hook: Hook) -> int:
        names = hook.name, *hook.attached[0].target.split()
        return next((at for at, name in enumerate(_OUT_ORDER) if name in names), 0)

    return sorted((hook for hook in hooks if _goes_out(hook)), key=rank)


def _leading_to(interface: Interface, namespace: NetworkNamespace) -> Iterator[Hook]:
    """Iterate over the hooks of the routes that lead to an interface, on the way out."""
    for hook in namespace.hooks:
        rows = tuple(each for each in hook.attached if each.target.endswith(f" dev {interface.name}"))
        if hook.name.startswith(_OUTWARD) and rows:
            yield hook._replace(attached=rows)


def _goes_out(hook: Hook) -> bool:
    if hook.name.startswith(_OUTWARD):
        return True
    return hook.name == "netfilter" and any(f" {point} " in hook.attached[0].target for point in _NETFILTER_OUT)


def _one_way(title: str, begin: str, hooks: Sequence[Hook], end: str) -> Iterator[Step]:
    yield Step("", title, is_heading=True)
    yield Step(" │", begin)
    found = [_step(each, hook) for hook in hooks for each in hook.attached]
    numbers = [step.attachment.program if step.attachment else 0 for step in found]
    for step, before, after in zip(found, [0, *numbers], [*numbers[1:], 0], strict=False):
        yield step._replace(before=before, after=after)
    if not found:
        yield Step(" │", note="nothing runs here")
    yield Step(" ▼", end)


def _step(each: Attachment, hook: Hook) -> Step:
    order = "" if each.order is None else f" {each.order}"
    if hook.name == "netfilter":
        family, _, rest = each.target.partition(" ")
        point, _, rest = rest.partition(" ")
        return Step(" ├─▶", f"netfilter{order}", f"{family} {point}", each, rest.partition(" in ")[0])
    if hook.name == "xdp":
        mode, _, rest = each.detail.partition(", ")
        member = each.order is not None and mode.startswith("priority")
        if member:
            return Step(" │  └▶", f"xdp{order}", "", each, each.detail)
        return Step(" ├─▶", f"xdp{order}", mode, each, rest)
    if hook.name.startswith("lwt_"):
        note = "  ".join(filter(None, (each.target, each.detail)))
        return Step(" ├─▶", "route", hook.name, each, note)
    kind, _, way = hook.name.partition("_") if not hook.name.startswith(("sk_", "flow_")) else (hook.name, "", "")
    return Step(" ├─▶", f"{kind}{order}", way, each, each.detail or _PAIR.get(hook.name, ""))


def group_steps(groups: Iterable[ControlGroup]) -> list[Step]:
    """Return control groups as a tree, each with its hooks, and with what runs at them in that order."""
    found: list[Step] = []
    known: list[str] = []
    for group in sorted(groups, key=lambda each: [part for part in each.path.split("/") if part]):
        while known and not _is_below(group.path, known[-1]):
            known.pop()
        indent = "  " * len(known)
        own = sum(not each.detail for hook in group.hooks for each in hook.attached)
        inherited = sum(bool(each.detail) for hook in group.hooks for each in hook.attached)
        note = f"{own} own" + (f", {inherited} from above" if inherited else "")
        found.append(Step(indent, group.path, note=note, thing=Thing("cgroup", group.path), is_heading=True))
        for hook in group.hooks:
            found.append(Step(f"{indent}  ", hook.name, hook.mode, note=MODES.get(hook.mode, "")))
            numbers = [each.program for each in hook.attached]
            for each, before, after in zip(hook.attached, [0, *numbers], [*numbers[1:], 0], strict=False):
                order = "" if each.order is None else str(each.order)
                way = each.detail or "own"
                found.append(Step(f"{indent}  ├─▶", order, way, each, before=before, after=after))
        known.append(group.path)
    return found


def _is_below(path: str, above: str) -> bool:
    return above == "/" or path.startswith(f"{above}/")


def runs_here(hooks: Iterable[Hook]) -> list[int]:
    """Return the programs of hooks, each once, in the order in which they run."""
    found: defaultdict[int, None] = defaultdict()
    for hook in hooks:
        for each in hook.attached:
            found[each.program] = None
    return [number for number in found if number]
