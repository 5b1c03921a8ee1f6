"""stackproof in somebody's own repository: the wheel, `init`, and the command `stackproof`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from filelock import FileLock
from support.workbench import ROOT, TINY, Bench
from uv import find_uv_bin

REQUIREMENTS = "alpha==1.0\nbeta==1.0\n"
ROW = "requirements/documented"


@dataclass(frozen=True)
class Installed:
    """An environment that has stackproof from its wheel, and everything else from the tests'."""

    home: Path

    @property
    def scripts(self) -> Path:
        """Where its commands lie."""
        return self.home / "bin"

    def run(self, bench: Bench, *words: str, **environ: str) -> tuple[int, str]:
        """Run a command in the bench's folder; return its exit code and what it said."""
        path = os.pathsep.join([str(self.scripts), "/usr/bin", "/bin"])
        done = subprocess.run(
            words,
            cwd=bench.root,
            env=bench.environ | {"PATH": path, "NOX_SCRIPT_MODE": "none"} | environ,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="session")
def installed(shared: Path) -> Installed:
    """Return an environment with the wheel of this checkout, built once for all workers."""
    home, wheels = shared / "installed", shared / "wheels"
    with FileLock(shared / "installed.lock"):
        if not wheels.exists():
            uv = find_uv_bin()
            commands: tuple[list[str | Path], ...] = (
                [uv, "build", "--quiet", "--wheel", "--out-dir", wheels, ROOT],
                [uv, "venv", "--quiet", "--python", sys.executable, home],
            )
            for command in commands:
                subprocess.run(command, check=True)
            (wheel,) = wheels.glob("*.whl")
            install: list[str | Path] = [
                uv,
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--python",
                home,
                wheel,
            ]
            subprocess.run(install, check=True)
            (library,) = home.glob("lib/*/site-packages")
            purelib = sysconfig.get_path("purelib")
            (library / "of-the-tests.pth").write_text(f"{purelib}\n", encoding="utf-8")
    return Installed(home)


@pytest.fixture
def repository(bench: Bench) -> Bench:
    """Return an empty repository with one requirements file."""
    shutil.rmtree(bench.root / "tests")
    subprocess.run(["git", "init", "--quiet"], cwd=bench.root, check=True)  # noqa: S607
    bench.write("requirements.txt", REQUIREMENTS)
    return bench


def test_one_file_leads_to_a_verdict(repository: Bench, installed: Installed) -> None:
    def call(*words: str) -> tuple[int, str]:
        return installed.run(repository, *words)

    root = repository.root
    code, said = call("stackproof", "audit", "--", "requirements.txt")
    assert code == 0, said
    assert json.loads((root / "reports/audit.json").read_text())["pairs"].keys() == {ROW}

    repository.write("matrices/other.toml", TINY)
    code, said = call("stackproof", "verify")
    assert code == 0, said
    assert (root / ".nox").is_dir()
    (root / "matrices/other.toml").unlink()

    code, said = call("stackproof", "init", "requirements.txt")
    assert code == 0, said
    noxfile = (root / "noxfile.py").read_text(encoding="utf-8")
    assert len(noxfile.splitlines()) <= 12
    workflow = (root / ".github/workflows/stackproof.yml").read_text(encoding="utf-8")
    assert len(workflow.splitlines()) <= 15
    assert "next: stackproof verify" in said

    code, said = call(str(installed.scripts / "python"), "-m", "nox", "-l")
    assert code == 0, said
    assert f"* verify({ROW})" in said
    assert "verify-optional" not in said
    assert call("stackproof", "verify-optional")[0] == 2  # there is no such row

    code, said = call("stackproof", "audit")
    assert code == 0, said
    code, said = call("stackproof", "verify")
    assert code == 0, said
    verdict = json.loads((root / f"reports/{ROW}/latest/verdict.json").read_text())
    assert verdict["verdict"] == "ok"
    ignored = ["git", "status", "--porcelain", "--ignored"]
    listed = subprocess.run(ignored, cwd=root, capture_output=True, text=True, check=True).stdout
    assert "!! .nox/" in listed.splitlines()


def test_init_writes_over_nothing(repository: Bench, installed: Installed) -> None:
    own = "import nox\n"
    repository.write("noxfile.py", own)
    repository.write(".gitignore", "/reports/*\n*.log")
    code, said = installed.run(repository, "stackproof", "init", "requirements.txt")
    assert code == 0, said
    assert (repository.root / "noxfile.py").read_text(encoding="utf-8") == own
    shown = [line.strip() for line in said.splitlines() if line.startswith("    ")]
    assert shown == ["import stackproof", "stackproof.register()"]
    ignored = (repository.root / ".gitignore").read_text(encoding="utf-8")
    assert ignored.splitlines() == ["/reports/*", "*.log", ".nox/", "!reports/history.jsonl"]
    (matrix,) = repository.root.rglob("*.toml")
    edited = matrix.read_text(encoding="utf-8").replace('role = "alpha"', 'role = "the first"')
    repository.write("matrices/requirements.toml", edited)
    code, said = installed.run(repository, "stackproof", "init", "requirements.txt")
    assert (code, matrix.read_text(encoding="utf-8")) == (0, edited)


INDEX = "https://example.org/simple"


@pytest.mark.parametrize(
    ("other", "text", "named"),
    [
        ("requirements.txt", "alpha==1.0\nbeta==2.0\n", "beta"),
        ("part/requirements.txt", "alpha==1.0\nbeta==2.0\n", "beta"),
        ("requirements.txt", f"--index-url {INDEX}\n{REQUIREMENTS}", INDEX),
    ],
)
def test_init_leads_to_no_verdict_on_another_file(
    repository: Bench, installed: Installed, other: str, text: str, named: str
) -> None:
    assert installed.run(repository, "stackproof", "init", "requirements.txt")[0] == 0
    before = (repository.root / "matrices/requirements.toml").read_bytes()
    repository.write(other, text)
    code, said = installed.run(repository, "stackproof", "init", other)
    assert code == 2, said
    assert f"({named})" in said
    assert f"stackproof matrix-from {other} --name NAME" in said
    assert (repository.root / "matrices/requirements.toml").read_bytes() == before


def test_two_files_of_one_name_are_both_audited(repository: Bench, installed: Installed) -> None:
    repository.write("part/requirements.txt", "gamma==0.1\n")
    files = ("requirements.txt", "part/requirements.txt")
    installed.run(repository, "stackproof", "audit", *files)
    report = json.loads((repository.root / "reports/audit.json").read_text())
    assert report["pairs"].keys() == {ROW, "part-requirements.txt/documented"}


def test_the_noxfile_takes_stackproof_from_where_it_was_had(
    repository: Bench, installed: Installed
) -> None:
    code, said = installed.run(repository, "stackproof", "init")
    assert code == 0, said
    (wheel,) = (installed.home.parent / "wheels").glob("*.whl")
    header = (repository.root / "noxfile.py").read_text(encoding="utf-8")
    (address,) = re.findall(r'"stackproof @ (file:.+)"\]', header)
    assert unquote(urlsplit(address).path) == str(wheel)
    assert f"takes stackproof from {wheel}" in said


def test_what_to_type_next_is_what_can_be_typed(repository: Bench, installed: Installed) -> None:
    """As `uvx` runs it, which has the command on no other PATH than its own."""
    (wheel,) = (installed.home.parent / "wheels").glob("*.whl")
    words: tuple[str, ...] = ("stackproof", "matrix-from", "requirements.txt")
    said = installed.run(repository, *words, UV=find_uv_bin())[1]
    assert f"next: uvx --from {wheel} stackproof audit requirements" in said
    words = ("stackproof", "init", "requirements.txt")
    said = installed.run(repository, *words, UV=find_uv_bin())[1]
    assert f"next: uvx --from {wheel} stackproof verify" in said
    python = str(installed.scripts / "python")
    words = ("-m", "nox", "-s", "init", "--", "requirements.txt")
    assert "next: nox -s verify" in installed.run(repository, python, *words)[1]


def test_what_git_ignores_already_stays_as_it_is(repository: Bench, installed: Installed) -> None:
    file, own = repository.root / ".gitignore", b"\xff*.log\r\nreports/"
    file.write_bytes(own)
    code, said = installed.run(repository, "stackproof", "init")
    assert code == 0, said
    assert file.read_bytes() == own + b"\r\n.nox/\r\nreports/*\r\n!reports/history.jsonl\r\n"
    assert "remove the line reports/" in said


def test_a_noxfile_that_is_no_text_ends_nothing(repository: Bench, installed: Installed) -> None:
    (repository.root / "noxfile.py").write_bytes(b"# \xff\n")
    assert installed.run(repository, "stackproof", "audit", "requirements.txt")[0] == 0


@pytest.mark.parametrize(
    ("requirements", "code"), [("alpha==1.0\n", 0), ("beta==1.0\ngamma==0.1\n", 1)]
)
def test_the_verdict_s_code_reaches_the_shell(
    repository: Bench, installed: Installed, requirements: str, code: int
) -> None:
    repository.write("requirements.txt", requirements)
    assert installed.run(repository, "stackproof", "init", "requirements.txt")[0] == 0
    found, said = installed.run(repository, "stackproof", "verify")
    assert found == code, said


def test_what_cannot_be_judged_is_a_2(repository: Bench, installed: Installed) -> None:
    assert installed.run(repository, "stackproof", "init", "requirements.txt")[0] == 0
    repository.index.stop()
    code, said = installed.run(repository, "stackproof", "verify")
    assert code == 2, said
    assert installed.run(repository, "stackproof", "audit", "nowhere")[0] == 2
    assert installed.run(repository, "stackproof", "no-such-session")[0] == 2


TOX = """\
[tox]
env_list = stack
no_package = true

[testenv:stack]
set_env = PYTHONPATH = {library}
pass_env = UV_*, XDG_*, HOME
commands = stackproof verify
allowlist_externals = stackproof
"""


def test_from_tox_it_is_one_command(repository: Bench, installed: Installed) -> None:
    assert installed.run(repository, "stackproof", "init", "requirements.txt")[0] == 0
    (library,) = installed.home.glob("lib/*/site-packages")
    repository.write("tox.ini", TOX.format(library=library))
    python = str(installed.scripts / "python")
    code, said = installed.run(repository, python, "-m", "tox", "-q", "run", "-e", "stack")
    assert code == 0, said
    repository.write("requirements.txt", "gamma==0.1\n")
    shutil.rmtree(repository.root / "matrices")
    assert installed.run(repository, "stackproof", "init", "requirements.txt")[0] == 0
    code, said = installed.run(repository, python, "-m", "tox", "-q", "run", "-e", "stack")
    assert code == 1, said
