"""Pins in a range, without a version, and with markers: what a row of them plans."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from support.markup import parse
from support.matrix_cases import DROP, FAILURE, changed
from support.records import FRONTIER, REPAIR
from support.site_files import FRONTIER as FRONTIER_FILE
from support.site_files import REPAIR as REPAIR_FILE
from support.sites import Shop

from stackproof.errors import StackproofError
from stackproof.experiments.candidate.group_resolution import Baseline
from stackproof.index.choice import Release
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import parse_matrix
from stackproof.matrix.markers import applies, asks_patch
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedPin
from stackproof.report.document import document_markdown
from stackproof.report.frontier import frontier_markdown
from stackproof.report.markdown import markdown
from stackproof.report.repair import repair_markdown
from stackproof.report.site.reports_reader import ReportsReader

TODAY = date(2025, 1, 2)


def plan(row: str = "base", **changes: object) -> Plan:
    """Plan a row of the full matrix with alpha in a range, and other values changed."""
    ranged = {"pins__0__version": DROP, "pins__0__range": ">=1, <2", **changes}
    ranged = {path: value for path, value in ranged.items() if value is not None}
    return make_plan(parse_matrix(changed(**ranged), file="full.toml"), name="full", row=row)


def alpha(planned: Plan) -> PlannedPin:
    return next(pin for pin in planned.pins if pin.name == "alpha")


def test_a_range_is_what_the_installer_is_asked_for() -> None:
    planned = plan()
    pin = alpha(planned)
    assert (pin.version, pin.range, pin.documented) == (None, ">=1,<2", ">=1,<2")
    assert (pin.requirement, pin.departs) == ("alpha>=1,<2", False)
    assert planned.stages[0].requirements == ("alpha>=1,<2",)
    assert (planned.asked, planned.versions) == (
        {"alpha": ">=1,<2", "beta": "2.0"},
        {"beta": "2.0"},
    )
    assert "version:alpha" in planned.checks
    assert "alpha" in planned.named


def test_a_pin_may_ask_for_any_version() -> None:
    pin = alpha(plan(pins__0__range=None, pins__0__extras=["fast"]))
    assert (pin.version, pin.asked, pin.requirement) == (None, "", "alpha[fast]")


@pytest.mark.parametrize(
    ("override", "requirement"),
    [({"version": "1.5"}, "alpha==1.5"), ({"range": "~=1.4"}, "alpha~=1.4")],
)
def test_a_row_may_ask_for_another_version_or_range(
    override: dict[str, str], requirement: str
) -> None:
    entry = {"pin": "alpha", "reason": "why", "date": TODAY, **override}
    pin = alpha(plan("base", rows__base__overrides=[entry]))
    assert (pin.requirement, pin.documented, pin.departs) == (requirement, ">=1,<2", True)
    assert pin.reason == "why"


def test_a_plan_of_ranges_is_read_back_as_it_was_written() -> None:
    assert Plan.model_validate(plan().to_data()) == plan()


@pytest.mark.parametrize("changes", [{"pins__0__range": ">=1,<3"}, {"pins__0__range": None}])
def test_another_range_is_another_stack(changes: dict[str, Any]) -> None:
    assert plan(**changes).fingerprint != plan().fingerprint


# --- markers ---------------------------------------------------------------------------------


def test_a_pin_whose_marker_does_not_hold_is_left_out_and_named() -> None:
    planned = plan(
        pins__0__marker="python_version < '3.10'",
        stages__1__pins=["alpha", "beta"],
        rows__base__known_failures=[
            FAILURE,
            {**FAILURE, "check": "import:beta"},
            {**FAILURE, "check": "stage:one"},
        ],
    )
    assert [pin.name for pin in planned.pins] == ["beta"]
    assert [(stage.name, stage.pins) for stage in planned.stages] == [("two", ("beta",))]
    assert planned.groups == {"greek": ("beta",)}
    assert not [check for check in planned.checks if "alpha" in check or check == "stage:one"]
    assert [claim.pin for claim in planned.claims] == [None]
    assert [failure.check for failure in planned.known_failures] == ["import:beta"]
    (note,) = planned.notes
    assert "alpha" in note
    assert "python_version < '3.10'" in note


def test_a_pin_whose_marker_holds_is_a_pin_like_any_other() -> None:
    planned = plan(pins__0__marker="python_version >= '3.10' and sys_platform != 'win32'")
    assert planned == plan()


def test_a_row_on_another_python_has_other_pins() -> None:
    marker = {"pins__0__marker": "python_version < '3.12'"}
    assert "alpha" in plan("base", **marker).named
    assert "alpha" not in plan("mended", **marker).named


def test_a_row_needs_a_pin() -> None:
    with pytest.raises(StackproofError, match="installs nothing"):
        plan(
            pins__0__marker="python_version < '3'",
            pins__1__marker="python_version < '3'",
            stages__1__requirements=[],
        )


@pytest.mark.parametrize(
    ("marker", "python", "holds", "patch"),
    [
        ("python_version < '3.12'", "3.11", True, False),
        ("python_version < '3.10'", "3.11", False, False),
        ("python_version >= '3.9'", "3.11", True, False),
        ("python_full_version < '3.11.3'", "3.11", False, True),
        ("python_full_version <= '3.11.0a6'", "3.11", False, False),
        ("python_full_version >= '3.11.4'", "3.12", True, False),
        ("platform_python_implementation == 'PyPy'", "3.11", False, False),
        ("sys_platform == 'win32'", "3.11", False, False),
    ],
)
def test_a_marker_is_judged_for_the_newest_patch(
    marker: str,
    python: str,
    holds: bool,  # noqa: FBT001
    patch: bool,  # noqa: FBT001
) -> None:
    assert applies(marker, python) is holds
    assert asks_patch(marker, python) is patch


# --- what upgrades start from ----------------------------------------------------------------


class Known:
    """A catalogue in which each distribution has a few releases."""

    def releases(self, name: str, *, refresh: bool = False) -> list[Release]:  # noqa: ARG002 - the same each time
        """Return three releases of alpha, and none of others."""
        versions = ("1.0", "1.4", "2.0") if name == "alpha" else ()
        return [
            Release(version=Version(version), uploaded=None, completed=None, yanked=False)
            for version in versions
        ]

    def requirements(self, name: str, version: Version) -> list[Requirement]:
        """Return what a release requires: nothing."""
        raise NotImplementedError


@pytest.mark.parametrize(
    ("asked", "start"), [(">=1,<2", "1.4"), (None, "2.0"), (">=3", "0"), ("==1.0.*", "1.0")]
)
def test_upgrades_of_a_range_start_from_the_newest_release_in_it(
    asked: str | None, start: str
) -> None:
    baseline = Baseline.of(plan(pins__0__range=asked), Known())
    assert baseline.pins == {"alpha": start, "beta": "2.0"}


# --- reports ---------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a project whose alpha is in a range, and whose beta may be any."""
    made = Shop(root=tmp_path)
    file = made.matrices / "tiny.toml"
    beta, alpha = file.read_text(encoding="utf-8").split('name = "alpha"')
    beta = beta.replace('version = "1.0"\n', "", 1)
    alpha = alpha.replace('version = "1.0"', 'range = ">=1,<2"', 1)
    more = '\n[[rows.other.overrides]]\npin = "alpha"\nrange = ">=1,<1.6"\nreason = "why"\n'
    file.write_text(f'{beta}name = "alpha"{alpha}{more}date = 2025-01-02\n', encoding="utf-8")
    return made


def test_a_report_shows_what_a_range_came_to(shop: Shop) -> None:
    evidence, verdict = shop.run()
    assert verdict.installed == {"alpha": "1.0", "beta": "1.0"}
    text = markdown(evidence, verdict)
    assert "| beta | 1.0 (any version) |" in text
    assert "| alpha | 1.0 (any of >=1,&lt;2) |" in text


def test_a_report_shows_what_the_document_asks_for_instead(shop: Shop) -> None:
    text = markdown(*shop.run(row="other"))
    assert "| alpha | 1.0 (any of >=1,&lt;1.6; in the document >=1,&lt;2) |" in text
    assert "| alpha | >=1,&lt;2 | >=1,&lt;1.6 | why |" in text


def test_the_documents_table_shows_what_a_range_came_to(shop: Shop) -> None:
    shop.run()
    reader = ReportsReader(reports=shop.reports, matrices=shop.matrices)
    (kept, *_), _ = reader.rows()
    text = document_markdown(kept, ["alpha", "beta"], None, reports=shop.reports, lang="en")
    assert "| alpha | 1.0 (any of >=1,&lt;2) | ✅ stable |" in text
    assert "| beta | 1.0 (any version) |" in text


def test_the_page_shows_what_a_range_came_to_and_how_far_it_goes(shop: Shop) -> None:
    shop.run()
    home = shop.reports / "tiny" / "plain"
    frontier, repair = json.loads(json.dumps([FRONTIER_FILE, REPAIR_FILE]))
    frontier["pins"][0]["range"] = ">=1,<2"
    repaired = repair["pins"][0]
    repaired |= {"documented": "", "range": "<=1.4"}
    (home / "frontier.json").write_text(json.dumps(frontier), encoding="utf-8")
    (home / "repair.json").write_text(json.dumps(repair), encoding="utf-8")
    text = parse(shop.page()).text
    assert "any of >=1,<2" in text
    assert "any version" in text
    assert "beyond the range" in text
    assert f"{repaired['name']}<=1.4" in text
    korean = parse(shop.page("ko")).text
    assert ">=1,<2 중 하나" in korean
    assert "범위 밖" in korean


def test_a_frontier_says_where_a_pin_leaves_its_range() -> None:
    pins = tuple(pin.model_copy(update={"range": ">=1,<2"}) for pin in FRONTIER.pins)
    text = frontier_markdown(FRONTIER.model_copy(update={"pins": pins}))
    assert "1.0 (any of >=1,&lt;2)" in text
    assert text.count("(beyond the range)") == 1


def test_a_repair_names_the_narrower_range() -> None:
    (first, *_) = REPAIR.pins
    change = first.model_copy(update={"range": ">=1,<=1.4", "documented": ">=1,<2"})
    text = repair_markdown(REPAIR.model_copy(update={"pins": (change,)}))
    assert f"| {change.name} | {change.version} (>=1,&lt;=1.4) | >=1,&lt;2 |" in text
