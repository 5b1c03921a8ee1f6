"""The door that nox has to grids: what stands behind `--`, what is written, how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.grid_bench import RELEASES
from support.index import Fault, Index
from support.matrices import PYTHON, matrix, pin, row_stage, stage
from support.sessions import call
from support.wheels import Release
from support.workbench import ROOT, TINY, Bench

from stackproof.cli import grid
from stackproof.metadata.grid.record import Grid


@pytest.fixture
def checkout(bench: Bench) -> Bench:
    bench.index.add(*RELEASES)
    bench.write("matrices/tiny.toml", TINY)
    return bench


def _ask(checkout: Bench, *posargs: str) -> str:
    """Run the session; return the message that it failed with, or nothing."""
    return call(grid, checkout.project, posargs, checkout.environ)


def _written(checkout: Bench, name: str = "grid") -> Grid:
    file = checkout.root / "reports" / f"{name}.json"
    return Grid.model_validate(json.loads(file.read_text(encoding="utf-8")))


def test_a_grid_is_written_in_every_form(
    checkout: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ask(checkout, "host=1.0,2.0", "guest=1.0,1.1") == ""
    found = _written(checkout)
    assert [axis.name for axis in found.axes] == ["host", "guest"]
    assert found.python == PYTHON
    assert [(cell.versions, cell.state) for cell in found.cells] == [
        (("1.0", "1.0"), "compatible"),
        (("1.0", "1.1"), "conflict"),
        (("2.0", "1.0"), "compatible"),
        (("2.0", "1.1"), "compatible"),
    ]
    written = sorted(path.name for path in (checkout.root / "reports").glob("grid*"))
    assert written == ["grid.html", "grid.json", "grid.md", "grid.rst"]
    printed = capsys.readouterr().out.splitlines()
    assert "x 1.0/1.1: host 1.0 requires shared<2 and guest 1.1 requires shared>=2" in printed
    assert printed[-1].endswith("s; report: reports/grid.html")
    assert "3 compatible, 1 conflict, 0 unknown" in printed[-1]


def test_more_than_two_axes_give_a_grid_for_each_two(checkout: Bench) -> None:
    assert _ask(checkout, "host=1.0", "guest=1.1", "middle>=1", "--with", "shared<3") == ""
    assert _written(checkout, "grid-host-guest").cells[0].state == "conflict"
    assert _written(checkout, "grid-guest-middle").cells[0].state == "conflict"
    assert _written(checkout, "grid-host-middle").cells[0].state == "compatible"
    assert _written(checkout, "grid-host-middle").held == ("shared<3",)


def test_a_row_holds_its_other_pins(checkout: Bench) -> None:
    checkout.index.add(Release("host", "3.0", requires=["gamma", "alpha<1"]))
    assert _ask(checkout, "host=1.0,3.0", "beta=1.0", "--row", "plain") == ""
    found = _written(checkout)
    assert (found.row, found.held) == ("tiny/plain", ("alpha==1.0",))
    assert [cell.state for cell in found.cells] == ["compatible", "conflict"]
    assert found.cells[1].reason == "host 3.0 requires alpha<1 and what is held has alpha==1.0"


MARKED = matrix(
    "Tiny",
    pin("alpha"),
    pin("shared", among="<2", more=f"marker = \"python_version <= '{PYTHON}'\"\n"),
    pin("middle", "1.0", more="marker = \"sys_platform == 'win32'\"\n"),
    pin("beta", more="marker = \"sys_platform == 'darwin'\"\n"),
    stage("one", "alpha", "middle", "shared", step="Install them."),
    stage("two", "beta", step="Install beta.", more='index = "own"\n'),
    more='[indexes.own]\nurl = "https://own.example/simple"\nupload-times = false\n',
)


@pytest.mark.parametrize(
    ("where", "held", "cells"),
    [
        ((), ("alpha==1.0", "shared<2"), {"1.0": "compatible", "2.0": "conflict"}),
        (
            ("--platform", "x86_64-pc-windows-msvc"),
            ("alpha==1.0", "middle==1.0", "shared<2"),
            {"1.0": "compatible", "2.0": "conflict"},
        ),
        (
            ("--python", "3.19"),
            ("alpha==1.0",),
            {"1.0": "compatible", "2.0": "compatible"},
        ),
        (
            ("--python", "3.19", "--platform", "x86_64-pc-windows-msvc"),
            ("alpha==1.0", "middle==1.0"),
            {"1.0": "compatible", "2.0": "conflict"},
        ),
    ],
)
def test_a_row_holds_the_pins_whose_markers_hold_where_the_grid_is_asked_of(
    checkout: Bench, where: tuple[str, ...], held: tuple[str, ...], cells: dict[str, str]
) -> None:
    checkout.write("matrices/tiny.toml", MARKED)
    assert _ask(checkout, "host=1.0,2.0", "guest=1.0", "--row", "plain", *where) == ""
    found = _written(checkout)
    assert found.held == held
    assert {cell.versions[0]: cell.state for cell in found.cells} == cells


def test_a_requirement_holds_where_its_marker_does(checkout: Bench) -> None:
    """Of two requirements of a row on one distribution, the later one that holds there counts."""
    added = [row_stage(f"added-{n}", text) for n, text in enumerate(ADDED)]
    checkout.write("matrices/tiny.toml", TINY + "".join(added))
    asked = ("host=1.0,2.0", "guest=1.0", "--row", "plain", "--platform", "x86_64-pc-windows-msvc")
    assert _ask(checkout, *asked, "--with", "middle<1; sys_platform == 'linux'") == ""
    assert [cell.state for cell in _written(checkout).cells] == ["compatible", "conflict"]


def test_all_that_one_stage_asks_for_counts(checkout: Bench) -> None:
    added = row_stage("added", "shared>=1").replace('["shared>=1"]', '["shared>=1", "shared<2"]')
    assert "shared<2" in added
    checkout.write("matrices/tiny.toml", TINY + added)
    assert _ask(checkout, "host=1.0,2.0", "guest=1.0", "--row", "plain") == ""
    found = _written(checkout)
    assert [text for text in found.held if "shared" in text] == ["shared>=1", "shared<2"]
    assert [cell.state for cell in found.cells] == ["compatible", "conflict"]


ADDED = ("shared<2; sys_platform == 'win32'", "shared>=2; sys_platform == 'linux'")


@pytest.fixture
def beside() -> Iterator[Index]:
    """Return an index that a stage of the row takes its pin from."""
    own = Release("host", "1.0+own", requires=["shared"])
    with Index(own, Release("beta", "1.0", requires=["gamma>=1"])) as index:
        yield index


def _tell_of(checkout: Bench, beside: Index) -> None:
    named = f'[indexes.own]\nurl = "{beside.url}"\nupload-times = false\n\n[[stages]]'
    text = TINY.replace("[[stages]]", named, 1)
    checkout.write(
        "matrices/tiny.toml", text.replace('pins = ["beta"]', 'pins = ["beta"]\nindex = "own"')
    )


def test_what_another_index_of_the_row_has_too_is_not_judged_by_metadata(
    checkout: Bench, beside: Index
) -> None:
    _tell_of(checkout, beside)
    assert _ask(checkout, "host=1.0", "guest=1.1", "--row", "plain") == ""
    found = _written(checkout)
    assert [(cell.state, cell.how) for cell in found.cells] == [("compatible", "resolution")]
    assert found.sampling.unresolved == 0
    # With a cut-off the default index serves in place of one without upload times.
    asked = ("host=1.0", "guest=1.1", "--row", "plain", "--as-of", "2025-01-01T00:00:00Z")
    assert _ask(checkout, *asked) == ""
    assert _written(checkout).cells[0].reason == (
        "host 1.0 requires shared<2 and guest 1.1 requires shared>=2"
    )


def test_what_another_index_has_is_not_installed_from_the_default_one(
    checkout: Bench, beside: Index
) -> None:
    _tell_of(checkout, beside)
    assert _ask(checkout, "host=1.0", "guest=1.1", "--row", "plain", "--install") == (
        "exit 2, could not judge: plain takes stage two from another index, and a cell is "
        "installed in one go from the default one; ask without --install"
    )


def test_a_difference_to_a_published_grid_is_news(
    checkout: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    published = checkout.write("theirs.md", "|host|1.0|1.1|\n|-|-|-|\n|1.0|x|x|\n|2.0| | |\n")
    assert _ask(checkout, "host=1,2", "guest=1.0,1.1", "--against", str(published)) == "exit 1"
    found = _written(checkout)
    assert (found.against, found.compared) == ("theirs.md", 4)
    assert [item.versions for item in found.differences] == [("1.0", "1.0")]
    printed = capsys.readouterr().out
    assert "differs: 1.0/1.0 is published as conflict, found compatible" in printed


def test_installing_proves_cells_or_refutes_them(
    checkout: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.index.add(
        Release("guest", "4.0", modules={"guest/__init__.py": "raise ImportError('no such day')"})
    )
    asked = ["host=1.0", "guest=1.0,1.1,4.0", "--install"]
    assert _ask(checkout, *asked) == "exit 1"
    cells = _written(checkout).cells
    assert [cell.proof and cell.proof.outcome for cell in cells] == ["passed", None, "failed"]
    assert cells[2].state == "compatible"
    assert cells[2].proof is not None
    assert "import:guest: " in cells[2].proof.message
    assert "no such day" in cells[2].proof.message
    evidence = checkout.root / "reports" / "grid" / cells[2].proof.evidence
    assert (evidence / "verdict.json").is_file()
    assert "! 1.0/4.0 failed when installed: " in capsys.readouterr().out
    # What was proved today is not installed again.
    checkout.index.forget()
    assert _ask(checkout, *asked) == "exit 1"
    assert [path for path in checkout.index.requests if path.endswith(".whl")] == []
    assert _written(checkout).cells[2].proof == cells[2].proof


def test_a_module_can_be_named(checkout: Bench) -> None:
    checkout.index.add(Release("guest", "5.0", modules={"visitor.py": "", "thief.py": "0/0"}))
    asked = ["host=1.0", "guest=5.0", "--install"]
    assert _ask(checkout, *asked) == "exit 1"
    assert _ask(checkout, *asked, "--import", "guest=visitor") == ""
    proof = _written(checkout).cells[0].proof
    assert proof is not None
    assert proof.outcome == "passed"


def test_a_python_that_is_not_here_builds_nothing(checkout: Bench) -> None:
    assert _ask(checkout, "host=1.0", "guest=1.0,2.0", "--python", "3.98") == ""
    found = _written(checkout)
    assert (found.python, found.builds) == ("3.98", False)
    assert found.notes[0].startswith("uv finds no Python 3.98 on this machine, so nothing is built")
    assert [cell.state for cell in found.cells] == ["compatible", "unknown"]


@pytest.mark.fault("index")
def test_a_grid_of_which_no_cell_could_be_judged_ends_with_exit_2(checkout: Bench) -> None:
    checkout.index.fail(Fault.SERVER_ERROR, "middle")
    asked = ["host=1.0", "guest=1.3", "--as-of", "2025-01-01T00:00:00Z"]
    assert _ask(checkout, *asked) == "exit 2"
    assert [cell.state for cell in _written(checkout).cells] == ["unknown"]
    # One that could be judged is an answer, whatever the others came to.
    assert _ask(checkout, "host=1.0", "guest=1.0,1.3", *asked[2:]) == ""
    assert [cell.state for cell in _written(checkout).cells] == ["compatible", "unknown"]


@pytest.mark.fault("index")
def test_a_grid_of_which_nothing_could_be_installed_ends_with_exit_2(checkout: Bench) -> None:
    checkout.index.fail(Fault.SERVER_ERROR, "guest", place="file")
    asked = ["host=1.0", "guest=1.0", "--install"]
    assert _ask(checkout, *asked) == "exit 2"
    (cell,) = _written(checkout).cells
    assert cell.state == "compatible"
    assert cell.proof is not None
    assert cell.proof.outcome == "unjudged"
    checkout.index.mend()
    assert _ask(checkout, *asked) == ""


_RUN = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
from stackproof.cli import grid
from stackproof.evidence.layout import Project
session = SimpleNamespace(posargs=sys.argv[2:], env={})
grid(session, Project.at(Path(sys.argv[1]), {}))
"""


def test_an_interrupt_ends_what_is_under_way_at_once(
    checkout: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["host=1.0", "guest=1.0,1.1,1.3", "--as-of", "2025-01-01T00:00:00Z"]
    checkout.index.fail(Fault.HANG, "middle")
    environ = checkout.environ | {"PYTHONPATH": str(ROOT / "src"), "UV_HTTP_TIMEOUT": "60"}
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN, str(checkout.root), *asked],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    journal = checkout.root / "reports" / "grid.partial.jsonl"
    limit = time.monotonic() + 30
    while time.monotonic() < limit and (
        not journal.exists() or len(journal.read_text(encoding="utf-8").splitlines()) < 2
    ):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(10) != 0
    checkout.index.mend()
    assert _ask(checkout, *asked) == ""
    assert [cell.state for cell in _written(checkout).cells] == [
        "compatible",
        "conflict",
        "compatible",
    ]
    assert "note: 2 cells were judged by an earlier run that was interrupted" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("posargs", "said"),
    [
        (["host=1.0"], "name at least two axes, of different distributions; usage: nox -s grid"),
        (["host=1.0", "host=2.0"], "name at least two axes, of different distributions"),
        (["host=1.0", "guest=9.9"], "there is no release 9.9 of guest; the nearest are "),
        (["host=1.0", "guest;x"], "'guest;x' is no axis; write a list"),
        (["host=1.0", "guest", "--with", "shared"], "'shared' says no version"),
        (["host=1.0", "guest", "--with", "-e ."], "argument --with: "),
        (["host=1.0", "guest", "--row", "plan"], "there is no row 'plan'; "),
        (["host=1.0", "guest=1.0", "--against", "none.md"], "none.md: cannot be read"),
        (["host", "guest", "middle", "--against", "a.md"], "--against compares the grid of two"),
        (["host=1.0", "guest", "--limit", "0"], "'0' is not a number of seconds"),
        (["host=1.0", "guest", "--limit", "long"], "'long' is not a number of seconds"),
        (["host=1.0", "guest", "--import", "guest"], "'guest' is not such as dbt-core=dbt"),
    ],
)
def test_what_cannot_be_understood_ends_with_exit_2(
    checkout: Bench, posargs: list[str], said: str
) -> None:
    message = _ask(checkout, *posargs)
    assert message.startswith("exit 2, could not judge: ")
    assert said in message
    assert not list(Path(checkout.root / "reports").glob("grid*.json"))
