"""A team's own project beside a matrix of tiny wheels, whose tests are a command of it."""

from __future__ import annotations

__all__ = ["CASE", "COMMAND", "PROJECT", "open_shop"]

from support.workbench import TINY, Bench

PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "shop"
version = "1.0"
dependencies = ["{needs}"]

[tool.setuptools]
py-modules = ["shop"]
"""

SHOP = "import gamma\n\n\ndef version() -> str:\n    return gamma.__version__\n"

TESTS = """\
import pytest
import shop


def test_starts():
    assert shop


class TestVersions:
    @pytest.mark.parametrize("major", ["1", "one more"])
    def test_is_of_old(self, major):
        assert len(major) > 1 or shop.version().startswith(major)
"""

COMMAND = """
[[commands]]
name = "unit"
run = ["pytest", "-q", "tests"]
cwd = "shop"
editable = "shop"
needs = ["pytest"]
timeout = 60
junit = true
"""

CASE = "command:unit::tests/test_shop.py::"


def open_shop(bench: Bench) -> Bench:
    """Put the project beside the bench's matrix, which names its tests; return the bench."""
    bench.write("shop/pyproject.toml", PROJECT.format(needs="gamma"))
    bench.write("shop/shop.py", SHOP)
    bench.write("shop/tests/test_shop.py", TESTS)
    bench.write("matrices/tiny.toml", TINY + COMMAND)
    return bench
