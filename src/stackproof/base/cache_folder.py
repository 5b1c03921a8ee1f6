"""A folder to cache in that can be relied on, whatever state the user's own is in."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from platformdirs import user_cache_path

__all__ = ["DATABASE", "own_folder", "reliable_folder"]

#: The file of the cached answers.
DATABASE = "http.sqlite"
_WAIT_SECONDS = 5
#: What SQLite keeps beside a file; left behind, it would be taken for a part of the next one.
_BESIDE = ("-journal", "-wal", "-shm")


def own_folder() -> Path:
    """Return where the user's own cache lies."""
    return user_cache_path("stackproof") / "index"


def reliable_folder(home: Path, lasting: ExitStack) -> tuple[Path, tuple[str, ...]]:
    """Return a folder to cache in, and in one line each what had to be done to have it.

    That is `home`, a damaged database in it set aside; or where nothing can be written there, a
    new folder that is removed when `lasting` is closed.
    """
    try:
        # Addresses of indexes may hold passwords, and are what the cache is found by.
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=home):
            pass
        if _is_sound(home / DATABASE):
            return home, ()
        _set_aside(home / DATABASE)
    except (OSError, sqlite3.OperationalError) as error:
        reason = getattr(error, "strerror", None) or error
        folder = lasting.enter_context(TemporaryDirectory(prefix="stackproof-index-"))
        return Path(folder), (
            f"the cache folder {home} cannot be used ({reason}); nothing is kept",
        )
    return home, (f"the cache of index pages was damaged; it is kept as {DATABASE}.damaged",)


def _is_sound(database: Path) -> bool:
    """Tell whether a database can be read; raise OperationalError if it cannot be written.

    To be asked before requests-cache opens it, which would wait for a writable one for ever.
    """
    try:
        with closing(sqlite3.connect(database, timeout=_WAIT_SECONDS)) as connection:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return False
    return bool(answer == "ok")


def _set_aside(database: Path) -> None:
    # Another process may have done so in this very moment.
    with suppress(FileNotFoundError):
        database.replace(database.with_name(f"{DATABASE}.damaged"))
    for suffix in _BESIDE:
        database.with_name(database.name + suffix).unlink(missing_ok=True)
