"""The page: every promise of docs/reports.md about it, on evidence made up for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import unquote

import pytest
from support.markup import Node, parse
from support.records import DIAGNOSIS
from support.site_files import FRONTIER, GRID, REPAIR, audit, everything, pair, trial
from support.sites import STARTED, Shop, conflict, entry

from stackproof.base.json_text import to_json
from stackproof.evidence.costs import Cost
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.entry import entry_of
from stackproof.evidence.reports import InReports
from stackproof.report.markdown import markdown
from stackproof.report.texts import LANGUAGES, Language


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a project that nothing has run in."""
    return Shop(root=tmp_path)


def page(shop: Shop, lang: Language = "en") -> Node:
    """Write the page; return its tree."""
    return parse(shop.page(lang))


def section(tree: Node, name: str) -> Node:
    """Return the section that a heading labels."""
    return tree.one("section", aria_labelledby=name)


def cells(row: Node) -> list[str]:
    """Return the texts of a row's cells."""
    return [cell.text for cell in row.children if isinstance(cell, Node)]


# --- rows ------------------------------------------------------------------------------------


def test_a_project_without_runs_has_a_page(shop: Shop) -> None:
    rows = section(page(shop), "rows")
    assert "Nothing has run yet" in rows.text
    assert "Not run yet: tiny/plain, tiny/other." in rows.text


def test_each_row_has_a_line(shop: Shop) -> None:
    shop.run({"import:beta": ("failed", "broken"), "version:alpha": ("failed", "old")}, known=True)
    shop.run(row="other")
    tree = page(shop)
    plain, other = section(tree, "rows").one("tbody").all("tr")
    assert cells(plain) == [
        *("tiny/plain", "✗ BROKEN", "7 of 9", "1", "1", "2025-04-01 12:30 UTC", "12.5 s", "uv"),
        *("3.11.7", "none", "2025-04-01 12:30 UTC"),
    ]
    assert cells(other)[:5] == ["tiny/other", "✓ OK", "9 of 9", "0", "0"]
    answer = tree.one("p", class_="answer").text
    assert answer == (
        "Rows that are OK: 1 of 2. Unexpected results: 1. Newest run: 2025-04-01 12:30 UTC ."
    )


def test_a_row_says_since_when_it_is_in_its_state(shop: Shop) -> None:
    runs = [
        entry(shop, run=f"run {day}", started=STARTED - timedelta(days=day), verdict=verdict)
        for day, verdict in ((4, "ok"), (3, "broken"), (2, "ok"), (1, "ok"))
    ]
    lines = "".join(json.dumps(item.to_data()) + "\n" for item in runs)
    (shop.reports / InReports.HISTORY).write_text(lines, encoding="utf-8")
    (plain,) = section(page(shop), "rows").one("tbody").all("tr")
    assert cells(plain)[-1] == "2025-03-30 12:30 UTC"


def test_a_run_of_an_earlier_days_index_says_so_and_keeps_to_its_own_history(shop: Shop) -> None:
    today = entry(shop, run="run 1", started=STARTED - timedelta(days=1))
    day = "2025-03-20T00:00:00Z"
    earlier = entry(shop, run="run 2", started=STARTED - timedelta(days=2), as_of=day)
    lines = "".join(json.dumps(item.to_data()) + "\n" for item in (today, earlier))
    (shop.reports / InReports.HISTORY).write_text(lines, encoding="utf-8")
    (plain,) = section(page(shop), "rows").one("tbody").all("tr")
    assert cells(plain)[5] == "2025-04-01 12:30 UTC"
    assert cells(plain)[-1] == "2025-03-31 12:30 UTC"
    shop.run(as_of=datetime(2025, 3, 20, tzinfo=timezone.utc))
    (plain,) = section(page(shop), "rows").one("tbody").all("tr")
    assert cells(plain)[5] == "2025-04-01 12:30 UTC index as of 2025-03-20"
    assert cells(plain)[-1] == "2025-03-30 12:30 UTC"


def test_a_row_that_no_matrix_has_comes_last(shop: Shop) -> None:
    shop.run()
    renamed = shop.matrices / "tiny.toml"
    text = renamed.read_text(encoding="utf-8").replace("[rows.plain", "[rows.simple")
    renamed.write_text(text.replace("[[rows.plain", "[[rows.simple"), encoding="utf-8")
    rows = section(page(shop), "rows")
    (line,) = rows.one("tbody").all("tr")
    assert cells(line)[0] == "tiny/plain"
    assert "Not run yet: tiny/simple, tiny/other." in rows.text


def test_what_other_sessions_keep_is_no_row(shop: Shop) -> None:
    evidence, _ = shop.run()
    aside = shop.reports / "probes" / "x" / evidence.folder.name
    aside.parent.mkdir(parents=True)
    evidence.folder.rename(aside)
    assert "Nothing has run yet" in section(page(shop), "rows").text


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("run.json", "{}"),
        ("plan.json", ""),
        ("stages.json", "{"),
        ("checks.jsonl", "null\n"),
        ("checks.jsonl", '{"$report_type": "TestReport"}\n'),
        ("servers.json", "[1, 2]"),
        ("servers.json", '{"redis": {}}'),
    ],
)
def test_evidence_that_cannot_be_read_is_named_and_the_run_before_it_shown(
    shop: Shop, file: str, content: str
) -> None:
    shop.run()
    newer, _ = shop.run({"import:beta": ("failed", "broken")})
    (newer.folder / file).write_text(content, encoding="utf-8")
    rows = section(page(shop), "rows")
    (plain,) = rows.one("tbody").all("tr")
    assert cells(plain)[:2] == ["tiny/plain", "✓ OK"]
    assert rows.one("details").one("code").text == f"tiny/plain/{newer.folder.name}"


# --- failures --------------------------------------------------------------------------------


def test_failures_come_before_all_else_news_first_with_log_and_lines(shop: Shop) -> None:
    evidence, _ = shop.run(
        {
            "version:alpha": ("failed", "an old message"),
            "import:beta": ("failed", "ImportError: no beta\n  at line 3"),
            "smoke:sum": ("skipped", "no server today"),
        },
        known=True,
    )
    tree = page(shop)
    failures = section(tree, "failures")
    assert failures.one("h3").text == "tiny/plain: unexpected"
    news, known = failures.all("details", class_="failure")
    assert "open" in news.attributes
    assert news.one("summary").text == "✗ unexpected failure import:beta"
    assert news.one("pre").text == "ImportError: no beta at line 3"
    assert news.one("a").attributes["href"] == f"tiny/plain/{evidence.folder.name}/suite.log"
    assert "open" not in known.attributes
    assert known.one("summary").text == "version:alpha wrong version an old story"
    group = failures.all("details", class_="group")[0]
    assert group.all("summary")[0].text == "tiny/plain: expected failures, 1"
    assert "smoke:sum : no server today" in failures.text
    html = shop.page()
    assert html.index('id="failures"') < html.index('id="tiny/plain"')


def test_a_known_failure_that_passes_is_news(shop: Shop) -> None:
    shop.run(known=True)
    (fixed,) = section(page(shop), "failures").all("details", class_="failure")
    assert fixed.one("summary").text == "↑ passes unexpectedly version:alpha an old story"


def test_a_run_that_could_not_be_judged_is_no_silence_and_proves_nothing(shop: Shop) -> None:
    shop.run(trouble="the test tools moved alpha")
    tree = page(shop)
    answer = tree.one("p", class_="answer").text
    assert answer.startswith("Rows that are OK: 0 of 1. Could not be judged: 1. Newest run:")
    assert "The matrix ○ not provable here 4 " in tree.text
    works = tree.one("table", class_="cards matrix").all("details", class_="claim")[0]
    assert works.one("summary").text == "○ not provable here works with alpha"
    assert works.all("li")[0].text == "import:beta passed, 0.2 s · output"


def test_why_a_run_could_not_be_judged_stands_among_the_failures(shop: Shop) -> None:
    shop.run(trouble="the index went away")
    failures = section(page(shop), "failures")
    assert failures.one("pre").text == "the index went away"
    assert failures.one("h3").text == "? UNJUDGED tiny/plain"


def test_the_log_of_a_check_is_that_of_what_made_it(shop: Shop) -> None:
    evidence, _ = shop.run(complaints={"beta": conflict("beta")})
    links = {
        item.one("code").text: item.one("a").attributes["href"]
        for item in section(page(shop), "failures").all("details", class_="failure")
    }
    log = f"tiny/plain/{evidence.folder.name}/pip-check.txt"
    assert links == {"pip-check:*": log, "pip-check:beta": log}


# --- the matrix ------------------------------------------------------------------------------


def test_the_matrix_stands_in_the_documents_order_with_evidence_for_marks(shop: Shop) -> None:
    shop.run(
        {"import:beta": ("failed", "ImportError: no beta"), "version:alpha": ("skipped", "why")},
        grades={"smoke:sum": "emulated"},
    )
    beta, alpha = page(shop).one("table", class_="cards matrix").one("tbody").all("tr")
    assert cells(beta)[:3] == ["second", "beta installed by stage two", "1.0"]
    works, supported = beta.all("details", class_="claim")
    assert works.one("summary").text == "✗ refuted works with alpha"
    assert [item.text for item in works.all("li")] == [
        "import:beta failed, 0.2 s : ImportError: no beta · output",
        "smoke:sum passed, 0.2 s , stand-in server · output",
    ]
    assert supported.one("summary").text == "○ not provable here Python 3.11 supported"
    assert supported.one("li").text == "python:beta left to the audit"
    (stable,) = alpha.all("details", class_="claim")
    assert stable.one("summary").text == "○ not provable here stable"


def test_a_claim_proved_with_a_stand_in_says_so(shop: Shop) -> None:
    shop.run(grades={"smoke:sum": "emulated"})
    works = page(shop).one("table", class_="cards matrix").all("details", class_="claim")[0]
    assert works.one("summary").text == "✓ proved works with alpha with a stand-in server"


def test_what_a_run_cannot_answer_the_audit_does(shop: Shop) -> None:
    shop.run()
    audit(shop)
    assert "The matrix ✓ proved 4 " in page(shop).text
    supported = page(shop).one("table", class_="cards matrix").all("details", class_="claim")[1]
    assert supported.one("summary").text == "✓ proved Python 3.11 supported"
    said = "python:beta the metadata agrees: beta requires Python >=3.9"
    assert supported.one("li").text.replace(" :", ":") == said


def test_a_claim_that_the_audit_alone_refutes_says_so(shop: Shop) -> None:
    shop.run()
    audit(shop, state="refuted")
    tree = page(shop)
    assert "The matrix ✓ proved 3 ✗ refuted 1 " in tree.text
    supported = tree.one("table", class_="cards matrix").all("details", class_="claim")[1]
    said = "✗ refuted Python 3.11 supported by the audit of the metadata"
    assert supported.one("summary").text == said


def test_a_pair_that_the_audit_refutes_counts_where_the_claim_lists_none(shop: Shop) -> None:
    shop.run()
    named = {"matrix": "tiny", "row": "plain", "pin": "beta", "text": "works with alpha"}
    clash = {"check": "pairwise:beta:alpha", "because": "beta 1.0 requires alpha>=2"}
    audit(shop, claims=[{**named, **clash, "state": "refuted"}])
    works = page(shop).one("table", class_="cards matrix").all("details", class_="claim")[0]
    said = "✗ refuted works with alpha by the audit of the metadata"
    assert works.one("summary").text == said
    # That metadata ties the two by nothing takes no proof away that a run gave.
    audit(shop, claims=[{**named, **clash, "state": "not provable"}])
    works = page(shop).one("table", class_="cards matrix").all("details", class_="claim")[0]
    assert works.one("summary").text == "✓ proved works with alpha"


def test_the_audit_says_nothing_of_a_claim_that_a_run_left_open(shop: Shop) -> None:
    shop.run(trouble="the test tools moved alpha")
    audit(shop, state="refuted")
    supported = page(shop).one("table", class_="cards matrix").all("details", class_="claim")[1]
    assert supported.one("summary").text == "○ not provable here Python 3.11 supported"


def test_an_audit_of_other_versions_answers_nothing(shop: Shop) -> None:
    shop.run()
    audit(shop, version="2.0")
    supported = page(shop).one("table", class_="cards matrix").all("details", class_="claim")[1]
    assert supported.one("summary").text == "○ not provable here Python 3.11 supported"


def test_an_audit_as_of_another_day_answers_nothing(shop: Shop) -> None:
    shop.run()
    audit(shop, as_of="2025-01-01T00:00:00Z")
    tree = page(shop)
    supported = tree.one("table", class_="cards matrix").all("details", class_="claim")[1]
    assert supported.one("summary").text == "○ not provable here Python 3.11 supported"
    assert "index as of 2025-01-01 00:00 UTC" in section(tree, "audit").text


# --- stages, audit, trials and what else there is -------------------------------------------


def test_stages_tell_which_of_them_moved_which_pin(shop: Shop) -> None:
    evidence, _ = shop.run(moved={"gamma": ("1.0", "1.1"), "alpha": ("1.0", None)})
    one, two = page(shop).one("table", class_="cards stages").one("tbody").all("tr")
    assert cells(one) == ["1. one alpha==1.0", "1.2 s", "1 alpha 1.0", "nothing"]
    assert [item.text for item in two.all("li")] == [
        "alpha (a pin) 1.0 → removed",
        "gamma 1.0 → 1.1",
    ]
    assert one.one("a").attributes["href"] == f"tiny/plain/{evidence.folder.name}/stages/one.log"


def test_the_audit_shows_findings_and_the_grid_of_pairs(shop: Shop) -> None:
    audit(shop)
    found = section(page(shop), "audit")
    assert [item.text for item in found.all("summary")] == [
        "error: 1",
        "note: 1",
        "Conflicting or not known: 1",
    ]
    grid = found.one("table", class_="pairs")
    assert [cells(row) for row in grid.one("tbody").all("tr")] == [
        ["alpha", "·", "✗"],
        ["beta", "✗", "·"],
    ]
    assert "beta needs alpha 2" in found.text


def test_rows_with_the_same_pairs_share_a_grid(shop: Shop) -> None:
    alone = {"alpha": {"alpha": pair("itself")}}
    audit(shop, pairs={"tiny/plain": alone, "tiny/other": alone})
    found = section(page(shop), "audit")
    assert [item.text for item in found.all("h3")] == ["Pairs of pins, tiny/other, tiny/plain"]


def test_trials_tell_their_outcome_and_why(shop: Shop) -> None:
    trial(shop, "alpha==2.0", companions=["beta==2.0"])
    why = "beta 3.0 requires gamma>=2"
    trial(shop, "beta==3.0", resolvable=False, reason=f"{why}\nand more")
    trial(shop, "beta==4.0", pins_moved=["alpha"], moved={"alpha": ["1.0", "0.9"]})
    lines = section(page(shop), "trials").one("tbody").all("tr")
    assert [cells(line)[:5] for line in lines] == [
        [
            *("beta==4.0", "tiny/plain", "✗ breaks what worked"),
            *("1 still pass, 0 fail now, 0 pass now", "alpha 1.0 → 0.9"),
        ],
        [
            *("beta==3.0", "tiny/plain", "✗ cannot be resolved"),
            f"{why} {why} and more 1 still pass, 0 fail now, 0 pass now",
            "gamma 1.0 → 1.1",
        ],
        [
            *("alpha==2.0 with companions beta==2.0", "tiny/plain", "✓ safe with companions"),
            *("1 still pass, 0 fail now, 0 pass now", "gamma 1.0 → 1.1"),
        ],
    ]
    address = lines[0].one("a").attributes["href"]
    assert address.startswith("candidates/beta%3D%3D4.0/")


def test_the_frontier_shows_how_far_each_pin_can_go(shop: Shop) -> None:
    shop.run()
    shop.run(row="other")
    home = shop.reports / "tiny" / "plain"
    (home / "frontier-unfinished.json").write_text(to_json(FRONTIER), encoding="utf-8")
    found = section(page(shop), "tiny/plain/frontier")
    (line,) = found.one("tbody").all("tr")
    assert cells(line) == [
        *("alpha", "1.0", "2.0 (30 days newer) with beta==2.0", "2.5", "3.0"),
        "3.0: beta 1.0 requires alpha<3",
    ]
    assert "Not every pin has been looked at yet." in found.text
    assert "alpha==2.0" in found.text
    assert "beta : fails" in found.text
    # What is finished tells more.
    (home / "frontier.json").write_text(to_json({**FRONTIER, "complete": True}), encoding="utf-8")
    found = section(page(shop), "tiny/plain/frontier")
    assert "Not every pin has been looked at yet." not in found.text


def test_a_grid_never_shows_what_is_not_known_as_a_conflict(shop: Shop) -> None:
    (shop.reports / "grid.json").write_text(to_json(GRID), encoding="utf-8")
    found = section(page(shop), "grid")
    assert [cells(row) for row in found.one("tbody").all("tr")] == [
        ["1.0", "✓", "✗"],
        ["2.0", "?", "?"],
    ]
    assert [item.text for item in found.all("li")] == [
        "alpha 1.0, beta 2.0: conflict; beta 2.0 requires alpha>=2",
        "alpha 2.0, beta 1.0: not known; time limit",
        "alpha 1.0, beta 2.0: published compatible, found conflict; beta 2.0 requires alpha>=2",
    ]


def test_a_grid_shows_what_installing_refuted_or_could_not_prove(shop: Shop) -> None:
    failed = {"outcome": "failed", "message": "import:beta: no module", "evidence": "e"}
    unjudged = {"outcome": "unjudged", "message": "the disk is full", "evidence": "e"}
    cell = {"state": "compatible", "reason": "both resolve", "how": "resolution"}
    cells_of = [
        {**cell, "versions": ["1.0", "1.0"], "proof": failed},
        {**cell, "versions": ["1.0", "2.0"], "proof": unjudged},
    ]
    grid = {**GRID, "cells": cells_of, "differences": []}
    (shop.reports / "grid.json").write_text(to_json(grid), encoding="utf-8")
    found = section(page(shop), "grid")
    assert cells(found.one("tbody").all("tr")[0]) == ["1.0", "!", "?"]
    assert [item.text for item in found.all("li")] == [
        "alpha 1.0, beta 1.0: fails when installed; import:beta: no module",
        "alpha 1.0, beta 2.0: not known; the disk is full",
    ]


def test_a_repair_tells_what_each_pin_mends(shop: Shop) -> None:
    evidence, _ = shop.run({"import:beta": ("failed", "broken")})
    home = evidence.folder.parent
    (home / "repair.json").write_text(to_json(REPAIR), encoding="utf-8")
    tree = page(shop)
    assert "None of them can be left out." in tree.text
    lines = [cells(row) for row in tree.all("tr")]
    assert ["gamma==1.0", "import:beta", "beta needs it"] in lines
    assert ["pin gamma", "none", "import:alpha"] in lines


def test_a_diagnosis_tells_what_broke_a_row_and_what_to_do(shop: Shop) -> None:
    evidence, _ = shop.run({"import:beta": ("failed", "broken")})
    DIAGNOSIS.write(evidence.folder.parent / "diagnosis.json")
    tree = page(shop)
    lines = [cells(row) for row in tree.all("tr")]
    said = "gamma 2.0 replaces 1.4; import:beta: ImportError: no gamma | none"
    assert ["release", "gamma 2.0", "2025-03-05 00:00 UTC", "", said] in lines
    assert [
        "build dependency",
        "tool 3.0",
        "",
        "2025-03-04 00:00 UTC",
        "tool 3.0 replaces 2.9",
    ] in (lines)
    assert [pre.text for pre in tree.all("pre")][-3:-1] == ["gamma<2", "tool<3"]
    assert "A fix was confirmed by the whole suite." in tree.text
    assert "Or, with nothing added, change beta to 1.1." in tree.text
    assert "Diagnoses of what has no run" not in tree.text


def test_a_diagnosis_of_a_file_stands_by_itself(shop: Shop) -> None:
    shop.run({"import:beta": ("failed", "broken")})
    short = DIAGNOSIS.model_copy(update={"matrix": "requirements", "trouble": "interrupted"})
    short.write(shop.reports / "requirements" / "plain" / "diagnosis.json")
    found = section(page(shop), "diagnoses")
    assert found.one("h3").text == "✗ BROKEN requirements/plain"
    assert found.all("pre")[0].text == "interrupted"


@pytest.mark.parametrize(
    ("outcome", "change"),
    [
        ("failed", {"as_of": "2025-03-31T12:00:00Z"}),
        ("failed", {"python": "3.1"}),
        ("passed", {}),
    ],
)
def test_a_diagnosis_of_another_day_or_python_is_none_of_a_run(
    shop: Shop, outcome: str, change: dict[str, str]
) -> None:
    evidence, verdict = shop.run({"import:beta": (outcome, "")})
    file = evidence.folder.parent / "diagnosis.json"
    DIAGNOSIS.model_copy(update=change).write(file)
    assert "gamma 2.0" not in page(shop).text
    assert "gamma 2.0" not in markdown(evidence, verdict)


def test_a_grid_of_many_cells_leaves_its_reasons_to_its_own_files(shop: Shop) -> None:
    versions = [f"{number}.0" for number in range(30)]
    cells_of = [
        {
            "versions": [one, two],
            "state": "conflict",
            "reason": f"{one} and {two}",
            "how": "metadata",
        }
        for one in versions
        for two in versions
    ]
    axes = [{"name": "alpha", "versions": versions}, {"name": "beta", "versions": versions}]
    grid = {**GRID, "axes": axes, "cells": cells_of, "differences": []}
    (shop.reports / "grid.json").write_text(to_json(grid), encoding="utf-8")
    found = section(page(shop), "grid")
    assert len(found.one("tbody").all("td", class_="conflict")) == 900
    assert len(found.all("li")) == 200
    assert [item.attributes["href"] for item in found.all("a")] == ["grid.json"]


def test_pairs_of_many_pins_are_left_to_the_audits_own_files(shop: Shop) -> None:
    names = [f"pin-{number:02}" for number in range(41)]
    table = {one: {two: pair("satisfied", f"{one} {two}") for two in names} for one in names}
    table["pin-01"]["pin-02"] = pair("conflict", "pin-02 needs another")
    audit(shop, pairs={"tiny/plain": table})
    found = section(page(shop), "audit")
    assert found.all("table", class_="pairs") == []
    assert [item.text for item in found.all("summary")][2:] == ["Conflicting or not known: 1"]
    assert "41 pins make a table that nobody can read" in found.text


def test_a_file_of_another_form_is_named_and_left_out(shop: Shop) -> None:
    shop.run()
    names = ["audit.json", "grid.json", "tiny/plain/frontier.json", "tiny/plain/timeline.json"]
    for name in names:
        (shop.reports / name).write_text('{"format": 2}', encoding="utf-8")
    rows = section(page(shop), "rows")
    named = [item.text for item in rows.one("details").all("code")]
    assert sorted(named) == names


# --- trend -----------------------------------------------------------------------------------


def test_the_trend_draws_what_history_keeps(shop: Shop) -> None:
    runs = [
        entry(
            shop,
            run=f"run {day}",
            started=STARTED - timedelta(days=10 - day),
            seconds=10.0 + day,
            verdict="broken" if day == 1 else "ok",
            checks={"pip-check:*": "new", "pip-check:beta": "new"} if day == 1 else {},
        )
        for day in range(3)
    ]
    lines = "".join(json.dumps(item.to_data()) + "\n" for item in runs)
    (shop.reports / InReports.HISTORY).write_text(lines, encoding="utf-8")
    duration, distributions, conflicts = page(shop).all("figure")
    assert duration.one("figcaption").text == "duration in seconds: 12 (10 to 12)"
    assert duration.one("polyline").attributes["points"] == "6,50 120,28 234,6"
    assert distributions.one("figcaption").text == "distributions installed: 2 (2 to 2)"
    assert distributions.one("polyline").attributes["points"] == "6,28 120,28 234,28"
    assert conflicts.one("polyline").attributes["points"] == "6,50 120,6 234,50"
    assert conflicts.one("path").attributes["d"] == "M117.5,3.5l5,5m0,-5l-5,5"


def test_one_run_is_no_trend(shop: Shop) -> None:
    line = json.dumps(entry(shop).to_data())
    (shop.reports / InReports.HISTORY).write_text(f"{line}\n", encoding="utf-8")
    tree = page(shop)
    assert "Runs in the history: 1." in tree.text
    assert tree.all("figure") == []


def test_what_takes_more_than_it_did_is_named(shop: Shop) -> None:
    runs = [
        entry(
            shop,
            run=f"run {day}",
            started=STARTED - timedelta(days=10 - day),
            machine="a machine",
            checks={"import:alpha": "ok"},
            costs={"import:alpha": Cost(processor_seconds=2.0 if day < 5 else day + 2.5)},
        )
        for day in range(7)
    ]
    file = shop.reports / InReports.HISTORY
    lines = [json.dumps(item.to_data()) + "\n" for item in runs]
    file.write_text("".join(lines), encoding="utf-8")
    told = (
        "import:alpha took 8.5 s of processor time, and 7.5 s of processor time in the run before; "
        "2.0 s of processor time to 2.0 s of processor time in 5 runs as expected before these"
    )
    assert told in page(shop).text
    assert "프로세서 시간 8.5초" in page(shop, "ko").text
    file.write_text("".join(lines[1:]), encoding="utf-8")
    assert "8.5 s" not in page(shop).text


# --- what holds for the whole page -----------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_that_was_said_acts_on_the_page(shop: Shop, lang: Language) -> None:
    html = everything(shop).page(lang)
    tree = parse(html)
    assert [tag for tag in ("script", "img", "iframe", "object", "form") if tree.all(tag)] == []
    handlers = [name for node in _every(tree) for name in node.attributes if name.startswith("on")]
    assert handlers == []
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f]", html) == []
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 18
    assert "{{ 7*7 }}" in html


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_link_leads_somewhere_and_nothing_is_loaded(shop: Shop, lang: Language) -> None:
    tree = page(everything(shop), lang)
    anchors = {node.attributes["id"] for node in _every(tree) if "id" in node.attributes}
    links = [node.attributes["href"] for node in tree.all("a")]
    assert len(links) > 40
    broken = [
        link
        for link in links
        if not (
            link[1:] in anchors
            if link.startswith("#")
            else (shop.reports / unquote(link)).is_file()
        )
    ]
    assert broken == []
    loading = [node for node in _every(tree) if {"src", "srcset", "data"} & node.attributes.keys()]
    assert loading == []
    (icon,) = tree.all("link")
    assert icon.attributes == {"rel": "icon", "href": "data:,"}
    style = tree.one("style").text
    assert "url(" not in style
    assert "@import" not in style


def test_ids_are_unique_and_the_language_is_named(shop: Shop) -> None:
    tree = page(everything(shop), "ko")
    ids = [node.attributes["id"] for node in _every(tree) if "id" in node.attributes]
    assert sorted(ids) == sorted(set(ids))
    assert tree.one("html").attributes["lang"] == "ko"


def copies(shop: Shop, evidence: Evidence, number: int) -> list[str]:
    """Copy a run of `plain` to as many other rows; return their names."""
    rows = [f"row-{place:03}" for place in range(number)]
    for row in rows:
        folder = shop.reports / "tiny" / row / evidence.folder.name
        folder.mkdir(parents=True)
        for file in evidence.folder.glob("*.json*"):
            text = file.read_text(encoding="utf-8").replace('"plain"', f'"{row}"')
            (folder / file.name).write_text(text, encoding="utf-8")
    return rows


def test_a_page_with_all_broken_stays_small(shop: Shop) -> None:
    long = "\n".join(f"error {number}: {'x' * 250}" for number in range(200))
    failed = dict.fromkeys(("import:alpha", "smoke:sum"), ("failed", long))
    failed["import:*"] = ("failed", f"Failed: alpha failed: error 0\n\n{long}")
    copies(shop, shop.run(failed)[0], 100)
    html = shop.page()
    # All together fail as one alone does.
    assert html.count('class="failure"') == 101 * 2
    assert len(html.encode()) < 1_000_000


def test_a_page_on_a_thousand_runs_of_twenty_rows_stays_small(shop: Shop) -> None:
    failed = {"version:alpha": ("failed", "old"), "import:beta": ("failed", "new")}
    evidence, verdict = shop.run(failed, known=True)
    line = entry_of(evidence, verdict)
    assert line is not None
    rows = copies(shop, evidence, 20)
    with (shop.reports / InReports.HISTORY).open("w", encoding="utf-8") as file:
        for number in range(1000):
            started = STARTED - timedelta(hours=number)
            changes = {"row": rows[number % 20], "run": f"run {number}", "started": started}
            file.write(json.dumps(line.model_copy(update=changes).to_data()) + "\n")
    html = shop.page()
    assert html.count("Runs in the history: 50.") == 20
    assert len(html.encode()) < 2_000_000


def _every(node: Node) -> Iterator[Node]:
    for child in node.children:
        if isinstance(child, Node):
            yield child
            yield from _every(child)
