"""Whose releases a failure speaks of."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackproof.evidence.loaded import InstalledNames, LoadedFile
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import Check
from stackproof.experiments.diagnose.suspects import suspects
from stackproof.experiments.found import Found

FREEZE = {"pillow": "10.0.0", "pilkit": "2.0", "google-api": "1.0", "google-auth": "2.0"}
#: Two have something in one folder.
FILES = {
    "pillow": ("PIL", "pillow.libs"),
    "pilkit": ("pilkit",),
    "google-api": ("google/api",),
    "google-auth": ("google/auth",),
}


def found(folder: Path, said: str) -> Found:
    names = InstalledNames(files=FILES, entry_points={})
    LoadedFile(installed=names, checks={}).write(folder / InRun.LOADED)
    check = Check(
        id="smoke:resize",
        kind="smoke",
        subject="resize",
        outcome="failed",
        state="new",
        grade="",
        message=said,
        reason=None,
        seconds=0,
    )
    return Found(
        as_of=None,
        freeze=FREEZE,
        held={},
        built=(),
        refusal=None,
        complaints=frozenset(),
        overwritten=None,
        checks={check.id: check},
        whole=True,
        evidence=(folder,),
    )


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("AttributeError: module 'PIL.Image' has no attribute 'ANTIALIAS'", ["pillow"]),
        ("ImportError: cannot import name 'x' from 'PIL' (site-packages/PIL/x.py)", ["pillow"]),
        ("AttributeError: module 'google.rpc' has no attribute 'x'", []),
        ("ValueError: pil is no size", []),
    ],
)
def test_a_distribution_is_known_by_its_module(tmp_path: Path, said: str, named: list[str]) -> None:
    spoken = suspects(found(tmp_path, said), ["smoke:resize"], [])
    assert [suspect.name for suspect in spoken if suspect.said] == named
