"""A few of the ends that `python -m tests.fuzz.ends` tries."""

from __future__ import annotations

import pytest

from tests.fuzz.ends import try_end

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("number", range(8))
def test_what_is_told_to_end_at_a_random_moment_is_gone_and_leaves_nothing(number: int) -> None:
    ending = try_end(3, number)
    assert not ending.faults, str(ending)
