"""Which release a search asks next."""

from __future__ import annotations

import pytest
from packaging.version import Version

from stackproof.experiments.diagnose.series import next_place

VERSIONS = ["1.0", "1.1", "1.2.0", "1.2.1", "2.0", "2.1", "2.1.1", "2.2", "3.0", "3.1"]


def asked(low: int, high: int, untold: set[int]) -> str | None:
    place = next_place(list(map(Version, VERSIONS)), low, high, untold)
    return None if place is None else VERSIONS[place]


@pytest.mark.parametrize(
    ("low", "high", "untold", "expected"),
    [
        (0, 10, set(), "2.2"),  # 1.2.1, 2.0, 2.2, 3.0: the sides of major versions
        (0, 7, set(), "2.0"),
        (0, 4, set(), "1.2.1"),  # a new major version comes next
        (0, 3, set(), "1.2.0"),  # the sides of minor versions
        (7, 9, set(), "3.0"),
        (8, 10, set(), "3.1"),
        (4, 5, set(), None),
        (4, 6, {5}, None),
    ],
)
def test_the_sides_of_a_new_series_are_asked_first(
    low: int, high: int, untold: set[int], expected: str | None
) -> None:
    assert asked(low, high, untold) == expected
