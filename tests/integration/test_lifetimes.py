"""For how long uv takes index pages as fresh: as long as the public index says of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT
from support.index import Index
from support.sandbox import hermetic_environ
from support.wheels import Release
from uv import find_uv_bin

from stackproof.installers.lifetimes import public_lifetimes, write_lifetimes

#: The one spelling by which uv knows the public index.
PUBLIC = PYPI_SIMPLE_ENDPOINT.rstrip("/")


def _compile(environ: Mapping[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [find_uv_bin(), "pip", "compile", "--no-header", "--no-annotate", *options, "-"]
    return subprocess.run(
        command, env=environ, input="alpha", text=True, capture_output=True, check=False
    )


def test_no_page_is_asked_for_again_within_its_lifetime(tmp_path: Path) -> None:
    with Index(Release("alpha", "1.0")) as index:
        environ = hermetic_environ(tmp_path, index.url)

        def asked() -> int:
            index.forget()
            assert _compile(environ).stdout == "alpha==1.0\n"
            return index.requests["simple/alpha/"]

        assert [asked() > 0 for _ in range(2)] == [True, True]

        del environ["UV_DEFAULT_INDEX"]
        environ["UV_CONFIG_FILE"] = str(tmp_path / "uv.toml")
        write_lifetimes(tmp_path / "uv.toml", index.url)
        # The first of them stores the page with its lifetime.
        assert [asked() > 0 for _ in range(3)] == [True, False, False]


def test_the_public_index_keeps_its_place_in_the_cache_of_uv(tmp_path: Path) -> None:
    """Under another spelling all its wheels would be loaded once more."""
    environ = hermetic_environ(tmp_path, "")
    del environ["UV_DEFAULT_INDEX"]
    with public_lifetimes(environ) as given:
        file = Path(given["UV_CONFIG_FILE"])
        assert {**environ, "UV_CONFIG_FILE": str(file)} == given
        assert f'url = "{PUBLIC}"\ndefault = true\n' in file.read_text(encoding="utf-8")
        # uv reads it: without the network it says what it would have asked.
        failed = _compile(given, "--offline")
        assert (failed.returncode, "alpha was not found in the cache" in failed.stderr) == (1, True)
    assert not file.exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("UV_DEFAULT_INDEX", "https://index.example/simple"),
        ("UV_INDEX_URL", "https://index.example/simple"),
        ("UV_CONFIG_FILE", "{folder}/uv.toml"),
    ],
)
def test_whoever_chooses_an_index_or_configures_uv_is_left_alone(
    tmp_path: Path, variable: str, value: str
) -> None:
    (tmp_path / "uv.toml").write_text("offline = false\n", encoding="utf-8")
    environ = {"HOME": str(tmp_path), variable: value.format(folder=tmp_path)}
    with public_lifetimes(environ) as given:
        assert given == environ
