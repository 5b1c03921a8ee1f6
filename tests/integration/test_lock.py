"""Locks of made-up stacks: written only for what is proved, and only if they give the very same."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from datetime import datetime, timedelta, timezone
from io import StringIO
from pathlib import Path

import pytest
from packaging.pylock import Package, Pylock
from packaging.tags import platform_tags
from rich.console import Console
from support.index import Fault, Index
from support.matrices import PYTHON, matrix, pin, stage
from support.wheels import Release, wheel
from support.workbench import RELEASES, TINY, Bench, toml
from uv import find_uv_bin

from stackproof.base.progress import Progress
from stackproof.cli.links_beside import look_command
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.experiments.lock import FILES, Lock, lock
from stackproof.experiments.planner import Planner
from stackproof.experiments.runner import Runner
from stackproof.installers.environment import Environment
from stackproof.report.files import conclude

#: The best tag of wheels of this machine.
HERE = next(platform_tags())
FREEZE = {"alpha": "1.0", "beta": "1.0", "gamma": "1.1"}


def make(bench: Bench, planner: Planner, *platforms: str) -> Lock:
    progress = Progress(Console(file=StringIO()))
    runner = Runner(project=bench.project, progress=progress, conclude=conclude, look=look_command)
    return lock(planner, runner, platforms)


def test_what_was_proved_is_locked_and_installs_the_same_by_uv_and_by_pip(bench: Bench) -> None:
    plan = bench.plan()
    _, evidence = bench.verify(plan)
    made = make(bench, bench.planner())
    home = bench.project.home(plan)
    sums = {file: hashlib.sha256((home / file).read_bytes()).hexdigest() for file in FILES}
    assert (made.files, made.distributions) == (sums, 3)
    assert made.evidence == f"tiny/plain/{evidence.folder.name}"
    assert json.loads((evidence.folder / "lock.json").read_text())["files"] == sums
    proof = Evidence(bench.project.reports / made.proof)
    assert proof.freeze == evidence.freeze == FREEZE
    assert {check.id for check in proof.suite.checks} >= {"import:*", "version:alpha", "smoke:sum"}
    text = (home / "requirements.txt").read_text(encoding="utf-8")
    assert text.count("--hash=sha256:") == 3
    assert str(bench.root) not in text + (home / "pylock.toml").read_text(encoding="utf-8")
    uv = [find_uv_bin(), "pip", "sync", "--python", str(bench.root / "venv")]
    assert installed(bench, [*uv, str(home / "pylock.toml")], "uv") == FREEZE
    pip = [str(bench.root / "venv" / "bin" / "python"), "-m", "pip", "install"]
    assert installed(bench, [*pip, "-r", str(home / "requirements.txt")], "pip") == FREEZE


NEAR = """
[indexes.near]
url = "{url}"
upload-times = true
"""


def near_planner(bench: Bench, near: Index) -> Planner:
    """Return the planner of a row whose first stage, and no other, has an index of its own."""
    text = TINY.replace('pins = ["alpha"]', 'pins = ["alpha"]\nindex = "near"')
    return bench.planner(NEAR.format(url=near.url), text=text)


def other(name: str, version: str) -> Release:
    """Return a release that differs from the default index's one of the same name and version."""
    return Release(name, version, modules={f"{name}/__init__.py": '__version__ = "1.0"  # near\n'})


def sha256(release: Release) -> str:
    return hashlib.sha256(wheel(release)[1]).hexdigest()


@pytest.mark.parametrize("version", ["1.0+cpu", "1.0"])
def test_each_distribution_is_locked_from_the_index_of_its_stage(
    bench: Bench, version: str
) -> None:
    with Index(other("alpha", version), other("gamma", "1.1")) as near:
        made = make(bench, near_planner(bench, near))
        home = bench.project.home(bench.plan())
        text = (home / "requirements.txt").read_text(encoding="utf-8")
        assert text.startswith(f"--extra-index-url {near.url}\nalpha=={version} ")
        uv = [find_uv_bin(), "pip", "sync", "--python", str(bench.root / "venv")]
        by_uv = installed(bench, [*uv, str(home / "pylock.toml")], "uv")
        pip = [str(bench.root / "venv" / "bin" / "python"), "-m", "pip", "install", "--no-deps"]
        options = ["--require-hashes", "-r", str(home / "requirements.txt")]
        assert installed(bench, [*pip, *options], "pip") == by_uv == {**FREEZE, "alpha": version}
    proved = {sha256(item) for item in (other("alpha", version), RELEASES[2], RELEASES[4])}
    for file in FILES:
        hashes = re.findall(r"[0-9a-f]{64}", (home / file).read_text(encoding="utf-8"))
        assert set(hashes) == proved
    assert made.distributions == 3


@pytest.mark.fault("A2")
def test_no_lock_rests_on_a_page_that_is_none(bench: Bench, index: Index) -> None:
    plan = bench.plan()
    bench.verify(plan)
    for fault in (Fault.GARBAGE, Fault.EMPTY):
        index.mend()
        index.fail(fault, "gamma", place="page")
        with pytest.raises(CannotJudgeError, match="its page of gamma"):
            make(bench, bench.planner())
        assert not [file for file in FILES if (bench.project.home(plan) / file).exists()]


def test_a_stage_that_the_default_index_served_is_locked_from_there(bench: Bench) -> None:
    with Index(other("alpha", "1.0")) as near:
        planner = near_planner(bench, near)
        near.stop()
        bench.verify(planner.base())
        near.start()
        make(bench, planner)
    text = (bench.project.home(planner.base()) / "requirements.txt").read_text(encoding="utf-8")
    assert near.url not in text
    assert sha256(RELEASES[0]) in text


def test_for_other_platforms_it_is_said_that_nobody_installed_it(
    bench: Bench, index: Index
) -> None:
    files = (Release("alpha", "3.0", tags=f"py3-none-{name}") for name in (HERE, "win_amd64"))
    index.add(
        *files,
        Release("beta", "1.1", requires=["gamma>=1", "delta; sys_platform == 'win32'"]),
        Release("delta", "1.0"),
    )
    text = TINY.replace('name = "alpha"\nversion = "1.0"', 'name = "alpha"\nversion = "3.0"')
    text = text.replace('name = "beta"\nversion = "1.0"', 'name = "beta"\nversion = "1.1"')
    made = make(bench, bench.planner(text=text), "x86_64-pc-windows-msvc", "aarch64-apple-darwin")
    here, every, windows, mac = made.platforms
    assert (here.state, here.file, here.distributions) == ("proved here", "pylock.toml", 3)
    assert (every.platform, every.state) == ("universal", "resolved only")
    assert (windows.state, windows.differs) == ("resolved only", {"delta": (None, "1.0")})
    assert (mac.state, mac.file) == ("refused", None)
    assert "alpha" in mac.reason
    assert windows.file is not None
    written_down = (bench.project.home(bench.plan()) / windows.file).read_text(encoding="utf-8")
    assert written_down.startswith("# resolved only, for x86_64-pc-windows-msvc: nobody has ")
    assert sha256(RELEASES[4]) in written_down
    assert set(made.files) == {*FILES, "pylock.universal.toml", windows.file}


WINDOWS, MAC = "x86_64-pc-windows-msvc", "aarch64-apple-darwin"


def marked(name: str, marker: str, version: str = "1.0") -> str:
    """Return the table of a pin that is asked for under a marker."""
    return pin(name, version, more=f'marker = "{marker}"\n')


def differs(made: Lock) -> dict[str, object]:
    """Return what each lock has otherwise than here, by its platform."""
    return {part.platform: part.differs for part in made.platforms[1:]}


def locked(bench: Bench, platform: str) -> dict[str, Package]:
    """Return what a platform's lock has, by name; nothing of it is in several versions."""
    file = bench.project.home(bench.plan()) / f"pylock.{platform}.toml"
    packages = Pylock.from_dict(toml(file.read_text(encoding="utf-8"))).packages
    return {package.name: package for package in packages}


def sources(package: Package) -> set[str]:
    """Return the addresses of the indexes that the files of a package lie on."""
    return {str(item.url).partition("/files/")[0] for item in package.wheels or ()}


def test_a_pin_is_locked_for_the_platforms_on_which_its_marker_holds(
    bench: Bench, index: Index
) -> None:
    index.add(
        Release("beta", "1.1", requires=["gamma>=1", "omega; sys_platform == 'win32'"]),
        *(Release(name, at) for name in ("delta", "omega", "posix") for at in ("1.0", "2.0")),
    )
    held = 'held-to = ["omega<2"]\n'
    text = matrix(
        "Tiny",
        pin("beta", "1.1"),
        marked("delta", "sys_platform == 'win32'"),
        marked("posix", "os_name != 'nt'"),
        marked("alpha", f"python_full_version > '{PYTHON}.0'"),
        stage("one", "beta", "delta", "posix", "alpha", step="Install all.", more=held),
    )
    made = make(bench, bench.planner(text=text), WINDOWS, MAC)
    assert differs(made) == {
        "universal": {"delta": (None, "1.0"), "omega": (None, "1.0")},
        WINDOWS: {"delta": (None, "1.0"), "omega": (None, "1.0"), "posix": ("1.0", None)},
        MAC: {},
    }
    markers = {name: item.marker for name, item in locked(bench, "universal").items()}
    assert (markers["beta"], markers["gamma"]) == (None, None)
    assert str(markers["delta"]) == 'sys_platform == "win32"'
    assert str(markers["posix"]) == 'os_name != "nt"'


@pytest.mark.parametrize("marker", ["sys_platform == 'win32'", "platform_system == 'Windows'"])
def test_what_is_pinned_elsewhere_may_have_come_along_here_in_another_version(
    bench: Bench, index: Index, marker: str
) -> None:
    """What was proved holds here, in the lock for every platform too, whatever came since."""
    both = stage("one", "beta", "gamma", step="Install both.")
    one = matrix("Tiny", pin("beta"), marked("gamma", marker), both)
    added = ADDED.format(marker=marker)
    two = matrix("Tiny", pin("beta"), stage("one", "beta", step="Install beta.")) + added
    for text in (one, two):
        bench.verify(bench.plan(text=text))
    index.add(Release("gamma", "1.2"))
    for text in (one, two):
        made = make(bench, bench.planner(text=text), WINDOWS, MAC)
        assert differs(made) == {
            "universal": {"gamma": ("1.1", "1.0 or 1.1")},
            WINDOWS: {"gamma": ("1.1", "1.0")},
            MAC: {},
        }


ADDED = """
[[rows.plain.additions]]
requirement = "gamma==1.0; {marker}"
reason = "why"
date = 2025-01-02
"""


def test_what_no_stage_installs_here_is_locked_from_the_index_of_its_stage(bench: Bench) -> None:
    with Index(other("delta", "1.0")) as near:
        text = matrix(
            "Tiny",
            pin("alpha"),
            marked("delta", "sys_platform == 'win32'"),
            stage("one", "alpha", step="Install alpha."),
            stage("two", "delta", step="Install delta.", more='index = "near"\n'),
        )
        make(bench, bench.planner(NEAR.format(url=near.url), text=text), WINDOWS)
    for platform in ("universal", WINDOWS):
        found = locked(bench, platform)
        assert sources(found["delta"]) == {near.url.split("/simple")[0]}
        assert sources(found["alpha"]) == {bench.index.url.split("/simple")[0]}


def test_what_a_row_may_choose_from_its_locks_may_too(bench: Bench, index: Index) -> None:
    """Both releases are younger or less finished than what an installer takes unasked."""
    new = datetime.now(timezone.utc) - timedelta(days=2)
    young = Release("beta", "1.1", requires=["gamma>=1.1", "delta"], uploaded=new)
    index.add(young, Release("gamma", "2.0rc1"), Release("delta", "1.0", requires=["gamma>=2.0a0"]))
    text = TINY.replace('name = "beta"\nversion = "1.0"', 'name = "beta"\nversion = "1.1"')
    row = 'min-age = "7d"\nmin-age-exempt = ["beta"]\nprereleases = ["gamma"]\n'
    made = make(bench, bench.planner(row, text=text), "x86_64-pc-windows-msvc")
    proof = Evidence(bench.project.reports / made.proof)
    assert proof.freeze == {"alpha": "1.0", "beta": "1.1", "gamma": "2.0rc1", "delta": "1.0"}
    states = [(part.state, part.differs) for part in made.platforms]
    assert states == [("proved here", {}), ("resolved only", {}), ("resolved only", {})]


def installed(bench: Bench, command: list[str], installer: str) -> dict[str, str]:
    """Return what a plain command of an installer leaves in a new environment."""
    venv = bench.environment("uv" if installer == "uv" else "pip")
    subprocess.run(command, check=True, env=bench.environ, capture_output=True)
    return Environment.at(venv, "uv" if installer == "uv" else "pip").freeze()


def test_a_row_without_a_run_is_run_first(bench: Bench) -> None:
    made = make(bench, bench.planner())
    assert len(list(Evidence.runs(bench.project.reports / "tiny" / "plain"))) == 1
    assert made.distributions == 3


def test_what_is_broken_is_not_locked(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_sum.py", BROKEN)
    with pytest.raises(CannotJudgeError) as caught:
        make(bench, bench.planner())
    assert str(caught.value).endswith("is not proved (failed: smoke:sum)")
    assert str(caught.value).startswith("no lock was written: the run ")
    assert not written(bench)


BROKEN = """
import pytest


@pytest.mark.workload("sum", needs=("alpha",), seconds=0.1, timeout=60)
def test_sum() -> None:
    raise AssertionError("no")
"""


def test_a_known_failure_is_not_locked_either(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_sum.py", BROKEN)
    known = """
[[rows.plain.known-failures]]
check = "smoke:sum"
reason = "known for years"
date = 2025-01-02
"""
    with pytest.raises(CannotJudgeError):
        make(bench, bench.planner(known))
    assert not written(bench)


def test_a_lock_that_does_not_give_the_same_is_not_written(bench: Bench) -> None:
    plan = bench.plan()
    _, evidence = bench.verify(plan)
    # As if the run had held an older gamma: the lock then installs that one, and its suite passes.
    freeze = evidence.folder / "freeze.txt"
    freeze.write_text("alpha==1.0\nbeta==1.0\ngamma==1.1.dev0\n", encoding="utf-8")
    with pytest.raises(CannotJudgeError) as caught:
        make(bench, bench.planner())
    assert "no pylock.toml could be made, uv ended with exit code 1: " in str(caught.value)
    assert not written(bench)


def test_a_lock_whose_proof_fails_is_not_written(bench: Bench) -> None:
    once = ONCE.format(marker=bench.root / "was-here")
    bench.write("tests/stack/workloads/test_sum.py", once)
    with pytest.raises(CannotJudgeError) as caught:
        make(bench, bench.planner())
    assert str(caught.value) == (
        "no lock was written: what pylock.toml installs is not proved (failed: smoke:sum)"
    )
    assert not written(bench)


ONCE = """
import pathlib

import pytest


@pytest.mark.workload("sum", needs=("alpha",), seconds=0.1, timeout=60)
def test_sum() -> None:
    pathlib.Path("{marker}").touch(exist_ok=False)
"""


def written(bench: Bench) -> list[Path]:
    home = bench.project.reports / "tiny" / "plain"
    return [home / name for name in (*FILES, "lock.json") if (home / name).exists()]
