"""A first matrix from a document, a requirements file, or a lock file."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomlkit
from support.documents import DOCUMENT

from stackproof.installers.planning import make_plan
from stackproof.matrix.document.first_matrix import first_matrix, left_out
from stackproof.matrix.document.problems import DocumentError
from stackproof.matrix.document.reading import read_stack
from stackproof.matrix.load import parse_matrix
from stackproof.matrix.model import Matrix


def _matrix(folder: Path, text: str, name: str, *, python: str | None = None) -> Matrix:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    written = first_matrix(read_stack(path), python=python)
    return parse_matrix(tomlkit.parse(written).unwrap(), file="first.toml")


def _written(folder: Path, text: str) -> Path:
    path = folder / "letters.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_document_becomes_a_matrix(tmp_path: Path) -> None:
    matrix = _matrix(tmp_path, DOCUMENT, "letters.md")
    assert (matrix.title, matrix.document, matrix.python) == ("The letters", "letters.md", "3.11")
    assert [(pin.name, pin.version, pin.area, pin.role) for pin in matrix.pins] == [
        ("alpha", "1.0", "first", "Alpha"),
        ("beta", "2.0", "first", "beta"),
    ]
    assert [(claim.text, claim.checks) for pin in matrix.pins for claim in pin.claims] == [
        ("Beta compatible", ("pairwise:alpha:beta",)),
        ("stable", ()),
        ("in the Constraints", ("constraints:beta",)),
    ]
    plan = make_plan(matrix, name="letters", row="documented")
    assert [stage.arguments for stage in plan.stages] == [
        (
            "alpha==1.0",
            "--constraint",
            "https://example.org/constraints-1.0/constraints-3.11.txt",
        ),
        ("beta==2.0", "--default-index", "https://example.org/cpu"),
    ]
    assert matrix.constraints["alpha"].url.endswith(
        "constraints-{version}/constraints-{python}.txt"
    )


def test_that_constraints_are_applied_is_no_claim_to_stand_in_them(tmp_path: Path) -> None:
    text = DOCUMENT.replace("compatible | stable", "compatible | Constraints applied")
    (alpha, beta) = _matrix(tmp_path, text, "letters.md").pins
    assert [claim.checks for claim in alpha.claims] == [("pairwise:alpha:beta",), ()]
    assert [claim.checks for claim in beta.claims] == [("constraints:beta",)]


def test_a_requirements_file_becomes_a_matrix(tmp_path: Path) -> None:
    text = (
        "# pins\n--index-url https://example.org/simple\n-c https://example.org/c-1.0.txt\n"
        "alpha[x,y]==1.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n"
        "beta==2.0 ; python_version < '3'\ngamma>=1\ndelta==4 # fine\n-e .\n"
    )
    path = tmp_path / "requirements.txt"
    path.write_text(text, encoding="utf-8")
    stack = read_stack(path).on("3.12")
    assert [str(note) for note in (*stack.notes, *left_out(stack))] == [
        "line 10: '-e .' was passed over; it names no release of an index",
        ("line 4: '--hash (2 in all)' was passed over; a matrix pins releases, not their files"),
        (
            "line 7: 'beta==2.0 ; python_version < \"3\"' was passed over; its marker does not "
            "hold for Python 3.12"
        ),
    ]
    matrix = _matrix(tmp_path, text, "requirements.txt", python="3.12")
    assert matrix.python == "3.12"
    assert [(pin.name, pin.version, pin.extras) for pin in matrix.pins] == [
        ("alpha", "1.0", ("x", "y")),
        ("delta", "4", ()),
    ]
    assert make_plan(matrix, name="r", row="documented").stages[0].arguments == (
        "alpha[x,y]==1.0",
        "delta==4",
        "gamma>=1",
        "--constraint",
        "https://example.org/c-1.0.txt",
        "--default-index",
        "https://example.org/simple",
    )


LOCK = 'lock-version = "1.0"\ncreated-by = "x"\n'
WHEEL = '[[packages.wheels]]\nurl = "https://e.org/{0}-1-py3-none-any.whl"\nhashes.sha256 = "0"\n'


def test_a_lock_file_becomes_a_matrix(tmp_path: Path) -> None:
    text = (
        f'{LOCK}requires-python = ">=3.12"\n'
        '[[packages]]\nname = "alpha"\nversion = "1.0"\n'
        f"{WHEEL.format('alpha')}"
        '[[packages]]\nname = "old"\nversion = "1"\nmarker = "python_version < \'3\'"\n'
        f"{WHEEL.format('old')}"
        '[[packages]]\nname = "local"\ndirectory.path = "."\n'
    )
    matrix = _matrix(tmp_path, text, "pylock.toml")
    assert matrix.python == "3.12"
    assert [(pin.name, pin.version) for pin in matrix.pins] == [("alpha", "1.0")]
    stack = read_stack(tmp_path / "pylock.toml").on("3.12")
    assert [(note.line, note.message.partition(";")[0]) for note in stack.notes] == [
        (17, "'local' was passed over"),
        (10, "'old==1 "),
    ]


@pytest.mark.parametrize(
    ("marker", "taken"),
    [
        ("python_version >= '3.12'", True),
        ("python_version < '3.12'", False),
        ("'x' in extras", False),
        ("'dev' in dependency_groups", True),
        ("'docs' in dependency_groups", False),
        ("extra == 'x'", False),
    ],
)
def test_markers_of_a_lock_file_are_judged_for_its_python(
    tmp_path: Path, marker: str, *, taken: bool
) -> None:
    path = tmp_path / "pylock.toml"
    begin = f'{LOCK}requires-python = "<3.14,>=3.12"\ndefault-groups = ["dev"]\n'
    entry = f'[[packages]]\nname = "beta"\nversion = "1"\nmarker = "{marker}"\n'
    alpha = f'[[packages]]\nname = "alpha"\nversion = "1.0"\n{WHEEL.format("alpha")}'
    path.write_text(f"{begin}{alpha}{entry}{WHEEL.format('beta')}", encoding="utf-8")
    stack = read_stack(path)
    assert stack.python == "3.12"
    (step,) = stack.on("3.12").steps
    assert [item.name for item in step.installs] == ["alpha", "beta"][: 1 + taken]
    assert [note.line for note in stack.on("3.12").notes] == ([] if taken else [11])


def test_what_has_no_place_in_a_matrix_is_said(tmp_path: Path) -> None:
    text = DOCUMENT.replace(
        "beta==2.0 --index", "beta 'gamma[x]>=1' delta --pre -c here.txt --index"
    )
    stack = read_stack(_written(tmp_path, text))
    assert [str(note) for note in left_out(stack)] == [
        "line 28: 'delta' was passed over; it says no version",
        "line 28: '--pre' was passed over; a stage has no such option",
        "line 28: 'here.txt' was passed over; it is no address",
    ]
    matrix = parse_matrix(tomlkit.parse(first_matrix(stack)).unwrap(), file="first.toml")
    assert [(pin.name, pin.version) for pin in matrix.pins] == [("alpha", "1.0"), ("beta", "2.0")]
    assert [(stage.pins, stage.requirements) for stage in matrix.stages] == [
        (("alpha",), ()),
        (("beta",), ("gamma[x]>=1",)),
    ]


def test_a_package_that_two_tables_list_is_pinned_once(tmp_path: Path) -> None:
    again = "\n| Package | Version |\n|---|---|\n| beta | V2.1RC1 |\n| zeta | V3.0RC1 |\n"
    matrix = _matrix(tmp_path, DOCUMENT + again, "letters.md")
    assert [(pin.name, pin.version) for pin in matrix.pins] == [
        ("alpha", "1.0"),
        ("beta", "2.0"),
        ("zeta", "3.0rc1"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("r.txt", "a==one\nb@\n", ["r.txt: line 1: 'a==one': 'one' is not a version"]),
        ("r.txt", "!a==1\n", ["r.txt: line 1: '!a==1' is not a requirement; its name is not one"]),
        (
            "r.txt",
            "# nothing\n",
            ["r.txt: line 1: asks for no release; write lines such as 'numpy==1.24.4'"],
        ),
        (
            "r.txt",
            "a==1 ; nonsense\n",
            ["r.txt: line 1: 'a==1 ; nonsense': its marker cannot be read"],
        ),
        ("pylock.toml", "x = ", ["pylock.toml: line 1: is not TOML ("]),
        ("pylock.toml", "x = 1\n", ["pylock.toml: line 1: is not a lock file of PEP 751 ("]),
        (
            "pylock.toml",
            f"{LOCK}packages = []\n",
            ["pylock.toml: line 1: locks no release of an index"],
        ),
        (
            "pylock.toml",
            f"{LOCK}packages = [1]\n",
            ["pylock.toml: line 1: is not a lock file of PEP 751 ("],
        ),
        *(
            ("pylock.toml", LOCK + text, ["pylock.toml: line 1: is not a lock file of PEP 751 ("])
            for text in (
                f'[[packages]]\nname = "a"\nversion = 1\n{WHEEL}',
                f'[[packages]]\nname = "a b"\nversion = "1"\n{WHEEL}',
                f'[[packages]]\nname = "a"\nversion = "1"\nmarker = "nonsense"\n{WHEEL}',
                f'requires-python = "new"\n[[packages]]\nname = "a"\nversion = "1"\n{WHEEL}',
            )
        ),
    ],
)
def test_bad_lists_end_in_messages(tmp_path: Path, name: str, text: str, said: list[str]) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        read_stack(path)
    assert len(caught.value.problems) >= len(said)
    for line, start in zip(str(caught.value).splitlines(), said, strict=False):
        assert line.startswith(start)
