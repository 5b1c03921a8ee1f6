"""What is written for people beside the page: `report.md` in Korean, badges, the document."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from support.records import DIAGNOSIS
from support.site_files import audit, finding
from support.sites import MATRIX, Shop

from stackproof.errors import StackproofError
from stackproof.evidence.verdict import Verdict
from stackproof.report.audited import last_audit
from stackproof.report.badges import badge_json
from stackproof.report.document import document_markdown, language_of
from stackproof.report.forms import Form, form_of_document
from stackproof.report.markdown import markdown
from stackproof.report.rebuild import rebuild
from stackproof.report.site.links import Links
from stackproof.report.site.proofs import prove
from stackproof.report.site.reports_reader import ReportsReader
from stackproof.report.terminal import print_verdict
from stackproof.report.texts import Language


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a project that nothing has run in."""
    return Shop(root=tmp_path)


# --- report.md -------------------------------------------------------------------------------


def test_the_report_is_to_be_had_in_korean_its_verdict_for_machines_too(shop: Shop) -> None:
    evidence, verdict = shop.run({"import:beta": ("failed", "ImportError: no beta")})
    lines = markdown(evidence, verdict, "ko").splitlines()
    assert lines[0] == "# 깨짐 (BROKEN): tiny/plain"
    assert "| 검사 | 통과 8, 실패 1 (예상됨 0, 예상 밖 1) |" in lines
    assert "| `import:beta` |  | ImportError: no beta |" in lines
    assert "| beta | 1.0 | works with alpha | ❌ 반증됨 | `import:beta` |" in lines


def test_the_report_tells_in_short_what_the_audit_found_of_the_row(shop: Shop) -> None:
    known = {**finding("error", "beta | gone"), "known": "for years"}
    other = {**finding("error", "of another row"), "row": "other"}
    audit(shop, findings=[known, finding("warning", "beta is old"), other])
    evidence, verdict = shop.run()
    text = markdown(evidence, verdict, audit=last_audit(evidence))
    said = "What metadata alone says of this row, judged 2025-04-01T10:00:00Z: "
    assert f"{said}expected error: 1, warning: 1. All findings are in `reports/audit.md`." in text
    assert "| exists | beta \\| gone (expected: for years) |" in text
    assert "of another row" not in text


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ("## Diagnosis", "| build dependency | tool 3.0 |", "Leave out delta.")),
        ("ko", ("## 진단", "| 빌드 의존성 | tool 3.0 |", "delta을(를) 빼세요.")),
    ],
)
def test_the_report_tells_what_broke_the_row(
    shop: Shop, lang: Language, said: tuple[str, ...]
) -> None:
    evidence, verdict = shop.run({"import:beta": ("failed", "ImportError: no beta")})
    DIAGNOSIS.write(evidence.folder.parent / "diagnosis.json")
    text = markdown(evidence, verdict, lang)
    assert [line for line in said if line not in text] == []
    assert "```text\ngamma<2\n```" in text
    assert "no gamma \\| none" in text


def test_an_audit_of_other_rows_is_no_part_of_a_report(shop: Shop) -> None:
    audit(shop)
    evidence, verdict = shop.run(row="other")
    other = markdown(evidence, verdict, audit=last_audit(evidence))
    assert "Audit of the metadata" not in other


def test_what_others_wrote_cannot_leave_its_place_in_a_report(shop: Shop) -> None:
    nasty = "said\n```\n````\n# forged\n</details>"
    for text in (
        markdown(*shop.run({"import:beta": ("failed", nasty)})),
        markdown(*shop.run(trouble=nasty)),
    ):
        assert text.count(f"\n`````text\n{nasty}\n`````\n") == 1
    link = "![x](https://example.org/x.png) <b>"
    text = markdown(*shop.run({"import:beta": ("failed", link)}))
    assert "| `import:beta` |  | ![x]\\(https://example.org/x.png) &lt;b> |" in text


_CLAIM = "Python 3.11 supported"


@pytest.mark.fault("R1.2")
@pytest.mark.parametrize("state", ["proved", "refuted", "not provable"])
def test_a_claim_has_one_verdict_wherever_it_is_told(shop: Shop, state: str) -> None:
    def told() -> set[str]:
        row = ReportsReader(reports=shop.reports, matrices=shop.matrices).rows()[0][0]
        audit_found = ReportsReader(reports=shop.reports, matrices=shop.matrices).audit("tiny")
        written = Verdict.model_validate_json((row.evidence.folder / "verdict.json").read_text())
        report = (row.evidence.folder / "report.md").read_text(encoding="utf-8")
        [line] = [line for line in report.splitlines() if f"| {_CLAIM} |" in line]
        views = prove(row, audit_found, Links(shop.reports), "en")["beta"]
        [state_there] = [view.standing for view in views if view.text == _CLAIM]
        [state_here] = [item.state for item in written.claims if item.text == _CLAIM]
        words = next(word for word in ("proved", "refuted", "not provable") if word in line)
        return {state_there, state_here, words}

    shop.run()
    rebuild(shop.reports, shop.matrices)
    assert told() == {"not provable"}
    audit(shop, state=state)  # after the run: what is told is written again
    rebuild(shop.reports, shop.matrices)
    assert told() == {state}


# --- badges ----------------------------------------------------------------------------------

FAILED = {"version:alpha": ("failed", "old")}


@pytest.mark.parametrize(
    ("said", "known", "trouble", "message", "colour"),
    [
        ({}, False, None, "ok, 9 passed", "brightgreen"),
        ({}, True, None, "ok, unexpectedly", "yellowgreen"),
        (FAILED, True, None, "broken, as expected", "orange"),
        (FAILED, False, None, "broken, unexpected", "red"),
        (FAILED, False, "no index", "unjudged", "lightgrey"),
    ],
)
def test_a_badge_tells_the_verdict_and_whether_it_is_news(
    shop: Shop,
    said: dict[str, tuple[str, str]],
    *,
    known: bool,
    trouble: str | None,
    message: str,
    colour: str,
) -> None:
    _, verdict = shop.run(said, known=known, trouble=trouble)
    assert json.loads(badge_json(verdict)) == {
        "schemaVersion": 1,
        "label": "tiny/plain",
        "message": message,
        "color": colour,
    }


def test_a_badge_may_be_korean(shop: Shop) -> None:
    _, verdict = shop.run()
    assert json.loads(badge_json(verdict, "ko"))["message"] == "정상, 9개 통과"


# --- everything again ------------------------------------------------------------------------


def test_all_that_people_read_is_written_again_from_evidence(shop: Shop) -> None:
    evidence, _ = shop.run()
    before = (evidence.folder / "report.md").read_text(encoding="utf-8")
    (evidence.folder / "report.md").unlink()
    page = rebuild(shop.reports, shop.matrices)
    assert (evidence.folder / "report.md").read_text(encoding="utf-8") == before
    assert page == shop.reports / "index.html"
    first = {file: file.read_bytes() for file in shop.reports.rglob("*") if file.is_file()}
    names = {file.name for file in first}
    assert names >= {"index.html", "badge.json"}
    rebuild(shop.reports, shop.matrices)
    assert {file: file.read_bytes() for file in first} == first


def test_all_of_it_is_to_be_had_in_korean(shop: Shop) -> None:
    evidence, _ = shop.run()
    page = rebuild(shop.reports, shop.matrices, "ko")
    assert '<html lang="ko">' in page.read_text(encoding="utf-8")
    assert (evidence.folder / "report.md").read_text(encoding="utf-8").startswith("# 정상 (OK)")


# --- the document ----------------------------------------------------------------------------

DOCUMENT = """\
# Tiny

| area | package | version | compatibility | note |
|:-----|---------|---------|---------------|------|
| **base** | Python | 3.11.x | ✅ everything supports it | needed |
| **second** | Beta | 1.0 | ✅ works with alpha | Python 3.11 supported |
| **first** | alpha | 1.0 | stable | no claim |

```bash
pip install alpha==1.0
pip install beta==1.0
```
"""


def written(shop: Shop, form: Form | None = None, lang: Language = "en") -> str:
    """Return the document that the only run's evidence makes."""
    store = ReportsReader(reports=shop.reports, matrices=shop.matrices)
    ((kept,), _) = store.rows()
    order = store.pin_order("tiny")
    audited = store.audit("tiny")
    return document_markdown(kept, order, audited, reports=shop.reports, lang=lang, form=form)


def table(text: str) -> list[str]:
    """Return the lines of the table of a document."""
    return [line for line in text.splitlines() if line.startswith("|")]


def test_the_documents_table_keeps_its_form_with_evidence_for_marks(shop: Shop) -> None:
    shop.run({"import:beta": ("failed", "no"), "import:*": ("failed", "no")})
    file = shop.root / "tiny.md"
    file.write_text(DOCUMENT, encoding="utf-8")
    text = written(shop, form_of_document(file))
    assert table(text) == [
        "| area | package | version | compatibility | note |",
        "|:-----|---------|---------|---------------|------|",
        "| **base** | Python | 3.11.7 | ❌ everything supports it | needed |",
        "| **second** | Beta | 1.0 | ❌ works with alpha | ⬜ Python 3.11 supported |",
        "| **first** | alpha | 1.0 | ✅ stable | no claim |",
    ]
    assert "- ❌ beta: works with alpha (`import:beta`)" in text
    assert "- ⬜ beta: Python 3.11 supported (`python:beta`)" in text


def test_without_the_document_the_table_is_made_from_the_matrix(shop: Shop) -> None:
    shop.run()
    assert table(written(shop)) == [
        "| area | package | version | compatibility, as proved | remarks |",
        "| --- | --- | --- | --- | --- |",
        "| **base** | Python | 3.11.7 | ✅ everything supports it |  |",
        "| **second** | beta | 1.0 | ✅ works with alpha | ⬜ Python 3.11 supported |",
        "| **first** | alpha | 1.0 | ✅ stable |  |",
    ]


def test_another_version_than_the_documents_is_shown_as_such(shop: Shop) -> None:
    matrix = shop.matrices / "tiny.toml"
    override = '\n[[rows.other.overrides]]\npin = "beta"\nversion = "1.1"\n'
    more = f'{override}reason = "mends it"\ndate = 2025-01-02\n'
    matrix.write_text(matrix.read_text(encoding="utf-8") + more, encoding="utf-8")
    shop.run(row="other")
    assert "| 1.1 (in the document 1.0) |" in written(shop)


def test_the_documents_language_is_that_of_its_words(shop: Shop) -> None:
    evidence, _ = shop.run()
    plan = evidence.plan
    assert language_of(plan) == "en"
    assert language_of(plan.model_copy(update={"title": "호환성 매트릭스"})) == "ko"
    assert "| 구분 | 패키지 | 버전 | 호환성 검증 | 비고 |" in written(shop, lang="ko")


def test_the_document_says_what_a_stand_in_helped_to_prove_and_of_which_day(shop: Shop) -> None:
    day = datetime(2025, 3, 20, tzinfo=timezone.utc)
    evidence, verdict = shop.run(grades={"smoke:sum": "emulated"}, as_of=day)
    text = written(shop)
    assert "with uv on Python 3.11.7. index: as of 2025-03-20T00:00:00Z.\n" in text
    said = "## Proved with the help of a stand-in server\n\n- beta: works with alpha\n"
    assert text.endswith(said)
    assert "| ✅ proved, with a stand-in server |" in markdown(evidence, verdict)


def test_nothing_is_proved_by_a_run_that_could_not_be_judged(shop: Shop) -> None:
    evidence, verdict = shop.run(trouble="the test tools | moved alpha")
    text = written(shop)
    assert "Could not be judged: the test tools \\| moved alpha\n" in text
    assert "✅" not in text.replace("✅ proved", "", 1)
    assert "- ⬜ beta: works with alpha\n" in text
    assert "| beta | 1.0 | works with alpha | ⬜ not provable here |" in markdown(evidence, verdict)


def test_a_document_that_cannot_be_read_is_refused(shop: Shop) -> None:
    with pytest.raises(StackproofError, match=r"missing\.md: cannot be read"):
        form_of_document(shop.root / "missing.md")


# --- expected failures -----------------------------------------------------------------------

KNOWN = """
[[rows.plain.known-failures]]
check = "{check}"
reason = "known of {check}"
date = 2025-01-02
"""
#: As they are answered: what is worst comes last, and what fails for another one first.
FAILING = {
    "import:*": "Failed: beta failed: ImportError: no",
    "import:beta": "Failed: import beta failed: ImportError: no",
    "version:alpha": "Failed: alpha 2.0 is installed, not 1.0",
    "smoke:sum": "the workload's process crashed: ended by SIGSEGV",
}


@pytest.fixture
def expected(shop: Shop) -> Verdict:
    """Return the verdict on failures that are all expected."""
    known = "".join(KNOWN.format(check=check) for check in FAILING if check != "version:alpha")
    matrix = MATRIX.replace("\n[rows.other]", f"{known}\n[rows.other]")
    (shop.matrices / "tiny.toml").write_text(matrix, encoding="utf-8")
    failed = {check: ("failed", message) for check, message in FAILING.items()}
    _, verdict = shop.run(failed, known=True)
    assert [check.state for check in verdict.checks if check.outcome == "failed"] == ["known"] * 4
    return verdict


def test_the_report_groups_expected_failures_too_the_worst_first(
    shop: Shop, expected: Verdict
) -> None:
    report = (shop.reports / "tiny/plain/latest/report.md").read_text(encoding="utf-8")
    lines = report.partition("## Expected failures\n\n")[2].partition("\n\n")[0].splitlines()
    assert lines == [
        "| check | kind of failure | why |",
        "|---|---|---|",
        "| `smoke:sum` | crash: SIGSEGV | known of smoke:sum |",
        "| `version:alpha` | wrong version | an old story |",
        "| `import:beta` |  | known of import:beta |",
        "| | | 1 more, because beta cannot be imported: import:* |",
    ]
    assert len(expected.in_state("known")) == 4


@pytest.mark.parametrize("is_terminal", [False, True])
def test_the_terminal_groups_expected_failures_too_the_worst_first(
    expected: Verdict,
    is_terminal: bool,  # noqa: FBT001
) -> None:
    output = StringIO()
    print_verdict(
        expected, Path("r.md"), Console(file=output, width=160, force_terminal=is_terminal)
    )
    said = output.getvalue()
    order = [
        *("known of smoke:sum", "an old story", "known of import:beta"),
        "1 more, because beta cannot be imported: import:*",
    ]
    assert [said.count(words) for words in order] == [1] * 4
    assert sorted(order, key=said.index) == order
    assert "known of import:*" not in said
