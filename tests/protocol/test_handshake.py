"""The choice of a version."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from mosaic_nb.protocol import VERSIONS, VersionMismatch
from mosaic_nb.protocol.handshake import choose

versions = st.lists(st.integers(1, 9))


@given(versions, versions)
def test_the_newest_common_version_or_a_mismatch(offered: list[int], spoken: list[int]) -> None:
    common = set(offered) & set(spoken)
    if common:
        assert choose(offered, spoken) == max(common)
    else:
        with pytest.raises(VersionMismatch):
            choose(offered, spoken)


def test_a_mismatch_names_both_sides() -> None:
    with pytest.raises(VersionMismatch, match=r"offers version 7, 8 .* speaks 1\b"):
        choose([8, 7], VERSIONS)
    with pytest.raises(VersionMismatch, match="offers version none"):
        choose([], VERSIONS)
