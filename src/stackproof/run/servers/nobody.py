"""For servers that refuse to be root: the user nobody, and a place that everybody can reach."""

from __future__ import annotations

__all__ = ["is_open", "new_folder_for", "user_to_be"]

import os
import pwd
import tempfile
from pathlib import Path

from stackproof.run.servers.info import ServerError
from stackproof.run.servers.starting import new_folder


def user_to_be() -> pwd.struct_passwd | None:
    """Return the user nobody where we are root, and None where the server can be who we are."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def new_folder_for(name: str, user: pwd.struct_passwd | None) -> Path:
    """Return the path of a server's folder, which another user than us can reach."""
    return new_folder(name, _open_place() if user else None)


def is_open(folder: Path) -> bool:
    """Tell whether every user can reach what is in the folder."""
    path = folder.resolve()
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))


def _open_place() -> Path:
    """Return a place for temporary folders that nobody can reach."""
    places = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))  # noqa: S108
    for place in places:
        if is_open(place):
            return place
    raise ServerError(f"refuses to run as root, and the user nobody cannot reach {places[0]}")
