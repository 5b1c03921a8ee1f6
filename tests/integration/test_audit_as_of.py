"""`audit --as-of`: what the audit would have said of the index of another day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from support.audit_bench import Desk, matrix_text
from support.index import Index
from support.sessions import call
from support.wheels import Release

from stackproof.base.times import timestamp
from stackproof.cli import audit
from stackproof.evidence.layout import Project
from stackproof.report.site.page import write_site
from stackproof.report.site.reports_reader import ReportsReader

THEN = "2025-01-01T00:00:00Z"
LATE = datetime(2025, 6, 1, tzinfo=timezone.utc)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return a checkout whose index got new releases of alpha and gamma on `LATE`."""
    with Index(
        Release("alpha", "1.0", requires=["gamma"]),
        Release("alpha", "2.0", requires=["gamma"], uploaded=LATE),
        Release("beta", "1.0", requires=["gamma<2"]),
        Release("gamma", "1.0"),
        Release("gamma", "2.0", uploaded=LATE),
    ) as index:
        yield Desk(root=tmp_path, index=index)


def _audit(desk: Desk, *posargs: str) -> str:
    """Run the session; return the message that it failed with, or nothing."""
    return call(audit, Project.at(desk.root, {}), posargs, desk.place.project.environ)


def _written(desk: Desk) -> Any:  # noqa: ANN401 - JSON is any object
    return json.loads((desk.root / "reports" / "audit.json").read_text(encoding="utf-8"))


def _messages(desk: Desk, rule: str) -> list[str]:
    return [item["message"] for item in _written(desk)["findings"] if item["rule"] == rule]


@pytest.mark.parametrize("when", [THEN, "2025-01-01"])
def test_a_release_that_came_later_is_not_there_yet(desk: Desk, when: str) -> None:
    desk.write(matrix_text("alpha==2.0", "beta==1.0"))
    assert _audit(desk, "--as-of", when) == "exit 1"
    assert _messages(desk, "exists") == [
        (
            "alpha 2.0 was uploaded on 2025-06-01, after 2025-01-01T00:00:00Z, which this audit is "
            "as of; the nearest that can be installed: 1.0"
        )
    ]
    assert _written(desk)["as_of"] == THEN
    assert _audit(desk) == ""
    assert (_messages(desk, "exists"), _written(desk)["as_of"]) == ([], None)


def test_a_span_is_counted_from_now(desk: Desk) -> None:
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    desk.index.add(Release("alpha", "3.0", uploaded=yesterday))
    desk.write(matrix_text("alpha>=1"))
    for when, version in (("P7D", "2.0"), ("PT1H", "3.0")):
        assert _audit(desk, "--as-of", when) == ""
        assert [pin["version"] for pin in _written(desk)["pins"]] == [version]


def test_the_stages_are_resolved_as_of_that_day(desk: Desk) -> None:
    desk.write(matrix_text("alpha>=1", "beta==1.0", stages=(("alpha",), ("beta",))))
    assert _audit(desk) == ""
    assert [move["before"] for move in _written(desk)["joint"][0]["moves"]] == ["2.0"]
    assert _audit(desk, "--as-of", THEN) == ""
    assert _written(desk)["joint"][0]["moves"] == []
    assert [pin["version"] for pin in _written(desk)["pins"]] == ["1.0", "1.0"]


def test_what_is_behind_today_was_the_newest_then(desk: Desk) -> None:
    desk.write(matrix_text("alpha==1.0"))
    assert _audit(desk) == ""
    assert len(_messages(desk, "freshness")) == 1
    assert _audit(desk, "--as-of", THEN) == ""
    assert _messages(desk, "freshness") == []
    assert _written(desk)["pins"][0]["freshness"]["newest"] == "1.0"


@pytest.mark.parametrize("own", [f"as-of = {THEN}", 'min-age = "5200w"'])
def test_it_stands_in_for_a_cut_off_of_the_row(desk: Desk, own: str) -> None:
    desk.write(matrix_text("alpha==2.0", row=own))
    assert _audit(desk) == "exit 1"
    assert _audit(desk, "--as-of", "2025-07-01") == ""
    assert _audit(desk, "--as-of", timestamp(LATE)) == "exit 1"  # what came at that moment is later


def test_another_platform_is_looked_at_as_of_that_day_too(desk: Desk) -> None:
    desk.write(matrix_text("alpha==2.0"))
    platform = "aarch64-apple-darwin"
    _audit(desk, "--platform", platform, "--as-of", THEN)
    assert _written(desk)["platforms"][0]["pins"] == {"alpha": "no version"}
    _audit(desk, "--platform", platform)
    assert _written(desk)["platforms"][0]["pins"] == {"alpha": "wheel"}


def test_what_is_known_of_a_matrix_today_stays(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.write(matrix_text("alpha==2.0", "beta==1.0"))
    assert _audit(desk) == ""
    of_matrix = desk.root / "reports" / "tiny" / "audit.json"
    before = of_matrix.read_bytes()
    assert _audit(desk, "--as-of", THEN) == "exit 1"
    assert of_matrix.read_bytes() == before
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"audit UNEXPECTED, as of {THEN}: 2 errors, ")


def test_the_page_says_which_day_it_was_as_of(desk: Desk) -> None:
    desk.write(matrix_text("alpha==2.0"))
    _audit(desk, "--as-of", THEN)
    reader = ReportsReader(reports=desk.root / "reports", matrices=desk.root / "matrices")
    page = write_site(reader).read_text(encoding="utf-8")
    assert ", index as of " in page[page.index('id="audit"') :]


@pytest.mark.parametrize(
    ("when", "why"),
    [("2999-01-01", "lies in the future"), ("yesterday", "neither a UTC timestamp")],
)
def test_a_moment_that_is_none_is_refused(desk: Desk, when: str, why: str) -> None:
    desk.write(matrix_text("alpha==1.0"))
    assert why in _audit(desk, "--as-of", when)


def test_a_row_of_a_day_to_come_is_not_judged(desk: Desk) -> None:
    """Nor would a run of it be."""
    desk.write(matrix_text("alpha==1.0", row="as-of = 2999-01-01T00:00:00Z\n"))
    assert _audit(desk) == "exit 2"
    (trouble,) = _written(desk)["trouble"]
    assert trouble.startswith("tiny/plain: the cut-off 2999-01-01T00:00:00Z lies in the future")


def test_an_environment_that_exists_has_no_other_day(desk: Desk) -> None:
    desk.write(matrix_text("alpha==1.0", row='interpreter = "/opt/venv/bin/python"\n'))
    assert "--as-of fixes nothing of tiny/plain" in _audit(desk, "--as-of", THEN)


def test_upload_times_are_needed(desk: Desk) -> None:
    desk.write(matrix_text("alpha==1.0", "delta==1.0"))
    desk.index.add(Release("delta", "1.0", uploaded=None))
    assert _audit(desk, "--as-of", THEN) == "exit 2"
    (trouble,) = _written(desk)["trouble"]
    assert "when files of delta were uploaded, so --as-of cannot be kept" in trouble
