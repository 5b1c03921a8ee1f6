"""Clear away what an earlier run left because its supervisor was killed too."""

from __future__ import annotations

__all__ = ["FOLDER_PREFIX", "clear_orphans", "new_record"]

import contextlib
import fcntl
import json
import os
import platform
import secrets
import shutil
import signal
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from stackproof.run.servers.supervisor import boot, started

FOLDER_PREFIX = "stackproof-"
"""How the name of every folder of a server starts; no other folder is ever removed."""


def new_record() -> Path:
    """Return the path of a record that does not exist yet."""
    return _records() / f"{_host_prefix()}{secrets.token_hex(8)}.json"


def clear_orphans() -> None:
    """End the servers and remove the folders of every supervisor of this user that was killed."""
    for path in sorted(_records().glob(f"{_host_prefix()}*.json")):
        # Another run may have removed it in between; another user's is none of ours.
        with contextlib.suppress(OSError), path.open("rb") as file:
            if _is_abandoned(file.fileno()):
                # A record that was cut off (the disk was full) tells nothing to clear away.
                with contextlib.suppress(ValueError):
                    _clear(json.loads(file.read()))
                path.unlink()


def _records() -> Path:
    return user_state_path("stackproof") / "servers"


def _host_prefix() -> str:
    """Tell this machine's records from those of others that share the home folder."""
    return f"{platform.node()}-"


def _is_abandoned(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _clear(facts: dict[str, Any]) -> None:
    process, folder = facts["process"], Path(facts["folder"])
    if process and facts["boot"] == boot() and started(process["pid"]) == process["started"]:
        _kill(process["pid"])
    if folder.name.startswith(FOLDER_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def _kill(pid: int) -> None:
    """Kill a process and its group, of which it is the leader."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
