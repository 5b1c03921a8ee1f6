"""A command of the team's own, and the servers that it and workloads may use."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stackproof.matrix.table import Table
from stackproof.matrix.values import Label, NeedText, Text

__all__ = ["Command", "ServerName"]

#: The servers that can be had for a run, see `stackproof.run.servers`.
ServerName = Literal["postgres", "redis", "kafka", "prometheus", "grafana", "mysql", "gpu"]


class Command(Table):
    """A command of the team's own, run in the built environment after the suite: a check.

    `run` are its words, no shell; `cwd` and `editable` are folders of the repository. `needs` are
    installed last, with the project where `editable` names it, held to what the stack has.
    """

    name: Label
    run: tuple[Text, ...] = Field(strict=False, min_length=1)
    cwd: Text = "."
    needs: tuple[NeedText, ...] = Field(default=(), strict=False)
    servers: tuple[ServerName, ...] = Field(default=(), strict=False)
    timeout: int = Field(default=600, gt=0, description="Seconds after which it is ended.")
    editable: Text | None = Field(
        default=None, description='The project to install, such as "." or ".[tests]".'
    )
    junit: bool = Field(
        default=False,
        description="Whether it takes pytest's --junitxml: each test case is a check then.",
    )
