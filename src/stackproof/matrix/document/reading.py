"""Read whatever a newcomer has, told by the name of the file what it is."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from stackproof.errors import StackproofError
from stackproof.matrix.document.names import label_of
from stackproof.matrix.document.stack import Stack
from stackproof.matrix.document.text import read_text

__all__ = ["FORMS", "read_stack"]

#: What can be read, as the usage of a session names it.
FORMS = (
    "requirements.txt|pyproject.toml|pylock.toml|uv.lock|poetry.lock|Pipfile.lock|"
    "environment.yml|Dockerfile|FILE.md|-"
)
#: By the name of a file: the module that reads it, and the function.
_READERS = {
    r"pyproject\.toml": ("projects", "read_project"),
    r"poetry\.lock": ("locks", "read_poetry_lock"),
    r"pipfile\.lock": ("locks", "read_pipfile_lock"),
    r".*\.(md|markdown)": ("markdown", "read_markdown"),
    r".*\.(yml|yaml)": ("environments", "read_environment"),
    r"-|.*\.(txt|in|freeze)|requirements[^/]*(\.lock)?": ("requirement_lines", "read_requirements"),
}
#: The same of files that are read for one version of Python, of several or where they name none.
_READERS_FOR_PYTHON = {
    r"(.*\W)?(docker|container)file(\W.*)?": ("dockerfile", "read_dockerfile"),
    r"pylock(\.[^.]+)?\.toml": ("locks", "read_pylock"),
    r"uv\.lock": ("uv_lock", "read_uv_lock"),
}


def read_stack(path: Path, *, python: str | None = None) -> Stack:
    """Return the stack of a file, or of the requirements that are piped in where `path` is `-`.

    `python` is the minor version that a lock file for several is read for; without it that is the
    oldest one that the file admits. Without it a Dockerfile's notes tell what is taken for one that
    it does not name. Raises StackproofError if the file cannot be read, or
    DocumentError with all that is wrong in it.
    """
    name = label_of(path.stem)
    for readers, options in ((_READERS_FOR_PYTHON, {"python": python}), (_READERS, {})):
        for pattern, (module, function) in readers.items():
            if re.fullmatch(pattern, path.name.lower()):
                # What reads one form loads libraries that others can do without.
                reader = import_module(f"stackproof.matrix.document.{module}")
                stack: Stack = getattr(reader, function)(path, name=name, **options)
                return stack
    read_text(path)  # what is not there is said first
    raise StackproofError(f"{path}: cannot tell what it is by its name; give one of {FORMS}")
