"""The workloads of the repository: one for each pin of the document, and a page that lists them."""

from __future__ import annotations

from collections.abc import Iterator
from runpy import run_path

import pytest
from packaging.utils import canonicalize_name
from workbench import ROOT

from stackproof.matrix import load_matrix
from stackproof.plan import make_plan

NONE = "\N{EN DASH}"
# Not pinned by the document, but brought along by what is.
_UNPINNED = {"pyarrow", "websockets"}


def declared() -> Iterator[tuple[str, str, pytest.Mark]]:
    """Yield the name, the first line of the description, and the marker of each workload."""
    for file in sorted((ROOT / "tests" / "stack" / "workloads").rglob("test_*.py")):
        for function in run_path(str(file)).values():
            for mark in getattr(function, "pytestmark", []):
                if mark.name == "workload":
                    yield mark.args[0], function.__doc__.splitlines()[0], mark


def pinned() -> set[str]:
    plan = make_plan(load_matrix(ROOT / "matrices" / "mlops.toml"), name="mlops", row="verified")
    return {canonicalize_name(pin.name) for pin in plan.pins}


def test_every_pin_has_a_workload_and_every_need_is_known() -> None:
    needed = {canonicalize_name(name) for _, _, mark in declared() for name in mark.kwargs["needs"]}
    assert needed == pinned() | _UNPINNED


def test_the_page_lists_every_workload_as_it_is() -> None:
    page = (ROOT / "docs" / "workloads.md").read_text(encoding="utf-8")
    cells = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert [[*row[:4], row[5]] for row in cells] == [
        [
            f"`{name}`",
            says,
            ", ".join(mark.kwargs["needs"]),
            ", ".join(mark.kwargs.get("servers", ())) or NONE,
            _seconds(mark),
        ]
        for name, says, mark in declared()
    ]


def _seconds(mark: pytest.Mark) -> str:
    """Return the typical seconds as the page has them: none of what has no server here."""
    if "grafana" in mark.kwargs.get("servers", ()):
        return NONE
    return "<1" if mark.kwargs["seconds"] < 1 else str(mark.kwargs["seconds"])
