"""What stands behind `--`: moments and platforms."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta, timezone

import pytest

from stackproof.base.times import full_hour
from stackproof.cli.options import instant, platform_name


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("P7D", timedelta(days=7)),
        ("P2W", timedelta(weeks=2)),
        ("PT36H", timedelta(hours=36)),
    ],
)
def test_a_moment_may_be_so_long_ago(text: str, ago: timedelta) -> None:
    asked = full_hour(datetime.now(timezone.utc) - ago)
    assert instant(text) in (asked, asked + timedelta(hours=1))


@pytest.mark.parametrize("text", ["7d", "P36H", "PT7D", "P1M", "P"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="nor a span such as P7D"):
        instant(text)


def test_a_platform_is_named_as_uv_names_it() -> None:
    assert platform_name("aarch64-apple-darwin") == "aarch64-apple-darwin"
    with pytest.raises(argparse.ArgumentTypeError, match="did you mean 'aarch64-apple-darwin'"):
        platform_name("arm64-apple-darwin")
