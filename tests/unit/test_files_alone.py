"""That unit tests stay what they are: quick, since they have files alone."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest


def test_a_unit_test_opens_no_socket() -> None:
    with pytest.raises(AssertionError, match="opens no socket"):
        socket.create_connection(("127.0.0.1", 9))


@pytest.mark.parametrize("command", [["/usr/bin/uv", "venv"], [sys.executable, "-m", "pip"]])
def test_a_unit_test_installs_nothing(command: list[str]) -> None:
    with pytest.raises(AssertionError, match="installs nothing"):
        subprocess.run(command, check=False)
