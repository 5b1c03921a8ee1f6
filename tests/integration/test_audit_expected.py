"""An audit and a run say the same of what is expected, by the words that it is known by."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from support.index import Index
from support.matrices import matrix, pin, stage
from support.wheels import Release
from support.workbench import Bench

from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import judge
from stackproof.metadata.audit.auditing import Place, audit
from stackproof.metadata.audit.record import Audit

FLASK = Release("flask", "2.2.2", requires=["jinja2>=3.0", "dangerous>=2.0"])
OTHERS = (
    Release("jinja2", "2.0"),
    Release("jinja2", "3.0"),
    Release("dangerous", "1.1.0"),
    Release("dangerous", "2.0"),
)
REFUSED = matrix(
    "Tiny",
    pin("flask", "2.2.2"),
    stage("a", "flask", step="A", more='requirements = ["jinja2<3"]\n'),
)
UNMET = matrix(
    "Tiny",
    pin("flask", "2.2.2"),
    pin("dangerous", "1.1.0"),
    stage("a", "flask", step="A"),
    stage("b", "dangerous", step="B"),
)
#: What a run by uv says, and one by pip.
BY_UV, BY_PIP = "requires `dangerous>=2.0`", "has requirement dangerous>=2.0, but you have"


@pytest.fixture
def bench(bench: Bench, index: Index) -> Bench:
    for release in (FLASK, *OTHERS):
        index.add(release)
    return bench


def expecting(text: str, known: Mapping[str, str | None]) -> str:
    """Return a matrix whose row expects failures, each by its words, or by none."""
    day = date.today()  # noqa: DTZ011 - a matrix has days, not instants
    tables = (
        f'[[rows.plain.known-failures]]\ncheck = "{check}"\nreason = "why"\ndate = {day}\n'
        + (f"says = {json.dumps(words)}\n" if words else "")
        for check, words in known.items()
    )
    return "\n".join([text, *tables])


def audited(bench: Bench, text: str, known: Mapping[str, str | None]) -> Audit:
    file = bench.write("matrices/tiny.toml", expecting(text, known))
    place = Place(project=bench.project, cache=bench.root / "cache", seconds=(1, 1))
    return audit([(file, "plain")], place)


def judged(evidence: Evidence, folder: Path, known: Mapping[str, str | None]) -> int:
    """Return how a run ends whose matrix had expected these failures."""
    shutil.copytree(evidence.folder, folder)
    file = folder / "plan.json"
    plan = json.loads(file.read_text(encoding="utf-8"))
    plan["known_failures"] = [
        {"check": check, "says": words, "reason": "why", "date": "2025-01-02"}
        for check, words in known.items()
    ]
    file.write_text(json.dumps(plan), encoding="utf-8")
    return judge(Evidence(folder)).exit_code


def test_a_refused_stage_is_not_called_expected_by_words_that_only_a_run_has(
    bench: Bench, tmp_path: Path
) -> None:
    _, evidence = bench.verify(bench.plan(text=REFUSED))
    cases: dict[str | None, tuple[int, int]] = {
        None: (0, 0),
        "you require jinja2<3": (0, 0),
        "cannot be installed as documented": (0, 0),
        # It would be 0 if an audit believed its own sentence, or did not ask for words at all.
        "requires jinja2>=3.0": (2, 1),
        "werkzeug>=2.2.2": (2, 1),
    }
    levels = {}
    for number, (words, ends) in enumerate(cases.items()):
        known = {"stage:a": words}
        found = audited(bench, REFUSED, known)
        assert (found.exit_code, judged(evidence, tmp_path / f"run-{number}", known)) == ends, words
        (item,) = [item for item in found.findings if item.checks == ("stage:a",)]
        levels[words] = item.level, item.known
        if words:
            assert f'cannot be compared here with "{words}"' in item.message
    assert levels.pop(None) == ("error", "why")
    assert {*levels.values()} == {("warning", None)}
    assert len(found.trouble) == 1
    assert found.trouble[0].startswith("tiny/plain: whether it is the expected stage:a a run has ")


def test_two_pins_that_a_stage_is_refused_by_are_expected_with_the_stage(bench: Bench) -> None:
    text = matrix(
        "Tiny",
        pin("flask", "2.2.2"),
        pin("jinja2", "2.0"),
        stage("a", "flask", "jinja2", step="A"),
    )
    for check, ends in {"stage:a": 0, "pip-check:flask": 1}.items():
        verdict, _ = bench.verify(bench.plan(text=expecting(text, {check: "flask"})))
        assert (audited(bench, text, {check: "flask"}).exit_code, verdict.exit_code) == (ends, ends)


def test_a_complaint_is_known_by_the_words_of_a_run(bench: Bench, tmp_path: Path) -> None:
    runs = {name: bench.verify(bench.plan(text=UNMET, installer=name))[1] for name in ("uv", "pip")}
    whole, one = "pip-check:*", "pip-check:flask"
    cases: tuple[tuple[str, dict[str, str | None], int], ...] = (
        ("uv", {whole: BY_UV, one: BY_UV}, 0),
        ("uv", {whole: BY_UV.replace("`", ""), one: "dangerous"}, 0),
        ("pip", {whole: "`dangerous>=2.0`", one: BY_PIP}, 0),
        ("uv", {whole: None, one: "but `1.1.0` is installed"}, 0),
        # These are an audit's own words, and the next are of another complaint.
        ("uv", {whole: None, one: "but stage b leaves"}, 1),
        ("uv", {whole: "jinja2", one: "dangerous"}, 1),
        ("uv", {whole: None, one: "jinja2"}, 1),
    )
    for number, (installer, known, ends) in enumerate(cases):
        found = audited(bench, UNMET, known)
        ended = judged(runs[installer], tmp_path / f"run-{number}", known)
        assert (found.exit_code, ended) == (ends, ends), known
        assert found.trouble == ()


def test_a_complaint_whose_words_rest_on_a_marker_is_left_to_a_run(
    bench: Bench, index: Index
) -> None:
    index.add(Release("app", "1.0", requires=['lib>=2 ; python_version > "3"']))
    for version in ("1.0", "2.0"):
        index.add(Release("lib", version))
    text = matrix(
        "Tiny",
        pin("app"),
        pin("lib"),
        stage("a", "app", step="A"),
        stage("b", "lib", step="B"),
    )
    known = {"pip-check:*": None, "pip-check:app": "; python_full_version >= '3.1'"}
    assert audited(bench, text, known).exit_code == 2
    assert audited(bench, text, {**known, "pip-check:app": "but `1.0` is installed"}).exit_code == 0


def test_what_no_stage_installs_is_known_by_the_words_of_its_version(
    bench: Bench, tmp_path: Path
) -> None:
    # It was never released, of which a finding tells that leaves the words to the other.
    alpha = pin("alpha", "9.0", imports="alpha.deep.inside")
    text = matrix("Tiny", pin("flask", "2.2.2"), alpha, stage("a", "flask", step="A"))
    _, evidence = bench.verify(bench.plan(text=text))
    gone = "No module named 'alpha'"
    rest = dict.fromkeys(("import:*", "import:alpha", "smoke:sum"), gone)
    for number, (words, ends) in enumerate({"is not installed": 0, "3.0 is installed": 1}.items()):
        known = {**rest, "version:alpha": words}
        ended = judged(evidence, tmp_path / f"run-{number}", known)
        assert (audited(bench, text, known).exit_code, ended) == (ends, ends)
