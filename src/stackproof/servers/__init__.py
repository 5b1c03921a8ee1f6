"""Real servers on loopback for the length of a run, outside the environment under test.

Each belongs to a keeper, a small process of its own that ends the server and removes its data
however the run ends. A server that the user names by address is used in place of one started here.
"""

from __future__ import annotations

__all__ = ["ServerInfo", "ServerName", "Starting", "masked", "running", "starting"]

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType

from stackproof.servers import grafana, kafka, postgres, prometheus, valkey
from stackproof.servers.info import ServerError, ServerInfo, ServerName
from stackproof.servers.keeping import Keepers
from stackproof.servers.leftovers import clear_leftovers
from stackproof.servers.starting import Run

_PROVIDERS: Mapping[ServerName, Callable[[Run], ServerInfo]] = MappingProxyType(
    {
        "postgres": postgres.provide,
        "redis": valkey.provide,
        "kafka": kafka.provide,
        "prometheus": prometheus.provide,
        "grafana": grafana.provide,
    }
)


class Starting:
    """Servers on their way up, all at once."""

    def __init__(self, coming: Mapping[ServerName, Future[ServerInfo]]) -> None:
        self._coming = coming

    def result(self) -> dict[ServerName, ServerInfo]:
        """Wait until each server has answered a real request, or cannot be had."""
        return {name: future.result() for name, future in self._coming.items()}


@contextmanager
def starting(
    names: Sequence[ServerName], *, logs: Path, environ: Mapping[str, str]
) -> Iterator[Starting]:
    """Start the named servers, enter the block meanwhile, and stop them at its end.

    A server that cannot be had is `unavailable`, with the reason. `environ` may name the user's own
    servers. The log of each is `logs/NAME.log`. What an earlier run left behind is removed first.
    """
    clear_leftovers()
    logs.mkdir(parents=True, exist_ok=True)
    # The keepers are closed first: a server that is still on its way up then gives up.
    with ThreadPoolExecutor(max_workers=len(_PROVIDERS)) as pool, closing(Keepers()) as keepers:
        prefix = f"stackproof_{secrets.token_hex(6)}"
        run = Run(prefix=prefix, keepers=keepers, logs=logs, environ=environ)
        yield Starting({name: pool.submit(_provide, name, run) for name in names})


@contextmanager
def running(
    names: Sequence[ServerName], *, logs: Path, environ: Mapping[str, str]
) -> Iterator[dict[ServerName, ServerInfo]]:
    """Do as `starting` does, but enter the block only when every server is up."""
    with starting(names, logs=logs, environ=environ) as servers:
        yield servers.result()


def masked(text: str, servers: Iterable[ServerInfo]) -> str:
    """Return a text that a client may have written, without the passwords of the servers."""
    for server in servers:
        text = server.redact(text)
    return text


def _provide(name: ServerName, run: Run) -> ServerInfo:
    try:
        return _PROVIDERS[name](run)
    except ServerError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - one server less must not lose the run
        reason = f"{type(error).__name__}: {error}"
    return ServerInfo(name=name, grade="unavailable", reason=reason)
