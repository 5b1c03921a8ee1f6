"""Read a part of a wheel, by a few ranges of it: its metadata, or the names of its files."""

from __future__ import annotations

from zipfile import BadZipFile

import requests
from remotezip import RemoteZip, RemoteZipError  # type: ignore[import-untyped]

__all__ = ["names_in_wheel", "read_from_wheel"]


def read_from_wheel(
    session: requests.Session, url: str, seconds: tuple[float, float]
) -> str | None:
    """Return the text of a wheel's METADATA, or None if the server gives no parts of files.

    The wheel as a whole is never fetched. `seconds` are those waited for a connection, and for an
    answer.
    """
    try:
        with RemoteZip(url, session=session, timeout=seconds) as archive:
            names = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
            # The one at the top: some projects carry the metadata of others in their own package.
            top = [name for name in names if name.count("/") == 1]
            return archive.read(top[0]).decode("utf-8", errors="replace") if top else None
    except (RemoteZipError, BadZipFile, requests.RequestException):
        return None


def names_in_wheel(
    session: requests.Session, url: str, seconds: tuple[float, float]
) -> list[str] | None:
    """Return the names of a wheel's files, or None; see `read_from_wheel`."""
    try:
        with RemoteZip(url, session=session, timeout=seconds) as archive:
            return list(archive.namelist())
    except (RemoteZipError, BadZipFile, requests.RequestException):
        return None
