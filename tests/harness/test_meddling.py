"""What would choose other versions unseen: variables and configuration files of installers."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkout import Checkout
from support.index import Index
from support.wheels import Release
from workbench import Bench

from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.index.default import default_index, further_sources
from stackproof.plan import Installer
from stackproof.sessions.meddling import refuse_meddling, without_pip_files

Environ = dict[str, str]


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environ:
    """Return the variables of a user without settings, who is in a folder of a project."""
    here = tmp_path / "a project" / "checkout"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    write(tmp_path / "etc/uv/uv.toml", "")  # uv then does not look into this machine's own
    return {"HOME": str(tmp_path / "home"), "XDG_CONFIG_DIRS": str(tmp_path / "etc")}


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def refused(environ: Environ, installer: Installer) -> str:
    with pytest.raises(StackproofError) as caught:
        refuse_meddling(environ, installer)
    return str(caught.value).partition(" would change what the stack is made of")[0]


@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize("variable", ["UV_OVERRIDE", "UV_EXCLUDE_NEWER", "PIP_CONSTRAINT"])
def test_variables_of_either_installer_are_refused(
    environ: Environ, installer: Installer, variable: str
) -> None:
    assert refused(environ | {variable: "x"}, installer) == variable


def test_what_is_switched_off_is_no_setting(environ: Environ) -> None:
    refuse_meddling(environ | {"PIP_USER": "no", "PIP_PRE": "0", "UV_NO_BUILD": "false"}, "pip")


@pytest.mark.parametrize(
    ("place", "text", "named"),
    [
        ("home/.config/uv/uv.toml", '[pip]\nprerelease = "allow"\n', "prerelease"),
        ("etc/uv/uv.toml", 'exclude-newer = "2025-01-01T00:00:00Z"\n', "exclude-newer"),
        ("a project/uv.toml", '[pip]\nresolution = "lowest"\n', "resolution"),
        (
            "a project/checkout/pyproject.toml",
            '[tool.uv]\noverride-dependencies = ["numpy==1.0"]\n',
            "override-dependencies",
        ),
        (
            "a project/pyproject.toml",
            "[tool.uv.pip]\nno-deps = true\n",
            "no-deps",
        ),
    ],
)
def test_every_file_that_uv_reads_counts(
    environ: Environ, tmp_path: Path, place: str, text: str, named: str
) -> None:
    file = write(tmp_path / place, text)
    assert refused(environ, "uv") == f"{named} in {file}"
    refuse_meddling(environ, "pip")  # which does not read it
    refuse_meddling(environ | {"UV_NO_CONFIG": "1"}, "uv")
    named_file = {"UV_NO_CONFIG": "1", "UV_CONFIG_FILE": str(file)}  # which uv reads all the same
    if file.name == "uv.toml":
        assert refused(environ | named_file, "uv") == f"{named} in {file}"


def test_a_project_without_settings_for_uv_is_passed_over(environ: Environ, tmp_path: Path) -> None:
    write(tmp_path / "a project/checkout/pyproject.toml", "[project]\n")
    write(tmp_path / "a project/pyproject.toml", "[tool.uv]\n")
    write(tmp_path / "uv.toml", "[pip]\nno-deps = true\n")
    refuse_meddling(environ, "uv")  # the nearest with settings for uv is the one that counts


@pytest.mark.parametrize(
    ("place", "text", "named"),
    [
        ("home/.config/pip/pip.conf", "[global]\nconstraint = /etc/pins.txt\n", "constraint"),
        ("home/.pip/pip.conf", "[install]\nno_deps = yes\n", "no-deps"),
        ("etc/pip/pip.conf", "[install]\npre = true\n", "pre"),
        ("other.conf", "[global]\nprefer-binary = 1\n", "prefer-binary"),
    ],
)
def test_every_file_that_pip_reads_counts(
    environ: Environ, tmp_path: Path, place: str, text: str, named: str
) -> None:
    of_machine, left_out_of_machine = without_pip_files(environ)
    file = write(tmp_path / place, text)
    if place == "other.conf":
        environ["PIP_CONFIG_FILE"] = str(file)
    refuse_meddling(environ, "pip")
    ours, left_out = without_pip_files(environ)
    assert set(left_out) - set(left_out_of_machine) == {f"{named} in {file}"}
    assert ours == of_machine
    assert without_pip_files(ours) == (ours, [])


def test_whatever_else_pip_is_told_is_handed_on(environ: Environ, tmp_path: Path) -> None:
    text = "[global]\nuser = false\nfind_links = /opt\ncert = a\n[download]\npre = true\n"
    write(tmp_path / "home/.config/pip/pip.conf", text + "[install]\ncert = b\n")
    environ["PIP_TIMEOUT"] = "3"
    ours, left_out = without_pip_files(environ)
    assert not [name for name in left_out if str(tmp_path) in name]
    assert (ours["PIP_CERT"], ours["PIP_FIND_LINKS"], ours["PIP_TIMEOUT"]) == ("b", "/opt", "3")
    assert "PIP_USER" not in ours


def test_the_nearest_setting_says_which_index_pip_takes(environ: Environ, tmp_path: Path) -> None:
    home = tmp_path / "home"
    write(tmp_path / "etc/pip/pip.conf", "[global]\nindex-url = http://far\n")
    write(home / ".config/pip/pip.conf", "[global]\nindex_url = http://near\n")
    assert default_index("pip", environ) == "http://near"
    write(home / ".pip/pip.conf", "[install]\nindex-url = http://for-installs\n")
    assert default_index("pip", environ) == "http://for-installs"
    assert default_index("pip", environ | {"PIP_INDEX_URL": "http://here"}) == "http://here"


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_configuration_that_cannot_be_read_is_told_of(
    environ: Environ, tmp_path: Path, installer: Installer
) -> None:
    name = {"uv": "uv/uv.toml", "pip": "pip/pip.conf"}[installer]
    file = write(tmp_path / "home/.config" / name, "= nothing")
    with pytest.raises(CannotJudgeError) as caught:
        default_index(installer, environ)
    assert str(caught.value).startswith(f"{installer}'s configuration {file}: ")


@pytest.mark.fault("R8.22")
def test_a_project_s_file_without_a_table_of_uv_s_says_nothing(
    environ: Environ, tmp_path: Path
) -> None:
    environ["UV_CONFIG_FILE"] = str(write(tmp_path / "pyproject.toml", "[project]\n"))
    assert default_index("uv", environ) == default_index("uv", {})


def test_pip_s_own_configuration_counts_but_chooses_nothing(bench: Bench, index: Index) -> None:
    checkout = Checkout(bench)
    index.add(Release("gamma", "1.2a1"))
    del bench.environ["PIP_CONFIG_FILE"], bench.environ["PIP_INDEX_URL"]
    text = f"[global]\nindex-url = {index.url}\npre = yes\n"
    file = bench.write("home/.config/pip/pip.conf", text)
    code, lines = checkout.nox("-s", "verify", "--force-venv-backend", "virtualenv")
    assert code == 0, lines
    told = f"pre in {file} is left out: it would change what the stack is made of"
    assert f"nox > {told}" in lines
    freeze = bench.root / "reports" / "tiny" / "plain" / "latest" / "freeze.txt"
    assert "gamma==1.1" in freeze.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_what_else_packages_may_come_from_is_noted(
    bench: Bench, index: Index, installer: Installer
) -> None:
    with_login = index.url.replace("://", "://me:secret@")
    variable = f"{installer.upper()}_EXTRA_INDEX_URL"
    bench.environ |= {variable: with_login}
    builder = bench.builder(bench.plan(installer=installer), bench.environment(installer))
    builder.prepare()
    assert builder.notes == [
        f"packages may come from elsewhere too: {variable} is {index.url}",
    ]


def test_what_uv_s_files_say_of_sources_is_noted(environ: Environ, tmp_path: Path) -> None:
    text = """
find-links = ["wheels"]
[[index]]
url = "http://127.0.0.1:1/simple"
default = true
[[index]]
url = "http://me:secret@127.0.0.1:2/simple"
"""
    file = write(tmp_path / "home/.config/uv/uv.toml", text)
    assert list(further_sources("uv", environ)) == [
        f"index in {file} is ['http://127.0.0.1:2/simple']",
        f"find-links in {file} is ['wheels']",
    ]
    assert list(further_sources("pip", environ)) == []
