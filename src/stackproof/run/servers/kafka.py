"""Kafka: the mock cluster in librdkafka, since no wheel carries a broker, or the user's own."""

from __future__ import annotations

__all__ = ["VARIABLE", "provide"]

import subprocess
import sys
from pathlib import Path

from stackproof.run.servers import kafka_admin, mock_cluster, wheels
from stackproof.run.servers.info import Grade, Origin, ServerError, ServerInfo
from stackproof.run.servers.starting import Run, new_folder, quiet_environment, wait_until_ready
from stackproof.run.servers.supervising import Task

VARIABLE = "STACKPROOF_KAFKA_BOOTSTRAP"
_MOCK_ID = "mockCluster"
_LIMIT_SECONDS = 20.0


def provide(run: Run) -> ServerInfo:
    """Return a cluster, which is a mock where it was started here.

    Raises ServerError with the reason where there is none to be had.
    """
    admin = _Admin(wheels.install(wheels.KAFKA, run, log=run.log("kafka")))
    bootstrap = run.environ.get(VARIABLE)
    return _users(run, admin, bootstrap) if bootstrap else _started(run, admin)


class _Admin:
    """The admin script with the wheel that it needs."""

    def __init__(self, installed: Path) -> None:
        self.installed = installed

    def command(self, bootstrap: str, *words: str) -> list[str]:
        script = [sys.executable, "-I", kafka_admin.__file__]
        return [*script, str(self.installed), bootstrap, *words]

    def describe(self, bootstrap: str) -> str:
        """Fetch the cluster's metadata and return its id."""
        try:
            done = subprocess.run(
                self.command(bootstrap, "describe"),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ServerError(f"no answer in {_LIMIT_SECONDS:g} s") from error
        if done.returncode:
            raise ServerError(" ".join(done.stderr.split()))
        return done.stdout.strip()


def _started(run: Run, admin: _Admin) -> ServerInfo:
    folder = new_folder("kafka")
    address = folder / "bootstrap"
    task = Task(
        folder=folder,
        environment=quiet_environment(run.environ),
        serve=[
            *(sys.executable, "-I", mock_cluster.__file__),
            *(str(admin.installed), str(address)),
        ],
    )

    def ask() -> ServerInfo:
        if not address.exists() or not (bootstrap := address.read_text(encoding="utf-8")):
            raise ServerError("it has not said its address")
        return _info(run, admin, bootstrap, "started")

    return wait_until_ready(run, run.supervisors.start(task, log=run.log("kafka")), ask)


def _users(run: Run, admin: _Admin, bootstrap: str) -> ServerInfo:
    try:
        info = _info(run, admin, bootstrap, "user")
    except ServerError as error:
        raise ServerError(f"{VARIABLE}={bootstrap}: {error}") from error
    task = Task(
        folder=new_folder("kafka"),
        environment=quiet_environment(run.environ),
        leave=[admin.command(bootstrap, "remove", run.prefix)],
    )
    run.supervisors.start(task, log=run.log("kafka"))
    return info


def _info(run: Run, admin: _Admin, bootstrap: str, origin: Origin) -> ServerInfo:
    """Describe what answers there, a mock as one whoever started it."""
    emulated = admin.describe(bootstrap).startswith(_MOCK_ID)
    grade: Grade = "emulated" if emulated else "real"
    version = wheels.KAFKA.partition("==")[2]
    return ServerInfo(
        name="kafka",
        grade=grade,
        origin=origin,
        product=f"librdkafka {version} mock cluster" if emulated else "Kafka",
        url=bootstrap,
        prefix=run.prefix,
    )
