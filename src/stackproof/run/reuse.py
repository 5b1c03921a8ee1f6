"""The mark that a build leaves in its environment: whose it is, and what it holds.

nox can keep an environment (`nox -R`). What was built there for this very plan may be judged again;
anything else must not be: a green verdict would speak of another stack.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pydantic import ValidationError

from stackproof.base.records import Record
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import Freeze
from stackproof.evidence.reports import InRun
from stackproof.installers.environment import Environment
from stackproof.matrix.plan import Plan

__all__ = ["Mark", "reusable_build"]

_KEPT = (
    InRun.STAGES,
    InRun.BUILT,
    InRun.FREEZE,
    InRun.PIP_CHECK,
    InRun.PIP_CHECK_LOG,
    InRun.OVERWRITTEN,
    "stages",
)


class Mark(Record):
    """Says that the build of `evidence` (a run's folder name) owns an environment.

    `fingerprint` is that of the plan; `freeze` is None until the build is complete.
    """

    evidence: str
    fingerprint: str
    freeze: Freeze | None = None

    @classmethod
    def read(cls, venv: Path) -> Mark | None:
        """Return the mark of an environment, or None if no build began in it.

        Raises CannotJudgeError for one that cannot be read.
        """
        path = venv / "stackproof.json"
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise CannotJudgeError(
                f"{path.name} in the environment cannot be read ({error}); run without -r or -R"
            ) from error

    def leave(self, venv: Path) -> None:
        """Write the mark into an environment."""
        self.write(venv / "stackproof.json")


def reusable_build(plan: Plan, environment: Environment, evidence: Evidence) -> Mark | None:
    """Take over what an earlier run built here, or return None where nothing was built yet.

    The records of its stages are copied to `evidence`. Raises CannotJudgeError if what is there is
    not, or no longer, what the plan asks for.
    """
    mark = Mark.read(environment.root)
    if mark is None:
        return None
    earlier = evidence.folder.parent / mark.evidence
    reasons = {
        "was not completely built": mark.freeze is None,
        "was built for another plan": mark.fingerprint != plan.fingerprint,
        "was changed since it was built": mark.freeze != environment.freeze(),
        "has lost the evidence of its build": not (earlier / InRun.RECORD).exists(),
    }
    for reason, holds in reasons.items():
        if holds:
            raise CannotJudgeError(
                f"the kept environment {reason}; build it anew, without -r or -R"
            )
    for name in _KEPT:
        source = earlier / name
        if source.is_dir():
            shutil.copytree(source, evidence.folder / name)
        elif source.exists():
            shutil.copy2(source, evidence.folder / name)
    for source in earlier.glob("constraints-*.txt"):
        shutil.copy2(source, evidence.folder / source.name)
    return mark
