"""The fault that a failing check speaks of: the same in two builds, whatever differs beside it."""

from __future__ import annotations

import pytest

from stackproof.experiments.tracebacks import fault, telling_line

SOFT = "ImportError: cannot import name 'soft' from 'marks' ({})"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            SOFT.format("/home/me/04c1-0/lib/python3.11/site-packages/marks/__init__.py"),
            SOFT.format("/home/me/69b3-0/lib/python3.11/site-packages/marks/__init__.py"),
        ),
        ("TypeError: <function f at 0x7f01>", "TypeError: <function f at 0x7fa2>"),
        ("RuntimeError: wire 1.0 is too old", "RuntimeError: wire 1.10 is too old"),
        ("OSError: /home/a/x.so is broken", "OSError: /home/b/x.so is broken"),
    ],
)
def test_one_fault_is_known_again(one: str, other: str) -> None:
    assert fault(one) == fault(other)


def test_another_fault_is_another() -> None:
    assert fault(SOFT.format("x")) != fault("ImportError: cannot import name 'loud' from 'marks'")
    assert fault("ValueError: no") != fault("TypeError: no")


def test_what_is_told_names_no_place() -> None:
    said = SOFT.format("/home/me/04c1-0/lib/python3.11/site-packages/marks/__init__.py")
    assert telling_line(f"ended with exit code 1\nTraceback\n{said}") == SOFT.removesuffix(" ({})")
