"""Ask whether a stage can be resolved at all, without an environment and within seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from stackproof.environment.constraints import find_constraints
from stackproof.environment.failures import FailureKind, classify, explain
from stackproof.plan import PlannedStage
from stackproof.process import Finished, run

__all__ = ["Resolution", "resolve_stage"]

_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """Whether a stage can be resolved; `failure` and `message` say why not, `log` is in full."""

    command: tuple[str, ...]
    finished: Finished
    failure: FailureKind | None
    message: str
    log: Path


def resolve_stage(
    stage: PlannedStage,
    *,
    python: str,
    folder: Path,
    snapshots: Path,
    environ: Mapping[str, str],
) -> Resolution:
    """Resolve one stage of a plan for uv by itself, as its installer call would.

    An installer call is bound by none of the stages before it (it may move whatever they
    installed), so a stage that cannot be resolved alone cannot be installed after them either.
    Input and log go to `folder`. Raises CannotJudgeError if a constraint file cannot be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = list(stage.options)
    if stage.constraints is not None:
        found = find_constraints(stage.constraints, snapshots=snapshots, environ=environ)
        file = folder / f"constraints-{stage.constraints.name}.txt"
        file.write_bytes(found.content)
        options[options.index(stage.constraints.url)] = str(file)
    asked = folder / f"{stage.name}.in"
    asked.write_text("".join(f"{line}\n" for line in stage.requirements), encoding="utf-8")
    log = folder / f"{stage.name}.log"
    log.unlink(missing_ok=True)
    command = [
        *(find_uv_bin(), "pip", "compile", "--no-header", "--no-annotate"),
        *("--python-version", python, str(asked), *options),
    ]
    finished = run(command, log=log, limit=_SECONDS, env=environ)
    words = log.read_text(encoding="utf-8", errors="replace")
    failure = classify(words, finished)
    return Resolution(
        command=tuple(command),
        finished=finished,
        failure=failure,
        message=explain(failure, words, finished) if failure else "",
        log=log,
    )
