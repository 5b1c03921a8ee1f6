"""What a check says has a bound: its beginning and its end are kept, and how much was cut."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.index import Index
from support.wheels import Release
from support.workbench import TINY, Bench

from stackproof.base.text import MOST_CHARACTERS
from stackproof.evidence.records import CheckResult

_LOUD = """
__version__ = "9" * 5_000_000
print("printed " * 600_000)
raise ValueError("the beginning\\n" + "x\\n" * 2_500_000 + "the end")
"""
_WORKLOAD = '''\
"""A workload that fails at length."""

import pytest


@pytest.mark.workload("sum", needs=("proud",), seconds=0.1, timeout=50)
def test_sum(record_property) -> None:
    record_property("own", "o" * 5_000_000)
    print("printed\\n" * 100_000)
    raise ValueError("the beginning" + "x" * 5_000_000 + "the end")
'''


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.fault("D3")
def test_a_long_error_makes_no_endless_evidence(bench: Bench, index: Index) -> None:
    index.add(Release("loud", "1.0", modules={"loud.py": _LOUD}))
    index.add(Release("proud", "1.0", modules={"proud.py": _LOUD.rpartition("raise")[0]}))
    bench.write("tests/stack/workloads/test_sum.py", _WORKLOAD)
    text = TINY.replace('"beta"', '"loud"').replace('"alpha"', '"proud"')
    verdict, evidence = bench.verify(bench.plan(text=text))
    failed = {check.id: check.message for check in verdict.checks if check.outcome == "failed"}
    assert verdict.verdict == "broken"
    assert {"import:loud", "import:*", "smoke:sum", "version:proud"} <= failed.keys()
    for check in ("import:loud", "smoke:sum"):
        assert "the beginning" in failed[check]
        assert "the end" in failed[check]
    assert max(map(len, failed.values())) < 2 * MOST_CHARACTERS
    assert _size(evidence.folder) < 10_000_000


def test_a_message_is_cut_where_it_is_taken_in() -> None:
    said = "first " + "x" * 50_000_000 + " last"
    kept = CheckResult(id="smoke:a", outcome="failed", message=said, seconds=1).message
    assert kept.startswith("first x")
    assert kept.endswith("x last")
    assert len(kept) <= MOST_CHARACTERS
    head, cut, tail = re.split(r"\n\[\.\.\. (\d+) characters were cut \.\.\.\]\n", kept)
    assert len(head) + int(cut) + len(tail) == len(said)
    # What was cut once is not cut again.
    assert CheckResult(id="smoke:a", outcome="failed", message=kept, seconds=1).message == kept
