"""What keeps the unit tests to files: no socket but a local one, no process that installs."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

#: Whoever starts one of these, or hands its name to Python, installs or runs a session.
INSTALLERS = frozenset({"nox", "pip", "uv", "virtualenv"})


@pytest.fixture(autouse=True)
def files_alone(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Refuse what belongs into tests/integration, and keep out of the user's cache."""
    made, started = socket.socket.__init__, subprocess.Popen.__init__

    def refuse_socket(self: Any, family: int = -1, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        assert family == socket.AF_UNIX, "a unit test opens no socket; see tests/integration"
        made(self, family, *args, **kwargs)

    def refuse_installer(self: Any, args: Any, *more: Any, **kwargs: Any) -> None:  # noqa: ANN401
        words = {args} if isinstance(args, str) else {Path(str(word)).name for word in args}
        assert not words & INSTALLERS, "a unit test installs nothing; see tests/integration"
        started(self, args, *more, **kwargs)

    monkeypatch.setattr(socket.socket, "__init__", refuse_socket)
    monkeypatch.setattr(subprocess.Popen, "__init__", refuse_installer)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
