"""A first matrix from a document, a requirements file, or a lock file."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomlkit
from support.documents import DOCUMENT

from stackproof.errors import StackproofError
from stackproof.installers.planning import make_plan
from stackproof.matrix.document.first_matrix import first_matrix
from stackproof.matrix.document.problems import DocumentError
from stackproof.matrix.document.reading import read_stack
from stackproof.matrix.load import parse_matrix
from stackproof.matrix.model import Matrix
from stackproof.metadata.audit.documents import compare


def _matrix(folder: Path, text: str, name: str, *, python: str | None = None) -> Matrix:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    written, _ = first_matrix(read_stack(path), python=python)
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


def test_constraint_files_bind_what_a_stage_installs(tmp_path: Path) -> None:
    limits = "alpha==1.5\nbeta<2 ; python_version < '3.12'\ngamma>=1,<2\n"
    (tmp_path / "limits.txt").write_text(limits, encoding="utf-8")
    path = tmp_path / "requirements.txt"
    path.write_text("-c limits.txt\nalpha>=1\nbeta\n", encoding="utf-8")
    written, notes = first_matrix(read_stack(path), python="3.12")
    assert notes == []
    matrix = parse_matrix(tomlkit.parse(written).unwrap(), file="first.toml")
    assert [(pin.name, pin.asked) for pin in matrix.pins] == [("alpha", "1.5"), ("beta", "")]
    (stage,) = matrix.stages
    assert stage.held_to == ('beta<2; python_version < "3.12"', "gamma<2,>=1")


@pytest.mark.parametrize("how", ["command", "list"])
def test_constraint_files_beside_a_document_bind_what_it_installs(tmp_path: Path, how: str) -> None:
    (tmp_path / "limits.txt").write_text("alpha<1.5\ngamma>=1,<2\n", encoding="utf-8")
    block = {
        "command": "```bash\npip install alpha==1.0 'beta>=2' -c limits.txt\n```\n",
        "list": "```requirements.txt\n-c limits.txt\nalpha==1.0\nbeta>=2\n```\n",
    }[how]
    path = tmp_path / "document.md"
    table = "| package | version |\n|---|---|\n| alpha | 1.0 |\n| beta | 2.0 |\n"
    path.write_text(f"# Stack\n\n{table}\n## Install\n\n{block}", encoding="utf-8")
    written, notes = first_matrix(read_stack(path), python="3.12")
    assert [str(note) for note in notes if "limits" in str(note)] == []
    (stage,) = parse_matrix(tomlkit.parse(written).unwrap(), file="first.toml").stages
    assert stage.held_to == ("gamma<2,>=1",)


def test_a_requirements_file_becomes_a_matrix(tmp_path: Path) -> None:
    text = (
        "# pins\n--index-url https://example.org/simple\n-c https://example.org/c-1.0.txt\n"
        "alpha[x,y]==1.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n"
        "beta==2.0 ; python_version < '3'\ngamma>=1\ndelta==4 # fine\n-e .\n"
    )
    path = tmp_path / "requirements.txt"
    path.write_text(text, encoding="utf-8")
    _, notes = first_matrix(read_stack(path), python="3.12")
    assert [str(note) for note in notes] == [
        "line 10: '-e .' was passed over; it names no release of an index",
        "line 4: '--hash (2 in all)' was passed over; a matrix pins releases, not their files",
    ]
    matrix = _matrix(tmp_path, text, "requirements.txt", python="3.12")
    assert matrix.python == "3.12"
    assert [(pin.name, pin.asked, pin.marker, pin.extras) for pin in matrix.pins] == [
        ("alpha", "1.0", None, ("x", "y")),
        ("beta", "2.0", 'python_version < "3"', ()),
        ("gamma", ">=1", None, ()),
        ("delta", "4", None, ()),
    ]
    plan = make_plan(matrix, name="r", row="documented")
    assert plan.stages[0].arguments == (
        "alpha[x,y]==1.0",
        "gamma>=1",
        "delta==4",
        "--constraint",
        "https://example.org/c-1.0.txt",
        "--default-index",
        "https://example.org/simple",
    )
    assert ["beta" in note for note in plan.notes] == [True]


@pytest.mark.parametrize(
    ("lines", "asked", "noted"),
    [
        (
            "numpy==1.26.4 ; python_version < '3.12'\nnumpy>=2 ; python_version >= '3.12'",
            ">=2",
            [1],
        ),
        ("numpy>=1.2\nnumpy<2", "<2,>=1.2", []),
        ("numpy\nnumpy", "", []),
        ("numpy==1.26.*,==1.26.4", "1.26.4", []),
        ("numpy==1.26.*", "==1.26.*", []),
        ("torch==2.1.0+cpu\ntorch==2.1.0", "2.1.0+cpu", []),
        ("numpy==1.26 ; extra == 'x'\nnumpy", "", [1]),
    ],
)
def test_several_lines_of_one_distribution_are_one_pin(
    tmp_path: Path, lines: str, asked: str, noted: list[int]
) -> None:
    (tmp_path / "r.txt").write_text(lines, encoding="utf-8")
    _, notes = first_matrix(read_stack(tmp_path / "r.txt"), python="3.12")
    assert [note.line for note in notes] == noted
    (pin,) = _matrix(tmp_path, lines, "r.txt", python="3.12").pins
    assert pin.asked == asked


def test_extras_and_groups_of_a_project_are_rows(tmp_path: Path) -> None:
    text = (
        '[project]\nname = "shop"\ndependencies = ["alpha>=1", "beta"]\n'
        '[project.optional-dependencies]\nweb = ["alpha[x]<3", "gamma==1"]\n'
        '[dependency-groups]\ntest = ["delta~=2.0"]\n'
    )
    matrix = _matrix(tmp_path, text, "pyproject.toml", python="3.12")
    assert [(pin.name, pin.asked, pin.extras) for pin in matrix.pins] == [
        ("alpha", ">=1", ("x",)),
        ("beta", "", ()),
        ("gamma", "1", ()),
        ("delta", "~=2.0", ()),
    ]
    rows = {name: make_plan(matrix, name="shop", row=name) for name in matrix.rows}
    assert {name: [stage.requirements for stage in row.stages] for name, row in rows.items()} == {
        "documented": [("alpha[x]>=1", "beta")],
        "extra-web": [("alpha[x]<3,>=1", "beta", "gamma==1")],
        "group-test": [("alpha[x]>=1", "beta", "delta~=2.0")],
    }
    assert [row.default for row in matrix.rows.values()] == [True, False, False]
    assert rows["documented"].notes == ("the row goes without delta, gamma",)


def test_a_marker_of_one_group_binds_no_other(tmp_path: Path) -> None:
    text = (
        '[project]\nname = "shop"\n'
        'dependencies = ["alpha==1; python_version < \'3.11\'", "delta"]\n'
        "[project.optional-dependencies]\n"
        'old = ["beta; python_version < \'3.11\'"]\nnew = ["beta==2"]\n'
        '[dependency-groups]\ndev = ["alpha==2"]\n'
    )
    matrix = _matrix(tmp_path, text, "pyproject.toml", python="3.12")
    rows = {name: make_plan(matrix, name="shop", row=name) for name in matrix.rows}
    assert {name: [stage.requirements for stage in row.stages] for name, row in rows.items()} == {
        "documented": [("delta",)],
        "extra-old": [("delta",)],
        "extra-new": [("delta", "beta==2")],
        "group-dev": [("alpha==2", "delta")],
    }


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
    assert [(pin.name, pin.version) for pin in matrix.pins] == [("alpha", "1.0"), ("old", "1")]
    assert make_plan(matrix, name="p", row="documented").versions == {"alpha": "1.0"}
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
    written, notes = first_matrix(read_stack(_written(tmp_path, text)))
    assert [str(note) for note in notes] == [
        "line 28: '-c here.txt' was passed over; there is no such file beside the document",
        "line 28: '--pre' was passed over; a stage has no such option",
    ]
    matrix = parse_matrix(tomlkit.parse(written).unwrap(), file="first.toml")
    assert [(pin.name, pin.asked, pin.extras) for pin in matrix.pins] == [
        ("alpha", "1.0", ()),
        ("beta", "==2.0.*", ()),
        ("gamma", ">=1", ("x",)),
        ("delta", "", ()),
    ]
    assert [stage.pins for stage in matrix.stages] == [("alpha",), ("beta", "gamma", "delta")]


def test_each_row_of_a_table_departs_from_the_first(tmp_path: Path) -> None:
    text = (
        "| shop | Python | alpha | beta |\n|---|---|---|---|\n"
        "| 2.0.0 | 3.12 | 1.1 | 3.0.1 |\n| 1.0.0 | 3.11 | 1.0.4 | n/a |\n"
    )
    matrix = _matrix(tmp_path, text, "table.md")
    rows = {name: make_plan(matrix, name="t", row=name) for name in matrix.rows}
    assert {name: (row.python, row.asked) for name, row in rows.items()} == {
        "2-0-0": ("3.12", {"shop": "2.0.0", "alpha": "==1.1.*", "beta": "3.0.1"}),
        "1-0-0": ("3.11", {"shop": "1.0.0", "alpha": "1.0.4"}),
    }


def test_a_matrix_agrees_with_the_document_that_it_is_written_from(tmp_path: Path) -> None:
    text = DOCUMENT.replace("| 2.0 |", "| 2 |").replace(
        "install beta==2.0 --index", "install beta 'gamma[x]>=1,<2' --index"
    )
    matrix = _matrix(tmp_path, text, "letters.md")
    assert matrix.pin("beta").asked == "==2.*"
    found = compare(matrix, tmp_path / "letters.md", name="letters", root=tmp_path)
    assert [(item.level, item.line) for item in found if item.level == "error"] == []


def test_passwords_of_an_index_reach_no_matrix(tmp_path: Path) -> None:
    text = "-i https://me:secret@example.org/simple\nalpha==1.0\n"
    (tmp_path / "r.txt").write_text(text, encoding="utf-8")
    written, notes = first_matrix(read_stack(tmp_path / "r.txt"))
    assert "secret" not in written
    assert 'url = "https://example.org/simple"' in written
    assert [note.line for note in notes] == [1]


def test_words_of_a_table_leave_open_what_they_do_not_say(tmp_path: Path) -> None:
    text = (
        "# T\n\n| package | version |\n|---|---|\n| alpha | 2.x |\n| beta | 8.1.* |\n"
        "| gamma | ~=3.2 |\n| delta | 2.17 |\n| eta | ==5.0 |\n| zeta | >=1.26 |\n\n```\n"
        "pip install alpha==2.3.1 beta gamma==3.4 delta==2.17.1 eta==5.0 'zeta<2'\n```\n"
    )
    matrix = _matrix(tmp_path, text, "letters.md")
    assert [(pin.name, pin.asked) for pin in matrix.pins] == [
        ("alpha", "2.3.1"),
        ("beta", "==8.1.*"),
        ("gamma", "3.4"),
        ("delta", "2.17.1"),
        ("eta", "5.0"),
        ("zeta", "<2,>=1.26"),
    ]
    found = compare(matrix, tmp_path / "letters.md", name="letters", root=tmp_path)
    assert [item.message for item in found] == [
        "the step asks for beta, which leaves the version open; the table says 8.1.*"
    ]


def test_a_table_that_no_step_installs_is_one_stage(tmp_path: Path) -> None:
    text = "| Package | Version |\n|---|---|\n| beta | 2.17 |\n| alpha | 1.0.1 |\n"
    matrix = _matrix(tmp_path, text, "table.md")
    plan = make_plan(matrix, name="t", row="documented")
    assert [stage.requirements for stage in plan.stages] == [("alpha==1.0.1", "beta==2.17.*")]


def test_two_lines_that_no_release_can_be_are_refused(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("alpha==1\nbeta\nalpha>=2\n", encoding="utf-8")
    with pytest.raises(StackproofError, match=r"r\.txt: line 3 asks for alpha>=2, and line 1"):
        first_matrix(read_stack(tmp_path / "r.txt"))


def test_what_a_marker_leaves_out_is_no_difference(tmp_path: Path) -> None:
    text = "alpha==1.0\ncolorama==0.4.6 ; sys_platform == 'win32'\n"
    matrix = _matrix(tmp_path, text, "r.txt")
    found = compare(matrix, tmp_path / "r.txt", name="r", root=tmp_path)
    assert [(item.level, item.line) for item in found] == [("note", 2)]


ROWS = """\
| shop | Python | alpha | beta |
|---|---|---|---|
| 2.0.0 | 3.12 | 1.1 | 3.0.1 |
| 1.0.0 | 3.11 | 1.0.4 | n/a |
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", []),
        ("| 1.1 |", "| 1.2 |", [(3, "alpha")]),
        ("| 3.0.1 |", "| 3.0 |", [(3, "beta")]),
        ("| n/a |", "| 3.0.0 |", [(4, "beta")]),
        ("| 3.0.1 |", "| n/a |", [(3, "beta")]),
        ("| 3.11 |", "| 3.10 |", [(4, None)]),
        ("| 1.0.0 |", "| 1.0.1 |", [(4, None)]),
    ],
)
def test_the_stacks_of_a_table_are_compared_with_the_rows(
    tmp_path: Path, old: str, new: str, said: list[tuple[int, str | None]]
) -> None:
    matrix = _matrix(tmp_path, ROWS, "table.md")
    path = _written(tmp_path, ROWS.replace(old, new))
    found = list(compare(matrix, path, name="t", root=tmp_path))
    assert [(item.line, item.pin) for item in found] == said


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
