"""What can be asked of a stack: the kinds of checks, and the id of one check.

A new kind of check is one more line of `KINDS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, final

__all__ = ["ALL", "KINDS", "RUN_KINDS", "CheckId", "Kind"]

#: The subject of a check of all that its kind is about, such as `import:*`.
ALL = "*"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of check: who answers it, what its subject names, and whether `*` asks of all at once.

    "build" is answered by what building the environment left behind, "suite" by the suite inside
    it, "command" by a command of the matrix, "links" by reading its code, and "audit" by metadata,
    without a run. A subject that is a "pair" is two pins, `one:other`; a "command" may be followed
    by `::` and a test case.
    """

    answered_by: Literal["build", "suite", "command", "links", "audit"]
    subject: Literal["stage", "pin", "distribution", "workload", "command", "group", "pair"]
    asks_all: bool = False


#: Every kind of check by its name, in the order in which reports list them.
KINDS = MappingProxyType(
    {
        "stage": Kind(answered_by="build", subject="stage"),
        "import": Kind(answered_by="suite", subject="pin", asks_all=True),
        "version": Kind(answered_by="suite", subject="pin"),
        "pip-check": Kind(answered_by="build", subject="distribution", asks_all=True),
        "overwrite": Kind(answered_by="build", subject="distribution"),
        "build": Kind(answered_by="build", subject="distribution"),
        "link": Kind(answered_by="links", subject="distribution"),
        "smoke": Kind(answered_by="suite", subject="workload"),
        "command": Kind(answered_by="command", subject="command"),
        "constraints": Kind(answered_by="audit", subject="pin"),
        "exists": Kind(answered_by="audit", subject="pin"),
        "groups": Kind(answered_by="audit", subject="group"),
        "pairwise": Kind(answered_by="audit", subject="pair"),
        "python": Kind(answered_by="audit", subject="pin"),
    }
)

#: The kinds that a run answers; the others are the audit's.
RUN_KINDS = tuple(name for name, kind in KINDS.items() if kind.answered_by != "audit")


@final
class CheckId(str):
    """The id of a check, `kind:subject`; a string, and written to files as one."""

    __slots__ = ()

    def __new__(cls, kind: str, subject: str = ALL) -> CheckId:
        """Make the id of the check of a kind that asks of `subject`."""
        return super().__new__(cls, f"{kind}:{subject}")

    @classmethod
    def parse(cls, text: str) -> CheckId:
        """Return the id that a file or a user wrote; text without a colon is a kind alone."""
        kind, _, subject = text.partition(":")
        return cls(kind, subject)

    @property
    def kind(self) -> str:
        """The part before the first colon: a key of `KINDS`, but in files of a later version."""
        return self.partition(":")[0]

    @property
    def subject(self) -> str:
        """The part after the first colon."""
        return self.partition(":")[2]

    @property
    def answered_by(self) -> str | None:
        """Who answers it, as `Kind` has it; None for a kind that is not known."""
        kind = KINDS.get(self.kind)
        return None if kind is None else kind.answered_by
