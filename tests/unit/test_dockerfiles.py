"""What a Dockerfile's stages have: a Python, variables, and the files that are copied there."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackproof.matrix.document.reading import read_stack
from stackproof.matrix.document.requirement import this_python
from stackproof.matrix.document.stack import Stack


def _read(folder: Path, text: str, *, python: str | None = None) -> Stack:
    (folder / "Dockerfile").write_text(text, encoding="utf-8")
    return read_stack(folder / "Dockerfile", python=python)


def _asked(stack: Stack) -> list[list[str]]:
    """Return what each call installs."""
    return [[item.written for item in call.installs] for call in stack.commands]


def _said(stack: Stack) -> list[str]:
    return [note.message for note in stack.notes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a build's folder with two requirements files of one name, and a third beside."""
    for name, text in (("api", "scipy==1.14.0"), ("worker", "idna==3.4"), (".", "six==1.16.0")):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "requirements.txt").write_text(f"{text}\n", encoding="utf-8")
    return tmp_path


API, WORKER, TOP = ["scipy==1.14.0"], ["idna==3.4"], ["six==1.16.0"]


@pytest.mark.parametrize(
    ("copies", "api", "worker"),
    [
        (
            (
                "COPY api/requirements.txt /api/requirements.txt\n"
                "COPY worker/requirements.txt /worker/requirements.txt"
            ),
            "/api/requirements.txt",
            "/worker/requirements.txt",
        ),
        (
            "COPY api/requirements.txt /a.txt\nCOPY requirements.txt worker/requirements.txt /w/",
            "/a.txt",
            "/w/requirements.txt",
        ),
        ("WORKDIR /srv\nCOPY . .", "api/requirements.txt", "/srv/worker/requirements.txt"),
        (
            "WORKDIR /srv\nWORKDIR it\nADD . /srv/it",
            "./api/requirements.txt",
            "worker/requirements.txt",
        ),
        ("COPY . /srv/\nWORKDIR /srv/api", "requirements.txt", "../worker/requirements.txt"),
        ("COPY api /a\nCOPY worker/ /w", "/a/requirements.txt", "/w/requirements.txt"),
        (
            "ENV HERE=/srv\nCOPY api/requirements.txt $HERE/a.txt\nCOPY worker ${HERE}/w",
            "/srv/a.txt",
            "${HERE:-x}/w/requirements.txt",
        ),
        (
            "COPY api/requirements.txt $HOME/a/\nCOPY worker $HOME/w",
            "$HOME/a/requirements.txt",
            "$HOME/w/requirements.txt",
        ),
        (
            'COPY ["api/requirements.txt", "a.txt"]\nCOPY --chown=1:1 work*/requirements.txt w.txt',
            "a.txt",
            "w.txt",
        ),
        (
            "WORKDIR /app\nCOPY worker/requirements.txt /app\nCOPY api /app/api",
            "api/requirements.txt",
            "requirements.txt",
        ),
        (
            (
                "COPY . /srv\nCOPY worker/requirements.txt /x/w.txt\n"
                "FROM python:3.12\nCOPY --from=0 /srv/api /a\nCOPY --from=one /x/w.txt /w.txt"
            ),
            "/a/requirements.txt",
            "/w.txt",
        ),
        ("COPY . /srv\nFROM one", "/srv/api/requirements.txt", "/srv/worker/requirements.txt"),
    ],
)
def test_paths_are_followed_into_the_image(
    folder: Path, copies: str, api: str, worker: str
) -> None:
    calls = f"RUN pip install -r {api}\nRUN pip install -r {worker}\n"
    stack = _read(folder, f"FROM python:3.12 AS one\n{copies}\n{calls}")
    assert (_said(stack), _asked(stack)) == ([], [API, WORKER])


def test_a_command_is_carried_out_where_it_went(folder: Path) -> None:
    run = (
        "(cd api && pip install -r requirements.txt) && cd worker; pip install -r requirements.txt"
    )
    text = (
        f"FROM python:3.12\nWORKDIR /srv\nCOPY . .\nRUN {run}\nRUN pip install -r requirements.txt"
    )
    assert _asked(_read(folder, text)) == [API, WORKER, TOP]


@pytest.mark.parametrize(
    ("bind", "name"),
    [
        ("source=api/requirements.txt,target=/r.txt", "/r.txt"),
        ("type=bind,src=api,dst=/a", "/a/requirements.txt"),
        ("type=bind,target=.", "api/requirements.txt"),
    ],
)
def test_a_bind_lasts_as_long_as_its_command(folder: Path, bind: str, name: str) -> None:
    calls = f"RUN --mount={bind} pip install -r {name}\nRUN pip install -r {name}"
    stack = _read(folder, f"FROM python:3.12\nWORKDIR /srv\n{calls}\n")
    assert _asked(stack) == [API, []]
    why = "no COPY, ADD or bind of this folder is known to bring it there"
    assert _said(stack) == [f"'-r {name}' was passed over; {why}"]


@pytest.mark.parametrize(
    ("copies", "name", "why"),
    [
        (
            "COPY api/requirements.txt $A/\nCOPY worker/requirements.txt $B/",
            "~/requirements.txt",
            "it may be any of api/requirements.txt or worker/requirements.txt, and none is read",
        ),
        (
            "COPY worker/requirements.txt /worker/requirements.txt",
            "/api/requirements.txt",
            "no COPY, ADD or bind of this folder is known to bring it there",
        ),
        ("COPY gone.txt /", "/gone.txt", "there is no such file beside the document"),
        (
            "COPY requirements.txt /\nADD https://e.org/requirements.txt /",
            "/requirements.txt",
            "no COPY, ADD or bind of this folder is known to bring it there",
        ),
        (
            "COPY . /app/",
            "/app/${SERVICE}/requirements.txt",
            "it may be any of api/requirements.txt or worker/requirements.txt, and none is read",
        ),
        (
            "WORKDIR app\nCOPY . .",
            "services/${SERVICE}/requirements.txt",
            "no COPY, ADD or bind of this folder is known to bring it there",
        ),
        (
            "COPY pyproject.toml /",
            "/pyproject.toml",
            "it is no list of pip's",
        ),
    ],
)
def test_a_file_that_cannot_be_told_is_named(
    folder: Path, copies: str, name: str, why: str
) -> None:
    (folder / "pyproject.toml").touch()
    stack = _read(folder, f"FROM python:3.12\n{copies}\nRUN pip install a -r {name}\n")
    assert _asked(stack) == [["a"]]
    assert _said(stack) == [f"'-r {name}' was passed over; {why}"]


def test_a_file_is_known_by_its_name_where_the_base_image_says_where_it_lies(folder: Path) -> None:
    text = "FROM lambda/python:3.12\nCOPY api/requirements.txt $TASK/\nRUN pip install -r {}\n"
    for name in ("requirements.txt", "/var/task/requirements.txt"):
        assert _asked(_read(folder, text.format(name))) == [API]


@pytest.mark.parametrize(
    ("before", "base"),
    [
        ("", "python:3.9-slim"),
        ("ARG V=3.9\n", "python:${V}-slim"),
        ("ARG V=3.9\nARG BASE=python:$V-slim\n", '"${BASE}"'),
        ("ARG V\n", "python:${V:-3.9}"),
        ("ARG V=3.9\nFROM node\nARG V=18\nENV V=16\n", "python:$V"),
        ("", "--platform=linux/amd64 localhost:5000/python:3.9.1@sha256:py310"),
        ("", "jupyter/scipy-notebook:python-3.9"),
        ("", "apache/airflow:2.7.1-python3.9"),
        ("", "devcontainers/python:1-3.9-bullseye"),
        ("", "registry.example.org/ubi9/python-39"),
        ("", "sagemaker-inference:2.0-cpu-py39-ubuntu"),
        ("", "azure-functions/python:3.0-python3.9"),
    ],
)
def test_the_python_of_an_image(tmp_path: Path, before: str, base: str) -> None:
    stack = _read(tmp_path, f"{before}FROM {base}\nRUN pip install a\n")
    assert (stack.python, _said(stack)) == ("3.9", [])


@pytest.mark.parametrize(
    "base",
    ["ubuntu:22.04", "python:3-slim", "pypy:3.10", "python:$V", "apache/spark-py:v3.4.0"],
)
def test_which_python_is_taken_is_said(tmp_path: Path, base: str) -> None:
    text = f"FROM {base}\nRUN pip install a\n"
    stack = _read(tmp_path, text)
    why = f"{base} does not tell its minor version of Python; {this_python()} is taken"
    assert (stack.python, _said(stack)) == (None, [why])
    assert _said(_read(tmp_path, text, python="3.10")) == []


def test_stages_with_other_pythons_are_named(tmp_path: Path) -> None:
    stages = "FROM python:3.8 AS unused\nFROM python:3.9 AS one\nRUN pip install a\n"
    stack = _read(tmp_path, f"{stages}FROM python:3.11\nRUN pip install b\nFROM node\nRUN true\n")
    assert stack.python == "3.11"
    assert [(note.line, note.message) for note in stack.notes] == [
        (2, "python:3.9 has Python 3.9; what is installed there is read for 3.11 too")
    ]


def test_variables_last_as_long_as_those_of_docker(tmp_path: Path) -> None:
    stack = _read(
        tmp_path,
        "ARG A=1\nARG B=2\nFROM python:3.12 AS one\nARG A\nARG B=3\nENV C=4 D='x; y&z' E=$A\n"
        "RUN F=5 && pip install a==$A b==$B c==$C e==$E f==$F\n"
        "FROM one\nRUN pip install c==$C f==$F\n"
        "FROM python:3.12\nRUN pip install c==$C a\n",
    )
    assert _asked(stack) == [["a==1", "b==3", "c==4", "e==1", "f==5"], ["c==4"], ["a"]]
    assert _said(stack) == [
        f"'{text}' was passed over; only a shell knows what it stands for"
        for text in ("f==$F", "c==$C")
    ]


def test_settings_of_an_image_are_named(tmp_path: Path) -> None:
    text = "FROM python:3.12\nENV PIP_CONSTRAINT=/c.txt PIP_NO_CACHE_DIR=1\nRUN pip install a\n"
    (note,) = _read(tmp_path, text).notes
    assert (note.line, note.message.partition(" was")[0]) == (2, "'PIP_CONSTRAINT=/c.txt'")
