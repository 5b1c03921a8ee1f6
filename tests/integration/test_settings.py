"""Which settings of installers count: those that cannot choose other versions unseen."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from support.checkout import Checkout
from support.index import Index
from support.wheels import Release
from support.workbench import Bench, toml
from uv import find_uv_bin

from stackproof.errors import CannotJudgeError
from stackproof.installers.known import installer_named
from stackproof.installers.pip.installer import PIP
from stackproof.installers.settings import allowed_settings
from stackproof.installers.uv.installer import UV

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


def left_out(environ: Environ, by: str = "uv") -> set[str]:
    """Return the settings that are not passed on."""
    sentences = allowed_settings(environ, installer_named(by)).left_out
    assert all(" is not passed on to installers: " in sentence for sentence in sentences)
    return {sentence.partition(" is not passed on")[0] for sentence in sentences}


@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize(
    "variable",
    [
        *("UV_OVERRIDE", "UV_EXCLUDE_NEWER", "UV_OFFLINE", "UV_OF_NEXT_YEAR"),
        *("PIP_CONSTRAINT", "PIP_NO_INDEX", "PIP_PRE", "PIP_OF_NEXT_YEAR"),
    ],
)
def test_a_variable_that_may_choose_versions_is_not_passed_on(
    environ: Environ, installer: str, variable: str
) -> None:
    usual = left_out(environ, installer)
    assert left_out(environ | {variable: "x"}, installer) - usual == {variable}
    assert (
        variable
        not in allowed_settings(environ | {variable: "x"}, installer_named(installer)).environ
    )


def test_what_says_where_and_how_is_passed_on(environ: Environ) -> None:
    told = {
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_EXTRA_INDEX_URL": "https://other.example/simple",
        "UV_INDEX_OTHER_PASSWORD": "secret",
        "UV_KEYRING_PROVIDER": "subprocess",
        "UV_HTTP_TIMEOUT": "3",
        "UV_LINK_MODE": "copy",
        "UV_CACHE_DIR": "/cache",
        "PIP_INDEX_URL": "https://index.example/simple",
        "PIP_FIND_LINKS": "/opt",
        "PIP_CERT": "/etc/cert.pem",
        "PIP_DEFAULT_TIMEOUT": "3",
        "SSL_CERT_FILE": "/etc/cert.pem",
        "HTTPS_PROXY": "http://proxy.example",
        "NETRC": "/home/me/netrc",
    }
    for installer in ("uv", "pip"):
        ours = allowed_settings(environ | told, installer_named(installer))
        assert ours.environ.items() >= told.items()


def test_of_what_is_off_or_concerns_no_installation_nothing_is_said(environ: Environ) -> None:
    quiet = {"PIP_USER": "no", "PIP_PRE": "0", "UV_NO_BUILD": "false", "UV_TOOL_DIR": "/tools"}
    quiet |= {"UV_RUN_RECURSION_DEPTH": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    assert left_out(environ | quiet) == set()
    assert not quiet.keys() & allowed_settings(environ | quiet, UV).environ.keys()


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
        ("a project/pyproject.toml", "[tool.uv.pip]\nno-deps = true\n", "no-deps"),
    ],
)
def test_of_every_file_that_uv_reads_what_may_choose_versions_is_left_out(
    environ: Environ, tmp_path: Path, place: str, text: str, named: str
) -> None:
    file = write(tmp_path / place, text)
    assert left_out(environ) == {f"{named} in {file}"}
    ours = allowed_settings(environ, UV).environ
    assert ours["UV_NO_CONFIG"] == "1"
    assert "UV_CONFIG_FILE" not in ours
    assert left_out(environ | {"UV_NO_CONFIG": "1"}) == set()
    if file.name == "uv.toml":  # which uv reads all the same
        named_file = {"UV_NO_CONFIG": "1", "UV_CONFIG_FILE": str(file)}
        assert left_out(environ | named_file) == {f"{named} in {file}"}


def test_a_project_without_settings_for_uv_is_passed_over(environ: Environ, tmp_path: Path) -> None:
    write(tmp_path / "a project/checkout/pyproject.toml", "[project]\n")
    write(tmp_path / "a project/pyproject.toml", "[tool.uv]\n")
    write(tmp_path / "uv.toml", "[pip]\nno-deps = true\n")
    assert left_out(environ) == set()  # the nearest with settings for uv is the one that counts


def test_what_uv_s_files_may_say_reaches_uv_in_one_of_ours(
    environ: Environ, tmp_path: Path, index: Index
) -> None:
    near = f"""
link-mode = "copy"
find-links = ["wheels"]
resolution = "lowest"
[[index]]
name = "own"
url = "{index.url}"
default = true
cache-control = {{ api = "max-age=600" }}
"""
    far = f'link-mode = "symlink"\nfind-links = ["{tmp_path.as_uri()}"]\n'
    (tmp_path / "home/.config/uv/wheels").mkdir(parents=True)
    write(tmp_path / "home/.config/uv/uv.toml", near)
    write(tmp_path / "etc/uv/uv.toml", far)
    ours = allowed_settings(environ, UV).environ
    file = Path(ours["UV_CONFIG_FILE"])
    assert toml(file.read_text(encoding="utf-8")) == {
        "link-mode": "copy",
        "find-links": [str(tmp_path / "home/.config/uv/wheels"), tmp_path.as_uri()],
        "index": [
            {
                "name": "own",
                "url": index.url,
                "default": True,
                "cache-control": {"api": "max-age=600"},
            }
        ],
    }
    assert UV.default_index(ours) == index.url
    again = allowed_settings(ours, UV)
    assert (again.environ, again.left_out) == (ours, ())
    # uv reads it.
    command = [find_uv_bin(), "pip", "compile", "--no-header", "--no-annotate", "-"]
    found = {**ours, "PATH": os.environ["PATH"]}
    ran = subprocess.run(
        command, env=found, input="alpha", text=True, capture_output=True, check=False
    )
    assert ran.stdout == "alpha==2.0\n", ran.stderr


@pytest.mark.parametrize(
    ("place", "text", "named"),
    [
        ("home/.config/pip/pip.conf", "[global]\nconstraint = /etc/pins.txt\n", "constraint"),
        ("home/.pip/pip.conf", "[install]\nno_deps = yes\n", "no-deps"),
        ("etc/pip/pip.conf", "[install]\npre = true\n", "pre"),
        ("other.conf", "[global]\nprefer-binary = 1\n", "prefer-binary"),
    ],
)
def test_of_every_file_that_pip_reads_what_may_choose_versions_is_left_out(
    environ: Environ, tmp_path: Path, place: str, text: str, named: str
) -> None:
    of_machine = left_out(environ, "pip")
    file = write(tmp_path / place, text)
    if place == "other.conf":
        environ["PIP_CONFIG_FILE"] = str(file)
    assert left_out(environ, "pip") - of_machine == {f"{named} in {file}"}
    ours = allowed_settings(environ, PIP).environ
    assert ours["PIP_CONFIG_FILE"] == os.devnull
    assert f"PIP_{named.upper().replace('-', '_')}" not in ours
    again = allowed_settings(ours, PIP)
    assert (again.environ, again.left_out) == (ours, ())


def test_of_files_of_the_other_installer_nothing_is_said(environ: Environ, tmp_path: Path) -> None:
    usual = left_out(environ, "pip")
    write(tmp_path / "home/.config/uv/uv.toml", "= nothing")
    assert left_out(environ, "pip") == usual
    write(tmp_path / "home/.config/uv/uv.toml", "")
    write(tmp_path / "home/.config/pip/pip.conf", "= nothing")
    assert left_out(environ, "uv") == set()


def test_what_pip_s_files_may_say_becomes_variables(environ: Environ, tmp_path: Path) -> None:
    text = "[global]\nuser = false\nfind_links = /opt\ncert = a\n[download]\npre = true\n"
    write(tmp_path / "home/.config/pip/pip.conf", text + "[install]\ncert = b\n")
    environ["PIP_TIMEOUT"] = "3"
    assert not [name for name in left_out(environ, "pip") if str(tmp_path) in name]
    ours = allowed_settings(environ, PIP).environ
    assert (ours["PIP_CERT"], ours["PIP_FIND_LINKS"], ours["PIP_TIMEOUT"]) == ("b", "/opt", "3")
    assert "PIP_USER" not in ours


def test_the_nearest_setting_says_which_index_pip_takes(environ: Environ, tmp_path: Path) -> None:
    home = tmp_path / "home"
    write(tmp_path / "etc/pip/pip.conf", "[global]\nindex-url = http://far\n")
    write(home / ".config/pip/pip.conf", "[global]\nindex_url = http://near\n")
    assert PIP.default_index(environ) == "http://near"
    write(home / ".pip/pip.conf", "[install]\nindex-url = http://for-installs\n")
    assert PIP.default_index(environ) == "http://for-installs"
    assert PIP.default_index(environ | {"PIP_INDEX_URL": "http://here"}) == "http://here"


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_configuration_that_cannot_be_read_is_told_of(
    environ: Environ, tmp_path: Path, installer: str
) -> None:
    name = {"uv": "uv/uv.toml", "pip": "pip/pip.conf"}[installer]
    file = write(tmp_path / "home/.config" / name, "= nothing")
    with pytest.raises(CannotJudgeError) as caught:
        allowed_settings(environ, installer_named(installer))
    assert str(caught.value).startswith(f"{installer}'s configuration {file}: ")


@pytest.mark.fault("R8.22")
def test_a_project_s_file_without_a_table_of_uv_s_says_nothing(
    environ: Environ, tmp_path: Path
) -> None:
    environ["UV_CONFIG_FILE"] = str(write(tmp_path / "pyproject.toml", "[project]\n"))
    assert UV.default_index(environ) == UV.default_index({})


@pytest.mark.fault("B2")
@pytest.mark.fault("R8.9")
def test_a_run_goes_on_without_what_may_choose_versions_and_says_so(
    bench: Bench, index: Index
) -> None:
    checkout = Checkout(bench)
    index.add(Release("gamma", "1.2a1"))
    del bench.environ["PIP_CONFIG_FILE"], bench.environ["PIP_INDEX_URL"]
    bench.environ |= {"PIP_NO_INDEX": "1", "UV_OVERRIDE": "/pins.txt"}
    text = f"[global]\nindex-url = {index.url}\npre = yes\n"
    file = bench.write("home/.config/pip/pip.conf", text)
    code, lines = checkout.nox("-s", "verify", "--force-venv-backend", "virtualenv")
    assert code == 0, lines
    latest = bench.root / "reports" / "tiny" / "plain" / "latest"
    notes = json.loads((latest / "run.json").read_text(encoding="utf-8"))["notes"]
    report = (latest / "report.md").read_text(encoding="utf-8")
    for setting in ("PIP_NO_INDEX", "UV_OVERRIDE", f"pre in {file}"):
        (told,) = [note for note in notes if note.startswith(f"{setting} is not passed on")]
        assert f"nox > {told}" in lines
        assert f"{setting} is not passed on" in report.replace("\\", "")
    assert "gamma==1.1" in (latest / "freeze.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_what_else_packages_may_come_from_is_noted(
    bench: Bench, index: Index, installer: str
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
    assert list(UV.further_sources(environ)) == [
        f"index in {file} is ['http://127.0.0.1:2/simple']",
        f"find-links in {file} is ['wheels']",
    ]
    assert list(PIP.further_sources(environ)) == []
