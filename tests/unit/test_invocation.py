"""What a user is told to type, by the door through which stackproof came here."""

from __future__ import annotations

import json
from importlib.metadata import distribution

import pytest
from support.workbench import ROOT

from stackproof.base.invocation import UNPUBLISHED, repository, typed
from stackproof.cli.options import Options
from stackproof.errors import StackproofError


@pytest.mark.parametrize(
    ("program", "command", "usage"),
    [
        (
            "/opt/venv/bin/nox",
            "nox -s audit -- requirements.txt",
            "usage: nox -s audit -- [-h] [file",
        ),
        (
            "/work/.venv/bin/stackproof",
            "stackproof audit requirements.txt",
            "usage: stackproof audit [-h] [file",
        ),
    ],
)
def test_hints_and_usage_fit_the_door_that_was_used(
    monkeypatch: pytest.MonkeyPatch, program: str, command: str, usage: str
) -> None:
    monkeypatch.setattr("sys.argv", [program, "-s", "audit"])
    monkeypatch.delenv("UV", raising=False)
    assert typed("audit", "requirements.txt") == command
    options = Options("audit")
    options.add_argument("file", nargs="*")
    with pytest.raises(
        StackproofError, match=r"unrecognized arguments: --fast; usage: "
    ) as refused:
        options.parse_args(["--fast"])
    assert usage in str(refused.value)


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (None, "OWNER/stackproof@main"),
        ({"url": "file:///x/stackproof.whl", "archive_info": {}}, "OWNER/stackproof@main"),
        (
            {
                "url": "https://github.com/some/where.git",
                "vcs_info": {"vcs": "git", "commit_id": "0123abc"},
            },
            "some/where@0123abc",
        ),
    ],
)
def test_the_repository_whose_workflow_is_called_is_the_one_it_was_installed_from(
    monkeypatch: pytest.MonkeyPatch, record: object, found: str
) -> None:
    text = None if record is None else json.dumps(record)
    # Where some test has loaded importlib_metadata, that has its own kind of distribution.
    monkeypatch.setattr(type(distribution("stackproof")), "read_text", lambda *_: text)
    assert repository() == found


def test_the_repository_of_ours_is_named_in_one_place() -> None:
    named = [
        file
        for pattern in ("src/**/*.py", "src/**/*.yml", "*.toml", "*.yml", ".github/**/*.yml")
        for file in ROOT.glob(pattern)
        if UNPUBLISHED in file.read_text(encoding="utf-8")
    ]
    assert [file.name for file in named] == ["invocation.py"]


def test_no_text_of_ours_names_one_door_alone() -> None:
    found = [
        f"{file.name}: {line.strip()}"
        for file in (ROOT / "src" / "stackproof").rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "nox -s" in line and '"' in line.replace('"""', "")
    ]
    assert found == []
