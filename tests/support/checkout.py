"""A checkout of the project whose matrix is made of tiny wheels, and its real nox."""

from __future__ import annotations

__all__ = ["Checkout"]

import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from stackproof import cli
from support.sessions import call
from support.workbench import ROOT, TINY, Bench


class Checkout:
    """A checkout of the project with a matrix of tiny wheels, and its nox."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        shutil.copy(ROOT / "noxfile.py", bench.root)
        (bench.root / "src").symlink_to(ROOT / "src")
        self.write_matrix(TINY)

    def write_matrix(self, text: str, name: str = "tiny") -> None:
        """Write a matrix file."""
        self.bench.write(f"matrices/{name}.toml", text)

    def run(self, session: str, *arguments: str) -> tuple[int, list[str]]:
        """Do as `nox -s SESSION -- ARGUMENTS`, in this process: to start nox takes a second."""
        printed = StringIO()
        with redirect_stdout(printed):
            ended = call(getattr(cli, session), self.bench.project, arguments, self.environ)
        lines = printed.getvalue().splitlines()
        return (1, [*lines, f"nox > Session {session} aborted: {ended}."]) if ended else (0, lines)

    def nox(self, *arguments: str) -> tuple[int, list[str]]:
        """Run nox; return its exit code and what it printed, line by line."""
        running = self.start(*arguments)
        output, _ = running.communicate()
        return running.returncode, output.splitlines()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start nox, and do not wait for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "nox", *arguments],
            cwd=self.bench.root,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    @property
    def environ(self) -> dict[str, str]:
        """What nox sees of an environment."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return self.bench.environ | {"PATH": path, "NOX_SCRIPT_MODE": "none"}

    def verdict(self) -> dict[str, Any]:
        """Return the latest verdict on the tiny matrix' plain row."""
        file = self.bench.root / "reports" / "tiny" / "plain" / "latest" / "verdict.json"
        verdict: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return verdict
