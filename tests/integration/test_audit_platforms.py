"""The audit on other platforms: wheels, resolutions and builds there, and what differs."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.tags import platform_tags
from support.audit_bench import Desk, matrix_text, messages
from support.index import Index
from support.matrices import PYTHON
from support.sessions import call
from support.wheels import Release
from uv import find_uv_bin

from stackproof.cli import audit
from stackproof.evidence.layout import Project
from stackproof.matrix.platforms import PLATFORMS

HERE = f"py3-none-{next(tag for tag in platform_tags() if 'manylinux' in tag)}"
LINUX, MAC, WINDOWS = "x86_64-manylinux2014", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"
NAMED = f'platforms = ["{LINUX}", "{MAC}", "{WINDOWS}"]'

RELEASES = (
    Release("alpha", "1.0", requires=["gamma", "win; sys_platform == 'win32'"]),
    Release("win", "1.0"),
    # A wheel here and on Windows; elsewhere it has to be built.
    Release("gamma", "1.0", tags=HERE),
    Release("gamma", "1.0", tags="py3-none-win_amd64"),
    Release("gamma", "1.0", form="sdist"),
    # Nothing for macOS, and on Windows it wants what the stack does not have.
    Release("beta", "1.0", tags=HERE, requires=["alpha<2"]),
    Release("beta", "1.0", tags="py3-none-manylinux_2_17_x86_64", requires=["alpha<2"]),
    Release("beta", "1.0", tags="py3-none-win_amd64", requires=["alpha>=2"]),
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Index(*RELEASES) as index:
        yield Desk(root=tmp_path, index=index)


def test_what_would_come_of_a_row_on_each_platform_of_its_matrix(desk: Desk) -> None:
    found = desk.audit(matrix_text("alpha==1.0", "beta==1.0", more=NAMED))
    linux, mac, windows = found.platforms
    assert (linux.platform, linux.together, linux.stages) == (LINUX, "resolved", "resolved")
    assert (linux.pins, linux.built) == ({"alpha": "wheel", "beta": "wheel"}, ("gamma 1.0",))
    assert (mac.together, mac.lacking) == ("refused", ("beta",))
    assert windows.pins == {"alpha": "wheel", "beta": "wheel"}
    assert windows.reason.startswith("beta 1.0 requires alpha>=2 and alpha 1.0 is asked for")
    tags = ", ".join(sorted(("manylinux_2_17_x86_64", HERE.split("-")[2], "win_amd64")))
    assert [line.partition(": ")[2] for line in messages(found, "platform")] == [
        f"beta 1.0 has no file for Python {PYTHON} on {MAC}; it has wheels for {tags}",
        f"on {WINDOWS}: {windows.reason}",
        f"on {LINUX} built from source: gamma 1.0",
    ]
    assert found.exit_code == 0


def test_what_a_platform_has_besides_is_what_differs_from_here(desk: Desk) -> None:
    found = desk.audit(matrix_text("alpha==1.0", more=f'platforms = ["{WINDOWS}"]'))
    (windows,) = found.platforms
    assert (windows.built, windows.differs) == ((), {"win": (None, "1.0")})


def test_a_row_that_installs_nothing_on_a_platform_does_not_keep_others_from_an_answer(
    desk: Desk,
) -> None:
    text = matrix_text("alpha==1.0", more=f'platforms = ["{MAC}", "{WINDOWS}"]')
    text = text.replace('version = "1.0"', 'version = "1.0"\nmarker = "os_name != \'nt\'"')
    found = desk.audit(text)
    assert [(item.platform, item.stages) for item in found.platforms] == [(MAC, "resolved")]
    (trouble,) = found.trouble
    assert trouble.endswith(f"without every pin of its stages on Python {PYTHON} on {WINDOWS}")


def test_a_build_that_fails_here_says_nothing_of_another_platform(tmp_path: Path) -> None:
    releases = (
        Release("alpha", "1.0", requires=["mute; sys_platform == 'darwin'"]),
        Release("mute", "1.0", form="mute-sdist"),
    )
    with Index(*releases) as index:
        found = Desk(root=tmp_path, index=index).audit(
            matrix_text("alpha==1.0", more=f'platforms = ["{MAC}"]')
        )
    (mac,) = found.platforms
    assert (mac.together, mac.stages) == ("unknown", "unknown")
    assert f"a build that fails here says nothing of {MAC}" in mac.reason
    assert found.exit_code == 0


def test_asking_about_one_platform_leaves_what_is_known_of_the_others(desk: Desk) -> None:
    desk.write(matrix_text("alpha==1.0", more=NAMED))

    def asked(*names: str) -> list[list[str]]:
        posargs = ("tiny/plain", *(word for name in names for word in ("--platform", name)))
        call(audit, Project.at(desk.root, {}), posargs, desk.place.project.environ)
        reports = desk.root / "reports"
        texts = [(home / "audit.json").read_text("utf-8") for home in (reports / "tiny", reports)]
        return [[item["platform"] for item in json.loads(text)["platforms"]] for text in texts]

    every = [LINUX, MAC, WINDOWS]
    assert asked(MAC) == [[MAC], [MAC]]  # better than nothing
    assert asked() == [every, every]
    assert asked(MAC) == [every, [MAC]]
    assert asked(*every, "aarch64-manylinux2014") == [[*every, "aarch64-manylinux2014"]] * 2


def test_each_name_is_one_that_uv_knows() -> None:
    command = [find_uv_bin(), "pip", "compile", "--python-platform", "nowhere", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    known = re.search(r"possible values: ([^]]*)\]", said)
    assert known
    assert PLATFORMS.keys() <= {name.strip() for name in known[1].split(",")}
