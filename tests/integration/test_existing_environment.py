"""An environment that exists: judged as it is, and left as it was found, to the last byte."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.checkout import Checkout
from support.index import Index
from support.matrices import matrix, pin
from support.wheels import Release
from support.workbench import Bench, states
from uv import find_uv_bin

from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import Verdict

PINS = (pin("alpha"), pin("beta", area="second"))
COMMANDS = """
[[commands]]
name = "as-it-is"
run = ["python", "-c", "import alpha"]

[[commands]]
name = "with-more"
run = ["python", "-c", "import gamma"]
needs = ["gamma"]
"""


def text(interpreter: Path | str, *tables: str) -> str:
    """Return a matrix without a stage whose row is of an interpreter."""
    return matrix("Tiny", *(tables or PINS)) + f'interpreter = "{interpreter}"\n'


def installed(bench: Bench, *requirements: str) -> Path:
    """Make an environment as somebody else would, without byte code; return its interpreter."""
    venv = bench.environment()
    install = [find_uv_bin(), "pip", "install", "--quiet", "--python", str(venv), *requirements]
    subprocess.run(install, check=True, env=bench.environ)
    return venv / "bin" / "python"


def judged(bench: Bench, matrix_text: str) -> tuple[Verdict, Evidence]:
    """Verify the row of a matrix whose environment exists."""
    return bench.verify(bench.plan(text=matrix_text))


def listing(folder: Path) -> list[tuple[str, int, str]]:
    """Return every path below a folder with its mode, and what it holds or links to."""

    def found() -> Iterator[tuple[str, int, str]]:
        for path in sorted(folder.rglob("*")):
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                held = os.fspath(path.readlink())
            else:
                held = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            yield str(path.relative_to(folder)), mode, held

    return list(found())


def test_it_is_judged_and_left_as_it_was(bench: Bench) -> None:
    python = installed(bench, "alpha==1.0", "beta==1.0")
    before = listing(python.parents[1])
    verdict, evidence = judged(bench, text(python, *PINS, COMMANDS))
    assert (verdict.verdict, verdict.trouble) == ("ok", None)
    assert states(verdict) == {
        "import:*": "ok",
        "import:alpha": "ok",
        "import:beta": "ok",
        "version:alpha": "ok",
        "version:beta": "ok",
        "pip-check:*": "ok",
        "smoke:sum": "ok",
        "command:as-it-is": "ok",
    }
    assert evidence.freeze == {"alpha": "1.0", "beta": "1.0", "gamma": "1.1"}
    assert evidence.run.index is None
    assert any("with-more" in note for note in evidence.run.notes)
    assert listing(python.parents[1]) == before


def test_the_cache_of_nobody_is_made_up_for(bench: Bench, tmp_path: Path) -> None:
    python = installed(bench, "alpha==1.0", "beta==1.0")
    before = listing(python.parents[1])
    nowhere = tmp_path / "no-folder"
    nowhere.write_text("", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(nowhere))
        verdict, _ = judged(bench, text(python))
    assert (verdict.verdict, verdict.trouble) == ("ok", None)
    assert listing(python.parents[1]) == before


def test_what_it_lacks_is_found(bench: Bench, index: Index) -> None:
    index.add(
        Release("theta", "1.0", extras={"fast": ["gamma>=2"], "slow": ["zeta"]}),
        Release("zeta", "1.0"),
    )
    python = installed(bench, "alpha==2.0", "beta==1.0", "theta==1.0")
    remove = [find_uv_bin(), "pip", "uninstall", "--quiet", "--python", str(python), "gamma"]
    subprocess.run(remove, check=True, env=bench.environ)
    theta = pin("theta", more='extras = ["fast", "slow", "none"]\n')
    verdict, evidence = judged(bench, text(python, *PINS, theta, pin("zeta")))
    assert (verdict.verdict, verdict.exit_code) == ("broken", 1)
    failed = {check.id for check in verdict.checks if check.outcome == "failed"}
    assert failed == {
        "version:alpha",
        "version:zeta",
        "import:*",
        "import:zeta",
        "pip-check:*",
        "pip-check:beta",
        "pip-check:theta",
    }
    assert evidence.pip_check is not None
    assert len(evidence.pip_check.complaints["theta"]) == 3
    assert "import:beta" not in failed


@pytest.mark.parametrize("form", ["parent", "rpm", "debian", "egg-info"])
def test_what_a_parent_or_a_system_has_counts(bench: Bench, form: str) -> None:
    python = installed(bench, "alpha==1.0", "beta==1.0")
    (library,) = python.parents[1].glob("lib/*/site-packages")
    if form == "parent":
        apart = bench.root / "apart"
        apart.mkdir()
        for path in (*library.glob("alpha*"), *library.glob("gamma*")):
            shutil.move(path, apart)
        (library / "apart.pth").write_text(f"{apart}\n", encoding="utf-8")
    elif form == "rpm":
        for metadata in library.glob("*.dist-info"):
            (metadata / "RECORD").unlink()
            (metadata / "INSTALLER").write_text("rpm\n", encoding="utf-8")
    elif form == "debian":
        for metadata in library.glob("*.dist-info"):
            (metadata / "INSTALLER").unlink()
    else:
        (metadata,) = library.glob("alpha-*.dist-info")
        (library / "alpha-1.0-py3.11.egg-info").write_text(
            (metadata / "METADATA").read_text(encoding="utf-8"), encoding="utf-8"
        )
        shutil.rmtree(metadata)
    verdict, evidence = judged(bench, text(python))
    assert (verdict.verdict, verdict.trouble) == ("ok", None)
    assert evidence.freeze == {"alpha": "1.0", "beta": "1.0", "gamma": "1.1"}


def _gone(bench: Bench) -> Path:
    python = bench.root / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(bench.root / "gone" / "python3")
    return python


def _folder(bench: Bench) -> Path:
    return bench.environment()


def _nothing(bench: Bench) -> Path:
    return bench.root / "nothing" / "python"


def _unreadable(bench: Bench) -> Path:
    return bench.write("bin/python", "#!/bin/sh\n")


def _program(bench: Bench, body: str) -> Path:
    file = bench.write("bin/python", f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


def _no_python(bench: Bench) -> Path:
    return _program(bench, "echo hello")


def _no_program(bench: Bench) -> Path:
    file = bench.write("bin/python", "hello\n")
    file.chmod(0o755)
    return file


def _broken(bench: Bench) -> Path:
    return _program(bench, "echo 'Fatal Python error: no encodings' >&2; exit 1")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (_gone, "is a link to"),
        (_folder, "is a folder; name the interpreter"),
        (_nothing, "there is no interpreter"),
        (_unreadable, "may not be executed"),
        (_no_python, "it answered 'hello'"),
        (_no_program, "does not work as a Python"),
        (_broken, "Fatal Python error: no encodings"),
    ],
)
def test_what_is_no_interpreter_is_said(bench: Bench, made: object, words: str) -> None:
    assert callable(made)
    verdict, _ = judged(bench, text(made(bench)))
    assert (verdict.verdict, verdict.exit_code) == ("unjudged", 2)
    assert words in (verdict.trouble or "")


def test_another_python_is_said(bench: Bench) -> None:
    other = "3.10" if sys.version_info[:2] != (3, 10) else "3.11"
    plan = bench.plan(text=text(sys.executable)).model_copy(update={"python": other})
    verdict, _ = bench.verify(plan)
    assert (verdict.verdict, verdict.exit_code) == ("unjudged", 2)
    assert f"the row is of Python {other}" in (verdict.trouble or "")


def test_nox_makes_no_environment_for_it(bench: Bench) -> None:
    python = installed(bench, "alpha==1.0", "beta==1.0")
    checkout = Checkout(bench)
    checkout.write_matrix(text(os.path.relpath(python, bench.root)))
    code, lines = checkout.nox()
    assert code == 0, lines
    assert checkout.verdict()["verdict"] == "ok"
    assert not list((bench.root / ".nox").glob("verify*"))
    code, lines = checkout.run("timeline", "plain")
    assert code == 1
    assert "of an environment that exists" in lines[-1]


def test_any_row_can_be_asked_of_an_interpreter(bench: Bench) -> None:
    python = installed(bench, "alpha==2.0", "beta==1.0")
    checkout = Checkout(bench)
    code, lines = checkout.nox("--", "--interpreter", str(python))
    assert code == 1, lines
    failed = {item["id"] for item in checkout.verdict()["checks"] if item["outcome"] == "failed"}
    assert failed == {"version:alpha"}
    assert not list((bench.root / ".nox").glob("verify*"))
    code, lines = checkout.nox(
        *("--", "--interpreter", str(python), "--as-of", "2025-01-01T00:00:00Z")
    )
    assert code == 1
    assert any("--as-of fixes nothing" in line for line in lines)
