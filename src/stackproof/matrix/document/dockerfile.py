"""Read a Dockerfile: what its RUN lines install, by the format that Docker documents."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from stackproof.matrix.document.commands import CommandReader
from stackproof.matrix.document.image import Image
from stackproof.matrix.document.problems import DocumentError, without_releases
from stackproof.matrix.document.requirement import this_python
from stackproof.matrix.document.stack import Note, Stack
from stackproof.matrix.document.text import read_text
from stackproof.matrix.document.variables import filled_in
from stackproof.reasons.reason import Reason, reason

__all__ = ["read_dockerfile"]

_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)", re.DOTALL)
_HERE = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
#: A here-document that is itself the script of a shell: `RUN <<EOF`, `RUN <<EOF bash`.
_SCRIPT = re.compile(
    r"(?:--\S+\s+)*<<-?\s*([\"']?)\w+\1\s*(?:(?:/bin/)?(?:ba|da|z)?sh(?:\s+-\w+)*)?"
)


def read_dockerfile(path: Path, *, name: str, python: str | None = None) -> Stack:
    """Return the stack that a Dockerfile's calls of pip and uv install, one step a call.

    Requirements files that calls name are read beside it. Raises DocumentError with what is wrong,
    and where nothing is installed. A note tells which Python is taken where a stage that installs
    something tells none, or another one; not if it is to be `python`.
    """
    build = _Build(path)
    for line, word, rest in _instructions(read_text(path)):
        build.carry_out(line, word, rest)
    reader = build.reader
    if reader.problems:
        raise DocumentError(reader.problems)
    if not build.installing:
        message = "no RUN line calls `pip install` for a release"
        raise without_releases(path.name, message, reader.notes)
    told = [image.python for image in build.installing if image.python is not None]
    if python is None:
        reader.notes += _on_python(build.installing, told[-1] if told else this_python())
    return Stack(
        name=name,
        file=path.name,
        title=name,
        python=told[-1] if told else None,
        commands=tuple(reader.commands),
        notes=tuple(reader.notes),
    )


def _on_python(images: Iterable[Image], python: str) -> Iterator[Note]:
    """Yield a note for each stage that is read for a Python which it does not tell."""
    for image in images:
        if image.python is None:
            why = reason("image-without-python", image=image.base, python=python)
            yield Note(line=image.line, why=why)
        elif image.python != python:
            its = image.python
            why = reason("image-of-other-python", image=image.base, its=its, python=python)
            yield Note(line=image.line, why=why)


class _Build:
    """Carries out instructions, as far as they say what is installed.

    `installing` are the images of the stages in which something is.
    """

    def __init__(self, path: Path) -> None:
        self.reader = CommandReader(path.name, self._find)
        self.installing: list[Image] = []
        self._image = self._outside = Image(context=path.parent, base=path.name)
        self._stages: dict[str, Image] = {}
        self._names: list[str] = []
        self._number = 0

    def carry_out(self, line: int, word: str, rest: str) -> None:
        """Carry out one instruction."""
        if word == "FROM":
            self._begin(line, _words(rest, self._outside.variables))
        elif word in ("ENV", "ARG"):
            self._assign(line, _assignments(_one_line(rest), is_argument=word == "ARG"))
        elif word == "WORKDIR":
            self._image = self._image.entered(" ".join(self._words(rest)))
        elif word in ("COPY", "ADD"):
            self._copy(self._words(rest))
        elif word == "RUN":
            self._run(line, rest)

    def _begin(self, line: int, words: Sequence[str]) -> None:
        """Begin a stage: `FROM image AS name`, filled in by each ARG before the first of them."""
        self._stages |= dict.fromkeys(self._names, self._image)
        base, *alias = [word for word in words if not word.startswith("--")] or [""]
        named = Image(context=self._image.context, base=base)
        self._image = self._stages.get(base.lower(), named).based(line)
        self._names = [*(name.lower() for name in alias[1:]), str(self._number)]
        self._number += 1

    def _assign(self, line: int, given: Iterable[tuple[str, str | None]]) -> None:
        """Set variables; an ARG without a value has the one from before the first stage."""
        before = dict(self._image.variables)
        self.reader.variables = self._image.variables
        for name, value in given:
            known = self._outside.variables.get(name) if value is None else value
            if known is not None:
                self.reader.assign(name, filled_in(known, before), line)

    def _copy(self, words: Sequence[str]) -> None:
        """Copy `sources target`, from the build's own folder or from another stage or image."""
        *sources, target = [word for word in words if not word.startswith("--")] or [""]
        given = [word.removeprefix("--from=") for word in words if word.startswith("--from=")]
        other = self._stages.get("".join(given).lower(), Image(context=self._image.context))
        take = other.of_image if given else self._image.of_context
        found = [item for source in sources for item in take(source)]
        self._image = self._image.copied(found, target)

    def _run(self, line: int, rest: str) -> None:
        """Read what a RUN carries out; its binds and its shell's variables end with it."""
        image, reader, before = self._image, self.reader, len(self.reader.commands)
        reader.folder, reader.variables = image.folder, dict(image.variables)
        for options in re.findall(r"--mount=(\S+)", rest):
            given = dict(option.partition("=")[::2] for option in options.split(","))
            target = given.get("target", given.get("dst", given.get("destination")))
            if target and given.get("type", "bind") == "bind":
                source = None if "from" in given else given.get("source", given.get("src", "."))
                self._image = self._image.bound(source, filled_in(target, image.variables))
        reader.read(_script(rest), line=line, section="", step=f"RUN on line {line}")
        self._image = image
        if any(command.installs for command in reader.commands[before:]):
            self.installing = [*(i for i in self.installing if i.line != image.line), image]

    def _find(self, name: str) -> Path | Reason | None:
        return self._image.find(name)

    def _words(self, rest: str) -> list[str]:
        return _words(rest, self._image.variables)


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


def _assignments(text: str, *, is_argument: bool) -> Iterator[tuple[str, str | None]]:
    """Yield name and value of what `ENV` or `ARG` sets; `ENV name value` is the old form."""
    if not is_argument and re.match(r"\w+\s+[^=\s]", text):
        name, value = text.split(maxsplit=1)
        yield name, value.strip("\"'")
        return
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    for word in words:
        name, equals, value = word.partition("=")
        yield name, value if equals else None


def _words(rest: str, variables: Mapping[str, str]) -> list[str]:
    """Return the words of an instruction, of either form, with variables filled in."""
    lines = rest.split("\n")
    text = _one_line("\n".join(lines[: _head(lines)]))
    begin = text.find("[")
    try:
        words = [*text[:begin].split(), *json.loads(text[begin:])] if begin >= 0 else []
    except ValueError:
        words = []
    words = words or [word.strip("\"'") for word in text.split()]
    return [filled_in(str(word), variables) for word in words]


def _one_line(text: str) -> str:
    return re.sub(r"\\(?:\n|$)", " ", text).strip()


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
