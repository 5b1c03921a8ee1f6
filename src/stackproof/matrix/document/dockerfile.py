"""Read a Dockerfile: what its RUN lines install, by the format that Docker documents."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from stackproof.matrix.document.commands import CommandReader
from stackproof.matrix.document.problems import DocumentError, without_releases
from stackproof.matrix.document.stack import Stack
from stackproof.matrix.document.text import read_text

__all__ = ["read_dockerfile"]

_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)", re.DOTALL)
_HERE = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
#: A here-document that is itself the script of a shell: `RUN <<EOF`, `RUN <<EOF bash`.
_SCRIPT = re.compile(
    r"(?:--\S+\s+)*<<-?\s*([\"']?)\w+\1\s*(?:(?:/bin/)?(?:ba|da|z)?sh(?:\s+-\w+)*)?"
)
_PYTHON = re.compile(r"(?:\S*/)?python:(3\.\d+)|\S*python(3\.?\d+)|\S*py(3\d+)")


def read_dockerfile(path: Path, *, name: str) -> Stack:
    """Return the stack that a Dockerfile's calls of pip and uv install, one step a call.

    Requirements files that calls name are read beside it. Raises DocumentError with what is wrong,
    and where nothing is installed.
    """
    copies = _Copies(path.parent)
    reader = CommandReader(path.name, copies.find)
    python = None
    for line, word, rest in _instructions(read_text(path)):
        step = f"{word} on line {line}"
        if word == "FROM" and (match := _PYTHON.search(re.sub(r"--\S+\s+", "", rest).split()[0])):
            python = match[1] or f"3.{(match[2] or match[3]).removeprefix('3').lstrip('.')}"
        elif word in ("ENV", "ARG"):
            reader.read(_assignments(rest), line=line, section="", step=step)
        elif word in ("COPY", "ADD"):
            copies.take(rest)
        elif word == "RUN":
            copies.mount(rest)
            reader.read(_script(rest), line=line, section="", step=step)
    if reader.problems:
        raise DocumentError(reader.problems)
    if not any(command.installs for command in reader.commands):
        message = "no RUN line calls `pip install` for a release"
        raise without_releases(path.name, message, reader.notes)
    return Stack(
        name=name,
        file=path.name,
        title=name,
        python=python,
        commands=tuple(reader.commands),
        notes=tuple(reader.notes),
    )


class _Copies:
    """Which files of the build's folder the image has, by their names there.

    The image's own folders are not followed: a requirements file is known by its name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: dict[str, str] = {}

    def take(self, rest: str) -> None:
        """Take what a COPY brings; that of another stage or image is none of the folder's."""
        lines = rest.split("\n")
        words = " ".join(line.rstrip("\\") for line in lines[: _head(lines)]).split()
        *sources, target = [word.strip('[],"') for word in words if not word.startswith("--")]
        if any(word.startswith(("--from=", "<<")) for word in words):
            return
        for source in sources:
            name = PurePosixPath(source).name
            renamed = len(sources) == 1 and PurePosixPath(target).suffix
            self._sources[PurePosixPath(target).name if renamed else name] = source

    def mount(self, rest: str) -> None:
        """Take what a RUN binds into its container: `--mount=type=bind,source=a,target=b`."""
        for options in re.findall(r"--mount=(\S+)", rest):
            given = dict(option.partition("=")[::2] for option in options.split(","))
            source = given.get("source", given.get("src"))
            target = given.get("target", given.get("dst", given.get("destination")))
            if source and target and "from" not in given:
                self._sources[PurePosixPath(target).name] = source

    def find(self, name: str) -> Path | None:
        """Return the file of the folder that a name in the image stands for."""
        bare = PurePosixPath(name).name
        for source in (self._sources.get(bare), name.lstrip("/"), bare):
            if source is not None and (self._folder / source.lstrip("/")).is_file():
                return self._folder / source.lstrip("/")
        return None


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield (line, word, rest) of each instruction; its lines stay, comments in between are blank.

    A here-document belongs to its instruction.
    """
    lines = re.split(r"\r\n|\r|\n", text)
    number = 0
    while number < len(lines):
        begin, pending = number, [_bare(lines[number])]
        while pending[-1].endswith("\\") and number + 1 < len(lines):
            number += 1
            bare = _bare(lines[number])
            pending.append(bare or "\\")
        for here in _HERE.finditer("\n".join(pending)):
            ends = [line.strip() for line in lines[number + 1 :]]
            if here[2] in ends:
                end = number + 1 + ends.index(here[2])
                pending += lines[number + 1 : end + 1]
                number = end
        if match := _INSTRUCTION.fullmatch("\n".join(pending)):
            yield begin + 1, match[1].upper(), match[2]
        number += 1


def _bare(line: str) -> str:
    return "" if line.lstrip().startswith("#") else line.rstrip()


def _assignments(rest: str) -> str:
    """Return `ENV` and `ARG` as a shell would set the same; `ENV name value` is the old form."""
    if re.match(r"\w+\s+[^=\s]", rest):
        name, value = rest.split(maxsplit=1)
        return f"{name}='{value}'"
    return rest


def _script(rest: str) -> str:
    """Return what a RUN carries out as a shell's text, its lines in their places."""
    lines = rest.split("\n")
    head = _head(lines)
    if _SCRIPT.fullmatch(" ".join(line.rstrip("\\").strip() for line in lines[:head])):
        return "\n".join([*[""] * head, *lines[head:-1]])
    if rest.startswith("["):
        try:
            return shlex.join(json.loads(rest.replace("\\\n", "\n")))
        except (TypeError, ValueError):
            return rest
    return f"RUN {rest}" if rest.startswith("--") else rest


def _head(lines: Sequence[str]) -> int:
    """Return how many lines an instruction has before the text of its here-documents."""
    ends = (number for number, line in enumerate(lines, 1) if not line.endswith("\\"))
    return next(ends, len(lines))
