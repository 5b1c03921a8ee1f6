"""Import modules in one fresh process, and learn the versions they give themselves."""

from __future__ import annotations

import fcntl
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack_suite.disk import FULL, says_full
from stack_suite.fork_client import UntoldError
from stack_suite.isolation import run_isolated
from stack_suite.output import bounded_data, sayable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stack_suite.costs import Cost

#: What fails where all modules were imported.
END = "the end of the process"
# The share of the time limit after which the process prints where each of its threads stands.
_DUMP_SHARE = 0.9

# Goes on after a module that fails: what comes after it has to be imported beside the others too.
# The file is open only while an answer is written: a module must not write its own. A module may
# put what it likes in place of the command line and of builtins, and finds neither of ours there.
_SCRIPT = """
import faulthandler, json, os, sys, traceback
from builtins import open
from json import dumps
from os import getpid
from resource import RLIMIT_NOFILE, getrlimit, setrlimit
from time import monotonic
def file_of(name):
    # Where it is found: a module may have put another one, such as an alias, in its own place.
    # No importlib.util, which a module may lack, and would find imported.
    path = getattr(sys.modules.get(name.rpartition(".")[0]), "__path__", None)
    try:
        found = (finder.find_spec(name, path) for finder in sys.meta_path)
        origin = next(filter(None, found)).origin
    except Exception:
        return None
    return origin if isinstance(origin, str) else None
def version_of(module):
    # Whatever asking for it raises, the module was imported. What is no text is no version.
    try:
        version = module.__version__
        return str(version) if isinstance(version, str) else None
    except Exception:
        return None
def import_module(name):
    try:
        return __import__(name)
    except Exception:
        conf = sys.modules.get("django.conf")
        if conf is None or conf.settings.configured:
            raise
    # It asked Django for settings, which it finds wherever it is used: in a project. Those that
    # Django begins with stand in (https://docs.djangoproject.com/en/stable/topics/settings/,
    # "Calling django.setup() is required for standalone Django usage").
    import django
    conf.settings.configure()
    django.setup()
    return __import__(name)
def watch():
    faulthandler.dump_traceback_later(max(deadline - monotonic(), 0.001))
limit, answers, *names = sys.argv[1:]
del sys.argv[1:]
asked, deadline = getpid(), monotonic() + float(limit)
watch()
# A child would wait at its end for the thread that watches, and which it has not.
os.register_at_fork(before=faulthandler.cancel_dump_traceback_later, after_in_parent=watch)
for name in names:
    version = error = file = None
    try:
        import_module(name)
        version = version_of(sys.modules[name])
        file = file_of(name)
    except Exception as raised:
        traceback.print_exc()
        # Whole: its last line may be a note, and a note may be empty.
        error = " ".join("".join(traceback.format_exception_only(raised)).split())
    if getpid() != asked:
        os._exit(0)  # a child that a module made: nobody asked it
    # A module may have left no room for one more open file, and the next one is to find none.
    soft, hard = getrlimit(RLIMIT_NOFILE)
    setrlimit(RLIMIT_NOFILE, (hard, hard))
    with open(answers, "a", encoding="utf-8") as found:
        found.write(dumps({"version": version, "error": error, "file": file}) + "\\n")
    setrlimit(RLIMIT_NOFILE, (soft, hard))
"""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What came of importing modules: each one's `__version__`, its file, and what `failed`.

    A failure has one line for each module that failed and, after an empty one, the output.
    """

    versions: dict[str, str | None]
    files: dict[str, str | None]
    failure: str | None
    cost: Cost
    failed: Sequence[str] = ()


def probe_modules(modules: Sequence[str], *, folder: Path, limit: float) -> Probe:
    """Import the modules one after another in one fresh process.

    The folder remembers the result: who asks again, from whichever process, is told it.
    """
    memo = folder / "probe.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not memo.exists():
                found = _probe(modules, folder, limit)
                aside = folder / "probe.json.new"
                aside.write_text(json.dumps(vars(found)), encoding="utf-8")
                aside.replace(memo)
        return Probe(**json.loads(memo.read_text(encoding="utf-8")))
    except OSError as error:
        raise UntoldError(f"there is no room for the check: {error}") from error


def _probe(modules: Sequence[str], folder: Path, limit: float) -> Probe:
    found = folder / "found.jsonl"
    arguments = [str(limit * _DUMP_SHARE), str(found), *modules]
    command = [sys.executable, "-X", "faulthandler", "-c", _SCRIPT, *arguments]
    sandbox = folder.with_name(f"{folder.name}-sandbox")
    ending = run_isolated(command, sandbox=sandbox, limit=limit)
    lines = found.read_text(encoding="utf-8").splitlines() if found.exists() else []
    answers = dict(zip(modules, map(_answer, lines), strict=False))
    versions = {module: answer["version"] for module, answer in answers.items()}
    files = {module: answer["file"] for module, answer in answers.items()}
    failures = {
        module: f"{module} failed: {answer['error']}"
        for module, answer in answers.items()
        if answer["error"]
    }
    if ending.exit != 0 or len(lines) < len(modules):
        # A module that ends the process keeps all that come after it from being imported.
        culprit = modules[len(lines)] if len(lines) < len(modules) else END
        gone = f"ended the process (exit 0): {ending.last_line}" if ending.exit == 0 else None
        failures[culprit] = f"{culprit} {gone or ending.trouble or f'failed: {ending.last_line}'}"
    if not failures:
        return Probe(versions=versions, files=files, failure=None, cost=ending.cost)
    output = "\n".join([*failures.values(), "", ending.output])
    if ending.full or says_full(output):
        raise UntoldError(f"{FULL}\n{output}")
    return Probe(
        versions=versions,
        files=files,
        failure=output,
        cost=ending.cost,
        failed=list(failures),
    )


def _answer(line: str) -> dict[str, str | None]:
    answer: dict[str, str | None] = bounded_data(json.loads(line))
    return {key: value and sayable(value) for key, value in answer.items()}
