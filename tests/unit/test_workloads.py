"""The workloads of the repository: one for each pin of the document, and a page that lists them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from runpy import run_path

import pytest
from packaging.utils import canonicalize_name
from support.workbench import ROOT

from stackproof.base.versions import satisfies
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import load_matrix
from stackproof.run.suite import useful_workers
from stackproof.run.workloads import declared_workloads, needed_servers

NONE = "\N{EN DASH}"
# Pinned by no matrix of ours, but brought along by what is.
_UNPINNED = {"onnx", "websockets"}


def declared() -> Iterator[tuple[str, str, pytest.Mark]]:
    """Yield the name, the first line of the description, and the marker of each workload."""
    for file in sorted((ROOT / "tests" / "stack" / "workloads").rglob("test_*.py")):
        for function in run_path(str(file)).values():
            for mark in getattr(function, "pytestmark", []):
                if mark.name == "workload":
                    yield mark.args[0], function.__doc__.splitlines()[0], mark


def documented() -> set[str]:
    """Return what the one matrix that a workload is shipped for each pin of has."""
    plan = make_plan(load_matrix(ROOT / "matrices" / "mlops.toml"), name="mlops", row="verified")
    return {canonicalize_name(pin.name) for pin in plan.pins}


def pinned() -> set[str]:
    """Return the pins of all matrices of ours."""
    matrices = [load_matrix(file) for file in sorted((ROOT / "matrices").glob("*.toml"))]
    return {canonicalize_name(pin.name) for matrix in matrices for pin in matrix.pins}


def test_every_documented_pin_has_a_workload_and_every_need_is_known() -> None:
    needed = {canonicalize_name(name) for _, _, mark in declared() for name in _packages(mark)}
    assert documented() - needed == set()
    assert needed - pinned() == _UNPINNED


def test_every_workload_states_the_oldest_releases_that_it_is_meant_for() -> None:
    stated = {name: set(mark.kwargs.get("oldest", ())) for name, _, mark in declared()}
    assert [name for name, oldest in stated.items() if not oldest] == []
    needed = {name: set(mark.kwargs["needs"]) for name, _, mark in declared()}
    assert [name for name, oldest in stated.items() if not oldest <= needed[name]] == []


def test_no_row_of_ours_has_a_release_older_than_its_workloads_are_meant_for() -> None:
    below = []
    for file in sorted((ROOT / "matrices").glob("*.toml")):
        matrix = load_matrix(file)
        for row in matrix.rows:
            versions = make_plan(matrix, name=file.stem, row=row).versions
            for name, _, mark in declared():
                if {canonicalize_name(need) for need in mark.kwargs["needs"]} <= versions.keys():
                    below += [
                        (file.stem, row, name, package)
                        for package, oldest in mark.kwargs["oldest"].items()
                        if not satisfies(versions[canonicalize_name(package)], f">={oldest}")
                    ]
    assert below == []


def test_the_page_lists_every_workload_as_it_is() -> None:
    page = (ROOT / "docs" / "workloads.md").read_text(encoding="utf-8")
    page = page.partition("\n## Calibration\n")[0]
    cells = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert [[*row[:4], row[5]] for row in cells] == [
        [
            f"`{name}`",
            says,
            ", ".join(_packages(mark)),
            ", ".join(mark.kwargs.get("servers", ())) or NONE,
            _seconds(mark),
        ]
        for name, says, mark in declared()
    ]


def _packages(mark: pytest.Mark) -> tuple[str, ...]:
    return (*mark.kwargs["needs"], *mark.kwargs.get("uses", ()))


def _seconds(mark: pytest.Mark) -> str:
    """Return the typical seconds as the page has them: none of what has no server here."""
    if "grafana" in mark.kwargs.get("servers", ()):
        return NONE
    return "<1" if mark.kwargs["seconds"] < 1 else str(mark.kwargs["seconds"])


def test_what_is_read_of_a_workload_before_a_build_is_what_its_marker_says() -> None:
    found = declared_workloads(ROOT / "tests" / "stack" / "workloads")
    assert found.unread == []
    assert [(work.name, *work.needs, *work.uses, *work.servers) for work in found.workloads] == [
        (name, *_packages(mark), *mark.kwargs.get("servers", ())) for name, _, mark in declared()
    ]


def test_a_shipped_stack_keeps_every_workload() -> None:
    needs = {
        need
        for work in declared_workloads(ROOT / "tests" / "stack" / "workloads").workloads
        for need in work.needs
    }
    assert needs - pinned() == set()


def test_a_server_is_started_for_the_workloads_that_serve_the_pins(tmp_path: Path) -> None:
    plan = make_plan(load_matrix(ROOT / "matrices" / "mlops.toml"), name="mlops", row="verified")
    workloads = declared_workloads(ROOT / "tests" / "stack" / "workloads").workloads
    [redis] = [pin for pin in plan.pins if pin.name == "redis"]
    alone = plan.model_copy(update={"pins": (redis,), "servers": ()})
    assert needed_servers(alone, workloads) == ("redis",)
    asked = {"only": ("import:redis",), "checks": ("import:redis",)}
    assert needed_servers(alone.model_copy(update=asked), workloads) == ()
    assert needed_servers(alone.model_copy(update={"pins": ()}), workloads) == ()
    # A marker that cannot be read before a build is named.
    hidden = tmp_path / "workloads" / "test_hidden.py"
    hidden.parent.mkdir()
    hidden.write_text("@pytest.mark.workload('a', needs=NEEDS)\ndef test_a(): ...\n", "utf-8")
    assert len(declared_workloads(tmp_path).unread) == 1


def test_workers_are_started_for_checks_that_are_worth_it() -> None:
    plan = make_plan(load_matrix(ROOT / "matrices" / "mlops.toml"), name="mlops", row="verified")
    workloads = declared_workloads(ROOT / "tests" / "stack" / "workloads").workloads
    assert useful_workers(plan, workloads, most=2) == 2
    few = plan.model_copy(update={"pins": plan.pins[:2], "checks": ("import:a", "import:*")})
    assert useful_workers(few, [], most=None) == 1
    probe = plan.model_copy(update={"only": ("import:a",), "checks": ("import:a",)})
    assert useful_workers(probe, workloads, most=None) == 1
