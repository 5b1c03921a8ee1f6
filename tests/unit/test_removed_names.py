"""Which failures miss what Python dropped from its standard library."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from support.suite import suite_module

from stackproof.experiments.diagnose.removed import SINCE, removed_from
from stackproof.experiments.found import Found

BUILD = """\
stage s1 could not be installed:
  × Failed to build `nose==1.3.7`
  ├─▶ The build backend returned an error
  ╰─▶ Call to `setuptools.build_meta:__legacy__.build_wheel` failed (exit status: 1)

      [stderr]
      Traceback (most recent call last):
        File "<string>", line 14, in <module>
      ImportError: cannot import name 'Mapping' from 'collections' (/x/collections/__init__.py)
"""  # noqa: RUF001 - the sign that uv draws


@pytest.mark.parametrize(
    ("said", "here", "name", "minor"),
    [
        (
            "AttributeError: module 'collections' has no attribute 'Callable'",
            "3.10",
            "collections.Callable",
            10,
        ),
        (
            "ImportError: cannot import name 'getargspec' from 'inspect' (/x/inspect.py)",
            "3.12",
            "inspect.getargspec",
            11,
        ),
        ("ModuleNotFoundError: No module named 'lib2to3.pgen2'", "3.13", "lib2to3", 13),
        ("ModuleNotFoundError: No module named 'urllib2'", "3.11", "urllib2", 0),
    ],
)
def test_what_python_dropped_is_known_by_its_name(
    said: str, here: str, name: str, minor: int
) -> None:
    removed = removed_from(found(said), "import:nose", here)
    assert removed is not None
    assert (removed.name, removed.minor) == (name, minor)


@pytest.mark.parametrize(
    ("said", "here"),
    [
        ("ModuleNotFoundError: No module named 'cgi'", "3.12"),  # it is there still
        ("ImportError: cannot import name 'Self' from 'typing' (/x/typing.py)", "3.10"),  # not yet
        ("ModuleNotFoundError: No module named 'parser'", "3.11"),
        ("ImportError: cannot import name 'x' from 'imp' (/x/imp.py)", "3.12"),
        ("ModuleNotFoundError: No module named 'imp'\nValueError: no", "3.12"),  # done without
    ],
)
def test_what_may_be_missed_for_another_reason_is_not(said: str, here: str) -> None:
    assert removed_from(found(said), "import:nose", here) is None


def test_a_build_misses_it_too() -> None:
    removed = removed_from(found("", refusal=BUILD), "stage:s1", "3.11")
    assert removed is not None
    assert removed.name == "collections.Mapping"


def found(said: str, refusal: str | None = None) -> Found:
    return cast("Found", SimpleNamespace(said=lambda _: said, refusal=refusal))


def test_the_suite_knows_the_modules_that_python_dropped() -> None:
    """Since 3.10, which is the oldest that rows have, as far as they are whole modules."""
    dropped = {name for name, minor in SINCE.items() if minor > 10 and "." not in name}
    brought = {"distutils", "pkg_resources", "setuptools"}
    assert dropped | brought == suite_module("needs").ONCE_THERE
