"""The workers of a dask.distributed cluster that may carry out plans of this session."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from distributed import Client, Future, Security
from pydantic import ValidationError

from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.experiments.machines import at_worker
from stackproof.experiments.machines.workplace import Workplace

__all__ = ["Crew", "GoneError", "LostError"]

#: How long to wait for the first worker, and for another one where all have gone.
_FIRST_SECONDS, _NEXT_SECONDS = 10.0, 60.0
_FRESH_SECONDS = 1.0
_POLL_SECONDS = 0.1


class LostError(Exception):
    """What was to carry out a plan went away; says what."""


class GoneError(LostError):
    """The scheduler went away and did not come back."""


class Crew:
    """The workers of a scheduler that are fit for the plans of `wanted`; each has one at a time.

    Those that join later are asked too; those that are not fit get nothing. Several threads may use
    it. Where the scheduler goes away it is connected to anew, once; `gone` says that this failed.
    """

    def __init__(self, address: str, wanted: Workplace) -> None:
        # What it has to say of lost connections is said by us, once.
        for name in ("distributed", "distributed.client", "distributed.core", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.address = address
        self.gone: str | None = None
        self._wanted = wanted
        self._lock = threading.RLock()
        self._idle: list[str] = []
        self._known: dict[str, str | None] = {}
        self._there: set[str] = set()
        self._looked = 0.0
        if address.startswith("tls:") and _has_no_certificates():
            raise StackproofError(
                f"{address} needs certificates; DASK_DISTRIBUTED__COMM__TLS__CA_FILE and, of the "
                "client, __CERT and __KEY name them"
            )
        try:
            self._client = self._connect()
        except Exception as error:
            raise StackproofError(
                f"there is no scheduler at {address} ({_words(error)}); start one with "
                "`dask scheduler`"
            ) from error

    def require_fit(self) -> int:
        """Wait for the first worker; return how many there are.

        Raises StackproofError if there is none, or if one of them is not fit for our plans.
        """
        deadline = time.monotonic() + _FIRST_SECONDS
        while not self._look() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        if not self._known:
            raise StackproofError(
                f"no worker has joined {self.address}; start one on each machine with "
                f"`dask worker {self.address} --nthreads 1`"
            )
        unfit = [f"worker {worker}: {why}" for worker, why in self._known.items() if why]
        if unfit:
            raise StackproofError(
                f"{'; '.join(unfit)}; what they find would not be comparable: install the same "
                "there, or start the session without --on"
            )
        return len(self._idle)

    def take(self, heed: Callable[[], None]) -> str:
        """Return a worker that has nothing to do, once there is one; `heed` is called meanwhile.

        Raises LostError if there is no worker for long, GoneError if there is no scheduler.
        """
        deadline = time.monotonic() + _NEXT_SECONDS
        while True:
            heed()
            with self._lock:
                there = self._look()
                self._idle = [worker for worker in self._idle if worker in there]
                if self._idle:
                    return self._idle.pop(0)
                fit = any(why is None for why in self._known.values())
            if fit:
                deadline = time.monotonic() + _NEXT_SECONDS
            elif time.monotonic() > deadline:
                raise LostError(f"no worker was left at {self.address}")
            time.sleep(_POLL_SECONDS)

    def give_back(self, worker: str) -> None:
        """Let others have a worker."""
        with self._lock:
            if worker not in self._idle:
                self._idle.append(worker)

    def has(self, worker: str) -> bool:
        """Tell whether a worker is still there, as of a second ago."""
        return worker in self._look()

    def submit(
        self, worker: str, key: str, work: Callable[..., str], *arguments: object
    ) -> Future[str]:
        """Hand work to a worker, and to no other."""
        return self._client.submit(
            work, *arguments, key=key, workers=[worker], allow_other_workers=False, pure=False
        )

    def ask(self, worker: str, question: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - whatever the question has for an answer
        """Return a worker's answer to a question that takes no time, also while it works.

        Raises LostError if there is none.
        """
        try:
            return self._client.run(question, *arguments, workers=[worker])[worker]
        except Exception as error:
            raise LostError(f"worker {worker} gave no answer ({_words(error)})") from error

    def close(self) -> None:
        """Leave the cluster as it is."""
        self._client.close()

    def _connect(self) -> Client:
        return Client(self.address, set_as_default=False)

    def _look(self) -> set[str]:
        """Return the workers that are there, having asked the new ones what they are."""
        with self._lock:
            if time.monotonic() - self._looked < _FRESH_SECONDS:
                return self._there
            self._require_scheduler()
            self._there = self._workers()
            self._known = {name: why for name, why in self._known.items() if name in self._there}
            for worker in sorted(self._there - self._known.keys()):
                self._known[worker] = self._unfitness(worker)
                if self._known[worker] is None and worker not in self._idle:
                    self._idle.append(worker)
            self._looked = time.monotonic()
            return self._there

    def _require_scheduler(self) -> None:
        if self.gone is None and self._client.status in ("closed", "closing"):
            try:
                self._client = self._connect()
            except Exception:  # noqa: BLE001 - whatever the engine calls it, there is none
                self.gone = (
                    f"the scheduler at {self.address} went away; what came back stands, and the "
                    "next run goes on from there"
                )
        if self.gone is not None:
            raise GoneError(self.gone)

    def _workers(self) -> set[str]:
        if self._client.status != "running":
            return set()  # the client tries for a while to have its scheduler back
        try:
            return set(self._client.nthreads())
        except (OSError, asyncio.TimeoutError):  # it went away just now
            return set()

    def _unfitness(self, worker: str) -> str | None:
        try:
            return self._wanted.unlike(Workplace.model_validate_json(self._about(worker)))
        except (CannotJudgeError, LostError, ValidationError) as error:
            return f"it cannot say what it is: {error}"

    def _about(self, worker: str) -> str:
        return str(self.ask(worker, at_worker.about))


def _has_no_certificates() -> bool:
    known = Security().get_connection_args("client")
    return known.get("ssl_context") is None


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
