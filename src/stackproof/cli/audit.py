"""`nox -s audit`: judge every claim of the matrices by metadata alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import nox
from platformdirs import user_cache_path

from stackproof.base.records import write_atomically
from stackproof.base.text import free_name, nearest
from stackproof.cli.from_file import read_matrix
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant, platform_name
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InMatrix, InReports
from stackproof.matrix.files import find_matrices
from stackproof.matrix.load import load_matrix
from stackproof.metadata.audit.auditing import Place
from stackproof.metadata.audit.auditing import audit as judge
from stackproof.metadata.audit.document_notes import passed_over
from stackproof.metadata.audit.kept import with_earlier
from stackproof.metadata.audit.record import Audit, Finding
from stackproof.report.audit import print_audit, section, workflow_commands

__all__ = ["audit"]

_WITH_TABLES = (".md", ".markdown")


@ends_in_words()
def audit(session: nox.Session, project: Project) -> None:
    """Audit the rows named behind `--`, or all that run by default; fail if one is unexpected."""
    options = Options("audit")
    options.add_argument("names", nargs="*", metavar="MATRIX[/ROW]|FILE")
    options.add_argument("--document", type=Path, metavar="FILE.md")
    options.add_argument(
        "--platform",
        dest="platforms",
        action="append",
        default=[],
        type=platform_name,
        metavar="x86_64-manylinux_2_28",
    )
    options.add_argument(
        "--as-of",
        type=instant,
        metavar="2025-04-01T00:00:00Z",
        help="judge by the index of that moment, in place of a cut-off that a row has",
    )
    screen = console()
    project = open_project(session, project)
    cache = user_cache_path("stackproof") / "index"
    place = Place(project=project, cache=cache)
    given = options.parse_args(session.posargs)
    chosen, found = _rows(given.names, project)
    for item in (item for item in found if item.level == "note"):
        line = f"{item.file}:{item.line}: {item.message}"
        screen.print(line, markup=False, highlight=False, soft_wrap=True)
    found += _document(given.document, chosen, project) if given.document else []
    if given.as_of:
        _refuse_existing(chosen)
    result = judge(chosen, place, tuple(found), tuple(given.platforms), given.as_of)
    _write(result, dict(chosen), given.platforms, project.reports)
    print_audit(result, project.shown(project.reports / InReports.AUDIT_PAGE), screen)
    in_actions = project.environ.get("GITHUB_ACTIONS") == "true"
    for line in workflow_commands(result) if in_actions else ():
        screen.print(line, markup=False, highlight=False, soft_wrap=True)
    if result.exit_code:
        session.error(f"exit {result.exit_code}")


def _refuse_existing(chosen: list[tuple[Path, str]]) -> None:
    """Refuse a cut-off for what is installed already."""
    for file, row in chosen:
        if load_matrix(file).rows[row].interpreter is not None:
            raise StackproofError(
                f"--as-of fixes nothing of {file.stem}/{row}, an environment that exists; name "
                "other rows"
            )


def _write(result: Audit, files: Iterable[Path], platforms: Sequence[str], reports: Path) -> None:
    """Write the audit, and what is now known of each of its matrices.

    What was found as of another day is no news of a matrix: there the answers of today stay. Nor do
    answers on some `platforms` take the place of those on all that a matrix names.
    """
    result.write(reports / InReports.AUDIT)
    write_atomically(reports / InReports.AUDIT_PAGE, section(result))
    for file in files if result.as_of is None else ():
        name, home, matrix = file.stem, reports / file.stem, load_matrix(file)
        earlier = Audit.load_or_none(home / InMatrix.AUDIT)
        if earlier and platforms and not {*matrix.platforms} <= {*platforms}:
            continue
        of_one = with_earlier(result, name, earlier, list(matrix.rows))
        of_one.write(home / InMatrix.AUDIT)
        write_atomically(home / InMatrix.AUDIT_PAGE, section(of_one))


def _rows(names: list[str], project: Project) -> tuple[list[tuple[Path, str]], list[Finding]]:
    """Return the rows that are named; a matrix's name stands for its rows that run by default.

    Where it has none of those, and is named, all of its rows are meant.
    A file that a matrix can be written from stands for all rows of that, which is left among the
    reports; a finding names whatever of the file has no place there.
    """
    files = find_matrices(project.matrices)
    chosen: list[tuple[Path, str]] = []
    found: list[Finding] = []
    taken = {name.partition("/")[0] for name in names} & files.keys()
    for name in dict.fromkeys(names) or files:
        matrix, _, row = name.partition("/")
        if matrix not in files and (file := project.root / name).is_file():
            _, text, notes = read_matrix(file)
            label = _label(name, taken)
            taken.add(label)
            written = project.reports / InReports.AUDITED / f"{label}.toml"
            write_atomically(written, text)
            found += [passed_over(note, file=name, matrix=label) for note in notes]
            of_file = [(written, item) for item in load_matrix(written).rows]
            if file.suffix.lower() in _WITH_TABLES:
                # The pins are of the table, which the steps may contradict.
                found += [it for it in _document(file, of_file, project) if it not in found]
            chosen += of_file
            continue
        if matrix not in files:
            raise StackproofError(
                f"there is no matrix {matrix!r}, and no file {name!r}; {nearest(matrix, files)}"
            )
        rows = load_matrix(files[matrix]).rows
        if row and row not in rows:
            raise StackproofError(f"{matrix} has no row {row!r}; {nearest(row, rows)}")
        by_default = [item for item in rows if rows[item].default]
        wanted = [row] if row else by_default or (list(rows) if names else [])
        chosen += [(files[matrix], item) for item in wanted]
    return list(dict.fromkeys(chosen)), found


def _label(name: str, taken: AbstractSet[str]) -> str:
    """Return what a file's rows are of, and no other's in the same audit."""
    stem, whole = Path(name).stem, re.sub(r"[^\w.-]+", "-", name).strip("-.")
    return free_name(whole, taken) if stem in taken else stem


def _document(document: Path, chosen: list[tuple[Path, str]], project: Project) -> list[Finding]:
    files = list(dict.fromkeys(file for file, _ in chosen))
    if len(files) != 1:
        raise StackproofError("a document is compared with one matrix; name it before --document")
    file = files[0]
    # What reads documents takes as long to load as some audits take.
    from stackproof.metadata.audit.documents import compare  # noqa: PLC0415

    return list(compare(load_matrix(file), document, name=file.stem, root=project.root))
