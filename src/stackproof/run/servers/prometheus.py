"""Prometheus: one started from the program on the PATH, or the user's own."""

from __future__ import annotations

__all__ = ["VARIABLE", "provide"]

import json
import shutil
from pathlib import Path

from stackproof.run.servers.http_probe import get_json, get_text
from stackproof.run.servers.info import Origin, ServerError, ServerInfo
from stackproof.run.servers.starting import (
    LOOPBACK,
    Run,
    new_folder,
    quiet_environment,
    start_on_free_port,
)
from stackproof.run.servers.supervising import Task
from stackproof.run.servers.users import blamed_on

VARIABLE = "STACKPROOF_PROMETHEUS_URL"
_FOLDER_VARIABLE = "STACKPROOF_PROMETHEUS_SCRAPE_DIR"
_TARGETS = "targets"
_INTERVAL = "250ms"


def provide(run: Run) -> ServerInfo:
    """Return a server that scrapes every target in the files of a folder.

    Raises ServerError with the reason where there is none to be had.
    """
    url = run.environ.get(VARIABLE)
    return _users(run, url) if url else _started(run)


def _started(run: Run) -> ServerInfo:
    program = shutil.which("prometheus", path=run.environ.get("PATH"))
    if program is None:
        raise ServerError("no program named prometheus is on the PATH (Debian has a package of it)")
    folder = new_folder("prometheus")

    def ask(port: int) -> ServerInfo:
        url = f"http://{LOOPBACK}:{port}"
        if run.prefix not in get_json(f"{url}/api/v1/status/config")["data"]["yaml"]:
            raise ServerError("another server took the port")
        return _info(run, url, folder / _TARGETS, "started")

    return start_on_free_port(
        run, "prometheus", lambda port: _task(run, program, folder, port), ask
    )


def _task(run: Run, program: str, folder: Path, port: int) -> Task:
    return Task(
        folder=folder,
        environment=quiet_environment(run.environ),
        # JSON is YAML, which is what the program reads.
        files={"prometheus.yml": _settings(run, folder), f"{_TARGETS}/none.json": "[]"},
        serve=[
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
        ],
    )


def _settings(run: Run, folder: Path) -> str:
    discovery = {"files": [f"{folder / _TARGETS}/*.json"], "refresh_interval": "1s"}
    job = {
        "job_name": run.prefix,
        "scrape_interval": _INTERVAL,
        "scrape_timeout": _INTERVAL,
        "file_sd_configs": [discovery],
    }
    return json.dumps({"scrape_configs": [job]})


def _users(run: Run, url: str) -> ServerInfo:
    folder = run.environ.get(_FOLDER_VARIABLE)
    if folder is None:
        raise ServerError(
            f"with {VARIABLE}, name in {_FOLDER_VARIABLE} a folder whose *.json files are in the "
            "server's file_sd_configs, so that it can be told what to scrape"
        )
    if not Path(folder).is_dir():
        raise ServerError(f"{_FOLDER_VARIABLE}={folder}: there is no such folder")
    with blamed_on(VARIABLE, url):
        return _info(run, url.rstrip("/"), Path(folder), "user")


def _info(run: Run, url: str, folder: Path, origin: Origin) -> ServerInfo:
    get_text(f"{url}/-/ready")
    build = get_json(f"{url}/api/v1/status/buildinfo")["data"]
    return ServerInfo(
        name="prometheus",
        grade="real",
        origin=origin,
        product=f"Prometheus {build['version']}",
        url=url,
        prefix=run.prefix,
        scrape_dir=str(folder),
    )
