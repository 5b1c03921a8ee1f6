"""Become a command that ends when its parent does, however that ended.

Run as a script: `leash.py PARENT COMMAND...`, PARENT being the caller's process id. On Linux the
kernel kills the command when the parent has gone (prctl(2), PR_SET_PDEATHSIG, which execve keeps),
also after `kill -9`; elsewhere the command merely runs. Standard library only, for it is started
without site.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Tie this process to its parent and replace it by the command."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it went before the kernel was told
            sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is what is wanted
    except OSError as error:
        sys.exit(f"error: {command[0]} cannot be started: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
