"""Find the matrix files of a folder."""

from __future__ import annotations

from pathlib import Path

__all__ = ["find_matrices"]


def find_matrices(folder: Path) -> dict[str, Path]:
    """Return the matrix files of a folder by name (the file's stem), in order of name.

    Hidden files are none: editors leave such beside a file that they have open. Neither is what
    only looks like a file, such as a pipe, which would never end.
    """
    found = (path for path in folder.glob("*.toml") if not path.name.startswith("."))
    files = (path for path in found if not (path.is_fifo() or path.is_socket()))
    return {path.stem: path for path in sorted(files)}
