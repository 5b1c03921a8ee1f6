"""A made-up matrix under audit: its index on loopback, its cache, its environment."""

from __future__ import annotations

__all__ = ["Desk", "matrix_text", "messages"]

from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from stackproof.base.versions import is_version
from stackproof.evidence.layout import Project
from stackproof.metadata.audit.auditing import Place, audit
from stackproof.metadata.audit.record import Audit, Finding
from support.index import Index
from support.matrices import matrix, pin, stage
from support.sandbox import hermetic_environ


def matrix_text(
    *pins: str, stages: tuple[tuple[str, ...], ...] | None = None, more: str = "", row: str = ""
) -> str:
    """Return a matrix of pins such as `alpha==1.0`, or `alpha>=1`, in one stage if given no others.

    `more` goes before the pins, `row` into the one row, which is called plain.
    """
    versions = {item.name: item.specifier for item in map(Requirement, pins)}
    steps = stages or (tuple(versions),)
    text = matrix(
        "T",
        f"{more}\n",
        *(_pin(*item) for item in versions.items()),
        *(
            stage(f"s{number}", *names, step=f"Step {number}")
            for number, names in enumerate(steps, 1)
        ),
        summary="S",
    )
    return text + row


def _pin(name: str, specifier: SpecifierSet) -> str:
    exact = str(specifier).removeprefix("==")
    among = None if is_version(exact) else str(specifier)
    return pin(name, exact, among=among, imports="m", area="a", role="r")


@dataclass(kw_only=True)
class Desk:
    """A checkout at `root` whose audits see `index` alone, and cache for themselves."""

    root: Path
    index: Index

    @property
    def place(self) -> Place:
        """Where the audits take place."""
        fast = {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "2"}
        environ = hermetic_environ(self.root / "home", self.index.url) | fast
        return Place(
            project=Project.at(self.root, environ), cache=self.root / "cache", seconds=(1, 1)
        )

    def write(self, text: str) -> Path:
        """Write the matrix file."""
        file = self.root / "matrices" / "tiny.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def audit(self, text: str) -> Audit:
        """Audit the one row of a matrix."""
        return audit([(self.write(text), "plain")], self.place)


def messages(found: Audit, rule: str) -> list[str]:
    """Return `<level> <line>: <message>` of the findings by one rule."""
    return [_line(finding) for finding in found.findings if finding.rule == rule]


def _line(finding: Finding) -> str:
    return f"{finding.level} {finding.line}: {finding.message}"
