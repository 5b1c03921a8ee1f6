"""The forms that documents have in the wild: read as people read them, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackproof.matrix.document.problems import DocumentError
from stackproof.matrix.document.reading import read_stack
from stackproof.matrix.document.stack import Stack
from stackproof.matrix.load import parse_matrix
from stackproof.metadata.audit.documents import compare

TABLE = "| Package | Version |\n|---|---|\n| alpha | 1.0 |\n"
BLOCK = "```bash\npip install alpha==1.0\n```\n"
MATRIX = {
    "format": 1,
    "title": "T",
    "document": "d.md",
    "python": "3.11",
    "pins": [{"name": "alpha", "version": "1.0", "imports": ["m"], "area": "a", "role": "r"}],
    "stages": [{"name": "one", "step": "1", "pins": ["alpha"], "requirements": ["gamma>=1,<2"]}],
    "rows": {"plain": {"summary": "S"}},
}


def _read(folder: Path, text: str) -> Stack:
    path = folder / "d.md"
    path.write_bytes(text.encode())
    return read_stack(path)


def _differences(folder: Path, text: str) -> list[str]:
    path = folder / "d.md"
    path.write_bytes(text.encode())
    matrix = parse_matrix(MATRIX, file="tiny.toml")
    found = compare(matrix, path, name="tiny", root=folder)
    return [f"{item.level} {item.line} {item.message}" for item in found]


@pytest.mark.parametrize(
    ("text", "table", "command"),
    [
        (f"{TABLE}\n{BLOCK}", 3, 6),
        ("> " + f"{TABLE}\n{BLOCK}".replace("\n", "\n> "), 3, 6),
        ("1. First\n\n   " + f"{TABLE}\n{BLOCK}".replace("\n", "\n   "), 5, 8),
        ("- " + f"{TABLE}\n{BLOCK}".replace("\n", "\n  "), 3, 6),
        (f"# x\x0c\n\x0b\x1c \u2028 \x85 y\n\n{TABLE}\n{BLOCK}", 6, 9),
        (f"{TABLE}\n{BLOCK}".replace("\n", "\r\n"), 3, 6),
        (f"{TABLE}\n{BLOCK}".replace("\n", "\r"), 3, 6),
        (f"{TABLE}\n{BLOCK}".replace("```", "~~~~"), 3, 6),
        (f"{TABLE}\n{BLOCK}".replace("bash", 'bash title="x" {.copy}'), 3, 6),
        (f"{TABLE}\n    pip install alpha==1.0\n", 3, 5),
        (f"Package | Version\n---|---\nalpha | 1.0\n\n{BLOCK}", 3, 6),
        (f"{TABLE}\n```\n```\n{BLOCK}", 3, 8),
        (f"{TABLE}\n{BLOCK}\n| Size |\n| 3 |\n", 3, 6),
        (f"{TABLE}\n```text\nalpha==1.0\n```\n", 3, 6),
        (f"{TABLE}\n```text\nIt's output: pip install\n```\n{BLOCK}", 3, 9),
    ],
)
def test_a_document_is_read_whatever_its_form(
    tmp_path: Path, text: str, table: int, command: int
) -> None:
    stack = _read(tmp_path, text)
    assert [(item.line, item.name, item.version) for item in stack.listed] == [
        (table, "alpha", "1.0")
    ]
    assert [
        (item.line, item.name, item.version) for step in stack.steps for item in step.installs
    ] == [(command, "alpha", "1.0")]


def test_cells_are_read_as_they_are_shown(tmp_path: Path) -> None:
    rows = (
        "| [alpha](https://e.org/a_b) | **==1.0** |\n| `beta`[std] | *v2* |\n| Python | >=3.11 |\n"
    )
    stack = _read(tmp_path, f"| Name | Package `version` |\n|---|---|\n{rows}")
    assert [(item.name, item.version) for item in stack.listed] == [
        ("alpha", "==1.0"),
        ("beta", "v2"),
    ]
    assert stack.python == "3.11"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("| Package | Version |\n| a | 1 |\n", "line 1: the table is broken: below its header"),
        (f"{TABLE}\n| beta | 2.0 |\n", "line 5: the row stands outside of a table"),
        (f"{TABLE}\n```bash\npip install a==1", "line 5: the code block is never closed by ```"),
        (f"{TABLE}\n```", "line 5: the code block is never closed by ```"),
        (f"> ```bash\n> pip install a==1\n\n{TABLE}", "line 1: the code block is never closed"),
        (f"{TABLE}\n```requirements\n!a\n```\n", "line 6: '!a' is not a requirement; its name is"),
        (f"{TABLE}\n```\npip install 'a; x'\n```", "line 6: 'a; x': its marker cannot be read"),
        ("<table><tr><td>Package</td></tr></table>", "line 1: there is no table with a column"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DocumentError) as caught:
        _read(tmp_path, text)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"d.md: {said}")


@pytest.mark.parametrize(
    ("heading", "steps"),
    [
        ("## Step {}\n", [["alpha"], ["beta"]]),
        ("## {}단계: 설치\n", [["alpha"], ["beta"]]),
        ("## {}. Packages\n", [["alpha"], ["beta"]]),
        ("## Packages {}\n", [["alpha"]]),
    ],
)
def test_steps_may_have_a_numbered_section_each(
    tmp_path: Path, heading: str, steps: list[list[str]]
) -> None:
    sections = [
        heading.format(number) + f"```\npip install {name}\n```\n"
        for number, name in enumerate(("alpha", "beta"), start=1)
    ]
    trouble = "## Trouble\n```\npip install zeta==3\n```\n"
    stack = _read(tmp_path, f"{TABLE}| beta | 2.0 |\n\n{''.join(sections)}{trouble}")
    assert [sorted(step.names) for step in stack.steps] == steps


def test_a_list_is_a_step_only_where_a_step_reads_one(tmp_path: Path) -> None:
    freeze = "## Seen\n```text\nalpha==1.0\nzeta==3\nomega==4\n```\n"
    stack = _read(tmp_path, f"{TABLE}\n## Install\n{BLOCK}{freeze}")
    assert [step.line for step in stack.steps] == [7]
    listed = "## Install\n```txt\nalpha==1.0\n```\n```\npip install -r r.txt\n```\n"
    stack = _read(tmp_path, f"{TABLE}\n{listed}{freeze}")
    assert [step.line for step in stack.steps] == [7]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ('alpha==1.0 "gamma>=1,<2"', []),
        ('alpha==1.0+cpu "gamma<2,>=1"', []),
        (
            'alpha "gamma>=1,<2"',
            [
                (
                    "warning 6 the step asks for alpha, which leaves the version open; the table "
                    "says 1.0"
                )
            ],
        ),
        (
            '"alpha>=2" "gamma>=1,<2"',
            ["error 6 this command asks for alpha>=2, but the table says 1.0"],
        ),
        (
            'alpha==1.0 "gamma>=1"',
            ["error 6 this command asks for gamma>=1, stage one for gamma<2,>=1"],
        ),
        ("alpha==1.0", ["error 6 stage one installs gamma, which this command does not"]),
        (
            'alpha==1.0 "gamma>=1,<2" -c https://me:secret@e.org/c.txt --no-deps -i https://e.org/s/',
            [
                "error 6 constraint file: this command has https://e.org/c.txt, stage one has none",
                "error 6 index: this command has https://e.org/s, stage one has none",
                "error 6 further options: this command has --no-deps, stage one has none",
            ],
        ),
        (
            'alpha[x]==1.0 "gamma>=1,<2"',
            ["error 6 this command asks for alpha[x], stage one for alpha"],
        ),
        (
            'alpha==1.0 "gamma>=1,<2" --extra-index-url https://me:secret@e.org/s git+https://me:p@ss@e.org/a',
            [
                (
                    "error 6 further options: this command has --extra-index-url https://e.org/s, "
                    "stage one has none"
                ),
                "note 6 'git+https://e.org/a' was passed over; it names no release of an index",
            ],
        ),
        (
            'alpha==1.0 "gamma>=1,<2" -e .',
            ["note 6 '-e .' was passed over; it names no release of an index"],
        ),
        (
            'alpha==1.0 "gamma>=1,<2"\npip install alpha==1.1',
            [
                "error 7 no stage of the matrix installs what this command does: alpha",
                (
                    "error 7 this command pins alpha to 1.1, but the table says 1.0 and the matrix "
                    "pins 1.0"
                ),
            ],
        ),
    ],
)
def test_a_command_and_its_stage_are_compared(
    tmp_path: Path, command: str, said: list[str]
) -> None:
    found = _differences(tmp_path, f"{TABLE}\n```\npip install {command}\n```\n")
    unlisted = "warning 6 the step installs gamma"
    assert [line for line in found if not line.startswith(unlisted)] == said


def test_two_steps_that_pin_one_package_differently(tmp_path: Path) -> None:
    """Of a package that neither the table nor the matrix has."""
    block = "```\npip install alpha==1.0 'gamma>=1,<2' delta==1\npip install delta==2\n```\n"
    found = _differences(tmp_path, f"{TABLE}\n{block}")
    assert "error 7 this command pins delta to 2, but line 6 says 1" in found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("```\n# Why: Alpha 1.1 is the one.\n# Beta 9 is not installed here.\n{call}\n```", 1),
        ("```\n# Why: Alpha 1.0 is the one.\n{call}\n```", 0),
        ("```\n# Alpha 1.1\n```\n```\n{call}\n```", 0),
        ("Alpha 1.1 was `alpha==1.0`.\n\n```\n{call}\n```", 0),
        ("Later\n`pip install 'alpha[x]==1.1'`, not `omega==2`.\n\n```\n{call}\n```", 1),
        ("Not `alpha==1.*`.\n\n```\n{call}\n```", 0),
    ],
)
def test_comments_and_code_in_sentences_may_name_another_version(
    tmp_path: Path, words: str, said: int
) -> None:
    call = 'pip install alpha==1.0 "gamma>=1,<2"'
    text = f"{TABLE}\n{words.format(call=call)}\n"
    found = [line for line in _differences(tmp_path, text) if "speaks of" in line]
    assert len(found) == said
    assert all("speaks of alpha 1.1, but the table lists 1.0" in line for line in found)


@pytest.mark.parametrize(
    ("block", "what"),
    [
        ("```python\n!pip install beta==2.0\n```", "a block of python"),
        ("<pre>\npip install beta==2.0\n</pre>", "a block of HTML"),
    ],
)
def test_calls_that_are_not_read_are_said(tmp_path: Path, block: str, what: str) -> None:
    text = f"{TABLE}\n```\npip install alpha==1.0\n```\n\n{block}\n"
    notes = [line for line in _differences(tmp_path, text) if line.startswith("note")]
    (note,) = notes
    assert note.startswith("note 10 ")
    assert note.endswith(f"pip install beta==2.0' was passed over; {what} is not read as shell")


def test_two_tables_that_disagree(tmp_path: Path) -> None:
    other = "\nAgain.\n\n| Library | Version |\n|---|---|\n| Alpha | 1.1 |\n"
    block = "\n```\npip install alpha==1.0 'gamma>=1,<2'\n```\n"
    assert _differences(tmp_path, f"{TABLE}{other}{block}")[:2] == [
        "error 9 alpha 1.1 is listed here, and as 1.0 on line 3",
        "error 9 the table lists alpha 1.1, the matrix pins 1.0",
    ]


@pytest.mark.parametrize(
    ("remark", "stale"),
    [
        ("Apache Alpha 1.1 호환", ["warning 5"]),
        ("Alpha 1.1호환", ["warning 5"]),
        ("Python 3.10 지원", ["warning 5"]),
        ("Alpha 1.0.0 호환", []),
        ("Alpha 1.1 or newer", []),
        ("Alpha 1.1+", []),
        ("Python 3.11 지원", []),
        ("Beta 3.0", []),
        ("Omega 9.9", []),
    ],
)
def test_a_remark_may_name_a_version_that_the_table_has_no_more(
    tmp_path: Path, remark: str, stale: list[str]
) -> None:
    rows = f"| Python | 3.11 | |\n| Apache Alpha | 1.0 | |\n| beta | 2.0 | ✅ {remark} |\n"
    table = f"| Package | Version | Remark |\n|---|---|---|\n{rows}"
    found = [line for line in _differences(tmp_path, table) if "the remark" in line]
    assert [line.partition(" the ")[0] for line in found] == stale
