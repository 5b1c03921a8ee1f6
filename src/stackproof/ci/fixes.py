"""The fixes that diagnoses of a run found, applied to the matrices of a checkout, and told."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stackproof.ci.issue_texts import templates
from stackproof.ci.outcome import Outcome
from stackproof.errors import CannotJudgeError
from stackproof.evidence.layout import Project
from stackproof.report.diagnose import closing, diagnosis_section

__all__ = ["Fixed", "apply_fixes", "fixes_text"]

_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """What became of the fix of a row: `trouble` says why it does not apply, "" where it does."""

    row: str
    closing: str
    diagnosed: str
    trouble: str


def apply_fixes(outcomes: Sequence[Outcome], project: Project) -> tuple[Fixed, ...]:
    """Apply the patch of each diagnosis that has one, one after another.

    One that does not apply, since the matrix has changed since, leaves everything as it was. Raises
    CannotJudgeError where there is no git, or it does not end.
    """
    return tuple(_apply(outcomes, project))


def _apply(outcomes: Sequence[Outcome], project: Project) -> Iterator[Fixed]:
    for outcome in outcomes:
        found = outcome.diagnosis
        if found is not None and found.patch:
            yield Fixed(
                row=outcome.row,
                closing=closing(found),
                diagnosed=diagnosis_section(found),
                trouble=_applied(found.patch, project),
            )


def _applied(patch: str, project: Project) -> str:
    """Have git apply a patch; return why it does not, "" where it did."""
    git = shutil.which("git", path=project.environ.get("PATH"))
    if git is None:
        raise CannotJudgeError("git is not installed, which applies the fixes")
    try:
        done = subprocess.run(
            [git, "apply", "-"],
            input=patch.encode("utf-8"),
            capture_output=True,
            check=False,
            cwd=project.root,
            env=project.environ,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotJudgeError(f"git apply: {error}") from error
    return "" if done.returncode == 0 else done.stderr.decode("utf-8", errors="replace").strip()


def fixes_text(found: Sequence[Fixed], where: str | None = None) -> str:
    """Return what a pull request with the fixes says; `where` is the address of the run."""
    return templates().get_template("fixes.md").render(fixes=found, where=where)
