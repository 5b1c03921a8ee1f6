"""The doors of nox sessions without nox: what stands behind `--` goes in, how it ends comes out."""

from __future__ import annotations

__all__ = ["Arguments", "Door", "call"]

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias, cast

import nox

from stackproof.evidence.layout import Project

#: What stands behind `--`, or what happens to a session that reads it.
Arguments: TypeAlias = Sequence[str] | OSError | signal.Signals
Door: TypeAlias = Callable[[nox.Session, Project], None]


class _FailedError(Exception):
    """The session failed."""


@dataclass(kw_only=True)
class _Session:
    """As much of a nox session as our doors use."""

    arguments: Arguments
    env: Mapping[str, str | None]
    python: str | None = None
    virtualenv: Any = field(default_factory=nox.virtualenv.PassthroughEnv)

    @property
    def posargs(self) -> list[str]:
        if isinstance(self.arguments, OSError):
            raise self.arguments
        if isinstance(self.arguments, signal.Signals):
            os.kill(os.getpid(), self.arguments)
            return []
        return list(self.arguments)

    def error(self, message: str) -> NoReturn:
        raise _FailedError(message)

    def warn(self, message: str) -> None:
        sys.stdout.write(f"{message}\n")


def call(
    door: Door,
    project: Project,
    arguments: Arguments = (),
    environ: Mapping[str, str] | None = None,
) -> str:
    """Go through a door; return the message that its session failed with, or nothing.

    Where `environ` is given the session sees nothing else of the environment.
    """
    alone = None if environ is None else {**dict.fromkeys(os.environ), **environ}
    try:
        door(cast("nox.Session", _Session(arguments=arguments, env=alone or {})), project)
    except _FailedError as error:
        return str(error)
    return ""
