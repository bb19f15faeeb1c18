"""The rules of map types, against the kernel: random shapes are refused here exactly when they are refused there."""

from __future__ import annotations

import errno

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpftui.core.errors import BpftuiError, LoadError
from bpftui.core.kernel import Map
from bpftui.core.kernel.loading.create import shape_of
from bpftui.core.kernel.sys.syscall import BpfError
from bpftui.core.maps.rules import broken_rule
from bpftui.core.spec import MapFlag, MapSpec, MapType

pytestmark = pytest.mark.kernel

TYPES = sorted(set(MapType) - {MapType.UNSPEC, MapType.STRUCT_OPS, MapType.INSN_ARRAY, MapType.RHASH})
FLAGS = [0, MapFlag.NO_PREALLOC, MapFlag.MMAPABLE, MapFlag.RDONLY, MapFlag.WRONLY, MapFlag.RDONLY | MapFlag.WRONLY]
UNEXPLAINED = MapFlag.NO_PREALLOC | MapFlag.RDONLY | MapFlag.WRONLY
"""Flags that some types do not take at all: of those no rule speaks."""


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(TYPES),
    st.sampled_from([0, 1, 4, 5, 8, 12, 16, 64]),
    st.sampled_from([0, 1, 4, 8, 12, 32, 64]),
    st.sampled_from([0, 1, 2, 8, 4096]),
    st.sampled_from(FLAGS),
)
def test_what_breaks_a_rule_is_what_the_kernel_refuses(
    type_: MapType, key: int, value: int, entries: int, flags: int
) -> None:
    inner = MapSpec("", "", MapType.ARRAY, 4, 4, 1) if type_.label.endswith("of_maps") else None
    spec = MapSpec("random", "", type_, key, value, entries, int(flags), inner=inner)
    broken, refused = broken_rule(shape_of(spec)), None
    try:
        Map.create(spec).close()
    except BpftuiError as error:
        refused = error
    if refused is None:
        assert broken is None
    elif broken is not None:
        assert broken in refused.message
    else:
        # Refused for what is no rule of sizes: a flag, or memory.
        number = refused.__cause__.errno if isinstance(refused.__cause__, BpfError) else errno.EINVAL
        assert number != errno.EINVAL or flags & UNEXPLAINED, refused.message


def test_a_ring_buffer_beyond_what_the_kernel_has_numbers_for() -> None:
    with pytest.raises(LoadError) as caught:
        Map.create(MapSpec("ring", "", MapType.RINGBUF, 0, 0, 0xFFFF_FFFF))
    assert caught.value.message == (
        "cannot create map ring (ringbuf): its size, max_entries, is a power of two of at most 2,147,483,648 bytes, "
        "not 4,294,967,295 (EINVAL)"
    )


def test_a_number_that_has_no_room_in_the_attribute() -> None:
    with pytest.raises(LoadError, match=r"bpf\(2\) takes a number of 32 bits there, and 4294967296 does not fit"):
        Map.create(MapSpec("wide", "", MapType.ARRAY, 4, 4, 1 << 32))
