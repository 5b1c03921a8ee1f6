"""What two files of the project say of one thing is the same."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nox
import pytest
from packaging.requirements import Requirement
from support.workbench import ROOT, toml

from stackproof.base.nox_report import exit_code

#: The names in a mark, or in the list that the marks of a whole file are made of.
_FAULTS = re.compile(r'mark\.fault\(("[^"]+"|name\) for name in \([^)]+)\)')
#: Whatever was found ending badly: none may lose its test, or the reason why it has none.
_FOUND = {
    *(
        f"{letter}{number}"
        for letter, last in zip("ABCDE", (5, 5, 6, 3, 4), strict=True)
        for number in range(1, last + 1)
    ),
    *("F", "G", "R1.2"),
    *map(str, range(1, 10)),
    *(f"R8.{number}" for number in range(1, 25)),
}


@pytest.fixture
def pyproject() -> dict[str, Any]:
    return toml((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_header_of_the_noxfile_says_what_the_project_needs(pyproject: dict[str, Any]) -> None:
    header = nox.project.load_toml(ROOT / "noxfile.py")
    assert header == {
        "requires-python": pyproject["project"]["requires-python"],
        "dependencies": pyproject["project"]["dependencies"],
    }


def test_the_noxfile_asks_for_the_nox_that_the_project_needs(pyproject: dict[str, Any]) -> None:
    requirements = map(Requirement, pyproject["project"]["dependencies"])
    (wanted,) = [item.specifier for item in requirements if item.name == "nox"]
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert re.findall(r'^nox\.needs_version = "(.*)"$', noxfile, re.MULTILINE) == [str(wanted)]


def test_nothing_of_the_suite_imports_what_runs_it() -> None:
    files = list((ROOT / "tests" / "stack").rglob("*.py"))
    imports = re.compile(r"^\s*(?:from|import) stackproof\b", re.MULTILINE)
    assert files
    assert not [file.name for file in files if imports.search(file.read_text(encoding="utf-8"))]


def test_each_fault_that_was_found_is_named_where_it_is_tested() -> None:
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    kinds = set(re.findall(r"^\| `([a-z ]+)` \|", page, re.MULTILINE))
    table = {
        file: set(names.split(", "))
        for file, names in re.findall(r"^\| `(tests/\S+)` \| (.+) \|$", page, re.MULTILINE)
    }
    marked: dict[str, set[str]] = {}
    for file in (ROOT / "tests").rglob("test_*.py"):
        text = file.read_text(encoding="utf-8")
        names = {name for group in _FAULTS.findall(text) for name in re.findall('"(.+?)"', group)}
        if names - kinds:
            marked[file.relative_to(ROOT).as_posix()] = names - kinds
    assert table == marked
    told = set().union(*table.values()) | set(re.findall(r"^(?:- )?(\S+)[:,]", page, re.MULTILINE))
    assert _FOUND - told == set()


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        (["exit 1"], 1),
        (["exit 2, could not judge: there is no index"], 2),
        (["exit 2, nothing was written: it is no TOML", "exit 1"], 1),
        (["Python interpreter 3.99 not found"], 2),
        (["Python interpreter 3.99 not found", "Command pytest failed with exit code 1"], 1),
        ([None], 1),
    ],
)
def test_a_failure_counts_before_what_could_not_be_judged(
    tmp_path: Path, reasons: list[str | None], code: int
) -> None:
    good = {"result_code": 1, "reason": None}
    sessions = [good, *({"name": "one", "result_code": -1, "reason": it} for it in reasons)]
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"result": 0, "sessions": sessions}), encoding="utf-8")
    assert exit_code(report) == code


@pytest.mark.parametrize(
    ("name", "code"), [("verify", 2), ("verify-optional", 2), ("tests", 1), ("verify-all", 1)]
)
def test_a_row_whose_environment_nox_could_not_make_was_not_judged(
    tmp_path: Path, name: str, code: int
) -> None:
    """A session that nox itself failed has no reason; of somebody's own it is what was found."""
    report = tmp_path / "report.json"
    session = {"name": name, "result_code": 0, "reason": None}
    report.write_text(json.dumps({"result": 0, "sessions": [session]}), encoding="utf-8")
    assert exit_code(report) == code


def test_mypy_and_ruff_go_by_the_oldest_python(pyproject: dict[str, Any]) -> None:
    oldest = pyproject["project"]["requires-python"].removeprefix(">=")
    assert pyproject["tool"]["mypy"]["python_version"] == oldest
    assert pyproject["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")


def test_unit_tests_run_on_every_python_that_is_promised(pyproject: dict[str, Any]) -> None:
    promised = nox.project.python_versions(pyproject)
    listed = ", ".join(f'"{python}"' for python in promised)
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert f"\nPYTHONS = ({listed})\n" in noxfile
    workflow = (ROOT / ".github/workflows/pull-request.yml").read_text(encoding="utf-8")
    assert f"        python: [{listed}]\n" in workflow


def test_a_room_knows_the_rooms_above_it_and_none_below() -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    main = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", main]
    done = subprocess.run(
        [*command, "--no-cache"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Contracts: 1 kept, 0 broken." in done.stdout
