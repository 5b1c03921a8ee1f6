"""What is ours to say is said in Korean, on the page and in reports: each sentence that we have."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter

import pytest
from support.evidences import suite_line
from support.markup import Node, parse
from support.records import DIAGNOSIS, FRONTIER, LINKS, REPAIR, TIMELINE
from support.site_files import GRID, audit, finding, pair, trial
from support.sites import Shop

from stackproof.base.json_text import to_json
from stackproof.base.process import Finished
from stackproof.base.records import Record, write_atomically
from stackproof.evidence.check import Check
from stackproof.evidence.confirmation import Confirmation
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import Built, CheckResult, ConstraintsUsed, FailureKind
from stackproof.evidence.verdict import judge
from stackproof.evidence.worded import of_trouble, with_why
from stackproof.experiments.candidate.reasons import told
from stackproof.experiments.diagnose.record import Cause
from stackproof.experiments.frontier.record import Blocked, Joint, LeftOut
from stackproof.experiments.repair.record import RemedyTrial, RepairedPin
from stackproof.experiments.timeline.record import Break, CheckHistory
from stackproof.installers.failures import explain
from stackproof.matrix.planned import PlannedFailure
from stackproof.metadata.grid.record import Grid
from stackproof.reasons.common import quoted
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words, sentences
from stackproof.report.audited import last_audit
from stackproof.report.markdown import markdown
from stackproof.report.texts import Language
from stackproof.report.wording import brief

#: Two words or more, as no name, version or requirement is.
_WORDS = re.compile(r"[A-Za-z']+(?: [A-Za-z']+)+")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a project with one run."""
    shop = Shop(root=tmp_path)
    shop.run({"import:beta": ("failed", "0")})
    return shop


def page(shop: Shop, lang: Language = "ko") -> Node:
    """Write the page; return its tree."""
    return parse(shop.page(lang))


def section(tree: Node, name: str) -> Node:
    """Return the section that a heading labels."""
    return tree.one("section", aria_labelledby=name)


def every_reason() -> list[Reason]:
    """Return a reason of each sentence, its fields filled with what no sentence says."""
    placeholders = {
        name: {field for _, field, _, _ in Formatter().parse(text["en"]) if field}
        for name, text in sentences()["sentence"].items()
    }
    numbers = {"number", "days", "line"}
    return [
        Reason(
            name=name,
            fields={
                field: 7 if field in numbers else reason("requires", by="q 1", requirement="r<2")
                for field in sorted(fields)
            },
        )
        for name, fields in placeholders.items()
    ]


def english(text: str) -> list[str]:
    """Return the sentences of ours that a text has words of in English."""
    text = " ".join(text.split())
    return [
        name
        for name, said in sentences()["sentence"].items()
        for words in _WORDS.findall(" 0 ".join(part for part, *_ in Formatter().parse(said["en"])))
        if words in text and words not in said["ko"]
    ]


def leave(shop: Shop, record: Record, name: str) -> None:
    """Leave what a session found of the row."""
    write_atomically(shop.reports / "tiny/plain" / name, to_json(record.to_data()))


def failing(kind: str, subject: str, message: str, why: Reason | None = None) -> Check:
    """Return a check that fails as nobody expected."""
    return Check(
        id=f"{kind}:{subject}",
        kind=kind,
        subject=subject,
        outcome="failed",
        state="new",
        grade="real",
        message=message,
        why=why,
        reason=None,
        seconds=0,
    )


def is_in_korean(shop: Shop) -> None:
    """Find every sentence on the page: in Korean alone there, in English on the other one."""
    shown = " ".join(page(shop).text.split())
    assert [
        why for why in every_reason() if " ".join(in_words(why, "ko").split()) not in shown
    ] == []
    assert english(shown) == []
    assert len(english(page(shop, "en").text)) > 100


def test_the_korean_page_says_in_korean_why_a_repair_needs_its_pins(shop: Shop) -> None:
    pins = tuple(
        RepairedPin(
            name="gamma",
            version=str(number),
            mends=(),
            because=in_words(why),
            why=why,
            documented=None,
        )
        for number, why in enumerate(every_reason())
    )
    leave(shop, REPAIR.model_copy(update={"pins": pins, "remedies": ()}), "repair.json")
    is_in_korean(shop)


def test_the_korean_page_says_in_korean_why_a_fix_cannot_be_installed(shop: Shop) -> None:
    remedies = tuple(
        RemedyTrial(
            name="0",
            text="0",
            installs=False,
            moved=False,
            mends=(),
            breaks=(),
            message=in_words(why),
            why=why,
        )
        for why in every_reason()
    )
    leave(shop, REPAIR.model_copy(update={"pins": (), "remedies": remedies}), "repair.json")
    is_in_korean(shop)


@pytest.mark.parametrize("side", ["breaks", "fixes"])
def test_the_korean_page_says_in_korean_what_culprits_did(shop: Shop, side: str) -> None:
    turns = tuple(
        Break(
            good="2025-03-02T00:00:00Z",
            bad="2025-03-09T00:00:00Z",
            since=None,
            culprits=(),
            confirmed=False,
            reason=in_words(why),
            why=why,
        )
        for why in every_reason()
    )
    sides = {"breaks": (), "fixes": (), side: turns}
    check = CheckHistory(id="import:beta", state="broke", asked=(), **sides)
    leave(shop, TIMELINE.model_copy(update={"checks": (check,), "notes": ()}), "timeline.json")
    is_in_korean(shop)


def test_the_korean_page_has_the_notes_of_a_timeline_in_korean(shop: Shop) -> None:
    whys = tuple(every_reason())
    notes = tuple(map(in_words, whys))
    found = TIMELINE.model_copy(update={"checks": (), "notes": notes, "whys": whys})
    leave(shop, found, "timeline.json")
    is_in_korean(shop)


def test_the_korean_page_and_report_have_causes_and_notes_in_korean(shop: Shop) -> None:
    whys = tuple(every_reason())
    causes = tuple(
        Cause(kind="unknown", checks=("0",), confirmed=True, sentence=in_words(why), why=why)
        for why in whys
    )
    notes = tuple(map(in_words, whys))
    said = {"causes": (), "notes": notes, "whys": whys}
    for changes in ({"causes": causes, "notes": ()}, said):
        evidence, verdict = shop.run({"import:beta": ("failed", "0")})
        leave(shop, DIAGNOSIS.model_copy(update={"toml": "", **changes}), "diagnosis.json")
        is_in_korean(shop)
        report = markdown(evidence, verdict, "ko")
        assert english(report) == []
        assert len(english(markdown(evidence, verdict))) > 100


def test_the_korean_page_and_report_say_in_korean_what_cut_a_diagnosis_short(shop: Shop) -> None:
    evidence, verdict = shop.run({"import:beta": ("failed", "0")})
    short = {"trouble": "interrupted", "trouble_why": reason("interrupted")}
    leave(shop, DIAGNOSIS.model_copy(update=short), "diagnosis.json")
    for shown in (page(shop).text, markdown(evidence, verdict, "ko")):
        assert "도중에 끝났습니다: 중단됨" in " ".join(shown.split())
        assert "interrupted" not in shown


def test_the_korean_page_says_in_korean_what_blocks_a_pin(shop: Shop) -> None:
    blocked = [Blocked(version="0", because=in_words(why), why=why) for why in every_reason()]
    pins = tuple(FRONTIER.pins[0].model_copy(update={"blocked": item}) for item in blocked)
    joint = Joint(versions={}, left_out=())
    leave(shop, FRONTIER.model_copy(update={"pins": pins, "joint": joint}), "frontier.json")
    is_in_korean(shop)
    pins = (FRONTIER.pins[0].model_copy(update={"unjudged": tuple(blocked)}),)
    leave(shop, FRONTIER.model_copy(update={"pins": pins, "joint": joint}), "frontier.json")
    is_in_korean(shop)


def test_the_korean_page_says_in_korean_what_does_not_go_together(shop: Shop) -> None:
    left_out = [LeftOut(name="0", because=in_words(why), why=why) for why in every_reason()]
    joint = Joint(versions={}, left_out=tuple(left_out))
    leave(shop, FRONTIER.model_copy(update={"pins": (), "joint": joint}), "frontier.json")
    is_in_korean(shop)
    why = reason("no-distribution", name="alpha")
    joint = Joint(versions={}, left_out=(), unjudged=in_words(why), unjudged_why=why)
    leave(shop, FRONTIER.model_copy(update={"pins": (), "joint": joint}), "frontier.json")
    assert in_words(why, "ko") in page(shop).text


def test_the_korean_page_says_in_korean_why_a_trial_is_refused(shop: Shop) -> None:
    why = reason("requires", by="beta 2.0", requirement="alpha>=2")
    trial(shop, "beta==3.0", resolvable=False, reason=in_words(why), why=why.to_data())
    assert "beta 2.0은(는) alpha>=2을(를) 요구함" in section(page(shop), "trials").text
    assert "beta 2.0 requires alpha>=2" in section(page(shop, "en"), "trials").text


def test_the_korean_page_and_report_say_in_korean_what_is_ours_of_a_failure(shop: Shop) -> None:
    evidence, verdict = shop.run(
        {"version:alpha": ("failed", "Failed: alpha 2.0 is installed, not 1.0")}
    )
    words = "실패: 1.0이(가) 아니라 alpha 2.0이(가) 설치됨"
    assert words in section(page(shop), "failures").text
    assert words in markdown(evidence, verdict, "ko")
    (failed,) = verdict.in_state("new")
    checks = tuple(
        failed.model_copy(update={"message": in_words(why), "why": why}) for why in every_reason()
    )
    judged = verdict.model_copy(update={"checks": checks})
    assert english(markdown(evidence, judged, "ko")) == []
    assert len(english(markdown(evidence, judged))) > 100


def test_the_korean_page_and_report_say_in_korean_which_links_are_suspect(shop: Shop) -> None:
    evidence, _ = shop.run()
    (used,) = LINKS.suspects
    suspects = tuple(
        used.model_copy(update={"sentence": in_words(why), "why": why, "distribution": "alpha"})
        for why in every_reason()
    )
    found = LINKS.model_copy(update={"findings": suspects, "notes": ()})
    write_atomically(evidence.folder / "links.json", to_json(found.to_data()))
    is_in_korean(shop)
    assert "[호출될 때 실행됨]" in page(shop).text
    report = markdown(evidence, judge(evidence), "ko")
    assert english(report) == []
    assert "[호출될 때 실행됨]" in report


OF_ANOTHER_DAY = Reason(name="of-another-day", fields={})


def test_what_a_later_version_says_of_a_link_is_shown_as_it_was_written(shop: Shop) -> None:
    """Whatever else the row has is judged, and said in Korean."""
    evidence, _ = shop.run()
    (used,) = LINKS.suspects
    about = {"distribution": "alpha", "runs": "import"}
    other = reason("is-not-there")
    findings = (
        used.model_copy(update={**about, "sentence": "said later", "why": OF_ANOTHER_DAY}),
        used.model_copy(update={**about, "sentence": "is not there", "why": other}),
    )
    found = LINKS.model_copy(update={"findings": findings, "notes": ()})
    write_atomically(evidence.folder / "links.json", to_json(found.to_data()))
    strict = evidence.plan.model_copy(update={"strict_links": True})
    strict.write(evidence.folder / "plan.json")
    verdict = judge(evidence)
    (failed,) = verdict.in_state("new")
    assert (failed.id, failed.message) == ("link:alpha", "said later\nis not there")
    assert brief(failed) == brief(failed, "ko") == "said later"
    for shown in (page(shop).text, markdown(evidence, verdict, "ko")):
        assert "said later 설치되어 있지 않음" in " ".join(shown.split())


def test_a_message_is_shown_as_it_was_written() -> None:
    """Neither rebuilt from its record, nor lost with one of a later version."""
    failed = failing(
        "version", "alpha", "is not there, as it was once worded", why=reason("is-not-there")
    )
    assert brief(failed) == "is not there, as it was once worded"
    assert brief(failed, "ko") == "설치되어 있지 않음"
    later = failed.model_copy(update={"why": OF_ANOTHER_DAY})
    assert brief(later) == brief(later, "ko") == "is not there, as it was once worded"
    assert told(later) == reason("of-name", name=failed.id, why=quoted(failed.message))


def test_the_korean_report_says_in_korean_why_a_stage_failed() -> None:
    words = "error: Failed to build `needy==1.0`\n  ImportError: no tool"
    message = explain(
        "refused",
        words,
        Finished(exit=1, seconds=0, processor_seconds=0, peak_memory=0, timed_out=False),
        built=[Built(name="needy", version="1.0", requires={"tool": "3.0"}, failed=True)],
    )
    failed = failing("stage", "one", message)
    assert brief(failed) == (
        "cannot be installed as documented: needy 1.0 cannot be built: ImportError: no tool "
        "(with tool 3.0)"
    )
    assert brief(failed, "ko") == (
        "문서대로 설치할 수 없음: needy 1.0을(를) 빌드할 수 없음: ImportError: no tool "
        "(함께: tool 3.0)"
    )


def test_the_korean_page_says_in_korean_what_could_not_be_judged(shop: Shop) -> None:
    whys = every_reason()
    audit(
        shop,
        findings=[],
        claims=[],
        pairs={},
        trouble=[in_words(why) for why in whys],
        whys=[why.to_data() for why in whys],
    )
    is_in_korean(shop)


def test_the_korean_page_says_in_korean_until_when_an_advisory_is_accepted(shop: Shop) -> None:
    known = reason("accepted", reason="no way around it", until="2026-01-01")
    told = {"known": in_words(known), "known_why": known.to_data()}
    audit(shop, findings=[{**finding("error", "0"), **told}])
    shown = section(page(shop), "audit").text
    assert "(예상됨: no way around it, 2026-01-01까지)" in shown
    assert "no way around it, until 2026-01-01" in section(page(shop, "en"), "audit").text


def test_the_korean_page_shows_what_older_files_say_as_it_was_written(shop: Shop) -> None:
    leave(shop, REPAIR, "repair.json")
    leave(shop, TIMELINE, "timeline.json")
    leave(shop, DIAGNOSIS, "diagnosis.json")
    leave(shop, FRONTIER, "frontier.json")
    shown = page(shop).text
    for words in (
        "1.1 was never released; 1.0 is the nearest to it",
        "lamps 2 has no shine",
        "smoke:luck answers differently in one environment",
        "tool 3.0 replaces 2.9",
        "gamma 1.4 is a yanked release: look for another soon",
        "beta 1.0 requires alpha<3 | none",
        "import:beta fails",
    ):
        assert words in shown


def test_the_korean_page_says_no_finding_in_english(shop: Shop) -> None:
    found = [
        {**finding("warning", in_words(why)), "why": why.to_data(), "line": number}
        for number, why in enumerate(every_reason())
    ]
    requires = reason("requires", by="beta 2.0", requirement="alpha>=2")
    cell = {**pair("conflict", in_words(requires)), "why": requires.to_data()}
    audit(
        shop,
        findings=found,
        pairs={"tiny/plain": {name: {"alpha": cell, "beta": cell} for name in ("alpha", "beta")}},
    )
    shown = section(page(shop), "audit")
    said = [row.all("td")[-1].text for row in shown.one("table", class_="cards").all("tr")[1:]]
    assert said == [" ".join(in_words(why, "ko").split()) for why in every_reason()]
    assert "requires" not in shown.text
    assert "beta 2.0은(는) alpha>=2을(를) 요구함" in shown.text
    assert "beta 2.0 requires alpha>=2" in section(page(shop, "en"), "audit").text


def test_the_korean_page_says_why_cells_conflict_in_korean(shop: Shop) -> None:
    why = reason("requires", by="beta 2.0", requirement="alpha>=2")
    read = Grid.model_validate(GRID)
    cells_of = tuple(cell.model_copy(update={"why": why}) for cell in read.cells)
    differs = tuple(item.model_copy(update={"why": why}) for item in read.differences)
    grid = read.model_copy(update={"cells": cells_of, "differences": differs})
    grid.write(shop.reports / "grid.json")
    items = [item.text for item in section(page(shop), "grid").all("li")]
    assert [item.endswith("beta 2.0은(는) alpha>=2을(를) 요구함") for item in items] == [True] * 3


def test_the_korean_page_says_in_korean_what_the_audit_found_of_a_claim(shop: Shop) -> None:
    why = reason("python-asked", pin="beta 1.0", requires=">=3.9")
    about = {"matrix": "tiny", "row": "plain", "pin": "beta", "text": "Python 3.11 supported"}
    said = {"check": "python:beta", "state": "proved", "because": in_words(why)}
    audit(shop, claims=[{**about, **said, "why": why.to_data()}])
    supported = page(shop).one("table", class_="cards matrix").all("details", class_="claim")
    assert "beta 1.0이(가) 요구하는 Python: >=3.9" in supported[1].one("li").text


def test_the_korean_report_says_in_korean_what_the_audit_found_of_the_row(shop: Shop) -> None:
    evidence, verdict = shop.run()
    why = reason("no-project", name="beta")
    audit(shop, findings=[{**finding("error", in_words(why)), "why": why.to_data()}])
    found = last_audit(evidence)
    assert "| exists | 인덱스에 beta 프로젝트가 없음 |" in markdown(
        evidence, verdict, "ko", audit=found
    )
    assert "| exists | the index has no project beta |" in markdown(evidence, verdict, audit=found)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (
            reason("build-lacks"),
            "빌드에 필요하지만 스택에 속하지 않는 것이 없어 스택에 대해 알 수 있는 것이 없음",
        ),
        (
            reason("build-fails-silent", release="alpha 1.0"),
            "alpha 1.0을(를) 빌드해야 하는데 빌드가 실패하며, 그 이유는 나와 있지 않음",
        ),
    ],
    ids=lambda item: item.name if isinstance(item, Reason) else "",
)
def test_what_is_easily_said_the_other_way_round_in_korean_is_not(why: Reason, words: str) -> None:
    """It is the build that lacks something, and the build that does not tell why it fails."""
    assert in_words(why, "ko") == words


# --- what a run wrote down in words alone ----------------------------------------------------

PAIRS = """\
Failed: beta crashed: ended by SIGSEGV
the end of the process hung: killed after its limit of 120 s

imported in reverse order
beta fails after alpha, of these two alone, and not without it

imported two by two
the end of the process fails after alpha and beta, of these two alone, and not with one

Traceback: beta said no"""
#: What a suite says of a check, and what of that is data.
SAID = {
    "import:*": (PAIRS, ["Traceback: beta said no"]),
    "import:beta": ("Failed: import beta failed: ImportError: no such", ["ImportError: no such"]),
    "import:alpha": (
        (
            "Failed: alpha is loaded from site-packages/a.py, which other 1.0 owns; "
            "site-packages/b.py of alpha 1.0 is never loaded"
        ),
        [],
    ),
    "version:beta": ("Failed: beta 2.0 is installed, not 1.0", []),
    "smoke:sum": (
        "the workload's process hung: killed after its limit of 9 s\nbye bye",
        ["bye bye"],
    ),
}
#: Words of ours, wherever they come from.
OURS = (
    *("crashed", "hung", "imported", "of these two alone", "is loaded from", "is never loaded"),
    *("import beta", "the workload's process", "the end of the process", "is installed"),
    *("no extra", "ask for", "there is no GPU", "on the PATH", "has no answer", "in a fork"),
    *("were skipped", "did not run to its end", "has errors", "needs a compiler", "does not have"),
    *("real", "mirror"),
)


def ours(text: str) -> list[str]:
    """Return what a text has of our words in English, beside its sentences."""
    text = " ".join(text.split())
    return [words for words in OURS if re.search(rf"(?<![\w-]){re.escape(words)}(?![\w-])", text)]


def report_lines(evidence: Evidence, lang: Language = "ko") -> str:
    """Return the report of a run, without the names of files and of what is in `matrices`."""
    return markdown(evidence, judge(evidence), lang)


def test_what_the_suite_says_itself_is_in_korean(shop: Shop) -> None:
    evidence, verdict = shop.run({check: ("failed", said) for check, (said, _) in SAID.items()})
    assert {check.id for check in verdict.checks if check.outcome == "failed"} == SAID.keys()
    for check in verdict.in_state("new"):
        assert check.why is not None
        assert in_words(check.why) == check.message == SAID[check.id][0]
    for shown in (section(page(shop), "failures").text, report_lines(evidence)):
        assert ours(shown) == []
        assert [data for _, every in SAID.values() for data in every if data not in shown] == []
    assert len(ours(report_lines(evidence, "en"))) > 6


@pytest.mark.parametrize(
    ("words", "korean"),
    [
        ("was killed by SIGSEGV\nbye bye", "SIGSEGV(으)로 강제 종료됨\nbye bye"),
        (
            "not reached: did not end within its time limit and was stopped after 3 s\nbye",
            "도달하지 못함: 제한 시간 안에 끝나지 않아 3초 뒤 중단됨\nbye",
        ),
        (
            "ended with exit code 1: 2 test cases failed: one, two: three",
            "종료 코드 1(으)로 끝남: 테스트 케이스 2개 실패: one, two: three",
        ),
    ],
)
def test_how_a_teams_own_command_ended_is_said_in_korean(words: str, korean: str) -> None:
    answer = CheckResult(id="command:own", outcome="failed", message=words, seconds=1)
    why = with_why(answer).why
    assert why is not None
    assert (in_words(why), in_words(why, "ko")) == (words, korean)


def test_what_only_looks_like_our_words_stays_as_it_is(shop: Shop) -> None:
    """A traceback may say what it likes, and what pytest says of a workload is its own."""
    says = {
        "import:beta": "ImportError: beta crashed: ended by SIGSEGV",
        "smoke:sum": "E  beta crashed: ended by SIGSEGV\nimported two by two",
        "version:beta": "what\nbeta 2.0 is installed, not 1.0",
    }
    _, verdict = shop.run({check: ("failed", said) for check, said in says.items()})
    assert [check.why for check in verdict.in_state("new")] == [None] * 3


def test_the_second_answer_of_an_unsteady_check_is_in_korean_too(shop: Shop) -> None:
    first = "Failed: import beta crashed: ended by SIGABRT"
    evidence, _ = shop.run({"import:beta": ("passed", "")}, known=True)
    expected = PlannedFailure(check="import:beta", reason="R", date="2025-01-02")
    plan = evidence.plan.model_copy(update={"known_failures": (expected,)})
    plan.write(evidence.folder / "plan.json")
    again = CheckResult(id="import:beta", outcome="failed", message=first, seconds=1)
    confirmation = Confirmation(run="x", started=evidence.run.started, same=True, checks=(again,))
    confirmation.write(evidence.folder / "confirmation.json")
    assert [check.id for check in judge(evidence).in_state("unsteady")] == ["import:beta"]
    for shown in (section(page(shop), "failures").text, report_lines(evidence)):
        assert "실패: 임포트 중 beta 비정상 종료: SIGABRT(으)로 끝남" in shown
        assert ours(shown) == []


@pytest.mark.parametrize(
    ("line", "korean"),
    [
        (
            "beta 1.0 has no extra q (it has none), which the documented commands ask for",
            "beta 1.0에 extra q 없음 (있는 것: none). 문서의 명령은 그 extra를 지정함",
        ),
        (
            "beta[q] 1.0 requires gamma>=2; it is at 1.0",
            "beta[q] 1.0은(는) gamma>=2을(를) 요구하지만 1.0임",
        ),
        (
            "beta[q] 1.0 requires gamma; it is not installed",
            "beta[q] 1.0은(는) gamma을(를) 요구하지만 설치되어 있지 않음",
        ),
    ],
)
def test_extras_that_are_not_there_are_named_in_korean(shop: Shop, line: str, korean: str) -> None:
    theirs = "beta 1.0 requires gamma, which is not installed."
    evidence, verdict = shop.run(complaints={"beta": (theirs, line)})
    assert {check.id for check in verdict.in_state("new")} == {"pip-check:*", "pip-check:beta"}
    for shown in (section(page(shop), "failures").text, report_lines(evidence)):
        assert korean in shown
        assert line not in shown
        assert theirs in shown  # of the installer


def test_that_there_is_no_gpu_is_said_in_korean(shop: Shop) -> None:
    words = "there is no GPU: no program named nvidia-smi is on the PATH"
    evidence, _ = shop.run({"smoke:sum": ("skipped", words)})
    servers = {
        "gpu": {"grade": "unavailable", "reason": words},
        "redis": {"grade": "real", "product": "Valkey 9"},
    }
    (evidence.folder / "servers.json").write_text(json.dumps(servers), encoding="utf-8")
    report = report_lines(evidence)
    assert "| gpu | 서버 없음 | GPU가 없음: PATH에 nvidia-smi 프로그램이 없음 |" in report
    assert "| redis | 실제 서버 | Valkey 9 |" in report
    for shown in (page(shop).text, report):
        assert ours(shown) == []
        assert "GPU가 없음" in shown
    assert words in report_lines(evidence, "en")


def test_where_constraints_come_from_is_said_in_korean(shop: Shop) -> None:
    evidence, _ = shop.run()
    used = ConstraintsUsed(name="one", source="mirror", address="file:///one", sha256="0" * 64)
    run = evidence.run.model_copy(update={"constraints": (used,)})
    run.write(evidence.folder / "run.json")
    assert "| one: 미러 파일 `file:///one`" in report_lines(evidence)
    assert "| one: mirror file `file:///one`" in report_lines(evidence, "en")
    assert "미러" in section(page(shop), "rows").text


UNTOLD = (
    "test_imports.py::test_import_together: import:* has no answer: imported two by two, these "
    "failed in a fork, and within the limit of 120 s no process of their own could tell whether "
    "they do: beta after alpha"
)


def gaps(shop: Shop, gap: str) -> Evidence:
    """Leave a run that could not be judged."""
    evidence, _ = shop.run(
        {"smoke:sum": ("skipped", "no redis server was given to this run")},
        trouble=gap if " " in gap else None,
    )
    log = evidence.folder / "checks.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines()
    plan = evidence.plan
    if gap == "error":
        name, _, words = UNTOLD.partition(": ")
        error = {"$report_type": "TestReport", "nodeid": name, "outcome": "failed"}
        lines.insert(0, json.dumps(error | {"when": "call", "longrepr": words, "duration": 0}))
    elif gap == "unended":
        lines.pop()
    elif gap == "skipped":
        plan = plan.model_copy(update={"allowed_skips": ()})
    elif gap == "missing":
        plan = plan.model_copy(update={"checks": (*plan.checks, "smoke:other")})
    elif gap == "unknown":
        known = PlannedFailure(check="smoke:never", reason="R", date="2025-01-02")
        plan = plan.model_copy(update={"known_failures": (known,)})
    log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    plan.write(evidence.folder / "plan.json")
    return evidence


@pytest.mark.parametrize(
    ("gap", "korean"),
    [
        ("interrupted during suite", "다음 도중에 중단됨: suite"),
        (
            "the suite did not end within its time limit and was stopped after 9 s; see suite.log",
            "검사 모음이 끝까지 가지 못함: 제한 시간 안에 끝나지 않아 9초 뒤 중단됨",
        ),
        ("error", "둘씩 임포트할 때 포크에서 실패한 다음은 제한 시간 120초 안에"),
        ("unended", "검사 모음이 끝까지 실행되지 않음(pytest의 종료 코드: None)"),
        (
            "skipped",
            "검사를 건너뜀: smoke:sum (이 실행에 redis 서버가 주어지지 않음)",
        ),
        ("missing", "계획한 검사가 실행되지 않음: smoke:other"),
        ("unknown", "예상된 실패에 이 실행에 없는 검사가 있음: smoke:never"),
    ],
    ids=lambda item: item if item.isascii() else "",
)
def test_why_a_run_could_not_be_judged_is_said_in_korean(shop: Shop, gap: str, korean: str) -> None:
    evidence = gaps(shop, gap)
    verdict = judge(evidence)
    assert verdict.verdict == "unjudged"
    assert verdict.trouble_why is not None
    assert in_words(verdict.trouble_why) == verdict.trouble
    for shown in (section(page(shop), "failures").text, report_lines(evidence)):
        assert korean in " ".join(shown.split())
        assert verdict.trouble.splitlines()[-1] not in " ".join(shown.split())


def test_what_of_a_broken_run_could_not_be_told_is_said_in_korean(shop: Shop) -> None:
    evidence = gaps(shop, "missing")
    log = evidence.folder / "checks.jsonl"
    text = log.read_text(encoding="utf-8")
    failed = suite_line("import:beta", "failed", "boom")
    log.write_text(f"{failed}\n{text}", encoding="utf-8")
    verdict = judge(evidence)
    assert (verdict.verdict, verdict.untold) == (
        "broken",
        in_words(verdict.untold_why or reason("none")),
    )
    for shown in (section(page(shop), "failures").text, report_lines(evidence)):
        assert "계획한 검사가 실행되지 않음: smoke:other" in shown


@pytest.mark.parametrize(
    ("kind", "words", "ended", "korean"),
    [
        (
            "machine",
            "error: Failed to build `needy==1.0`\n  error: command 'gcc' failed: No such file",
            (1, False),
            "이 시스템에 없어",
        ),
        ("stopped", "Resolving", (-9, False), "SIGKILL(으)로 강제 종료됨"),
        ("stopped", "Resolving", (1, True), "중단됨"),
    ],
)
def test_what_kept_a_stage_from_ending_is_said_in_korean(
    kind: FailureKind, words: str, ended: tuple[int, bool], korean: str
) -> None:
    code, timed_out = ended
    finished = Finished(
        exit=code, seconds=3, processor_seconds=0, peak_memory=0, timed_out=timed_out
    )
    message = explain(kind, words, finished)
    failed = failing("stage", "one", message)
    assert korean in brief(failed, "ko", width=400)
    assert brief(failed, width=400).startswith(message.partition("\n")[0])
    why = of_trouble(f"stage one: {message}")
    assert why is not None
    assert in_words(why) == f"stage one: {message}"
    assert korean in in_words(why, "ko")
