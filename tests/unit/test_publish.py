"""What a published set says of itself, from records alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from support import records
from support.wheels import Release, core_metadata
from support.workbench import ROOT

from stackproof.evidence.depth import Depth
from stackproof.index.core_metadata import CoreMetadata
from stackproof.index.licences import licences_of
from stackproof.metadata.inventory import Part, requirement_tree
from stackproof.report.publish.pages import row_page, rows_page
from stackproof.report.publish.record import moves_between
from stackproof.report.publish.sbom import sbom


def metadata(*says: str, requires: tuple[str, ...] = (), **extras: list[str]) -> CoreMetadata:
    release = Release("alpha", "1.0", requires=requires, extras=extras, says=says)
    return CoreMetadata.parse(core_metadata(release))


@pytest.mark.parametrize(
    ("says", "licences"),
    [
        (("License-Expression: mit or Apache-2.0", "License: none"), ("MIT OR Apache-2.0",)),
        (("License: BSD-3-Clause", "Classifier: License :: OSI Approved :: BSD License"),
         ("BSD-3-Clause",)),
        (("License: a long story", "Classifier: License :: OSI Approved :: BSD License",
          "Classifier: License :: Public Domain"), ("BSD License", "Public Domain")),
        (("License: Apache License, Version 2.0", "Classifier: License :: OSI Approved"),
         ("Apache License, Version 2.0",)),
        (("License: Copyright of ours\n        All rights reserved",), ("Copyright of ours",)),
        ((f"License: {'word ' * 30}",), ()),
        (("License: UNKNOWN",), ()),
        ((), ()),
    ],
)  # fmt: skip
def test_a_licence_is_an_expression_or_what_names_it_best(
    says: tuple[str, ...], licences: tuple[str, ...]
) -> None:
    assert licences_of(metadata(*says)) == licences


def part(name: str, version: str, known: CoreMetadata | None = None) -> Part:
    address = f"https://index.example/{name}-{version}-py3-none-any.whl"
    files = {address: "a" * 64}
    return Part(name=name, version=version, files=files, sha256="a" * 64, metadata=known)


PARTS = (
    part("alpha", "2.0", metadata("License-Expression: MIT", requires=("gamma>=1",))),
    part(
        "beta",
        "1.0",
        metadata("Classifier: License :: Public Domain", requires=("alpha[fast]", "absent")),
    ),
    part("delta", "0.9"),
    part("gamma", "1.1", metadata(requires=("alpha; python_version<'3'",))),
)


def test_a_tree_follows_the_extras_that_are_asked_for() -> None:
    quick = metadata(requires=("gamma>=1",), fast=["delta"])
    parts = (part("alpha", "2.0", quick), *PARTS[1:])
    tree = requirement_tree(parts, {"beta": ()}, {"python_version": "3.11"})
    assert tree == {"alpha": {"gamma", "delta"}, "beta": {"alpha"}, "delta": set(), "gamma": set()}
    without = requirement_tree((parts[0], *parts[2:]), {}, {"python_version": "3.11"})
    assert without["alpha"] == {"gamma"}


@pytest.fixture
def document() -> dict[str, Any]:
    """Return the bill of materials of a set."""
    depth: dict[str, Depth] = {"alpha": "workload"}
    tree = {"alpha": {"gamma"}, "beta": {"alpha"}, "delta": set[str](), "gamma": set[str]()}
    text = sbom(records.PUBLISHED, depth, PARTS, tree)
    assert text == sbom(records.PUBLISHED, depth, PARTS, tree)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    read: dict[str, Any] = json.loads(text)
    return read


def test_a_bill_of_materials_has_hashes_licences_and_what_requires_what(
    document: dict[str, Any],
) -> None:
    alpha, beta, delta, _ = document["components"]
    assert alpha["purl"] == "pkg:pypi/alpha@2.0"
    assert alpha["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert alpha["licenses"] == [{"expression": "MIT"}]
    assert beta["licenses"] == [{"license": {"name": "Public Domain"}}]
    assert "licenses" not in delta
    assert said(alpha) == {"pin": "true", "depth": "workload"}
    required = {item["ref"]: item.get("dependsOn", []) for item in document["dependencies"]}
    assert required["pkg:pypi/beta@1.0"] == ["pkg:pypi/alpha@2.0"]
    assert required["tiny/plain 2025-03-08"] == ["pkg:pypi/alpha@2.0", "pkg:pypi/beta@1.0"]


def test_a_bill_of_materials_names_verdict_run_and_index(document: dict[str, Any]) -> None:
    assert said(document["metadata"]) == {
        "verdict": "ok",
        "run": records.PUBLISHED.run,
        "proof": records.PUBLISHED.proof,
        "python": "3.11",
        "index": "https://index.example/simple",
        "as-of": "2025-03-08T00:00:00Z",
    }


def said(of: dict[str, Any]) -> dict[str, str]:
    """Return the properties of ours."""
    pairs = ((item["name"].partition(":")[2], item["value"]) for item in of["properties"])
    return dict(pairs)


def test_pins_come_first_and_each_move_says_how_far_it_went() -> None:
    before = {"a": "1.0", "b": "2.1", "c": "1.0.1", "d": "1"}
    after = {"a": "1.0", "b": "2.2", "c": "1.0", "e": "1"}
    moves = moves_between(before, after, {"a", "e"})
    assert [(move.name, move.kind, move.back, move.direct) for move in moves] == [
        ("e", "added", False, True),
        ("b", "minor", False, False),
        ("c", "patch", True, False),
        ("d", "removed", False, False),
    ]


def test_the_pages_link_each_file_and_each_row() -> None:
    page = row_page([records.PUBLISHED])
    assert 'href="2025-03-08/constraints.txt"' in page
    assert "pip install -c" in page
    assert '<a href="tiny/plain/">tiny/plain</a>' in rows_page({"tiny/plain": records.PUBLISHED})


def test_the_library_of_the_bill_says_nothing_to_who_hears_every_logger() -> None:
    """As nox does; it would tell of each class that it registers, in some 800 lines."""
    code = (
        "import logging; logging.basicConfig(level=1)\n"
        "from stackproof.cli import publish\n"
        "from stackproof.cli.nox_session import console\n"
        "console()\n"
        "import stackproof.report.publish.sbom\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
