# /// script
# requires-python = ">=3.10"
# dependencies = [
#     "docutils>=0.21",
#     "filelock>=3.15",
#     "jinja2>=3.1",
#     "junitparser>=4.0",
#     "markdown-it-py>=3.0",
#     "nox>=2026.8.10",
#     "packaging>=26.3",
#     "platformdirs>=4.2",
#     "pydantic>=2.9",
#     "pypi-simple>=1.6",
#     "remotezip>=0.12",
#     "requests>=2.32",
#     "requests-cache>=1.2",
#     "rich>=13.9",
#     "tomli>=2.0.1; python_version < '3.11'",
#     "tomlkit>=0.13",
#     "uv>=0.13.0",
#     "virtualenv>=20.38",
# ]
# ///
"""What anybody's noxfile has of stackproof, and the sessions that develop it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "src"))
# Where PYTHONDONTWRITEBYTECODE is set, as in many containers, each start of nox would compile ours
# and all that it imports, which takes longer than most of what sessions do.
sys.dont_write_bytecode = False

import stackproof  # noqa: E402
from stackproof import cli  # noqa: E402

nox.needs_version = ">=2026.8.10"
nox.options.default_venv_backend = "uv"

stackproof.register()

# Some test is always waiting for an index or a process, so there is one worker more than cores. The
# long tests are among the last, and one worker would be left with them.
SIDE_BY_SIDE = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal")


@nox.session(default=False)
def tests(session: nox.Session) -> None:
    """Test stackproof itself; no network but to install the test tools."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "tests"))
    session.run("pytest", *SIDE_BY_SIDE, *session.posargs)


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Look at the page in a real browser; needs Chromium on the PATH."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "browser"))
    session.run("pytest", "-m", "browser", *session.posargs)


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Inject one fault after another, and count those that end well."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "tests"))
    session.run("pytest", *SIDE_BY_SIDE, "-m", "fault", *session.posargs)


@nox.session(default=False)
def sabotage(session: nox.Session) -> None:
    """Break what each workload checks, and see the workload fail; installs row mlops/verified."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "tests"))
    session.run("pytest", "tests/sabotage", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure what we claim of speed, in turn with the alternatives: -- [NAME ...] [--rounds N]."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "bench"))
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(default=False, venv_backend="uv")
def minimums(session: nox.Session) -> None:
    """Test with the oldest dependencies that pyproject.toml allows."""
    groups = nox.project.dependency_groups(_pyproject(), "tests")
    session.install("-e", ".", *groups, "--resolution", "lowest-direct")
    # Benchmarks are no part of what is installed, and have no oldest version to keep to; the long
    # searches make the calls of all the others many times over.
    left = ("benchmarks", "repair", "timeline", "timeline_hostile")
    rest = [f"--ignore=tests/integration/test_{name}.py" for name in left]
    session.run("pytest", *SIDE_BY_SIDE, *rest, *session.posargs)


@nox.session(default=False)
def types(session: nox.Session) -> None:
    """Check the types, strictly."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "types"))
    of_tests = (f"tests/{part}" for part in ("unit", "integration", "support", "sabotage"))
    session.run("mypy", "noxfile.py", "docs/conf.py", "src", "benchmarks", *of_tests)
    session.run("mypy", "tests/stack")


@nox.session(default=False)
def lint(session: nox.Session) -> None:
    """Lint and format, by the hooks that a commit runs too."""
    session.install(*nox.project.dependency_groups(_pyproject(), "lint"))
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure", *session.posargs)


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the documentation as a site; a warning is an error."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "docs"))
    site = ROOT / "docs" / "_build"
    session.run("python", "-m", "sphinx", "-W", "--keep-going", "-b", "html", "docs", str(site))


@nox.session(default=False, venv_backend="none")
def schemas(session: nox.Session) -> None:  # noqa: ARG001 - nox hands it over
    """Write the JSON Schemas of the matrix and the result files to docs/schema/."""
    cli.write_schemas(ROOT / "docs" / "schema")


def _pyproject() -> dict[str, object]:
    return nox.project.load_toml(ROOT / "pyproject.toml")


if __name__ == "__main__":
    nox.main()
