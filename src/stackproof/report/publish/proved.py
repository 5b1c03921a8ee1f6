"""Is a lock what was proved? Read from its files and its evidence alone."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.pylock import Pylock, PylockValidationError
from packaging.utils import canonicalize_version

from stackproof.base.invocation import typed
from stackproof.base.text import without_credentials
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import Freeze
from stackproof.evidence.reports import InRow, InSet
from stackproof.evidence.verdict import Verdict, judge
from stackproof.experiments.lock import FILES, Lock
from stackproof.report.audited import last_audit

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Proved", "proved_lock"]


@dataclass(frozen=True, kw_only=True)
class Proved:
    """A lock that stands, the run that it locked and how that is judged; `texts` are its files."""

    lock: Lock
    evidence: Evidence
    verdict: Verdict
    pylock: Pylock
    texts: dict[str, str]

    @property
    def pins(self) -> frozenset[str]:
        """The distributions that the row names."""
        return frozenset(pin.name for pin in self.evidence.plan.pins)

    @property
    def passed(self) -> frozenset[str]:
        """The ids of the checks that passed."""
        return frozenset(check.id for check in self.verdict.checks if check.outcome == "passed")


def proved_lock(reports: Path, matrix: str, row: str) -> Proved:
    """Return the lock of a row.

    Raises CannotJudgeError if there is none, or if its files, the run that it locked or its proof
    are not there or not as they were: then nobody can tell any more what was proved.
    """
    home, command = reports / matrix / row, typed("lock", f"{matrix}/{row}")
    again = f"run `{command}` again"
    if not (home / InRow.LOCK).exists():
        raise CannotJudgeError(
            f"{matrix}/{row} has no lock, and only what was locked is proved; run `{command}` first"
        )
    lock = Lock.load(home / InRow.LOCK, again)
    sums = {**dict.fromkeys(FILES, ""), **lock.files}
    texts = {file: _locked(home / file, sha256, again) for file, sha256 in sums.items()}
    evidence, proof = Evidence(reports / lock.evidence), Evidence(reports / lock.proof)
    pylock = _read(texts[InSet.PYLOCK], again)
    audit = last_audit(evidence)
    verdict = judge(evidence, audit.answers_of(evidence.plan) if audit else {})
    for run, judged in ((evidence, verdict), (proof, judge(proof))):
        if judged.verdict != "ok" or not _is_of(pylock, run.freeze):
            raise CannotJudgeError(
                f"the run {run.folder.relative_to(reports)} is no longer what was locked: it is "
                f"{judged.verdict}, of {len(run.freeze)} distributions; {again}"
            )
    return Proved(lock=lock, evidence=evidence, verdict=verdict, pylock=pylock, texts=texts)


def _locked(file: Path, sha256: str, again: str) -> str:
    """Return the text of a file that was locked, and may be read by anybody."""
    content = file.read_bytes() if file.exists() else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise CannotJudgeError(f"{file} is not the file that was locked; {again}")
    text = content.decode("utf-8")
    if without_credentials(text) != text:
        raise CannotJudgeError(
            f"{file} names an index with a user or a password, which everybody would read; give "
            f"these to the installers by a netrc file or a keyring, and {again}"
        )
    return text


def _read(text: str, again: str) -> Pylock:
    try:
        return Pylock.from_dict(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, PylockValidationError) as error:
        raise CannotJudgeError(f"{InSet.PYLOCK} cannot be read ({error}); {again}") from error


def _is_of(pylock: Pylock, freeze: Freeze) -> bool:
    """Tell whether a lock is of what was installed, whoever spelt the versions."""
    locked = {package.name: str(package.version) for package in pylock.packages}
    return locked == {
        name: canonicalize_version(version, strip_trailing_zero=False)
        for name, version in freeze.items()
    }
