# /// script
# requires-python = ">=3.10"
# dependencies = [
#     "filelock>=3.15",
#     "jinja2>=3.1",
#     "junitparser>=4.0",
#     "markdown-it-py>=3.0",
#     "nox>=2026.8.10",
#     "packaging>=24.2",
#     "platformdirs>=4.2",
#     "pydantic>=2.9",
#     "pypi-simple>=1.6",
#     "remotezip>=0.12",
#     "requests>=2.32",
#     "requests-cache>=1.2",
#     "rich>=13.9",
#     "tomli>=2.0.1; python_version < '3.11'",
#     "tomlkit>=0.13",
#     "uv>=0.8.4",
#     "virtualenv>=20.38",
# ]
# ///
"""The sessions of stackproof; `nox -l` lists them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "src"))

from stackproof import sessions  # noqa: E402
from stackproof.schemas import write_schemas  # noqa: E402

nox.needs_version = ">=2026.8.10"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["verify"]

# For Python 3.11 and older virtualenv brings setuptools along, uv does not: what a stack is made of
# must not hang on who made its environment.
os.environ.setdefault("VIRTUALENV_NO_SETUPTOOLS", "true")

ROWS = {str(row): row for row in sessions.rows(ROOT / "matrices")}


def _parameters(*, default: bool) -> list[object]:
    # nox writes parameters into its JSON reports, also into those of `-j`, so they are plain text.
    rows = (row for row in ROWS.values() if row.default == default)
    return [nox.param(row.python, str(row), id=str(row)) for row in rows]


@nox.session(allow_parallel=True)
@nox.parametrize("python,row", _parameters(default=True))
def verify(session: nox.Session, row: str) -> None:
    """Prove or disprove every claim of a row; -- [--as-of TIMESTAMP]."""
    sessions.verify(session, ROWS[row], ROOT)


@nox.session(name="verify-optional", allow_parallel=True, default=False)
@nox.parametrize("python,row", _parameters(default=False))
def verify_optional(session: nox.Session, row: str) -> None:
    """Do the same for the rows that are not run by default."""
    sessions.verify(session, ROWS[row], ROOT)


@nox.session(default=False, venv_backend="none")
def candidate(session: nox.Session) -> None:
    """Try upgrades: -- NAME[==VERSION] ... [--row ROW] [--python X.Y] [--with NAME==VERSION]."""
    sessions.candidate(session, ROOT)


@nox.session(default=False, venv_backend="none")
def audit(session: nox.Session) -> None:
    """Judge all claims by metadata alone, in seconds: -- [MATRIX[/ROW] ...] [--document FILE]."""
    sessions.audit_rows(session, ROOT)


@nox.session(name="matrix-from", default=False, venv_backend="none")
def matrix_from(session: nox.Session) -> None:
    """Write a first matrix: -- FILE.md|FILE.txt|pylock.toml [--python X.Y] [--name NAME]."""
    sessions.matrix_from(session, ROOT)


@nox.session(default=False, venv_backend="none")
def constraints(session: nox.Session) -> None:
    """Rebuild a release's constraint files from the package index: -- VERSION [--python X.Y]."""
    sessions.constraints(session, ROOT)


@nox.session(default=False)
def tests(session: nox.Session) -> None:
    """Test stackproof itself; no network but to install the test tools."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "tests"))
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session(default=False)
def sabotage(session: nox.Session) -> None:
    """Break what each workload checks, and see the workload fail; installs row mlops/verified."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "tests"))
    session.run("pytest", "tests/sabotage", *session.posargs)


@nox.session(default=False, venv_backend="uv")
def minimums(session: nox.Session) -> None:
    """Test with the oldest dependencies that pyproject.toml allows."""
    groups = nox.project.dependency_groups(_pyproject(), "tests")
    session.install("-e", ".", *groups, "--resolution", "lowest-direct")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session(default=False)
def types(session: nox.Session) -> None:
    """Check the types, strictly."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "types"))
    session.run("mypy", "noxfile.py", "src", "tests/harness", "tests/sabotage")
    session.run("mypy", "tests/stack")


@nox.session(default=False)
def lint(session: nox.Session) -> None:
    """Lint and format, by the hooks that a commit runs too."""
    session.install(*nox.project.dependency_groups(_pyproject(), "lint"))
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure", *session.posargs)


@nox.session(default=False, venv_backend="none")
def schemas(session: nox.Session) -> None:  # noqa: ARG001 - nox hands it over
    """Write the JSON Schemas of the matrix and the result files to docs/schema/."""
    write_schemas(ROOT / "docs" / "schema")


def _pyproject() -> dict[str, object]:
    return nox.project.load_toml(ROOT / "pyproject.toml")


if __name__ == "__main__":
    nox.main()
