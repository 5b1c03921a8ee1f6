"""The catalogue of texts: complete in every language, and every text of it in use."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from support.workbench import ROOT

from stackproof.evidence.claims import ClaimState
from stackproof.evidence.costs import MEASURES
from stackproof.evidence.depth import Depth
from stackproof.evidence.failures import FailureClass
from stackproof.evidence.links import Runs
from stackproof.evidence.verdict import State
from stackproof.experiments.candidate.record import Result
from stackproof.experiments.diagnose.record import Kind
from stackproof.experiments.timeline.record import State as TimelineState
from stackproof.metadata.audit.record import Level
from stackproof.metadata.grid.record import Standing as GridState
from stackproof.report.badges import Standing as BadgeStanding
from stackproof.report.forms import COLUMNS
from stackproof.report.platforms import PlatformState
from stackproof.report.site.proofs import Answer
from stackproof.report.texts import LANGUAGES, Language, catalogue, texts

REPORT = ROOT / "src" / "stackproof" / "report"

_CALL = re.compile(r"\bt\(")
_FIXED = re.compile(r'\bt\("([a-z-]+\.[a-z-]+)"')
_DYNAMIC = re.compile(r'\bt\((?:"([a-z-]+\.)" ~ |f"([a-z-]+\.)\{)([\w.]+)')
_HEADS = re.compile(r'for column in \(((?:"[a-z-]+",? ?)+)\) %}\n.*t\("([a-z]+\.)" ~ column\)')

#: Keys whose last part is a value of the program: each value must have its text.
_STANDINGS = tuple(state.replace(" ", "-") for state in get_args(ClaimState))

FAMILIES: dict[str, tuple[str, ...]] = {
    "verdict.": ("ok", "broken", "unsteady", "unjudged"),
    "state.": get_args(State),
    "standing.": _STANDINGS,
    "answer.": get_args(Answer),
    "grade.": ("real", "emulated", "unavailable"),
    "source.": ("published", "mirror", "snapshot"),
    "level.": (*get_args(Level), "known"),
    "trial.": get_args(Result),
    "badge.": get_args(BadgeStanding),
    "timeline.": (
        *get_args(TimelineState),
        *("passing", "failing", "unbuildable", "between", "good", "bad"),
    ),
    "trend.": ("seconds", "distributions", "conflicts"),
    "grid.": get_args(GridState),
    "legend.": (
        *("ok", "broken", "unsteady", "unjudged", "known", "new", "fixed", "skipped"),
        *_STANDINGS,
    ),
    "report.": ("new", "fixed", "known", "unsteady", "skipped"),
    "counts.": ("fixed", "unsteady", "skipped"),
    "document.": COLUMNS,
    "cause.": get_args(Kind),
    "depth.": get_args(Depth),
    "asked.": get_args(Depth),
    "failure.": tuple(name for name in get_args(FailureClass) if name != "error"),
    "platforms.": get_args(PlatformState),
    "measure.": MEASURES,
    "runs.": get_args(Runs),
}


def sources() -> dict[Path, str]:
    """Return every file of the reports that may use a text."""
    files = [file for end in ("py", "html", "md") for file in REPORT.rglob(f"*.{end}")]
    return {file: file.read_text(encoding="utf-8") for file in files}


def used() -> set[str]:
    """Return every key that a source asks for."""
    found: set[str] = set()
    for file, text in sources().items():
        fixed, dynamic = _FIXED.findall(text), _DYNAMIC.findall(text)
        assert len(fixed) + len(dynamic) == len(_CALL.findall(text)), file
        found |= set(fixed)
        for names, family in _HEADS.findall(text):
            found |= {family + name for name in re.findall(r"[a-z-]+", names)}
        for in_template, in_code, variable in dynamic:
            if variable != "column" or in_code:
                family = in_template or in_code
                found |= {family + member for member in FAMILIES[family]}
    return found


def test_no_text_is_missing_and_none_is_unused() -> None:
    assert used() ^ set(catalogue()) == set()


def test_every_text_is_there_in_every_language() -> None:
    wanted = set(LANGUAGES)
    assert {key: set(text) for key, text in catalogue().items() if set(text) != wanted} == {}
    empty = [key for key, text in catalogue().items() if not all(map(str.strip, text.values()))]
    assert empty == []


def test_the_languages_have_the_same_placeholders() -> None:
    different = {
        key: found
        for key, text in catalogue().items()
        if len(set(found := [placeholders(text[lang]) for lang in LANGUAGES])) != 1
    }
    assert different == {}


def placeholders(text: str) -> frozenset[str]:
    """Return the names of the placeholders of a text; one without a name is an error."""
    names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    assert all(name.isidentifier() for name in names)
    return frozenset(names)


def test_korean_texts_are_korean() -> None:
    hangul = re.compile(r"[\uac00-\ud7a3]")
    latin = {key for key, text in catalogue().items() if not hangul.search(text["ko"])}
    assert latin == {"rows.python", "audit.count", "trend.range"}


def test_no_text_has_markup() -> None:
    assert [
        key for key, text in catalogue().items() if re.search(r"[<>&]", "".join(text.values()))
    ] == []


@pytest.mark.parametrize(("lang", "said"), [("en", "8 s of it"), ("ko", "그중 설치와 검증 외 8초")])
def test_placeholders_are_filled_in(lang: Language, said: str) -> None:
    assert said in texts(lang)("report.own", number=8)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"rows\.nonsense"):
        texts("en")("rows.nonsense")


def test_what_is_said_fills_no_placeholder_again() -> None:
    assert texts("en")("audit.known-because", reason="{level} {0}") == "(expected: {level} {0})"
