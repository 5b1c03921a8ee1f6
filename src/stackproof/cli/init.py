"""`stackproof init`: set a repository up, whatever it has already."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import nox

from stackproof.base.invocation import UNPUBLISHED, local_source, repository, requirement, typed
from stackproof.base.records import write_atomically
from stackproof.cli.from_file import read_matrix, refuse_another
from stackproof.cli.nox_session import console, ends_in_words
from stackproof.cli.options import Options
from stackproof.evidence.layout import Project

__all__ = ["init"]

_TEMPLATES = files("stackproof.cli") / "templates"
_ADDED = ("import stackproof", "stackproof.register()")
_IGNORED = (".nox/", "reports/*", "!reports/history.jsonl")
_WORKFLOW = ".github/workflows/stackproof.yml"


@ends_in_words("exit 2")
def init(session: nox.Session, project: Project) -> None:
    """Write what a repository lacks of noxfile, matrix, ignored files and workflow; say what next.

    Nothing that is there is written over.
    """
    options = Options("init")
    options.add_argument("file", nargs="?", type=Path, metavar="FILE")
    screen = console()
    given = options.parse_args(session.posargs)
    for line in _steps(given.file, project):
        screen.print(line, markup=False, highlight=False, soft_wrap=True)


def _steps(file: Path | None, project: Project) -> Iterator[str]:
    # A file that no matrix comes of ends it before anything is written.
    yield from _matrix(file, project)
    yield from _noxfile(project.root / "noxfile.py")
    yield from _ignored(project.root / ".gitignore")
    yield from _workflow(project.root / _WORKFLOW)
    yield f"next: {typed('verify') if file else typed('init', 'requirements.txt')}"


def _matrix(file: Path | None, project: Project) -> Iterator[str]:
    if file is None:
        return
    name, text, notes = read_matrix(project.root / file)
    target = project.matrices / f"{name}.toml"
    if target.exists():
        # What comes next would be a verdict on that one, and not on the file.
        refuse_another(target, text, file=file, shown=project.shown(target))
    yield from map(str, notes)
    yield _written(target, text, str(project.shown(target)))


def _noxfile(file: Path) -> Iterator[str]:
    if file.exists() and _ADDED[1].rstrip("()").encode() in file.read_bytes():
        yield "kept noxfile.py, which makes the sessions"
    elif file.exists():
        yield "kept noxfile.py; add these two lines to it:"
        yield from (f"    {line}" for line in _ADDED)
    else:
        yield _written(
            file, _template("noxfile.py").replace("REQUIREMENT", requirement()), file.name
        )
        if source := local_source():
            yield f"its header takes stackproof from {source}; name there what others can install"


def _workflow(file: Path) -> Iterator[str]:
    name, _, revision = repository().partition("@")
    text = _template("workflow.yml").replace("REPOSITORY", name).replace("REVISION", revision)
    is_new = not file.exists()
    yield _written(file, text, _WORKFLOW)
    if is_new and name == UNPUBLISHED:
        yield f"it calls the workflow of {name}; name there the repository that has stackproof"


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _written(target: Path, text: str, name: str) -> str:
    if target.exists():
        return f"kept {name}"
    write_atomically(target, text)
    return f"wrote {name}"


def _ignored(file: Path) -> Iterator[str]:
    there = file.read_bytes() if file.exists() else b""
    known = {line.strip().strip(b"/") for line in there.splitlines()}
    lacking = [line for line in _IGNORED if line.strip("/").encode() not in known]
    if lacking:
        end = b"\r\n" if b"\r\n" in there else b"\n"
        begin = end if there and not there.endswith(b"\n") else b""
        with file.open("ab") as appended:
            appended.write(begin + b"".join(line.encode() + end for line in lacking))
        yield f"added {', '.join(lacking)} to .gitignore"
    if b"reports" in known:  # git looks into no folder that is ignored itself
        yield "remove the line reports/ from .gitignore: the history is ignored because of it"
