"""The interpreters of this machine, as uv finds them for a row's environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from uv import find_uv_bin

from stackproof.base.process import ask
from stackproof.base.versions import OLDEST_MINOR
from stackproof.errors import CannotJudgeError
from stackproof.index.target import Target

__all__ = ["find_target", "found_interpreter", "interpreters"]

_SECONDS = 60
_PYTHON = 3


def find_target(python: str, environ: Mapping[str, str]) -> Target:
    """Return what a row for a Python gets; where there is none here, its first patch stands in."""
    command = [find_uv_bin(), "python", "find", "--no-python-downloads", "--no-project"]
    found = ask([*command, "--show-version", python], env=environ, limit=_SECONDS)
    if found.exit != 0:
        return Target(python, f"{python}.0", found=False)
    return Target(python, found.output)


def found_interpreter(python: str, environ: Mapping[str, str]) -> str:
    """Return the interpreter of this machine for a Python, or what was asked for if none is here.

    uv finds it once for all environments that are made: what stands on the PATH may be a script
    that takes longer to run than the environment to make.
    """
    return _found(python, tuple(sorted((key, environ[key]) for key in environ if _counts(key))))


@cache
def _found(python: str, environ: tuple[tuple[str, str], ...]) -> str:
    command = [find_uv_bin(), "python", "find", "--system", "--no-python-downloads", "--no-project"]
    found = ask([*command, python], env=dict(environ), limit=_SECONDS)
    return found.output if found.exit == 0 else python


def _counts(setting: str) -> bool:
    """Tell whether an interpreter may be found by a setting."""
    return setting in ("PATH", "HOME") or setting.startswith(("UV_", "XDG_", "PYENV"))


def interpreters(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the minor versions of the CPythons here that rows can have, the newest first.

    Raises CannotJudgeError if uv cannot list them.
    """
    command = [find_uv_bin(), "python", "list", "--only-installed", "--output-format", "json"]
    found = ask([*command, "--no-python-downloads"], env=environ, limit=_SECONDS)
    if found.exit != 0:
        raise CannotJudgeError(f"uv could not list the interpreters: {found.errors}")
    listed = [item for item in json.loads(found.output) if item["implementation"] == "cpython"]
    parts = [item["version_parts"] for item in listed]
    minors = {part["minor"] for part in parts if part["major"] == _PYTHON}
    fitting = sorted((minor for minor in minors if minor >= OLDEST_MINOR), reverse=True)
    return tuple(f"{_PYTHON}.{minor}" for minor in fitting)
