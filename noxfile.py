# /// script
# requires-python = ">=3.10"
# dependencies = [
#     "cyclonedx-python-lib>=11.0",
#     "docutils>=0.21",
#     "filelock>=3.15",
#     "jinja2>=3.1",
#     "junitparser>=4.0",
#     "license-expression>=30.4",
#     "markdown-it-py>=3.0",
#     "nox>=2026.8.10",
#     "packaging>=26.3",
#     "platformdirs>=4.2",
#     "pydantic>=2.12",
#     "pypi-simple>=1.6",
#     "remotezip>=0.12",
#     "pyyaml>=6.0.2",
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

import stackproof  # noqa: E402
from stackproof import cli  # noqa: E402

nox.needs_version = ">=2026.8.10"
nox.options.default_venv_backend = "uv"

stackproof.register()

# Some test is always waiting for an index or a process, so there is one worker more than cores. The
# long tests are among the last, and one worker would be left with them.
SIDE_BY_SIDE = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal")

#: The Pythons that pyproject.toml promises.
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")


def _pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest, with byte code of ours: images tell Python to write none, and tests start much.

    Each of their many processes would compile anew all that it imports.
    """
    env = {"PYTHONDONTWRITEBYTECODE": None}
    session.run("pytest", *arguments, *session.posargs, env=env)


@nox.session(default=False)
def tests(session: nox.Session) -> None:
    """Test stackproof itself; no network but to install the test tools."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "tests"))
    _pytest(session, *SIDE_BY_SIDE)
    # nox finds interpreters by this; a listing of sessions needs none of it.
    from python_discovery import get_interpreter  # noqa: PLC0415

    own = "{}.{}".format(*sys.version_info)
    for python in () if session.posargs else PYTHONS:
        if python != own and get_interpreter(python):
            session.notify(f"unit-{python}")


@nox.session(default=False, python=PYTHONS)
def unit(session: nox.Session) -> None:
    """Run the unit tests on one Python; `tests` does it on each that is there."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "tests"))
    _pytest(session, *SIDE_BY_SIDE, "tests/unit")


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Look at the page in a real browser; needs Chromium on the PATH."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "browser"))
    _pytest(session, "-m", "browser")


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Inject one fault after another, and count those that end well."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "tests"))
    _pytest(session, *SIDE_BY_SIDE, "-m", "fault")


@nox.session(default=False)
def sabotage(session: nox.Session) -> None:
    """Break what each workload checks, and see the workload fail; installs row mlops/verified."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "tests"))
    _pytest(session, "tests/sabotage")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure our speed in turn with another checkout's: -- --before CHECKOUT [NAME ...]."""
    session.install("-e", ".")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(default=False)
def field(session: nox.Session) -> None:
    """Diagnose the stacks of public bug reports, and compare: -- [NAME ...]; asks the index."""
    session.install("-e", ".")
    session.run("python", "-m", "field", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(name="links-truth", default=False)
def links_truth(session: nox.Session) -> None:
    """Count which public breaks links name, and what they say of green rows: -- [NAME ...]."""
    session.install("-e", ".")
    session.run("python", "-m", "field.links", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False, venv_backend="uv")
def minimums(session: nox.Session) -> None:
    """Test with the oldest dependencies that pyproject.toml allows."""
    groups = nox.project.dependency_groups(_pyproject(), "tests")
    session.install("-e", ".", *groups, "--resolution", "lowest-direct")
    # What differs between releases of a dependency is seen by what calls it: the unit tests call
    # most of them, these the rest. Searches make the same calls many times over.
    calling = {
        "audit_index": "pypi-simple, remotezip, requests",
        "cache_folder": "filelock, requests-cache",
        "dask": "distributed, by how its workers and schedulers end",
        "failures": "uv, by the words of its errors",
        "lock": "uv, by what it exports",
        "sessions": "nox, virtualenv",
    }
    parts = [f"tests/integration/test_{name}.py" for name in calling]
    _pytest(session, *SIDE_BY_SIDE, "tests/unit", *parts)


@nox.session(default=False)
def types(session: nox.Session) -> None:
    """Check the types, strictly."""
    session.install("-e", ".", *nox.project.dependency_groups(_pyproject(), "types"))
    of_tests = (f"tests/{part}" for part in ("unit", "integration", "support", "sabotage", "field"))
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
