"""The process that looks at the links of a run, beside its suite; see `run/beside.py`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from stackproof.errors import StackproofError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.reports import InRun
from stackproof.index.client import IndexClient
from stackproof.installers.environment import distributions
from stackproof.installers.interpreters import find_target
from stackproof.installers.known import DEFAULT
from stackproof.installers.resolver import Resolver
from stackproof.metadata.links.library import Library
from stackproof.metadata.links.opening import open_look
from stackproof.metadata.links.resolving import own_indexes, stack_of

__all__ = ["look_command"]

#: How nice to be to the suite: so much that a run that has its cores busy does not take longer, but
#: less where links are checks, which have to come to an end.
_NICEST, _NICE = 19, 10
#: Where this package lies; the environment of a run has no PYTHONPATH.
_SOURCE = str(Path(__file__).parents[2])
_CODE = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from stackproof.cli.links_beside import main; main(sys.argv[2:])"
)


def look_command(evidence: Path, library: Path) -> Sequence[str]:
    """Return the command that writes the links of the run in a folder of evidence.

    `library` is the folder with the most of the distributions that are installed.
    """
    return [sys.executable, "-c", _CODE, _SOURCE, str(evidence), str(library)]


def main(words: Sequence[str]) -> None:
    """Look, or exit with a sentence on what stands in the way."""
    evidence, library = Evidence(Path(words[0])), Path(words[1])
    try:
        _make_way(waited_for=evidence.plan.asks_links)
        _look(evidence, library)
    except (StackproofError, OSError) as error:
        sys.exit(str(error))


def _make_way(*, waited_for: bool) -> None:
    """Leave the cores to the suite."""
    nice = _NICE if waited_for else _NICEST
    os.nice(nice)
    with suppress(OSError):  # Linux weighs whole sessions where it groups by them: sched(7)
        Path("/proc/self/autogroup").write_text(str(nice), encoding="ascii")


def _look(evidence: Evidence, library: Path) -> None:
    plan, versions = evidence.plan, evidence.freeze
    with IndexClient() as client:
        resolver = Resolver(
            client=client, index=DEFAULT.default_index(os.environ), environ=os.environ
        )
        look = open_look(resolver, further=own_indexes(plan, resolver))
        stack = stack_of(plan, versions, find_target(plan.python, os.environ))
        here = {name for _, name, _ in distributions(library)}
        found = look.within(
            stack,
            Library(
                folder=library,
                versions={name: versions[name] for name in versions if name in here},
                lacking={name: versions[name] for name in versions if name not in here},
            ),
        )
    found.write(evidence.folder / InRun.LINKS)
