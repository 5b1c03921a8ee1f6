"""Reasons: each has a sentence in every language, with the fields that the code gives it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from support.workbench import ROOT

from stackproof.base.languages import LANGUAGES, Language
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words, said, sentences

SOURCE = ROOT / "src" / "stackproof"

#: What is data in both languages alike, so that no word of a language is left.
DATA_ALONE = {
    *("advisory", "advisory-summed-up", "all-of", "as-said", "besides", "checks", "checks-say"),
    *(
        "each-line",
        "link",
        "does",
        "each-of",
        "of-name",
        "of-them",
        "on-platform",
        "refused",
        *("row-on", "skipped-since", "the-cpu"),
    ),
}


def test_every_sentence_is_there_in_every_language() -> None:
    wanted = set(LANGUAGES)
    every = {**sentences()["sentence"], **sentences()["list"]}
    assert {name: set(text) for name, text in every.items() if set(text) != wanted} == {}
    empty = [name for name, text in every.items() if not all(map(str.strip, text.values()))]
    assert empty == ["lines"]


def test_the_languages_have_the_same_fields() -> None:
    different = {
        name: found
        for name, text in sentences()["sentence"].items()
        if len(set(found := [fields(text[lang]) for lang in LANGUAGES])) != 1
    }
    assert different == {}


def test_korean_sentences_are_korean() -> None:
    hangul = re.compile(r"[\uac00-\ud7a3]")
    latin = {n for n, text in sentences()["sentence"].items() if not hangul.search(text["ko"])}
    assert latin == DATA_ALONE | {"dated"}


def test_every_reason_that_is_given_has_a_sentence_with_its_fields() -> None:
    given: dict[str, set[frozenset[str]]] = defaultdict(set)
    for name, keys in calls():
        given[name].add(keys)
    wanted = {name: {fields(text["en"])} for name, text in sentences()["sentence"].items()}
    assert given == wanted


def test_every_record_with_a_reason_is_given_it() -> None:
    have = {
        (file, node.name): {
            item.target.id
            for item in node.body
            if isinstance(item, ast.AnnAssign)
            and isinstance(item.target, ast.Name)
            and item.target.id in ("why", "whys")
            and item.value is not None
        }
        for file, node in nodes()
        if isinstance(node, ast.ClassDef) and "Record" in map(ast.unparse, node.bases)
    }
    del have[SOURCE / "evidence" / "records.py", "CheckResult"]  # mostly in words of others
    come_from = {
        (file, alias.name): SOURCE.parent.joinpath(*node.module.split(".")).with_suffix(".py")
        for file, node in nodes()
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    given = [
        (f"{file.name}:{node.lineno}", wanted <= {keyword.arg for keyword in node.keywords})
        for file, node in nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if (wanted := have.get((come_from.get((file, node.func.id), file), node.func.id)))
    ]
    assert [place for place, is_given in given if not is_given] == []
    assert len(given) > 20


def fields(text: str) -> frozenset[str]:
    """Return the names of the placeholders of a text."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def calls() -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the name and the fields of each reason that the code gives, spelled out there."""
    for file, node in nodes():
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "reason":
            (first,) = node.args
            names = (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,)
            keys = [keyword.arg for keyword in node.keywords]
            for name in names:
                assert isinstance(name, ast.Constant), (file, node.lineno)
                assert isinstance(name.value, str), (file, node.lineno)
                assert None not in keys, (file, node.lineno)
                yield name.value, frozenset(filter(None, keys))


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    """Yield each node of the code, with its file."""
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            yield file, node


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "a 1 has no file for Python 3.10; it has wheels for p, q, r, s and 2 more"),
        ("ko", "a 1에 Python 3.10용 파일이 없음; wheel이 있는 플랫폼: p, q, r, s 외 2개"),
    ],
)
def test_what_is_said_after_it_and_long_lists(lang: Language, words: str) -> None:
    why = reason("no-file", pin="a 1", python="3.10").then(
        None, reason("wheels-for", platforms=tuple("pqrstu"))
    )
    assert in_words(why, lang) == words


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "a 1 of 2020-01-02 is 1 release, 3 months behind 2"),
        ("ko", "a 1(2020-01-02)은(는) 2보다 릴리스 1개, 3개월 뒤처짐"),
    ],
)
def test_reasons_within_reasons_and_numbers(lang: Language, words: str) -> None:
    dated = reason("dated", release="a 1", day="2020-01-02")
    since = reason("releases", number=1), reason("months", number=3)
    assert in_words(reason("behind", release=dated, behind=since, newest="2"), lang) == words


def test_the_last_of_a_series_stands_behind_a_word() -> None:
    facts = tuple(reason("asked-for", release=name) for name in ("a 1", "b 2", "c 3"))
    said_of = in_words(reason("refused", facts=facts))
    assert said_of == "a 1 is asked for, b 2 is asked for and c 3 is asked for"
    assert in_words(reason("refused", facts=facts[:1])) == "a 1 is asked for"


def test_what_is_said_fills_no_placeholder_again() -> None:
    assert in_words(reason("no-pin", name="{name} {0}")) == "there is no pin {name} {0}"


def test_a_record_is_read_back_as_it_was_written() -> None:
    why = reason("behind", release=reason("any"), behind=("x",), newest="1").then(reason("none"))
    again = Reason.model_validate_json(why.model_dump_json())
    assert (again, hash(again)) == (why, hash(why))


def test_what_another_version_wrote_is_shown_by_its_words() -> None:
    unknown = Reason(name="of-another-day", fields={"pin": "a 1"})
    without_field = Reason(name="no-pin", fields={})
    assert [said(why, "words", "ko") for why in (None, unknown, without_field)] == ["words"] * 3
    assert said(reason("no-pin", name="a"), "words", "ko") == "a 핀이 없음"


def test_each_text_of_a_reason_can_be_changed() -> None:
    inner = reason("matrix-pins", version="b")
    why = reason("command-pins", name="a", version="a", others=("a", inner)).then(inner)
    changed = why.with_texts(str.upper)
    assert in_words(changed) == (
        "this command pins A to A, but A and the matrix pins B; the matrix pins B"
    )
