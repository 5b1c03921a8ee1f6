"""The platforms of other machines: which wheels go there, what markers say, and their names."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.tags import Tag
from support.audit_bench import matrix_text

from stackproof.index.releases import File
from stackproof.index.target import Target
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import load_matrix
from stackproof.matrix.platforms import PLATFORMS


def _takes(platform: str, tag: str) -> bool:
    """Tell whether a wheel with this platform tag goes on a platform."""
    target = Target("3.11", "3.11.7", platform=PLATFORMS[platform])
    name = f"alpha-1.0-cp311-cp311-{tag}.whl"
    return target.fits(File(name, "1.0", f"http://i/{name}", None, None, None, None, None, None))


@pytest.mark.parametrize(
    ("platform", "taken", "refused"),
    [
        ("x86_64-manylinux_2_28", "manylinux_2_28_x86_64", "manylinux_2_29_x86_64"),
        ("x86_64-manylinux_2_28", "manylinux1_x86_64", "manylinux_2_28_aarch64"),
        ("x86_64-manylinux2014", "manylinux2014_x86_64", "manylinux_2_28_x86_64"),
        ("aarch64-manylinux_2_39", "manylinux2014_aarch64", "manylinux1_aarch64"),
        ("x86_64-unknown-linux-musl", "musllinux_1_1_x86_64", "manylinux2014_x86_64"),
        ("aarch64-apple-darwin", "macosx_11_0_arm64", "macosx_10_9_x86_64"),
        ("aarch64-apple-darwin", "macosx_10_9_universal2", "macosx_14_0_arm64"),
        ("x86_64-apple-darwin", "macosx_10_9_x86_64", "macosx_11_0_arm64"),
        ("x86_64-pc-windows-msvc", "win_amd64", "win32"),
        ("i686-pc-windows-msvc", "win32", "win_amd64"),
    ],
)
def test_which_wheels_go_on_a_platform(platform: str, taken: str, refused: str) -> None:
    assert (_takes(platform, taken), _takes(platform, refused)) == (True, False)


def test_an_older_glibc_comes_after_a_newer_one() -> None:
    tags = Target("3.11", "3.11.7", platform=PLATFORMS["x86_64-manylinux_2_34"]).tags
    new, old = (Tag("cp311", "cp311", f"manylinux_2_{minor}_x86_64") for minor in (34, 17))
    assert tags[new] < tags[old]


def test_markers_of_pins_are_judged_for_the_platform(tmp_path: Path) -> None:
    file = tmp_path / "tiny.toml"
    text = matrix_text("alpha==1.0", "beta==1.0")
    marked = text.replace('name = "beta"', 'name = "beta"\nmarker = "sys_platform == \'win32\'"')
    file.write_text(marked, encoding="utf-8")
    matrix = load_matrix(file)
    names = {
        name: [pin.name for pin in make_plan(matrix, name="t", row="plain", platform=there).pins]
        for name, there in {"here": None, **PLATFORMS}.items()
    }
    assert (names["here"], names["x86_64-pc-windows-msvc"]) == (["alpha"], ["alpha", "beta"])
