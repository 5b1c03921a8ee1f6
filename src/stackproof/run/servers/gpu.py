"""A GPU, asked for as a server is: one is there, by its driver's own tool, or it cannot be had."""

from __future__ import annotations

__all__ = ["VARIABLE", "provide"]

import shutil

from stackproof.base.process import ask
from stackproof.errors import CannotJudgeError
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words
from stackproof.run.servers.info import ServerError, ServerInfo
from stackproof.run.servers.starting import Run

#: With what a user says which GPUs count.
VARIABLE = "CUDA_VISIBLE_DEVICES"
_QUESTION = ("--query-gpu=name,driver_version", "--format=csv,noheader")
_SECONDS = 30


def provide(run: Run) -> ServerInfo:
    """Return the first GPU; raise ServerError with the reason where there is none to be had."""
    program = shutil.which("nvidia-smi", path=run.environ.get("PATH"))
    if program is None:
        raise ServerError(in_words(reason("no-gpu", why=reason("no-nvidia-smi"))))
    try:
        answer = ask([program, *_QUESTION], env=run.environ, limit=_SECONDS)
    except CannotJudgeError as error:
        raise ServerError(in_words(reason("no-gpu", why=str(error)))) from error
    first = answer.output.partition("\n")[0]
    if answer.exit != 0 or not first:
        said = answer.errors or answer.output or "it said nothing"
        raise ServerError(in_words(reason("no-gpu", why=f"nvidia-smi: {said}")))
    name, _, driver = first.rpartition(", ")
    return ServerInfo(name="gpu", grade="real", product=f"{name}, driver {driver}")
