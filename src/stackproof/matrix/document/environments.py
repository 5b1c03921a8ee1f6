"""Read YAML that holds a stack: what pip installs into an `environment.yml`, or an image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from stackproof.matrix.document.image_streams import read_image_streams
from stackproof.matrix.document.problems import DocumentError, without_releases
from stackproof.matrix.document.pythons import oldest_python
from stackproof.matrix.document.requirement_lines import RequirementLines
from stackproof.matrix.document.stack import Note, Stack, passed_over
from stackproof.matrix.document.yaml_text import Words, read_yaml
from stackproof.reasons.reason import reason

__all__ = ["read_environment"]

#: The keys of a file that are read.
_READ = frozenset({"name", "dependencies"})
_PYTHON = re.compile(r"(?:[\w-]+::)?python(?=[\s=<>!~]|$)\s*(?P<asked>[^\s].*)?$")
#: One part of what conda takes for a version: `=3.11`, `3.11.*` and `3.11` alone are all of 3.11.
#: https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html
_SERIES = re.compile(r"^={0,2}(?P<minor>3\.\d+)(?:\.\d+)*(?:\.\*)?$")


def read_environment(path: Path, *, name: str) -> Stack:
    """Return the stack that pip installs into an environment of conda, or those of an image.

    Raises DocumentError with what is no requirement, and where pip installs nothing.
    """
    documents = [item for item in read_yaml(path) if isinstance(item, dict)]
    if streams := [item for item in documents if item.get("kind") == "ImageStream"]:
        return read_image_streams(streams, path, name=name)
    data, file = (documents or [{}])[0], path.name
    lines = RequirementLines(file, folder=path.parent)
    notes = [*_for_conda(data)]
    python = None
    for item in data.get("dependencies") or []:
        if isinstance(item, dict) and isinstance(item.get("pip"), list):
            for text in item["pip"]:
                lines.read(text, text.line)
        elif not isinstance(item, Words):
            notes.append(passed_over(str(item), reason("not-of-pip")))
        elif match := _PYTHON.match(item):
            python = _python(match["asked"] or "")
        elif not re.fullmatch(r"(?:[\w-]+::)?pip\b.*", item):
            why = reason("of-conda")
            notes.append(passed_over(item, why, item.line))
    if lines.problems:
        raise DocumentError(lines.problems)
    if not lines.installs:
        message = "pip installs nothing into this environment; packages of conda are not read"
        raise without_releases(file, message, [*notes, *lines.notes])
    return Stack(
        name=name,
        file=file,
        title=str(data.get("name") or name),
        python=python,
        commands=(lines.command(line=lines.installs[0].line, section="", step=file),),
        notes=(*notes, *lines.notes),
    )


def _python(asked: str) -> str | None:
    """Return the minor version of Python that a match of conda admits, without a build of it."""
    # Behind the version, after a space or `=`, may stand a build of it.
    parts = re.findall(r"(?:^|,)\s*([=<>!~]*)\s*([^\s=,]+)", asked)
    try:
        versions = (_SERIES.sub(r"==\g<minor>.*", "".join(part)) for part in parts)
        return oldest_python(",".join(versions))
    except ValueError:
        return None


def _for_conda(data: Mapping[Words, object]) -> Iterator[Note]:
    """Name what only conda has a use for, such as its channels."""
    for key in data:
        if key not in _READ:
            yield passed_over(key, reason("for-conda"), key.line)
