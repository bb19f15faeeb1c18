"""Where a program comes among those at one hook: at an interface of a sandbox, and at a control group of our own."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

import pytest

from bpftui.core import kernel
from bpftui.core.errors import AttachError, BpftuiError, FeatureError, UsageError
from bpftui.core.kernel import Sandbox
from bpftui.core.kernel.attach.choices import choices
from bpftui.core.kernel.sys.survey import Attached, query
from bpftui.core.runtime import Neighbour
from bpftui.core.spec import AttachType, CollectionSpec
from tests.kernel.test_attach import OBJECT, group  # noqa: F401  # pyright: ignore[reportUnusedImport] - a fixture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bpftui.core.kernel import KernelCollection, Link

pytestmark = pytest.mark.kernel

ORDERED_GROUPS = tuple(int(number) for number in platform.release().split(".")[:2]) >= (6, 16)


@pytest.fixture
def loaded() -> Iterator[list[KernelCollection]]:
    """The same object five times: one program cannot be at a hook twice."""
    spec = CollectionSpec.from_file(OBJECT)
    collections = [kernel.load(spec, programs={"on_tc", "on_cgroup"}) for _ in range(5)]
    try:
        yield collections
    finally:
        for collection in collections:
            collection.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def tc(loaded: KernelCollection, sandbox: Sandbox, options: str) -> Link:
    text = f"sandbox,{options}".strip(",")
    return loaded.programs["on_tc"].attach(loaded.runtime.target(loaded.spec.program("on_tc"), text, sandbox))


def at_interface(sandbox: Sandbox, attach_type: AttachType = AttachType.TCX_INGRESS) -> list[int]:
    index = sandbox.target().index
    found = sandbox.namespace.run(lambda: query(index, attach_type))
    assert found is not None
    return list(found.program_ids)


def test_programs_at_an_interface_run_in_the_order_that_is_said(
    loaded: list[KernelCollection], sandbox: Sandbox
) -> None:
    ids = [each.programs["on_tc"].id for each in loaded]
    with tc(loaded[0], sandbox, "") as first, tc(loaded[1], sandbox, "last"):
        assert at_interface(sandbox) == [ids[0], ids[1]]
        with tc(loaded[2], sandbox, "first"):
            assert at_interface(sandbox) == [ids[2], ids[0], ids[1]]
            with tc(loaded[3], sandbox, f"before={ids[1]}"), tc(loaded[4], sandbox, f"after=link:{first.id}"):
                assert at_interface(sandbox) == [ids[2], ids[0], ids[4], ids[3], ids[1]]
            with tc(loaded[3], sandbox, f"after=id:{ids[2]},ingress"):
                assert at_interface(sandbox) == [ids[2], ids[3], ids[0], ids[1]]
        with tc(loaded[2], sandbox, "egress,first"):
            assert at_interface(sandbox, AttachType.TCX_EGRESS) == [ids[2]]
            assert at_interface(sandbox) == [ids[0], ids[1]]


def test_a_program_at_an_interface_is_named(loaded: list[KernelCollection], sandbox: Sandbox) -> None:
    ids = [each.programs["on_tc"].id for each in loaded]
    with tc(loaded[0], sandbox, ""), tc(loaded[1], sandbox, "before=on_tc"):
        assert at_interface(sandbox) == [ids[1], ids[0]]
        with pytest.raises(UsageError, match="2 programs there are called on_tc") as caught:
            tc(loaded[2], sandbox, "before=name:on_tc")
        assert caught.value.hint == f"name one by its id: id:{ids[1]}, id:{ids[0]}"


def test_a_revision_is_expected(loaded: list[KernelCollection], sandbox: Sandbox) -> None:
    stale = pytest.raises(AttachError, match="what is there is of revision 3, and not 2")
    with tc(loaded[0], sandbox, "revision=1"), tc(loaded[1], sandbox, "first,revision=2"), stale:
        tc(loaded[2], sandbox, "revision=2")


@pytest.mark.parametrize(
    ("options", "error", "said", "hint"),
    [
        ("before=1", UsageError, "1, which it is to come before or after, is not there", "there is: on_tc id:"),
        ("after=nothing", UsageError, "nothing, which it is to come before or after, is not there", "on_tc id:"),
        ("after=link:1", UsageError, "link:1, which it is to come before or after, is not there", "on_tc id:"),
        ("egress,before=1", UsageError, "1, which it is to come", "there is no program at all"),
        ("before=", UsageError, "'sandbox,before=' is nothing to attach program on_tc (sched_cls) to", "before=WHICH"),
        ("first,last", UsageError, "'sandbox,first,last' is nothing to attach", "first or last or before=WHICH"),
        ("revision=x", UsageError, "'sandbox,revision=x' is nothing to attach", "with revision=N"),
    ],
)
def test_what_is_no_order_is_said(
    loaded: list[KernelCollection],
    sandbox: Sandbox,
    options: str,
    error: type[BpftuiError],
    said: str,
    hint: str,
) -> None:
    with tc(loaded[0], sandbox, ""), pytest.raises(error) as caught:
        tc(loaded[1], sandbox, options)
    assert said in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_program_cannot_be_at_an_interface_s_hook_twice(loaded: list[KernelCollection], sandbox: Sandbox) -> None:
    with tc(loaded[0], sandbox, ""), pytest.raises(AttachError, match=r"it is attached there already \(EEXIST\)"):
        tc(loaded[0], sandbox, "")


def in_group(loaded: KernelCollection, group: Path, options: str) -> Link:  # noqa: F811
    program, text = loaded.programs["on_cgroup"], f"{group},{options}".strip(",")
    return program.attach(loaded.runtime.target(program.spec, text))


def at_group(group: Path) -> list[int]:  # noqa: F811
    return list(query_of(group).program_ids)


def test_programs_at_a_control_group_run_in_the_order_that_is_said(
    loaded: list[KernelCollection],
    group: Path,  # noqa: F811
) -> None:
    ids = [each.programs["on_cgroup"].id for each in loaded]
    with in_group(loaded[0], group, ""):
        if not ORDERED_GROUPS:
            with pytest.raises(FeatureError, match=r"no order of programs at control groups \(Linux 6.16\)"):
                in_group(loaded[1], group, "first")
            return
        with in_group(loaded[1], group, "last,revision=2") as last, in_group(loaded[2], group, "first"):
            assert at_group(group) == [ids[2], ids[0], ids[1]]
            with in_group(loaded[3], group, f"before=link:{last.id}"), in_group(loaded[4], group, f"after={ids[0]}"):
                assert at_group(group) == [ids[2], ids[0], ids[4], ids[3], ids[1]]
            with pytest.raises(UsageError, match="nothing, which it is to come before or after, is not there"):
                in_group(loaded[3], group, "before=nothing")
            with pytest.raises(AttachError, match="what is there is of revision 8, and not 2"):
                in_group(loaded[3], group, "revision=2")


@pytest.mark.parametrize("attach", [tc, in_group])
def test_what_changes_meanwhile_is_said(
    attach: Callable[..., Link],
    loaded: list[KernelCollection],
    sandbox: Sandbox,
    group: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = sandbox if attach is tc else group
    if attach is in_group and not ORDERED_GROUPS:
        return
    module = f"bpftui.core.kernel.attach.{'interface' if attach is tc else 'cgroup'}"
    name = "on_tc" if attach is tc else "on_cgroup"
    with attach(loaded[0], place, "") as first:
        stale = query_of(place)
        monkeypatch.setattr(f"{module}.query", lambda *_, **__: stale)
        with attach(loaded[1], place, ""), pytest.raises(AttachError, match=r"has changed meanwhile \(ESTALE\)"):
            attach(loaded[2], place, f"revision={stale.revision}")
        link = first.id
        monkeypatch.setattr(f"{module}.link_at", lambda *_: link, raising=False)
        which = loaded[0].programs[name].id
        first.detach()
        with pytest.raises(AttachError, match=r"is not there any more \(ENOENT\)"):
            attach(loaded[2], place, f"before={which}")


def query_of(place: Sandbox | Path) -> Attached:
    if isinstance(place, Sandbox):
        index = place.target().index
        found = place.namespace.run(lambda: query(index, AttachType.TCX_INGRESS))
    else:
        number = os.open(place, os.O_RDONLY)
        try:
            found = query(number, AttachType.CGROUP_INET_EGRESS)
        finally:
            os.close(number)
    assert found is not None
    return found


def test_what_is_there_is_offered(
    loaded: list[KernelCollection],
    sandbox: Sandbox,
    group: Path,  # noqa: F811
) -> None:
    ours = sandbox.target().name
    spec, tc_id = loaded[0].spec, loaded[0].programs["on_tc"].id
    with tc(loaded[0], sandbox, "") as link, in_group(loaded[0], group, ""):
        offered = sandbox.namespace.run(lambda: choices(spec, spec.program("on_tc")))
        assert {each.text: each.neighbours for each in offered if each.neighbours} == {
            ours: (Neighbour(f"id:{tc_id}", f"on_tc, id {tc_id}, link {link.id}", ("ingress", "")),)
        }
        (told,) = (each for each in offered if each.text == ours)
        assert told.title.endswith("  has tcx in 1")
        assert told.detail.endswith(f" packets received; has tcx in program {tc_id} already")
        to_egress = sandbox.namespace.run(lambda: choices(spec, spec.program("on_tcx")))
        assert [each.neighbours[0].hooks for each in to_egress if each.neighbours] == [("ingress",)]
        assert not any(each.neighbours for each in choices(spec, spec.program("on_filter")))
        (found,) = (each for each in choices(spec, spec.program("on_cgroup")) if each.text == str(group))
        number = loaded[0].programs["on_cgroup"].id
        expected = (Neighbour(f"id:{number}", f"on_cgroup, id {number}", ("",)),)
        assert found.neighbours == (expected if ORDERED_GROUPS else ())
