"""Searches where luck may answer: they name nobody, and say why nothing follows."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.index import Index
from support.phones import BOTH, PHONE, Phone, day, found
from support.wheels import Release
from support.workbench import Bench, toml

from stackproof.base.times import timestamp
from stackproof.matrix.load import parse_matrix
from stackproof.report.timeline import timeline_markdown

#: Fails where the package is the twin's, which hangs on who was written last.
LUCKY = """\
import pytest


@pytest.mark.workload("both", needs=("phone",), seconds=0.1, timeout=60)
def test_both() -> None:
    import phone

    assert phone.__version__ == "1.0"
"""
TWIN = """
[[stages]]
name = "twin"
step = "Install a twin of the phone."
requirements = ["twin==1.0"]

[rows.plain]"""


@pytest.fixture
def phone(bench: Bench, index: Index, tmp_path: Path) -> Phone:
    phone = Phone(bench, index, tmp_path / "index-cache")
    bench.write("tests/stack/workloads/test_both.py", LUCKY)
    index.add(Release("twin", "1.0", modules={"phone/__init__.py": '__version__ = "0.1"\n'}))
    index.add(Release("bells", "1.7", uploaded=day(90)))
    phone.matrix = parse_matrix(toml(PHONE.replace("[rows.plain]", TWIN)), file="phone.toml")
    return phone


@pytest.mark.fault("6")
def test_nobody_is_named_for_a_check_that_loads_overwritten_files(phone: Phone) -> None:
    timeline = phone.trace(BOTH, "import:phone", "overwrite:phone")
    for check in (BOTH, "import:phone"):
        item = found(timeline, check)
        assert (item.state, item.breaks, item.fixes) == ("undecided", (), ())
        assert all(asked.passed is None for asked in item.asked)
        assert all("phone 1.0 and twin 1.0" in asked.why for asked in item.asked)
    # That they overwrite each other is no luck.
    assert found(timeline, "overwrite:phone").state == "never-worked"


@pytest.mark.fault("6")
def test_no_repair_is_claimed_of_what_luck_answers(phone: Phone) -> None:
    repair = phone.repair()
    assert not repair.found
    assert "overwrite:phone" in repair.unmended
    assert repair.pins == ()
    assert [note for note in repair.notes if "phone 1.0 and twin 1.0" in note]


@pytest.mark.fault("4")
def test_what_never_worked_says_since_when_it_was_asked_and_what_stood_in_the_way(
    bench: Bench, index: Index, tmp_path: Path
) -> None:
    phone = Phone(bench, index, tmp_path / "index-cache")
    index.add(
        Release("phone", "1.1", requires=["wire==1.0.*"], uploaded=day(-9)),
        Release("wire", "1.0", yanked="too short"),
        Release("wire", "1.1"),
    )
    text = PHONE.replace('version = "1.0"', 'version = "1.1"', 1)
    phone.matrix = parse_matrix(toml(text), file="phone.toml")
    timeline = phone.trace()
    (item,) = timeline.checks
    assert (item.id, item.state) == ("stage:phone", "never-worked")
    for why in [asked.why for asked in item.asked]:
        assert "wire 1.0 was yanked (too short)" in why
        assert "phone 1.1 requires wire" in why
    assert timeline.born == timestamp(day(-9))
    page = timeline_markdown(timeline)
    assert f"from {timeline.since} to {timeline.until}" in page
    assert "too short" in page
    repair = phone.repair()
    assert not repair.found or "wire" in str(repair.pins)
    assert "too short" in str(repair)
