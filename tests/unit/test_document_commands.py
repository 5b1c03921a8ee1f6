"""Install commands as documents have them: what a shell would run, read without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackproof.matrix.document.commands import CommandReader
from stackproof.matrix.document.stack import Command


def _read(text: str) -> CommandReader:
    reader = CommandReader("d.md")
    reader.read(text, line=1, section="", step="")
    return reader


def _call(text: str) -> Command:
    (call,) = _read(text).commands
    return call


@pytest.mark.parametrize(
    ("command", "installs"),
    [
        ("pip3 install a==1", ["a==1"]),
        ("uv pip install a==1 'b[x]==2'", ["a==1", "b[x]==2"]),
        ("/venv/bin/python3 -m pip install a==1", ["a==1"]),
        (".venv/bin/pip3.11 install a==1", ["a==1"]),
        (r"venv\Scripts\pip.exe install a==1", ["a==1"]),
        ('"${CONDA_DIR}/envs/x/bin/pip" install a==1', ["a==1"]),
        ("'/venv/bin/pip3' install a==1", ["a==1"]),
        ("/usr/bin/env python3 -m pip install a==1", ["a==1"]),
        ("sudo -H pip install a==1", ["a==1"]),
        ("RUN pip install a==1", ["a==1"]),
        ("(venv) $ pip install a==1", ["a==1"]),
        ("(venv) me@host:~/src$ pip install a==1", ["a==1"]),
        ("% pip install a==1", ["a==1"]),
        (r"PS C:\src> pip install a==1", ["a==1"]),
        (r"C:\> pip install a==1", ["a==1"]),
        ("!pip install a==1", ["a==1"]),
        ("%pip install a==1", ["a==1"]),
        ("sudo -E env X=1 pip install a==1", ["a==1"]),
        ("if true; then pip install a==1; fi", ["a==1"]),
        ("python -m pip --no-cache-dir --log f.txt install -U a==1", ["a==1"]),
        ("UV_X=1 uv pip install a==1", ["a==1"]),
        ("pip install --force-reinstall --no-deps a==1", ["a==1"]),
        ("pip install --cache-dir ~/.cache a==1", ["a==1"]),
        ("pip install a==1 -c https://c.org/c.txt b==2", ["a==1", "b==2"]),
        ("pip install --default-timeout 100 --exists-action w -qU a==1", ["a==1"]),
        ("pip install --trusted e.org --no-cache-dir a==1", ["a==1"]),
        ("uv pip install -P a -Up 3.12 --upgrade-package b a==1", ["a==1"]),
        ("/opt/uv --directory x pip install -n a==1", ["a==1"]),
        ("python3 -I -m uv pip --quiet install a==1", ["a==1"]),
        ("pip install a==${V:-1} b==${W-${V:-2}} c${V:+==3}", ["a==1", "b==2", "c"]),
        ("V=1 W=\npip install a==${V:-2}${W} b${V:+==3} c==${W:-4}", ["a==1", "b==3", "c==4"]),
        ("export PIP_NO_CACHE_DIR=1 UV_INDEX_URL=\npip install a==1", ["a==1"]),
        ("cd x && pip install a==1 && echo done", ["a==1"]),
        ("pip install a==1; pip install b==2 | tee log 2>&1", ["a==1", "b==2"]),
        ("pip install a==1 >log 2>&1 b==2", ["a==1", "b==2"]),
        ("(cd x; pip install a==1)", ["a==1"]),
        ("pip install a==1  # don't", ["a==1"]),
        ('P="a==1 b==2"; pip install $P', ["a==1", "b==2"]),
        ("export V=1 W=2\npip install a==$V \"b==${W}\" 'c==1'", ["a==1", "b==2", "c==1"]),
        ("pip install \"a==1; python_version < '3.12'\"", ["a==1"]),
        ("pip install a", ["a"]),
        ("pip install a~=1.0 'b==1.*' 'c===1'", ["a~=1.0", "b==1.*", "c===1"]),
        ("pip install --upgrade pip setuptools wheel", []),
        ("pip install", []),
        ("pip install <package>==<version>", []),
        ("pip uninstall a", []),
        ("pip install --dry-run a==1", []),
        ("echo pip install a==1", []),
        ('echo "pip install a==1"', []),
        ("npm install a==1", []),
        ("It's the output of: pip install", []),
    ],
)
def test_installer_calls_are_told_from_other_commands(command: str, installs: list[str]) -> None:
    reader = _read(command)
    found = [item.written for c in reader.commands for item in c.installs]
    assert found == installs
    assert reader.problems == []
    assert reader.notes == []


@pytest.mark.parametrize(
    ("command", "installs", "note"),
    [
        ("pip install -e . a==1", ["a"], "'-e .' was passed over; it names no release of an index"),
        (
            "pip install git+https://e.org/a@v1#egg=a b==2",
            ["b"],
            "'git+https://e.org/a@v1#egg=a' was passed over; it names no release of an index",
        ),
        ("pip install '.[dev]'", [], "'.[dev]' was passed over; it names no release of an index"),
        ("pip install ./a.whl", [], "'./a.whl' was passed over; it names no release of an index"),
        (
            "pip install -r r.txt a==1",
            ["a"],
            "'-r r.txt' was passed over; no file beside the document is read",
        ),
        (
            "pip install a==$UNKNOWN b==2",
            ["b"],
            "'a==$UNKNOWN' was passed over; only a shell knows what it stands for",
        ),
        (
            'pip install "a @ git+https://e.org/a@v1" b==2',
            ["b"],
            "'a @ git+https://e.org/a@v1' was passed over; it names no release of an index",
        ),
        (
            "uv add a==1 && pip install b==2",
            ["b"],
            "'uv add a==1' was passed over; only calls of pip install are read",
        ),
        (
            "pip install a>=1,<2 b==2",
            ["a", "b"],
            "a>=1,<2 stands without quotes: a shell takes what follows < or > for a file",
        ),
    ],
)
def test_what_is_no_release_of_an_index_is_noted(
    command: str, installs: list[str], note: str
) -> None:
    reader = _read(command)
    assert [item.name for call in reader.commands for item in call.installs] == installs
    assert [str(item) for item in reader.notes] == [f"line 1: {note}"]
    assert reader.problems == []


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("--group dev", "a pyproject.toml says what it is; give that file"),
        ("--extra x", "a pyproject.toml says what it is; give that file"),
        ("--no-such", "neither pip nor uv is known to have such an option"),
        ("-Ur r.txt", "no file beside the document is read"),
        ("-qrr.txt", "no file beside the document is read"),
        ("--requirements-from-script a.py", "it names no release of an index"),
    ],
)
def test_an_option_that_brings_what_is_not_read_is_noted(option: str, why: str) -> None:
    reader = _read(f"uv pip install {option} a")
    (note,) = reader.notes
    assert note.message.endswith(f" was passed over; {why}")
    assert [item.name for call in reader.commands for item in call.installs] == ["a"]


@pytest.mark.parametrize(
    "command",
    [
        "poetry install --no-root",
        "poetry -C x sync",
        "uv sync --frozen",
        "uv --project x add a",
        "uv add -m x a",
        "uv pip sync r.txt",
        "/opt/uv/bin/uv tool install a",
        "pip-sync r.txt",
        "pipenv install --deploy",
        "pipenv sync",
        "python -m pipenv sync",
        "pdm sync",
        "pdm install",
        "conda env update -f e.yml",
        "conda create -n x a",
        "mamba env create -f e.yml",
        "sudo -u me poetry install",
        "docker run x uv sync",
    ],
)
def test_whatever_else_brings_packages_is_noted(command: str) -> None:
    reader = _read(f"{command} && pip install a")
    (note,) = reader.notes
    assert note.message == f"{command!r} was passed over; only calls of pip install are read"
    assert [item.name for call in reader.commands for item in call.installs] == ["a"]


@pytest.mark.parametrize(
    "command", ["poetry export", "uv run pytest", "uv pip list", "conda activate x", "pipenv shell"]
)
def test_what_brings_no_packages_is_not_noted(command: str) -> None:
    assert _read(command).notes == []


@pytest.mark.parametrize(
    "setting", ["PIP_CONSTRAINT=c.txt", "UV_EXTRA_INDEX_URL=https://e.org/s", "UV_PRERELEASE=allow"]
)
@pytest.mark.parametrize("form", ["export {}\npip install a", "{} pip install a"])
def test_an_option_that_a_variable_gives_is_noted(setting: str, form: str) -> None:
    (note,) = _read(form.format(setting)).notes
    why = "options are read from calls alone, not from variables"
    assert str(note) == f"line 1: {setting!r} was passed over; {why}"


@pytest.mark.fault("R8.7")
@pytest.mark.parametrize(
    "before",
    [
        "uv run",
        "uv run --with x --python 3.11 --no-sync",
        "poetry run",
        "conda run -n it --no-capture-output",
        "sudo -u me",
        "sudo -n",
        "sudo -u me env -u X Y=1",
        "RUN --mount=type=cache,target=/var/cache --network=none",
        "RUN --mount=type=cache,target=/c uv run",
    ],
)
@pytest.mark.parametrize("call", ["pip", "python3 -m pip", "uv pip"])
def test_a_call_is_read_whatever_starts_it(before: str, call: str) -> None:
    reader = _read(f"{before} {call} install a==1")
    assert [item.written for made in reader.commands for item in made.installs] == ["a==1"]
    assert (reader.notes, reader.problems) == ([], [])


@pytest.mark.fault("R8.7")
@pytest.mark.parametrize(
    "command",
    [
        "docker run x pip install a==1",
        "sudo -u me docker run --rm x python -m pip install a==1",
        "docker exec -it x bash -c 'cd y && pip install a==1'",
        'ssh host "pip install a==1"',
        "xargs pip install a==1",
        "bash <<EOF\n  pip install a==1\nEOF",
        "RUN <<-'END' sh\npip install a==1\n  END",
    ],
)
def test_a_call_that_is_not_read_is_noted(command: str) -> None:
    reader = _read(f"pip install b==1\n{command}\npip install c==1")
    assert [item.name for made in reader.commands for item in made.installs] == ["b", "c"]
    (note,) = reader.notes
    assert note.line == (3 if "<<" in command else 2)
    assert reader.problems == []


def test_a_here_document_that_is_never_closed_hides_nothing() -> None:
    assert [made.line for made in _read("1 <<x\npip install a==1").commands] == [2]


def test_options_may_stand_anywhere_and_in_any_form() -> None:
    call = _call(
        "pip install -c https://c.org/1 a==1 -chttps://c.org/2 --constraint=https://c.org/3 "
        "-i https://e.org/s "
        "--extra-index-url https://f.org/s --pre --no-deps -I --only-binary :all:"
    )
    assert call.constraints == ("https://c.org/1", "https://c.org/2", "https://c.org/3")
    assert call.index == "https://e.org/s"
    assert call.further == (
        "--extra-index-url https://f.org/s",
        "--pre",
        "--no-deps",
        "-I",
        "--only-binary :all:",
    )
    assert [item.written for item in call.installs] == ["a==1"]


def test_short_options_may_share_a_word_and_long_ones_be_cut_short() -> None:
    call = _call("pip install -UIi https://e.org/s --extra-ind https://f.org/s a==1")
    assert call.index == "https://e.org/s"
    assert call.further == ("-I", "--extra-ind https://f.org/s")


def test_each_requirement_of_a_continued_line_has_its_own_line() -> None:
    reader = _read("# first\n\npip install \\\n    a==1 \\\n    b==2\npip install c==3 \\")
    assert [
        (call.line, [(item.name, item.line) for item in call.installs]) for call in reader.commands
    ] == [(3, [("a", 4), ("b", 5)]), (6, [("c", 6)])]


def test_a_shell_is_never_asked(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    reader = _read(f"V=$(touch {mark})\npip install a==1 `touch {mark}` b==$(touch {mark})")
    assert not mark.exists()
    assert [item.name for call in reader.commands for item in call.installs] == ["a"]
