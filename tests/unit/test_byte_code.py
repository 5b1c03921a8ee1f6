"""Byte code taken over from another environment: only what is certain to fit."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.wheels import Release, stem, wheel_tree

from stackproof.installers.environment import Environment
from stackproof.installers.uv.installer import UV
from stackproof.run.byte_code import byte_code
from stackproof.run.suite_tools import SuiteTools

STAMP = 1_700_000_000
TOOLS = SuiteTools(Path("/nowhere/suite-tools"))
SUITE = Path("/nowhere/tests/stack")
#: Python's own library.
STANDARD = Path("/nowhere/lib/python3.11")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def environment(root: Path, *releases: Release, version: str = "3.11.7") -> Environment:
    """Lay out wheels as an installer does, every file of the same age."""
    library = root / "lib"
    for release in releases:
        installer = f"{stem(release)}.dist-info/INSTALLER"
        for name, text in {**wheel_tree(release), installer: "uv"}.items():
            file = library / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            os.utime(file, (STAMP, STAMP))
    return Environment(
        root=root,
        installer=UV,
        python=root / "bin" / "python",
        version=version,
        implementation="CPython",
        libraries=(library,),
        standard=(STANDARD,),
    )


def folder_of(at: Environment) -> Path:
    return byte_code(at, at.freeze(), TOOLS, SUITE)


def inside(folder: Path, place: Path) -> Path:
    """Return where Python keeps the byte code of what lies in a place."""
    return folder / place.relative_to(place.anchor)


def compiled(at: Environment) -> set[str]:
    """Return the files of which there is byte code, after the folder was made ready."""
    (library,) = at.libraries
    place = inside(folder_of(at), library)
    return {path.relative_to(place).as_posix() for path in place.rglob("*.pyc")}


def write(at: Environment, *names: str) -> None:
    """Leave byte code behind, as Python does."""
    (library,) = at.libraries
    place = inside(folder_of(at), library)
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"code")


ALPHA = Release("alpha", "1.0")
BETA = Release("beta", "1.0")
#: Writes into alpha's package.
GUEST = Release("guest", "1.0", modules={"alpha/__init__.py": "", "guest.py": ""})


def test_what_did_not_change_is_taken_over(tmp_path: Path) -> None:
    old = environment(tmp_path / "old", ALPHA, BETA)
    assert compiled(old) == set()
    write(old, "alpha/__init__.cpython-311.pyc", "beta/__init__.cpython-311.pyc")
    write(old, "stray.cpython-311.pyc", "beta/__init__.cpython-311-pytest-8.4.2.pyc")
    new = environment(tmp_path / "new", ALPHA, Release("beta", "2.0"))
    assert compiled(new) == {"alpha/__init__.cpython-311.pyc"}
    # The folder of the very same freeze is the folder itself.
    assert len(compiled(old)) == 4
    # At another place it holds the same.
    assert compiled(environment(tmp_path / "moved", ALPHA, BETA)) == {
        "alpha/__init__.cpython-311.pyc",
        "beta/__init__.cpython-311.pyc",
    }


@pytest.mark.parametrize("guest_is_in", ["old", "new"])
def test_a_file_that_two_distributions_bring_is_never_taken_over(
    tmp_path: Path, guest_is_in: str
) -> None:
    guests = {guest_is_in: [GUEST]}
    old = environment(tmp_path / "old", ALPHA, BETA, *guests.get("old", []))
    write(old, "alpha/__init__.cpython-311.pyc", "beta/__init__.cpython-311.pyc")
    new = environment(tmp_path / "new", ALPHA, BETA, *guests.get("new", []))
    assert compiled(new) == {"beta/__init__.cpython-311.pyc"}


def test_another_python_takes_nothing_over(tmp_path: Path) -> None:
    old = environment(tmp_path / "old", ALPHA)
    write(old, "alpha/__init__.cpython-311.pyc")
    assert compiled(environment(tmp_path / "new", ALPHA, BETA, version="3.11.8")) == set()


def test_old_folders_are_removed(tmp_path: Path, cache: Path) -> None:
    for number in range(12):
        compiled(environment(tmp_path / str(number), Release("alpha", f"{number}.0")))
    assert len(list((cache / "stackproof" / "byte-code").iterdir())) == 8


@pytest.mark.parametrize("place", [SUITE, STANDARD])
def test_what_goes_with_any_freeze_is_compiled_once(tmp_path: Path, place: Path) -> None:
    first = environment(tmp_path / "first", ALPHA)
    (inside(folder_of(first), place) / "json.cpython-311.pyc").write_bytes(b"code")
    for number, version in ((1, "3.11.7"), (0, "3.11.8")):
        other = environment(tmp_path / version, BETA, version=version)
        there = [path.name for path in inside(folder_of(other), place).glob("*.pyc")]
        assert there == ["json.cpython-311.pyc"] * number


def test_copies_of_the_suite_share_the_byte_code_of_its_modules(tmp_path: Path) -> None:
    at = environment(tmp_path / "environment", ALPHA)

    def known(suite: Path) -> list[str]:
        modules = inside(byte_code(at, at.freeze(), TOOLS, suite), suite / "stack_suite")
        return [path.name for path in modules.iterdir()]

    first = tmp_path / "first"
    source = first / "stack_suite" / "check.py"
    source.parent.mkdir(parents=True)
    source.write_text("CHECK = 1\n", encoding="utf-8")
    assert known(first) == []
    modules = inside(byte_code(at, at.freeze(), TOOLS, first), source.parent)
    (modules / "check.cpython-311.pyc").write_bytes(b"code")
    copy = shutil.copytree(first, tmp_path / "copy")
    assert known(copy) == ["check.cpython-311.pyc"]
    # One of another age is none.
    os.utime(copy / "stack_suite" / "check.py", (STAMP, STAMP))
    other = shutil.copytree(copy, tmp_path / "other")
    assert known(other) == []
    assert known(first) == ["check.cpython-311.pyc"]


def test_a_library_among_pythons_own_modules_shares_no_byte_code(tmp_path: Path) -> None:
    standard = tmp_path / "python"
    beside = replace(environment(tmp_path / "venv", ALPHA), standard=(standard,))
    folder_of(beside)
    # The same freeze in a Python that is no virtual environment.
    among = replace(environment(standard, ALPHA), standard=(standard,))
    write(among, "alpha/__init__.cpython-311.pyc")
    assert compiled(among) == {"alpha/__init__.cpython-311.pyc"}
    assert list(inside(folder_of(beside), standard).rglob("*")) == []
