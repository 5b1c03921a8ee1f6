"""Pyrefly as the checker: its command, its JSON, its sentences.

https://pyrefly.org/en/docs/error-kinds/ lists what it finds; docs/links.md says why it is this one.
Its sentences name modules and functions in full, which others' do not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackproof.base.process import run
from stackproof.base.temporary import temporary_folder
from stackproof.evidence.links import Kind
from stackproof.metadata.links.checker import Checked, CheckerError, Seen

__all__ = ["REQUIREMENT", "Pyrefly"]

#: Exactly one release: its sentences are read, and another one may say the same in other words.
REQUIREMENT = "pyrefly==1.5.0"

_LIMIT_SECONDS = 240
#: Its errors by what they tell of, each with what its sentence is like.
_SENTENCES: dict[str, tuple[Kind, str]] = {
    "missing-import": ("module", r"Cannot find module `(?P<target>[\w.]+)`"),
    "missing-module-attribute": (
        "name",
        r"Could not import `(?P<name>\w+)` from `(?P<target>[\w.]+)`",
    ),
    "missing-attribute": ("name", r"No attribute `(?P<name>\w+)` in module `(?P<target>[\w.]+)`"),
    "unexpected-keyword": (
        "parameter",
        r"Unexpected keyword argument `(?P<name>\w+)` in function `(?P<target>[\w.]+)`",
    ),
    "missing-argument": (
        "arity",
        r"Missing argument `(?P<name>\w+)` in function `(?P<target>[\w.]+)`",
    ),
    "bad-argument-count": (
        "arity",
        r"Expected (?P<taken>\d+) pos.*, got (?P<given>\d+) in function `(?P<target>[\w.]+)`",
    ),
}


#: Its error for what it cannot parse.
_UNREAD = "parse-error"


@dataclass(frozen=True, kw_only=True)
class Pyrefly:
    """The program at `program`; a run that takes longer than `limit` seconds is ended."""

    program: Path
    limit: float = _LIMIT_SECONDS
    title: str = REQUIREMENT.replace("==", " ")

    def check(self, library: Path, files: Sequence[str], python: str) -> Checked:
        """See `Checker`."""
        with temporary_folder("links") as folder:
            # A configuration in a folder above would count, and so would what one names.
            config = folder / "pyrefly.toml"
            config.write_text("", encoding="utf-8")
            output = folder / "found.json"
            command = [str(self.program), "check", *_options(library, python)]
            command += ["--config", str(config), "--output", str(output)]
            log = folder / "log.txt"
            env = {"PATH": "", "HOME": str(folder), "TMPDIR": str(folder), "NO_COLOR": "1"}
            ended = run(
                [*command, *files], log=log, limit=self.limit, env=env, cwd=library, grace=1
            )
            if ended.timed_out or ended.exit not in (0, 1):
                raise CheckerError(f"{self.title} {ended.describe()}")
            try:
                errors = json.loads(output.read_text(encoding="utf-8"))["errors"]
                named = [(_named(error, library), error) for error in errors]
                return Checked(
                    seen=list(_read(named)),
                    unread=sorted({file for file, error in named if error["name"] == _UNREAD}),
                )
            except (OSError, ValueError, LookupError, TypeError) as error:
                raise CheckerError(f"{self.title} said what is not understood: {error}") from error


def _options(library: Path, python: str) -> Iterator[str]:
    yield from ("--search-path", str(library), "--python-version", python)
    yield from ("--python-platform", "linux", "--output-format", "json")
    # No interpreter is asked, no folder is guessed, and no comment in the code has it say less.
    yield from ("--skip-interpreter-query", "--use-ignore-files=false", "--enabled-ignores=pyre")
    yield from (
        "--disable-search-path-heuristics=true",
        "--disable-project-excludes-heuristics=true",
    )
    yield from ("--untyped-def-behavior", "check-and-infer-return-any")
    for kind in _SENTENCES:
        yield from ("--error", kind)


def _named(error: Mapping[str, Any], library: Path) -> str:
    """Return the file of an error as it is named in the library."""
    path = Path(error["path"])
    return str(path.relative_to(library) if path.is_absolute() else path)


def _read(errors: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[Seen]:
    for file, error in errors:
        kind, sentence = _SENTENCES.get(error["name"], (None, ""))
        said = re.match(sentence, error["concise_description"]) if kind else None
        if kind is None or said is None:
            continue
        parts = said.groupdict()
        yield Seen(
            file=file,
            line=int(error["line"]),
            column=int(error["column"]),
            kind=kind,
            target=parts["target"],
            name=parts.get("name", ""),
            given=int(parts.get("given", 0)),
            taken=int(parts.get("taken", 0)),
        )
