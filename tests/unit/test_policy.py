"""What an advisory affects, and which licences a list allows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from packaging.version import Version
from support.advisories import osv

from stackproof.errors import CannotJudgeError
from stackproof.index.advisories.record import Advisory
from stackproof.index.advisories.source import AdvisorySource
from stackproof.index.licences import Allowed


def advisory(data: dict[str, Any]) -> Advisory:
    (found,) = Advisory.parse(data)
    return found


@pytest.mark.parametrize(
    ("events", "affected", "free"),
    [
        ([("introduced", "0"), ("fixed", "1.2")], ("0.1.dev1", "1.1.9", "1.2rc1"), ("1.2", "2")),
        ([("introduced", "1.0"), ("last_affected", "1.2")], ("1.0", "1.2"), ("0.9", "1.2.1")),
        (
            [("fixed", "1.2"), ("introduced", "0"), ("introduced", "2.0"), ("fixed", "2.1")],
            ("1.1", "2.0.5", "2.0+cpu"),
            ("1.2", "1.9", "2.1"),
        ),
        ([("introduced", "0")], ("1", "99"), ()),
        ([("introduced", "0"), ("fixed", "what")], ("1",), ()),
    ],
)
def test_a_version_is_affected_as_the_schema_says(
    events: list[tuple[str, str]], affected: tuple[str, ...], free: tuple[str, ...]
) -> None:
    found = advisory(osv("A-1", "alpha", events=events))
    assert [text for text in affected if not found.affects(Version(text))] == []
    assert [text for text in free if found.affects(Version(text))] == []


def test_a_version_is_affected_that_is_listed() -> None:
    found = advisory(osv("A-1", "alpha", versions=["1.0", "2003-a"]))
    assert found.affects(Version("1.0.0"))
    assert found.affects(Version("1.0+cpu"))
    assert not found.affects(Version("1.1"))


def test_what_was_withdrawn_or_is_of_no_python_affects_nothing() -> None:
    assert list(Advisory.parse({**osv("A-1", "alpha"), "withdrawn": "2025-01-01T00:00:00Z"})) == []
    other = osv("A-1", "alpha")
    other["affected"][0]["package"]["ecosystem"] = "npm"
    assert list(Advisory.parse(other)) == []


def test_severity_is_a_word_where_there_is_one() -> None:
    scored = {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}]}
    assert advisory({**osv("A-1", "alpha"), **scored}).severity == "CVSS:3.1/AV:N"
    worded = {**osv("A-1", "alpha"), **scored, "database_specific": {"severity": "HIGH"}}
    assert advisory(worded).severity == "HIGH"
    assert advisory(osv("A-1", "alpha")).severity == ""


def read(root: Path, place: str) -> dict[str, tuple[str, ...]]:
    found = AdvisorySource(place=place, root=root).ask({"alpha": "1.0", "beta": "1.0"}).found
    return {name: tuple(item.id for item in items) for name, items in found.items()}


def test_a_folder_an_archive_and_a_file_are_read_alike(tmp_path: Path) -> None:
    records = [osv("A-1", "alpha"), osv("B-1", "Beta"), osv("C-1", "gamma")]
    every = {"alpha": ("A-1",), "beta": ("B-1",)}
    (tmp_path / "folder" / "more").mkdir(parents=True)
    (tmp_path / "folder" / "A-1.json").write_text(json.dumps(records[0]), encoding="utf-8")
    beta = 'id: B-1\naffected:\n- package: {ecosystem: PyPI, name: Beta}\n  versions: ["1.0"]\n'
    (tmp_path / "folder" / "more" / "B-1.yaml").write_text(beta, encoding="utf-8")
    (tmp_path / "all.json").write_text(json.dumps({"vulns": records}), encoding="utf-8")
    with ZipFile(tmp_path / "all.zip", "w") as archive:
        for record in records:
            archive.writestr(f"{record['id']}.json", json.dumps(record))
    for place in ("folder", "all.json", "all.zip"):
        assert read(tmp_path, place) == every


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("none", None, "there are no advisories at "),
        ("a.json", "[", "a.json is no OSV record"),
        ("a.json", '{"affected": [{"package": {"ecosystem": "PyPI"}}]}', "is no OSV record"),
        ("a.json", "[1]", "is no OSV record"),
        ("a.zip", "no archive", "cannot be read"),
    ],
)
def test_what_cannot_be_read_does_not_say_that_anything_is_safe(
    tmp_path: Path, file: str, content: str | None, said: str
) -> None:
    if content is not None:
        (tmp_path / file).write_text(content, encoding="utf-8")
    with pytest.raises(CannotJudgeError) as caught:
        read(tmp_path, file)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("stated", "answer"),
    [
        (("MIT",), True),
        (("GPL-3.0-only",), False),
        (("MIT OR GPL-3.0-only",), True),
        (("MIT AND GPL-3.0-only",), False),
        (("GPL-3.0-only OR (MIT AND Apache-2.0)",), True),
        (("GPL-2.0-only WITH Classpath-exception-2.0",), True),
        (("Apache-2.0 WITH LLVM-exception",), True),
        (("LicenseRef-ours",), False),
        (("BSD License",), True),
        (("bsd license", "MIT"), True),
        (("BSD License", "Other/Proprietary License"), False),
    ],
)
def test_an_expression_is_allowed_where_a_choice_of_it_is(
    stated: tuple[str, ...],
    answer: bool,  # noqa: FBT001 - by the table above
) -> None:
    allow = ["mit", "Apache-2.0", "BSD License", "GPL-2.0-only WITH Classpath-exception-2.0"]
    assert Allowed(allow).admits(stated) is answer
