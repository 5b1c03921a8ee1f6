"""What searches ask of whatever carries out their plans."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stackproof.base.progress import Progress
from stackproof.evidence.folder import Evidence
from stackproof.evidence.layout import Project
from stackproof.evidence.verdict import Verdict
from stackproof.matrix.plan import Plan
from stackproof.run.beside import LookCommand
from stackproof.run.first_look import FirstLook
from stackproof.run.verify import Conclude

__all__ = ["Desk", "Machines"]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where evidence goes, and who is told: what does not hang on where a plan is carried out.

    `conclude` judges a run and writes its reports, see `verify`; `look` looks at its links where
    they are checks of a plan. With `first`, some checks are asked before all others, and may be all
    that is asked; a machine from which no answer comes before the end asks them all.
    """

    project: Project
    progress: Progress
    conclude: Conclude
    look: LookCommand
    first: FirstLook | None = None


class Machines(Protocol):
    """Carries out plans, `at_once` of them at a time, each asked for by a thread of its own.

    Once `stop` is set, each of these threads ends with KeyboardInterrupt, and nothing goes on.
    """

    @property
    def at_once(self) -> int:
        """How many plans are worth to be asked for at a time."""

    @property
    def stop(self) -> threading.Event:
        """What ends all that is under way."""

    def carry_out(self, plan: Plan, desk: Desk, home: Path | None) -> tuple[Verdict, Evidence]:
        """Carry out a plan in an environment made for it and removed afterwards; judge it.

        The evidence goes to a new folder in `home`, which other runs may use too, or in the plan's
        own in the project if None. Raises CannotJudgeError if another run holds that, or if no
        environment can be made.
        """
