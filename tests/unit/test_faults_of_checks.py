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


CALLED = """\
ended with exit code 1
{said}Traceback (most recent call last):
  File "app.py", line 5, in <module>
    subprocess.run([sys.executable, "-m", "tool"], check=True)
subprocess.CalledProcessError: Command '['python', '-m', 'tool']' returned non-zero exit status 2.
"""


def test_of_a_process_that_failed_what_it_said_itself_tells_most() -> None:
    traceback = 'Traceback (most recent call last):\n  File "tool.py", line 1\n'
    error = "ImportError: cannot import name '_unicodefun' from 'click'"
    assert telling_line(CALLED.format(said=f"{traceback}{error}\n")) == error
    needs = "The extension {} needs at least version 5.0"
    named = [CALLED.format(said=f"Running\n{needs.format(name)}\n") for name in ("help", "html")]
    assert [telling_line(text) for text in named] == [needs.format("help"), needs.format("html")]
    assert telling_line(CALLED.format(said="")).startswith("subprocess.CalledProcessError: ")
