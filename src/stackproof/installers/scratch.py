"""Scratch environments, for what needs more of them than nox makes for one session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from stackproof.base.process import ask
from stackproof.errors import CannotJudgeError
from stackproof.installers.build_cache import folder_beside, users_cache
from stackproof.installers.interpreters import found_interpreter
from stackproof.installers.known import DEFAULT, installer_named

__all__ = ["scratch_environment"]

#: Settings of uv and virtualenv for environments that they make, and of the Python that runs those.
_SEEDING = ("UV_VENV_", "VIRTUALENV_", "PYTHON")


@contextmanager
def scratch_environment(
    name: str, *, python: str, installer: str, environ: Mapping[str, str]
) -> Iterator[Path]:
    """Make an empty environment, yield its folder, and remove it.

    `name` begins the folder's name; of several made at a time under one name each has its own.
    Of `environ`, nothing counts that would put something into the environment.
    Raises CannotJudgeError if it cannot be made, above all for want of the interpreter.
    """
    folder, lock = _free(_store(environ), name)
    try:
        # A process that outlived its run for a moment may have written into it once more.
        shutil.rmtree(folder, ignore_errors=True)
        plain = {key: value for key, value in environ.items() if not key.startswith(_SEEDING)}
        interpreter = found_interpreter(python, plain)
        command = installer_named(installer).environment(folder, interpreter)
        made = ask(command, env=plain, limit=120)
        if made.exit != 0:
            raise CannotJudgeError(
                f"no environment with Python {python} could be made: {made.errors}"
            )
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def _free(store: Path, name: str) -> tuple[Path, FileLock]:
    """Return a folder that nobody uses, and the lock that keeps it so."""
    locks = store.with_name(f"{store.name}-locks")
    locks.mkdir(parents=True, exist_ok=True)
    for number in count():
        lock = FileLock(locks / f"{name}-{number}")
        with suppress(Timeout):
            lock.acquire(timeout=0)
            return store / f"{name}-{number}", lock
    raise AssertionError("there is always another number")


def _store(environ: Mapping[str, str]) -> Path:
    """Return a folder on the file system of the cache, or its hard links would become copies."""
    return folder_beside(users_cache(DEFAULT, environ), "scratch")
