"""Run the suite with test tools that lie outside the environment under test.

    python -I -S tests/stack TOOLS LIBRARY... -- ARGUMENTS OF PYTEST

`python` is the environment's own, TOOLS the folder into which pytest and its plugins were installed
(`uv pip install --target TOOLS ...`), each LIBRARY one of the environment's site-packages. Without
site (`-S`) and settings (`-I`), nothing that the stack or the user has run at the start of every
Python touches this process. What is below the stack's libraries is found last, and its `.pth` files
are passed over: this process only tells which checks there are, and what came of them.
"""

from __future__ import annotations

import os
import sys


def main(words: list[str]) -> None:
    """Find the tools, then the suite, then the stack; run pytest, or a worker of pytest-xdist."""
    end = words.index("--")
    tools, *libraries = words[:end]
    arguments = words[end + 1 :]
    suite = sys.path.pop(0)
    sys.path += [tools, suite, *libraries]
    os.environ["STACKPROOF_TOOLS"] = tools
    if arguments[:2] == ["-u", "-c"]:  # execnet takes what we are started by for an interpreter
        exec(arguments[2], {"__name__": "__main__"})  # noqa: S102
        return

    import pytest

    sys.exit(pytest.main(arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
