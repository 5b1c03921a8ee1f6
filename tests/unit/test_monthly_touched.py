"""Which rows a change of the matrices touches: what a run would do counts, not what a file says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.workbench import PYTHON, TINY

from stackproof.ci.changed_rows import changed_rows
from stackproof.errors import StackproofError

ROWS = """
[rows.dated]
summary = "As of a day."
base = "plain"
as-of = 2025-04-01T00:00:00Z

[rows.constrained]
summary = "With a constraint file."

[[rows.constrained.stages]]
name = "held"
step = "none"
pins = ["beta"]
constraints = "published"
reason = "why"
date = 2025-01-02

[constraints.published]
url = "https://constraints.example/constraints-{version}/constraints-{python}.txt"
pin = "alpha"
"""

KNOWN = """
[[rows.plain.known-failures]]
check = "smoke:sum"
reason = "known for years"
date = 2025-01-02
"""


class Repository:
    """A checkout with one committed matrix, and edits that are not committed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("matrices/tiny.toml", TINY + ROWS)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()

    def write(self, path: str, text: str) -> None:
        """Write a file of the checkout."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def git(self, *arguments: str) -> None:
        """Run git in the checkout."""
        command = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org", *arguments]
        subprocess.run(command, cwd=self.root, check=True)

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")

    def touched(self, base: str = "main") -> list[str]:
        """Return the rows touched, without the matrix's name where it is the tiny one."""
        return [name.removeprefix("tiny/") for name in changed_rows(self.root, base)]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "rows"),
    [
        ("", "", []),
        ('title = "Tiny"', 'title = "Tiny, in other words"', []),
        ("# nothing", "", []),
        ("As of a day.", "As of some day.", []),
        ('version = "1.0"', 'version = "2.0"', ["plain", "dated", "constrained"]),
        ("2025-04-01T00", "2025-04-02T00", ["dated"]),
        ('"smoke:sum"]', '"smoke:other"]', ["plain", "dated", "constrained"]),
        ("[rows.dated]", KNOWN + "\n[rows.dated]", ["plain"]),
        ("[rows.dated]", "[rows.later]", ["later"]),
    ],
)
def test_a_row_is_touched_if_its_run_would_differ(
    repository: Repository, old: str, new: str, rows: list[str]
) -> None:
    text = TINY + ROWS
    assert old in text or old == "# nothing"
    repository.write("matrices/tiny.toml", text.replace(old, new) if old else text + "\n# note\n")
    assert repository.touched() == rows


def test_rows_of_a_new_matrix_are_touched_and_of_one_gone_are_not(repository: Repository) -> None:
    repository.write("matrices/other.toml", TINY)
    (repository.root / "matrices" / "tiny.toml").unlink()
    assert repository.touched() == ["other/plain"]


def test_a_snapshot_touches_the_rows_that_use_it(repository: Repository) -> None:
    snapshot = f"matrices/constraints/constraints-1.0/constraints-{PYTHON}.txt"
    repository.write(snapshot, "gamma==1.0\n")
    assert repository.touched() == ["constrained"]
    repository.write("matrices/constraints/constraints-9.9/constraints-3.11.txt", "gamma==1\n")
    repository.commit()
    assert repository.touched() == []


def test_what_others_did_meanwhile_does_not_count(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "mine")
    repository.write("matrices/tiny.toml", (TINY + ROWS).replace("2025-04-01T00", "2025-05-01T00"))
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write("matrices/tiny.toml", (TINY + ROWS).replace('"1.0"', '"2.0"'))
    repository.commit()
    repository.git("checkout", "--quiet", "mine")
    assert repository.touched("main") == ["dated"]


def test_a_matrix_that_could_not_be_used_before_touches_every_row(repository: Repository) -> None:
    repository.write("matrices/tiny.toml", "format = ")
    repository.commit()
    repository.write("matrices/tiny.toml", TINY + ROWS)
    assert repository.touched() == ["plain", "dated", "constrained"]


@pytest.mark.parametrize("base", ["nowhere", "--upload-pack=x", "", "main:matrices"])
def test_a_commit_that_git_does_not_know_is_told_of(repository: Repository, base: str) -> None:
    with pytest.raises(StackproofError, match="git knows no commit"):
        changed_rows(repository.root, base)
