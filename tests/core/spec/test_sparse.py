"""Contents that are mostly zeros: which parts are not, whether they are bytes or a mapping."""

from __future__ import annotations

import pytest

from bpftui.core.errors import ObjectError
from bpftui.core.spec.sparse import LARGE, copied, is_zero, touched, written, zeros

WINDOW = 1 << 16


def test_what_is_large_is_a_mapping() -> None:
    assert isinstance(zeros(LARGE), bytearray)
    large = zeros(LARGE + 1)
    assert not isinstance(large, bytearray)
    assert len(large) == LARGE + 1
    with pytest.raises(ObjectError, match=r"there is no memory for its 4,611,686,018,427,387,904 bytes"):
        zeros(1 << 62)


@pytest.mark.parametrize("place", [0, 1, WINDOW - 1, WINDOW, 2 * WINDOW - 1, 2 * WINDOW, LARGE])
def test_a_byte_anywhere_is_found_and_copied(place: int) -> None:
    start = place // WINDOW * WINDOW
    for contents in (bytearray(place + 1), zeros(LARGE + 1)):
        assert is_zero(contents)
        assert list(written(contents)) == []
        contents[place] = 7
        ((offset, part),) = written(contents)
        assert (offset, part.index(7), len(part)) == (start, place - start, min(WINDOW, len(contents) - start))
        assert not is_zero(contents)
        twin = copied(contents)
        assert bytes(twin) == bytes(contents)
        assert type(twin) is type(contents)
        twin[place] = 8
        assert contents[place] == 7


def test_the_windows_of_a_mapping_are_those_with_pages() -> None:
    large = zeros(LARGE + 1)
    large[3 * WINDOW] = 1
    assert list(touched(large, 0, len(large))) == [slice(3 * WINDOW, 4 * WINDOW)]
    assert list(touched(large, 4 * WINDOW, len(large))) == []
    assert list(touched(bytes(WINDOW + 5), 0, WINDOW + 5)) == [slice(0, WINDOW), slice(WINDOW, WINDOW + 5)]
