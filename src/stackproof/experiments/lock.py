"""Lock what was proved: the distributions of a run in which every check passed, with their hashes.

The files are written by uv, and kept only if an environment built from them holds the very same
distributions and passes the whole suite.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from stackproof.base.records import Record, write_atomically
from stackproof.base.temporary import temporary_folder
from stackproof.base.times import timestamp
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import Freeze, drift_between
from stackproof.evidence.reports import InRow, InRun, InSet
from stackproof.evidence.verdict import Verdict, judge
from stackproof.experiments.planner import Planner
from stackproof.experiments.platform_locks import PlatformLock, PlatformLocker
from stackproof.experiments.runner import Runner
from stackproof.index.client import IndexClient
from stackproof.installers.choosing import Choice
from stackproof.installers.compiling import compiled, pinned_project
from stackproof.installers.known import BY_HASH, DEFAULT
from stackproof.matrix.checks import CheckId
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedStage
from stackproof.matrix.platforms import UNIVERSAL

__all__ = ["FILES", "Lock", "lock"]

#: The files of a lock, which are named as uv names their forms.
FILES = (InSet.PYLOCK, InSet.REQUIREMENTS)

#: The file that tells uv what to lock.
_WANTED = "pyproject.toml"
_LIMIT_SECONDS = 600


class Lock(Record):
    """What a lock holds, and what proves it: the form of `lock.json`.

    `evidence` is the run that was locked and `proof` the one from the lock, as paths below the
    reports; `files` maps the lock's files to their sha256, as 64 hexadecimal digits. `platforms`
    says what each is for, where other platforms were asked for.
    """

    format: Literal[1] = 1
    matrix: str
    row: str
    python: str
    as_of: str | None
    evidence: str
    proof: str
    distributions: int
    files: dict[str, str]
    platforms: tuple[PlatformLock, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Locker:
    """Locks the run `evidence` of the planner's row; what is tried on the way goes to `home`."""

    planner: Planner
    runner: Runner
    evidence: Evidence
    home: Path

    def write(self, folder: Path) -> Evidence:
        """Write the files of a lock, prove them, and return the proof.

        Raises CannotJudgeError if uv cannot write them, or they do not give what was proved.
        """
        pylock, requirements = (folder / name for name in FILES)
        text = pinned_project(self.evidence.freeze, self._indexes)
        (folder / _WANTED).write_text(text, encoding="utf-8")
        for file in (pylock, requirements):
            self._compile(file)
        self._name_indexes(requirements)
        proof = self._rebuild(pylock, self.evidence.plan.installer, only=())
        installer = BY_HASH.name if self._indexes else self.evidence.plan.installer
        self._rebuild(requirements, installer, only=(CheckId("pip-check"),))
        return proof

    def elsewhere(self, platforms: Sequence[str], folder: Path) -> tuple[PlatformLock, ...]:
        """Write what would be installed on other platforms; raise CannotJudgeError as `write`."""
        locker = PlatformLocker(
            plan=self.evidence.plan,
            everywhere=replace(self.planner, platform=UNIVERSAL).base(),
            freeze=self.evidence.freeze,
            indexes=self._indexes,
            environ=self.runner.project.environ,
            require_pages=self._require_pages,
        )
        return locker.lock(platforms, folder)

    @cached_property
    def _indexes(self) -> dict[str, str]:
        """The index of each distribution that was not installed from the default one.

        It is that of the last stage which changed the distribution, if that stage could reach it.
        """
        found: dict[str, str | None] = {}
        # What commands needed was installed by one stage more, and is no part of the stack.
        for stage, record in zip(self.evidence.plan.stages, self.evidence.stages, strict=False):
            index = stage.index if stage.index in record.command else None
            found |= dict.fromkeys([*record.drift.added, *record.drift.moved], index)
        kept = ((name, found.get(name)) for name in self.evidence.freeze)
        return {name: index for name, index in kept if index is not None}

    def _compile(self, file: Path) -> None:
        """Have uv write a lock of exactly the freeze: nothing is resolved, so nothing can move."""
        plan = self.evidence.plan
        options = ["--no-annotate", "--no-deps", "--format", file.name, "--generate-hashes"]
        found = compiled(
            file.with_name(_WANTED),
            file,
            options,
            python=plan.python,
            choice=Choice.within(plan),
            environ=self.runner.project.environ,
            limit=_LIMIT_SECONDS,
            cwd=file.parent,
        )
        if not found.finished.succeeded:
            self._require_pages(found.words)
            raise CannotJudgeError(
                f"no {file.name} could be made, uv {found.finished.describe()}: "
                f"{found.words.strip()}"
            )

    def _require_pages(self, words: str) -> None:
        """Raise CannotJudgeError if the page of a distribution that uv speaks of is none."""
        default = DEFAULT.default_index(self.runner.project.environ)
        with IndexClient() as client:
            for name in self.evidence.freeze:
                if re.search(rf"\b{re.escape(name)}\b", words):
                    client.require(self._indexes.get(name, default), name)

    def _name_indexes(self, file: Path) -> None:
        """Have a lock's requirements say which indexes they need beside the default one."""
        lines = (f"--extra-index-url {url}\n" for url in dict.fromkeys(self._indexes.values()))
        file.write_text("".join(lines) + file.read_text(encoding="utf-8"), encoding="utf-8")

    def _rebuild(self, file: Path, installer: str, only: Sequence[str]) -> Evidence:
        """Install from a file of the lock and ask the suite, or only some checks."""
        plan = _from_lock(self.evidence.plan, file, installer, only)
        verdict, proof = self.runner.run(plan, self.home)
        _require_green(verdict, f"what {file.name} installs")
        _require_same(self.evidence.freeze, proof.freeze, file.name)
        return proof


def lock(planner: Planner, runner: Runner, platforms: Sequence[str] = ()) -> Lock:
    """Lock a row beside its reports: `pylock.toml`, `requirements.txt` and `lock.json`.

    The newest run of its very plan is locked; where there is none, the row is run first. With
    `platforms` there are locks for these besides, which are only resolved. Raises
    CannotJudgeError, and writes nothing, if a check failed or the lock does not give the same.
    """
    plan = planner.base()
    reports, home = runner.project.reports, runner.project.home(plan)
    evidence = runner.recall(plan) or runner.run(plan)[1]
    _require_green(judge(evidence), f"the run {evidence.folder.name}")
    locker = _Locker(
        planner=planner, runner=runner, evidence=evidence, home=home / InRow.LOCK_PROOFS
    )
    with temporary_folder("lock") as folder:
        proof = locker.write(folder)
        parts = locker.elsewhere(platforms, folder)
        names = dict.fromkeys([*FILES, *(part.file for part in parts if part.file)])
        texts = {file: (folder / file).read_text(encoding="utf-8") for file in names}
    made = Lock(
        matrix=plan.matrix,
        row=plan.row,
        python=plan.python,
        as_of=timestamp(plan.as_of) if plan.as_of else None,
        evidence=evidence.folder.relative_to(reports).as_posix(),
        proof=proof.folder.relative_to(reports).as_posix(),
        distributions=len(evidence.freeze),
        files={file: hashlib.sha256(text.encode()).hexdigest() for file, text in texts.items()},
        platforms=parts,
    )
    for old in home.glob("pylock.*.toml"):
        old.unlink()  # of another lock, and no part of this one
    for file, text in texts.items():
        write_atomically(home / file, text)
    made.write(evidence.folder / InRun.LOCK)
    made.write(home / InRow.LOCK)
    return made


def _from_lock(plan: Plan, file: Path, installer: str, only: Sequence[str]) -> Plan:
    """Return the plan that installs a lock file in place of the row's stages."""
    stage = PlannedStage(
        name="lock",
        step="none",
        pins=(),
        arguments=("--no-deps", "-r", str(file)),
        constraints=None,
        index=None,
        reason="installs what was locked",
        reasons={},
    )
    rest = tuple(check for check in plan.checks if CheckId.parse(check).kind != "stage")
    changes = {
        "installer": installer,
        "stages": (stage,),
        "checks": tuple(only) or ("stage:lock", *rest),
        "only": tuple(only),
        "claims": (),
        "known_failures": (),
    }
    return plan.model_copy(update=changes)


def _require_green(verdict: Verdict, what: str) -> None:
    if verdict.verdict == "ok":
        return
    failed = ", ".join(check.id for check in verdict.checks if check.outcome == "failed")
    because = verdict.trouble or f"failed: {failed}"
    raise CannotJudgeError(f"no lock was written: {what} is not proved ({because})")


def _require_same(proved: Freeze, locked: Freeze, file: str) -> None:
    drift = drift_between(proved, locked)
    changes = {**drift.added, **drift.moved}
    if changes:
        shown = (f"{name} {old} -> {new}" for name, (old, new) in sorted(changes.items()))
        raise CannotJudgeError(
            f"no lock was written: {file} does not give what was proved ({', '.join(shown)})"
        )
