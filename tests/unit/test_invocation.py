"""What a user is told to type, by the door through which stackproof came here."""

from __future__ import annotations

import pytest
from support.workbench import ROOT

from stackproof.base.invocation import typed
from stackproof.cli.options import Options
from stackproof.errors import StackproofError


@pytest.mark.parametrize(
    ("program", "command", "usage"),
    [
        ("/work/.venv/bin/nox", "nox -s audit -- requirements.txt", "usage: nox -s audit -- [file"),
        (
            "/work/.venv/bin/stackproof",
            "stackproof audit requirements.txt",
            "usage: stackproof audit [file",
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


def test_no_text_of_ours_names_one_door_alone() -> None:
    found = [
        f"{file.name}: {line.strip()}"
        for file in (ROOT / "src" / "stackproof").rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "nox -s" in line and '"' in line.replace('"""', "")
    ]
    assert found == []
