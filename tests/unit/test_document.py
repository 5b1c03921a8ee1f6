"""Documents read as stacks, compared with a matrix, and what is wrong with bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.documents import DOCUMENT

from stackproof.errors import StackproofError
from stackproof.matrix.document.names import distribution
from stackproof.matrix.document.problems import DocumentError
from stackproof.matrix.document.reading import read_stack
from stackproof.matrix.document.stack import Install
from stackproof.matrix.load import parse_matrix
from stackproof.metadata.audit.documents import compare

MATRIX = {
    "format": 1,
    "title": "T",
    "document": "d.md",
    "python": "3.11",
    "constraints": {
        "alpha": {
            "url": "https://example.org/constraints-{version}/constraints-{python}.txt",
            "pin": "alpha",
        }
    },
    "indexes": {"cpu": {"url": "https://example.org/cpu/", "upload-times": False}},
    "pins": [
        {"name": name, "version": version, "imports": ["m"], "area": "a", "role": "r"}
        for name, version in (("alpha", "1.0"), ("beta", "2.0"))
    ],
    "stages": [
        {"name": "one", "step": "1", "pins": ["alpha"], "constraints": "alpha"},
        {"name": "two", "step": "2", "pins": ["beta"], "index": "cpu"},
    ],
    "rows": {"plain": {"summary": "S"}},
}


def _write(folder: Path, text: str, name: str = "letters.md") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def _differences(folder: Path, text: str) -> list[str]:
    matrix = parse_matrix(MATRIX, file="tiny.toml")
    path = _write(folder, text)
    return [
        f"{finding.level} {finding.file}:{finding.line} {finding.message}"
        for finding in compare(matrix, path, name="tiny", root=folder)
    ]


def _problems(folder: Path, text: str, name: str = "letters.md") -> list[str]:
    with pytest.raises(DocumentError) as caught:
        read_stack(_write(folder, text, name))
    return str(caught.value).splitlines()


@pytest.mark.parametrize("text", [DOCUMENT, DOCUMENT.replace("\n", "\r\n"), "\ufeff" + DOCUMENT])
def test_a_document_is_read(tmp_path: Path, text: str) -> None:
    stack = read_stack(_write(tmp_path, text))
    assert (stack.name, stack.title, stack.python, stack.python_line) == (
        "letters",
        "The letters",
        "3.11",
        5,
    )
    assert [
        (item.line, item.name, item.version, item.area, item.remarks) for item in stack.listed
    ] == [
        (6, "alpha", "1.0", "first", ("Beta compatible", "stable")),
        (7, "beta", "2.0", "first", ("in the Constraints",)),
    ]
    assert [(step.line, step.step, step.constraints, step.index) for step in stack.steps] == [
        (22, "Step 1: Alpha", ("https://example.org/constraints-1.0/constraints-3.11.txt",), None),
        (28, "Step 2: Beta", (), "https://example.org/cpu"),
    ]
    assert stack.steps[0].installs == (Install(line=22, name="alpha", specifier="==1.0"),)
    assert len(stack.commands) == 3


def test_a_document_that_agrees_differs_in_nothing(tmp_path: Path) -> None:
    assert _differences(tmp_path, DOCUMENT) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "| Alpha | 1.0 |",
            "| Alpha | 1.1 |",
            [
                "error letters.md:6 the table lists alpha 1.1, the matrix pins 1.0",
                "error letters.md:22 this command pins alpha to 1.0, but the table says 1.1",
            ],
        ),
        (
            "$ pip install beta==2.0",
            "$ pip install beta==2.1",
            [
                (
                    "error letters.md:28 this command pins beta to 2.1, but the table says 2.0 and "
                    "the matrix pins 2.0"
                )
            ],
        ),
        (
            "```bash\npip install beta==2.0",
            "```bash\npip install beta==1.9",
            [
                (
                    "error letters.md:12 this command pins beta to 1.9, but the table says 2.0 and "
                    "the matrix pins 2.0"
                )
            ],
        ),
        (
            "| Python | 3.11.x |",
            "| Python | 3.12 |",
            ["error letters.md:5 the document is for Python 3.12, the matrix 3.11"],
        ),
        (
            "| | beta | 2.0 | ✅ in the Constraints | |\n",
            "",
            [
                "error letters.md:1 the matrix pins beta 2.0, which the table does not list",
                "warning letters.md:27 the step installs beta 2.0, which the table does not list",
            ],
        ),
        (
            "$ pip install beta==2.0 --index-url https://example.org/cpu\n",
            "",
            [
                (
                    "error letters.md:1 no command of the document does what stage two of the "
                    "matrix does"
                ),
                "warning letters.md:7 the table lists beta 2.0, but no step installs it",
            ],
        ),
        (
            "$ pip install beta==2.0",
            "$ pip install beta==2.0 gamma==3.0",
            [
                ("error letters.md:28 this command installs gamma, which stage two does not"),
                "warning letters.md:28 the step installs gamma 3.0, which the table does not list",
            ],
        ),
    ],
)
def test_each_difference_is_named_at_its_line(
    tmp_path: Path, old: str, new: str, said: list[str]
) -> None:
    assert old in DOCUMENT
    assert _differences(tmp_path, DOCUMENT.replace(old, new)) == said


def test_steps_in_another_order_are_a_difference(tmp_path: Path) -> None:
    first = DOCUMENT[DOCUMENT.index('pip install "alpha') : DOCUMENT.index("   # as published")]
    second = "pip install beta==2.0 --index-url https://example.org/cpu"
    swapped = DOCUMENT.replace(first, "FIRST").replace(second, first).replace("FIRST", second)
    assert _differences(tmp_path, swapped) == [
        (
            "error letters.md:22 the document installs beta where the matrix has stage one: the "
            "order differs"
        )
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "|-------|---------|---------|----------|--------|",
            "|-------|---------|",
            [
                (
                    "letters.md: line 3: the table is broken: its header has 5 columns and the "
                    "line below it 2"
                )
            ],
        ),
        (
            "| Alpha | 1.0 | ✅ Beta compatible | stable |",
            "| Alpha | 1.0 |",
            ["letters.md: line 6: the table has 5 columns and the row 3"],
        ),
        (
            "| beta | 2.0 |",
            "| beta | two |",
            ["letters.md: line 7: beta: 'two' is not a version"],
        ),
        (
            "| Alpha | 1.0 |",
            "| Al&pha | 1.0 |",
            ["letters.md: line 6: 'Al&pha' is not a name of a package"],
        ),
        (
            "| Python | 3.11.x |",
            "| Python | new |",
            ["letters.md: line 5: 'new' is not a version of Python 3"],
        ),
        (
            "$ pip install beta==2.0",
            "$ pip install beta==2.0.x !b==1",
            [
                "letters.md: line 28: 'beta==2.0.x': '2.0.x' is not a version",
                "letters.md: line 28: '!b==1' is not a requirement; its name is not one",
            ],
        ),
        (
            'pip install "alpha==${VERSION}"',
            'pip install "alpha==${VERSION}',
            [
                (
                    "letters.md: line 22: the command cannot be read (No closing quotation); close "
                    "the quotation"
                )
            ],
        ),
        (
            "<package>==<version>\n```",
            "<package>==<version>",
            ["letters.md: line 27: the code block is never closed by ```"],
        ),
        (
            "   # as published\n```",
            "   # as published",
            [
                (
                    "letters.md: line 18: the code block is not closed by ``` before line 26 "
                    "begins another"
                )
            ],
        ),
        (
            "$ pip install beta==2.0",
            "$ pip install beta_==2.0",
            ["letters.md: line 28: 'beta_==2.0' is not a requirement; its name is not one"],
        ),
    ],
)
def test_bad_documents_end_in_messages_with_lines(
    tmp_path: Path, old: str, new: str, said: list[str]
) -> None:
    assert old in DOCUMENT
    assert _problems(tmp_path, DOCUMENT.replace(old, new)) == said


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = DOCUMENT.replace("| beta | 2.0 |", "| beta | two |").replace("Alpha | 1.0", "? | 1.0")
    assert len(_problems(tmp_path, text)) == 2


@pytest.mark.parametrize("text", ["", "# Only words\n", "| Name | Size |\n|---|---|\n| a | 1 |\n"])
def test_no_version_table_at_all(tmp_path: Path, text: str) -> None:
    (said,) = _problems(tmp_path, text)
    assert said.startswith("letters.md: line 1: there is no table with a column for packages")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StackproofError, match=r"none\.md: cannot be read \(No such file"):
        read_stack(tmp_path / "none.md")
    (tmp_path / "latin.md").write_bytes(b"\xff|")
    with pytest.raises(StackproofError, match=r"latin\.md: is not UTF-8 text"):
        read_stack(tmp_path / "latin.md")
    (tmp_path / "a.pdf").touch()
    with pytest.raises(StackproofError, match=r"a\.pdf: cannot tell what it is"):
        read_stack(tmp_path / "a.pdf")


def test_spoken_names() -> None:
    known = {"apache-airflow", "torch"}
    assert distribution("PyTorch", known) == "torch"
    assert distribution("Apache Airflow", known) == "apache-airflow"
    assert distribution("redis-provider", known) == "apache-airflow-providers-redis"
    assert distribution("redis-provider", set()) == "redis-provider"
