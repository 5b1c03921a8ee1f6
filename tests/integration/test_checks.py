"""The table of the kinds of checks, and the ids of checks."""

from __future__ import annotations

import json

import pytest
from support.workbench import Bench

from stackproof.matrix.checks import KINDS, CheckId


@pytest.mark.parametrize("text", ["smoke:a-b", "import:*", "pairwise:one:other"])
def test_an_id_is_its_kind_and_its_subject(text: str) -> None:
    check = CheckId.parse(text)
    assert check == text == CheckId(check.kind, check.subject)
    assert check.kind in KINDS
    assert json.dumps([check]) == json.dumps([text])


def test_an_id_of_a_kind_that_nobody_knows_is_answered_by_nobody() -> None:
    assert CheckId.parse("proof:alpha").answered_by is None
    assert CheckId.parse("proof").subject == ""


def test_what_a_probe_asks_of_the_build_alone_needs_no_suite(bench: Bench) -> None:
    for kind in KINDS:
        asked = bench.plan(only=[f"{kind}:alpha"])
        assert asked.asks_suite == (KINDS[kind].answered_by not in ("build", "command", "links"))
